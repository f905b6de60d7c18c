/*
 * A sample of the rows of a stream of any length: `capacity` of them, every row with the same chance, whole rows so
 * that it costs the same whatever the number of columns.
 *
 * Which rows depends on their number alone, not on how they came: Li's algorithm L ("Reservoir-sampling algorithms of
 * time complexity O(n (1 + log(N / n)))", ACM TOMS 20, 1994) says how many rows to pass over until the next one is
 * taken, so rows that are not taken cost nothing. Random numbers are counter-based, and the arithmetic is + - * / and
 * polynomials: the same rows on every machine.
 *
 *     row_sample_open(&sample, d, k, capacity);
 *     row_sample_add(&sample, x, c, n);          // for each piece
 *     ... sample.x, sample.c: [row_sample_size(&sample), d or k], in no order ...
 *     row_sample_close(&sample);
 */
#ifndef CL_ROW_SAMPLE_H
#define CL_ROW_SAMPLE_H

#include <stdint.h>

#include "rng.h"

struct row_sample {
    uint32_t d, k;
    uint64_t capacity, rows; /* rows: seen so far */
    float *x;                /* [capacity, d] */
    uint32_t *c;             /* [capacity, k] */
    uint64_t next, draws;    /* number of the next row to be taken, once the sample is full; draws so far */
    struct rng_key key;
    double w; /* Li's W: distributed as the largest of `capacity` uniform numbers that are left */
};

void row_sample_open(struct row_sample *sample, uint32_t d, uint32_t k, uint64_t capacity);
/* x: [n, d], c: [n, k]; NULL when there are none. */
void row_sample_add(struct row_sample *sample, const float *x, const uint32_t *c, uint64_t n);
void row_sample_close(struct row_sample *sample);

static inline uint64_t
row_sample_size(const struct row_sample *sample)
{
    return sample->rows < sample->capacity ? sample->rows : sample->capacity;
}

#endif
