/*
 * How the values of a column are distributed, in a bounded number of counts: of numbers in bins of about equal
 * frequency, of categories by value, or by a hash of it where there are many.
 *
 * Numbers: bin i holds edges[i - 1] < x <= edges[i], the first and the last bin are open. Edges are values that
 * occurred, so that a value which is frequent has a bin to itself or shares it with rarer ones below it, and
 * distribution functions at the edges are exact. Categories: bin i holds values[i], and these are all that occurred;
 * where they are too many, or one too long, bin i holds the values with XXH3-64 mod n = i. (The most frequent ones and
 * "others" would be a choice by the counts themselves: what is not chosen would seem to grow in every other sample.)
 *
 * Counts are of a sample, or its effective size when two samples of different weight were joined: they need not be
 * whole. Everything is in the arena that is handed over, so copies of the struct share it.
 */
#ifndef CL_DISTRIBUTION_H
#define CL_DISTRIBUTION_H

#include <stdbool.h>
#include <stdint.h>

#include "memory.h"

struct dict;

enum { DISTRIBUTION_BINS = 32, DISTRIBUTION_MOST_BINS = 1024, DISTRIBUTION_VALUE_BYTES = 64 };
enum distribution_kind { DISTRIBUTION_NUMBERS, DISTRIBUTION_VALUES, DISTRIBUTION_HASHED };

struct distribution {
    enum distribution_kind kind;
    uint32_t n;           /* bins, 1 or more */
    const double *edges;  /* [n - 1] of numbers, ascending */
    const char **values;  /* [n] of categories by value, with a NUL behind each */
    uint32_t *lengths;    /* [n] likewise */
    const double *counts; /* [n] */
    double total;         /* of the counts, above 0 */
};

/* Of n numbers, which get sorted; those that are NaN are left out, infinite ones become the largest. NULL: all are NaN.
 */
struct distribution *distribution_of_numbers(float *numbers, uint64_t n, uint32_t bins, struct arena *arena);
/* Of n codes, which get sorted; 0 is left out. By value when there are at most `bins` of them, none is longer than
 * DISTRIBUTION_VALUE_BYTES, and *room bytes, which are taken, are enough for all. NULL: all are 0. */
struct distribution *distribution_of_codes(uint32_t *codes, uint64_t n, const struct dict *dict, uint32_t bins,
                                           size_t *room, struct arena *arena);
/* The bin of a number that is not NaN. */
uint32_t distribution_bin(const struct distribution *distribution, double x);
/* The bin of a value among n bins by hash. */
uint32_t distribution_hash(const char *value, size_t length, uint32_t n);

/* A sample, and for how many values it stands; of numbers, their range. */
struct distribution_part {
    const struct distribution *distribution;
    double weight, low, high;
};
/*
 * Both together, by their weights, numbers or categories. Inside a bin of one that an edge of the other cuts, numbers
 * are taken to be uniform. NULL: bins by hash of different number.
 * The total is the effective sample size (Kish 1965): (w_a + w_b)^2 / (w_a^2 / n_a + w_b^2 / n_b).
 */
struct distribution *distribution_join(const struct distribution_part *a, const struct distribution_part *b,
                                       uint32_t bins, struct arena *arena);
struct distribution *distribution_copy(const struct distribution *distribution, struct arena *arena);

#endif
