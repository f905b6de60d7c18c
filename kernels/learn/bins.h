/*
 * Bins of numeric features for their piecewise-linear encoding (kernels/ref/encode.c), by what the training rows are.
 *
 * A feature of at most `wanted` + 1 values has an edge at each. Else a value that fills a bin on its own (a share of
 * 1 / wanted of the rows or more, like the zeros of an amount) gets one, from itself to the next value, and the others
 * share the bins that are left: each ends at the value that fills it, so that all hold about as many rows. A feature of
 * one value has no bin. The outer edges are the smallest and the largest value.
 *
 * Of more than BINS_ROWS rows, that many are looked at, at equal distances: the share of a bin is then right to some
 * tenths of a percent.
 */
#ifndef CL_BINS_H
#define CL_BINS_H

#include <stdint.h>

#include "engine.h"
#include "memory.h"

enum { BINS_ROWS = 1 << 18 };

/* Edges of sorted values, at most 2 wanted + 3; how many. */
uint32_t bins_of_sorted(const float *values, uint64_t n, uint32_t wanted, float *edges);
/* Of all d numeric features of rows: bins of each, and their edges one after the other, in `arena`. */
float *bins_choose(const struct rowset *rows, uint32_t d, uint32_t wanted, uint32_t *bins, struct arena *arena);

#endif
