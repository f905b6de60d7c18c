/*
 * Some consecutive rows of a table, as typed tensors: what a `rows` frame decodes to.
 *
 * Shapes: n rows, d = schema.n_x, k = schema.n_c, t = schema.n_y. A pointer is NULL when the stream has no such
 * tensor (no numeric features, no label, no tags). Everything is in `arena`, which belongs to whoever made the
 * batch (a stream reader resets it at the next frame).
 */
#ifndef CL_BATCH_H
#define CL_BATCH_H

#include <stdint.h>

#include "memory.h"
#include "schema.h"
#include "tensor.h"

/* Tags in `split`. */
enum split_tag { SPLIT_NONE = 0, SPLIT_TRAIN = 1, SPLIT_VALID = 2, SPLIT_TEST = 3 };

struct batch {
    const struct schema *schema;
    struct arena *arena;
    uint64_t n;
    uint64_t row;    /* number of the first source record, from 0 */
    float *x;        /* [n, d], NaN = missing */
    uint32_t *c;     /* [n, k], 0 = missing or never seen */
    float *y;        /* [n, t] regression, NaN = missing */
    uint32_t *label; /* [n, t] class codes of the label's dictionary, 0 = missing or never seen; wire name y */
    float *w;        /* [n] row weights */
    uint8_t *split;  /* [n] enum split_tag */
    uint64_t *rowno; /* [n] record numbers when not consecutive */
    int64_t *time;   /* [n] microseconds since 1970, INT64_MIN = missing */
    uint64_t *group; /* [n] XXH3-64 of the cell's text */
    uint64_t *id;    /* [n] XXH3-64 of the cell's text */
    /* text and carried columns, in column order: cell i of column j is text[j].bytes[at[i] .. at[i + 1]) */
    struct text_cells {
        const char *name;
        uint64_t *at; /* [n + 1], at[0] = 0 */
        char *bytes;
    } * text;
    uint32_t n_text;
    struct tensor *other; /* tensors of names we do not know: passed through */
    uint32_t n_other;
};

/* Record number of row i. */
static inline uint64_t
batch_rowno(const struct batch *batch, uint64_t i)
{
    return batch->rowno ? batch->rowno[i] : batch->row + i;
}

/* Whether row i is neither for validation nor for the test. */
static inline bool
batch_is_training(const struct batch *batch, uint64_t i)
{
    return batch->split == NULL || (batch->split[i] != SPLIT_VALID && batch->split[i] != SPLIT_TEST);
}

/* A batch of the rows of `from` for which keep[i] is not 0, with rowno where that is needed; in `arena`. */
void batch_filter(struct batch *to, const struct batch *from, const uint8_t *keep, struct arena *arena);

#endif
