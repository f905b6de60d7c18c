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
    assert_true(number_may_be_grouped("-1,234", 6, ',') && number_may_be_grouped("12.345.678", 10, '.'));
    assert_false(number_may_be_grouped("1,23", 4, ',') || number_may_be_grouped("0,123", 5, ',') ||
                 number_may_be_grouped("1234,567", 8, ',') || number_may_be_grouped("1,234", 5, '.'));
    /* Blanks and points divide nothing but groups of three. */
    assert_true(grouped("1 234") && grouped("-12 345 678") &&
                grouped("1\xc2\xa0"
                        "234,5") &&
                grouped("999\xe2\x80\xaf"
                        "000.25") &&
                grouped("1.234.567") && grouped("+1.234.567"));
    assert_false(grouped("1 23") || grouped("1 2345") || grouped("1234 567") || grouped("012 345") ||
                 grouped("123 456 78") || grouped("1 234 ") || grouped(" 234") || grouped("1 234 x") ||
                 grouped("1.234") || grouped("10.0.0.1") || grouped("1.234.56") || grouped("1.234.567.") ||
                 grouped("1  234") || grouped("1\xc2") || grouped("1\xe2\x80") || grouped("1 234,5,6"));
}

/* Every power of ten, and the doubles next to each. */
static void
test_powers(void **state)
{
    (void) state;
    char text[64];
    for (int q = -350; q <= 320; q++) {
        snprintf(text, sizeof text, "1e%d", q);
        same_as_strtod(text);
        const double value = strtod(text, NULL), next = nextafter(value, INFINITY), last = nextafter(value, -INFINITY);
        snprintf(text, sizeof text, "%.17g", isinf(next) ? value : next);
        if (!isinf(value))
            same_as_strtod(text);
        snprintf(text, sizeof text, "%.17g", last);
        same_as_strtod(text);
        snprintf(text, sizeof text, "9999999999999999999e%d", q);
        same_as_strtod(text);
        snprintf(text, sizeof text, "18446744073709551615e%d", q);
        same_as_strtod(text);
    }
}

/* Doubles of any size, subnormal ones among them, with as many digits as they need and fewer. */
static void
test_all_sizes(void **state)
{
    (void) state;
    uint64_t x = 88172645463325252u;
    char text[64];
    for (int i = 0; i < 200000; i++) {
        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
        uint64_t bits = i % 4 == 0 ? x >> 12 >> (x & 31) : x; /* exponent 0: subnormal */
        double value;
        memcpy(&value, &bits, sizeof value);
        if (!isfinite(value))
            continue;
        snprintf(text, sizeof text, "%.*g", i % 25 + 1, value);
        same_as_strtod(text);
    }
}

/*
 * The middles between doubles, with all their digits (up to 770), cut short, and with a digit more. A long double
 * holds a middle where it has more bits than a double.
 */
static void
test_middles(void **state)
{
    (void) state;
    uint64_t x = 88172645463325252u;
    char text[1400];
    for (int i = 0; i < 20000; i++) {
        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
        const bool subnormal = i % 8 == 0;
        const int exponent = (int) (x % 2046) - 1022;
        const long double units = subnormal ? (long double) (x >> 12) : 0x1p52L + (long double) (x >> 12);
        const long double middle = ldexpl(units + 0.5L, subnormal ? -1074 : exponent - 52);
        const int digits = i % 3 == 0 ? 770 : i % 3 == 1 ? 17 + i % 7 : 30;
        int n = snprintf(text, sizeof text, "%.*Le", digits, middle);
        assert_true(n > 0 && n < (int) sizeof text - 1);
        same_as_strtod(text);
        /* The last digit before the exponent one up or down, which is on the other side of the middle at times. */
        char *last = strchr(text, 'e') - 1;
        *last = *last == '9' ? '8' : (char) (*last + 1);
        same_as_strtod(text);
        *last = *last >= '2' ? (char) (*last - 2) : '0';
        same_as_strtod(text);
    }
    /* Ties that 128 bits of 5^q show exactly, and those next to them. */
    for (uint64_t k = 0; k < 2000; k++)
        for (int q = 0; q < 5; q++) {
            const uint64_t tie = (((uint64_t) 1 << 53) + 1 + 2 * k) * (q < 3 ? 1 : 2);
            snprintf(text, sizeof text, "%" PRIu64 "e%d", tie, q);
            same_as_strtod(text);
            snprintf(text, sizeof text, "%" PRIu64 "%s", tie, q == 0 ? ".0" : q == 1 ? ".000000000000001" : "000.50");
            same_as_strtod(text);
        }
}

/* Digits, zeros and exponents that only together make a number of a usual size. */
static void
test_long(void **state)
{
    (void) state;
    static char text[400100];
    for (int zeros = 1; zeros <= 200000; zeros = zeros * 7 / 2 + 3) {
        memcpy(text, "0.", 2);
        memset(text + 2, '0', (size_t) zeros);
        snprintf(text + 2 + zeros, 64, "1234567890123456789012345e%d", zeros + 3);
        same_as_strtod(text);
        text[0] = '1';
        memset(text + 1, '0', (size_t) zeros);
        snprintf(text + 1 + zeros, 64, ".5e-%d", zeros);
        same_as_strtod(text);
        snprintf(text + 1 + zeros, 64, "e-%d", zeros + 330);
        same_as_strtod(text);
    }
    /* What lies behind the cell is not looked at. */
    double value;
    assert_true(number_parse("123456789012345678901234567890", 9, &value) && value == 123456789);
    assert_true(number_parse("1234567.12345678", 7, &value) && value == 1234567);
}

static void
test_comma(void **state)
{
    (void) state;
    static const struct {
        const char *text;
        double value;
    } numbers[] = {{"1,5", 1.5},
                   {"-0,25", -0.25},
                   {",5", 0.5},
                   {"5,", 5},
                   {"12", 12},
                   {"1,5e3", 1500},
                   {"0,1", 0.1},
                   {"1,00000000000000011102230246251565404236316680908203125", 1},
                   {"3,141592653589793238462643383279", 3.141592653589793238462643383279}};
    double value;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        const char *const text = numbers[i].text;
        if (!number_parse_as(text, strlen(text), ',', &value) || value != numbers[i].value)
            fail_msg("'%s' with a decimal comma", text);
        if (strchr(text, ',') != NULL && number_parse(text, strlen(text), &value))
            fail_msg("'%s' with a decimal point", text);
    }
    static const char *const others[] = {"1.5", "1.234,5", "1,234.5", "1,2,3", ",", "-,", "1.234", "5.", ".5"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (number_parse_as(others[i], strlen(others[i]), ',', &value))
            fail_msg("'%s' is taken as a number with a decimal comma", others[i]);
}

static bool
grouped_by_comma(const char *s)
{
    return number_is_grouped_as(s, strlen(s), ',');
}

static void
test_looks_with_comma(void **state)
{
    (void) state;
    assert_true(grouped_by_comma("1.234") && grouped_by_comma("5.1") && grouped_by_comma("1.234,5") &&
                grouped_by_comma("1,234.5") && grouped_by_comma("1,234,567.8") && grouped_by_comma("-1'000,5"));
    assert_false(grouped_by_comma("1234") || grouped_by_comma("1,5") || grouped_by_comma(".5") ||
                 grouped_by_comma("5.") || grouped_by_comma("1..2") || grouped_by_comma("1,2,3.x") ||
                 grouped_by_comma("1. 2"));
    assert_true(grouped_by_comma("1 234,5") && grouped_by_comma("1,234,567"));
    assert_false(grouped_by_comma("1,234") || grouped_by_comma("1,234,5"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),    cmocka_unit_test(test_no_numbers), cmocka_unit_test(test_infinities),
        cmocka_unit_test(test_800_digits), cmocka_unit_test(test_random),     cmocka_unit_test(test_powers),
        cmocka_unit_test(test_all_sizes),  cmocka_unit_test(test_middles),    cmocka_unit_test(test_long),
        cmocka_unit_test(test_looks),      cmocka_unit_test(test_comma),      cmocka_unit_test(test_looks_with_comma),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
