#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "groups.h"
#include "transfer.h"

static void
add_column(struct schema *schema, const char *name, enum column_type type, enum column_role role)
{
    schema->columns[schema->n_columns++] = (struct column){.name = name, .type = type, .role = role};
}

/* Two features and a label of these classes; a network of 3 hidden units. */
static void
begin(struct model *model, const char *const *classes, uint32_t n_classes)
{
    const uint32_t width = 3;
    *model = (struct model){.loss = n_classes == 2 ? LOSS_BCE : LOSS_CE};
    struct schema *schema = &model->schema;
    schema->columns = arena_zalloc(&schema->arena, 3, sizeof *schema->columns);
    add_column(schema, "a", COLUMN_NUM, ROLE_FEATURE);
    add_column(schema, "b", COLUMN_NUM, ROLE_FEATURE);
    add_column(schema, "kind", COLUMN_CAT, ROLE_LABEL);
    schema->task = TASK_CLASS;
    schema_count(schema);
    for (uint32_t c = 0; c < n_classes; c++)
        dict_add(&schema_y(schema, 0)->dict, classes[c], strlen(classes[c]));
    network_dense(&model->network, &model->arena, 2, 0, NULL, NULL, &width, 1, ACT_RELU, 0,
                  n_classes == 2 ? 1 : n_classes);
    init_network(&model->network, INIT_AUTO, 1);
    model->training = value_map(&model->arena);
}

static const char *const letters[] = {"x", "y", "z"};

static void
test_label(void **state)
{
    (void) state;
    struct model model, stream;
    struct error error;
    begin(&model, letters, 3);
    begin(&stream, letters, 2);
    schema_y(&stream.schema, 0)->name = "size";
    schema_count(&stream.schema);
    groups_write(&model, (const uint32_t[]){1, 1, 2}, 3);
    assert_int_equal(transfer_label(&model, &stream.schema, &error), 0);
    assert_string_equal(schema_y(&model.schema, 0)->name, "size");
    assert_int_equal(schema_y(&model.schema, 0)->dict.n, 0);
    assert_int_equal(schema_find(&model.schema, "size"), 2);
    assert_int_equal(schema_find(&model.schema, "kind"), -1);
    uint32_t *groups;
    assert_int_equal(groups_read(&model, &model.arena, &groups, &error), 0);
    assert_null(groups);
    /* The name of a feature is taken. */
    schema_y(&stream.schema, 0)->name = "b";
    schema_count(&stream.schema);
    assert_int_equal(transfer_label(&model, &stream.schema, &error), -1);
    /* A number is no class. */
    stream.schema.task = TASK_REGRESSION;
    assert_int_equal(transfer_label(&model, &stream.schema, &error), -1);
    model.schema.task = TASK_REGRESSION;
    stream.schema.task = TASK_CLASS;
    assert_int_equal(transfer_label(&model, &stream.schema, &error), -1);
    model_free(&model);
    model_free(&stream);
}

static void
test_head(void **state)
{
    (void) state;
    struct error error;
    for (uint32_t n = 2; n <= 4; n++) {
        struct model model;
        float hidden[6], before[9];
        begin(&model, letters, 3);
        const struct network *network = &model.network;
        memcpy(hidden, network->params[0].data, sizeof hidden);
        memcpy(before, network->params[2].data, sizeof before);
        model_put(&model, TENSOR_IMPORTANCE, "omega.output.weight", DTYPE_F32, 2, (const uint64_t[]){3, 3}, before);
        model_put(&model, TENSOR_IMPORTANCE, "anchor.output.weight", DTYPE_F32, 2, (const uint64_t[]){3, 3}, before);
        assert_int_equal(transfer_head(&model, n, INIT_AUTO, 1, &error), 0);
        const uint32_t outputs = n == 2 ? 1 : n;
        assert_int_equal(network_outputs(network), outputs);
        assert_int_equal(model.loss, n == 2 ? LOSS_BCE : LOSS_CE);
        assert_int_equal(network->params[2].cols, outputs);
        assert_int_equal(network->params[3].cols, outputs);
        assert_memory_equal(hidden, network->params[0].data, sizeof hidden);
        double sum = 0;
        for (uint32_t i = 0; i < 3 * outputs; i++) {
            assert_true(network->params[2].data[i] != before[i % 9]);
            sum += fabs((double) network->params[2].data[i]);
        }
        assert_true(sum > 0.1);
        assert_true(network->params[3].data[0] == 0);
        const struct tensor *omega = model_find(&model, TENSOR_IMPORTANCE, "omega.output.weight");
        assert_int_equal(omega->shape[1], outputs);
        for (uint32_t i = 0; i < 3 * outputs; i++)
            assert_true(((const float *) omega->data)[i] == 0);
        model_free(&model);
    }
    struct model model;
    begin(&model, letters, 3);
    assert_int_equal(transfer_head(&model, 1, INIT_AUTO, 1, &error), -1);
    model_free(&model);
}

/* theta = keep theta + noise epsilon, epsilon of the distribution that init draws from, and not the initial weights. */
static void
test_shake(void **state)
{
    (void) state;
    struct model a, b, c;
    begin(&a, letters, 3);
    begin(&b, letters, 3);
    begin(&c, letters, 3);
    a.network.params[1].data[0] = b.network.params[1].data[0] = 2; /* a bias shrinks, and has no noise */
    transfer_shake(&a.network, 0, 0.5, 0, INIT_AUTO, 1);
    transfer_shake(&c.network, 0, 0, 1, INIT_AUTO, 1);
    for (uint32_t p = 0; p < 4; p++)
        for (uint64_t i = 0; i < a.network.params[p].rows * a.network.params[p].cols; i++)
            assert_true(a.network.params[p].data[i] == b.network.params[p].data[i] / 2);
    assert_true(a.network.params[1].data[0] == 1);
    assert_true(c.network.params[0].data[0] != b.network.params[0].data[0]);
    struct model d;
    begin(&d, letters, 3);
    transfer_shake(&d.network, 1, 0.5, 0.25, INIT_AUTO, 1);
    assert_memory_equal(d.network.params[0].data, b.network.params[0].data, 6 * sizeof(float));
    for (int i = 0; i < 9; i++)
        assert_true(fabs((double) d.network.params[2].data[i] - 0.5 * (double) b.network.params[2].data[i] -
                         0.25 * (double) c.network.params[2].data[i]) < 1e-7);
    model_free(&a);
    model_free(&b);
    model_free(&c);
    model_free(&d);
}

static void
test_rates(void **state)
{
    (void) state;
    struct network network = {.n_layers = 3};
    float rates[3];
    transfer_rates(&network, 2, rates);
    assert_true(rates[2] == 1 && rates[1] == 0.5f && rates[0] == 0.25f);
}

static void
test_groups(void **state)
{
    (void) state;
    struct model model;
    struct error error;
    uint32_t *groups;
    begin(&model, letters, 3);
    assert_int_equal(groups_read(&model, &model.arena, &groups, &error), 0);
    assert_null(groups);
    /* By the record of a first training. */
    struct value *options = value_map(&model.arena);
    value_set(&model.arena, options, "among", value_string(&model.arena, "z,x"));
    value_set(&model.arena, model.training, "options", options);
    assert_int_equal(groups_read(&model, &model.arena, &groups, &error), 0);
    assert_true(groups[0] == 1 && groups[1] == 0 && groups[2] == 1);
    const uint32_t labels[] = {1, 1, 2};
    groups_mark(groups, &(struct rowset){.n = 3, .label = labels}, 4);
    assert_true(groups[0] == 1 && groups[1] == 4 && groups[2] == 1);
    groups_write(&model, groups, 3);
    /* A class that came since has none. */
    dict_add(&schema_y(&model.schema, 0)->dict, "w", 1);
    assert_int_equal(groups_read(&model, &model.arena, &groups, &error), 0);
    assert_true(groups[0] == 1 && groups[1] == 4 && groups[2] == 1 && groups[3] == 0);
    /* More groups than classes. */
    groups_write(&model, (const uint32_t[]){1, 1, 1, 1, 1}, 5);
    assert_int_equal(groups_read(&model, &model.arena, &groups, &error), -1);
    value_set(&model.arena, model.extra, "groups", value_string(&model.arena, "x"));
    assert_int_equal(groups_read(&model, &model.arena, &groups, &error), -1);
    model_free(&model);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_label), cmocka_unit_test(test_head),   cmocka_unit_test(test_shake),
        cmocka_unit_test(test_rates), cmocka_unit_test(test_groups),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
