#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "gate.h"
#include "matrix.h"

static void
near(double a, double b)
{
    if (!(fabs(a - b) <= 1e-12))
        fail_msg("%.17g is not %.17g", a, b);
}

/* By hand: task 1 was best right away, task 2 only later, and before it was learned better than by chance. */
static const double cells[] = {
    0.95, 0.30, 0.10, //
    0.80, 0.90, 0.25, //
    0.70, 0.92, 0.99, //
};
static const double baseline[] = {0.10, 0.12, 0.15};
static const struct matrix three = {.n_models = 3, .n_tasks = 3, .cells = cells, .baseline = baseline};

static void
test_measures(void **state)
{
    (void) state;
    near(matrix_measure(&three, MEASURE_ACC), (0.70 + 0.92 + 0.99) / 3);
    near(matrix_measure(&three, MEASURE_BWT), ((0.70 - 0.95) + (0.92 - 0.90)) / 2);
    near(matrix_measure(&three, MEASURE_FWT), ((0.30 - 0.12) + (0.25 - 0.15)) / 2);
    near(matrix_measure(&three, MEASURE_FORGETTING), ((0.95 - 0.70) + (0.90 - 0.92)) / 2);
}

/* The best may be of a model that was made before the task's own. */
static void
test_forgetting_looks_at_all_models_before(void **state)
{
    (void) state;
    const double early[] = {0.5, 0.9, 0, 0.6, 0.7, 0, 0.4, 0.8, 0};
    struct matrix matrix = {.n_models = 3, .n_tasks = 3, .cells = early};
    near(matrix_measure(&matrix, MEASURE_FORGETTING), ((0.6 - 0.4) + (0.9 - 0.8)) / 2);
    near(matrix_measure(&matrix, MEASURE_BWT), ((0.4 - 0.5) + (0.8 - 0.7)) / 2);
}

static void
test_errors_are_turned_round(void **state)
{
    (void) state;
    const double errors[] = {2, 5, 3, 4};
    const double chance[] = {9, 9};
    struct matrix matrix = {.n_models = 2, .n_tasks = 2, .cells = errors, .baseline = chance, .less_is_better = true};
    near(matrix_measure(&matrix, MEASURE_ACC), 3.5);
    near(matrix_measure(&matrix, MEASURE_BWT), -1);
    near(matrix_measure(&matrix, MEASURE_FWT), 4);
    near(matrix_measure(&matrix, MEASURE_FORGETTING), 1);
    const double same[] = {2, 5, 2, 4};
    matrix.cells = same;
    assert_false(signbit(matrix_measure(&matrix, MEASURE_BWT)));
}

static void
test_what_is_not_defined(void **state)
{
    (void) state;
    const double holes[] = {0.9, NAN, NAN, 0.8, 0.7, NAN, 0.6, 0.5, 0.4};
    struct matrix matrix = {.n_models = 3, .n_tasks = 3, .cells = holes, .baseline = baseline};
    near(matrix_measure(&matrix, MEASURE_FORGETTING), ((0.9 - 0.6) + (0.7 - 0.5)) / 2);
    near(matrix_measure(&matrix, MEASURE_BWT), ((0.6 - 0.9) + (0.5 - 0.7)) / 2);
    assert_true(isnan(matrix_measure(&matrix, MEASURE_FWT)));
    matrix.baseline = NULL;
    assert_false(measure_applies(MEASURE_FWT, &matrix));
    matrix.n_tasks = 2; /* three models */
    assert_true(measure_applies(MEASURE_ACC, &matrix));
    assert_false(measure_applies(MEASURE_BWT, &matrix));
    assert_true(isnan(matrix_measure(&matrix, MEASURE_FORGETTING)));
    struct matrix one = {.n_models = 1, .n_tasks = 1, .cells = holes};
    near(matrix_measure(&one, MEASURE_ACC), 0.9);
    assert_false(measure_applies(MEASURE_BWT, &one));
    const double all_undefined[] = {NAN, 1, NAN, 1};
    struct matrix two = {.n_models = 2, .n_tasks = 2, .cells = all_undefined};
    assert_true(isnan(matrix_measure(&two, MEASURE_ACC)));
    assert_true(isnan(matrix_measure(&two, MEASURE_FORGETTING)));
}

static void
test_metrics(void **state)
{
    (void) state;
    bool judges;
    assert_false(matrix_less_is_better(METRIC_ACCURACY, &judges));
    assert_true(judges);
    assert_false(matrix_less_is_better(METRIC_R2, &judges));
    assert_true(judges);
    assert_true(matrix_less_is_better(METRIC_RMSE, &judges));
    assert_true(judges);
    matrix_less_is_better(METRIC_N, &judges);
    assert_false(judges);
    matrix_less_is_better(METRIC_WIDTH, &judges);
    assert_false(judges);
}

static void
test_gates(void **state)
{
    (void) state;
    struct gate gate;
    struct error error;
    assert_int_equal(gate_parse_measure(&gate, " forgetting <= 0.05 ", &error), 0);
    assert_int_equal(gate.measure, MEASURE_FORGETTING);
    assert_true(gate_holds(&gate, 0.05));
    assert_true(gate_holds(&gate, -1));
    assert_false(gate_holds(&gate, 0.06));
    assert_false(gate_holds(&gate, NAN));
    static const char *const wrong[][2] = {{"accuracy>0", "not 'accuracy'"},
                                           {"acc[a]>0", "not 'acc'"},
                                           {"bwt", "is missing"},
                                           {"bwt>=x", "not a number"},
                                           {">0", "not ''"}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(gate_parse_measure(&gate, wrong[i][0], &error), -1);
        assert_int_equal(error.status, STATUS_USAGE);
        if (strstr(error.text, wrong[i][1]) == NULL)
            fail_msg("'%s' does not say '%s'", error.text, wrong[i][1]);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_measures),
        cmocka_unit_test(test_forgetting_looks_at_all_models_before),
        cmocka_unit_test(test_errors_are_turned_round),
        cmocka_unit_test(test_what_is_not_defined),
        cmocka_unit_test(test_metrics),
        cmocka_unit_test(test_gates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
