/* Every kernel of columns.h against a plain loop, bit by bit: widths beside vectors, missing numbers, tags. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "batch.h"
#include "columns.h"
#include "isa.h"
#include "rng.h"

enum { ROWS = 200, MOST = 13 };

struct plain {
    double n, mean, m2, low, high;
};

static void
plain_add(struct plain *moments, double value)
{
    double delta = value - moments->mean;
    moments->n++;
    moments->mean += delta / moments->n;
    moments->m2 += delta * (value - moments->mean);
    if (moments->n == 1 || value < moments->low)
        moments->low = value;
    if (moments->n == 1 || value > moments->high)
        moments->high = value;
}

static void
fill_rows(float *x, uint32_t d)
{
    struct rng_key key = rng_key(1, RNG_INIT, d);
    for (uint32_t i = 0; i < ROWS * d; i++)
        x[i] = rng_below(key, i, 10) == 0 ? NAN : (float) rng_normal(key, i) * 1000;
    for (uint32_t i = 0; i < ROWS; i++)
        x[i * d + d / 2] = d % 3 == 0 ? NAN : 7; /* a column without a value, or with one */
}

static bool
counts(const uint8_t *split, uint32_t i)
{
    return split == NULL || split[i] == SPLIT_NONE || split[i] == SPLIT_TRAIN;
}

static void
check_moments(const struct column_kernels *kernels, uint32_t d, const uint8_t *split)
{
    float x[ROWS * MOST];
    struct column_moments moments;
    fill_rows(x, d);
    column_moments_open(&moments, d);
    assert_true(kernels->moments(&moments, x, 3, split));
    assert_true(kernels->moments(&moments, x + 3 * d, ROWS - 3, split == NULL ? NULL : split + 3));
    for (uint32_t j = 0; j < d; j++) {
        struct plain plain = {.low = INFINITY, .high = -INFINITY};
        for (uint32_t i = 0; i < ROWS; i++)
            if (counts(split, i) && !isnan(x[i * d + j]))
                plain_add(&plain, x[i * d + j]);
        assert_true(moments.n[j] == plain.n);
        assert_memory_equal(&moments.mean[j], &plain.mean, sizeof plain.mean);
        assert_memory_equal(&moments.m2[j], &plain.m2, sizeof plain.m2);
        assert_memory_equal(&moments.low[j], &plain.low, sizeof plain.low);
        assert_memory_equal(&moments.high[j], &plain.high, sizeof plain.high);
    }
    column_moments_close(&moments);
}

static void
check_infinite(const struct column_kernels *kernels, uint32_t d, const uint8_t *split)
{
    float x[ROWS * MOST];
    for (uint32_t at = 0; at < 4 * d; at++) {
        struct column_moments moments;
        fill_rows(x, d);
        x[at] = at % 2 == 0 ? INFINITY : -INFINITY;
        column_moments_open(&moments, d);
        assert_int_equal(kernels->moments(&moments, x, ROWS, split), !counts(split, at / d));
        column_moments_close(&moments);
    }
}

static void
check_scale(const struct column_kernels *kernels, uint32_t d)
{
    float x[ROWS * MOST], expected[ROWS * MOST];
    double shift[MOST], divisor[MOST], fill[MOST];
    struct rng_key key = rng_key(2, RNG_INIT, d);
    for (uint32_t j = 0; j < d; j++) {
        shift[j] = rng_normal(key, 3 * j);
        divisor[j] = 0.1 + fabs(rng_normal(key, 3 * j + 1));
        fill[j] = rng_normal(key, 3 * j + 2);
    }
    fill_rows(x, d);
    x[0] = INFINITY;
    for (uint32_t i = 0; i < ROWS * d; i++) {
        double value = isnan(x[i]) ? fill[i % d] : (double) x[i];
        expected[i] = (float) ((value - shift[i % d]) / divisor[i % d]);
    }
    kernels->scale(x, ROWS, d, shift, divisor, fill);
    assert_memory_equal(x, expected, ROWS * d * sizeof *x);
}

static void
check_finite(const struct column_kernels *kernels, uint32_t n)
{
    static const float bad[] = {NAN, -NAN, INFINITY, -INFINITY};
    float x[ROWS];
    for (uint32_t i = 0; i < n; i++)
        x[i] = i % 3 == 0 ? -3.4028235e38f : i % 3 == 1 ? 3.4028235e38f : -0.0f;
    assert_true(kernels->finite(x, n));
    for (uint32_t i = 0; i < n; i++) {
        const float good = x[i];
        x[i] = bad[i % 4];
        assert_false(kernels->finite(x, n));
        x[i] = good;
    }
}

static void
check(const struct column_kernels *kernels)
{
    uint8_t split[ROWS];
    for (uint32_t i = 0; i < ROWS; i++)
        split[i] = (uint8_t) (i % 7 % 4);
    for (uint32_t d = 1; d <= MOST; d++) {
        check_moments(kernels, d, NULL);
        check_moments(kernels, d, split);
        check_infinite(kernels, d, NULL);
        check_infinite(kernels, d, split);
        check_scale(kernels, d);
        check_finite(kernels, d);
        check_finite(kernels, ROWS - d);
    }
    struct column_moments none;
    column_moments_open(&none, 0);
    assert_true(kernels->moments(&none, NULL, ROWS, NULL));
    column_moments_close(&none);
}

static void
test_base(void **unused)
{
    (void) unused;
    check(&column_kernels_base);
}

static void
test_avx2(void **unused)
{
    (void) unused;
#if defined(__x86_64__)
    if (isa_here(ISA_AVX2)) {
        check(&column_kernels_avx2);
        return;
    }
#endif
    skip();
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_base),
        cmocka_unit_test(test_avx2),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
