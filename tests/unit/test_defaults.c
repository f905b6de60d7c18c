#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "defaults.h"
#include "transform.h"

/* Defaults for n rows of `columns` numeric ones, scaled by `method` (or not, NULL). */
static struct settings
chosen(struct arena *arena, enum task task, uint32_t columns, const char *method, uint64_t n)
{
    struct settings s;
    struct transform transform = {.method = method};
    const struct schema schema = {
        .task = task, .n_x = columns, .transforms = &transform, .n_transforms = method != NULL};
    settings_default(&s);
    defaults_choose(&s, &schema, n, arena);
    return s;
}

static void
test_by_rows(void **state)
{
    (void) state;
    struct arena arena = {0};
    struct settings s = chosen(&arena, TASK_CLASS, 9, "standard", 1500);
    assert_string_equal(s.net, "softclip 3, ple 16, dense 128 gelu, dropout 0.1, dense 64 gelu, dropout 0.1");
    assert_string_equal(s.batch, "32");
    assert_true(s.lr == 0.002 && s.weight_decay == 0.3 && s.ema == 0.999);
    assert_true(chosen(&arena, TASK_CLASS, 9, "standard", 999).lr == 0.001);
    s = chosen(&arena, TASK_CLASS, 9, "standard", 30000);
    assert_string_equal(s.net, "softclip 3, ple 32, dense 256 gelu, dropout 0.1, dense 128 gelu, dropout 0.1");
    assert_string_equal(s.batch, "128");
    assert_true(s.weight_decay == 0.1);
    s = chosen(&arena, TASK_REGRESSION, 9, "robust", 30000);
    assert_string_equal(s.net, "softclip 3, ple 32, dense 256 gelu, dense 128 gelu");
    assert_true(s.weight_decay == 0);
    arena_free(&arena);
}

static void
test_by_columns(void **state)
{
    (void) state;
    struct arena arena = {0};
    const char *plain = "dense 128 gelu, dropout 0.1, dense 64 gelu, dropout 0.1";
    assert_string_equal(chosen(&arena, TASK_CLASS, 64, "pixels", 500).net, plain);
    assert_string_equal(chosen(&arena, TASK_CLASS, 0, "standard", 500).net, plain);
    assert_string_equal(chosen(&arena, TASK_CLASS, 300, "none", 500).net, plain);
    /* Numbers as they are may be of any size: bins do not mind, bending them would lose them. */
    assert_string_equal(chosen(&arena, TASK_CLASS, 4, NULL, 500).net,
                        "ple 16, dense 128 gelu, dropout 0.1, dense 64 gelu, dropout 0.1");
    arena_free(&arena);
}

static void
test_given_stays(void **state)
{
    (void) state;
    struct arena arena = {0};
    struct settings s;
    const struct schema schema = {.task = TASK_CLASS, .n_x = 3};
    settings_default(&s);
    s.hidden = "7";
    s.optimizer = OPT_SGD;
    s.schedule = SCHEDULE_COSINE;
    s.batch = "all";
    defaults_choose(&s, &schema, 5000, &arena);
    assert_null(s.net);
    assert_string_equal(s.batch, "all");
    assert_true(s.lr == 0.001 && s.weight_decay == 0 && !(s.ema > 0));
    /* The short forms shape what is left to the data. */
    settings_default(&s);
    s.activation = ACT_TANH - 1;
    s.dropout = 0;
    *settings_given_flag(&s, &s.activation) = *settings_given_flag(&s, &s.dropout) = true;
    s.lr = 0.01;
    s.weight_decay = 0.5;
    s.ema = 0;
    defaults_choose(&s, &schema, 5000, &arena);
    assert_string_equal(s.net, "ple 16, dense 128 tanh, dense 64 tanh");
    assert_true(s.lr == 0.01 && s.weight_decay == 0.5 && s.ema == 0);
    arena_free(&arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_rows),
        cmocka_unit_test(test_by_columns),
        cmocka_unit_test(test_given_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
