/* Content digests of streams and checkpoints: man/cl-frames.5 and man/cl-checkpoint.5, section "Digest". */
#include <stdlib.h>
#include <string.h>

#include "checkpoint.h"
#include "hash.h"
#include "memory.h"
#include "msgpack.h"
#include "stream.h"

static int
compare_keys(const void *a, const void *b)
{
    const struct value *p = **(struct value * *const *) a, *q = **(struct value * *const *) b;
    int order = memcmp(p->bytes, q->bytes, p->n < q->n ? p->n : q->n);
    return order != 0 ? order : (p->n > q->n) - (p->n < q->n);
}

/* A copy whose maps have their keys in bytewise order, at every level. Strings are shared. */
static struct value *
canonical(struct arena *arena, const struct value *value)
{
    struct value *copy = arena_alloc(arena, sizeof *copy);
    *copy = *value;
    if (value->kind == VALUE_ARRAY) {
        copy->items = arena_array(arena, value->n, sizeof *copy->items);
        for (size_t i = 0; i < value->n; i++)
            copy->items[i] = canonical(arena, value->items[i]);
    } else if (value->kind == VALUE_MAP) {
        struct value ***pairs = arena_array(arena, value->n, sizeof *pairs);
        copy->items = arena_array(arena, 2 * value->n, sizeof *copy->items);
        for (size_t i = 0; i < value->n; i++)
            pairs[i] = &value->items[2 * i];
        qsort(pairs, value->n, sizeof *pairs, compare_keys);
        for (size_t i = 0; i < value->n; i++) {
            copy->items[2 * i] = pairs[i][0];
            copy->items[2 * i + 1] = canonical(arena, pairs[i][1]);
        }
    }
    return copy;
}

static void
hash_packed(XXH3_state_t *state, struct packed *packed)
{
    hash_update(state, packed->bytes, packed->n);
    packed->n = 0;
}

static void
hash_value(XXH3_state_t *state, struct packed *packed, struct arena *arena, const struct value *value)
{
    msgpack_encode(packed, canonical(arena, value));
    hash_packed(state, packed);
}

/* For each column with a dictionary: its name, then an array of its entries. */
static void
hash_dicts(XXH3_state_t *state, struct packed *packed, const struct schema *schema)
{
    for (uint32_t i = 0; i < schema->n_columns; i++) {
        const struct column *column = &schema->columns[i];
        if (!column_has_dict(column))
            continue;
        msgpack_encode_string(packed, column->name, strlen(column->name));
        msgpack_encode_array_head(packed, column->dict.n);
        for (uint32_t j = 0; j < column->dict.n; j++) {
            msgpack_encode_string(packed, column->dict.values[j], column->dict.lengths[j]);
            if (packed->n >= 1 << 16)
                hash_packed(state, packed);
        }
        hash_packed(state, packed);
    }
}

/* [dtype, shape, hash of the bytes] */
static void
push_tensor(struct arena *arena, struct value *array, const char *dtype, const uint64_t *shape, unsigned rank,
            XXH128_hash_t hash)
{
    struct value *dims = value_array(arena);
    XXH128_canonical_t bytes;
    XXH128_canonicalFromHash(&bytes, hash);
    for (unsigned i = 0; i < rank; i++)
        value_push(arena, dims, value_uint(arena, shape[i]));
    value_push(arena, array, value_string(arena, dtype));
    value_push(arena, array, dims);
    value_push(arena, array, value_binary(arena, bytes.digest, sizeof bytes.digest));
}

/* Streams */

struct hashed {
    const char *name;
    const char *dtype;
    unsigned rank; /* of a row */
    uint64_t shape[TENSOR_MAX_RANK];
    XXH3_state_t *state;
};

struct stream_digest {
    struct arena arena, frame;
    struct dict names; /* code = index into tensors + 1 */
    struct hashed *tensors;
    size_t cap;
    uint64_t rows;
};

struct stream_digest *
stream_digest_open(void)
{
    return mem_zalloc(1, sizeof(struct stream_digest));
}

static struct hashed *
find_hashed(struct stream_digest *digest, const char *name, const char *dtype, const uint64_t *shape, unsigned rank)
{
    uint32_t n = digest->names.n, code = dict_add(&digest->names, name, strlen(name));
    if (code > n) {
        mem_grow(&digest->tensors, &digest->cap, code, sizeof *digest->tensors);
        struct hashed *made = &digest->tensors[code - 1];
        *made = (struct hashed){
            .name = arena_strdup(&digest->arena, name), .dtype = dtype, .rank = rank, .state = hash_new()};
        if (rank > 0)
            memcpy(made->shape, shape, rank * sizeof *shape);
    }
    return &digest->tensors[code - 1];
}

/* A tensor of the batch: rows of `width` elements, or of one when width is 0. */
static void
hash_rows(struct stream_digest *digest, const char *name, enum dtype dtype, uint64_t width, const void *data,
          uint64_t n)
{
    if (data == NULL)
        return;
    size_t row_bytes = dtype_size(dtype) * (width == 0 ? 1 : width);
    struct hashed *hashed = find_hashed(digest, name, dtype_name(dtype), &width, width > 0);
    hash_update(hashed->state, data, n * row_bytes);
}

static void
hash_cells(struct stream_digest *digest, const struct text_cells *text, uint64_t n)
{
    struct hashed *hashed = find_hashed(digest, arena_printf(&digest->frame, "text.%s", text->name), "text", NULL, 0);
    for (uint64_t i = 0; i < n; i++) {
        uint64_t length = text->at[i + 1] - text->at[i];
        hash_update(hashed->state, &length, sizeof length);
        if (length > 0)
            hash_update(hashed->state, text->bytes + text->at[i], length);
    }
}

/* Tags begin to count at the first row that has one: no tags and tags of 0 are the same content. */
static void
hash_split(struct stream_digest *digest, const struct batch *batch)
{
    static const uint8_t zeros[4096];
    bool known = dict_find(&digest->names, "split", 5) != 0;
    for (uint64_t i = 0; !known && batch->split != NULL && i < batch->n; i++)
        if (batch->split[i] != SPLIT_NONE) {
            struct hashed *hashed = find_hashed(digest, "split", "u8", NULL, 0);
            for (uint64_t left = digest->rows, n; left > 0; left -= n) {
                n = left < sizeof zeros ? left : sizeof zeros;
                hash_update(hashed->state, zeros, n);
            }
            known = true;
        }
    if (!known)
        return;
    const uint8_t *split = batch->split;
    if (split == NULL)
        split = arena_zalloc(&digest->frame, batch->n, sizeof *split);
    hash_rows(digest, "split", DTYPE_U8, 0, split, batch->n);
}

void
stream_digest_rows(struct stream_digest *digest, const struct batch *batch)
{
    const struct schema *schema = batch->schema;
    hash_rows(digest, "x", DTYPE_F32, schema->n_x, batch->x, batch->n);
    hash_rows(digest, "c", DTYPE_U32, schema->n_c, batch->c, batch->n);
    hash_rows(digest, "y", DTYPE_F32, schema->n_y, batch->y, batch->n);
    hash_rows(digest, "y", DTYPE_U32, schema->n_y, batch->label, batch->n);
    hash_rows(digest, "w", DTYPE_F32, 0, batch->w, batch->n);
    hash_rows(digest, "time", DTYPE_I64, 0, batch->time, batch->n);
    hash_rows(digest, "group", DTYPE_U64, 0, batch->group, batch->n);
    hash_rows(digest, "id", DTYPE_U64, 0, batch->id, batch->n);
    hash_split(digest, batch);
    for (uint32_t j = 0; j < batch->n_text; j++)
        hash_cells(digest, &batch->text[j], batch->n);
    for (uint32_t j = 0; j < batch->n_other; j++) {
        const struct tensor *tensor = &batch->other[j];
        struct hashed *hashed =
            find_hashed(digest, tensor->name, dtype_name(tensor->dtype), tensor->shape + 1, tensor->rank - 1);
        hash_update(hashed->state, tensor->data, tensor->bytes);
    }
    digest->rows += batch->n;
    arena_reset(&digest->frame);
}

static int
compare_hashed(const void *a, const void *b)
{
    return strcmp(((const struct hashed *) a)->name, ((const struct hashed *) b)->name);
}

/* What of the table is content: not the model it was read with, nor keys this version does not know. */
static struct value *
table_content(const struct schema *schema, struct arena *arena)
{
    struct value *meta = value_map(arena), *columns = value_array(arena), *transforms = value_array(arena);
    for (uint32_t i = 0; i < schema->n_columns; i++) {
        struct value *column = value_map(arena);
        value_set(arena, column, "name", value_string(arena, schema->columns[i].name));
        value_set(arena, column, "role", value_string(arena, column_role_name(schema->columns[i].role)));
        value_set(arena, column, "type", value_string(arena, column_type_name(schema->columns[i].type)));
        value_push(arena, columns, column);
    }
    for (uint32_t i = 0; i < schema->n_transforms; i++)
        value_push(arena, transforms, transform_to_value(&schema->transforms[i], arena));
    value_set(arena, meta, "columns", columns);
    value_set(arena, meta, "task", value_string(arena, task_name(schema->task)));
    value_set(arena, meta, "transforms", transforms);
    return meta;
}

void
stream_digest_close(struct stream_digest *digest, const struct schema *schema, char hex[33])
{
    struct packed packed = {0};
    struct arena *arena = &digest->frame;
    XXH3_state_t *whole = hash_new();
    uint32_t n = digest->names.n;
    hash_value(whole, &packed, arena, value_string(arena, "table"));
    hash_value(whole, &packed, arena, table_content(schema, arena));
    hash_dicts(whole, &packed, schema);
    hash_value(whole, &packed, arena, value_uint(arena, digest->rows));
    if (n > 0)
        qsort(digest->tensors, n, sizeof *digest->tensors, compare_hashed);
    for (uint32_t i = 0; i < n; i++) {
        struct hashed *hashed = &digest->tensors[i];
        struct value *array = value_array(arena);
        value_push(arena, array, value_string(arena, hashed->name));
        push_tensor(arena, array, hashed->dtype, hashed->shape, hashed->rank, XXH3_128bits_digest(hashed->state));
        hash_value(whole, &packed, arena, array);
        XXH3_freeState(hashed->state);
    }
    hash_text(XXH3_128bits_digest(whole), hex);
    XXH3_freeState(whole);
    free(packed.bytes);
    free(digest->tensors);
    dict_free(&digest->names);
    arena_free(&digest->arena);
    arena_free(&digest->frame);
    free(digest);
}

/* Checkpoints */

struct named {
    const char *role, *name;
    enum dtype dtype;
    unsigned rank;
    uint64_t shape[TENSOR_MAX_RANK];
    const void *data;
    size_t bytes;
};

static int
compare_named(const void *a, const void *b)
{
    const struct named *p = a, *q = b;
    int order = strcmp(p->role, q->role);
    return order != 0 ? order : strcmp(p->name, q->name);
}

/* Parameters and tensors alike, by role and name. */
static struct named *
list_tensors(const struct model *model, size_t *n, struct arena *arena)
{
    const struct network *network = &model->network;
    struct named *list = arena_zalloc(arena, (size_t) network->n_params + model->n_tensors, sizeof *list);
    *n = 0;
    for (uint32_t p = 0; p < network->n_params; p++) {
        const struct param *param = &network->params[p];
        list[(*n)++] = (struct named){
            .role = tensor_role_name(TENSOR_WEIGHT),
            .name = param->name,
            .dtype = DTYPE_F32,
            .rank = 2,
            .shape = {param->rows, param->cols},
            .data = param->data,
            .bytes = param->rows * param->cols * sizeof *param->data,
        };
    }
    for (uint32_t i = 0; i < model->n_tensors; i++) {
        const struct tensor *tensor = &model->tensors[i].tensor;
        if (model->tensors[i].role == TENSOR_MEMORY && strcmp(tensor->name, "memory.digest") == 0)
            continue; /* follows from the rows */
        struct named *item = &list[(*n)++];
        *item = (struct named){
            .role = model->tensors[i].role_name,
            .name = tensor->name,
            .dtype = tensor->dtype,
            .rank = tensor->rank,
            .data = tensor->data,
            .bytes = tensor->bytes,
        };
        memcpy(item->shape, tensor->shape, sizeof item->shape);
    }
    if (*n > 0)
        qsort(list, *n, sizeof *list, compare_named);
    return list;
}

void
checkpoint_digest(const struct model *model, char hex[33])
{
    struct packed packed = {0};
    struct arena arena = {0};
    XXH3_state_t *whole = hash_new();
    size_t n;
    struct named *tensors = list_tensors(model, &n, &arena);
    hash_value(whole, &packed, &arena, value_string(&arena, "model"));
    struct value *meta = model_to_value(model, &arena);
    value_remove(meta, "profile");
    hash_value(whole, &packed, &arena, meta);
    hash_dicts(whole, &packed, &model->schema);
    for (size_t i = 0; i < n; i++) {
        struct value *array = value_array(&arena);
        value_push(&arena, array, value_string(&arena, tensors[i].role));
        value_push(&arena, array, value_string(&arena, tensors[i].name));
        push_tensor(&arena, array, dtype_name(tensors[i].dtype), tensors[i].shape, tensors[i].rank,
                    hash_bytes(tensors[i].data, tensors[i].bytes));
        hash_value(whole, &packed, &arena, array);
    }
    hash_text(XXH3_128bits_digest(whole), hex);
    XXH3_freeState(whole);
    free(packed.bytes);
    arena_free(&arena);
}
