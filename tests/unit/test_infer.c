#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "infer.h"

/* The column that the texts of a NULL-terminated list make. */
static struct infer_column
column(const char *const *texts)
{
    struct infer_column result = {0};
    struct missing missing;
    missing_open(&missing, MISSING_DEFAULT);
    for (; *texts != NULL; texts++)
        infer_add(&result, &missing, *texts, strlen(*texts));
    missing_close(&missing);
    return result;
}

#define COLUMN(...) column((const char *const[]){__VA_ARGS__, NULL})

static void
check(struct infer_column stats, enum column_type type)
{
    assert_int_equal(infer_type(&stats), type);
}

static void
test_types(void **state)
{
    (void) state;
    check(COLUMN("1", "2.5", "-3e4", ".5"), COLUMN_NUM);
    check(COLUMN("1", "", "NA", "?", "NaN"), COLUMN_NUM);
    check(COLUMN("", "NA"), COLUMN_NUM);
    check(COLUMN("1", "x"), COLUMN_CAT);
    check(COLUMN("x", "1"), COLUMN_CAT);
    check(COLUMN("inf", "1"), COLUMN_NUM);
    check(COLUMN("0", "10", "0.5"), COLUMN_NUM);
    check(COLUMN("10001", "01234"), COLUMN_CAT);
    check(COLUMN("00", "01"), COLUMN_CAT);
    check(COLUMN("2001-02-03", "2001-02-03T04:05:06Z", ""), COLUMN_TIME);
    check(COLUMN("2001-02-03", "1"), COLUMN_CAT);
    check(COLUMN("true", "false"), COLUMN_CAT);
}

static void
test_grouped(void **state)
{
    (void) state;
    struct infer_column stats = COLUMN("5,1", "3", "");
    assert_true(infer_grouped(&stats));
    assert_string_equal(stats.example, "5,1");
    stats = COLUMN("5,1", "a");
    assert_false(infer_grouped(&stats));
    stats = COLUMN("5.1", "3");
    assert_false(infer_grouped(&stats));
}

static void
test_distinct(void **state)
{
    (void) state;
    assert_int_equal(COLUMN("1", "0", "1", "", "0").n_distinct, 2);
    assert_int_equal(COLUMN("1", "1.0", "0").n_distinct, 3);
    assert_int_equal(COLUMN("1", "2", "3", "4").n_distinct, 3);
}

static void
test_missing(void **state)
{
    (void) state;
    struct missing missing;
    missing_open(&missing, "-999,none");
    assert_true(missing_match(&missing, "", 0));
    assert_true(missing_match(&missing, "-999", 4));
    assert_true(missing_match(&missing, "none", 4));
    assert_false(missing_match(&missing, "NA", 2));
    assert_false(missing_match(&missing, "-99", 3));
    assert_false(missing_match(&missing, "-9990", 5));
    missing_close(&missing);
    missing_open(&missing, "");
    assert_true(missing_match(&missing, "", 0));
    assert_false(missing_match(&missing, "NA", 2));
    missing_close(&missing);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_grouped),
        cmocka_unit_test(test_distinct),
        cmocka_unit_test(test_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
