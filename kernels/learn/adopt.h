/*
 * Feature columns that a model does not have become its inputs, behind its own: cl-tune --new-columns add.
 *
 * Numbers get an entry in the model's scale, fitted on the new rows in the way the others were, and a row of zeros in
 * the first layer, no bins; categories a table of zeros. So the outputs keep their bits until training starts. Entries
 * and columns that were there stay as they are. Rows of the memory get what a missing number is.
 *
 *     adopt_columns(&adopted, model, stream, &error);            // before the rows are collected
 *     ... collect_open(), collect_rows() ...
 *     adopt_fit(&adopted, model, &collector, &error);            // before rows are held out
 *     adopt_profile(&adopted, model->schema.profile, profile);
 *     ... grow_model(model, ..., old) ...
 *     adopt_extents(&adopted, model, old);
 *
 * The columns of a stream that was scaled cannot be added: what scaled them is not known.
 */
#ifndef CL_ADOPT_H
#define CL_ADOPT_H

#include <stdint.h>

#include "collect.h"
#include "grow.h"
#include "model.h"

struct adopted {
    uint32_t n_x, n_c; /* that the model had */
    uint32_t new_x, new_c;
    float *fill; /* [n_x + new_x] a missing number as the network gets it; by adopt_fit(), in the model's arena */
};

/* The first feature of numbers or categories that the model has no column for; NULL when there is none. */
const struct column *adopt_first(const struct model *model, const struct schema *stream);
int adopt_columns(struct adopted *adopted, struct model *model, const struct schema *stream, struct error *error);
/* STATUS_DATA: an infinite number; one that is missing, of a model without a scale. */
int adopt_fit(struct adopted *adopted, struct model *model, struct collector *collector, struct error *error);
/* The rows of `profile`, which knows its columns, did not have those of `more` that are new. Either may be NULL. */
void adopt_profile(const struct adopted *adopted, struct model *model, const struct profile *more);
/* What did not exist before is new in `old`, too. */
void adopt_extents(const struct adopted *adopted, const struct model *model, struct extent *old);

#endif
