#include "stream_memory.h"

#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "reservoir.h"
#include "rng.h"
#include "row_digest.h"

struct stream_memory {
    uint32_t d, k, t; /* t: numbers a label, 1 of classes */
    bool classes, binary, weighted;
    struct rng_key key;
    uint64_t capacity, n;
    uint64_t seen;                   /* rows the model has learnt in all its life: for the record */
    uint64_t drawn;                  /* counter of the next draw: rows of which these are a sample */
    uint64_t added;                  /* rows since this was opened first */
    float *x, *y, *w;                // [capacity, d], [capacity, t] (bce: 0 or 1), [capacity]
    uint32_t *c, *label, *code;      // [capacity, k], [capacity], [capacity]: label + 1, as checkpoints have it
    uint64_t *rowno, *digest, *born; // [capacity]
};

static void
copy(void *to, const void *from, size_t bytes)
{
    if (bytes > 0)
        memcpy(to, from, bytes);
}

static void
set_label(struct stream_memory *memory, uint64_t slot, uint32_t label)
{
    memory->label[slot] = label;
    memory->code[slot] = label + 1;
    if (memory->binary)
        memory->y[slot] = label == 1 ? 1.0f : 0.0f;
}

/* Rows the model keeps, by tensors that the checkpoint's reader has checked. */
static void
take_rows(struct stream_memory *memory, const struct model *model, uint64_t seed)
{
    const struct tensor *x = model_find(model, TENSOR_MEMORY, "memory.x");
    const struct tensor *c = model_find(model, TENSOR_MEMORY, "memory.c");
    const struct tensor *y = model_find(model, TENSOR_MEMORY, "memory.y");
    const struct tensor *w = model_find(model, TENSOR_MEMORY, "memory.w");
    const struct tensor *row = model_find(model, TENSOR_MEMORY, "memory.row");
    const uint64_t n_old = y == NULL ? 0 : y->shape[0];
    uint64_t seen = 0;
    if (!value_get_u64(model->memory, "rows_seen", &seen) || seen < n_old)
        return;
    memory->seen = seen;
    if (n_old == 0 || (memory->d > 0 && x == NULL) || (memory->k > 0 && c == NULL))
        return;
    const uint64_t most = n_old < memory->capacity ? n_old : memory->capacity;
    uint64_t *picks = mem_array(n_old, sizeof *picks);
    memory->n = reservoir_choose(seed, most, seen, n_old, 0, picks);
    memory->drawn = n_old < memory->capacity && n_old < seen ? n_old : seen;
    memory->weighted = w != NULL;
    for (uint64_t i = 0; i < memory->n; i++) {
        const uint64_t from = picks[i];
        if (memory->d > 0)
            copy(memory->x + i * memory->d, (const float *) x->data + from * memory->d, memory->d * sizeof(float));
        if (memory->k > 0)
            copy(memory->c + i * memory->k, (const uint32_t *) c->data + from * memory->k,
                 memory->k * sizeof(uint32_t));
        if (memory->classes)
            set_label(memory, i, ((const uint32_t *) y->data)[from] - 1);
        else
            copy(memory->y + i * memory->t, (const float *) y->data + from * memory->t, memory->t * sizeof(float));
        memory->w[i] = w != NULL ? ((const float *) w->data)[from] : 1;
        memory->rowno[i] = row != NULL ? ((const uint64_t *) row->data)[from] : 0;
        memory->born[i] = 0;
    }
    free(picks);
}

struct stream_memory *
stream_memory_open(const struct model *model, uint64_t capacity, uint64_t seed)
{
    struct stream_memory *memory = mem_zalloc(1, sizeof *memory);
    const bool classes = model->schema.task == TASK_CLASS;
    memory->d = model->network.n_x;
    memory->k = model->network.n_c;
    memory->t = classes ? 1 : model->schema.n_y;
    memory->classes = classes;
    memory->binary = model->loss == LOSS_BCE;
    memory->key = rng_key(seed, RNG_RESERVOIR, 0);
    memory->capacity = capacity;
    memory->x = mem_array(capacity, memory->d * sizeof *memory->x);
    memory->c = mem_array(capacity, memory->k * sizeof *memory->c);
    memory->y = mem_zalloc(capacity, memory->t * sizeof *memory->y);
    memory->w = mem_array(capacity, sizeof *memory->w);
    memory->label = mem_zalloc(capacity, sizeof *memory->label);
    memory->code = mem_zalloc(capacity, sizeof *memory->code);
    memory->rowno = mem_array(capacity, sizeof *memory->rowno);
    memory->digest = mem_array(capacity, sizeof *memory->digest);
    memory->born = mem_array(capacity, sizeof *memory->born);
    take_rows(memory, model, seed);
    return memory;
}

void
stream_memory_close(struct stream_memory *memory)
{
    if (memory == NULL)
        return;
    free(memory->x);
    free(memory->c);
    free(memory->y);
    free(memory->w);
    free(memory->label);
    free(memory->code);
    free(memory->rowno);
    free(memory->digest);
    free(memory->born);
    free(memory);
}

/* ---- rows ---- */

void
stream_memory_add(struct stream_memory *memory, const struct stream_row *row)
{
    const uint64_t t = memory->drawn++;
    uint64_t slot = memory->n;
    memory->seen++;
    memory->added++;
    if (memory->n < memory->capacity)
        memory->n++;
    else
        slot = memory->capacity == 0 ? 0 : rng_below(memory->key, t, t + 1);
    if (slot >= memory->capacity)
        return;
    copy(memory->x + slot * memory->d, row->x, memory->d * sizeof *row->x);
    copy(memory->c + slot * memory->k, row->c, memory->k * sizeof *row->c);
    if (memory->classes)
        set_label(memory, slot, row->label);
    else
        copy(memory->y + slot * memory->t, row->y, memory->t * sizeof *row->y);
    memory->w[slot] = row->w;
    memory->weighted |= row->w != 1;
    memory->rowno[slot] = row->rowno;
    memory->born[slot] = memory->added;
}

struct rowset
stream_memory_rows(const struct stream_memory *memory)
{
    const bool labels = memory->classes && !memory->binary;
    return (struct rowset){
        .n = memory->n,
        .x = memory->d > 0 ? memory->x : NULL,
        .c = memory->k > 0 ? memory->c : NULL,
        .y = labels ? NULL : memory->y,
        .label = labels ? memory->label : NULL,
        .w = memory->weighted ? memory->w : NULL,
    };
}

void
stream_memory_as_labels(struct stream_memory *memory)
{
    memory->binary = false;
}

static void
move_row(struct stream_memory *memory, uint64_t to, uint64_t from)
{
    copy(memory->x + to * memory->d, memory->x + from * memory->d, memory->d * sizeof *memory->x);
    copy(memory->c + to * memory->k, memory->c + from * memory->k, memory->k * sizeof *memory->c);
    copy(memory->y + to * memory->t, memory->y + from * memory->t, memory->t * sizeof *memory->y);
    memory->w[to] = memory->w[from];
    memory->label[to] = memory->label[from];
    memory->code[to] = memory->code[from];
    memory->rowno[to] = memory->rowno[from];
    memory->born[to] = memory->born[from];
}

uint64_t
stream_memory_age(struct stream_memory *memory, uint64_t newest)
{
    const uint64_t before = memory->added > newest ? memory->added - newest : 0, had = memory->n;
    uint64_t n = 0;
    for (uint64_t i = 0; i < had; i++)
        if (memory->born[i] > before) {
            if (n != i)
                move_row(memory, n, i);
            n++;
        }
    memory->n = n;
    if (n == had)
        return 0;
    /* While slots are free no draw is made; when they are full again, as many rows have come as there are slots or
     * more: those that were passed over before the drift do not count. */
    memory->drawn = n;
    return had - n;
}

/* ---- checkpoints ---- */

void
stream_memory_put(struct stream_memory *memory, struct model *model, struct arena *arena)
{
    const uint64_t m = memory->n;
    model->memory = NULL;
    if (memory->capacity == 0 && memory->seen == 0 && m == 0)
        return;
    if (m == 0 && model_find(model, TENSOR_MEMORY, "memory.y") != NULL)
        model_strip(model, TENSOR_MEMORY);
    model->memory = value_map(arena);
    value_set(arena, model->memory, "capacity", value_uint(arena, memory->capacity));
    value_set(arena, model->memory, "rows_seen", value_uint(arena, memory->seen));
    if (m == 0)
        return;
    if (memory->d > 0)
        model_put(model, TENSOR_MEMORY, "memory.x", DTYPE_F32, 2, (const uint64_t[]){m, memory->d}, memory->x);
    if (memory->k > 0)
        model_put(model, TENSOR_MEMORY, "memory.c", DTYPE_U32, 2, (const uint64_t[]){m, memory->k}, memory->c);
    if (memory->classes)
        model_put(model, TENSOR_MEMORY, "memory.y", DTYPE_U32, 2, (const uint64_t[]){m, 1}, memory->code);
    else
        model_put(model, TENSOR_MEMORY, "memory.y", DTYPE_F32, 2, (const uint64_t[]){m, memory->t}, memory->y);
    if (memory->weighted)
        model_put(model, TENSOR_MEMORY, "memory.w", DTYPE_F32, 1, &m, memory->w);
    row_digests(&model->schema, memory->x, memory->c, m, memory->digest);
    model_put(model, TENSOR_MEMORY, "memory.digest", DTYPE_U64, 1, &m, memory->digest);
    model_put(model, TENSOR_MEMORY, "memory.row", DTYPE_U64, 1, &m, memory->rowno);
}

const uint64_t *
stream_memory_born(const struct stream_memory *memory, uint64_t *n, uint64_t *added, uint64_t *drawn)
{
    *n = memory->n;
    *added = memory->added;
    *drawn = memory->drawn;
    return memory->born;
}

int
stream_memory_restore(struct stream_memory *memory, const uint64_t *born, uint64_t n, uint64_t added, uint64_t drawn,
                      struct error *error)
{
    bool good = n == memory->n && drawn >= n && (n == 0 || born != NULL);
    for (uint64_t i = 0; good && i < n; i++)
        good = born[i] <= added;
    if (!good)
        return error_set(error, STATUS_DATA,
                         "the memory is not as its online run left it (cl-cat --strip resume makes a model of it, with "
                         "which a new run can begin)");
    copy(memory->born, born, n * sizeof *born);
    memory->added = added;
    memory->drawn = drawn;
    return 0;
}
