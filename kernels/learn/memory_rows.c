#include "memory_rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "reservoir.h"
#include "row_digest.h"

/* A tensor of the memory by its name behind "memory.", when it has rows like these; or NULL. */
static const struct tensor *
find(const struct model *model, const char *name, enum dtype dtype, uint64_t m, uint64_t width)
{
    struct arena scratch = {0};
    const struct tensor *tensor = model_find(model, TENSOR_MEMORY, arena_printf(&scratch, "memory.%s", name));
    arena_free(&scratch);
    bool fits = tensor != NULL && tensor->dtype == dtype && tensor->bytes == m * width * dtype_size(dtype);
    return fits ? tensor : NULL;
}

static const void *
find_data(const struct model *model, const char *name, enum dtype dtype, uint64_t m, uint64_t width)
{
    const struct tensor *tensor = m > 0 ? find(model, name, dtype, m, width) : NULL;
    return tensor != NULL ? tensor->data : NULL;
}

uint64_t
memory_size(const struct model *model)
{
    const struct tensor *y = model_find(model, TENSOR_MEMORY, "memory.y");
    return y != NULL && y->rank == 2 ? y->shape[0] : 0;
}

uint32_t
memory_run(const struct model *model)
{
    const struct value *lineage = model->lineage;
    return lineage != NULL && lineage->kind == VALUE_ARRAY && lineage->n > 0 ? (uint32_t) (lineage->n - 1) : 0;
}

/* Rows of the old memory, 0 when it is not there or not that of this network. */
static uint64_t
old_rows(const struct model *model, uint32_t t, uint64_t *seen)
{
    const struct network *network = &model->network;
    const bool classes = model->schema.task == TASK_CLASS;
    const uint64_t m = memory_size(model);
    *seen = 0;
    bool fits = m > 0 && find(model, "y", classes ? DTYPE_U32 : DTYPE_F32, m, t) != NULL &&
                (network->n_x == 0 || find(model, "x", DTYPE_F32, m, network->n_x) != NULL) &&
                (network->n_c == 0 || find(model, "c", DTYPE_U32, m, network->n_c) != NULL);
    if (!fits || !value_get_u64(model->memory, "rows_seen", seen) || *seen < m)
        return 0;
    return m;
}

/* ---- putting old and new rows together ---- */

/* Which rows there will be: picks[i] < n_old is an old one, else new row picks[i] - n_old. */
struct gathering {
    struct model *model;
    const uint64_t *picks;
    uint64_t m, n_old;
};

/*
 * A tensor of rows of `width` elements, of rank 1 where that is 0. old: [n_old] rows, fresh: [new] rows; NULL stands
 * for the row `blank`.
 */
static void *
gather(const struct gathering *g, const char *name, enum dtype dtype, uint32_t width, const void *old,
       const void *fresh, const void *blank)
{
    struct model *model = g->model;
    const size_t bytes = (width == 0 ? 1 : width) * dtype_size(dtype);
    char *to = arena_aligned(&model->arena, g->m * bytes);
    for (uint64_t i = 0; i < g->m; i++) {
        const bool is_old = g->picks[i] < g->n_old;
        const char *rows = is_old ? old : fresh;
        const uint64_t at = is_old ? g->picks[i] : g->picks[i] - g->n_old;
        memcpy(to + i * bytes, rows != NULL ? rows + at * bytes : blank, bytes);
    }
    model_put(model, TENSOR_MEMORY, arena_printf(&model->arena, "memory.%s", name), dtype, width == 0 ? 1 : 2,
              (const uint64_t[]){g->m, width}, to);
    return to;
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

/* Record numbers of the new rows that are kept, where they will be. */
static void
number_records(const struct gathering *g, const struct dataset *dataset, uint64_t *rowno)
{
    struct pick *sorted = mem_array(g->m, sizeof *sorted);
    uint64_t *rows = mem_array(g->m, sizeof *rows), *numbers = mem_array(g->m, sizeof *numbers), n = 0;
    for (uint64_t i = 0; i < g->m; i++)
        if (g->picks[i] >= g->n_old)
            sorted[n++] = (struct pick){g->picks[i] - g->n_old, i};
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

float *
memory_images(const struct schema *schema, bool only_sure, struct arena *arena)
{
    float *image = arena_array(arena, schema->n_x, sizeof *image);
    for (uint32_t j = 0; j < schema->n_x; j++)
        image[j] = NAN;
    for (uint32_t t = 0; t < schema->n_transforms; t++)
        transform_apply_x(&schema->transforms[t], image, 1);
    for (uint32_t j = 0; j < schema->n_x && only_sure && schema->n_transforms > 0; j++) {
        const double fill = schema->transforms[0].fill[j];
        if ((double) (float) fill == fill)
            image[j] = NAN;
    }
    return image;
}

/* memory.missing: what is known to have been missing. Old rows know it; of new ones their numbers tell. */
static void
mark_missing(const struct gathering *g, const uint8_t *old, const float *x)
{
    struct model *model = g->model;
    const uint32_t d = model->schema.n_x;
    struct arena scratch = {0};
    const float *image = memory_images(&model->schema, true, &scratch);
    uint8_t *missing = arena_aligned(&model->arena, g->m * d), any = 0;
    for (uint64_t i = 0; i < g->m; i++)
        for (uint32_t j = 0; j < d; j++) {
            uint8_t lacks = x[i * d + j] == image[j];
            if (old != NULL && g->picks[i] < g->n_old)
                lacks = old[g->picks[i] * d + j];
            any |= missing[i * d + j] = lacks;
        }
    if (any)
        model_put(model, TENSOR_MEMORY, "memory.missing", DTYPE_U8, 2, (const uint64_t[]){g->m, d}, missing);
    arena_free(&scratch);
}

static void
put_digests(struct model *model)
{
    const uint64_t m = memory_size(model);
    uint64_t *digests = arena_aligned(&model->arena, m * sizeof *digests);
    row_digests(&model->schema, find_data(model, "x", DTYPE_F32, m, model->network.n_x),
                find_data(model, "c", DTYPE_U32, m, model->network.n_c), m, digests);
    model_put(model, TENSOR_MEMORY, "memory.digest", DTYPE_U64, 1, &m, digests);
}

/*
 * All tensors of rows. rows: the new ones, and labels: their codes or targets. kept: [m] what balance.h says, or NULL
 * of a uniform sample.
 */
static void
gather_all(const struct gathering *g, const struct rowset *rows, const void *labels, uint32_t t,
           const struct balance_row *kept, const uint64_t *rowno)
{
    struct model *model = g->model;
    const struct network *network = &model->network;
    const bool classes = model->schema.task == TASK_CLASS;
    const enum dtype label_type = classes ? DTYPE_U32 : DTYPE_F32;
    const uint64_t n_old = g->n_old;
    const uint32_t first = 0, run = memory_run(model), o = network_outputs(network);
    const float one = 1;
    const void *x = find_data(model, "x", DTYPE_F32, n_old, network->n_x),
               *w = find_data(model, "w", DTYPE_F32, n_old, 1),
               *c = find_data(model, "c", DTYPE_U32, n_old, network->n_c),
               *y = find_data(model, "y", label_type, n_old, t), *row = find_data(model, "row", DTYPE_U64, n_old, 1),
               *runs = find_data(model, "run", DTYPE_U32, n_old, 1),
               *missing = find_data(model, "missing", DTYPE_U8, n_old, network->n_x);
    const struct tensor *soft = n_old > 0 ? model_find(model, TENSOR_MEMORY, "memory.soft") : NULL;
    struct arena scratch = {0};
    uint32_t *codes = NULL;
    bool any_old = false;
    for (uint64_t i = 0; i < g->m; i++)
        any_old |= g->picks[i] < n_old;
    if (classes) { /* codes as the stream has them, from 1; a binary target is a class too */
        codes = arena_array(&scratch, rows->n, sizeof *codes);
        for (uint64_t i = 0; i < rows->n; i++)
            codes[i] = 1 + (rows->label != NULL ? rows->label[i] : (uint32_t) (rows->y[i] > 0.5f));
        labels = codes;
    }
    float *padded = NULL;
    if (soft != NULL && any_old)
        padded = memory_pad(soft->data, n_old, soft->shape[1], o, classes, &scratch);
    model_strip(model, TENSOR_MEMORY);
    if (network->n_x > 0)
        mark_missing(g, missing, gather(g, "x", DTYPE_F32, network->n_x, x, rows->x, NULL));
    if (network->n_c > 0)
        gather(g, "c", DTYPE_U32, network->n_c, c, rows->c, NULL);
    gather(g, "y", label_type, t, y, labels, NULL);
    if (w != NULL || rows->w != NULL)
        gather(g, "w", DTYPE_F32, 0, w, rows->w, &one);
    if (padded != NULL) {
        float *none = arena_array(&scratch, o, sizeof *none);
        for (uint32_t j = 0; j < o; j++)
            none[j] = NAN;
        gather(g, "soft", DTYPE_F32, o, padded, NULL, none);
    }
    uint64_t *numbers = gather(g, "row", DTYPE_U64, 0, row, NULL, &(uint64_t){0});
    for (uint64_t i = 0; i < g->m; i++)
        if (g->picks[i] >= n_old)
            numbers[i] = rowno[i];
    if (run > 0 || runs != NULL) {
        uint32_t *came = gather(g, "run", DTYPE_U32, 0, runs, NULL, &first);
        for (uint64_t i = 0; i < g->m; i++)
            if (g->picks[i] >= n_old)
                came[i] = run;
    }
    if (kept != NULL) {
        uint64_t *keys = gather(g, "key", DTYPE_U64, 0, NULL, NULL, &(uint64_t){0});
        double *stands = gather(g, "stands", DTYPE_F64, 0, NULL, NULL, &(double){0});
        for (uint64_t i = 0; i < g->m; i++) {
            keys[i] = kept[i].key;
            stands[i] = kept[i].stands;
        }
    }
    put_digests(model);
    arena_free(&scratch);
}

/* ---- choosing ---- */

struct balance_row *
memory_describe(const struct model *model, uint64_t n_old, uint64_t seen, uint64_t seed, struct arena *arena)
{
    const uint64_t *keys = find_data(model, "key", DTYPE_U64, n_old, 1);
    const double *stands = find_data(model, "stands", DTYPE_F64, n_old, 1);
    const uint32_t *runs = find_data(model, "run", DTYPE_U32, n_old, 1), *codes = NULL;
    if (model->schema.task == TASK_CLASS)
        codes = find_data(model, "y", DTYPE_U32, n_old, 1);
    struct balance_row *rows = arena_array(arena, n_old, sizeof *rows);
    for (uint64_t i = 0; i < n_old; i++)
        rows[i] = (struct balance_row){
            .key = keys != NULL ? keys[i] : balance_key(seed, i, n_old, seen),
            .stands = stands != NULL ? stands[i] : (double) seen / (double) n_old,
            .run = runs != NULL ? runs[i] : 0,
            .class = codes != NULL ? codes[i] - 1 : 0,
        };
    return rows;
}

/* Classes from 0 of the rows of a dataset; NULL for numbers. */
static const uint32_t *
classes_of(const struct model *model, const struct rowset *rows, struct arena *arena)
{
    if (model->schema.task != TASK_CLASS || rows->label != NULL)
        return rows->label;
    uint32_t *classes = arena_array(arena, rows->n, sizeof *classes);
    for (uint64_t i = 0; i < rows->n; i++)
        classes[i] = rows->y[i] > 0.5f;
    return classes;
}

static void
put_map(struct model *model, uint64_t capacity, uint64_t seen)
{
    model->memory = value_map(&model->arena);
    value_set(&model->arena, model->memory, "capacity", value_uint(&model->arena, capacity));
    value_set(&model->arena, model->memory, "rows_seen", value_uint(&model->arena, seen));
}

uint64_t
memory_keep(struct model *model, const struct dataset *dataset, uint64_t n_train, const struct memory_options *options)
{
    const struct rowset rows = dataset_rows(dataset, 0, n_train);
    struct arena scratch = {0};
    uint64_t seen, n_old = old_rows(model, dataset->t, &seen);
    const uint64_t most = n_old + n_train < options->capacity ? n_old + n_train : options->capacity;
    struct gathering g = {.model = model, .n_old = n_old};
    uint64_t *picks = arena_array(&scratch, most, sizeof *picks);
    struct balance_row *kept = NULL;
    /* A uniform sample is one still when nothing was lost of it but by chance. */
    const bool whole = n_old == seen || n_old >= options->capacity;
    if (options->by == BALANCE_ROWS && whole && find_data(model, "key", DTYPE_U64, n_old, 1) == NULL) {
        g.m = reservoir_choose(options->seed, most, seen, n_old, n_train, picks);
    } else {
        const struct balance_row *old = memory_describe(model, n_old, seen, options->seed, &scratch);
        kept = arena_array(&scratch, most, sizeof *kept);
        g.m = balance_choose(options->by, options->seed, most, seen, memory_run(model), old, n_old,
                             classes_of(model, &rows, &scratch), n_train, picks, kept);
    }
    g.picks = picks;
    if (g.m == 0) {
        model_strip(model, TENSOR_MEMORY);
    } else {
        uint64_t *rowno = arena_array(&scratch, g.m, sizeof *rowno);
        number_records(&g, dataset, rowno);
        gather_all(&g, &rows, rows.y, dataset->t, kept, rowno);
    }
    put_map(model, options->capacity, seen + n_train);
    arena_free(&scratch);
    return g.m;
}

void
memory_drop(struct model *model, const uint8_t *drop)
{
    struct arena scratch = {0};
    const uint32_t t = model->schema.n_y;
    uint64_t seen, capacity = 0, n_old = old_rows(model, t, &seen);
    uint64_t *picks = arena_array(&scratch, n_old, sizeof *picks);
    struct gathering g = {.model = model, .n_old = n_old, .picks = picks};
    bool any = false;
    for (uint64_t i = 0; i < memory_size(model); i++)
        any |= drop[i] != 0;
    for (uint64_t i = 0; i < n_old; i++)
        if (!drop[i])
            picks[g.m++] = i;
    if (any && n_old == 0) { /* not as this program keeps rows: nobody can tell what belongs together */
        model_strip(model, TENSOR_MEMORY);
        put_map(model, 0, 0);
    }
    if (!any || n_old == 0) {
        arena_free(&scratch);
        return;
    }
    value_get_u64(model->memory, "capacity", &capacity);
    const bool balanced = find_data(model, "key", DTYPE_U64, n_old, 1) != NULL;
    const struct balance_row *old = memory_describe(model, n_old, seen, 0, &scratch);
    struct balance_row *kept = arena_array(&scratch, g.m, sizeof *kept);
    for (uint64_t i = 0; i < g.m; i++)
        kept[i] = old[picks[i]];
    if (g.m == 0)
        model_strip(model, TENSOR_MEMORY);
    else
        gather_all(&g, &(struct rowset){.n = 0}, NULL, t, balanced ? kept : NULL, NULL);
    put_map(model, capacity, seen);
    arena_free(&scratch);
}

/* ---- growth ---- */

void
memory_widen(struct model *model)
{
    const struct network *network = &model->network;
    const struct tensor *x = model_find(model, TENSOR_MEMORY, "memory.x"),
                        *c = model_find(model, TENSOR_MEMORY, "memory.c");
    const uint64_t m = memory_size(model);
    const uint32_t d = network->n_x, k = network->n_c;
    const uint64_t had_d = x != NULL ? x->shape[1] : 0, had_k = c != NULL ? c->shape[1] : 0;
    struct arena scratch = {0};
    if (m == 0 || (had_d == d && had_k == k))
        return;
    if (had_d < d) {
        const float *from = x != NULL ? x->data : NULL, *image = memory_images(&model->schema, false, &scratch);
        const uint8_t *lacked = find_data(model, "missing", DTYPE_U8, m, had_d);
        float *to = arena_aligned(&model->arena, m * d * sizeof *to); // [m, d]
        uint8_t *lacks = arena_aligned(&model->arena, m * d);         // [m, d]
        for (uint64_t i = 0; i < m; i++)
            for (uint32_t j = 0; j < d; j++) {
                to[i * d + j] = j < had_d ? from[i * had_d + j] : image[j];
                lacks[i * d + j] = j >= had_d || (lacked != NULL && lacked[i * had_d + j]);
            }
        model_put(model, TENSOR_MEMORY, "memory.x", DTYPE_F32, 2, (const uint64_t[]){m, d}, to);
        model_put(model, TENSOR_MEMORY, "memory.missing", DTYPE_U8, 2, (const uint64_t[]){m, d}, lacks);
    }
    if (had_k < k) {
        const uint32_t *from = c != NULL ? c->data : NULL;
        uint32_t *to = arena_aligned(&model->arena, m * k * sizeof *to); // [m, k]
        for (uint64_t i = 0; i < m; i++)
            for (uint32_t j = 0; j < k; j++)
                to[i * k + j] = j < had_k ? from[i * had_k + j] : 0;
        model_put(model, TENSOR_MEMORY, "memory.c", DTYPE_U32, 2, (const uint64_t[]){m, k}, to);
    }
    put_digests(model);
    arena_free(&scratch);
}

/* ---- outputs ---- */

float *
memory_pad(const float *stored, uint64_t n, uint64_t had, uint32_t o, bool classes, struct arena *arena)
{
    float *soft = arena_array(arena, n * o, sizeof *soft); // [n, o]
    for (uint64_t i = 0; i < n; i++)
        for (uint32_t j = 0; j < o; j++) {
            if (classes && had == 1 && o > 1)
                soft[i * o + j] = j > 1 ? NAN : j == 1 ? stored[i] / 2 : -stored[i] / 2;
            else
                soft[i * o + j] = j < had ? stored[i * had + j] : NAN;
        }
    return soft;
}

int
memory_outputs(struct model *model, bool make, const struct engine *engine, unsigned threads, struct error *error)
{
    enum { ROWS = 256 };
    const struct network *network = &model->network;
    const uint32_t o = network_outputs(network);
    const uint64_t m = memory_size(model);
    const struct tensor *stored = model_find(model, TENSOR_MEMORY, "memory.soft");
    const struct engine_options options = {.threads = threads, .max_rows = ROWS};
    struct engine_state *state = NULL;
    if (m == 0 || (stored == NULL && !make))
        return 0;
    const uint64_t had = stored != NULL ? stored->shape[1] : 0;
    const float *old = stored != NULL ? stored->data : NULL;
    float *padded = memory_pad(old, m, had, o, model->schema.task == TASK_CLASS, &model->arena);
    float *z = mem_array((size_t) ROWS * o, sizeof *z); // [ROWS, o]
    const struct rowset rows = {
        .n = m,
        .x = find_data(model, "x", DTYPE_F32, m, network->n_x),
        .c = find_data(model, "c", DTYPE_U32, m, network->n_c),
    };
    int status = engine->open(&state, network, &options, error);
    for (uint64_t first = 0; first < m && status == 0; first += ROWS) {
        const uint64_t n = m - first < ROWS ? m - first : ROWS;
        status = engine->forward(state, &rows, first, n, z, error);
        for (uint64_t i = 0; i < n * o && status == 0; i++)
            if (isnan(padded[first * o + i]) && isfinite(z[i])) /* what is infinite is no target */
                padded[first * o + i] = z[i];
    }
    if (state != NULL)
        engine->close(state);
    free(z);
    if (status == 0)
        model_put(model, TENSOR_MEMORY, "memory.soft", DTYPE_F32, 2, (const uint64_t[]){m, o}, padded);
    return status;
}

float *
memory_weights(const struct model *model, struct arena *arena)
{
    const uint64_t m = memory_size(model);
    const float *w = find_data(model, "w", DTYPE_F32, m, 1);
    const double *stands = find_data(model, "stands", DTYPE_F64, m, 1);
    double sum = 0;
    if (w == NULL && stands == NULL)
        return NULL;
    double *exact = arena_array(arena, m, sizeof *exact);
    float *weights = arena_array(arena, m, sizeof *weights);
    for (uint64_t i = 0; i < m; i++) {
        exact[i] = (w != NULL ? (double) w[i] : 1) * (stands != NULL ? stands[i] : 1);
        sum += exact[i];
    }
    if (!(sum > 0))
        return NULL;
    for (uint64_t i = 0; i < m; i++)
        weights[i] = (float) (exact[i] * (double) m / sum);
    return weights;
}
