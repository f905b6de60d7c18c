#include "strategy.h"

#include <stddef.h>

/* Plain fine-tuning. */
static int
attach_nothing(const struct strategy_run *run, struct error *error)
{
    (void) run;
    (void) error;
    return 0;
}

const struct strategy strategy_none = {"none", attach_nothing};

/* One row per strategy, and its name again below: options want names alone. The first is what `auto` stands for. */
static const struct strategy *const strategies[] = {&strategy_none, &strategy_none, &strategy_l2sp};
const char *const strategy_names[] = {"auto", "none", "l2sp", NULL};
_Static_assert(sizeof strategies / sizeof *strategies + 1 == sizeof strategy_names / sizeof *strategy_names,
               "one name per strategy");

int
strategy_resolve(int index)
{
    return index == STRATEGY_AUTO ? STRATEGY_NONE : index;
}

const struct strategy *
strategy_at(int index)
{
    return strategies[index];
}
