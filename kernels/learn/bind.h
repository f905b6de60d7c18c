/*
 * A stream bound to a model: how rows with the stream's schema become rows as the model's network sees them.
 *
 * Columns are matched by name, in any order; extra ones are ignored; a missing one is an error that names it.
 * The stream's transforms must be a prefix of the model's (transform.h); the rest is applied here. Category and
 * class codes are mapped by their strings; what the model does not have becomes 0 (categories) or BIND_UNKNOWN.
 *
 * Used by cl-eval, cl-predict and cl-tune, so that serving cannot drift from training.
 *
 *     bind_open(&binding, model, schema, &error);
 *     while (... batch ...) bind_rows(binding, &batch, &rows);
 */
#ifndef CL_BIND_H
#define CL_BIND_H

#include <stdbool.h>

#include "batch.h"
#include "engine.h"
#include "error.h"
#include "model.h"

#define BIND_UNKNOWN UINT32_MAX /* in rowset.label: missing label, or a class the model does not have */

struct binding;

/* labels: whether label columns are required (an error when absent), else they are used when there. */
int bind_open(struct binding **binding, const struct model *model, const struct schema *stream, bool labels,
              struct error *error);
/* True when the stream has the label columns. */
bool bind_has_labels(const struct binding *binding);
/* From here on the stream's labels are as if they were not there: for who only predicts. */
void bind_forget_labels(struct binding *binding);
/*
 * rows->x, c, y, label, w for all rows of the batch, in its arena. y is the label as the loss sees it (label
 * transforms applied, poisson: without their shift; NaN = missing; bce: 0 / 1 / NaN). label is set for every TASK_CLASS
 * model (bce too) as class index 0 .. C-1 or BIND_UNKNOWN. Missing numbers that no transform fills are an error naming
 * the column.
 */
int bind_rows(struct binding *binding, const struct batch *batch, struct rowset *rows, struct error *error);
/*
 * True when row i has no label, as opposed to a class the model does not have. This and the next two need
 * bind_has_labels(), and tensors of labels (bind_rows() refuses rows without).
 */
bool bind_label_missing(const struct binding *binding, const struct batch *batch, uint64_t i);
/* The class of row i in the stream's own dictionary, which is left in *names; 0 = missing. */
uint32_t bind_label_code(const struct binding *binding, const struct batch *batch, uint64_t i,
                         const struct dict **names);
/* Label t of row i of a regression in the user's units: as it stands, or with the stream's transforms undone. */
double bind_label(const struct binding *binding, const struct batch *batch, uint64_t i, uint32_t t);
void bind_close(struct binding *binding);

#endif
