#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "memory.h"
#include "reservoir.h"
#include "stream_memory.h"

enum { CAPACITY = 20, ROWS = 500, SEED = 9 };

/* A regression of one feature, without a memory. */
static void
begin(struct model *model)
{
    static struct column columns[2];
    *model = (struct model){.loss = LOSS_MSE};
    columns[0] = (struct column){.name = "x", .type = COLUMN_NUM, .role = ROLE_FEATURE};
    columns[1] = (struct column){.name = "y", .type = COLUMN_NUM, .role = ROLE_LABEL};
    model->schema.columns = columns;
    model->schema.n_columns = 2;
    model->schema.task = TASK_REGRESSION;
    schema_count(&model->schema);
    network_dense(&model->network, &model->arena, 1, 0, NULL, NULL, NULL, 0, ACT_NONE, 0, 1);
}

/* Row i has i for everything. */
static void
add(struct stream_memory *memory, uint64_t first, uint64_t n)
{
    for (uint64_t i = first; i < first + n; i++) {
        const float x = (float) i;
        stream_memory_add(memory, &(struct stream_row){.x = &x, .y = &x, .w = 1, .rowno = i});
    }
}

/* Row by row it holds what the reservoir holds that sees all rows at once. */
static void
test_sample(void **unused)
{
    (void) unused;
    static const uint64_t lengths[] = {0, 1, CAPACITY - 1, CAPACITY, CAPACITY + 1, ROWS};
    for (size_t l = 0; l < sizeof lengths / sizeof *lengths; l++) {
        struct model model;
        uint64_t picks[CAPACITY];
        begin(&model);
        struct stream_memory *memory = stream_memory_open(&model, CAPACITY, SEED);
        add(memory, 0, lengths[l]);
        const struct rowset rows = stream_memory_rows(memory);
        assert_int_equal(rows.n, reservoir_choose(SEED, CAPACITY, 0, 0, lengths[l], picks));
        assert_null(rows.w);
        for (uint64_t i = 0; i < rows.n; i++)
            assert_true(rows.x[i] == (float) picks[i] && rows.y[i] == rows.x[i]);
        stream_memory_close(memory);
        model_free(&model);
    }
}

/* Put into a model and taken out again, with its counters, it goes on as if nothing had been. */
static void
test_goes_on(void **unused)
{
    (void) unused;
    static const uint64_t cuts[] = {0, 1, 19, 20, 21, 300};
    for (size_t c = 0; c < sizeof cuts / sizeof *cuts; c++) {
        struct model model, other;
        struct error error;
        uint64_t n, added, drawn;
        begin(&model);
        begin(&other);
        struct stream_memory *whole = stream_memory_open(&other, CAPACITY, SEED);
        struct stream_memory *first = stream_memory_open(&model, CAPACITY, SEED);
        add(whole, 0, ROWS);
        add(first, 0, cuts[c]);
        stream_memory_put(first, &model, &model.arena);
        const uint64_t *born = stream_memory_born(first, &n, &added, &drawn);
        struct stream_memory *second = stream_memory_open(&model, CAPACITY, SEED);
        assert_int_equal(stream_memory_restore(second, born, n, added, drawn, &error), 0);
        add(second, cuts[c], ROWS - cuts[c]);
        const struct rowset a = stream_memory_rows(whole), b = stream_memory_rows(second);
        assert_int_equal(a.n, b.n);
        assert_memory_equal(a.x, b.x, a.n * sizeof *a.x);
        if (n > 0) /* counters of another memory */
            assert_int_equal(stream_memory_restore(first, born, n - 1, added, drawn, &error), -1);
        assert_int_equal(stream_memory_restore(first, born, n, added, n - 1, &error), n == 0 ? 0 : -1);
        stream_memory_close(whole);
        stream_memory_close(first);
        stream_memory_close(second);
        model_free(&model);
        model_free(&other);
    }
}

static void
test_age(void **unused)
{
    (void) unused;
    struct model model;
    uint64_t n, added, drawn;
    begin(&model);
    struct stream_memory *memory = stream_memory_open(&model, CAPACITY, SEED);
    add(memory, 0, 400);
    const uint64_t gone = stream_memory_age(memory, 100);
    struct rowset rows = stream_memory_rows(memory);
    assert_int_equal(rows.n, CAPACITY - gone);
    assert_true(rows.n > 0 && gone > 0);
    for (uint64_t i = 0; i < rows.n; i++)
        assert_true(rows.x[i] >= 300);
    assert_int_equal(stream_memory_age(memory, 100), 0);
    add(memory, 400, 1000); /* free slots are filled, and then rows have the same chance again */
    rows = stream_memory_rows(memory);
    assert_int_equal(rows.n, CAPACITY);
    for (uint64_t i = 0; i < rows.n; i++)
        assert_true(rows.x[i] >= 300);
    assert_int_equal(stream_memory_age(memory, 0), CAPACITY);
    stream_memory_born(memory, &n, &added, &drawn);
    assert_int_equal(n, 0);
    assert_int_equal(added, 1400);
    assert_int_equal(drawn, 0);
    stream_memory_close(memory);
    model_free(&model);
}

/* With no room nothing is kept, but counted. */
static void
test_no_room(void **unused)
{
    (void) unused;
    struct model model;
    uint64_t seen;
    begin(&model);
    struct stream_memory *memory = stream_memory_open(&model, 0, SEED);
    add(memory, 0, 10);
    assert_int_equal(stream_memory_rows(memory).n, 0);
    stream_memory_put(memory, &model, &model.arena);
    assert_true(value_get_u64(model.memory, "rows_seen", &seen));
    assert_int_equal(seen, 10);
    assert_null(model_find(&model, TENSOR_MEMORY, "memory.y"));
    stream_memory_close(memory);
    model_free(&model);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sample),
        cmocka_unit_test(test_goes_on),
        cmocka_unit_test(test_age),
        cmocka_unit_test(test_no_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
