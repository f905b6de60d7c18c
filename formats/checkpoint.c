#include "checkpoint.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "row_digest.h"
#include "stream.h"

/*
 * A tensor is cut into parts of this size. A frame could hold more, but writing takes two buffers of a part (shuffled
 * and compressed) and reading three.
 */
enum { PART_BYTES = 64 << 20, DEFAULT_LEVEL = 3, MAX_MODEL_KEYS = 1000 };

static const char *const model_keys[] = {"cl",        "numerics", "network", "loss",       "huber_delta",
                                         "quantiles", "task",     "columns", "transforms", "profile",
                                         "optimiser", "training", "memory",  "lineage",    NULL};

/* Model to meta and back */

static bool
is_model_key(const char *key)
{
    for (const char *const *known = model_keys; *known != NULL; known++)
        if (strcmp(*known, key) == 0)
            return true;
    return false;
}

static void
set_optional(struct arena *arena, struct value *meta, const char *key, struct value *item)
{
    if (item != NULL)
        value_set(arena, meta, key, item);
}

static struct value *
quantiles_to_value(const struct model *model, struct arena *arena)
{
    struct value *array = value_array(arena);
    for (uint32_t q = 0; q < model->n_quantiles; q++)
        value_push(arena, array, value_float(arena, model->quantiles[q]));
    return array;
}

struct value *
model_to_value(const struct model *model, struct arena *arena)
{
    struct value *table = schema_to_value(&model->schema, arena), *meta = value_map(arena);
    value_set(arena, meta, "cl", value_uint(arena, 1));
    value_set(arena, meta, "numerics", value_uint(arena, model->numerics));
    value_set(arena, meta, "network", network_to_value(&model->network, arena));
    value_set(arena, meta, "loss", value_string(arena, loss_name(model->loss)));
    if (model->loss == LOSS_HUBER)
        value_set(arena, meta, "huber_delta", value_float(arena, model->huber_delta));
    if (model->loss == LOSS_QUANTILE)
        value_set(arena, meta, "quantiles", quantiles_to_value(model, arena));
    value_set(arena, meta, "task", value_get(table, "task"));
    value_set(arena, meta, "columns", value_get(table, "columns"));
    value_set(arena, meta, "transforms", value_get(table, "transforms"));
    set_optional(arena, meta, "profile", value_get(table, "profile"));
    set_optional(arena, meta, "optimiser", model->optimiser);
    set_optional(arena, meta, "training", model->training);
    set_optional(arena, meta, "memory", model->memory);
    set_optional(arena, meta, "lineage", model->lineage);
    for (size_t i = 0; model->extra != NULL && i < model->extra->n; i++)
        if (!is_model_key(model->extra->items[2 * i]->bytes))
            value_set(arena, meta, model->extra->items[2 * i]->bytes, model->extra->items[2 * i + 1]);
    return meta;
}

/* A part of the meta that must be of a kind when it is there: a copy in the model's arena, or NULL. */
static int
take_optional(struct model *model, const struct value *meta, const char *key, enum value_kind kind, struct value **to,
              struct error *error)
{
    const struct value *found = value_get(meta, key);
    if (found == NULL || found->kind == VALUE_NIL)
        return 0;
    if (found->kind != kind)
        return error_set(error, STATUS_DATA, "'%s' is no %s", key, kind == VALUE_MAP ? "map" : "array");
    *to = value_copy(&model->arena, found);
    return 0;
}

static int
take_quantiles(struct model *model, const struct value *meta, struct error *error)
{
    const struct value *array = value_get(meta, "quantiles");
    bool good = array != NULL && array->kind == VALUE_ARRAY && array->n >= 1 && array->n <= MODEL_MAX_QUANTILES;
    model->n_quantiles = good ? (uint32_t) array->n : 0;
    model->quantiles = arena_array(&model->arena, model->n_quantiles, sizeof *model->quantiles);
    for (uint32_t q = 0; q < model->n_quantiles; q++)
        good = good && value_to_double(array->items[q], &model->quantiles[q]) &&
               (float) model->quantiles[q] > (q == 0 ? 0 : (float) model->quantiles[q - 1]) &&
               (float) model->quantiles[q] < 1;
    return good ? 0 : error_set(error, STATUS_DATA, "'quantiles' are no ascending numbers between 0 and 1");
}

static int
take_loss(struct model *model, const struct value *meta, struct error *error)
{
    const char *loss = value_get_string(meta, "loss");
    char quoted[128];
    if (loss == NULL)
        return error_set(error, STATUS_DATA, "it has no string 'loss'");
    if (!loss_parse(loss, &model->loss))
        return error_set(error, STATUS_DATA, "the loss '%s' is not known to this version",
                         error_quote(quoted, sizeof quoted, loss, strlen(loss), 40));
    model->huber_delta = 1;
    if (model->loss == LOSS_HUBER && (!value_get_double(meta, "huber_delta", &model->huber_delta) ||
                                      !(model->huber_delta > 0) || isinf(model->huber_delta)))
        return error_set(error, STATUS_DATA, "'huber_delta' is no number above 0");
    return model->loss == LOSS_QUANTILE ? take_quantiles(model, meta, error) : 0;
}

static int
model_from_value(struct model *model, const struct value *meta, struct error *error)
{
    uint64_t numerics;
    if (meta->n > MAX_MODEL_KEYS)
        return error_set(error, STATUS_DATA, "its meta has %zu keys; there can be %d", meta->n, MAX_MODEL_KEYS);
    if (schema_from_value(&model->schema, meta, error) < 0)
        return -1;
    model->schema.extra = NULL; /* they are the model's keys here */
    model->schema.model[0] = '\0';
    if (!value_get_u64(meta, "numerics", &numerics))
        return error_set(error, STATUS_DATA, "it has no number 'numerics'");
    if (numerics != 1)
        return error_set(error, STATUS_DATA, "it was made under numerics contract %llu; this program keeps contract 1",
                         (unsigned long long) numerics);
    model->numerics = 1;
    if (take_loss(model, meta, error) < 0 ||
        network_from_value(&model->network, value_get(meta, "network"), &model->arena, error) < 0 ||
        take_optional(model, meta, "optimiser", VALUE_MAP, &model->optimiser, error) < 0 ||
        take_optional(model, meta, "training", VALUE_MAP, &model->training, error) < 0 ||
        take_optional(model, meta, "memory", VALUE_MAP, &model->memory, error) < 0 ||
        take_optional(model, meta, "lineage", VALUE_ARRAY, &model->lineage, error) < 0)
        return -1;
    for (size_t i = 0; i < meta->n; i++) {
        const char *key = meta->items[2 * i]->bytes;
        if (is_model_key(key))
            continue;
        if (model->extra == NULL)
            model->extra = value_map(&model->arena);
        value_set(&model->arena, model->extra, key, value_copy(&model->arena, meta->items[2 * i + 1]));
    }
    return 0;
}

/* Reading */

struct load {
    struct model *model;
    struct dict params; /* names of parameters: code = index + 1 */
    uint64_t dict_bytes;
    /* The tensor whose parts are being read. */
    char *role, *name;
    struct tensor tensor;
    uint64_t part, of;
    uint8_t *data; /* [have], grows with the parts; NULL between tensors */
    size_t have;
};

static int
load_dict(struct load *load, const struct value *meta, struct error *error)
{
    struct schema *schema = &load->model->schema;
    const char *name = value_get_string(meta, "column");
    const struct value *values = value_get(meta, "values");
    int index = name == NULL ? -1 : schema_find(schema, name);
    uint64_t first;
    char quoted[128];
    if (index < 0 || !column_has_dict(&schema->columns[index]))
        return error_set(error, STATUS_DATA, "it is of no column with categories");
    struct dict *dict = &schema->columns[index].dict;
    error_quote(quoted, sizeof quoted, name, strlen(name), 60);
    if (values == NULL || values->kind != VALUE_ARRAY || values->n > DICT_MAX - dict->n)
        return error_set(error, STATUS_DATA, "column '%s' has no array 'values', or more than %d", quoted, DICT_MAX);
    if (!value_get_u64(meta, "first", &first) || first != (uint64_t) dict->n + 1)
        return error_set(error, STATUS_DATA, "column '%s': its first code is not %u, the next one", quoted,
                         dict->n + 1);
    for (size_t i = 0; i < values->n; i++) {
        const struct value *entry = values->items[i];
        uint32_t n = dict->n;
        if (entry->kind != VALUE_STRING || (load->dict_bytes += entry->n) > UINT64_C(1) << 30)
            return error_set(error, STATUS_DATA, "column '%s': entry %zu is no string, or all take more than 1 GiB",
                             quoted, i + 1);
        if (dict_add(dict, entry->bytes, entry->n) <= n)
            return error_set(error, STATUS_DATA, "column '%s': entry %zu comes twice", quoted, i + 1);
    }
    return 0;
}

static int
tensor_head(struct load *load, const struct value *meta, struct error *error)
{
    const char *name = value_get_string(meta, "name"), *role = value_get_string(meta, "role");
    const char *dtype = value_get_string(meta, "dtype");
    const struct value *shape = value_get(meta, "shape");
    char quoted[128];
    if (name == NULL || role == NULL)
        return error_set(error, STATUS_DATA, "it has no name or no role");
    error_quote(quoted, sizeof quoted, name, strlen(name), 60);
    load->tensor = (struct tensor){0};
    if (dtype == NULL || !dtype_parse(dtype, &load->tensor.dtype))
        return error_set(error, STATUS_DATA, "tensor '%s' has no dtype that this version knows", quoted);
    if (shape == NULL || shape->kind != VALUE_ARRAY || shape->n > TENSOR_MAX_RANK)
        return error_set(error, STATUS_DATA, "tensor '%s' has no shape of at most %d numbers", quoted, TENSOR_MAX_RANK);
    load->tensor.rank = (unsigned) shape->n;
    for (unsigned i = 0; i < load->tensor.rank; i++)
        if (!value_to_u64(shape->items[i], &load->tensor.shape[i]))
            return error_set(error, STATUS_DATA, "tensor '%s' has a shape that is not made of whole numbers", quoted);
    if (!tensor_bytes(&load->tensor, &load->tensor.bytes))
        return error_set(error, STATUS_DATA, "tensor '%s' has an impossible shape", quoted);
    load->name = mem_strdup(name);
    load->role = mem_strdup(role);
    load->part = 0;
    load->of = load->tensor.bytes == 0 ? 1 : (load->tensor.bytes - 1) / PART_BYTES + 1;
    load->data = mem_aligned(0);
    load->have = 0;
    return 0;
}

static void
tensor_drop(struct load *load)
{
    free(load->name);
    free(load->role);
    free(load->data);
    load->name = load->role = NULL;
    load->data = NULL;
}

static int
load_param(struct load *load, const void *bytes, struct error *error)
{
    struct network *network = &load->model->network;
    const struct tensor *tensor = &load->tensor;
    uint32_t code = dict_find(&load->params, load->name, strlen(load->name));
    char quoted[128];
    error_quote(quoted, sizeof quoted, load->name, strlen(load->name), 60);
    if (code == 0)
        return error_set(error, STATUS_DATA, "the network has no parameter '%s'", quoted);
    struct param *param = &network->params[code - 1];
    if (param->data != NULL)
        return error_set(error, STATUS_DATA, "parameter '%s' comes twice", quoted);
    if (tensor->dtype != DTYPE_F32 || tensor->rank != 2 || tensor->shape[0] != param->rows ||
        tensor->shape[1] != param->cols)
        return error_set(error, STATUS_DATA, "parameter '%s' is not f32 [%llu, %llu], as the network says", quoted,
                         (unsigned long long) param->rows, (unsigned long long) param->cols);
    float *data = arena_aligned(&load->model->arena, tensor->bytes);
    if (tensor->bytes > 0)
        memcpy(data, bytes, tensor->bytes);
    for (uint64_t i = 0; i < param->rows * param->cols; i++)
        if (!isfinite(data[i]))
            return error_set(error, STATUS_DATA, "parameter '%s' has a weight that is no finite number (%g at %llu)",
                             quoted, (double) data[i], (unsigned long long) i);
    param->data = data;
    return 0;
}

/* All bytes of a tensor have come: they go to their place in the model. */
static int
tensor_done(struct load *load, const void *bytes, struct error *error)
{
    struct model *model = load->model;
    enum tensor_role role = tensor_role_parse(load->role);
    uint32_t n = model->n_tensors;
    if (role == TENSOR_WEIGHT)
        return load_param(load, bytes, error);
    void *data = arena_aligned(&model->arena, load->tensor.bytes);
    if (load->tensor.bytes > 0)
        memcpy(data, bytes, load->tensor.bytes);
    model_put_named(model, load->role, load->name, load->tensor.dtype, load->tensor.rank, load->tensor.shape, data);
    char quoted[128];
    if (model->n_tensors == n)
        return error_set(error, STATUS_DATA, "tensor '%s' comes twice",
                         error_quote(quoted, sizeof quoted, load->name, strlen(load->name), 60));
    return 0;
}

static int
load_tensor(struct load *load, const struct frame *frame, struct error *error)
{
    uint64_t part, of;
    if (load->data == NULL && tensor_head(load, frame->meta, error) < 0)
        return -1;
    const char *name = value_get_string(frame->meta, "name");
    size_t rest = load->tensor.bytes - load->have;
    char quoted[128];
    error_quote(quoted, sizeof quoted, load->name, strlen(load->name), 60);
    if (!value_get_u64(frame->meta, "part", &part) || !value_get_u64(frame->meta, "of", &of) || part != load->part ||
        of != load->of || name == NULL || strcmp(name, load->name) != 0)
        return error_set(error, STATUS_DATA, "part %llu of %llu of tensor '%s' should come here",
                         (unsigned long long) load->part, (unsigned long long) load->of, quoted);
    if (frame->bytes != (rest < PART_BYTES ? rest : PART_BYTES))
        return error_set(error, STATUS_DATA, "tensor '%s' has %zu bytes here, not what its shape asks for", quoted,
                         frame->bytes);
    const void *bytes = frame->payload;
    if (load->of > 1) {
        load->data = mem_realloc(load->data, load->have + frame->bytes, 1);
        memcpy(load->data + load->have, frame->payload, frame->bytes);
        bytes = load->data;
    }
    load->have += frame->bytes;
    if (++load->part < load->of)
        return 0;
    int result = tensor_done(load, bytes, error);
    tensor_drop(load);
    return result;
}

/* Checks of the whole */

static int
check_params(const struct model *model, struct error *error)
{
    char quoted[128];
    for (uint32_t p = 0; p < model->network.n_params; p++) {
        const char *name = model->network.params[p].name;
        if (model->network.params[p].data == NULL)
            return error_set(error, STATUS_DATA, "the parameter '%s' is missing",
                             error_quote(quoted, sizeof quoted, name, strlen(name), 60));
    }
    return 0;
}

/* Columns and dictionaries are those the network was made for. */
static int
check_inputs(const struct model *model, struct error *error)
{
    const struct network *network = &model->network;
    const struct schema *schema = &model->schema;
    char quoted[128];
    if (schema->n_x != network->n_x || schema->n_c != network->n_c)
        return error_set(error, STATUS_DATA,
                         "the table has %u numeric and %u categorical features, the network %u and %u", schema->n_x,
                         schema->n_c, network->n_x, network->n_c);
    for (uint32_t k = 0; k < network->n_c; k++) {
        const struct column *column = schema_c(schema, k);
        error_quote(quoted, sizeof quoted, column->name, strlen(column->name), 60);
        if (strcmp(column->name, network->c_names[k]) != 0)
            return error_set(error, STATUS_DATA, "column '%s' has another name in the network", quoted);
        if (network->c_sizes[k] != column->dict.n + 1)
            return error_set(error, STATUS_DATA, "column '%s' has %u categories, the network has room for %u", quoted,
                             column->dict.n, network->c_sizes[k] - 1);
    }
    return 0;
}

static int
check_outputs(const struct model *model, struct error *error)
{
    const struct schema *schema = &model->schema;
    uint32_t outputs = network_outputs(&model->network);
    uint64_t wanted = (uint64_t) schema->n_y * (model->loss == LOSS_QUANTILE ? model->n_quantiles : 1);
    bool classes = model->loss == LOSS_BCE || model->loss == LOSS_CE;
    if (schema->n_y == 0)
        return error_set(error, STATUS_DATA, "it has no label column");
    if (classes != (schema->task == TASK_CLASS))
        return error_set(error, STATUS_DATA, "the loss %s does not go with the task %s", loss_name(model->loss),
                         task_name(schema->task));
    if (classes) {
        uint32_t n = schema_y(schema, 0)->dict.n;
        if (schema->n_y != 1 || n < 2 || (model->loss == LOSS_BCE && n != 2))
            return error_set(error, STATUS_DATA, "the loss %s does not go with %u labels and %u classes",
                             loss_name(model->loss), schema->n_y, n);
        wanted = model->loss == LOSS_BCE ? 1 : n;
    }
    if (outputs != wanted)
        return error_set(error, STATUS_DATA, "the network has %u outputs, its labels ask for %llu", outputs,
                         (unsigned long long) wanted);
    return 0;
}

/* Moments have the shapes of their parameters. */
static int
check_optimiser(const struct load *load, const struct tensor *tensor, struct error *error)
{
    char quoted[128];
    bool moment = strncmp(tensor->name, "m.", 2) == 0 || strncmp(tensor->name, "v.", 2) == 0;
    uint32_t code = moment ? dict_find(&load->params, tensor->name + 2, strlen(tensor->name + 2)) : 0;
    if (code == 0)
        return 0;
    const struct param *param = &load->model->network.params[code - 1];
    if (tensor->dtype != DTYPE_F32 || tensor->rank != 2 || tensor->shape[0] != param->rows ||
        tensor->shape[1] != param->cols)
        return error_set(error, STATUS_DATA, "the optimiser's tensor '%s' has another shape than its parameter",
                         error_quote(quoted, sizeof quoted, tensor->name, strlen(tensor->name), 60));
    return 0;
}

static bool
is_tensor(const struct tensor *tensor, enum dtype dtype, unsigned rank, uint64_t rows, uint64_t cols)
{
    return tensor->dtype == dtype && tensor->rank == rank && tensor->shape[0] == rows &&
           (rank < 2 || tensor->shape[1] == cols);
}

/* Codes [m, k] are from `low` on and below the sizes of their columns. */
static bool
codes_below(const struct tensor *tensor, uint32_t low, const uint32_t *sizes, uint32_t k)
{
    const uint32_t *codes = tensor->data;
    for (uint64_t i = 0; i < tensor->shape[0]; i++)
        for (uint32_t j = 0; j < k; j++)
            if (codes[i * k + j] < low || codes[i * k + j] >= sizes[j])
                return false;
    return true;
}

/* Numbers of rows, itself included. */
static bool
all_stand(const struct tensor *tensor)
{
    const double *stands = tensor->data;
    for (uint64_t i = 0; i < tensor->shape[0]; i++)
        if (!(stands[i] >= 1 && stands[i] <= 1e100))
            return false;
    return true;
}

/* f32 from `low` to `high`; NaN is none where that will do. */
static bool
all_between(const struct tensor *tensor, float low, float high, bool or_nan)
{
    const float *numbers = tensor->data;
    for (size_t i = 0; i < tensor->bytes / sizeof *numbers; i++)
        if (!(numbers[i] >= low && numbers[i] <= high) && !(or_nan && isnan(numbers[i])))
            return false;
    return true;
}

/* The rows of memory are rows of this network. */
static int
check_memory(const struct load *load, const struct tensor *tensor, struct error *error)
{
    const struct model *model = load->model;
    const struct network *network = &model->network;
    const struct schema *schema = &model->schema;
    const struct tensor *numbers = model_find(model, TENSOR_MEMORY, "memory.y");
    uint64_t m = numbers == NULL || numbers->rank == 0 ? 0 : numbers->shape[0];
    const uint32_t n_classes = schema_y(schema, 0)->dict.n + 1;
    const char *what = strncmp(tensor->name, "memory.", 7) == 0 ? tensor->name + 7 : "";
    bool right = tensor->rank > 0 && tensor->shape[0] == m;
    if (right && strcmp(what, "x") == 0)
        right = is_tensor(tensor, DTYPE_F32, 2, m, network->n_x) && all_between(tensor, -FLT_MAX, FLT_MAX, false);
    else if (right && strcmp(what, "c") == 0)
        right =
            is_tensor(tensor, DTYPE_U32, 2, m, network->n_c) && codes_below(tensor, 0, network->c_sizes, network->n_c);
    else if (right && strcmp(what, "w") == 0)
        right = is_tensor(tensor, DTYPE_F32, 1, m, 0) && all_between(tensor, 0, FLT_MAX, false);
    else if (right && (strcmp(what, "row") == 0 || strcmp(what, "key") == 0 || strcmp(what, "digest") == 0))
        right = is_tensor(tensor, DTYPE_U64, 1, m, 0);
    else if (right && strcmp(what, "run") == 0)
        right = is_tensor(tensor, DTYPE_U32, 1, m, 0);
    else if (right && strcmp(what, "stands") == 0)
        right = is_tensor(tensor, DTYPE_F64, 1, m, 0) && all_stand(tensor);
    else if (right && strcmp(what, "soft") == 0)
        right = is_tensor(tensor, DTYPE_F32, 2, m, network_outputs(network)) &&
                all_between(tensor, -FLT_MAX, FLT_MAX, true);
    else if (right && strcmp(what, "missing") == 0)
        right = is_tensor(tensor, DTYPE_U8, 2, m, network->n_x);
    else if (right && strcmp(what, "y") == 0 && schema->task == TASK_CLASS)
        right = is_tensor(tensor, DTYPE_U32, 2, m, 1) && codes_below(tensor, 1, &n_classes, 1);
    else if (right && strcmp(what, "y") == 0)
        right = is_tensor(tensor, DTYPE_F32, 2, m, schema->n_y) && all_between(tensor, -FLT_MAX, FLT_MAX, false);
    char quoted[128];
    if (!right)
        return error_set(error, STATUS_DATA, "the memory's tensor '%s' does not go with the network",
                         error_quote(quoted, sizeof quoted, tensor->name, strlen(tensor->name), 60));
    return 0;
}

/* They are no content of their own, so what they say must be true. */
static int
check_row_digests(const struct model *model, struct error *error)
{
    const struct tensor *told = model_find(model, TENSOR_MEMORY, "memory.digest"),
                        *x = model_find(model, TENSOR_MEMORY, "memory.x"),
                        *c = model_find(model, TENSOR_MEMORY, "memory.c");
    if (told == NULL)
        return 0;
    uint64_t *digests = mem_array(told->shape[0], sizeof *digests);
    row_digests(&model->schema, model->network.n_x > 0 ? x->data : NULL, model->network.n_c > 0 ? c->data : NULL,
                told->shape[0], digests);
    bool same = memcmp(digests, told->data, told->bytes) == 0;
    free(digests);
    return same ? 0 : error_set(error, STATUS_DATA, "the memory's tensor 'memory.digest' is not that of its rows");
}

/* A row that is kept has all its inputs. */
static int
check_memory_complete(const struct model *model, struct error *error)
{
    const struct network *network = &model->network;
    const struct tensor *y = model_find(model, TENSOR_MEMORY, "memory.y");
    if (y == NULL || y->shape[0] == 0)
        return 0;
    if (network->n_x > 0 && model_find(model, TENSOR_MEMORY, "memory.x") == NULL)
        return error_set(error, STATUS_DATA, "the memory's tensor 'memory.x' is missing");
    if (network->n_c > 0 && model_find(model, TENSOR_MEMORY, "memory.c") == NULL)
        return error_set(error, STATUS_DATA, "the memory's tensor 'memory.c' is missing");
    return check_row_digests(model, error);
}

static int
check_whole(const struct load *load, struct error *error)
{
    const struct model *model = load->model;
    if (load->data != NULL)
        return error_set(error, STATUS_DATA, "a part of a tensor is missing");
    if (check_inputs(model, error) < 0 || check_outputs(model, error) < 0 || check_params(model, error) < 0)
        return -1;
    for (uint32_t i = 0; i < model->n_tensors; i++) {
        const struct tensor *tensor = &model->tensors[i].tensor;
        if (model->tensors[i].role == TENSOR_OPTIMISER && check_optimiser(load, tensor, error) < 0)
            return -1;
        if (model->tensors[i].role == TENSOR_MEMORY && check_memory(load, tensor, error) < 0)
            return -1;
    }
    return check_memory_complete(model, error);
}

static int
load_frame(struct load *load, const struct frame *frame, bool *ended, struct error *error)
{
    int result = 0;
    char quoted[64];
    if (strcmp(frame->kind, "end") == 0)
        *ended = true;
    else if (load->data != NULL && strcmp(frame->kind, "tensor") != 0)
        result = error_set(error, STATUS_DATA, "the parts of a tensor must follow each other");
    else if (strcmp(frame->kind, "dict") == 0)
        result = load_dict(load, frame->meta, error);
    else if (strcmp(frame->kind, "tensor") == 0)
        result = load_tensor(load, frame, error);
    else
        result = error_set(error, STATUS_DATA, "such a frame is not part of a checkpoint that this version knows");
    if (result < 0)
        error_prefix(error, "'%s' frame", error_quote(quoted, sizeof quoted, frame->kind, strlen(frame->kind), 24));
    return result;
}

static int
load_frames(struct load *load, struct frame_reader *frames, const char *name, struct error *error)
{
    struct network *network = &load->model->network;
    for (uint32_t p = 0; p < network->n_params; p++)
        if (dict_add(&load->params, network->params[p].name, strlen(network->params[p].name)) != p + 1) {
            error_set(error, STATUS_DATA, "%s: two parameters of the network have one name", name);
            return -1;
        }
    for (bool ended = false;;) {
        struct frame frame;
        int got = frame_read(frames, &frame, true, error);
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        if (ended)
            return error_set(error, STATUS_DATA, "%s: something follows the end of the checkpoint", name);
        if (load_frame(load, &frame, &ended, error) < 0)
            return error_prefix(error, "%s", name);
    }
    return check_whole(load, error) < 0 ? error_prefix(error, "%s", name) : 0;
}

int
checkpoint_resume(struct model *model, struct frame_reader *frames, const struct frame *first, const char *name,
                  struct error *error)
{
    char quoted[64];
    if (strcmp(first->kind, "table") == 0)
        return error_set(error, STATUS_DATA, "%s: it is a data stream, not a checkpoint (cl-train makes one from it)",
                         name);
    if (strcmp(first->kind, "model") != 0)
        return error_set(error, STATUS_DATA, "%s: a checkpoint begins with a model frame, not with '%s'", name,
                         error_quote(quoted, sizeof quoted, first->kind, strlen(first->kind), 24));
    struct load load = {.model = model};
    int result = model_from_value(model, first->meta, error);
    if (result < 0)
        error_prefix(error, "%s: 'model' frame", name);
    else
        result = load_frames(&load, frames, name, error);
    tensor_drop(&load);
    dict_free(&load.params);
    if (result == 0)
        checkpoint_digest(model, model->digest);
    else
        model_free(model);
    return result;
}

int
checkpoint_read(struct model *model, const char *path, struct error *error)
{
    struct input input;
    struct frame first;
    if (input_open(&input, path, error) < 0)
        return -1;
    if (input.regular && input.size == 0) {
        error_set(error, STATUS_DATA, "%s: it is empty (use -o FILE when the output is the input model)", input.name);
        input_close(&input);
        return -1;
    }
    const char *name = input.name;
    struct frame_reader *frames = frame_reader_open(&input);
    int result = -1, got = frame_read(frames, &first, true, error);
    if (got == 1)
        result = checkpoint_resume(model, frames, &first, name, error);
    else if (got == 0)
        error_set(error, STATUS_DATA, "%s: it is empty", name);
    frame_reader_close(frames);
    return result;
}

/* Writing */

static int
write_tensor(struct frame_writer *frames, const char *role, const struct tensor *tensor, struct arena *arena,
             struct error *error)
{
    uint64_t of = tensor->bytes == 0 ? 1 : (tensor->bytes - 1) / PART_BYTES + 1;
    for (uint64_t part = 0; part < of; part++) {
        size_t at = part * PART_BYTES, rest = tensor->bytes - at;
        struct value *meta = value_map(arena), *shape = value_array(arena);
        for (unsigned i = 0; i < tensor->rank; i++)
            value_push(arena, shape, value_uint(arena, tensor->shape[i]));
        value_set(arena, meta, "name", value_string(arena, tensor->name));
        value_set(arena, meta, "role", value_string(arena, role));
        value_set(arena, meta, "dtype", value_string(arena, dtype_name(tensor->dtype)));
        value_set(arena, meta, "shape", shape);
        value_set(arena, meta, "part", value_uint(arena, part));
        value_set(arena, meta, "of", value_uint(arena, of));
        int result = frame_write(frames, "tensor", meta, (const char *) tensor->data + at,
                                 rest < PART_BYTES ? rest : PART_BYTES, (unsigned) dtype_size(tensor->dtype), error);
        arena_reset(arena);
        if (result < 0)
            return -1;
    }
    return 0;
}

static int
write_frames(const struct model *model, struct frame_writer *frames, struct arena *arena, struct error *error)
{
    if (frame_write(frames, "model", model_to_value(model, arena), NULL, 0, 0, error) < 0)
        return -1;
    arena_reset(arena);
    for (uint32_t i = 0; i < model->schema.n_columns; i++) {
        uint32_t sent = 0;
        const struct column *column = &model->schema.columns[i];
        if (column_has_dict(column) && stream_write_dict(frames, column, &sent, arena, error) < 0)
            return -1;
    }
    for (uint32_t p = 0; p < model->network.n_params; p++) {
        const struct param *param = &model->network.params[p];
        struct tensor tensor = {.name = param->name, .dtype = DTYPE_F32, .rank = 2, .data = param->data};
        tensor.shape[0] = param->rows;
        tensor.shape[1] = param->cols;
        tensor.bytes = param->rows * param->cols * sizeof *param->data;
        if (write_tensor(frames, tensor_role_name(TENSOR_WEIGHT), &tensor, arena, error) < 0)
            return -1;
    }
    for (uint32_t i = 0; i < model->n_tensors; i++)
        if (write_tensor(frames, model->tensors[i].role_name, &model->tensors[i].tensor, arena, error) < 0)
            return -1;
    return frame_write_end(frames, error);
}

int
checkpoint_write(struct model *model, struct output *output, int level, struct error *error)
{
    struct frame_writer frames;
    struct arena arena = {0};
    frame_writer_open(&frames, output, level == CHECKPOINT_RAW ? 0 : level == 0 ? DEFAULT_LEVEL : level);
    int result = write_frames(model, &frames, &arena, error);
    frame_writer_close(&frames);
    arena_free(&arena);
    checkpoint_digest(model, model->digest);
    return result;
}
