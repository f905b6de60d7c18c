#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine.h"
#include "grow.h"
#include "init.h"
#include "loss.h"

/* A model with 2 numbers, a category of 3 codes, one hidden layer, and made-up moments. */
static void
make(struct model *model, enum loss loss, uint32_t n_out)
{
    uint32_t size = 3, width = 5;
    const char *name = "c";
    memset(model, 0, sizeof *model);
    model->loss = loss;
    network_dense(&model->network, &model->arena, 2, 1, &size, &name, &width, 1, ACT_TANH, 0, n_out);
    init_network(&model->network, INIT_AUTO, 3);
    for (uint32_t p = 0; p < model->network.n_params; p++) {
        const struct param *param = &model->network.params[p];
        for (uint64_t i = 0; param->kind == PARAM_BIAS && i < param->cols; i++)
            param->data[i] = 0.1f * (float) (i + 1);
        model_put(model, TENSOR_OPTIMISER, arena_printf(&model->arena, "m.%s", param->name), DTYPE_F32, 2,
                  (const uint64_t[]){param->rows, param->cols}, param->data);
    }
}

static void
outputs(const struct model *model, uint32_t code, float *z)
{
    struct engine_state *engine;
    struct error error;
    const struct engine_options options = {.threads = 1};
    const float x[] = {0.3f, -0.7f};
    const struct rowset rows = {.n = 1, .x = x, .c = &code};
    assert_int_equal(engine_ref.open(&engine, &model->network, &options, &error), 0);
    assert_int_equal(engine_ref.forward(engine, &rows, 0, 1, z, &error), 0);
    engine_ref.close(engine);
}

static void
test_new_classes_and_categories(void **state)
{
    (void) state;
    struct model model;
    struct extent old[8];
    float before[3], unknown[3], after[5];
    make(&model, LOSS_CE, 3);
    outputs(&model, 2, before);
    outputs(&model, 0, unknown);
    grow_model(&model, 5, (const uint32_t[]){6}, old);
    assert_int_equal(network_outputs(&model.network), 5);
    outputs(&model, 2, after);
    assert_memory_equal(before, after, sizeof before);
    assert_true(fabsf(after[3] - (before[0] + before[1] + before[2]) / 3) < 1e-6f && after[3] == after[4]);
    outputs(&model, 5, after); /* a new category: what it got before */
    assert_memory_equal(unknown, after, sizeof unknown);
    for (uint32_t p = 0; p < model.network.n_params; p++) {
        const struct param *param = &model.network.params[p];
        bool output = param->layer == 1, category = param->kind == PARAM_CATEGORY;
        assert_int_equal(old[p].rows, category ? 3 : param->rows);
        assert_int_equal(old[p].cols, output ? 3 : param->cols);
        const struct tensor *m = model_find(&model, TENSOR_OPTIMISER, arena_printf(&model.arena, "m.%s", param->name));
        assert_int_equal(m->shape[0], param->rows);
        assert_int_equal(m->shape[1], param->cols);
        if (category)
            assert_true(((const float *) m->data)[3 * param->cols] == 0);
    }
    model_free(&model);
}

static void
test_two_classes_become_three(void **state)
{
    (void) state;
    struct model model;
    struct extent old[8];
    float z, p, after[3], q[3];
    make(&model, LOSS_BCE, 1);
    outputs(&model, 1, &z);
    loss_link(LOSS_BCE, &z, 1, NULL, &p);
    grow_model(&model, 3, (const uint32_t[]){3}, old);
    assert_int_equal(model.loss, LOSS_CE);
    outputs(&model, 1, after);
    assert_true(after[0] == -z / 2 && after[1] == z / 2 && after[2] == 0);
    const struct tensor *m = model_find(&model, TENSOR_OPTIMISER, "m.output.weight");
    assert_non_null(m);
    for (int i = 0; i < 5; i++) {
        const float *row = (const float *) m->data + 3 * i,
                    *w = model.network.params[model.network.layers[1].weight].data + 3 * i;
        assert_true(row[0] == -row[1] && row[1] == 2 * w[1] && row[2] == 0);
    }
    loss_link(LOSS_CE, after, 3, (const uint8_t[]){1, 1, 0}, q);
    assert_true(fabsf(q[1] - p) < 1e-6f);
    model_free(&model);
}

/* Whatever the outputs are, all below 0 or not: the class that won still wins. */
static void
test_a_new_class_does_not_win(void **state)
{
    (void) state;
    struct model model;
    struct extent old[8];
    float before[3], after[4];
    make(&model, LOSS_CE, 3);
    struct param *bias = &model.network.params[model.network.layers[1].bias];
    for (int j = 0; j < 3; j++)
        bias->data[j] = -20 - (float) j;
    outputs(&model, 1, before);
    assert_true(before[0] < -5 && before[0] > before[1] && before[0] > before[2]);
    grow_model(&model, 4, (const uint32_t[]){3}, old);
    outputs(&model, 1, after);
    assert_true(after[0] > after[3] && after[3] > after[2]);
    model_free(&model);
}

/* A checkpoint may claim anything: moments of another size are left behind. */
static void
test_moments_of_another_size(void **state)
{
    (void) state;
    struct model model;
    struct extent old[8];
    static float one[1] = {7};
    make(&model, LOSS_CE, 3);
    model_put(&model, TENSOR_OPTIMISER, "m.output.weight", DTYPE_F32, 2, (const uint64_t[]){1, 1}, one);
    grow_model(&model, 4, (const uint32_t[]){3}, old);
    assert_int_equal(model_find(&model, TENSOR_OPTIMISER, "m.output.weight")->bytes, sizeof one);
    model_free(&model);
}

static void
test_nothing_new_changes_nothing(void **state)
{
    (void) state;
    struct model model;
    struct extent old[8];
    make(&model, LOSS_BCE, 1);
    const float *data = model.network.params[0].data;
    grow_model(&model, 2, (const uint32_t[]){3}, old);
    assert_ptr_equal(model.network.params[0].data, data);
    assert_int_equal(model.loss, LOSS_BCE);
    assert_int_equal(network_outputs(&model.network), 1);
    model_free(&model);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_new_classes_and_categories),  cmocka_unit_test(test_two_classes_become_three),
        cmocka_unit_test(test_a_new_class_does_not_win),    cmocka_unit_test(test_moments_of_another_size),
        cmocka_unit_test(test_nothing_new_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
