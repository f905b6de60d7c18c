#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "settings.h"

static void
test_record_and_recall(void **state)
{
    (void) state;
    struct arena arena = {0};
    struct error error;
    struct settings a, b;
    settings_default(&a);
    a.lr = 0.1;
    a.hidden = "7,8";
    a.optimizer = OPT_NESTEROV;
    a.decoupled = true;
    struct value *record = value_map(&arena);
    settings_record(&a, SETTINGS_ALL, record, &arena);
    settings_default(&b);
    assert_int_equal(settings_recall(&b, SETTINGS_ALL, record, "run.ck", &error), 0);
    assert_true(b.lr == 0.1 && b.optimizer == OPT_NESTEROV && b.decoupled);
    assert_string_equal(b.hidden, "7,8");
    arena_free(&arena);
}

/* Whoever wrote a checkpoint may have written anything: that is said of the file, not of the command line. */
static void
test_records_that_cannot_be(void **state)
{
    (void) state;
    static const struct {
        const char *name;
        double number;
        const char *text, *sentence;
    } cases[] = {
        {"hidden", 0, "4,,x", "m.ck was trained with options that cannot be: --hidden is"},
        {"net", 0, "sponge", "m.ck was trained with options that cannot be: --net"},
        {"batch", 0, "-3", "m.ck was trained with options that cannot be: --batch is"},
        {"dropout", 1, NULL, "m.ck was trained with options that cannot be: 'dropout' is out of range"},
        {"beta1", -1, NULL, "m.ck was trained with options that cannot be: 'beta1' is out of range"},
        {"clip", NAN, NULL, "m.ck was trained with options that cannot be: 'clip' is out of range"},
        {"strength", INFINITY, NULL, "m.ck was trained with options that cannot be: 'strength' is out of range"},
        {"temperature", 0, NULL, "m.ck was trained with options that cannot be: 'temperature' is out of range"},
        {"optimizer", 1, NULL, "m.ck has no usable value of 'optimizer'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena arena = {0};
        struct error error = {0};
        struct settings s;
        settings_default(&s);
        struct value *record = value_map(&arena);
        settings_record(&s, SETTINGS_ALL, record, &arena);
        assert_int_equal(settings_check_record(SETTINGS_ALL, record, "m.ck", &error), 0);
        value_set(&arena, record, cases[i].name,
                  cases[i].text != NULL ? value_string(&arena, cases[i].text) : value_float(&arena, cases[i].number));
        const unsigned scopes = SETTINGS_NETWORK | SETTINGS_OPTIMISER | SETTINGS_STRATEGY;
        assert_int_equal(settings_check_record(scopes, record, "m.ck", &error), -1);
        assert_int_equal(error.status, STATUS_DATA);
        assert_memory_equal(error.text, cases[i].sentence, strlen(cases[i].sentence));
        arena_free(&arena);
    }
}

static void
test_contradictions(void **state)
{
    (void) state;
    struct arena arena = {0};
    struct error error;
    struct settings a, b;
    settings_default(&a);
    a.lr = 0.001;
    struct value *record = value_map(&arena);
    settings_record(&a, SETTINGS_ALL, record, &arena);
    settings_default(&b);
    b.lr = 0.5;
    *settings_given_flag(&b, &b.lr) = true;
    assert_int_equal(settings_recall(&b, SETTINGS_ALL, record, "run.ck", &error), -1);
    assert_int_equal(error.status, STATUS_USAGE);
    assert_string_equal(error.text, "--lr 0.5 contradicts run.ck, which says 0.001");
    /* Without a name for it, what was given wins. */
    assert_int_equal(settings_recall(&b, SETTINGS_ALL, record, NULL, &error), 0);
    assert_true(b.lr == 0.5);
    /* The same again is no contradiction. */
    b.lr = 0.001;
    assert_int_equal(settings_recall(&b, SETTINGS_ALL, record, "run.ck", &error), 0);
    /* A default that depends on others is not in the record. */
    b.memory_rows = 3;
    *settings_given_flag(&b, &b.memory_rows) = true;
    assert_int_equal(settings_recall(&b, SETTINGS_ALL, record, "run.ck", &error), -1);
    /* "auto" agrees with whatever it was. */
    settings_default(&b);
    *settings_given_flag(&b, &b.hidden) = true;
    a.hidden = "7,8";
    settings_record(&a, SETTINGS_NETWORK, record, &arena);
    assert_int_equal(settings_recall(&b, SETTINGS_ALL, record, "run.ck", &error), 0);
    assert_string_equal(b.hidden, "7,8");
    arena_free(&arena);
}

static void
test_check(void **state)
{
    (void) state;
    struct settings s;
    struct error error;
    settings_default(&s);
    assert_null(settings_check(&s, &error));
    *settings_given_flag(&s, &s.momentum) = true;
    assert_string_equal(settings_check(&s, &error), "--momentum is for --optimizer momentum, nesterov and muon");
    s.optimizer = OPT_MOMENTUM;
    assert_null(settings_check(&s, &error));
    s.hidden = "64,";
    assert_non_null(settings_check(&s, &error));
    s.hidden = "64, 32";
    assert_non_null(settings_check(&s, &error));
    s.hidden = "0";
    assert_non_null(settings_check(&s, &error));
    s.hidden = "none";
    assert_null(settings_check(&s, &error));
    s.dropout = 0.5;
    assert_non_null(settings_check(&s, &error));
    s.dropout = 0;
    s.batch = "0";
    assert_non_null(settings_check(&s, &error));
    s.batch = "all";
    assert_null(settings_check(&s, &error));
    assert_null(settings_given_flag(&s, &state));
    s.among = "a,b";
    assert_null(settings_check(&s, &error));
    s.among = "a,a";
    assert_string_equal(settings_check(&s, &error), "--among needs two classes or more");
}

static void
test_defaults_that_depend(void **state)
{
    (void) state;
    struct settings s;
    settings_default(&s);
    s.optimizer = OPT_MOMENTUM;
    s.momentum = 0.8;
    assert_true(settings_optimiser(&s).dampening == 0.8);
    s.optimizer = OPT_NESTEROV;
    assert_true(settings_optimiser(&s).dampening == 0);
    s.optimizer = OPT_RMSPROP;
    assert_true(settings_optimiser(&s).beta2 == 0.9);
    s.optimizer = OPT_ADAMW;
    assert_true(settings_optimiser(&s).beta2 == 0.999 && settings_optimiser(&s).decoupled);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_record_and_recall),    cmocka_unit_test(test_records_that_cannot_be),
        cmocka_unit_test(test_contradictions),       cmocka_unit_test(test_check),
        cmocka_unit_test(test_defaults_that_depend),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
