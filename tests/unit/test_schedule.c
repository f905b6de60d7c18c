#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "schedule.h"

static float
lr_at(const struct schedule *schedule, uint64_t step, uint64_t epoch)
{
    struct schedule_state state = schedule_start();
    return schedule_lr(schedule, &state, step, epoch, 100);
}

static void
test_cosine_of_pi_t(void **state)
{
    (void) state;
    for (int i = 0; i <= 1000; i++) {
        double t = i / 1000.0;
        assert_true(fabs(schedule_cos_pi(t) - cos(3.14159265358979323846 * t)) < 0x1p-50);
    }
}

static void
test_constant_and_warmup(void **state)
{
    (void) state;
    struct schedule schedule = {.kind = SCHEDULE_CONSTANT, .lr = 0.5, .warmup = 4};
    assert_true(lr_at(&schedule, 0, 0) == 0.125f);
    assert_true(lr_at(&schedule, 3, 0) == 0.5f);
    assert_true(lr_at(&schedule, 99, 9) == 0.5f);
}

static void
test_step(void **state)
{
    (void) state;
    struct schedule schedule = {.kind = SCHEDULE_STEP, .lr = 1, .factor = 0.5, .every = 3};
    assert_true(lr_at(&schedule, 0, 2) == 1);
    assert_true(lr_at(&schedule, 0, 3) == 0.5f);
    assert_true(lr_at(&schedule, 0, 9) == 0.125f);
}

static void
test_cosine(void **state)
{
    (void) state;
    struct schedule schedule = {.kind = SCHEDULE_COSINE, .lr = 1, .lr_min = 0.2, .warmup = 20};
    assert_true(lr_at(&schedule, 20, 0) == 1);
    assert_true(fabsf(lr_at(&schedule, 60, 0) - 0.6f) < 1e-6f);
    for (uint64_t step = 21; step < 100; step++)
        assert_true(lr_at(&schedule, step, 0) < lr_at(&schedule, step - 1, 0));
    assert_true(lr_at(&schedule, 99, 0) > 0.2f && lr_at(&schedule, 99, 0) < 0.201f);
}

static void
test_plateau(void **state)
{
    (void) state;
    struct schedule schedule = {.kind = SCHEDULE_PLATEAU, .lr = 1, .factor = 0.1, .patience = 2, .lr_min = 0.05};
    struct schedule_state s = schedule_start();
    const double losses[] = {3, 2, 2, 2, 2, 1, 1, 1, 1};
    const float want[] = {1, 1, 1, 1, 0.1f, 0.1f, 0.1f, 0.1f, 0.05f};
    for (int i = 0; i < 9; i++) {
        schedule_epoch(&schedule, &s, losses[i]);
        assert_true(schedule_lr(&schedule, &s, 0, 0, 1) == want[i]);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cosine_of_pi_t), cmocka_unit_test(test_constant_and_warmup),
        cmocka_unit_test(test_step),           cmocka_unit_test(test_cosine),
        cmocka_unit_test(test_plateau),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
