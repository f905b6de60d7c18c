#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "batch.h"
#include "schema.h"
#include "transform.h"

static const char *columns[] = {"a", "b"};

static struct transform
sample(void)
{
    static double shift[] = {1, -0.5}, divisor[] = {3, 0.1}, fill[] = {2, 7};
    static double label_shift[] = {10}, label_divisor[] = {4};
    return (struct transform){"scale", "standard", "mean", 2,           columns,       shift, divisor,
                              fill,    "standard", 1,      label_shift, label_divisor, false};
}

static void
test_apply_is_double_rounded_once(void **state)
{
    (void) state;
    struct transform transform = sample();
    float x[] = {2, NAN, NAN, 0.25f};
    transform_apply_x(&transform, x, 2);
    assert_true(x[0] == (float) (1.0 / 3.0));
    assert_true(x[1] == (float) (7.5 / 0.1));
    assert_true(x[2] == (float) (1.0 / 3.0));
    assert_true(x[3] == (float) (0.75 / 0.1));
    float y[] = {12, NAN};
    struct batch batch = {.n = 2};
    struct error error;
    assert_int_equal(transform_apply_y(&transform, y, &batch, NULL, &error), 0);
    assert_true(y[0] == 0.5f);
    assert_true(isnan(y[1]));
}

static struct transform
root_sample(void)
{
    struct transform transform = sample();
    transform.label_method = "sqrt";
    transform.label_root = true;
    return transform;
}

static void
test_roots(void **state)
{
    (void) state;
    struct transform transform = root_sample();
    struct column table[] = {{.name = "a"}, {.name = "b"}, {.name = "sold", .role = ROLE_LABEL}};
    struct schema schema = {.columns = table, .n_columns = 3, .task = TASK_REGRESSION};
    struct error error;
    schema_count(&schema);
    float y[] = {2, NAN, 0, -0.0f, 1e30f};
    struct batch batch = {.schema = &schema, .n = 5, .y = y, .row = 40};
    assert_int_equal(transform_apply(&transform, &batch, &error), 0);
    assert_true(y[0] == (float) ((sqrt(2.0) - 10) / 4)); /* in double, rounded once: not the root of the float */
    assert_true(isnan(y[1]));
    assert_true(y[2] == -2.5f && y[3] == -2.5f);
    assert_true(y[4] == (float) ((sqrt((double) 1e30f) - 10) / 4));
    assert_true(y[4] == transform_label(&transform, 1, 0, 1e30f));

    float negative[] = {4, 1, -3.5f};
    batch.n = 3;
    batch.y = negative;
    assert_int_equal(transform_apply(&transform, &batch, &error), -1);
    assert_int_equal(error.status, STATUS_DATA);
    assert_non_null(strstr(error.text, "record 43: label 'sold' is -3.5"));
    assert_non_null(strstr(error.text, "--label standard"));
    assert_true(isnan(transform_label(&transform, 1, 0, -1)));
    schema_free(&schema);
}

/* Every count up to 100,000 comes back as the nearest whole number; below the root of 0 there is nothing but 0. */
static void
test_roots_are_inverted(void **state)
{
    (void) state;
    struct transform two[] = {root_sample(), sample()};
    double shift = 11.57, divisor = 7.21;
    two[0].label_shift = &shift;
    two[0].label_divisor = &divisor;
    for (uint32_t n = 1; n <= 2; n++)
        for (int count = 0; count <= 100000; count++) {
            float scaled = transform_label(two, n, 0, (float) count);
            double back = transform_invert_label(two, n, 0, (double) scaled);
            assert_true(fabs(back - count) <= 1e-6 * n * (count + 100));
        }
    assert_true(transform_invert_label(two, 1, 0, -2) == 0);
    assert_true(transform_invert_label(two, 1, 0, -11.57 / 7.21) < 1e-20);
    assert_true(transform_invert_label(two, 1, 0, -1) > 0);
    assert_true(isnan(transform_invert_label(two, 1, 0, NAN)));
    double before = 0;
    for (double z = -3; z < 3; z += 1.0 / 64) {
        double y = transform_invert_label(two, 1, 0, z);
        assert_true(y >= before);
        before = y;
    }
}

static void
test_labels_are_inverted_in_reverse(void **state)
{
    (void) state;
    struct transform two[] = {sample(), sample()};
    double shift = -1, divisor = 2;
    two[1].label_shift = &shift;
    two[1].label_divisor = &divisor;
    /* y' = ((y - 10) / 4 + 1) / 2 */
    assert_true(transform_invert_label(two, 2, 0, 1) == (1 * 2.0 - 1) * 4 + 10);
    assert_true(transform_invert_label(two, 0, 0, 1) == 1);
    two[1].n_label = 0;
    assert_true(transform_invert_label(two, 2, 0, 1) == 14);
}

static void
test_a_value_keeps_every_bit(void **state)
{
    (void) state;
    struct arena arena = {0};
    struct error error;
    struct transform from = sample(), to, copy;
    from.shift[0] = 0x1.fffffffffffffp-3;
    from.shift[1] = -0.0;
    assert_int_equal(transform_from_value(&to, transform_to_value(&from, &arena), &arena, &error), 0);
    assert_true(transform_equal(&from, &to));
    to.shift[1] = 0;
    assert_false(transform_equal(&from, &to));
    transform_copy(&copy, &from, &arena);
    assert_true(transform_equal(&from, &copy));
    copy.names[1] = "c";
    assert_false(transform_equal(&from, &copy));
    from.shift[0] = 1;
    from.shift[1] = -0.5;

    /* Roots are one more key, so that readers of before refuse it. */
    assert_null(value_get(transform_to_value(&from, &arena), "label_function"));
    from = root_sample();
    assert_string_equal(value_get_string(transform_to_value(&from, &arena), "label_function"), "sqrt");
    assert_int_equal(transform_from_value(&to, transform_to_value(&from, &arena), &arena, &error), 0);
    assert_true(to.label_root && transform_equal(&from, &to));
    transform_copy(&copy, &from, &arena);
    assert_true(copy.label_root);
    copy.label_root = false;
    assert_false(transform_equal(&from, &copy));
    arena_free(&arena);
}

static void
refuse(const char *key, struct value *item, struct arena *arena, const char *says)
{
    struct error error = {0};
    struct transform from = sample(), to;
    struct value *value = transform_to_value(&from, arena);
    value_set(arena, value, key, item);
    assert_int_equal(transform_from_value(&to, value, arena, &error), -1);
    assert_int_equal(error.status, STATUS_DATA);
    assert_non_null(strstr(error.text, says));
}

static void
test_wrong_values_are_refused(void **state)
{
    (void) state;
    struct arena arena = {0};
    struct value *one = value_push(&arena, value_array(&arena), value_float(&arena, 1));
    struct value *zero = value_push(&arena, value_copy(&arena, one), value_float(&arena, 0));
    struct value *nan = value_push(&arena, value_copy(&arena, one), value_float(&arena, NAN));
    refuse("kind", value_string(&arena, "rotate"), &arena, "'rotate'");
    refuse("shift", one, &arena, "1 numbers in 'shift', not 2");
    refuse("divisor", zero, &arena, "a 0 in 'divisor'");
    refuse("fill", nan, &arena, "finite number in 'fill'");
    refuse("columns", one, &arena, "'columns'");
    refuse("method", value_nil(&arena), &arena, "'method'");
    refuse("clip", value_nil(&arena), &arena, "'clip'");
    refuse("label_function", value_string(&arena, "cbrt"), &arena, "label_function 'cbrt'");
    refuse("label_function", value_nil(&arena), &arena, "label_function ''");
    refuse("label_function", value_string(&arena, "sqrt"), &arena, "label_function 'sqrt' without label_method");
    refuse("label_method", value_string(&arena, "sqrt"), &arena, "label_method 'sqrt' without label_function");
    struct error error;
    struct transform to;
    assert_int_equal(transform_from_value(&to, NULL, &arena, &error), -1);
    assert_int_equal(transform_from_value(&to, one, &arena, &error), -1);
    arena_free(&arena);
}

static void
test_prefix(void **state)
{
    (void) state;
    struct error error;
    struct transform model[] = {sample(), sample()}, other = sample();
    double shift[] = {1, 2};
    other.shift = shift;
    assert_int_equal(transform_prefix(NULL, 0, model, 2, &error), 0);
    assert_int_equal(transform_prefix(model, 1, model, 2, &error), 1);
    assert_int_equal(transform_prefix(model, 2, model, 2, &error), 2);
    assert_int_equal(transform_prefix(model, 2, model, 1, &error), -1);
    assert_non_null(strstr(error.text, "leave cl-scale out"));
    assert_int_equal(transform_prefix(&other, 1, model, 2, &error), -1);
    assert_int_equal(error.status, STATUS_DATA);
    assert_non_null(strstr(error.text, "cl-scale -m MODEL"));
}

static void
test_fits(void **state)
{
    (void) state;
    struct error error;
    struct transform transform = sample();
    struct column table[] = {{.name = "a", .type = COLUMN_NUM, .role = ROLE_FEATURE},
                             {.name = "t", .type = COLUMN_CAT, .role = ROLE_FEATURE},
                             {.name = "b", .type = COLUMN_NUM, .role = ROLE_FEATURE},
                             {.name = "y", .type = COLUMN_NUM, .role = ROLE_LABEL}};
    struct schema schema = {.columns = table, .n_columns = 4, .task = TASK_REGRESSION};
    schema_count(&schema);
    assert_int_equal(transform_fits(&transform, &schema, &error), 0);
    table[3].role = ROLE_CARRY;
    schema_count(&schema);
    assert_int_equal(transform_fits(&transform, &schema, &error), 0);
    table[3].role = ROLE_FEATURE;
    schema_count(&schema);
    assert_int_equal(transform_fits(&transform, &schema, &error), -1);
    table[3].role = ROLE_LABEL;
    table[2].name = "c";
    schema_count(&schema);
    assert_int_equal(transform_fits(&transform, &schema, &error), -1);
    assert_non_null(strstr(error.text, "'c'"));
    table[2].name = "b";
    schema.task = TASK_CLASS;
    assert_int_equal(transform_fits(&transform, &schema, &error), -1);
    schema_free(&schema);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_apply_is_double_rounded_once),
        cmocka_unit_test(test_labels_are_inverted_in_reverse),
        cmocka_unit_test(test_roots),
        cmocka_unit_test(test_roots_are_inverted),
        cmocka_unit_test(test_a_value_keeps_every_bit),
        cmocka_unit_test(test_wrong_values_are_refused),
        cmocka_unit_test(test_prefix),
        cmocka_unit_test(test_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
