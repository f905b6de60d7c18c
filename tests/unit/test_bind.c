#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bind.h"

/* A model of columns a (num), k (cat: u v), b (num), label (class: no yes), with one transform. */
struct fixture {
    struct model model;
    struct column columns[4];
    struct schema stream;
    struct column found[5];
    struct transform transform;
    struct arena arena;
    struct batch batch;
};

static const char *names[] = {"a", "b"};
static double shift[] = {1, 0}, divisor[] = {2, 10}, fill[] = {5, -10};
static double label_shift[] = {100}, label_divisor[] = {8};

static void
add_words(struct dict *dict, const char *words)
{
    for (; *words != '\0'; words++)
        dict_add(dict, words, 1);
}

static void
open_fixture(struct fixture *f, enum task task)
{
    memset(f, 0, sizeof *f);
    bool class = task == TASK_CLASS;
    f->columns[0] = (struct column){.name = "a", .type = COLUMN_NUM, .role = ROLE_FEATURE};
    f->columns[1] = (struct column){.name = "k", .type = COLUMN_CAT, .role = ROLE_FEATURE};
    f->columns[2] = (struct column){.name = "b", .type = COLUMN_NUM, .role = ROLE_FEATURE};
    f->columns[3] = (struct column){.name = "y", .type = class ? COLUMN_CAT : COLUMN_NUM, .role = ROLE_LABEL};
    add_words(&f->columns[1].dict, "uv");
    f->transform =
        (struct transform){"scale", "standard", "mean", 2, names, shift, divisor, fill, "none", 0, NULL, NULL, false};
    if (class) {
        add_words(&f->columns[3].dict, "ny");
    } else {
        f->transform.label_method = "standard";
        f->transform.n_label = 1;
        f->transform.label_shift = label_shift;
        f->transform.label_divisor = label_divisor;
    }
    f->model.schema = (struct schema){
        .columns = f->columns, .n_columns = 4, .task = task, .transforms = &f->transform, .n_transforms = 1};
    schema_count(&f->model.schema);
    f->model.loss = class ? LOSS_BCE : LOSS_MSE;
    uint32_t size = 3;
    const char *category = "k";
    network_dense(&f->model.network, &f->arena, 2, 1, &size, &category, NULL, 0, ACT_NONE, 0, 1);

    /* The stream: another order, one more column, other codes. */
    f->found[0] = f->columns[3];
    f->found[1] = f->columns[2];
    f->found[2] = (struct column){.name = "more", .type = COLUMN_NUM, .role = ROLE_FEATURE};
    f->found[3] = f->columns[0];
    f->found[4] = f->columns[1];
    f->found[0].dict = f->found[4].dict = (struct dict){0};
    if (class)
        add_words(&f->found[0].dict, "y");
    add_words(&f->found[4].dict, "wv");
    f->stream = (struct schema){.columns = f->found, .n_columns = 5, .task = task};
    schema_count(&f->stream);
    static float x[] = {10, 99, 3, NAN, 99, NAN}, y[] = {116, NAN};
    static uint32_t c[] = {2, 1}, label[] = {1, 0};
    f->batch = (struct batch){.schema = &f->stream,
                              .arena = &f->arena,
                              .n = 2,
                              .x = x,
                              .c = c,
                              .y = class ? NULL : y,
                              .label = class ? label : NULL};
}

static void
close_fixture(struct fixture *f)
{
    if (f->stream.places != f->model.schema.places)
        schema_free(&f->stream);
    schema_free(&f->model.schema);
    arena_free(&f->arena);
}

static void
test_order_extra_columns_and_codes(void **state)
{
    (void) state;
    struct fixture f;
    struct binding *binding;
    struct rowset rows;
    struct error error;
    open_fixture(&f, TASK_CLASS);
    assert_int_equal(bind_open(&binding, &f.model, &f.stream, true, &error), 0);
    assert_true(bind_has_labels(binding));
    assert_int_equal(bind_rows(binding, &f.batch, &rows, &error), 0);
    assert_true(rows.x[0] == 1 && rows.x[1] == 1);  /* (3 - 1) / 2, 10 / 10 */
    assert_true(rows.x[2] == 2 && rows.x[3] == -1); /* filled, then scaled */
    assert_int_equal(rows.c[0], 2);                 /* v */
    assert_int_equal(rows.c[1], 0);                 /* w is not known */
    assert_int_equal(rows.label[0], 1);
    assert_true(rows.y[0] == 1 && isnan(rows.y[1]));
    assert_int_equal(rows.label[1], BIND_UNKNOWN);
    assert_false(bind_label_missing(binding, &f.batch, 0));
    assert_true(bind_label_missing(binding, &f.batch, 1));

    /* Dictionaries grow while the stream is read. */
    add_words(&f.found[0].dict, "nz");
    add_words(&f.found[4].dict, "u");
    f.batch.c[1] = 3;
    f.batch.label[0] = 2;
    f.batch.label[1] = 3;
    assert_int_equal(bind_rows(binding, &f.batch, &rows, &error), 0);
    assert_int_equal(rows.c[1], 1);
    assert_int_equal(rows.label[0], 0);
    assert_int_equal(rows.label[1], BIND_UNKNOWN); /* z: there, but not the model's */
    assert_false(bind_label_missing(binding, &f.batch, 1));
    bind_close(binding);
    f.batch.c[1] = f.batch.label[0] = 1;
    f.batch.label[1] = 0;
    close_fixture(&f);
}

static void
test_labels_in_the_users_units(void **state)
{
    (void) state;
    struct fixture f;
    struct binding *binding;
    struct rowset rows;
    struct error error;
    open_fixture(&f, TASK_REGRESSION);
    assert_int_equal(bind_open(&binding, &f.model, &f.stream, true, &error), 0);
    assert_int_equal(bind_rows(binding, &f.batch, &rows, &error), 0);
    assert_true(rows.y[0] == 2 && isnan(rows.y[1]));
    assert_true(bind_label(binding, &f.batch, 0, 0) == 116);
    assert_true(bind_label_missing(binding, &f.batch, 1));
    bind_close(binding);

    /* A stream that is scaled already gives the same: columns as the model has them, then. */
    float x[] = {1, 1, 2, -1}, y[] = {2, (float) ((3 - 100.0) / 8)};
    schema_free(&f.stream);
    f.stream = f.model.schema;
    f.batch.schema = &f.stream;
    f.batch.x = x;
    f.batch.y = y;
    assert_int_equal(bind_open(&binding, &f.model, &f.stream, true, &error), 0);
    assert_int_equal(bind_rows(binding, &f.batch, &rows, &error), 0);
    assert_ptr_equal(rows.x, x);
    assert_true(rows.y[0] == 2);
    assert_true(bind_label(binding, &f.batch, 0, 0) == 116);
    assert_true(bind_label(binding, &f.batch, 1, 0) == 3);
    bind_close(binding);
    close_fixture(&f);
}

static void
test_roots_of_labels(void **state)
{
    (void) state;
    struct fixture f;
    struct binding *binding;
    struct rowset rows;
    struct error error;
    open_fixture(&f, TASK_REGRESSION);
    f.transform.label_method = "sqrt";
    f.transform.label_root = true;
    float raw[] = {7, NAN}, scaled[] = {(float) ((sqrt(7.0) - 100) / 8), (float) ((sqrt(2.5) - 100) / 8)};
    float x[] = {1, 1, 2, -1};
    f.batch.y = raw;
    assert_int_equal(bind_open(&binding, &f.model, &f.stream, true, &error), 0);
    assert_int_equal(bind_rows(binding, &f.batch, &rows, &error), 0);
    assert_true(rows.y[0] == scaled[0] && isnan(rows.y[1]));
    raw[1] = -2;
    assert_int_equal(bind_rows(binding, &f.batch, &rows, &error), -1);
    assert_int_equal(error.status, STATUS_DATA);
    assert_non_null(strstr(error.text, "record 2: label 'y' is -2"));
    bind_forget_labels(binding); /* who only predicts does not look at labels */
    assert_int_equal(bind_rows(binding, &f.batch, &rows, &error), 0);
    bind_close(binding);

    schema_free(&f.stream);
    f.stream = f.model.schema;
    f.batch.schema = &f.stream;
    f.batch.x = x;
    f.batch.y = scaled;
    assert_int_equal(bind_open(&binding, &f.model, &f.stream, true, &error), 0);
    assert_int_equal(bind_rows(binding, &f.batch, &rows, &error), 0);
    assert_true(bind_label(binding, &f.batch, 0, 0) == 7);
    assert_true(fabs(bind_label(binding, &f.batch, 1, 0) - 2.5) < 1e-4);
    bind_close(binding);
    close_fixture(&f);
}

static void
refuse(struct fixture *f, bool labels, const char *says)
{
    struct binding *binding;
    struct error error = {.text = ""};
    schema_count(&f->stream);
    assert_int_equal(bind_open(&binding, &f->model, &f->stream, labels, &error), -1);
    assert_null(binding);
    assert_int_equal(error.status, STATUS_DATA);
    if (strstr(error.text, says) == NULL)
        fail_msg("%s", error.text);
}

static void
test_what_does_not_go_together(void **state)
{
    (void) state;
    struct fixture f;
    struct binding *binding;
    struct error error;
    open_fixture(&f, TASK_CLASS);
    f.found[3].name = "A";
    refuse(&f, false, "no column 'a'");
    f.found[2].role = ROLE_CARRY; /* the text of a column, behind the column itself */
    f.found[2].name = "b";
    f.found[3].name = "a";
    schema_count(&f.stream);
    assert_int_equal(bind_open(&binding, &f.model, &f.stream, true, &error), 0);
    bind_close(binding);
    f.found[2].role = ROLE_FEATURE;
    f.found[2].name = "more";
    f.found[3].name = "a";
    f.found[3].role = ROLE_CARRY;
    refuse(&f, false, "role carry in the stream and feature in the model");
    f.found[3].role = ROLE_FEATURE;
    f.found[3].type = COLUMN_CAT;
    refuse(&f, false, "holds categories in the stream and numbers in the model");
    f.found[3].type = COLUMN_NUM;
    f.found[0].role = ROLE_CARRY;
    refuse(&f, true, "cl-ingest -m MODEL");
    schema_count(&f.stream);
    assert_int_equal(bind_open(&binding, &f.model, &f.stream, false, &error), 0);
    assert_false(bind_has_labels(binding));
    bind_close(binding);
    f.found[0].role = ROLE_LABEL;
    f.stream.task = TASK_REGRESSION;
    refuse(&f, true, "the task");
    f.stream.task = TASK_CLASS;
    struct transform other = f.transform;
    other.fill = shift;
    f.stream.transforms = &other;
    f.stream.n_transforms = 1;
    refuse(&f, true, "cl-scale -m MODEL");
    close_fixture(&f);
}

static void
test_missing_numbers_need_a_fill(void **state)
{
    (void) state;
    struct fixture f;
    struct binding *binding;
    struct rowset rows;
    struct error error;
    open_fixture(&f, TASK_CLASS);
    f.model.schema.n_transforms = 0;
    f.batch.row = 40;
    assert_int_equal(bind_open(&binding, &f.model, &f.stream, true, &error), 0);
    assert_int_equal(bind_rows(binding, &f.batch, &rows, &error), -1);
    assert_non_null(strstr(error.text, "record 42: column 'a' is missing"));
    f.batch.x = NULL;
    assert_int_equal(bind_rows(binding, &f.batch, &rows, &error), -1);
    assert_non_null(strstr(error.text, "no tensor 'x'"));
    bind_close(binding);
    close_fixture(&f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_extra_columns_and_codes),
        cmocka_unit_test(test_labels_in_the_users_units),
        cmocka_unit_test(test_roots_of_labels),
        cmocka_unit_test(test_what_does_not_go_together),
        cmocka_unit_test(test_missing_numbers_need_a_fill),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
