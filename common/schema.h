/*
 * What the columns of a stream are: names, types, roles, dictionaries, task and fitted transforms.
 *
 * Category and class codes are positions in a dictionary counted from 1; code 0 is "missing or never seen".
 * Dictionaries of a stream grow as it goes, in order of first appearance; a model's dictionary of classes is
 * ordered (numerically if all are numbers, else bytewise).
 *
 * Layout that follows from a schema, used by every tensor of a `rows` frame:
 *   x  numeric features, in column order     c  categorical features, in column order
 *   y  labels, in column order (f32, or u32 class codes when task is TASK_CLASS)
 *
 * A schema owns its strings in its arena; dictionaries own theirs. schema_free() releases all.
 */
#ifndef CL_SCHEMA_H
#define CL_SCHEMA_H

#include <stdbool.h>
#include <stdint.h>

#include "error.h"
#include "memory.h"
#include "profile.h"
#include "transform.h"
#include "value.h"

enum column_type { COLUMN_NUM, COLUMN_CAT, COLUMN_TEXT, COLUMN_TIME, COLUMN_TYPE_COUNT };
enum column_role {
    ROLE_FEATURE,
    ROLE_LABEL,
    ROLE_WEIGHT,
    ROLE_GROUP,
    ROLE_ID,
    ROLE_TIME,
    ROLE_CARRY,
    ROLE_COUNT,
};
enum task { TASK_NONE, TASK_REGRESSION, TASK_CLASS };

/* A dictionary of a stream or a model has at most so many entries; readers refuse more. */
enum { DICT_MAX = 1 << 24 };

/* Strings to codes and back. Strings may hold any bytes but are stored with their length. */
struct dict {
    char **values; /* values[code - 1], NUL behind each */
    uint32_t *lengths;
    uint32_t n, cap;
    uint32_t *slots;  /* open addressing over XXH3-64; 0 = empty, else code */
    uint32_t n_slots; /* power of two, or 0 */
};

uint32_t dict_find(const struct dict *dict, const char *s, size_t n); /* 0 when absent */
uint32_t dict_add(struct dict *dict, const char *s, size_t n);        /* code, old or new */
void dict_copy(struct dict *to, const struct dict *from);
void dict_free(struct dict *dict);
/*
 * order[i] = code (of `dict`) of the i-th value. Numerically if every value is a number as strtod() reads it (no NaN,
 * no white space; equal numbers bytewise), else bytewise, a prefix first. order: [dict->n]
 */
void dict_order(const struct dict *dict, uint32_t *order);

struct column {
    const char *name;
    enum column_type type;
    enum column_role role;
    struct dict dict;    /* types cat, and labels of TASK_CLASS (whatever they look like, type is cat) */
    struct value *extra; /* the column's meta map as read, unknown keys included; or NULL */
};

struct schema {
    struct arena arena;
    struct column *columns;
    uint32_t n_columns;
    enum task task;
    struct transform *transforms; /* in order of application */
    uint32_t n_transforms;
    struct profile *profile; /* of the training rows, or NULL */
    char model[33];          /* digest of the model the stream was read with, or "" */
    struct value *extra;     /* unknown keys of the `table` meta, or NULL */
    uint32_t n_x, n_c, n_y;  /* set by schema_count() */
    /* Made by schema_count(), freed by schema_free(): where the columns of x, then c, then y are; and their names. */
    uint32_t *places; /* [n_x + n_c + n_y] */
    uint32_t *slots;  /* [n_slots] open addressing over XXH3-64 of the name; 0 = empty, else index + 1 */
    uint32_t n_slots; /* power of two */
};

const char *column_type_name(enum column_type type);
const char *column_role_name(enum column_role role);
const char *task_name(enum task task); /* "none", "regression", "class" */

/* True when a column's cells travel as text: carried columns whatever their type, and text features. */
bool column_is_text(const struct column *column);
/* True when a column has a dictionary: categorical features and class labels. */
bool column_has_dict(const struct column *column);
/* True for categories that share codes by a hash: their dictionary is h0, h1, ..., whole, and codes are hashes + 1. */
bool column_is_hashed(const struct column *column);

/* Recounts n_x, n_c, n_y and remakes the look-ups below: to be called whenever columns changed. */
void schema_count(struct schema *schema);
/* Index of a column by name, or -1; of two columns with one name, the first. */
int schema_find(const struct schema *schema, const char *name);
/* Indices of the columns with a role (and type, or any when COLUMN_TYPE_COUNT) in order. Returns their number. */
uint32_t schema_select(const struct schema *schema, enum column_role role, enum column_type type, uint32_t *indices);
/* The j-th numeric feature / categorical feature / label column. */
struct column *schema_x(const struct schema *schema, uint32_t j);
struct column *schema_c(const struct schema *schema, uint32_t k);
struct column *schema_y(const struct schema *schema, uint32_t t);

/*
 * The `table` meta map without dictionaries, canonical key order (cl-frames.5); and back, into a zeroed schema,
 * checked: names are unique, roles and types go together, transforms fit the columns. On failure the schema is free
 * again.
 */
struct value *schema_to_value(const struct schema *schema, struct arena *arena);
int schema_from_value(struct schema *schema, const struct value *meta, struct error *error);
void schema_copy(struct schema *to, const struct schema *from);
void schema_free(struct schema *schema);

/*
 * Columns (name, type, role), task and transforms must be equal: 0, or -1 with a sentence that names the first
 * difference. Dictionaries and profiles may differ.
 */
int schema_same(const struct schema *a, const struct schema *b, struct error *error);

#endif
