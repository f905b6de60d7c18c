/*
 * Comparisons of rows with a profile: nothing is found where nothing changed, as often as is promised; what changed is
 * found and named.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compare.h"
#include "rng.h"
#include "schema.h"
#include "tally.h"

enum { D = 4, K = 2, VALUES = 40, MOST_ROWS = 8192 };

/* Numbers: normal, exponential, whole 0 .. 3, and one in five missing; categories: few values, and many rare ones. */
static const char *const names[] = {"normal", "long", "whole", "holes", "few", "many"};

static void
make_schema(struct schema *schema)
{
    *schema = (struct schema){.n_columns = D + K};
    schema->columns = arena_zalloc(&schema->arena, D + K, sizeof *schema->columns);
    for (uint32_t i = 0; i < D + K; i++)
        schema->columns[i] =
            (struct column){.name = names[i], .type = i < D ? COLUMN_NUM : COLUMN_CAT, .role = ROLE_FEATURE};
    schema_count(schema);
    for (uint32_t k = 0; k < K; k++)
        for (uint32_t v = 0; v < VALUES; v++) {
            char value[16];
            dict_add(&schema->columns[D + k].dict, value, (size_t) snprintf(value, sizeof value, "v%u", v));
        }
}

struct rows {
    float x[MOST_ROWS * D];
    uint32_t c[MOST_ROWS * K];
};

/* Rows of a run; shift: what is added to `normal` in units of its deviation; holes: the share that is missing. */
static void
draw_rows(struct rows *rows, uint64_t run, uint64_t n, double shift, double holes)
{
    for (uint64_t i = 0; i < n; i++) {
        const struct rng_key key = rng_key(run, RNG_SPLIT, i);
        double u[D + K];
        for (uint32_t j = 0; j < D + K; j++)
            u[j] = ((double) (rng_u64(key, j) >> 11) + 0.5) * 0x1p-53;
        float *x = rows->x + i * D;
        uint32_t *c = rows->c + i * K;
        x[0] = (float) (rng_normal(key, 100) + shift);
        x[1] = (float) -log(u[1]);
        x[2] = (float) (int) (4 * u[2]);
        x[3] = u[3] < holes ? NAN : (float) u[3];
        c[0] = 1 + (uint32_t) (5 * u[4] * u[4]);
        c[1] = 1 + (uint32_t) (VALUES * u[5] * u[5] * u[5]);
    }
}

static struct profile *
profile_of(const struct schema *schema, const struct rows *rows, uint64_t n, struct arena *arena)
{
    struct tally tally;
    tally_open(&tally, schema->n_x, schema->n_c);
    tally_keep_sample(&tally);
    tally_add(&tally, &(struct batch){.n = n, .x = (float *) rows->x, .c = (uint32_t *) rows->c}, false);
    struct profile *profile = profile_make(&tally, schema, arena);
    tally_close(&tally);
    return profile;
}

/* In pieces of uneven size, which are not to matter. */
static uint32_t
compared(struct comparison *comparison, const struct profile *profile, const struct schema *schema,
         const struct rows *rows, uint64_t n, double alpha, double least_psi)
{
    struct error error;
    assert_int_equal(compare_open(comparison, profile, schema, &error), 0);
    for (uint64_t first = 0, piece = 1; first < n; first += piece, piece = 2 * piece + 1) {
        const uint64_t m = n - first < piece ? n - first : piece;
        compare_add(comparison, &(struct batch){.schema = schema,
                                                .n = m,
                                                .x = (float *) rows->x + first * D,
                                                .c = (uint32_t *) rows->c + first * K});
    }
    return compare_decide(comparison, 1, alpha, least_psi);
}

/*
 * 300 pairs of samples of one distribution, every difference counted however small: no more of them than alpha are
 * called drift. (Tests of numbers are made at the edges of bins, and those of counts are exact or nearly so: the rate
 * is below alpha. At .05 and 300 runs a rate of alpha itself would be above 15 in half of all choices of seeds.)
 */
static void
test_false_alarms_are_as_rare_as_promised(void **state)
{
    (void) state;
    static const struct {
        uint64_t then, now;
        double alpha;
    } cases[] = {{4000, 2000, 0.05}, {4000, 2000, 0.01}, {8192, 8192, 0.05}, {300, 100, 0.05}};
    struct rows *rows = malloc(sizeof *rows);
    struct schema schema;
    make_schema(&schema);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint32_t alarms = 0;
        for (uint64_t run = 0; run < 300; run++) {
            struct arena arena = {0};
            struct comparison comparison;
            draw_rows(rows, 2 * run, cases[i].then, 0, 0.2);
            const struct profile *profile = profile_of(&schema, rows, cases[i].then, &arena);
            draw_rows(rows, 2 * run + 1, cases[i].now, 0, 0.2);
            alarms += compared(&comparison, profile, &schema, rows, cases[i].now, cases[i].alpha, 0) > 0;
            compare_close(&comparison);
            arena_free(&arena);
        }
        if (alarms > 300 * cases[i].alpha)
            fail_msg("case %zu: %u of 300 runs have a false alarm", i, alarms);
    }
    free(rows);
    schema_free(&schema);
}

static void
test_what_changed_is_found_and_named(void **state)
{
    (void) state;
    struct rows *rows = malloc(sizeof *rows);
    struct schema schema;
    uint32_t shifted = 0, emptied = 0, others = 0;
    make_schema(&schema);
    for (uint64_t run = 0; run < 100; run++) {
        struct arena arena = {0};
        struct comparison comparison;
        draw_rows(rows, 2 * run, 4000, 0, 0.2);
        const struct profile *profile = profile_of(&schema, rows, 4000, &arena);
        draw_rows(rows, 2 * run + 1, 1000, 0.4, 0.45);
        compared(&comparison, profile, &schema, rows, 1000, 0.01, 0.1);
        shifted += comparison.columns[0].distribution.drift;
        emptied += comparison.columns[3].share.drift;
        others += comparison.columns[1].distribution.drift + comparison.columns[2].distribution.drift +
                  comparison.columns[4].distribution.drift + comparison.columns[5].distribution.drift;
        compare_close(&comparison);
        arena_free(&arena);
    }
    assert_in_range(shifted, 95, 100);
    assert_int_equal(emptied, 100);
    assert_int_equal(others, 0);
    free(rows);
    schema_free(&schema);
}

/* Significant, but too small to matter: a seventh of a deviation. */
static void
test_small_differences_are_no_drift(void **state)
{
    (void) state;
    struct rows *rows = malloc(sizeof *rows);
    struct schema schema;
    struct arena arena = {0};
    struct comparison comparison;
    make_schema(&schema);
    draw_rows(rows, 1, MOST_ROWS, 0, 0.2);
    const struct profile *profile = profile_of(&schema, rows, MOST_ROWS, &arena);
    draw_rows(rows, 2, MOST_ROWS, 0.15, 0.2);
    assert_int_equal(compared(&comparison, profile, &schema, rows, MOST_ROWS, 0.01, 0.1), 0);
    const struct compare_test *test = &comparison.columns[0].distribution;
    assert_true(test->adjusted < 0.01 && test->psi > 0.01 && test->psi < 0.05);
    compare_close(&comparison);
    assert_int_equal(compared(&comparison, profile, &schema, rows, MOST_ROWS, 0.01, 0), 1);
    assert_true(comparison.columns[0].distribution.drift);
    compare_close(&comparison);
    free(rows);
    arena_free(&arena);
    schema_free(&schema);
}

/* Codes are mapped by their strings; what was never seen is among the others; columns come by name. */
static void
test_values_and_columns_by_name(void **state)
{
    (void) state;
    struct rows *rows = malloc(sizeof *rows);
    struct schema schema, turned = {.n_columns = 2};
    struct arena arena = {0};
    struct comparison comparison;
    struct error error;
    make_schema(&schema);
    draw_rows(rows, 1, 1000, 0, 0.2);
    const struct profile *profile = profile_of(&schema, rows, 1000, &arena);
    turned.columns = arena_zalloc(&turned.arena, 2, sizeof *turned.columns);
    turned.columns[0] = (struct column){.name = "few", .type = COLUMN_CAT, .role = ROLE_FEATURE};
    turned.columns[1] = (struct column){.name = "whole", .type = COLUMN_NUM, .role = ROLE_FEATURE};
    schema_count(&turned);
    assert_int_equal(compare_open(&comparison, profile, &turned, &error), 0);
    assert_false(comparison.columns[0].there);
    assert_true(comparison.columns[2].there && comparison.columns[4].there);
    /* The dictionary grows between batches. */
    const uint32_t first[] = {1, 0}, second[] = {2, 3, 1};
    const float x[] = {0, 3, NAN};
    dict_add(&turned.columns[0].dict, "v4", 2);
    compare_add(&comparison, &(struct batch){.schema = &turned, .n = 2, .x = (float *) x, .c = (uint32_t *) first});
    dict_add(&turned.columns[0].dict, "new", 3);
    dict_add(&turned.columns[0].dict, "v0", 2);
    compare_add(&comparison, &(struct batch){.schema = &turned, .n = 3, .x = (float *) x, .c = (uint32_t *) second});
    const struct compare_column *few = &comparison.columns[4], *whole = &comparison.columns[2];
    const struct distribution *seen = few->then->seen;
    assert_int_equal(seen->kind, DISTRIBUTION_VALUES);
    for (uint32_t bin = 0; bin < seen->n; bin++)
        assert_true(few->counts[bin] == (strcmp(seen->values[bin], "v4") == 0   ? 2
                                         : strcmp(seen->values[bin], "v0") == 0 ? 1
                                                                                : 0));
    assert_int_equal(few->n_counts, seen->n + 1);
    assert_true(few->counts[seen->n] == 1);
    assert_int_equal(few->missing, 1);
    assert_int_equal(few->present, 4);
    assert_int_equal(whole->missing, 1);
    assert_true(whole->counts[0] == 2 && whole->counts[3] == 2);
    compare_close(&comparison);

    turned.columns[0].type = COLUMN_NUM;
    turned.columns[0].name = "normal";
    turned.columns[1].type = COLUMN_CAT;
    schema_count(&turned);
    assert_int_equal(compare_open(&comparison, profile, &turned, &error), -1);
    assert_string_equal(error.text, "column 'whole' is of type cat, and was numbers where it is compared with");
    free(rows);
    arena_free(&arena);
    schema_free(&schema);
    schema_free(&turned);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_false_alarms_are_as_rare_as_promised),
        cmocka_unit_test(test_what_changed_is_found_and_named),
        cmocka_unit_test(test_small_differences_are_no_drift),
        cmocka_unit_test(test_values_and_columns_by_name),
    };
    return cmocka_run_group_tests_name("compare", tests, NULL, NULL);
}
