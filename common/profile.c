#include "profile.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "schema.h"
#include "tally.h"

/* Enough, and a double in somebody's JSON holds it. */
#define MAX_ROWS (UINT64_C(1) << 53)

struct profile *
profile_make(const struct tally *tally, const struct schema *schema, struct arena *arena)
{
    if (tally->rows == 0 || (uint64_t) tally->d + tally->k > PROFILE_MAX_COLUMNS)
        return NULL;
    struct profile *profile = arena_alloc(arena, sizeof *profile);
    *profile = (struct profile){.rows = tally->rows};
    profile->columns = arena_array(arena, (size_t) tally->d + tally->k, sizeof *profile->columns);
    for (uint32_t i = 0, j = 0, k = 0; i < schema->n_columns; i++) {
        const struct column *column = &schema->columns[i];
        struct profile_column *to = &profile->columns[profile->n];
        if (column->role != ROLE_FEATURE || (column->type != COLUMN_NUM && column->type != COLUMN_CAT))
            continue;
        *to = (struct profile_column){.name = arena_strdup(arena, column->name), .low = NAN, .high = NAN};
        profile->n++;
        if (column->type == COLUMN_CAT) {
            to->missing = tally->c_missing[k++];
            continue;
        }
        to->missing = tally->x_missing[j];
        if (tally->low[j] <= tally->high[j]) {
            /* -0 becomes 0: which of them a tally has kept depends on the instruction set. */
            to->low = isinf(tally->low[j]) ? -FLT_MAX : (double) tally->low[j] + 0.0;
            to->high = isinf(tally->high[j]) ? FLT_MAX : (double) tally->high[j] + 0.0;
        }
        j++;
    }
    return profile;
}

void
profile_index(const struct profile *profile, struct dict *dict)
{
    *dict = (struct dict){0};
    for (uint32_t i = 0; i < profile->n; i++)
        dict_add(dict, profile->columns[i].name, strlen(profile->columns[i].name));
}

void
profile_join(struct profile *profile, const struct profile *more)
{
    struct dict places;
    profile_index(more, &places);
    for (uint32_t i = 0; i < profile->n; i++) {
        struct profile_column *column = &profile->columns[i];
        uint32_t at = dict_find(&places, column->name, strlen(column->name));
        if (at == 0)
            continue;
        const struct profile_column *other = &more->columns[at - 1];
        column->missing += other->missing;
        column->low = fmin(column->low, other->low); /* NaN only when both are */
        column->high = fmax(column->high, other->high);
    }
    profile->rows += more->rows;
    dict_free(&places);
}

struct profile *
profile_copy(const struct profile *profile, struct arena *arena)
{
    struct profile *copy = arena_alloc(arena, sizeof *copy);
    *copy = *profile;
    copy->columns = arena_array(arena, profile->n, sizeof *copy->columns);
    for (uint32_t i = 0; i < profile->n; i++) {
        copy->columns[i] = profile->columns[i];
        copy->columns[i].name = arena_strdup(arena, profile->columns[i].name);
    }
    return copy;
}

static struct value *
bound_to_value(double bound, struct arena *arena)
{
    return isnan(bound) ? value_nil(arena) : value_float(arena, bound);
}

struct value *
profile_to_value(const struct profile *profile, struct arena *arena)
{
    struct value *map = value_map(arena), *names = value_array(arena), *missing = value_array(arena);
    struct value *low = value_array(arena), *high = value_array(arena);
    for (uint32_t i = 0; i < profile->n; i++) {
        const struct profile_column *column = &profile->columns[i];
        value_push(arena, names, value_string(arena, column->name));
        value_push(arena, missing, value_uint(arena, column->missing));
        value_push(arena, low, bound_to_value(column->low, arena));
        value_push(arena, high, bound_to_value(column->high, arena));
    }
    value_set(arena, map, "rows", value_uint(arena, profile->rows));
    value_set(arena, map, "columns", names);
    value_set(arena, map, "missing", missing);
    value_set(arena, map, "min", low);
    value_set(arena, map, "max", high);
    return map;
}

/* The array of a key, n long; NULL with a sentence. */
static const struct value *
array_of(const struct value *map, const char *key, size_t n, struct error *error)
{
    const struct value *array = value_get(map, key);
    if (array != NULL && array->kind == VALUE_ARRAY && array->n == n)
        return array;
    error_set(error, STATUS_DATA, "the profile has no array '%s' of %zu, one for each column", key, n);
    return NULL;
}

/* A finite number, or NaN for nil. */
static bool
bound_from_value(const struct value *value, double *bound)
{
    *bound = NAN;
    return value->kind == VALUE_NIL || (value_to_double(value, bound) && isfinite(*bound));
}

static int
column_from_value(struct profile_column *column, uint64_t rows, const struct value *name, const struct value *missing,
                  const struct value *low, const struct value *high, struct arena *arena, struct error *error)
{
    char quoted[128];
    if (name->kind != VALUE_STRING || memchr(name->bytes, '\0', name->n) != NULL)
        return error_set(error, STATUS_DATA, "the profile has a column without a name");
    error_quote(quoted, sizeof quoted, name->bytes, name->n, 60);
    column->name = arena_strndup(arena, name->bytes, name->n);
    if (!value_to_u64(missing, &column->missing) || column->missing > rows)
        return error_set(error, STATUS_DATA, "the profile has no number of missing values, out of its rows, for '%s'",
                         quoted);
    if (!bound_from_value(low, &column->low) || !bound_from_value(high, &column->high) ||
        isnan(column->low) != isnan(column->high) || column->low > column->high)
        return error_set(error, STATUS_DATA, "the profile has no range of numbers for '%s'", quoted);
    return 0;
}

struct profile *
profile_from_value(const struct value *value, struct arena *arena, struct error *error)
{
    struct profile *profile = arena_alloc(arena, sizeof *profile);
    const struct value *names = value_get(value, "columns"), *missing, *low, *high;
    *profile = (struct profile){0};
    if (!value_get_u64(value, "rows", &profile->rows) || profile->rows == 0 || profile->rows > MAX_ROWS ||
        names == NULL || names->kind != VALUE_ARRAY || names->n > PROFILE_MAX_COLUMNS) {
        error_set(error, STATUS_DATA, "the profile is no map with a number of 'rows' and at most %d 'columns'",
                  PROFILE_MAX_COLUMNS);
        return NULL;
    }
    if ((missing = array_of(value, "missing", names->n, error)) == NULL ||
        (low = array_of(value, "min", names->n, error)) == NULL ||
        (high = array_of(value, "max", names->n, error)) == NULL)
        return NULL;
    profile->columns = arena_array(arena, names->n, sizeof *profile->columns);
    struct dict seen = {0};
    for (; profile->n < names->n; profile->n++) {
        uint32_t i = profile->n;
        struct profile_column *column = &profile->columns[i];
        if (column_from_value(column, profile->rows, names->items[i], missing->items[i], low->items[i], high->items[i],
                              arena, error) < 0)
            break;
        char quoted[128];
        if (dict_add(&seen, column->name, strlen(column->name)) != i + 1) {
            error_set(error, STATUS_DATA, "the profile has the column '%s' twice",
                      error_quote(quoted, sizeof quoted, column->name, strlen(column->name), 60));
            break;
        }
    }
    dict_free(&seen);
    return profile->n < names->n ? NULL : profile;
}
