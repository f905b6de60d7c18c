#include <math.h>
#include <string.h>

#include "convert_parts.h"
#include "isa.h"
#include "number.h"

bool
convert_cell(const char *s, uint32_t n, char decimal, float *to)
{
    double value;
    if (n == 0) {
        *to = NAN;
        return true;
    }
    if (!number_parse_as(s, n, decimal, &value) || (s[0] == '0' && number_is_code(s, n)))
        return false;
    *to = (float) value;
    return !isinf(*to);
}

void
convert_marked(struct convert_cells *cells, size_t first, const uint64_t *marks, size_t n_words)
{
    for (size_t word = 0; word < n_words; word++)
        for (uint64_t bits = marks[word]; bits != 0; bits &= bits - 1) {
            const size_t i = first + word * 64 + (size_t) __builtin_ctzll(bits);
            const uint32_t start = cells->before[i] + 1;
            if (!convert_cell(cells->text + start, cells->behind[i] - start, cells->decimal, &cells->to[i]))
                cells->left[cells->n_left++] = (uint32_t) i;
        }
}

const struct convert_kernels *
convert_kernels_pick(struct error *error)
{
    const int isa = isa_pick(error);
    if (isa < 0)
        return NULL;
#if defined(__x86_64__)
    if (isa == ISA_AVX512)
        return &convert_kernels_avx512;
    if (isa == ISA_AVX2)
        return &convert_kernels_avx2;
#endif
    return &convert_kernels_base;
}
