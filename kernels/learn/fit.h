/*
 * What cl-scale fits: statistics of the training rows, turned into a transform (common/transform.h).
 *
 * Rows are shown one batch at a time, in order, and all of them once per pass; the caller repeats passes as long as
 * fit_next_pass() says so. One pass is enough, except for medians and quartiles, which are selected exactly, byte by
 * byte of the ordered bit pattern: four more passes for each group of columns whose counters fit in 32 MiB (2,730
 * columns with `robust`, 8,192 with the median alone). So memory is O(columns) + 32 MiB, whatever the number of rows.
 *
 * Everything is f64 in row order and does not depend on how rows were cut into batches: mean and variance by the
 * update of Welford (1962), quartiles with linear interpolation (Hyndman and Fan 1996, definition 7), population
 * sigma. A training row is one that is not tagged valid or test. Row weights do not count. NaN is skipped.
 *
 *     struct fit *fit = fit_open(schema, &options);
 *     while (fit_next_pass(fit))
 *         for each batch: fit_rows(fit, &batch, &error);
 *     fit_finish(fit, &transform, &arena, &error);
 *     fit_close(fit);
 */
#ifndef CL_FIT_H
#define CL_FIT_H

#include <stdbool.h>
#include <stdint.h>

#include "batch.h"
#include "error.h"
#include "memory.h"
#include "transform.h"

enum scale_method { SCALE_AUTO, SCALE_STANDARD, SCALE_MINMAX, SCALE_ROBUST, SCALE_NONE };
enum label_scale { LABEL_AUTO, LABEL_STANDARD, LABEL_MAX, LABEL_SQRT, LABEL_NONE };
enum impute { IMPUTE_MEAN, IMPUTE_MEDIAN, IMPUTE_ZERO };

struct fit_options {
    enum scale_method method;
    enum label_scale label;
    enum impute impute;
};

struct fit;

/* The schema must outlive the fit. label: LABEL_STANDARD, MAX and SQRT need task TASK_REGRESSION; AUTO is SQRT for
 * counts (roots.h), else STANDARD. */
struct fit *fit_open(const struct schema *schema, const struct fit_options *options);
/* Begins a pass over all rows; false when no more is needed. */
bool fit_next_pass(struct fit *fit);
/* STATUS_DATA when a value is infinite, or has no root for LABEL_SQRT. */
int fit_rows(struct fit *fit, const struct batch *batch, struct error *error);
/* STATUS_DATA when there was no training row, no positive label for LABEL_MAX, or when a later pass did not show the
 * rows of the first. Names and numbers are in `arena`. */
int fit_finish(struct fit *fit, struct transform *transform, struct arena *arena, struct error *error);
/* Training rows, and how many of them have a number in numeric feature column j (0: its fill is 0). */
uint64_t fit_train_rows(const struct fit *fit);
uint64_t fit_column_count(const struct fit *fit, uint32_t j);
/* True when the labels were found to be counts (LABEL_AUTO only); the smallest and the largest of them. */
bool fit_counts(const struct fit *fit, double *low, double *high);
void fit_close(struct fit *fit); /* NULL is fine */

#endif
