#include "profile.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "row_sample.h"
#include "schema.h"
#include "tally.h"

/* Enough, and a double in somebody's JSON holds it. */
#define MAX_ROWS (UINT64_C(1) << 53)

/* Distributions of wide tables are coarser, and values of categories have so many bytes in all: meta has a bound. */
enum { BINS_IN_ALL = 1 << 16, LEAST_BINS = 4, VALUE_BYTES_IN_ALL = 1 << 21 };
enum { CATEGORY_TIMES = 2 }; /* categories have so many times the bins of numbers */

static uint32_t
bins_of(uint32_t columns)
{
    const uint32_t each = BINS_IN_ALL / (columns > 0 ? columns : 1);
    return each > DISTRIBUTION_BINS ? DISTRIBUTION_BINS : each < LEAST_BINS ? LEAST_BINS : each;
}

/* Of column j of the numbers, or k of the codes, of a sample. */
static struct distribution *
sampled_numbers(const struct row_sample *sample, uint32_t j, struct arena *arena)
{
    const uint64_t n = row_sample_size(sample);
    float *numbers = mem_array(n, sizeof *numbers);
    for (uint64_t i = 0; i < n; i++)
        numbers[i] = sample->x[i * sample->d + j];
    struct distribution *seen = distribution_of_numbers(numbers, n, bins_of(sample->d + sample->k), arena);
    free(numbers);
    return seen;
}

static struct distribution *
sampled_codes(const struct row_sample *sample, uint32_t k, const struct dict *dict, size_t *room, struct arena *arena)
{
    const uint64_t n = row_sample_size(sample);
    uint32_t *codes = mem_array(n, sizeof *codes);
    for (uint64_t i = 0; i < n; i++)
        codes[i] = sample->c[i * sample->k + k] <= dict->n ? sample->c[i * sample->k + k] : 0;
    struct distribution *seen =
        distribution_of_codes(codes, n, dict, CATEGORY_TIMES * bins_of(sample->d + sample->k), room, arena);
    free(codes);
    return seen;
}

struct profile *
profile_make(const struct tally *tally, const struct schema *schema, struct arena *arena)
{
    if (tally->rows == 0 || (uint64_t) tally->d + tally->k > PROFILE_MAX_COLUMNS)
        return NULL;
    struct profile *profile = arena_alloc(arena, sizeof *profile);
    *profile = (struct profile){.rows = tally->rows};
    size_t room = VALUE_BYTES_IN_ALL;
    profile->columns = arena_array(arena, (size_t) tally->d + tally->k, sizeof *profile->columns);
    for (uint32_t i = 0, j = 0, k = 0; i < schema->n_columns; i++) {
        const struct column *column = &schema->columns[i];
        struct profile_column *to = &profile->columns[profile->n];
        if (column->role != ROLE_FEATURE || (column->type != COLUMN_NUM && column->type != COLUMN_CAT))
            continue;
        *to = (struct profile_column){.name = arena_strdup(arena, column->name), .low = NAN, .high = NAN};
        profile->n++;
        if (column->type == COLUMN_CAT) {
            if (tally->sample != NULL)
                to->seen = sampled_codes(tally->sample, k, &column->dict, &room, arena);
            to->missing = tally->c_missing[k++];
            continue;
        }
        if (tally->sample != NULL)
            to->seen = sampled_numbers(tally->sample, j, arena);
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

static struct distribution_part
part_of(const struct profile *profile, const struct profile_column *column)
{
    const double present = (double) (profile->rows - column->missing);
    return (struct distribution_part){.distribution = column->seen,
                                      .weight = present > column->seen->total ? present : column->seen->total,
                                      .low = column->low,
                                      .high = column->high};
}

/* Of both: numbers, or categories. What only one of them has stays, or comes. */
static struct distribution *
join_seen(const struct profile *profile, const struct profile_column *column, const struct profile *more,
          const struct profile_column *other, struct arena *arena)
{
    if (column->seen == NULL || other->seen == NULL)
        return column->seen != NULL ? column->seen : other->seen != NULL ? distribution_copy(other->seen, arena) : NULL;
    const bool numbers = column->seen->kind == DISTRIBUTION_NUMBERS;
    if (numbers != (other->seen->kind == DISTRIBUTION_NUMBERS))
        return column->seen;
    const struct distribution_part a = part_of(profile, column), b = part_of(more, other);
    struct distribution *joined =
        distribution_join(&a, &b, (numbers ? 1 : CATEGORY_TIMES) * bins_of(profile->n), arena);
    return joined != NULL ? joined : distribution_copy(other->seen, arena);
}

void
profile_join(struct profile *profile, const struct profile *more, struct arena *arena)
{
    struct dict places;
    profile_index(more, &places);
    for (uint32_t i = 0; i < profile->n; i++) {
        struct profile_column *column = &profile->columns[i];
        uint32_t at = dict_find(&places, column->name, strlen(column->name));
        if (at == 0)
            continue;
        const struct profile_column *other = &more->columns[at - 1];
        column->seen = join_seen(profile, column, more, other, arena);
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
        if (profile->columns[i].seen != NULL)
            copy->columns[i].seen = distribution_copy(profile->columns[i].seen, arena);
    }
    if (profile->predictions != NULL)
        copy->predictions = profile_copy(profile->predictions, arena);
    return copy;
}

bool
profile_has_distributions(const struct profile *profile)
{
    for (uint32_t i = 0; i < profile->n; i++)
        if (profile->columns[i].seen != NULL)
            return true;
    return false;
}

/* ---- values ---- */

static struct value *
bound_to_value(double bound, struct arena *arena)
{
    return isnan(bound) ? value_nil(arena) : value_float(arena, bound);
}

/* Counts are whole unless samples were joined. */
static struct value *
count_to_value(double count, struct arena *arena)
{
    return count == floor(count) && count < 0x1p53 ? value_uint(arena, (uint64_t) count) : value_float(arena, count);
}

/* Three arrays of arrays, nil for columns that have none: edges of numbers, values of categories, counts of all. */
static void
distributions_to_value(const struct profile *profile, struct value *map, struct arena *arena)
{
    struct value *all_edges = value_array(arena), *all_values = value_array(arena), *all_counts = value_array(arena);
    for (uint32_t i = 0; i < profile->n; i++) {
        const struct distribution *seen = profile->columns[i].seen;
        const bool numbers = seen != NULL && seen->kind == DISTRIBUTION_NUMBERS;
        const bool by_value = seen != NULL && seen->kind == DISTRIBUTION_VALUES;
        struct value *edges = numbers ? value_array(arena) : value_nil(arena);
        struct value *values = by_value ? value_array(arena) : value_nil(arena);
        struct value *counts = seen != NULL ? value_array(arena) : value_nil(arena);
        for (uint32_t bin = 0; seen != NULL && bin < seen->n; bin++) {
            value_push(arena, counts, count_to_value(seen->counts[bin], arena));
            if (numbers && bin + 1 < seen->n)
                value_push(arena, edges, value_float(arena, seen->edges[bin]));
            if (by_value)
                value_push(arena, values, value_string_n(arena, seen->values[bin], seen->lengths[bin]));
        }
        value_push(arena, all_edges, edges);
        value_push(arena, all_values, values);
        value_push(arena, all_counts, counts);
    }
    value_set(arena, map, "edges", all_edges);
    value_set(arena, map, "values", all_values);
    value_set(arena, map, "counts", all_counts);
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
    if (profile_has_distributions(profile))
        distributions_to_value(profile, map, arena);
    if (profile->predictions != NULL)
        value_set(arena, map, "predictions", profile_to_value(profile->predictions, arena));
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
    *column = (struct profile_column){.low = NAN};
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

static bool
edges_from_value(struct distribution *seen, const struct value *edges, struct arena *arena)
{
    double *to = arena_array(arena, seen->n, sizeof *to);
    for (uint32_t i = 0; i < edges->n; i++)
        if (!value_to_double(edges->items[i], &to[i]) || !isfinite(to[i]) || (i > 0 && to[i] <= to[i - 1]))
            return false;
    seen->edges = to;
    return true;
}

static bool
values_from_value(struct distribution *seen, const struct value *values, struct arena *arena)
{
    seen->values = arena_array(arena, seen->n, sizeof *seen->values);
    seen->lengths = arena_array(arena, seen->n, sizeof *seen->lengths);
    for (uint32_t i = 0; i < values->n; i++) {
        const struct value *value = values->items[i];
        if (value->kind != VALUE_STRING || value->n > DISTRIBUTION_VALUE_BYTES)
            return false;
        seen->values[i] = arena_strndup(arena, value->bytes, value->n);
        seen->lengths[i] = (uint32_t) value->n;
    }
    return true;
}

/* Counts from 0 on, not all 0. One count more than there are edges, one for each value. */
static bool
distribution_from_value(struct distribution *seen, const struct value *edges, const struct value *values,
                        const struct value *counts, struct arena *arena)
{
    if (counts->kind != VALUE_ARRAY || counts->n == 0 || counts->n > DISTRIBUTION_MOST_BINS)
        return false;
    double *to = arena_array(arena, counts->n, sizeof *to);
    *seen = (struct distribution){.kind = DISTRIBUTION_HASHED, .n = (uint32_t) counts->n, .counts = to};
    for (uint32_t i = 0; i < counts->n; i++) {
        if (!value_to_double(counts->items[i], &to[i]) || !(to[i] >= 0 && to[i] <= (double) MAX_ROWS))
            return false;
        seen->total += to[i];
    }
    if (!(seen->total > 0) || (edges->kind != VALUE_NIL && values->kind != VALUE_NIL))
        return false;
    if (edges->kind != VALUE_NIL) {
        seen->kind = DISTRIBUTION_NUMBERS;
        return edges->kind == VALUE_ARRAY && edges->n + 1 == counts->n && edges_from_value(seen, edges, arena);
    }
    if (values->kind != VALUE_NIL) {
        seen->kind = DISTRIBUTION_VALUES;
        return values->kind == VALUE_ARRAY && values->n == counts->n && values_from_value(seen, values, arena);
    }
    return true;
}

/* Older profiles have no distributions. */
static int
distributions_from_value(struct profile *profile, const struct value *map, struct arena *arena, struct error *error)
{
    const struct value *edges, *values, *counts;
    if (value_get(map, "counts") == NULL)
        return 0;
    if ((counts = array_of(map, "counts", profile->n, error)) == NULL ||
        (edges = array_of(map, "edges", profile->n, error)) == NULL ||
        (values = array_of(map, "values", profile->n, error)) == NULL)
        return -1;
    for (uint32_t i = 0; i < profile->n; i++) {
        struct profile_column *column = &profile->columns[i];
        struct distribution *seen;
        char quoted[128];
        if (counts->items[i]->kind == VALUE_NIL)
            continue;
        seen = arena_alloc(arena, sizeof *seen);
        /* Numbers have a range, categories have none. */
        if (!distribution_from_value(seen, edges->items[i], values->items[i], counts->items[i], arena) ||
            (seen->kind == DISTRIBUTION_NUMBERS) != !isnan(column->low))
            return error_set(error, STATUS_DATA, "the profile has no distribution for '%s'",
                             error_quote(quoted, sizeof quoted, column->name, strlen(column->name), 60));
        column->seen = seen;
    }
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
    if (profile->n < names->n || distributions_from_value(profile, value, arena, error) < 0)
        return NULL;
    const struct value *predictions = value_get(value, "predictions");
    if (predictions != NULL && predictions->kind != VALUE_NIL &&
        (profile->predictions = profile_from_value(predictions, arena, error)) == NULL) {
        error_prefix(error, "predictions");
        return NULL;
    }
    return profile;
}
