/* What the parts of the online learner share: online.c (rows), online_update.c (updates), online_state.c (state). */
#ifndef CL_ONLINE_INSIDE_H
#define CL_ONLINE_INSIDE_H

#include "bind.h"
#include "decide.h"
#include "detector.h"
#include "late.h"
#include "online.h"
#include "stream_memory.h"

enum { SET_BLOCK, SET_MEMORY };

/* Classes that a record may bring; a label that is a number in truth would bring more and more. */
enum { ONLINE_MOST_FRESH = 1000 };

/* Labelled rows that wait for their update; [0, scored) have been predicted and scored. */
struct block {
    uint64_t n, scored;
    float *x, *w, *z;    // [B, d], [B], [B, o]
    float *y;            // [B, t] as the loss sees it, of classes [B]: 1 for class 1 (bce)
    double *user;        // [B, t] of a regression, in the label's units
    uint32_t *c, *label; // [B, k], [B] class index, those of `fresh` behind the model's
    uint8_t *answered;   // [B] z is there
    uint64_t *rowno;     // [B] number among all rows of the record, from 0: streams count anew
};

/* How a model that meets drift learns for a while: online_update.c. */
struct reaction {
    double rate;           /* what the learning rate is multiplied with, 1 at rest */
    double recent, before; /* faded mean of the detector's values; and what it was at the last time of rest */
};

struct online {
    struct online_setup setup;
    struct online_counts counts;
    struct engine_state *engine;
    struct network network; /* the model's, but for dropout: what the engine is opened on */
    struct arena layers;    /* of `network` */
    struct objective objective;
    float quantiles[MODEL_MAX_QUANTILES];
    uint32_t median; /* number of it among the quantiles; the number of quantiles when it is none of them */
    struct decision decision;
    bool classes;
    uint32_t d, k, t, o; /* t: numbers a label, 1 of classes */
    struct block block;
    float *p;         // [B, classes or o] what is made of z
    uint32_t *chosen; // [B]
    double *f;        // [t]
    struct stream_memory *memory;
    struct late *late; /* or NULL */
    struct prequential *metrics;
    struct detector *detector; /* or NULL */
    struct reaction reaction;
    double lr;         /* at rest; NaN: to be found */
    bool drifted;      /* since the last update */
    struct dict fresh; /* classes that the model gets with the next update */
    /* The record that goes on, or begins. */
    const char *parent;
    bool fresh_record;
    uint8_t digest[16];
    /* The stream. */
    const struct schema *stream;
    struct binding *binding;
    bool rebind; /* the model's classes are not those that the binding knows */
    const struct batch *batch;
    struct rowset rows; /* of the batch */
    uint8_t *line;      /* what the digest of a row is made of */
    struct arena state; /* what online_save() made last */
};

/* Opens the engine on the model's network, and what depends on the number of its classes. moments: from the model. */
int online_open_engine(struct online *online, bool moments, struct error *error);
/* Parameters and moments into the model. */
int online_sync(struct online *online, struct error *error);
/* One step on the block, which is then empty. */
int online_update(struct online *online, struct error *error);
/* A value for the detector, of the row just scored. */
void online_watch(struct online *online, double value);
int online_restore(struct online *online, struct error *error);

#endif
