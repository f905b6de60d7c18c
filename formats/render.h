/*
 * Rows of a stream as text, in the user's columns: CSV (RFC 4180, with \n) or one JSON object a line.
 *
 * Numbers are the shortest text that reads back to the same f32; a missing cell is empty (JSON: null); categories and
 * classes are their strings; times ISO 8601 in UTC; groups and ids, of which a stream keeps only a hash, 16 hexadecimal
 * digits. A column `split` (train, valid, test) comes last where rows are tagged.
 *
 *     struct render *render = render_open(RENDER_CSV, schema);
 *     while (... batch ...) render_rows(render, &batch, &text);
 */
#ifndef CL_RENDER_H
#define CL_RENDER_H

#include "batch.h"
#include "error.h"
#include "json.h"

enum render_format { RENDER_CSV, RENDER_JSON };

struct render;

struct render *render_open(enum render_format format, const struct schema *schema);
/* Appends the rows to `text`; the CSV header comes before the first. -1: tags begin after a header without `split`. */
int render_rows(struct render *render, const struct batch *batch, struct text *text, struct error *error);
/* The CSV header, when no row has come. */
void render_finish(struct render *render, struct text *text);
void render_close(struct render *render);

const char *split_tag_name(unsigned tag); /* "", "train", "valid", "test" */
/* "2024-02-29T23:59:59.5Z"; buffer: 40 bytes. Returns its length; 0 for a missing time. */
int format_time(char *buffer, int64_t microseconds);

#endif
