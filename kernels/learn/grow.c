#include "grow.h"

#include <string.h>

/*
 * `from` [old_rows, old_cols] as the upper left of a zeroed [rows, cols]; or, `shift` columns to the right (bce to ce:
 * its one output is that of the second class).
 */
static float *
enlarge(struct arena *arena, const float *from, uint64_t old_rows, uint64_t old_cols, uint64_t rows, uint64_t cols,
        uint64_t shift)
{
    float *to = arena_zalloc(arena, rows * cols, sizeof *to);
    for (uint64_t i = 0; i < old_rows; i++)
        memcpy(to + i * cols + shift, from + i * old_cols, old_cols * sizeof *to);
    return to;
}

void
grow_model(struct model *model, uint32_t n_classes, const uint32_t *c_sizes, struct extent *old)
{
    struct network *network = &model->network;
    struct layer *output = &network->layers[network->n_layers - 1];
    bool to_softmax = model->loss == LOSS_BCE && n_classes > 2;
    uint32_t n_out = model->loss == LOSS_BCE && !to_softmax ? 1 : n_classes > 0 ? n_classes : output->n_out;
    uint64_t shift = to_softmax ? 1 : 0;
    for (uint32_t p = 0; p < network->n_params; p++) {
        struct param *param = &network->params[p];
        bool in_output = param->layer == network->n_layers - 1;
        uint64_t rows = param->kind == PARAM_CATEGORY ? c_sizes[param->category] : param->rows;
        uint64_t cols = in_output ? n_out : param->cols;
        uint64_t right = in_output ? shift : 0;
        old[p] = (struct extent){param->rows, param->cols + right};
        if (rows == param->rows && cols == param->cols)
            continue;
        uint64_t shape[] = {rows, cols};
        const char *moments[] = {"m", "v"};
        for (int i = 0; i < 2; i++) {
            const char *name = arena_printf(&model->arena, "%s.%s", moments[i], param->name);
            struct tensor *moment = model_find(model, TENSOR_OPTIMISER, name);
            if (moment != NULL)
                model_put(model, TENSOR_OPTIMISER, name, DTYPE_F32, 2, shape,
                          enlarge(&model->arena, moment->data, param->rows, param->cols, rows, cols, right));
        }
        float *data = enlarge(&model->arena, param->data, param->rows, param->cols, rows, cols, right);
        for (uint64_t i = param->rows; i < rows; i++)
            memcpy(data + i * cols, data, cols * sizeof *data);
        param->data = data;
        param->rows = rows;
        param->cols = cols;
    }
    for (uint32_t k = 0; k < network->n_c; k++)
        network->c_sizes[k] = c_sizes[k];
    output->n_out = n_out;
    if (to_softmax)
        model->loss = LOSS_CE;
}
