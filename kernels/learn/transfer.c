#include "transfer.h"

#include <stdlib.h>
#include <string.h>

#include "loss.h"
#include "memory_rows.h"

static int
rename_label(struct model *model, const struct column *from, struct error *error)
{
    struct schema *schema = &model->schema;
    struct column *label = schema_y(schema, 0);
    char quoted[128];
    if (strcmp(label->name, from->name) != 0 && schema_find(schema, from->name) >= 0)
        return error_set(error, STATUS_DATA, "--reinit-head: the label '%s' is a feature of the model",
                         error_quote(quoted, sizeof quoted, from->name, strlen(from->name), 60));
    label->name = arena_strdup(&schema->arena, from->name);
    label->extra = from->extra == NULL ? NULL : value_copy(&schema->arena, from->extra);
    dict_free(&label->dict);
    schema_count(schema);
    return 0;
}

static void
forget_rows(struct model *model)
{
    const uint64_t n = memory_size(model);
    uint8_t *all = mem_alloc(n + 1);
    memset(all, 1, n + 1);
    memory_drop(model, all);
    free(all);
}

int
transfer_label(struct model *model, const struct schema *stream, struct error *error)
{
    if (stream->n_y == 0)
        return error_set(error, STATUS_DATA, "--reinit-head: the stream has no label (cl-ingest -y COLUMN)");
    if (model->schema.task == TASK_CLASS && stream->task != TASK_CLASS)
        return error_set(error, STATUS_DATA,
                         "--reinit-head: the model tells classes apart and the label of the stream is a number "
                         "(cl-ingest --task class reads it as a class; a number takes a new model, from cl-train)");
    if (model->schema.task != TASK_CLASS && stream->task == TASK_CLASS)
        return error_set(error, STATUS_DATA,
                         "--reinit-head: the model predicts a number and the label of the stream is a class: that "
                         "takes a new model, from cl-train");
    if (model->schema.task == TASK_CLASS && rename_label(model, schema_y(stream, 0), error) < 0)
        return -1;
    forget_rows(model);
    model_strip(model, TENSOR_OPTIMISER);
    if (model->extra != NULL)
        value_remove(model->extra, "groups");
    return 0;
}

/* What the new output layer was is not important. */
static void
forget_importance(struct model *model, const struct param *param)
{
    struct arena scratch = {0};
    const uint64_t n = param->rows * param->cols, shape[] = {param->rows, param->cols};
    const char *omega = arena_printf(&scratch, "omega.%s", param->name);
    if (model_find(model, TENSOR_IMPORTANCE, omega) != NULL) {
        float *anchor = arena_aligned(&model->arena, n * sizeof *anchor);
        memcpy(anchor, param->data, n * sizeof *anchor);
        model_put(model, TENSOR_IMPORTANCE, omega, DTYPE_F32, 2, shape, arena_zalloc(&model->arena, n, sizeof(float)));
        model_put(model, TENSOR_IMPORTANCE, arena_printf(&scratch, "anchor.%s", param->name), DTYPE_F32, 2, shape,
                  anchor);
    }
    arena_free(&scratch);
}

int
transfer_head(struct model *model, uint32_t n_classes, enum init init, uint64_t seed, struct error *error)
{
    struct network *network = &model->network, fresh;
    struct arena scratch = {0};
    const uint32_t output = network->n_layers - 1;
    if (model->schema.task == TASK_CLASS) {
        if (n_classes < 2)
            return error_set(error, STATUS_DATA,
                             "--reinit-head: all rows have the same class: there is nothing to "
                             "tell apart");
        model->loss = n_classes == 2 ? LOSS_BCE : LOSS_CE;
        network->layers[output].n_out = loss_outputs(model->loss, n_classes, 1, 1);
    }
    for (uint32_t p = 0; p < network->n_params; p++) {
        struct param *param = &network->params[p];
        if (param->layer != output || param->kind == PARAM_EDGES || param->cols == network->layers[output].n_out)
            continue;
        param->cols = network->layers[output].n_out;
        param->data = arena_zalloc(&model->arena, param->rows * param->cols, sizeof *param->data);
    }
    network_copy(&fresh, network, &scratch);
    init_for(&fresh, init, seed, RNG_GROW);
    for (uint32_t p = 0; p < network->n_params; p++) {
        struct param *param = &network->params[p];
        /* The bias of poisson is the mean of a label that stays. */
        if (param->layer != output || param->kind == PARAM_EDGES ||
            (model->loss == LOSS_POISSON && param->kind == PARAM_BIAS))
            continue;
        memcpy(param->data, fresh.params[p].data, param->rows * param->cols * sizeof *param->data);
        forget_importance(model, param);
    }
    arena_free(&scratch);
    return 0;
}

void
transfer_shake(struct network *network, uint32_t first, double keep, double noise, enum init init, uint64_t seed)
{
    struct arena scratch = {0};
    struct network fresh;
    network_copy(&fresh, network, &scratch);
    init_for(&fresh, init, seed, RNG_SHRINK);
    for (uint32_t p = 0; p < network->n_params; p++) {
        struct param *param = &network->params[p];
        if (param->layer < first || param->kind == PARAM_EDGES || param->kind == PARAM_GAIN ||
            param->kind == PARAM_SHIFT || param->frozen || network->layers[param->layer].frozen)
            continue;
        for (uint64_t i = 0; i < param->rows * param->cols; i++)
            param->data[i] = (float) (keep * (double) param->data[i] + noise * (double) fresh.params[p].data[i]);
    }
    arena_free(&scratch);
}

void
transfer_rates(const struct network *network, double decay, float *rates)
{
    double rate = 1;
    for (uint32_t l = network->n_layers; l-- > 0; rate /= decay)
        rates[l] = (float) rate;
}
