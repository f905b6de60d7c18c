#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "digits.h"
#include "shortest.h"

static float
float_of(uint32_t bits)
{
    float number;
    memcpy(&number, &bits, sizeof number);
    return number;
}

/*
 * What the header promises, by printf and strtof: the fewest decimal places that read back, or outside [1e-4, 1e9) the
 * fewest digits with an exponent. %.*e and %.*f round to the nearest decimal, so the first that reads back is it.
 */
static void
expected_text(char *text, float number)
{
    double size = fabs((double) number);
    if (size == 0 || (size >= 1e-4 && size < 1e9)) {
        for (int places = 0; places <= 12; places++) {
            snprintf(text, 64, "%.*f", places, (double) number);
            if (strtof(text, NULL) == number)
                return;
        }
    }
    for (int digits = 1; digits <= 9; digits++) {
        snprintf(text, 64, "%.*g", digits, (double) number);
        if (strtof(text, NULL) == number)
            return;
    }
}

static void
check(float number)
{
    char expected[64], buffer[SHORTEST_BYTES];
    expected_text(expected, number);
    int n = format_float(buffer, number);
    if (strcmp(buffer, expected) != 0)
        print_error("%a: '%s', expected '%s'\n", (double) number, buffer, expected);
    assert_string_equal(buffer, expected);
    assert_int_equal(n, strlen(expected));
}

/* Every binary exponent, fractions that are regular and that are not, both signs. */
static void
test_floats(void **state)
{
    (void) state;
    uint32_t seed = 1;
    for (uint32_t exponent = 0; exponent < 255; exponent++)
        for (int i = 0; i < 400; i++) {
            seed = seed * 1664525 + 1013904223;
            check(float_of((seed & 0x80000000) | exponent << 23 | seed >> 9 >> i % 3 * 8));
        }
}

/* Neighbours of powers of two and ten, where distances and numbers of digits change. */
static void
test_edges(void **state)
{
    (void) state;
    for (uint32_t exponent = 1; exponent < 255; exponent++)
        for (int32_t off = -3; off <= 3; off++)
            check(float_of((exponent << 23) + (uint32_t) off));
    for (int power = -44; power <= 38; power++) {
        char text[16];
        uint32_t bits;
        snprintf(text, sizeof text, "1e%d", power);
        float number = strtof(text, NULL);
        memcpy(&bits, &number, sizeof bits);
        for (uint32_t off = 0; off <= 6; off++)
            check(float_of(bits - 3 + off));
    }
    check(FLT_MAX);
    check(FLT_MIN);
}

/* What data hold: decimals of few digits, whole numbers, halves of a last digit (ties are rounded to even). */
static void
test_decimals(void **state)
{
    (void) state;
    uint32_t seed = 2;
    for (int i = 0; i < 100000; i++) {
        char text[32];
        seed = seed * 1664525 + 1013904223;
        snprintf(text, sizeof text, "%u.%0*ue%d", seed >> 20, i % 6 + 1, (seed >> 4) % 1000, i % 13 - 9);
        check(strtof(text, NULL));
    }
    for (int i = 0; i < 20000; i++)
        check((float) i);
    for (int i = 0; i < 20000; i++)
        check(4194304.25f + (float) i / 2);
}

static void
test_eight_digits(void **state)
{
    (void) state;
    for (uint64_t value = 0; value < 100000000; value += 997) {
        char digits[9] = "", expected[16];
        digits_store(digits, value);
        snprintf(expected, sizeof expected, "%08u", (unsigned) value);
        assert_string_equal(digits, expected);
        assert_int_equal(digits_value(digits_load(digits)), value);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_floats),
        cmocka_unit_test(test_edges),
        cmocka_unit_test(test_decimals),
        cmocka_unit_test(test_eight_digits),
    };
    return cmocka_run_group_tests_name("shortest", tests, NULL, NULL);
}
