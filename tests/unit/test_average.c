#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "average.h"

enum { INPUTS = 3, COUNT = INPUTS + 1 };

struct fixture {
    struct network network;
    struct arena arena;
    struct engine_state *state;
};

/* One linear output: a weight [3, 1] and a bias [1, 1], all ones. */
static void
begin(struct fixture *f)
{
    struct error error;
    memset(f, 0, sizeof *f);
    network_dense(&f->network, &f->arena, INPUTS, 0, NULL, NULL, NULL, 0, ACT_NONE, 0, 1);
    for (uint32_t p = 0; p < f->network.n_params; p++)
        for (uint64_t i = 0; i < f->network.params[p].rows; i++)
            f->network.params[p].data[i] = 1;
    assert_int_equal(engine_ref.open(&f->state, &f->network, &(struct engine_options){.threads = 1}, &error), 0);
}

static void
end(struct fixture *f)
{
    engine_ref.close(f->state);
    arena_free(&f->arena);
}

static void
set(struct fixture *f, float value)
{
    struct error error;
    float values[INPUTS] = {value, value, value};
    for (uint32_t p = 0; p < f->network.n_params; p++)
        assert_int_equal(engine_ref.write(f->state, ENGINE_PARAM, p, values, &error), 0);
}

static float
get(struct fixture *f, uint32_t p)
{
    struct error error;
    float values[INPUTS];
    assert_int_equal(engine_ref.read(f->state, ENGINE_PARAM, p, values, &error), 0);
    return values[0];
}

/* Against the formula step by step: d = min(decay, (1 + t) / (10 + t)) of the step at which it looks. */
static void
test_follows_the_formula(void **state)
{
    (void) state;
    struct fixture f;
    struct error error;
    begin(&f);
    struct average *average = average_open(&f.network, 0.9);
    double mean = 1;
    uint64_t step = 0;
    for (int look = 1; look <= 40; look++) {
        uint64_t n = look % 5 == 0 ? 3 : 16;
        float theta = (float) (look * look % 7);
        step += n;
        double d = (1 + (double) step) / (10 + (double) step);
        mean += (1 - pow(d < 0.9 ? d : 0.9, (double) n)) * ((double) theta - mean);
        set(&f, theta);
        assert_int_equal(average_take(average, &engine_ref, f.state, step, n, &error), 0);
        for (uint32_t p = 0; p < f.network.n_params; p++)
            assert_true(fabs((double) average_values(average, p)[0] - mean) < 1e-5);
    }
    average_close(average);
    end(&f);
}

static void
test_shows_and_gives_back(void **state)
{
    (void) state;
    struct fixture f;
    struct error error;
    begin(&f);
    struct average *average = average_open(&f.network, 0.9);
    set(&f, 5);
    assert_int_equal(average_show(average, &engine_ref, f.state, &error), 0);
    assert_true(get(&f, 0) == 1 && get(&f, 1) == 1);
    assert_int_equal(average_hide(average, &engine_ref, f.state, &error), 0);
    assert_true(get(&f, 0) == 5 && get(&f, 1) == 5);
    average_close(average);
    average_close(NULL);
    end(&f);
}

/* Big tables of categories, of which a step meets few rows, are looked at less often. */
static void
test_looks_seldom_at_big_tables(void **state)
{
    (void) state;
    struct network network = {0};
    struct arena arena = {0};
    const char *const names[] = {"c"};
    uint32_t width = 8;
    network_dense(&network, &arena, 4, 1, &(uint32_t){100}, names, &width, 1, ACT_RELU, 0, 1);
    assert_int_equal(average_every(&network, 32), 16);
    memset(&network, 0, sizeof network);
    network_dense(&network, &arena, 4, 1, &(uint32_t){100000}, names, &width, 1, ACT_RELU, 0, 1);
    assert_in_range(average_every(&network, 32), 1000, 3200);
    assert_in_range(average_every(&network, 100000), 16, 16);
    arena_free(&arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_follows_the_formula),
        cmocka_unit_test(test_shows_and_gives_back),
        cmocka_unit_test(test_looks_seldom_at_big_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
