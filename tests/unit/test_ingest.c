/*
 * Text to batches through ingest.h: whatever the size of chunks and the number of threads, the rows, the record
 * numbers, the dictionaries, the warnings and the errors are those of the text read in one piece.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "ingest.h"
#include "json.h"

static struct text *listened;

static void
listen_to(const char *sentence)
{
    text_printf(listened, "! %s\n", sentence);
}

/* The paths of files in memory. */
enum { FILES_MOST = 3, PATH = 40 };

struct files {
    int fds[FILES_MOST];
    char names[FILES_MOST][PATH];
    const char *paths[FILES_MOST];
    size_t n;
};

static void
add_file(struct files *files, const void *bytes, size_t n)
{
    size_t i = files->n++;
    files->fds[i] = memfd_create("test", 0);
    assert_true(files->fds[i] >= 0);
    assert_int_equal(write(files->fds[i], bytes, n), n);
    snprintf(files->names[i], PATH, "/proc/self/fd/%d", files->fds[i]);
    files->paths[i] = files->names[i];
}

static void
close_files(struct files *files)
{
    for (size_t i = 0; i < files->n; i++)
        close(files->fds[i]);
    files->n = 0;
}

/* A row as one line: its record number, numbers, categories, texts and label. */
static void
print_row(struct text *out, const struct batch *batch, uint64_t i)
{
    const struct schema *schema = batch->schema;
    text_printf(out, "%" PRIu64 ":", batch_rowno(batch, i));
    for (uint32_t k = 0; k < schema->n_x; k++)
        text_printf(out, " %g", (double) batch->x[i * schema->n_x + k]);
    for (uint32_t k = 0; k < schema->n_c; k++)
        text_printf(out, " c%u", batch->c[i * schema->n_c + k]);
    for (uint32_t k = 0; k < schema->n_y && batch->y != NULL; k++)
        text_printf(out, " y%g", (double) batch->y[i * schema->n_y + k]);
    for (uint32_t k = 0; k < schema->n_y && batch->label != NULL; k++)
        text_printf(out, " l%u", batch->label[i * schema->n_y + k]);
    if (batch->w != NULL)
        text_printf(out, " w%g", (double) batch->w[i]);
    if (batch->time != NULL)
        text_printf(out, " t%" PRId64, batch->time[i]);
    if (batch->group != NULL)
        text_printf(out, " g%" PRIx64, batch->group[i]);
    if (batch->id != NULL)
        text_printf(out, " i%" PRIx64, batch->id[i]);
    for (uint32_t k = 0; k < batch->n_text; k++)
        text_printf(out, " '%.*s'", (int) (batch->text[k].at[i + 1] - batch->text[k].at[i]),
                    batch->text[k].bytes + batch->text[k].at[i]);
    text_printf(out, "\n");
}

/*
 * Everything that comes out of some files. With an error the rows before it are left out: chunks decide how many of
 * them were given out.
 */
static struct text
read_all(struct ingest_options options, const struct files *files, uint64_t *longest)
{
    struct text out = {0}, said = {0};
    struct error error;
    struct batch batch;
    int got;
    listened = &said;
    options.warn = listen_to;
    if (options.max_cell == 0)
        options.max_cell = 1 << 20;
    struct ingest *in = ingest_new(&options, &error);
    assert_non_null(in);
    got = ingest_open(in, NULL, files->paths, files->n, &error);
    while (got >= 0 && (got = ingest_read(in, &batch, &error)) > 0) {
        assert_true(batch.n > 0);
        if (longest != NULL && batch.n > *longest)
            *longest = batch.n;
        for (uint64_t i = 0; i < batch.n; i++)
            print_row(&out, &batch, i);
    }
    if (got < 0)
        out.n = 0;
    text_add(&out, said.bytes, said.n);
    if (got < 0) {
        text_printf(&out, "error %d: %s\n", error.status, error.text);
    } else {
        const struct schema *schema = ingest_schema(in);
        for (uint32_t i = 0; i < schema->n_columns; i++) {
            text_printf(&out, "%s:", schema->columns[i].name);
            for (uint32_t k = 0; k < schema->columns[i].dict.n; k++)
                text_printf(&out, " %s", schema->columns[i].dict.values[k]);
            text_printf(&out, "\n");
        }
        text_printf(&out, "%" PRIu64 " records\n", ingest_records(in));
    }
    text_add(&out, "", 1);
    free(said.bytes);
    ingest_free(in);
    return out;
}

/* In all ways of reading the same; returns it. */
static char *
read_every_way(struct ingest_options options, const struct files *files)
{
    options.threads = 1;
    options.chunk_bytes = 0;
    struct text whole = read_all(options, files, NULL);
    for (uint64_t bytes = 1; bytes <= 200; bytes += bytes < 40 ? 1 : 7)
        for (options.threads = 1; options.threads <= 4; options.threads += bytes < 12 ? 1 : 2) {
            options.chunk_bytes = bytes;
            for (options.frame_rows = 0; options.frame_rows <= 3; options.frame_rows += 3) {
                struct text pieces = read_all(options, files, NULL);
                if (strcmp(pieces.bytes, whole.bytes) != 0)
                    print_error("--- %d threads, chunks of %d\n", (int) options.threads, (int) bytes);
                assert_string_equal(pieces.bytes, whole.bytes);
                free(pieces.bytes);
            }
        }
    return whole.bytes;
}

static void
expect(struct ingest_options options, const char *text, const char *wanted)
{
    struct files files = {0};
    add_file(&files, text, strlen(text));
    char *got = read_every_way(options, &files);
    /* The name of a file in memory is not known beforehand. */
    struct text plain = {0};
    for (const char *s = got; *s != '\0';) {
        size_t n = strlen(files.names[0]);
        bool name = strncmp(s, files.names[0], n) == 0;
        text_add(&plain, name ? "FILE" : s, name ? 4 : 1);
        s += name ? n : 1;
    }
    text_add(&plain, "", 1);
    assert_string_equal(plain.bytes, wanted);
    free(plain.bytes);
    free(got);
    close_files(&files);
}

static void
test_rows_and_dictionaries(void **state)
{
    (void) state;
    expect((struct ingest_options){0},
           "n,city,y\n1,Rome,a\n2.5,\"Bonn\",b\n,\"Rome\",a\n-3,\"two\nlines\",c\n4,\"a \"\"b\"\"\",\n",
           "0: 1 c1 l1\n1: 2.5 c2 l2\n2: nan c1 l1\n3: -3 c3 l3\n4: 4 c4 l0\n"
           "n:\ncity: Rome Bonn two\nlines a \"b\"\ny: a b c\n5 records\n");
    /* Missing markers among categories: they have a place in a worker's table, but no code. */
    expect((struct ingest_options){0},
           "n,city,y\n1,NA,1\n2,a,2\n3,?,3\n4,b,4\n5,,5\n6,a,6\n7,NULL,7\n8,c,8\n9,NA,9\n10,c,1\n11,b,2\n",
           "0: 1 c0 y1\n1: 2 c1 y2\n2: 3 c0 y3\n3: 4 c2 y4\n4: 5 c0 y5\n5: 6 c1 y6\n6: 7 c0 y7\n7: 8 c3 y8\n"
           "8: 9 c0 y9\n9: 10 c3 y1\n10: 11 c2 y2\nn:\ncity: a b c\ny:\n11 records\n");
}

static void
test_line_ends(void **state)
{
    (void) state;
    const char *const wanted = "0: 1 y2\n1: 3 y4\n2: 5 y6\n3: 7 y8\na:\ny:\n4 records\n";
    expect((struct ingest_options){0}, "a,y\n1,2\n3,4\n5,6\n7,8\n", wanted);
    expect((struct ingest_options){0}, "a,y\r\n1,2\r\n3,4\r\n5,6\r\n7,8\r\n", wanted);
    expect((struct ingest_options){0}, "a,y\r1,2\r3,4\r5,6\r7,8\r", wanted);
    expect((struct ingest_options){0}, "\xef\xbb\xbf\n\na,y\n \n1,2\n\r\n3,4\r\r5,6\n\n\n7,8\n\n", wanted);
    expect((struct ingest_options){0}, "a,y\n1,2\n3,4\n5,6\n7,8",
           "0: 1 y2\n1: 3 y4\n2: 5 y6\n3: 7 y8\n! FILE: no line end behind the last record (was the file cut?)\n"
           "a:\ny:\n4 records\n");
}

/* An odd number of quotes inside cells: half of the guesses are wrong. */
static void
test_wrong_guesses(void **state)
{
    (void) state;
    expect((struct ingest_options){0},
           "a,b,y\n1,5\",x\n2,\"one\ntwo\n\",z\n3,5\",x\n4,\"three\nfour\"\"\n\",x\n5,\"p\",x\n6,5\",q\n7,5\",x\n8,5\","
           "x\n",
           "0: 1 c1 l1\n1: 2 c2 l2\n2: 3 c1 l1\n3: 4 c3 l1\n4: 5 c4 l1\n5: 6 c1 l3\n6: 7 c1 l1\n7: 8 c1 l1\n"
           "a:\nb: 5\" one\ntwo\n three\nfour\"\n p\ny: x z q\n8 records\n");
    expect((struct ingest_options){0}, "a,b,y\n1,x,1\n2,\"never\nclosed,2\n3,x,3\n4,x,4\n5,x,5\n6,x,6\n7,x,7\n",
           "error 3: FILE:3: the input ends inside a quoted cell that this record opens (cut short, or a quote that is "
           "not closed)\n");
}

static void
test_bad_records(void **state)
{
    (void) state;
    struct ingest_options options = {.bad_rows = "skip"};
    const char *types = "a:num";
    options.types = (struct option_list){.values = &types, .n = 1};
    /* Their line, past line ends in quotes; their rows are gaps in the record numbers, their strings in no dictionary.
     */
    const char *const text = "a,b,y\n1,p,1\n2,\"q\nr\"\n3,s,3\nx,lost,4\r\n\n5,p,5\n6,\"u\nv\",6\n"
                             "7,\"w\"w,7\n8,\xff,8\n9,p,9\n";
    expect(options, text,
           "0: 1 c1 y1\n2: 3 c2 y3\n4: 5 c1 y5\n5: 6 c3 y6\n8: 9 c1 y9\n"
           "! FILE:3: 2 cells where there are 3 columns (row skipped)\n"
           "! FILE:6: column 'a': 'x' is not a number (row skipped)\n"
           "! FILE:11: column 'b': text behind the closing quote: a quote inside a quoted cell is written twice "
           "(row skipped)\n"
           "! FILE:12: column 'b': '\\xff' is not valid UTF-8 from byte 1 on (row skipped)\n"
           "! 4 of 9 records skipped as bad\n"
           "a:\nb: p s u\nv\ny:\n9 records\n");
    /* Exactly as many as are allowed, and one more. */
    options.bad_rows = "4";
    char *skipped;
    struct files files = {0};
    add_file(&files, text, strlen(text));
    skipped = read_every_way(options, &files);
    assert_non_null(strstr(skipped, "9 records\n"));
    free(skipped);
    options.bad_rows = "3";
    skipped = read_every_way(options, &files);
    assert_non_null(strstr(skipped, "12: column 'b': '\\xff' is not valid UTF-8 from byte 1 on (bad row number 4: over "
                                    "the limit of --bad-rows)\n"));
    free(skipped);
    close_files(&files);
    options.bad_rows = "fail";
    options.types.n = 0;
    expect(options, "a,y\n1,1\n2,2\n\"3\n\",3\n4,4,4\n5,5\n",
           "error 3: FILE:6: 3 cells where there are 2 columns (use --bad-rows skip to drop such rows)\n");
}

/* Ten are told, the others counted. */
static void
test_ten_bad_records_are_told(void **state)
{
    (void) state;
    struct text text = {0}, wanted = {0};
    uint64_t rows = 0, n_bad = 0;
    text_printf(&text, "a,y\n");
    for (unsigned i = 0; i < 60; i++) {
        bool bad = i % 3 == 1;
        text_printf(&text, bad ? "%u\n" : "%u,%u\n", i, i);
        if (!bad)
            text_printf(&wanted, "%u: %u y%u\n", i, i, i);
        rows += !bad;
        n_bad += bad;
    }
    for (unsigned i = 1; i < 30; i += 3)
        text_printf(&wanted, "! FILE:%u: 1 cell where there are 2 columns (row skipped)\n", i + 2);
    text_printf(&wanted,
                "! %u of 60 records skipped as bad; the first ten were told\n"
                "a:\ny:\n60 records\n",
                (unsigned) n_bad);
    text_add(&text, "", 1);
    text_add(&wanted, "", 1);
    expect((struct ingest_options){.bad_rows = "skip"}, text.bytes, wanted.bytes);
    free(text.bytes);
    free(wanted.bytes);
}

static void
test_all_kinds_of_columns(void **state)
{
    (void) state;
    const char *roles = "w:weight,g:group,i:id,t:time", *carry = "s", *types = "h:hash:3";
    struct ingest_options options = {.bad_rows = "skip",
                                     .roles = {.values = &roles, .n = 1},
                                     .carry = {.values = &carry, .n = 1},
                                     .types = {.values = &types, .n = 1}};
    struct text text = {0};
    text_printf(&text, "h,w,g,i,t,s,p,y\n");
    for (unsigned i = 0; i < 40; i++)
        text_printf(&text, "%c%u,%s,g%u,\"i\"\"%u\",2024-01-%02d,\"s\n%u\", %u%% ,%u\n", i % 7 == 3 ? 'x' : 'h', i,
                    i % 11 == 5 ? "-1" : "0.5", i % 3, i, i % 13 == 7 ? 40 : (int) i % 28 + 1, i, i, i % 5);
    struct files files = {0};
    add_file(&files, text.bytes, text.n);
    char *got = read_every_way(options, &files);
    assert_non_null(strstr(got, "'s\n39'"));
    assert_non_null(strstr(got, "is no weight: a number from 0 on is wanted"));
    assert_non_null(strstr(got, "is not a date or time"));
    assert_non_null(strstr(got, "40 records\n"));
    free(got);
    free(text.bytes);
    close_files(&files);
}

static void
test_several_files(void **state)
{
    (void) state;
    static const char one[] = "a,b,y\n0,x,0\n1,x,1\n2,z,2", two[] = "\xef\xbb\xbfy,a,b\r\n3,3,w\r\nbad\r\n4,4,x\r\n",
                      three[] = "b,y,a\n\"q\nq\",5,5\nz,6,6\n";
    struct files files = {0};
    add_file(&files, one, strlen(one));
    add_file(&files, two, strlen(two));
    add_file(&files, three, strlen(three));
    char *got = read_every_way((struct ingest_options){.bad_rows = "skip"}, &files), wanted[600];
    snprintf(wanted, sizeof wanted,
             "0: 0 c1 y0\n1: 1 c1 y1\n2: 2 c2 y2\n3: 3 c3 y3\n5: 4 c1 y4\n6: 5 c4 y5\n7: 6 c2 y6\n"
             "! %s: no line end behind the last record (was the file cut?)\n"
             "! %s:3: 1 cell where there are 3 columns (row skipped)\n"
             "! 1 of 8 records skipped as bad\n"
             "a:\nb: x z w q\nq\ny:\n8 records\n",
             files.names[0], files.names[1]);
    assert_string_equal(got, wanted);
    free(got);
    close_files(&files);
    /* Headers alone and an empty file. */
    add_file(&files, one, strlen(one));
    add_file(&files, "a,b,y\n", 6);
    add_file(&files, three, strlen(three));
    got = read_every_way((struct ingest_options){0}, &files);
    assert_non_null(strstr(got, "5 records\n"));
    free(got);
    close_files(&files);
    add_file(&files, one, strlen(one));
    add_file(&files, "", 0);
    got = read_every_way((struct ingest_options){0}, &files);
    assert_non_null(strstr(got, "holds no record"));
    free(got);
    close_files(&files);
}

/* Values of rows before, across batches and files; their own dictionaries; what was skipped is no row. */
static void
test_lags(void **state)
{
    (void) state;
    const char *lags = "n:1,city:2,y:1,y:4";
    expect((struct ingest_options){.lag = {.values = &lags, .n = 1}, .bad_rows = "skip"},
           "n,city,y\n1,Rome,a\n2,Bonn,b\n3\n4,Rome,\n,Oslo,c\n6,,\n7,Bonn,a\n",
           "0: 1 nan c1 c0 c0 c0 l1\n1: 2 1 c2 c0 c1 c0 l2\n3: 4 2 c1 c1 c2 c0 l0\n4: nan 4 c3 c2 c2 c0 l3\n"
           "5: 6 nan c0 c1 c3 c1 l0\n6: 7 6 c2 c3 c3 c2 l1\n"
           "! FILE:4: 1 cell where there are 3 columns (row skipped)\n! 1 of 7 records skipped as bad\n"
           "n:\ncity: Rome Bonn Oslo\ny: a b c\nn.lag1:\ncity.lag2: Rome Bonn Oslo\ny.lag1: a b c\ny.lag4: a b\n"
           "7 records\n");
    lags = "y:2,a:1";
    expect((struct ingest_options){.lag = {.values = &lags, .n = 1}}, "a,y\n1,10\n2,\n3,30\n4,40\n",
           "0: 1 nan nan y10\n1: 2 nan 1 ynan\n2: 3 10 2 y30\n3: 4 10 3 y40\na:\ny:\ny.lag2:\na.lag1:\n4 records\n");
}

static void
test_lines(void **state)
{
    (void) state;
    expect(
        (struct ingest_options){.bad_rows = "skip"},
        "{\"a\": 1, \"k\": \"x\", \"y\": 1}\n\n{\"k\": \"z\", \"y\": 2}\r\n{\"a\": 3\n{\"y\": 4, \"a\": \"\\u0035\"}\n"
        "{\"a\": 6, \"k\": null, \"y\": 5}\n{\"a\": 7, \"k\": \"x\", \"y\": 6}",
        "0: 1 c1 y1\n1: nan c2 y2\n3: 5 c0 y4\n4: 6 c0 y5\n5: 7 c1 y6\n"
        "! FILE:4: byte 8: a ',' or '}' is wanted where the line ends (an object has to stand on one line: jq -c .) "
        "(row skipped)\n"
        "! FILE: no line end behind the last record (was the file cut?)\n"
        "! 1 of 6 records skipped as bad\na:\nk: x z\ny:\n6 records\n");
    expect((struct ingest_options){.bad_rows = "skip"}, "1 1:2 3:4\n0 2:1\n# nothing\n1 x\n\n0 1:5 # the end\n1\n",
           "0: 2 0 4 l1\n1: 0 1 0 l2\n3: 5 0 0 l2\n4: 0 0 0 l1\n"
           "! FILE:4: byte 3: INDEX:VALUE is wanted here, not 'x' (row skipped)\n! 1 of 5 records skipped as bad\n"
           "label: 1 0\nx1:\nx2:\nx3:\n5 records\n");
}

/* More rows than fit a segment come from one chunk of text: sparse lines are wide rows. */
static void
test_wide_rows(void **state)
{
    (void) state;
    enum { FEATURES = 20000, ROWS = 3000 };
    struct text text = {0};
    text_printf(&text, "1 1:1 %d:2\n", FEATURES);
    for (unsigned i = 1; i < ROWS; i++)
        text_printf(&text, "%u %u:1\n", i % 2, i);
    struct files files = {0};
    add_file(&files, text.bytes, text.n);
    for (unsigned threads = 1; threads <= 3; threads += 2) {
        struct ingest_options options = {.threads = threads, .max_cell = 100, .format = INGEST_LIBSVM};
        struct error error;
        struct batch batch;
        uint64_t row = 0;
        int got;
        struct ingest *in = ingest_new(&options, &error);
        assert_non_null(in);
        assert_int_equal(ingest_open(in, NULL, files.paths, files.n, &error), 0);
        while ((got = ingest_read(in, &batch, &error)) > 0) {
            /* 32 MiB of tensors, and one row. */
            assert_true(batch.n * FEATURES * 4 <= (33 << 20));
            for (uint64_t i = 0; i < batch.n; i++, row++) {
                assert_int_equal(batch_rowno(&batch, i), row);
                assert_true(batch.x[i * FEATURES + (row == 0 ? 0 : row - 1)] == 1);
            }
        }
        assert_int_equal(got, 0);
        assert_int_equal(row, ROWS);
        ingest_free(in);
    }
    free(text.bytes);
    close_files(&files);
}

/*
 * More different values than a worker's table takes, the same values again in between; quotes that have chunks cut
 * where no record ends; and bad records when the tables are full, each kind of them among the ten that are told. Behind
 * a CR there may be more, so with such line ends all goes through csv.c from the first wrong cut on.
 */
static void
check_many_values(char line_end)
{
    enum { VALUES = 400000, AGAIN = 7, BAD = 401, GOOD = VALUES - 20 * BAD };
    const char *types = "k:cat,n:num,s:drop,u:cat";
    struct text text = {0};
    struct files files = {0};
    text_printf(&text, "k,n,s,u,y%c", line_end);
    for (unsigned i = 0; i < VALUES; i++) {
        bool bad = i > GOOD && i % BAD == 5;
        text_printf(&text, "v%u,%s,%s,%s,%u%c", i % AGAIN == 3 ? i / 2 : i, bad && i % 2 == 0 ? "bad" : "1",
                    i % 500 == 0 ? "5\"" : "\"two\nlines\"", bad && i % 2 == 1 ? "\xff" : "u", i % 2, line_end);
    }
    add_file(&files, text.bytes, text.n);
    uint32_t *codes = calloc(VALUES, sizeof *codes);
    for (unsigned threads = 1; threads <= 3; threads += 2) {
        struct ingest_options options = {.threads = threads,
                                         .chunk_bytes = 50000,
                                         .max_cell = 100,
                                         .bad_rows = "skip",
                                         .types = {.values = &types, .n = 1}};
        struct error error;
        struct batch batch;
        uint64_t record = 0;
        uint32_t n = 0;
        int got;
        struct ingest *in = ingest_new(&options, &error);
        assert_non_null(in);
        assert_int_equal(ingest_open(in, NULL, files.paths, files.n, &error), 0);
        memset(codes, 0, VALUES * sizeof *codes);
        while ((got = ingest_read(in, &batch, &error)) > 0)
            for (uint64_t i = 0; i < batch.n; i++, record++) {
                record += record > GOOD && record % BAD == 5;
                if (batch_rowno(&batch, i) != record)
                    assert_int_equal(batch_rowno(&batch, i), record);
                uint64_t value = record % AGAIN == 3 ? record / 2 : record;
                if (codes[value] == 0)
                    codes[value] = ++n;
                if (batch.c[2 * i] != codes[value] || batch.c[2 * i + 1] != 1)
                    assert_int_equal(batch.c[2 * i], codes[value]);
            }
        assert_int_equal(got, 0);
        assert_int_equal(ingest_records(in), VALUES);
        const struct dict *dict = &schema_c(ingest_schema(in), 0)->dict;
        assert_int_equal(dict->n, n);
        for (unsigned i = 0; i < VALUES; i++) {
            char value[32];
            snprintf(value, sizeof value, "v%u", i);
            if (codes[i] != 0 && strcmp(dict->values[codes[i] - 1], value) != 0)
                assert_string_equal(dict->values[codes[i] - 1], value);
        }
        ingest_free(in);
    }
    free(codes);
    free(text.bytes);
    close_files(&files);
}

static void
test_more_values_than_a_table_takes(void **state)
{
    (void) state;
    check_many_values('\n');
    check_many_values('\r');
}

/* Complete rows never wait for bytes that may not come, whatever frames are asked for. */
static void
test_rows_of_a_pipe_flow(void **state)
{
    (void) state;
    static const char *const pieces[] = {"a,y\n1,1\n2,2\n3,3\n", "4,4\n5,5\n6", ",6\n7,7\n8,", "8\n"};
    static const uint64_t complete[] = {3, 5, 7, 8};
    for (uint64_t bytes = 1; bytes < 40; bytes += 3)
        for (unsigned threads = 1; threads <= 3; threads += 2)
            for (unsigned counted = 0; counted < 2; counted++) {
                int ends[2];
                char path[PATH];
                const char *paths[] = {path};
                struct error error;
                struct batch batch;
                assert_int_equal(pipe(ends), 0);
                snprintf(path, sizeof path, "/proc/self/fd/%d", ends[0]);
                struct ingest_options options = {
                    .threads = threads, .chunk_bytes = bytes, .max_cell = 100, .frame_rows = counted ? 1000 : 0};
                const char *types = "a:num";
                options.types = (struct option_list){.values = &types, .n = 1};
                struct schema schema = {0};
                /* By the columns of a stream that was read before: no sample is waited for. */
                struct files files = {0};
                add_file(&files, "a,y\n1,1\n2,2\n3,3\n", 16);
                struct ingest *in = ingest_new(&options, &error);
                assert_int_equal(ingest_open(in, NULL, files.paths, 1, &error), 0);
                schema_copy(&schema, ingest_schema(in));
                ingest_free(in);
                close_files(&files);
                options.types.n = 0;
                options.by_model = options.by_schema = true;
                in = ingest_new(&options, &error);
                assert_non_null(in);
                uint64_t rows = 0;
                for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
                    size_t n = strlen(pieces[i]);
                    assert_int_equal(write(ends[1], pieces[i], n), n);
                    if (i == 0)
                        assert_int_equal(ingest_open(in, &schema, paths, 1, &error), 0);
                    /* A row that was held back would make this wait for ever. */
                    alarm(20);
                    while (rows < complete[i]) {
                        assert_int_equal(ingest_read(in, &batch, &error), 1);
                        rows += batch.n;
                    }
                    alarm(0);
                    assert_int_equal(rows, complete[i]);
                }
                close(ends[1]);
                assert_int_equal(ingest_read(in, &batch, &error), 0);
                ingest_free(in);
                schema_free(&schema);
                close(ends[0]);
            }
}

static void *
write_slowly(void *arg)
{
    static const char *const pieces[] = {"a,y\r", "\n1,1\r\n2,2\r\n3,3\r\n", "4\r\n"};
    const struct timespec pause = {.tv_nsec = 50000000};
    int fd = *(int *) arg;
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        if (write(fd, pieces[i], strlen(pieces[i])) < 0)
            abort();
        nanosleep(&pause, NULL);
    }
    close(fd);
    return NULL;
}

/* The LF of a CR LF comes later: it is no line of its own. */
static void
test_a_header_in_two_pieces(void **state)
{
    (void) state;
    int ends[2];
    pthread_t writer;
    struct files files = {.n = 1, .paths = {files.names[0]}};
    struct ingest_options options = {.threads = 1, .bad_rows = "skip", .format = INGEST_CSV, .delimiter = ","};
    assert_int_equal(pipe(ends), 0);
    snprintf(files.names[0], PATH, "/proc/self/fd/%d", ends[0]);
    assert_int_equal(pthread_create(&writer, NULL, write_slowly, &ends[1]), 0);
    struct text got = read_all(options, &files, NULL);
    pthread_join(writer, NULL);
    assert_non_null(strstr(got.bytes, ":5: 1 cell where there are 2 columns (row skipped)\n"));
    assert_non_null(strstr(got.bytes, "4 records\n"));
    free(got.bytes);
    close(ends[0]);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_and_dictionaries),
        cmocka_unit_test(test_line_ends),
        cmocka_unit_test(test_wrong_guesses),
        cmocka_unit_test(test_bad_records),
        cmocka_unit_test(test_ten_bad_records_are_told),
        cmocka_unit_test(test_all_kinds_of_columns),
        cmocka_unit_test(test_several_files),
        cmocka_unit_test(test_lags),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_wide_rows),
        cmocka_unit_test(test_more_values_than_a_table_takes),
        cmocka_unit_test(test_rows_of_a_pipe_flow),
        cmocka_unit_test(test_a_header_in_two_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
