#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "npy.h"

/* Writes an npy file of version 1 to 3 into bytes; its length. */
static size_t
make(char *bytes, int version, const char *header, const void *data, size_t n_data)
{
    size_t n = strlen(header), at = 0;
    memcpy(bytes, "\x93NUMPY", 6);
    bytes[6] = (char) version;
    bytes[7] = 0;
    at = 8;
    for (int i = 0; i < (version == 1 ? 2 : 4); i++)
        bytes[at++] = (char) (n >> (8 * i));
    memcpy(bytes + at, header, n);
    memcpy(bytes + at + n, data, n_data);
    return at + n + n_data;
}

static int64_t
read_all(const char *bytes, size_t n, size_t n_head, struct array *array, double values[8], struct error *error)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], bytes + n_head, n - n_head), (int) (n - n_head));
    close(ends[1]);
    struct input input = {.fd = ends[0], .name = "file"};
    int64_t got = npy_open(array, &input, bytes, n_head, error);
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
test_orders(void **state)
{
    (void) state;
    static const uint8_t data[] = {1, 2, 3, 4, 5, 6};
    static const double rows[] = {1, 2, 3, 4, 5, 6}, columns[] = {1, 3, 5, 2, 4, 6};
    char bytes[512];
    struct array array;
    struct error error;
    double values[8];
    for (int version = 1; version <= 3; version++)
        for (size_t n_head = 0; n_head <= 8; n_head += 4) {
            size_t n =
                make(bytes, version, "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3), }   \n", data, 6);
            assert_int_equal(read_all(bytes, n, n_head, &array, values, &error), 0);
            assert_memory_equal(values, rows, sizeof rows);
            n = make(bytes, version, "{'shape': (2, 3), 'fortran_order': True, 'descr': '|u1'}", data, 6);
            assert_int_equal(read_all(bytes, n, n_head, &array, values, &error), 0);
            assert_memory_equal(values, columns, sizeof columns);
        }
    size_t n = make(bytes, 1, "{'descr': '|b1', 'fortran_order': True, 'shape': (6,), }\n", data, 6);
    assert_int_equal(read_all(bytes, n, 0, &array, values, &error), 0);
    assert_int_equal(array.n, 6);
    assert_int_equal(array.width, 1);
    assert_memory_equal(values, rows, sizeof rows);
    /* [1, 2, 3] in Fortran order, flattened: element (i, j, k) is at i + j + 2 k. */
    n = make(bytes, 1, "{'descr': '|u1', 'fortran_order': True, 'shape': (1, 2, 3), }\n", data, 6);
    assert_int_equal(read_all(bytes, n, 0, &array, values, &error), 0);
    assert_memory_equal(values, columns, sizeof columns);
}

static void
check_type(const char *descr, const char *data, size_t n_data, double expected)
{
    char bytes[512], header[128];
    struct array array;
    struct error error;
    double values[8];
    snprintf(header, sizeof header, "{'descr': '%s', 'fortran_order': False, 'shape': (1,), }", descr);
    size_t n = make(bytes, 1, header, data, n_data);
    assert_int_equal(read_all(bytes, n, 6, &array, values, &error), 0);
    if (values[0] != expected)
        fail_msg("%s: %g, not %g", descr, values[0], expected);
}

static void
test_types(void **state)
{
    (void) state;
    check_type("<f2", "\x00\x3c", 2, 1);
    check_type(">f2", "\xc0\x00", 2, -2);
    check_type("<f2", "\x01\x00", 2, 0x1p-24);
    check_type("<f2", "\xff\x7b", 2, 65504);
    check_type("<f2", "\x00\x7c", 2, INFINITY);
    check_type("<f4", "\x00\x00\x80\x3f", 4, 1);
    check_type(">f4", "\x3f\x80\x00\x00", 4, 1);
    check_type("<f8", "\x18\x2d\x44\x54\xfb\x21\x09\x40", 8, M_PI);
    check_type("|i1", "\xff", 1, -1);
    check_type("<i2", "\xfe\xff", 2, -2);
    check_type(">i4", "\xff\xff\xff\xfd", 4, -3);
    check_type("<i8", "\xfc\xff\xff\xff\xff\xff\xff\xff", 8, -4);
    check_type("<u2", "\xff\xff", 2, 65535);
    check_type(">u4", "\xff\xff\xff\xff", 4, 4294967295.0);
    check_type("<u8", "\x00\x00\x00\x00\x00\x00\x00\x80", 8, 0x1p63);
    check_type("|b1", "\x01", 1, 1);
}

static void
test_errors(void **state)
{
    (void) state;
    static const struct {
        const char *header, *message;
    } cases[] = {
        {"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }",
         "file holds elements of type '|O': only f2 f4 f8 i1 i2 i4 i8 u1 u2 u4 u8 b1 are read"},
        {"{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }",
         "file holds structures: only plain numbers are read"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }",
         "file ends in row 2 of the 2 that its header declares"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (1,), }",
         "file goes on behind the 1 rows that its header declares"},
        {"{'descr': '<f4', 'fortran_order': True, 'shape': (100000, 1000), }",
         "file ends after 4 of the 400000000 bytes that its header declares"},
        {"{'descr': '<f8', 'fortran_order': True, 'shape': (1000000, 1000), }",
         "file is in Fortran order and over 1 GiB, so it cannot be read row by row (save it with "
         "numpy.ascontiguousarray)"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (18446744073709551615, 2), }",
         "file: the sizes in its header are impossible"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (1, 2000000), }",
         "file: more than 1048576 values in a row"},
    };
    static const char *const strange[] = {
        "",
        "{",
        "{}",
        "{'descr': '<f4'}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1), }",
        "{'descr': '<f4', 'fortran_order': 0, 'shape': (1,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'more': 1}",
        "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), } x",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (18446744073709551616,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1), }",
        "{'descr': '<f4' 'fortran_order': False, 'shape': (1,), }",
    };
    char bytes[512];
    struct array array;
    struct error error;
    double values[8];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t n = make(bytes, 1, cases[i].header, "\0\0\0\0", 4);
        assert_int_equal(read_all(bytes, n, 0, &array, values, &error), -1);
        assert_string_equal(error.text, cases[i].message);
    }
    for (size_t i = 0; i < sizeof strange / sizeof *strange; i++) {
        size_t n = make(bytes, 1, strange[i], "\0\0\0\0", 4);
        assert_int_equal(read_all(bytes, n, 0, &array, values, &error), -1);
        assert_non_null(strstr(error.text, "file: the npy header is not understood"));
    }
    size_t n = make(bytes, 1, cases[2].header, "", 0);
    for (size_t cut = 0; cut < n; cut++)
        assert_int_equal(read_all(bytes, cut, 0, &array, values, &error), -1);
    bytes[6] = 4;
    assert_int_equal(read_all(bytes, n, 0, &array, values, &error), -1);
    assert_string_equal(error.text, "file: npy version 4.0 is not known");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_orders),
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
