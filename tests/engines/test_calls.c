/*
 * What every engine does with calls that are wrong, a loss that is no number and a request to stop; what engines are
 * called. Their arithmetic has test_engines.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <math.h>
#include <stdio.h>
#include <cmocka.h>

#include "fixture.h"

static const struct spec base = {.n_x = 5,
                                 .n_c = 2,
                                 .n_out = 3,
                                 .hidden = {7, 65, 64},
                                 .n_hidden = 2,
                                 .loss = LOSS_CE,
                                 .optimiser = OPT_ADAM,
                                 .activation = ACT_RELU,
                                 .rows = 210,
                                 .batch = 65,
                                 .steps = 4,
                                 .shuffle = true,
                                 .seed = 11};

static void
test_refusals(void **unused)
{
    (void) unused;
    const struct engine *const engines[] = {&engine_ref, &engine_cpu, &engine_blas};
    for (size_t e = 0; e < 3; e++) {
        struct fixture f;
        struct error error;
        struct run_result result;
        float z[8], lr[1] = {0.1f};
        uint32_t codes[2] = {1, 99};
        uint8_t none[3] = {0};
        fixture_open(&f, &base);
        struct engine_state *state = fixture_engine(&f, engines[e], 1, &error);
        if (state == NULL)
            fail_msg("%s", error.text);
        struct rowset bad = {.n = 1, .x = z, .c = codes};
        assert_int_equal(engines[e]->load(state, 2, &bad, &error), -1);
        assert_string_equal(error.text, "row 0: category 'b' has code 99, but the network knows only 10");
        assert_int_equal(engines[e]->forward(state, &bad, 0, 1, z, &error), -1);
        assert_int_equal(engines[e]->load(state, ENGINE_MAX_SETS, &f.sets[0], &error), -1);
        assert_int_equal(engines[e]->read(state, ENGINE_PARAM, 1000, z, &error), -1);

        struct plan plan = f.plan;
        plan.lr = lr;
        plan.n_steps = 1;
        plan.parts[0].set = 3;
        assert_int_equal(engines[e]->run(state, &plan, &result, &error), -1);
        assert_string_equal(error.text, "part 0 of the plan uses row set 3, which is not loaded");
        plan = f.plan;
        plan.classes = none;
        assert_int_equal(engines[e]->run(state, &plan, &result, &error), -1);
        assert_string_equal(error.text, "the plan's class mask leaves no class");
        uint32_t label[1] = {3};
        struct rowset labelled = {.n = 1, .x = f.sets[0].x, .c = f.sets[0].c, .label = label};
        assert_int_equal(engines[e]->load(state, 2, &labelled, &error), 0);
        plan = f.plan;
        plan.parts[0].set = 2;
        assert_int_equal(engines[e]->run(state, &plan, &result, &error), -1);
        assert_string_equal(error.text, "a row has class 3, but the network has only 3 outputs");
        plan.loss = LOSS_MSE;
        assert_int_equal(engines[e]->run(state, &plan, &result, &error), -1);
        struct rowset empty = {.n = 0};
        assert_int_equal(engines[e]->load(state, 2, &empty, &error), 0);
        assert_int_equal(engines[e]->run(state, &plan, &result, &error), -1);
        engines[e]->close(state);
        arena_free(&f.arena);
    }
}

/* Asks every engine for a run of a plan, which it must refuse in these words. */
static void
refuse(struct fixture *f, const struct plan *plan, const char *words)
{
    const struct engine *const engines[] = {&engine_ref, &engine_cpu, &engine_blas};
    for (size_t e = 0; e < 3; e++) {
        struct error error;
        struct run_result result;
        struct engine_state *state = fixture_engine(f, engines[e], 1, &error);
        if (state == NULL)
            fail_msg("%s", error.text);
        assert_int_equal(engines[e]->run(state, plan, &result, &error), -1);
        assert_string_equal(error.text, words);
        assert_int_equal(engines[e]->grad(state, plan, plan->first_step, 0, UINT64_MAX, &result, &error), -1);
        assert_string_equal(error.text, words);
        engines[e]->close(state);
    }
}

/* What a plan says of soft targets, groups, classes and rates of layers. */
static void
test_refused_plans(void **unused)
{
    (void) unused;
    struct spec spec = base;
    struct fixture f;
    spec.replay = 10;
    spec.soft = true;
    fixture_open(&f, &spec);
    struct plan plan = f.plan;
    const float bad[] = {0, -1, NAN, INFINITY};
    plan.parts[1].soft = SOFT_SOFTMAX;
    for (size_t i = 0; i < 4; i++) {
        plan.temperature = bad[i];
        refuse(&f, &plan, "soft targets need a finite temperature above 0");
    }
    plan.temperature = 2;
    plan.loss = LOSS_MSE;
    refuse(&f, &plan, "part 1 of the plan takes soft targets as classes, but the outputs of loss 'mse' are none");
    plan = f.plan;
    plan.parts[1].soft = (enum soft_loss) 7;
    refuse(&f, &plan, "part 1 of the plan has an unknown loss on soft targets");
    plan = f.plan;
    plan.parts[0].weight = (double) NAN;
    refuse(&f, &plan, "part 0 of the plan has a weight that is no finite number");

    const uint32_t groups[3] = {0, 0, 1};
    const uint8_t classes[3] = {1, 1, 0};
    plan = f.plan;
    plan.parts[1].grouped = true;
    refuse(&f, &plan, "part 1 of the plan is grouped, but the plan has no groups");
    plan.groups = groups;
    plan.loss = LOSS_MSE;
    refuse(&f, &plan, "groups of outputs are for loss 'ce', not 'mse'");
    plan = f.plan;
    plan.classes = classes;
    refuse(&f, &plan, "part 0 of the plan has rows of class 2, which is not among the classes of the plan");
    plan.groups = groups;
    plan.parts[0].grouped = true; /* then its classes are those of groups */
    refuse(&f, &plan, "part 1 of the plan has rows of class 2, which is not among the classes of the plan");

    for (size_t i = 1; i < 4; i++) {
        const float rates[3] = {1, 0, bad[i]};
        plan = f.plan;
        plan.layer_rates = rates;
        refuse(&f, &plan, "the rate of layer 'output' is no finite number from 0 up");
    }
    arena_free(&f.arena);
}

/* Edges that do not rise, or rise by too little or too much to be divided by, are refused. */
static void
test_bad_edges(void **unused)
{
    (void) unused;
    const float bad[] = {NAN, INFINITY, -INFINITY, -100};
    const size_t n = sizeof bad / sizeof *bad + 1; /* the last one is an edge that is there twice */
    const struct engine *const engines[] = {&engine_ref, &engine_cpu, &engine_blas};
    for (size_t e = 0; e < 3; e++)
        for (size_t i = 0; i <= n; i++) {
            struct spec spec = base;
            struct fixture f;
            struct error error;
            spec.bins = 3;
            fixture_open(&f, &spec);
            float *edges = f.network.params[f.network.edges].data;
            edges[5] = i + 1 < n ? bad[i] : edges[4];
            if (i == n) { /* every edge finite, a width that is not */
                edges[4] = -3e38f;
                edges[5] = 3e38f;
            }
            assert_null(fixture_engine(&f, engines[e], 1, &error));
            assert_string_equal(error.text,
                                "input.edges: those of numeric feature 2 do not rise by widths that can be divided by");
            arena_free(&f.arena);
        }
}

/* A run that diverges says so and stops; a stop flag ends it after the step. */
static void
test_divergence_and_stop(void **unused)
{
    (void) unused;
    const struct engine *const engines[] = {&engine_ref, &engine_cpu};
    for (size_t e = 0; e < 2; e++) {
        struct spec spec = base;
        struct fixture f;
        struct error error;
        struct run_result result;
        spec.loss = LOSS_MSE;
        spec.optimiser = OPT_SGD;
        spec.steps = 50;
        fixture_open(&f, &spec);
        float lr[50];
        for (int s = 0; s < 50; s++)
            lr[s] = 1e6f;
        f.plan.lr = lr;
        struct engine_state *state = fixture_engine(&f, engines[e], 1, &error);
        assert_int_equal(engines[e]->run(state, &f.plan, &result, &error), 0);
        assert_true(result.diverged);
        assert_true(result.steps < 50);
        int stop = 1;
        fixture_write(&f, engines[e], state, ENGINE_PARAM,
                      fixture_normals(&f.arena, 5, network_size(&f.network), 0.1f));
        f.plan.stop = &stop;
        lr[0] = 0.01f;
        assert_int_equal(engines[e]->run(state, &f.plan, &result, &error), 0);
        assert_false(result.diverged);
        assert_int_equal(result.steps, 1);
        engines[e]->close(state);
        arena_free(&f.arena);
    }
}

static void
test_names(void **unused)
{
    (void) unused;
    enum optimiser_kind kind;
    struct error error;
    struct engine_state *state;
    struct fixture f;
    assert_ptr_equal(engine_find("ref"), &engine_ref);
    assert_ptr_equal(engine_find("cpu"), &engine_cpu);
    assert_ptr_equal(engine_find("auto"), &engine_cpu);
    assert_ptr_equal(engine_find("blas"), &engine_blas);
    assert_null(engine_find("cuda"));
    for (int i = 0; i < OPT_KIND_COUNT; i++) {
        assert_true(optimiser_parse(optimiser_name((enum optimiser_kind) i), &kind));
        assert_int_equal(kind, i);
    }
    assert_false(optimiser_parse("adagrad", &kind));
    fixture_open(&f, &base);
    setenv("CL_ISA", "mmx", 1);
    assert_int_equal(engine_cpu.open(&state, &f.network, &(struct engine_options){.threads = 1}, &error), -1);
#if defined(__aarch64__)
    assert_string_equal(error.text, "CL_ISA='mmx' is none of neon, base (unset it to let the program choose)");
#else
    assert_string_equal(error.text, "CL_ISA='mmx' is none of avx512, avx2, base (unset it to let the program choose)");
#endif
    setenv("CL_ISA", "base", 1);
    assert_int_equal(engine_cpu.open(&state, &f.network, &(struct engine_options){.threads = 1}, &error), 0);
    assert_string_equal(engine_cpu.describe(state), "cpu (base, 1 thread)");
    engine_cpu.close(state);
    unsetenv("CL_ISA");
    arena_free(&f.arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_refused_plans),
        cmocka_unit_test(test_bad_edges),
        cmocka_unit_test(test_divergence_and_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
