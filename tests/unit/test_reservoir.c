#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "memory.h"
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

/* From 10 slots to 40: the 10 old rows and 190 new ones, also those that come last, with probability 0.2 each. */
static void
test_larger_memory_is_not_filled_by_the_next_rows(void **state)
{
    (void) state;
    int kept[200] = {0};
    uint64_t picks[40];
    for (uint64_t seed = 0; seed < 2000; seed++) {
        assert_int_equal(reservoir_choose(seed, 40, 100000, 10, 190, picks), 40);
        for (int i = 0; i < 40; i++)
            kept[picks[i]]++;
    }
    for (int i = 0; i < 200; i++)
        assert_in_range(kept[i], 400 - 80, 400 + 80);
}

/* A dataset of one feature equal to 10 times the row, with record numbers 2 i. */
static void
fill(struct dataset *dataset, struct dataset_memory *memory, uint64_t n)
{
    struct error error;
    dataset_open(dataset, memory, 1, 0, 1, false, false);
    for (uint64_t i = 0; i < n; i++) {
        float x = (float) (10 * i), y = -x;
        const struct rowset row = {.n = 1, .x = &x, .y = &y};
        assert_int_equal(dataset_add(dataset, &row, 2 * i, &error), 0);
    }
}

static void
test_tensors_of_a_model(void **state)
{
    (void) state;
    struct dataset_memory memory = {0};
    struct dataset dataset;
    struct model model = {.schema.task = TASK_REGRESSION, .network.n_x = 1};
    fill(&dataset, &memory, 300);
    uint64_t seen = 0;
    for (int round = 1; round <= 2; round++) {
        assert_int_equal(reservoir_keep(&model, &dataset, 300, 3, 40), 40);
        const float *x = model_find(&model, TENSOR_MEMORY, "memory.x")->data;
        const float *y = model_find(&model, TENSOR_MEMORY, "memory.y")->data;
        const struct tensor *row = model_find(&model, TENSOR_MEMORY, "memory.row");
        assert_int_equal(row->shape[0], 40);
        for (int i = 0; i < 40; i++) {
            assert_true(x[i] == 5 * (float) ((const uint64_t *) row->data)[i]);
            assert_true(y[i] == -x[i]);
        }
        assert_true(value_get_u64(model.memory, "rows_seen", &seen));
        assert_int_equal(seen, 300 * round);
    }
    assert_int_equal(reservoir_keep(&model, &dataset, 300, 3, 0), 0);
    assert_null(model_find(&model, TENSOR_MEMORY, "memory.x"));
    dataset_close(&dataset);
    model_free(&model);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keeps_all_that_fit),
        cmocka_unit_test(test_going_on_is_the_same),
        cmocka_unit_test(test_every_row_has_the_same_chance),
        cmocka_unit_test(test_smaller_memory_is_thinned),
        cmocka_unit_test(test_larger_memory_is_not_filled_by_the_next_rows),
        cmocka_unit_test(test_tensors_of_a_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
