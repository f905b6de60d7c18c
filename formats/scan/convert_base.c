#include "convert_parts.h"

static size_t
floats(const char *text, const uint32_t *before, const uint32_t *behind, size_t n, char decimal, float *to,
       uint32_t *left)
{
    size_t n_left = 0;
    for (size_t i = 0; i < n; i++) {
        const uint32_t first = before[i] + 1;
        if (!convert_cell(text + first, behind[i] - first, decimal, &to[i]))
            left[n_left++] = (uint32_t) i;
    }
    return n_left;
}

const struct convert_kernels convert_kernels_base = {.name = "base", .floats = floats};
