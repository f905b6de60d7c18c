#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fit.h"
#include "schema.h"

enum { MOST_COLUMNS = 80 };

/* A table of d numeric columns c0, c1, ... and, for a regression, a label y. */
struct table {
    char names[MOST_COLUMNS][16];
    struct column columns[MOST_COLUMNS + 1];
    struct schema schema;
};

static void
make_table(struct table *table, uint32_t d, enum task task)
{
    memset(table, 0, sizeof *table);
    for (uint32_t j = 0; j < d; j++) {
        snprintf(table->names[j], sizeof table->names[j], "c%u", j);
        table->columns[j] = (struct column){.name = table->names[j], .type = COLUMN_NUM, .role = ROLE_FEATURE};
    }
    table->columns[d] = (struct column){.name = "y", .type = COLUMN_NUM, .role = ROLE_LABEL};
    table->schema =
        (struct schema){.columns = table->columns, .n_columns = d + (task == TASK_REGRESSION), .task = task};
    schema_count(&table->schema);
}

/* Fits n rows shown in batches of `cut`. */
static int
fit_all(const struct schema *schema, struct fit_options options, float *x, float *y, uint8_t *split, uint64_t n,
        uint64_t cut, struct transform *transform, struct arena *arena, struct error *error)
{
    struct fit *fit = fit_open(schema, &options);
    int status = 0;
    while (status == 0 && fit_next_pass(fit))
        for (uint64_t first = 0; first < n && status == 0; first += cut) {
            struct batch batch = {.schema = schema, .n = n - first < cut ? n - first : cut, .row = first};
            batch.x = x == NULL ? NULL : x + first * schema->n_x;
            batch.y = y == NULL ? NULL : y + first;
            batch.split = split == NULL ? NULL : split + first;
            status = fit_rows(fit, &batch, error);
        }
    if (status == 0)
        status = fit_finish(fit, transform, arena, error);
    fit_close(fit);
    return status;
}

static void
near(double a, double b)
{
    if (!(fabs(a - b) <= 1e-12 * (1 + fabs(b))))
        fail_msg("%.17g is not %.17g", a, b);
}

static void
test_standard_uses_the_population_sigma(void **state)
{
    (void) state;
    struct table table;
    struct arena arena = {0};
    struct error error;
    struct transform t;
    make_table(&table, 3, TASK_REGRESSION);
    float x[] = {1, 5, NAN, 2, 5, NAN, NAN, 5, NAN, 6, 5, NAN}, y[] = {1, 2, NAN, 6};
    assert_int_equal(fit_all(&table.schema, (struct fit_options){0}, x, y, NULL, 4, 4, &t, &arena, &error), 0);
    assert_string_equal(t.method, "standard");
    assert_string_equal(t.impute, "mean");
    near(t.shift[0], 3);
    near(t.divisor[0], sqrt(14.0 / 3));
    near(t.fill[0], 3);
    near(t.shift[1], 5); /* constant */
    assert_true(t.divisor[1] == 1);
    assert_true(t.shift[2] == 0 && t.divisor[2] == 1 && t.fill[2] == 0); /* nothing but NaN */
    assert_string_equal(t.label_method, "standard");
    assert_int_equal(t.n_label, 1);
    near(t.label_shift[0], 3);
    near(t.label_divisor[0], sqrt(14.0 / 3));
    schema_free(&table.schema);
    arena_free(&arena);
}

static void
test_only_training_rows_count(void **state)
{
    (void) state;
    struct table table;
    struct arena arena = {0};
    struct error error;
    struct transform t;
    make_table(&table, 1, TASK_NONE);
    float x[] = {1, 1000, 3, -1000};
    uint8_t split[] = {SPLIT_TRAIN, SPLIT_TEST, SPLIT_TRAIN, SPLIT_VALID};
    assert_int_equal(fit_all(&table.schema, (struct fit_options){SCALE_MINMAX, LABEL_AUTO, IMPUTE_ZERO}, x, NULL, split,
                             4, 1, &t, &arena, &error),
                     0);
    assert_true(t.shift[0] == 1 && t.divisor[0] == 2 && t.fill[0] == 0);
    assert_string_equal(t.label_method, "none");
    split[0] = split[2] = SPLIT_TEST;
    assert_int_equal(fit_all(&table.schema, (struct fit_options){0}, x, NULL, split, 4, 1, &t, &arena, &error), -1);
    assert_int_equal(error.status, STATUS_DATA);
    schema_free(&table.schema);
    arena_free(&arena);
}

/* 64 columns of whole numbers up to 255 are pixels; 63 are not, nor is anything with a fraction. */
static void
test_pixels(void **state)
{
    (void) state;
    struct table table;
    struct arena arena = {0};
    struct error error;
    struct transform t;
    float x[2 * 64];
    for (int i = 0; i < 128; i++)
        x[i] = (float) (i % 17);
    make_table(&table, 64, TASK_NONE);
    assert_int_equal(fit_all(&table.schema, (struct fit_options){0}, x, NULL, NULL, 2, 2, &t, &arena, &error), 0);
    assert_string_equal(t.method, "pixels");
    assert_true(t.shift[5] == 0 && t.divisor[5] == 16);
    near(t.fill[5], (5 + 69 % 17) / 2.0);
    x[0] = 0.5f;
    assert_int_equal(fit_all(&table.schema, (struct fit_options){0}, x, NULL, NULL, 2, 2, &t, &arena, &error), 0);
    assert_string_equal(t.method, "standard");
    x[0] = 256;
    assert_int_equal(fit_all(&table.schema, (struct fit_options){0}, x, NULL, NULL, 2, 2, &t, &arena, &error), 0);
    assert_string_equal(t.method, "standard");
    schema_free(&table.schema);
    make_table(&table, 63, TASK_NONE);
    x[0] = 0;
    assert_int_equal(fit_all(&table.schema, (struct fit_options){0}, x, NULL, NULL, 2, 2, &t, &arena, &error), 0);
    assert_string_equal(t.method, "standard");
    memset(x, 0, sizeof x);
    schema_free(&table.schema);
    make_table(&table, 64, TASK_NONE);
    assert_int_equal(fit_all(&table.schema, (struct fit_options){0}, x, NULL, NULL, 2, 2, &t, &arena, &error), 0);
    assert_true(t.divisor[0] == 1);
    schema_free(&table.schema);
    arena_free(&arena);
}

static int
compare(const void *a, const void *b)
{
    float x = *(const float *) a, y = *(const float *) b;
    return (x > y) - (x < y);
}

static double
quantile(const float *sorted, uint64_t n, double part)
{
    double at = (double) (n - 1) * part;
    uint64_t below = (uint64_t) at;
    double low = (double) sorted[below], high = (double) sorted[below + 1 < n ? below + 1 : below];
    return low + (high - low) * (at - (double) below);
}

/* Medians and quartiles are those of sorting, whatever the values and the cut. */
static void
test_quartiles_are_exact(void **state)
{
    (void) state;
    enum { ROWS = 1001, D = 5 };
    struct table table;
    struct arena arena = {0};
    struct error error;
    struct transform t, again;
    static float x[ROWS * D], column[ROWS];
    srand(7);
    for (int n = 1; n <= ROWS; n = n < 12 ? n + 1 : n * 3 - 2) {
        for (int i = 0; i < n; i++) {
            x[i * D] = (float) rand() / 1e6f - 1000;
            x[i * D + 1] = (float) (rand() % 3 - 1);
            x[i * D + 2] = ldexpf((float) rand() / 2e9f - 0.5f, rand() % 200 - 100);
            x[i * D + 3] = i % 4 == 1 ? NAN : -(float) i;
            x[i * D + 4] = rand() % 2 ? 0.0f : -0.0f;
        }
        make_table(&table, D, TASK_NONE);
        struct fit_options options = {SCALE_ROBUST, LABEL_AUTO, IMPUTE_MEDIAN};
        assert_int_equal(fit_all(&table.schema, options, x, NULL, NULL, (uint64_t) n, 7, &t, &arena, &error), 0);
        for (int j = 0; j < D; j++) {
            uint64_t m = 0;
            for (int i = 0; i < n; i++)
                if (!isnan(x[i * D + j]))
                    column[m++] = x[i * D + j];
            qsort(column, m, sizeof *column, compare);
            double range = quantile(column, m, 0.75) - quantile(column, m, 0.25);
            assert_true(t.shift[j] == quantile(column, m, 0.5));
            assert_true(t.fill[j] == quantile(column, m, 0.5));
            assert_true(t.divisor[j] == (range > 0 ? range : 1));
        }
        assert_int_equal(fit_all(&table.schema, options, x, NULL, NULL, (uint64_t) n, 1000, &again, &arena, &error), 0);
        assert_true(transform_equal(&t, &again));
        schema_free(&table.schema);
    }
    arena_free(&arena);
}

/* More columns than one group of counters holds. */
static void
test_medians_of_many_columns(void **state)
{
    (void) state;
    enum { D = 9000 };
    struct schema schema = {.n_columns = D, .columns = calloc(D, sizeof *schema.columns)};
    struct arena arena = {0};
    struct error error;
    struct transform t;
    float *x = malloc(3 * D * sizeof *x);
    for (int j = 0; j < D; j++) {
        schema.columns[j] = (struct column){.name = arena_printf(&arena, "c%d", j), .role = ROLE_FEATURE};
        x[j] = (float) j + 0.5f;
        x[D + j] = -1;
        x[2 * D + j] = 1e9f;
    }
    schema_count(&schema);
    struct fit_options options = {SCALE_NONE, LABEL_AUTO, IMPUTE_MEDIAN};
    assert_int_equal(fit_all(&schema, options, x, NULL, NULL, 3, 2, &t, &arena, &error), 0);
    for (int j = 0; j < D; j++)
        assert_true(t.fill[j] == j + 0.5 && t.shift[j] == 0 && t.divisor[j] == 1);
    free(x);
    struct column *columns = schema.columns;
    schema_free(&schema);
    free(columns);
    arena_free(&arena);
}

static void
test_cuts_do_not_show(void **state)
{
    (void) state;
    enum { ROWS = 300 };
    struct table table;
    struct arena arena = {0};
    struct error error;
    struct transform a, b;
    float x[ROWS * 2], y[ROWS];
    srand(3);
    for (int i = 0; i < ROWS; i++) {
        x[2 * i] = (float) rand() / 3e3f;
        x[2 * i + 1] = rand() % 5 == 0 ? NAN : (float) rand() * 1e-12f;
        y[i] = (float) (rand() % 1000);
    }
    make_table(&table, 2, TASK_REGRESSION);
    assert_int_equal(fit_all(&table.schema, (struct fit_options){0}, x, y, NULL, ROWS, ROWS, &a, &arena, &error), 0);
    assert_int_equal(fit_all(&table.schema, (struct fit_options){0}, x, y, NULL, ROWS, 7, &b, &arena, &error), 0);
    assert_true(transform_equal(&a, &b));
    schema_free(&table.schema);
    arena_free(&arena);
}

static void
test_labels(void **state)
{
    (void) state;
    struct table table;
    struct arena arena = {0};
    struct error error;
    struct transform t;
    make_table(&table, 1, TASK_REGRESSION);
    float x[] = {1, 2}, y[] = {50, 200}, low[] = {-3, 0};
    struct fit_options max = {SCALE_AUTO, LABEL_MAX, IMPUTE_MEAN}, none = {SCALE_AUTO, LABEL_NONE, IMPUTE_MEAN};
    assert_int_equal(fit_all(&table.schema, max, x, y, NULL, 2, 2, &t, &arena, &error), 0);
    assert_true(t.label_shift[0] == 0 && t.label_divisor[0] == 200);
    assert_string_equal(t.label_method, "max");
    assert_int_equal(fit_all(&table.schema, max, x, low, NULL, 2, 2, &t, &arena, &error), -1);
    assert_int_equal(error.status, STATUS_DATA);
    assert_int_equal(fit_all(&table.schema, none, x, y, NULL, 2, 2, &t, &arena, &error), 0);
    assert_int_equal(t.n_label, 0);
    schema_free(&table.schema);
    arena_free(&arena);
}

/* What --label auto makes of n labels y; the rest as in fit_all. */
static const char *
chosen(float *y, uint8_t *split, uint64_t n)
{
    static float x[100];
    static const char *methods[] = {"standard", "sqrt"};
    struct table table;
    struct arena arena = {0};
    struct error error;
    struct transform t, again;
    make_table(&table, 1, TASK_REGRESSION);
    assert_int_equal(fit_all(&table.schema, (struct fit_options){0}, x, y, split, n, n, &t, &arena, &error), 0);
    assert_int_equal(fit_all(&table.schema, (struct fit_options){0}, x, y, split, n, 7, &again, &arena, &error), 0);
    assert_true(transform_equal(&t, &again));
    const char *method = methods[t.label_root];
    assert_string_equal(t.label_method, method);
    schema_free(&table.schema);
    arena_free(&arena);
    return method;
}

static void
test_counts(void **state)
{
    (void) state;
    enum { N = 42 };
    float y[N];
    uint8_t split[N] = {0};
    for (int i = 0; i < N; i++)
        y[i] = (float) (i * 5 % 21);
    assert_string_equal(chosen(y, NULL, N), "sqrt");
    assert_string_equal(chosen(y, NULL, 20), "standard"); /* 20 different ones */
    assert_string_equal(chosen(y, NULL, 21), "sqrt");
    y[3] = NAN;
    y[4] = 16777215;
    assert_string_equal(chosen(y, NULL, N), "sqrt");
    y[4] = 16777216;
    assert_string_equal(chosen(y, NULL, N), "standard");
    y[4] = 2.5f;
    assert_string_equal(chosen(y, NULL, N), "standard");
    split[4] = SPLIT_TEST;
    assert_string_equal(chosen(y, split, N), "sqrt");
    y[4] = -1; /* no part of the count, but it could not be transformed */
    assert_string_equal(chosen(y, split, N), "standard");
    for (int i = 0; i < N; i++)
        y[i] = (float) (i + 1);
    assert_string_equal(chosen(y, NULL, N), "sqrt");
    y[0] = 2;
    assert_string_equal(chosen(y, NULL, N), "standard");
    for (int i = 0; i < N; i++)
        y[i] = NAN;
    assert_string_equal(chosen(y, NULL, N), "standard");
}

static void
test_roots_of_labels(void **state)
{
    (void) state;
    struct table table;
    struct arena arena = {0};
    struct error error;
    struct transform t;
    struct fit_options root = {SCALE_AUTO, LABEL_SQRT, IMPUTE_MEAN};
    make_table(&table, 1, TASK_REGRESSION);
    float x[6] = {0}, y[] = {4, 2.25f, NAN, 0, -3, 100}, same[] = {9, 9}, none[] = {NAN, NAN};
    uint8_t split[] = {0, SPLIT_TRAIN, 0, 0, SPLIT_TEST, SPLIT_VALID};
    assert_int_equal(fit_all(&table.schema, root, x, y, NULL, 4, 2, &t, &arena, &error), 0);
    near(t.label_shift[0], 3.5 / 3);
    near(t.label_divisor[0], sqrt((4 + 2.25) / 3 - 3.5 * 3.5 / 9));
    assert_int_equal(fit_all(&table.schema, root, x, y, split, 6, 6, &t, &arena, &error), -1);
    assert_int_equal(error.status, STATUS_DATA);
    assert_non_null(strstr(error.text, "record 5: label 'y' is -3"));
    assert_int_equal(fit_all(&table.schema, root, x, same, NULL, 2, 2, &t, &arena, &error), 0);
    assert_true(t.label_shift[0] == 3 && t.label_divisor[0] == 1);
    assert_int_equal(fit_all(&table.schema, root, x, none, NULL, 2, 2, &t, &arena, &error), 0);
    assert_true(t.label_shift[0] == 0 && t.label_divisor[0] == 1);
    schema_free(&table.schema);
    arena_free(&arena);
}

static void
test_infinity_is_an_error(void **state)
{
    (void) state;
    struct table table;
    struct arena arena = {0};
    struct error error;
    struct transform t;
    make_table(&table, 1, TASK_NONE);
    float x[] = {1, -INFINITY};
    assert_int_equal(fit_all(&table.schema, (struct fit_options){0}, x, NULL, NULL, 2, 2, &t, &arena, &error), -1);
    assert_non_null(strstr(error.text, "record 2: column 'c0' is infinite"));
    schema_free(&table.schema);
    arena_free(&arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_standard_uses_the_population_sigma),
        cmocka_unit_test(test_only_training_rows_count),
        cmocka_unit_test(test_pixels),
        cmocka_unit_test(test_quartiles_are_exact),
        cmocka_unit_test(test_medians_of_many_columns),
        cmocka_unit_test(test_cuts_do_not_show),
        cmocka_unit_test(test_labels),
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_roots_of_labels),
        cmocka_unit_test(test_infinity_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
