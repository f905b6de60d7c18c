/*
 * Products and sums over rows, by tiles of registers: the first half of kernels.inc.h, which includes it.
 */
/*
 * Rows of a tile of 1 to 3 vectors, which needs more of them to keep the fma units busy; and of the last full ones.
 * Terms of a product that are done for all tiles before the next ones: so much of W and A stays in the second cache.
 * Rows of a gradient, likewise: at least half of what a chunk may have. How large a matrix is that has to be asked for
 * ahead.
 */
enum {
    NARROW_ROWS = 8,
    LAST_ROWS = 4,
    PRODUCT_TERMS = 1024,
    GRADIENT_ROWS = 512,
    ASK_FLOATS = 1 << 19,
    TILE_FLOATS = NARROW_ROWS * TILE_VECTORS * LANES,
    LINE_FLOATS = 16,
    TREE_LEVELS = 6,
};
_Static_assert(2 * GRADIENT_ROWS >= CPU_CHUNK_BLOCKS * NUM_BLOCK_ROWS, "the sums of a chunk are more than two");
_Static_assert(1 << (TREE_LEVELS - 1) > CPU_CHUNK_BLOCKS, "the tree of a chunk is deeper than its stack");

static size_t
round_up(size_t n, size_t to)
{
    return (n + to - 1) / to * to;
}

/* For a few vectors: a call of memcpy takes longer. The last vector may overlap the one before. */
ALWAYS_INLINE void
copy(size_t n, const float *from, float *to)
{
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
        vec_store(to + i, vec_load(from + i));
    if (i == n)
        return;
    if (n >= LANES)
        vec_store(to + n - LANES, vec_load(from + n - LANES));
    else
        for (; i < n; i++)
            to[i] = from[i];
}

static void
gather(size_t rows, size_t d, const float *x, const uint64_t *row, float *to, size_t ld)
{
    for (size_t r = 0; r < rows; r++)
        copy(d, x + row[r] * d, to + r * ld);
}

/* C [., .] = start + sum_t A[., t] B[t, .] in chains of `block` terms that are added by the tree of rule 2. */
struct sum {
    size_t k, block;
    const float *a; /* A[r, t] is at a + r * a_row + t * a_col */
    size_t a_row, a_col;
    const float *b;
    size_t ldb;
    const float *ahead; /* what comes after B: a line of each row is asked for */
    const float *claim; /* what is written next, ld_claim floats for each term; NULL: C */
    size_t ld_claim;
    const float *start; /* rows of ld_start floats (0: the same for all), or NULL = 0 */
    size_t ld_start;
    bool right; /* this is added to what C holds, its left neighbour in the tree */
};

/* C, a tile of R rows and V vectors. tree: a place for each level; not used when k <= block. */
ALWAYS_INLINE void
tile(const int R, const int V, const struct sum *given, float (*tree)[TILE_FLOATS], float *c, size_t ldc)
{
    const struct sum sum = *given; /* a copy: for all the compiler knows, vectors are stored over the given one */
    const float *a = sum.a, *b = sum.b, *ahead = sum.ahead, *claim = sum.claim == NULL ? c : sum.claim;
    const size_t a_row = sum.a_row, a_col = sum.a_col, ldb = sum.ldb, ld_claim = sum.claim == NULL ? 0 : sum.ld_claim;
    vec acc[NARROW_ROWS][TILE_VECTORS];
    UNROLL
    for (int r = 0; r < R; r++)
        UNROLL
    for (int v = 0; v < V; v++)
        acc[r][v] = sum.start == NULL ? vec_set(0) : vec_load(sum.start + (size_t) r * sum.ld_start + v * LANES);
    size_t left = sum.k, depth = 0;
    for (size_t n = 0;; n++) {
        const size_t k = left < sum.block ? left : sum.block;
        for (size_t t = 0; t < k; t++, a += a_col, b += ldb, ahead += ldb) {
            vec row[TILE_VECTORS];
            UNROLL
            for (int v = 0; v < V; v++)
                row[v] = vec_load(b + v * LANES);
            if (V == TILE_VECTORS) {
                __builtin_prefetch(ahead);
                claim_line(claim);
                claim += ld_claim;
            }
            UNROLL
            for (int r = 0; r < R; r++) {
                vec x = vec_set(a[(size_t) r * a_row]);
                UNROLL
                for (int v = 0; v < V; v++)
                    acc[r][v] = vec_fma(x, row[v], acc[r][v]);
            }
        }
        left -= k;
        /* Merged with its left neighbour while both are equally high; in the end, with all that wait. */
        for (size_t bits = n; depth != 0 && (left == 0 || bits & 1); bits >>= 1) {
            const float *other = tree[--depth];
            UNROLL
            for (int r = 0; r < R; r++)
                UNROLL
            for (int v = 0; v < V; v++)
                acc[r][v] = vec_load(other + (r * V + v) * LANES) + acc[r][v];
        }
        if (left == 0)
            break;
        UNROLL
        for (int r = 0; r < R; r++)
            UNROLL
        for (int v = 0; v < V; v++) {
            vec_store(tree[depth] + (r * V + v) * LANES, acc[r][v]);
            acc[r][v] = vec_set(0);
        }
        depth++;
    }
    UNROLL
    for (int r = 0; r < R; r++)
        UNROLL
    for (int v = 0; v < V; v++) {
        float *to = c + (size_t) r * ldc + v * LANES;
        if (sum.right)
            acc[r][v] = vec_load(to) + acc[r][v];
        vec_store(to, acc[r][v]);
    }
}

/* Rows of the next tile of a panel of `vectors` vectors when `left` rows are left: 8 are two times 4, not 6 and 2. */
static size_t
tile_rows(size_t vectors, size_t left)
{
    if (vectors < TILE_VECTORS)
        return NARROW_ROWS;
    return left <= LAST_ROWS || left == 2 * LAST_ROWS ? LAST_ROWS : TILE_ROWS;
}

static void
any_tile(size_t vectors, size_t rows, const struct sum *sum, float (*tree)[TILE_FLOATS], float *c, size_t ldc)
{
    switch (vectors) {
    case 1:
        tile(NARROW_ROWS, 1, sum, tree, c, ldc);
        break;
#if TILE_MOST > 2
    case 2:
        tile(NARROW_ROWS, 2, sum, tree, c, ldc);
        break;
    case 3:
        tile(NARROW_ROWS, 3, sum, tree, c, ldc);
        break;
#endif
    default:
        if (rows == 1)
            tile(1, TILE_VECTORS, sum, tree, c, ldc);
        else if (rows == LAST_ROWS)
            tile(LAST_ROWS, TILE_VECTORS, sum, tree, c, ldc);
        else
            tile(TILE_ROWS, TILE_VECTORS, sum, tree, c, ldc);
        break;
    }
}

/*
 * Where tile `index` of a panel asks ahead: line index of each row of the next panel, which is as wide and in B, too.
 * Elsewhere, what is being read.
 */
ALWAYS_INLINE const float *
ask_ahead(size_t index, size_t vectors, const float *b, const float *next)
{
    size_t at = index * LINE_FLOATS;
    return next != NULL && at < vectors * LANES ? next + at : b;
}

/* Vectors of the panel that starts at column j of n. */
static size_t
panel_vectors(size_t n, size_t j)
{
    size_t left = (n - j + LANES - 1) / LANES;
    return left < TILE_VECTORS ? left : TILE_VECTORS;
}

static size_t
panel_floats(size_t k, size_t n)
{
    return k * round_up(n, LANES);
}

static void
pack(size_t rows, size_t cols, size_t first, size_t last, const float *W, float *panels)
{
    for (size_t j = 0; j < cols; j += TILE_VECTORS * LANES) {
        const size_t width = panel_vectors(cols, j) * LANES, columns = cols - j < width ? cols - j : width;
        float *panel = panels + j * rows;
        for (size_t t = first; t < last; t++)
            copy(columns, W + t * cols + j, panel + t * width);
    }
}

/* Squares of LANES rows and columns at a time: halves of the rows, zipped log2(LANES) times, are the columns. */
static void
pack_transposed(size_t rows, size_t cols, size_t first, size_t last, const float *W, float *panels)
{
    for (size_t i = first; i < last; i += LANES) {
        const size_t at = i % (TILE_VECTORS * LANES), width = panel_vectors(rows, i - at) * LANES;
        float *panel = panels + (i - at) * cols + at;
        for (size_t t = 0; t < cols; t += LANES) {
            vec row[LANES], zipped[LANES];
            UNROLL
            for (size_t r = 0; r < LANES; r++)
                row[r] = i + r < rows ? vec_load(W + (i + r) * cols + t) : vec_set(0);
            UNROLL
            for (size_t turn = 1; turn < LANES; turn *= 2) {
                UNROLL
                for (size_t r = 0; r < LANES / 2; r++)
                    vec_zip(row[r], row[r + LANES / 2], &zipped[2 * r], &zipped[2 * r + 1]);
                memcpy(row, zipped, sizeof row);
            }
            for (size_t r = 0; r < LANES && t + r < cols; r++)
                vec_store(panel + (t + r) * width, row[r]);
        }
    }
}

/* Terms [t, t + terms) of all k; those before are in C. */
static void
product_terms(size_t m, size_t k, size_t t, size_t terms, size_t n, const float *A, size_t lda, const float *B,
              size_t ldb, const float *start, float *C, size_t ldc)
{
    for (size_t j = 0; j < n; j += TILE_VECTORS * LANES) {
        const size_t vectors = panel_vectors(n, j), width = vectors * LANES, left = n - j;
        const size_t ld = ldb == 0 ? width : ldb, panel = ldb == 0 ? k * width : width;
        struct sum sum = {.k = terms, .block = terms, .a_row = lda, .a_col = 1, .ldb = ld};
        sum.b = B + (ldb == 0 ? k * j : j) + t * ld;
        sum.ld_start = t != 0 ? ldc : 0;
        for (size_t r = 0, rows, index = 0; r < m; r += rows, index++) {
            float *c = C + r * ldc + j;
            rows = tile_rows(vectors, m - r);
            sum.a = A + r * lda + t;
            sum.ahead =
                ask_ahead(index, vectors, sum.b, left >= 2 * width && k * n > ASK_FLOATS ? sum.b + panel : NULL);
            sum.start = t != 0 ? c : start == NULL ? NULL : start + j;
            any_tile(vectors, rows, &sum, NULL, c, ldc);
        }
    }
}

static void
product(size_t m, size_t k, size_t n, const float *A, size_t lda, const float *B, size_t ldb, const float *start,
        float *C, size_t ldc)
{
    size_t t = 0;
    do {
        size_t terms = k - t < PRODUCT_TERMS ? k - t : PRODUCT_TERMS;
        product_terms(m, k, t, terms, n, A, lda, B, ldb, start, C, ldc);
        t += terms;
    } while (t < k);
}

/* ---- sums over rows: blocks of 64, added by the tree of rule 2 ---- */

static void
add(size_t n, const float *from, float *to)
{
    for (size_t i = 0; i < n; i++)
        to[i] += from[i];
}

static void
add_categories(size_t m, size_t n, size_t n_c, float *const *tables, const uint32_t *c, float *h, size_t ld)
{
    for (size_t r = 0; r < m; r++, c += n_c, h += ld)
        for (size_t j = 0; j < n; j += LANES) {
            vec sum = vec_load(h + j);
            for (size_t k = 0; k < n_c; k++)
                sum += vec_load(tables[k] + c[k] * n + j);
            vec_store(h + j, sum);
        }
}

static uint32_t
sum_list(size_t n, uint32_t first, const uint32_t *next, size_t last, const float *dz, size_t ld, float *to)
{
    uint32_t r = first;
    for (size_t j = 0; j < n; j += TILE_VECTORS * LANES) {
        vec sum[TILE_VECTORS];
        size_t width = panel_vectors(n, j) * LANES;
        float sums[TILE_VECTORS * LANES];
        for (size_t v = 0; v < TILE_VECTORS; v++)
            sum[v] = vec_set(0);
        for (r = first; r < last; r = next[r])
            for (size_t v = 0; v * LANES < width; v++)
                sum[v] += vec_load(dz + r * ld + j + v * LANES);
        for (size_t v = 0; v < TILE_VECTORS; v++)
            vec_store(sums + v * LANES, sum[v]);
        copy(n - j < width ? n - j : width, sums, to + j);
    }
    return r;
}

static bool
any_not_zero(size_t n, const float *g)
{
    uint32_t any = 0;
    for (size_t i = 0; i < n; i++)
        any |= g[i] != 0;
    return any != 0;
}

/* Adds the tile that was put at tree[*depth] as block b: merged with its left neighbour while both are equally high. */
ALWAYS_INLINE void
tree_push(float (*tree)[TILE_FLOATS], unsigned *depth, size_t b, size_t n)
{
    for (++*depth; b & 1; b >>= 1) {
        --*depth;
        add(n, tree[*depth], tree[*depth - 1]);
    }
}

/* The whole sum ends in tree[0]. */
ALWAYS_INLINE void
tree_finish(float (*tree)[TILE_FLOATS], unsigned depth, size_t n)
{
    for (; depth > 1; depth--)
        add(n, tree[depth - 1], tree[depth - 2]);
}

/* With few outputs most of a vector of outputs would be idle: vectors run over inputs. */
static void
gradient_few(size_t rows, size_t i0, size_t i1, size_t n, const float *X, size_t ldx, const float *dz, size_t ldz,
             float *dW)
{
    enum { WIDTH = TILE_VECTORS * LANES };
    float tree[TREE_LEVELS][TILE_FLOATS] __attribute__((aligned(64)));
    float sums[TILE_FLOATS] __attribute__((aligned(64)));
    const size_t step = n == 1 ? 1 : LAST_ROWS;
    struct sum sum = {.k = rows, .block = NUM_BLOCK_ROWS, .a_row = 1, .a_col = ldz, .ldb = ldx};
    for (size_t i = i0; i < i1; i += WIDTH)
        for (size_t j = 0; j < n; j += step) {
            sum.a = dz + j;
            sum.b = sum.ahead = X + i;
            any_tile(TILE_VECTORS, step, &sum, tree, sums, WIDTH);
            for (size_t r = 0; r < step && j + r < n; r++)
                for (size_t t = 0; t < WIDTH && i + t < i1; t++)
                    dW[(i + t) * n + j + r] = sums[r * WIDTH + t];
        }
}

/*
 * Columns of one panel, fewer than it has vectors for at the end of dW. `packed` is where these weights go: other
 * threads have read it, and a processor that has to ask for lines one by one when it writes takes longer than the sum.
 */
static void
gradient_panel(size_t i0, size_t i1, size_t columns, size_t vectors, const float *X, const float *next,
               const float *packed, struct sum *sum, float *dW, size_t n)
{
    float tree[TREE_LEVELS][TILE_FLOATS] __attribute__((aligned(64)));
    float sums[TILE_FLOATS] __attribute__((aligned(64)));
    const size_t width = vectors * LANES;
    for (size_t i = i0, step, index = 0; i < i1; i += step, index++) {
        step = tile_rows(vectors, i1 - i);
        sum->a = X + i;
        sum->ahead = ask_ahead(index, vectors, sum->b, next);
        sum->claim = NULL;
        if (packed != NULL && index * sum->k * LINE_FLOATS < (i1 - i0) * width) {
            sum->claim = packed + index * sum->k * LINE_FLOATS;
            sum->ld_claim = LINE_FLOATS;
        }
        if (columns == width && i + step <= i1) {
            any_tile(vectors, step, sum, tree, dW + i * n, n);
            continue;
        }
        for (size_t r = 0; sum->right && r < step && i + r < i1; r++)
            copy(columns, dW + (i + r) * n, sums + r * width);
        any_tile(vectors, step, sum, tree, sums, width);
        for (size_t r = 0; r < step && i + r < i1; r++)
            copy(columns, sums + r * width, dW + (i + r) * n);
    }
}

static void
gradient(size_t rows, size_t k, size_t i0, size_t i1, size_t n, const float *X, size_t ldx, const float *dz, size_t ldz,
         float *dW, const float *panels)
{
    if (n <= LANES / 2) {
        gradient_few(rows, i0, i1, n, X, ldx, dz, ldz, dW);
        return;
    }
    struct sum sum = {.block = NUM_BLOCK_ROWS, .a_row = 1, .a_col = ldx, .ldb = ldz};
    for (size_t j = 0; j < n; j += TILE_VECTORS * LANES) {
        const size_t vectors = panel_vectors(n, j), width = vectors * LANES, columns = n - j < width ? n - j : width;
        for (size_t r = 0; r < rows; r += sum.k) {
            sum.k = rows - r < GRADIENT_ROWS ? rows - r : GRADIENT_ROWS;
            sum.b = dz + r * ldz + j;
            sum.right = r != 0;
            const float *next = NULL;
            if (rows * ldz > ASK_FLOATS && r + sum.k < rows)
                next = sum.b + sum.k * ldz;
            else if (rows * ldz > ASK_FLOATS && n - j >= 2 * width)
                next = dz + j + width;
            gradient_panel(i0, i1, columns, vectors, X + r * ldx, next,
                           panels == NULL || r != 0 ? NULL : panels + j * k + i0 * width, &sum, dW + j, n);
        }
    }
}

/* As the weight of an input that is always 1: fma(1, dz, sum) is sum + dz. */
static void
bias_gradient(size_t rows, size_t n, const float *dz, size_t ldz, float *db)
{
    enum { WIDTH = TILE_VECTORS * LANES };
    float tree[TREE_LEVELS][TILE_FLOATS] __attribute__((aligned(64)));
    float sums[WIDTH] __attribute__((aligned(64)));
    const float one = 1;
    struct sum sum = {.k = rows, .block = NUM_BLOCK_ROWS, .a = &one, .ldb = ldz};
    for (size_t j = 0; j < n; j += WIDTH) {
        sum.b = sum.ahead = dz + j;
        any_tile(TILE_VECTORS, 1, &sum, tree, sums, WIDTH);
        copy(n - j < WIDTH ? n - j : WIDTH, sums, db + j);
    }
}
