#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "batch.h"
#include "schema.h"

static struct value *
column(struct arena *arena, const char *name, const char *type, const char *role)
{
    struct value *map = value_map(arena);
    value_set(arena, map, "name", value_string(arena, name));
    value_set(arena, map, "type", value_string(arena, type));
    value_set(arena, map, "role", value_string(arena, role));
    return map;
}

static struct value *
table(struct arena *arena, const char *task, struct value *columns)
{
    struct value *meta = value_map(arena);
    value_set(arena, meta, "cl", value_uint(arena, 1));
    value_set(arena, meta, "columns", columns);
    value_set(arena, meta, "task", value_string(arena, task));
    value_set(arena, meta, "transforms", value_array(arena));
    return meta;
}

static void
codes_count_from_one(void **state)
{
    (void) state;
    struct dict dict = {0};
    assert_int_equal(dict_find(&dict, "a", 1), 0);
    assert_int_equal(dict_add(&dict, "a", 1), 1);
    assert_int_equal(dict_add(&dict, "", 0), 2);
    assert_int_equal(dict_add(&dict, "a\0b", 3), 3);
    assert_int_equal(dict_add(&dict, "a", 1), 1);
    assert_int_equal(dict_find(&dict, "a\0b", 3), 3);
    assert_int_equal(dict_find(&dict, "a\0c", 3), 0);
    for (uint32_t i = 0; i < 100000; i++) {
        char s[16];
        int n = snprintf(s, sizeof s, "v%u", i);
        assert_int_equal(dict_add(&dict, s, (size_t) n), i + 4);
    }
    assert_int_equal(dict_find(&dict, "v99999", 6), 100003);
    struct dict copy;
    dict_copy(&copy, &dict);
    assert_int_equal(copy.n, dict.n);
    assert_int_equal(dict_find(&copy, "v5", 2), 9);
    dict_free(&copy);
    dict_free(&dict);
    assert_int_equal(dict.n, 0);
}

static void
expect_order(const char *const *values, uint32_t n, const char *const *sorted)
{
    struct dict dict = {0};
    uint32_t order[8];
    for (uint32_t i = 0; i < n; i++)
        dict_add(&dict, values[i], strlen(values[i]));
    dict_order(&dict, order);
    for (uint32_t i = 0; i < n; i++)
        assert_string_equal(dict.values[order[i] - 1], sorted[i]);
    dict_free(&dict);
}

static void
classes_are_ordered(void **state)
{
    (void) state;
    expect_order((const char *[]){"10", "9", "-1", "1e1", "0.5"}, 5, (const char *[]){"-1", "0.5", "9", "10", "1e1"});
    expect_order((const char *[]){"10", "9", "x"}, 3, (const char *[]){"10", "9", "x"});
    expect_order((const char *[]){"ab", "b", "a", ""}, 4, (const char *[]){"", "a", "ab", "b"});
    expect_order((const char *[]){"2", "1", "nan"}, 3, (const char *[]){"1", "2", "nan"});
    expect_order((const char *[]){"2", " 10"}, 2, (const char *[]){" 10", "2"});
    expect_order((const char *[]){"\xff", "z"}, 2, (const char *[]){"z", "\xff"}); /* bytes are unsigned */
}

static void
a_table_survives_the_round_trip(void **state)
{
    (void) state;
    struct arena arena = {0};
    struct error error;
    struct value *columns = value_array(&arena), *size = column(&arena, "size", "num", "feature");
    value_set(&arena, size, "unit", value_string(&arena, "mm"));
    value_push(&arena, columns, size);
    value_push(&arena, columns, column(&arena, "kind", "cat", "feature"));
    value_push(&arena, columns, column(&arena, "", "text", "carry"));
    value_push(&arena, columns, column(&arena, "r\xc3\xb6t", "cat", "label"));
    struct value *meta = table(&arena, "class", columns);
    value_set(&arena, meta, "future", value_float(&arena, 0.5));
    struct schema schema = {0}, copy;
    assert_int_equal(schema_from_value(&schema, meta, &error), 0);
    assert_int_equal(schema.n_x, 1);
    assert_int_equal(schema.n_c, 1);
    assert_int_equal(schema.n_y, 1);
    assert_string_equal(schema_c(&schema, 0)->name, "kind");
    assert_string_equal(schema_y(&schema, 0)->name, "r\xc3\xb6t");
    assert_int_equal(schema_find(&schema, "kind"), 1);
    assert_int_equal(schema_find(&schema, "none"), -1);
    assert_true(value_equal(schema_to_value(&schema, &arena), meta));
    schema_copy(&copy, &schema);
    schema_free(&schema);
    assert_true(value_equal(schema_to_value(&copy, &arena), meta));
    schema_free(&copy);
    arena_free(&arena);
}

/* Quadratic look-ups would make this take minutes. */
static void
many_columns_are_quick(void **state)
{
    (void) state;
    enum { MANY = 100000 };
    struct arena arena = {0};
    struct error error;
    struct value *columns = value_array(&arena);
    char name[16];
    for (int i = 0; i < MANY; i++) {
        snprintf(name, sizeof name, "c%d", i);
        value_push(&arena, columns, column(&arena, name, "num", "feature"));
    }
    struct schema schema = {0};
    assert_int_equal(schema_from_value(&schema, table(&arena, "none", columns), &error), 0);
    assert_int_equal(schema.n_x, MANY);
    for (int i = 0; i < MANY; i++) {
        snprintf(name, sizeof name, "c%d", i);
        assert_int_equal(schema_find(&schema, name), i);
    }
    assert_int_equal(schema_same(&schema, &schema, &error), 0);
    schema_free(&schema);
    arena_free(&arena);
}

static void
refused(struct value *meta, const char *why)
{
    struct schema schema = {0};
    struct error error = {0};
    assert_int_equal(schema_from_value(&schema, meta, &error), -1);
    assert_int_equal(error.status, STATUS_DATA);
    if (strstr(error.text, why) == NULL)
        fail_msg("'%s' does not say '%s'", error.text, why);
    assert_null(schema.columns);
}

static void
wrong_tables_are_refused(void **state)
{
    (void) state;
    struct arena arena = {0};
    struct arena *a = &arena;
    struct value *twice = value_array(a), *late = table(a, "none", value_array(a)), *many = value_array(a);
    value_push(a, twice, column(a, "a", "num", "feature"));
    value_push(a, twice, column(a, "a", "num", "feature"));
    refused(table(a, "none", twice), "two columns have the name 'a'");
    value_set(a, late, "cl", value_uint(a, 2));
    refused(late, "version is 2");
    refused(value_map(a), "'cl' is missing");
    refused(table(a, "guess", value_array(a)), "'guess'");
    static const struct {
        const char *task, *type, *role, *why;
    } wrong[] = {
        {"none", "blob", "feature", "'blob'"},         {"none", "num", "leader", "'leader'"},
        {"none", "time", "feature", "cannot have"},    {"class", "num", "label", "cannot have"},
        {"regression", "cat", "label", "cannot have"}, {"none", "num", "label", "cannot have"},
        {"none", "text", "weight", "cannot have"},     {"none", "num", "time", "cannot have"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        refused(table(a, wrong[i].task, value_push(a, value_array(a), column(a, "a", wrong[i].type, wrong[i].role))),
                wrong[i].why);
    value_push(a, many, column(a, "a", "num", "weight"));
    value_push(a, many, column(a, "b", "num", "weight"));
    refused(table(a, "none", many), "second one with the role weight");
    struct value *nul = column(a, "a", "num", "feature");
    value_set(a, nul, "name", value_string_n(a, "a\0b", 3));
    refused(table(a, "none", value_push(a, value_array(a), nul)), "NUL");
    arena_free(&arena);
}

static void
the_first_difference_is_named(void **state)
{
    (void) state;
    struct arena arena = {0};
    struct error error;
    struct schema a = {0}, b = {0};
    struct value *p = value_array(&arena), *q = value_array(&arena);
    value_push(&arena, p, column(&arena, "x", "num", "feature"));
    value_push(&arena, q, column(&arena, "x", "cat", "feature"));
    assert_int_equal(schema_from_value(&a, table(&arena, "none", p), &error), 0);
    assert_int_equal(schema_from_value(&b, table(&arena, "none", q), &error), 0);
    assert_int_equal(schema_same(&a, &b, &error), -1);
    assert_string_equal(error.text, "column 'x' has the type cat, not num");
    schema_free(&a);
    schema_free(&b);
    arena_free(&arena);
}

static void
filtered_rows_keep_their_numbers(void **state)
{
    (void) state;
    struct arena arena = {0};
    struct error error;
    struct schema schema = {0};
    struct value *columns = value_array(&arena);
    value_push(&arena, columns, column(&arena, "x", "num", "feature"));
    value_push(&arena, columns, column(&arena, "t", "text", "carry"));
    assert_int_equal(schema_from_value(&schema, table(&arena, "none", columns), &error), 0);
    struct text_cells text = {"t", (uint64_t[]){0, 1, 1, 4, 6}, "abcdef"};
    struct tensor other = {"e", DTYPE_U16, 2, {4, 2}, (uint16_t[]){0, 1, 2, 3, 4, 5, 6, 7}, 16};
    struct batch from = {.schema = &schema,
                         .n = 4,
                         .row = 10,
                         .x = (float[]){1, 2, 3, 4},
                         .text = &text,
                         .n_text = 1,
                         .other = &other,
                         .n_other = 1};
    struct batch to;
    batch_filter(&to, &from, (uint8_t[]){0, 1, 1, 0}, &arena);
    assert_int_equal(to.n, 2);
    assert_int_equal(to.row, 11);
    assert_null(to.rowno);
    assert_true(to.x[0] == 2 && to.x[1] == 3);
    batch_filter(&to, &from, (uint8_t[]){1, 0, 1, 1}, &arena);
    assert_int_equal(to.n, 3);
    assert_int_equal(batch_rowno(&to, 0), 10);
    assert_int_equal(batch_rowno(&to, 1), 12);
    assert_int_equal(to.text[0].at[3], 6);
    assert_memory_equal(to.text[0].bytes, "abcdef", 6);
    assert_int_equal(to.other[0].shape[0], 3);
    assert_memory_equal(to.other[0].data, ((uint16_t[]){0, 1, 4, 5, 6, 7}), 12);
    batch_filter(&to, &from, (uint8_t[]){0, 0, 0, 0}, &arena);
    assert_int_equal(to.n, 0);
    schema_free(&schema);
    arena_free(&arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_count_from_one),
        cmocka_unit_test(classes_are_ordered),
        cmocka_unit_test(a_table_survives_the_round_trip),
        cmocka_unit_test(many_columns_are_quick),
        cmocka_unit_test(wrong_tables_are_refused),
        cmocka_unit_test(the_first_difference_is_named),
        cmocka_unit_test(filtered_rows_keep_their_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
