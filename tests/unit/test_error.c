#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "error.h"

static void
test_set(void **state)
{
    (void) state;
    struct error error;
    assert_int_equal(error_set(&error, STATUS_DATA, "column '%s': %d", "age", 7), -1);
    assert_int_equal(error.status, STATUS_DATA);
    assert_string_equal(error.text, "column 'age': 7");
    errno = ENOENT;
    assert_int_equal(error_errno(&error, "cannot open %s", "a.csv"), -1);
    assert_int_equal(error.status, STATUS_SYSTEM);
    assert_string_equal(error.text, "cannot open a.csv: No such file or directory");
}

static void
test_prefix(void **state)
{
    (void) state;
    struct error error;
    error_set(&error, STATUS_DATA, "bad cell");
    assert_int_equal(error_prefix(&error, "%s:%d", "data.csv", 17), -1);
    assert_string_equal(error.text, "data.csv:17: bad cell");
    assert_int_equal(error.status, STATUS_DATA);
}

/* Long sentences are cut and stay strings. */
static void
test_long_text(void **state)
{
    (void) state;
    struct error error;
    char text[4096];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    error_set(&error, STATUS_DATA, "%s", text);
    assert_int_equal(strlen(error.text), sizeof error.text - 1);
    error_prefix(&error, "%s", "f.csv");
    assert_int_equal(strlen(error.text), sizeof error.text - 1);
    assert_memory_equal(error.text, "f.csv: xxx", 10);
    error_prefix(&error, "%s", text);
    assert_int_equal(error.text[sizeof error.text - 1], '\0');
    errno = EIO;
    error_errno(&error, "%s", text);
    assert_int_equal(strlen(error.text), sizeof error.text - 1);
}

static void
assert_quoted(const char *source, size_t n, size_t width, const char *expected)
{
    char buffer[256];
    assert_ptr_equal(error_quote(buffer, sizeof buffer, source, n, width), buffer);
    assert_string_equal(buffer, expected);
}

static void
test_quote(void **state)
{
    (void) state;
    assert_quoted("", 0, 10, "");
    assert_quoted("abc", 3, 10, "abc");
    assert_quoted("abc", 3, 3, "abc");
    assert_quoted("abcd", 4, 3, "abc...");
    assert_quoted("a\nb\0c", 5, 10, "a\\x0ab\\x00c");
    assert_quoted("\033[31m\x7f\\", 7, 10, "\\x1b[31m\\x7f\\x5c");
    assert_quoted("gr\xc3\xbc\xc3\x9f", 6, 10, "gr\xc3\xbc\xc3\x9f");
    assert_quoted("\xe2\x82\xac \xf0\x9f\x98\x80", 8, 10, "\xe2\x82\xac \xf0\x9f\x98\x80");
    /* invalid UTF-8: alone, cut, overlong, a surrogate, beyond U+10FFFF, and a control character of two bytes */
    assert_quoted("\xff", 1, 10, "\\xff");
    assert_quoted("\xc3", 1, 10, "\\xc3");
    assert_quoted("\xc0\xaf", 2, 10, "\\xc0\\xaf");
    assert_quoted("\xed\xa0\x80", 3, 10, "\\xed\\xa0\\x80");
    assert_quoted("\xf4\x90\x80\x80", 4, 10, "\\xf4\\x90\\x80\\x80");
    assert_quoted("\xc2\x9b", 2, 10, "\\xc2\\x9b");
}

static void
test_quote_fits(void **state)
{
    (void) state;
    char source[300];
    memset(source, '\1', sizeof source);
    for (size_t cap = 1; cap < 100; cap++) {
        char buffer[101];
        memset(buffer, '#', sizeof buffer);
        error_quote(buffer, cap, source, sizeof source, sizeof source);
        assert_true(strlen(buffer) < cap);
        for (size_t i = cap; i < sizeof buffer; i++)
            assert_int_equal(buffer[i], '#');
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_set),   cmocka_unit_test(test_prefix),     cmocka_unit_test(test_long_text),
        cmocka_unit_test(test_quote), cmocka_unit_test(test_quote_fits),
    };
    return cmocka_run_group_tests_name("error", tests, NULL, NULL);
}
