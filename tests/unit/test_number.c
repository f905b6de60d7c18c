#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "number.h"

static void
same_as_strtod(const char *s)
{
    double got, expected = strtod(s, NULL);
    if (!number_parse(s, strlen(s), &got))
        fail_msg("'%s' is not taken as a number", s);
    if (memcmp(&got, &expected, sizeof got) != 0)
        fail_msg("'%s': %.17g where strtod says %.17g", s, got, expected);
}

static void
test_numbers(void **state)
{
    (void) state;
    static const char *const texts[] = {
        "0",
        "-0",
        "+0",
        "1",
        "-1",
        "+1",
        "12.5",
        ".5",
        "5.",
        "-.5e1",
        "1e5",
        "1E+05",
        "1e-5",
        "0.1",
        "0.3",
        "00012",
        "1e22",
        "1e23",
        "9007199254740992",
        "9007199254740993",
        "9007199254740991e22",
        "9007199254740993e-1",
        "123456789012345678901234567890",
        "0.000000000000000000000000000000000000000000001",
        "1e-400",
        "1e400",
        "-1e400",
        "1e999",
        "4.9406564584124654e-324",
        "2.4703282292062327e-324",
        "2.4703282292062328e-324",
        "2.2250738585072011e-308",
        "1.7976931348623157e308",
        "1.7976931348623159e308",
        "0.500000000000000166533453693773481063544750213623046875",
        "0e999999999999",
        "1e99999999999999999999",
        "0.0000000000000000000000000000",
        "18446744073709551616",
        "1844674407370955161600000e-5",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        same_as_strtod(texts[i]);
}

static void
test_no_numbers(void **state)
{
    (void) state;
    static const char *const texts[] = {"",     "-",     "+",     ".",     "-.", "e5",    "1e",  "1e+",  "1.2.3",
                                        "0x10", "1,5",   "1 ",    " 1",    "1a", "--1",   "+-1", "nan",  "NaN",
                                        "in",   "infin", "1_000", "1'000", "5%", "1e5.0", ".e1", ".inf", "\xd9\xa1"};
    double value;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (number_parse(texts[i], strlen(texts[i]), &value))
            fail_msg("'%s' is taken as a number", texts[i]);
    assert_false(number_parse("1\0", 2, &value));
    assert_true(number_parse("12", 1, &value));
    assert_true(value == 1);
}

static void
test_infinities(void **state)
{
    (void) state;
    double value;
    assert_true(number_parse("inf", 3, &value) && value == INFINITY);
    assert_true(number_parse("-Infinity", 9, &value) && value == -INFINITY);
    assert_true(number_parse("+INF", 4, &value) && value == INFINITY);
}

static void
test_800_digits(void **state)
{
    (void) state;
    char text[1200];
    /* 1 + 2^-53 is half way between two doubles; a last digit 800 places on decides. */
    strcpy(text, "1.00000000000000011102230246251565404236316680908203125");
    size_t n = strlen(text);
    memset(text + n, '0', 800);
    text[n + 800] = '\0';
    same_as_strtod(text);
    text[n + 799] = '1';
    same_as_strtod(text);
    double value;
    assert_true(number_parse(text, n + 800, &value));
    assert_true(value == 1 + 0x1p-52);
    memset(text, '9', 800);
    text[800] = '\0';
    same_as_strtod(text);
}

/* Digits, point and exponent at random; a million of them, the same every time. */
static void
test_random(void **state)
{
    (void) state;
    uint64_t x = 88172645463325252u;
    char text[64];
    for (int i = 0; i < 1000000; i++) {
        x ^= x << 13, x ^= x >> 7, x ^= x << 17; /* xorshift64, Marsaglia 2003 */
        uint64_t digits = x >> (x & 63);
        int exponent = (int) (x >> 32 & 63) - 32;
        switch (x >> 40 & 3) {
        case 0:
            snprintf(text, sizeof text, "%" PRIu64 "e%d", digits, exponent);
            break;
        case 1:
            snprintf(text, sizeof text, "-%" PRIu64 ".%" PRIu64, digits >> 32, digits & 0xffffffffu);
            break;
        case 2:
            snprintf(text, sizeof text, "%.17g", (double) digits * 0x1p-40);
            break;
        default:
            snprintf(text, sizeof text, "%.6g", (double) digits * 0x1p-40);
        }
        same_as_strtod(text);
    }
}

static bool
code(const char *s)
{
    return number_is_code(s, strlen(s));
}

static bool
grouped(const char *s)
{
    return number_is_grouped(s, strlen(s));
}

static void
test_looks(void **state)
{
    (void) state;
    assert_true(code("01234") && code("00") && code("007"));
    assert_false(code("0") || code("") || code("0.5") || code("10") || code("-01") || code("01x") || code("1"));
    assert_true(grouped("1,234") && grouped("5,1") && grouped("1,234.5") && grouped("1.234,5") &&
                grouped("1.234.567,8") && grouped("-1'000") && grouped("1,234,567"));
    assert_false(grouped("1234") || grouped("1, 2") || grouped(",5") || grouped("5,") || grouped("a,b") ||
                 grouped("") || grouped("1,,2") || grouped("1.2.3,x"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),    cmocka_unit_test(test_no_numbers), cmocka_unit_test(test_infinities),
        cmocka_unit_test(test_800_digits), cmocka_unit_test(test_random),     cmocka_unit_test(test_looks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
