/*
 * Columns of a tally.h for one instruction set. The including file defines TALLY_KERNELS.
 *
 * Vectors of WIDTH columns, two of them at a time, as each waits for its own last result; counters and limits stay in
 * registers from top to bottom.
 */
#include <string.h>
#if defined(__SSE2__)
#include <immintrin.h>
#endif

#include "tally_parts.h"

#if defined(__AVX2__)
enum { WIDTH = 8, PAIR = 2 * WIDTH };
#else
enum { WIDTH = 4, PAIR = 2 * WIDTH };
#endif
typedef float floats __attribute__((vector_size(4 * WIDTH)));
typedef int32_t ints __attribute__((vector_size(4 * WIDTH)));

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

/* The lesser and the greater of value and old: old where value is NaN. */
static inline floats
lesser(floats value, floats old)
{
#if defined(__AVX2__)
    return (floats) _mm256_min_ps((__m256) value, (__m256) old);
#elif defined(__SSE2__)
    return (floats) _mm_min_ps((__m128) value, (__m128) old);
#else
    const ints mask = value < old;
    return (floats) ((mask & (ints) value) | (~mask & (ints) old));
#endif
}

static inline floats
greater(floats value, floats old)
{
#if defined(__AVX2__)
    return (floats) _mm256_max_ps((__m256) value, (__m256) old);
#elif defined(__SSE2__)
    return (floats) _mm_max_ps((__m128) value, (__m128) old);
#else
    const ints mask = value > old;
    return (floats) ((mask & (ints) value) | (~mask & (ints) old));
#endif
}

static inline void
add_numbers(struct number_lanes *lanes, const float *x)
{
    floats value;
    memcpy(&value, x, sizeof value);
    lanes->missing -= value != value;
    lanes->outside -= (value < lanes->from) | (value > lanes->to);
    lanes->low = lesser(value, lanes->low);
    lanes->high = greater(value, lanes->high);
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

const struct tally_kernels TALLY_KERNELS = {.pair = PAIR, .numbers = number_columns, .codes = code_columns};
