#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "split.h"

static struct split_rule
shares(uint64_t seed, double train, double valid, double test)
{
    struct split_rule rule = {.seed = seed};
    struct error error;
    assert_int_equal(split_shares(&rule, (double[]){train, valid, test}, 3, &error), 0);
    return rule;
}

/* Counts of train, valid, test among the next n rows of a stratum. */
static void
deal(struct split_dealer *dealer, uint64_t stratum, int n, int counts[3])
{
    for (int i = 0; i < n; i++)
        counts[split_deal(dealer, stratum) - SPLIT_TRAIN]++;
}

static void
test_shares_are_checked(void **state)
{
    (void) state;
    struct split_rule rule = {0};
    struct error error;
    assert_int_equal(split_shares(&rule, (double[]){0.8, 0.2}, 2, &error), 0);
    assert_int_equal(rule.share[0], 800000000);
    assert_int_equal(rule.share[1], 0);
    assert_int_equal(rule.share[2], 200000000);
    assert_int_equal(split_shares(&rule, (double[]){1.0 / 3, 1.0 / 3, 1.0 / 3}, 3, &error), 0);
    assert_int_equal(rule.share[0] + rule.share[1] + rule.share[2], SPLIT_WHOLE);
    assert_int_equal(split_shares(&rule, (double[]){0, 0, 1}, 3, &error), 0);

    assert_int_equal(split_shares(&rule, (double[]){0.8, 0.2 + 2e-9}, 2, &error), -1);
    assert_int_equal(error.status, STATUS_USAGE);
    assert_non_null(strstr(error.text, "sum to"));
    assert_int_equal(split_shares(&rule, (double[]){80, 20}, 2, &error), -1);
    assert_int_equal(split_shares(&rule, (double[]){1.5, -0.5}, 2, &error), -1);
    assert_int_equal(split_shares(&rule, (double[]){NAN, 0.5}, 2, &error), -1);
    assert_int_equal(split_shares(&rule, (double[]){1}, 1, &error), -1);
    assert_int_equal(split_shares(&rule, (double[]){0.25, 0.25, 0.25, 0.25}, 4, &error), -1);
}

/* Every pair of whole percents: exact at each hundred rows, within a row of exact at each ten. */
static void
test_counts_are_exact(void **state)
{
    (void) state;
    for (int train = 0; train <= 100; train++)
        for (int valid = 0; train + valid <= 100; valid += 1 + (train % 3)) {
            double exact[3] = {train / 100.0, valid / 100.0, (100 - train - valid) / 100.0};
            struct split_rule rule = shares(7, exact[0], exact[1], exact[2]);
            struct split_dealer *dealer = split_dealer_open(&rule);
            int counts[3] = {0, 0, 0};
            for (int n = 10; n <= 500; n += 10) {
                deal(dealer, 0, 10, counts);
                for (int p = 0; p < 3; p++) {
                    if (n % 100 == 0)
                        assert_int_equal(counts[p], (int) lround(exact[p] * n));
                    assert_true(fabs(counts[p] - exact[p] * n) < 1.0 + 1e-9);
                }
            }
            split_dealer_close(dealer);
        }
}

static void
test_thirds_stay_within_a_row(void **state)
{
    (void) state;
    struct split_rule rule = shares(3, 1.0 / 3, 1.0 / 3, 1.0 / 3);
    struct split_dealer *dealer = split_dealer_open(&rule);
    int counts[3] = {0, 0, 0};
    for (int n = 10; n <= 100000; n += 10) {
        deal(dealer, 0, 10, counts);
        for (int p = 0; p < 3; p++)
            assert_true(fabs(counts[p] - n / 3.0) < 1.01);
    }
    split_dealer_close(dealer);
}

/* Strata are dealt apart: what comes between the rows of one does not move them. */
static void
test_strata_are_independent(void **state)
{
    (void) state;
    struct split_rule rule = shares(1, 0.6, 0.2, 0.2);
    struct split_dealer *alone = split_dealer_open(&rule), *mixed = split_dealer_open(&rule);
    for (int i = 0; i < 3000; i++) {
        for (uint64_t other = 100; other < 100 + (uint64_t) (i % 40); other++)
            split_deal(mixed, other);
        assert_int_equal(split_deal(alone, 5), split_deal(mixed, 5));
    }
    split_dealer_close(alone);
    split_dealer_close(mixed);
}

static void
test_seeds_differ(void **state)
{
    (void) state;
    struct split_rule one = shares(1, 0.5, 0, 0.5), two = shares(2, 0.5, 0, 0.5);
    struct split_dealer *a = split_dealer_open(&one), *b = split_dealer_open(&two);
    int same = 0, same_hash = 0;
    for (uint64_t i = 0; i < 10000; i++) {
        same += split_deal(a, 0) == split_deal(b, 0);
        same_hash += split_by_hash(&one, i) == split_by_hash(&two, i);
    }
    /* Binomial(10000, 1/2) is within 6 sigma = 300. */
    assert_in_range(same, 4700, 5300);
    assert_in_range(same_hash, 4700, 5300);
    split_dealer_close(a);
    split_dealer_close(b);
}

/* Each of the ten places of a block is a test row equally often, and neighbours are not tied together. */
static void
test_places_are_random(void **state)
{
    (void) state;
    enum { BLOCKS = 20000 };
    struct split_rule rule = shares(11, 0.8, 0, 0.2);
    struct split_dealer *dealer = split_dealer_open(&rule);
    int at[10] = {0}, pairs = 0, last = 0;
    for (int i = 0; i < 10 * BLOCKS; i++) {
        int test = split_deal(dealer, 0) == SPLIT_TEST;
        at[i % 10] += test;
        pairs += i % 10 != 0 && test && last;
        last = test;
    }
    double chi2 = 0;
    for (int i = 0; i < 10; i++)
        chi2 += pow(at[i] - 0.2 * BLOCKS, 2) / (0.2 * BLOCKS);
    assert_true(chi2 < 40); /* 9 degrees of freedom: p is below 1e-5 */
    /* Two test rows a block: adjacent in 9 of the 45 pairs of places. */
    assert_true(fabs(pairs - 0.2 * BLOCKS) < 6 * sqrt(0.16 * BLOCKS));
    split_dealer_close(dealer);
}

static void
test_folds_are_disjoint_and_cover(void **state)
{
    (void) state;
    const uint32_t numbers[] = {2, 3, 5, 7, 10, 11, 100};
    enum { ROWS = 1234 };
    for (size_t k = 0; k < sizeof numbers / sizeof *numbers; k++) {
        uint8_t dealt[ROWS] = {0}, hashed[ROWS] = {0}, placed[ROWS] = {0};
        int most = 0, least = ROWS;
        for (uint32_t fold = 0; fold < numbers[k]; fold++) {
            struct split_rule rule = {.seed = 4, .folds = numbers[k], .fold = fold};
            struct split_dealer *dealer = split_dealer_open(&rule);
            int rows = 0, in_order = 0;
            for (uint64_t i = 0; i < ROWS; i++) {
                int test = split_deal(dealer, 0) == SPLIT_TEST;
                rows += test;
                dealt[i] += (uint8_t) test;
                hashed[i] += split_by_hash(&rule, i) == SPLIT_TEST;
                test = split_by_place(&rule, i, ROWS) == SPLIT_TEST;
                placed[i] += (uint8_t) test;
                in_order += test;
            }
            split_dealer_close(dealer);
            most = rows > most ? rows : most;
            least = rows < least ? rows : least;
            assert_in_range(in_order, ROWS / numbers[k], ROWS / numbers[k] + 1);
        }
        for (int i = 0; i < ROWS; i++) {
            assert_int_equal(dealt[i], 1);
            assert_int_equal(hashed[i], 1);
            assert_int_equal(placed[i], 1);
        }
        /* Only the last block can be uneven. */
        assert_true(most - least <= (numbers[k] >= 10 ? 1 : (int) ((10 + numbers[k] - 1) / numbers[k])));
    }
}

static void
test_in_order(void **state)
{
    (void) state;
    struct split_rule rule = shares(1, 0.8, 0.1, 0.1);
    int counts[3] = {0, 0, 0}, last = SPLIT_TRAIN;
    for (uint64_t i = 0; i < 1005; i++) {
        int tag = split_by_place(&rule, i, 1005);
        assert_true(tag >= last);
        counts[tag - SPLIT_TRAIN]++;
        last = tag;
    }
    assert_int_equal(counts[0], 804);
    assert_int_equal(counts[1], 101); /* 904.5 rounds up */
    assert_int_equal(counts[2], 100);
}

/* A table of two numbers, two categories and a class label, with one row repeated under other codes. */
static void
test_content_hash_is_of_values(void **state)
{
    (void) state;
    struct column columns[5] = {{.name = "a", .type = COLUMN_NUM, .role = ROLE_FEATURE},
                                {.name = "k", .type = COLUMN_CAT, .role = ROLE_FEATURE},
                                {.name = "b", .type = COLUMN_NUM, .role = ROLE_FEATURE},
                                {.name = "id", .type = COLUMN_CAT, .role = ROLE_ID},
                                {.name = "y", .type = COLUMN_CAT, .role = ROLE_LABEL}};
    dict_add(&columns[1].dict, "red", 3);
    dict_add(&columns[1].dict, "green", 5);
    dict_add(&columns[4].dict, "no", 2);
    dict_add(&columns[4].dict, "yes", 3);
    struct schema schema = {.columns = columns, .n_columns = 5, .task = TASK_CLASS, .n_x = 2, .n_c = 1, .n_y = 1};
    struct arena arena = {0};
    float x[] = {1, 2, 1, 2, 1, 3, -0.0f, 2, 0.0f, 2, NAN, 2, -NAN, 2};
    uint32_t c[] = {1, 1, 1, 2, 2, 0, 0}, label[] = {1, 2, 1, 1, 1, 0, 2};
    uint64_t id[] = {10, 11, 12, 13, 14, 15, 16}, hash[7], other[7];
    struct batch batch = {.schema = &schema, .arena = &arena, .n = 7, .x = x, .c = c, .label = label, .id = id};
    struct error error;

    assert_int_equal(split_hash_content(&batch, hash, &error), 0);
    assert_int_equal(hash[0], hash[1]); /* neither label nor id counts */
    assert_int_not_equal(hash[0], hash[2]);
    assert_int_equal(hash[3], hash[4]); /* -0 is 0 */
    assert_int_equal(hash[5], hash[6]); /* all NaN are one */
    assert_int_not_equal(hash[3], hash[5]);

    /* The same strings under other codes. */
    struct column swapped[5];
    memcpy(swapped, columns, sizeof swapped);
    memset(&swapped[1].dict, 0, sizeof swapped[1].dict);
    dict_add(&swapped[1].dict, "blue", 4);
    dict_add(&swapped[1].dict, "green", 5);
    dict_add(&swapped[1].dict, "red", 3);
    uint32_t codes[] = {3, 3, 3, 2, 2, 0, 0};
    struct schema renamed = schema;
    renamed.columns = swapped;
    batch.schema = &renamed;
    batch.c = codes;
    assert_int_equal(split_hash_content(&batch, other, &error), 0);
    assert_memory_equal(hash, other, sizeof hash);

    assert_int_equal(split_hash_labels(&batch, hash, &error), 0);
    assert_int_equal(hash[0], hash[2]);
    assert_int_not_equal(hash[0], hash[1]);
    assert_int_equal(split_hash_column(&batch, 3, hash, &error), 0);
    assert_memory_equal(hash, id, sizeof id);
    assert_int_equal(split_hash_column(&batch, 2, hash, &error), 0);
    assert_int_equal(hash[0], hash[1]);
    assert_int_not_equal(hash[1], hash[2]);

    batch.label = NULL;
    assert_int_equal(split_hash_labels(&batch, hash, &error), -1);
    assert_int_equal(error.status, STATUS_DATA);
    assert_non_null(strstr(error.text, "'y'"));
    dict_free(&columns[1].dict);
    dict_free(&columns[4].dict);
    dict_free(&swapped[1].dict);
    arena_free(&arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shares_are_checked),
        cmocka_unit_test(test_counts_are_exact),
        cmocka_unit_test(test_thirds_stay_within_a_row),
        cmocka_unit_test(test_strata_are_independent),
        cmocka_unit_test(test_seeds_differ),
        cmocka_unit_test(test_places_are_random),
        cmocka_unit_test(test_folds_are_disjoint_and_cover),
        cmocka_unit_test(test_in_order),
        cmocka_unit_test(test_content_hash_is_of_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
