#include "value.h"

#include <stdlib.h>
#include <string.h>

static struct value *
value_new(struct arena *arena, enum value_kind kind)
{
    struct value *value = arena_zalloc(arena, 1, sizeof *value);
    value->kind = kind;
    return value;
}

struct value *
value_nil(struct arena *arena)
{
    return value_new(arena, VALUE_NIL);
}

struct value *
value_bool(struct arena *arena, bool boolean)
{
    struct value *value = value_new(arena, VALUE_BOOL);
    value->boolean = boolean;
    return value;
}

struct value *
value_int(struct arena *arena, int64_t i)
{
    struct value *value = value_new(arena, VALUE_INT);
    value->i = i;
    return value;
}

struct value *
value_uint(struct arena *arena, uint64_t u)
{
    if (u <= INT64_MAX)
        return value_int(arena, (int64_t) u);
    struct value *value = value_new(arena, VALUE_UINT);
    value->u = u;
    return value;
}

struct value *
value_float(struct arena *arena, double f)
{
    struct value *value = value_new(arena, VALUE_FLOAT);
    value->f = f;
    return value;
}

struct value *
value_string(struct arena *arena, const char *s)
{
    return value_string_n(arena, s, strlen(s));
}

struct value *
value_string_n(struct arena *arena, const char *s, size_t n)
{
    struct value *value = value_new(arena, VALUE_STRING);
    value->bytes = arena_strndup(arena, s, n);
    value->n = n;
    return value;
}

struct value *
value_binary(struct arena *arena, const void *bytes, size_t n)
{
    struct value *value = value_string_n(arena, bytes, n);
    value->kind = VALUE_BINARY;
    return value;
}

struct value *
value_array(struct arena *arena)
{
    return value_new(arena, VALUE_ARRAY);
}

struct value *
value_map(struct arena *arena)
{
    return value_new(arena, VALUE_MAP);
}

struct value *
value_copy(struct arena *arena, const struct value *value)
{
    struct value *copy = value_new(arena, value->kind);
    *copy = *value;
    if (value->bytes != NULL)
        copy->bytes = arena_strndup(arena, value->bytes, value->n);
    if (value->items != NULL) {
        size_t n = value->kind == VALUE_MAP ? 2 * value->n : value->n;
        copy->items = arena_array(arena, n, sizeof *copy->items);
        copy->cap = n;
        for (size_t i = 0; i < n; i++)
            copy->items[i] = value_copy(arena, value->items[i]);
    }
    return copy;
}

/* Room for `need` item pointers. What is outgrown stays in the arena: doubling keeps that below the rest. */
static void
reserve(struct arena *arena, struct value *value, size_t need)
{
    if (need <= value->cap)
        return;
    size_t cap = value->cap * 2 > need ? value->cap * 2 : need < 8 ? 8 : need;
    struct value **items = arena_array(arena, cap, sizeof *items);
    if (value->cap > 0)
        memcpy(items, value->items, value->cap * sizeof *items);
    value->items = items;
    value->cap = cap;
}

struct value *
value_push(struct arena *arena, struct value *array, struct value *item)
{
    reserve(arena, array, array->n + 1);
    array->items[array->n++] = item;
    return array;
}

static bool
key_is(const struct value *key, const char *s, size_t n)
{
    return key->kind == VALUE_STRING && key->n == n && memcmp(key->bytes, s, n) == 0;
}

/* The pair of a key: its index, or map->n. */
static size_t
find(const struct value *map, const char *key)
{
    size_t n = strlen(key), i = 0;
    while (i < map->n && !key_is(map->items[2 * i], key, n))
        i++;
    return i;
}

struct value *
value_set(struct arena *arena, struct value *map, const char *key, struct value *item)
{
    size_t i = find(map, key);
    if (i == map->n) {
        reserve(arena, map, 2 * (map->n + 1));
        map->items[2 * i] = value_string(arena, key);
        map->n++;
    }
    map->items[2 * i + 1] = item;
    return map;
}

struct value *
value_get(const struct value *map, const char *key)
{
    if (map == NULL || map->kind != VALUE_MAP)
        return NULL;
    size_t i = find(map, key);
    return i < map->n ? map->items[2 * i + 1] : NULL;
}

bool
value_remove(struct value *map, const char *key)
{
    if (map == NULL || map->kind != VALUE_MAP)
        return false;
    size_t i = find(map, key);
    if (i == map->n)
        return false;
    map->n--;
    memmove(map->items + 2 * i, map->items + 2 * (i + 1), 2 * (map->n - i) * sizeof *map->items);
    return true;
}

bool
value_to_u64(const struct value *value, uint64_t *out)
{
    if (value == NULL)
        return false;
    switch (value->kind) {
    case VALUE_INT:
        if (value->i < 0)
            return false;
        *out = (uint64_t) value->i;
        return true;
    case VALUE_UINT:
        *out = value->u;
        return true;
    case VALUE_FLOAT:
        if (!(value->f >= 0 && value->f < 0x1p64) || value->f != (double) (uint64_t) value->f)
            return false;
        *out = (uint64_t) value->f;
        return true;
    default:
        return false;
    }
}

static bool
value_to_i64(const struct value *value, int64_t *out)
{
    if (value == NULL)
        return false;
    switch (value->kind) {
    case VALUE_INT:
        *out = value->i;
        return true;
    case VALUE_FLOAT:
        if (!(value->f >= -0x1p63 && value->f < 0x1p63) || value->f != (double) (int64_t) value->f)
            return false;
        *out = (int64_t) value->f;
        return true;
    default:
        return false;
    }
}

bool
value_to_double(const struct value *value, double *out)
{
    if (value == NULL)
        return false;
    switch (value->kind) {
    case VALUE_INT: {
        /* 2^63 is a double but no i64: the conversion back must not meet it. */
        double f = (double) value->i;
        if (f >= 0x1p63 || (int64_t) f != value->i)
            return false;
        *out = f;
        return true;
    }
    case VALUE_UINT: {
        double f = (double) value->u;
        if (f >= 0x1p64 || (uint64_t) f != value->u)
            return false;
        *out = f;
        return true;
    }
    case VALUE_FLOAT:
        *out = value->f;
        return true;
    default:
        return false;
    }
}

bool
value_get_u64(const struct value *map, const char *key, uint64_t *out)
{
    return value_to_u64(value_get(map, key), out);
}

bool
value_get_i64(const struct value *map, const char *key, int64_t *out)
{
    return value_to_i64(value_get(map, key), out);
}

bool
value_get_double(const struct value *map, const char *key, double *out)
{
    return value_to_double(value_get(map, key), out);
}

bool
value_get_bool(const struct value *map, const char *key, bool *out)
{
    const struct value *value = value_get(map, key);
    if (value == NULL || value->kind != VALUE_BOOL)
        return false;
    *out = value->boolean;
    return true;
}

const char *
value_get_string(const struct value *map, const char *key)
{
    const struct value *value = value_get(map, key);
    if (value == NULL || value->kind != VALUE_STRING || memchr(value->bytes, '\0', value->n) != NULL)
        return NULL;
    return value->bytes;
}

/* Orders pairs by key: shorter first, then bytewise. */
static int
compare_pairs(const void *a, const void *b)
{
    const struct value *x = **(struct value * *const *) a, *y = **(struct value * *const *) b;
    if (x->n != y->n)
        return x->n < y->n ? -1 : 1;
    return x->n == 0 ? 0 : memcmp(x->bytes, y->bytes, x->n);
}

static struct value ***
sorted_pairs(const struct value *map)
{
    struct value ***pairs = mem_array(map->n, sizeof *pairs);
    for (size_t i = 0; i < map->n; i++)
        pairs[i] = &map->items[2 * i];
    qsort(pairs, map->n, sizeof *pairs, compare_pairs);
    return pairs;
}

static bool
maps_equal(const struct value *a, const struct value *b)
{
    /* Most often the order is the same too; only a map in another order is sorted. */
    size_t i = 0;
    while (i < a->n && value_equal(a->items[2 * i], b->items[2 * i]))
        i++;
    bool equal = true;
    if (i == a->n) {
        for (i = 0; i < a->n && equal; i++)
            equal = value_equal(a->items[2 * i + 1], b->items[2 * i + 1]);
        return equal;
    }
    struct value ***x = sorted_pairs(a), ***y = sorted_pairs(b);
    for (i = 0; i < a->n && equal; i++)
        equal = value_equal(x[i][0], y[i][0]) && value_equal(x[i][1], y[i][1]);
    free(x);
    free(y);
    return equal;
}

bool
value_equal(const struct value *a, const struct value *b)
{
    if (a == b)
        return true;
    if (a == NULL || b == NULL || a->kind != b->kind)
        return false;
    switch (a->kind) {
    case VALUE_NIL:
        return true;
    case VALUE_BOOL:
        return a->boolean == b->boolean;
    case VALUE_INT:
    case VALUE_UINT:
    case VALUE_FLOAT: /* by their bits */
        return a->u == b->u;
    case VALUE_EXT:
        if (a->ext_type != b->ext_type)
            return false;
        /* fall through */
    case VALUE_STRING:
    case VALUE_BINARY:
        return a->n == b->n && memcmp(a->bytes, b->bytes, a->n) == 0;
    case VALUE_ARRAY:
        if (a->n != b->n)
            return false;
        for (size_t i = 0; i < a->n; i++)
            if (!value_equal(a->items[i], b->items[i]))
                return false;
        return true;
    case VALUE_MAP:
        return a->n == b->n && maps_equal(a, b);
    }
    return false;
}
