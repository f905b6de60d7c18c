/*
 * Rows of a stream through a model to metrics: what cl-eval does with one model, and for its matrix with several.
 *
 *     evaluation_open(&evaluation, &model, engine, &engine_options, &decision_options, &error);
 *     evaluation_begin(&evaluation, reader, NULL, ON_DEFAULT, NULL, &error);
 *     while (... batch ...) evaluation_batch(&evaluation, &batch, name);
 *     evaluation_check_rows(&evaluation, NULL);
 *     report = metrics_report(evaluation.metrics);
 *     evaluation_end(&evaluation);                  // another stream may begin
 *     evaluation_close(&evaluation);
 *
 * Like all of tools/: what is wrong with the rows ends the program.
 */
#ifndef CL_EVALUATING_H
#define CL_EVALUATING_H

#include <stdbool.h>
#include <stdint.h>

#include "bind.h"
#include "cell.h"
#include "decide.h"
#include "file.h"
#include "json.h"
#include "loss.h"
#include "metrics.h"
#include "stream.h"

enum on { ON_DEFAULT, ON_TEST, ON_VALID, ON_TRAIN, ON_ALL };
enum { EVALUATION_CHUNK = 1024 }; /* rows that the engine gets at a time: its max_rows */

/* The rows by their value of the --by column. */
struct parts {
    struct cell_column column; /* name NULL without --by */
    struct dict values;
    struct metrics **metrics; /* [values.n] */
    size_t cap;
};

struct evaluation {
    const struct engine *engine;
    struct engine_state *state;
    const struct model *model;
    struct decision decision;
    struct objective objective; /* of the model, without smoothing */
    float quantiles[MODEL_MAX_QUANTILES];
    struct binding *binding;
    enum on on;
    bool tagged, untagged; /* rows of the kind have been seen */
    struct metrics *metrics;
    struct parts parts;
    struct output *predictions; /* or NULL */
    struct text lines;          /* of predictions, not yet written */
    uint64_t no_label, not_among;
};

/* Into a zeroed evaluation, which must stay where it is; the model must outlive it. */
int evaluation_open(struct evaluation *evaluation, const struct model *model, const struct engine *engine,
                    const struct engine_options *engine_options, const struct decision_options *options,
                    struct error *error);
/* A stream whose schema is known. by, predictions: or NULL. */
int evaluation_begin(struct evaluation *evaluation, struct stream_reader *reader, const char *by, enum on on,
                     struct output *predictions, struct error *error);
void evaluation_batch(struct evaluation *evaluation, const struct batch *batch, const char *name);
/* Ends the program when no row counted. name: of the stream, or NULL. */
void evaluation_check_rows(const struct evaluation *evaluation, const char *name);
/* Writes the predictions that are still held. */
void evaluation_flush(struct evaluation *evaluation);
void evaluation_end(struct evaluation *evaluation);
void evaluation_close(struct evaluation *evaluation);

#endif
