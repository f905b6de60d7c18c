/*
 * How the values of a column are distributed, in a bounded number of counts: of numbers in bins of about equal
 * frequency, of categories by their most frequent values.
 *
 * Numbers: bin i holds edges[i - 1] < x <= edges[i], the first and the last bin are open. Edges are values that
 * occurred, so that a value which is frequent has a bin to itself or shares it with rarer ones below it, and
 * distribution functions at the edges are exact. Categories: bin i holds values[i], the last bin all others. Counts are
 * of a sample, or its effective size when two samples of different weight were joined: they need not be whole.
 *
 * Everything is in the arena that is handed over, so copies of the struct share it.
 */
#ifndef CL_DISTRIBUTION_H
#define CL_DISTRIBUTION_H

#include <stdbool.h>
#include <stdint.h>

#include "memory.h"

struct dict;

enum { DISTRIBUTION_BINS = 32, DISTRIBUTION_MOST_BINS = 1024, DISTRIBUTION_VALUE_BYTES = 64 };

struct distribution {
    uint32_t n;           /* bins, 1 or more */
    const double *edges;  /* [n - 1] ascending; NULL of categories */
    const char **values;  /* [n - 1] with a NUL behind each; NULL of numbers */
    uint32_t *lengths;    /* [n - 1] of categories */
    const double *counts; /* [n] */
    double total;         /* of the counts, above 0 */
};

/* Of n numbers, which get sorted; those that are NaN are left out, infinite ones become the largest. NULL: all are NaN.
 */
struct distribution *distribution_of_numbers(float *numbers, uint64_t n, uint32_t bins, struct arena *arena);
/* Of n codes, which get sorted; 0 is left out. Values longer than DISTRIBUTION_VALUE_BYTES, and those for which there
 * is no room in *room bytes, count among the others. */
struct distribution *distribution_of_codes(uint32_t *codes, uint64_t n, const struct dict *dict, uint32_t bins,
                                           size_t *room, struct arena *arena);
/* The bin of a number that is not NaN. */
uint32_t distribution_bin(const struct distribution *distribution, double x);

/* A sample, and for how many values it stands; of numbers, their range. */
struct distribution_part {
    const struct distribution *distribution;
    double weight, low, high;
};
/*
 * Both together, by their weights; inside a bin of one that an edge of the other cuts, numbers are taken to be uniform.
 * The total is the effective sample size (Kish 1965): (w_a + w_b)^2 / (w_a^2 / n_a + w_b^2 / n_b).
 */
struct distribution *distribution_join(const struct distribution_part *a, const struct distribution_part *b,
                                       uint32_t bins, struct arena *arena);
struct distribution *distribution_copy(const struct distribution *distribution, struct arena *arena);

#endif
