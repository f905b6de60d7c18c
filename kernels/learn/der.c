/*
 * Dark experience replay, DER++ (Buzzega et al. 2020, equation 6): of rows drawn from the memory one draw is held to
 * the outputs s that the model had for them when they were stored, and another, independent one to their labels:
 *
 *     loss = fresh * mean over new rows of l(z, y)
 *          + old * (strength * mean over drawn rows of |z - s|^2 / m + mean over others of l(z, y))
 *
 * m is the number of outputs that there were when the row was stored: classes that came later have no s. With
 * --replay-weights equal, strength is their alpha, and beta is 1.
 */
#include "rehearse.h"

static int
attach_dark(struct strategy_run *run, struct error *error)
{
    struct plan *plan = run->plan;
    (void) error;
    if (run->memory.n == 0)
        return 0;
    double fresh, old;
    rehearse_weights(run, &fresh, &old);
    plan->parts[0].weight = fresh;
    if (run->memory.soft != NULL && run->options.strength > 0)
        plan->parts[plan->n_parts++] = (struct plan_part){
            .set = STRATEGY_SET_MEMORY,
            .rows = rehearse_rows(run),
            .soft_weight = old * run->options.strength,
            .soft = SOFT_SQUARED,
        };
    plan->parts[plan->n_parts++] = (struct plan_part){
        .set = STRATEGY_SET_MEMORY,
        .rows = rehearse_rows(run),
        .weight = old,
        .grouped = run->groups != NULL,
    };
    return 0;
}

const struct strategy strategy_der = {
    .name = "der",
    .flags = STRATEGY_TAKES_STRENGTH | STRATEGY_TAKES_WEIGHTS | STRATEGY_FOR_CLASSES | STRATEGY_NEEDS_MEMORY,
    .strength = 0.5,
    .attach = attach_dark,
};
