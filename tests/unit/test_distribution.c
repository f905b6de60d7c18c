/* Distributions in bounded counts, their joining, and the samples they are made of. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "distribution.h"
#include "rng.h"
#include "row_sample.h"
#include "schema.h"

/* ---- samples ---- */

enum { D = 3, K = 1 };

/* Row i is i everywhere. */
static void
add_rows(struct row_sample *sample, uint64_t first, uint64_t n)
{
    float *x = malloc((size_t) n * D * sizeof *x + 1);
    uint32_t *c = malloc((size_t) n * K * sizeof *c + 1);
    for (uint64_t i = 0; i < n; i++) {
        for (int j = 0; j < D; j++)
            x[i * D + (uint64_t) j] = (float) (first + i);
        c[i] = (uint32_t) (first + i);
    }
    row_sample_add(sample, x, c, n);
    free(x);
    free(c);
}

static void
test_a_sample_is_the_same_however_rows_come(void **state)
{
    (void) state;
    struct row_sample whole, pieces;
    row_sample_open(&whole, D, K, 64);
    row_sample_open(&pieces, D, K, 64);
    add_rows(&whole, 0, 20000);
    for (uint64_t first = 0, piece = 0; first < 20000; first += piece) {
        piece = (3 * piece + 1) % 997;
        piece = 20000 - first < piece ? 20000 - first : piece;
        add_rows(&pieces, first, piece);
    }
    assert_int_equal(row_sample_size(&whole), 64);
    assert_int_equal(pieces.rows, 20000);
    assert_memory_equal(whole.x, pieces.x, 64 * D * sizeof *whole.x);
    assert_memory_equal(whole.c, pieces.c, 64 * K * sizeof *whole.c);
    for (int slot = 0; slot < 64; slot++) { /* whole rows, each once */
        for (int j = 0; j < D; j++)
            assert_true(whole.x[slot * D + j] == (float) whole.c[slot]);
        for (int other = 0; other < slot; other++)
            assert_int_not_equal(whole.c[slot], whole.c[other]);
    }
    row_sample_close(&whole);
    row_sample_close(&pieces);
}

static void
test_few_rows_are_all_there(void **state)
{
    (void) state;
    struct row_sample sample;
    row_sample_open(&sample, D, K, 64);
    assert_int_equal(row_sample_size(&sample), 0);
    add_rows(&sample, 0, 40);
    assert_int_equal(row_sample_size(&sample), 40);
    for (uint32_t i = 0; i < 40; i++)
        assert_int_equal(sample.c[i], i);
    row_sample_close(&sample);
}

/*
 * Every part of the stream has its share. Samples of 50 of 1,000 rows, taken from 400 streams, which are pieces of one
 * long stream of draws: tenths of the rows have 2,000 each on average, with a deviation of sqrt(20000 .1 .9 .95) = 41.
 */
static void
test_every_row_has_the_same_chance(void **state)
{
    (void) state;
    uint64_t tenths[10] = {0};
    for (uint64_t stream = 0; stream < 400; stream++) {
        struct row_sample sample;
        row_sample_open(&sample, D, K, 50);
        sample.key = rng_key(stream, RNG_DRIFT, 9);
        add_rows(&sample, 0, 1000);
        for (int slot = 0; slot < 50; slot++)
            tenths[sample.c[slot] / 100]++;
        row_sample_close(&sample);
    }
    for (int i = 0; i < 10; i++)
        assert_in_range(tenths[i], 2000 - 165, 2000 + 165);
}

/* ---- numbers ---- */

static void
test_numbers_in_bins(void **state)
{
    (void) state;
    struct arena arena = {0};
    float numbers[100];
    for (int i = 0; i < 100; i++)
        numbers[(i * 37) % 100] = (float) i;
    const struct distribution *seen = distribution_of_numbers(numbers, 100, 4, &arena);
    /* Up to and with 24, 49, 74. */
    assert_int_equal(seen->n, 4);
    for (int i = 0; i < 4; i++) {
        assert_true(seen->counts[i] == 25);
        assert_true(i == 3 || seen->edges[i] == 25 * i + 24);
    }
    assert_true(seen->total == 100);
    assert_int_equal(distribution_bin(seen, -1e300), 0);
    assert_int_equal(distribution_bin(seen, 24), 0);
    assert_int_equal(distribution_bin(seen, 24.1), 1);
    assert_int_equal(distribution_bin(seen, 74), 2);
    assert_int_equal(distribution_bin(seen, 1e300), 3);

    /* No value is cut in two: 60 zeros are one bin. NaN is none, infinity the largest number, -0 is 0. */
    for (int i = 0; i < 100; i++)
        numbers[i] = i < 60 ? (i % 2 ? 0.0f : -0.0f) : i < 70 ? NAN : i < 75 ? INFINITY : (float) i;
    seen = distribution_of_numbers(numbers, 100, 4, &arena);
    assert_true(seen->total == 90 && seen->n == 3);
    assert_true(seen->edges[0] == 0 && !signbit(seen->edges[0]) && seen->edges[1] == 81);
    assert_true(seen->counts[0] == 60 && seen->counts[1] == 7 && seen->counts[2] == 23);

    /* Few numbers have few bins. */
    const float few[] = {3, 1, 2, 5, 4, 6, 7};
    memcpy(numbers, few, sizeof few);
    seen = distribution_of_numbers(numbers, 7, 32, &arena);
    assert_true(seen->n == 1 && seen->counts[0] == 7);
    numbers[0] = NAN;
    assert_null(distribution_of_numbers(numbers, 1, 32, &arena));
    assert_null(distribution_of_numbers(numbers, 0, 32, &arena));
    arena_free(&arena);
}

/* Bins (.., 10], (10, ..) of 1 to 20, and (.., 15], (15, ..) of 11 to 20: 1 to 3 parts of weight. */
static void
test_numbers_joined(void **state)
{
    (void) state;
    struct arena arena = {0};
    const double edge_a[] = {10}, edge_b[] = {15}, counts_a[] = {10, 10}, counts_b[] = {20, 20};
    const struct distribution a = {.n = 2, .edges = edge_a, .counts = counts_a, .total = 20},
                              b = {.n = 2, .edges = edge_b, .counts = counts_b, .total = 40};
    const struct distribution_part part_a = {&a, 100, 0, 20}, part_b = {&b, 300, 10, 20};
    const struct distribution *joined = distribution_join(&part_a, &part_b, 8, &arena);
    /* 400^2 / (100^2 / 20 + 300^2 / 40) = 160000 / 2750 */
    assert_true(fabs(joined->total - 160000.0 / 2750) < 1e-12);
    /* Up to 10: 1/4 1/2 + 3/4 0; up to 15: 1/4 3/4 + 3/4 1/2. */
    assert_int_equal(joined->n, 3);
    assert_true(joined->edges[0] == 10 && joined->edges[1] == 15);
    assert_true(fabs(joined->counts[0] / joined->total - 0.125) < 1e-12);
    assert_true(fabs(joined->counts[1] / joined->total - 0.4375) < 1e-12);
    assert_true(fabs(joined->counts[2] / joined->total - 0.4375) < 1e-12);
    /* Of two bins the edge nearest above one half is left. */
    joined = distribution_join(&part_a, &part_b, 2, &arena);
    assert_true(joined->n == 2 && joined->edges[0] == 15);
    arena_free(&arena);
}

/* ---- categories ---- */

static void
make_dict(struct dict *dict, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        char value[16];
        dict_add(dict, value, (size_t) snprintf(value, sizeof value, "v%u", i));
    }
}

static void
test_categories_by_value(void **state)
{
    (void) state;
    struct arena arena = {0};
    struct dict dict = {0};
    size_t room = 100;
    make_dict(&dict, 5);
    uint32_t codes[] = {3, 0, 1, 3, 5, 0, 3, 1};
    const struct distribution *seen = distribution_of_codes(codes, 8, &dict, 4, &room, &arena);
    assert_int_equal(seen->kind, DISTRIBUTION_VALUES);
    assert_int_equal(seen->n, 3);
    assert_string_equal(seen->values[0], "v2");
    assert_string_equal(seen->values[1], "v0");
    assert_string_equal(seen->values[2], "v4");
    assert_true(seen->counts[0] == 3 && seen->counts[1] == 2 && seen->counts[2] == 1 && seen->total == 6);
    assert_int_equal(room, 94);
    uint32_t none[] = {0, 0};
    assert_null(distribution_of_codes(none, 2, &dict, 4, &room, &arena));

    /* Together with a half of v0 and a half of v9, twice as many. */
    const char *values[] = {"v0", "v9"};
    uint32_t lengths[] = {2, 2};
    const double counts[] = {3, 3};
    const struct distribution other = {
        .kind = DISTRIBUTION_VALUES, .n = 2, .values = values, .lengths = lengths, .counts = counts, .total = 6};
    const struct distribution_part part = {seen, 6, NAN, NAN}, more = {&other, 12, NAN, NAN};
    const struct distribution *joined = distribution_join(&part, &more, 4, &arena);
    assert_int_equal(joined->kind, DISTRIBUTION_VALUES);
    assert_int_equal(joined->n, 4);
    assert_string_equal(joined->values[0], "v0"); /* 2/6 1/3 + 1/2 2/3 = 8/18, v9 6/18, v2 3/18, v4 1/18 */
    assert_string_equal(joined->values[1], "v9");
    assert_true(fabs(joined->counts[0] / joined->total - 8.0 / 18) < 1e-12);
    assert_true(fabs(joined->counts[3] / joined->total - 1.0 / 18) < 1e-12);
    /* Too many for three bins. */
    joined = distribution_join(&part, &more, 3, &arena);
    assert_int_equal(joined->kind, DISTRIBUTION_HASHED);
    assert_int_equal(joined->n, 3);
    dict_free(&dict);
    arena_free(&arena);
}

static void
test_categories_by_hash(void **state)
{
    (void) state;
    struct arena arena = {0};
    struct dict dict = {0};
    size_t room = 1000, little = 10;
    make_dict(&dict, 50);
    uint32_t codes[50], again[50], few[] = {1, 2, 3, 4, 5, 6};
    double expected[8] = {0};
    for (uint32_t i = 0; i < 50; i++) {
        codes[i] = again[i] = i + 1;
        expected[distribution_hash(dict.values[i], dict.lengths[i], 8)]++;
    }
    const struct distribution *seen = distribution_of_codes(codes, 50, &dict, 8, &room, &arena);
    assert_int_equal(seen->kind, DISTRIBUTION_HASHED);
    assert_int_equal(seen->n, 8);
    assert_memory_equal(seen->counts, expected, sizeof expected);
    assert_int_equal(room, 1000);
    /* No room for values. */
    const struct distribution *values = distribution_of_codes(few, 6, &dict, 8, &little, &arena);
    assert_int_equal(values->kind, DISTRIBUTION_HASHED);
    /* Values and hashes join by hash. */
    room = 1000;
    memcpy(again, codes, sizeof again);
    values = distribution_of_codes(again, 6, &dict, 8, &room, &arena);
    assert_int_equal(values->kind, DISTRIBUTION_VALUES);
    const struct distribution_part a = {values, 6, NAN, NAN}, b = {seen, 50, NAN, NAN};
    const struct distribution *joined = distribution_join(&a, &b, 8, &arena);
    assert_int_equal(joined->kind, DISTRIBUTION_HASHED);
    double sum = 0;
    for (int i = 0; i < 8; i++)
        sum += joined->counts[i];
    assert_true(fabs(sum - joined->total) < 1e-9);
    dict_free(&dict);
    arena_free(&arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_sample_is_the_same_however_rows_come),
        cmocka_unit_test(test_few_rows_are_all_there),
        cmocka_unit_test(test_every_row_has_the_same_chance),
        cmocka_unit_test(test_numbers_in_bins),
        cmocka_unit_test(test_numbers_joined),
        cmocka_unit_test(test_categories_by_value),
        cmocka_unit_test(test_categories_by_hash),
    };
    return cmocka_run_group_tests_name("distribution", tests, NULL, NULL);
}
