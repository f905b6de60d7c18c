#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "value.h"

static int
setup(void **state)
{
    *state = mem_zalloc(1, sizeof(struct arena));
    return 0;
}

static int
teardown(void **state)
{
    arena_free(*state);
    free(*state);
    return 0;
}

static void
test_map(void **state)
{
    struct arena *arena = *state;
    struct value *map = value_map(arena);
    assert_null(value_get(map, "a"));
    value_set(arena, map, "a", value_int(arena, 1));
    value_set(arena, map, "b", value_int(arena, 2));
    value_set(arena, map, "ab", value_int(arena, 3));
    value_set(arena, map, "a", value_string(arena, "new"));
    assert_int_equal(map->n, 3);
    assert_string_equal(value_get_string(map, "a"), "new");
    assert_string_equal(map->items[0]->bytes, "a");
    assert_true(value_remove(map, "b"));
    assert_false(value_remove(map, "b"));
    assert_int_equal(map->n, 2);
    assert_string_equal(map->items[2]->bytes, "ab");
    assert_int_equal(value_get(map, "ab")->i, 3);
    assert_null(value_get(NULL, "a"));
    assert_null(value_get(value_nil(arena), "a"));
    assert_false(value_remove(NULL, "a"));
}

static void
test_many(void **state)
{
    struct arena *arena = *state;
    struct value *array = value_array(arena);
    for (int i = 0; i < 1000; i++)
        value_push(arena, array, value_int(arena, i));
    assert_int_equal(array->n, 1000);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(array->items[i]->i, i);
}

static void
test_numbers(void **state)
{
    struct arena *arena = *state;
    struct value *map = value_map(arena);
    uint64_t u;
    int64_t i;
    double f;
    bool b;
    value_set(arena, map, "max", value_uint(arena, UINT64_MAX));
    value_set(arena, map, "minus", value_int(arena, -1));
    value_set(arena, map, "three", value_float(arena, 3));
    value_set(arena, map, "half", value_float(arena, 0.5));
    value_set(arena, map, "2^63", value_float(arena, 0x1p63));
    value_set(arena, map, "2^64", value_float(arena, 0x1p64));
    value_set(arena, map, "nan", value_float(arena, (double) NAN));
    value_set(arena, map, "odd", value_int(arena, (INT64_C(1) << 53) + 1));
    value_set(arena, map, "i64", value_int(arena, INT64_MAX));
    value_set(arena, map, "yes", value_bool(arena, true));
    value_set(arena, map, "text", value_string(arena, "1"));

    assert_int_equal(value_get(map, "max")->kind, VALUE_UINT);
    assert_int_equal(value_uint(arena, INT64_MAX)->kind, VALUE_INT);
    assert_true(value_get_u64(map, "max", &u) && u == UINT64_MAX);
    assert_false(value_get_i64(map, "max", &i));
    assert_false(value_get_double(map, "max", &f));
    assert_false(value_get_u64(map, "minus", &u));
    assert_true(value_get_i64(map, "minus", &i) && i == -1);
    assert_true(value_get_double(map, "minus", &f) && f == -1.0);
    assert_true(value_get_u64(map, "three", &u) && u == 3);
    assert_true(value_get_i64(map, "three", &i) && i == 3);
    assert_false(value_get_u64(map, "half", &u));
    assert_false(value_get_i64(map, "half", &i));
    assert_true(value_get_u64(map, "2^63", &u) && u == UINT64_C(1) << 63);
    assert_false(value_get_i64(map, "2^63", &i));
    assert_false(value_get_u64(map, "2^64", &u));
    assert_false(value_get_u64(map, "nan", &u));
    assert_false(value_get_i64(map, "nan", &i));
    assert_true(value_get_double(map, "nan", &f) && isnan(f));
    assert_false(value_get_double(map, "odd", &f));
    assert_false(value_get_double(map, "i64", &f));
    assert_true(value_get_bool(map, "yes", &b) && b);
    assert_false(value_get_bool(map, "three", &b));
    assert_false(value_get_u64(map, "text", &u));
    assert_false(value_get_u64(map, "none", &u));
    assert_null(value_get_string(map, "three"));
}

/* A string that C would read as a shorter one is none: "num\0x" must not pass for "num". */
static void
test_string_with_nul(void **state)
{
    struct arena *arena = *state;
    struct value *map = value_map(arena);
    value_set(arena, map, "type", value_string_n(arena, "num\0x", 5));
    assert_null(value_get_string(map, "type"));
    assert_int_equal(value_get(map, "type")->n, 5);
}

static struct value *
sample(struct arena *arena, bool reversed, int n)
{
    struct value *map = value_map(arena);
    for (int j = 0; j < n; j++) {
        char key[16];
        int i = reversed ? n - 1 - j : j;
        snprintf(key, sizeof key, "k%d", i);
        value_set(arena, map, key, value_push(arena, value_array(arena), value_int(arena, i)));
    }
    return map;
}

static void
test_equal(void **state)
{
    struct arena *arena = *state;
    struct value *a = sample(arena, false, 100), *b = sample(arena, true, 100);
    assert_true(value_equal(a, b));
    assert_true(value_equal(a, value_copy(arena, a)));
    value_set(arena, b, "k50", value_int(arena, 50));
    assert_false(value_equal(a, b));
    assert_false(value_equal(a, sample(arena, true, 99)));
    value_remove(b, "k50");
    value_set(arena, b, "x50", value_get(a, "k50"));
    assert_false(value_equal(a, b));

    assert_false(value_equal(value_int(arena, 1), value_float(arena, 1)));
    assert_false(value_equal(value_float(arena, 0.0), value_float(arena, -0.0)));
    assert_true(value_equal(value_float(arena, (double) NAN), value_float(arena, (double) NAN)));
    assert_false(value_equal(value_string(arena, "a"), value_binary(arena, "a", 1)));
    assert_true(value_equal(value_binary(arena, "a\0b", 3), value_binary(arena, "a\0b", 3)));
    assert_false(value_equal(value_binary(arena, "a\0b", 3), value_binary(arena, "a\0c", 3)));
    assert_true(value_equal(NULL, NULL));
    assert_false(value_equal(NULL, value_nil(arena)));
    assert_true(value_equal(value_bool(arena, true), value_bool(arena, true)));
    assert_false(value_equal(value_bool(arena, true), value_bool(arena, false)));
}

static void
test_copy_is_deep(void **state)
{
    struct arena *arena = *state, other = {0};
    struct value *a = sample(arena, false, 10);
    struct value *copy = value_copy(&other, a);
    value_get(a, "k3")->items[0]->i = 77;
    value_push(arena, value_get(a, "k4"), value_nil(arena));
    assert_int_equal(value_get(copy, "k3")->items[0]->i, 3);
    value_set(&other, copy, "more", value_nil(&other));
    assert_int_equal(copy->n, 11);
    assert_int_equal(a->n, 10);
    arena_free(&other);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_map, setup, teardown),
        cmocka_unit_test_setup_teardown(test_many, setup, teardown),
        cmocka_unit_test_setup_teardown(test_numbers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_string_with_nul, setup, teardown),
        cmocka_unit_test_setup_teardown(test_equal, setup, teardown),
        cmocka_unit_test_setup_teardown(test_copy_is_deep, setup, teardown),
    };
    return cmocka_run_group_tests_name("value", tests, NULL, NULL);
}
