#include "online_rows.h"

#include <stdbool.h>
#include <string.h>

#include "memory.h"

/* Tensors that have a row for each; the first says how many, and all have as many. */
static const char *const update_tensors[] = {"online.w",   "online.x", "online.c",
                                             "online.row", "online.y", "online.label"};
static const char *const label_tensors[] = {"late.id", "late.x",      "late.c",  "late.z",
                                            "late.w",  "late.number", "late.row"};
static const char *const memory_tensors[] = {"online.born", "online.group"};
#define COUNT(names) (sizeof(names) / sizeof *(names))

static uint64_t
rows_of(const struct model *model, const char *name)
{
    const struct tensor *tensor = model_find(model, TENSOR_RESUME, name);
    return tensor == NULL || tensor->rank == 0 ? 0 : tensor->shape[0];
}

/* All that are there have n rows. */
static bool
agree(const struct model *model, const char *const *names, size_t n_names, uint64_t n)
{
    for (size_t i = 0; i < n_names; i++) {
        const struct tensor *tensor = model_find(model, TENSOR_RESUME, names[i]);
        if (tensor != NULL && (tensor->rank == 0 || tensor->shape[0] != n))
            return false;
    }
    return true;
}

/* Data of n rows of `width` elements, or NULL. */
static const void *
find(const struct model *model, const char *name, enum dtype dtype, uint64_t n, uint64_t width)
{
    const struct tensor *tensor = model_find(model, TENSOR_RESUME, name);
    const bool fits = tensor != NULL && tensor->dtype == dtype && tensor->bytes == n * width * dtype_size(dtype);
    return fits ? tensor->data : NULL;
}

struct online_waiting
online_waiting(const struct model *model, enum online_wait wait)
{
    const struct network *network = &model->network;
    const bool update = wait == ONLINE_WAIT_UPDATE, classes = model->schema.task == TASK_CLASS;
    const uint64_t n = rows_of(model, update ? update_tensors[0] : label_tensors[0]);
    struct online_waiting rows = {
        .n = n,
        .x = find(model, update ? "online.x" : "late.x", DTYPE_F32, n, network->n_x),
        .c = find(model, update ? "online.c" : "late.c", DTYPE_U32, n, network->n_c),
    };
    if (update && classes)
        rows.class = find(model, "online.label", DTYPE_U32, n, 1);
    else if (update)
        rows.y = find(model, "online.y", DTYPE_F32, n, model->schema.n_y);
    if ((network->n_x > 0 && rows.x == NULL) || (network->n_c > 0 && rows.c == NULL) ||
        (update && rows.class == NULL && rows.y == NULL))
        return (struct online_waiting){.n = 0};
    for (uint64_t i = 0; i < n * network->n_c; i++)
        if (rows.c[i] >= network->c_sizes[i % network->n_c])
            return (struct online_waiting){.n = 0};
    return rows;
}

/* The rows of some tensors that stay. drop: [n], NULL = all go. */
static void
thin(struct model *model, const char *const *names, size_t n_names, const uint8_t *drop)
{
    for (size_t t = 0; t < n_names; t++) {
        const struct tensor *tensor = model_find(model, TENSOR_RESUME, names[t]);
        if (tensor == NULL || tensor->shape[0] == 0)
            continue;
        const uint64_t n = tensor->shape[0], bytes = tensor->bytes / n;
        uint64_t shape[2] = {0, tensor->rank == 2 ? tensor->shape[1] : 0};
        uint8_t *to = arena_aligned(&model->arena, tensor->bytes);
        for (uint64_t i = 0; i < n; i++)
            if (drop != NULL && !drop[i])
                memcpy(to + bytes * shape[0]++, (const uint8_t *) tensor->data + bytes * i, bytes);
        model_put(model, TENSOR_RESUME, names[t], tensor->dtype, tensor->rank, shape, to);
    }
}

/* The rows of one kind can be told: there are none, or all is there of them. */
static bool
readable(const struct model *model, enum online_wait wait, const char *const *names, size_t n_names)
{
    const uint64_t n = rows_of(model, names[0]);
    return agree(model, names, n_names, n) && online_waiting(model, wait).n == n;
}

void
online_drop(struct model *model, const uint8_t *memory, uint64_t m, const uint8_t *update, const uint8_t *label)
{
    static const char *const groups[] = {"online.group"};
    bool any = memory == NULL;
    if (value_get(model->training, "online") == NULL)
        return;
    if (!readable(model, ONLINE_WAIT_UPDATE, update_tensors, COUNT(update_tensors)) ||
        !readable(model, ONLINE_WAIT_LABEL, label_tensors, COUNT(label_tensors)) ||
        !agree(model, memory_tensors, 1, m)) {
        model_strip(model, TENSOR_RESUME);
        return;
    }
    thin(model, update_tensors, COUNT(update_tensors), update);
    thin(model, label_tensors, COUNT(label_tensors), label);
    for (uint64_t i = 0; i < m && !any; i++)
        any = memory[i] != 0;
    if (!any)
        return;
    thin(model, memory_tensors, 1, memory);
    thin(model, groups, 1, NULL); /* memory.stands says it of the rows that stay */
}

void
online_drop_all(struct model *model)
{
    online_drop(model, NULL, rows_of(model, memory_tensors[0]), NULL, NULL);
}
