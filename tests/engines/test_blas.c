/*
 * The rows of `blas` in the engine matrix: what the library of --numerics fast multiplies against `ref`, by tolerance.
 *
 * Gradients of networks x losses x activations x batches x instruction sets x threads, which is all that the library
 * has a part in; then steps by every optimiser, outputs, and the engine that tries what pays. Skipped only where no
 * CBLAS library can be opened.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <math.h>
#include <stdio.h>
#include <cmocka.h>

#include "blas/library.h"
#include "fixture.h"

/* Wide layers: 100-130, 130-70; 70-o is not, for the few outputs most have. */
static const struct spec base = {.n_x = 100,
                                 .n_c = 2,
                                 .n_out = 3,
                                 .hidden = {130, 70, 65},
                                 .n_hidden = 2,
                                 .loss = LOSS_CE,
                                 .optimiser = OPT_SGD,
                                 .activation = ACT_RELU,
                                 .rows = 300,
                                 .batch = 200,
                                 .steps = 3,
                                 .replay = 33,
                                 .shuffle = true,
                                 .seed = 11};

static const char *const isas[3] = {"base", "avx2", "avx512"};
static unsigned n_compared;

static void
need_library(void)
{
    struct error error;
    if (blas_library(&error) != NULL)
        return;
    print_message("%s\n", error.text);
    skip();
}

/* Largest difference relative to the largest magnitude of each parameter, or to `least` where all are small. */
static void
assert_near(const struct fixture *f, const char *what, const float *ref, const float *other, double least,
            double tolerance)
{
    for (uint32_t p = 0; p < f->network.n_params; p++) {
        uint64_t n = f->network.params[p].rows * f->network.params[p].cols;
        double most = least, worst = 0;
        for (uint64_t i = 0; i < n; i++) {
            most = fmax(most, fabs((double) ref[i]));
            worst = fmax(worst, fabs((double) ref[i] - (double) other[i]));
        }
        if (!(worst <= tolerance * most))
            fail_msg("%s: %s of %s differs by %g of %g", what, "blas", f->network.params[p].name, worst, most);
        ref += n;
        other += n;
    }
    n_compared++;
}

static struct engine_state *
open_engine(const struct fixture *f, const struct engine *engine, unsigned threads)
{
    struct error error;
    struct engine_state *state = fixture_engine(f, engine, threads, &error);
    if (state == NULL)
        fail_msg("%s", error.text);
    return state;
}

/* Gradient of one step by ref, which takes most of the time of a test: once for all that is compared with it. */
struct reference {
    struct fixture f;
    struct run_result result;
    float *gradient;
};

static float *
gradient_by(const struct fixture *f, const struct engine *engine, unsigned threads, struct run_result *result)
{
    struct error error;
    struct engine_state *state = open_engine(f, engine, threads);
    assert_int_equal(engine->grad(state, &f->plan, 3, 0, UINT64_MAX, result, &error), 0);
    float *gradient = fixture_read(f, engine, state, ENGINE_GRADIENT);
    engine->close(state);
    return gradient;
}

static void
reference_open(struct reference *ref, const struct spec *spec)
{
    fixture_open(&ref->f, spec);
    ref->gradient = gradient_by(&ref->f, &engine_ref, 1, &ref->result);
}

static void
reference_close(struct reference *ref)
{
    free(ref->gradient);
    arena_free(&ref->f.arena);
}

/* The same by blas. A sum in another order differs by some ulp of its largest terms. */
static void
check_against(const struct reference *ref, unsigned threads, const char *what)
{
    struct run_result result;
    float *gradient = gradient_by(&ref->f, &engine_blas, threads, &result);
    assert_near(&ref->f, what, ref->gradient, gradient, 1e-3, 1e-4);
    assert_int_equal(ref->result.rows, result.rows);
    assert_true(fabs(ref->result.loss_sum - result.loss_sum) <= 1e-5 * fabs(ref->result.loss_sum));
    free(gradient);
}

/* Whether this machine has an instruction set; then CL_ISA names it. */
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
test_networks(void **unused)
{
    (void) unused;
    need_library();
    const uint32_t widths[][3] = {{64, 64, 64}, {65, 129, 80}, {200, 16, 300}, {17, 250, 1}};
    const uint32_t inputs[] = {0, 5, 64, 257}, outputs[] = {1, 3, 70};
    char what[96];
    bool there[3];
    for (size_t i = 0; i < 3; i++)
        there[i] = choose_isa(isas[i]);
    for (size_t w = 0; w < sizeof widths / sizeof *widths; w++)
        for (size_t n_x = 0; n_x < 4; n_x++)
            for (size_t o = 0; o < 3; o++) {
                struct spec spec = base;
                struct reference ref;
                unsigned threads = 1 + (unsigned) (n_x + o) % 2;
                memcpy(spec.hidden, widths[w], sizeof spec.hidden);
                spec.n_hidden = 1 + (uint32_t) (w + o) % 3;
                spec.n_x = inputs[n_x];
                spec.n_out = outputs[o];
                spec.norm = w % 2 == 0 ? NORM_NONE : NORM_LAYER;
                spec.skips = w == 0 ? SKIP_LAST : SKIP_NONE;
                reference_open(&ref, &spec);
                for (size_t i = 0; i < 3; i++) {
                    if (!there[i])
                        continue;
                    setenv("CL_ISA", isas[i], 1);
                    snprintf(what, sizeof what, "%s, %u inputs, widths %zu, %u outputs, %u threads", isas[i], spec.n_x,
                             w, spec.n_out, threads);
                    check_against(&ref, threads, what);
                }
                reference_close(&ref);
            }
    unsetenv("CL_ISA");
}

static void
test_losses_and_activations(void **unused)
{
    (void) unused;
    need_library();
    const uint32_t batches[] = {1, 63, 64, 200, 0};
    for (int loss = 0; loss < LOSS_COUNT; loss++)
        for (int activation = 0; activation < ACT_COUNT; activation++)
            for (size_t b = 0; b < 5; b++) {
                struct spec spec = base; /* narrower, but still wide */
                struct reference ref;
                char what[96];
                spec.n_x = 64;
                spec.hidden[0] = 65;
                spec.loss = (enum loss) loss;
                spec.activation = (enum activation) activation;
                spec.batch = batches[b];
                spec.n_out = loss == LOSS_BCE ? 1 : 3;
                spec.weights = b % 2 == 0;
                spec.dropout = spec.input_dropout = b == 3 ? 0.2f : 0;
                snprintf(what, sizeof what, "%s, %s, batch %u", loss_name(spec.loss), activation_name(spec.activation),
                         spec.batch);
                reference_open(&ref, &spec);
                check_against(&ref, 1 + (unsigned) b % 2, what);
                reference_close(&ref);
            }
}

/* More rows than a chunk of the engine, whose gradients are added. */
static void
test_long_batches(void **unused)
{
    (void) unused;
    need_library();
    struct spec spec = base;
    struct reference ref;
    spec.rows = 5000;
    spec.batch = 0;
    reference_open(&ref, &spec);
    check_against(&ref, 1, "5000 rows");
    check_against(&ref, 2, "5000 rows, 2 threads");
    reference_close(&ref);
}

/* The Fisher information, of which blas multiplies the turns, and the sums of squares. */
static void
test_fisher(void **unused)
{
    (void) unused;
    need_library();
    for (int loss = 0; loss < LOSS_COUNT; loss++)
        for (unsigned threads = 1; threads <= 2; threads++) {
            struct spec spec = base;
            struct fixture f;
            struct error error;
            float *values[2];
            spec.loss = (enum loss) loss;
            spec.norm = loss % 2 ? NORM_LAYER : NORM_NONE;
            fixture_open(&f, &spec);
            for (int e = 0; e < 2; e++) {
                const struct engine *engine = e == 0 ? &engine_ref : &engine_blas;
                struct engine_state *state = open_engine(&f, engine, threads);
                assert_int_equal(engine->fisher(state, &f.plan, 0, 0, spec.rows, &error), 0);
                values[e] = fixture_read(&f, engine, state, ENGINE_GRADIENT);
                engine->close(state);
            }
            assert_near(&f, "Fisher information", values[0], values[1], 1e-6, 1e-4);
            free(values[0]);
            free(values[1]);
            arena_free(&f.arena);
        }
}

/*
 * Steps. What divides by the size of a gradient turns the last digit of one that is nearly zero into a step of lr, so
 * of those the losses are compared, and weights within what the steps may be apart at most.
 */
static void
check_steps(const struct engine *engine, const struct spec *spec, const char *what)
{
    bool divides = spec->optimiser == OPT_RMSPROP || spec->optimiser == OPT_ADAM || spec->optimiser == OPT_ADAMW;
    struct fixture f;
    struct error error;
    struct run_result results[3];
    float *values[3];
    fixture_open(&f, spec);
    double apart = 0;
    for (uint32_t s = 0; s < spec->steps; s++)
        apart += 2 * (double) f.plan.lr[s];
    for (unsigned threads = 0; threads <= 2; threads++) { /* 0: of ref */
        const struct engine *one = threads == 0 ? &engine_ref : engine;
        struct engine_state *state = open_engine(&f, one, threads == 0 ? 1 : threads);
        assert_int_equal(one->run(state, &f.plan, &results[threads], &error), 0);
        values[threads] = fixture_read(&f, one, state, ENGINE_PARAM);
        one->close(state);
        assert_near(&f, what, values[0], values[threads], divides ? 1 : 0.01, divides ? apart : 1e-4);
        assert_int_equal(results[0].steps, results[threads].steps);
        assert_int_equal(results[0].rows, results[threads].rows);
        assert_true(results[0].weight_sum == results[threads].weight_sum);
        assert_true(fabs(results[0].loss_sum - results[threads].loss_sum) <= 1e-3 * results[0].loss_sum);
    }
    for (unsigned threads = 0; threads <= 2; threads++)
        free(values[threads]);
    arena_free(&f.arena);
}

static void
test_optimisers(void **unused)
{
    (void) unused;
    need_library();
    for (int optimiser = OPT_SGD; optimiser <= OPT_ADAMW; optimiser++)
        for (int clip = 0; clip < 2; clip++) {
            struct spec spec = base;
            spec.optimiser = (enum optimiser_kind) optimiser;
            spec.clip = clip ? 1 : 0;
            spec.decay = clip ? 0 : 0.01f;
            check_steps(&engine_blas, &spec, optimiser_name(spec.optimiser));
        }
}

/* Enough steps for the engine that tries what pays to go through all it tries, and to go on. */
static void
test_tried(void **unused)
{
    (void) unused;
    need_library();
    for (int activation = ACT_RELU; activation <= ACT_TANH; activation += ACT_TANH - ACT_RELU) {
        struct spec spec = base;
        spec.steps = 300;
        spec.batch = 30; /* small, but not so small that a step says nothing of what pays */
        spec.replay = 0;
        spec.activation = (enum activation) activation;
        spec.loss = LOSS_MSE;
        check_steps(&engine_blas_tried, &spec, "tried");
    }
}

/* Cut into runs, moved to another state and with outputs asked for in between. */
static void
test_tried_in_parts(void **unused)
{
    (void) unused;
    need_library();
    struct spec spec = base;
    struct fixture f;
    struct error error;
    struct run_result result;
    spec.loss = LOSS_MSE;
    spec.batch = 60;
    spec.replay = 0;
    spec.steps = 240;
    fixture_open(&f, &spec);
    struct engine_state *ref = open_engine(&f, &engine_ref, 1), *tried = open_engine(&f, &engine_blas_tried, 1);
    assert_int_equal(engine_ref.run(ref, &f.plan, &result, &error), 0);
    double loss_sum = result.loss_sum, sum = 0;
    float *wanted = fixture_read(&f, &engine_ref, ref, ENGINE_PARAM);
    float *z = mem_array(300 * 3, sizeof *z);
    struct plan plan = f.plan;
    for (uint64_t done = 0, n; done < spec.steps; done += n) {
        n = done % 7 + 1 < spec.steps - done ? done % 7 + 1 : spec.steps - done;
        plan.n_steps = n;
        for (unsigned i = 0; i < 40 && (done == 0 || i == 0); i++)
            assert_int_equal(engine_blas_tried.forward(tried, &f.sets[0], 0, 300, z, &error), 0);
        assert_int_equal(engine_blas_tried.run(tried, &plan, &result, &error), 0);
        assert_int_equal(result.steps, n);
        sum += result.loss_sum;
        plan.first_step += n;
        plan.adam_step += n;
        plan.lr += n;
        if (done == 28) {
            float *values = fixture_read(&f, &engine_blas_tried, tried, ENGINE_PARAM);
            engine_blas_tried.close(tried);
            tried = open_engine(&f, &engine_blas_tried, 2);
            fixture_write(&f, &engine_blas_tried, tried, ENGINE_PARAM, values);
            free(values);
        }
    }
    float *values = fixture_read(&f, &engine_blas_tried, tried, ENGINE_PARAM);
    assert_near(&f, "in parts", wanted, values, 0.01, 1e-3);
    assert_true(fabs(sum - loss_sum) <= 1e-4 * loss_sum);
    free(values);
    free(wanted);
    free(z);
    engine_ref.close(ref);
    engine_blas_tried.close(tried);
    arena_free(&f.arena);
}

static void
test_forward(void **unused)
{
    (void) unused;
    need_library();
    const struct engine *const engines[] = {&engine_blas, &engine_blas_tried};
    struct spec spec = base;
    struct fixture f;
    struct error error;
    enum { ROWS = 700 };
    spec.rows = ROWS;
    fixture_open(&f, &spec);
    float *ref = mem_array(ROWS * 3, sizeof *ref), *z = mem_array(ROWS * 3, sizeof *z);
    struct engine_state *state = open_engine(&f, &engine_ref, 1);
    assert_int_equal(engine_ref.forward(state, &f.sets[0], 0, ROWS, ref, &error), 0);
    engine_ref.close(state);
    for (size_t e = 0; e < 2; e++)
        for (unsigned threads = 1; threads <= 2; threads++) {
            state = open_engine(&f, engines[e], threads);
            for (unsigned call = 0; call < 60; call++) {
                uint64_t n = call % 5 == 4 ? 1 + call : ROWS, first = call % 5 == 4 ? call : 0;
                assert_int_equal(engines[e]->forward(state, &f.sets[0], first, n, z, &error), 0);
                for (uint64_t i = 0; i < n * 3; i++)
                    assert_true(fabs((double) z[i] - (double) ref[first * 3 + i]) < 1e-4);
            }
            engines[e]->close(state);
        }
    free(ref);
    free(z);
    arena_free(&f.arena);
}

/* A stop flag ends a run after its step, and what diverges says so, while ways are tried too. */
static void
test_stop_and_divergence(void **unused)
{
    (void) unused;
    need_library();
    struct spec spec = base;
    struct fixture f;
    struct error error;
    struct run_result result;
    int stop = 1;
    spec.loss = LOSS_MSE;
    spec.steps = 50;
    fixture_open(&f, &spec);
    struct engine_state *state = open_engine(&f, &engine_blas_tried, 1);
    struct plan plan = f.plan;
    plan.stop = &stop;
    assert_int_equal(engine_blas_tried.run(state, &plan, &result, &error), 0);
    assert_int_equal(result.steps, 1);
    assert_int_equal(result.rows, 100); /* the second step of an epoch of 300 rows */
    float lr[50];
    for (int s = 0; s < 50; s++)
        lr[s] = 1e6f;
    plan = f.plan;
    plan.lr = lr;
    assert_int_equal(engine_blas_tried.run(state, &plan, &result, &error), 0);
    assert_true(result.diverged);
    assert_true(result.steps < 50);
    engine_blas_tried.close(state);
    engine_blas_tried.close(NULL);
    arena_free(&f.arena);
}

static void
test_description(void **unused)
{
    (void) unused;
    need_library();
    struct fixture f;
    struct error error;
    char wanted[256];
    const char *name = blas_library(&error)->name;
    setenv("CL_ISA", "base", 1);
    fixture_open(&f, &base);
    struct engine_state *state = open_engine(&f, &engine_blas, 2);
    snprintf(wanted, sizeof wanted, "blas (%s, in 2 of 3 layers; base, 2 threads)", name);
    assert_string_equal(engine_blas.describe(state), wanted);
    engine_blas.close(state);
    state = open_engine(&f, &engine_blas_tried, 1);
    snprintf(wanted, sizeof wanted, "blas (%s, where it is faster; base, 1 thread)", name);
    assert_string_equal(engine_blas_tried.describe(state), wanted);
    engine_blas_tried.close(state);
    arena_free(&f.arena);
    struct spec narrow = base;
    narrow.n_x = 5;
    narrow.hidden[0] = narrow.hidden[1] = 10;
    fixture_open(&f, &narrow);
    state = open_engine(&f, &engine_blas_tried, 1);
    snprintf(wanted, sizeof wanted, "blas (%s, in 0 of 3 layers; base, 1 thread)", name);
    assert_string_equal(engine_blas_tried.describe(state), wanted);
    engine_blas_tried.close(state);
    arena_free(&f.arena);
    unsetenv("CL_ISA");
}

static void
test_count(void **unused)
{
    (void) unused;
    need_library();
    print_message("%u comparisons of blas with ref\n", n_compared);
    assert_true(n_compared > 100);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_networks),     cmocka_unit_test(test_losses_and_activations),
        cmocka_unit_test(test_long_batches), cmocka_unit_test(test_optimisers),
        cmocka_unit_test(test_tried),        cmocka_unit_test(test_tried_in_parts),
        cmocka_unit_test(test_forward),      cmocka_unit_test(test_stop_and_divergence),
        cmocka_unit_test(test_description),  cmocka_unit_test(test_fisher),
        cmocka_unit_test(test_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
