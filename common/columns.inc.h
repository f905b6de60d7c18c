/*
 * Kernels of columns.h for one instruction set. The including file defines COLUMN_KERNELS.
 *
 * Vectors of as many columns as a register has f64; each waits for its own last result, so the columns of a row are
 * what runs side by side.
 */
#include <math.h>
#include <string.h>

#include "batch.h"
#include "columns.h"

#if defined(__AVX2__)
enum { WIDTH = 4 };
#else
enum { WIDTH = 2 };
#endif
typedef float floats __attribute__((vector_size(4 * WIDTH)));
typedef double doubles __attribute__((vector_size(8 * WIDTH)));
typedef int64_t longs __attribute__((vector_size(8 * WIDTH)));
typedef int32_t ints __attribute__((vector_size(8 * WIDTH)));

static inline doubles
choose(longs mask, doubles yes, doubles no)
{
    return (doubles) ((mask & (longs) yes) | (~mask & (longs) no));
}

static inline doubles
load(const double *from, uint32_t n)
{
    doubles to = {0};
    memcpy(&to, from, n * sizeof *from);
    return to;
}

static inline void
store(double *to, doubles from, uint32_t n)
{
    memcpy(to, &from, n * sizeof *to);
}

static inline doubles
load_floats(const float *from, uint32_t n)
{
    floats f = (floats){0} + NAN;
    memcpy(&f, from, n * sizeof *from);
    return __builtin_convertvector(f, doubles);
}

/* Columns j .. j + n of a row. Returns which of them are infinite. */
static inline longs
add(struct column_moments *moments, const float *x, uint32_t j, uint32_t n)
{
    const doubles one = (doubles){0} + 1;
    doubles v = load_floats(x + j, n), mean = load(moments->mean + j, n), m2 = load(moments->m2 + j, n);
    doubles low = load(moments->low + j, n), high = load(moments->high + j, n);
    longs there = v == v;
    doubles count = load(moments->n + j, n) + (doubles) (there & (longs) one);
    doubles delta = v - mean, moved = mean + delta / count;
    store(moments->n + j, count, n);
    store(moments->mean + j, choose(there, moved, mean), n);
    store(moments->m2 + j, choose(there, m2 + delta * (v - moved), m2), n);
    store(moments->low + j, choose(v < low, v, low), n);
    store(moments->high + j, choose(v > high, v, high), n);
    return there & (v - v != 0);
}

static bool
moments_rows(struct column_moments *moments, const float *x, uint64_t n, const uint8_t *split)
{
    const uint32_t d = moments->d, whole = d - d % WIDTH;
    longs bad = {0};
    for (uint64_t i = 0; i < n && d > 0; i++, x += d) {
        if (split != NULL && (split[i] == SPLIT_VALID || split[i] == SPLIT_TEST))
            continue;
        for (uint32_t j = 0; j < whole; j += WIDTH)
            bad |= add(moments, x, j, WIDTH);
        if (whole < d)
            bad |= add(moments, x, whole, d - whole);
    }
    int64_t any = 0;
    for (uint32_t i = 0; i < WIDTH; i++)
        any |= bad[i];
    return any == 0;
}

static void
scale_rows(float *x, uint64_t n, uint32_t d, const double *shift, const double *divisor, const double *fill)
{
    for (uint64_t i = 0; i < n; i++, x += d) {
        uint32_t j = 0;
        for (; j + WIDTH <= d; j += WIDTH) {
            doubles v = load_floats(x + j, WIDTH);
            v = choose(v == v, v, load(fill + j, WIDTH));
            floats scaled = __builtin_convertvector((v - load(shift + j, WIDTH)) / load(divisor + j, WIDTH), floats);
            memcpy(x + j, &scaled, sizeof scaled);
        }
        for (; j < d; j++) {
            double v = isnan(x[j]) ? fill[j] : (double) x[j];
            x[j] = (float) ((v - shift[j]) / divisor[j]);
        }
    }
}

static bool
all_finite(const float *x, uint64_t n)
{
    /* Without their signs NaN and the infinities are, as integers, the largest of all. */
    const int32_t infinity = 0x7f800000, no_sign = INT32_MAX;
    ints most = {0};
    int32_t last = 0;
    uint64_t i = 0;
    for (; i + 2 * WIDTH <= n; i += 2 * WIDTH) {
        ints bits;
        memcpy(&bits, x + i, sizeof bits);
        bits &= no_sign;
        const ints larger = bits > most;
        most = (larger & bits) | (~larger & most);
    }
    for (uint32_t lane = 0; lane < 2 * WIDTH; lane++)
        last = most[lane] > last ? most[lane] : last;
    for (; i < n; i++) {
        int32_t bits;
        memcpy(&bits, x + i, sizeof bits);
        last = (bits & no_sign) > last ? bits & no_sign : last;
    }
    return last < infinity;
}

const struct column_kernels COLUMN_KERNELS = {moments_rows, scale_rows, all_finite};
