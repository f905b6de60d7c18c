#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "json.h"

static void
string_is(const char *s, size_t n, const char *expected)
{
    struct text text = {0};
    json_string(&text, s, n);
    assert_string_equal(text.bytes, expected);
    assert_int_equal(text.n, strlen(expected));
    free(text.bytes);
}

static void
test_strings(void **state)
{
    (void) state;
    string_is("", 0, "\"\"");
    string_is("plain", 5, "\"plain\"");
    string_is("a\"b\\c/", 6, "\"a\\\"b\\\\c/\"");
    string_is("\n\r\t\b\x1f\x7f", 6, "\"\\n\\r\\t\\u0008\\u001f\\u007f\"");
    string_is("a\0b", 3, "\"a\\u0000b\"");
    string_is("\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\x88", 9, "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\x88\"");
#define BAD "\xef\xbf\xbd"
    string_is("\xff", 1, "\"" BAD "\"");
    string_is("\xc3", 1, "\"" BAD "\"");
    string_is("\xc0\xaf", 2, "\"" BAD BAD "\"");         /* overlong */
    string_is("\xed\xa0\x80", 3, "\"" BAD BAD BAD "\""); /* surrogate */
    string_is("\xf4\x90\x80\x80", 4, "\"" BAD BAD BAD BAD "\"");
    string_is("\xe2\x82x", 3, "\"" BAD BAD "x\"");
#undef BAD
}

static void
double_is(double number, const char *expected)
{
    char buffer[32];
    assert_int_equal(format_double(buffer, number), strlen(expected));
    assert_string_equal(buffer, expected);
}

static void
float_is(float number, const char *expected)
{
    char buffer[32];
    assert_int_equal(format_float(buffer, number), strlen(expected));
    assert_string_equal(buffer, expected);
}

static void
test_known_numbers(void **state)
{
    (void) state;
    double_is(0, "0");
    double_is(-0.0, "-0");
    double_is(1, "1");
    double_is(-17, "-17");
    double_is(0.1, "0.1");
    double_is(0.1 + 0.2, "0.30000000000000004");
    double_is(1.0 / 3, "0.3333333333333333");
    double_is(-2.5, "-2.5");
    double_is(100, "100");
    double_is(123456789012345, "123456789012345");
    double_is(1e15, "1e+15");
    double_is(1e22, "1e+22");
    double_is(0.0001, "0.0001");
    double_is(0.00001, "1e-05");
    double_is(DBL_MAX, "1.7976931348623157e+308");
    double_is(0x1p-1074, "5e-324");
    double_is(9007199254740993.0, "9007199254740992");
    float_is(0.1f, "0.1");
    float_is(1.0f / 3, "0.33333334");
    float_is(16777216.0f, "16777216");
    float_is(123456789.0f, "123456792");
    float_is(1e10f, "1e+10");
    float_is(FLT_MAX, "3.4028235e+38");
    float_is(0x1p-149f, "1e-45");
    float_is(-0.0f, "-0");
    float_is(39.25f, "39.25");
    float_is(INFINITY, "inf");
    float_is(-INFINITY, "-inf");
    double_is((double) NAN, "nan");
}

/* Every number reads back, and never takes more digits than it may. */
static void
test_numbers_read_back(void **state)
{
    (void) state;
    uint64_t seed = 7;
    for (int i = 0; i < 300000; i++) {
        char buffer[32];
        double d;
        float f;
        seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        uint64_t bits = seed ^ seed >> 29;
        uint32_t half = (uint32_t) (bits >> 17);
        memcpy(&d, &bits, sizeof d);
        memcpy(&f, &half, sizeof f);
        if (i % 3 == 1) {
            d = (double) (bits % 1000000000) / 1e5;
            f = (float) d;
        } else if (i % 3 == 2) {
            d = (double) (bits >> 11) / 0x1p53;
            f = (float) d;
        }
        if (isfinite(d)) {
            int n = format_double(buffer, d);
            assert_true(strtod(buffer, NULL) == d && strlen(buffer) == (size_t) n && n <= 24);
        }
        if (isfinite(f)) {
            int n = format_float(buffer, f);
            assert_true(strtof(buffer, NULL) == f && strlen(buffer) == (size_t) n && n <= 16);
        }
    }
}

static void
test_values(void **state)
{
    (void) state;
    struct arena arena = {0};
    struct value *map = value_map(&arena), *array = value_array(&arena);
    value_push(&arena, array, value_int(&arena, INT64_MIN));
    value_push(&arena, array, value_uint(&arena, UINT64_MAX));
    value_push(&arena, array, value_float(&arena, (double) NAN));
    value_push(&arena, array, value_float(&arena, (double) -INFINITY));
    value_push(&arena, array, value_float(&arena, 1e300));
    value_set(&arena, map, "a\"", array);
    value_set(&arena, map, "none", value_array(&arena));
    value_set(&arena, map, "nil", value_nil(&arena));
    value_set(&arena, map, "yes", value_bool(&arena, true));
    value_set(&arena, map, "no", value_bool(&arena, false));
    value_set(&arena, map, "bin", value_binary(&arena, "\0\xff", 2));
    value_set(&arena, map, "map", value_set(&arena, value_map(&arena), "k", value_string(&arena, "v")));
    struct text text = {0};
    json_value(&text, map, false);
    assert_string_equal(text.bytes,
                        "{\"a\\\"\": [-9223372036854775808, 18446744073709551615, null, null, 1e+300], \"none\": [], "
                        "\"nil\": null, \"yes\": true, \"no\": false, \"bin\": \"00ff\", \"map\": {\"k\": \"v\"}}");
    text.n = 0;
    value_remove(map, "a\"");
    json_value(&text, map, true);
    assert_string_equal(text.bytes, "{\n  \"none\": [],\n  \"nil\": null,\n  \"yes\": true,\n  \"no\": false,\n"
                                    "  \"bin\": \"00ff\",\n  \"map\": {\n    \"k\": \"v\"\n  }\n}");
    free(text.bytes);
    arena_free(&arena);
}

static void
test_text(void **state)
{
    (void) state;
    struct text text = {0};
    text_add(&text, "", 0);
    assert_string_equal(text.bytes, "");
    for (int i = 0; i < 1000; i++)
        text_printf(&text, "%d,", i);
    assert_int_equal(text.n, 3890);
    assert_int_equal(strlen(text.bytes), text.n);
    free(text.bytes);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_strings), cmocka_unit_test(test_known_numbers), cmocka_unit_test(test_numbers_read_back),
        cmocka_unit_test(test_values),  cmocka_unit_test(test_text),
    };
    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
