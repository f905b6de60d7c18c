#include "ingest_columns.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ingest_lag.h"
#include "ingest_names.h"
#include "memory.h"

static void
append(struct sinks *sinks, struct sink sink)
{
    mem_grow(&sinks->items, &sinks->cap, sinks->n + 1, sizeof *sinks->items);
    sinks->items[sinks->n++] = sink;
}

/* The list that a column of the schema belongs to. */
static struct sinks *
sinks_of(struct ingest *in, const struct column *column)
{
    switch (column->role) {
    case ROLE_FEATURE:
        return column->type == COLUMN_NUM ? &in->x : column->type == COLUMN_CAT ? &in->c : &in->text;
    case ROLE_LABEL:
        return column->type == COLUMN_CAT ? &in->label : &in->y;
    case ROLE_WEIGHT:
        return &in->w;
    case ROLE_GROUP:
        return &in->group;
    case ROLE_ID:
        return &in->id;
    case ROLE_TIME:
        return &in->time;
    default:
        return &in->text;
    }
}

struct sink *
ingest_column(struct ingest *in, const char *name, enum column_type type, enum column_role role, int64_t source)
{
    struct schema *schema = &in->schema;
    struct column *column = &schema->columns[schema->n_columns];
    *column = (struct column){.name = arena_strdup(&schema->arena, name), .type = type, .role = role};
    struct sinks *sinks = sinks_of(in, column);
    append(sinks, (struct sink){.source = source, .column = schema->n_columns++, .most = CATEGORIES_MOST});
    return &sinks->items[sinks->n - 1];
}

/* A key of the column of a sink. */
static void
set_key(struct ingest *in, const struct sink *sink, const char *key, struct value *value)
{
    struct column *column = &in->schema.columns[sink->column];
    if (column->extra == NULL)
        column->extra = value_map(&in->schema.arena);
    value_set(&in->schema.arena, column->extra, key, value);
}

void
column_fill_hashed(struct column *column, unsigned bits)
{
    char name[16];
    for (uint32_t i = 0; i < 1U << bits; i++)
        dict_add(&column->dict, name, (size_t) snprintf(name, sizeof name, "h%u", i));
}

struct sink *
column_hash(struct ingest *in, const char *name, unsigned bits, int64_t source)
{
    struct sink *sink = ingest_column(in, name, COLUMN_CAT, ROLE_FEATURE, source);
    struct column *column = &in->schema.columns[sink->column];
    column_fill_hashed(column, bits);
    set_key(in, sink, "hash", value_uint(&in->schema.arena, bits));
    sink->how = READ_HASH;
    sink->bits = (uint8_t) bits;
    sink->most = column->dict.n;
    return sink;
}

void
column_number(struct ingest *in, struct sink *sink, bool percent)
{
    if (in->decimal == ',')
        set_key(in, sink, "decimal", value_string(&in->schema.arena, ","));
    if (!percent)
        return;
    set_key(in, sink, "percent", value_bool(&in->schema.arena, true));
    sink->how = READ_PERCENT;
}

void
column_dates(struct ingest *in, struct sink *sink, enum date_order dates)
{
    if (dates != DATES_ISO)
        set_key(in, sink, "dates", value_string(&in->schema.arena, date_order_name(dates)));
    sink->dates = (uint8_t) dates;
}

struct sink *
column_part(struct ingest *in, const char *of, const char *name, enum date_part part, enum date_order dates,
            int64_t origin, int64_t source)
{
    struct arena *arena = &in->schema.arena;
    struct sink *sink = ingest_column(in, name, COLUMN_NUM, ROLE_FEATURE, source);
    set_key(in, sink, "of", value_string(arena, of));
    set_key(in, sink, "part", value_string(arena, date_part_name(part)));
    sink->how = READ_PART;
    sink->part = (uint8_t) part;
    if (part == PART_DAYS) {
        set_key(in, sink, "origin", value_int(arena, origin));
        sink->origin = origin;
    }
    column_dates(in, sink, dates);
    return sink;
}

const char *
ingest_source_name(const struct column *column)
{
    const char *of = value_get_string(column->extra, "of");
    return of != NULL ? of : column->name;
}

/* By the keys of a column. */

/* The keys of a column as they are in a sink; 0, or a key that makes no sense. */
static const char *
read_keys(const struct column *column, struct sink *sink)
{
    const struct value *extra = column->extra;
    bool number = column->type == COLUMN_NUM, percent = false;
    uint64_t bits;
    const char *part = value_get_string(extra, "part"), *dates = value_get_string(extra, "dates");
    if (value_get(extra, "hash") != NULL) {
        if (!value_get_u64(extra, "hash", &bits) || bits < 1 || bits > HASH_BITS_MOST || column->type != COLUMN_CAT ||
            column->role != ROLE_FEATURE)
            return "hash";
        if (column->dict.n != 0 && column->dict.n != 1U << bits)
            return "hash";
        sink->how = READ_HASH;
        sink->bits = (uint8_t) bits;
    }
    if (value_get(extra, "percent") != NULL) {
        if (!value_get_bool(extra, "percent", &percent) || !number)
            return "percent";
        sink->how = percent ? READ_PERCENT : READ_PLAIN;
    }
    if (value_get(extra, "decimal") != NULL) {
        const char *decimal = value_get_string(extra, "decimal");
        if (decimal == NULL || (strcmp(decimal, ",") != 0 && strcmp(decimal, ".") != 0) || !number)
            return "decimal";
    }
    if (value_get(extra, "of") != NULL && (value_get_string(extra, "of") == NULL || part == NULL || !number || percent))
        return "of";
    if (value_get(extra, "part") != NULL) {
        int found = part == NULL ? -1 : date_part_find(part);
        if (found < 0 || value_get(extra, "of") == NULL || column->role != ROLE_FEATURE)
            return "part";
        sink->how = READ_PART;
        sink->part = (uint8_t) found;
    }
    if (value_get(extra, "origin") != NULL || (sink->how == READ_PART && sink->part == PART_DAYS)) {
        const int64_t first = -62167305600000000, last = 253402387199000000; /* the years 0000 to 9999 and a day */
        if (!value_get_i64(extra, "origin", &sink->origin) || sink->origin < first || sink->origin > last)
            return "origin";
    }
    if (value_get(extra, "dates") != NULL) {
        sink->dates = DATES_ISO;
        for (enum date_order order = DATES_DMY; dates != NULL && order <= DATES_MDY; order++)
            if (strcmp(dates, date_order_name(order)) == 0)
                sink->dates = (uint8_t) order;
        if (sink->dates == DATES_ISO)
            return "dates";
    }
    return lag_check(column);
}

int
column_check(const struct column *column, const char *what, struct error *error)
{
    struct sink ignored = {0};
    char shown[96];
    const char *key = read_keys(column, &ignored);
    if (key == NULL)
        return 0;
    return error_set(error, STATUS_DATA,
                     "column '%s' of the %s has the key '%s' with a value that does not go with it (see "
                     "cl-schema(5))",
                     name_quoted(shown, sizeof shown, column->name), what, key);
}

int
column_follow(struct ingest *in, struct sink *sink, const struct column *model, struct error *error)
{
    static const char *const keys[] = {"hash", "percent", "decimal", "of", "part", "origin", "dates", "lag", "lag_of"};
    if (column_check(model, ingest_by(in), error) < 0)
        return -1;
    read_keys(model, sink);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (value_get(model->extra, keys[i]) != NULL)
            set_key(in, sink, keys[i], value_copy(&in->schema.arena, value_get(model->extra, keys[i])));
    if (sink->how == READ_HASH) {
        struct column *column = &in->schema.columns[sink->column];
        if (column->dict.n == 0)
            column_fill_hashed(column, sink->bits);
        sink->most = column->dict.n;
    }
    return 0;
}

/* Another file. */

int
ingest_remap(struct ingest *in, const char *file, char *const *names, size_t n, struct error *error)
{
    struct sinks *const lists[] = {&in->x,    &in->c,     &in->y,  &in->label, &in->w,
                                   &in->time, &in->group, &in->id, &in->text};
    struct name_index index;
    name_index_open(&index, names, n);
    int result = -1;
    for (size_t k = 0; k < sizeof lists / sizeof *lists; k++)
        for (size_t i = 0; i < lists[k]->n; i++) {
            struct sink *sink = &lists[k]->items[i];
            const char *name = ingest_source_name(&in->schema.columns[sink->column]);
            int64_t at = name_index_find(&index, name);
            if (at >= 0) {
                sink->source = at;
            } else if (at == -1 && sink->source == SINK_NONE) {
                continue;
            } else {
                if (at == -1)
                    ingest_no_column(file, name, ", which the files before have", names, n, error);
                else
                    name_twice(in, file, name, error);
                goto out;
            }
        }
    result = 0;
out:
    name_index_close(&index);
    return result;
}

/* More categories than there may be. */

/* 10,000 */
static const char *
grouped(char buffer[32], uint32_t n)
{
    if (n < 1000)
        snprintf(buffer, 32, "%u", n);
    else if (n < 1000000)
        snprintf(buffer, 32, "%u,%03u", n / 1000, n % 1000);
    else
        snprintf(buffer, 32, "%u,%03u,%03u", n / 1000000, n / 1000 % 1000, n % 1000);
    return buffer;
}

int
ingest_too_many(const struct ingest *in, const char *where, const struct sink *sink, struct error *error)
{
    const struct column *column = &in->schema.columns[sink->column];
    char shown[96], most[32];
    name_quoted(shown, sizeof shown, column->name);
    if (column->role == ROLE_LABEL && sink->two)
        return error_set(error, STATUS_DATA,
                         "%s: label column '%s': a third value, where the first records had two numbers (--task "
                         "class takes all values as classes, --task regression as amounts)",
                         where, shown);
    if (column->role == ROLE_LABEL)
        return error_set(error, STATUS_DATA,
                         "%s: label column '%s': more than %s classes (-y names another column; --task regression "
                         "if it is an amount%s)",
                         where, shown, grouped(most, sink->most),
                         sink->most == CATEGORIES_INFERRED ? "; --task class allows a million" : "");
    return error_set(error, STATUS_DATA,
                     "%s: column '%s': more than %s different values (--types %s:hash takes them as 1,024 hashed "
                     "categories, --types %s:text keeps them as text that no training uses, --drop %s leaves them "
                     "out%s%s%s)",
                     where, shown, grouped(most, sink->most), shown, shown, shown,
                     sink->most == CATEGORIES_INFERRED ? ", --types " : "",
                     sink->most == CATEGORIES_INFERRED ? shown : "",
                     sink->most == CATEGORIES_INFERRED ? ":cat allows a million" : "");
}
