#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "reservoir.h"

static void
test_keeps_all_that_fit(void **state)
{
    (void) state;
    uint64_t picks[10];
    assert_int_equal(reservoir_choose(1, 10, 0, 0, 7, picks), 7);
    for (uint64_t i = 0; i < 7; i++)
        assert_int_equal(picks[i], i);
    assert_int_equal(reservoir_choose(1, 0, 0, 0, 7, picks), 0);
}

/* 60 rows at once are the same as 25, then 35. */
static void
test_going_on_is_the_same(void **state)
{
    (void) state;
    uint64_t whole[8], first[8], second[8];
    assert_int_equal(reservoir_choose(7, 8, 0, 0, 60, whole), 8);
    assert_int_equal(reservoir_choose(7, 8, 0, 0, 25, first), 8);
    assert_int_equal(reservoir_choose(7, 8, 25, 8, 35, second), 8);
    for (int i = 0; i < 8; i++)
        assert_int_equal(whole[i], second[i] < 8 ? first[second[i]] : 25 + second[i] - 8);
}

/* Each of 100 rows is kept with probability 0.2: over 2000 seeds 400 times, sigma 18. */
static void
test_every_row_has_the_same_chance(void **state)
{
    (void) state;
    int kept[100] = {0};
    uint64_t picks[20];
    for (uint64_t seed = 0; seed < 2000; seed++) {
        reservoir_choose(seed, 20, 0, 0, 100, picks);
        for (int i = 0; i < 20; i++)
            kept[picks[i]]++;
    }
    for (int i = 0; i < 100; i++)
        assert_in_range(kept[i], 400 - 80, 400 + 80);
}

static void
test_smaller_memory_is_thinned(void **state)
{
    (void) state;
    uint64_t picks[5];
    assert_int_equal(reservoir_choose(1, 5, 1000, 50, 0, picks), 5);
    for (int i = 0; i < 5; i++) {
        assert_true(picks[i] < 50);
        assert_true(i == 0 || picks[i] > picks[i - 1]);
    }
    /* Not simply the first ones, which are the oldest. */
    assert_true(picks[4] > 4);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keeps_all_that_fit),
        cmocka_unit_test(test_going_on_is_the_same),
        cmocka_unit_test(test_every_row_has_the_same_chance),
        cmocka_unit_test(test_smaller_memory_is_thinned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
