#include "compare.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "homogeneity.h"

static int
find_column(struct compare_column *column, const struct schema *schema, struct error *error)
{
    const char *name = column->then->name;
    const int at = schema_find(schema, name);
    char quoted[128];
    if (at < 0 || schema->columns[at].role != ROLE_FEATURE)
        return 0;
    const enum column_type type = schema->columns[at].type;
    /* A distribution says what it is of; without one, numbers have a range unless there was none. */
    const struct distribution *seen = column->then->seen;
    if ((type != COLUMN_NUM && type != COLUMN_CAT) ||
        (seen != NULL && (seen->kind == DISTRIBUTION_NUMBERS) != (type == COLUMN_NUM)))
        return error_set(error, STATUS_DATA, "column '%s' is of type %s, and was %s where it is compared with",
                         error_quote(quoted, sizeof quoted, name, strlen(name), 60), column_type_name(type),
                         seen == NULL || seen->kind == DISTRIBUTION_NUMBERS ? "numbers" : "categories");
    const uint32_t n = type == COLUMN_CAT ? schema->n_c : schema->n_x;
    const uint32_t first = type == COLUMN_CAT ? schema->n_x : 0;
    for (uint32_t i = 0; i < n; i++)
        if (schema->places[first + i] == (uint32_t) at)
            column->place = i;
    column->category = type == COLUMN_CAT;
    column->there = true;
    return 0;
}

/* Edges for find_bin(). */
static void
pad_edges(struct compare_column *column, const struct distribution *seen, struct arena *arena)
{
    while (column->n_edges < seen->n - 1)
        column->n_edges = 2 * column->n_edges + 1;
    column->edges = arena_array(arena, column->n_edges, sizeof *column->edges);
    for (uint32_t i = 0; i < column->n_edges; i++)
        column->edges[i] = i + 1 < seen->n ? seen->edges[i] : INFINITY;
}

/* distribution_bin() without branches, which numbers that come in no order would mostly miss. */
static inline uint32_t
find_bin(const double *edges, uint32_t n_edges, double x)
{
    uint32_t bin = 0;
    for (uint32_t half = (n_edges + 1) / 2; half > 0; half /= 2)
        bin += x > edges[bin + half - 1] ? half : 0;
    return bin;
}

/* So many more, which are 0. */
static void
add_counts(struct compare_column *column, size_t more)
{
    mem_grow(&column->counts, &column->cap_counts, column->n_counts + more, sizeof *column->counts);
    for (; more > 0; more--)
        column->counts[column->n_counts++] = 0;
}

int
compare_open(struct comparison *comparison, const struct profile *profile, const struct schema *schema,
             struct error *error)
{
    *comparison = (struct comparison){.profile = profile, .n = profile->n};
    comparison->columns = arena_zalloc(&comparison->arena, profile->n, sizeof *comparison->columns);
    for (uint32_t i = 0; i < profile->n; i++) {
        struct compare_column *column = &comparison->columns[i];
        column->then = &profile->columns[i];
        const struct distribution *seen = column->then->seen;
        if (seen != NULL)
            add_counts(column, seen->n);
        if (seen != NULL && seen->kind == DISTRIBUTION_NUMBERS)
            pad_edges(column, seen, &comparison->arena);
        if (find_column(column, schema, error) < 0) {
            compare_close(comparison);
            return -1;
        }
    }
    return 0;
}

void
compare_close(struct comparison *comparison)
{
    for (uint32_t i = 0; i < comparison->n; i++) {
        free(comparison->columns[i].bins);
        free(comparison->columns[i].counts);
    }
    arena_free(&comparison->arena);
    *comparison = (struct comparison){0};
}

static void
add_numbers(struct compare_column *column, const float *x, uint64_t n, uint32_t d)
{
    for (uint64_t i = 0; i < n; i++) {
        const float value = x[i * d + column->place];
        if (isnan(value)) {
            column->missing++;
            continue;
        }
        column->present++;
        if (column->counts != NULL)
            column->counts[find_bin(column->edges, column->n_edges, (double) value)]++;
    }
}

/* The bins of codes that are new since the last batch. */
static void
map_codes(struct compare_column *column, const struct dict *dict)
{
    const struct distribution *seen = column->then->seen;
    if (seen == NULL || column->n_bins == (size_t) dict->n + 1)
        return;
    struct dict values = {0};
    for (uint32_t i = 0; seen->kind == DISTRIBUTION_VALUES && i < seen->n; i++)
        dict_add(&values, seen->values[i], seen->lengths[i]);
    mem_grow(&column->bins, &column->cap_bins, (size_t) dict->n + 1, sizeof *column->bins);
    if (column->n_bins == 0)
        column->bins[column->n_bins++] = 0; /* no value has code 0 */
    for (; column->n_bins <= dict->n; column->n_bins++) {
        const char *value = dict->values[column->n_bins - 1];
        const uint32_t length = dict->lengths[column->n_bins - 1];
        uint32_t *bin = &column->bins[column->n_bins];
        if (seen->kind == DISTRIBUTION_HASHED) {
            *bin = distribution_hash(value, length, seen->n);
        } else if ((*bin = dict_find(&values, value, length)) > 0) {
            --*bin;
        } else {
            *bin = (uint32_t) column->n_counts;
            add_counts(column, 1);
        }
    }
    dict_free(&values);
}

static void
add_codes(struct compare_column *column, const uint32_t *c, uint64_t n, uint32_t k)
{
    for (uint64_t i = 0; i < n; i++) {
        const uint32_t code = c[i * k + column->place];
        if (code == 0) {
            column->missing++;
            continue;
        }
        column->present++;
        if (column->counts != NULL)
            column->counts[column->bins[code]]++;
    }
}

void
compare_add(struct comparison *comparison, const struct batch *batch)
{
    enum { BLOCK = 256 }; /* rows that stay in the cache while column after column is counted */
    const struct schema *schema = batch->schema;
    const uint32_t d = schema->n_x, k = schema->n_c;
    comparison->rows += batch->n;
    for (uint32_t i = 0; i < comparison->n; i++)
        if (comparison->columns[i].there && comparison->columns[i].category)
            map_codes(&comparison->columns[i], &schema_c(schema, comparison->columns[i].place)->dict);
    for (uint64_t first = 0; first < batch->n; first += BLOCK) {
        const uint64_t n = batch->n - first < BLOCK ? batch->n - first : BLOCK;
        for (uint32_t i = 0; i < comparison->n; i++) {
            struct compare_column *column = &comparison->columns[i];
            if (column->there && column->category)
                add_codes(column, batch->c + first * k, n, k);
            else if (column->there)
                add_numbers(column, batch->x + first * d, n, d);
        }
    }
}

/* ---- decisions ---- */

/* The bin of few where bin i of a distribution goes: neighbours of numbers, the rarest values, hashes by remainder. */
static uint32_t
coarse_bin(const struct distribution *seen, size_t i, uint32_t last, double below)
{
    const uint32_t most = COMPARE_PSI_BINS - 1;
    if (seen->kind == DISTRIBUTION_VALUES)
        return i < most ? (uint32_t) i : most;
    if (seen->kind == DISTRIBUTION_HASHED)
        return (uint32_t) (i % COMPARE_PSI_BINS);
    return last < most && below >= seen->total * (last + 1) / COMPARE_PSI_BINS ? last + 1 : last;
}

/* then, now: [n] counts in all bins, those that the profile does not have too */
static double
coarse_psi(const struct distribution *seen, const double *then, const double *now, size_t n)
{
    double few_then[COMPARE_PSI_BINS] = {0}, few_now[COMPARE_PSI_BINS] = {0}, below = 0;
    uint32_t bin = 0, bins = 1;
    for (size_t i = 0; i < n; i++) {
        bin = coarse_bin(seen, i, bin, below);
        bins = bin + 1 > bins ? bin + 1 : bins;
        few_then[bin] += then[i];
        few_now[bin] += now[i];
        below += then[i];
    }
    return homogeneity_psi(few_then, few_now, bins);
}

static void
test_distribution(struct compare_column *column)
{
    const struct distribution *seen = column->then->seen;
    struct compare_test *test = &column->distribution;
    test->made = column->there && seen != NULL && column->present > 0;
    if (!test->made)
        return;
    const uint32_t n = (uint32_t) column->n_counts;
    double *then = mem_zalloc(n, sizeof *then);
    memcpy(then, seen->counts, seen->n * sizeof *then);
    test->psi = coarse_psi(seen, then, column->counts, n);
    test->js = homogeneity_js(then, column->counts, n);
    if (column->category) {
        test->p = homogeneity_chi_square(then, column->counts, n, &test->statistic, &test->degrees);
    } else {
        test->statistic = homogeneity_ks(then, column->counts, n);
        test->p = homogeneity_ks_p(test->statistic, seen->total, (double) column->present);
    }
    free(then);
}

static void
test_share(struct compare_column *column, uint64_t rows_then, uint64_t rows)
{
    struct compare_test *test = &column->share;
    /* With no value missing anywhere p could only be 1: such tests are none of the family (Tarone 1990). */
    test->made = column->there && rows > 0 && column->then->missing + column->missing > 0;
    if (!test->made)
        return;
    const double then[] = {(double) column->then->missing, (double) (rows_then - column->then->missing)};
    const double now[] = {(double) column->missing, (double) column->present};
    test->psi = homogeneity_psi(then, now, 2);
    test->js = homogeneity_js(then, now, 2);
    test->statistic = now[0] / (double) rows - then[0] / (double) rows_then;
    test->p = homogeneity_fisher(then[0], (double) rows_then, now[0], (double) rows);
}

/* Visits the tests of all comparisons in order; the i-th, or NULL. */
static struct compare_test *
test_of(struct compare_column *column, int which)
{
    struct compare_test *test = which == 0 ? &column->distribution : &column->share;
    return test->made ? test : NULL;
}

uint32_t
compare_decide(struct comparison *comparisons, uint32_t n, double alpha, double least_psi)
{
    size_t most = 0;
    uint32_t tests = 0, drifts = 0;
    for (uint32_t k = 0; k < n; k++)
        most += 2 * (size_t) comparisons[k].n;
    double *p = mem_array(most, sizeof *p);
    struct compare_test **made = mem_array(most, sizeof *made);
    for (uint32_t k = 0; k < n; k++)
        for (uint32_t i = 0; i < comparisons[k].n; i++) {
            struct compare_column *column = &comparisons[k].columns[i];
            test_distribution(column);
            test_share(column, comparisons[k].profile->rows, comparisons[k].rows);
            for (int which = 0; which < 2; which++)
                if ((made[tests] = test_of(column, which)) != NULL) {
                    p[tests] = made[tests]->p;
                    tests++;
                }
        }
    homogeneity_holm(p, tests);
    for (uint32_t t = 0; t < tests; t++) {
        made[t]->adjusted = p[t];
        made[t]->drift = p[t] <= alpha && made[t]->psi >= least_psi;
    }
    for (uint32_t k = 0; k < n; k++)
        for (uint32_t i = 0; i < comparisons[k].n; i++)
            drifts += comparisons[k].columns[i].distribution.drift || comparisons[k].columns[i].share.drift;
    free(p);
    free(made);
    return drifts;
}
