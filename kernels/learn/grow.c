#include "grow.h"

#include <string.h>

/* `from` [old_rows, old_cols] as the upper left of a zeroed [rows, cols]. */
static float *
enlarge(struct arena *arena, const float *from, uint64_t old_rows, uint64_t old_cols, uint64_t rows, uint64_t cols)
{
    float *to = arena_zalloc(arena, rows * cols, sizeof *to);
    for (uint64_t i = 0; i < old_rows; i++)
        memcpy(to + i * cols, from + i * old_cols, old_cols * sizeof *to);
    return to;
}

/* [n, 1] to [n, 2]: the column times `first` and times `second`. */
static float *
split_column(struct arena *arena, const float *from, uint64_t n, float first, float second)
{
    float *to = arena_array(arena, n, 2 * sizeof *to);
    for (uint64_t i = 0; i < n; i++) {
        to[2 * i] = first * from[i];
        to[2 * i + 1] = second * from[i];
    }
    return to;
}

/* Moment `what` of a parameter; NULL when it is not there, or of another size. */
static struct tensor *
find_moment(struct model *model, const char *what, const struct param *param)
{
    const char *name = arena_printf(&model->arena, "%s.%s", what, param->name);
    struct tensor *moment = model_find(model, TENSOR_OPTIMISER, name);
    bool fits =
        moment != NULL && moment->dtype == DTYPE_F32 && moment->bytes == param->rows * param->cols * sizeof(float);
    return fits ? moment : NULL;
}

static void
put_moment(struct model *model, const char *what, const struct param *param, float *data)
{
    const char *name = arena_printf(&model->arena, "%s.%s", what, param->name);
    model_put(model, TENSOR_OPTIMISER, name, DTYPE_F32, 2, (const uint64_t[]){param->rows, param->cols}, data);
}

/*
 * One sigmoid output z becomes two of a softmax, -z / 2 and z / 2: the same probabilities to the last bits, since
 * halves are exact and only the difference counts. Gradients by them are -g and g.
 */
static void
split_output(struct model *model)
{
    struct network *network = &model->network;
    for (uint32_t p = 0; p < network->n_params; p++) {
        struct param *param = &network->params[p];
        if (param->layer != network->n_layers - 1 || param->kind == PARAM_EDGES)
            continue;
        const struct tensor *m = find_moment(model, "m", param), *v = find_moment(model, "v", param);
        float *data = split_column(&model->arena, param->data, param->rows, -0.5f, 0.5f);
        param->cols = 2;
        param->data = data;
        if (m != NULL)
            put_moment(model, "m", param, split_column(&model->arena, m->data, param->rows, -1, 1));
        if (v != NULL)
            put_moment(model, "v", param, split_column(&model->arena, v->data, param->rows, 1, 1));
    }
    network->layers[network->n_layers - 1].n_out = 2;
    model->loss = LOSS_CE;
}

/* Columns [n_old, n_new) of every row become the mean of those before them. */
static void
average_columns(float *data, uint64_t rows, uint64_t n_old, uint64_t n_new)
{
    for (uint64_t i = 0; i < rows; i++) {
        double sum = 0;
        for (uint64_t j = 0; j < n_old; j++)
            sum += (double) data[i * n_new + j];
        for (uint64_t j = n_old; j < n_new; j++)
            data[i * n_new + j] = (float) (sum / (double) n_old);
    }
}

void
grow_model(struct model *model, uint32_t n_classes, const uint32_t *c_sizes, struct extent *old)
{
    static const char *const moments[] = {"m", "v"};
    struct network *network = &model->network;
    struct layer *output = &network->layers[network->n_layers - 1];
    if (model->loss == LOSS_BCE && n_classes > 2)
        split_output(model);
    uint32_t n_out = model->loss == LOSS_CE && n_classes > 0 ? n_classes : output->n_out;
    for (uint32_t p = 0; p < network->n_params; p++) {
        struct param *param = &network->params[p];
        bool in_output = param->layer == network->n_layers - 1 && param->kind != PARAM_EDGES;
        struct param grown = *param;
        grown.rows = param->kind == PARAM_CATEGORY ? c_sizes[param->category] : param->rows;
        grown.cols = in_output ? n_out : param->cols;
        old[p] = (struct extent){param->rows, param->cols};
        if (grown.rows == param->rows && grown.cols == param->cols)
            continue;
        for (int i = 0; i < 2; i++) {
            const struct tensor *moment = find_moment(model, moments[i], param);
            if (moment != NULL)
                put_moment(model, moments[i], &grown,
                           enlarge(&model->arena, moment->data, param->rows, param->cols, grown.rows, grown.cols));
        }
        grown.data = enlarge(&model->arena, param->data, param->rows, param->cols, grown.rows, grown.cols);
        if (in_output)
            average_columns(grown.data, param->rows, param->cols, grown.cols);
        for (uint64_t i = param->rows; i < grown.rows; i++)
            memcpy(grown.data + i * grown.cols, grown.data, grown.cols * sizeof *grown.data);
        *param = grown;
    }
    for (uint32_t k = 0; k < network->n_c; k++)
        network->c_sizes[k] = c_sizes[k];
    output->n_out = n_out;
}
