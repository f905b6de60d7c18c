#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "prequential.h"
#include "rng.h"

static void
near(double got, double wanted)
{
    if (!(fabs(got - wanted) <= 1e-12 * (1 + fabs(wanted))))
        fail_msg("%.17g instead of %.17g", got, wanted);
}

/* Labels 1 1 0 2, predicted 1 0 0 2. The last label was right once, the majority (1, from the second row on) too. */
static void
test_classes(void **unused)
{
    (void) unused;
    static const uint32_t labels[] = {1, 1, 0, 2}, predicted[] = {1, 0, 0, 2};
    static const double losses[] = {0.5, NAN, 0.25, 1};
    struct prequential *metrics = prequential_open(true, 0);
    for (int i = 0; i < 4; i++)
        prequential_class(metrics, labels[i], predicted[i], 1, losses[i]);
    assert_int_equal(prequential_rows(metrics), 4);
    struct prequential_report r = prequential_report(metrics, PREQUENTIAL_ALL);
    near(r.accuracy, 3.0 / 4);
    near(r.no_change, 1.0 / 4);
    near(r.majority, 1.0 / 4);
    near(r.kappa_temporal, 2.0 / 3);
    near(r.loss, 1.75 / 3);
    assert_true(isnan(r.rmse));
    r = prequential_report(metrics, PREQUENTIAL_LAST);
    near(r.accuracy, 3.0 / 4);
    const double a = 0.999, all = a * a * a + a * a + a + 1;
    r = prequential_report(metrics, PREQUENTIAL_FADED);
    near(r.accuracy, (a * a * a + a + 1) / all);
    near(r.no_change, a * a / all);
    near(r.kappa_temporal, ((a * a * a + a + 1) - a * a) / all / (1 - a * a / all));
    prequential_close(metrics);
}

/* Weights 1 2 3; the majority is by weight, of equals the first. */
static void
test_weights(void **unused)
{
    (void) unused;
    struct prequential *metrics = prequential_open(true, 0);
    prequential_class(metrics, 1, 0, 1, NAN);
    prequential_class(metrics, 0, 0, 1, NAN); /* now 0 and 1 are equal: 0 it is */
    prequential_class(metrics, 0, 0, 2, NAN); /* majority right, no change right */
    prequential_class(metrics, 1, 1, 4, NAN);
    prequential_class(metrics, 1, 0, 8, NAN); /* majority 1 (5 against 3) right, no change right */
    struct prequential_report r = prequential_report(metrics, PREQUENTIAL_ALL);
    near(r.accuracy, 7.0 / 16);
    near(r.majority, 10.0 / 16);
    near(r.no_change, 10.0 / 16);
    assert_true(isnan(r.loss));
    prequential_class(metrics, PREQUENTIAL_OTHER, 0, 0, NAN); /* weighs nothing */
    near(prequential_report(metrics, PREQUENTIAL_ALL).accuracy, 7.0 / 16);
    prequential_class(metrics, PREQUENTIAL_OTHER, 0, 16, NAN); /* wrong for all but the last label */
    r = prequential_report(metrics, PREQUENTIAL_ALL);
    near(r.accuracy, 7.0 / 32);
    near(r.majority, 10.0 / 32);
    near(r.no_change, 26.0 / 32);
    prequential_close(metrics);
}

/* Before the first row nothing is known; where every last label was right, kappa says nothing. */
static void
test_undefined(void **unused)
{
    (void) unused;
    struct prequential *metrics = prequential_open(true, 0);
    struct prequential_report r = prequential_report(metrics, PREQUENTIAL_FADED);
    assert_true(isnan(r.accuracy) && isnan(r.kappa_temporal) && isnan(r.loss));
    for (int i = 0; i < PREQUENTIAL_WINDOW + 1; i++)
        prequential_class(metrics, 3, 3, 1, 0);
    r = prequential_report(metrics, PREQUENTIAL_LAST);
    near(r.no_change, 1);
    assert_true(isnan(r.kappa_temporal));
    prequential_close(metrics);
}

static void
test_window(void **unused)
{
    (void) unused;
    struct prequential *metrics = prequential_open(true, 0);
    for (int i = 0; i < 2500; i++) {
        prequential_class(metrics, 1, i >= 500, 1, 0.1 * i);
        if (i == 999)
            near(prequential_report(metrics, PREQUENTIAL_LAST).accuracy, 0.5);
        if (i == 1249)
            near(prequential_report(metrics, PREQUENTIAL_LAST).accuracy, 0.75);
    }
    struct prequential_report r = prequential_report(metrics, PREQUENTIAL_LAST);
    near(r.accuracy, 1);
    near(r.loss, 0.1 * 1999.5); /* of rows 1500 .. 2499 */
    near(prequential_report(metrics, PREQUENTIAL_ALL).accuracy, 0.8);
    prequential_close(metrics);
}

/* y 2 4 3, f 1 4 5: errors 1 0 -2. From the last label: 2 -1. From the mean of those before: 2 0. */
static void
test_numbers(void **unused)
{
    (void) unused;
    static const double y[] = {2, 4, 3}, f[] = {1, 4, 5};
    struct prequential *metrics = prequential_open(false, 1);
    for (int i = 0; i < 3; i++)
        prequential_numbers(metrics, &y[i], &f[i], 1, 1);
    struct prequential_report r = prequential_report(metrics, PREQUENTIAL_ALL);
    near(r.rmse, sqrt(5.0 / 3));
    near(r.mae, 1);
    near(r.no_change_rmse, sqrt(5.0 / 2));
    near(r.no_change_mae, 1.5);
    near(r.mean_rmse, sqrt(4.0 / 2));
    near(r.mean_mae, 1);
    near(r.loss, 1);
    assert_true(isnan(r.accuracy));
    const double a = 0.999;
    r = prequential_report(metrics, PREQUENTIAL_FADED);
    near(r.rmse, sqrt((a * a + 4) / (a * a + a + 1)));
    near(r.no_change_mae, (2 * a + 1) / (a + 1));
    prequential_close(metrics);
}

/* Two labels: means over them. None: the loss alone. */
static void
test_labels(void **unused)
{
    (void) unused;
    struct prequential *two = prequential_open(false, 2), *none = prequential_open(false, 0);
    prequential_numbers(two, (const double[]){1, 10}, (const double[]){2, 13}, 1, 5);
    prequential_numbers(none, NULL, NULL, 1, 5);
    near(prequential_report(two, PREQUENTIAL_ALL).rmse, 2);
    near(prequential_report(two, PREQUENTIAL_ALL).mae, 2);
    assert_true(isnan(prequential_report(two, PREQUENTIAL_ALL).no_change_rmse));
    assert_true(isnan(prequential_report(none, PREQUENTIAL_ALL).rmse));
    near(prequential_report(none, PREQUENTIAL_ALL).loss, 5);
    prequential_close(two);
    prequential_close(none);
}

static void
add_random(struct prequential *metrics, bool classes, uint64_t i)
{
    const struct rng_key key = rng_key(7, RNG_SPLIT, 0);
    const double w = (double) rng_below(key, 8 * i, 4), loss = (double) rng_below(key, 8 * i + 1, 1000) / 7;
    const double y[2] = {(double) rng_below(key, 8 * i + 2, 100) / 3, (double) rng_below(key, 8 * i + 3, 9)};
    const double f[2] = {(double) rng_below(key, 8 * i + 4, 100) / 3, (double) rng_below(key, 8 * i + 5, 9)};
    if (classes)
        prequential_class(metrics, (uint32_t) rng_below(key, 8 * i + 6, 5), (uint32_t) rng_below(key, 8 * i + 7, 5), w,
                          loss);
    else
        prequential_numbers(metrics, y, f, w, loss);
}

/* A run that goes on from a state has the state that an uninterrupted one has. */
static void
test_state(void **unused)
{
    (void) unused;
    static const uint64_t cuts[] = {0, 1, 999, 1000, 1001, 1777};
    for (int classes = 0; classes < 2; classes++)
        for (size_t c = 0; c < sizeof cuts / sizeof *cuts; c++) {
            struct prequential *whole = prequential_open(classes, 2), *first = prequential_open(classes, 2),
                               *second = prequential_open(classes, 2);
            struct error error;
            size_t n, m;
            for (uint64_t i = 0; i < 3500; i++) {
                if (i == cuts[c]) {
                    const double *state = prequential_state(first, &n);
                    assert_int_equal(prequential_restore(second, state, n, &error), 0);
                }
                add_random(whole, classes, i);
                add_random(i < cuts[c] ? first : second, classes, i);
            }
            const double *a = prequential_state(whole, &n), *b = prequential_state(second, &m);
            assert_int_equal(n, m);
            assert_memory_equal(a, b, n * sizeof *a);
            prequential_close(whole);
            prequential_close(first);
            prequential_close(second);
        }
}

static void
test_bad_state(void **unused)
{
    (void) unused;
    struct prequential *classes = prequential_open(true, 0), *numbers = prequential_open(false, 1);
    struct error error;
    size_t n, m;
    for (uint64_t i = 0; i < 10; i++)
        add_random(classes, true, i);
    const double *state = prequential_state(classes, &n);
    double *bad = malloc(n * sizeof *bad);
    assert_int_equal(prequential_restore(numbers, state, n, &error), -1);
    assert_int_equal(error.status, STATUS_DATA);
    for (size_t cut = 0; cut < n; cut++)
        assert_int_equal(prequential_restore(classes, state, cut, &error), -1);
    for (int field = 0; field < 4; field++)
        for (int kind = 0; kind < 3; kind++) {
            memcpy(bad, state, n * sizeof *bad);
            bad[field] = kind == 0 ? NAN : kind == 1 ? -7 : 1e300;
            assert_int_equal(prequential_restore(classes, bad, n, &error), -1);
        }
    memcpy(bad, state, n * sizeof *bad);
    const double *again = prequential_state(classes, &m);
    assert_int_equal(m, n);
    assert_memory_equal(again, bad, n * sizeof *bad);
    free(bad);
    prequential_close(classes);
    prequential_close(numbers);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_classes), cmocka_unit_test(test_weights),   cmocka_unit_test(test_undefined),
        cmocka_unit_test(test_window),  cmocka_unit_test(test_numbers),   cmocka_unit_test(test_labels),
        cmocka_unit_test(test_state),   cmocka_unit_test(test_bad_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
