#include "summary.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checkpoint.h"
#include "render.h"

/* Aligned columns of text */

struct grid {
    struct arena arena;
    char **cells; /* row by row */
    size_t n, cap;
    unsigned columns;
    unsigned right; /* bit j: column j is aligned to the right */
};

static void
grid_add(struct grid *grid, const char *cell)
{
    mem_grow(&grid->cells, &grid->cap, grid->n + 1, sizeof *grid->cells);
    grid->cells[grid->n++] = arena_strdup(&grid->arena, cell);
}

static void grid_printf(struct grid *grid, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void
grid_printf(struct grid *grid, const char *format, ...)
{
    char cell[256];
    va_list args;
    va_start(args, format);
    vsnprintf(cell, sizeof cell, format, args);
    va_end(args);
    grid_add(grid, cell);
}

static void
grid_quoted(struct grid *grid, const char *s)
{
    char quoted[256];
    grid_add(grid, error_quote(quoted, sizeof quoted, s, strlen(s), 60));
}

/* Characters of a UTF-8 string: close enough to its width. */
static size_t
width_of(const char *s)
{
    size_t n = 0;
    for (; *s != '\0'; s++)
        n += ((unsigned char) *s & 0xc0) != 0x80;
    return n;
}

static void
pad(struct text *text, size_t n)
{
    while (n-- > 0)
        text_add(text, " ", 1);
}

static void
grid_print(struct grid *grid, struct text *text)
{
    size_t *widths = mem_zalloc(grid->columns, sizeof *widths);
    for (size_t i = 0; i < grid->n; i++) {
        size_t width = width_of(grid->cells[i]), *widest = &widths[i % grid->columns];
        *widest = width > *widest ? width : *widest;
    }
    for (size_t i = 0; i < grid->n; i++) {
        unsigned j = (unsigned) (i % grid->columns);
        size_t gap = widths[j] - width_of(grid->cells[i]);
        bool right = grid->right >> j & 1, last = j + 1 == grid->columns;
        pad(text, right ? gap : 0);
        text_add(text, grid->cells[i], strlen(grid->cells[i]));
        pad(text, last ? 0 : (right ? 0 : gap) + 2);
        if (!last)
            continue;
        while (text->n > 0 && text->bytes[text->n - 1] == ' ')
            text->bytes[--text->n] = '\0';
        text_add(text, "\n", 1);
    }
    free(widths);
    free(grid->cells);
    arena_free(&grid->arena);
}

static void
put_transforms(const struct schema *schema, struct text *text)
{
    for (uint32_t i = 0; i < schema->n_transforms; i++) {
        const struct transform *transform = &schema->transforms[i];
        char method[64], impute[64], label[64];
        text_printf(text, "transform    %s of %" PRIu32 " columns, missing: %s; label: %s\n",
                    error_quote(method, sizeof method, transform->method, strlen(transform->method), 20), transform->n,
                    error_quote(impute, sizeof impute, transform->impute, strlen(transform->impute), 20),
                    error_quote(label, sizeof label, transform->label_method, strlen(transform->label_method), 20));
    }
}

/* Streams */

struct column_stats {
    uint64_t count, missing;
    double sum, min, max;
    int64_t first_time, last_time;
};

struct stream_summary {
    const struct schema *schema;
    struct column_stats *stats; /* [n_columns] */
    uint64_t rows, tags[SPLIT_TEST + 1];
};

struct stream_summary *
stream_summary_open(const struct schema *schema)
{
    struct stream_summary *summary = mem_zalloc(1, sizeof *summary);
    summary->schema = schema;
    summary->stats = mem_zalloc(schema->n_columns, sizeof *summary->stats);
    for (uint32_t i = 0; i < schema->n_columns; i++) {
        summary->stats[i].min = INFINITY;
        summary->stats[i].max = -INFINITY;
        summary->stats[i].first_time = INT64_MAX;
        summary->stats[i].last_time = INT64_MIN;
    }
    return summary;
}

static void
count_numbers(struct column_stats *stats, const float *numbers, size_t stride, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++) {
        double number = (double) numbers[i * stride];
        if (isnan(number)) {
            stats->missing++;
            continue;
        }
        stats->count++;
        stats->sum += number;
        stats->min = number < stats->min ? number : stats->min;
        stats->max = number > stats->max ? number : stats->max;
    }
}

static void
count_codes(struct column_stats *stats, const uint32_t *codes, size_t stride, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++)
        *(codes[i * stride] == 0 ? &stats->missing : &stats->count) += 1;
}

static void
count_times(struct column_stats *stats, const int64_t *times, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++) {
        if (times[i] == INT64_MIN) {
            stats->missing++;
            continue;
        }
        stats->count++;
        stats->first_time = times[i] < stats->first_time ? times[i] : stats->first_time;
        stats->last_time = times[i] > stats->last_time ? times[i] : stats->last_time;
    }
}

static void
count_text(struct column_stats *stats, const struct text_cells *text, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++)
        *(text->at[i + 1] == text->at[i] ? &stats->missing : &stats->count) += 1;
}

void
stream_summary_rows(struct stream_summary *summary, const struct batch *batch)
{
    const struct schema *schema = summary->schema;
    uint32_t x = 0, c = 0, y = 0, text = 0;
    uint64_t n = batch->n;
    for (uint32_t i = 0; i < schema->n_columns; i++) {
        const struct column *column = &schema->columns[i];
        struct column_stats *stats = &summary->stats[i];
        if (column_is_text(column))
            count_text(stats, &batch->text[text++], n);
        else if (column->role == ROLE_FEATURE && column->type == COLUMN_NUM)
            count_numbers(stats, batch->x + x++, schema->n_x, n);
        else if (column->role == ROLE_FEATURE)
            count_codes(stats, batch->c + c++, schema->n_c, n);
        else if (column->role == ROLE_LABEL && batch->label != NULL)
            count_codes(stats, batch->label + y++, schema->n_y, n);
        else if (column->role == ROLE_LABEL)
            count_numbers(stats, batch->y + y++, schema->n_y, n);
        else if (column->role == ROLE_WEIGHT)
            count_numbers(stats, batch->w, 1, n);
        else if (column->role == ROLE_TIME)
            count_times(stats, batch->time, n);
        else
            stats->count += n;
    }
    for (uint64_t i = 0; i < n; i++)
        summary->tags[batch->split == NULL ? SPLIT_NONE : batch->split[i]]++;
    summary->rows += n;
}

static void
add_stats(struct grid *grid, const struct column *column, const struct column_stats *stats)
{
    char low[40], high[40];
    grid_quoted(grid, column->name);
    grid_add(grid, column_type_name(column->type));
    grid_add(grid, column_role_name(column->role));
    grid_printf(grid, "%" PRIu64, stats->count);
    grid_printf(grid, "%" PRIu64, stats->missing);
    if (stats->min <= stats->max) {
        format_float(low, (float) stats->min);
        format_float(high, (float) stats->max);
        grid_add(grid, low);
        grid_printf(grid, "%.6g", stats->sum / (double) stats->count);
        grid_add(grid, high);
    } else if (stats->first_time <= stats->last_time) {
        format_time(low, stats->first_time);
        format_time(high, stats->last_time);
        grid_add(grid, low);
        grid_add(grid, "");
        grid_add(grid, high);
    } else {
        for (int i = 0; i < 3; i++)
            grid_add(grid, "");
    }
    if (column_has_dict(column))
        grid_printf(grid, "%" PRIu32, column->dict.n);
    else
        grid_add(grid, "");
}

void
stream_summary_close(struct stream_summary *summary, const char *digest, struct text *text)
{
    const struct schema *schema = summary->schema;
    const uint64_t *tags = summary->tags;
    text_printf(text, "data stream\nrows         %" PRIu64 "\n", summary->rows);
    if (tags[SPLIT_NONE] < summary->rows) {
        text_printf(text, "split        train %" PRIu64 ", valid %" PRIu64 ", test %" PRIu64, tags[SPLIT_TRAIN],
                    tags[SPLIT_VALID], tags[SPLIT_TEST]);
        if (tags[SPLIT_NONE] > 0)
            text_printf(text, ", none %" PRIu64, tags[SPLIT_NONE]);
        text_add(text, "\n", 1);
    }
    text_printf(text, "task         %s\n", task_name(schema->task));
    if (schema->model[0] != '\0')
        text_printf(text, "model        %s (read by its columns)\n", schema->model);
    put_transforms(schema, text);
    text_printf(text, "digest       %s\n\n", digest);

    static const char *const heads[] = {"column", "type", "role", "count",     "missing",
                                        "min",    "mean", "max",  "categories"};
    struct grid grid = {.columns = sizeof heads / sizeof *heads, .right = 0x1f8};
    for (unsigned i = 0; i < grid.columns; i++)
        grid_add(&grid, heads[i]);
    for (uint32_t i = 0; i < schema->n_columns; i++)
        add_stats(&grid, &schema->columns[i], &summary->stats[i]);
    grid_print(&grid, text);
    free(summary->stats);
    free(summary);
}

/* Checkpoints */

static uint64_t
waiting_rows(const struct model *model, const char *name)
{
    const struct tensor *w = model_find(model, TENSOR_RESUME, name);
    return w == NULL || w->rank == 0 ? 0 : w->shape[0];
}

static void
put_memory(const struct model *model, struct text *text)
{
    const struct tensor *y = model_find(model, TENSOR_MEMORY, "memory.y");
    uint64_t rows = y == NULL || y->rank == 0 ? 0 : y->shape[0], seen = 0;
    text_printf(text, "memory       keeps %" PRIu64 " rows of its training data", rows);
    if (value_get_u64(model->memory, "rows_seen", &seen) && rows > 0)
        text_printf(text, ", of %" PRIu64 " seen", seen);
    text_printf(text, "%s\n", rows > 0 ? " (--memory lists them, --strip memory removes them)" : "");
    const uint64_t waiting = waiting_rows(model, "online.w") + waiting_rows(model, "late.w");
    if (waiting > 0)
        text_printf(text,
                    "             %" PRIu64 " rows of a stream wait for their update or label (--strip memory removes "
                    "them too)\n",
                    waiting);
}

static void
put_network(const struct model *model, struct text *text)
{
    const struct network *network = &model->network;
    text_printf(text, "network      %" PRIu32 " numeric", network->n_x);
    if (network->softclip > 0)
        text_printf(text, " softclip %g", (double) network->softclip);
    if (network->n_bins > 0)
        text_printf(text, " ple (%" PRIu32 " bins)", network->n_bins);
    if (network->dropout > 0)
        text_printf(text, " dropout %g", (double) network->dropout);
    text_printf(text, ", %" PRIu32 " categorical", network->n_c);
    for (uint32_t l = 0; l < network->n_layers; l++) {
        const struct layer *layer = &network->layers[l];
        text_printf(text, " -> %" PRIu32, layer->n_out);
        if (layer->norm == NORM_LAYER)
            text_printf(text, " layernorm");
        if (layer->activation != ACT_NONE)
            text_printf(text, " %s", activation_name(layer->activation));
        if (layer->dropout > 0)
            text_printf(text, " (dropout %g)", (double) layer->dropout);
        if (layer->skip >= 0)
            text_printf(text, " + %s", network->layers[layer->skip].name);
        if (layer->frozen)
            text_printf(text, " (frozen)");
    }
    text_printf(text, "\nparameters   %" PRIu64 "\n", network_size(network));
}

static void
put_quoted(struct text *text, const char *s, size_t n)
{
    char quoted[256];
    error_quote(quoted, sizeof quoted, s, n, 60);
    text_add(text, quoted, strlen(quoted));
}

static void
put_labels(const struct model *model, struct text *text)
{
    enum { SHOWN = 20 };
    const struct schema *schema = &model->schema;
    text_printf(text, "task         %s, loss %s", task_name(schema->task), loss_name(model->loss));
    for (uint32_t q = 0; q < model->n_quantiles; q++)
        text_printf(text, "%s%g", q == 0 ? " of " : ", ", model->quantiles[q]);
    text_add(text, "\n", 1);
    text_printf(text, "label        ");
    for (uint32_t t = 0; t < schema->n_y; t++) {
        text_add(text, ", ", t > 0 ? 2 : 0);
        put_quoted(text, schema_y(schema, t)->name, strlen(schema_y(schema, t)->name));
    }
    text_add(text, "\n", 1);
    if (schema->task != TASK_CLASS)
        return;
    const struct dict *dict = &schema_y(schema, 0)->dict;
    text_printf(text, "classes      %" PRIu32 ": ", dict->n);
    for (uint32_t i = 0; i < dict->n && i < SHOWN; i++) {
        text_add(text, ", ", i > 0 ? 2 : 0);
        put_quoted(text, dict->values[i], dict->lengths[i]);
    }
    text_printf(text, "%s\n", dict->n > SHOWN ? ", ..." : "");
}

/* "title        key value" lines of a map. */
static void
put_map(struct text *text, const char *title, const struct value *map)
{
    for (size_t i = 0; map != NULL && i < map->n; i++) {
        text_printf(text, "%-12s ", i == 0 ? title : "");
        put_quoted(text, map->items[2 * i]->bytes, map->items[2 * i]->n);
        text_add(text, " ", 1);
        if (map->items[2 * i + 1]->kind == VALUE_STRING)
            put_quoted(text, map->items[2 * i + 1]->bytes, map->items[2 * i + 1]->n);
        else
            json_value(text, map->items[2 * i + 1], false);
        text_add(text, "\n", 1);
    }
}

/* Cells for missing, min and max of what was seen in training. */
static void
add_seen(struct grid *grid, const struct profile_column *seen)
{
    const double bounds[] = {seen != NULL ? seen->low : NAN, seen != NULL ? seen->high : NAN};
    if (seen != NULL)
        grid_printf(grid, "%" PRIu64, seen->missing);
    else
        grid_add(grid, "");
    for (int i = 0; i < 2; i++) {
        char digits[32] = "";
        if (!isnan(bounds[i]))
            digits[format_float(digits, (float) bounds[i])] = '\0';
        grid_add(grid, digits);
    }
}

static void
put_features(const struct schema *schema, struct text *text)
{
    const struct profile *profile = schema->profile;
    static const char *const heads[] = {"column", "type", "role", "categories"};
    static const char *const seen_heads[] = {"column", "type", "role", "missing", "min", "max", "categories"};
    struct grid grid = {.columns = profile != NULL ? 7 : 4, .right = 0x78};
    struct dict places = {0};
    if (profile != NULL)
        profile_index(profile, &places);
    for (unsigned i = 0; i < grid.columns; i++)
        grid_add(&grid, profile != NULL ? seen_heads[i] : heads[i]);
    for (uint32_t i = 0; i < schema->n_columns; i++) {
        const struct column *column = &schema->columns[i];
        uint32_t place = column->role == ROLE_FEATURE ? dict_find(&places, column->name, strlen(column->name)) : 0;
        grid_quoted(&grid, column->name);
        grid_add(&grid, column_type_name(column->type));
        grid_add(&grid, column_role_name(column->role));
        if (profile != NULL)
            add_seen(&grid, place > 0 ? &profile->columns[place - 1] : NULL);
        if (column_has_dict(column))
            grid_printf(&grid, "%" PRIu32, column->dict.n);
        else
            grid_add(&grid, "");
    }
    grid_print(&grid, text);
    dict_free(&places);
}

void
model_summary(const struct model *model, struct text *text)
{
    uint64_t count[TENSOR_ROLE_COUNT] = {0};
    text_printf(text, "checkpoint\n");
    put_memory(model, text);
    put_network(model, text);
    put_labels(model, text);
    put_transforms(&model->schema, text);
    if (model->schema.profile != NULL)
        text_printf(text, "profile      of %" PRIu64 " rows: missing, min and max below\n",
                    model->schema.profile->rows);
    put_map(text, "optimiser", model->optimiser);
    put_map(text, "training", model->training);
    for (size_t i = 0; model->lineage != NULL && i < model->lineage->n; i++) {
        text_printf(text, "%-12s ", i == 0 ? "lineage" : "");
        json_value(text, model->lineage->items[i], false);
        text_add(text, "\n", 1);
    }
    for (uint32_t i = 0; i < model->n_tensors; i++)
        count[model->tensors[i].role]++;
    text_printf(text, "tensors      weight %" PRIu32, model->network.n_params);
    for (int role = TENSOR_WEIGHT + 1; role < TENSOR_ROLE_COUNT; role++)
        if (count[role] > 0)
            text_printf(text, ", %s %" PRIu64, tensor_role_name((enum tensor_role) role), count[role]);
    text_printf(text, "\nnumerics     %" PRIu32 "\ndigest       %s\n\n", model->numerics, model->digest);
    put_features(&model->schema, text);
}

/* Tensors */

static void
begin_tensors(struct grid *grid)
{
    const char *const heads[] = {"role", "name", "dtype", "shape", "bytes"};
    *grid = (struct grid){.columns = 5, .right = 1 << 4};
    for (unsigned i = 0; i < grid->columns; i++)
        grid_add(grid, heads[i]);
}

static void
add_tensor(struct grid *grid, const char *role, const char *name, enum dtype dtype, const uint64_t *shape,
           unsigned rank)
{
    char dims[TENSOR_MAX_RANK * 24] = "";
    size_t n = 0;
    uint64_t bytes = dtype_size(dtype);
    for (unsigned i = 0; i < rank; i++) {
        n += (size_t) snprintf(dims + n, sizeof dims - n, "%s%" PRIu64, i > 0 ? ", " : "", shape[i]);
        bytes *= shape[i];
    }
    grid_quoted(grid, role);
    grid_quoted(grid, name);
    grid_add(grid, dtype_name(dtype));
    grid_printf(grid, "[%s]", dims);
    grid_printf(grid, "%" PRIu64, bytes);
}

void
model_tensors(const struct model *model, struct text *text)
{
    struct grid grid;
    begin_tensors(&grid);
    for (uint32_t p = 0; p < model->network.n_params; p++) {
        const struct param *param = &model->network.params[p];
        add_tensor(&grid, tensor_role_name(TENSOR_WEIGHT), param->name, DTYPE_F32,
                   (const uint64_t[]){param->rows, param->cols}, 2);
    }
    for (uint32_t i = 0; i < model->n_tensors; i++) {
        const struct tensor *tensor = &model->tensors[i].tensor;
        add_tensor(&grid, model->tensors[i].role_name, tensor->name, tensor->dtype, tensor->shape, tensor->rank);
    }
    grid_print(&grid, text);
}

static struct value *
tensor_value(struct arena *arena, const char *role, const char *name, enum dtype dtype, const uint64_t *shape,
             unsigned rank)
{
    struct value *map = value_map(arena), *dims = value_array(arena);
    for (unsigned i = 0; i < rank; i++)
        value_push(arena, dims, value_uint(arena, shape[i]));
    value_set(arena, map, "role", value_string(arena, role));
    value_set(arena, map, "name", value_string(arena, name));
    value_set(arena, map, "dtype", value_string(arena, dtype_name(dtype)));
    value_set(arena, map, "shape", dims);
    return map;
}

void
model_json(const struct model *model, struct text *text)
{
    struct arena arena = {0};
    struct value *whole = value_map(&arena), *dicts = value_array(&arena), *tensors = value_array(&arena);
    for (uint32_t i = 0; i < model->schema.n_columns; i++) {
        const struct column *column = &model->schema.columns[i];
        if (!column_has_dict(column))
            continue;
        struct value *map = value_map(&arena), *values = value_array(&arena);
        for (uint32_t j = 0; j < column->dict.n; j++)
            value_push(&arena, values, value_string_n(&arena, column->dict.values[j], column->dict.lengths[j]));
        value_set(&arena, map, "column", value_string(&arena, column->name));
        value_set(&arena, map, "values", values);
        value_push(&arena, dicts, map);
    }
    for (uint32_t p = 0; p < model->network.n_params; p++) {
        const struct param *param = &model->network.params[p];
        value_push(&arena, tensors,
                   tensor_value(&arena, tensor_role_name(TENSOR_WEIGHT), param->name, DTYPE_F32,
                                (const uint64_t[]){param->rows, param->cols}, 2));
    }
    for (uint32_t i = 0; i < model->n_tensors; i++) {
        const struct tensor *tensor = &model->tensors[i].tensor;
        value_push(&arena, tensors,
                   tensor_value(&arena, model->tensors[i].role_name, tensor->name, tensor->dtype, tensor->shape,
                                tensor->rank));
    }
    value_set(&arena, whole, "digest", value_string(&arena, model->digest));
    value_set(&arena, whole, "model", model_to_value(model, &arena));
    value_set(&arena, whole, "dictionaries", dicts);
    value_set(&arena, whole, "tensors", tensors);
    json_value(text, whole, true);
    text_add(text, "\n", 1);
    arena_free(&arena);
}
