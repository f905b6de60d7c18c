#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "ingest.h"
#include "sniff.h"

#define BYTES(s) s, sizeof(s) - 1

static int
sniff(const char *bytes, size_t n, bool last, struct error *error)
{
    uint8_t *copy = malloc(n > 0 ? n : 1);
    memcpy(copy, bytes, n);
    int format = format_sniff(copy, n, last, "f", error);
    free(copy);
    return format;
}

static void
test_formats(void **state)
{
    (void) state;
    static const struct {
        const char *bytes;
        size_t n;
        int format;
    } cases[] = {
        {BYTES("\x93NUMPY\x01\x00v\x00"), INGEST_NPY},
        {BYTES("\x93\xa5table\x82"), INGEST_FRAMES},
        {BYTES("\0\0\x08\x03\0\0\0\x05\0\0\0\x01\0\0\0\x01"), INGEST_IDX},
        {BYTES("\0\0\x0d\x01\0\0\0\x01\0"), INGEST_IDX},
        {BYTES("\x40\0\0\0\0\0\0\0{\"a\":{"), INGEST_SAFETENSORS},
        {BYTES("\0\0\x08\x03\0\0\0\0{\"a\":{"), INGEST_SAFETENSORS},
        {BYTES("{\"a\": 1, \"b\": 2}\n"), INGEST_JSONL},
        {BYTES("\xef\xbb\xbf\r\n { \"a\\\"\" : {\"b\": 2}}\n"), INGEST_JSONL},
        {BYTES("{}\n{\"a\":1}\n"), INGEST_JSONL},
        {BYTES("{\n  \"a\": 1,\n"), INGEST_JSONL},
        {BYTES("{a},{b}\n"), INGEST_CSV},
        {BYTES("{\"a\",\"b\"}\n"), INGEST_CSV},
        {BYTES("[a],b\n"), INGEST_CSV},
        {BYTES("+1 1:0.5 3:2\n-1 2:1\n"), INGEST_LIBSVM},
        {BYTES("# a comment\n\n0\n1 qid:3 1:0.5\n"), INGEST_LIBSVM},
        {BYTES("1 0:0.5 3:2\n"), INGEST_LIBSVM},
        {BYTES("a 1:0.5 3:2\n"), INGEST_CSV},
        {BYTES("1 2:1 1:2\n"), INGEST_CSV},
        {BYTES("a,b\n1,2\n"), INGEST_CSV},
        {BYTES("1,2\n3,4\n"), INGEST_CSV},
        {BYTES("1 2\n3 4\n"), INGEST_CSV},
        {BYTES("1\n2\n3\n"), INGEST_CSV},
        {BYTES("# comment\n"), INGEST_CSV},
        {BYTES("PKW,Preis\n"), INGEST_CSV},
        {BYTES("\n\n"), INGEST_CSV},
        {BYTES("12:30 13:40\n"), INGEST_CSV},
        {BYTES("x"), INGEST_CSV},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error error = {.text = ""};
        assert_int_equal(sniff(cases[i].bytes, cases[i].n, true, &error), cases[i].format);
        /* With fewer bytes, more are asked for, or the answer is the same; it is never another one. */
        for (size_t n = 1; n <= cases[i].n; n++) {
            int format = sniff(cases[i].bytes, n, false, &error);
            assert_true(format == INGEST_AUTO || format == cases[i].format);
        }
    }
    assert_string_equal(format_name(INGEST_FRAMES), "frames");
    assert_string_equal(format_name(INGEST_AUTO), "auto");
}

static void
test_refused(void **state)
{
    (void) state;
    static const struct {
        const char *bytes;
        size_t n;
        const char *sentence;
    } cases[] = {
        {BYTES("\x93\xa5model\x82"), "f is a checkpoint, not data (a model is given with -m)"},
        {BYTES("\x1f\x8b\x08\0\0\0\0"), "f is compressed (use: gzip -dc FILE | cl-ingest ...)"},
        {BYTES("BZh91AY"), "f is compressed (use: bzip2 -dc FILE | cl-ingest ...)"},
        {BYTES("[\n  {\"a\":1}]"),
         "f is one JSON array, and its objects are wanted one a line (use: jq -c '.[]' FILE | cl-ingest ...)"},
        {BYTES("PAR1\x15\0"),
         "f is a Parquet file, which is not read (duckdb -c \"copy 'FILE' to '/dev/stdout' (format csv)\")"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error error = {.text = ""};
        assert_int_equal(sniff(cases[i].bytes, cases[i].n, true, &error), -1);
        assert_int_equal(error.status, STATUS_DATA);
        assert_string_equal(error.text, cases[i].sentence);
    }
}

/* An answer comes when there is enough to see, however the text goes on. */
static void
test_enough(void **state)
{
    (void) state;
    struct error error;
    char *text = malloc(SNIFF_BYTES);
    memset(text, '7', SNIFF_BYTES);
    assert_int_equal(sniff(text, SNIFF_BYTES, false, &error), INGEST_CSV);
    assert_int_equal(sniff(text, SNIFF_BYTES - 1, false, &error), INGEST_AUTO);
    memcpy(text, "{\"", 2);
    assert_int_equal(sniff(text, SNIFF_BYTES, false, &error), INGEST_CSV);
    memset(text, ' ', SNIFF_BYTES);
    assert_int_equal(sniff(text, SNIFF_BYTES, false, &error), INGEST_CSV);
    memcpy(text, "1 1:2 ", 6);
    for (size_t i = 6; i < SNIFF_BYTES; i++)
        text[i] = '#';
    assert_int_equal(sniff(text, SNIFF_BYTES, false, &error), INGEST_LIBSVM);
    for (size_t i = 0; i + 1 < SNIFF_BYTES; i += 2)
        memcpy(text + i, "1\n", 2);
    assert_int_equal(sniff(text, 60, false, &error), INGEST_CSV);
    free(text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_formats),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_enough),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
