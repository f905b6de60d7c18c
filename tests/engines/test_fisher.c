/*
 * The Fisher information: of `ref` against differences of log p(y | row) in double, over all y that there are; of the
 * other exact engines against `ref`, by memcmp. `blas` has test_blas.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <math.h>
#include <stdio.h>
#include <cmocka.h>

#include "doubles.h"
#include "plan.h"

static const struct spec base = {.n_x = 5,
                                 .n_c = 2,
                                 .n_out = 3,
                                 .hidden = {7, 6, 7},
                                 .n_hidden = 2,
                                 .loss = LOSS_CE,
                                 .activation = ACT_TANH,
                                 .rows = 7,
                                 .batch = 5,
                                 .steps = 1,
                                 .seed = 11};

/* ---- by differences ---- */

enum { MOST_COUNT = 30 }; /* poisson: more is as good as impossible */

/* What one output may show: value v of n, and log p(v | z). */
static uint32_t
n_values(enum loss loss)
{
    return loss == LOSS_BCE ? 2 : loss == LOSS_POISSON ? MOST_COUNT : 2;
}

/* Of the normal distribution two values have the same mean and variance, and all that is asked is a square. */
static double
value_at(enum loss loss, uint32_t v, double z)
{
    return loss == LOSS_BCE || loss == LOSS_POISSON ? v : v == 0 ? z - 1 : z + 1;
}

static double
log_p(enum loss loss, double y, double z)
{
    if (loss == LOSS_BCE)
        return y > 0 ? -log(1 + exp(-z)) : -log(1 + exp(z));
    if (loss == LOSS_POISSON)
        return y * z - exp(z) - lgamma(y + 1);
    return -(y - z) * (y - z) / 2;
}

static double
log_class(const struct plan *plan, uint32_t o, uint32_t y, const double *z)
{
    double sum = 0;
    for (uint32_t j = 0; j < o; j++)
        sum += plan->classes == NULL || plan->classes[j] ? exp(z[j]) : 0;
    return z[y] - log(sum);
}

/* E over y of ((log p(y | up) - log p(y | down)) / 2h)^2, y as z thinks. */
static double
expectation(const struct plan *plan, uint32_t o, const double *z, const double *up, const double *down, double h)
{
    double sum = 0;
    for (uint32_t y = 0; plan->loss == LOSS_CE && y < o; y++)
        if (plan->classes == NULL || plan->classes[y])
            sum += exp(log_class(plan, o, y, z)) *
                   pow((log_class(plan, o, y, up) - log_class(plan, o, y, down)) / (2 * h), 2);
    if (plan->loss == LOSS_CE)
        return sum;
    const uint32_t n = n_values(plan->loss);
    uint64_t all = 1;
    for (uint32_t j = 0; j < o; j++)
        all *= n;
    for (uint64_t i = 0; i < all; i++) {
        uint64_t left = i;
        double p = 1, slope = 0;
        for (uint32_t j = 0; j < o; j++, left /= n) {
            double y = value_at(plan->loss, (uint32_t) (left % n), z[j]);
            p *= plan->loss == LOSS_BCE || plan->loss == LOSS_POISSON ? exp(log_p(plan->loss, y, z[j])) : 0.5;
            slope += (log_p(plan->loss, y, up[j]) - log_p(plan->loss, y, down[j])) / (2 * h);
        }
        sum += p * slope * slope;
    }
    return sum;
}

static void
outputs_of(const struct fixture *f, double *const *theta, uint64_t row, double *z)
{
    const struct rowset *set = &f->sets[0];
    doubles_forward(f, theta, DOUBLES_NO_DROPOUT, 0, set->x == NULL ? NULL : set->x + row * f->network.n_x,
                    set->c == NULL ? NULL : set->c + row * f->network.n_c, z);
}

static float *
fisher(const struct fixture *f, const struct engine *engine, unsigned threads, uint64_t first, uint64_t n)
{
    struct error error;
    struct engine_state *state = fixture_engine(f, engine, threads, &error);
    if (state == NULL || engine->fisher(state, &f->plan, 0, first, n, &error) < 0)
        fail_msg("%s", error.text);
    float *all = fixture_read(f, engine, state, ENGINE_GRADIENT);
    engine->close(state);
    return all;
}

static void
check_differences(const struct spec *spec)
{
    struct fixture f;
    fixture_open(&f, spec);
    const struct param *output = &f.network.params[f.network.layers[f.network.n_layers - 1].weight];
    for (uint64_t i = 0; spec->loss == LOSS_POISSON && i < output->rows * output->cols; i++)
        output->data[i] *= 0.25f; /* means far below MOST_COUNT */
    const uint32_t o = network_outputs(&f.network);
    const double h = 1e-5;
    float *given = fisher(&f, &engine_ref, 1, 0, spec->rows), *at = given;
    double **theta = doubles_open(&f, &f.arena), z[DOUBLES_WIDEST], up[DOUBLES_WIDEST], down[DOUBLES_WIDEST];
    double weight = 0, largest = 0;
    for (uint64_t r = 0; r < spec->rows; r++)
        weight += f.sets[0].w == NULL ? 1 : (double) f.sets[0].w[r];
    for (uint64_t i = 0; i < network_size(&f.network); i++)
        largest = fmax(largest, (double) given[i]);
    assert_true(largest > 1e-4);
    for (uint32_t p = 0; p < f.network.n_params; p++) {
        const uint64_t n = f.network.params[p].rows * f.network.params[p].cols;
        for (uint64_t i = 0; i < n; i++, at++) {
            double sum = 0, keep = theta[p][i];
            for (uint64_t r = 0; plan_trainable(&f.network, p) && r < spec->rows; r++) {
                outputs_of(&f, theta, r, z);
                theta[p][i] = keep + h;
                outputs_of(&f, theta, r, up);
                theta[p][i] = keep - h;
                outputs_of(&f, theta, r, down);
                theta[p][i] = keep;
                sum += (f.sets[0].w == NULL ? 1 : (double) f.sets[0].w[r]) / weight *
                       expectation(&f.plan, o, z, up, down, h);
            }
            if (!(fabs(sum - (double) *at) <= 1e-4 * sum + 1e-6 * largest))
                fail_msg("%s, %s: %s[%llu]: information %.9g, by differences %.9g", loss_name(spec->loss),
                         activation_name(spec->activation), f.network.params[p].name, (unsigned long long) i,
                         (double) *at, sum);
        }
    }
    free(given);
    arena_free(&f.arena);
}

static void
test_losses_and_activations(void **unused)
{
    (void) unused;
    for (int loss = 0; loss < LOSS_COUNT; loss++)
        for (int activation = 0; activation < ACT_COUNT; activation++) {
            struct spec spec = base;
            spec.loss = (enum loss) loss;
            spec.activation = (enum activation) activation;
            spec.n_out = spec.loss == LOSS_CE ? 4 : 1 + (uint32_t) activation % 2;
            spec.mask = activation % 3 == 1;
            spec.weights = activation % 2;
            spec.smoothing = activation % 2 && spec.loss == LOSS_CE ? 0.1f : 0; /* must not show, nor must this */
            spec.dropout = spec.input_dropout = activation % 2 ? 0.3f : 0;
            spec.hidden[0] = 4;
            check_differences(&spec);
        }
}

/* Norms, skips, bins, clipped features, and what a row lacks. */
static void
test_trimmings(void **unused)
{
    (void) unused;
    for (uint32_t bits = 0; bits < 48; bits++) {
        struct spec spec = base;
        spec.activation = bits & 1 ? ACT_SILU : ACT_GELU;
        spec.norm = bits & 2 ? NORM_LAYER : NORM_NONE;
        spec.skips = bits & 4 ? bits & 1 ? SKIP_FIRST : SKIP_LAST : SKIP_NONE;
        spec.bins = bits & 8 ? 3 : 0;
        spec.softclip = bits & 8 ? 0.8f : 0;
        spec.n_hidden = bits / 16 == 2 ? 3 : bits / 16;
        spec.hidden[1] = bits & 4 ? 7 : 5;
        spec.n_x = bits & 2 || bits & 8 ? 5 : 0;
        spec.n_c = bits & 1 ? 2 : 0;
        spec.rows = 5;
        if (spec.n_x + spec.n_c > 0)
            check_differences(&spec);
    }
}

/* ---- engine against engine ---- */

static const char *const all_isas[] = {"base", "neon", "avx2", "avx512"};
static unsigned n_compared;

static bool
choose_isa(const char *name)
{
    struct fixture f;
    struct error error;
    fixture_open(&f, &base);
    setenv("CL_ISA", name, 1);
    struct engine_state *state = fixture_engine(&f, &engine_cpu, 1, &error);
    if (state != NULL)
        engine_cpu.close(state);
    arena_free(&f.arena);
    return state != NULL;
}

static void
compare(const struct fixture *f, uint64_t first, uint64_t n)
{
    const uint64_t size = network_size(&f->network);
    float *ref = fisher(f, &engine_ref, 1, first, n);
    for (size_t i = 0; i < sizeof all_isas / sizeof *all_isas; i++)
        for (unsigned threads = 1; threads <= 2 && choose_isa(all_isas[i]); threads++) {
            float *cpu = fisher(f, &engine_cpu, threads, first, n), *at = cpu;
            for (uint64_t k = 0; k < size; k++)
                if (memcmp(&ref[k], &at[k], sizeof *ref) != 0)
                    fail_msg("%s, %u threads: element %llu is %a, ref has %a; rows %llu + %llu, loss %d", all_isas[i],
                             threads, (unsigned long long) k, (double) at[k], (double) ref[k],
                             (unsigned long long) first, (unsigned long long) n, (int) f->plan.loss);
            free(cpu);
            n_compared++;
        }
    unsetenv("CL_ISA");
    free(ref);
}

static void
check(const struct spec *spec)
{
    struct fixture f;
    fixture_open(&f, spec);
    compare(&f, 0, spec->rows);
    if (spec->rows > 1)
        compare(&f, 1, spec->rows / 2);
    arena_free(&f.arena);
}

static void
test_engines(void **unused)
{
    (void) unused;
    const uint64_t rows[] = {1, 63, 64, 65, 300, 1300};
    const uint32_t widths[] = {1, 7, 64, 65};
    uint32_t bits = 0;
    for (int loss = 0; loss < LOSS_COUNT; loss++)
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
            for (size_t w = 0; w < sizeof widths / sizeof *widths; w++, bits = bits * 5 + 3) {
                struct spec spec = base;
                if (rows[i] > 300 && w != 1)
                    continue;
                spec.loss = (enum loss) loss;
                spec.rows = rows[i];
                spec.n_hidden = (uint32_t) (i + w) % 4;
                spec.hidden[0] = spec.hidden[2] = widths[w];
                spec.hidden[1] = bits & 1 ? widths[w] : widths[(w + 1) % 4];
                spec.n_out = w == 2 ? 17 : w + 1;
                spec.activation = (enum activation)(bits % ACT_COUNT);
                spec.norm = bits & 2 ? NORM_LAYER : NORM_NONE;
                spec.skips = bits & 4 ? SKIP_LAST : SKIP_NONE;
                spec.bins = bits & 8 ? 5 : 0;
                spec.softclip = bits & 16 ? 0.5f : 0;
                spec.n_c = bits & 32 ? 2 : 0;
                spec.weights = bits & 64;
                spec.mask = bits & 128;
                spec.dropout = spec.input_dropout = bits & 256 ? 0.5f : 0;
                check(&spec);
            }
    struct spec wide = base; /* for two threads in every phase */
    wide.n_x = 120;
    wide.hidden[0] = wide.hidden[1] = 150;
    wide.rows = 200;
    check(&wide);
    print_message("%u comparisons of cpu with ref\n", n_compared);
    assert_true(n_compared > 300);
}

static void
test_frozen(void **unused)
{
    (void) unused;
    for (uint32_t mask = 0; mask < 64; mask++) {
        struct spec spec = base;
        struct fixture f;
        spec.rows = 70;
        spec.norm = mask & 1 ? NORM_LAYER : NORM_NONE;
        fixture_open(&f, &spec);
        float *whole = fisher(&f, &engine_ref, 1, 0, spec.rows);
        f.network.layers[0].frozen = mask & 2;
        f.network.layers[1].frozen = mask & 4;
        f.network.layers[2].frozen = mask & 8;
        f.network.params[f.network.layers[0].category0 + 1].frozen = mask & 16;
        f.network.params[f.network.layers[1].weight].frozen = mask & 32;
        compare(&f, 0, spec.rows);
        float *part = fisher(&f, &engine_ref, 1, 0, spec.rows), *at = part;
        for (uint32_t p = 0; p < f.network.n_params; p++)
            for (uint64_t j = 0; j < f.network.params[p].rows * f.network.params[p].cols; j++, at++)
                assert_true(*at == (plan_trainable(&f.network, p) ? whole[at - part] : 0));
        free(whole);
        free(part);
        arena_free(&f.arena);
    }
}

/* Between steps it changes nothing, and what was there before changes nothing in it. */
static void
test_between_steps(void **unused)
{
    (void) unused;
    const struct engine *const engines[] = {&engine_ref, &engine_cpu};
    for (size_t e = 0; e < 2; e++) {
        struct spec spec = base;
        struct fixture f;
        struct error error;
        struct run_result result;
        spec.rows = 200;
        spec.batch = 65;
        spec.steps = 4;
        spec.optimiser = OPT_ADAM;
        spec.shuffle = true;
        spec.dropout = 0.2f;
        spec.norm = NORM_LAYER;
        spec.skips = SKIP_LAST;
        spec.hidden[1] = 7;
        spec.bins = 4;
        fixture_open(&f, &spec);
        struct engine_state *plain = fixture_engine(&f, engines[e], 1, &error);
        struct engine_state *state = fixture_engine(&f, engines[e], 1, &error);
        struct plan half = f.plan;
        half.n_steps = 2;
        float *before = NULL;
        assert_int_equal(engines[e]->run(plain, &f.plan, &result, &error), 0);
        for (int turn = 0; turn < 2; turn++) {
            assert_int_equal(engines[e]->run(state, &half, &result, &error), 0);
            half.first_step += 2;
            half.adam_step += 2;
            half.lr += 2;
            for (int again = 0; again < 2; again++) {
                assert_int_equal(engines[e]->fisher(state, &f.plan, 0, 0, 200, &error), 0);
                float *now = fixture_read(&f, engines[e], state, ENGINE_GRADIENT);
                if (again)
                    assert_memory_equal(now, before, network_size(&f.network) * sizeof *now);
                free(before);
                before = now;
            }
        }
        free(before);
        float *a = fixture_read(&f, engines[e], plain, ENGINE_PARAM),
              *b = fixture_read(&f, engines[e], state, ENGINE_PARAM);
        assert_memory_equal(a, b, network_size(&f.network) * sizeof *a);
        free(a);
        free(b);
        engines[e]->close(plain);
        engines[e]->close(state);
        arena_free(&f.arena);
    }
}

static void
refuse(struct fixture *f, const struct plan *plan, int set, uint64_t first, uint64_t n, const char *words)
{
    const struct engine *const engines[] = {&engine_ref, &engine_cpu}; /* blas takes that of cpu */
    for (size_t e = 0; e < 2; e++) {
        struct error error;
        struct engine_state *state = fixture_engine(f, engines[e], 1, &error);
        if (state == NULL)
            fail_msg("%s", error.text);
        assert_int_equal(engines[e]->fisher(state, plan, set, first, n, &error), -1);
        assert_string_equal(error.text, words);
        engines[e]->close(state);
    }
}

static void
test_refusals(void **unused)
{
    (void) unused;
    const uint8_t none[3] = {0};
    float w[7] = {0};
    struct fixture f;
    fixture_open(&f, &base);
    struct plan plan = f.plan;
    refuse(&f, &plan, 2, 0, 1, "the Fisher information is asked of row set 2, which is not loaded");
    refuse(&f, &plan, -1, 0, 1, "the Fisher information is asked of row set -1, which is not loaded");
    refuse(&f, &plan, 0, 0, 8, "row set 0 has only 7 rows");
    refuse(&f, &plan, 0, 3, UINT64_MAX, "row set 0 has only 7 rows");
    refuse(&f, &plan, 0, 7, 0, "there are no rows for the Fisher information, or they weigh nothing");
    f.sets[0].w = w;
    refuse(&f, &plan, 0, 0, 7, "there are no rows for the Fisher information, or they weigh nothing");
    w[5] = -1;
    refuse(&f, &plan, 0, 0, 7, "row 5 has a weight below 0");
    f.sets[0].w = NULL;
    plan.classes = none;
    refuse(&f, &plan, 0, 0, 7, "the plan's class mask leaves no class");
    plan.loss = LOSS_COUNT;
    refuse(&f, &plan, 0, 0, 7, "the plan has an unknown loss");
    arena_free(&f.arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_losses_and_activations),
        cmocka_unit_test(test_trimmings),
        cmocka_unit_test(test_engines),
        cmocka_unit_test(test_frozen),
        cmocka_unit_test(test_between_steps),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
