/*
 * Elementary functions against libm in double, and the sums of rule 3 against their definition. A sample of all floats
 * by default; every one with CL_EXHAUSTIVE=1 (minutes).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdlib.h>
#include <cmocka.h>

#include "numerics.h"

static float
f_exp(float x)
{
    return num_exp(x);
}

static float
f_log(float x)
{
    return num_log(x);
}

static float
f_log1p(float x)
{
    return num_log1p(x);
}

static float
f_sigmoid(float x)
{
    return num_sigmoid(x);
}

static float
f_tanh(float x)
{
    return num_tanh(x);
}

static float
f_erf(float x)
{
    return num_erf(x);
}

static double
d_sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

/* The largest error found over every third float, rounded up a little. */
static const struct {
    const char *name;
    float (*ours)(float);
    double (*exact)(double);
    float low, high;
    double ulps;
} functions[] = {
    {"exp", f_exp, exp, -INFINITY, INFINITY, 1.05},
    {"log", f_log, log, 0, INFINITY, 0.85},
    {"log1p", f_log1p, log1p, 0, 1, 1.3},
    {"sigmoid", f_sigmoid, d_sigmoid, -INFINITY, INFINITY, 2.0},
    {"tanh", f_tanh, tanh, -INFINITY, INFINITY, 1.4},
    {"erf", f_erf, erf, -INFINITY, INFINITY, 1.05},
};

/* Distance between floats next to a value. */
static double
ulp(double x)
{
    int e;
    frexp(x, &e);
    return fabs(x) < 0x1p-126 ? 0x1p-149 : ldexp(1, e - 24);
}

static void
check_value(size_t f, float x)
{
    float y = functions[f].ours(x);
    double exact = functions[f].exact((double) x);
    float nearest = (float) exact;
    if (nearest == y || (isinf(nearest) && y == 0x1.fffffep+127f) || (isinf(y) && nearest == 0x1.fffffep+127f))
        return;
    if (!(fabs((double) y - exact) <= functions[f].ulps * ulp(exact)))
        fail_msg("%s(%a) = %a, exactly %a: more than %g ulp", functions[f].name, (double) x, (double) y, exact,
                 functions[f].ulps);
}

static void
test_elementary_functions(void **unused)
{
    (void) unused;
    const char *exhaustive = getenv("CL_EXHAUSTIVE");
    uint64_t step = exhaustive != NULL && exhaustive[0] == '1' ? 1 : 3989;
    for (size_t f = 0; f < sizeof functions / sizeof *functions; f++) {
        for (uint64_t bits = 0; bits <= UINT32_MAX; bits += step) {
            float x = num_float((uint32_t) bits);
            if (x >= functions[f].low && x <= functions[f].high)
                check_value(f, x);
        }
        /* around every power of two, and around where formulas change */
        const float edges[] = {0.625f, 0.9375f, 4.0f, 0x1.6a09e6p-1f, 0x1.6a09e6p+0f, 88.72284f, 103.97f, 87.33655f};
        for (int e = -149; e < 128; e++)
            for (int d = -3; d <= 3; d++)
                for (int sign = 0; sign < 2; sign++) {
                    float x = num_float(num_bits((float) ldexp(sign ? -1 : 1, e)) + (uint32_t) d);
                    if (x >= functions[f].low && x <= functions[f].high)
                        check_value(f, x);
                }
        for (size_t i = 0; i < sizeof edges / sizeof *edges; i++)
            for (int d = -200; d <= 200; d++)
                for (int sign = 0; sign < 2; sign++) {
                    float x = num_float(num_bits(sign ? -edges[i] : edges[i]) + (uint32_t) d);
                    if (x >= functions[f].low && x <= functions[f].high)
                        check_value(f, x);
                }
    }
}

static void
test_special_values(void **unused)
{
    (void) unused;
    assert_true(num_exp(0) == 1 && num_exp(-0.0f) == 1);
    assert_true(num_exp(INFINITY) == INFINITY && num_exp(-INFINITY) == 0);
    assert_true(num_exp(88.8f) == INFINITY && num_exp(-104) == 0);
    assert_true(num_exp(-103.9f) == 0x1p-149f); /* the smallest subnormal */
    assert_true(isnan(num_exp(NAN)) && isnan(num_log(NAN)) && isnan(num_tanh(NAN)) && isnan(num_erf(NAN)));
    assert_true(isnan(num_sigmoid(NAN)) && isnan(num_log1p(NAN)));
    assert_true(num_log(0) == -INFINITY && num_log(-0.0f) == -INFINITY && isnan(num_log(-1)));
    assert_true(num_log(1) == 0 && num_log(INFINITY) == INFINITY);
    assert_true(num_log1p(0) == 0 && num_log1p(0x1p-149f) == 0x1p-149f);
    assert_true(num_sigmoid(0) == 0.5f && num_sigmoid(INFINITY) == 1 && num_sigmoid(-INFINITY) == 0);
    assert_true(num_tanh(INFINITY) == 1 && num_tanh(-INFINITY) == -1 && num_erf(INFINITY) == 1);
    assert_int_equal(num_bits(num_tanh(-0.0f)), 0x80000000u);
    assert_int_equal(num_bits(num_erf(-0.0f)), 0x80000000u);
    for (float x = 0; x < 20; x += 0.37f) { /* odd to the bit */
        assert_true(num_tanh(-x) == -num_tanh(x));
        assert_true(num_erf(-x) == -num_erf(x));
    }
}

static double
exact_activation(enum activation activation, double z)
{
    switch (activation) {
    case ACT_RELU:
        return z > 0 ? z : 0;
    case ACT_LEAKY_RELU:
        return z > 0 ? z : (double) 0.01f * z;
    case ACT_TANH:
        return tanh(z);
    case ACT_SIGMOID:
        return d_sigmoid(z);
    case ACT_GELU:
        return z * 0.5 * erfc(-z / sqrt(2));
    case ACT_SILU:
        return z * d_sigmoid(z);
    default:
        return z;
    }
}

static void
test_activations(void **unused)
{
    (void) unused;
    for (int i = 0; i < ACT_COUNT; i++)
        for (float z = -30; z < 30; z += 0.0173f) {
            enum activation activation = (enum activation) i;
            float a = num_activate(activation, z), s = num_activate_slope(activation, z, a);
            double h = 1e-5, x = (double) z, exact = exact_activation(activation, x);
            double slope = (exact_activation(activation, x + h) - exact_activation(activation, x - h)) / (2 * h);
            double most = 1 + fabs(x);
            assert_true(fabs((double) a - exact) < 2e-7 * most);
            if (fabs(x) > 1e-4)
                assert_true(fabs((double) s - slope) < 3e-7 * most);
        }
    assert_true(num_activate_slope(ACT_RELU, 0, 0) == 0);
    assert_true(num_activate_slope(ACT_LEAKY_RELU, 0, 0) == 0.01f);
    assert_true(num_activate(ACT_GELU, -40) == 0 && num_activate(ACT_SILU, -200) == 0);
}

static void
test_power(void **unused)
{
    (void) unused;
    assert_true(num_power(0.9, 0) == 1);
    assert_true(num_power(0.9, 1) == 0.9);
    assert_true(num_power(2, 1023) == 0x1p1023);
    for (uint64_t n = 2; n < 5000; n = n * 2 + 1)
        assert_true(fabs(num_power(0.999, n) / pow(0.999, (double) n) - 1) < 1e-12);
    assert_true(num_power(0.999, UINT64_MAX) == 0);
}

/* Rule 3 as it is worded: lanes, halves, blocks of 4096, the left-heavy tree. */
static float
tree_of(const float *blocks, size_t n)
{
    size_t p = 1;
    if (n == 1)
        return blocks[0];
    while (2 * p < n)
        p *= 2;
    return tree_of(blocks, p) + tree_of(blocks + p, n - p);
}

static float
rule3(const float *x, size_t n)
{
    static float blocks[64];
    size_t count = 0;
    for (size_t first = 0; first < n; first += 4096, count++) {
        float lane[16] = {0};
        for (size_t t = first; t < n && t < first + 4096; t++)
            lane[t % 16] += x[t];
        float a[8], b[4];
        for (int i = 0; i < 8; i++)
            a[i] = lane[i] + lane[i + 8];
        for (int i = 0; i < 4; i++)
            b[i] = a[i] + a[i + 4];
        blocks[count] = (b[0] + b[2]) + (b[1] + b[3]);
    }
    return n == 0 ? 0 : tree_of(blocks, count);
}

static void
test_sums(void **unused)
{
    (void) unused;
    static float x[100000];
    for (size_t i = 0; i < 100000; i++)
        x[i] = (float) sin((double) i * 1.7) * (i % 1000 == 0 ? 1000.0f : 1.0f);
    const size_t sizes[] = {0, 1, 15, 16, 17, 4095, 4096, 4097, 8192, 12288, 12289, 50000, 100000};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        struct num_sum sum = {.n = 0}, holes = {.n = 0}, squares = {.n = 0};
        for (size_t i = 0; i < sizes[s]; i++)
            num_sum_add(&sum, x[i]);
        assert_true(num_sum_total(&sum) == rule3(x, sizes[s]));

        static float sparse[100000];
        size_t hole = 0;
        for (size_t i = 0; i < sizes[s]; i++) {
            bool zero = i / 777 % 3 != 0 || (i > 4000 && i < 30000);
            sparse[i] = zero ? 0 : x[i];
            if (zero) {
                hole++;
                continue;
            }
            num_sum_skip(&holes, hole);
            hole = 0;
            num_sum_add(&holes, x[i]);
        }
        num_sum_skip(&holes, hole);
        assert_true(num_sum_total(&holes) == rule3(sparse, sizes[s]));

        for (size_t i = 0; i < sizes[s]; i++)
            num_sum_fma(&squares, (float) (int) (4 * x[i]), (float) (int) (4 * x[i]));
        for (size_t i = 0; i < sizes[s]; i++)
            sparse[i] = (float) (int) (4 * x[i]) * (float) (int) (4 * x[i]); /* exact, so fma and + agree */
        assert_true(num_sum_total(&squares) == rule3(sparse, sizes[s]));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_elementary_functions),
        cmocka_unit_test(test_special_values),
        cmocka_unit_test(test_activations),
        cmocka_unit_test(test_power),
        cmocka_unit_test(test_sums),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
