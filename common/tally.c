#include "tally.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "batch.h"
#include "isa.h"
#include "profile.h"
#include "row_sample.h"
#include "tally_parts.h"

enum { BLOCK_ROWS = 1 << 24, SIDE_BYTES = 1 << 16 }; /* lanes count in 32 bits; what a first-level cache holds */
enum { SAMPLE_BYTES = 1 << 23, SAMPLE_LEAST = 128, SAMPLE_MOST = 4096 };

static float *
filled(uint32_t n, float value)
{
    float *numbers = mem_array(n, sizeof *numbers);
    for (uint32_t i = 0; i < n; i++)
        numbers[i] = value;
    return numbers;
}

static const struct tally_kernels *
pick(void)
{
#if defined(__x86_64__)
    struct error ignored; /* a CL_ISA that does not run here: others say so */
    if (isa_pick(&ignored) >= ISA_AVX2)
        return &tally_kernels_avx2;
#endif
    return &tally_kernels_base;
}

void
tally_open(struct tally *tally, uint32_t d, uint32_t k)
{
    *tally = (struct tally){
        .kernels = pick(),
        .d = d,
        .k = k,
        .from = filled(d, -INFINITY),
        .to = filled(d, INFINITY),
        .known = mem_array(k, sizeof *tally->known),
        .low = filled(d, INFINITY),
        .high = filled(d, -INFINITY),
        .x_missing = mem_zalloc(d, sizeof *tally->x_missing),
        .x_outside = mem_zalloc(d, sizeof *tally->x_outside),
        .c_missing = mem_zalloc(k, sizeof *tally->c_missing),
        .c_unseen = mem_zalloc(k, sizeof *tally->c_unseen),
    };
    for (uint32_t i = 0; i < k; i++)
        tally->known[i] = INT32_MAX;
}

void
tally_keep_sample(struct tally *tally)
{
    const uint64_t columns = (uint64_t) tally->d + tally->k, fit = columns > 0 ? SAMPLE_BYTES / (4 * columns) : 0;
    if (columns == 0 || columns > PROFILE_MAX_COLUMNS)
        return;
    tally->sample = mem_alloc(sizeof *tally->sample);
    row_sample_open(tally->sample, tally->d, tally->k,
                    fit > SAMPLE_MOST    ? SAMPLE_MOST
                    : fit < SAMPLE_LEAST ? SAMPLE_LEAST
                                         : fit);
}

void
tally_close(struct tally *tally)
{
    free(tally->from);
    free(tally->to);
    free(tally->known);
    free(tally->low);
    free(tally->high);
    free(tally->x_missing);
    free(tally->x_outside);
    free(tally->c_missing);
    free(tally->c_unseen);
    free(tally->side_x);
    free(tally->side_c);
    if (tally->sample != NULL)
        row_sample_close(tally->sample);
    free(tally->sample);
    *tally = (struct tally){0};
}

static void
number_row(struct tally *tally, const float *x)
{
    for (uint32_t j = 0; j < tally->d; j++) {
        tally->x_missing[j] += isnan(x[j]);
        tally->x_outside[j] += x[j] < tally->from[j] || x[j] > tally->to[j];
        tally->low[j] = x[j] < tally->low[j] ? x[j] : tally->low[j];
        tally->high[j] = x[j] > tally->high[j] ? x[j] : tally->high[j];
    }
}

static void
code_row(struct tally *tally, const uint32_t *c)
{
    for (uint32_t j = 0; j < tally->k; j++) {
        tally->c_missing[j] += c[j] == 0;
        tally->c_unseen[j] += c[j] > tally->known[j];
    }
}

/* ---- rows ---- */

/*
 * How many rows of so many columns have a multiple of `pair` numbers. To have no odd columns, some rows are taken as
 * one: a table of 3 columns as one of 24, an eighth as long.
 */
static uint64_t
rows_at_once(uint64_t pair, uint32_t columns)
{
    uint64_t rows = pair;
    while (rows > 1 && columns % 2 == 0) {
        rows /= 2;
        columns /= 2;
    }
    return rows;
}

static void
add_rows(struct tally *tally, const struct batch *batch, uint64_t first, uint64_t n)
{
    const struct tally_kernels *kernels = tally->kernels;
    const uint64_t d = tally->d, k = tally->k;
    const uint64_t x_rows = rows_at_once(kernels->pair, tally->d), c_rows = rows_at_once(kernels->pair, tally->k);
    if (d > 0 && batch->x != NULL) {
        if (n >= x_rows)
            kernels->numbers(tally, batch->x + first * d, n / x_rows, x_rows * d);
        for (uint64_t i = first + n - n % x_rows; i < first + n; i++)
            number_row(tally, batch->x + i * d);
    }
    if (k > 0 && batch->c != NULL) {
        if (n >= c_rows)
            kernels->codes(tally, batch->c + first * k, n / c_rows, c_rows * k);
        for (uint64_t i = first + n - n % c_rows; i < first + n; i++)
            code_row(tally, batch->c + i * k);
    }
    if (tally->sample != NULL)
        row_sample_add(tally->sample, d > 0 && batch->x != NULL ? batch->x + first * d : NULL,
                       k > 0 && batch->c != NULL ? batch->c + first * k : NULL, n);
    tally->rows += n;
}

static bool
left_out(const struct batch *batch, uint64_t i)
{
    return batch->split[i] == SPLIT_VALID || batch->split[i] == SPLIT_TEST;
}

/* Training rows come a few at a time between others, and kernels want many. */
static void
add_training(struct tally *tally, const struct batch *batch)
{
    const size_t d = batch->x != NULL ? tally->d : 0, k = batch->c != NULL ? tally->k : 0;
    if (tally->side_rows == 0) {
        size_t widest = tally->d > tally->k ? tally->d : tally->k, fit = SIDE_BYTES / (4 * (widest + 1));
        tally->side_rows = fit > 0 ? (uint32_t) fit : 1;
        tally->side_x = mem_array(tally->side_rows, tally->d * sizeof *tally->side_x);
        tally->side_c = mem_array(tally->side_rows, tally->k * sizeof *tally->side_c);
    }
    struct batch side = {.x = d > 0 ? tally->side_x : NULL, .c = k > 0 ? tally->side_c : NULL};
    for (uint64_t i = 0; i < batch->n; i++) {
        if (left_out(batch, i))
            continue;
        if (d > 0)
            memcpy(side.x + side.n * d, batch->x + i * d, d * sizeof *side.x);
        if (k > 0)
            memcpy(side.c + side.n * k, batch->c + i * k, k * sizeof *side.c);
        if (++side.n == tally->side_rows) {
            add_rows(tally, &side, 0, side.n);
            side.n = 0;
        }
    }
    add_rows(tally, &side, 0, side.n);
}

void
tally_add(struct tally *tally, const struct batch *batch, bool training)
{
    if (training && batch->split != NULL) {
        add_training(tally, batch);
        return;
    }
    for (uint64_t first = 0; first < batch->n; first += BLOCK_ROWS)
        add_rows(tally, batch, first, batch->n - first < BLOCK_ROWS ? batch->n - first : BLOCK_ROWS);
}
