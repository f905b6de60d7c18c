#include "model.h"

#include <stdlib.h>
#include <string.h>

static const char *const role_names[TENSOR_ROLE_COUNT] = {
    [TENSOR_WEIGHT] = "weight",         [TENSOR_OPTIMISER] = "optimiser",   [TENSOR_MEMORY] = "memory",
    [TENSOR_IMPORTANCE] = "importance", [TENSOR_STATISTICS] = "statistics", [TENSOR_RESUME] = "resume",
    [TENSOR_OTHER] = "other",
};

const char *
tensor_role_name(enum tensor_role role)
{
    return role_names[role];
}

enum tensor_role
tensor_role_parse(const char *name)
{
    for (int role = 0; role < TENSOR_OTHER; role++)
        if (strcmp(role_names[role], name) == 0)
            return (enum tensor_role) role;
    return TENSOR_OTHER;
}

/* "ROLE", NUL, "NAME": what the index knows a tensor by. Owned by the caller. */
static char *
index_key(const char *role, const char *name, size_t *n)
{
    size_t n_role = strlen(role), n_name = strlen(name);
    *n = n_role + 1 + n_name;
    char *key = mem_alloc(*n);
    memcpy(key, role, n_role + 1);
    memcpy(key + n_role + 1, name, n_name);
    return key;
}

struct objective
model_objective(const struct model *model, float *quantiles)
{
    for (uint32_t q = 0; q < model->n_quantiles; q++)
        quantiles[q] = (float) model->quantiles[q];
    return (struct objective){
        .loss = model->loss,
        .huber_delta = (float) model->huber_delta,
        .n_quantiles = model->n_quantiles,
        .quantiles = quantiles,
    };
}

struct tensor *
model_find(const struct model *model, enum tensor_role role, const char *name)
{
    size_t n;
    char *key = index_key(role_names[role], name, &n);
    uint32_t code = dict_find(&model->index, key, n);
    free(key);
    return code == 0 ? NULL : &model->tensors[code - 1].tensor;
}

static void
append(struct model *model, const struct model_tensor *item)
{
    if (model->n_tensors == model->cap_tensors) {
        uint32_t cap = model->cap_tensors == 0 ? 16 : model->cap_tensors * 2;
        struct model_tensor *grown = arena_array(&model->arena, cap, sizeof *grown);
        if (model->n_tensors > 0)
            memcpy(grown, model->tensors, model->n_tensors * sizeof *grown);
        model->tensors = grown;
        model->cap_tensors = cap;
    }
    model->tensors[model->n_tensors++] = *item;
}

void
model_put_named(struct model *model, const char *role, const char *name, enum dtype dtype, unsigned rank,
                const uint64_t *shape, void *data)
{
    struct model_tensor item = {
        .tensor = {.dtype = dtype, .rank = rank, .data = data},
        .role = tensor_role_parse(role),
    };
    memcpy(item.tensor.shape, shape, rank * sizeof *shape);
    if (!tensor_bytes(&item.tensor, &item.tensor.bytes))
        abort(); /* the data could not be there */
    size_t n;
    char *key = index_key(role, name, &n);
    uint32_t code = dict_add(&model->index, key, n);
    free(key);
    bool replaces = code <= model->n_tensors;
    item.tensor.name = replaces ? model->tensors[code - 1].tensor.name : arena_strdup(&model->arena, name);
    item.role_name = replaces ? model->tensors[code - 1].role_name : arena_strdup(&model->arena, role);
    if (replaces)
        model->tensors[code - 1] = item;
    else
        append(model, &item);
}

void
model_put(struct model *model, enum tensor_role role, const char *name, enum dtype dtype, unsigned rank,
          const uint64_t *shape, void *data)
{
    model_put_named(model, role_names[role], name, dtype, rank, shape, data);
}

void
model_strip(struct model *model, enum tensor_role role)
{
    uint32_t n = model->n_tensors;
    model->n_tensors = 0;
    dict_free(&model->index);
    for (uint32_t i = 0; i < n; i++) {
        struct model_tensor item = model->tensors[i];
        if (item.role == role)
            continue;
        size_t n_key;
        char *key = index_key(item.role_name, item.tensor.name, &n_key);
        dict_add(&model->index, key, n_key);
        free(key);
        model->tensors[model->n_tensors++] = item;
    }
    if (role == TENSOR_OPTIMISER)
        model->optimiser = NULL;
    if (role == TENSOR_MEMORY)
        model->memory = NULL;
    if (role == TENSOR_RESUME)
        value_remove(model->training, "resume");
}

void
model_free(struct model *model)
{
    dict_free(&model->index);
    schema_free(&model->schema);
    arena_free(&model->arena);
    *model = (struct model){0};
}
