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

static const float quarters[3] = {0.25f, 0.5f, 0.75f};

static struct objective
of(enum loss loss)
{
    return (struct objective){loss, 2, 0, loss == LOSS_QUANTILE ? 2 : 0, quarters};
}

static float
row(enum loss loss, const float *z, uint32_t n, const float *y, uint32_t label, const uint8_t *classes)
{
    const struct objective objective = of(loss);
    return loss_row(&objective, z, n, y, label, classes);
}

static float
gradient(enum loss loss, const float *z, uint32_t n, const float *y, uint32_t label, const uint8_t *classes, float *g)
{
    const struct objective objective = of(loss);
    return loss_gradient(&objective, z, n, y, label, classes, g);
}

static void
test_regression_losses(void **unused)
{
    (void) unused;
    const float z[3] = {1, 2, -3}, y[3] = {0, 2, 1};
    float g[3];
    assert_true(near(gradient(LOSS_MSE, z, 3, y, 0, NULL, g), (1 + 0 + 16) / 3.0));
    assert_true(near(g[0], 2 / 3.0) && g[1] == 0 && near(g[2], -8 / 3.0));
    assert_true(near(gradient(LOSS_MAE, z, 3, y, 0, NULL, g), 5 / 3.0));
    assert_true(near(g[0], 1 / 3.0) && g[1] == 0 && near(g[2], -1 / 3.0));
    assert_true(near(gradient(LOSS_HUBER, z, 3, y, 0, NULL, g), (0.5 + 0 + 2 * (4 - 1)) / 3.0));
    assert_true(near(g[0], 1 / 3.0) && g[1] == 0 && near(g[2], -2 / 3.0));
    for (int loss = LOSS_MSE; loss <= LOSS_HUBER; loss++)
        assert_true(row((enum loss) loss, z, 3, y, 0, NULL) == gradient((enum loss) loss, z, 3, y, 0, NULL, g));
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
            assert_true(fabs((double) row(LOSS_BCE, &z, 1, &target, 0, NULL) - exact) <= 3e-7 * exact + 1e-44);
            gradient(LOSS_BCE, &z, 1, &target, 0, NULL, &g);
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
    assert_true(near(gradient(LOSS_CE, z, 4, NULL, 2, three, g), log(sum) + 2));
    assert_true(g[0] == p[0] && g[1] == p[1] && g[2] == p[2] - 1 && g[3] == 0);
    assert_true(row(LOSS_CE, z, 4, NULL, 2, three) == gradient(LOSS_CE, z, 4, NULL, 2, three, g));
    loss_link(LOSS_CE, z, 4, NULL, p);
    assert_true(p[3] == 1 && p[0] == 0);
    assert_true(row(LOSS_CE, z, 4, NULL, 3, NULL) == 0);
    assert_true(row(LOSS_CE, z, 4, NULL, 0, NULL) == 4000);
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

/* Half the unit deviance: 0 where the mean is the label, y log(y / m) - y + m elsewhere. */
static void
test_poisson(void **unused)
{
    (void) unused;
    const float counts[] = {0, 0.5f, 1, 3, 1000};
    float g, m;
    for (size_t i = 0; i < 5; i++)
        for (float z = -8; z <= 8; z += 0.5f) {
            const double y = (double) counts[i], mean = exp((double) z);
            const double exact = (y > 0 ? y * log(y / mean) : 0) - y + mean;
            assert_true(fabs((double) gradient(LOSS_POISSON, &z, 1, &counts[i], 0, NULL, &g) - exact) <=
                        1e-6 * (y * (fabs((double) z) + log(y + 1) + 1) + mean));
            loss_link(LOSS_POISSON, &z, 1, NULL, &m);
            assert_true(near(m, mean) && g == m - counts[i]);
        }
}

/* Two labels of two quantiles each; the outputs of a label are neighbours. */
static void
test_quantiles(void **unused)
{
    (void) unused;
    const float z[4] = {1, 2, -1, 5}, y[2] = {2, 3};
    float g[4];
    assert_true(near(gradient(LOSS_QUANTILE, z, 4, y, 0, NULL, g), (0.25 * 1 + 0 + 0.25 * 4 + 0.5 * 2) / 4));
    assert_true(near(g[0], -0.25 / 4) && g[1] == 0 && near(g[2], -0.25 / 4) && near(g[3], 0.5 / 4));
    const float above = 3;
    const struct objective one = {LOSS_QUANTILE, 0, 0, 1, quarters};
    assert_true(near(loss_gradient(&one, &above, 1, y, 0, NULL, g), 0.75) && near(g[0], 0.75));
}

/* Against the cross entropy of the smoothed target by hand, under a mask too; binary is the same as of two classes. */
static void
test_smoothing(void **unused)
{
    (void) unused;
    const float z[4] = {0.5f, -1, 2, 7};
    const uint8_t three[4] = {1, 1, 1, 0};
    const double sum = exp(0.5) + exp(-1) + exp(2);
    const struct objective ce = {LOSS_CE, 0, 0.3f, 0, NULL}, bce = {LOSS_BCE, 0, 0.3f, 0, NULL};
    float g[4], pair[2] = {0, 0.75f}, yes = 1;
    double expected = 0;
    for (int j = 0; j < 3; j++)
        expected += (j == 1 ? 0.8 : 0.1) * (log(sum) - (double) z[j]);
    assert_true(near(loss_gradient(&ce, z, 4, NULL, 1, three, g), expected));
    assert_true(near(g[0], exp(0.5) / sum - 0.1) && near(g[1], exp(-1) / sum - 0.8) && near(g[2], exp(2) / sum - 0.1));
    assert_true(g[3] == 0);
    assert_true(loss_row(&ce, z, 4, NULL, 1, three) == loss_gradient(&ce, z, 4, NULL, 1, three, g));
    assert_true(near(loss_row(&bce, &pair[1], 1, &yes, 0, NULL), (double) loss_row(&ce, pair, 2, NULL, 1, NULL)));
    loss_gradient(&bce, &pair[1], 1, &yes, 0, NULL, g);
    assert_true(near(g[0], 1 / (1 + exp(-0.75)) - 0.85));
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
        assert_false(isfinite(row((enum loss) loss, z, 2, y, label, NULL)));
}

static void
test_outputs(void **unused)
{
    (void) unused;
    assert_int_equal(loss_outputs(LOSS_BCE, 2, 1, 0), 1);
    assert_int_equal(loss_outputs(LOSS_CE, 26, 1, 0), 26);
    assert_int_equal(loss_outputs(LOSS_HUBER, 0, 3, 0), 3);
    assert_int_equal(loss_outputs(LOSS_QUANTILE, 0, 2, 3), 6);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_regression_losses), cmocka_unit_test(test_binary),     cmocka_unit_test(test_softmax),
        cmocka_unit_test(test_identity_link),     cmocka_unit_test(test_not_finite), cmocka_unit_test(test_outputs),
        cmocka_unit_test(test_poisson),           cmocka_unit_test(test_quantiles),  cmocka_unit_test(test_smoothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
