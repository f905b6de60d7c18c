#include "bind.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "counts.h"

/* Codes of one stream dictionary as the model numbers them; grows with the dictionary. */
struct code_map {
    const struct dict *from; /* the stream's */
    const struct dict *to;   /* the model's */
    uint32_t size;           /* codes the network has, 0 included */
    uint32_t *codes;         /* [n], codes[0] = 0 */
    size_t n, cap;
};

struct binding {
    const struct model *model;
    const struct schema *stream;
    uint32_t *x;           /* [model n_x] index among the stream's numeric features */
    bool x_in_place;       /* x[j] == j for all, and the stream has no more */
    uint32_t *c;           /* [model n_c] index among the stream's categorical features */
    struct code_map *maps; /* [model n_c] */
    bool labels;
    uint32_t *y; /* [model n_y] index among the stream's labels */
    struct code_map classes;
    uint32_t n_done; /* transforms that the stream has already */
};

static uint32_t
map_code(struct code_map *map, uint32_t code)
{
    if (code >= map->n && map->n <= map->from->n) {
        mem_grow(&map->codes, &map->cap, (size_t) map->from->n + 1, sizeof *map->codes);
        for (; map->n <= map->from->n; map->n++) {
            uint32_t to = 0;
            if (map->n > 0)
                to = dict_find(map->to, map->from->values[map->n - 1], map->from->lengths[map->n - 1]);
            map->codes[map->n] = to < map->size ? to : 0;
        }
    }
    return code < map->n ? map->codes[code] : 0;
}

static const char *
type_phrase(const struct column *column)
{
    switch (column->type) {
    case COLUMN_NUM:
        return "numbers";
    case COLUMN_CAT:
        return "categories";
    case COLUMN_TEXT:
        return "text";
    default:
        return "times";
    }
}

/* The stream's column for one of the model's: 0, or -1 when it is missing or of another type or role. */
static int
match_column(const struct schema *stream, const struct column *wanted, uint32_t *index, struct error *error)
{
    char quoted[128];
    error_quote(quoted, sizeof quoted, wanted->name, strlen(wanted->name), 60);
    int found_at = schema_find(stream, wanted->name);
    if (found_at < 0)
        return error_set(error, STATUS_DATA, "the stream has no %s '%s', which the model needs",
                         wanted->role == ROLE_LABEL ? "label column" : "column", quoted);
    const struct column *found = &stream->columns[found_at];
    if (found->role != wanted->role)
        return error_set(error, STATUS_DATA,
                         "column '%s' has the role %s in the stream and %s in the model (read the data with "
                         "cl-ingest -m MODEL)",
                         quoted, column_role_name(found->role), column_role_name(wanted->role));
    if (found->type != wanted->type)
        return error_set(error, STATUS_DATA,
                         "column '%s' holds %s in the stream and %s in the model (read the data with "
                         "cl-ingest -m MODEL)",
                         quoted, type_phrase(found), type_phrase(wanted));
    *index = (uint32_t) found_at;
    return 0;
}

/* ordinals[i]: the place of column i among the columns that share its tensor. */
static uint32_t *
count_ordinals(const struct schema *schema, uint32_t n[3])
{
    uint32_t *ordinals = mem_array(schema->n_columns, sizeof *ordinals);
    n[0] = n[1] = n[2] = 0;
    for (uint32_t i = 0; i < schema->n_columns; i++) {
        const struct column *column = &schema->columns[i];
        if (column->role == ROLE_LABEL)
            ordinals[i] = n[2]++;
        else if (column->role == ROLE_FEATURE && column->type == COLUMN_NUM)
            ordinals[i] = n[0]++;
        else if (column->role == ROLE_FEATURE && column->type == COLUMN_CAT)
            ordinals[i] = n[1]++;
        else
            ordinals[i] = 0;
    }
    return ordinals;
}

static int
bind_labels(struct binding *binding, const uint32_t *ordinals, struct error *error)
{
    const struct schema *model = &binding->model->schema, *stream = binding->stream;
    uint32_t t = 0, index;
    for (uint32_t i = 0; i < model->n_columns; i++) {
        if (model->columns[i].role != ROLE_LABEL)
            continue;
        if (match_column(stream, &model->columns[i], &index, error) < 0)
            return -1;
        if (model->task == TASK_CLASS && t == 0)
            binding->classes = (struct code_map){.from = &stream->columns[index].dict,
                                                 .to = &model->columns[i].dict,
                                                 .size = model->columns[i].dict.n + 1};
        binding->y[t++] = ordinals[index];
    }
    if (stream->task != model->task)
        return error_set(error, STATUS_DATA,
                         "the stream's labels are for the task %s, the model's for %s (read the data with "
                         "cl-ingest -m MODEL)",
                         task_name(stream->task), task_name(model->task));
    binding->labels = t > 0;
    return 0;
}

static int
bind_features(struct binding *binding, const uint32_t *ordinals, struct error *error)
{
    const struct model *model = binding->model;
    uint32_t j = 0, k = 0, index;
    binding->x_in_place = binding->stream->n_x == model->schema.n_x;
    for (uint32_t i = 0; i < model->schema.n_columns; i++) {
        const struct column *column = &model->schema.columns[i];
        bool numeric = column->type == COLUMN_NUM;
        if (column->role != ROLE_FEATURE || (!numeric && column->type != COLUMN_CAT))
            continue;
        if (match_column(binding->stream, column, &index, error) < 0)
            return -1;
        if (numeric) {
            binding->x_in_place &= ordinals[index] == j;
            binding->x[j++] = ordinals[index];
        } else {
            binding->c[k] = ordinals[index];
            binding->maps[k] = (struct code_map){
                .from = &binding->stream->columns[index].dict, .to = &column->dict, .size = model->network.c_sizes[k]};
            k++;
        }
    }
    return 0;
}

int
bind_open(struct binding **result, const struct model *model, const struct schema *stream, bool labels,
          struct error *error)
{
    struct binding *binding = mem_zalloc(1, sizeof *binding);
    uint32_t n[3], *ordinals = count_ordinals(stream, n);
    int status = -1;
    *result = NULL;
    *binding = (struct binding){
        .model = model,
        .stream = stream,
        .x = mem_array(model->schema.n_x, sizeof *binding->x),
        .c = mem_array(model->schema.n_c, sizeof *binding->c),
        .maps = mem_zalloc(model->schema.n_c, sizeof *binding->maps),
        .y = mem_zalloc(model->schema.n_y, sizeof *binding->y),
    };
    int done = transform_prefix(stream->transforms, stream->n_transforms, model->schema.transforms,
                                model->schema.n_transforms, error);
    if (done < 0)
        goto out;
    binding->n_done = (uint32_t) done;
    for (uint32_t i = 0; i < model->schema.n_transforms; i++)
        if (transform_fits(&model->schema.transforms[i], &model->schema, error) < 0) {
            error_prefix(error, "the model");
            goto out;
        }
    if (bind_features(binding, ordinals, error) < 0)
        goto out;
    struct error mismatch;
    if (bind_labels(binding, ordinals, &mismatch) < 0 && labels) {
        *error = mismatch;
        goto out;
    }
    *result = binding;
    status = 0;
out:
    if (status < 0)
        bind_close(binding);
    free(ordinals);
    return status;
}

bool
bind_has_labels(const struct binding *binding)
{
    return binding->labels;
}

void
bind_forget_labels(struct binding *binding)
{
    binding->labels = false;
}

/* x of the batch in the model's column order, transformed; borrowed where nothing has to change. */
static const float *
bind_x(struct binding *binding, const struct batch *batch)
{
    const struct schema *model = &binding->model->schema;
    uint32_t d = model->n_x, from_d = binding->stream->n_x;
    if (d == 0)
        return NULL;
    if (binding->x_in_place && binding->n_done == model->n_transforms)
        return batch->x;
    float *x = arena_aligned(batch->arena, batch->n * d * sizeof *x);
    if (binding->x_in_place)
        memcpy(x, batch->x, batch->n * d * sizeof *x);
    else
        for (uint64_t i = 0; i < batch->n; i++)
            for (uint32_t j = 0; j < d; j++)
                x[i * d + j] = batch->x[i * from_d + binding->x[j]];
    for (uint32_t i = binding->n_done; i < model->n_transforms; i++)
        transform_apply_x(&model->transforms[i], x, batch->n);
    return x;
}

/* Infinities and NaNs have an exponent of all ones, which one more carries into the sign; two numbers at a time. */
static bool
is_finite(const float *x, uint64_t n)
{
    const uint64_t exponents = 0x7f8000007f800000, ones = 0x0080000000800000, signs = 0x8000000080000000;
    uint64_t carried = 0, pair;
    for (; n >= 2; n -= 2, x += 2) {
        memcpy(&pair, x, sizeof pair);
        carried |= (pair & exponents) + ones;
    }
    return (carried & signs) == 0 && (n == 0 || isfinite(x[0]));
}

/* A network makes plausible numbers even of NaN and infinity (relu turns both into 0), so they never reach it. */
static int
all_finite(const struct binding *binding, const struct batch *batch, const float *x, struct error *error)
{
    uint32_t d = binding->model->schema.n_x;
    if (d == 0 || is_finite(x, batch->n * d))
        return 0;
    for (uint64_t i = 0; i < batch->n; i++)
        for (uint32_t j = 0; j < d; j++)
            if (!isfinite(x[i * d + j])) {
                const char *name = schema_x(&binding->model->schema, j)->name;
                char quoted[128];
                error_quote(quoted, sizeof quoted, name, strlen(name), 60);
                if (!isnan(x[i * d + j]))
                    return error_set(error, STATUS_DATA,
                                     "record %llu: column '%s' is infinite, or becomes so by the model's scale",
                                     (unsigned long long) batch_rowno(batch, i) + 1, quoted);
                return error_set(error, STATUS_DATA,
                                 "record %llu: column '%s' is missing, and the model does not say what to put there "
                                 "(train it behind cl-scale, which records a fill)",
                                 (unsigned long long) batch_rowno(batch, i) + 1, quoted);
            }
    return 0;
}

static const uint32_t *
bind_c(struct binding *binding, const struct batch *batch)
{
    uint32_t k_model = binding->model->schema.n_c, k_stream = binding->stream->n_c;
    if (k_model == 0)
        return NULL;
    uint32_t *c = arena_aligned(batch->arena, batch->n * k_model * sizeof *c);
    for (uint64_t i = 0; i < batch->n; i++)
        for (uint32_t k = 0; k < k_model; k++)
            c[i * k_model + k] = map_code(&binding->maps[k], batch->c[i * k_stream + binding->c[k]]);
    return c;
}

static void
bind_classes(struct binding *binding, const struct batch *batch, struct rowset *rows)
{
    uint32_t *label = arena_array(batch->arena, batch->n, sizeof *label);
    uint32_t t = binding->stream->n_y, at = binding->y[0];
    for (uint64_t i = 0; i < batch->n; i++) {
        uint32_t code = map_code(&binding->classes, batch->label[i * t + at]);
        label[i] = code == 0 ? BIND_UNKNOWN : code - 1;
    }
    rows->label = label;
    if (binding->model->loss != LOSS_BCE)
        return;
    float *y = arena_array(batch->arena, batch->n, sizeof *y);
    for (uint64_t i = 0; i < batch->n; i++)
        y[i] = label[i] == BIND_UNKNOWN ? NAN : label[i] == 1 ? 1.0f : 0.0f;
    rows->y = y;
}

static int
bind_targets(struct binding *binding, const struct batch *batch, struct rowset *rows, struct error *error)
{
    const struct schema *model = &binding->model->schema;
    uint32_t o = model->n_y, t = binding->stream->n_y;
    float *y = arena_array(batch->arena, batch->n * o, sizeof *y);
    for (uint64_t i = 0; i < batch->n; i++)
        for (uint32_t j = 0; j < o; j++)
            y[i * o + j] = batch->y[i * t + binding->y[j]];
    for (uint32_t i = binding->n_done; i < model->n_transforms; i++)
        if (transform_apply_y(&model->transforms[i], y, batch, model, error) < 0)
            return -1;
    if (binding->model->loss == LOSS_POISSON)
        counts_unshift(model->transforms, model->n_transforms, y, batch->n, o);
    rows->y = y;
    return 0;
}

int
bind_rows(struct binding *binding, const struct batch *batch, struct rowset *rows, struct error *error)
{
    *rows = (struct rowset){.n = batch->n, .w = batch->w};
    bool class = binding->model->schema.task == TASK_CLASS;
    const char *lacks = binding->model->schema.n_x > 0 && batch->x == NULL            ? "x"
                        : binding->model->schema.n_c > 0 && batch->c == NULL          ? "c"
                        : !binding->labels                                            ? NULL
                        : (class ? (void *) batch->label : (void *) batch->y) == NULL ? "y"
                                                                                      : NULL;
    if (lacks != NULL)
        return error_set(error, STATUS_DATA, "record %llu: the rows have no tensor '%s'",
                         (unsigned long long) batch_rowno(batch, 0) + 1, lacks);
    rows->x = bind_x(binding, batch);
    rows->c = bind_c(binding, batch);
    if (all_finite(binding, batch, rows->x, error) < 0)
        return -1;
    if (!binding->labels)
        return 0;
    if (!class)
        return bind_targets(binding, batch, rows, error);
    bind_classes(binding, batch, rows);
    return 0;
}

uint32_t
bind_label_code(const struct binding *binding, const struct batch *batch, uint64_t i, const struct dict **names)
{
    *names = binding->classes.from;
    return batch->label == NULL ? 0 : batch->label[i * binding->stream->n_y + binding->y[0]];
}

bool
bind_label_missing(const struct binding *binding, const struct batch *batch, uint64_t i)
{
    const struct dict *names;
    if (binding->model->schema.task == TASK_CLASS)
        return bind_label_code(binding, batch, i, &names) == 0;
    for (uint32_t t = 0; t < binding->model->schema.n_y; t++)
        if (batch->y == NULL || isnan(batch->y[i * binding->stream->n_y + binding->y[t]]))
            return true;
    return false;
}

double
bind_label(const struct binding *binding, const struct batch *batch, uint64_t i, uint32_t t)
{
    const struct schema *model = &binding->model->schema;
    float scaled = batch->y[i * binding->stream->n_y + binding->y[t]];
    if (binding->n_done == 0 || isnan(scaled))
        return (double) scaled;
    double y = transform_invert_label(model->transforms, binding->n_done, t, (double) scaled);
    /* A label that was a whole number comes back as that number, not as one beside it (0 matters to mape). */
    double whole = nearbyint(y) + 0.0; /* no -0 */
    float again = transform_label(model->transforms, binding->n_done, t, (float) whole);
    return again == scaled ? whole : y;
}

void
bind_close(struct binding *binding)
{
    if (binding == NULL)
        return;
    for (uint32_t k = 0; k < binding->model->schema.n_c; k++)
        free(binding->maps[k].codes);
    free(binding->classes.codes);
    free(binding->maps);
    free(binding->x);
    free(binding->c);
    free(binding->y);
    free(binding);
}
