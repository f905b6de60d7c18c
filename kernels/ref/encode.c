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

/*
 * Piecewise-linear encoding, Gorishniy, Rubachev and Babenko 2022, equation 1, with both ends held: of feature x with
 * edges e_0 < ... < e_T,
 *
 *   v_t = clamp((x - e_t-1) * inverse, 0, 1), inverse = 1 / (e_t - e_t-1), each rounded once
 *
 * The first layer takes the features, clipped where they are to be, then the encodings of one after the other.
 */
void
ref_encode(const struct engine_state *state, const float *x, float *to)
{
    const struct network *network = state->network;
    for (uint32_t j = 0; j < network->n_x; j++)
        *to++ = network->softclip > 0 ? softclip(x[j], network->softclip) : x[j];
    const float *edges = network->n_bins == 0 ? NULL : state->values[ENGINE_PARAM][network->edges];
    for (uint32_t j = 0; network->n_bins != 0 && j < network->n_x; j++) {
        for (uint32_t t = 0; t < network->bins[j]; t++) {
            float v = (x[j] - edges[t]) * (1.0f / (edges[t + 1] - edges[t]));
            v = v > 0.0f ? v : 0.0f;
            *to++ = v < 1.0f ? v : 1.0f;
        }
        edges += network->bins[j] > 0 ? network->bins[j] + 1 : 0;
    }
}
