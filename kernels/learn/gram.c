#include "gram.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "isa.h"
#include "memory.h"
#include "threads.h"

/*
 * Goto and van de Geijn, "Anatomy of high-performance matrix multiplication", ACM TOMS 34, 2008: rows of P are packed,
 * a block of ROWS of them at a time, into panels of `nr` columns. A tile of C, [mr, nr], stays in registers while it
 * takes a block of rows of two panels, one of which is in the first cache and the other in the second.
 */
enum { ROWS = 192, PAD = 24, GROUP = 120 }; /* GROUP: columns of one task, whose panels fit the second cache */

/* C [mr, nr] += A' B; A: [k, lda] of which mr columns count, B: [k, nr]. */
typedef void tile_function(size_t k, const double *A, size_t lda, const double *B, double *C, size_t ldc);

struct gram_kernels {
    size_t mr, nr;             /* mr divides nr, nr divides PAD */
    tile_function *tile, *f32; /* f32: for numbers whose products are exact */
    void (*axpy)(size_t n, double a, const double *x, double *y);
};

/* ---- any machine ---- */

enum { BASE = 4 };

/* Two numbers side by side, which every x86-64 has registers for; elsewhere the compiler finds its way. */
typedef double pair __attribute__((vector_size(16)));

static void
tile_base(size_t k, const double *A, size_t lda, const double *B, double *C, size_t ldc)
{
    double acc[BASE][BASE];
    for (size_t i = 0; i < BASE; i++)
        memcpy(acc[i], C + i * ldc, sizeof acc[i]);
    for (size_t r = 0; r < k; r++)
        for (size_t i = 0; i < BASE; i++)
            for (size_t j = 0; j < BASE; j++)
                acc[i][j] = fma(A[r * lda + i], B[r * BASE + j], acc[i][j]);
    for (size_t i = 0; i < BASE; i++)
        memcpy(C + i * ldc, acc[i], sizeof acc[i]);
}

static void
tile_base_f32(size_t k, const double *A, size_t lda, const double *B, double *C, size_t ldc)
{
    pair acc[BASE][BASE / 2], b[BASE / 2];
    for (size_t i = 0; i < BASE; i++)
        memcpy(acc[i], C + i * ldc, sizeof acc[i]);
    for (size_t r = 0; r < k; r++) {
        memcpy(b, B + r * BASE, sizeof b);
        for (size_t i = 0; i < BASE; i++)
            for (size_t j = 0; j < BASE / 2; j++)
                acc[i][j] += A[r * lda + i] * b[j];
    }
    for (size_t i = 0; i < BASE; i++)
        memcpy(C + i * ldc, acc[i], sizeof acc[i]);
}

static void
axpy_base(size_t n, double a, const double *x, double *y)
{
    for (size_t i = 0; i < n; i++)
        y[i] = fma(a, x[i], y[i]);
}

static const struct gram_kernels kernels_base = {BASE, BASE, tile_base, tile_base_f32, axpy_base};

/* ---- x86-64 ---- */

#if defined(__x86_64__)
#include <immintrin.h>

#define AVX2 __attribute__((target("avx2,fma")))
#define AVX512 __attribute__((target("avx2,fma,avx512f,avx512bw,avx512dq,avx512vl")))

/* Row i of a tile: three vectors of C, which are loaded, take a term, are stored. */
#define LOAD(i) vec c##i##0 = load(C + i * ldc), c##i##1 = load(C + i * ldc + W), c##i##2 = load(C + i * ldc + 2 * W)
#define TERM(i) \
    a = set(A[i]); \
    c##i##0 = madd(a, b0, c##i##0); \
    c##i##1 = madd(a, b1, c##i##1); \
    c##i##2 = madd(a, b2, c##i##2)
#define STORE(i) \
    store(C + i * ldc, c##i##0); \
    store(C + i * ldc + W, c##i##1); \
    store(C + i * ldc + 2 * W, c##i##2)
#define TILE(EACH) \
    EACH(LOAD); \
    for (; k > 0; k--, A += lda, B += 3 * W) { \
        const vec b0 = load(B), b1 = load(B + W), b2 = load(B + 2 * W); \
        vec a; \
        EACH(TERM); \
    } \
    EACH(STORE)
#define EACH4(DO) \
    DO(0); \
    DO(1); \
    DO(2); \
    DO(3)
#define EACH8(DO) \
    EACH4(DO); \
    DO(4); \
    DO(5); \
    DO(6); \
    DO(7)

#define load _mm256_loadu_pd
#define store _mm256_storeu_pd
#define set _mm256_set1_pd
#define madd _mm256_fmadd_pd

AVX2 static void
tile_avx2(size_t k, const double *A, size_t lda, const double *B, double *C, size_t ldc)
{
    enum { W = 4 };
    typedef __m256d vec;
    TILE(EACH4);
}

AVX2 static void
axpy_avx2(size_t n, double a, const double *x, double *y)
{
    const __m256d factor = set(a);
    for (; n >= 4; n -= 4, x += 4, y += 4)
        store(y, madd(factor, load(x), load(y)));
    axpy_base(n, a, x, y);
}

#undef load
#undef store
#undef set
#undef madd
#define load _mm512_loadu_pd
#define store _mm512_storeu_pd
#define set _mm512_set1_pd
#define madd _mm512_fmadd_pd

AVX512 static void
tile_avx512(size_t k, const double *A, size_t lda, const double *B, double *C, size_t ldc)
{
    enum { W = 8 };
    typedef __m512d vec;
    TILE(EACH8);
}

AVX512 static void
axpy_avx512(size_t n, double a, const double *x, double *y)
{
    const __m512d factor = set(a);
    for (; n >= 8; n -= 8, x += 8, y += 8)
        store(y, madd(factor, load(x), load(y)));
    axpy_base(n, a, x, y);
}

static const struct gram_kernels kernels_avx2 = {4, 12, tile_avx2, tile_avx2, axpy_avx2};
static const struct gram_kernels kernels_avx512 = {8, 24, tile_avx512, tile_avx512, axpy_avx512};
#endif

/* ---- the product ---- */

struct gram {
    const struct gram_kernels *kernels;
    struct pool *pool;
    size_t columns;
    double *panels; // [columns / nr][ROWS][nr]
    double *scaled; // the same times w and sign; or NULL
};

/* What the tasks of one block of rows share. */
struct block {
    const struct gram *gram;
    double *C;
    size_t n, first, ldc;
    const double *P, *w;
    size_t ldp, rows;
    double sign;
    const double *left; /* panels or scaled */
    tile_function *tile;
};

struct gram *
gram_open(unsigned threads, size_t columns, struct error *error)
{
    const struct gram_kernels *kernels = &kernels_base;
    switch (isa_pick(error)) {
    case -1:
        return NULL;
#if defined(__x86_64__)
    case ISA_AVX2:
        kernels = &kernels_avx2;
        break;
    case ISA_AVX512:
        kernels = &kernels_avx512;
        break;
#endif
    default:
        break;
    }
    struct gram *gram = mem_zalloc(1, sizeof *gram);
    size_t bytes;
    if (!size_mul(gram_stride(columns) * ROWS, sizeof(double), &bytes))
        mem_exhausted("the panels of a matrix");
    gram->kernels = kernels;
    gram->pool = pool_open(threads > 0 ? threads : threads_available());
    gram->columns = columns;
    gram->panels = mem_aligned(bytes);
    return gram;
}

void
gram_close(struct gram *gram)
{
    if (gram == NULL)
        return;
    pool_close(gram->pool);
    free(gram->panels);
    free(gram->scaled);
    free(gram);
}

size_t
gram_stride(size_t n)
{
    return (n + PAD - 1) / PAD * PAD;
}

double *
gram_matrix(size_t n)
{
    const size_t side = gram_stride(n);
    size_t count, bytes;
    if (!size_mul(side, side, &count) || !size_mul(count, sizeof(double), &bytes))
        mem_exhausted("a matrix");
    double *C = mem_aligned(bytes);
    memset(C, 0, bytes);
    return C;
}

struct pool *
gram_pool(struct gram *gram)
{
    return gram->pool;
}

void
gram_axpy(const struct gram *gram, size_t n, double a, const double *x, double *y)
{
    gram->kernels->axpy(n, a, x, y);
}

/* Packs the panels of one group of columns; columns behind the last are zeros. */
static void
pack_group(void *arg, size_t index)
{
    const struct block *block = arg;
    const size_t nr = block->gram->kernels->nr, end = gram_stride(block->n - block->first);
    for (size_t j = index * GROUP; j < (index + 1) * GROUP && j < end; j += nr) {
        double *to = block->gram->panels + j * ROWS, *scaled = block->gram->scaled + j * ROWS;
        const size_t here = block->first + j < block->n ? block->n - block->first - j : 0, m = here < nr ? here : nr;
        for (size_t r = 0; r < block->rows; r++) {
            const double *from = block->P + r * block->ldp + block->first + j;
            const double factor = block->sign * (block->w != NULL ? block->w[r] : 1);
            for (size_t i = 0; i < nr; i++)
                to[r * nr + i] = i < m ? from[i] : 0;
            for (size_t i = 0; block->left == block->gram->scaled && i < nr; i++)
                scaled[r * nr + i] = factor * to[r * nr + i];
        }
    }
}

/* Tiles of the rows of C that one group of columns stands for, from the diagonal on. */
static void
multiply_group(void *arg, size_t index)
{
    const struct block *block = arg;
    const struct gram_kernels *kernels = block->gram->kernels;
    const size_t nr = kernels->nr, mr = kernels->mr, end = gram_stride(block->n - block->first);
    const size_t i0 = index * GROUP, i1 = i0 + GROUP < end ? i0 + GROUP : end;
    double *C = block->C + block->first * block->ldc + block->first;
    for (size_t j = i0; j < end; j += nr)
        for (size_t i = i0; i < i1 && i <= j; i += nr)
            for (size_t t = 0; t < nr; t += mr)
                block->tile(block->rows, block->left + i * ROWS + t, nr, block->gram->panels + j * ROWS,
                            C + (i + t) * block->ldc + j, block->ldc);
}

void
gram_add(struct gram *gram, double *C, size_t n, size_t first, const double *P, size_t ldp, size_t rows,
         const double *w, double sign, bool f32)
{
    if (first >= n)
        return;
    const bool scales = w != NULL || sign < 0;
    if (scales && gram->scaled == NULL)
        gram->scaled = mem_aligned(gram_stride(gram->columns) * ROWS * sizeof *gram->scaled);
    struct block block = {
        .gram = gram,
        .C = C,
        .n = n,
        .first = first,
        .ldc = gram_stride(n),
        .ldp = ldp,
        .sign = sign,
        .left = scales ? gram->scaled : gram->panels,
        .tile = f32 ? gram->kernels->f32 : gram->kernels->tile,
    };
    const size_t tasks = (gram_stride(n - first) + GROUP - 1) / GROUP;
    for (size_t r = 0; r < rows; r += ROWS) {
        block.P = P + r * ldp;
        block.w = w != NULL ? w + r : NULL;
        block.rows = rows - r < ROWS ? rows - r : ROWS;
        pool_run(gram->pool, tasks, pack_group, &block);
        pool_run(gram->pool, tasks, multiply_group, &block);
    }
}
