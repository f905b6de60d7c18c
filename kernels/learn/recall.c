#include "recall.h"

#include "memory_rows.h"

static const struct tensor *
find(const struct model *model, const char *name, enum dtype dtype, uint64_t n, uint64_t width)
{
    const struct tensor *tensor = model_find(model, TENSOR_MEMORY, name);
    bool fits = tensor != NULL && tensor->dtype == dtype && tensor->bytes == n * width * dtype_size(dtype);
    return fits ? tensor : NULL;
}

int
recall_rows(const struct model *model, struct arena *arena, struct rowset *rows, struct error *error)
{
    const struct network *network = &model->network;
    const bool classes = model->schema.task == TASK_CLASS;
    const uint32_t o = network_outputs(network), t = classes ? 1 : model->schema.n_y;
    const struct tensor *y = model_find(model, TENSOR_MEMORY, "memory.y");
    *rows = (struct rowset){.n = 0};
    if (y == NULL || y->rank != 2 || y->shape[0] == 0)
        return 0;
    const uint64_t n = y->shape[0];
    const struct tensor *x = find(model, "memory.x", DTYPE_F32, n, network->n_x),
                        *c = find(model, "memory.c", DTYPE_U32, n, network->n_c),
                        *soft = model_find(model, TENSOR_MEMORY, "memory.soft");
    y = find(model, "memory.y", classes ? DTYPE_U32 : DTYPE_F32, n, t);
    if (y == NULL || (network->n_x > 0 && x == NULL) || (network->n_c > 0 && c == NULL))
        return error_set(error, STATUS_DATA, "the rows that the model keeps are not those of its network");
    *rows = (struct rowset){
        .n = n,
        .x = network->n_x > 0 ? x->data : NULL,
        .c = network->n_c > 0 ? c->data : NULL,
        .y = classes ? NULL : y->data,
        .w = memory_weights(model, arena),
    };
    if (classes) {
        const uint32_t *codes = y->data, n_classes = schema_y(&model->schema, 0)->dict.n;
        const bool binary = model->loss == LOSS_BCE;
        uint32_t *label = binary ? NULL : arena_array(arena, n, sizeof *label);
        float *target = binary ? arena_array(arena, n, sizeof *target) : NULL;
        for (uint64_t i = 0; i < n; i++) {
            if (codes[i] < 1 || codes[i] > n_classes)
                return error_set(error, STATUS_DATA, "row %llu that the model keeps has class %u of %u",
                                 (unsigned long long) i + 1, codes[i], n_classes);
            if (binary)
                target[i] = codes[i] == 2 ? 1.0f : 0.0f;
            else
                label[i] = codes[i] - 1;
        }
        rows->label = label;
        rows->y = target;
    }
    if (soft != NULL && soft->dtype == DTYPE_F32 && soft->rank == 2 && soft->shape[0] == n && soft->shape[1] >= 1 &&
        soft->shape[1] <= o)
        rows->soft = memory_pad(soft->data, n, soft->shape[1], o, classes, arena);
    return 0;
}
