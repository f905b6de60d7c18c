/*
 * What the files convert*.c share. For nobody else.
 *
 * Each kernel goes over the cells in blocks. It marks those that it could not convert for certain, or that may be no
 * numbers, in a bit map; convert_marked() then takes them one by one.
 */
#ifndef CL_CONVERT_PARTS_H
#define CL_CONVERT_PARTS_H

#include <stdbool.h>

#include "convert.h"

enum { CONVERT_BLOCK = 4096, CONVERT_WORDS = CONVERT_BLOCK / 64 };

/* What a call of convert_kernels.floats is about. */
struct convert_cells {
    const char *text;
    const uint32_t *before, *behind;
    char decimal;
    float *to;
    uint32_t *left;
    size_t n_left;
};

/* One cell by number.h; false when it is to be left. */
bool convert_cell(const char *s, uint32_t n, char decimal, float *to);

/*
 * Where a cell of n bytes before `end` is a decimal and an exponent of one or two digits, the number of bytes that the
 * exponent has with its e; else 0. What stands before it is not looked at, but there is something.
 */
static inline uint32_t
convert_split(const char *end, uint32_t n, int *exponent)
{
    if (n < 3)
        return 0;
    uint32_t cut = 1;
    int value = end[-1] - '0';
    if ((uint8_t) value > 9)
        return 0;
    if ((uint8_t) (end[-2] - '0') <= 9) {
        value += 10 * (end[-2] - '0');
        cut = 2;
    }
    /* The byte before the cell may be seen here, and is no e: then n is not more than cut. */
    const char sign = end[-1 - (int) cut];
    if (sign == '-' || sign == '+')
        cut++;
    if (cut + 2 > n || (end[-1 - (int) cut] | 0x20) != 'e')
        return 0;
    *exponent = sign == '-' ? -value : value;
    return cut + 1;
}

/* Converts or leaves the cells first + i for which bit i of marks[0 .. n_words) is set. */
void convert_marked(struct convert_cells *cells, size_t first, const uint64_t *marks, size_t n_words);

extern const struct convert_kernels convert_kernels_avx512, convert_kernels_avx2, convert_kernels_base;

#endif
