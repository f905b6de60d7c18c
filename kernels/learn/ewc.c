/*
 * Elastic weight consolidation (Kirkpatrick et al., "Overcoming catastrophic forgetting in neural networks", PNAS
 * 2017, eq. 3), with a penalty for each run t that was:
 *
 *     loss += strength / 2 * sum_t sum_i F_t,i (theta_i - theta_t,i)^2
 *
 * F_t is the diagonal of the Fisher information at the end of run t, of its rows, by the model's own distribution of
 * labels, divided by its mean. All penalties together are one, with one importance and one anchor (importance.h), so
 * what a model remembers does not grow with the runs.
 *
 * Online EWC (Schwarz et al., "Progress & compress", ICML 2018, section 4; Huszar's note of 2018 on the anchor) has one
 * anchor, where the last run ended, and an older importance that fades:
 *
 *     omega = gamma * omega + F_t
 */
#include "importance.h"

static int
fisher_of_rows(struct strategy_run *run, float ***fisher, struct error *error)
{
    *fisher = importance_zeros(run);
    return importance_fisher(run, &run->train, run->plan->classes, *fisher, error);
}

static int
finish_offline(struct strategy_run *run, struct error *error)
{
    float **fisher;
    if (fisher_of_rows(run, &fisher, error) < 0)
        return -1;
    importance_keep(run, 1, fisher, true);
    return 0;
}

static int
finish_online(struct strategy_run *run, struct error *error)
{
    float **fisher;
    if (fisher_of_rows(run, &fisher, error) < 0)
        return -1;
    importance_keep(run, run->options.ewc_gamma, fisher, false);
    return 0;
}

const struct strategy strategy_ewc = {
    .name = "ewc",
    .flags = STRATEGY_TAKES_STRENGTH,
    .strength = 1,
    .prepare = importance_prepare,
    .attach = importance_attach,
    .finish = finish_offline,
};

const struct strategy strategy_online_ewc = {
    .name = "online-ewc",
    .flags = STRATEGY_TAKES_STRENGTH | STRATEGY_TAKES_GAMMA,
    .strength = 1,
    .prepare = importance_prepare,
    .attach = importance_attach,
    .finish = finish_online,
};
