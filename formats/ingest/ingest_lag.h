/*
 * Columns that hold what another column held some rows before: --lag, and such columns of a model or a schema.
 *
 * A stage of its own behind the source: the columns stand last in the schema and have no sink. The column says what it
 * is made of in two keys, so that reading by the model makes it again:
 *
 *   "lag": rows, "lag_of": name   the value of the column `name` so many rows earlier
 *
 * Rows are those of the stream: bad records that are skipped are none. Of a label it is the last one that was known so
 * many rows earlier, since labels come late; of a feature that row's value, missing or not. The first rows have none.
 *
 * Memory: one row number of values for each column and row of the lag, and one batch.
 */
#ifndef CL_INGEST_LAG_H
#define CL_INGEST_LAG_H

#include "ingest_parts.h"

enum { LAG_MOST = 1000000 };

/* Reads the values of --lag, NAME:N. */
int lag_names(struct ingest *in, struct error *error);
/* True for a column that is made here and not read; the keys have been checked. */
bool lag_is_made(const struct column *column);
/* A key of the column that makes no sense ("lag", "lag_of"), or NULL. */
const char *lag_check(const struct column *column);
/* Adds the columns when all others are there: those of --lag, or of the model the ones that the input does not have. */
int lag_open(struct ingest *in, struct error *error);
/* Fills them in the next rows: the batch gets tensors that live until the next call. */
void lag_rows(struct ingest *in, struct batch *batch);
void lag_close(struct ingest *in);

#endif
