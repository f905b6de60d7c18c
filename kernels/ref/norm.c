#include <math.h>

#include "numerics.h"
#include "ref.h"

/*
 * Layer normalisation, Ba, Kiros and Hinton 2016, equations 3 and 4, over the n units of one row:
 *
 *   mean = s(z) / n;  d = z - mean;  inverse = 1 / sqrt(s(fma d d) / n + 1e-5);  u = d * inverse;
 *   y = fma(gain, u, shift)
 *
 * Sums s by rule 3; n is exact in binary32 or rounded to it.
 */
float
ref_normalise(uint32_t n, const float *gain, const float *shift, float *z, float *u)
{
    struct num_sum sum = {.n = 0}, squares = {.n = 0};
    for (uint32_t j = 0; j < n; j++)
        num_sum_add(&sum, z[j]);
    float mean = num_sum_total(&sum) / (float) n;
    for (uint32_t j = 0; j < n; j++)
        num_sum_fma(&squares, z[j] - mean, z[j] - mean);
    float inverse = 1.0f / sqrtf(num_sum_total(&squares) / (float) n + NUM_NORM_EPSILON);
    for (uint32_t j = 0; j < n; j++) {
        u[j] = (z[j] - mean) * inverse;
        z[j] = fmaf(gain[j], u[j], shift[j]);
    }
    return inverse;
}

/*
 * With du = dy * gain:
 *
 *   dz = (du - s(du) / n - u * s(fma du u) / n) * inverse,  as  fma(-u, s(fma du u) / n, du - s(du) / n) * inverse
 */
void
ref_normalise_back(uint32_t n, const float *gain, const float *u, float inverse, const float *dy, float *dz)
{
    struct num_sum sum = {.n = 0}, product = {.n = 0};
    for (uint32_t j = 0; j < n; j++) {
        num_sum_add(&sum, dy[j] * gain[j]);
        num_sum_fma(&product, dy[j] * gain[j], u[j]);
    }
    float mean = num_sum_total(&sum) / (float) n, slope = num_sum_total(&product) / (float) n;
    for (uint32_t j = 0; j < n; j++)
        dz[j] = fmaf(-u[j], slope, dy[j] * gain[j] - mean) * inverse;
}
