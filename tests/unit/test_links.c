#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "isa.h"
#include "links.h"
#include "loss.h"
#include "memory.h"
#include "transform.h"

/* Outputs of a network: near 0, far, equal ones, both zeros, and what overflowed. */
static void
fill(float *z, uint64_t n, uint32_t seed)
{
    static const float special[] = {0.0f, -0.0f, 1.0f, 1.0f, 88.0f, -88.0f, -104.0f, 1e30f, INFINITY, -INFINITY, NAN};
    for (uint64_t i = 0; i < n; i++) {
        seed = seed * 1664525 + 1013904223;
        z[i] = (float) (int32_t) seed * 0x1p-26f;
        if ((seed >> 8) % 50 == 0)
            z[i] = special[(seed >> 16) % (sizeof special / sizeof *special)];
    }
}

/* The same bits; one NaN is as good as another. */
static void
check_same(const float *a, const float *b, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++)
        if (!isnan(a[i]) || !isnan(b[i]))
            assert_memory_equal(&a[i], &b[i], sizeof *a);
}

static void
check_rows(const struct links *links, uint64_t n, uint32_t c, const uint8_t *classes)
{
    float *z = mem_array(n * c, sizeof *z), *p = mem_array(n * c, sizeof *p), *expected = mem_array(n * c, sizeof *z);
    fill(z, n * c, (uint32_t) n + c);
    links->classes(LOSS_CE, n, c, z, classes, p);
    for (uint64_t i = 0; i < n; i++)
        loss_link(LOSS_CE, z + i * c, c, classes, expected + i * c);
    check_same(p, expected, n * c);
    if (c == 2) {
        links->classes(LOSS_BCE, n, 2, z, NULL, p);
        for (uint64_t i = 0; i < n; i++) {
            float minus = -z[i];
            loss_link(LOSS_BCE, &minus, 1, NULL, expected + 2 * i);
            loss_link(LOSS_BCE, z + i, 1, NULL, expected + 2 * i + 1);
        }
        check_same(p, expected, 2 * n);
    }
    free(z);
    free(p);
    free(expected);
}

static void
check_links(void)
{
    static const uint32_t sizes[] = {2, 3, 15, 16, 17, 26, 100, 4095, 4096, 5000};
    struct error error;
    const struct links *links = links_pick(&error);
    assert_non_null(links);
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        uint8_t *classes = mem_zalloc(sizes[k], 1);
        for (uint32_t j = 0; j < sizes[k]; j++)
            classes[j] = j % 3 != 1;
        for (uint64_t n = 1; n <= 35; n += 17) {
            check_rows(links, n, sizes[k], NULL);
            check_rows(links, n, sizes[k], classes);
        }
        free(classes);
    }
}

static void
check_transform(void)
{
    enum { COLUMNS = 29, ROWS = 40 };
    double shift[COLUMNS], divisor[COLUMNS], other[COLUMNS];
    float x[ROWS * COLUMNS], expected[ROWS * COLUMNS];
    const struct transform transform = {.n = COLUMNS, .shift = shift, .divisor = divisor, .fill = other};
    for (int j = 0; j < COLUMNS; j++) {
        shift[j] = j / 7.0;
        divisor[j] = j % 5 == 0 ? 1e-40 : 1 + j / 3.0;
        other[j] = j % 4 == 0 ? (double) NAN : j;
    }
    for (int d = 1; d <= COLUMNS; d++) {
        struct transform first = transform;
        first.n = (uint32_t) d;
        fill(x, ROWS * (uint64_t) d, (uint32_t) d);
        for (int i = 0; i < ROWS * d; i++) {
            double value = isnan(x[i]) ? other[i % d] : (double) x[i];
            expected[i] = (float) ((value - shift[i % d]) / divisor[i % d]);
        }
        transform_apply_x(&first, x, ROWS);
        check_same(x, expected, ROWS * (uint64_t) d);
    }
}

/* By whatever instructions this machine has, the bits are those of one row, one number at a time. */
static void
test_every_isa(void **state)
{
    (void) state;
    for (int isa = 0; isa < ISA_COUNT; isa++) {
        if (!isa_here((enum isa) isa))
            continue;
        assert_int_equal(setenv("CL_ISA", isa_name((enum isa) isa), 1), 0);
        check_links();
        check_transform();
    }
    unsetenv("CL_ISA");
}

static void
test_wrong_isa(void **state)
{
    (void) state;
    struct error error;
    assert_int_equal(setenv("CL_ISA", "mmx", 1), 0);
    assert_null(links_pick(&error));
    unsetenv("CL_ISA");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_isa), cmocka_unit_test(test_wrong_isa)};
    return cmocka_run_group_tests_name("links", tests, NULL, NULL);
}
