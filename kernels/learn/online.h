/*
 * Learning from a stream: every row is predicted before it is learnt, and after every B labelled rows, counted from the
 * start, the model is updated by one step on these B rows (and on rows drawn from its memory). In constant memory.
 *
 * What happens is a function of the rows in their order alone: not of frames, threads, pauses or interruptions.
 * Whatever is needed to go on (rows that wait for their update, late labels, counters, moments, metrics, the detector)
 * is state, which online_save() puts into the model and online_open() takes from it; so a stream cut in two gives the
 * content that the whole one gives.
 *
 *     online_open(&online, &setup, &error);
 *     online_bind(online, schema, &error);
 *     while (... batch ...) {
 *         online_batch(online, batch, &error);
 *         online_rows(online, first, n, &error);      // in slices, as the caller likes
 *     }
 *     online_save(online, &arena, &error);            // the model is then a checkpoint of this moment
 *     online_close(online);
 *
 * Ownership: the model is borrowed and changed; its `training`, `lineage`, `memory` and `optimiser` live in the arena
 * of the last online_save(), and tensors of role resume and memory point into the learner, until it is closed.
 */
#ifndef CL_ONLINE_H
#define CL_ONLINE_H

#include <stdbool.h>
#include <stdint.h>

#include "balance.h"
#include "batch.h"
#include "engine.h"
#include "error.h"
#include "model.h"
#include "prequential.h"
#include "settings.h"

struct online;

struct online_setup {
    const struct engine *engine;
    unsigned threads;
    struct model *model;
    struct optimiser optimiser;
    double lr; /* NaN: by the curvature of the loss where the record begins, see online_update.c */
    float clip, smoothing;
    float dropout; /* of all hidden layers, in updates; what the model's network says is for epochs */
    uint64_t seed;
    uint32_t update_rows; /* B */
    uint64_t memory_rows;
    enum balance memory_by;
    double replay;     /* rows drawn from the memory for an update, as a multiple of B; 0 = none */
    bool keep_moments; /* of the model, when a record begins */
    uint64_t window;   /* of rows that wait for their labels; 0: rows without a label are left out */
    enum new_class policy;
    double shrink;        /* factor of shrink-and-perturb per update; 1 = off */
    const char *detector; /* words of detector_open(), or NULL: no reaction to drift */
};

/* Counters from the beginning of the record. */
struct online_counts {
    uint64_t rows;     /* consumed, whatever became of them */
    uint64_t labelled; /* scored: labels that came with their row or later */
    uint64_t learnt;   /* in updates */
    uint64_t updates;
    uint64_t moment_steps; /* of the optimiser, those before the record included */
    uint64_t left_out;     /* tagged for validation or test */
    uint64_t unlabelled;   /* without a label and without an id to wait for one */
    uint64_t unknown;      /* of classes that are not learnt */
    uint64_t waited;       /* whose label came later */
    uint64_t missed;       /* labels whose row was not, or no longer, in the window */
    uint64_t drifts;
    uint64_t classes; /* that the stream brought */
};

/* True when the model was written by a run of this kind, and goes on. */
bool online_continues(const struct model *model);
/* The number of the run's entry in the lineage, from 0: that of the run that goes on, or of one to be added. */
uint32_t online_run(const struct model *model);
/* Of such a model its record goes on; else a new one begins. */
int online_open(struct online **online, const struct online_setup *setup, struct error *error);
/* Before the first row. The schema must outlive the learner. */
int online_bind(struct online *online, const struct schema *stream, struct error *error);
/* The rows of a batch: to be called before online_rows() or online_skip() of them. The batch must stay. */
int online_batch(struct online *online, const struct batch *batch, struct error *error);
int online_rows(struct online *online, uint64_t first, uint64_t n, struct error *error);
/* Rows that a run before had learnt already: only their digest is taken. */
void online_skip(struct online *online, uint64_t first, uint64_t n);
/* Predicts and scores all rows that have come: what the metrics say depends on nothing but the rows. */
int online_settle(struct online *online, struct error *error);

const struct online_counts *online_counts(const struct online *online);
const struct prequential *online_metrics(const struct online *online);
/* What the learning rate is multiplied with, 1 but for a while after drift. */
double online_rate(const struct online *online);
/* The learning rate at rest; NaN until there is one. */
double online_lr(const struct online *online);
/* Digest of all rows consumed, each with those before it. hex: 32 digits and NUL. */
void online_digest(const struct online *online, char hex[33]);
/* Starts the digest at another one: for online_skip(). */
void online_set_digest(struct online *online, const char *hex);
/* Rows of the data that a checkpoint keeps: in the memory, for their update, or for their label. */
uint64_t online_kept(const struct online *online);
/* Digest of the model that the record began from. */
const char *online_parent(const struct online *online);
const char *online_engine(const struct online *online);

/*
 * Settles, and puts parameters, moments, memory and state into the model, with the map `online` of training (man
 * cl-checkpoint.5) in `arena`, where the caller has made a new model->training before.
 */
int online_save(struct online *online, struct arena *arena, struct error *error);
void online_close(struct online *online); /* NULL is fine */

#endif
