#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "forget.h"
#include "memory.h"
#include "memory_rows.h"
#include "recall.h"
#include "row_digest.h"

/* A model of classes or numbers with one numeric feature "x" and a linear layer z = weight x + bias. */
static void
make_model(struct model *model, enum task task, uint32_t outputs)
{
    static const char *const classes[] = {"a", "b", "c", "d"};
    *model = (struct model){.loss = task == TASK_CLASS ? LOSS_CE : LOSS_MSE};
    struct schema *schema = &model->schema;
    schema->task = task;
    schema->n_columns = 2;
    schema->columns = arena_zalloc(&schema->arena, 2, sizeof *schema->columns);
    schema->columns[0] = (struct column){.name = "x", .type = COLUMN_NUM, .role = ROLE_FEATURE};
    schema->columns[1] =
        (struct column){.name = "y", .type = task == TASK_CLASS ? COLUMN_CAT : COLUMN_NUM, .role = ROLE_LABEL};
    for (uint32_t c = 0; task == TASK_CLASS && c < outputs; c++)
        dict_add(&schema->columns[1].dict, classes[c], 1);
    schema_count(schema);
    struct network *network = &model->network;
    network->n_x = 1;
    network->n_layers = 1;
    network->layers = arena_zalloc(&model->arena, 1, sizeof *network->layers);
    network->layers[0] = (struct layer){.name = "output", .input = -1, .n_in = 1, .n_out = outputs, .skip = -1};
    network->layers[0].weight = 0;
    network->layers[0].bias = 1;
    network->n_params = 2;
    network->params = arena_zalloc(&model->arena, 2, sizeof *network->params);
    float *weight = arena_zalloc(&model->arena, outputs, sizeof *weight);
    float *bias = arena_zalloc(&model->arena, outputs, sizeof *bias);
    for (uint32_t j = 0; j < outputs; j++) {
        weight[j] = (float) (j + 1);
        bias[j] = 0.5f;
    }
    network->params[0] = (struct param){"output.weight", PARAM_WEIGHT, .rows = 1, .cols = outputs, .data = weight};
    network->params[1] = (struct param){"output.bias", PARAM_BIAS, .rows = 1, .cols = outputs, .data = bias};
}

/* Rows of x = 10 times the row, of classes i % 3 or y = -x, with record numbers 2 i. */
static void
fill(struct dataset *dataset, struct dataset_memory *memory, uint64_t n, bool classes)
{
    struct error error;
    dataset_open(dataset, memory, 1, 0, 1, classes, false);
    for (uint64_t i = 0; i < n; i++) {
        float x = (float) (10 * i), y = -x;
        uint32_t label = (uint32_t) (i % 3);
        const struct rowset row = {.n = 1, .x = &x, .y = classes ? NULL : &y, .label = classes ? &label : NULL};
        assert_int_equal(dataset_add(dataset, &row, 2 * i, &error), 0);
    }
}

static const void *
data(const struct model *model, const char *name)
{
    const struct tensor *tensor = model_find(model, TENSOR_MEMORY, name);
    return tensor != NULL ? tensor->data : NULL;
}

static void
add_run_entry(struct model *model)
{
    if (model->lineage == NULL)
        model->lineage = value_array(&model->arena);
    value_push(&model->arena, model->lineage, value_map(&model->arena));
}

/* A uniform sample of numbers, over three runs; then with room for more; then none. */
static void
test_sample_of_numbers(void **state)
{
    (void) state;
    struct dataset_memory memory = {0};
    struct dataset dataset;
    struct model model;
    struct memory_options options = {.seed = 3, .capacity = 40, .by = BALANCE_ROWS};
    make_model(&model, TASK_REGRESSION, 1);
    fill(&dataset, &memory, 300, false);
    uint64_t seen = 0;
    float before[40];
    for (uint32_t run = 0; run < 4; run++) {
        add_run_entry(&model);
        if (run == 3) {
            memcpy(before, data(&model, "memory.x"), sizeof before);
            options.capacity = 90;
        }
        const uint64_t m = memory_keep(&model, &dataset, 300, &options);
        assert_int_equal(m, options.capacity);
        assert_int_equal(memory_size(&model), m);
        const float *x = data(&model, "memory.x"), *y = data(&model, "memory.y");
        const uint64_t *row = data(&model, "memory.row"), *digest = data(&model, "memory.digest");
        const uint32_t *came = data(&model, "memory.run");
        assert_true((came == NULL) == (run == 0));
        uint64_t digests[90];
        row_digests(&model.schema, x, NULL, m, digests);
        assert_memory_equal(digests, digest, m * sizeof *digests);
        for (uint64_t i = 0; i < m; i++) {
            assert_true(x[i] == 5 * (float) row[i]);
            assert_true(y[i] == -x[i]);
            assert_true(came == NULL || came[i] <= run);
        }
        assert_true((data(&model, "memory.stands") == NULL) == (run < 3)); /* as it always was, until it grows */
        assert_null(data(&model, "memory.soft"));
        assert_true(value_get_u64(model.memory, "rows_seen", &seen));
        assert_int_equal(seen, 300 * (run + 1));
    }
    assert_memory_equal(data(&model, "memory.x"), before, sizeof before); /* all 40 are there still */
    options.capacity = 0;
    assert_int_equal(memory_keep(&model, &dataset, 300, &options), 0);
    assert_int_equal(model.n_tensors, 0);
    dataset_close(&dataset);
    model_free(&model);
}

/* What the model said of rows stays when it changes; rows that come get what it says after the run. */
static void
test_outputs_stay(void **state)
{
    (void) state;
    struct dataset_memory memory = {0};
    struct dataset dataset;
    struct model model;
    struct error error;
    const struct memory_options options = {.seed = 3, .capacity = 12, .by = BALANCE_CLASS};
    make_model(&model, TASK_CLASS, 3);
    fill(&dataset, &memory, 30, true);
    add_run_entry(&model);
    memory_keep(&model, &dataset, 30, &options);
    assert_int_equal(memory_outputs(&model, false, &engine_ref, 1, &error), 0);
    assert_null(data(&model, "memory.soft")); /* the model says so itself */
    assert_int_equal(memory_outputs(&model, true, &engine_ref, 1, &error), 0);
    const float *x = data(&model, "memory.x"), *soft = data(&model, "memory.soft");
    for (int i = 0; i < 12; i++)
        for (int j = 0; j < 3; j++)
            assert_true(soft[3 * i + j] == (float) (j + 1) * x[i] + 0.5f);
    /* A fourth class comes, and other weights. */
    struct model grown;
    make_model(&grown, TASK_CLASS, 4);
    grown.memory = value_copy(&grown.arena, model.memory);
    for (uint32_t i = 0; i < model.n_tensors; i++) {
        const struct tensor *tensor = &model.tensors[i].tensor;
        model_put(&grown, TENSOR_MEMORY, tensor->name, tensor->dtype, tensor->rank, tensor->shape, tensor->data);
    }
    struct rowset rows;
    assert_int_equal(recall_rows(&grown, &grown.arena, &rows, &error), 0);
    assert_int_equal(rows.n, 12);
    assert_true(rows.soft[4 * 5 + 2] == soft[3 * 5 + 2] && isnan(rows.soft[4 * 5 + 3]));
    add_run_entry(&grown);
    add_run_entry(&grown);
    memory_keep(&grown, &dataset, 30, &options);
    const uint32_t *run = data(&grown, "memory.run");
    const float *next = data(&grown, "memory.soft");
    uint64_t old = 0;
    for (int i = 0; i < 12; i++) {
        assert_true(isnan(next[4 * i]) == (run[i] == 1) && isnan(next[4 * i + 3]));
        old += run[i] == 0;
    }
    assert_in_range(old, 1, 11);
    grown.network.params[0].data[0] = 100;
    assert_int_equal(memory_outputs(&grown, false, &engine_ref, 1, &error), 0);
    next = data(&grown, "memory.soft");
    x = data(&grown, "memory.x");
    for (int i = 0; i < 12; i++) {
        assert_true(next[4 * i] == (run[i] == 1 ? 100 : 1) * x[i] + 0.5f);
        assert_true(next[4 * i + 3] == 4 * x[i] + 0.5f);
    }
    dataset_close(&dataset);
    model_free(&grown);
    model_free(&model);
}

/* One output z of two classes is -z / 2 and z / 2 of three. */
static void
test_outputs_of_two_classes(void **state)
{
    (void) state;
    struct arena arena = {0};
    const float z[2] = {3, -8};
    const float *soft = memory_pad(z, 2, 1, 3, true, &arena);
    assert_true(soft[0] == -1.5f && soft[1] == 1.5f && isnan(soft[2]));
    assert_true(soft[3] == 4 && soft[4] == -4 && isnan(soft[5]));
    soft = memory_pad(z, 2, 1, 1, true, &arena);
    assert_true(soft[0] == 3 && soft[1] == -8);
    soft = memory_pad(NULL, 1, 0, 2, true, &arena);
    assert_true(isnan(soft[0]) && isnan(soft[1]));
    arena_free(&arena);
}

/* A row counts as many as it stands for. */
static void
test_weights(void **state)
{
    (void) state;
    struct dataset_memory memory = {0};
    struct dataset dataset;
    struct model model;
    struct error error;
    dataset_open(&dataset, &memory, 1, 0, 1, true, true);
    for (uint32_t i = 0; i < 100; i++) { /* 90 of class 0, 10 of class 1 of twice the weight */
        float x = (float) i, w = i % 10 == 3 ? 2 : 1;
        uint32_t label = i % 10 == 3;
        const struct rowset row = {.n = 1, .x = &x, .label = &label, .w = &w};
        assert_int_equal(dataset_add(&dataset, &row, i, &error), 0);
    }
    make_model(&model, TASK_CLASS, 3);
    const struct memory_options options = {.seed = 3, .capacity = 20, .by = BALANCE_CLASS};
    assert_int_equal(memory_keep(&model, &dataset, 100, &options), 20);
    const uint32_t *code = data(&model, "memory.y");
    const float *w = memory_weights(&model, &model.arena); /* 9 : 2, mean 1 */
    double sum = 0;
    for (int i = 0; i < 20; i++) {
        assert_true(fabs((double) w[i] - (code[i] == 1 ? 18.0 / 11 : 4.0 / 11)) < 1e-6);
        sum += (double) w[i];
    }
    assert_true(fabs(sum - 20) < 1e-5);
    dataset_close(&dataset);
    model_free(&model);
}

static void
test_forgetting(void **state)
{
    (void) state;
    struct dataset_memory memory = {0};
    struct dataset dataset;
    struct model model;
    struct forget forget;
    uint64_t waited;
    const struct memory_options options = {.seed = 3, .capacity = 30, .by = BALANCE_CLASS};
    make_model(&model, TASK_CLASS, 3);
    fill(&dataset, &memory, 30, true);
    memory_keep(&model, &dataset, 30, &options);
    memory_keep(&model, &dataset, 0, &options);
    float x[] = {50, 60, 60.5f, 70}; /* of classes 2, 0, none, 1 */
    uint32_t label[] = {2, 1, 0, 1};
    forget_open(&forget, &model);
    forget_rows(&forget, &(struct rowset){.n = 4, .x = x, .label = label});
    assert_int_equal(forget_close(&forget, &waited), 2);
    assert_int_equal(memory_size(&model), 28);
    const float *kept = data(&model, "memory.x");
    for (int i = 0; i < 28; i++)
        assert_true(kept[i] != 50 && kept[i] != 70);
    forget_open(&forget, &model);
    forget_rows(&forget, &(struct rowset){.n = 4, .x = x});
    assert_int_equal(forget_close(&forget, &waited), 1); /* 60, whatever its class */
    assert_int_equal(model_find(&model, TENSOR_MEMORY, "memory.digest")->shape[0], 27);
    float all[30];
    for (int i = 0; i < 30; i++)
        all[i] = (float) (10 * i);
    forget_open(&forget, &model);
    forget_rows(&forget, &(struct rowset){.n = 30, .x = all});
    assert_int_equal(forget_close(&forget, &waited), 27);
    assert_int_equal(waited, 0);
    assert_int_equal(model.n_tensors, 0);
    dataset_close(&dataset);
    model_free(&model);
}

/* Old rows lack a column that comes later: what is missing is filled as the transforms say, and is known to be. */
static void
test_new_column(void **state)
{
    (void) state;
    struct dataset_memory memory = {0};
    struct dataset dataset;
    struct model model;
    const struct memory_options options = {.seed = 3, .capacity = 30, .by = BALANCE_ROWS};
    make_model(&model, TASK_CLASS, 3);
    fill(&dataset, &memory, 5, true);
    memory_keep(&model, &dataset, 5, &options);
    uint64_t before[5], after[5];
    memcpy(before, data(&model, "memory.digest"), sizeof before);
    struct schema *schema = &model.schema;
    struct column *columns = arena_zalloc(&schema->arena, 3, sizeof *columns);
    columns[0] = schema->columns[0];
    columns[1] = (struct column){.name = "late", .type = COLUMN_NUM, .role = ROLE_FEATURE};
    columns[2] = schema->columns[1];
    schema->columns = columns;
    schema->n_columns = 3;
    double shift[] = {0, 2}, divisor[] = {1, 4}, fill_in[] = {0, 3};
    const char *names[] = {"x", "late"};
    struct transform transform = {.kind = "scale",
                                  .method = "standard",
                                  .impute = "mean",
                                  .n = 2,
                                  .names = names,
                                  .shift = shift,
                                  .divisor = divisor,
                                  .fill = fill_in,
                                  .label_method = "none"};
    schema->transforms = &transform;
    schema->n_transforms = 1;
    schema_count(schema);
    model.network.n_x = 2;
    memory_widen(&model);
    const float *x = data(&model, "memory.x");
    const uint8_t *missing = data(&model, "memory.missing");
    for (int i = 0; i < 5; i++) {
        assert_true(x[2 * i] == (float) (10 * i) && x[2 * i + 1] == 0.25f);
        assert_true(missing[2 * i] == 0 && missing[2 * i + 1] == 1);
    }
    memcpy(after, data(&model, "memory.digest"), sizeof after);
    for (int i = 0; i < 5; i++)
        assert_true(after[i] != before[i]);
    schema->transforms = NULL;
    schema->n_transforms = 0;
    dataset_close(&dataset);
    model_free(&model);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sample_of_numbers),
        cmocka_unit_test(test_outputs_stay),
        cmocka_unit_test(test_outputs_of_two_classes),
        cmocka_unit_test(test_weights),
        cmocka_unit_test(test_forgetting),
        cmocka_unit_test(test_new_column),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
