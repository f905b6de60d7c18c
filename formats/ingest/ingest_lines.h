/*
 * What ingest_lines.c (lines to rows) and ingest_lines_plan.c (what the columns are) share. For nobody else.
 */
#ifndef CL_INGEST_LINES_H
#define CL_INGEST_LINES_H

#include "ingest_text.h"
#include "jsonl.h"
#include "libsvm.h"

enum line_got { LINE_BAD = -1, LINE_BLANK = 0, LINE_ROW = 1 };

/* The columns of libsvm: these two, then the features, x1 first, or x0 where indices count from 0. */
enum { LIBSVM_LABEL, LIBSVM_QID, LIBSVM_FIRST };

struct line_reader {
    int format;
    struct jsonl jsonl;
    struct libsvm libsvm;
    struct cell cells[LIBSVM_FIRST]; /* libsvm: label and qid */
    int64_t *place;                  /* libsvm: [n_features] of a feature in x, or -1 */
    uint32_t first, n_features;      /* libsvm: the first index, and how many there are */
    const char *beyond;              /* libsvm: a value or index that has no place in a row; NULL */
    uint32_t beyond_index;
};

/* One line: what it is. Its cells, or its label and values, are in the reader. */
enum line_got line_read(struct line_reader *reader, const char *line, size_t n);
/* The line at an offset of a chunk: its length, without its end; *next: where the next one starts. */
size_t line_at(const struct chunk *chunk, size_t at, size_t *next);
/* What is wrong with the line in the reader: 0 when it may be skipped, else -1. */
int line_bad(struct ingest *in, struct line_reader *reader, const char *where, const char *line, enum line_got got,
             struct error *error);

/* A chunk to rows; what is wrong with the line at an offset of one. */
void lines_chunk(struct worker *worker, const struct chunk *chunk, struct segment *segment);
int lines_diagnose(struct ingest *in, const struct chunk *chunk, size_t at, struct error *error);

#endif
