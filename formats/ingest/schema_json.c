#include "schema_json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ingest_columns.h"
#include "ingest_names.h"
#include "json_read.h"
#include "memory.h"
#include "options.h"

/* The keys of a column that say how its cells are read, as they are in a stream. */
static const char *const reading_keys[] = {"hash",   "percent", "decimal", "of",     "part",
                                           "origin", "dates",   "lag",     "lag_of", NULL};

static const int64_t DAY = 86400000000; /* microseconds */

/* To JSON. */

static void
put_key(struct text *text, const char *key)
{
    if (text->bytes[text->n - 1] != '{')
        text_add(text, ", ", 2);
    json_string(text, key, strlen(key));
    text_add(text, ": ", 2);
}

static void
put_string(struct text *text, const char *key, const char *s)
{
    put_key(text, key);
    json_string(text, s, strlen(s));
}

/* Of a number that is an f32 its own digits, not those of the double it has become. */
static void
put_number(struct text *text, const char *key, double number)
{
    char buffer[32];
    put_key(text, key);
    if ((double) (float) number == number)
        text_add(text, buffer, (size_t) format_float(buffer, (float) number));
    else
        json_number(text, number);
}

/* A day as its date, any other time as microseconds. */
static void
put_origin(struct text *text, const struct value *extra)
{
    int year, month, day;
    int64_t origin = 0;
    value_get_i64(extra, "origin", &origin);
    if (origin % DAY != 0) {
        text_printf(text, "%lld", (long long) origin);
        return;
    }
    datetime_date(origin / DAY, &year, &month, &day);
    text_printf(text, "\"%04d-%02d-%02d\"", year, month, day);
}

static void
put_column(struct text *text, const struct column *column, const struct profile_column *seen)
{
    text_add(text, "    {", 5);
    put_string(text, "name", column->name);
    put_string(text, "type", column_type_name(column->type));
    put_string(text, "role", column_role_name(column->role));
    for (const char *const *key = reading_keys; *key != NULL; key++) {
        const struct value *value = value_get(column->extra, *key);
        if (value == NULL)
            continue;
        put_key(text, *key);
        if (strcmp(*key, "origin") == 0)
            put_origin(text, column->extra);
        else
            json_value(text, value, false);
    }
    if (seen != NULL) {
        put_key(text, "missing_rows");
        text_printf(text, "%llu", (unsigned long long) seen->missing);
        if (!isnan(seen->low)) {
            put_number(text, "min", seen->low);
            put_number(text, "max", seen->high);
        }
    }
    if (column_has_dict(column) && value_get(column->extra, "hash") == NULL) {
        put_key(text, "categories");
        for (uint32_t i = 0; i < column->dict.n; i++) {
            text_add(text, i == 0 ? "[" : ", ", i == 0 ? 1 : 2);
            json_string(text, column->dict.values[i], column->dict.lengths[i]);
        }
        text_add(text, column->dict.n == 0 ? "[]" : "]", column->dict.n == 0 ? 2 : 1);
    }
    text_add(text, "}", 1);
}

static void
put_setting(struct text *text, const char *key, const char *value)
{
    if (value == NULL)
        return;
    text_printf(text, ",\n  \"%s\": ", key);
    json_string(text, value, strlen(value));
}

static void
put_missing(struct text *text, const char *list)
{
    size_t n;
    if (list == NULL)
        return;
    char **items = split_list(list, &n);
    text_add(text, ",\n  \"missing\": [", 16);
    for (size_t i = 0; i < n; i++) {
        text_add(text, ", ", i > 0 ? 2 : 0);
        json_string(text, items[i], strlen(items[i]));
    }
    text_add(text, "]", 1);
    free(items);
}

int
schema_to_json(struct text *text, const struct schema *schema, const struct schema_reading *reading,
               struct error *error)
{
    enum { VALUES_A_COLUMN = 32 }; /* at most, categories aside */
    const struct profile *profile = schema->profile;
    struct dict places = {0};
    uint64_t values = (uint64_t) schema->n_columns * VALUES_A_COLUMN;
    for (uint32_t i = 0; i < schema->n_columns; i++)
        values += schema->columns[i].dict.n;
    if (values > JSON_VALUES_MOST)
        return error_set(error, STATUS_DATA,
                         "the schema has more columns and categories than its JSON can have values, %d (--types "
                         "NAME:hash or NAME:text for columns with many different values)",
                         JSON_VALUES_MOST);
    text_printf(text, "{\n  \"cl_schema\": 1");
    put_setting(text, "format", reading->format);
    put_setting(text, "delimiter", reading->delimiter);
    put_setting(text, "header", reading->header);
    put_setting(text, "decimal", reading->decimal);
    put_missing(text, reading->missing);
    put_setting(text, "task", task_name(schema->task));
    if (profile != NULL) {
        text_printf(text, ",\n  \"rows\": %llu", (unsigned long long) profile->rows);
        profile_index(profile, &places);
    }
    text_printf(text, ",\n  \"columns\": [\n");
    for (uint32_t i = 0; i < schema->n_columns; i++) {
        const struct column *column = &schema->columns[i];
        uint32_t place = column->role == ROLE_FEATURE ? dict_find(&places, column->name, strlen(column->name)) : 0;
        put_column(text, column, place > 0 ? &profile->columns[place - 1] : NULL);
        text_printf(text, i + 1 < schema->n_columns ? ",\n" : "\n");
    }
    text_printf(text, "  ]\n}\n");
    dict_free(&places);
    return 0;
}

/* From JSON. */

struct json_reader {
    const char *file;
    struct arena *arena; /* of what lives until the schema is made */
    char where[256];     /* "schema.json: column 3 ('age')" */
    struct error *error;
};

static int __attribute__((format(printf, 2, 3))) wrong(struct json_reader *reader, const char *format, ...)
{
    char finding[512];
    va_list args;
    va_start(args, format);
    vsnprintf(finding, sizeof finding, format, args);
    va_end(args);
    return error_set(reader->error, STATUS_DATA, "%s: %s", reader->where, finding);
}

static int
check_keys(struct json_reader *reader, const struct value *map, const char *const *known, const char *const *more)
{
    char all[512] = "", shown[96];
    size_t used = 0;
    for (size_t i = 0; i < map->n; i++) {
        const struct value *key = map->items[2 * i];
        bool found = false;
        for (const char *const *k = known; *k != NULL && !found; k++)
            found = strcmp(*k, key->bytes) == 0;
        for (const char *const *k = more; k != NULL && *k != NULL && !found; k++)
            found = strcmp(*k, key->bytes) == 0;
        if (found)
            continue;
        for (const char *const *k = known; *k != NULL; k++)
            used += (size_t) snprintf(all + used, sizeof all - used, "%s%s", used > 0 ? ", " : "", *k);
        for (const char *const *k = more; k != NULL && *k != NULL; k++)
            used += (size_t) snprintf(all + used, sizeof all - used, ", %s", *k);
        return wrong(reader, "the key '%s' is none of %s", error_quote(shown, sizeof shown, key->bytes, key->n, 40),
                     all);
    }
    return 0;
}

/* The string of a key, or NULL: *absent says whether it is not there. */
static const char *
string_of(struct json_reader *reader, const struct value *map, const char *key, bool *absent)
{
    *absent = value_get(map, key) == NULL;
    const char *string = value_get_string(map, key);
    if (string == NULL && !*absent)
        wrong(reader, "the value of '%s' is no string", key);
    return string;
}

/* A setting: 0, or -1. choices: NULL = any string. */
static int
read_setting(struct json_reader *reader, const struct value *json, const char *key, const char *const *choices,
             struct arena *arena, const char **to)
{
    char shown[96];
    bool absent;
    const char *string = string_of(reader, json, key, &absent);
    if (string == NULL)
        return absent ? 0 : -1;
    for (size_t i = 0; choices != NULL; i++) {
        if (choices[i] == NULL)
            return wrong(reader, "the value of '%s' cannot be '%s'", key, name_quoted(shown, sizeof shown, string));
        if (strcmp(choices[i], string) == 0)
            break;
    }
    *to = arena_strdup(arena, string);
    return 0;
}

/* ["NA", "-"] to the list that --missing takes. */
static int
read_missing(struct json_reader *reader, const struct value *json, struct arena *arena, const char **to)
{
    const struct value *array = value_get(json, "missing");
    struct text list = {0};
    if (array == NULL)
        return 0;
    if (array->kind != VALUE_ARRAY)
        return wrong(reader, "the value of 'missing' is no array of strings");
    text_add(&list, "", 0);
    for (size_t i = 0; i < array->n; i++) {
        const struct value *item = array->items[i];
        if (item->kind != VALUE_STRING || memchr(item->bytes, '\0', item->n) != NULL) {
            free(list.bytes);
            return wrong(reader, "'missing' has an item that is no string");
        }
        text_add(&list, ",", i > 0);
        for (size_t k = 0; k < item->n; k++) {
            text_add(&list, "\\", strchr(",\"\\", item->bytes[k]) != NULL);
            text_add(&list, &item->bytes[k], 1);
        }
    }
    *to = arena_strdup(arena, list.bytes);
    free(list.bytes);
    return 0;
}

/* The keys of a column for how it is read; of "origin" also a date. */
static int
read_reading(struct json_reader *reader, const struct value *json, struct value *column)
{
    for (const char *const *key = reading_keys; *key != NULL; key++) {
        const struct value *value = value_get(json, *key);
        int64_t time;
        if (value == NULL)
            continue;
        if (strcmp(*key, "origin") == 0 && value->kind == VALUE_STRING) {
            if (!datetime_parse(value->bytes, value->n, &time))
                return wrong(reader, "the value of 'origin' is no date like 2024-01-31");
            value_set(reader->arena, column, *key, value_int(reader->arena, time));
        } else {
            value_set(reader->arena, column, *key, value_copy(reader->arena, value));
        }
    }
    return 0;
}

/* One column, as the `table` frame has it. */
static struct value *
read_column(struct json_reader *reader, const struct value *json, size_t i)
{
    static const char *const keys[] = {"name", "type", "role", "categories", "missing_rows", "min", "max", NULL};
    struct arena *arena = reader->arena;
    struct value *column = value_map(arena);
    struct type_word word;
    char shown[96];
    bool absent;
    snprintf(reader->where, sizeof reader->where, "%.120s: column %zu", reader->file, i + 1);
    if (json->kind != VALUE_MAP) {
        wrong(reader, "a column is an object: {\"name\": ..., \"type\": ...}");
        return NULL;
    }
    const char *name = value_get_string(json, "name");
    if (name == NULL) {
        wrong(reader, "it has no string 'name'");
        return NULL;
    }
    snprintf(reader->where, sizeof reader->where, "%.120s: column '%s'", reader->file,
             name_quoted(shown, sizeof shown, name));
    if (check_keys(reader, json, keys, reading_keys) < 0)
        return NULL;
    const char *type = string_of(reader, json, "type", &absent);
    if (type == NULL || !type_word_parse(type, &word) || word.drop) {
        if (absent)
            wrong(reader, "it has no string 'type'");
        else if (type != NULL)
            wrong(reader, "the type is num, cat, hash, hash:BITS (1 to %d), text or time, not '%s'", HASH_BITS_MOST,
                  name_quoted(shown, sizeof shown, type));
        return NULL;
    }
    const char *role = string_of(reader, json, "role", &absent);
    if (role == NULL && !absent)
        return NULL;
    value_set(arena, column, "name", value_string(arena, name));
    value_set(arena, column, "type", value_string(arena, column_type_name(word.type)));
    value_set(arena, column, "role",
              value_string(arena, role != NULL               ? role
                                  : word.type == COLUMN_TIME ? "time"
                                                             : "feature"));
    if (word.hash)
        value_set(arena, column, "hash", value_uint(arena, word.bits));
    return read_reading(reader, json, column) < 0 ? NULL : column;
}

/* What the labels say, where nothing else does. */
static const char *
task_of(const struct value *columns)
{
    for (size_t i = 0; i < columns->n; i++)
        if (strcmp(value_get_string(columns->items[i], "role"), "label") == 0)
            return strcmp(value_get_string(columns->items[i], "type"), "cat") == 0 ? "class" : "regression";
    return "none";
}

/* What the rows were like, as the `table` frame has it. */
static int
read_profile(struct json_reader *reader, const struct value *json, const struct value *array,
             const struct value *columns, struct value *table)
{
    struct arena *arena = reader->arena;
    struct value *profile = value_map(arena), *names = value_array(arena), *missing = value_array(arena),
                 *low = value_array(arena), *high = value_array(arena);
    const struct value *rows = value_get(json, "rows");
    char shown[96];
    for (size_t i = 0; i < array->n; i++) {
        const struct value *from = array->items[i], *count = value_get(from, "missing_rows"),
                           *min = value_get(from, "min"), *max = value_get(from, "max");
        if (count == NULL && min == NULL && max == NULL)
            continue;
        const char *type = value_get_string(columns->items[i], "type"),
                   *role = value_get_string(columns->items[i], "role");
        bool number = strcmp(type, "num") == 0;
        if (strcmp(role, "feature") != 0 || (!number && (strcmp(type, "cat") != 0 || min != NULL || max != NULL)))
            return wrong(reader,
                         "'missing_rows' is for numeric and categorical features, 'min' and 'max' for numeric ones, "
                         "and not for column '%s'",
                         name_quoted(shown, sizeof shown, value_get_string(from, "name")));
        if (rows == NULL)
            return wrong(reader, "'missing_rows', 'min' and 'max' of columns want the key 'rows': how many there were");
        value_push(arena, names, value_copy(arena, value_get(from, "name")));
        value_push(arena, missing, count == NULL ? value_uint(arena, 0) : value_copy(arena, count));
        value_push(arena, low, min == NULL ? value_nil(arena) : value_copy(arena, min));
        value_push(arena, high, max == NULL ? value_nil(arena) : value_copy(arena, max));
    }
    if (rows == NULL || names->n == 0)
        return 0;
    value_set(arena, profile, "rows", value_copy(arena, rows));
    value_set(arena, profile, "columns", names);
    value_set(arena, profile, "missing", missing);
    value_set(arena, profile, "min", low);
    value_set(arena, profile, "max", high);
    value_set(arena, table, "profile", profile);
    return 0;
}

static int
read_categories(struct json_reader *reader, const struct value *json, struct column *column)
{
    const struct value *array = value_get(json, "categories");
    char shown[96];
    if (array == NULL)
        return 0;
    snprintf(reader->where, sizeof reader->where, "%.120s: column '%s'", reader->file,
             name_quoted(shown, sizeof shown, column->name));
    if (!column_has_dict(column) || value_get(column->extra, "hash") != NULL)
        return wrong(reader, "only a category or a class has 'categories', and none that is hashed");
    if (array->kind != VALUE_ARRAY)
        return wrong(reader, "the value of 'categories' is no array of strings");
    for (size_t i = 0; i < array->n; i++) {
        const struct value *item = array->items[i];
        if (item->kind != VALUE_STRING)
            return wrong(reader, "'categories' has an item that is no string (write \"1\", not 1)");
        uint32_t before = column->dict.n;
        if (dict_add(&column->dict, item->bytes, item->n) <= before)
            return wrong(reader, "'categories' has '%s' twice",
                         error_quote(shown, sizeof shown, item->bytes, item->n, 40));
    }
    return 0;
}

static int
read_schema(struct json_reader *reader, const struct value *json, struct schema *schema, struct schema_reading *reading)
{
    static const char *const keys[] = {"cl_schema", "format", "delimiter", "header",  "decimal",
                                       "missing",   "task",   "rows",      "columns", NULL};
    static const char *const headers[] = {"yes", "no", NULL}, *const decimals[] = {".", ",", NULL};
    struct arena *arena = reader->arena;
    struct value *table = value_map(arena), *columns = value_array(arena);
    uint64_t version = 1;
    if (json->kind != VALUE_MAP)
        return wrong(reader, "a schema is an object: {\"columns\": [...]}");
    if (check_keys(reader, json, keys, NULL) < 0)
        return -1;
    if (value_get(json, "cl_schema") != NULL && (!value_get_u64(json, "cl_schema", &version) || version != 1))
        return wrong(reader, "the value of 'cl_schema' is not 1, the version that this program reads");
    const struct value *array = value_get(json, "columns");
    if (array == NULL || array->kind != VALUE_ARRAY || array->n == 0)
        return wrong(reader, "it has no array 'columns' with one object for each");
    for (size_t i = 0; i < array->n; i++) {
        struct value *column = read_column(reader, array->items[i], i);
        if (column == NULL)
            return -1;
        value_push(arena, columns, column);
    }
    snprintf(reader->where, sizeof reader->where, "%.200s", reader->file);
    bool absent;
    const char *task = string_of(reader, json, "task", &absent);
    if (task == NULL && !absent)
        return -1;
    value_set(arena, table, "cl", value_uint(arena, 1));
    value_set(arena, table, "columns", columns);
    value_set(arena, table, "task", value_string(arena, task != NULL ? task : task_of(columns)));
    struct error found;
    if (read_profile(reader, json, array, columns, table) < 0)
        return -1;
    if (schema_from_value(schema, table, &found) < 0)
        return wrong(reader, "%s", found.text);
    for (uint32_t i = 0; i < schema->n_columns; i++) {
        if (read_categories(reader, array->items[i], &schema->columns[i]) < 0)
            return -1;
        snprintf(reader->where, sizeof reader->where, "%.200s", reader->file);
        if (column_check(&schema->columns[i], "schema", &found) < 0)
            return wrong(reader, "%s", found.text);
        uint64_t bits;
        if (value_get_u64(schema->columns[i].extra, "hash", &bits))
            column_fill_hashed(&schema->columns[i], (unsigned) bits);
    }
    if (read_setting(reader, json, "format", NULL, &schema->arena, &reading->format) < 0 ||
        read_setting(reader, json, "delimiter", NULL, &schema->arena, &reading->delimiter) < 0 ||
        read_setting(reader, json, "header", headers, &schema->arena, &reading->header) < 0 ||
        read_setting(reader, json, "decimal", decimals, &schema->arena, &reading->decimal) < 0)
        return -1;
    return read_missing(reader, json, &schema->arena, &reading->missing);
}

int
schema_from_json(struct schema *schema, struct schema_reading *reading, const char *text, size_t n, const char *name,
                 struct error *error)
{
    struct arena arena = {0};
    struct json_reader reader = {.file = name, .arena = &arena, .error = error};
    snprintf(reader.where, sizeof reader.where, "%.200s", name);
    *reading = (struct schema_reading){0};
    const struct value *json = json_read(&arena, text, n, name, error);
    int result = json == NULL ? -1 : read_schema(&reader, json, schema, reading);
    if (result < 0)
        schema_free(schema);
    arena_free(&arena);
    return result;
}
