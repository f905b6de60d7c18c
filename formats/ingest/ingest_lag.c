#include "ingest_lag.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ingest_columns.h"
#include "ingest_names.h"
#include "json.h"
#include "memory.h"
#include "options.h"

enum lag_tensor { FROM_NOTHING, FROM_X, FROM_C, FROM_Y, FROM_LABEL };

struct lag {
    enum lag_tensor from; /* FROM_NOTHING: the input has no such label */
    uint32_t place;       /* in the rows of that tensor */
    uint32_t source;      /* columns of the schema */
    uint32_t column;
    uint64_t rows, next; /* [rows] the values that are to come, the next one first; not both of: */
    float *numbers;
    uint32_t *codes;
    uint32_t *map; /* [n_map] codes of the source as the column's dictionary has them, 0 = not yet */
    size_t n_map, cap_map;
};

struct lags {
    struct lag *items;
    size_t n;
    uint32_t n_x, n_c; /* of them */
    uint8_t *x, *c;    /* tensors of a batch */
    size_t cap_x, cap_c;
};

/* ---- what the columns are ---- */

bool
lag_is_made(const struct column *column)
{
    return value_get(column->extra, "lag") != NULL;
}

const char *
lag_check(const struct column *column)
{
    uint64_t rows;
    const bool can = column->role == ROLE_FEATURE && (column->type == COLUMN_NUM || column->type == COLUMN_CAT);
    const struct value *lag = value_get(column->extra, "lag"), *of = value_get(column->extra, "lag_of");
    if (lag != NULL && (!can || of == NULL || !value_get_u64(column->extra, "lag", &rows) || rows < 1 ||
                        rows > LAG_MOST || value_get(column->extra, "of") != NULL))
        return "lag";
    return of != NULL && (lag == NULL || of->kind != VALUE_STRING) ? "lag_of" : NULL;
}

int
lag_names(struct ingest *in, struct error *error)
{
    if (name_list_open(&in->lag, &in->options->lag, false, "--lag", error) < 0)
        return -1;
    for (size_t i = 0; i < in->lag.n; i++) {
        char *colon = strrchr(in->lag.names[i], ':');
        uint64_t rows;
        if (colon == NULL || colon == in->lag.names[i] || !parse_u64(colon + 1, &rows) || rows < 1 || rows > LAG_MOST)
            return error_set(error, STATUS_USAGE, "--lag wants NAME:N between commas, N from 1 to %d, not '%s'",
                             LAG_MOST, in->lag.names[i]);
        in->lag.words[i] = colon + 1;
        *colon = '\0';
    }
    return 0;
}

/* Where the rows have what column `at` of the schema holds. */
static enum lag_tensor
tensor_of(const struct column *column)
{
    if (column->role == ROLE_LABEL)
        return column->type == COLUMN_CAT ? FROM_LABEL : FROM_Y;
    if (column->role == ROLE_FEATURE)
        return column->type == COLUMN_NUM ? FROM_X : column->type == COLUMN_CAT ? FROM_C : FROM_NOTHING;
    return FROM_NOTHING;
}

/* The column `source` (NULL: there is none) so many rows earlier, as the last column of the schema. */
static void
add(struct ingest *in, const char *name, enum column_type type, const struct column *source, const char *of,
    uint64_t rows)
{
    struct schema *schema = &in->schema;
    struct arena *arena = &schema->arena;
    struct lags *lags = in->lags;
    struct lag *lag = &lags->items[lags->n++];
    char shown[96], shown_of[96];
    *lag = (struct lag){.rows = rows, .column = schema->n_columns};
    if (source != NULL) {
        lag->from = tensor_of(source);
        lag->source = (uint32_t) (source - schema->columns);
        for (uint32_t i = 0; i < lag->source; i++)
            lag->place += tensor_of(&schema->columns[i]) == lag->from;
    }
    if (type == COLUMN_NUM) {
        lags->n_x++;
        lag->numbers = mem_array(rows, sizeof *lag->numbers);
        for (uint64_t i = 0; i < rows; i++)
            lag->numbers[i] = NAN;
    } else {
        lags->n_c++;
        lag->codes = mem_zalloc(rows, sizeof *lag->codes);
    }
    struct column *column = &schema->columns[schema->n_columns++];
    *column = (struct column){
        .name = arena_strdup(arena, name), .type = type, .role = ROLE_FEATURE, .extra = value_map(arena)};
    value_set(arena, column->extra, "lag", value_uint(arena, rows));
    value_set(arena, column->extra, "lag_of", value_string(arena, of));
    ingest_note(in, "column '%s': what '%s' was %llu row%s earlier", name_quoted(shown, sizeof shown, name),
                name_quoted(shown_of, sizeof shown_of, of), (unsigned long long) rows, rows == 1 ? "" : "s");
}

/* Room for more columns behind those of the schema, and for what they need. */
static void
reserve(struct ingest *in, size_t n)
{
    struct schema *schema = &in->schema;
    struct column *columns = arena_zalloc(&schema->arena, schema->n_columns + n, sizeof *columns);
    memcpy(columns, schema->columns, schema->n_columns * sizeof *columns);
    schema->columns = columns;
    in->lags = mem_zalloc(1, sizeof *in->lags);
    in->lags->items = mem_zalloc(n, sizeof *in->lags->items);
}

/* A column that --lag does not find among those that can be shifted. */
static int
no_source(const struct ingest *in, const char *name, struct error *error)
{
    const struct schema *schema = &in->schema;
    int at = schema_find(schema, name);
    char shown[96];
    if (at >= 0)
        return error_set(error, STATUS_USAGE, "--lag is for numbers, categories and labels, and '%s' is none of them",
                         name_quoted(shown, sizeof shown, name));
    char **names = mem_array(schema->n_columns, sizeof *names);
    size_t n = 0;
    for (uint32_t i = 0; i < schema->n_columns; i++)
        if (tensor_of(&schema->columns[i]) != FROM_NOTHING)
            names[n++] = (char *) schema->columns[i].name;
    ingest_no_column("--lag", name, " among those of the stream", names, n, error);
    free(names);
    return -1;
}

static int
open_options(struct ingest *in, struct error *error)
{
    struct schema *schema = &in->schema;
    char shown[96];
    if (schema->n_transforms > 0)
        return error_set(error, STATUS_USAGE, "--lag makes columns for cl-scale, and this stream has been scaled");
    reserve(in, in->lag.n);
    const uint32_t n_columns = schema->n_columns;
    for (size_t i = 0; i < in->lag.n; i++) {
        const char *of = in->lag.names[i];
        uint64_t rows;
        struct text name = {0};
        int at = schema_find(schema, of);
        if (at < 0 || (uint32_t) at >= n_columns || tensor_of(&schema->columns[at]) == FROM_NOTHING)
            return no_source(in, of, error);
        parse_u64(in->lag.words[i], &rows);
        text_printf(&name, "%s.lag%llu", of, (unsigned long long) rows);
        bool taken = false;
        for (uint32_t k = 0; k < schema->n_columns; k++)
            taken = taken || strcmp(schema->columns[k].name, name.bytes) == 0;
        if (taken) {
            error_set(error, STATUS_USAGE, "--lag %s:%llu: there is a column '%s' already", of,
                      (unsigned long long) rows, name_quoted(shown, sizeof shown, name.bytes));
        } else {
            const struct column *source = &schema->columns[at];
            add(in, name.bytes, source->type, source, of, rows);
        }
        free(name.bytes);
        if (taken)
            return -1;
    }
    return 0;
}

/* The columns of the model that were made so, unless the input has them as they are. */
static int
open_model(struct ingest *in, struct error *error)
{
    const struct schema *model = in->model;
    struct schema *schema = &in->schema;
    char shown[96], shown_of[96];
    for (uint32_t i = 0; i < model->n_columns; i++) {
        const struct column *column = &model->columns[i];
        if (!lag_is_made(column) || schema_find(schema, column->name) >= 0)
            continue;
        if (column_check(column, ingest_by(in), error) < 0)
            return -1;
        if (in->lags == NULL)
            reserve(in, model->n_columns);
        const char *of = value_get_string(column->extra, "lag_of");
        uint64_t rows;
        value_get_u64(column->extra, "lag", &rows);
        int at = schema_find(schema, of), known = schema_find(model, of);
        const struct column *source = at < 0 ? NULL : &schema->columns[at];
        if (known < 0 || lag_is_made(&model->columns[known]) || model->columns[known].type != column->type ||
            tensor_of(&model->columns[known]) == FROM_NOTHING)
            return error_set(error, STATUS_DATA, "column '%s' of the %s is made of '%s', which is no column like it",
                             name_quoted(shown, sizeof shown, column->name), ingest_by(in),
                             name_quoted(shown_of, sizeof shown_of, of));
        add(in, column->name, column->type, source, of, rows);
        dict_copy(&schema->columns[schema->n_columns - 1].dict, &column->dict);
    }
    return 0;
}

int
lag_open(struct ingest *in, struct error *error)
{
    if (in->model == NULL && in->lag.n == 0)
        return 0;
    int result = in->model != NULL ? open_model(in, error) : open_options(in, error);
    if (in->lags != NULL)
        schema_count(&in->schema);
    return result;
}

/* ---- rows ---- */

/* In place of each row's own value that of `rows` rows earlier. to: every `stride`th. */
static void
shift_numbers(struct lag *lag, const float *from, size_t from_stride, float *to, size_t stride, uint64_t n)
{
    const bool is_label = lag->from == FROM_Y;
    for (uint64_t i = 0; i < n; i++) {
        float value = from == NULL ? NAN : from[i * from_stride];
        if (is_label && isnan(value))
            value = lag->numbers[lag->next == 0 ? lag->rows - 1 : lag->next - 1];
        to[i * stride] = lag->numbers[lag->next];
        lag->numbers[lag->next] = value;
        lag->next = lag->next + 1 == lag->rows ? 0 : lag->next + 1;
    }
}

/* A code of the source in the column's own dictionary. */
static uint32_t
own_code(struct ingest *in, struct lag *lag, uint32_t code)
{
    const struct dict *dict = &in->schema.columns[lag->source].dict;
    if (code == 0)
        return 0;
    if (code >= lag->n_map) {
        mem_grow(&lag->map, &lag->cap_map, (size_t) dict->n + 1, sizeof *lag->map);
        memset(lag->map + lag->n_map, 0, ((size_t) dict->n + 1 - lag->n_map) * sizeof *lag->map);
        lag->n_map = (size_t) dict->n + 1;
    }
    if (lag->map[code] == 0)
        lag->map[code] =
            dict_add(&in->schema.columns[lag->column].dict, dict->values[code - 1], dict->lengths[code - 1]);
    return lag->map[code];
}

static void
shift_codes(struct ingest *in, struct lag *lag, const uint32_t *from, size_t from_stride, uint32_t *to, size_t stride,
            uint64_t n)
{
    const bool is_label = lag->from == FROM_LABEL;
    for (uint64_t i = 0; i < n; i++) {
        uint32_t code = from == NULL ? 0 : from[i * from_stride];
        if (is_label && code == 0)
            code = lag->codes[lag->next == 0 ? lag->rows - 1 : lag->next - 1];
        to[i * stride] = own_code(in, lag, lag->codes[lag->next]);
        lag->codes[lag->next] = code;
        lag->next = lag->next + 1 == lag->rows ? 0 : lag->next + 1;
    }
}

/* A tensor of 4-byte numbers with room for `more` behind the `width` of each row. */
static void *
widen(const void *from, uint64_t n, size_t width, size_t more, uint8_t **buffer, size_t *cap)
{
    const size_t wide = width + more;
    mem_grow_aligned(buffer, cap, n * wide * 4, 0);
    for (uint64_t i = 0; width > 0 && i < n; i++)
        memcpy(*buffer + i * wide * 4, (const uint8_t *) from + i * width * 4, width * 4);
    return *buffer;
}

void
lag_rows(struct ingest *in, struct batch *batch)
{
    struct lags *lags = in->lags;
    const struct schema *schema = &in->schema;
    const float *x = batch->x;
    const uint32_t *c = batch->c;
    const uint32_t n_x = schema->n_x, n_c = schema->n_c;
    if (lags == NULL)
        return;
    batch->schema = schema;
    if (lags->n_x > 0)
        batch->x = widen(x, batch->n, n_x - lags->n_x, lags->n_x, &lags->x, &lags->cap_x);
    if (lags->n_c > 0)
        batch->c = widen(c, batch->n, n_c - lags->n_c, lags->n_c, &lags->c, &lags->cap_c);
    uint32_t j = n_x - lags->n_x, k = n_c - lags->n_c;
    const uint32_t d_x = j, d_c = k;
    for (size_t i = 0; i < lags->n; i++) {
        struct lag *lag = &lags->items[i];
        if (lag->numbers != NULL) {
            const float *from = lag->from == FROM_X ? x : lag->from == FROM_Y ? batch->y : NULL;
            shift_numbers(lag, from == NULL ? NULL : from + lag->place, lag->from == FROM_X ? d_x : schema->n_y,
                          batch->x + j++, n_x, batch->n);
        } else {
            const uint32_t *from = lag->from == FROM_C ? c : lag->from == FROM_LABEL ? batch->label : NULL;
            shift_codes(in, lag, from == NULL ? NULL : from + lag->place, lag->from == FROM_C ? d_c : schema->n_y,
                        batch->c + k++, n_c, batch->n);
        }
    }
}

void
lag_close(struct ingest *in)
{
    struct lags *lags = in->lags;
    if (lags == NULL)
        return;
    for (size_t i = 0; i < lags->n; i++) {
        free(lags->items[i].numbers);
        free(lags->items[i].codes);
        free(lags->items[i].map);
    }
    free(lags->items);
    free(lags->x);
    free(lags->c);
    free(lags);
    in->lags = NULL;
}
