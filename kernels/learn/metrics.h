/*
 * Metrics of predictions against labels: what cl-eval prints.
 *
 * Sums are f64 in row order; a row counts w times; 0 / 0 is 0. Definitions (man/cl-eval.1 says them for users):
 *
 *   n               rows, not weighted              loss          mean loss of training, in scaled units
 *   accuracy        share of rows whose predicted class is the label
 *   precision c     right among those predicted c   recall c      right among those labelled c
 *   f1 c            2 TP / (2 TP + FP + FN)         *_macro       mean over classes that are labelled or predicted
 *   f1_micro        of the pooled counts, so the accuracy
 *   auc             Mann-Whitney with midranks, of the positive class; more classes: mean of one-against-rest over the
 *                   classes with rows for and against
 *   pr_auc          average precision: sum of (R_k - R_k-1) P_k over the distinct scores, descending; macro as auc
 *   log_loss        mean of -log p[label]
 *   brier           mean over rows of the sum over classes of (p_c - [c is the label])^2 (Brier 1950)
 *   ece             sum over 15 bins ((k-1)/15, k/15] of the top probability of |accuracy - mean probability| * share
 *                   (Guo et al. 2017)
 *   mse rmse mae r2 mape   r2 = 1 - sum (y - f)^2 / sum (y - mean y)^2, and 0 when all y are equal;
 *                   mape = mean |y - f| / |y| over rows with y != 0; with several label columns, means over these.
 *                   Of a model of quantiles: of the median, where it is one of them
 *   deviance        of loss poisson: mean of 2 (y log(y / f) - y + f), f at least the least normal f32
 *   pinball         of loss quantile: mean over the quantiles t of (y - f) t if f <= y, else (f - y) (1 - t), in the
 *                   label's units
 *   coverage width  of two quantiles or more: share of labels from the lowest to the highest, and mean of how far these
 *                   are apart
 *
 * A row with a label the model does not have (METRICS_OTHER) is wrong, counts against every class, has its own row in
 * the confusion matrix and 1e-15 as the probability of its label.
 *
 * Memory: 4 bytes a row and class (two classes: 4 a row) for the rankings, 4 for the label, 8 for a weight that is not
 * 1; regressions are O(1).
 */
#ifndef CL_METRICS_H
#define CL_METRICS_H

#include <stdbool.h>
#include <stdint.h>

#include "decide.h"
#include "report.h"

#define METRICS_OTHER UINT32_MAX

struct metrics;

/* The decision must outlive the metrics. */
struct metrics *metrics_open(const struct decision *decision);
/* A row of a model of classes. p: [n_classes]; label: below n_classes or METRICS_OTHER. loss: of training; read only
 * when the label is a class of the model. */
void metrics_add_class(struct metrics *metrics, const float *p, uint32_t predicted, uint32_t label, double w,
                       float loss);
/* A row of a regression, in the label's units. y: [n_labels]; f: [n_outputs] */
void metrics_add_numbers(struct metrics *metrics, const double *y, const float *f, double w, float loss);
uint64_t metrics_rows(const struct metrics *metrics);
/* The report belongs to the metrics. */
const struct report *metrics_report(struct metrics *metrics);
void metrics_close(struct metrics *metrics); /* NULL is fine */

#endif
