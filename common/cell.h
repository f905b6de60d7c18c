/*
 * The value of one column in one row, as text: what rows are grouped by. Columns that have such a text are categories,
 * classes, carried and text columns; groups and ids, as 16 hexadecimal digits of their hash; and, under the name
 * `split` where no column has it, the tag of cl-split.
 */
#ifndef CL_CELL_H
#define CL_CELL_H

#include <stddef.h>
#include <stdint.h>

#include "batch.h"
#include "error.h"

struct cell_column {
    const char *name; /* borrowed */
    int column;       /* of the schema, or -1: the split */
    uint32_t ordinal; /* its place among the columns that share its tensor */
    char digits[17];  /* of the last hash */
};

/* STATUS_DATA when the schema has no such column, or one of numbers. */
int cell_column_find(struct cell_column *column, const char *name, const struct schema *schema, struct error *error);
/* The text in row i and its length; missing values are empty. Lives as long as the batch, a hash until the next call.
 */
const char *cell_text(struct cell_column *column, const struct batch *batch, uint64_t i, size_t *n);

#endif
