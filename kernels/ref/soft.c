#include <math.h>

#include "numerics.h"
#include "ref.h"

/* Outputs with a soft target, in a group (numbers[j] == group) or, numbers NULL, all. */
static bool
takes_part(const float *s, const uint32_t *numbers, uint32_t group, uint32_t j)
{
    return !isnan(s[j]) && (numbers == NULL || numbers[j] == group);
}

/*
 * (1 / m) sum (z - s)^2 over the m outputs that have a target: Buzzega et al. 2020, equation 6.
 *
 *   g = (z - s) * (float) (2.0 / m)
 */
static void
squared(uint32_t o, const float *z, const float *s, float scale, float *dz)
{
    uint32_t m = 0;
    for (uint32_t j = 0; j < o; j++)
        m += !isnan(s[j]);
    const float twice = (float) (2.0 / m);
    for (uint32_t j = 0; j < o; j++)
        if (!isnan(s[j]))
            dz[j] = fmaf((z[j] - s[j]) * twice, scale, dz[j]);
}

/* Softmax of z / T over the outputs that take part: p_j = e_j / s(e), e_j = exp((z_j - max z) * inverse). */
static float
softmax_at(uint32_t o, const float *z, const float *s, const uint32_t *numbers, uint32_t group, float inverse,
           uint32_t at)
{
    struct num_sum sum = {.n = 0};
    float max = -INFINITY;
    for (uint32_t j = 0; j < o; j++)
        if (takes_part(s, numbers, group, j))
            max = z[j] > max ? z[j] : max;
    for (uint32_t j = 0; j < o; j++)
        num_sum_add(&sum, takes_part(s, numbers, group, j) ? num_exp((z[j] - max) * inverse) : 0.0f);
    return num_exp((z[at] - max) * inverse) / num_sum_total(&sum);
}

/* Whether j is the first output of its group that has a target. */
static bool
is_first(const float *s, const uint32_t *numbers, uint32_t j)
{
    for (uint32_t i = 0; i < j; i++)
        if (takes_part(s, numbers, numbers == NULL ? 0 : numbers[j], i))
            return false;
    return !isnan(s[j]);
}

/*
 * T^2 sum_j -p(s / T)_j log p(z / T)_j, the mean over the n groups that have targets: Hinton, Vinyals and Dean 2015,
 * section 2 (which says why T^2); Li and Hoiem 2017, equation 2.
 *
 *   g = (p(z / T) - p(s / T)) * (float) (T / n)
 */
static void
softmaxes(uint32_t o, const uint32_t *numbers, float temperature, const float *z, const float *s, float scale,
          float *dz)
{
    const float inverse = (float) (1.0 / (double) temperature);
    uint32_t n = 0;
    for (uint32_t j = 0; j < o; j++)
        n += is_first(s, numbers, j);
    const float factor = (float) ((double) temperature / n);
    for (uint32_t j = 0; j < o; j++) {
        const uint32_t group = numbers == NULL ? 0 : numbers[j];
        if (isnan(s[j]))
            continue;
        float p = softmax_at(o, z, s, numbers, group, inverse, j), q = softmax_at(o, s, s, numbers, group, inverse, j);
        dz[j] = fmaf((p - q) * factor, scale, dz[j]);
    }
}

/* The same for outputs of bce, each of which has two classes: p = sigmoid(z / T); n outputs have targets. */
static void
sigmoids(uint32_t o, float temperature, const float *z, const float *s, float scale, float *dz)
{
    const float inverse = (float) (1.0 / (double) temperature);
    uint32_t n = 0;
    for (uint32_t j = 0; j < o; j++)
        n += !isnan(s[j]);
    const float factor = (float) ((double) temperature / n);
    for (uint32_t j = 0; j < o; j++)
        if (!isnan(s[j]))
            dz[j] = fmaf((num_sigmoid(z[j] * inverse) - num_sigmoid(s[j] * inverse)) * factor, scale, dz[j]);
}

void
ref_soft_gradient(const struct plan *plan, enum soft_loss kind, uint32_t o, const float *z, const float *s, float scale,
                  float *dz)
{
    if (kind == SOFT_SQUARED)
        squared(o, z, s, scale, dz);
    else if (plan->loss == LOSS_BCE)
        sigmoids(o, plan->temperature, z, s, scale, dz);
    else
        softmaxes(o, plan->groups, plan->temperature, z, s, scale, dz);
}
