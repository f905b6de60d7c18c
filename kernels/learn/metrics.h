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
 *                   mape = mean |y - f| / |y| over rows with y != 0; with several label columns, means over these
 *
 * A row with a label the model does not have (METRICS_OTHER) is wrong, counts against every class, has its own row in
 * the confusion matrix and 1e-15 as the probability of its label.
 *
 * Memory: 4 bytes a row and class (two classes: 4 a row) for the rankings, 4 for the label, 8 for a weight that is not 1;
 * regressions are O(1).
 */
#ifndef CL_METRICS_H
#define CL_METRICS_H

#include <stdbool.h>
#include <stdint.h>

#include "decide.h"

#define METRICS_OTHER UINT32_MAX

enum metric {
    METRIC_N,
    METRIC_LOSS,
    METRIC_ACCURACY,
    METRIC_PRECISION_MACRO,
    METRIC_RECALL_MACRO,
    METRIC_F1_MACRO,
    METRIC_F1_MICRO,
    METRIC_AUC,
    METRIC_PR_AUC,
    METRIC_LOG_LOSS,
    METRIC_BRIER,
    METRIC_ECE,
    METRIC_MSE,
    METRIC_RMSE,
    METRIC_MAE,
    METRIC_R2,
    METRIC_MAPE,
    METRIC_COUNT,
};

const char *metric_name(enum metric metric);
bool metric_parse(const char *name, enum metric *metric);
/* Whether a metric is made for regressions, for classes, or both. */
bool metric_applies(enum metric metric, enum task task);

struct class_report {
    double n; /* weight of the rows with this label */
    double precision, recall, f1;
};

struct report {
    bool defined[METRIC_COUNT]; /* false: does not apply, or the rows do not say (auc of one class) */
    double value[METRIC_COUNT];
    uint32_t n_classes;
    struct class_report *classes; /* [n_classes] */
    double *confusion;            /* [n_classes + 1, n_classes] weight by label (last: others) and prediction */
    bool others;                  /* the last row is not empty */
    uint64_t zero_labels;         /* labels left out of mape */
};

struct metrics;

/* The decision must outlive the metrics. */
struct metrics *metrics_open(const struct decision *decision);
/* A row of a model of classes. p: [n_classes]; label: below n_classes or METRICS_OTHER. loss: of training; read only when the
 * label is a class of the model. */
void metrics_add_class(struct metrics *metrics, const float *p, uint32_t predicted, uint32_t label, double w,
                       float loss);
/* A row of a regression. y, f: [n_outputs] label and prediction in the label's units. */
void metrics_add_numbers(struct metrics *metrics, const double *y, const float *f, double w, float loss);
uint64_t metrics_rows(const struct metrics *metrics);
/* The report belongs to the metrics. */
const struct report *metrics_report(struct metrics *metrics);
void metrics_close(struct metrics *metrics); /* NULL is fine */

#endif
