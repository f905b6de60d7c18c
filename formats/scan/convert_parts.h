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

/* Converts or leaves the cells first + i for which bit i of marks[0 .. n_words) is set. */
void convert_marked(struct convert_cells *cells, size_t first, const uint64_t *marks, size_t n_words);

extern const struct convert_kernels convert_kernels_avx512, convert_kernels_avx2, convert_kernels_base;

#endif
