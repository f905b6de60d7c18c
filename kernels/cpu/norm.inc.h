/*
 * Layer norm, row by row (formulas: kernels/ref/norm.c): a part of kernels.inc.h, which includes it.
 */

enum { LANE_VECTORS = NUM_LANES / LANES };

/* The 16 lanes of rule 3 added by halves: between vectors, then inside one. */
ALWAYS_INLINE float
lanes_total(const vec lanes[LANE_VECTORS])
{
    vec sum[LANE_VECTORS];
    memcpy(sum, lanes, sizeof sum);
    UNROLL
    for (int half = LANE_VECTORS / 2; half >= 1; half /= 2)
        UNROLL
    for (int v = 0; v < half; v++)
        sum[v] += sum[v + half];
    return vec_total(sum[0]);
}

/* Adds at most NUM_SUM_BLOCK terms to lanes of zeros: x, or products x y. */
ALWAYS_INLINE void
unit_lanes(size_t n, const float *x, const float *y, vec lanes[LANE_VECTORS])
{
    vec sum[LANE_VECTORS];
    size_t j = 0;
    for (size_t v = 0; v < LANE_VECTORS; v++)
        sum[v] = vec_set(0);
    for (; j + NUM_LANES <= n; j += NUM_LANES)
        UNROLL
    for (size_t v = 0; v < LANE_VECTORS; v++) {
        const vec term = vec_load(x + j + v * LANES);
        if (y == NULL)
            sum[v] += term;
        else
            sum[v] = vec_fma(term, vec_load(y + j + v * LANES), sum[v]);
    }
    if (j < n) { /* terms that are not there are not zeros: a sum may be -0 */
        float lane[NUM_LANES];
        memcpy(lane, sum, sizeof lane);
        for (size_t i = 0; i < n - j; i++)
            lane[i] = y == NULL ? lane[i] + x[j + i] : fmaf(x[j + i], y[j + i], lane[i]);
        memcpy(sum, lane, sizeof sum);
    }
    memcpy(lanes, sum, sizeof sum);
}

ALWAYS_INLINE float
unit_sum(size_t n, const float *x, const float *y)
{
    vec lanes[LANE_VECTORS];
    if (n <= NUM_SUM_BLOCK) {
        unit_lanes(n, x, y, lanes);
        return lanes_total(lanes);
    }
    struct num_sum sum = {.n = 0};
    for (size_t at = 0; at < n; at += NUM_SUM_BLOCK) {
        size_t now = n - at < NUM_SUM_BLOCK ? n - at : NUM_SUM_BLOCK;
        unit_lanes(now, x + at, y == NULL ? NULL : y + at, lanes);
        memcpy(sum.lane, lanes, sizeof sum.lane);
        num_sum_block(&sum);
    }
    return num_sum_total(&sum);
}

static void
normalise(size_t rows, size_t n, size_t ld, const float *restrict gain, const float *restrict shift, float *restrict h,
          float *restrict u, float *inverse)
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
normalise_back(size_t rows, size_t n, size_t ld, const float *restrict gain, const float *restrict u,
               const float *inverse, float *restrict dz, float *restrict dy)
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
