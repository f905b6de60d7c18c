/*
 * L2-SP: weights are drawn back to where they started, not to zero (Li, Grandvalet and Davoine, "Explicit inductive
 * bias for transfer learning with convolutional networks", ICML 2018, eq. 4):
 *
 *     loss += strength / 2 * sum_i (theta_i - theta*_i)^2   over the parameters that existed before the run
 *
 * What grew (outputs of new classes, rows of new categories) has nothing to go back to and is left free.
 */
#include <stdlib.h>

#include "memory.h"
#include "strategy.h"

static int
attach_anchor(struct strategy_run *run, struct error *error)
{
    int status = 0;
    if (run->updates == 0) /* a first training: initial weights are nothing to go back to */
        return 0;
    run->plan->anchor = (float) run->options.strength;
    for (uint32_t p = 0; p < run->start->n_params && status == 0; p++) {
        const struct param *param = &run->start->params[p];
        struct extent old = run->old != NULL ? run->old[p] : (struct extent){param->rows, param->cols};
        float *omega = mem_array(param->rows * param->cols, sizeof *omega); // [rows, cols]
        for (uint64_t i = 0; i < param->rows; i++)
            for (uint64_t j = 0; j < param->cols; j++)
                omega[i * param->cols + j] = i < old.rows && j < old.cols ? 1.0f : 0.0f;
        status = run->engine->write(run->state, ENGINE_ANCHOR, p, param->data, error);
        if (status == 0)
            status = run->engine->write(run->state, ENGINE_OMEGA, p, omega, error);
        free(omega);
    }
    return status;
}

const struct strategy strategy_l2sp = {
    .name = "l2sp",
    .flags = STRATEGY_TAKES_STRENGTH,
    .strength = 0.01,
    .attach = attach_anchor,
};
