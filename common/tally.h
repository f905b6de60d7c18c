/*
 * Counts over the rows of many batches, column by column: what is missing, new or out of range. One pass over x and c.
 *
 *     tally_open(&tally, schema->n_x, schema->n_c);
 *     while (stream_read(...) > 0) tally_add(&tally, &batch, false);
 *     ... tally.x_missing[j] of tally.rows rows ...
 *     tally_close(&tally);
 */
#ifndef CL_TALLY_H
#define CL_TALLY_H

#include <stdbool.h>
#include <stdint.h>

struct batch;
struct row_sample;
struct tally_kernels;

struct tally {
    uint32_t d, k;
    uint64_t rows;
    /* To be set before the first batch; at first everything is in range and known. */
    float *from, *to;  /* [d] numbers outside of it are counted */
    uint32_t *known;   /* [k] codes above it are */
    float *low, *high; /* [d] of the numbers, infinite ones too; low > high: there was none; 0 of any sign */
    uint64_t *x_missing, *x_outside; /* [d] rows */
    uint64_t *c_missing, *c_unseen;  /* [k] rows */
    const struct tally_kernels *kernels;
    /* Training rows among others, put side by side before they are counted: `side_rows` of them at most. */
    float *side_x;    /* [side_rows, d] */
    uint32_t *side_c; /* [side_rows, k] */
    uint32_t side_rows;
    struct row_sample *sample; /* of the rows that were counted; NULL unless wanted */
};

void tally_open(struct tally *tally, uint32_t d, uint32_t k);
/* From here on keeps a sample of the rows too, for profile.h; not of tables that get no profile. Up to 4,096 rows and
 * about 8 MiB. */
void tally_keep_sample(struct tally *tally);
/* x: [n, d], c: [n, k] as opened. training: leave out rows tagged valid or test. */
void tally_add(struct tally *tally, const struct batch *batch, bool training);
void tally_close(struct tally *tally);

#endif
