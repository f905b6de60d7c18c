/*
 * The accuracy matrix of continual learning, and what is made of it.
 *
 * R[i][j] is the metric of model i, the one after training on task i, on the held-out rows of task j; T tasks.
 *
 *   acc         (1/T) sum_j R[T][j]                               mean of the last row
 *   bwt         (1/(T-1)) sum_{j<T} (R[T][j] - R[j][j])           backward transfer
 *   fwt         (1/(T-1)) sum_{j>=2} (R[j-1][j] - b[j])           forward transfer; b: an untrained model
 *   forgetting  (1/(T-1)) sum_{j<T} (max_{l<T} R[l][j] - R[T][j])
 *
 * The first three are those of Lopez-Paz and Ranzato 2017, section 3.1, the last is that of Chaudhry et al. 2018,
 * section 3.2. Of a metric of which less is better the differences are turned round and max is min, so that positive
 * transfer is always good and positive forgetting bad.
 *
 * A value that is not defined is NaN, and so is all that needs it; the maximum passes over it. All but acc need T
 * models and T >= 2.
 */
#ifndef CL_MATRIX_H
#define CL_MATRIX_H

#include <stdbool.h>
#include <stdint.h>

#include "report.h"

enum measure { MEASURE_ACC, MEASURE_BWT, MEASURE_FWT, MEASURE_FORGETTING, MEASURE_COUNT };

struct matrix {
    uint32_t n_models, n_tasks;
    const double *cells;    /* [n_models, n_tasks] */
    const double *baseline; /* [n_tasks] of an untrained model, or NULL */
    bool less_is_better;
};

const char *measure_name(enum measure measure);
bool measure_parse(const char *name, enum measure *measure);
/* Whether the matrix has the shape that the measure needs. */
bool measure_applies(enum measure measure, const struct matrix *matrix);
/* NaN where it is not defined. */
double matrix_measure(const struct matrix *matrix, enum measure measure);
/* True when less of a metric is better; *judges is false when neither is: n, coverage, width. */
bool matrix_less_is_better(enum metric metric, bool *judges);

#endif
