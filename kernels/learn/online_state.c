/* What the online learner puts into a model, and what it takes back to go on: man cl-checkpoint.5, "Online state". */
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "online_inside.h"

static const struct {
    const char *name;
    size_t offset;
} count_fields[] = {
#define COUNT(field) \
    { \
#field, offsetof(struct online_counts, field) \
    }
    COUNT(rows),       COUNT(labelled), COUNT(learnt), COUNT(updates), COUNT(moment_steps), COUNT(left_out),
    COUNT(unlabelled), COUNT(unknown),  COUNT(waited), COUNT(missed),  COUNT(drifts),       COUNT(classes),
};
/* Beyond all that a run can count: what a file may say, and arithmetic would not stand. */
#define MOST_ROWS (UINT64_C(1) << 62)

enum { N_COUNTS = sizeof count_fields / sizeof *count_fields };

bool
online_continues(const struct model *model)
{
    return value_get(model->training, "online") != NULL && model_find(model, TENSOR_RESUME, "online.metrics") != NULL;
}

uint32_t
online_run(const struct model *model)
{
    const struct value *lineage = model->lineage;
    size_t n = lineage != NULL && lineage->kind == VALUE_ARRAY ? lineage->n : 0;
    if (!online_continues(model))
        return (uint32_t) n;
    /* Rows may have been taken out of the memory since: that has an entry too. */
    while (n > 0 && value_get(lineage->items[n - 1], "forgot") != NULL)
        n--;
    return n > 0 ? (uint32_t) (n - 1) : 0;
}

/* ---- into the model ---- */

static void
put(struct online *online, const char *name, enum dtype dtype, uint64_t rows, uint64_t cols, const void *data)
{
    const uint64_t shape[] = {rows, cols};
    /* The data is read only, as long as it is part of the model. */
    model_put(online->setup.model, TENSOR_RESUME, name, dtype, cols == UINT64_MAX ? 1 : 2, shape, (void *) data);
}

/* Numbers that may change before the checkpoint is written. */
static const double *
keep_numbers(struct online *online, const double *numbers, size_t n)
{
    double *kept = arena_array(&online->state, n, sizeof *kept);
    if (n > 0)
        memcpy(kept, numbers, n * sizeof *kept);
    return kept;
}

static void
put_block(struct online *online)
{
    const struct block *block = &online->block;
    put(online, "online.x", DTYPE_F32, block->n, online->d, block->x);
    put(online, "online.c", DTYPE_U32, block->n, online->k, block->c);
    put(online, "online.w", DTYPE_F32, block->n, UINT64_MAX, block->w);
    put(online, "online.row", DTYPE_U64, block->n, UINT64_MAX, block->rowno);
    if (online->classes) {
        put(online, "online.label", DTYPE_U32, block->n, UINT64_MAX, block->label);
        return;
    }
    put(online, "online.y", DTYPE_F32, block->n, online->t, block->y);
}

static void
put_late(struct online *online, struct value *map, struct arena *arena)
{
    if (online->late == NULL)
        return;
    const struct late_rows *rows = late_save(online->late);
    put(online, "late.x", DTYPE_F32, rows->n, online->d, rows->x);
    put(online, "late.c", DTYPE_U32, rows->n, online->k, rows->c);
    put(online, "late.z", DTYPE_F32, rows->n, online->o, rows->z);
    put(online, "late.w", DTYPE_F32, rows->n, UINT64_MAX, rows->w);
    put(online, "late.id", DTYPE_U64, rows->n, UINT64_MAX, rows->id);
    put(online, "late.number", DTYPE_U64, rows->n, UINT64_MAX, rows->number);
    put(online, "late.row", DTYPE_U64, rows->n, UINT64_MAX, rows->rowno);
    value_set(arena, map, "late", value_uint(arena, rows->next));
}

static void
put_memory(struct online *online, struct value *map, struct arena *arena)
{
    stream_memory_put(online->memory, online->setup.model, arena);
    const struct stream_memory_state state = stream_memory_state(online->memory);
    put(online, "online.born", DTYPE_U64, state.n, UINT64_MAX, state.born);
    if (state.group != NULL)
        put(online, "online.group", DTYPE_F64, state.n, UINT64_MAX, state.group);
    value_set(arena, map, "added", value_uint(arena, state.added));
    value_set(arena, map, "drawn", value_uint(arena, state.drawn));
}

int
online_save(struct online *online, struct arena *arena, struct error *error)
{
    struct model *model = online->setup.model;
    struct value *map = value_map(arena), *optimiser = value_map(arena);
    size_t n;
    if (online_settle(online, error) < 0 || online_sync(online, error) < 0)
        return -1;
    arena_reset(&online->state);
    value_set(arena, map, "parent", value_string(arena, online->parent));
    for (int i = 0; i < N_COUNTS; i++) {
        uint64_t count;
        memcpy(&count, (const char *) &online->counts + count_fields[i].offset, sizeof count);
        value_set(arena, map, count_fields[i].name, value_uint(arena, count));
    }
    if (isfinite(online->lr))
        value_set(arena, map, "lr", value_float(arena, online->lr));
    put_block(online);
    put_memory(online, map, arena);
    put_late(online, map, arena);
    const double *numbers = prequential_state(online->metrics, &n);
    put(online, "online.metrics", DTYPE_F64, n, UINT64_MAX, keep_numbers(online, numbers, n));
    if (online->detector != NULL) {
        numbers = detector_state(online->detector, &n);
        put(online, "online.detector", DTYPE_F64, n, UINT64_MAX, keep_numbers(online, numbers, n));
        value_set(arena, map, "rate", value_float(arena, online->reaction.rate));
        value_set(arena, map, "recent", value_float(arena, online->reaction.recent));
        value_set(arena, map, "before", value_float(arena, online->reaction.before));
        value_set(arena, map, "drifted", value_bool(arena, online->drifted));
    }
    if (online->fresh.n > 0) {
        struct value *names = value_array(arena);
        for (uint32_t i = 0; i < online->fresh.n; i++)
            value_push(arena, names, value_string_n(arena, online->fresh.values[i], online->fresh.lengths[i]));
        value_set(arena, map, "new_classes", names);
    }
    value_set(arena, model->training, "online", map);
    value_set(arena, optimiser, "kind", value_string(arena, optimiser_name(online->setup.optimiser.kind)));
    value_set(arena, optimiser, "steps", value_uint(arena, online->counts.moment_steps));
    model->optimiser = optimiser;
    return 0;
}

/* ---- and back ---- */

/* A tensor of the state with these rows; NULL when it is not there or of another shape. */
static const void *
get(const struct online *online, const char *name, enum dtype dtype, uint64_t rows, uint64_t cols)
{
    const struct tensor *tensor = model_find(online->setup.model, TENSOR_RESUME, name);
    const unsigned rank = cols == UINT64_MAX ? 1 : 2;
    if (tensor == NULL || tensor->dtype != dtype || tensor->rank != rank || tensor->shape[0] != rows ||
        (rank == 2 && tensor->shape[1] != cols))
        return NULL;
    return tensor->data;
}

static uint64_t
rows_of(const struct online *online, const char *name)
{
    const struct tensor *tensor = model_find(online->setup.model, TENSOR_RESUME, name);
    return tensor == NULL || tensor->rank == 0 ? 0 : tensor->shape[0];
}

/* Copies a tensor of the state; false when it is not as it should be. */
static bool
take(const struct online *online, const char *name, enum dtype dtype, uint64_t rows, uint64_t cols, void *to)
{
    const void *from = get(online, name, dtype, rows, cols);
    const uint64_t n = rows * (cols == UINT64_MAX ? 1 : cols);
    if (from == NULL)
        return false;
    if (n > 0)
        memcpy(to, from, n * dtype_size(dtype));
    return true;
}

/* Weights of rows; those of others that a run would not have taken. */
static bool
weights_fit(const float *w, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++)
        if (!isfinite(w[i]) || w[i] < 0)
            return false;
    return true;
}

static bool
codes_fit(const struct online *online, const uint32_t *codes, uint64_t n)
{
    const struct network *network = &online->setup.model->network;
    for (uint64_t i = 0; i < n * online->k; i++)
        if (codes[i] >= network->c_sizes[i % online->k])
            return false;
    return true;
}

static bool
take_block(struct online *online)
{
    struct block *block = &online->block;
    const uint64_t n = rows_of(online, "online.w");
    const uint32_t classes = online->classes ? schema_y(&online->setup.model->schema, 0)->dict.n + online->fresh.n : 0;
    if (n >= online->setup.update_rows || !take(online, "online.x", DTYPE_F32, n, online->d, block->x) ||
        !take(online, "online.c", DTYPE_U32, n, online->k, block->c) ||
        !take(online, "online.w", DTYPE_F32, n, UINT64_MAX, block->w) ||
        !take(online, "online.row", DTYPE_U64, n, UINT64_MAX, block->rowno) || !codes_fit(online, block->c, n) ||
        !weights_fit(block->w, n))
        return false;
    block->n = block->scored = n;
    if (!online->classes)
        return take(online, "online.y", DTYPE_F32, n, online->t, block->y);
    if (!take(online, "online.label", DTYPE_U32, n, UINT64_MAX, block->label))
        return false;
    for (uint64_t i = 0; i < n; i++) {
        if (block->label[i] >= classes)
            return false;
        block->y[i] = block->label[i] == 1 ? 1.0f : 0.0f;
    }
    return true;
}

static int
take_late(struct online *online, const struct value *map, struct error *error)
{
    const uint64_t n = rows_of(online, "late.id");
    struct late_rows rows = {.n = n};
    if (online->late == NULL)
        return 0;
    rows.x = (float *) get(online, "late.x", DTYPE_F32, n, online->d);
    rows.c = (uint32_t *) get(online, "late.c", DTYPE_U32, n, online->k);
    rows.z = (float *) get(online, "late.z", DTYPE_F32, n, online->o);
    rows.w = (float *) get(online, "late.w", DTYPE_F32, n, UINT64_MAX);
    rows.id = (uint64_t *) get(online, "late.id", DTYPE_U64, n, UINT64_MAX);
    rows.number = (uint64_t *) get(online, "late.number", DTYPE_U64, n, UINT64_MAX);
    rows.rowno = (uint64_t *) get(online, "late.row", DTYPE_U64, n, UINT64_MAX);
    const bool there = rows.x != NULL && rows.c != NULL && rows.z != NULL && rows.w != NULL && rows.id != NULL &&
                       rows.number != NULL && rows.rowno != NULL && codes_fit(online, rows.c, n) &&
                       weights_fit(rows.w, n);
    if (!there || !value_get_u64(map, "late", &rows.next) || rows.next > MOST_ROWS)
        return error_set(error, STATUS_DATA, "the rows that wait for their labels are not complete");
    return late_restore(online->late, &rows, error);
}

static int
take_detector(struct online *online, const struct value *map, struct error *error)
{
    struct reaction *reaction = &online->reaction;
    const uint64_t n = rows_of(online, "online.detector");
    const double *state = get(online, "online.detector", DTYPE_F64, n, UINT64_MAX);
    if (online->detector == NULL)
        return 0;
    if (state == NULL || !value_get_double(map, "rate", &reaction->rate) || !(reaction->rate >= 1) ||
        !value_get_double(map, "recent", &reaction->recent) || !value_get_double(map, "before", &reaction->before) ||
        !value_get_bool(map, "drifted", &online->drifted))
        return error_set(error, STATUS_DATA, "the state of the detector is missing");
    return detector_restore(online->detector, state, n, error);
}

/* Classes that wait for outputs: each is new, or labels would be of other classes than those that come. */
static bool
take_names(struct online *online, const struct value *map)
{
    const struct value *names = value_get(map, "new_classes");
    if (names == NULL)
        return true;
    if (names->kind != VALUE_ARRAY || !online->classes || names->n > ONLINE_MOST_FRESH)
        return false;
    const struct dict *known = &schema_y(&online->setup.model->schema, 0)->dict;
    for (size_t i = 0; i < names->n; i++) {
        const struct value *name = names->items[i];
        if (name->kind != VALUE_STRING || name->n > UINT32_MAX ||
            dict_find(known, name->bytes, (uint32_t) name->n) != 0 ||
            dict_find(&online->fresh, name->bytes, (uint32_t) name->n) != 0)
            return false;
        dict_add(&online->fresh, name->bytes, (uint32_t) name->n);
    }
    return true;
}

int
online_restore(struct online *online, struct error *error)
{
    const struct model *model = online->setup.model;
    const struct value *map = value_get(model->training, "online");
    const char *parent = value_get_string(map, "parent"), *data = value_get_string(model->training, "data");
    struct stream_memory_state memory = {.n = rows_of(online, "online.born")};
    const uint64_t n = rows_of(online, "online.metrics");
    bool good = parent != NULL && data != NULL && strlen(data) == 32 && strspn(data, "0123456789abcdef") == 32 &&
                value_get_u64(map, "added", &memory.added) && memory.added <= MOST_ROWS &&
                value_get_u64(map, "drawn", &memory.drawn) && take_names(online, map);
    for (int i = 0; i < N_COUNTS && good; i++) {
        uint64_t count = 0;
        good = value_get_u64(map, count_fields[i].name, &count) && count <= MOST_ROWS;
        memcpy((char *) &online->counts + count_fields[i].offset, &count, sizeof count);
    }
    memory.born = get(online, "online.born", DTYPE_U64, memory.n, UINT64_MAX);
    memory.group = get(online, "online.group", DTYPE_F64, memory.n, UINT64_MAX);
    const double *metrics = get(online, "online.metrics", DTYPE_F64, n, UINT64_MAX);
    double lr = NAN;
    if (value_get_double(map, "lr", &lr) && (!isfinite(lr) || lr < 0))
        good = false;
    if (!good || memory.born == NULL || metrics == NULL || !take_block(online))
        return error_set(error, STATUS_DATA,
                         "the state of its online run is not complete (cl-cat --strip resume makes a model of it, with "
                         "which a new run can begin)");
    if (!isnan(lr))
        online->lr = lr;
    online->parent = arena_strdup(&online->setup.model->arena, parent);
    online_set_digest(online, data);
    if (prequential_restore(online->metrics, metrics, n, error) < 0 ||
        stream_memory_restore(online->memory, &memory, error) < 0 || take_detector(online, map, error) < 0)
        return -1;
    return take_late(online, map, error);
}
