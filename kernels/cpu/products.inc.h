/*
 * Products and sums over rows, by tiles of registers: the first half of kernels.inc.h, which includes it.
 */
/* Rows of a tile of 1 to 3 vectors, which needs more of them to keep the fma units busy; and of the last full ones. */
enum { NARROW_ROWS = 8, LAST_ROWS = 4 };

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

/* C [R, V vectors] = start + sum_t A[., t] B[t, .]; a[r, t] is at a + r * a_row + t * a_col. */
ALWAYS_INLINE void
tile(const int R, const int V, size_t k, const float *a, size_t a_row, size_t a_col, const float *b, size_t ldb,
     const float *start, float *c, size_t ldc)
{
    vec acc[NARROW_ROWS][TILE_VECTORS];
    UNROLL
    for (int r = 0; r < R; r++)
        UNROLL
    for (int v = 0; v < V; v++)
        acc[r][v] = start == NULL ? vec_set(0) : vec_load(start + v * LANES);
    for (size_t t = 0; t < k; t++, a += a_col, b += ldb) {
        vec row[TILE_VECTORS];
        UNROLL
        for (int v = 0; v < V; v++)
            row[v] = vec_load(b + v * LANES);
        UNROLL
        for (int r = 0; r < R; r++) {
            vec x = vec_set(a[(size_t) r * a_row]);
            UNROLL
            for (int v = 0; v < V; v++)
                acc[r][v] = vec_fma(x, row[v], acc[r][v]);
        }
    }
    UNROLL
    for (int r = 0; r < R; r++)
        UNROLL
    for (int v = 0; v < V; v++)
        vec_store(c + (size_t) r * ldc + v * LANES, acc[r][v]);
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
any_tile(size_t vectors, size_t rows, size_t k, const float *a, size_t a_row, size_t a_col, const float *b, size_t ldb,
         const float *start, float *c, size_t ldc)
{
    switch (vectors) {
    case 1:
        tile(NARROW_ROWS, 1, k, a, a_row, a_col, b, ldb, start, c, ldc);
        break;
#if TILE_MOST > 2
    case 2:
        tile(NARROW_ROWS, 2, k, a, a_row, a_col, b, ldb, start, c, ldc);
        break;
    case 3:
        tile(NARROW_ROWS, 3, k, a, a_row, a_col, b, ldb, start, c, ldc);
        break;
#endif
    default:
        if (rows == 1)
            tile(1, TILE_VECTORS, k, a, a_row, a_col, b, ldb, start, c, ldc);
        else if (rows == LAST_ROWS)
            tile(LAST_ROWS, TILE_VECTORS, k, a, a_row, a_col, b, ldb, start, c, ldc);
        else
            tile(TILE_ROWS, TILE_VECTORS, k, a, a_row, a_col, b, ldb, start, c, ldc);
        break;
    }
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
pack(size_t k, size_t n, const float *W, float *panels)
{
    for (size_t j = 0; j < n; j += TILE_VECTORS * LANES) {
        size_t width = panel_vectors(n, j) * LANES, columns = n - j < width ? n - j : width;
        for (size_t t = 0; t < k; t++, panels += width) {
            memcpy(panels, W + t * n + j, columns * sizeof *panels);
            memset(panels + columns, 0, (width - columns) * sizeof *panels);
        }
    }
}

/* Squares of LANES rows and columns at a time: halves of the rows, zipped log2(LANES) times, are the columns. */
static void
pack_transposed(size_t k, size_t n, const float *W, float *panels)
{
    for (size_t j = 0; j < n; j += TILE_VECTORS * LANES) {
        size_t width = panel_vectors(n, j) * LANES;
        for (size_t i = 0; i < width; i += LANES)
            for (size_t t = 0; t < k; t += LANES) {
                vec row[LANES], zipped[LANES];
                UNROLL
                for (size_t r = 0; r < LANES; r++)
                    row[r] = j + i + r < n ? vec_load(W + (j + i + r) * k + t) : vec_set(0);
                UNROLL
                for (size_t turn = 1; turn < LANES; turn *= 2) {
                    UNROLL
                    for (size_t r = 0; r < LANES / 2; r++)
                        vec_zip(row[r], row[r + LANES / 2], &zipped[2 * r], &zipped[2 * r + 1]);
                    memcpy(row, zipped, sizeof row);
                }
                for (size_t r = 0; r < LANES && t + r < k; r++)
                    vec_store(panels + (t + r) * width + i, row[r]);
            }
        panels += k * width;
    }
}

static void
product(size_t m, size_t k, size_t n, const float *A, size_t lda, const float *B, size_t ldb, const float *start,
        float *C, size_t ldc)
{
    for (size_t j = 0; j < n; j += TILE_VECTORS * LANES) {
        size_t vectors = panel_vectors(n, j), width = vectors * LANES;
        for (size_t r = 0, rows; r < m; r += rows) {
            rows = tile_rows(vectors, m - r);
            any_tile(vectors, rows, k, A + r * lda, lda, 1, B, ldb == 0 ? width : ldb, start == NULL ? NULL : start + j,
                     C + r * ldc + j, ldc);
        }
        B += ldb == 0 ? k * width : width;
    }
}

/* ---- sums over rows: blocks of 64, added by the tree of rule 2 ---- */

enum { TILE_FLOATS = NARROW_ROWS * TILE_VECTORS * LANES, TREE_LEVELS = 5 };
_Static_assert(1 << (TREE_LEVELS - 1) > CPU_CHUNK_BLOCKS, "the tree of a chunk is deeper than its stack");

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

/* One tile of a sum over rows of a and b, [step, vectors], into tree[0]. */
static void
sum_tile(size_t vectors, size_t step, size_t rows, const float *a, size_t a_row, size_t a_col, const float *b,
         size_t ldb, float (*tree)[TILE_FLOATS])
{
    size_t width = vectors * LANES;
    unsigned depth = 0;
    for (size_t block = 0; block * NUM_BLOCK_ROWS < rows; block++) {
        size_t first = block * NUM_BLOCK_ROWS, k = rows - first < NUM_BLOCK_ROWS ? rows - first : NUM_BLOCK_ROWS;
        any_tile(vectors, step, k, a + first * a_col, a_row, a_col, b + first * ldb, ldb, NULL, tree[depth], width);
        tree_push(tree, &depth, block, step * width);
    }
    tree_finish(tree, depth, step * width);
}

/* With few outputs most of a vector of outputs would be idle: vectors run over inputs. */
static void
gradient_few(size_t rows, size_t i0, size_t i1, size_t n, const float *X, size_t ldx, const float *dz, size_t ldz,
             float *dW)
{
    enum { WIDTH = TILE_VECTORS * LANES };
    float tree[TREE_LEVELS][TILE_FLOATS] __attribute__((aligned(64)));
    size_t step = n == 1 ? 1 : LAST_ROWS;
    for (size_t i = i0; i < i1; i += WIDTH)
        for (size_t j = 0; j < n; j += step) {
            sum_tile(TILE_VECTORS, step, rows, dz + j, 1, ldz, X + i, ldx, tree);
            for (size_t r = 0; r < step && j + r < n; r++)
                for (size_t t = 0; t < WIDTH && i + t < i1; t++)
                    dW[(i + t) * n + j + r] = tree[0][r * WIDTH + t];
        }
}

static void
gradient(size_t rows, size_t i0, size_t i1, size_t n, const float *X, size_t ldx, const float *dz, size_t ldz,
         float *dW)
{
    float tree[TREE_LEVELS][TILE_FLOATS] __attribute__((aligned(64)));
    if (n <= LANES / 2) {
        gradient_few(rows, i0, i1, n, X, ldx, dz, ldz, dW);
        return;
    }
    for (size_t j = 0; j < n; j += TILE_VECTORS * LANES) {
        size_t vectors = panel_vectors(n, j), width = vectors * LANES, columns = n - j < width ? n - j : width;
        for (size_t i = i0, step; i < i1; i += step) {
            step = tile_rows(vectors, i1 - i);
            if (rows <= NUM_BLOCK_ROWS && columns == width && i + step <= i1) {
                any_tile(vectors, step, rows, X + i, 1, ldx, dz + j, ldz, NULL, dW + i * n + j, n);
                continue;
            }
            sum_tile(vectors, step, rows, X + i, 1, ldx, dz + j, ldz, tree);
            for (size_t r = 0; r < step && i + r < i1; r++)
                copy(columns, tree[0] + r * width, dW + (i + r) * n + j);
        }
    }
}

/* As the weight of an input that is always 1: fma(1, dz, sum) is sum + dz. */
static void
bias_gradient(size_t rows, size_t n, const float *dz, size_t ldz, float *db)
{
    enum { WIDTH = TILE_VECTORS * LANES };
    float tree[TREE_LEVELS][TILE_FLOATS] __attribute__((aligned(64)));
    const float one = 1;
    for (size_t j = 0; j < n; j += WIDTH) {
        sum_tile(TILE_VECTORS, 1, rows, &one, 0, 0, dz + j, ldz, tree);
        copy(n - j < WIDTH ? n - j : WIDTH, tree[0], db + j);
    }
}
