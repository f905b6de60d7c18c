/*
 * Numeric features encoded in bins (formula: kernels/ref/encode.c): a part of kernels.inc.h, which includes it.
 */

static void
encode(size_t rows, size_t d, const float *x, const uint64_t *row, float limit, size_t n,
       const uint32_t *restrict feature, const float *restrict low, const float *restrict inverse, float *restrict to,
       size_t ld)
{
    for (size_t r = 0; r < rows; r++, to += ld) {
        const float *restrict from = x + row[r] * d;
        float *restrict encoded = to + d;
        copy(d, from, to);
        for (size_t j = 0; limit > 0 && j < d; j++) {
            float part = from[j] / limit;
            part = part > 0x1p+20f ? 0x1p+20f : part;
            part = part < -0x1p+20f ? -0x1p+20f : part;
            to[j] = part / sqrtf(fmaf(part, part, 1.0f)) * limit;
        }
        for (size_t t = 0; t < n; t++) {
            float v = (from[feature[t]] - low[t]) * inverse[t];
            v = v > 0.0f ? v : 0.0f;
            encoded[t] = v < 1.0f ? v : 1.0f;
        }
    }
}
