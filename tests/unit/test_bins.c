#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <math.h>
#include <cmocka.h>

#include "bins.h"
#include "rng.h"

static void
assert_edges(const float *values, uint64_t n, uint32_t wanted, const float *expected, uint32_t n_expected)
{
    float edges[64];
    assert_int_equal(bins_of_sorted(values, n, wanted, edges), n_expected);
    for (uint32_t i = 0; i < n_expected; i++)
        assert_true(edges[i] == expected[i]);
}
#define EDGES(values, wanted, ...) \
    assert_edges(values, sizeof values / sizeof *values, wanted, (const float[]){__VA_ARGS__}, \
                 sizeof(const float[]){__VA_ARGS__} / sizeof(float))

static void
test_edges(void **unused)
{
    (void) unused;
    const float few[] = {1, 1, 1, 2, 5, 5};
    EDGES(few, 2, 1, 2, 5);
    EDGES(few, 16, 1, 2, 5);
    const float one[] = {7, 7, 7};
    EDGES(one, 4, 7);
    const float even[] = {0, 1, 2, 3, 4, 5, 6, 7};
    EDGES(even, 4, 0, 1, 3, 5, 7);
    EDGES(even, 2, 0, 3, 7);
    EDGES(even, 1, 0, 7);
    /* Zeros fill bins on their own; what is above them is cut as if they were not there. */
    const float amounts[] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8};
    EDGES(amounts, 5, 0, 1, 2, 4, 6, 8);
    const float middle[] = {-4, -3, -2, -1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4};
    EDGES(middle, 3, -4, -1, 0, 1, 4);
    /* A bin must have a width that can be divided by. */
    const float close[] = {0, 0x1p-140f, 1};
    EDGES(close, 4, 0, 1);
    const float far[] = {-3e38f, 0, 3e38f};
    EDGES(far, 4, -3e38f, 0, 3e38f);
    EDGES(far, 1, -3e38f); /* one edge: no bin */
}

static int
compare(const void *a, const void *b)
{
    float x = *(const float *) a, y = *(const float *) b;
    return (x > y) - (x < y);
}

/* Of numbers of both signs: the same edges as from a column sorted by qsort; every bin holds its share. */
static void
test_choose(void **unused)
{
    (void) unused;
    enum { N = 5000, D = 3, WANTED = 16 };
    float *x = malloc(N * D * sizeof *x), *column = malloc(N * sizeof *column), edges[2 * WANTED + 3];
    uint32_t bins[D];
    struct arena arena = {NULL};
    for (uint64_t i = 0; i < N; i++) {
        x[i * D] = (float) rng_normal(rng_key(1, RNG_SPLIT, 0), i);
        x[i * D + 1] = i % 3 == 0 ? -0.0f : 0.0f;
        x[i * D + 2] = i % 2 == 0 ? 0 : expf(3 * (float) rng_normal(rng_key(1, RNG_SPLIT, 1), i));
    }
    const struct rowset rows = {.n = N, .x = x};
    const float *got = bins_choose(&rows, D, WANTED, bins, &arena);
    assert_int_equal(bins[0], WANTED);
    assert_int_equal(bins[1], 0); /* one value, with two signs */
    assert_int_equal(bins[2], WANTED);
    for (uint32_t j = 0; j < D; j += 2) {
        for (uint64_t i = 0; i < N; i++)
            column[i] = x[i * D + j];
        qsort(column, N, sizeof *column, compare);
        assert_int_equal(bins_of_sorted(column, N, WANTED, edges), bins[j] + 1);
        assert_memory_equal(edges, got, (bins[j] + 1) * sizeof *got);
        assert_true(got[0] == column[0] && got[bins[j]] == column[N - 1]);
        for (uint32_t t = 0; j == 0 && t < bins[j]; t++) {
            uint64_t inside = 0;
            for (uint64_t i = 0; i < N; i++)
                inside += column[i] > got[t] && column[i] <= got[t + 1];
            assert_in_range(inside, N / WANTED - WANTED, N / WANTED + 1);
        }
        got += bins[j] + 1;
    }
    arena_free(&arena);
    free(x);
    free(column);
}

/* More rows than are looked at. */
static void
test_many(void **unused)
{
    (void) unused;
    const uint64_t n = 3 * (uint64_t) BINS_ROWS + 5;
    float *x = malloc(n * sizeof *x);
    uint32_t bins;
    struct arena arena = {NULL};
    for (uint64_t i = 0; i < n; i++)
        x[i] = (float) i;
    const float *edges = bins_choose(&(struct rowset){.n = n, .x = x}, 1, 4, &bins, &arena);
    assert_int_equal(bins, 4);
    for (uint32_t t = 0; t <= 4; t++)
        assert_true(fabs((double) edges[t] - (double) n * t / 4) < 10);
    arena_free(&arena);
    free(x);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_edges),
        cmocka_unit_test(test_choose),
        cmocka_unit_test(test_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
