#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "balance.h"
#include "memory.h"
#include "reservoir.h"
#include "rng.h"
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

static struct stream_memory *
open_rows(const struct model *model, uint64_t capacity)
{
    return stream_memory_open(model, &(struct memory_options){SEED, capacity, BALANCE_ROWS}, 0);
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
        struct stream_memory *memory = open_rows(&model, CAPACITY);
        add(memory, 0, lengths[l]);
        const struct rowset rows = stream_memory_rows(memory);
        assert_int_equal(rows.n, reservoir_choose(SEED, CAPACITY, 0, 0, lengths[l], picks));
        assert_null(stream_memory_weights(memory));
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
        begin(&model);
        begin(&other);
        struct stream_memory *whole = open_rows(&other, CAPACITY);
        struct stream_memory *first = open_rows(&model, CAPACITY);
        add(whole, 0, ROWS);
        add(first, 0, cuts[c]);
        stream_memory_put(first, &model, &model.arena);
        const struct stream_memory_state state = stream_memory_state(first);
        struct stream_memory_state wrong = state;
        struct stream_memory *second = open_rows(&model, CAPACITY);
        assert_int_equal(stream_memory_restore(second, &state, &error), 0);
        add(second, cuts[c], ROWS - cuts[c]);
        const struct rowset a = stream_memory_rows(whole), b = stream_memory_rows(second);
        assert_int_equal(a.n, b.n);
        assert_memory_equal(a.x, b.x, a.n * sizeof *a.x);
        wrong.n++; /* counters of another memory */
        assert_int_equal(stream_memory_restore(first, &wrong, &error), -1);
        wrong.n = state.n;
        wrong.drawn = UINT64_MAX;
        assert_int_equal(stream_memory_restore(first, &wrong, &error), -1);
        wrong.drawn = state.n - 1;
        assert_int_equal(stream_memory_restore(first, &wrong, &error), -1);
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
    begin(&model);
    struct stream_memory *memory = open_rows(&model, CAPACITY);
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
    const struct stream_memory_state state = stream_memory_state(memory);
    assert_int_equal(state.n, 0);
    assert_int_equal(state.added, 1400);
    assert_int_equal(state.drawn, 0);
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
    struct stream_memory *memory = open_rows(&model, 0);
    add(memory, 0, 10);
    assert_int_equal(stream_memory_rows(memory).n, 0);
    stream_memory_put(memory, &model, &model.arena);
    assert_true(value_get_u64(model.memory, "rows_seen", &seen));
    assert_int_equal(seen, 10);
    assert_null(model_find(&model, TENSOR_MEMORY, "memory.y"));
    stream_memory_close(memory);
    model_free(&model);
}

/* ---- groups ---- */

enum { CLASSES = 7 };

/* Classes of one feature, without a memory. */
static void
begin_classes(struct model *model)
{
    begin(model);
    struct column *columns = arena_zalloc(&model->arena, 2, sizeof *columns);
    model->loss = LOSS_CE;
    columns[0] = (struct column){.name = "x", .type = COLUMN_NUM, .role = ROLE_FEATURE};
    columns[1] = (struct column){.name = "y", .type = COLUMN_CAT, .role = ROLE_LABEL};
    for (uint32_t c = 0; c < CLASSES; c++)
        dict_add(&columns[1].dict, &"abcdefg"[c], 1);
    model->schema.columns = columns;
    model->schema.task = TASK_CLASS;
    schema_count(&model->schema);
    model->network = (struct network){0};
    network_dense(&model->network, &model->arena, 1, 0, NULL, NULL, NULL, 0, ACT_NONE, 0, CLASSES);
}

/* Classes of very different frequencies, of which the last begins late. */
static uint32_t
class_of(uint64_t i)
{
    const uint64_t r = rng_u64(rng_key(5, RNG_SAMPLE, 0), i) % 1000;
    return i > 700 && r < 200 ? 6 : r < 600 ? 0 : r < 900 ? 1 : r < 960 ? 2 : r < 990 ? 3 : r < 998 ? 4 : 5;
}

static void
add_classes(struct stream_memory *memory, uint64_t first, uint64_t n)
{
    for (uint64_t i = first; i < first + n; i++) {
        const float x = (float) i;
        stream_memory_add(memory, &(struct stream_row){.x = &x, .label = class_of(i), .w = 1, .rowno = i});
    }
}

static int
by_number(const void *a, const void *b)
{
    const uint64_t p = *(const uint64_t *) a, q = *(const uint64_t *) b;
    return p < q ? -1 : p > q;
}

/* The rows of the memory are picks[0 .. m), and stand for what these do. */
static void
assert_kept(struct stream_memory *memory, struct model *model, const uint64_t *picks, const struct balance_row *kept,
            uint64_t m)
{
    stream_memory_put(memory, model, &model->arena);
    const struct tensor *row = model_find(model, TENSOR_MEMORY, "memory.row"),
                        *stands = model_find(model, TENSOR_MEMORY, "memory.stands"),
                        *key = model_find(model, TENSOR_MEMORY, "memory.key");
    uint64_t sorted[1000];
    assert_int_equal(row->shape[0], m);
    memcpy(sorted, row->data, m * sizeof *sorted);
    qsort(sorted, m, sizeof *sorted, by_number);
    assert_memory_equal(sorted, picks, m * sizeof *picks);
    for (uint64_t i = 0; i < m; i++) {
        const uint64_t number = ((const uint64_t *) row->data)[i];
        uint64_t j = 0;
        while (picks[j] != number)
            j++;
        assert_true(((const double *) stands->data)[i] == kept[j].stands);
        assert_true(((const uint64_t *) key->data)[i] == kept[j].key);
    }
}

/* Row by row it holds what balance_choose() makes of all rows at once, and they stand for as many. */
static void
test_balanced(void **unused)
{
    (void) unused;
    static const uint64_t lengths[] = {1, 5, 19, 20, 21, 60, 333, 2000};
    static const uint64_t capacities[] = {1, 5, 20, 101};
    static const enum balance ways[] = {BALANCE_CLASS, BALANCE_RUN};
    static uint32_t classes[2000];
    for (uint64_t i = 0; i < 2000; i++)
        classes[i] = class_of(i);
    for (size_t l = 0; l < sizeof lengths / sizeof *lengths; l++)
        for (size_t c = 0; c < sizeof capacities / sizeof *capacities; c++)
            for (size_t way = 0; way < 2; way++) {
                const struct memory_options options = {SEED, capacities[c], ways[way]};
                struct model model;
                uint64_t picks[101];
                struct balance_row kept[101];
                begin_classes(&model);
                struct stream_memory *memory = stream_memory_open(&model, &options, 0);
                add_classes(memory, 0, lengths[l]);
                const uint64_t m =
                    balance_choose(ways[way], SEED, capacities[c], 0, 0, NULL, 0, classes, lengths[l], picks, kept);
                /* With fewer slots than classes, nobody knows what there was of a class that has none. */
                if (capacities[c] >= CLASSES)
                    assert_kept(memory, &model, picks, kept, m);
                else
                    assert_int_equal(stream_memory_rows(memory).n, m);
                stream_memory_close(memory);
                model_free(&model);
            }
}

/* A memory by classes, cut anywhere, aged or not, goes on as if nothing had been; and a later run has rooms of its own.
 */
static void
test_balanced_goes_on(void **unused)
{
    (void) unused;
    static const uint64_t cuts[] = {0, 1, 3, 19, 20, 21, 300, 900};
    static const enum balance ways[] = {BALANCE_ROWS, BALANCE_CLASS, BALANCE_RUN};
    for (size_t way = 0; way < 3; way++)
        for (size_t c = 0; c < sizeof cuts / sizeof *cuts; c++) {
            const struct memory_options options = {SEED, CAPACITY, ways[way]};
            struct model model, other;
            struct error error;
            begin_classes(&model);
            begin_classes(&other);
            struct stream_memory *whole = stream_memory_open(&other, &options, 1);
            struct stream_memory *first = stream_memory_open(&model, &options, 1);
            add_classes(whole, 0, cuts[c]);
            add_classes(first, 0, cuts[c]);
            if (c % 2 == 1) {
                stream_memory_age(whole, 100);
                stream_memory_age(first, 100);
            }
            stream_memory_put(first, &model, &model.arena);
            const struct stream_memory_state state = stream_memory_state(first);
            struct stream_memory *second = stream_memory_open(&model, &options, 1);
            assert_int_equal(stream_memory_restore(second, &state, &error), 0);
            add_classes(whole, cuts[c], 1000);
            add_classes(second, cuts[c], 1000);
            stream_memory_put(whole, &other, &other.arena);
            stream_memory_put(second, &model, &model.arena);
            assert_int_equal(model.n_tensors, other.n_tensors);
            for (uint32_t i = 0; i < model.n_tensors; i++) {
                const struct tensor *a = &model.tensors[i].tensor, *b = model_find(&other, TENSOR_MEMORY, a->name);
                assert_non_null(b);
                assert_int_equal(a->bytes, b->bytes);
                assert_memory_equal(a->data, b->data, a->bytes);
            }
            stream_memory_close(whole);
            stream_memory_close(first);
            stream_memory_close(second);
            model_free(&model);
            model_free(&other);
        }
}

/* What the model kept of its rows stays with them: outputs, runs, keys, what was missing, and how many they stand for.
 */
static void
test_keeps_all(void **unused)
{
    (void) unused;
    enum { OLD = 6 };
    struct model model;
    begin_classes(&model);
    float x[OLD] = {1, 2, 3, 4, 5, 6}, soft[OLD * 2];
    uint32_t y[OLD] = {1, 1, 2, 2, 3, 3}, run[OLD] = {0, 0, 0, 1, 1, 1};
    uint64_t key[OLD] = {6, 5, 4, 3, 2, 1}, row[OLD] = {10, 20, 30, 40, 50, 60}, n = OLD;
    uint8_t missing[OLD] = {0, 1, 0, 0, 0, 0};
    double stands[OLD] = {50, 50, 3, 3, 1, 1};
    for (int i = 0; i < OLD * 2; i++)
        soft[i] = (float) i;
    model_put(&model, TENSOR_MEMORY, "memory.x", DTYPE_F32, 2, (const uint64_t[]){OLD, 1}, x);
    model_put(&model, TENSOR_MEMORY, "memory.y", DTYPE_U32, 2, (const uint64_t[]){OLD, 1}, y);
    model_put(&model, TENSOR_MEMORY, "memory.soft", DTYPE_F32, 2, (const uint64_t[]){OLD, 2}, soft);
    model_put(&model, TENSOR_MEMORY, "memory.missing", DTYPE_U8, 2, (const uint64_t[]){OLD, 1}, missing);
    model_put(&model, TENSOR_MEMORY, "memory.run", DTYPE_U32, 1, &n, run);
    model_put(&model, TENSOR_MEMORY, "memory.key", DTYPE_U64, 1, &n, key);
    model_put(&model, TENSOR_MEMORY, "memory.row", DTYPE_U64, 1, &n, row);
    model_put(&model, TENSOR_MEMORY, "memory.stands", DTYPE_F64, 1, &n, stands);
    model.memory = value_map(&model.arena);
    value_set(&model.arena, model.memory, "capacity", value_uint(&model.arena, OLD));
    value_set(&model.arena, model.memory, "rows_seen", value_uint(&model.arena, 108));
    struct stream_memory *memory = stream_memory_open(&model, &(struct memory_options){SEED, OLD, BALANCE_CLASS}, 2);
    const float *w = stream_memory_weights(memory);
    assert_true(w[0] == w[1] && w[0] / w[2] > 16.6f && w[0] / w[2] < 16.7f && w[4] == w[5]);
    /* A fourth class: of three with two rows each the last gives up the one with the largest key. */
    const float fresh = 7;
    stream_memory_add(memory, &(struct stream_row){.x = &fresh, .label = 3, .w = 1, .rowno = 70});
    stream_memory_put(memory, &model, &model.arena);
    const float *soft_now = model_find(&model, TENSOR_MEMORY, "memory.soft")->data;
    const uint32_t *run_now = model_find(&model, TENSOR_MEMORY, "memory.run")->data;
    const uint64_t *row_now = model_find(&model, TENSOR_MEMORY, "memory.row")->data;
    const uint8_t *missing_now = model_find(&model, TENSOR_MEMORY, "memory.missing")->data;
    const double *stands_now = model_find(&model, TENSOR_MEMORY, "memory.stands")->data;
    for (int i = 0; i < OLD; i++) {
        const bool is_fresh = i == 4;
        assert_int_equal(row_now[i], is_fresh ? 70 : row[i]);
        assert_int_equal(run_now[i], is_fresh ? 2 : run[i]);
        assert_int_equal(missing_now[i], is_fresh ? 0 : missing[i]);
        assert_true(is_fresh ? isnan(soft_now[2 * i]) : soft_now[2 * i] == (float) (2 * i));
        assert_true(stands_now[i] == (i < 2 ? 50 : i < 4 ? 3 : i == 4 ? 1 : 2));
    }
    stream_memory_close(memory);
    model_free(&model);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sample),    cmocka_unit_test(test_goes_on),  cmocka_unit_test(test_age),
        cmocka_unit_test(test_no_room),   cmocka_unit_test(test_balanced), cmocka_unit_test(test_balanced_goes_on),
        cmocka_unit_test(test_keeps_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
