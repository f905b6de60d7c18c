#include "counts.h"

#include <string.h>

static bool
have_roots(const struct transform *transforms, uint32_t n_transforms, uint32_t t)
{
    bool any = false;
    for (uint32_t i = 0; i < n_transforms; i++)
        any |= transforms[i].label_root && t < transforms[i].n_label;
    return any;
}

/* Label k of n rows, which are `stride` floats apart. */
static void
unshift(const struct transform *transforms, uint32_t n_transforms, uint32_t k, float *y, uint64_t n, uint32_t stride)
{
    if (have_roots(transforms, n_transforms, k)) {
        const double unit = counts_unit(transforms, n_transforms, k);
        for (uint64_t i = 0; i < n; i++)
            y[i * stride] =
                (float) (transform_invert_label(transforms, n_transforms, k, (double) y[i * stride]) / unit);
        return;
    }
    /* What 0 became. Scaling rounds monotonously, so no label from 0 on has become less. */
    float zero = 0;
    for (uint32_t i = 0; i < n_transforms; i++)
        if (k < transforms[i].n_label)
            zero = (float) (((double) zero - transforms[i].label_shift[k]) / transforms[i].label_divisor[k]);
    for (uint64_t i = 0; zero != 0 && i < n; i++)
        y[i * stride] -= zero;
}

void
counts_unshift(const struct transform *transforms, uint32_t n_transforms, float *y, uint64_t n, uint32_t t)
{
    for (uint32_t k = 0; k < t; k++)
        unshift(transforms, n_transforms, k, y + k, n, t);
}

float
counts_label(const struct transform *transforms, uint32_t n_transforms, uint32_t t, float y)
{
    y = transform_label(transforms, n_transforms, t, y);
    unshift(transforms, n_transforms, t, &y, 1, 1);
    return y;
}

double
counts_unit(const struct transform *transforms, uint32_t n_transforms, uint32_t t)
{
    if (have_roots(transforms, n_transforms, t)) {
        /* With mean m and sigma s of the roots, m^2 + s^2: the mean label. */
        double above = transform_invert_label(transforms, n_transforms, t, 1);
        double below = transform_invert_label(transforms, n_transforms, t, -1);
        return above + below > 0 ? (above + below) / 2 : 1;
    }
    double unit = 1;
    for (uint32_t i = 0; i < n_transforms; i++)
        if (t < transforms[i].n_label)
            unit *= transforms[i].label_divisor[t];
    return unit;
}

int
counts_refuse(const char *name, uint64_t rowno, double y, struct error *error)
{
    char quoted[128];
    return error_set(error, STATUS_DATA,
                     "record %llu: the label '%s' is %.6g, and loss poisson is for numbers from 0 on (--loss mse "
                     "takes all numbers)",
                     (unsigned long long) rowno + 1, error_quote(quoted, sizeof quoted, name, strlen(name), 60), y);
}
