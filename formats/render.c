#include "render.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Where the cells of a column come from. */
enum source { FROM_X, FROM_C, FROM_Y, FROM_LABEL, FROM_W, FROM_TIME, FROM_GROUP, FROM_ID, FROM_TEXT };

struct cells {
    const struct column *column;
    enum source source;
    uint32_t place;     /* within its tensor, or among the text columns */
    struct text before; /* what stands between the cell before and this one: `,` and in JSON the key */
};

struct render {
    enum render_format format;
    const struct schema *schema;
    struct cells *cells; /* [n_cells], one a column */
    uint32_t n_cells;
    char *split_name;
    bool begun, split; /* the header is out; it has the column of tags */
};

const char *
split_tag_name(unsigned tag)
{
    static const char *const names[] = {"", "train", "valid", "test"};
    return names[tag <= SPLIT_TEST ? tag : 0];
}

int
format_time(char *buffer, int64_t microseconds)
{
    buffer[0] = '\0';
    if (microseconds == INT64_MIN)
        return 0;
    int64_t seconds = microseconds / 1000000, rest = microseconds % 1000000;
    if (rest < 0) {
        rest += 1000000;
        seconds--;
    }
    time_t when = (time_t) seconds;
    struct tm tm;
    if (gmtime_r(&when, &tm) == NULL)
        return 0;
    int n = snprintf(buffer, 40, "%04lld-%02d-%02dT%02d:%02d:%02d", tm.tm_year + 1900LL, tm.tm_mon + 1, tm.tm_mday,
                     tm.tm_hour, tm.tm_min, tm.tm_sec);
    if (rest != 0) {
        n += snprintf(buffer + n, 40 - (size_t) n, ".%06d", (int) rest);
        while (buffer[n - 1] == '0')
            n--;
    }
    buffer[n++] = 'Z';
    buffer[n] = '\0';
    return n;
}

static void
put_place(struct cells *cells, enum source source, uint32_t *next)
{
    cells->source = source;
    cells->place = (*next)++;
}

/* The text columns come in column order, and so do the numbers of every tensor. */
static void
locate_cells(struct render *render)
{
    const struct schema *schema = render->schema;
    uint32_t n_x = 0, n_c = 0, n_y = 0, n_text = 0;
    for (uint32_t i = 0; i < schema->n_columns; i++) {
        const struct column *column = &schema->columns[i];
        struct cells *cells = &render->cells[i];
        *cells = (struct cells){.column = column};
        text_add(&cells->before, ",", i > 0);
        if (render->format == RENDER_JSON) {
            json_string(&cells->before, column->name, strlen(column->name));
            text_add(&cells->before, ":", 1);
        }
        if (column_is_text(column))
            put_place(cells, FROM_TEXT, &n_text);
        else if (column->role == ROLE_FEATURE && column->type == COLUMN_NUM)
            put_place(cells, FROM_X, &n_x);
        else if (column->role == ROLE_FEATURE)
            put_place(cells, FROM_C, &n_c);
        else if (column->role == ROLE_LABEL)
            put_place(cells, schema->task == TASK_CLASS ? FROM_LABEL : FROM_Y, &n_y);
        else
            cells->source = column->role == ROLE_WEIGHT  ? FROM_W
                            : column->role == ROLE_TIME  ? FROM_TIME
                            : column->role == ROLE_GROUP ? FROM_GROUP
                                                         : FROM_ID;
    }
}

/* "split", or "_split" where the user has a column of that name. */
static char *
name_split(const struct schema *schema)
{
    char *name = mem_strdup("split");
    while (schema_find(schema, name) >= 0) {
        size_t n = strlen(name);
        name = mem_realloc(name, n + 2, 1);
        memmove(name + 1, name, n + 1);
        name[0] = '_';
    }
    return name;
}

struct render *
render_open(enum render_format format, const struct schema *schema)
{
    struct render *render = mem_zalloc(1, sizeof *render);
    render->format = format;
    render->schema = schema;
    render->n_cells = schema->n_columns;
    render->cells = mem_array(render->n_cells, sizeof *render->cells);
    render->split_name = name_split(schema);
    locate_cells(render);
    return render;
}

/* A string cell. CSV quotes what would be misread: separators, quotes, line ends, and the empty string, which is no
 * missing cell. */
static void
put_string(const struct render *render, struct text *text, const char *s, size_t n)
{
    if (render->format == RENDER_JSON) {
        json_string(text, s, n);
        return;
    }
    bool quote = n == 0;
    for (size_t i = 0; i < n && !quote; i++)
        quote = s[i] == ',' || s[i] == '"' || s[i] == '\n' || s[i] == '\r';
    if (!quote) {
        text_add(text, s, n);
        return;
    }
    text_add(text, "\"", 1);
    for (size_t i = 0; i < n; i++)
        text_add(text, s[i] == '"' ? "\"\"" : s + i, s[i] == '"' ? 2 : 1);
    text_add(text, "\"", 1);
}

static void
put_missing(const struct render *render, struct text *text)
{
    if (render->format == RENDER_JSON)
        text_add(text, "null", 4);
}

static void
put_number(const struct render *render, struct text *text, float number)
{
    if (__builtin_isnan(number) || (render->format == RENDER_JSON && __builtin_isinf(number)))
        put_missing(render, text);
    else
        text_float(text, number);
}

static void
put_code(const struct render *render, struct text *text, const struct dict *dict, uint32_t code)
{
    if (code == 0)
        put_missing(render, text);
    else
        put_string(render, text, dict->values[code - 1], dict->lengths[code - 1]);
}

static void
put_hash(const struct render *render, struct text *text, uint64_t hash)
{
    char buffer[24];
    int n = snprintf(buffer, sizeof buffer, "%016" PRIx64, hash);
    put_string(render, text, buffer, (size_t) n);
}

static void
put_time(const struct render *render, struct text *text, int64_t time)
{
    char buffer[40];
    int n = format_time(buffer, time);
    if (n == 0)
        put_missing(render, text);
    else
        put_string(render, text, buffer, (size_t) n);
}

/* A text cell as it stood; an empty one is missing. */
static void
put_text(const struct render *render, struct text *text, const struct text_cells *cells, uint64_t i)
{
    uint64_t n = cells->at[i + 1] - cells->at[i];
    if (n == 0)
        put_missing(render, text);
    else
        put_string(render, text, cells->bytes + cells->at[i], n);
}

static void
put_cell(const struct render *render, struct text *text, const struct cells *cells, const struct batch *batch,
         uint64_t i)
{
    const struct schema *schema = render->schema;
    switch (cells->source) {
    case FROM_X:
        put_number(render, text, batch->x[i * schema->n_x + cells->place]);
        break;
    case FROM_C:
        put_code(render, text, &cells->column->dict, batch->c[i * schema->n_c + cells->place]);
        break;
    case FROM_Y:
        put_number(render, text, batch->y[i * schema->n_y + cells->place]);
        break;
    case FROM_LABEL:
        put_code(render, text, &cells->column->dict, batch->label[i * schema->n_y + cells->place]);
        break;
    case FROM_W:
        put_number(render, text, batch->w[i]);
        break;
    case FROM_TIME:
        put_time(render, text, batch->time[i]);
        break;
    case FROM_GROUP:
        put_hash(render, text, batch->group[i]);
        break;
    case FROM_ID:
        put_hash(render, text, batch->id[i]);
        break;
    case FROM_TEXT:
        put_text(render, text, &batch->text[cells->place], i);
        break;
    }
}

static void
put_header(struct render *render, struct text *text)
{
    const struct schema *schema = render->schema;
    render->begun = true;
    if (render->format == RENDER_JSON)
        return;
    for (uint32_t i = 0; i < schema->n_columns; i++) {
        text_add(text, ",", i > 0);
        put_string(render, text, schema->columns[i].name, strlen(schema->columns[i].name));
    }
    if (render->split)
        text_printf(text, "%s%s", schema->n_columns > 0 ? "," : "", render->split_name);
    text_add(text, "\n", 1);
}

static void
put_row(const struct render *render, const struct batch *batch, uint64_t i, struct text *text)
{
    const struct schema *schema = render->schema;
    bool json = render->format == RENDER_JSON, tagged = json ? batch->split != NULL : render->split;
    text_add(text, "{", json);
    for (uint32_t j = 0; j < schema->n_columns; j++) {
        text_add(text, render->cells[j].before.bytes, render->cells[j].before.n);
        put_cell(render, text, &render->cells[j], batch, i);
    }
    if (tagged) {
        unsigned tag = batch->split == NULL ? SPLIT_NONE : batch->split[i];
        text_add(text, ",", schema->n_columns > 0);
        if (json)
            text_printf(text, "\"%s\":", render->split_name);
        if (tag == SPLIT_NONE)
            put_missing(render, text);
        else
            put_string(render, text, split_tag_name(tag), strlen(split_tag_name(tag)));
    }
    text_add(text, "}", json);
    text_add(text, "\n", 1);
}

int
render_rows(struct render *render, const struct batch *batch, struct text *text, struct error *error)
{
    if (!render->begun) {
        render->split = batch->split != NULL;
        put_header(render, text);
    }
    if (render->format == RENDER_CSV && batch->split != NULL && !render->split)
        return error_set(error, STATUS_DATA,
                         "rows are tagged from record %llu on, but those before were not: CSV has no room for the tags "
                         "(use -F json)",
                         (unsigned long long) batch_rowno(batch, 0));
    for (uint64_t i = 0; i < batch->n; i++)
        put_row(render, batch, i, text);
    return 0;
}

void
render_finish(struct render *render, struct text *text)
{
    if (!render->begun)
        put_header(render, text);
}

void
render_close(struct render *render)
{
    if (render == NULL)
        return;
    for (uint32_t i = 0; i < render->n_cells; i++)
        free(render->cells[i].before.bytes);
    free(render->cells);
    free(render->split_name);
    free(render);
}
