#include "reservoir.h"

#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "rng_many.h"

enum { DRAWN = 512 }; /* random numbers at once */

uint64_t
reservoir_choose(uint64_t seed, uint64_t capacity, uint64_t seen, uint64_t n_old, uint64_t n_new, uint64_t *picks)
{
    const struct rng_key key = rng_key(seed, RNG_RESERVOIR, 0);
    /* A memory that became larger cannot get back what it let go: its rows stand for themselves alone. */
    const uint64_t before = n_old < capacity && n_old < seen ? n_old : seen;
    uint64_t full = 0;
    if (capacity == 0)
        return 0;
    struct permutation thin = permutation_make(key, seen, n_old > 0 ? n_old : 1);
    for (uint64_t i = 0; i < n_old; i++)
        if (n_old <= capacity || permutation_at(&thin, i) < capacity)
            picks[full++] = i;
    uint64_t i = 0;
    for (; i < n_new && full < capacity; i++)
        picks[full++] = n_old + i;
    const struct rng_many *many = rng_many();
    for (uint64_t random[DRAWN], n; i < n_new; i += n) {
        n = n_new - i < DRAWN ? n_new - i : DRAWN;
        many->u64(key, before + i, n, random);
        for (uint64_t j = 0; j < n; j++) {
            /* rng_below(key, t, t + 1), which hardly ever has a second try to make. */
            const uint64_t t = before + i + j, bound = t + 1;
            const uint64_t slot = random[j] >= bound ? random[j] % bound : rng_below(key, t, bound);
            if (slot < capacity)
                picks[slot] = n_old + i + j;
        }
    }
    return full;
}

struct pick {
    uint64_t row, slot;
};

static int
by_row(const void *a, const void *b)
{
    const struct pick *p = a, *q = b;
    return p->row < q->row ? -1 : p->row > q->row;
}

/* rowno[slot] of the slots that hold new rows. */
static void
find_record_numbers(const struct dataset *dataset, const uint64_t *picks, uint64_t m, uint64_t n_old, uint64_t *rowno)
{
    struct pick *sorted = mem_array(m, sizeof *sorted);
    uint64_t *rows = mem_array(m, sizeof *rows), *numbers = mem_array(m, sizeof *numbers), n = 0;
    for (uint64_t i = 0; i < m; i++)
        if (picks[i] >= n_old)
            sorted[n++] = (struct pick){picks[i] - n_old, i};
    qsort(sorted, n, sizeof *sorted, by_row);
    for (uint64_t i = 0; i < n; i++)
        rows[i] = sorted[i].row;
    dataset_record_numbers(dataset, rows, n, numbers);
    for (uint64_t i = 0; i < n; i++)
        rowno[sorted[i].slot] = numbers[i];
    free(sorted);
    free(rows);
    free(numbers);
}

/* Rows of one tensor, old and new, put together by picks. `old` may be NULL when n_old is 0. */
static void
gather(struct model *model, const char *name, enum dtype dtype, uint32_t width, const uint64_t *picks, uint64_t m,
       uint64_t n_old, const struct tensor *old, const void *rows)
{
    size_t bytes = width * dtype_size(dtype);
    char *to = arena_aligned(&model->arena, m * bytes);
    for (uint64_t i = 0; i < m; i++) {
        bool is_old = picks[i] < n_old;
        const char *from =
            is_old ? (const char *) old->data + picks[i] * bytes : (const char *) rows + (picks[i] - n_old) * bytes;
        memcpy(to + i * bytes, from, bytes);
    }
    bool vector = strcmp(name, "memory.w") == 0 || strcmp(name, "memory.row") == 0;
    model_put(model, TENSOR_MEMORY, name, dtype, vector ? 1 : 2, (const uint64_t[]){m, width}, to);
}

/* Rows of the old memory, 0 when it is not there or not as wide as the network is. */
static uint64_t
old_rows(const struct model *model, uint32_t t, uint64_t *seen)
{
    const struct tensor *x = model_find(model, TENSOR_MEMORY, "memory.x"),
                        *c = model_find(model, TENSOR_MEMORY, "memory.c");
    const struct tensor *y = model_find(model, TENSOR_MEMORY, "memory.y"),
                        *row = model_find(model, TENSOR_MEMORY, "memory.row");
    *seen = 0;
    if (y == NULL || row == NULL || y->rank != 2 || y->shape[1] != t || dtype_size(y->dtype) != 4 ||
        row->dtype != DTYPE_U64)
        return 0;
    uint64_t m = y->shape[0];
    size_t word = sizeof(float);
    bool fits = row->bytes == m * sizeof(uint64_t) &&
                (model->network.n_x == 0 || (x != NULL && x->bytes == m * model->network.n_x * word)) &&
                (model->network.n_c == 0 || (c != NULL && c->bytes == m * model->network.n_c * word));
    if (!fits || !value_get_u64(model->memory, "rows_seen", seen) || *seen < m)
        return 0;
    return m;
}

/* Row weights when only one of old and new has any: ones for the other. */
static float *
ones(struct arena *arena, uint64_t n)
{
    float *w = arena_array(arena, n, sizeof *w);
    for (uint64_t i = 0; i < n; i++)
        w[i] = 1;
    return w;
}

static void
gather_weights(struct model *model, const struct rowset *rows, const uint64_t *picks, uint64_t m, uint64_t n_old)
{
    struct arena scratch = {0};
    const struct tensor *old = n_old > 0 ? model_find(model, TENSOR_MEMORY, "memory.w") : NULL;
    struct tensor unit = {.data = NULL};
    if (rows->w == NULL && old == NULL)
        return;
    if (old == NULL || old->dtype != DTYPE_F32 || old->bytes != n_old * sizeof(float)) {
        unit.data = ones(&scratch, n_old);
        old = &unit;
    }
    const float *w = rows->w != NULL ? rows->w : ones(&scratch, rows->n);
    gather(model, "memory.w", DTYPE_F32, 1, picks, m, n_old, old, w);
    arena_free(&scratch);
}

/* The new rows' classes become codes as the stream has them: from 1; a binary target is a class too. */
static void
number_classes(struct model *model, const struct rowset *rows, const uint64_t *picks, uint64_t m, uint64_t n_old)
{
    uint32_t *codes = model_find(model, TENSOR_MEMORY, "memory.y")->data;
    for (uint64_t i = 0; i < m; i++)
        if (picks[i] >= n_old)
            codes[i] = 1 + (rows->label != NULL ? codes[i] : (uint32_t) (rows->y[picks[i] - n_old] > 0.5f));
}

uint64_t
reservoir_keep(struct model *model, const struct dataset *dataset, uint64_t n_train, uint64_t seed, uint64_t capacity)
{
    const struct network *network = &model->network;
    const struct rowset rows = dataset_rows(dataset, 0, n_train);
    const bool classes = model->schema.task == TASK_CLASS;
    uint64_t seen, n_old = old_rows(model, dataset->t, &seen);
    uint64_t most = n_old + n_train < capacity ? n_old + n_train : capacity;
    uint64_t *picks = mem_array(most, sizeof *picks);
    uint64_t m = reservoir_choose(seed, most, seen, n_old, n_train, picks);
    if (m == 0) {
        model_strip(model, TENSOR_MEMORY);
    } else {
        struct arena scratch = {0};
        uint64_t *rowno = arena_array(&scratch, m, sizeof *rowno);
        const struct tensor *old = model_find(model, TENSOR_MEMORY, "memory.row");
        find_record_numbers(dataset, picks, m, n_old, rowno);
        for (uint64_t i = 0; i < m; i++)
            if (picks[i] < n_old)
                rowno[i] = ((const uint64_t *) old->data)[picks[i]];
        if (network->n_x > 0)
            gather(model, "memory.x", DTYPE_F32, network->n_x, picks, m, n_old,
                   model_find(model, TENSOR_MEMORY, "memory.x"), rows.x);
        if (network->n_c > 0)
            gather(model, "memory.c", DTYPE_U32, network->n_c, picks, m, n_old,
                   model_find(model, TENSOR_MEMORY, "memory.c"), rows.c);
        gather(model, "memory.y", classes ? DTYPE_U32 : DTYPE_F32, dataset->t, picks, m, n_old,
               model_find(model, TENSOR_MEMORY, "memory.y"),
               classes && rows.label != NULL ? (const void *) rows.label : (const void *) rows.y);
        if (classes)
            number_classes(model, &rows, picks, m, n_old);
        gather_weights(model, &rows, picks, m, n_old);
        uint64_t *kept = arena_aligned(&model->arena, m * sizeof *kept);
        memcpy(kept, rowno, m * sizeof *kept);
        model_put(model, TENSOR_MEMORY, "memory.row", DTYPE_U64, 1, &m, kept);
        arena_free(&scratch);
    }
    free(picks);
    model->memory = value_map(&model->arena);
    value_set(&model->arena, model->memory, "capacity", value_uint(&model->arena, capacity));
    value_set(&model->arena, model->memory, "rows_seen", value_uint(&model->arena, seen + n_train));
    return m;
}
