#include "convert.h"

#include <math.h>

#include "number.h"

static size_t
floats_base(const char *text, const uint32_t *before, const uint32_t *behind, size_t n, char decimal, float *to,
            uint32_t *left)
{
    size_t n_left = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t first = before[i] + 1, length = behind[i] - first;
        double value = NAN;
        if (length > 0 && (!number_parse_as(text + first, length, decimal, &value) ||
                           number_is_code(text + first, length) || isinf((float) value)))
            left[n_left++] = (uint32_t) i;
        to[i] = (float) value;
    }
    return n_left;
}

const struct convert_kernels *
convert_kernels_pick(struct error *error)
{
    (void) error;
    static const struct convert_kernels base = {.name = "base", .floats = floats_base};
    return &base;
}
