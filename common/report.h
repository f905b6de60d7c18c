/*
 * A report: the metrics of one set of rows, as numbers. kernels/learn/metrics.h fills it and defines the metrics,
 * formats/report_text.h prints it.
 */
#ifndef CL_REPORT_H
#define CL_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "schema.h"

/* In the order in which they are printed. */
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
    METRIC_DEVIANCE,
    METRIC_PINBALL,
    METRIC_COVERAGE,
    METRIC_WIDTH,
    METRIC_COUNT,
};

struct class_report {
    double n; /* weight of the rows with this label */
    double precision, recall, f1;
};

struct quantile_report {
    double below, pinball; /* share of the labels that are not above; mean loss in the label's units */
};

struct report {
    bool defined[METRIC_COUNT]; /* false: does not apply, or the rows do not say (auc of one class) */
    double value[METRIC_COUNT];
    uint32_t n_classes;                   /* 0 for a regression */
    const struct dict *names;             /* of the classes: names->values[class] */
    const uint8_t *mask;                  /* [n_classes] 1 = takes part; NULL = all */
    struct class_report *classes;         /* [n_classes] */
    double *confusion;                    /* [n_classes + 1, n_classes] weight by label (last: others) and prediction */
    bool others;                          /* the last row is not empty */
    uint32_t n_quantiles;                 /* 0 unless the model has some */
    const double *quantiles;              /* [n_quantiles] */
    struct quantile_report *per_quantile; /* [n_quantiles] means over labels */
    uint64_t zero_labels;                 /* labels of 0, which mape leaves out */
};

const char *metric_name(enum metric metric);
bool metric_parse(const char *name, enum metric *metric);
/* Whether a metric is made for the task. */
bool metric_applies(enum metric metric, enum task task);

#endif
