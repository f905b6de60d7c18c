/*
 * Layer norm, row by row (formulas: kernels/ref/norm.c): a part of kernels.inc.h, which includes it.
 */

/* Lanes of rule 3 for at most NUM_SUM_BLOCK terms: x, or products x y. */
ALWAYS_INLINE void
unit_lanes(size_t n, const float *x, const float *y, float lanes[NUM_LANES])
{
    float lane[NUM_LANES] = {0};
    size_t j = 0;
    for (; j + NUM_LANES <= n; j += NUM_LANES)
        for (size_t i = 0; i < NUM_LANES; i++)
            lane[i] = y == NULL ? lane[i] + x[j + i] : fmaf(x[j + i], y[j + i], lane[i]);
    for (size_t i = 0; i < n - j; i++)
        lane[i] = y == NULL ? lane[i] + x[j + i] : fmaf(x[j + i], y[j + i], lane[i]);
    memcpy(lanes, lane, sizeof lane);
}

ALWAYS_INLINE float
unit_sum(size_t n, const float *x, const float *y)
{
    float lane[NUM_LANES];
    struct num_sum sum;
    if (n <= NUM_SUM_BLOCK) {
        unit_lanes(n, x, y, lane);
        return num_lanes_total(lane);
    }
    memset(&sum, 0, sizeof sum);
    for (size_t at = 0; at < n; at += NUM_SUM_BLOCK) {
        size_t now = n - at < NUM_SUM_BLOCK ? n - at : NUM_SUM_BLOCK;
        unit_lanes(now, x + at, y == NULL ? NULL : y + at, sum.lane);
        num_sum_block(&sum);
    }
    return num_sum_total(&sum);
}

static void
normalise(size_t rows, size_t n, size_t ld, const float *gain, const float *shift, float *h, float *u, float *inverse)
{
    for (size_t r = 0; r < rows; r++, h += ld) {
        float mean = unit_sum(n, h, NULL) / (float) n;
        for (size_t j = 0; j < n; j++)
            h[j] -= mean;
        float factor = 1.0f / sqrtf(unit_sum(n, h, h) / (float) n + NUM_NORM_EPSILON);
        if (u == NULL) {
            for (size_t j = 0; j < n; j++)
                h[j] = fmaf(gain[j], h[j] * factor, shift[j]);
            continue;
        }
        for (size_t j = 0; j < n; j++) {
            u[r * ld + j] = h[j] * factor;
            h[j] = fmaf(gain[j], h[j] * factor, shift[j]);
        }
        inverse[r] = factor;
    }
}

/* dz comes as dy, which is kept. */
static void
normalise_back(size_t rows, size_t n, size_t ld, const float *gain, const float *u, const float *inverse, float *dz,
               float *dy)
{
    for (size_t r = 0; r < rows; r++, u += ld, dz += ld, dy += ld) {
        for (size_t j = 0; j < n; j++) {
            dy[j] = dz[j];
            dz[j] *= gain[j];
        }
        float mean = unit_sum(n, dz, NULL) / (float) n, slopes = unit_sum(n, dz, u) / (float) n;
        for (size_t j = 0; j < n; j++)
            dz[j] = fmaf(-u[j], slopes, dz[j] - mean) * inverse[r];
    }
}

/* dgain [n] = sum over rows of u dy, by rule 2. */
static void
gain_gradient(size_t rows, size_t n, size_t ld, const float *u, const float *dy, float *dgain)
{
    float tree[TREE_LEVELS][TILE_FLOATS] __attribute__((aligned(64)));
    for (size_t j = 0; j < n; j += TILE_VECTORS * LANES) {
        size_t vectors = panel_vectors(n, j), width = vectors * LANES;
        unsigned depth = 0;
        for (size_t first = 0; first < rows; first += NUM_BLOCK_ROWS) {
            size_t last = rows - first < NUM_BLOCK_ROWS ? rows : first + NUM_BLOCK_ROWS;
            for (size_t v = 0; v < vectors; v++) {
                vec sum = vec_set(0);
                for (size_t r = first; r < last; r++)
                    sum = vec_fma(vec_load(u + r * ld + j + v * LANES), vec_load(dy + r * ld + j + v * LANES), sum);
                vec_store(tree[depth] + v * LANES, sum);
            }
            tree_push(tree, &depth, first / NUM_BLOCK_ROWS, width);
        }
        tree_finish(tree, depth, width);
        copy(n - j < width ? n - j : width, tree[0], dgain + j);
    }
}
