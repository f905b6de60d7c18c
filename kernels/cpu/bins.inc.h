/*
 * Numeric features clipped and in bins (formulas: kernels/ref/encode.c): a part of kernels.inc.h, which includes it.
 */

static void
softclip(size_t n, float limit, float *x)
{
    for (size_t i = 0; i < n; i++) {
        float part = x[i] / limit;
        part = part > 0x1p+20f ? 0x1p+20f : part;
        part = part < -0x1p+20f ? -0x1p+20f : part;
        x[i] = part / sqrtf(fmaf(part, part, 1.0f)) * limit;
    }
}

static void
find_bins(size_t rows, size_t n, const float *x, size_t ld, const uint32_t *feature, const uint32_t *first,
          const float *edges, const float *inverse, uint32_t *bin, float *part)
{
    for (size_t r = 0; r < rows; r++, x += ld, bin += n, part += n)
        for (size_t e = 0; e < n; e++) {
            const float value = x[feature[e]], *own = edges + first[e] + e;
            uint32_t k = 0;
            for (uint32_t t = 1; t < first[e + 1] - first[e]; t++)
                k += value >= own[t];
            bin[e] = first[e] + k;
            float v = (value - own[k]) * inverse[first[e] + k];
            v = v > 0.0f ? v : 0.0f;
            part[e] = v < 1.0f ? v : 1.0f;
        }
}

/* below [bins, n]: row k = the rows of B above it, added one after the other. */
static void
sum_below(size_t bins, size_t n, const float *restrict B, float *restrict below)
{
    memset(below, 0, n * sizeof *below);
    for (size_t k = 1; k < bins; k++, below += n, B += n)
        for (size_t j = 0; j < n; j++)
            below[n + j] = below[j] + B[j];
}

/* One row and `vectors` vectors of outputs. */
ALWAYS_INLINE void
add_bins_tile(const size_t vectors, size_t n, size_t n_features, const float *B, const float *below,
              const uint32_t *bin, const float *part, float *h)
{
    vec sum[TILE_VECTORS];
    UNROLL
    for (size_t v = 0; v < vectors; v++)
        sum[v] = vec_load(h + v * LANES);
    for (size_t e = 0; e < n_features; e++) {
        const size_t at = (size_t) bin[e] * n;
        const vec f = vec_set(part[e]);
        UNROLL
        for (size_t v = 0; v < vectors; v++)
            sum[v] = vec_fma(f, vec_load(B + at + v * LANES), sum[v] + vec_load(below + at + v * LANES));
    }
    UNROLL
    for (size_t v = 0; v < vectors; v++)
        vec_store(h + v * LANES, sum[v]);
}

static void
add_bins(size_t m, size_t n, size_t n_features, const float *B, const float *below, const uint32_t *bin,
         const float *part, float *h, size_t ld)
{
    for (size_t r = 0; r < m; r++, bin += n_features, part += n_features, h += ld) {
        size_t j = 0;
        for (; j + TILE_VECTORS * LANES <= n; j += TILE_VECTORS * LANES)
            add_bins_tile(TILE_VECTORS, n, n_features, B + j, below + j, bin, part, h + j);
        for (; j < n; j += LANES)
            add_bins_tile(1, n, n_features, B + j, below + j, bin, part, h + j);
    }
}

/* Of one feature, for `vectors` vectors of outputs and a block of rows, into dB [bins, ld]. F and G: [bins, width]. */
ALWAYS_INLINE void
bins_block(const size_t vectors, size_t rows, size_t bins, const uint32_t *bin, const float *part, size_t step,
           uint32_t first, const float *dz, size_t ldz, float *F, float *G, float *dB, size_t ld)
{
    const size_t width = vectors * LANES;
    memset(F, 0, bins * width * sizeof *F);
    memset(G, 0, bins * width * sizeof *G);
    for (size_t r = 0; r < rows; r++) {
        const size_t at = (bin[r * step] - first) * width;
        const vec f = vec_set(part[r * step]);
        UNROLL
        for (size_t v = 0; v < vectors; v++) {
            const vec g = vec_load(dz + r * ldz + v * LANES);
            vec_store(F + at + v * LANES, vec_fma(f, g, vec_load(F + at + v * LANES)));
            vec_store(G + at + v * LANES, vec_load(G + at + v * LANES) + g);
        }
    }
    vec above[TILE_VECTORS];
    UNROLL
    for (size_t v = 0; v < vectors; v++)
        above[v] = vec_set(0);
    for (size_t k = bins; k-- > 0;)
        UNROLL
    for (size_t v = 0; v < vectors; v++) {
        vec_store(dB + k * ld + v * LANES, vec_load(F + k * width + v * LANES) + above[v]);
        above[v] += vec_load(G + k * width + v * LANES);
    }
}

static void
bins_gradient(size_t rows, size_t n, size_t bins, const uint32_t *bin, const float *part, size_t step, uint32_t first,
              const float *dz, size_t ldz, float *scratch, float *dB)
{
    for (size_t j = 0, vectors; j < n; j += vectors * LANES) {
        vectors = n - j >= TILE_VECTORS * LANES ? TILE_VECTORS : 1;
        const size_t width = vectors * LANES, size = bins * width, columns = n - j < width ? n - j : width;
        const bool direct = rows <= NUM_BLOCK_ROWS && columns == width;
        unsigned depth = 0;
        for (size_t at = 0; at < rows; at += NUM_BLOCK_ROWS) {
            const size_t now = rows - at < NUM_BLOCK_ROWS ? rows - at : NUM_BLOCK_ROWS;
            float *sums = scratch + (1 + depth) * size, *to = direct ? dB + j : sums;
            if (vectors == 1)
                bins_block(1, now, bins, bin + at * step, part + at * step, step, first, dz + at * ldz + j, ldz, sums,
                           scratch, to, direct ? n : width);
            else
                bins_block(TILE_VECTORS, now, bins, bin + at * step, part + at * step, step, first, dz + at * ldz + j,
                           ldz, sums, scratch, to, direct ? n : width);
            depth++;
            for (size_t b = at / NUM_BLOCK_ROWS; b & 1; b >>= 1, depth--)
                add(size, scratch + depth * size, scratch + (depth - 1) * size);
        }
        for (; depth > 1; depth--)
            add(size, scratch + depth * size, scratch + (depth - 1) * size);
        for (size_t k = 0; !direct && k < bins; k++)
            copy(columns, scratch + size + k * width, dB + k * n + j);
    }
}
