/* The outputs that a run hands out (plan.z) are those that forward() had for the rows of part 0 before the update. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <math.h>
#include <string.h>
#include <cmocka.h>

#include "fixture.h"

static void
try(const struct engine *engine, enum loss loss, uint32_t batch, unsigned threads)
{
    const struct spec spec = {.n_x = 5,
                              .n_c = 2,
                              .n_out = loss == LOSS_BCE ? 1 : 3,
                              .hidden = {7, 65},
                              .n_hidden = 2,
                              .loss = loss,
                              .optimiser = OPT_SGD,
                              .activation = ACT_GELU,
                              .rows = batch,
                              .batch = batch,
                              .steps = 1,
                              .seed = 11};
    struct fixture f;
    struct error error;
    struct run_result result;
    const float lr = 0.1f;
    const size_t n = (size_t) batch * spec.n_out;
    float *before = calloc(n, sizeof *before), *during = calloc(n, sizeof *during), *after = calloc(n, sizeof *after);
    fixture_open(&f, &spec);
    struct engine_state *state = fixture_engine(&f, engine, threads, &error);
    if (state == NULL)
        fail_msg("%s", error.text);
    struct plan plan = f.plan;
    plan.lr = &lr;
    plan.n_steps = 1;
    plan.shuffle = false;
    plan.z = during;
    const struct rowset *rows = &f.sets[plan.parts[0].set];
    assert_int_equal(engine->forward(state, rows, 0, batch, before, &error), 0);
    assert_int_equal(engine->run(state, &plan, &result, &error), 0);
    assert_int_equal(engine->forward(state, rows, 0, batch, after, &error), 0);
    for (size_t i = 0; i < n; i++)
        if (engine->exact ? before[i] != during[i] : fabsf(before[i] - during[i]) > 1e-4f * (1 + fabsf(before[i])))
            fail_msg("%s, loss %s, %u rows, %u threads: output %zu is %g instead of %g", engine->name, loss_name(loss),
                     batch, threads, i, (double) during[i], (double) before[i]);
    assert_memory_not_equal(before, after, n * sizeof *before); /* it was a step */
    engine->close(state);
    arena_free(&f.arena);
    free(before);
    free(during);
    free(after);
}

static void
test_outputs(void **unused)
{
    (void) unused;
    const struct engine *const engines[] = {&engine_ref, &engine_cpu, &engine_blas};
    static const uint32_t batches[] = {1, 8, 64, 65, 200, 3000};
    for (size_t e = 0; e < 3; e++)
        for (size_t b = 0; b < sizeof batches / sizeof *batches; b++)
            for (unsigned threads = 1; threads <= 2; threads++) {
                try(engines[e], LOSS_MSE, batches[b], threads);
                try(engines[e], LOSS_BCE, batches[b], threads);
                try(engines[e], LOSS_CE, batches[b], threads);
            }
}

/* With dropout they are what was learned from: the same in exact engines, and not what forward() says. */
static void
test_dropout(void **unused)
{
    (void) unused;
    static const struct engine *const engines[] = {&engine_ref, &engine_cpu};
    for (int input = 0; input < 2; input++) {
        const struct spec spec = {.n_x = 20,
                                  .n_out = 3,
                                  .bins = 4,
                                  .hidden = {9},
                                  .n_hidden = 1,
                                  .dropout = input ? 0 : 0.5f,
                                  .input_dropout = input ? 0.5f : 0,
                                  .loss = LOSS_MSE,
                                  .optimiser = OPT_SGD,
                                  .rows = 70,
                                  .batch = 70,
                                  .steps = 1,
                                  .seed = 11};
        float z[2][70 * 3], forward[70 * 3];
        for (size_t e = 0; e < 2; e++) {
            struct fixture f;
            struct error error;
            struct run_result result;
            fixture_open(&f, &spec);
            struct engine_state *state = fixture_engine(&f, engines[e], 1, &error);
            assert_non_null(state);
            struct plan plan = f.plan;
            plan.n_steps = 1;
            plan.shuffle = false;
            plan.z = z[e];
            assert_int_equal(engines[e]->forward(state, &f.sets[0], 0, 70, forward, &error), 0);
            assert_int_equal(engines[e]->run(state, &plan, &result, &error), 0);
            assert_memory_not_equal(z[e], forward, sizeof forward);
            engines[e]->close(state);
            arena_free(&f.arena);
        }
        assert_memory_equal(z[0], z[1], sizeof forward);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_outputs), cmocka_unit_test(test_dropout)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
