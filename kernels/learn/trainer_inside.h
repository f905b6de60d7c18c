/*
 * The inside of a trainer, shared by trainer.c (the loop) and resume.c (what goes into a model and comes back).
 */
#ifndef CL_TRAINER_INSIDE_H
#define CL_TRAINER_INSIDE_H

#include "average.h"
#include "trainer.h"

/* The arrays of a parameter that are kept and restored: itself and its moments. */
enum { N_KEPT = 3 };
static const enum engine_what kept[N_KEPT] = {ENGINE_PARAM, ENGINE_M, ENGINE_V};

struct trainer {
    struct trainer_setup setup;
    struct trainer_state state;
    struct network start;    /* parameters before the run, for anchors */
    struct arena arena;      /* of `start`, and of what a strategy computes */
    struct strategy_run run; /* what hooks get */
    struct network open;     /* what the engine has: layers and params with the frozen flags of the phase */
    bool prepared;           /* the strategy's prepare() was called */
    struct engine_state *engine;
    struct plan plan;            /* the pattern of every run of steps */
    uint64_t epoch_steps, steps; /* of an epoch, of the run */
    uint64_t run_steps;          /* of one call of the engine */
    float *lr;                   // [run_steps]
    float **best[N_KEPT];        // [n_params] each [rows, cols]; NULL without validation rows
    float **best_path;           // the same of run.path, where a strategy has one
    struct average *average;     /* NULL without --ema */
    float *z;                    // [EVALUATE_ROWS, o]
};

static inline uint64_t
param_count(const struct param *param)
{
    return param->rows * param->cols;
}

/* Whether an optimiser has this array. */
static inline bool
optimiser_keeps(enum optimiser_kind kind, enum engine_what what)
{
    bool adam = kind == OPT_ADAM || kind == OPT_ADAMW || kind == OPT_MUON;
    if (what == ENGINE_M)
        return adam || kind == OPT_MOMENTUM || kind == OPT_NESTEROV;
    if (what == ENGINE_V)
        return adam || kind == OPT_RMSPROP;
    return true;
}

/* (Re)opens the engine for the phase the run is in, with setup.network's parameters and the moments kept in a model
 * (NULL = zeros). */
int trainer_open_phase(struct trainer *trainer, const struct model *moments, struct error *error);

/* Lets the engine have the mean of the weights, where there is one, in place of its own. */
int trainer_show_average(struct trainer *trainer, struct error *error);

#endif
