/*
 * What cl-cat says about a stream or a checkpoint: aligned text for people. Rows pass through once; memory is a few
 * numbers a column.
 */
#ifndef CL_SUMMARY_H
#define CL_SUMMARY_H

#include "batch.h"
#include "json.h"
#include "model.h"

struct stream_summary;

struct stream_summary *stream_summary_open(const struct schema *schema);
void stream_summary_rows(struct stream_summary *summary, const struct batch *batch);
/* Appends the summary; digest: of the same rows. */
void stream_summary_close(struct stream_summary *summary, const char *digest, struct text *text);

/* First how many rows of the user's data the model keeps, then everything else. */
void model_summary(const struct model *model, struct text *text);
/* The meta, the dictionaries and the list of tensors as one JSON object. */
void model_json(const struct model *model, struct text *text);
/* One line a tensor: role, name, dtype, shape, bytes. */
void model_tensors(const struct model *model, struct text *text);

#endif
