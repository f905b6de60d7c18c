/*
 * Whether new rows are like those of training: shares of missing values, of categories never seen, of numbers outside
 * the range that was seen, column by column; and the limits of `--expect`.
 *
 *     struct expect *expect = expect_new("missing<0.1,unseen<0.05", &error);       // status 2: what it says is wrong
 *     if (expect_open(expect, &model->schema, "model.ck", ingest_schema(in), &error) < 0) ...
 *     while (ingest_read(...) > 0) expect_add(expect, &batch);
 *     met = expect_finish(expect, &error);                                        // status 3: a limit is passed
 *     expect_report(expect, &output, &error);
 *     expect_free(expect);
 *
 * All shares are of the rows. The tensors do not tell a category that is missing from one beyond the most that a
 * dictionary takes up: both are 0 and count as missing. Numbers made of the year, the month or the days of a date
 * are not compared with a range, unless a limit names the column: time goes on.
 */
#ifndef CL_EXPECT_H
#define CL_EXPECT_H

#include "batch.h"
#include "error.h"
#include "file.h"
#include "schema.h"

struct expect;

/*
 * limits: "CHECK<SHARE" or "CHECK<=SHARE" between commas, CHECK being missing, unseen or outside, or one of them with
 * a column, which then has a limit of its own: missing(age)<0.5. NULL: none. The text must outlive the expect.
 */
struct expect *expect_new(const char *limits, struct error *error);
/*
 * known: the columns that are read by, with dictionaries and profile, from `path`; not needed afterwards. stream: those
 * being read, to outlive the expect; their dictionaries begin with the known ones. STATUS_USAGE: a limit is for a
 * column that is not there or not of its type; STATUS_DATA: there is no profile.
 */
int expect_open(struct expect *expect, const struct schema *known, const char *path, const struct schema *stream,
                struct error *error);
void expect_add(struct expect *expect, const struct batch *batch);
/* Ends the counting. 0, or -1 with the column that is furthest over its limit and the number of those that are. */
int expect_finish(struct expect *expect, struct error *error);
/* After that: everything, as JSON. Does not commit the output. */
int expect_report(const struct expect *expect, struct output *output, struct error *error);
/* The same in a few words: what is unusual, if anything is, through `loud`; each column through `soft`. */
void expect_say(const struct expect *expect, void (*loud)(const char *sentence), void (*soft)(const char *sentence));
void expect_free(struct expect *expect); /* NULL is fine */

#endif
