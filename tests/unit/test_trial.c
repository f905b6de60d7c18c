/* What a trial chooses, from made-up times: no clock, no library. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "blas/trial.h"

enum { LAYERS = 4 };

/* Seconds that a layer takes in a call: by our kernels, by the library. */
struct layer_times {
    bool wide;
    double ours, theirs;
};

static double
call_seconds(const struct layer_times *layers, const bool *foreign)
{
    double s = 0;
    for (uint32_t l = 0; l < LAYERS; l++) {
        assert_false(foreign[l] && !layers[l].wide);
        s += foreign[l] ? layers[l].theirs : layers[l].ours;
    }
    return s;
}

/* A whole trial; every `slow`th call takes three times as long, as on a busy machine. Returns the number of calls. */
static unsigned
run(struct trial *trial, const struct layer_times *layers, unsigned slow)
{
    unsigned calls = 0;
    for (; !trial_done(trial); calls++) {
        assert_true(calls < 10000);
        double s = call_seconds(layers, trial_foreign(trial));
        trial_note(trial, 256, slow != 0 && calls % slow == 0 ? 3 * s : s);
    }
    return calls;
}

static struct trial *
open_for(const struct layer_times *layers)
{
    bool wide[LAYERS];
    for (uint32_t l = 0; l < LAYERS; l++)
        wide[l] = layers[l].wide;
    return trial_open(LAYERS, wide);
}

static void
expect(const struct layer_times *layers, const bool *wanted)
{
    for (unsigned slow = 0; slow <= 4; slow += 2) {
        struct trial *trial = open_for(layers);
        unsigned calls = run(trial, layers, slow);
        assert_true(calls < 400);
        for (uint32_t l = 0; l < LAYERS; l++)
            if (trial_foreign(trial)[l] != wanted[l])
                fail_msg("layer %u: %d, wanted %d (after %u calls)", l, trial_foreign(trial)[l], wanted[l], calls);
        trial_close(trial);
    }
}

static void
test_choices(void **unused)
{
    (void) unused;
    const struct layer_times ahead[LAYERS] = {{true, 4, 3}, {true, 8, 7}, {true, 2, 1}, {false, 1, 0}};
    expect(ahead, (bool[LAYERS]){true, true, true, false});
    const struct layer_times behind[LAYERS] = {{true, 3, 4}, {true, 7, 8}, {true, 1, 2}, {false, 1, 0}};
    expect(behind, (bool[LAYERS]){false, false, false, false});
    /* All of them together are slower there, one is faster. */
    const struct layer_times mixed[LAYERS] = {{true, 3, 5}, {true, 7, 6}, {true, 1, 2}, {false, 1, 0}};
    expect(mixed, (bool[LAYERS]){false, true, false, false});
    /* Faster together, one is slower. */
    const struct layer_times other[LAYERS] = {{true, 5, 3}, {true, 6, 7}, {true, 2, 1}, {true, 1, 0.5}};
    expect(other, (bool[LAYERS]){true, false, true, true});
    const struct layer_times single[LAYERS] = {{false, 5, 0}, {true, 6, 5}, {false, 2, 0}, {false, 1, 0}};
    expect(single, (bool[LAYERS]){false, true, false, false});
    const struct layer_times short_calls[LAYERS] = {{true, 4e-6, 3e-6}, {true, 8e-6, 9e-6}, {false, 1e-6, 0}};
    expect(short_calls, (bool[LAYERS]){true, false, false, false});
}

/* A tie, or less than 1/64 of a call, is no reason to leave the exact kernels. */
static void
test_ties(void **unused)
{
    (void) unused;
    const struct layer_times same[LAYERS] = {{true, 4, 4}, {true, 8, 8}, {true, 2, 1.9}, {false, 1, 0}};
    expect(same, (bool[LAYERS]){false, false, false, false});
}

static void
test_nothing_wide(void **unused)
{
    (void) unused;
    const struct layer_times narrow[LAYERS] = {{false, 4, 0}, {false, 8, 0}, {false, 2, 0}, {false, 1, 0}};
    struct trial *trial = open_for(narrow);
    assert_true(trial_done(trial));
    assert_false(trial_changed(trial));
    trial_close(trial);
    trial_close(NULL);
}

/* Calls with fewer rows than others say nothing: the last one of an epoch looks cheap. */
static void
test_short_calls(void **unused)
{
    (void) unused;
    const struct layer_times behind[LAYERS] = {{true, 3, 4}, {true, 7, 8}};
    struct trial *trial = open_for(behind);
    unsigned calls = 0;
    for (; !trial_done(trial) && calls < 10000; calls++) {
        const bool *foreign = trial_foreign(trial);
        trial_note(trial, 256, call_seconds(behind, foreign));
        trial_note(trial, 128, foreign[0] ? 1e-9 : 1);
        trial_note(trial, 1, foreign[0] ? 1e-9 : 1);
    }
    assert_true(trial_done(trial));
    assert_false(trial_foreign(trial)[0] || trial_foreign(trial)[1]);
    trial_close(trial);
}

/* It says each change once, and none where none is. */
static void
test_changes(void **unused)
{
    (void) unused;
    const struct layer_times mixed[LAYERS] = {{true, 3, 5}, {true, 7, 6}, {true, 1, 2}};
    struct trial *trial = open_for(mixed);
    bool last[LAYERS] = {false};
    assert_false(trial_changed(trial));
    for (unsigned calls = 0; !trial_done(trial); calls++) {
        assert_true(calls < 10000);
        trial_note(trial, 256, call_seconds(mixed, trial_foreign(trial)));
        assert_int_equal(trial_changed(trial), memcmp(last, trial_foreign(trial), sizeof last) != 0);
        assert_false(trial_changed(trial));
        memcpy(last, trial_foreign(trial), sizeof last);
    }
    trial_close(trial);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_choices),     cmocka_unit_test(test_ties),    cmocka_unit_test(test_nothing_wide),
        cmocka_unit_test(test_short_calls), cmocka_unit_test(test_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
