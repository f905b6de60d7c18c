#include <math.h>

#include "numerics.h"
#include "ref.h"

/*
 * Smooth clipping, Holzmueller, Grinsztajn and Steinwart 2024, section 3: x / sqrt(1 + (x / c)^2), as c times
 * r / sqrt(fma(r, r, 1)), r = x / c held in +-2^20, where the square does not overflow and the result is +-c.
 */
static float
softclip(float x, float c)
{
    float r = x / c;
    r = r > 0x1p+20f ? 0x1p+20f : r;
    r = r < -0x1p+20f ? -0x1p+20f : r;
    return r / sqrtf(fmaf(r, r, 1.0f)) * c;
}

float
ref_input(const struct network *network, float x)
{
    return network->softclip > 0 ? softclip(x, network->softclip) : x;
}

/*
 * Piecewise-linear encoding, Gorishniy, Rubachev and Babenko 2022, equation 1, with both ends held. Feature x has edges
 * e_0 < ... < e_T and takes T numbers: 1 for each bin below its own, bin k, 0 for each above, and there
 *
 *   f = clamp((x - e_k) * inverse, 0, 1), inverse = 1 / (e_k+1 - e_k), each rounded once
 *
 * Bin k is the last one that begins at or below x, or bin 0.
 */
uint32_t
ref_bin(const float *edges, uint32_t bins, float x, float *f)
{
    uint32_t k = 0;
    while (k + 1 < bins && x >= edges[k + 1])
        k++;
    float v = (x - edges[k]) * (1.0f / (edges[k + 1] - edges[k]));
    v = v > 0.0f ? v : 0.0f;
    *f = v < 1.0f ? v : 1.0f;
    return k;
}

/* Dropped, a feature takes the numbers of one at or below its first edge: all are 0. Else they are multiplied. */
uint32_t
ref_masked_bin(const float *edges, uint32_t bins, float x, float mask, float *f)
{
    const uint32_t k = ref_bin(edges, bins, x, f);
    *f = *f * mask;
    return mask == 0 ? 0 : k;
}
