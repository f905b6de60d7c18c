/*
 * What the two halves of reading arrays share: opening (ingest_array.c) and rows (ingest_array_rows.c). For nobody
 * else.
 */
#ifndef CL_INGEST_ARRAY_H
#define CL_INGEST_ARRAY_H

#include "array.h"
#include "ingest_labels.h"
#include "safetensors.h"

enum { ARRAY_SMALL_CODES = 256 };

/* Columns [0, arrays[0].width) are the features; behind them those of the labels. */
struct array_source {
    struct input inputs[2];
    size_t n_inputs;
    struct safetensors tensors[2];
    bool has_tensors[2];
    struct array arrays[2];
    const char *files[2]; /* of each array, for messages */
    size_t n_arrays;
    struct label_text text;
    bool has_text;
    char **names; /* [width] */
    size_t width;

    float *floats;         /* [chunk rows, arrays[0].width] features of the chunk */
    bool floats_fit;       /* none of them is infinite */
    uint64_t chunk, at, n; /* rows that a chunk can hold; row in it; rows in it */
    bool plain;            /* the rows are features of numbers and nothing else */
    bool same;             /* and x has just the columns of the array, in their order */
    uint32_t *small[2];    /* codes of the whole numbers from 0 on, of the columns of c and of the labels */
};

/* struct source's read(). */
int array_read_rows(struct ingest *in, struct error *error);
/* "A has 3 rows and B has 4". -1 */
int array_unequal(const struct array_source *source, uint64_t other, const char *other_file, struct error *error);
/* Does the sink read the label of text? */
static inline bool
array_sink_is_text(const struct array_source *source, const struct sink *sink)
{
    return source->has_text && sink->source >= 0 && (uint64_t) sink->source == source->arrays[0].width;
}

#endif
