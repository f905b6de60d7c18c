/*
 * JSON lines: one flat object a line, its keys the columns.
 *
 *   1. A value is a string, a number, true, false or null (RFC 8259, strictly). Arrays and objects inside are refused.
 *   2. A cell is the text of the value: of a string its characters, of a number what is written, "true" and "false".
 *      null and an absent key give an empty cell, which is a missing value.
 *   3. Lines of nothing but blanks are no records. A key that comes twice is a mistake.
 *
 * Objects mostly have their keys in the same order, so the key that came next the last time is tried first; only
 * others are looked up. Memory: the table of keys, and room for the strings of a line that have escapes.
 *
 * A reader is used by one thread.
 *
 *     jsonl_open(&jsonl, JSONL_IGNORE);
 *     jsonl_column(&jsonl, "age", 3);                          // column 0
 *     switch (jsonl_row(&jsonl, line, n)) {
 *     case JSONL_ROW: use(jsonl.cells[0]); break;
 *     case JSONL_BAD: complain(line_number, jsonl.problem_at, jsonl.problem); break;
 *     case JSONL_BLANK: break;
 *     }
 */
#ifndef CL_JSONL_H
#define CL_JSONL_H

#include <stddef.h>
#include <stdint.h>

#include "cells.h"
#include "intern.h"

enum { JSONL_LINE_MOST = 64 << 20, JSONL_COLUMNS_MOST = INTERN_MOST };
enum jsonl_got { JSONL_BAD = -1, JSONL_BLANK = 0, JSONL_ROW = 1 };

/* What a key that is no column does. */
enum jsonl_unknown {
    JSONL_IGNORE,  /* it is left out */
    JSONL_REFUSE,  /* the line is bad */
    JSONL_COLLECT, /* it becomes a column: for a sample */
};

struct jsonl_key;

struct jsonl {
    /* The line last read. Cells point into it, or into the reader: gone at the next call. CELL_SLACK holds for them. */
    struct cell *cells; /* [n_columns] */
    uint32_t n_columns;
    char problem[200];   /* JSONL_BAD: what is wrong, without a place */
    size_t problem_at;   /* and the byte of the line, from 1 */
    int64_t unknown_key; /* JSONL_REFUSE: the problem is such a key: its length, which begins at problem_at; else -1 */

    /* Inside. */
    enum jsonl_unknown unknown;
    struct intern columns;  /* names to indices */
    struct jsonl_key *keys; /* [n_columns] */
    uint32_t first;         /* the column that came first the last time */
    uint32_t *seen;         /* [n_columns] number of the line a column was last seen in */
    uint32_t line;
    size_t cap_cells, cap_keys, cap_seen;
    char *scratch;
    size_t n_scratch, cap_scratch;
};

void jsonl_open(struct jsonl *jsonl, enum jsonl_unknown unknown);
/* The index of a column by name, a new one if need be; UINT32_MAX when there are JSONL_COLUMNS_MOST. */
uint32_t jsonl_column(struct jsonl *jsonl, const char *name, size_t n);
/* The name of a column, NUL-terminated. */
const char *jsonl_name(const struct jsonl *jsonl, uint32_t column, size_t *n);
/* One line, without its line end; CELL_SLACK bytes behind it must be readable. enum jsonl_got. */
int jsonl_row(struct jsonl *jsonl, const char *line, size_t n);
void jsonl_close(struct jsonl *jsonl);

#endif
