#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jsonl.h"

/* The line in an exact allocation and its slack, which is full of what would be misread. */
static int
row(struct jsonl *jsonl, const char *line)
{
    static char *copy;
    size_t n = strlen(line);
    free(copy);
    copy = malloc(n + CELL_SLACK);
    memcpy(copy, line, n);
    memset(copy + n, '"', CELL_SLACK);
    return jsonl_row(jsonl, copy, n);
}

/* The cells, each behind a '|'. */
static void
cells_are(const struct jsonl *jsonl, const char *expected)
{
    char seen[4096] = "";
    size_t n = 0;
    for (uint32_t i = 0; i < jsonl->n_columns; i++)
        n += (size_t) snprintf(seen + n, sizeof seen - n, "|%.*s", (int) jsonl->cells[i].n, jsonl->cells[i].s);
    assert_string_equal(seen, expected);
}

static void
test_rows(void **state)
{
    (void) state;
    struct jsonl jsonl;
    jsonl_open(&jsonl, JSONL_COLLECT);
    assert_int_equal(row(&jsonl, "{\"a\": 1, \"b\": \"x\"}"), JSONL_ROW);
    cells_are(&jsonl, "|1|x");
    assert_int_equal(row(&jsonl, " {\"b\" : \"y\" ,\t\"a\":-1.5e3}\r"), JSONL_ROW);
    cells_are(&jsonl, "|-1.5e3|y");
    assert_int_equal(row(&jsonl, "{\"b\":true,\"c\":false}"), JSONL_ROW);
    cells_are(&jsonl, "||true|false");
    assert_int_equal(row(&jsonl, "{\"a\":null,\"b\":\"\",\"c\":\"null\"}"), JSONL_ROW);
    cells_are(&jsonl, "|||null");
    assert_int_equal(row(&jsonl, "{}"), JSONL_ROW);
    cells_are(&jsonl, "|||");
    assert_int_equal(row(&jsonl, "  \r"), JSONL_BLANK);
    assert_int_equal(row(&jsonl, ""), JSONL_BLANK);
    /* A key written with escapes is the same key; values with escapes stay apart. */
    assert_int_equal(row(&jsonl, "{\"\\u0061\":\"\\ud83d\\ude00\\n\",\"b\":\"\\\"q\\\"\",\"c\":\"\xc3\xa4\"}"),
                     JSONL_ROW);
    cells_are(&jsonl, "|\xf0\x9f\x98\x80\n|\"q\"|\xc3\xa4");
    assert_int_equal(row(&jsonl, "{\"a\":\"\\u0000\"}"), JSONL_ROW);
    assert_int_equal(jsonl.cells[0].n, 1);
    /* Long keys, and keys that have each other as prefixes. */
    assert_int_equal(
        row(&jsonl, "{\"a_name_of_more_than_16_bytes\":1,\"a_name_of_more_than_16_byteX\":2,\"aa\":3,\"\":4}"),
        JSONL_ROW);
    cells_are(&jsonl, "||||1|2|3|4");
    assert_int_equal(
        row(&jsonl, "{\"a_name_of_more_than_16_bytes\":5,\"a_name_of_more_than_16_byteX\":6,\"aa\":7,\"\":8}"),
        JSONL_ROW);
    cells_are(&jsonl, "||||5|6|7|8");
    assert_int_equal(row(&jsonl, "{\"quote\\\"d\":1}"), JSONL_ROW);
    size_t n;
    assert_string_equal(jsonl_name(&jsonl, 6, &n), "");
    assert_int_equal(n, 0);
    assert_string_equal(jsonl_name(&jsonl, 7, &n), "quote\"d");
    assert_int_equal(n, 7);
    assert_int_equal(row(&jsonl, "{\"quote\\\"d\":2}"), JSONL_ROW);
    cells_are(&jsonl, "||||||||2");
    /* The unescaped spelling is not JSON, although its bytes are those of the name. */
    assert_int_equal(row(&jsonl, "{\"quote\"d\":2}"), JSONL_BAD);
    jsonl_close(&jsonl);
}

static void
test_unknown(void **state)
{
    (void) state;
    struct jsonl jsonl;
    jsonl_open(&jsonl, JSONL_IGNORE);
    assert_int_equal(jsonl_column(&jsonl, "b", 1), 0);
    assert_int_equal(jsonl_column(&jsonl, "a", 1), 1);
    assert_int_equal(jsonl_column(&jsonl, "b", 1), 0);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(row(&jsonl, "{\"z\":\"\\t\",\"a\":1,\"y\":2,\"b\":\"\\t\"}"), JSONL_ROW);
        cells_are(&jsonl, "|\t|1");
    }
    jsonl.unknown = JSONL_REFUSE;
    assert_int_equal(row(&jsonl, "{\"a\":1, \"yy\":2,\"b\":3}"), JSONL_BAD);
    assert_string_equal(jsonl.problem, "the key 'yy' is not one of the columns");
    assert_int_equal(jsonl.problem_at, 9);
    assert_int_equal(jsonl.unknown_key, 4);
    assert_int_equal(row(&jsonl, "{\"a\":1, \"b\":01}"), JSONL_BAD);
    assert_int_equal(jsonl.unknown_key, -1);
    jsonl_close(&jsonl);
}

static void
test_problems(void **state)
{
    (void) state;
    static const struct {
        const char *line, *problem;
        size_t at;
    } cases[] = {
        {"[1]", "an object ('{') is wanted here, not '['", 1},
        {"{", "a key in double quotes is wanted where the line ends (an object has to stand on one line: jq -c .)", 2},
        {"{\"a\":1", "a ',' or '}' is wanted where the line ends (an object has to stand on one line: jq -c .)", 7},
        {"{\"a\"", "a ':' is wanted where the line ends (an object has to stand on one line: jq -c .)", 5},
        {"{\"a\":", "a value is wanted where the line ends (an object has to stand on one line: jq -c .)", 6},
        {"{\"a\":1,}", "a key in double quotes is wanted here, not '}'", 8},
        {"{\"a\" 1}", "a ':' is wanted here, not '1'", 6},
        {"{\"a\":1 \"b\":2}", "a ',' or '}' is wanted here, not '\"'", 8},
        {"{\"a\":1}{\"a\":2}", "text behind the object", 8},
        {"{\"a\":1,\"a\":2}", "the key 'a' comes twice", 8},
        {"{\"a\":1,\"\\u0061\":2}", "the key 'a' comes twice", 8},
        {"{\"a\":[1]}", "an array as a value: only flat objects are read", 6},
        {"{\"a\":{}}", "an object as a value: only flat objects are read", 6},
        {"{\"a\":nul}", "a value is wanted here, not 'n'", 6},
        {"{\"a\":NaN}", "a value is wanted here, not 'N'", 6},
        {"{\"a\":+1}", "a value is wanted here, not '+'", 6},
        {"{\"a\":007}", "a number that JSON does not have", 6},
        {"{\"a\":1.}", "a number that JSON does not have", 6},
        {"{\"a\":1x}", "a ',' or '}' is wanted here, not 'x'", 7},
        {"{\"a\":\"x}", "a string that does not end", 9},
        {"{\"a\":\"x\ty\"}", "a control character inside a string (it has to be escaped)", 8},
        {"{\"a\":\"x\xff\"}", "a byte that is not UTF-8", 8},
        {"{\"a\":\"12345678\xe2\x82\"}", "a byte that is not UTF-8", 15},
        {"{\"a\":\"\\ud800\"}", "half of a surrogate pair", 7},
        {"{\"a\":\"\\q\"}", "an escape that JSON does not have", 7},
        {"{\"a\xff\":1}", "a byte that is not UTF-8", 4},
        {"{\"a\\u0000\":1}", "a key with a NUL in it", 2},
        {"{'a':1}", "a key in double quotes is wanted here, not '''", 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct jsonl jsonl;
        jsonl_open(&jsonl, JSONL_COLLECT);
        /* The second time the keys are expected. */
        for (int times = 0; times < 2; times++) {
            assert_int_equal(row(&jsonl, cases[i].line), JSONL_BAD);
            assert_string_equal(jsonl.problem, cases[i].problem);
            assert_int_equal(jsonl.problem_at, cases[i].at);
        }
        assert_int_equal(row(&jsonl, "{\"a\":1}"), JSONL_ROW);
        jsonl_close(&jsonl);
    }
}

/* More columns than there can be, on one line and on many. */
static void
test_many(void **state)
{
    (void) state;
    struct jsonl jsonl;
    char *line = malloc(4 << 20);
    size_t n = 1;
    line[0] = '{';
    for (int i = 0; i <= JSONL_COLUMNS_MOST; i++) {
        n += (size_t) sprintf(line + n, "\"k%d\":%d,", i, i);
        if (i == 999 || i == JSONL_COLUMNS_MOST) {
            line[n - 1] = '}';
            jsonl_open(&jsonl, JSONL_COLLECT);
            int got = jsonl_row(&jsonl, line, n);
            assert_int_equal(got, i == 999 ? JSONL_ROW : JSONL_BAD);
            if (i == 999)
                assert_memory_equal(jsonl.cells[998].s, "998", 3);
            else
                assert_string_equal(jsonl.problem, "more than 131072 different keys");
            jsonl_close(&jsonl);
            line[n - 1] = ',';
        }
    }
    free(line);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_unknown),
        cmocka_unit_test(test_problems),
        cmocka_unit_test(test_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
