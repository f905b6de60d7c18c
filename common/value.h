/*
 * A value of the MessagePack data model: what frame heads are made of.
 *
 * Values live in an arena and are never freed one by one. Maps keep their order and their unknown keys, so a filter
 * writes back what it does not understand. Integers are kept exactly (i64, or u64 above it); floats as double.
 * Strings are UTF-8 with a length and a NUL behind it.
 *
 *     struct value *meta = value_map(arena);
 *     value_set(arena, meta, "n", value_uint(arena, 17));
 *     if (!value_get_u64(meta, "n", &n)) ...
 */
#ifndef CL_VALUE_H
#define CL_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "memory.h"

enum value_kind {
    VALUE_NIL,
    VALUE_BOOL,
    VALUE_INT,  /* i64 */
    VALUE_UINT, /* u64 above INT64_MAX only */
    VALUE_FLOAT,
    VALUE_STRING,
    VALUE_BINARY,
    VALUE_ARRAY,
    VALUE_MAP,
    VALUE_EXT,
};

struct value {
    enum value_kind kind;
    int8_t ext_type;
    union {
        bool boolean;
        int64_t i;
        uint64_t u;
        double f;
    };
    const char *bytes;    /* string, binary, ext: `n` bytes and a NUL */
    struct value **items; /* array: n items; map: n pairs, key then value */
    size_t n, cap;        /* cap: pointers that `items` has room for */
};

struct value *value_nil(struct arena *arena);
struct value *value_bool(struct arena *arena, bool boolean);
struct value *value_int(struct arena *arena, int64_t i);
struct value *value_uint(struct arena *arena, uint64_t u);
struct value *value_float(struct arena *arena, double f);
struct value *value_string(struct arena *arena, const char *s);
struct value *value_string_n(struct arena *arena, const char *s, size_t n);
struct value *value_binary(struct arena *arena, const void *bytes, size_t n);
struct value *value_array(struct arena *arena);
struct value *value_map(struct arena *arena);
struct value *value_copy(struct arena *arena, const struct value *value); /* deep */

/* Appends to an array. Returns the array. */
struct value *value_push(struct arena *arena, struct value *array, struct value *item);
/* Sets or replaces a key of a map. Returns the map. */
struct value *value_set(struct arena *arena, struct value *map, const char *key, struct value *item);
/* The value of a key, NULL when absent or when `map` is NULL or no map. */
struct value *value_get(const struct value *map, const char *key);
bool value_remove(struct value *map, const char *key);

/* Typed look-ups: false when absent or of another kind (or out of range). Numbers convert when exact. */
bool value_get_u64(const struct value *map, const char *key, uint64_t *out);
bool value_get_i64(const struct value *map, const char *key, int64_t *out);
bool value_get_double(const struct value *map, const char *key, double *out);
bool value_get_bool(const struct value *map, const char *key, bool *out);
/* NULL when absent, not a string, or a string with a NUL in it (which C would read as a shorter one). */
const char *value_get_string(const struct value *map, const char *key);

bool value_to_u64(const struct value *value, uint64_t *out);
bool value_to_double(const struct value *value, double *out);

/* Deep equality, bit for bit for floats; maps equal when they hold the same keys in any order. */
bool value_equal(const struct value *a, const struct value *b);

#endif
