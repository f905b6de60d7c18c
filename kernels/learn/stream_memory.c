#include "stream_memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "reservoir.h"
#include "rng.h"
#include "row_digest.h"
#include "slots.h"

/* Streams of random numbers: draws of the reservoir, and behind this one keys of rows that drift has left. */
enum { DRAWS = 0, AGED = 0x61676564 };

/* Beyond all rows that a stream can bring. */
#define MOST_DRAWN (UINT64_C(1) << 62)

struct stream_memory {
    uint32_t d, k, t, had; /* t: numbers a label, 1 of classes; had: outputs the model keeps of a row, or 0 */
    bool classes, binary, weighted;
    bool runs, lacks; /* memory.run, memory.missing are there whatever they say */
    bool keyed;       /* rows have keys: no uniform sample by draws */
    struct memory_options options;
    uint32_t run;
    struct rng_key draws, keys;
    uint64_t capacity, n;
    uint64_t seen;                   /* rows the model has learnt in all its life: for the record, and for keys */
    uint64_t drawn;                  /* counter of the next draw: rows of which these are a sample */
    uint64_t added;                  /* rows since this was opened first */
    float *x, *y, *w, *soft;         // [capacity, d], [capacity, t] (bce: 0 or 1), [capacity], [capacity, had]
    uint32_t *c, *label, *code;      // [capacity, k], [capacity], [capacity]: label + 1, as checkpoints have it
    uint64_t *rowno, *digest, *born; // [capacity]
    uint8_t *missing;                // [capacity, d]
    uint64_t *key;                   // [capacity]
    uint32_t *came;                  // [capacity] run
    struct slots slots;              /* of groups, where rows have keys */
    double *stands, *group;          // [capacity] for checkpoints
    float *weights;                  // [capacity] for replay
    float *image;                    // [d] memory_images()
    struct arena arena;              /* image */
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

static struct slot_group
group_of(const struct stream_memory *memory, uint64_t slot)
{
    return (struct slot_group){
        .run = memory->options.by == BALANCE_RUN ? memory->came[slot] : 0,
        .class = memory->options.by == BALANCE_ROWS || !memory->classes ? 0 : memory->label[slot],
    };
}

static void
mark_missing(struct stream_memory *memory, uint64_t slot)
{
    for (uint32_t j = 0; j < memory->d; j++)
        memory->missing[slot * memory->d + j] = memory->x[slot * memory->d + j] == memory->image[j];
}

/* ---- opening ---- */

/* A tensor of the model's n_old rows of `width` elements, or NULL. */
static const void *
find(const struct model *model, const char *name, enum dtype dtype, uint64_t n_old, uint64_t width)
{
    const struct tensor *tensor = model_find(model, TENSOR_MEMORY, name);
    const bool fits = tensor != NULL && tensor->dtype == dtype && tensor->bytes == n_old * width * dtype_size(dtype);
    return fits ? tensor->data : NULL;
}

/* Row `from` of the model's goes to a slot. */
static void
take_row(struct stream_memory *memory, const struct model *model, uint64_t n_old, uint64_t from, uint64_t slot)
{
    const uint32_t d = memory->d, k = memory->k, t = memory->t, had = memory->had;
    const float *x = find(model, "memory.x", DTYPE_F32, n_old, d), *w = find(model, "memory.w", DTYPE_F32, n_old, 1),
                *soft = find(model, "memory.soft", DTYPE_F32, n_old, had);
    const uint32_t *c = find(model, "memory.c", DTYPE_U32, n_old, k),
                   *run = find(model, "memory.run", DTYPE_U32, n_old, 1);
    const void *y = find(model, "memory.y", memory->classes ? DTYPE_U32 : DTYPE_F32, n_old, t);
    const uint64_t *row = find(model, "memory.row", DTYPE_U64, n_old, 1);
    const uint8_t *missing = find(model, "memory.missing", DTYPE_U8, n_old, d);
    if (d > 0)
        copy(memory->x + slot * d, x + from * d, d * sizeof *x);
    if (k > 0)
        copy(memory->c + slot * k, c + from * k, k * sizeof *c);
    if (had > 0)
        copy(memory->soft + slot * had, soft + from * had, had * sizeof *soft);
    if (memory->classes)
        set_label(memory, slot, ((const uint32_t *) y)[from] - 1);
    else
        copy(memory->y + slot * t, (const float *) y + from * t, t * sizeof(float));
    memory->w[slot] = w != NULL ? w[from] : 1;
    memory->rowno[slot] = row != NULL ? row[from] : 0;
    memory->came[slot] = run != NULL ? run[from] : 0;
    memory->born[slot] = 0;
    if (missing != NULL)
        copy(memory->missing + slot * d, missing + from * d, d);
    else
        mark_missing(memory, slot);
}

/* Rows the model keeps, by tensors that the checkpoint's reader has checked. */
static void
take_rows(struct stream_memory *memory, const struct model *model)
{
    const struct tensor *y = model_find(model, TENSOR_MEMORY, "memory.y"),
                        *soft = model_find(model, TENSOR_MEMORY, "memory.soft");
    const uint64_t n_old = y == NULL ? 0 : y->shape[0], seed = memory->options.seed;
    struct arena scratch = {0};
    uint64_t seen = 0;
    if (!value_get_u64(model->memory, "rows_seen", &seen) || seen < n_old)
        return;
    memory->seen = seen;
    if (n_old == 0 || find(model, "memory.y", memory->classes ? DTYPE_U32 : DTYPE_F32, n_old, memory->t) == NULL ||
        (memory->d > 0 && find(model, "memory.x", DTYPE_F32, n_old, memory->d) == NULL) ||
        (memory->k > 0 && find(model, "memory.c", DTYPE_U32, n_old, memory->k) == NULL))
        return;
    if (soft != NULL && soft->rank == 2 && find(model, "memory.soft", DTYPE_F32, n_old, soft->shape[1]) != NULL) {
        memory->had = (uint32_t) soft->shape[1];
        memory->soft = mem_array(memory->capacity, memory->had * sizeof *memory->soft);
    }
    const uint64_t most = n_old < memory->capacity ? n_old : memory->capacity;
    uint64_t *picks = arena_array(&scratch, n_old, sizeof *picks);
    struct balance_row *kept = arena_array(&scratch, n_old, sizeof *kept);
    memory->weighted = find(model, "memory.w", DTYPE_F32, n_old, 1) != NULL;
    memory->runs |= find(model, "memory.run", DTYPE_U32, n_old, 1) != NULL;
    memory->lacks = find(model, "memory.missing", DTYPE_U8, n_old, memory->d) != NULL;
    memory->keyed |= most > 0 && find(model, "memory.key", DTYPE_U64, n_old, 1) != NULL;
    memory->drawn = n_old < memory->capacity && n_old < seen ? n_old : seen;
    memory->drawn = memory->drawn > MOST_DRAWN ? MOST_DRAWN : memory->drawn;
    if (memory->keyed)
        memory->n = balance_choose(memory->options.by, seed, most, seen, memory->run,
                                   memory_describe(model, n_old, seen, seed, &scratch), n_old, NULL, 0, picks, kept);
    else
        memory->n = reservoir_choose(seed, most, seen, n_old, 0, picks);
    for (uint64_t i = 0; i < memory->n; i++) {
        take_row(memory, model, n_old, picks[i], i);
        if (memory->keyed) {
            memory->key[i] = kept[i].key;
            slots_add(&memory->slots, group_of(memory, i), memory->key, i, kept[i].stands);
        }
    }
    slots_round(&memory->slots);
    arena_free(&scratch);
}

struct stream_memory *
stream_memory_open(const struct model *model, const struct memory_options *options, uint32_t run)
{
    struct stream_memory *memory = mem_zalloc(1, sizeof *memory);
    const bool classes = model->schema.task == TASK_CLASS;
    const uint64_t capacity = options->capacity;
    memory->d = model->network.n_x;
    memory->k = model->network.n_c;
    memory->t = classes ? 1 : model->schema.n_y;
    memory->classes = classes;
    memory->binary = model->loss == LOSS_BCE;
    memory->options = *options;
    memory->run = run;
    memory->runs = run > 0;
    memory->keyed = options->by != BALANCE_ROWS;
    memory->draws = rng_key(options->seed, RNG_RESERVOIR, DRAWS);
    memory->keys = balance_keys(options->seed);
    memory->capacity = capacity;
    memory->image = memory_images(&model->schema, true, &memory->arena);
    memory->x = mem_array(capacity, memory->d * sizeof *memory->x);
    memory->c = mem_array(capacity, memory->k * sizeof *memory->c);
    memory->y = mem_zalloc(capacity, memory->t * sizeof *memory->y);
    memory->w = mem_array(capacity, sizeof *memory->w);
    memory->label = mem_zalloc(capacity, sizeof *memory->label);
    memory->code = mem_zalloc(capacity, sizeof *memory->code);
    memory->rowno = mem_array(capacity, sizeof *memory->rowno);
    memory->digest = mem_array(capacity, sizeof *memory->digest);
    memory->born = mem_array(capacity, sizeof *memory->born);
    memory->missing = mem_array(capacity, memory->d);
    memory->key = mem_array(capacity, sizeof *memory->key);
    memory->came = mem_array(capacity, sizeof *memory->came);
    memory->stands = mem_array(capacity, sizeof *memory->stands);
    memory->group = mem_array(capacity, sizeof *memory->group);
    memory->weights = mem_array(capacity, sizeof *memory->weights);
    take_rows(memory, model);
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
    free(memory->soft);
    free(memory->label);
    free(memory->code);
    free(memory->rowno);
    free(memory->digest);
    free(memory->born);
    free(memory->missing);
    free(memory->key);
    free(memory->came);
    free(memory->stands);
    free(memory->group);
    free(memory->weights);
    slots_free(&memory->slots);
    arena_free(&memory->arena);
    free(memory);
}

/* ---- rows ---- */

static void
fill(struct stream_memory *memory, uint64_t slot, const struct stream_row *row)
{
    copy(memory->x + slot * memory->d, row->x, memory->d * sizeof *row->x);
    copy(memory->c + slot * memory->k, row->c, memory->k * sizeof *row->c);
    if (memory->classes)
        set_label(memory, slot, row->label);
    else
        copy(memory->y + slot * memory->t, row->y, memory->t * sizeof *row->y);
    for (uint32_t j = 0; j < memory->had; j++)
        memory->soft[slot * memory->had + j] = NAN;
    memory->w[slot] = row->w;
    memory->weighted |= row->w != 1;
    memory->rowno[slot] = row->rowno;
    memory->born[slot] = memory->added;
    memory->came[slot] = memory->run;
    mark_missing(memory, slot);
}

/* Where the row goes, or `capacity`: nowhere. */
static uint64_t
draw_slot(struct stream_memory *memory)
{
    const uint64_t t = memory->drawn;
    if (memory->drawn < MOST_DRAWN)
        memory->drawn++;
    if (memory->n < memory->capacity)
        return memory->n++;
    const uint64_t slot = memory->capacity == 0 ? 0 : rng_below(memory->draws, t, t + 1);
    return slot < memory->capacity ? slot : memory->capacity;
}

static uint64_t
keyed_slot(struct stream_memory *memory, const struct stream_row *row, uint64_t key)
{
    const struct slot_group group = {
        .run = memory->options.by == BALANCE_RUN ? memory->run : 0,
        .class = memory->options.by == BALANCE_ROWS || !memory->classes ? 0 : row->label,
    };
    uint64_t slot = memory->n < memory->capacity ? memory->n++ : memory->capacity;
    if (memory->capacity > 0)
        slots_offer(&memory->slots, group, memory->key, key, memory->capacity, &slot);
    return slot;
}

void
stream_memory_add(struct stream_memory *memory, const struct stream_row *row)
{
    const uint64_t key = memory->keyed ? rng_u64(memory->keys, memory->seen) : 0;
    memory->seen++;
    memory->added++;
    const uint64_t slot = memory->keyed ? keyed_slot(memory, row, key) : draw_slot(memory);
    if (slot < memory->capacity)
        fill(memory, slot, row);
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
    };
}

const float *
stream_memory_weights(struct stream_memory *memory)
{
    const uint64_t n = memory->n;
    double sum = 0;
    if (!memory->keyed)
        return memory->weighted ? memory->w : NULL;
    slots_stands(&memory->slots, memory->stands, memory->group);
    for (uint64_t i = 0; i < n; i++)
        sum += (double) memory->w[i] * memory->stands[i];
    if (!(sum > 0))
        return NULL;
    for (uint64_t i = 0; i < n; i++)
        memory->weights[i] = (float) ((double) memory->w[i] * memory->stands[i] * (double) n / sum);
    return memory->weights;
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
    if (memory->had > 0)
        copy(memory->soft + to * memory->had, memory->soft + from * memory->had, memory->had * sizeof *memory->soft);
    copy(memory->missing + to * memory->d, memory->missing + from * memory->d, memory->d);
    memory->w[to] = memory->w[from];
    memory->label[to] = memory->label[from];
    memory->code[to] = memory->code[from];
    memory->rowno[to] = memory->rowno[from];
    memory->born[to] = memory->born[from];
    memory->came[to] = memory->came[from];
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
     * more: those that were passed over before the drift do not count. For the same reason keys are drawn anew: those
     * of rows that stayed among many are small, and new rows would hardly come in beside them. */
    memory->drawn = n;
    slots_clear(&memory->slots);
    memory->keyed = memory->options.by != BALANCE_ROWS || (memory->keyed && n > 0);
    const struct rng_key keys = rng_key(memory->options.seed, RNG_RESERVOIR, AGED + memory->added);
    for (uint64_t i = 0; i < n && memory->keyed; i++) {
        memory->key[i] = rng_u64(keys, memory->born[i]);
        slots_add(&memory->slots, group_of(memory, i), memory->key, i, 1);
    }
    return had - n;
}

/* ---- checkpoints ---- */

static bool
any_missing(const struct stream_memory *memory)
{
    for (uint64_t i = 0; i < memory->n * memory->d; i++)
        if (memory->missing[i])
            return true;
    return false;
}

/* One tensor of the n rows; width 0: of rank 1. */
static void
put(const struct stream_memory *memory, struct model *model, const char *name, enum dtype dtype, uint64_t width,
    void *data)
{
    model_put(model, TENSOR_MEMORY, name, dtype, width == 0 ? 1 : 2, (const uint64_t[]){memory->n, width}, data);
}

void
stream_memory_put(struct stream_memory *memory, struct model *model, struct arena *arena)
{
    const uint64_t m = memory->n;
    model->memory = NULL;
    if (memory->capacity == 0 && memory->seen == 0 && m == 0)
        return;
    model_strip(model, TENSOR_MEMORY);
    model->memory = value_map(arena);
    value_set(arena, model->memory, "capacity", value_uint(arena, memory->capacity));
    value_set(arena, model->memory, "rows_seen", value_uint(arena, memory->seen));
    if (m == 0)
        return;
    if (memory->d > 0)
        put(memory, model, "memory.x", DTYPE_F32, memory->d, memory->x);
    if (memory->d > 0 && (memory->lacks || any_missing(memory)))
        put(memory, model, "memory.missing", DTYPE_U8, memory->d, memory->missing);
    if (memory->k > 0)
        put(memory, model, "memory.c", DTYPE_U32, memory->k, memory->c);
    if (memory->classes)
        put(memory, model, "memory.y", DTYPE_U32, 1, memory->code);
    else
        put(memory, model, "memory.y", DTYPE_F32, memory->t, memory->y);
    if (memory->weighted)
        put(memory, model, "memory.w", DTYPE_F32, 0, memory->w);
    if (memory->had > 0)
        put(memory, model, "memory.soft", DTYPE_F32, memory->had, memory->soft);
    if (memory->runs)
        put(memory, model, "memory.run", DTYPE_U32, 0, memory->came);
    if (memory->keyed) {
        slots_stands(&memory->slots, memory->stands, memory->group);
        put(memory, model, "memory.key", DTYPE_U64, 0, memory->key);
        put(memory, model, "memory.stands", DTYPE_F64, 0, memory->stands);
    }
    row_digests(&model->schema, memory->x, memory->c, m, memory->digest);
    put(memory, model, "memory.digest", DTYPE_U64, 0, memory->digest);
    put(memory, model, "memory.row", DTYPE_U64, 0, memory->rowno);
}

struct stream_memory_state
stream_memory_state(struct stream_memory *memory)
{
    if (memory->keyed)
        slots_stands(&memory->slots, memory->stands, memory->group);
    return (struct stream_memory_state){
        .n = memory->n,
        .added = memory->added,
        .drawn = memory->drawn,
        .born = memory->born,
        .group = memory->keyed ? memory->group : NULL,
    };
}

int
stream_memory_restore(struct stream_memory *memory, const struct stream_memory_state *state, struct error *error)
{
    const uint64_t n = state->n;
    bool good = n == memory->n && (state->drawn >= n || memory->keyed) && state->drawn <= MOST_DRAWN &&
                (n == 0 || state->born != NULL);
    for (uint64_t i = 0; good && i < n; i++)
        good = state->born[i] <= state->added &&
               (state->group == NULL || (state->group[i] >= 1 && state->group[i] <= BALANCE_MOST));
    if (!good)
        return error_set(error, STATUS_DATA,
                         "the memory is not as its online run left it (cl-cat --strip resume makes a model of it, with "
                         "which a new run can begin)");
    copy(memory->born, state->born, n * sizeof *state->born);
    for (uint64_t i = 0; i < n && memory->keyed && state->group != NULL; i++)
        slots_see(&memory->slots, group_of(memory, i), state->group[i]);
    memory->added = state->added;
    /* Rows may have been taken out since: no draw is made before the slots are full again. */
    memory->drawn = n < memory->capacity && !memory->keyed ? n : state->drawn;
    return 0;
}
