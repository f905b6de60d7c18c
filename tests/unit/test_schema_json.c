#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schema_json.h"

static int
read_text(struct schema *schema, struct schema_reading *reading, const char *text, struct error *error)
{
    *schema = (struct schema){0};
    return schema_from_json(schema, reading, text, strlen(text), "s.json", error);
}

/* The sentence about a text that is no schema. */
static void
check_refused(const char *text, const char *sentence)
{
    struct schema schema;
    struct schema_reading reading;
    struct error error = {0};
    if (read_text(&schema, &reading, text, &error) == 0)
        fail_msg("taken as a schema: %s", text);
    if (strcmp(error.text, sentence) != 0)
        fail_msg("\n%s\nis answered with\n%s\nnot\n%s", text, error.text, sentence);
    assert_int_equal(error.status, STATUS_DATA);
    assert_null(schema.columns);
}

static void
test_minimal(void **state)
{
    (void) state;
    struct schema schema;
    struct schema_reading reading;
    struct error error;
    assert_int_equal(read_text(&schema, &reading,
                               "{\"columns\": [{\"name\": \"a\", \"type\": \"num\"}, {\"name\": \"t\", \"type\": "
                               "\"time\"}, {\"name\": \"h\", \"type\": \"hash:3\"},"
                               "{\"name\": \"y\", \"type\": \"cat\", \"role\": \"label\"}]}",
                               &error),
                     0);
    assert_int_equal(schema.n_columns, 4);
    assert_int_equal(schema.task, TASK_CLASS);
    assert_int_equal(schema.columns[1].role, ROLE_TIME);
    assert_int_equal(schema.columns[2].type, COLUMN_CAT);
    uint64_t bits;
    assert_true(value_get_u64(schema.columns[2].extra, "hash", &bits) && bits == 3);
    assert_null(reading.delimiter);
    assert_null(schema.profile);
    schema_free(&schema);
}

/* All there is, to the same text again. */
static void
test_round_trip(void **state)
{
    (void) state;
    static const char text[] =
        "{\n"
        "  \"cl_schema\": 1,\n"
        "  \"format\": \"csv\",\n"
        "  \"delimiter\": \";\",\n"
        "  \"header\": \"yes\",\n"
        "  \"decimal\": \",\",\n"
        "  \"missing\": [\"NA\", \"a,b\", \"\\\"\", \"\\\\\"],\n"
        "  \"task\": \"class\",\n"
        "  \"rows\": 12,\n"
        "  \"columns\": [\n"
        "    {\"name\": \"t\", \"type\": \"time\", \"role\": \"time\", \"dates\": \"dmy\"},\n"
        "    {\"name\": \"t.days\", \"type\": \"num\", \"role\": \"feature\", \"of\": \"t\", "
        "\"part\": \"days\", \"origin\": \"2013-01-01\", \"dates\": \"dmy\", \"missing_rows\": 1, "
        "\"min\": 0, \"max\": 0.1},\n"
        "    {\"name\": \"p\", \"type\": \"num\", \"role\": \"feature\", \"percent\": true, "
        "\"decimal\": \",\", \"missing_rows\": 12},\n"
        "    {\"name\": \"h\", \"type\": \"cat\", \"role\": \"feature\", \"hash\": 10, "
        "\"missing_rows\": 0},\n"
        "    {\"name\": \"c\\n\", \"type\": \"cat\", \"role\": \"feature\", \"missing_rows\": 2, "
        "\"categories\": [\"\", \"x\"]},\n"
        "    {\"name\": \"y\", \"type\": \"cat\", \"role\": \"label\", \"categories\": []}\n"
        "  ]\n"
        "}\n";
    struct schema schema;
    struct schema_reading reading;
    struct error error = {0};
    struct text written = {0};
    if (read_text(&schema, &reading, text, &error) < 0)
        fail_msg("%s", error.text);
    assert_non_null(schema.profile);
    assert_true(schema.profile->rows == 12 && schema.profile->n == 4);
    int64_t origin;
    assert_true(value_get_i64(schema.columns[1].extra, "origin", &origin) && origin == 1356998400000000);
    assert_int_equal(schema_to_json(&written, &schema, &reading, &error), 0);
    if (strcmp(written.bytes, text) != 0)
        fail_msg("%s\nbecame\n%s", text, written.bytes);
    free(written.bytes);
    schema_free(&schema);
}

#define COLUMN(keys) "{\"columns\": [{\"name\": \"a\", \"type\": \"num\"" keys "}]}"
#define CAT(keys) "{\"columns\": [{\"name\": \"a\", \"type\": \"cat\"" keys "}]}"

static void
test_refused(void **state)
{
    (void) state;
    check_refused("", "s.json:1:1: a value is wanted here, where the text ends");
    check_refused("[]", "s.json: a schema is an object: {\"columns\": [...]}");
    check_refused("{}", "s.json: it has no array 'columns' with one object for each");
    check_refused("{\"columns\": []}", "s.json: it has no array 'columns' with one object for each");
    check_refused("{\"colums\": []}", "s.json: the key 'colums' is none of cl_schema, format, delimiter, header, "
                                      "decimal, missing, task, rows, columns");
    check_refused("{\"cl_schema\": 2, \"columns\": []}",
                  "s.json: the value of 'cl_schema' is not 1, the version that this program reads");
    check_refused("{\"columns\": [1]}", "s.json: column 1: a column is an object: {\"name\": ..., \"type\": ...}");
    check_refused("{\"columns\": [{}]}", "s.json: column 1: it has no string 'name'");
    check_refused("{\"columns\": [{\"name\": \"a\"}]}", "s.json: column 'a': it has no string 'type'");
    check_refused("{\"columns\": [{\"name\": \"a\", \"type\": \"int\"}]}",
                  "s.json: column 'a': the type is num, cat, hash, hash:BITS (1 to 20), text or time, not 'int'");
    check_refused("{\"columns\": [{\"name\": \"a\", \"type\": 1}]}",
                  "s.json: column 'a': the value of 'type' is no string");
    check_refused(COLUMN(", \"rolle\": \"label\""),
                  "s.json: column 'a': the key 'rolle' is none of name, type, role, categories, missing_rows, min, "
                  "max, hash, percent, decimal, of, part, origin, dates, lag, lag_of");
    check_refused(COLUMN(", \"role\": \"target\""),
                  "s.json: column 'a' has the role 'target', which this version does not know");
    check_refused(COLUMN(", \"role\": \"time\""),
                  "s.json: column 'a' of type num cannot have the role time (task: none)");
    check_refused("{\"columns\": [{\"name\": \"a\", \"type\": \"num\"}, {\"name\": \"a\", \"type\": \"num\"}]}",
                  "s.json: two columns have the name 'a'");
    check_refused("{\"delimiter\": 1, \"columns\": [{\"name\": \"a\", \"type\": \"num\"}]}",
                  "s.json: the value of 'delimiter' is no string");
    check_refused("{\"header\": \"maybe\", \"columns\": [{\"name\": \"a\", \"type\": \"num\"}]}",
                  "s.json: the value of 'header' cannot be 'maybe'");
    check_refused("{\"missing\": \"NA\", \"columns\": [{\"name\": \"a\", \"type\": \"num\"}]}",
                  "s.json: the value of 'missing' is no array of strings");
    check_refused(COLUMN(", \"categories\": [\"x\"]"),
                  "s.json: column 'a': only a category or a class has 'categories', and none that is hashed");
    check_refused(CAT(", \"categories\": \"x\""),
                  "s.json: column 'a': the value of 'categories' is no array of strings");
    check_refused(CAT(", \"categories\": [1]"),
                  "s.json: column 'a': 'categories' has an item that is no string (write \"1\", not 1)");
    check_refused(CAT(", \"categories\": [\"x\", \"x\"]"), "s.json: column 'a': 'categories' has 'x' twice");
    check_refused(COLUMN(", \"min\": 1, \"max\": 2"), "s.json: 'missing_rows', 'min' and 'max' of columns want the key "
                                                      "'rows': how many there were");
    check_refused("{\"rows\": 1, \"columns\": [{\"name\": \"a\", \"type\": \"cat\", \"min\": 1, \"max\": 1}]}",
                  "s.json: 'missing_rows' is for numeric and categorical features, 'min' and 'max' for numeric ones, "
                  "and not for column 'a'");
    static const char *const bad[][2] = {{"hash", "3"},        {"percent", "1"},     {"of", "\"t\""},
                                         {"part", "\"year\""}, {"dates", "\"ymd\""}, {"decimal", "1"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char text[200], sentence[300];
        snprintf(text, sizeof text, COLUMN(", \"%s\": %s"), bad[i][0], bad[i][1]);
        snprintf(sentence, sizeof sentence,
                 "s.json: column 'a' of the schema has the key '%s' with a value that does not go with it (see "
                 "cl-schema(5))",
                 bad[i][0]);
        check_refused(text, sentence);
    }
    check_refused(CAT(", \"hash\": 21"), "s.json: column 'a' of the schema has the key 'hash' with a value that does "
                                         "not go with it (see cl-schema(5))");
    check_refused(COLUMN(", \"of\": \"t\", \"part\": \"days\""),
                  "s.json: column 'a' of the schema has the key 'origin' with a value that does not go with it (see "
                  "cl-schema(5))");
    check_refused(COLUMN(", \"of\": \"t\", \"part\": \"days\", \"origin\": \"today\""),
                  "s.json: column 'a': the value of 'origin' is no date like 2024-01-31");
    check_refused(COLUMN(", \"of\": \"t\", \"part\": \"days\", \"origin\": 9223372036854775807"),
                  "s.json: column 'a' of the schema has the key 'origin' with a value that does not go with it (see "
                  "cl-schema(5))");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_minimal),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
