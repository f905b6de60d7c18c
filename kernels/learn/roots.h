/*
 * Whether the labels of a regression are counts, and mean and sigma of their square roots, in one pass.
 *
 * The variance of a count grows with its mean; that of its root does not, so far as the count is Poisson (Bartlett,
 * "The square root transformation in analysis of variance", Supplement to the Journal of the Royal Statistical Society
 * 3, 1936). A column holds counts when its labels are whole numbers from 0 on, the smallest is 0 or 1, and there are
 * more than 20 different ones. Prices and years do not begin at 0 or 1; grades and classes written as numbers are few.
 * From 2^24 on every f32 is whole, which then says nothing: such labels are none.
 *
 * Only training rows make a count, but no row may have a negative label: it could not be transformed. Sums are f64 in
 * row order, so the cut into batches does not show. NaN is skipped.
 */
#ifndef CL_ROOTS_H
#define CL_ROOTS_H

#include <stdbool.h>
#include <stdint.h>

#include "batch.h"

enum { ROOTS_DISTINCT = 21 };

struct root_column {
    bool whole;         /* every label is a whole number below 2^24 */
    double n, mean, m2; /* of the square roots (Welford 1962) */
    double low, high;   /* of the labels */
    uint32_t n_distinct;
    float distinct[ROOTS_DISTINCT]; /* the first different ones; no more are looked for */
};

struct roots {
    uint32_t t;
    bool negative;               /* some label of some row is */
    struct root_column *columns; /* [t] */
};

void roots_open(struct roots *roots, uint32_t t);
void roots_close(struct roots *roots);
/* Labels batch->y: [n, t]. */
void roots_add(struct roots *roots, const struct batch *batch);
/* Whether every column holds counts, by the rows that have come. */
bool roots_are_counts(const struct roots *roots);
/* No later row can make them counts. Before this the moments are those of all roots. */
bool roots_ruled_out(const struct roots *roots);
/* The population sigma of the roots of column k; 0 when all are equal. */
double roots_sigma(const struct roots *roots, uint32_t k);

#endif
