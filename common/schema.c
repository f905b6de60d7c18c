#include "schema.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

static const char *const type_names[COLUMN_TYPE_COUNT] = {"num", "cat", "text", "time"};
static const char *const role_names[ROLE_COUNT] = {"feature", "label", "weight", "group", "id", "time", "carry"};
static const char *const task_names[] = {"none", "regression", "class"};

const char *
column_type_name(enum column_type type)
{
    return type_names[type];
}

const char *
column_role_name(enum column_role role)
{
    return role_names[role];
}

const char *
task_name(enum task task)
{
    return task_names[task];
}

bool
column_is_text(const struct column *column)
{
    return column->role == ROLE_CARRY || (column->role == ROLE_FEATURE && column->type == COLUMN_TEXT);
}

bool
column_has_dict(const struct column *column)
{
    return column->type == COLUMN_CAT && (column->role == ROLE_FEATURE || column->role == ROLE_LABEL);
}

bool
column_is_hashed(const struct column *column)
{
    return value_get(column->extra, "hash") != NULL;
}

/* Dictionaries. Slots hold codes only: the strings are compared, so a table of a million entries costs 8 MB. */

static uint32_t
slot_of(const struct dict *dict, const char *s, size_t n)
{
    uint32_t mask = dict->n_slots - 1, i = (uint32_t) XXH3_64bits(s, n) & mask;
    for (uint32_t code; (code = dict->slots[i]) != 0; i = (i + 1) & mask)
        if (dict->lengths[code - 1] == n && memcmp(dict->values[code - 1], s, n) == 0)
            break;
    return i;
}

uint32_t
dict_find(const struct dict *dict, const char *s, size_t n)
{
    return dict->n_slots == 0 ? 0 : dict->slots[slot_of(dict, s, n)];
}

/* Slots for at least twice as many entries as there are. */
static void
dict_rehash(struct dict *dict, uint32_t n_slots)
{
    free(dict->slots);
    dict->slots = mem_zalloc(n_slots, sizeof *dict->slots);
    dict->n_slots = n_slots;
    for (uint32_t code = 1; code <= dict->n; code++)
        dict->slots[slot_of(dict, dict->values[code - 1], dict->lengths[code - 1])] = code;
}

uint32_t
dict_add(struct dict *dict, const char *s, size_t n)
{
    if ((uint64_t) dict->n * 2 >= dict->n_slots)
        dict_rehash(dict, dict->n_slots == 0 ? 16 : dict->n_slots * 2);
    uint32_t slot = slot_of(dict, s, n);
    if (dict->slots[slot] != 0)
        return dict->slots[slot];
    if (dict->n == dict->cap) {
        dict->cap = dict->cap == 0 ? 8 : dict->cap * 2;
        dict->values = mem_realloc(dict->values, dict->cap, sizeof *dict->values);
        dict->lengths = mem_realloc(dict->lengths, dict->cap, sizeof *dict->lengths);
    }
    dict->values[dict->n] = mem_strndup(s, n);
    dict->lengths[dict->n] = (uint32_t) n;
    return dict->slots[slot] = ++dict->n;
}

void
dict_copy(struct dict *to, const struct dict *from)
{
    *to = (struct dict){0};
    for (uint32_t i = 0; i < from->n; i++)
        dict_add(to, from->values[i], from->lengths[i]);
}

void
dict_free(struct dict *dict)
{
    for (uint32_t i = 0; i < dict->n; i++)
        free(dict->values[i]);
    free(dict->values);
    free(dict->lengths);
    free(dict->slots);
    *dict = (struct dict){0};
}

static int
compare_bytes(const struct dict *dict, uint32_t a, uint32_t b)
{
    uint32_t n_a = dict->lengths[a - 1], n_b = dict->lengths[b - 1];
    int order = memcmp(dict->values[a - 1], dict->values[b - 1], n_a < n_b ? n_a : n_b);
    return order != 0 ? order : (n_a > n_b) - (n_a < n_b);
}

static int
by_bytes(const void *a, const void *b, void *dict)
{
    return compare_bytes(dict, *(const uint32_t *) a, *(const uint32_t *) b);
}

struct dict_numbers {
    const struct dict *dict;
    double *numbers; /* [dict->n] */
};

static int
by_number(const void *a, const void *b, void *context)
{
    const struct dict_numbers *known = context;
    uint32_t code_a = *(const uint32_t *) a, code_b = *(const uint32_t *) b;
    double x = known->numbers[code_a - 1], y = known->numbers[code_b - 1];
    int order = (x > y) - (x < y);
    return order != 0 ? order : compare_bytes(known->dict, code_a, code_b);
}

/* The whole string is one number. No program calls setlocale(), so strtod() reads as in the C locale. */
static bool
parse_number(const char *s, uint32_t n, double *number)
{
    char *end;
    if (n == 0 || *s == ' ' || (*s >= '\t' && *s <= '\r'))
        return false;
    *number = strtod(s, &end);
    return end == s + n && !isnan(*number);
}

void
dict_order(const struct dict *dict, uint32_t *order)
{
    double *numbers = mem_array(dict->n, sizeof *numbers);
    bool numeric = true;
    for (uint32_t i = 0; i < dict->n && numeric; i++)
        numeric = parse_number(dict->values[i], dict->lengths[i], &numbers[i]);
    for (uint32_t i = 0; i < dict->n; i++)
        order[i] = i + 1;
    if (numeric)
        qsort_r(order, dict->n, sizeof *order, by_number, &(struct dict_numbers){dict, numbers});
    else
        qsort_r(order, dict->n, sizeof *order, by_bytes, (void *) dict);
    free(numbers);
}

/* Look-ups */

static uint32_t
name_slot(const struct schema *schema, const char *name)
{
    uint32_t mask = schema->n_slots - 1, i = (uint32_t) XXH3_64bits(name, strlen(name)) & mask;
    while (schema->slots[i] != 0 && strcmp(schema->columns[schema->slots[i] - 1].name, name) != 0)
        i = (i + 1) & mask;
    return i;
}

static void
index_names(struct schema *schema)
{
    uint32_t n_slots = 16;
    while (n_slots / 2 < schema->n_columns)
        n_slots *= 2;
    free(schema->slots);
    schema->slots = mem_zalloc(n_slots, sizeof *schema->slots);
    schema->n_slots = n_slots;
    for (uint32_t i = 0; i < schema->n_columns; i++) {
        uint32_t slot = name_slot(schema, schema->columns[i].name);
        if (schema->slots[slot] == 0)
            schema->slots[slot] = i + 1;
    }
}

void
schema_count(struct schema *schema)
{
    uint32_t n = schema->n_columns, *places = mem_array(n, sizeof *places);
    schema->n_x = schema_select(schema, ROLE_FEATURE, COLUMN_NUM, places);
    schema->n_c = schema_select(schema, ROLE_FEATURE, COLUMN_CAT, places + schema->n_x);
    schema->n_y = schema_select(schema, ROLE_LABEL, COLUMN_TYPE_COUNT, places + schema->n_x + schema->n_c);
    free(schema->places);
    schema->places = places;
    index_names(schema);
}

int
schema_find(const struct schema *schema, const char *name)
{
    return schema->n_slots == 0 ? -1 : (int) schema->slots[name_slot(schema, name)] - 1;
}

uint32_t
schema_select(const struct schema *schema, enum column_role role, enum column_type type, uint32_t *indices)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < schema->n_columns; i++) {
        const struct column *column = &schema->columns[i];
        if (column->role == role && (type == COLUMN_TYPE_COUNT || column->type == type))
            indices[n++] = i;
    }
    return n;
}

struct column *
schema_x(const struct schema *schema, uint32_t j)
{
    return &schema->columns[schema->places[j]];
}

struct column *
schema_c(const struct schema *schema, uint32_t k)
{
    return &schema->columns[schema->places[schema->n_x + k]];
}

struct column *
schema_y(const struct schema *schema, uint32_t t)
{
    return &schema->columns[schema->places[schema->n_x + schema->n_c + t]];
}

/* To and from meta maps */

static const char *const column_keys[] = {"name", "type", "role", NULL};
static const char *const table_keys[] = {"cl", "columns", "task", "transforms", "profile", "model", NULL};

static bool
is_one_of(const struct value *key, const char *const *keys)
{
    for (; *keys != NULL; keys++)
        if (strcmp(key->bytes, *keys) == 0)
            return true;
    return false;
}

/* Unknown keys are kept, but looking them up is linear: so many, and no more. */
enum { MAX_COLUMN_KEYS = 64, MAX_TABLE_KEYS = 1000 };

/* Copies the pairs of `from` (a map or NULL) whose keys are not among `known`. */
static void
copy_unknown(struct arena *arena, struct value *to, const struct value *from, const char *const *known)
{
    for (size_t i = 0; from != NULL && i < from->n; i++)
        if (!is_one_of(from->items[2 * i], known))
            value_set(arena, to, from->items[2 * i]->bytes, value_copy(arena, from->items[2 * i + 1]));
}

struct value *
schema_to_value(const struct schema *schema, struct arena *arena)
{
    struct value *meta = value_map(arena), *columns = value_array(arena), *transforms = value_array(arena);
    for (uint32_t i = 0; i < schema->n_columns; i++) {
        const struct column *column = &schema->columns[i];
        struct value *map = value_map(arena);
        value_set(arena, map, "name", value_string(arena, column->name));
        value_set(arena, map, "type", value_string(arena, type_names[column->type]));
        value_set(arena, map, "role", value_string(arena, role_names[column->role]));
        copy_unknown(arena, map, column->extra, column_keys);
        value_push(arena, columns, map);
    }
    for (uint32_t i = 0; i < schema->n_transforms; i++)
        value_push(arena, transforms, transform_to_value(&schema->transforms[i], arena));
    value_set(arena, meta, "cl", value_uint(arena, 1));
    value_set(arena, meta, "columns", columns);
    value_set(arena, meta, "task", value_string(arena, task_names[schema->task]));
    value_set(arena, meta, "transforms", transforms);
    if (schema->profile != NULL)
        value_set(arena, meta, "profile", profile_to_value(schema->profile, arena));
    if (schema->model[0] != '\0')
        value_set(arena, meta, "model", value_string(arena, schema->model));
    copy_unknown(arena, meta, schema->extra, table_keys);
    return meta;
}

/* The index of a map's string among `names`, or -1 with a sentence. */
static int
parse_word(const struct value *map, const char *key, const char *const *names, int n, const char *where,
           struct error *error)
{
    const struct value *word = value_get(map, key);
    if (word == NULL || word->kind != VALUE_STRING)
        return error_set(error, STATUS_DATA, "%s has no string '%s'", where, key);
    for (int i = 0; i < n; i++)
        if (strlen(names[i]) == word->n && strcmp(names[i], word->bytes) == 0)
            return i;
    char quoted[128];
    return error_set(error, STATUS_DATA, "%s has the %s '%s', which this version does not know", where, key,
                     error_quote(quoted, sizeof quoted, word->bytes, word->n, 40));
}

static int
column_from_value(struct column *column, const struct value *map, uint32_t i, struct arena *arena, struct error *error)
{
    char where[192], quoted[128];
    snprintf(where, sizeof where, "column %u", i + 1);
    const struct value *name = value_get(map, "name");
    if (map->kind != VALUE_MAP || name == NULL || name->kind != VALUE_STRING)
        return error_set(error, STATUS_DATA, "%s has no name", where);
    error_quote(quoted, sizeof quoted, name->bytes, name->n, 60);
    if (memchr(name->bytes, '\0', name->n) != NULL)
        return error_set(error, STATUS_DATA, "the name of %s, '%s', holds a NUL byte", where, quoted);
    snprintf(where, sizeof where, "column '%s'", quoted);
    int type = parse_word(map, "type", type_names, COLUMN_TYPE_COUNT, where, error);
    if (type < 0)
        return -1;
    int role = parse_word(map, "role", role_names, ROLE_COUNT, where, error);
    if (role < 0)
        return -1;
    column->name = arena_strndup(arena, name->bytes, name->n);
    column->type = (enum column_type) type;
    column->role = (enum column_role) role;
    if (map->n > MAX_COLUMN_KEYS)
        return error_set(error, STATUS_DATA, "%s has %zu keys; there can be %d", where, map->n, MAX_COLUMN_KEYS);
    if (map->n > 3)
        column->extra = value_copy(arena, map);
    return 0;
}

/* Which types a role may have; the task decides on labels. */
static bool
role_takes(enum column_role role, enum column_type type, enum task task)
{
    switch (role) {
    case ROLE_FEATURE:
        return type != COLUMN_TIME;
    case ROLE_LABEL:
        return type == (task == TASK_CLASS ? COLUMN_CAT : COLUMN_NUM) && task != TASK_NONE;
    case ROLE_WEIGHT:
        return type == COLUMN_NUM;
    case ROLE_TIME:
        return type == COLUMN_TIME;
    default:
        return true;
    }
}

/* Names are unique, but a column may also be carried: its text then stands behind it under the same name. */
static bool
name_is_free(const struct schema *schema, uint32_t index)
{
    uint32_t first = (uint32_t) schema_find(schema, schema->columns[index].name);
    return first == index || (schema->columns[index].role == ROLE_CARRY && !column_is_text(&schema->columns[first]));
}

static int
check_columns(const struct schema *schema, struct error *error)
{
    char quoted[128];
    uint32_t count[ROLE_COUNT] = {0};
    for (uint32_t i = 0; i < schema->n_columns; i++) {
        const struct column *column = &schema->columns[i];
        error_quote(quoted, sizeof quoted, column->name, strlen(column->name), 60);
        if (!name_is_free(schema, i))
            return error_set(error, STATUS_DATA, "two columns have the name '%s'", quoted);
        if (!role_takes(column->role, column->type, schema->task))
            return error_set(error, STATUS_DATA, "column '%s' of type %s cannot have the role %s (task: %s)", quoted,
                             type_names[column->type], role_names[column->role], task_names[schema->task]);
        bool alone = column->role != ROLE_FEATURE && column->role != ROLE_LABEL && column->role != ROLE_CARRY;
        if (++count[column->role] > 1 && alone)
            return error_set(error, STATUS_DATA, "column '%s' is the second one with the role %s; there can be one",
                             quoted, role_names[column->role]);
    }
    return 0;
}

static int
transforms_from_value(struct schema *schema, const struct value *array, struct error *error)
{
    if (array == NULL)
        return 0;
    if (array->kind != VALUE_ARRAY || array->n > 1000)
        return error_set(error, STATUS_DATA, "'transforms' is no array of at most 1000 transforms");
    schema->transforms = arena_zalloc(&schema->arena, array->n, sizeof *schema->transforms);
    schema->n_transforms = (uint32_t) array->n;
    for (uint32_t i = 0; i < schema->n_transforms; i++)
        if (transform_from_value(&schema->transforms[i], array->items[i], &schema->arena, error) < 0 ||
            transform_fits(&schema->transforms[i], schema, error) < 0)
            return -1;
    return 0;
}

static int
model_from_value(struct schema *schema, const struct value *digest, struct error *error)
{
    if (digest == NULL)
        return 0;
    if (digest->kind != VALUE_STRING || digest->n != 32 || strspn(digest->bytes, "0123456789abcdef") != 32)
        return error_set(error, STATUS_DATA, "'model' is no digest of 32 hexadecimal digits");
    memcpy(schema->model, digest->bytes, 33);
    return 0;
}

static int
fill_schema(struct schema *schema, const struct value *meta, struct error *error)
{
    uint64_t version;
    if (!value_get_u64(meta, "cl", &version))
        return error_set(error, STATUS_DATA, "the format version 'cl' is missing");
    if (version != 1)
        return error_set(error, STATUS_DATA, "the format version is %llu; this program reads version 1",
                         (unsigned long long) version);
    if (meta->n > MAX_TABLE_KEYS)
        return error_set(error, STATUS_DATA, "the table has %zu keys; there can be %d", meta->n, MAX_TABLE_KEYS);
    const struct value *columns = value_get(meta, "columns");
    if (columns == NULL || columns->kind != VALUE_ARRAY || columns->n > 1000000)
        return error_set(error, STATUS_DATA, "'columns' is no array of at most 1000000 columns");
    int task = parse_word(meta, "task", task_names, 3, "the table", error);
    if (task < 0)
        return -1;
    schema->task = (enum task) task;
    schema->columns = arena_zalloc(&schema->arena, columns->n, sizeof *schema->columns);
    schema->n_columns = 0;
    for (uint32_t i = 0; i < columns->n; i++, schema->n_columns++)
        if (column_from_value(&schema->columns[i], columns->items[i], i, &schema->arena, error) < 0)
            return -1;
    schema_count(schema);
    struct value *extra = value_map(&schema->arena);
    copy_unknown(&schema->arena, extra, meta, table_keys);
    schema->extra = extra->n > 0 ? extra : NULL;
    if (check_columns(schema, error) < 0 || model_from_value(schema, value_get(meta, "model"), error) < 0)
        return -1;
    const struct value *profile = value_get(meta, "profile");
    if (profile != NULL && profile->kind != VALUE_NIL &&
        (schema->profile = profile_from_value(profile, &schema->arena, error)) == NULL)
        return -1;
    return transforms_from_value(schema, value_get(meta, "transforms"), error);
}

int
schema_from_value(struct schema *schema, const struct value *meta, struct error *error)
{
    if (fill_schema(schema, meta, error) == 0)
        return 0;
    schema_free(schema);
    return -1;
}

void
schema_copy(struct schema *to, const struct schema *from)
{
    *to = (struct schema){.task = from->task, .n_columns = from->n_columns, .n_transforms = from->n_transforms};
    memcpy(to->model, from->model, sizeof to->model);
    to->columns = arena_zalloc(&to->arena, from->n_columns, sizeof *to->columns);
    for (uint32_t i = 0; i < from->n_columns; i++) {
        const struct column *column = &from->columns[i];
        to->columns[i] = (struct column){
            .name = arena_strdup(&to->arena, column->name),
            .type = column->type,
            .role = column->role,
            .extra = column->extra == NULL ? NULL : value_copy(&to->arena, column->extra),
        };
        dict_copy(&to->columns[i].dict, &column->dict);
    }
    to->transforms = arena_zalloc(&to->arena, from->n_transforms, sizeof *to->transforms);
    for (uint32_t i = 0; i < from->n_transforms; i++)
        transform_copy(&to->transforms[i], &from->transforms[i], &to->arena);
    if (from->profile != NULL)
        to->profile = profile_copy(from->profile, &to->arena);
    if (from->extra != NULL)
        to->extra = value_copy(&to->arena, from->extra);
    schema_count(to);
}

void
schema_free(struct schema *schema)
{
    for (uint32_t i = 0; i < schema->n_columns; i++)
        dict_free(&schema->columns[i].dict);
    free(schema->places);
    free(schema->slots);
    arena_free(&schema->arena);
    *schema = (struct schema){0};
}

/*
 * The first key that says how the values of a column came to be (cl-frames.5) and is another in the other column; NULL
 * when they are alike.
 */
static const char *
other_key(const struct column *a, const struct column *b)
{
    static const char *const keys[] = {"hash", "of", "part", "origin", "lag", "lag_of"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const struct value *here = value_get(a->extra, keys[i]), *there = value_get(b->extra, keys[i]);
        if ((here == NULL) != (there == NULL) || (here != NULL && !value_equal(here, there)))
            return keys[i];
    }
    return NULL;
}

int
schema_same(const struct schema *a, const struct schema *b, struct error *error)
{
    char here[128], there[128];
    for (uint32_t i = 0; i < a->n_columns && i < b->n_columns; i++) {
        const struct column *p = &a->columns[i], *q = &b->columns[i];
        error_quote(here, sizeof here, q->name, strlen(q->name), 60);
        error_quote(there, sizeof there, p->name, strlen(p->name), 60);
        if (strcmp(p->name, q->name) != 0)
            return error_set(error, STATUS_DATA, "column %u is '%s', not '%s'", i + 1, here, there);
        if (p->type != q->type)
            return error_set(error, STATUS_DATA, "column '%s' has the type %s, not %s", here, type_names[q->type],
                             type_names[p->type]);
        if (p->role != q->role)
            return error_set(error, STATUS_DATA, "column '%s' has the role %s, not %s", here, role_names[q->role],
                             role_names[p->role]);
        const char *key = other_key(p, q);
        if (key != NULL)
            return error_set(error, STATUS_DATA,
                             "column '%s' was read with another '%s' (cl-ingest --schema reads a file as another)",
                             here, key);
    }
    if (a->n_columns != b->n_columns)
        return error_set(error, STATUS_DATA, "it has %u columns, not %u", b->n_columns, a->n_columns);
    if (a->task != b->task)
        return error_set(error, STATUS_DATA, "the task is %s, not %s", task_names[b->task], task_names[a->task]);
    if (a->n_transforms != b->n_transforms)
        return error_set(error, STATUS_DATA, "it has %u transforms, not %u", b->n_transforms, a->n_transforms);
    for (uint32_t i = 0; i < a->n_transforms; i++)
        if (!transform_equal(&a->transforms[i], &b->transforms[i]))
            return error_set(error, STATUS_DATA, "transform %u has other numbers (scale all parts by one cl-scale)",
                             i + 1);
    return 0;
}
