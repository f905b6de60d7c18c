#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analytic.h"
#include "blas/lapack.h"
#include "frozen.h"
#include "grow.h"
#include "init.h"
#include "memory.h"
#include "ridge.h"
#include "widen.h"

static float
next(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return (float) (int32_t) *seed * 0x1p-31f;
}

/* ---- ridge ---- */

enum { ROWS = 300 };

/* Sums over z = [1, features, target] of rows 0 .. n - 1 without row `left`; Z: [n, d + 1]. */
static double *
sum_rows(struct gram *gram, const double *Z, size_t n, size_t m, size_t left)
{
    double *S = gram_matrix(m);
    for (size_t i = 0; i < n; i++)
        if (i != left)
            gram_add(gram, S, m, 0, Z + i * m, m, 1, NULL, 1, true);
    return S;
}

static double *
make_rows(size_t n, size_t d)
{
    double *Z = mem_array(n * (d + 1), sizeof *Z);
    uint32_t seed = 5;
    for (size_t i = 0; i < n; i++) {
        double *z = Z + i * (d + 1), sum = 0;
        z[0] = 1;
        for (size_t j = 1; j < d; j++) {
            z[j] = (double) next(&seed);
            sum += z[j] / (double) j;
        }
        z[d] = (double) (float) (sum + (double) next(&seed));
    }
    return Z;
}

static double
predict(const struct ridge *ridge, const double *z, size_t d)
{
    double sum = 0;
    for (size_t i = 0; i < d; i++)
        sum += z[i] * ridge_weights(ridge)[i];
    return sum;
}

/* The formula by leverage gives what a fit without the row predicts, when the penalty is the same. */
static void
rows_are_left_out_by_formula(void **state)
{
    (void) state;
    enum { D = 9, N = 40 };
    struct error error;
    struct gram *gram = gram_open(1, D + 1, &error);
    double *Z = make_rows(N, D), *S = sum_rows(gram, Z, N, D + 1, N);
    double squares = 0, leverage;
    for (size_t j = 1; j < D; j++)
        squares += S[j * gram_stride(D + 1) + j] - S[j] * S[j] / S[0];
    squares /= D - 1;
    struct ridge *ridge = ridge_open(S, D, 1, gram, NULL);
    assert_true(ridge_take(ridge, 0.1));
    for (size_t i = 0; i < N; i += 13) {
        double z[D], *without = sum_rows(gram, Z, N, D + 1, i), mine = 0;
        memcpy(z, Z + i * (D + 1), sizeof z);
        ridge_leverage(ridge, z, 1, &leverage);
        const double y = Z[i * (D + 1) + D], fitted = predict(ridge, Z + i * (D + 1), D);
        for (size_t j = 1; j < D; j++)
            mine += without[j * gram_stride(D + 1) + j] - without[j] * without[j] / without[0];
        struct ridge *other = ridge_open(without, D, 1, gram, NULL);
        assert_true(ridge_take(other, 0.1 * squares / (mine / (D - 1))));
        assert_true(fabs(y - (y - fitted) / (1 - leverage) - predict(other, Z + i * (D + 1), D)) < 1e-9);
        ridge_close(other);
        free(without);
    }
    ridge_close(ridge);
    free(S);
    free(Z);
    gram_close(gram);
}

/* Degrees of freedom are the sum of the leverages: exactly for few features, nearly for many. */
static void
freedom_is_the_sum_of_leverages(void **state)
{
    (void) state;
    static const size_t sizes[] = {2, 9, 33, 120};
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        const size_t d = sizes[k];
        struct error error;
        struct gram *gram = gram_open(1, d + 1, &error);
        double *Z = make_rows(ROWS, d), *S = sum_rows(gram, Z, ROWS, d + 1, ROWS), sum = 0;
        double *sides = mem_array(d * ROWS, sizeof *sides), leverage[ROWS];
        struct ridge *ridge = ridge_open(S, d, 1, gram, NULL);
        assert_true(ridge_choose(ridge));
        for (size_t i = 0; i < ROWS; i++)
            for (size_t j = 0; j < d; j++)
                sides[j * ROWS + i] = Z[i * (d + 1) + j];
        ridge_leverage(ridge, sides, ROWS, leverage);
        for (size_t i = 0; i < ROWS; i++)
            sum += leverage[i];
        assert_true(fabs(ridge_freedom(ridge) - sum) < (d <= 33 ? 1e-8 : 0.03 * sum));
        ridge_close(ridge);
        free(sides);
        free(S);
        free(Z);
        gram_close(gram);
    }
}

/* What is chosen predicts new rows about as well as the best of the grid: not by heart, not the mean. */
static void
ridge_is_chosen_well(void **state)
{
    (void) state;
    enum { D = 60, N = 90 };
    struct error error;
    struct gram *gram = gram_open(1, D + 1, &error);
    double *Z = make_rows(N + ROWS, D), *S = sum_rows(gram, Z, N, D + 1, N);
    struct ridge *ridge = ridge_open(S, D, 1, gram, NULL);
    double best = INFINITY, chosen = 0;
    for (int power = -26; power <= 5; power++) {
        double sum = 0;
        const bool last = power == 5;
        assert_true(last ? ridge_choose(ridge) : ridge_take(ridge, ldexp(1, power)));
        for (size_t i = N; i < N + ROWS; i++) {
            const double *z = Z + i * (D + 1), e = z[D] - predict(ridge, z, D);
            sum += e * e;
        }
        best = !last && sum < best ? sum : best;
        chosen = sum;
    }
    assert_true(chosen < 1.1 * best);
    ridge_close(ridge);
    free(S);
    free(Z);
    gram_close(gram);
}

static void
lapack_gives_the_same(void **state)
{
    (void) state;
    enum { D = 50 };
    struct error error;
    const struct lapack *lapack = lapack_library(&error);
    if (lapack == NULL)
        skip();
    struct gram *gram = gram_open(1, D + 1, &error);
    double *Z = make_rows(ROWS, D), *S = sum_rows(gram, Z, ROWS, D + 1, ROWS);
    struct ridge *own = ridge_open(S, D, 1, gram, NULL), *theirs = ridge_open(S, D, 1, gram, lapack);
    assert_true(ridge_choose(own) && ridge_choose(theirs));
    assert_true(ridge_value(own) == ridge_value(theirs));
    for (size_t i = 0; i < D; i++)
        assert_true(fabs(ridge_weights(own)[i] - ridge_weights(theirs)[i]) < 1e-10);
    S[0] = -1;
    assert_false(ridge_take(theirs, 0.1));
    ridge_close(own);
    ridge_close(theirs);
    free(S);
    free(Z);
    gram_close(gram);
}

/* ---- models ---- */

static const char *const classes[] = {"a", "b", "c"};

/* Two numbers, a category of three codes, `n` classes. */
static void
make_model(struct model *model, uint32_t n, uint32_t hidden)
{
    struct schema *schema = &model->schema;
    const uint32_t sizes[] = {3};
    const char *const names[] = {"k"};
    *model = (struct model){.loss = n == 2 ? LOSS_BCE : LOSS_CE, .numerics = 1};
    schema->task = TASK_CLASS;
    schema->n_columns = 4;
    schema->columns = arena_zalloc(&schema->arena, 4, sizeof *schema->columns);
    schema->columns[0] = (struct column){.name = "x", .type = COLUMN_NUM};
    schema->columns[1] = (struct column){.name = "u", .type = COLUMN_NUM};
    schema->columns[2] = (struct column){.name = "k", .type = COLUMN_CAT};
    schema->columns[3] = (struct column){.name = "y", .type = COLUMN_CAT, .role = ROLE_LABEL};
    for (uint32_t c = 0; c < n; c++)
        dict_add(&schema->columns[3].dict, classes[c], 1);
    schema_count(schema);
    network_dense(&model->network, &model->arena, 2, 1, sizes, names, &hidden, hidden > 0, ACT_GELU, 0, n == 2 ? 1 : n);
    init_network(&model->network, INIT_AUTO, 3);
}

/* Rows of classes 0 and 1 first, then of all. */
struct rows {
    float x[2 * ROWS], y[ROWS], w[ROWS];
    uint32_t c[ROWS], label[ROWS];
};

static void
fill_rows(struct rows *rows)
{
    uint32_t seed = 11;
    for (int i = 0; i < ROWS; i++) {
        rows->x[2 * i] = next(&seed);
        rows->x[2 * i + 1] = next(&seed);
        rows->c[i] = (seed >> 16) % 3;
        rows->w[i] = 1 + (float) (i % 3);
        rows->label[i] = rows->x[2 * i] + 0.2f * next(&seed) > 0;
        if (i >= ROWS / 2 && rows->x[2 * i + 1] > 0.3f)
            rows->label[i] = 2;
        rows->y[i] = (float) rows->label[i];
    }
}

static struct rowset
part(const struct rows *rows, uint64_t first, uint64_t n, bool binary, bool weighted)
{
    return (struct rowset){
        .n = n,
        .x = rows->x + 2 * first,
        .c = rows->c + first,
        .y = binary ? rows->y + first : NULL,
        .label = binary ? NULL : rows->label + first,
        .w = weighted ? rows->w + first : NULL,
    };
}

static struct analytic_report
run(struct model *model, const struct rowset *rows)
{
    const struct analytic_setup setup = {.engine = engine_find("ref"), .threads = 1, .ridge = NAN, .rows = *rows};
    struct analytic_report report;
    struct error error;
    assert_int_equal(analytic_run(model, &setup, &report, &error), 0);
    return report;
}

static void
check_same_sums(const struct model *a, const struct model *b)
{
    const struct tensor *s = model_find(a, TENSOR_STATISTICS, "analytic.sums"),
                        *t = model_find(b, TENSOR_STATISTICS, "analytic.sums");
    assert_int_equal(s->bytes, t->bytes);
    assert_memory_equal(s->data, t->data, s->bytes);
}

/* Rows in parts are rows at once, to the bit; a class that comes later is one that was there from the start. */
static void
parts_are_the_whole(void **state)
{
    (void) state;
    static struct rows rows;
    fill_rows(&rows);
    for (int kind = 0; kind < 4; kind++) {
        const uint32_t hidden = kind & 1 ? 7 : 0;
        const bool weighted = kind & 2;
        struct model joint, grown;
        struct error error;
        make_model(&joint, 3, hidden);
        const struct rowset all = part(&rows, 0, ROWS, false, weighted);
        run(&joint, &all);

        make_model(&grown, 2, hidden);
        const struct rowset first = part(&rows, 0, ROWS / 2, true, weighted),
                            second = part(&rows, ROWS / 2, 70, false, weighted),
                            third = part(&rows, ROWS / 2 + 70, ROWS / 2 - 70, false, weighted);
        run(&grown, &first);
        assert_int_equal(analytic_check(&grown, &error), 0);
        const struct analytic_shape shape = analytic_shape(&grown, &grown.arena);
        struct extent old[16];
        dict_add(&schema_y(&grown.schema, 0)->dict, "c", 1);
        grow_model(&grown, 3, (const uint32_t[]){3}, old);
        analytic_grow(&grown, &shape, NULL);
        run(&grown, &second);
        run(&grown, &third);
        check_same_sums(&joint, &grown);
        model_free(&joint);
        model_free(&grown);
    }
}

/* A category of its own from the start, and one that came later; a column that was one number before it came. */
static void
inputs_grow(void **state)
{
    (void) state;
    static struct rows rows, constant;
    fill_rows(&rows);
    for (int i = 0; i < ROWS / 2; i++) {
        rows.c[i] = rows.c[i] == 2 ? 1 : rows.c[i];
        rows.x[2 * i + 1] = 0.25f;
    }
    constant = rows;
    struct model joint, grown;
    make_model(&joint, 3, 0);
    const struct rowset all = part(&constant, 0, ROWS, false, false);
    run(&joint, &all);

    /* Without the second number and the last category. */
    make_model(&grown, 3, 0);
    static float x[ROWS];
    const uint32_t sizes[] = {2};
    const char *const names[] = {"k"};
    network_dense(&grown.network, &grown.arena, 1, 1, sizes, names, NULL, 0, ACT_RELU, 0, 3);
    for (int i = 0; i < ROWS; i++)
        x[i] = rows.x[2 * i];
    struct rowset first = part(&rows, 0, ROWS / 2, false, false);
    first.x = x;
    run(&grown, &first);
    const struct analytic_shape shape = analytic_shape(&grown, &grown.arena);
    network_dense(&grown.network, &grown.arena, 2, 1, (const uint32_t[]){3}, names, NULL, 0, ACT_RELU, 0, 3);
    analytic_grow(&grown, &shape, (const float[]){0, 0.25f});
    const struct rowset second = part(&rows, ROWS / 2, ROWS / 2, false, false);
    run(&grown, &second);
    check_same_sums(&joint, &grown);
    model_free(&joint);
    model_free(&grown);
}

/* Two classes by one output are two by two. */
static void
one_output_is_two(void **state)
{
    (void) state;
    static struct rows rows;
    fill_rows(&rows);
    struct model one, two;
    make_model(&one, 2, 0);
    make_model(&two, 2, 0);
    two.loss = LOSS_CE;
    const uint32_t sizes[] = {3};
    const char *const names[] = {"k"};
    network_dense(&two.network, &two.arena, 2, 1, sizes, names, NULL, 0, ACT_RELU, 0, 2);
    const struct rowset binary = part(&rows, 0, ROWS / 2, true, false), both = part(&rows, 0, ROWS / 2, false, false);
    run(&one, &binary);
    run(&two, &both);
    check_same_sums(&one, &two);
    for (uint32_t p = 0; p < one.network.n_params; p++)
        for (uint64_t i = 0; i < one.network.params[p].rows; i++) {
            const float *z = two.network.params[p].data + 2 * i;
            assert_true(fabsf(one.network.params[p].data[i] - (z[1] - z[0])) < 1e-5f);
        }
    model_free(&one);
    model_free(&two);
}

/* Learned units stay; random ones have the spread they are said to have. */
static void
widened_layers_keep_their_units(void **state)
{
    (void) state;
    enum { LEARNED = 5, RANDOM = 20 };
    static struct rows rows;
    fill_rows(&rows);
    const struct rowset all = part(&rows, 0, ROWS, false, false);
    const struct engine *engine = engine_find("ref");
    struct model model;
    struct error error;
    make_model(&model, 3, LEARNED);
    struct features *features;
    double before[LEARNED], after[LEARNED + RANDOM];
    assert_int_equal(features_open(&features, &model.network, engine, 1, &error), 0);
    assert_int_equal(features_read(features, &all, 9, 1, before, LEARNED, &error), 0);
    features_close(features);
    assert_int_equal(widen_network(&model, 1, RANDOM, &all, engine, 1, 1, &error), 0);
    assert_int_equal(features_count(&model.network), LEARNED + RANDOM);
    assert_int_equal(features_open(&features, &model.network, engine, 1, &error), 0);
    assert_int_equal(features_read(features, &all, 9, 1, after, LEARNED + RANDOM, &error), 0);
    features_close(features);
    assert_memory_equal(before, after, sizeof before);

    float *z = mem_array((size_t) ROWS * (LEARNED + RANDOM), sizeof *z);
    double means = 0;
    assert_int_equal(features_before(&model.network, engine, 1, &all, z, &error), 0);
    for (int j = LEARNED; j < LEARNED + RANDOM; j++) {
        double mean = 0, squares = 0;
        for (int i = 0; i < ROWS; i++)
            mean += (double) z[i * (LEARNED + RANDOM) + j] / ROWS;
        for (int i = 0; i < ROWS; i++)
            squares += pow((double) z[i * (LEARNED + RANDOM) + j] - mean, 2) / ROWS;
        assert_true(fabs(sqrt(squares) - 1) < 1e-4);
        means += mean * mean / RANDOM;
    }
    assert_true(sqrt(means) > 0.25 && sqrt(means) < 1);
    free(z);
    model_free(&model);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_left_out_by_formula),
        cmocka_unit_test(freedom_is_the_sum_of_leverages),
        cmocka_unit_test(ridge_is_chosen_well),
        cmocka_unit_test(lapack_gives_the_same),
        cmocka_unit_test(parts_are_the_whole),
        cmocka_unit_test(inputs_grow),
        cmocka_unit_test(one_output_is_two),
        cmocka_unit_test(widened_layers_keep_their_units),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
