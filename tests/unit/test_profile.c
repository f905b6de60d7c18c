/* tally.h, counted eight columns at a time, against one cell after another; and profile.h. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "batch.h"
#include "profile.h"
#include "rng.h"
#include "schema.h"
#include "tally.h"
#include "tally_parts.h"

/* ---- tallies ---- */

/* Numbers one after another. */
struct numbers {
    struct rng_key key;
    uint64_t position;
};

static uint64_t
below(struct numbers *numbers, uint64_t bound)
{
    return rng_below(numbers->key, numbers->position++, bound);
}

struct table {
    uint32_t d, k;
    uint64_t n;
    float *x;
    uint32_t *c;
    uint8_t *split; /* or NULL */
};

static struct table
random_table(struct numbers *numbers, uint32_t d, uint32_t k, uint64_t n, bool tags)
{
    static const float odd[] = {NAN, INFINITY, -INFINITY, 0.0f, -0.0f, 1e30f};
    struct table table = {.d = d, .k = k, .n = n, .x = mem_array(n * d, 4), .c = mem_array(n * k, 4)};
    for (uint64_t i = 0; i < n * d; i++)
        table.x[i] = below(numbers, 8) == 0 ? odd[below(numbers, 6)] : (float) below(numbers, 2000) - 1000;
    for (uint64_t i = 0; i < n * k; i++)
        table.c[i] = (uint32_t) below(numbers, 12);
    if (tags)
        table.split = mem_array(n, 1);
    for (uint64_t i = 0; tags && i < n; i++)
        table.split[i] = (uint8_t) below(numbers, 4);
    return table;
}

static void
free_table(struct table *table)
{
    free(table->x);
    free(table->c);
    free(table->split);
}

static bool
counts(const struct table *table, uint64_t i, bool training)
{
    return !training || table->split == NULL || table->split[i] == SPLIT_NONE || table->split[i] == SPLIT_TRAIN;
}

static void
assert_numbers(const struct table *table, const struct tally *tally, bool training)
{
    for (uint32_t j = 0; j < table->d; j++) {
        uint64_t missing = 0, outside = 0;
        float low = INFINITY, high = -INFINITY;
        for (uint64_t i = 0; i < table->n; i++) {
            float value = table->x[i * table->d + j];
            if (!counts(table, i, training))
                continue;
            missing += isnan(value);
            outside += value < tally->from[j] || value > tally->to[j];
            low = value < low ? value : low;
            high = value > high ? value : high;
        }
        assert_int_equal(tally->x_missing[j], missing);
        assert_int_equal(tally->x_outside[j], outside);
        assert_true(tally->low[j] == low && tally->high[j] == high);
    }
}

static void
assert_codes(const struct table *table, const struct tally *tally, bool training)
{
    for (uint32_t j = 0; j < table->k; j++) {
        uint64_t missing = 0, unseen = 0;
        for (uint64_t i = 0; i < table->n; i++) {
            uint32_t code = table->c[i * table->k + j];
            missing += counts(table, i, training) && code == 0;
            unseen += counts(table, i, training) && code > tally->known[j];
        }
        assert_int_equal(tally->c_missing[j], missing);
        assert_int_equal(tally->c_unseen[j], unseen);
    }
}

/* Shows the table in batches of random sizes. */
static void
tally_table(struct tally *tally, const struct table *table, struct numbers *numbers, bool training)
{
    for (uint64_t at = 0, n; at < table->n; at += n) {
        n = 1 + below(numbers, 100);
        n = n < table->n - at ? n : table->n - at;
        struct batch batch = {
            .n = n,
            .x = table->d > 0 ? table->x + at * table->d : NULL,
            .c = table->k > 0 ? table->c + at * table->k : NULL,
            .split = table->split != NULL ? table->split + at : NULL,
        };
        tally_add(tally, &batch, training);
    }
}

static void
test_counts_are_those_of_the_plain_loop(void **state)
{
    (void) state;
    struct numbers numbers = {.key = rng_key(1, RNG_SPLIT, 0)};
    for (int round = 0; round < 400; round++) {
        uint32_t d = (uint32_t) below(&numbers, 34), k = (uint32_t) below(&numbers, 20);
        bool tags = below(&numbers, 2), training = below(&numbers, 2);
        struct table table = random_table(&numbers, d, k, below(&numbers, 300), tags);
        struct tally tally;
        tally_open(&tally, d, k);
        if (below(&numbers, 2))
            tally.kernels = &tally_kernels_base;
        for (uint32_t j = 0; j < d; j++) {
            tally.from[j] = below(&numbers, 5) == 0 ? INFINITY : (float) below(&numbers, 900) - 1000;
            tally.to[j] = tally.from[j] == INFINITY ? -INFINITY : (float) below(&numbers, 1000);
        }
        for (uint32_t j = 0; j < k; j++)
            if (below(&numbers, 3) > 0)
                tally.known[j] = (uint32_t) below(&numbers, 12);
        tally_table(&tally, &table, &numbers, training);
        uint64_t rows = 0;
        for (uint64_t i = 0; i < table.n; i++)
            rows += counts(&table, i, training);
        assert_int_equal(tally.rows, rows);
        assert_numbers(&table, &tally, training);
        assert_codes(&table, &tally, training);
        tally_close(&tally);
        free_table(&table);
    }
}

/* ---- profiles ---- */

/* a num, k cat, y label, b num, text t */
static void
make_schema(struct schema *schema)
{
    static const struct column columns[] = {
        {.name = "a", .type = COLUMN_NUM, .role = ROLE_FEATURE},
        {.name = "k", .type = COLUMN_CAT, .role = ROLE_FEATURE},
        {.name = "y", .type = COLUMN_NUM, .role = ROLE_LABEL},
        {.name = "b", .type = COLUMN_NUM, .role = ROLE_FEATURE},
        {.name = "t", .type = COLUMN_TEXT, .role = ROLE_CARRY},
    };
    *schema = (struct schema){.task = TASK_REGRESSION, .n_columns = 5};
    schema->columns = arena_array(&schema->arena, 5, sizeof *columns);
    memcpy(schema->columns, columns, sizeof columns);
    schema_count(schema);
}

static struct profile *
profile_of(const struct schema *schema, const float *x, const uint32_t *c, uint64_t n, struct arena *arena)
{
    struct tally tally;
    tally_open(&tally, schema->n_x, schema->n_c);
    tally_keep_sample(&tally);
    tally_add(&tally, &(struct batch){.n = n, .x = (float *) x, .c = (uint32_t *) c}, true);
    struct profile *profile = profile_make(&tally, schema, arena);
    tally_close(&tally);
    return profile;
}

/* Equal numbers of both signs: a profile has 0, whichever was seen first. */
static void
test_zeros_have_no_sign(void **state)
{
    (void) state;
    struct schema schema = {0};
    struct arena arena = {0};
    make_schema(&schema);
    for (int where = 0; where < 2; where++) {
        const float x[] = {where ? -0.0f : 0.0f, 5, where ? 0.0f : -0.0f, -5};
        const uint32_t c[] = {1, 1};
        const struct profile *profile = profile_of(&schema, x, c, 2, &arena);
        assert_false(signbit(profile->columns[0].low));
        assert_false(signbit(profile->columns[0].high));
        const float negative[] = {-0.0f, 1, -0.0f, 1};
        profile = profile_of(&schema, negative, c, 2, &arena);
        assert_false(signbit(profile->columns[0].low));
        assert_false(signbit(profile->columns[0].high));
    }
    schema_free(&schema);
    arena_free(&arena);
}

static void
test_a_profile_says_what_was_seen(void **state)
{
    (void) state;
    struct schema schema;
    struct arena arena = {0};
    make_schema(&schema);
    const float x[] = {1, NAN, -2.5f, NAN, NAN, NAN};
    const uint32_t c[] = {1, 0, 0};
    const struct profile *profile = profile_of(&schema, x, c, 3, &arena);
    assert_int_equal(profile->rows, 3);
    assert_int_equal(profile->n, 3);
    assert_string_equal(profile->columns[0].name, "a");
    assert_int_equal(profile->columns[0].missing, 1);
    assert_true(profile->columns[0].low == -2.5 && profile->columns[0].high == 1);
    assert_string_equal(profile->columns[1].name, "k");
    assert_int_equal(profile->columns[1].missing, 2);
    assert_true(isnan(profile->columns[1].low) && isnan(profile->columns[1].high));
    assert_string_equal(profile->columns[2].name, "b");
    assert_int_equal(profile->columns[2].missing, 3);
    assert_true(isnan(profile->columns[2].low) && isnan(profile->columns[2].high));
    assert_null(profile_of(&schema, x, c, 0, &arena));
    const float infinite[] = {INFINITY, 1, 3, -INFINITY};
    profile = profile_of(&schema, infinite, c, 2, &arena);
    assert_true(profile->columns[0].low == 3 && profile->columns[0].high == (double) __FLT_MAX__);
    assert_true(profile->columns[2].low == -(double) __FLT_MAX__ && profile->columns[2].high == 1);
    arena_free(&arena);
    schema_free(&schema);
}

static void
test_joining_widens_and_adds(void **state)
{
    (void) state;
    struct schema schema;
    struct arena arena = {0};
    make_schema(&schema);
    const float first[] = {1, NAN, 2, NAN}, second[] = {NAN, 7, 1.5f, 5, 9, 6};
    const uint32_t codes[] = {0, 1, 1};
    struct profile *profile = profile_of(&schema, first, codes, 2, &arena);
    struct profile *more = profile_of(&schema, second, codes, 3, &arena);
    profile_join(profile, more, &arena);
    assert_int_equal(profile->rows, 5);
    assert_true(profile->columns[0].low == 1 && profile->columns[0].high == 9);
    assert_int_equal(profile->columns[0].missing, 1);
    assert_int_equal(profile->columns[1].missing, 2);
    assert_true(profile->columns[2].low == 5 && profile->columns[2].high == 7);
    assert_int_equal(profile->columns[2].missing, 2);
    arena_free(&arena);
    schema_free(&schema);
}

static void
assert_distributions_equal(const struct distribution *a, const struct distribution *b)
{
    assert_true((a == NULL) == (b == NULL));
    if (a == NULL)
        return;
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->n, b->n);
    assert_true(a->total == b->total);
    assert_memory_equal(a->counts, b->counts, a->n * sizeof *a->counts);
    if (a->kind == DISTRIBUTION_NUMBERS && a->n > 1)
        assert_memory_equal(a->edges, b->edges, (a->n - 1) * sizeof *a->edges);
    for (uint32_t i = 0; a->kind == DISTRIBUTION_VALUES && i < a->n; i++) {
        assert_int_equal(a->lengths[i], b->lengths[i]);
        assert_string_equal(a->values[i], b->values[i]);
    }
}

static void
assert_profiles_equal(const struct profile *a, const struct profile *b)
{
    assert_int_equal(a->rows, b->rows);
    assert_int_equal(a->n, b->n);
    for (uint32_t i = 0; i < a->n; i++) {
        assert_string_equal(a->columns[i].name, b->columns[i].name);
        assert_int_equal(a->columns[i].missing, b->columns[i].missing);
        assert_true(a->columns[i].low == b->columns[i].low || isnan(a->columns[i].low));
        assert_true(isnan(a->columns[i].low) == isnan(b->columns[i].low));
        assert_true(a->columns[i].high == b->columns[i].high || isnan(a->columns[i].high));
        assert_true(isnan(a->columns[i].high) == isnan(b->columns[i].high));
        assert_distributions_equal(a->columns[i].seen, b->columns[i].seen);
    }
    assert_true((a->predictions == NULL) == (b->predictions == NULL));
    if (a->predictions != NULL)
        assert_profiles_equal(a->predictions, b->predictions);
}

static void
test_it_travels_with_the_schema(void **state)
{
    (void) state;
    struct schema schema, copy, back = {0};
    struct arena arena = {0};
    struct error error;
    make_schema(&schema);
    const float x[] = {0.1f, NAN, -2.5f, NAN};
    schema.profile = profile_of(&schema, x, (const uint32_t[]){1, 0}, 2, &schema.arena);
    schema_copy(&copy, &schema);
    assert_profiles_equal(copy.profile, schema.profile);
    assert_int_equal(schema_from_value(&back, schema_to_value(&copy, &arena), &error), 0);
    assert_profiles_equal(back.profile, schema.profile);
    /* Who compares schemas does not look at it. */
    back.profile->rows = 17;
    assert_int_equal(schema_same(&schema, &back, &error), 0);
    back.profile = NULL;
    assert_int_equal(schema_same(&schema, &back, &error), 0);
    assert_null(value_get(schema_to_value(&back, &arena), "profile"));
    schema_free(&schema);
    schema_free(&copy);
    schema_free(&back);
    arena_free(&arena);
}

/* Numbers in bins, values, hashes; and what is joined and has counts that are not whole. */
static void
test_distributions_travel_too(void **state)
{
    (void) state;
    enum { N = 500 };
    struct schema schema, copy, back = {0};
    struct arena arena = {0};
    struct error error;
    struct numbers numbers = {.key = rng_key(5, RNG_SPLIT, 0)};
    float x[2 * N], y[2 * N];
    uint32_t few[N], many[N];
    make_schema(&schema);
    for (uint32_t i = 0; i < 300; i++) {
        char value[16];
        dict_add(&schema_c(&schema, 0)->dict, value, (size_t) snprintf(value, sizeof value, "v%u", i));
    }
    for (int i = 0; i < N; i++) {
        x[2 * i] = (float) below(&numbers, 1000) / 7;
        x[2 * i + 1] = below(&numbers, 3) == 0 ? NAN : (float) below(&numbers, 4);
        y[2 * i] = x[2 * i] + 50;
        y[2 * i + 1] = NAN;
        few[i] = (uint32_t) below(&numbers, 5);
        many[i] = (uint32_t) below(&numbers, 301);
    }
    schema.profile = profile_of(&schema, x, few, N, &schema.arena);
    assert_true(profile_has_distributions(schema.profile));
    assert_int_equal(schema.profile->columns[0].seen->n, 32);
    assert_int_equal(schema.profile->columns[1].seen->n, 4);
    assert_int_equal(schema.profile->columns[2].seen->n, 4);
    schema.profile->predictions = profile_of(&schema, y, many, N, &schema.arena);
    assert_int_equal(schema.profile->predictions->columns[1].seen->kind, DISTRIBUTION_HASHED);
    assert_null(schema.profile->predictions->columns[2].seen);
    for (int joined = 0; joined < 2; joined++) {
        schema_copy(&copy, &schema);
        assert_profiles_equal(copy.profile, schema.profile);
        assert_int_equal(schema_from_value(&back, schema_to_value(&copy, &arena), &error), 0);
        assert_profiles_equal(back.profile, schema.profile);
        schema_free(&copy);
        schema_free(&back);
        back = (struct schema){0};
        if (joined == 0)
            profile_join(schema.profile, profile_of(&schema, y, many, N / 3, &arena), &schema.arena);
    }
    const struct distribution *seen = schema.profile->columns[0].seen;
    const double n = N, third = N / 3;
    assert_true(fabs(seen->total - (n + third) * (n + third) / (n * n / n + third * third / third)) < 1e-9);
    /* A column that has had no value takes over what comes. */
    assert_int_equal(schema.profile->columns[2].seen->n, 4);
    schema_free(&schema);
    arena_free(&arena);
}

static struct value *
sample(struct arena *arena)
{
    static const struct profile_column columns[] = {{"a", 1, -1, 2, NULL}, {"k", 0, NAN, NAN, NULL}};
    return profile_to_value(&(struct profile){3, 2, (struct profile_column *) columns, NULL}, arena);
}

/* With distributions: a in two bins, k by value. */
static struct value *
sample_in_bins(struct arena *arena)
{
    struct value *value = sample(arena), *a = value_array(arena), *k = value_array(arena);
    value_push(arena, value_push(arena, a, value_uint(arena, 1)), value_float(arena, 1.5));
    value_push(arena, k, value_uint(arena, 3));
    value_set(arena, value, "counts", value_push(arena, value_push(arena, value_array(arena), a), k));
    value_set(
        arena, value, "edges",
        value_push(arena,
                   value_push(arena, value_array(arena), value_push(arena, value_array(arena), value_float(arena, 0))),
                   value_nil(arena)));
    value_set(arena, value, "values",
              value_push(arena, value_push(arena, value_array(arena), value_nil(arena)),
                         value_push(arena, value_array(arena), value_string(arena, "p"))));
    return value;
}

static void
assert_refused(struct value *value, const char *sentence)
{
    struct arena arena = {0};
    struct error error;
    assert_null(profile_from_value(value, &arena, &error));
    assert_int_equal(error.status, STATUS_DATA);
    assert_string_equal(error.text, sentence);
    arena_free(&arena);
}

static void
test_what_is_no_profile_is_refused(void **state)
{
    (void) state;
    struct arena arena = {0};
    struct error error;
    static const char no_map[] = "the profile is no map with a number of 'rows' and at most 65536 'columns'";
    static const char no_range[] = "the profile has no range of numbers for 'a'";
    static const char no_missing[] = "the profile has no number of missing values, out of its rows, for 'a'";
    assert_non_null(profile_from_value(sample(&arena), &arena, &error));
    assert_refused(value_int(&arena, 1), no_map);
    assert_refused(value_set(&arena, sample(&arena), "rows", value_uint(&arena, 0)), no_map);
    assert_refused(value_set(&arena, sample(&arena), "rows", value_uint(&arena, UINT64_MAX)), no_map);
    assert_refused(value_set(&arena, sample(&arena), "rows", value_nil(&arena)), no_map);
    assert_refused(value_set(&arena, sample(&arena), "columns", value_nil(&arena)), no_map);
    struct value *value = sample(&arena);
    value_push(&arena, value_get(value, "max"), value_nil(&arena));
    assert_refused(value, "the profile has no array 'max' of 2, one for each column");
    value = sample(&arena);
    value_remove(value, "missing");
    assert_refused(value, "the profile has no array 'missing' of 2, one for each column");
    value = sample(&arena);
    value_get(value, "missing")->items[0] = value_uint(&arena, 4);
    assert_refused(value, no_missing);
    value_get(value, "missing")->items[0] = value_int(&arena, -1);
    assert_refused(value, no_missing);
    value = sample(&arena);
    value_get(value, "min")->items[0] = value_float(&arena, 2.5);
    assert_refused(value, no_range);
    value_get(value, "min")->items[0] = value_nil(&arena);
    assert_refused(value, no_range);
    value_get(value, "min")->items[0] = value_float(&arena, -INFINITY);
    assert_refused(value, no_range);
    value_get(value, "min")->items[0] = value_string(&arena, "1");
    assert_refused(value, no_range);
    value = sample(&arena);
    value_get(value, "columns")->items[1] = value_string(&arena, "a");
    assert_refused(value, "the profile has the column 'a' twice");
    value_get(value, "columns")->items[1] = value_string_n(&arena, "a\0b", 3);
    assert_refused(value, "the profile has a column without a name");
    arena_free(&arena);
}

/* key[i], or key[i][j], of a sample in bins becomes `item`. */
static struct value *
spoilt(struct arena *arena, const char *key, int i, int j, struct value *item)
{
    struct value *value = sample_in_bins(arena), *array = value_get(value, key);
    if (j < 0)
        array->items[i] = item;
    else
        array->items[i]->items[j] = item;
    return value;
}

static void
test_what_is_no_distribution_is_refused(void **state)
{
    (void) state;
    struct arena arena = {0};
    struct error error;
    static const char no_a[] = "the profile has no distribution for 'a'";
    static const char no_k[] = "the profile has no distribution for 'k'";
    const struct profile *profile = profile_from_value(sample_in_bins(&arena), &arena, &error);
    assert_non_null(profile);
    assert_true(profile->columns[0].seen->total == 2.5 && profile->columns[1].seen->total == 3);
    struct value *nil = value_nil(&arena), *none = value_array(&arena);
    assert_refused(spoilt(&arena, "counts", 0, 0, value_int(&arena, -1)), no_a);
    assert_refused(spoilt(&arena, "counts", 0, 0, value_float(&arena, NAN)), no_a);
    assert_refused(spoilt(&arena, "counts", 0, 0, value_float(&arena, INFINITY)), no_a);
    assert_refused(spoilt(&arena, "counts", 0, 0, nil), no_a);
    assert_refused(spoilt(&arena, "counts", 0, -1, value_int(&arena, 1)), no_a);
    assert_refused(spoilt(&arena, "counts", 0, -1, none), no_a);
    assert_refused(spoilt(&arena, "counts", 1, 0, value_int(&arena, 0)), no_k);
    assert_refused(spoilt(&arena, "edges", 0, 0, value_float(&arena, NAN)), no_a);
    assert_refused(spoilt(&arena, "edges", 0, -1, none), no_a);
    assert_refused(spoilt(&arena, "edges", 0, -1, nil), no_a); /* hashes of numbers */
    assert_refused(spoilt(&arena, "edges", 1, -1, none), no_k);
    assert_refused(spoilt(&arena, "values", 1, 0, nil), no_k);
    assert_refused(spoilt(&arena, "values", 1, -1, none), no_k);
    assert_refused(spoilt(&arena, "values", 0, -1, none), no_a);
    assert_non_null(profile_from_value(spoilt(&arena, "values", 1, -1, nil), &arena, &error)); /* hashes */
    assert_non_null(profile_from_value(spoilt(&arena, "counts", 0, -1, nil), &arena, &error));
    struct value *value = sample_in_bins(&arena);
    value_remove(value, "edges");
    assert_refused(value, "the profile has no array 'edges' of 2, one for each column");
    value = sample_in_bins(&arena);
    value_push(&arena, value_get(value, "values"), nil);
    assert_refused(value, "the profile has no array 'values' of 2, one for each column");
    value = sample(&arena);
    value_set(&arena, value, "predictions", value_int(&arena, 1));
    assert_refused(value, "predictions: the profile is no map with a number of 'rows' and at most 65536 'columns'");
    arena_free(&arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts_are_those_of_the_plain_loop),
        cmocka_unit_test(test_zeros_have_no_sign),
        cmocka_unit_test(test_a_profile_says_what_was_seen),
        cmocka_unit_test(test_joining_widens_and_adds),
        cmocka_unit_test(test_it_travels_with_the_schema),
        cmocka_unit_test(test_distributions_travel_too),
        cmocka_unit_test(test_what_is_no_profile_is_refused),
        cmocka_unit_test(test_what_is_no_distribution_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
