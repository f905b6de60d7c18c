#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>
#include <unistd.h>

#include "idx.h"

/* An input that gives n bytes (fewer than a pipe holds) and ends. */
static struct input
input_of(const void *bytes, size_t n)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], bytes, n), (int) n);
    close(ends[1]);
    return (struct input){.fd = ends[0], .name = "file"};
}

/* Opens and reads all; the values of the first 8 elements. The result of the last call. */
static int64_t
read_all(const char *bytes, size_t n, size_t n_head, struct array *array, double values[8], struct error *error)
{
    struct input input = input_of(bytes + n_head, n - n_head);
    int64_t got = idx_open(array, &input, bytes, n_head, error);
    size_t done = 0;
    while (got >= 0) {
        double row[64];
        got = array_read(array, row, 1, error);
        if (got <= 0)
            break;
        for (size_t i = 0; i < array->width && done < 8; i++)
            values[done++] = row[i];
    }
    array_close(array);
    input_close(&input);
    return got;
}

static void
test_images(void **state)
{
    (void) state;
    static const char bytes[] = "\0\0\x08\x03\0\0\0\2\0\0\0\1\0\0\0\3\1\2\3\4\5\xff";
    for (size_t n_head = 0; n_head <= 8; n_head++) {
        struct array array;
        struct error error;
        double values[8];
        assert_int_equal(read_all(bytes, sizeof bytes - 1, n_head, &array, values, &error), 0);
        assert_int_equal(array.n, 2);
        assert_int_equal(array.width, 3);
        assert_true(array_is_integer(&array));
        assert_true(values[0] == 1 && values[2] == 3 && values[5] == 255);
    }
}

static void
test_types(void **state)
{
    (void) state;
    struct array array;
    struct error error;
    double values[8];
    assert_int_equal(read_all("\0\0\x09\1\0\0\0\2\xff\x7f", 10, 4, &array, values, &error), 0);
    assert_true(values[0] == -1 && values[1] == 127);
    assert_int_equal(read_all("\0\0\x0b\1\0\0\0\1\xff\xfe", 10, 4, &array, values, &error), 0);
    assert_true(values[0] == -2);
    assert_int_equal(read_all("\0\0\x0c\1\0\0\0\1\0\1\0\0", 12, 4, &array, values, &error), 0);
    assert_true(values[0] == 65536);
    assert_int_equal(read_all("\0\0\x0d\1\0\0\0\1\xbf\x80\0\0", 12, 4, &array, values, &error), 0);
    assert_true(values[0] == -1);
    assert_false(array_is_integer(&array));
    assert_int_equal(read_all("\0\0\x0e\1\0\0\0\1\x40\x09\x21\xfb\x54\x44\x2d\x18", 16, 4, &array, values, &error), 0);
    assert_true(values[0] == M_PI);
}

static void
test_errors(void **state)
{
    (void) state;
    static const struct {
        const char *bytes;
        size_t n;
        const char *message;
    } cases[] = {
        {"\0\0\x08", 3, "file ends inside its header"},
        {"\0\0\x08\2\0\0\0\1", 8, "file ends inside its header"},
        {"\1\0\x08\1\0\0\0\1", 8, "file is no IDX file (it does not begin with two zero bytes)"},
        {"\0\0\x0a\1\0\0\0\1", 8, "file: IDX element type 0x0a is not known"},
        {"\0\0\x08\0", 4, "file: IDX rank 0, where 1 to 8 are read"},
        {"\0\0\x08\x09", 4, "file: IDX rank 9, where 1 to 8 are read"},
        {"\0\0\x08\2\0\0\0\3\0\0\0\2\1\2\3", 15, "file ends in row 2 of the 3 that its header declares"},
        {"\0\0\x08\1\0\0\0\1\1\2", 10, "file goes on behind the 1 rows that its header declares"},
        {"\0\0\x0e\3\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 16, "file: more than 1048576 values in a row"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct array array;
        struct error error;
        double values[8];
        assert_int_equal(read_all(cases[i].bytes, cases[i].n, 0, &array, values, &error), -1);
        assert_int_equal(error.status, STATUS_DATA);
        assert_string_equal(error.text, cases[i].message);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_images),
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
