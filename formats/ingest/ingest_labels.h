/*
 * The labels of arrays from a file of text: a column of CSV or TSV, a record for each row. For ingest_array.c.
 *
 * A file of several columns needs to be told which (-y, or the model's label). Of one column the first record is a
 * header where it is no number among numbers, where there is a record more than rows, or, where the sample does not
 * reach the end of the file, when the values of all others come again and its does not.
 */
#ifndef CL_INGEST_LABELS_H
#define CL_INGEST_LABELS_H

#include "csv.h"
#include "ingest_parts.h"

struct label_text {
    struct csv csv;
    const char *file;
    char *name;                 /* of the column */
    size_t column;              /* which it is */
    struct infer_column *stats; /* [1] of the sample */
    bool whole;                 /* which was all there is */
    uint64_t records;           /* read so far */
    const char *cell;           /* the last one; gone at the next call */
    size_t n;
};

/* n_rows: how many the arrays have. The input, of which the n bytes at head were read, must outlive it. */
int label_text_open(struct label_text *labels, struct ingest *in, struct input *input, const void *head, size_t n,
                    uint64_t n_rows, struct error *error);
/* The label of the next row: 1; 0 behind the last; -1. */
int label_text_next(struct label_text *labels, struct error *error);
void label_text_close(struct label_text *labels);

#endif
