/*
 * From the rows of a stream to the rows of a training run: which count, which are held out, what their codes mean.
 *
 *   1. collect_rows(), batch by batch: rows tagged train (or not at all) and valid go into datasets with the codes the
 *      stream has; test rows, rows without a label and rows outside `among` are left out and counted.
 *   2. collect_hold_out(): validation rows when none were tagged.
 *   3. collect_map(): codes become those of a model's dictionaries.
 *   4. collect_weigh(): class weights, and row weights with mean 1.
 *
 *     collect_open(&collector, schema, NULL, NULL, false, &memory, &error);
 *     while (stream_read(...) > 0) collect_rows(&collector, &batch, &error);
 *     collect_hold_out(&collector, seed, fraction);
 *     collect_map(&collector, &model_schema, binary);
 *     collect_weigh(&collector, balanced, n_classes, &error);
 *     ... collector.rows.train, collector.rows.valid ...
 *
 * Memory: the data once, by dataset.h, and a byte per class.
 */
#ifndef CL_COLLECT_H
#define CL_COLLECT_H

#include <stdbool.h>
#include <stdint.h>

#include "batch.h"
#include "bind.h"
#include "dataset.h"
#include "model.h"

struct collector {
    const struct schema *stream;
    const struct model *model; /* or NULL: the stream's columns are the features */
    struct binding *binding;   /* to the model, or NULL */
    uint32_t *c_from, *y_from; /* with a model: places of its categories and label among the stream's */
    const char *const *among;  /* NULL-terminated class names, or NULL; borrowed */
    bool counts;               /* labels of loss poisson (counts.h) */
    bool known_only;           /* classes the model does not have count as no label */
    uint8_t *class_flags;      /* [label dictionary + 1] */
    size_t n_flags, cap_flags;
    struct dataset train, valid;
    bool holds_out; /* validation rows are the end of `train` */
    uint64_t n_train, n_valid;
    uint64_t n_test, n_unlabelled, n_outside; /* rows left out */
};

/* With a model the stream must have its columns and its label (bind.h). The schema and the model must outlive it. */
int collect_open(struct collector *collector, const struct schema *stream, const struct model *model,
                 const char *const *among, bool known_only, struct dataset_memory *memory, struct error *error);
/* Labels are for loss poisson: say so before the first row, where there is no model that says it. */
void collect_counts(struct collector *collector);
/* STATUS_DATA: a number that is missing or infinite, a weight that is no weight, a label below 0 of loss poisson. */
int collect_rows(struct collector *collector, const struct batch *batch, struct error *error);
/* Holds a share of the training rows out when no row was tagged valid; keeps one row at least on either side. */
void collect_hold_out(struct collector *collector, uint64_t seed, double fraction);
struct rowset collect_train(const struct collector *collector);
struct rowset collect_valid(const struct collector *collector);

/* True when the stream's class code came up in a training or validation row, even outside `among`. */
bool collect_has_class(const struct collector *collector, uint32_t code);
/* used[code] = 1 for the codes of category k (of the model, else of the stream) in training rows. used: [codes] zeroed
 */
void collect_used_codes(const struct collector *collector, uint32_t k, uint8_t *used);
/* The stream's dictionary of category k or of the label (k = UINT32_MAX). */
const struct dict *collect_dict(const struct collector *collector, uint32_t k);

/*
 * Class codes become indices of schema's label dictionary, or 0 and 1 as f32 when `binary`; category codes those of
 * its dictionaries, 0 for what is not there. Every class of a row must be there.
 */
void collect_map(struct collector *collector, const struct schema *schema, bool binary);
/*
 * balanced: rows of class c weigh n / (C n_c) (counts over training rows, C classes that occur), times their own
 * weight. All weights then have mean 1 over the training rows. STATUS_DATA when they are all 0.
 */
int collect_weigh(struct collector *collector, bool balanced, uint32_t n_classes, struct error *error);
void collect_close(struct collector *collector);

#endif
