/*
 * Muon: that its update is what its name says, a matrix whose rows (or columns) are nearly orthonormal. That engines
 * agree on its bits is test_engines.c's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <math.h>
#include <cmocka.h>

#include "fixture.h"

enum { MOST = 40 };

/* The updates of a weight [rows, cols] between two hidden layers by a random gradient, divided by their rate. */
static void
orthogonal(uint32_t rows, uint32_t cols, float size, double *O)
{
    const struct spec spec = {.n_x = 3,
                              .n_out = 2,
                              .hidden = {rows, cols},
                              .n_hidden = 2,
                              .loss = LOSS_MSE,
                              .optimiser = OPT_MUON,
                              .activation = ACT_RELU,
                              .rows = 10,
                              .batch = 10,
                              .steps = 1,
                              .seed = 3};
    struct fixture f;
    struct error error;
    struct rng_key key = rng_key(5, RNG_INIT, rows);
    float gradient[MOST * MOST], before[MOST * MOST], after[MOST * MOST];
    fixture_open(&f, &spec);
    struct engine_state *state = fixture_engine(&f, &engine_ref, 1, &error);
    assert_non_null(state);
    uint32_t p = f.network.layers[1].weight;
    for (uint32_t i = 0; i < rows * cols; i++)
        gradient[i] = size * (float) rng_normal(key, i);
    assert_int_equal(engine_ref.write(state, ENGINE_GRADIENT, p, gradient, &error), 0);
    assert_int_equal(engine_ref.read(state, ENGINE_PARAM, p, before, &error), 0);
    assert_int_equal(engine_ref.apply(state, &f.plan, f.plan.first_step, &error), 0);
    assert_int_equal(engine_ref.read(state, ENGINE_PARAM, p, after, &error), 0);
    double rate = 0.2 * sqrt(rows > cols ? rows : cols) * (double) f.plan.lr[0];
    for (uint32_t i = 0; i < rows * cols; i++)
        O[i] = ((double) before[i] - (double) after[i]) / rate;
    engine_ref.close(state);
    arena_free(&f.arena);
}

/* Every direction of the shorter side keeps its length, within what five steps reach; no gradient, no update. */
static void
test_keeps_lengths(void **unused)
{
    (void) unused;
    const uint32_t shapes[][2] = {{8, 24}, {24, 8}, {1, 30}, {30, 1}, {40, 12}};
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
        for (float size = 1e-3f; size < 1e4f; size *= 1e3f) {
            uint32_t rows = shapes[s][0], cols = shapes[s][1];
            bool tall = rows > cols;
            uint32_t m = tall ? cols : rows, n = tall ? rows : cols;
            double O[MOST * MOST];
            orthogonal(rows, cols, size, O);
            for (uint32_t trial = 0; trial < 50; trial++) {
                struct rng_key key = rng_key(7, RNG_INIT, trial);
                double u[MOST], length = 0, image = 0;
                for (uint32_t i = 0; i < m; i++) {
                    u[i] = rng_normal(key, i);
                    length += u[i] * u[i];
                }
                for (uint32_t j = 0; j < n; j++) {
                    double sum = 0;
                    for (uint32_t i = 0; i < m; i++)
                        sum += u[i] * (tall ? O[j * cols + i] : O[i * cols + j]);
                    image += sum * sum;
                }
                assert_true(sqrt(image / length) > 0.6 && sqrt(image / length) < 1.3);
            }
        }
    double O[MOST * MOST];
    orthogonal(8, 24, 0, O);
    for (uint32_t i = 0; i < 8 * 24; i++)
        assert_true(O[i] == 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_keeps_lengths)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
