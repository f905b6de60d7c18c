#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "json_read.h"

static void
test_values(void **state)
{
    (void) state;
    struct arena arena = {0};
    struct error error;
    static const char text[] =
        "\xef\xbb\xbf {\"a\": [1, -2, 0, 18446744073709551615, -9223372036854775808],\r\n"
        "\"b\" : {\"\": null, \"t\":true,\"f\":false}, \"c\": \"x\\u00e9\\ud83d\\ude00\\n\\\\\"}\t";
    struct value *value = json_read(&arena, text, sizeof text - 1, "f", &error);
    assert_non_null(value);
    struct value *a = value_get(value, "a");
    assert_int_equal(a->n, 5);
    assert_int_equal(a->items[1]->i, -2);
    assert_int_equal(a->items[3]->kind, VALUE_UINT);
    assert_true(a->items[3]->u == UINT64_MAX);
    assert_true(a->items[4]->kind == VALUE_INT && a->items[4]->i == INT64_MIN);
    struct value *b = value_get(value, "b");
    assert_int_equal(b->n, 3);
    assert_int_equal(value_get(b, "")->kind, VALUE_NIL);
    assert_true(value_get(b, "t")->boolean);
    assert_false(value_get(b, "f")->boolean);
    assert_string_equal(value_get_string(value, "c"), "x\xc3\xa9\xf0\x9f\x98\x80\n\\");
    /* Adding to what was read works. */
    value_set(&arena, b, "new", value_uint(&arena, 1));
    assert_int_equal(b->n, 4);

    double f;
    static const char numbers[] = "[1.5, -0, 1e2, 18446744073709551616, 0.1, 4.9e-324, -0.0]";
    value = json_read(&arena, numbers, sizeof numbers - 1, "f", &error);
    static const double expected[] = {1.5, -0.0, 100, 0x1p64, 0.1, 4.9e-324, -0.0};
    for (size_t i = 0; i < value->n; i++) {
        assert_int_equal(value->items[i]->kind, VALUE_FLOAT);
        f = value->items[i]->f;
        assert_memory_equal(&f, &expected[i], sizeof f);
    }
    static const char nul[] = "\"a\\u0000b\"";
    value = json_read(&arena, nul, sizeof nul - 1, "f", &error);
    assert_int_equal(value->n, 3);
    assert_memory_equal(value->bytes, "a\0b", 4);
    arena_free(&arena);
}

/* What json.h writes is read back alike. */
static void
test_round_trip(void **state)
{
    (void) state;
    struct arena arena = {0};
    struct text text = {0}, again = {0};
    struct error error;
    struct value *map = value_map(&arena);
    value_set(&arena, map, "s", value_string(&arena, "tab\t quote\" \xc3\xa4 \x01"));
    value_set(&arena, map, "f", value_float(&arena, 0.1));
    value_set(&arena, map, "l", value_push(&arena, value_array(&arena), value_int(&arena, -7)));
    value_set(&arena, map, "e", value_map(&arena));
    for (int pretty = 0; pretty < 2; pretty++) {
        text.n = again.n = 0;
        json_value(&text, map, pretty);
        struct value *back = json_read(&arena, text.bytes, text.n, "f", &error);
        assert_non_null(back);
        assert_true(value_equal(map, back));
        json_value(&again, back, pretty);
        assert_string_equal(text.bytes, again.bytes);
    }
    free(text.bytes);
    free(again.bytes);
    arena_free(&arena);
}

static void
test_mistakes(void **state)
{
    (void) state;
    static const struct {
        const char *text, *sentence;
    } cases[] = {
        {"", "f:1:1: a value is wanted here, where the text ends"},
        {"{\"a\":1,}", "f:1:8: a key in double quotes is wanted here, not '}'"},
        {"[1,]", "f:1:4: a value is wanted here, not ']'"},
        {"[1 2]", "f:1:4: a ',' or ']' is wanted here, not '2'"},
        {"{\n \"a\" 1}", "f:2:6: a ':' is wanted here, not '1'"},
        {"{\"a\":1,\n\"a\":2}", "f:2:1: the key 'a' comes twice"},
        {"{\"a\\u0000\":1}", "f:1:2: a key with a NUL in it"},
        {"{\"a\":01}", "f:1:6: a number that JSON does not have"},
        {"[.5]", "f:1:2: a value is wanted here, not '.'"},
        {"[1.]", "f:1:2: a number that JSON does not have"},
        {"[-]", "f:1:2: a number that JSON does not have"},
        {"[1e999]", "f:1:2: a number out of the range of a double"},
        {"[NaN]", "f:1:2: a value is wanted here, not 'N'"},
        {"[tru]", "f:1:2: a value is wanted here, not 't'"},
        {"[\"abc", "f:1:6: a string that does not end"},
        {"[\"abc\\\"", "f:1:8: a string that does not end"},
        {"[\"abc\\", "f:1:6: a string that does not end"},
        {"[\"\\x\"]", "f:1:3: an escape that JSON does not have"},
        {"[\"\\u12g4\"]", "f:1:3: a \\u without four hexadecimal digits"},
        {"[\"\\ud83d\"]", "f:1:3: half of a surrogate pair"},
        {"[\"\\ud83d\\u0041\"]", "f:1:3: half of a surrogate pair"},
        {"[\"\\ude00\"]", "f:1:3: half of a surrogate pair"},
        {"[\"a\tb\"]", "f:1:4: a control character inside a string (it has to be escaped)"},
        {"[\"a\xc0\x80\"]", "f:1:4: a byte that is not UTF-8"},
        {"[\"\xed\xa0\x80\"]", "f:1:3: a byte that is not UTF-8"},
        {"1 2", "f:1:3: the end of the text is wanted here, not '2'"},
        {"[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]", "f:1:17: values nested too deep"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena arena = {0};
        struct error error = {.text = ""};
        assert_null(json_read(&arena, cases[i].text, strlen(cases[i].text), "f", &error));
        assert_string_equal(error.text, cases[i].sentence);
        assert_int_equal(error.status, STATUS_DATA);
        arena_free(&arena);
    }
}

/* A million of anything ends soon, and in a sentence. */
static void
test_bounds(void **state)
{
    (void) state;
    enum { N = JSON_VALUES_MOST };
    struct arena arena = {0};
    struct error error;
    char *text = malloc(2 * N + 16);
    memset(text, '[', N);
    assert_null(json_read(&arena, text, N, "f", &error));
    text[0] = '[';
    for (size_t i = 0; i < N; i++) {
        text[1 + 2 * i] = '0';
        text[2 + 2 * i] = i + 1 == N ? ']' : ',';
    }
    assert_null(json_read(&arena, text, 2 * N + 1, "f", &error));
    assert_non_null(strstr(error.text, "more values than are read"));
    free(text);
    arena_free(&arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
