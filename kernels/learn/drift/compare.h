/*
 * What a stream holds against what a profile says was seen: column by column, in constant memory.
 *
 * Each column gives two tests: of its distribution (numbers: Kolmogorov and Smirnov; categories: chi-square, both
 * homogeneity.h), and of its share of missing values (Fisher's exact test). compare_decide() corrects the p-values of
 * all tests of all comparisons together by the method of Holm, so that alpha bounds the probability of one or more
 * false alarms in the whole family. A difference is drift when it is significant and large enough to matter: rows by
 * the million make any difference significant.
 *
 *     compare_open(&comparison, profile, schema, &error);
 *     while (...) compare_add(&comparison, &batch);
 *     compare_decide(&comparison, 1, alpha, least_psi);
 *     ... comparison.columns[i].drift ...
 *     compare_close(&comparison);
 */
#ifndef CL_COMPARE_H
#define CL_COMPARE_H

#include <stdbool.h>
#include <stdint.h>

#include "batch.h"
#include "error.h"
#include "profile.h"

/* Population stability indices are of so many bins: those of distributions put together where there are more. */
enum { COMPARE_PSI_BINS = 10 };

/* One kind of difference. */
struct compare_test {
    bool made; /* false: nothing to compare, and no test in the family */
    double psi, js, statistic, p, adjusted;
    uint32_t degrees; /* of chi-square */
    bool drift;
};

struct compare_column {
    const struct profile_column *then;
    bool there; /* the stream has it */
    bool category;
    uint32_t place;            /* in x or c */
    uint64_t missing, present; /* values of the stream */
    /* [n_counts] by bin of then->seen; behind these values that it does not have, each by itself. NULL without a
     * distribution. */
    double *counts;
    size_t n_counts, cap_counts;
    double *edges; /* of numbers: [n_edges] those of the bins, then infinity: one less than a power of two */
    uint32_t n_edges;
    uint32_t *bins; /* of a category: [n_bins] the bin of each code, worked out as the dictionary grows */
    size_t n_bins, cap_bins;
    struct compare_test distribution, share; /* share: of missing values */
};

struct comparison {
    const struct profile *profile;
    uint64_t rows;
    uint32_t n;
    struct compare_column *columns; /* [n] in the order of the profile */
    struct arena arena;
};

/* Columns are found by name; -1: one has another type. profile and schema are borrowed. */
int compare_open(struct comparison *comparison, const struct profile *profile, const struct schema *schema,
                 struct error *error);
/* batch: of the schema. */
void compare_add(struct comparison *comparison, const struct batch *batch);
/* Fills the tests of n comparisons. Returns how many columns are drift. */
uint32_t compare_decide(struct comparison *comparisons, uint32_t n, double alpha, double least_psi);
void compare_close(struct comparison *comparison);

#endif
