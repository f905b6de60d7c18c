#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "libsvm.h"

static int
row(struct libsvm *libsvm, const char *line)
{
    static char *copy;
    size_t n = strlen(line);
    free(copy);
    copy = malloc(n + CELL_SLACK);
    memcpy(copy, line, n);
    memset(copy + n, '1', CELL_SLACK);
    return libsvm_row(libsvm, copy, n);
}

static void
test_rows(void **state)
{
    (void) state;
    struct libsvm libsvm;
    libsvm_open(&libsvm, false);
    assert_int_equal(row(&libsvm, "+1 1:0.5 3:-2e3  131071:7\t\r"), LIBSVM_ROW);
    assert_int_equal(libsvm.label.n, 2);
    assert_memory_equal(libsvm.label.s, "+1", 2);
    assert_int_equal(libsvm.qid.n, 0);
    assert_int_equal(libsvm.n, 3);
    assert_int_equal(libsvm.indices[0], 1);
    assert_int_equal(libsvm.indices[2], 131071);
    assert_true(libsvm.values[0] == 0.5 && libsvm.values[1] == -2000 && libsvm.values[2] == 7);
    assert_int_equal(row(&libsvm, "3 qid:12 1:1 # doc 1:2"), LIBSVM_ROW);
    assert_memory_equal(libsvm.qid.s, "12", 2);
    assert_int_equal(libsvm.qid.n, 2);
    assert_int_equal(libsvm.n, 1);
    assert_int_equal(row(&libsvm, "0"), LIBSVM_ROW);
    assert_int_equal(libsvm.n, 0);
    assert_int_equal(row(&libsvm, "1 2:nan 3:inf"), LIBSVM_ROW);
    assert_true(isnan(libsvm.values[0]) && isinf(libsvm.values[1]));
    assert_int_equal(row(&libsvm, ""), LIBSVM_BLANK);
    assert_int_equal(row(&libsvm, " \r"), LIBSVM_BLANK);
    assert_int_equal(row(&libsvm, "# 1 1:2"), LIBSVM_BLANK);
    libsvm_close(&libsvm);
    libsvm_open(&libsvm, true);
    assert_int_equal(row(&libsvm, "1 0:4 1:5"), LIBSVM_ROW);
    assert_int_equal(libsvm.indices[0], 0);
    libsvm_close(&libsvm);
}

static void
test_problems(void **state)
{
    (void) state;
    static const struct {
        const char *line, *problem;
        size_t at;
    } cases[] = {
        {" 1:2 2:3", "a label is wanted before '1:2'", 2},
        {"1,3 1:2", "'1,3' is more than one label, which is not read from libsvm files", 1},
        {"1 2", "INDEX:VALUE is wanted here, not '2'", 3},
        {"1 1:2 x:3", "'x:3' has no whole number before its colon", 7},
        {"1 -1:2", "'-1:2' has no whole number before its colon", 3},
        {"1 1.0:2", "'1.0:2' has no whole number before its colon", 3},
        {"1 :2", "':2' has no whole number before its colon", 3},
        {"1 1:", "'1:' has no number behind its colon", 3},
        {"1 1: 2", "'1:' has no number behind its colon", 3},
        {"1 1:x", "'1:x' has no number behind its colon", 3},
        {"1 1:2:3", "'1:2:3' has no number behind its colon", 3},
        {"1 1:2 qid:3", "'qid:3': qid:N comes once, behind the label", 7},
        {"1 qid:3 qid:3", "'qid:3': qid:N comes once, behind the label", 9},
        {"1 qid:x 1:2", "qid: wants a whole number", 3},
        {"1 qid:", "qid: wants a whole number", 3},
        {"1 0:1 1:2", "the index 0, where the first lines count from 1", 3},
        {"1 2:1 2:2", "the index 2 behind 2: they have to ascend", 7},
        {"1 2:1 1:2", "the index 1 behind 2: they have to ascend", 7},
        {"1 131072:1", "the index 131072: more than 131071 columns are not read", 3},
        {"1 99999999999999999999999999:1", "the index 99999999999999999999: more than 131071 columns are not read", 3},
    };
    struct libsvm libsvm;
    libsvm_open(&libsvm, false);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(row(&libsvm, cases[i].line), LIBSVM_BAD);
        assert_string_equal(libsvm.problem, cases[i].problem);
        assert_int_equal(libsvm.problem_at, cases[i].at);
    }
    libsvm_close(&libsvm);
}

/* A line as long as the format has columns. */
static void
test_long(void **state)
{
    (void) state;
    struct libsvm libsvm;
    size_t n = 1;
    char *line = malloc(4 << 20);
    line[0] = '1';
    for (int i = 1; i <= LIBSVM_INDEX_MOST; i++) {
        line[n++] = ' ';
        char digits[8];
        int length = 0;
        for (int k = i; k > 0; k /= 10)
            digits[length++] = (char) ('0' + k % 10);
        while (length > 0)
            line[n++] = digits[--length];
        line[n++] = ':';
        line[n++] = '5';
    }
    libsvm_open(&libsvm, false);
    assert_int_equal(libsvm_row(&libsvm, line, n), LIBSVM_ROW);
    assert_int_equal(libsvm.n, LIBSVM_INDEX_MOST);
    assert_true(libsvm.values[LIBSVM_INDEX_MOST - 1] == 5);
    libsvm_close(&libsvm);
    free(line);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_problems),
        cmocka_unit_test(test_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
