#include "report.h"

#include <string.h>

static const char *const names[METRIC_COUNT] = {
    [METRIC_N] = "n",
    [METRIC_LOSS] = "loss",
    [METRIC_ACCURACY] = "accuracy",
    [METRIC_PRECISION_MACRO] = "precision_macro",
    [METRIC_RECALL_MACRO] = "recall_macro",
    [METRIC_F1_MACRO] = "f1_macro",
    [METRIC_F1_MICRO] = "f1_micro",
    [METRIC_AUC] = "auc",
    [METRIC_PR_AUC] = "pr_auc",
    [METRIC_LOG_LOSS] = "log_loss",
    [METRIC_BRIER] = "brier",
    [METRIC_ECE] = "ece",
    [METRIC_MSE] = "mse",
    [METRIC_RMSE] = "rmse",
    [METRIC_MAE] = "mae",
    [METRIC_R2] = "r2",
    [METRIC_MAPE] = "mape",
    [METRIC_DEVIANCE] = "deviance",
    [METRIC_PINBALL] = "pinball",
    [METRIC_COVERAGE] = "coverage",
    [METRIC_WIDTH] = "width",
};

const char *
metric_name(enum metric metric)
{
    return names[metric];
}

bool
metric_parse(const char *name, enum metric *metric)
{
    for (int i = 0; i < METRIC_COUNT; i++)
        if (strcmp(name, names[i]) == 0) {
            *metric = (enum metric) i;
            return true;
        }
    return false;
}

bool
metric_applies(enum metric metric, enum task task)
{
    return metric <= METRIC_LOSS || (task == TASK_CLASS) == (metric < METRIC_MSE);
}
