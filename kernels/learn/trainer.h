/*
 * The trainer: epochs, learning rates, validation, early stopping and what it takes to go on after an interruption.
 *
 * It drives an engine by runs of steps and knows no files: after each run of steps and after each epoch it calls hooks,
 * which log, draw progress or save. The length of a run of steps depends on the network and the batch only, and an
 * epoch's loss is the sum of its runs in order, so neither hooks nor a resumption can show in the result.
 *
 *     trainer_open(&trainer, &setup, &error);
 *     trainer_restore(trainer, saved, &error);   // only when resuming
 *     trainer_run(trainer, &hooks, &error);
 *     trainer_finish(trainer, model, &error);    // the best or last parameters, and the moments that go with them
 *     trainer_close(trainer);
 *
 * With validation rows, the epoch with the lowest validation loss is the result and `patience` epochs in a row that do
 * not improve on the best by more than `tolerance` end the run. Without, the last epoch is the result.
 */
#ifndef CL_TRAINER_H
#define CL_TRAINER_H

#include <stdbool.h>
#include <stdint.h>

#include "engine.h"
#include "error.h"
#include "model.h"
#include "schedule.h"
#include "strategy.h"

struct trainer_setup {
    const struct engine *engine;
    unsigned threads;
    struct network *network; /* parameters to start from; borrowed, changed by trainer_finish() */
    enum loss loss;
    float huber_delta, smoothing;
    uint32_t n_quantiles;
    const float *quantiles;     /* [n_quantiles] borrowed */
    struct rowset train, valid; /* borrowed; valid.n may be 0 */
    uint64_t seed;
    struct optimiser optimiser;
    const struct model *moments; /* optimiser moments to start from; or NULL = zeros */
    uint64_t moment_steps;       /* updates that made them */
    struct schedule schedule;    /* lr NaN: by a range test */
    double ema;                  /* decay of the mean of the weights that is judged and kept in their place; 0 = none */
    uint32_t batch;              /* 0 = all rows */
    uint64_t epochs, steps;      /* steps > 0 wins */
    uint64_t patience;           /* 0 = never stop early */
    double tolerance;
    double until_loss; /* stop below; 0 = off */
    float clip;
    const uint8_t *classes;          /* [o] mask of the softmax, or NULL */
    uint64_t freeze;                 /* layers from the input that are not updated */
    uint64_t head_epochs;            /* epochs in which only the output layer is updated */
    double head_scale;               /* of the rate in these epochs; 0 = 1 */
    const float *layer_rates;        /* [n_layers] of the plan, or NULL */
    const struct strategy *strategy; /* NULL = none */
    struct strategy_run learn;       /* what the caller says to the strategy; the trainer fills in the rest */
};

enum trainer_end { TRAINER_RUNNING, TRAINER_COMPLETE, TRAINER_PATIENCE, TRAINER_LOSS_REACHED };

/* Where a run is. Plain numbers: saved and restored as they are. */
struct trainer_state {
    uint64_t step, epoch;              /* steps and epochs done */
    uint64_t moment_steps;             /* updates that the optimiser's moments have seen: bias correction counts on */
    double loss_sum, weight_sum;       /* of the epoch in progress */
    double loss;                       /* mean training loss of the last epoch, while it ran */
    double valid_loss, valid_accuracy; /* after the last epoch; NaN when there is none */
    double best_loss;                  /* lowest validation loss */
    uint64_t best_epoch;               /* 0 = none yet */
    uint64_t best_moment_steps;
    double waited_loss; /* the validation loss that patience compares with */
    uint64_t waited_epochs;
    struct schedule_state schedule;
    float lr; /* of the last step */
    enum trainer_end end;
};

struct trainer;

struct trainer_hooks {
    void *arg;
    int (*steps)(void *arg, struct trainer *trainer, struct error *error); /* after each run of steps */
    int (*epoch)(void *arg, struct trainer *trainer, struct error *error); /* after each epoch, before steps() */
};

int trainer_open(struct trainer **trainer, const struct trainer_setup *setup, struct error *error);
int trainer_run(struct trainer *trainer, const struct trainer_hooks *hooks, struct error *error);
const struct trainer_state *trainer_state(const struct trainer *trainer);
/* Steps of the whole run and of an epoch. */
uint64_t trainer_steps(const struct trainer *trainer);
uint64_t trainer_epoch_steps(const struct trainer *trainer);
/* The learning rate of the schedule: as given, or as found. */
double trainer_lr(const struct trainer *trainer);
/* "cpu (avx512, 2 threads)" */
const char *trainer_engine(const struct trainer *trainer);

/*
 * The state of an unfinished run into a model with the same network, as parameters, TENSOR_OPTIMISER and TENSOR_RESUME
 * tensors and the map training.resume; and back.
 */
int trainer_save(struct trainer *trainer, struct model *model, struct error *error);
int trainer_restore(struct trainer *trainer, const struct model *model, struct error *error);

/* Result parameters into model->network, their moments as TENSOR_OPTIMISER, and model->optimiser. */
int trainer_finish(struct trainer *trainer, struct model *model, struct error *error);
void trainer_close(struct trainer *trainer);

#endif
