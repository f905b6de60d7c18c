/*
 * The learning rate of each step: a function of the step, the epoch and (plateau) of how the loss went so far.
 *
 *   warm-up   the rate of the schedule times (step + 1) / warmup for the first `warmup` steps
 *   constant  lr
 *   step      lr * factor^floor(epoch / every)
 *   cosine    lr_min + (lr - lr_min) (1 + cos(pi t / T)) / 2, t = steps behind the warm-up, T = all such steps
 *             (Loshchilov and Hutter, SGDR, 2017, eq. 5, without restarts)
 *   plateau   lr times factor whenever the loss has not improved for `patience` epochs, never below lr_min
 *
 * Everything is computed in double by +, *, / only and rounded once to f32, so the bits are the same everywhere.
 */
#ifndef CL_SCHEDULE_H
#define CL_SCHEDULE_H

#include <stdint.h>

enum schedule_kind { SCHEDULE_CONSTANT, SCHEDULE_STEP, SCHEDULE_COSINE, SCHEDULE_PLATEAU, SCHEDULE_COUNT };

struct schedule {
    enum schedule_kind kind;
    double lr, lr_min;
    double factor;
    uint64_t every;    /* epochs, for step */
    uint64_t patience; /* epochs, for plateau */
    uint64_t warmup;   /* steps */
};

/* What plateau remembers; travels in resumable checkpoints. */
struct schedule_state {
    double scale; /* product of the factors so far */
    double best_loss;
    uint64_t bad_epochs;
};

struct schedule_state schedule_start(void);
/* steps: of the whole run. epoch: of this step. */
float schedule_lr(const struct schedule *schedule, const struct schedule_state *state, uint64_t step, uint64_t epoch,
                  uint64_t steps);
/* After each epoch, with the loss that is watched. */
void schedule_epoch(const struct schedule *schedule, struct schedule_state *state, double loss);

/* cos(pi t) for t in [0, 1], within 2^-50, by a polynomial. */
double schedule_cos_pi(double t);

#endif
