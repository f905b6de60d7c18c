#include "strategy.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

/* Plain fine-tuning. */
const struct strategy strategy_none = {.name = "none", .flags = STRATEGY_FOR_CLASSES};

/* Chosen when the rows are known; until then it takes what its choices take. For cl-train: ready for anything. */
static const struct strategy strategy_auto = {
    .name = "auto",
    .flags = STRATEGY_TAKES_STRENGTH | STRATEGY_TAKES_TEMPERATURE | STRATEGY_TAKES_WEIGHTS | STRATEGY_FOR_CLASSES,
};

/* One row per strategy, and its name again below: options want names alone. */
/* clang-format off */
static const struct strategy *const strategies[] = {
    &strategy_auto,
    &strategy_none,
    &strategy_l2sp,
    &strategy_replay,
    &strategy_der,
    &strategy_ewc,
    &strategy_online_ewc,
    &strategy_si,
    &strategy_lwf,
    &strategy_analytic,
    &strategy_gdumb,
};
const char *const strategy_names[] = {
    "auto",
    "none",
    "l2sp",
    "replay",
    "der",
    "ewc",
    "online-ewc",
    "si",
    "lwf",
    "analytic",
    "gdumb",
    NULL,
};
/* clang-format on */
_Static_assert(sizeof strategies / sizeof *strategies + 1 == sizeof strategy_names / sizeof *strategy_names,
               "one name per strategy");

int
strategy_choose(uint64_t n_memory, bool new_classes, double lost)
{
    if (n_memory > 0 && (new_classes || lost > STRATEGY_SKILL_LOST))
        return strategy_find("der");
    return new_classes ? STRATEGY_NONE : strategy_find("lwf");
}

int
strategy_find(const char *name)
{
    for (int i = 0; name != NULL && strategy_names[i] != NULL; i++)
        if (strcmp(strategy_names[i], name) == 0)
            return i;
    return -1;
}

const struct strategy *
strategy_at(int index)
{
    return strategies[index];
}

void
strategy_weights(const struct strategy_run *run, double *fresh, double *old)
{
    const double k = (double) run->updates + 1;
    const enum replay_weights weights = run->options.replay_weights;
    *fresh = weights == REPLAY_SHARE ? 1 / k : weights == REPLAY_ROOT ? 1 / sqrt(k) : 1;
    if (weights == REPLAY_ROWS)
        *fresh = (double) run->train.n / (double) (run->train.n + STRATEGY_OLD_ROWS);
    *old = weights == REPLAY_EQUAL ? 1 : 1 - *fresh;
}
