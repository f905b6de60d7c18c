/*
 * What training makes small: a loss and the numbers it has. Formulas: kernels/learn/loss.h, bits: kernels/numerics.h.
 */
#ifndef CL_OBJECTIVE_H
#define CL_OBJECTIVE_H

#include <stdint.h>

#include "network.h"

struct objective {
    enum loss loss;
    float huber_delta;      /* of huber, above 0 */
    float smoothing;        /* of bce and ce: the share of the target that all classes have alike; 0 = none */
    uint32_t n_quantiles;   /* of quantile: outputs for each label, one after the other; else 0 */
    const float *quantiles; /* [n_quantiles] each in (0, 1) */
};

/* Targets y of a row with o outputs. */
static inline uint32_t
objective_targets(const struct objective *objective, uint32_t o)
{
    return objective->n_quantiles == 0 ? o : o / objective->n_quantiles;
}

#endif
