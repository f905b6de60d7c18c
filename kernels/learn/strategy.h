/*
 * Continual strategies: how a model that learns new rows keeps what it knew. One file each, one row of the table in
 * strategy.c each.
 *
 * An engine offers strategies three things (engine.h): an anchor penalty, soft targets, rows of memory mixed into the
 * batch. A strategy sets them up by hooks that the trainer calls, in this order:
 *
 *     prepare  once, when a run begins: an engine has the parameters from before the run, no rows are loaded.
 *              Fills run->train.soft, run->own ...; may ask forward() and fisher().
 *              (load: the trainer loads run->train as set 0 and, where it has rows, run->memory as set 1)
 *     attach   each time an engine is opened (a run opens it anew when --head-epochs are over): fills the plan, which
 *              is the pattern of every run of steps after that, and writes anchors.
 *     steps    in place of engine->run(); for what must be added up along the path. Slow.
 *     finish   once, when a run is over: run->model->network has the result, and so has the engine, with both sets
 *              loaded. What must be remembered goes into run->model, as tensors of role TENSOR_IMPORTANCE or
 *              TENSOR_MEMORY.
 *
 * A run that is interrupted and resumed calls prepare and attach again, with what it began from, and goes on with
 * run->path as it was; so what prepare computes must depend on the model, the rows and the options alone.
 *
 * The first training (cl-train --strategy NAME) calls the same hooks: there is nothing to keep (run->updates is 0, old
 * NULL, no memory), and finish leaves what a later run will need.
 */
#ifndef CL_STRATEGY_H
#define CL_STRATEGY_H

#include <stdbool.h>
#include <stdint.h>

#include "engine.h"
#include "error.h"
#include "grow.h"
#include "memory.h"
#include "model.h"

/* Sets of the engine. */
enum { STRATEGY_SET_TRAIN, STRATEGY_SET_MEMORY, STRATEGY_SET_SAMPLE };

/*
 * How much the new rows count beside what is old (soft targets, replayed rows), k being the number of runs with this
 * one. SHARE: 1/k and 1 - 1/k (van de Ven, Tuytelaars and Tolias 2022). EQUAL: 1 and 1. ROOT: 1/sqrt(k) and the rest of
 * 1, which leaves new rows more of the loss after many runs. ROWS: what is old counts as STRATEGY_OLD_ROWS rows beside
 * the n new ones, whatever k: few rows say little.
 */
enum replay_weights { REPLAY_SHARE, REPLAY_EQUAL, REPLAY_ROOT, REPLAY_ROWS };
enum { STRATEGY_OLD_ROWS = 500 };

/* What a user may say of a strategy. Numbers are checked by the option tables. */
struct strategy_options {
    double strength;    /* of a penalty, or of soft targets: a scale-free number */
    double ewc_gamma;   /* online-ewc: share of the older importance that stays */
    double si_xi;       /* si: damping */
    double temperature; /* of soft targets of classes */
    enum replay_weights replay_weights;
    uint64_t seed;
};

struct strategy_run {
    /* By the caller of the trainer. */
    struct model *model;      /* which network is being trained; its memory, importance and lineage as before the run */
    const struct extent *old; /* [n_params] the part of each parameter that existed before it grew; NULL = all */
    struct rowset memory;     /* rows that the model keeps, as the network sees them (recall.h); n = 0: none */
    uint64_t updates;         /* runs that made the model what it is: 0 in cl-train */
    const uint32_t *groups;   /* [o] group of each output when the run is task-incremental, else NULL */
    const uint8_t *learned;   /* [o] 1 = an output that some run has trained; NULL = all that existed */
    struct strategy_options options;

    /* By the trainer. */
    const struct network *start; /* with the parameters from before the run, grown to their new shapes */
    struct rowset train;         /* the new rows; prepare may give them soft targets */
    struct arena *arena;         /* lives as long as the trainer */
    const struct engine *engine;
    struct engine_state *state;
    struct plan *plan; /* in-out; parts[0] takes the new rows */
    float **path;      // [n_params] each [rows, cols]: sums along the run, of strategies that ask for them
    void *own;         /* what a strategy keeps from hook to hook, in `arena` */
};

/* What a strategy takes of the options, and what it is. */
enum {
    STRATEGY_TAKES_STRENGTH = 1,
    STRATEGY_TAKES_GAMMA = 2,
    STRATEGY_TAKES_XI = 4,
    STRATEGY_TAKES_TEMPERATURE = 8,
    STRATEGY_TAKES_WEIGHTS = 16,
    STRATEGY_TAKES_RIDGE = 32,
    STRATEGY_HAS_PATH = 256,      /* the trainer keeps run->path: zeros at first, of the best epoch in finish */
    STRATEGY_FOR_CLASSES = 512,   /* can learn classes that come later beside the old ones */
    STRATEGY_NEEDS_MEMORY = 1024, /* replays rows: an error where the model keeps none */
    STRATEGY_CLOSED_FORM = 2048,  /* solves for the output layer (analytic.h): no steps in cl-tune, no hooks */
    STRATEGY_ANEW = 4096          /* begins with initial weights, and learns from the memory alone */
};

struct strategy {
    const char *name;
    unsigned flags;
    double strength;                                               /* default */
    int (*prepare)(struct strategy_run *run, struct error *error); /* or NULL, as all hooks */
    int (*attach)(struct strategy_run *run, struct error *error);
    int (*steps)(struct strategy_run *run, const struct plan *plan, struct run_result *result, struct error *error);
    int (*finish)(struct strategy_run *run, struct error *error);
};

enum { STRATEGY_AUTO, STRATEGY_NONE };

/* In the order of the table; for an option of kind OPTION_CHOICE. NULL-terminated. */
extern const char *const strategy_names[];
const struct strategy *strategy_at(int index);
/* -1 when there is none of this name. */
int strategy_find(const char *name);
/*
 * What `auto` is, for a model with `n_memory` rows and a run that brings classes which are new, or rows of which the
 * model has `lost` so much of the skill (skill.h) that it has on its memory. der where there is something of another
 * kind and rows of before to keep it beside; more of the same is learned best by lwf. Records hold what was done.
 */
#define STRATEGY_SKILL_LOST 0.5
int strategy_choose(uint64_t n_memory, bool new_classes, double lost);
/* Weights of what is new and of what is old in this run. */
void strategy_weights(const struct strategy_run *run, double *fresh, double *old);

extern const struct strategy strategy_none, strategy_l2sp, strategy_replay, strategy_der, strategy_gdumb;
extern const struct strategy strategy_ewc, strategy_online_ewc, strategy_si, strategy_lwf, strategy_analytic;

#endif
