/*
 * cl-eval --matrix: how checkpoints, in the order in which they were made, do on the held-out rows of tasks.
 *
 * Memory: all models, a frame, and for one stream and each model what its metrics need (metrics.h).
 */
#ifndef CL_COMPARING_H
#define CL_COMPARING_H

#include "evaluating.h"
#include "gate.h"
#include "options.h"

struct comparison {
    const char *const *models; /* checkpoints */
    size_t n_models;
    const char *baseline;     /* of an untrained model, or NULL */
    const char *const *tasks; /* streams */
    size_t n_tasks;
    const char *metric;       /* NULL = accuracy, or rmse of a regression */
    struct option_list among; /* none, one for all tasks, or one for each */
    const char *positive;
    double threshold;
    enum on on;
    bool json;
    struct gate *gates; /* of measures */
    size_t n_gates;
    const struct engine *engine;
    struct engine_options engine_options;
};

/* Writes the table or the object, and a line for each gate that is not met. Whether all are. */
bool compare(const struct comparison *comparison, struct output *output);
/* A gate that is not met: the line that says so. value: NaN when the rows do not define it. */
void gate_say(const struct gate *gate, double value);

#endif
