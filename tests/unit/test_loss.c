#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <math.h>
#include <cmocka.h>

#include "loss.h"

static bool
near(float a, double b)
{
    return fabs((double) a - b) <= 1e-6 * (fabs(b) + 1);
}

static void
test_regression_losses(void **unused)
{
    (void) unused;
    const float z[3] = {1, 2, -3}, y[3] = {0, 2, 1};
    float g[3];
    assert_true(near(loss_gradient(LOSS_MSE, 0, z, 3, y, 0, NULL, g), (1 + 0 + 16) / 3.0));
    assert_true(near(g[0], 2 / 3.0) && g[1] == 0 && near(g[2], -8 / 3.0));
    assert_true(near(loss_gradient(LOSS_MAE, 0, z, 3, y, 0, NULL, g), 5 / 3.0));
    assert_true(near(g[0], 1 / 3.0) && g[1] == 0 && near(g[2], -1 / 3.0));
    assert_true(near(loss_gradient(LOSS_HUBER, 2, z, 3, y, 0, NULL, g), (0.5 + 0 + 2 * (4 - 1)) / 3.0));
    assert_true(near(g[0], 1 / 3.0) && g[1] == 0 && near(g[2], -2 / 3.0));
    for (int loss = LOSS_MSE; loss <= LOSS_HUBER; loss++)
        assert_true(loss_row((enum loss) loss, 2, z, 3, y, 0, NULL) ==
                    loss_gradient((enum loss) loss, 2, z, 3, y, 0, NULL, g));
}

/* -(y log p + (1 - y) log(1 - p)), also where p rounds to 0 or 1. */
static void
test_binary(void **unused)
{
    (void) unused;
    float g, p;
    for (float z = -200; z <= 200; z += 0.625f)
        for (int y = 0; y < 2; y++) {
            float target = (float) y;
            double x = y ? (double) z : -(double) z, exact = x > 0 ? log1p(exp(-x)) : -x + log1p(exp(x));
            assert_true(fabs((double) loss_row(LOSS_BCE, 0, &z, 1, &target, 0, NULL) - exact) <= 3e-7 * exact + 1e-44);
            loss_gradient(LOSS_BCE, 0, &z, 1, &target, 0, NULL, &g);
            loss_link(LOSS_BCE, &z, 1, NULL, &p);
            assert_true(near(p, 1 / (1 + exp(-(double) z))));
            assert_true(g == p - target);
        }
}

static void
test_softmax(void **unused)
{
    (void) unused;
    const float z[4] = {1000, 1001, 999, 5000};
    const uint8_t three[4] = {1, 1, 1, 0};
    float p[4], g[4];
    double sum = exp(-1) + 1 + exp(-2);
    loss_link(LOSS_CE, z, 4, three, p);
    assert_true(near(p[0], exp(-1) / sum) && near(p[1], 1 / sum) && near(p[2], exp(-2) / sum) && p[3] == 0);
    assert_true(near(loss_gradient(LOSS_CE, 0, z, 4, NULL, 2, three, g), log(sum) + 2));
    assert_true(g[0] == p[0] && g[1] == p[1] && g[2] == p[2] - 1 && g[3] == 0);
    assert_true(loss_row(LOSS_CE, 0, z, 4, NULL, 2, three) == loss_gradient(LOSS_CE, 0, z, 4, NULL, 2, three, g));
    loss_link(LOSS_CE, z, 4, NULL, p);
    assert_true(p[3] == 1 && p[0] == 0);
    assert_true(loss_row(LOSS_CE, 0, z, 4, NULL, 3, NULL) == 0);
    assert_true(loss_row(LOSS_CE, 0, z, 4, NULL, 0, NULL) == 4000);
    /* in place, and many classes: the denominator crosses a block of rule 3 */
    static float many[5000];
    for (int j = 0; j < 5000; j++)
        many[j] = (float) (j % 7);
    loss_link(LOSS_CE, many, 5000, NULL, many);
    double total = 0;
    for (int j = 0; j < 5000; j++)
        total += (double) many[j];
    assert_true(fabs(total - 1) < 1e-5);
}

static void
test_identity_link(void **unused)
{
    (void) unused;
    float z[2] = {-3, 4}, p[2];
    for (int loss = LOSS_MSE; loss <= LOSS_HUBER; loss++) {
        loss_link((enum loss) loss, z, 2, NULL, p);
        assert_true(p[0] == -3 && p[1] == 4);
    }
}

static void
test_not_finite(void **unused)
{
    (void) unused;
    const float z[2] = {NAN, 1}, y[2] = {0, 0};
    const uint32_t label = 0;
    for (int loss = 0; loss < LOSS_COUNT; loss++)
        assert_false(isfinite(loss_row((enum loss) loss, 1, z, 2, y, label, NULL)));
}

static void
test_outputs(void **unused)
{
    (void) unused;
    assert_int_equal(loss_outputs(LOSS_BCE, 2, 1), 1);
    assert_int_equal(loss_outputs(LOSS_CE, 26, 1), 26);
    assert_int_equal(loss_outputs(LOSS_HUBER, 0, 3), 3);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_regression_losses), cmocka_unit_test(test_binary),     cmocka_unit_test(test_softmax),
        cmocka_unit_test(test_identity_link),     cmocka_unit_test(test_not_finite), cmocka_unit_test(test_outputs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
