/*
 * Continual strategies: how a model that learns new rows keeps what it knew. One file each, one row of the table in
 * strategy.c each.
 *
 * An engine offers strategies three things (design: engine.h): an anchor penalty, soft targets, rows of memory mixed
 * into the batch. A strategy sets them up when the trainer has opened an engine; the plan it fills is the pattern of
 * every run of steps after that.
 */
#ifndef CL_STRATEGY_H
#define CL_STRATEGY_H

#include <stdint.h>

#include "engine.h"
#include "error.h"
#include "grow.h"

struct strategy_run {
    const struct network *start; /* with the parameters from before the run, grown to their new shapes */
    const struct extent *old;    /* [n_params] the part of each that existed before it grew; NULL = all */
    double strength;
    const struct engine *engine;
    struct engine_state *state;
    struct plan *plan; /* in-out */
};

struct strategy {
    const char *name;
    /* Called once per engine opened, after parameters were loaded and before the first step. */
    int (*attach)(const struct strategy_run *run, struct error *error);
};

enum { STRATEGY_AUTO, STRATEGY_NONE };

/* In the order of the table; for an option of kind OPTION_CHOICE. NULL-terminated. */
extern const char *const strategy_names[];
const struct strategy *strategy_at(int index);
/* The index of what `auto` stands for; any other index as it is. Records hold what was done, not `auto`. */
int strategy_resolve(int index);

extern const struct strategy strategy_none, strategy_l2sp;

#endif
