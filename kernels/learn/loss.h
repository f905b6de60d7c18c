/*
 * Losses and links on the host: outputs z of a network to predictions, and the loss of one row.
 *
 *   loss      link       loss of a row with target y (bits: kernels/numerics.h)
 *   mse       identity   mean over outputs of (z - y)^2
 *   mae       identity   mean over outputs of |z - y|
 *   huber     identity   mean over outputs of (d^2 / 2 if |d| <= delta, else delta (|d| - delta / 2))
 *   bce       sigmoid    -(y log p + (1 - y) log(1 - p)), computed from z without overflow
 *   ce        softmax    -log p[label]
 *   poisson   exp        mean over outputs of m - y - y log(m / y): half the unit deviance of y >= 0 with mean m
 *                        (McCullagh and Nelder 1989, 2.3)
 *   quantile  identity   mean over outputs of (y - z) t if z <= y, else (z - y) (1 - t): the check function of Koenker
 *                        and Bassett 1978, whose expectation is smallest at the t-quantile
 *
 * With smoothing e, the targets of bce and ce are (1 - e) times what they were and e / C for each of the C classes
 * (Szegedy et al. 2016, section 7).
 *
 * Bits are those of the reference engine (elementary functions of kernels/numerics.h).
 */
#ifndef CL_LOSS_H
#define CL_LOSS_H

#include <stdint.h>

#include "objective.h"

/* p: [o] from z: [o]; p may be z. bce: p[0] is the probability of class 1. classes: [o] mask of the softmax, or NULL.
 */
void loss_link(enum loss loss, const float *z, uint32_t n_outputs, const uint8_t *classes, float *p);
/* Of one row: y: [objective_targets()] for all but ce; label for ce. f32 as the engines compute it. */
float loss_row(const struct objective *objective, const float *z, uint32_t n_outputs, const float *y, uint32_t label,
               const uint8_t *classes);
/* The same with its gradient. g: [o] d loss / d z, may not be z. */
float loss_gradient(const struct objective *objective, const float *z, uint32_t n_outputs, const float *y,
                    uint32_t label, const uint8_t *classes, float *g);
/* Number of outputs for a task: classes of a dictionary (bce 1, ce n) or label columns, each n_quantiles times. */
uint32_t loss_outputs(enum loss loss, uint32_t n_classes, uint32_t n_labels, uint32_t n_quantiles);
/* Whether its labels are classes. */
bool loss_of_classes(enum loss loss);

#endif
