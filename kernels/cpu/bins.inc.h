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
            for (size_t t = 1, bins = first[e + 1] - first[e]; t < bins; t += LANES)
                k += vec_count_from(vec_load(own + t), bins - t, value);
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

/*
 * Tiles of one row are as wide as registers allow, for each addition has to wait for the last one. What the features
 * done together may have of each table.
 */
enum { BIN_VECTORS = 2 * TILE_VECTORS, BIN_WIDTH = BIN_VECTORS * LANES, BIN_TABLE_FLOATS = 12 << 10 };
_Static_assert((int) BIN_WIDTH <= (int) CPU_BIN_WIDTH && CPU_CHUNK_BLOCKS < 1 << CPU_BIN_LEVELS,
               "sums of bins have no room");

static size_t
bin_vectors(size_t left)
{
    if (left >= BIN_WIDTH)
        return BIN_VECTORS;
    return left >= BIN_WIDTH / 2 ? BIN_VECTORS / 2 : 1;
}

/* One row and `vectors` vectors of outputs. */
ALWAYS_INLINE void
add_bins_tile(const size_t vectors, size_t n, size_t n_features, const float *B, const float *below,
              const uint32_t *bin, const float *part, float scale, float *h)
{
    const vec times = vec_set(scale);
    vec sum[BIN_VECTORS];
    UNROLL
    for (size_t v = 0; v < vectors; v++)
        sum[v] = vec_load(h + v * LANES);
    for (size_t e = 0; e < n_features; e++) {
        const size_t at = (size_t) bin[e] * n;
        const vec f = vec_set(part[e]);
        UNROLL
        for (size_t v = 0; v < vectors; v++)
            sum[v] = vec_fma(f, vec_load(B + at + v * LANES), sum[v] + times * vec_load(below + at + v * LANES));
    }
    UNROLL
    for (size_t v = 0; v < vectors; v++)
        vec_store(h + v * LANES, sum[v]);
}

/* Some features at a time, whose tables stay in the second cache while all rows are done. */
static void
add_bins(size_t m, size_t n, size_t n_features, const uint32_t *first, const float *B, const float *below,
         const uint32_t *bin, const float *part, float scale, float *h, size_t ld)
{
    for (size_t j = 0, vectors; j < n; j += vectors * LANES) {
        vectors = bin_vectors(n - j);
        const size_t most = BIN_TABLE_FLOATS / (vectors * LANES);
        for (size_t e = 0, end; e < n_features; e = end) {
            for (end = e + 1; end < n_features && first[end + 1] - first[e] <= most;)
                end++;
            for (size_t r = 0; r < m; r++) {
                const uint32_t *bins = bin + r * n_features + e;
                const float *parts = part + r * n_features + e;
                float *to = h + r * ld + j;
                if (vectors == BIN_VECTORS)
                    add_bins_tile(BIN_VECTORS, n, end - e, B + j, below + j, bins, parts, scale, to);
                else if (vectors == BIN_VECTORS / 2)
                    add_bins_tile(BIN_VECTORS / 2, n, end - e, B + j, below + j, bins, parts, scale, to);
                else
                    add_bins_tile(1, n, end - e, B + j, below + j, bins, parts, scale, to);
            }
        }
    }
}

/*
 * Of one feature, for `vectors` vectors of outputs and a block of rows, into dB [bins, ld]. where [bins]: a bit for
 * each row of the block that is in the bin. Bin by bin from the last one, so sums stay in registers. right: dB holds
 * the left neighbour in the tree, which is added.
 */
ALWAYS_INLINE void
bins_block(const size_t vectors, size_t bins, const uint64_t *where, const float *part, float scale, const float *dz,
           size_t ldz, bool right, float *dB, size_t ld)
{
    const vec times = vec_set(scale);
    vec above[BIN_VECTORS];
    UNROLL
    for (size_t v = 0; v < vectors; v++)
        above[v] = vec_set(0);
    for (size_t k = bins; k-- > 0;) {
        vec F[BIN_VECTORS], G[BIN_VECTORS];
        UNROLL
        for (size_t v = 0; v < vectors; v++)
            F[v] = G[v] = vec_set(0);
        for (uint64_t left = where[k]; left != 0; left &= left - 1) {
            const size_t r = (size_t) __builtin_ctzll(left);
            const vec f = vec_set(part[r]);
            UNROLL
            for (size_t v = 0; v < vectors; v++) {
                const vec g = vec_load(dz + r * ldz + v * LANES);
                F[v] = vec_fma(f, g, F[v]);
                G[v] += g;
            }
        }
        UNROLL
        for (size_t v = 0; v < vectors; v++) {
            float *to = dB + k * ld + v * LANES;
            vec sum = F[v] + times * above[v];
            if (right)
                sum = vec_load(to) + sum;
            vec_store(to, sum);
            above[v] += G[v];
        }
    }
}

/* Sum `depth` of the tree, each [bins, width], into the one before it, of which the first is at `sum`. */
static void
bins_merge(size_t bins, size_t width, size_t depth, float *scratch, float *sum, size_t ld)
{
    const float *from = scratch + depth * bins * width;
    float *to = depth == 1 ? sum : scratch + (depth - 1) * bins * width;
    for (size_t k = 0; k < bins; k++)
        add(width, from + k * width, to + k * (depth == 1 ? ld : width));
}

static void
bins_gradient(size_t rows, size_t n, size_t bins, const uint32_t *bin, const float *part, size_t step, uint32_t first,
              float scale, const float *dz, size_t ldz, uint64_t *where, float *scratch, float *dB)
{
    _Static_assert(NUM_BLOCK_ROWS == 64, "a word has a bit for each row of a block");
    float parts[CPU_CHUNK_BLOCKS * NUM_BLOCK_ROWS];
    memset(where, 0, (rows + NUM_BLOCK_ROWS - 1) / NUM_BLOCK_ROWS * bins * sizeof *where);
    for (size_t r = 0; r < rows; r++) {
        parts[r] = part[r * step];
        where[r / NUM_BLOCK_ROWS * bins + bin[r * step] - first] |= (uint64_t) 1 << r % NUM_BLOCK_ROWS;
    }
    for (size_t j = 0, vectors; j < n; j += vectors * LANES) {
        vectors = bin_vectors(n - j);
        const size_t width = vectors * LANES, size = bins * width, columns = n - j < width ? n - j : width;
        const bool direct = columns == width; /* the leftmost sum of the tree is where the gradient goes */
        float *const sum = direct ? dB + j : scratch;
        size_t depth = 0;
        for (size_t b = 0; b * NUM_BLOCK_ROWS < rows; b++) {
            const size_t at = b * NUM_BLOCK_ROWS;
            const bool right = b & 1;
            depth += !right;
            float *to = depth == 1 ? sum : scratch + (depth - 1) * size;
            const size_t ld = depth == 1 && direct ? n : width;
            if (vectors == BIN_VECTORS)
                bins_block(BIN_VECTORS, bins, where + b * bins, parts + at, scale, dz + at * ldz + j, ldz, right, to,
                           ld);
            else if (vectors == BIN_VECTORS / 2)
                bins_block(BIN_VECTORS / 2, bins, where + b * bins, parts + at, scale, dz + at * ldz + j, ldz, right,
                           to, ld);
            else
                bins_block(1, bins, where + b * bins, parts + at, scale, dz + at * ldz + j, ldz, right, to, ld);
            for (size_t bits = b >> 1; right && bits & 1; bits >>= 1)
                bins_merge(bins, width, --depth, scratch, sum, direct ? n : width);
        }
        while (depth > 1)
            bins_merge(bins, width, --depth, scratch, sum, direct ? n : width);
        for (size_t k = 0; !direct && k < bins; k++)
            copy(columns, scratch + k * width, dB + k * n + j);
    }
}
