/*
 * Ridge regression from sums alone: S = sum w z z' over z = [1, features, targets], by Cholesky (exact numerics) or
 * LAPACK (fast ones). What is chosen, and by which formula: analytic.h.
 *
 *     ridge_open(&ridge, S, d, t, gram, lapack);
 *     ridge_choose(ridge);                 // or ridge_take(ridge, 0.01)
 *     ... ridge_weights(ridge), ridge_leverage(ridge, ...) ...
 *     ridge_close(ridge);
 *
 * S is borrowed and not changed: [d + t, gram_stride(d + t)], the upper half; d counts the 1.
 */
#ifndef CL_RIDGE_H
#define CL_RIDGE_H

#include <stdbool.h>
#include <stddef.h>

#include "blas/lapack.h"
#include "gram.h"

struct ridge;

struct ridge *ridge_open(const double *S, size_t d, size_t t, struct gram *gram, const struct lapack *lapack);
void ridge_close(struct ridge *ridge);

/* Solves with this ridge; false when S is no sum of squares: NaN, negative. */
bool ridge_take(struct ridge *ridge, double value);
/* Solves with the ridge that generalised cross-validation chooses. */
bool ridge_choose(struct ridge *ridge);

double ridge_value(const struct ridge *ridge);
/* Degrees of freedom of the fit; NaN after ridge_take(). */
double ridge_freedom(const struct ridge *ridge);
/* [d, t] */
const double *ridge_weights(const struct ridge *ridge);
/* z' (S_h + lambda)^-1 z of each of m rows side by side, Z: [d, m], which is destroyed. leverage: [m] out. */
void ridge_leverage(const struct ridge *ridge, double *Z, size_t m, double *leverage);

#endif
