#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "csv.h"
#include "json.h"
#include "memory.h"

enum { MAX_CELL = 1 << 20 };

/* Adds "LINE[cell|cell]", "LINE!problem cell" or "-message" for what csv_read() gave. */
static void
describe(struct text *text, const struct csv *csv, int got, const struct error *error)
{
    if (got == CSV_RECORD) {
        text_printf(text, "%d[", (int) csv->line);
        for (size_t i = 0; i < csv->n_cells; i++) {
            text_add(text, "|", i > 0);
            text_add(text, csv_cell(csv, i), csv->cells[i].n);
        }
        text_printf(text, "]");
    } else if (got == CSV_BAD) {
        text_printf(text, "%d!%d ", (int) csv->line, (int) csv->problem_cell);
    } else if (got < 0) {
        text_printf(text, "-%s", error->text);
    }
}

static char *
read_memory(const char *bytes, size_t n, char delimiter, uint64_t max_cell)
{
    struct csv csv;
    struct error error;
    struct text text = {0};
    int got;
    csv_open_memory(&csv, bytes, n, true, delimiter, max_cell);
    text_add(&text, "", 0);
    while ((got = csv_read(&csv, true, &error)) > 0)
        describe(&text, &csv, got, &error);
    describe(&text, &csv, got, &error);
    csv_close(&csv);
    return text.bytes;
}

/* The same from a pipe into which a child writes pieces of `step` bytes. */
static char *
read_pipe(const char *bytes, size_t n, char delimiter, size_t step, bool wait)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        for (size_t at = 0; at < n; at += step) {
            size_t piece = n - at < step ? n - at : step;
            if (write(ends[1], bytes + at, piece) != (ssize_t) piece)
                _exit(1);
        }
        _exit(0);
    }
    close(ends[1]);
    struct input input = {.fd = ends[0], .name = "pipe"};
    struct csv csv;
    struct error error;
    struct text text = {0};
    int got;
    csv_open(&csv, &input, NULL, 0, delimiter, MAX_CELL);
    text_add(&text, "", 0);
    while ((got = csv_read(&csv, wait, &error)) > 0)
        describe(&text, &csv, got, &error);
    describe(&text, &csv, got, &error);
    csv_close(&csv);
    input_close(&input);
    waitpid(child, NULL, 0);
    return text.bytes;
}

/* The same from csv_feed(), in pieces of `step` bytes. */
static char *
read_feed(const char *bytes, size_t n, uint64_t first_line, size_t step)
{
    struct csv csv;
    struct error error;
    struct text text = {0};
    int got;
    csv_open_feed(&csv, ',', MAX_CELL, first_line);
    text_add(&text, "", 0);
    for (size_t at = 0; at < n; at += step) {
        csv_feed(&csv, bytes + at, n - at < step ? n - at : step);
        while ((got = csv_read(&csv, true, &error)) != CSV_WAIT)
            describe(&text, &csv, got, &error);
    }
    csv_feed_end(&csv);
    while ((got = csv_read(&csv, true, &error)) > 0)
        describe(&text, &csv, got, &error);
    describe(&text, &csv, got, &error);
    csv_close(&csv);
    return text.bytes;
}

static void
check(const char *csv, const char *expected)
{
    char *got = read_memory(csv, strlen(csv), ',', MAX_CELL);
    assert_string_equal(got, expected);
    for (size_t step = 1; step <= 3 && strncmp(csv, "\xef\xbb\xbf", 3) != 0; step++) {
        char *fed = read_feed(csv, strlen(csv), 1, step);
        assert_string_equal(fed, expected);
        free(fed);
    }
    for (size_t step = 1; step <= 3; step++) {
        char *piped = read_pipe(csv, strlen(csv), ',', step, step != 2);
        assert_string_equal(piped, expected);
        free(piped);
    }
    free(got);
}

static void
test_records(void **state)
{
    (void) state;
    check("", "");
    check("a,b\n1,2\n", "1[a|b]2[1|2]");
    check("a,b\r\n1,2\r\n", "1[a|b]2[1|2]");
    check("a,b\r1,2\r", "1[a|b]2[1|2]");
    check("a,b\n1,2", "1[a|b]2[1|2]");
    check("a,\n,b\n,\n", "1[a|]2[|b]3[|]");
    check("a,", "1[a|]");
    check("\xef\xbb\xbf"
          "a,b\n",
          "1[a|b]");
    check("\xef\xbb", "1[\xef\xbb]");
    check("\xef\xbb\xbf", "");
}

static void
test_quotes(void **state)
{
    (void) state;
    check("\"a\",\"b\"\n", "1[a|b]");
    check("\"a,b\",\"c\nd\"\ne,f\n", "1[a,b|c\nd]3[e|f]");
    check("\"a\r\nb\"\r\nc\r\n", "1[a\r\nb]3[c]");
    check("\"a\r\rb\n\r\"\nc\n", "1[a\r\rb\n\r]6[c]");
    check("\"a \"\"b\"\" c\",\"\"\"\"\n", "1[a \"b\" c|\"]");
    check("\"\"\n\"\"\n", "1[]2[]");
    check("\"\"", "1[]");
    check("a\"b,c\"\"d\n", "1[a\"b|c\"\"d]");
    check("a,\"b\"", "1[a|b]");
    check("a,\"b\"\"\"", "1[a|b\"]");
    check("\"a\"x,b\nc,d\n", "1!0 2[c|d]");
    check("a,\"b\"\"c\"d\n", "1!1 ");
    check("a\n\"b",
          "1[a]-2: the input ends inside a quoted cell that this record opens (cut short, or a quote that is not "
          "closed)");
}

static void
test_blanks(void **state)
{
    (void) state;
    check(" a\t, b c ,\t\n", "1[a|b c|]");
    check("a, \" b \" ,c\n", "1[a| b |c]");
    check("\n\na\n\n \t\nb\n\n", "3[a]6[b]");
    check("\r\n\r\na,b\r\n\r\nc,d\r\n", "3[a|b]5[c|d]");
    check(" \"a\" \n", "1[a]");
    check("a\n   ", "1[a]");
    char *tabs = read_memory("a\t b \t\"c\"\t\n", 11, '\t', MAX_CELL);
    assert_string_equal(tabs, "1[a|b|c|]");
    free(tabs);
    char *spaces = read_memory("a  b\n", 5, ' ', MAX_CELL);
    assert_string_equal(spaces, "1[a||b]");
    free(spaces);
}

static void
test_bad_bytes(void **state)
{
    (void) state;
    char *got = read_memory("a,b\n1,\0002\n\"\0\"\n3,4\n", 17, ',', MAX_CELL);
    assert_string_equal(got, "1[a|b]2!1 3!0 4[3|4]");
    free(got);
    got = read_memory("\xff\xfe"
                      "a\0\n\0",
                      6, ',', MAX_CELL);
    assert_string_equal(got, "-1: this is UTF-16 text (convert it: iconv -f utf-16 -t utf-8)");
    free(got);
}

static void
test_limits(void **state)
{
    (void) state;
    char *got = read_memory("12345678,a\n123456789,a\nb,\"12345678\"\nb,\"123456789\"\nc,d\n", 54, ',', 8);
    assert_string_equal(got, "1[12345678|a]2!0 3[b|12345678]4!1 5[c|d]");
    free(got);
    /* A cell of 5 MB, plain and quoted: dropped as it comes, and reading goes on behind it. */
    for (int quoted = 0; quoted < 2; quoted++) {
        size_t n = 5000000;
        char *csv = mem_alloc(n + 32);
        memset(csv, 'x', n);
        memcpy(csv, quoted ? "a,\"" : "a,b", 3);
        memcpy(csv + n, quoted ? "\",c\nd,e\n" : "x,c\nd,e\n", 8);
        got = read_pipe(csv, n + 8, ',', 65536, true);
        assert_string_equal(got, "1!1 2[d|e]");
        free(got);
        free(csv);
    }
}

static void
test_memory_is_bounded(void **state)
{
    (void) state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        static char block[1 << 16];
        close(ends[0]);
        memset(block, 'x', sizeof block);
        for (int i = 0; i < 512; i++)
            if (write(ends[1], block, sizeof block) != sizeof block)
                _exit(1);
        _exit(0);
    }
    close(ends[1]);
    struct input input = {.fd = ends[0], .name = "pipe"};
    struct csv csv;
    struct error error;
    csv_open(&csv, &input, NULL, 0, ',', 1000);
    assert_int_equal(csv_read(&csv, true, &error), CSV_BAD);
    assert_true(csv.cap < 4 << 20);
    csv_close(&csv);
    input_close(&input);
    waitpid(child, NULL, 0);
}

static void
test_feed(void **state)
{
    (void) state;
    char *got = read_feed("a,b\r\n\r\nc\n\xef\xbb\xbf,d", 14, 41, 2);
    assert_string_equal(got, "41[a|b]43[c]44[\xef\xbb\xbf|d]");
    free(got);
    got = read_feed("a\n\"b\n", 5, 7, 5);
    assert_string_equal(got, "7[a]-8: the input ends inside a quoted cell that this record opens (cut short, or a "
                             "quote that is not closed)");
    free(got);

    /* Between records: not within one, not in its leading blanks, and not between CR and LF. */
    static const struct {
        const char *fed;
        bool between;
    } steps[] = {{"a", false},   {",", false},  {"b\n", true}, {" ", false},  {"\n", true},        {"\n\n", true},
                 {"\"", false},  {"\n", false}, {"\"", false}, {"\r", false}, {"\n", true},        {"\r", false},
                 {"\r\n", true}, {"x", false},  {"\r", false}, {"y", false},  {"\nz\n\nu\n", true}};
    struct csv csv;
    struct error error;
    csv_open_feed(&csv, ',', MAX_CELL, 1);
    assert_true(csv_between(&csv));
    assert_int_equal(csv_read(&csv, true, &error), CSV_WAIT);
    assert_true(csv_between(&csv));
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        csv_feed(&csv, steps[i].fed, strlen(steps[i].fed));
        assert_false(csv_between(&csv));
        while (csv_read(&csv, true, &error) == CSV_RECORD)
            continue;
        if (csv_between(&csv) != steps[i].between)
            fail_msg("step %zu: %sbetween two records", i, steps[i].between ? "not " : "");
    }
    csv_feed_end(&csv);
    assert_int_equal(csv_read(&csv, true, &error), CSV_END);
    csv_close(&csv);
}

/* 64 MB of one cell, then a good record; the bytes before the end of the cell are not kept. */
static void
test_feed_is_bounded(void **state)
{
    (void) state;
    for (int quoted = 0; quoted < 2; quoted++) {
        static char block[1 << 16];
        struct csv csv;
        struct error error;
        csv_open_feed(&csv, ',', 1000, 1);
        csv_feed(&csv, "a,\"", quoted ? 3 : 2);
        memset(block, 'x', sizeof block);
        for (int i = 0; i < 1024; i++) {
            csv_feed(&csv, block, sizeof block);
            assert_int_equal(csv_read(&csv, true, &error), CSV_WAIT);
            assert_false(csv_between(&csv));
        }
        assert_true(csv.cap < 1 << 19);
        const char *end = quoted ? "\n\",b\n\nc,d\n" : ",b\n\n\nc,d\n";
        csv_feed(&csv, end, strlen(end));
        assert_int_equal(csv_read(&csv, true, &error), CSV_BAD);
        assert_true(csv.oversize);
        assert_int_equal(csv.problem_cell, 1);
        assert_int_equal(csv_read(&csv, true, &error), CSV_RECORD);
        assert_int_equal(csv.line, 4);
        assert_int_equal(csv.n_cells, 2);
        assert_int_equal(csv_read(&csv, true, &error), CSV_WAIT);
        assert_true(csv_between(&csv));
        csv_close(&csv);
    }
}

static void
test_keep_and_rewind(void **state)
{
    (void) state;
    struct csv csv;
    struct error error;
    int ends[2];
    const char *text = "a;\"b\"\"\";c\n1;2;3\n4;5;6\n";
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], text, strlen(text)), (int) strlen(text));
    close(ends[1]);
    struct input input = {.fd = ends[0], .name = "pipe"};
    csv_open(&csv, &input, NULL, 0, ',', MAX_CELL);
    csv_keep(&csv);
    assert_int_equal(csv_read(&csv, true, &error), CSV_RECORD);
    assert_int_equal(csv.n_cells, 1);
    for (int again = 0; again < 3; again++) {
        csv_rewind(&csv, ';', again == 2);
        assert_int_equal(csv_read(&csv, true, &error), CSV_RECORD);
        assert_int_equal(csv.n_cells, 3);
        assert_int_equal(csv.line, 1);
        assert_memory_equal(csv_cell(&csv, 1), "b\"", 2);
        assert_int_equal(csv_read(&csv, true, &error), CSV_RECORD);
        if (again < 2)
            assert_int_equal(csv_kept_used(&csv), 16);
    }
    assert_int_equal(csv_read(&csv, true, &error), CSV_RECORD);
    assert_int_equal(csv_read(&csv, true, &error), CSV_END);
    csv_close(&csv);
    input_close(&input);
}

static void
test_utf8(void **state)
{
    (void) state;
    static const char *const good[] = {"",
                                       "abc",
                                       "caf\xc3\xa9",
                                       "\xe2\x82\xac",
                                       "\xf0\x9f\x98\x80",
                                       "\xf4\x8f\xbf\xbf",
                                       ("1234567\xc2\x80"
                                        "abcdefgh")};
    static const char *const bad[] = {"\x80",
                                      "\xc3",
                                      "\xc0\x80",
                                      "\xc1\xbf",
                                      "\xe0\x80\x80",
                                      "\xed\xa0\x80",
                                      "\xf0\x80\x80\x80",
                                      "\xf4\x90\x80\x80",
                                      "\xf5\x80\x80\x80",
                                      "\xff",
                                      "abcdefghijk\xe2\x82",
                                      "\xe2\x28\xa1"};
    size_t at;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(utf8_valid(good[i], strlen(good[i]), &at));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(utf8_valid(bad[i], strlen(bad[i]), &at));
    assert_false(utf8_valid("abcdefghi\xff", 10, &at));
    assert_int_equal(at, 9);
}

/* csv-spectrum: the parse must be that of the JSON beside each file. */

static char *
slurp(const char *folder, const char *name, const char *suffix, size_t *n)
{
    char path[4096];
    const char *tests = getenv("TESTS");
    snprintf(path, sizeof path, "%s/data/csv-spectrum/%s/%s%s", tests != NULL ? tests : "tests", folder, name, suffix);
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        fail_msg("cannot open %s", path);
    char *bytes = mem_alloc(1 << 16);
    *n = fread(bytes, 1, (1 << 16) - 1, file);
    bytes[*n] = '\0';
    fclose(file);
    return bytes;
}

/* The next string of flat JSON objects, unescaped; NULL when none is left. */
static char *
next_string(const char **at)
{
    const char *s = strchr(*at, '"');
    if (s == NULL)
        return NULL;
    struct text text = {0};
    text_add(&text, "", 0);
    for (s++; *s != '"'; s++) {
        if (*s == '\\')
            s++;
        char c = s[-1] == '\\' && *s == 'n' ? '\n' : s[-1] == '\\' && *s == 'r' ? '\r' : *s;
        text_add(&text, &c, 1);
    }
    *at = s + 1;
    return text.bytes;
}

static void
test_spectrum(void **state)
{
    (void) state;
    static const char *const names[] = {"comma_in_quotes", "empty",         "empty_crlf",
                                        "escaped_quotes",  "json",          "location_coordinates",
                                        "newlines",        "newlines_crlf", "quotes_and_newlines",
                                        "simple",          "simple_crlf",   "utf8"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t n_csv, n_json;
        char *bytes = slurp("csvs", names[i], ".csv", &n_csv), *json = slurp("json", names[i], ".json", &n_json);
        const char *at = json;
        struct csv header, csv;
        struct error error;
        csv_open_memory(&header, bytes, n_csv, true, ',', MAX_CELL);
        csv_open_memory(&csv, bytes, n_csv, true, ',', MAX_CELL);
        assert_int_equal(csv_read(&header, true, &error), CSV_RECORD);
        assert_int_equal(csv_read(&csv, true, &error), CSV_RECORD);
        while (csv_read(&csv, true, &error) == CSV_RECORD) {
            assert_int_equal(csv.n_cells, header.n_cells);
            for (size_t k = 0; k < csv.n_cells; k++) {
                char *key = next_string(&at), *value = next_string(&at);
                assert_non_null(value);
                assert_int_equal(strlen(key), header.cells[k].n);
                assert_memory_equal(key, csv_cell(&header, k), strlen(key));
                /* The one number that differs in the original. */
                if (strcmp(value, "1234567890") != 0) {
                    assert_int_equal(strlen(value), csv.cells[k].n);
                    assert_memory_equal(value, csv_cell(&csv, k), strlen(value));
                }
                free(key);
                free(value);
            }
        }
        assert_null(next_string(&at));
        csv_close(&header);
        csv_close(&csv);
        free(bytes);
        free(json);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_records),
        cmocka_unit_test(test_quotes),
        cmocka_unit_test(test_blanks),
        cmocka_unit_test(test_bad_bytes),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_memory_is_bounded),
        cmocka_unit_test(test_feed),
        cmocka_unit_test(test_feed_is_bounded),
        cmocka_unit_test(test_keep_and_rewind),
        cmocka_unit_test(test_utf8),
        cmocka_unit_test(test_spectrum),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
