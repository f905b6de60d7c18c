#include "transform.h"

#include <math.h>
#include <string.h>

#include "batch.h"
#include "columns.h"
#include "schema.h"

static struct value *
numbers_to_value(const double *numbers, uint32_t n, struct arena *arena)
{
    struct value *array = value_array(arena);
    for (uint32_t i = 0; i < n; i++)
        value_push(arena, array, value_float(arena, numbers[i]));
    return array;
}

struct value *
transform_to_value(const struct transform *transform, struct arena *arena)
{
    struct value *map = value_map(arena), *names = value_array(arena);
    for (uint32_t i = 0; i < transform->n; i++)
        value_push(arena, names, value_string(arena, transform->names[i]));
    value_set(arena, map, "kind", value_string(arena, transform->kind));
    value_set(arena, map, "method", value_string(arena, transform->method));
    value_set(arena, map, "impute", value_string(arena, transform->impute));
    value_set(arena, map, "columns", names);
    value_set(arena, map, "shift", numbers_to_value(transform->shift, transform->n, arena));
    value_set(arena, map, "divisor", numbers_to_value(transform->divisor, transform->n, arena));
    value_set(arena, map, "fill", numbers_to_value(transform->fill, transform->n, arena));
    value_set(arena, map, "label_method", value_string(arena, transform->label_method));
    /* Readers that do not know roots refuse a key that they do not know, where a method would only be shown. */
    if (transform->label_root)
        value_set(arena, map, "label_function", value_string(arena, "sqrt"));
    value_set(arena, map, "label_shift", numbers_to_value(transform->label_shift, transform->n_label, arena));
    value_set(arena, map, "label_divisor", numbers_to_value(transform->label_divisor, transform->n_label, arena));
    return map;
}

/* The array of a key as *n finite doubles; *n is set by the first array and must then agree. */
static int
numbers_from_value(const struct value *map, const char *key, bool first, uint32_t *n, double **numbers,
                   struct arena *arena, struct error *error)
{
    const struct value *array = value_get(map, key);
    if (array == NULL || array->kind != VALUE_ARRAY || array->n > UINT32_MAX)
        return error_set(error, STATUS_DATA, "a transform has no array '%s'", key);
    if (first)
        *n = (uint32_t) array->n;
    if (array->n != *n)
        return error_set(error, STATUS_DATA, "a transform has %zu numbers in '%s', not %u", array->n, key, *n);
    *numbers = arena_array(arena, *n, sizeof **numbers);
    for (uint32_t i = 0; i < *n; i++)
        if (!value_to_double(array->items[i], &(*numbers)[i]) || !isfinite((*numbers)[i]))
            return error_set(error, STATUS_DATA, "a transform has something else than a finite number in '%s'", key);
    return 0;
}

static int
string_from_value(const struct value *map, const char *key, const char **s, struct arena *arena, struct error *error)
{
    const char *found = value_get_string(map, key);
    if (found == NULL)
        return error_set(error, STATUS_DATA, "a transform has no string '%s'", key);
    *s = arena_strdup(arena, found);
    return 0;
}

static int
no_zeros(const double *divisor, uint32_t n, const char *key, struct error *error)
{
    for (uint32_t i = 0; i < n; i++)
        if (divisor[i] == 0)
            return error_set(error, STATUS_DATA, "a transform has a 0 in '%s'", key);
    return 0;
}

/* Keys this version would not carry out: who knows half of a transform must not apply it. */
static int
only_known_keys(const struct value *map, struct error *error)
{
    static const char *const known[] = {"kind",           "method",      "impute",       "columns",
                                        "shift",          "divisor",     "fill",         "label_method",
                                        "label_function", "label_shift", "label_divisor"};
    for (size_t i = 0; i < map->n; i++) {
        const struct value *key = map->items[2 * i];
        bool found = false;
        for (size_t k = 0; k < sizeof known / sizeof *known; k++)
            found |= strcmp(key->bytes, known[k]) == 0;
        char quoted[128];
        if (!found)
            return error_set(error, STATUS_DATA, "a transform has the key '%s', which this version does not know",
                             error_quote(quoted, sizeof quoted, key->bytes, key->n, 40));
    }
    return 0;
}

/* The function of the label that comes before shift and divisor: none, or the root, which the method then names, too.
 */
static int
function_from_value(struct transform *transform, const struct value *map, struct error *error)
{
    const struct value *function = value_get(map, "label_function");
    const char *name = value_get_string(map, "label_function");
    bool method = strcmp(transform->label_method, "sqrt") == 0;
    char quoted[128];
    transform->label_root = function != NULL;
    if (function != NULL && (name == NULL || strcmp(name, "sqrt") != 0))
        return error_set(error, STATUS_DATA,
                         "a transform has the label_function '%s', which this version does not know",
                         name == NULL ? "" : error_quote(quoted, sizeof quoted, name, strlen(name), 40));
    if (method != transform->label_root)
        return error_set(error, STATUS_DATA, "a transform has %s 'sqrt' without %s",
                         method ? "label_method" : "label_function", method ? "label_function" : "label_method");
    return 0;
}

int
transform_from_value(struct transform *transform, const struct value *value, struct arena *arena, struct error *error)
{
    *transform = (struct transform){0};
    if (value == NULL || value->kind != VALUE_MAP)
        return error_set(error, STATUS_DATA, "a transform is no map");
    if (string_from_value(value, "kind", &transform->kind, arena, error) < 0)
        return -1;
    if (strcmp(transform->kind, "scale") != 0) {
        char quoted[128];
        error_quote(quoted, sizeof quoted, transform->kind, strlen(transform->kind), 40);
        return error_set(error, STATUS_DATA, "a transform of kind '%s' is not known to this version", quoted);
    }
    const struct value *names = value_get(value, "columns");
    if (only_known_keys(value, error) < 0 || string_from_value(value, "method", &transform->method, arena, error) < 0 ||
        string_from_value(value, "impute", &transform->impute, arena, error) < 0 ||
        string_from_value(value, "label_method", &transform->label_method, arena, error) < 0 ||
        function_from_value(transform, value, error) < 0)
        return -1;
    if (names == NULL || names->kind != VALUE_ARRAY || names->n > UINT32_MAX)
        return error_set(error, STATUS_DATA, "a transform has no array 'columns'");
    transform->n = (uint32_t) names->n;
    transform->names = arena_array(arena, transform->n, sizeof *transform->names);
    for (uint32_t i = 0; i < transform->n; i++) {
        if (names->items[i]->kind != VALUE_STRING)
            return error_set(error, STATUS_DATA, "a transform has something else than a string in 'columns'");
        transform->names[i] = arena_strndup(arena, names->items[i]->bytes, names->items[i]->n);
    }
    uint32_t *n = &transform->n, *n_label = &transform->n_label;
    if (numbers_from_value(value, "shift", false, n, &transform->shift, arena, error) < 0 ||
        numbers_from_value(value, "divisor", false, n, &transform->divisor, arena, error) < 0 ||
        numbers_from_value(value, "fill", false, n, &transform->fill, arena, error) < 0 ||
        numbers_from_value(value, "label_shift", true, n_label, &transform->label_shift, arena, error) < 0 ||
        numbers_from_value(value, "label_divisor", false, n_label, &transform->label_divisor, arena, error) < 0)
        return -1;
    if (no_zeros(transform->divisor, *n, "divisor", error) < 0)
        return -1;
    return no_zeros(transform->label_divisor, *n_label, "label_divisor", error);
}

static double *
copy_numbers(const double *numbers, uint32_t n, struct arena *arena)
{
    double *copy = arena_array(arena, n, sizeof *copy);
    if (n > 0)
        memcpy(copy, numbers, n * sizeof *copy);
    return copy;
}

void
transform_copy(struct transform *to, const struct transform *from, struct arena *arena)
{
    *to = (struct transform){
        .kind = arena_strdup(arena, from->kind),
        .method = arena_strdup(arena, from->method),
        .impute = arena_strdup(arena, from->impute),
        .n = from->n,
        .names = arena_array(arena, from->n, sizeof *to->names),
        .shift = copy_numbers(from->shift, from->n, arena),
        .divisor = copy_numbers(from->divisor, from->n, arena),
        .fill = copy_numbers(from->fill, from->n, arena),
        .label_method = arena_strdup(arena, from->label_method),
        .n_label = from->n_label,
        .label_shift = copy_numbers(from->label_shift, from->n_label, arena),
        .label_divisor = copy_numbers(from->label_divisor, from->n_label, arena),
        .label_root = from->label_root,
    };
    for (uint32_t i = 0; i < from->n; i++)
        to->names[i] = arena_strdup(arena, from->names[i]);
}

/* memcmp, not ==: -0 is not 0 here. */
static bool
same_numbers(const double *a, const double *b, uint32_t n)
{
    return n == 0 || memcmp(a, b, n * sizeof *a) == 0;
}

bool
transform_equal(const struct transform *a, const struct transform *b)
{
    if (a->n != b->n || a->n_label != b->n_label || strcmp(a->kind, b->kind) != 0 ||
        strcmp(a->method, b->method) != 0 || strcmp(a->impute, b->impute) != 0 ||
        strcmp(a->label_method, b->label_method) != 0 || a->label_root != b->label_root)
        return false;
    for (uint32_t i = 0; i < a->n; i++)
        if (strcmp(a->names[i], b->names[i]) != 0)
            return false;
    return same_numbers(a->shift, b->shift, a->n) && same_numbers(a->divisor, b->divisor, a->n) &&
           same_numbers(a->fill, b->fill, a->n) && same_numbers(a->label_shift, b->label_shift, a->n_label) &&
           same_numbers(a->label_divisor, b->label_divisor, a->n_label);
}

int
transform_fits(const struct transform *transform, const struct schema *schema, struct error *error)
{
    if (transform->n != schema->n_x)
        return error_set(error, STATUS_DATA, "a transform covers %u numeric columns, but the table has %u",
                         transform->n, schema->n_x);
    uint32_t j = 0;
    for (uint32_t i = 0; i < schema->n_columns && j < transform->n; i++) {
        if (schema->columns[i].type != COLUMN_NUM || schema->columns[i].role != ROLE_FEATURE)
            continue;
        const char *here = schema->columns[i].name, *there = transform->names[j++];
        char a[128], b[128];
        if (strcmp(here, there) != 0)
            return error_set(error, STATUS_DATA, "a transform's column %u is '%s', but the table's is '%s'", j,
                             error_quote(a, sizeof a, there, strlen(there), 40),
                             error_quote(b, sizeof b, here, strlen(here), 40));
    }
    /* Rows without labels are served too. */
    if (transform->n_label != 0 && schema->n_y != 0 &&
        (schema->task != TASK_REGRESSION || transform->n_label != schema->n_y))
        return error_set(error, STATUS_DATA, "a transform covers %u label columns, but the table has %u to scale",
                         transform->n_label, schema->task == TASK_REGRESSION ? schema->n_y : 0);
    return 0;
}

void
transform_apply_x(const struct transform *transform, float *x, uint64_t n)
{
    column_kernels()->scale(x, n, transform->n, transform->shift, transform->divisor, transform->fill);
}

static float
label_of(const struct transform *transform, uint32_t t, float y)
{
    double number = transform->label_root ? sqrt((double) y) : (double) y;
    return (float) ((number - transform->label_shift[t]) / transform->label_divisor[t]);
}

int
transform_no_root(const struct batch *batch, uint64_t i, const struct schema *schema, uint32_t t, float y,
                  struct error *error)
{
    const char *name = schema_y(schema, t)->name;
    char quoted[128];
    return error_set(
        error, STATUS_DATA,
        "record %llu: label '%s' is %g, and a negative label has no square root to learn (drop the row, or train "
        "with cl-scale --label standard)",
        (unsigned long long) batch_rowno(batch, i) + 1, error_quote(quoted, sizeof quoted, name, strlen(name), 60),
        (double) y);
}

int
transform_apply_y(const struct transform *transform, float *y, const struct batch *batch, const struct schema *schema,
                  struct error *error)
{
    for (uint64_t i = 0; i < batch->n; i++, y += transform->n_label)
        for (uint32_t t = 0; t < transform->n_label; t++) {
            if (transform->label_root && y[t] < 0)
                return transform_no_root(batch, i, schema, t, y[t], error);
            y[t] = label_of(transform, t, y[t]);
        }
    return 0;
}

int
transform_apply(const struct transform *transform, struct batch *batch, struct error *error)
{
    if (batch->x != NULL)
        transform_apply_x(transform, batch->x, batch->n);
    return batch->y == NULL ? 0 : transform_apply_y(transform, batch->y, batch, batch->schema, error);
}

float
transform_label(const struct transform *transforms, uint32_t n, uint32_t t, float y)
{
    for (uint32_t i = 0; i < n; i++)
        if (t < transforms[i].n_label)
            y = label_of(&transforms[i], t, y);
    return y;
}

double
transform_invert_label(const struct transform *transforms, uint32_t n, uint32_t t, double y)
{
    while (n-- > 0)
        if (t < transforms[n].n_label) {
            y = y * transforms[n].label_divisor[t] + transforms[n].label_shift[t];
            if (transforms[n].label_root)
                y = y < 0 ? 0 : y * y;
        }
    return y;
}

int
transform_prefix(const struct transform *stream, uint32_t n_stream, const struct transform *model, uint32_t n_model,
                 struct error *error)
{
    if (n_stream > n_model)
        return error_set(
            error, STATUS_DATA,
            "the stream has been scaled more often (%u) than the model's training data (%u); leave cl-scale out: the "
            "model applies its own transforms",
            n_stream, n_model);
    for (uint32_t i = 0; i < n_stream; i++)
        if (!transform_equal(&stream[i], &model[i]))
            return error_set(error, STATUS_DATA,
                             "the stream was scaled by other numbers than the model's training data; use "
                             "cl-scale -m MODEL, or leave cl-scale out: the model applies its own transforms");
    return (int) n_stream;
}
