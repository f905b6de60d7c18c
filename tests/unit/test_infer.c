#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "infer.h"

/* The column that the texts of a NULL-terminated list make, settled as a file of its own. */
static struct infer_column
column(const char *const *texts)
{
    static struct infer_set set;
    struct missing missing;
    set = (struct infer_set){0};
    struct infer_column result = {.set = &set};
    missing_open(&missing, MISSING_DEFAULT);
    for (; *texts != NULL; texts++)
        infer_add(&result, &missing, *texts, strlen(*texts));
    missing_close(&missing);
    infer_settle(&result, 1, 0, ';', DATES_ISO);
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
    check(COLUMN("1%", "2.5 %", "-3e1%"), COLUMN_NUM);
    check(COLUMN("1%", "2"), COLUMN_CAT);
    check(COLUMN("%", "1%"), COLUMN_CAT);
    check(COLUMN("1", "-", "--", "."), COLUMN_NUM);
    check(COLUMN("-", "."), COLUMN_CAT);
    check(COLUMN("2001-02-03", "-"), COLUMN_TIME);
    check(COLUMN("1", "-", "x"), COLUMN_CAT);
    check(COLUMN("13/02/2001", "01/02/2001"), COLUMN_TIME);
    check(COLUMN("03/02/2001", "01/02/2001"), COLUMN_CAT);
    check(COLUMN("13/02/2001", "02/13/2001"), COLUMN_CAT);
    check(COLUMN("13/02/2001", "2001-02-03"), COLUMN_TIME);
}

static void
test_reasons(void **state)
{
    (void) state;
    static const struct {
        const char *texts[5], *reason, *figures;
    } cases[] = {
        {{"1", "2.5", "1"}, "numbers", "2 different values in 3 records"},
        {{"", "NA"}, "no value in the sample", ""},
        {{"1%", "2%", "-"}, "percentages", "2 different values in 3 records, 1 missing"},
        {{"01", "2", "NA"}, "integers with leading zeros", "2 different values in 3 records, 1 missing"},
        {{"yes", "no", "no", "NULL"}, "booleans", "2 different values in 4 records, 1 missing"},
        {{"TRUE", "FALSE"}, "booleans", "2 different values in 2 records"},
        {{"yes", "-"}, "text", "2 different values in 2 records"},
        {{"1", "a"}, "text and numbers", "2 different values in 2 records"},
        {{"1", "2%"}, "numbers, of which some have a % sign and some have none", "2 different values in 2 records"},
        {{"2001-02-03"}, "dates", "1 different value in 1 record"},
        {{"13/2/2001"}, "dates, the day first", "1 different value in 1 record"},
        {{"2/13/2001"}, "dates, the month first", "1 different value in 1 record"},
        {{"2/3/2001"},
         "dates, but whether the day or the month comes first cannot be seen",
         "1 different value in 1 record"},
        {{"13/2/2001", "2/13/2001"},
         "dates, some with the day and some with the month first",
         "2 different values in 2 records"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char figures[160];
        struct infer_column stats = column(cases[i].texts);
        infer_figures(&stats, figures, sizeof figures);
        assert_string_equal(infer_reason(&stats), cases[i].reason);
        assert_string_equal(figures, cases[i].figures);
    }
}

static void
test_decimal(void **state)
{
    (void) state;
    struct missing missing;
    struct {
        const char *cells[3][3]; /* columns */
        char given, delimiter, decimal;
    } cases[] = {
        {{{"1,5", "2"}, {"a", "b"}, {"1", "2"}}, 0, ';', ','},
        {{{"1,5", "2"}, {"a", "b"}, {"1.5", "2"}}, 0, ';', '.'},
        {{{"1,5", "2"}, {"a", "1.5"}, {"1", "2"}}, 0, ';', ','},
        {{{"1,500", "2,000"}, {"a", "b"}, {"1", "2"}}, 0, ';', '.'},
        {{{"1,500", "2,00"}, {"a", "b"}, {"1", "2"}}, 0, ';', ','},
        {{{"0,500", "0"}, {"a", "b"}, {"1", "2"}}, 0, '\t', ','},
        {{{"1,5", "2"}, {"a", "b"}, {"1", "2"}}, 0, ',', '.'},
        {{{"1,5", "x"}, {"a", "b"}, {"1", "2"}}, 0, ';', '.'},
        {{{"1,5%", "2%"}, {"a", "b"}, {"1", "-"}}, 0, ';', ','},
        {{{"1,5", "2"}, {"a", "b"}, {"1", "2"}}, '.', ';', '.'},
        {{{"1,500", "2"}, {"a", "b"}, {"1.5", "2"}}, ',', ';', ','},
    };
    missing_open(&missing, MISSING_DEFAULT);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct infer_column *columns = infer_open(3);
        for (int k = 0; k < 3; k++)
            for (int r = 0; r < 2; r++)
                infer_add(&columns[k], &missing, cases[i].cells[k][r], strlen(cases[i].cells[k][r]));
        char decimal = infer_settle(columns, 3, cases[i].given, cases[i].delimiter, DATES_ISO);
        if (decimal != cases[i].decimal)
            fail_msg("case %zu: the decimal is '%c'", i, decimal);
        assert_int_equal(infer_type(&columns[0]) == COLUMN_NUM, decimal == ',');
        free(columns);
    }
    missing_close(&missing);
}

/* Numbers that are known to be plain are counted as all others are. */
static void
test_fast_numbers(void **state)
{
    (void) state;
    struct missing missing;
    struct infer_column *slow = infer_open(1), *fast = infer_open(1);
    char cell[32];
    missing_open(&missing, MISSING_DEFAULT);
    for (int i = 0; i < 5000; i++) {
        size_t n = (size_t) snprintf(cell, sizeof cell,
                                     i % 3 == 0   ? "%d"
                                     : i % 3 == 1 ? "-%d.25"
                                                  : "%d.12345678901234567",
                                     i / 2);
        infer_add(slow, &missing, cell, n);
        infer_add_number(fast, cell, n);
    }
    bool exact;
    uint64_t distinct = infer_distinct(fast, &exact);
    assert_false(exact);
    assert_int_equal(distinct, infer_distinct(slow, &exact));
    struct infer_set *sets[] = {slow->set, fast->set};
    assert_memory_equal(sets[0], sets[1], sizeof *sets[0]);
    slow->set = fast->set = NULL;
    /* Of use with the decimal comma only, where such numbers are not plain. */
    slow->comma.grouped = fast->comma.grouped = 0;
    memset(slow->comma.example, 0, sizeof slow->comma.example);
    memset(fast->comma.example, 0, sizeof fast->comma.example);
    assert_memory_equal(slow, fast, sizeof *slow);
    free(slow);
    free(fast);
    missing_close(&missing);
}

/* Exact up to 192; within 3 % for as many as a sample can have. */
static void
test_counts(void **state)
{
    (void) state;
    struct missing missing;
    missing_open(&missing, MISSING_DEFAULT);
    for (uint64_t n = 1; n <= 10000; n = n * 3 / 2 + 1) {
        struct infer_column *stats = infer_open(1);
        char cell[32];
        for (int again = 0; again < 2; again++)
            for (uint64_t i = 0; i < n; i++)
                infer_add(stats, &missing, cell, (size_t) snprintf(cell, sizeof cell, "v%llu", (unsigned long long) i));
        bool exact;
        uint64_t got = infer_distinct(stats, &exact), off = got > n ? got - n : n - got;
        assert_int_equal(exact, n <= INFER_EXACT);
        if (exact ? off != 0 : off * 100 > n * 3)
            fail_msg("%llu values are counted as %llu", (unsigned long long) n, (unsigned long long) got);
        free(stats);
    }
    missing_close(&missing);
}

/* Long texts, of which most come once, are no categories. */
static void
test_texts(void **state)
{
    (void) state;
    struct missing missing;
    char cell[80];
    missing_open(&missing, MISSING_DEFAULT);
    for (int n = 50; n <= 200; n += 150)
        for (int repeat = 1; repeat <= 4; repeat += 3)
            for (int width = 8; width <= 40; width += 32) {
                struct infer_column *stats = infer_open(1);
                for (int i = 0; i < n; i++)
                    infer_add(stats, &missing, cell,
                              (size_t) snprintf(cell, sizeof cell, "text %0*d", width, i / repeat));
                assert_int_equal(infer_type(stats), COLUMN_CAT);
                assert_int_equal(infer_is_text(stats), n == 200 && repeat == 1 && width == 40);
                free(stats);
            }
    missing_close(&missing);
}

static void
test_dates(void **state)
{
    (void) state;
    struct infer_column stats = COLUMN("13/02/2001 10:00", "01/02/2001", "2001-03-01");
    assert_int_equal(infer_dates(&stats), DATES_DMY);
    assert_int_equal(infer_origin(&stats), 980985600000000);
    assert_true(stats.clock);
    stats = COLUMN("1969-12-31T23:00", "2001-03-01");
    assert_int_equal(infer_dates(&stats), DATES_ISO);
    assert_int_equal(infer_origin(&stats), -86400000000);
    stats = COLUMN("03/02/2001", "01/02/2001");
    assert_true(infer_unordered(&stats) && !stats.clock);
    infer_settle(&stats, 1, 0, ',', DATES_MDY);
    assert_false(infer_unordered(&stats));
    assert_int_equal(infer_type(&stats), COLUMN_TIME);
    assert_int_equal(infer_dates(&stats), DATES_MDY);
    assert_int_equal(infer_origin(&stats), 978393600000000);
}

static void
test_grouped(void **state)
{
    (void) state;
    struct infer_column stats = COLUMN("5,100", "3", "");
    assert_true(infer_grouped(&stats));
    assert_string_equal(stats.example, "5,100");
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
        cmocka_unit_test(test_types),        cmocka_unit_test(test_reasons), cmocka_unit_test(test_decimal),
        cmocka_unit_test(test_fast_numbers), cmocka_unit_test(test_counts),  cmocka_unit_test(test_texts),
        cmocka_unit_test(test_dates),        cmocka_unit_test(test_grouped), cmocka_unit_test(test_distinct),
        cmocka_unit_test(test_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
