/*
 * Dark experience replay (DER++, Buzzega et al. 2020, equation 6): rows drawn from the memory are held to their labels
 * and to the outputs s that the model had for them when they were stored:
 *
 *     loss = fresh * mean over new rows of l(z, y)
 *          + old * mean over drawn rows of (l(z, y) + strength * |z - s|^2 / m)
 *
 * m is the number of outputs that there were when the row was stored: classes that came later have no s. The paper
 * draws rows for s and for y apart; one draw for both has the same mean and takes two thirds of the time. With
 * --replay-weights equal, strength is the paper's alpha, and its beta is 1.
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
    plan->parts[plan->n_parts++] = (struct plan_part){
        .set = STRATEGY_SET_MEMORY,
        .rows = rehearse_rows(run),
        .weight = old,
        .soft_weight = run->memory.soft != NULL ? old * run->options.strength : 0,
        .soft = SOFT_SQUARED,
        .grouped = run->groups != NULL,
    };
    return 0;
}

const struct strategy strategy_der = {
    .name = "der",
    .flags = STRATEGY_TAKES_STRENGTH | STRATEGY_TAKES_WEIGHTS | STRATEGY_FOR_CLASSES | STRATEGY_NEEDS_MEMORY,
    .strength = 0.3,
    .attach = attach_dark,
};
