#include "row_sample.h"

#include <stdlib.h>
#include <string.h>

#include "logarithm.h"
#include "memory.h"

/* RNG_DRIFT has detectors in stream 0. */
enum { STREAM = 1, SEED = 1 };

/* What one step needs: two numbers in (0, 1), and a slot. */
struct draw {
    double u, v;
    uint64_t slot;
};

static struct draw
draw(struct row_sample *sample)
{
    uint32_t word[4];
    rng_philox(sample->key, (uint32_t[4]){(uint32_t) sample->draws, (uint32_t) (sample->draws >> 32), 0, 0}, word);
    sample->draws++;
    const uint64_t a = word[0] | (uint64_t) word[1] << 32, b = word[2] | (uint64_t) word[3] << 32;
    return (struct draw){.u = ((double) (a >> 11) + 0.5) * 0x1p-53,
                         .v = ((double) (b >> 11) + 0.5) * 0x1p-53,
                         .slot = (((a & 2047) << 11 | (b & 2047)) * sample->capacity) >> 22};
}

/* e^y for y <= 0: that of y / 2^n, which is small, squared n times. */
static double
power_of_e(double y)
{
    static const double inverse[] = {1.0 / 8, 1.0 / 7, 1.0 / 6, 1.0 / 5, 1.0 / 4, 1.0 / 3, 1.0 / 2, 1.0};
    int n = 0;
    double sum = 1;
    for (; y < -0x1p-6; y /= 2)
        n++;
    for (int k = 0; k < 8; k++)
        sum = 1 + y * inverse[k] * sum;
    for (; n > 0; n--)
        sum *= sum;
    return sum;
}

/* The sample is full, `row` was the last one taken: which is the next. Returns a slot for `row`. */
static uint64_t
choose_next(struct row_sample *sample, uint64_t row)
{
    const struct draw drawn = draw(sample);
    sample->w *= power_of_e(logarithm(drawn.u) / (double) sample->capacity);
    /* log(1 - w) is -w where 1 - w is 1. */
    const double rest = 1 - sample->w, log_rest = rest < 1 ? logarithm(rest) : -sample->w;
    const double skip = logarithm(drawn.v) / log_rest;
    sample->next = skip < 0x1p62 ? row + 1 + (uint64_t) skip : UINT64_MAX;
    return drawn.slot;
}

void
row_sample_open(struct row_sample *sample, uint32_t d, uint32_t k, uint64_t capacity)
{
    *sample =
        (struct row_sample){.d = d, .k = k, .capacity = capacity, .w = 1, .key = rng_key(SEED, RNG_DRIFT, STREAM)};
    sample->x = mem_zalloc(capacity, d * sizeof *sample->x);
    sample->c = mem_zalloc(capacity, k * sizeof *sample->c);
}

void
row_sample_close(struct row_sample *sample)
{
    free(sample->x);
    free(sample->c);
    *sample = (struct row_sample){0};
}

static void
put(struct row_sample *sample, uint64_t slot, const float *x, const uint32_t *c, uint64_t i)
{
    const size_t d = sample->d, k = sample->k;
    if (x != NULL && d > 0)
        memcpy(sample->x + slot * d, x + i * d, d * sizeof *x);
    if (c != NULL && k > 0)
        memcpy(sample->c + slot * k, c + i * k, k * sizeof *c);
}

void
row_sample_add(struct row_sample *sample, const float *x, const uint32_t *c, uint64_t n)
{
    const uint64_t first = sample->rows, end = first + n;
    uint64_t row = first;
    for (; row < end && row < sample->capacity; row++) {
        put(sample, row, x, c, row - first);
        if (row + 1 == sample->capacity)
            choose_next(sample, row);
    }
    while (sample->next < end && row < end) {
        row = sample->next;
        put(sample, choose_next(sample, row), x, c, row - first);
    }
    sample->rows = end;
}
