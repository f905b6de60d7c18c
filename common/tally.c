#include "tally.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "batch.h"

/*
 * Vectors of four (compilers turn them into whatever the machine has) and two of them at a time, as each waits for its
 * own last result. To have no odd columns, some rows are taken as one: a table of 3 columns as one of 24, an eighth as
 * long. Then columns are taken eight at a time from top to bottom, with counters and limits in registers.
 */
enum { WIDTH = 4, PAIR = 2 * WIDTH, BLOCK_ROWS = 1 << 24 };
typedef float floats __attribute__((vector_size(4 * WIDTH)));
typedef int32_t ints __attribute__((vector_size(4 * WIDTH)));

static float *
filled(uint32_t n, float value)
{
    float *numbers = mem_array(n, sizeof *numbers);
    for (uint32_t i = 0; i < n; i++)
        numbers[i] = value;
    return numbers;
}

void
tally_open(struct tally *tally, uint32_t d, uint32_t k)
{
    *tally = (struct tally){
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
    *tally = (struct tally){0};
}

/* ---- numbers ---- */

/* WIDTH columns of numbers. NaN compares false with everything. */
struct number_lanes {
    floats from, to, low, high;
    ints missing, outside;
};

/* Lane i is column (j + i) mod d. */
static void
open_numbers(struct number_lanes *lanes, const struct tally *tally, uint64_t j)
{
    for (uint32_t i = 0; i < WIDTH; i++) {
        uint32_t at = (uint32_t) ((j + i) % tally->d);
        lanes->from[i] = tally->from[at];
        lanes->to[i] = tally->to[at];
        lanes->low[i] = tally->low[at];
        lanes->high[i] = tally->high[at];
    }
    lanes->missing = lanes->outside = (ints){0};
}

/* Where mask is -1 a, where it is 0 b. */
static inline floats
choose(ints mask, floats a, floats b)
{
    return (floats) ((mask & (ints) a) | (~mask & (ints) b));
}

static inline void
add_numbers(struct number_lanes *lanes, const float *x)
{
    floats value;
    memcpy(&value, x, sizeof value);
    lanes->missing -= value != value;
    lanes->outside -= (value < lanes->from) | (value > lanes->to);
    lanes->low = choose(value < lanes->low, value, lanes->low);
    lanes->high = choose(value > lanes->high, value, lanes->high);
}

static void
close_numbers(const struct number_lanes *lanes, struct tally *tally, uint64_t j)
{
    for (uint32_t i = 0; i < WIDTH; i++) {
        uint32_t at = (uint32_t) ((j + i) % tally->d);
        tally->low[at] = lanes->low[i] < tally->low[at] ? lanes->low[i] : tally->low[at];
        tally->high[at] = lanes->high[i] > tally->high[at] ? lanes->high[i] : tally->high[at];
        tally->x_missing[at] += (uint64_t) lanes->missing[i];
        tally->x_outside[at] += (uint64_t) lanes->outside[i];
    }
}

/* n rows of `wide` columns, a multiple of PAIR and of d. */
static void
number_columns(struct tally *tally, const float *x, uint64_t n, uint64_t wide)
{
    for (uint64_t j = 0; j < wide; j += PAIR) {
        struct number_lanes left, right;
        const float *row = x + j;
        open_numbers(&left, tally, j);
        open_numbers(&right, tally, j + WIDTH);
        for (uint64_t i = 0; i < n; i++, row += wide) {
            add_numbers(&left, row);
            add_numbers(&right, row + WIDTH);
        }
        close_numbers(&left, tally, j);
        close_numbers(&right, tally, j + WIDTH);
    }
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

/* ---- codes ---- */

/* WIDTH columns of codes, which are far below 2^31. */
struct code_lanes {
    ints known, missing, unseen;
};

static void
open_codes(struct code_lanes *lanes, const struct tally *tally, uint64_t j)
{
    for (uint32_t i = 0; i < WIDTH; i++)
        lanes->known[i] = (int32_t) tally->known[(j + i) % tally->k];
    lanes->missing = lanes->unseen = (ints){0};
}

static inline void
add_codes(struct code_lanes *lanes, const uint32_t *c)
{
    ints code;
    memcpy(&code, c, sizeof code);
    lanes->missing -= code == 0;
    lanes->unseen -= code > lanes->known;
}

static void
close_codes(const struct code_lanes *lanes, struct tally *tally, uint64_t j)
{
    for (uint32_t i = 0; i < WIDTH; i++) {
        tally->c_missing[(j + i) % tally->k] += (uint64_t) lanes->missing[i];
        tally->c_unseen[(j + i) % tally->k] += (uint64_t) lanes->unseen[i];
    }
}

static void
code_columns(struct tally *tally, const uint32_t *c, uint64_t n, uint64_t wide)
{
    for (uint64_t j = 0; j < wide; j += PAIR) {
        struct code_lanes left, right;
        const uint32_t *row = c + j;
        open_codes(&left, tally, j);
        open_codes(&right, tally, j + WIDTH);
        for (uint64_t i = 0; i < n; i++, row += wide) {
            add_codes(&left, row);
            add_codes(&right, row + WIDTH);
        }
        close_codes(&left, tally, j);
        close_codes(&right, tally, j + WIDTH);
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

/* How many rows of so many columns have a multiple of PAIR numbers. */
static uint64_t
rows_at_once(uint32_t columns)
{
    uint64_t rows = PAIR;
    while (rows > 1 && columns % 2 == 0) {
        rows /= 2;
        columns /= 2;
    }
    return rows;
}

static void
add_rows(struct tally *tally, const struct batch *batch, uint64_t first, uint64_t n)
{
    const uint64_t d = tally->d, k = tally->k, x_rows = rows_at_once(tally->d), c_rows = rows_at_once(tally->k);
    if (d > 0 && batch->x != NULL) {
        if (n >= x_rows)
            number_columns(tally, batch->x + first * d, n / x_rows, x_rows * d);
        for (uint64_t i = first + n - n % x_rows; i < first + n; i++)
            number_row(tally, batch->x + i * d);
    }
    if (k > 0 && batch->c != NULL) {
        if (n >= c_rows)
            code_columns(tally, batch->c + first * k, n / c_rows, c_rows * k);
        for (uint64_t i = first + n - n % c_rows; i < first + n; i++)
            code_row(tally, batch->c + i * k);
    }
    tally->rows += n;
}

static bool
left_out(const struct batch *batch, uint64_t i)
{
    return batch->split[i] == SPLIT_VALID || batch->split[i] == SPLIT_TEST;
}

void
tally_add(struct tally *tally, const struct batch *batch, bool training)
{
    const bool tags = training && batch->split != NULL;
    for (uint64_t i = 0; i < batch->n;) {
        uint64_t first = i++;
        if (tags && left_out(batch, first))
            continue;
        /* As many rows as follow one another; lanes count in 32 bits. */
        while (i < batch->n && i - first < BLOCK_ROWS && !(tags && left_out(batch, i)))
            i++;
        add_rows(tally, batch, first, i - first);
    }
}
