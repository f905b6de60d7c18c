/* Sizes of differences and p-values against numbers that were computed by hand, or by SciPy 1.16 where said. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "homogeneity.h"

static void
assert_near(double value, double expected)
{
    if (!(fabs(value - expected) <= 1e-9 * fabs(expected) + 1e-300))
        fail_msg("%.17g is not %.17g", value, expected);
}

/* Shares (10.5, 20.5, 30.5, 40.5) / 102 against 25.5 / 102 each. */
static void
test_sizes(void **state)
{
    (void) state;
    const double p[] = {10, 20, 30, 40}, q[] = {25, 25, 25, 25}, same[] = {1, 2, 3, 4}, left[] = {5, 0},
                 right[] = {0, 7};
    double by_hand = 0;
    for (int i = 0; i < 4; i++)
        by_hand += (p[i] + 0.5 - 25.5) / 102 * log((p[i] + 0.5) / 25.5);
    assert_near(homogeneity_psi(p, q, 4), by_hand);
    assert_near(homogeneity_psi(p, q, 4), 0.21799421315274758); /* NumPy */
    assert_near(homogeneity_js(p, q, 4), 0.20050332253142814);  /* scipy.spatial.distance.jensenshannon, base 2 */
    /* 0.1 - 0.25, 0.3 - 0.5, 0.6 - 0.75 */
    assert_near(homogeneity_ks(p, q, 4), 0.2);
    assert_true(homogeneity_js(p, same, 4) < 1e-8);
    assert_true(homogeneity_ks(p, same, 4) < 1e-15);
    assert_near(homogeneity_js(left, right, 2), 1);
    assert_near(homogeneity_ks(left, right, 2), 1);
    const double none[] = {0, 0};
    assert_true(homogeneity_js(left, none, 2) == 0);
    assert_true(homogeneity_ks(left, none, 2) == 0);
    assert_true(isfinite(homogeneity_psi(left, none, 2)));
}

/* scipy.stats.kstwobign.sf((r + .12 + .11 / r) d), r^2 = n m / (n + m) */
static void
test_kolmogorov(void **state)
{
    (void) state;
    assert_near(homogeneity_ks_p(0.2, 100, 100), 0.03137665215307253);
    assert_near(homogeneity_ks_p(0.05, 1000, 2000), 0.06908701736098673);
    assert_near(homogeneity_ks_p(0.3, 4096, 1000), 8.27548422675358e-64);
    assert_true(homogeneity_ks_p(0, 100, 100) == 1);
    assert_true(homogeneity_ks_p(1, 1, 1) > 0.2); /* two values say nothing */
    double before = 1;
    for (double d = 0.01; d < 1; d += 0.01) {
        const double p = homogeneity_ks_p(d, 300, 200);
        assert_true(p <= before && p >= 0);
        before = p;
    }
}

/* scipy.stats.chi2.sf; with 2 degrees of freedom it is exp(-x / 2) */
static void
test_chi_square_distribution(void **state)
{
    (void) state;
    assert_near(homogeneity_chi_square_p(3.84, 1), 0.05004352124870519);
    assert_near(homogeneity_chi_square_p(50, 30), 0.01240206071890054);
    assert_near(homogeneity_chi_square_p(300, 31), 8.474810864884965e-46);
    assert_near(homogeneity_chi_square_p(1, 2), exp(-0.5));
    assert_near(homogeneity_chi_square_p(30, 2), exp(-15));
    assert_near(homogeneity_chi_square_p(1, 30), 1);
    assert_true(homogeneity_chi_square_p(0, 3) == 1);
    assert_true(homogeneity_chi_square_p(7, 0) == 1);
}

static void
test_chi_square(void **state)
{
    (void) state;
    const double p[] = {10, 20, 30, 40}, q[] = {25, 25, 25, 25};
    double statistic;
    uint32_t degrees;
    /* 2 (7.5^2 / 17.5 + 2.5^2 / 22.5 + 2.5^2 / 27.5 + 7.5^2 / 32.5) */
    assert_near(homogeneity_chi_square(p, q, 4, &statistic, &degrees), 0.012277894009958807);
    assert_near(statistic, 2 * (56.25 / 17.5 + 6.25 / 22.5 + 6.25 / 27.5 + 56.25 / 32.5));
    assert_int_equal(degrees, 3);

    /* Bins that are expected to hold less than 5 become one, of 6 and 6: chi-square of 0 with 1 degree. */
    const double many[] = {100, 3, 3}, more[] = {100, 3, 3};
    assert_near(homogeneity_chi_square(many, more, 3, &statistic, &degrees), 1);
    assert_true(statistic == 0);
    assert_int_equal(degrees, 1);

    /* One that stays rare has Fisher's test: a value that was never seen makes up 30 of 100. */
    const double then[] = {2000, 2000, 0}, now[] = {35, 35, 30};
    const double value = homogeneity_chi_square(then, now, 3, &statistic, &degrees);
    assert_near(value, 2 * homogeneity_fisher(0, 4000, 30, 100));
    assert_true(value < 1e-40);

    const double none[] = {0, 0, 0};
    assert_true(homogeneity_chi_square(then, none, 3, &statistic, &degrees) == 1);
    assert_true(statistic == 0 && degrees == 0);
}

/* 2 min(hypergeom.sf(a - 1), hypergeom.cdf(a)) of SciPy. */
static void
test_fisher(void **state)
{
    (void) state;
    /* (C(10, 8) C(10, 3) + C(10, 9) C(10, 2) + C(10, 10) C(10, 1)) / C(20, 11), twice */
    assert_near(homogeneity_fisher(8, 10, 3, 10), 2 * (45.0 * 120 + 10.0 * 45 + 10) / 167960);
    assert_near(homogeneity_fisher(3, 10, 8, 10), homogeneity_fisher(8, 10, 3, 10));
    assert_near(homogeneity_fisher(8, 10, 3, 10), 0.06977851869492736);
    assert_near(homogeneity_fisher(30, 100, 0, 10000), 1.2070087017808256e-62);
    assert_true(fabs(homogeneity_fisher(500000, 1000000, 500500, 1000000) - 0.4803792983) < 1e-6);
    assert_true(homogeneity_fisher(5, 10, 5, 10) == 1);
    assert_true(homogeneity_fisher(0, 10, 0, 10) == 1);
    assert_true(homogeneity_fisher(10, 10, 10, 10) == 1);
    assert_true(homogeneity_fisher(0, 0, 3, 10) == 1);
    /* Too small for a double, and soon told. */
    assert_true(homogeneity_fisher(1e9, 1e9, 0, 1e9) == 0);
}

/* .005 x 4, .01 x 3, .03 x 2, and .04 x 1 is not below the one before. */
static void
test_holm(void **state)
{
    (void) state;
    double p[] = {0.01, 0.04, 0.03, 0.005, 0.9}, one[] = {0.03};
    homogeneity_holm(p, 4);
    assert_near(p[0], 0.03);
    assert_near(p[1], 0.06);
    assert_near(p[2], 0.06);
    assert_near(p[3], 0.02);
    assert_near(p[4], 0.9);
    homogeneity_holm(one, 1);
    assert_near(one[0], 0.03);
    homogeneity_holm(one, 0);
    double large[] = {0.7, 0.6};
    homogeneity_holm(large, 2);
    assert_true(large[0] == 1 && large[1] == 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_kolmogorov),
        cmocka_unit_test(test_chi_square_distribution),
        cmocka_unit_test(test_chi_square),
        cmocka_unit_test(test_fisher),
        cmocka_unit_test(test_holm),
    };
    return cmocka_run_group_tests_name("homogeneity", tests, NULL, NULL);
}
