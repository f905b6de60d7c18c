#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "safetensors.h"

enum { ROOM = 4096 };

struct file {
    uint8_t bytes[ROOM];
    size_t n;
};

static void
make(struct file *file, const char *header, const void *data, size_t n)
{
    size_t length = strlen(header);
    memset(file->bytes, 0, 8);
    for (int i = 0; i < 8; i++)
        file->bytes[i] = (uint8_t) (length >> (8 * i));
    memcpy(file->bytes + 8, header, length);
    memcpy(file->bytes + 8 + length, data, n);
    file->n = 8 + length + n;
}

/* The values of the arrays, as text, one row a line; or the sentence. n_head bytes have been read by then. */
static const char *
read_all(const struct file *file, const char *want, bool pipe_it, size_t n_head)
{
    static char text[ROOM];
    struct error error = {.text = ""};
    struct safetensors tensors;
    struct array arrays[2] = {0};
    struct input input = {.name = "f", .regular = !pipe_it, .size = file->n};
    size_t which[2], n = 0, used = 0;
    int ends[2];
    if (pipe_it) {
        assert_int_equal(pipe(ends), 0);
        input.fd = ends[0];
        assert_int_equal(write(ends[1], file->bytes + n_head, file->n - n_head), (ssize_t) (file->n - n_head));
        close(ends[1]);
        input.size = 0;
    } else {
        input.fd = memfd_create("f", 0);
        assert_int_equal(write(input.fd, file->bytes, file->n), (ssize_t) file->n);
        assert_int_equal(lseek(input.fd, (off_t) n_head, SEEK_SET), (off_t) n_head);
    }
    text[0] = '\0';
    bool good = safetensors_open(&tensors, &input, file->bytes, n_head, &error) == 0 &&
                safetensors_choose(&tensors, want, which, &n, &error) == 0 &&
                safetensors_arrays(&tensors, which, n, arrays, &error) == 0;
    while (good) {
        int64_t got = array_next(&arrays[0], 1, &error);
        int64_t label = n > 1 ? array_next(&arrays[1], 1, &error) : got;
        good = got >= 0 && label >= 0;
        if (got <= 0 || label <= 0)
            break;
        for (uint64_t i = 0; i < arrays[0].width; i++)
            used += (size_t) snprintf(text + used, sizeof text - used, "%g ", array_value(&arrays[0], i));
        if (n > 1)
            used += (size_t) snprintf(text + used, sizeof text - used, "| %g ", array_value(&arrays[1], 0));
        text[used - 1] = '\n';
    }
    array_close(&arrays[0]);
    array_close(&arrays[1]);
    safetensors_close(&tensors);
    input_close(&input);
    if (!good) {
        assert_int_not_equal(error.status, STATUS_SYSTEM);
        snprintf(text, sizeof text, "%s", error.text);
    }
    return text;
}

/* From a file and a pipe, with any number of bytes read before, the same. */
static void
gives(const struct file *file, const char *want, const char *text)
{
    for (size_t n_head = 0; n_head <= file->n; n_head += n_head < 32 ? 1 : 7)
        for (int pipe_it = 0; pipe_it < 2; pipe_it++)
            assert_string_equal(read_all(file, want, pipe_it, n_head), text);
}

static void
test_types(void **state)
{
    (void) state;
    static const struct {
        const char *type;
        size_t size;
        uint8_t bytes[16];
        const char *text;
    } cases[] = {
        {"F16", 2, {0x00, 0x3c, 0x00, 0xc0}, "1\n-2\n"},
        {"F16", 2, {0x01, 0x00, 0x00, 0xfc}, "5.96046e-08\n-inf\n"},
        {"F16", 2, {0xff, 0x7b, 0x00, 0x7e}, "65504\nnan\n"},
        {"BF16", 2, {0x80, 0x3f, 0x20, 0xc1}, "1\n-10\n"},
        {"F32", 4, {0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0}, "1\n-2\n"},
        {"F64", 8, {0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 0, 0, 0, 0, 0, 0, 0, 0xc0}, "1\n-2\n"},
        {"I8", 1, {1, 0xff}, "1\n-1\n"},
        {"U8", 1, {1, 0xff}, "1\n255\n"},
        {"BOOL", 1, {0, 1}, "0\n1\n"},
        {"I16", 2, {1, 0, 0xff, 0xff}, "1\n-1\n"},
        {"U16", 2, {1, 0, 0xff, 0xff}, "1\n65535\n"},
        {"I32", 4, {1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff}, "1\n-1\n"},
        {"U32", 4, {1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff}, "1\n4.29497e+09\n"},
        {"I64", 8, {1, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, "1\n-1\n"},
        {"U64", 8, {1, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, "1\n1.84467e+19\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct file file;
        char header[256];
        snprintf(header, sizeof header, "{\"t\":{\"dtype\":\"%s\",\"shape\":[2],\"data_offsets\":[0,%zu]}}  ",
                 cases[i].type, 2 * cases[i].size);
        make(&file, header, cases[i].bytes, 2 * cases[i].size);
        assert_string_equal(read_all(&file, NULL, true, 0), cases[i].text);
        assert_string_equal(read_all(&file, "t", false, 3), cases[i].text);
    }
}

/* Every f16 and bf16 is the double it stands for. */
static void
test_halves(void **state)
{
    (void) state;
    for (uint32_t bits = 0; bits < 0x10000; bits++) {
        uint16_t half = (uint16_t) bits;
        float got;
        int exponent = half >> 10 & 31, fraction = half & 1023;
        double size = exponent == 31  ? (fraction > 0 ? NAN : INFINITY)
                      : exponent == 0 ? ldexp(fraction, -24)
                                      : ldexp(fraction + 1024, exponent - 25);
        double expected = half >> 15 ? -size : size;
        assert_int_equal(floats_of(DTYPE_F16, &half, &got, 1), !isinf(expected));
        assert_true(isnan(expected) ? isnan(got) : (double) got == expected && !signbit(got) == !signbit(expected));
        uint32_t wide = bits << 16;
        float same;
        memcpy(&same, &wide, sizeof same);
        assert_int_equal(floats_of(DTYPE_BF16, &half, &got, 1), !isinf(same));
        assert_memory_equal(&same, &got, sizeof got);
    }
}

static const char two[] = "{\"emb\":{\"dtype\":\"U8\",\"shape\":[3,2],\"data_offsets\":[3,9]},"
                          "\"__metadata__\":{\"by\":\"us\"},"
                          "\"y\":{\"dtype\":\"I8\",\"shape\":[3],\"data_offsets\":[0,3]}}";
static const uint8_t two_data[] = {7, 8, 9, 1, 2, 3, 4, 5, 6};

static void
test_choice(void **state)
{
    (void) state;
    struct file file;
    make(&file, two, two_data, sizeof two_data);
    gives(&file, NULL, "1 2 | 7\n3 4 | 8\n5 6 | 9\n");
    gives(&file, "emb,y", "1 2 | 7\n3 4 | 8\n5 6 | 9\n");
    gives(&file, "emb", "1 2\n3 4\n5 6\n");
    gives(&file, "y", "7\n8\n9\n");
    /* The label behind the features; names with commas. */
    make(&file,
         "{\"a,b\":{\"dtype\":\"U8\",\"shape\":[3,2],\"data_offsets\":[0,6]},"
         "\"b,y\":{\"dtype\":\"I8\",\"shape\":[3,1],\"data_offsets\":[6,9]}}",
         "\1\2\3\4\5\6\7\10\11", 9);
    gives(&file, NULL, "1 2 | 7\n3 4 | 8\n5 6 | 9\n");
    gives(&file, "a,b,b,y", "1 2 | 7\n3 4 | 8\n5 6 | 9\n");
    gives(&file, "a,b", "1 2\n3 4\n5 6\n");
    assert_string_equal(read_all(&file, "b,y,b,y", true, 0), "--tensor b,y,b,y: features and label are one tensor");
    assert_string_equal(read_all(&file, "c", true, 0),
                        "f: no tensor 'c' (the tensors are a,b U8 [3, 2], b,y I8 [3, 1])");
    /* Two tensors that do not say which is which, and three. */
    make(&file,
         "{\"a\":{\"dtype\":\"U8\",\"shape\":[3,2],\"data_offsets\":[0,6]},"
         "\"b\":{\"dtype\":\"F8_E4M3\",\"shape\":[3,2,1,1],\"data_offsets\":[6,12]}}",
         "123456789012", 12);
    assert_string_equal(read_all(&file, NULL, false, 0),
                        "f holds 2 tensors: which are the features, and which the label? (--tensor NAME or --tensor "
                        "NAME,LABEL; they are a U8 [3, 2], b other [3, 2, 1, ...])");
    assert_string_equal(read_all(&file, "b", true, 0), "f: tensor 'b': the type F8_E4M3 is not read");
}

static void
test_hostile(void **state)
{
    (void) state;
    static const struct {
        const char *header, *sentence;
    } cases[] = {
        {"{}", "f holds no tensors"},
        {"[]", "f: its header is no JSON object"},
        {"{\"a\":1}", "f: tensor 'a': its dtype is missing"},
        {"{\"a\":{\"dtype\":\"U8\"}}", "f: tensor 'a': its shape is missing"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[-1],\"data_offsets\":[0,1]}}",
         "f: tensor 'a': its shape is no list of whole numbers"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1]}}", "f: tensor 'a': its data_offsets are not two whole numbers"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1,2]}}",
         "f: tensor 'a': its data_offsets are not two whole numbers"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[2,1]}}",
         "f: tensor 'a': its data_offsets are impossible"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,18446744073709551615]}}",
         "f: tensor 'a': its data_offsets are impossible"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,0]}}",
         "f: tensor 'a': its shape is impossible"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[9223372036854775807],\"data_offsets\":[0,4]}}",
         "f: tensor 'a': its shape is impossible"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}",
         "f: tensor 'a': its data_offsets do not fit its shape"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[1,3]}}",
         "f: tensor 'a': there is a hole before its data"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},"
         "\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[1,3]}}",
         "f: tensor 'b': its data overlap those of another tensor"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[2000000,1],\"data_offsets\":[0,2000000]}}",
         "f has 3 bytes of data, where its header declares 2000000"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1,2000000],\"data_offsets\":[0,2000000]}}",
         "f: more than 1048576 values in a row"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1,1,1,1,1,1,1,1,3],\"data_offsets\":[0,3]}}",
         "f: tensor 'a': rank 9, where up to 8 are read"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]}}",
         "f has 3 bytes of data, where its header declares 2"},
        {"{\"a\":[[[[[[[[[[[[[[[[[[[[[[[[[", "f, header:1:21: values nested too deep"},
        {"{\"a\":{},\"a\":{}}", "f, header:1:9: the key 'a' comes twice"},
        {"{\"a\":\"\xff\"}", "f, header:1:7: a byte that is not UTF-8"},
    };
    struct file file;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        make(&file, cases[i].header, "123", 3);
        assert_string_equal(read_all(&file, NULL, false, 0), cases[i].sentence);
    }
    /* Cut anywhere, or with more behind. */
    make(&file, two, two_data, sizeof two_data);
    for (size_t n = file.n - 1; n > 0; n--) {
        file.n = n;
        for (int pipe_it = 0; pipe_it < 2; pipe_it++)
            for (int i = 0; i < 3; i++) {
                const char *const want[] = {NULL, "y", "emb"};
                assert_null(strchr(read_all(&file, want[i], pipe_it, 0), '\n'));
            }
    }
    make(&file, two, "123456789x", 10);
    assert_string_equal(read_all(&file, "y", true, 0), "f goes on behind the 3 rows that its header declares");
    assert_string_equal(read_all(&file, "y", false, 0), "f has 10 bytes of data, where its header declares 9");
    memset(file.bytes, 0xff, 8);
    assert_string_equal(read_all(&file, NULL, true, 0), "f: a safetensors header of 18446744073709551615 bytes, over "
                                                        "the limit of 67108864 (is it a safetensors file?)");
    memset(file.bytes, 0, 8);
    file.bytes[3] = 3;
    assert_string_equal(read_all(&file, NULL, true, 0), "f ends inside its header");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_halves),
        cmocka_unit_test(test_choice),
        cmocka_unit_test(test_hostile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
