#include "matrix.h"

#include <math.h>
#include <string.h>

static const char *const names[MEASURE_COUNT] = {"acc", "bwt", "fwt", "forgetting"};

const char *
measure_name(enum measure measure)
{
    return names[measure];
}

bool
measure_parse(const char *name, enum measure *measure)
{
    for (int i = 0; i < MEASURE_COUNT; i++)
        if (strcmp(name, names[i]) == 0) {
            *measure = (enum measure) i;
            return true;
        }
    return false;
}

bool
measure_applies(enum measure measure, const struct matrix *matrix)
{
    if (measure == MEASURE_ACC)
        return true;
    return matrix->n_models == matrix->n_tasks && matrix->n_tasks >= 2 &&
           (measure != MEASURE_FWT || matrix->baseline != NULL);
}

bool
matrix_less_is_better(enum metric metric, bool *judges)
{
    *judges = metric != METRIC_N && metric != METRIC_COVERAGE && metric != METRIC_WIDTH;
    switch (metric) {
    case METRIC_LOSS:
    case METRIC_LOG_LOSS:
    case METRIC_BRIER:
    case METRIC_ECE:
    case METRIC_MSE:
    case METRIC_RMSE:
    case METRIC_MAE:
    case METRIC_MAPE:
    case METRIC_DEVIANCE:
    case METRIC_PINBALL:
        return true;
    default:
        return false;
    }
}

/* The best of a task before the last model; NaN when none is defined. */
static double
best_before(const struct matrix *matrix, uint32_t j)
{
    double best = NAN;
    for (uint32_t l = 0; l + 1 < matrix->n_models; l++) {
        double value = matrix->cells[l * matrix->n_tasks + j];
        best = matrix->less_is_better ? fmin(best, value) : fmax(best, value); /* these pass over NaN */
    }
    return best;
}

double
matrix_measure(const struct matrix *matrix, enum measure measure)
{
    const uint32_t t = matrix->n_tasks;
    const double *r = matrix->cells, *last = r + (size_t) (matrix->n_models - 1) * t;
    double sum = 0;
    if (!measure_applies(measure, matrix))
        return NAN;
    switch (measure) {
    case MEASURE_ACC:
        for (uint32_t j = 0; j < t; j++)
            sum += last[j];
        return sum / t;
    case MEASURE_BWT:
        for (uint32_t j = 0; j + 1 < t; j++)
            sum += last[j] - r[j * t + j];
        break;
    case MEASURE_FWT:
        for (uint32_t j = 1; j < t; j++)
            sum += r[(j - 1) * t + j] - matrix->baseline[j];
        break;
    default:
        for (uint32_t j = 0; j + 1 < t; j++)
            sum += best_before(matrix, j) - last[j];
        break;
    }
    sum /= t - 1;
    return matrix->less_is_better ? 0 - sum : sum; /* no -0 */
}
