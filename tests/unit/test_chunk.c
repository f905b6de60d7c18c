/* Where text is cut into chunks, whatever reads arrive. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "chunk.h"

/* What a writer puts into a pipe: pieces with pauses before them. */
struct piece {
    int pause_ms;
    const char *text;
    size_t n; /* 0 = strlen() */
};

struct feed {
    int fd;
    const struct piece *pieces;
    size_t n;
};

static void
sleep_ms(int ms)
{
    struct timespec pause = {ms / 1000, ms % 1000 * 1000000L};
    nanosleep(&pause, NULL);
}

static void *
write_pieces(void *arg)
{
    const struct feed *feed = arg;
    for (size_t i = 0; i < feed->n; i++) {
        const struct piece *piece = &feed->pieces[i];
        size_t n = piece->n > 0 ? piece->n : strlen(piece->text);
        sleep_ms(piece->pause_ms);
        if (write(feed->fd, piece->text, n) != (ssize_t) n)
            abort();
    }
    close(feed->fd);
    return NULL;
}

/* All chunks of an input: "text|text|", a pause behind one as "~", the end as "$". */
struct got {
    char *chunks;
    size_t n, n_longest;
};

static void
add(struct got *got, const char *s, size_t n)
{
    got->chunks = realloc(got->chunks, got->n + n + 1);
    memcpy(got->chunks + got->n, s, n);
    got->n += n;
    got->chunks[got->n] = '\0';
}

static struct got
read_chunks(struct input *input, bool quotes, size_t bytes, const char *head)
{
    struct got got = {0};
    struct chunker chunker;
    struct chunk chunk = {0};
    struct error error;
    int more;
    bool last = false;
    const struct scan_kernels *kernels = scan_kernels_pick(&error);
    assert_non_null(kernels);
    add(&got, "", 0);
    chunker_open(&chunker, input, kernels, quotes, bytes, head, strlen(head));
    while ((more = chunker_next(&chunker, &chunk, &error)) > 0) {
        assert_false(last);
        assert_true(chunk.n > 0 || chunk.paused);
        last = chunk.last;
        assert_false(chunk.last && chunk.paused);
        got.n_longest = chunk.n > got.n_longest ? chunk.n : got.n_longest;
        add(&got, chunk.text, chunk.n);
        add(&got, chunk.last ? "$" : chunk.paused ? "~" : "|", 1);
        /* The slack is there. */
        for (int i = 1; i <= SCAN_SLACK; i++)
            chunk.text[chunk.n + i - 1] = chunk.text[-i] == '"' ? 'x' : 'y';
    }
    assert_int_equal(more, 0);
    /* The end stays the end. */
    assert_int_equal(chunker_next(&chunker, &chunk, &error), 0);
    chunk_close(&chunk);
    chunker_close(&chunker);
    return got;
}

/* A file with the text, the first `n_head` bytes of which were read before. */
static struct got
chunks_of(const char *text, size_t n_head, bool quotes, size_t bytes)
{
    char path[] = "/tmp/test_chunk.XXXXXX", *head = strndup(text, n_head);
    struct input input;
    struct error error;
    int fd = mkstemp(path);
    size_t n = strlen(text) - n_head;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text + n_head, n), n);
    close(fd);
    assert_int_equal(input_open(&input, path, &error), 0);
    unlink(path);
    struct got got = read_chunks(&input, quotes, bytes, head);
    input_close(&input);
    free(head);
    return got;
}

static void
expect_chunks(const char *text, bool quotes, size_t bytes, const char *wanted)
{
    /* The bytes that were looked at before do not move a cut. */
    for (size_t n_head = 0; n_head <= strlen(text); n_head++) {
        struct got got = chunks_of(text, n_head, quotes, bytes);
        assert_string_equal(got.chunks, wanted);
        free(got.chunks);
    }
}

static void
test_cuts_behind_records(void **state)
{
    (void) state;
    expect_chunks("", true, 8, "");
    expect_chunks("a", true, 8, "a$");
    expect_chunks("a,b\nc,d\ne,f\n", true, 8, "a,b\nc,d\n|e,f\n$");
    expect_chunks("a,b\nc,d\ne,f\n", true, 6, "a,b\n|c,d\n|e,f\n$");
    expect_chunks("a,b\nc,d\ne,f\n", false, 8, "a,b\nc,d\n|e,f\n$");
    expect_chunks("a,b\nc,d\ne,f", true, 8, "a,b\nc,d\n|e,f$");
    /* A cut at the very end is a chunk that does not know yet that it is the last. */
    expect_chunks("a,b\nc,d\n", true, 8, "a,b\nc,d\n|");
}

static void
test_quoted_line_ends(void **state)
{
    (void) state;
    expect_chunks("a\n\"b\nc\"\nd\n", true, 6, "a\n|\"b\nc\"\nd\n$");
    expect_chunks("a\n\"b\nc\"\nddddd\n", true, 6, "a\n|\"b\nc\"\n|ddddd\n$");
    /* Without quotes any line end will do. */
    expect_chunks("a\n\"b\nc\"\nd\n", false, 6, "a\n\"b\n|c\"\nd\n$");
    /* One that is never closed: at four times the size it is cut where a line ends, */
    expect_chunks("\"a\nbc\ndefghijklmnop", true, 2, "\"a\nbc\n|defghijk|lmnop$");
    /* or anywhere. */
    expect_chunks("\"abcdefghijklmnop", true, 2, "\"abcdefg|hijklmno|p$");
}

static void
test_carriage_returns(void **state)
{
    (void) state;
    expect_chunks("a\r\nb\r\nc\r\n", true, 6, "a\r\nb\r\n|c\r\n$");
    expect_chunks("a\r\nb\r\nc\r\n", true, 5, "a\r\n|b\r\n|c\r\n$");
    expect_chunks("a\rb\rc\r", true, 5, "a\rb\r|c\r$");
    expect_chunks("a\rb\rc\r", true, 3, "a\r|b\r|c\r$");
    /* A LF may follow where nothing else ends: no cut between the two. */
    expect_chunks("\"abcdef\r\nghijklmn", true, 2, "\"abcdef|\r\n|ghijklmn|");
    /* CR LF is never cut in two, whatever the size. */
    const char *text = "a\r\n\"x\r\ny\"\r\nbb\r\n\r\nccc\r\n\"\r\n\r\n\"\r\ndd\"d\r\ne\r\n";
    for (size_t bytes = 1; bytes < 50; bytes++)
        for (int quotes = 0; quotes < 2; quotes++) {
            struct got got = chunks_of(text, 0, quotes, bytes);
            assert_null(strstr(got.chunks, "\r|\n"));
            char *to = got.chunks;
            for (const char *from = got.chunks; *from != '\0'; from++)
                if (*from != '|' && *from != '$')
                    *to++ = *from;
            *to = '\0';
            assert_string_equal(got.chunks, text);
            free(got.chunks);
        }
}

static void
test_lengths_are_bounded(void **state)
{
    (void) state;
    enum { BYTES = 64 };
    size_t n = 100 * BYTES;
    char *text = malloc(n + 1);
    memset(text, 'x', n);
    text[n] = '\0';
    struct got got = chunks_of(text, 0, true, BYTES);
    assert_true(got.n_longest <= (size_t) CHUNK_MOST * BYTES * 2);
    free(got.chunks);
    /* A line is never cut below the bound of lines, */
    got = chunks_of(text, 0, false, BYTES);
    assert_int_equal(got.n_longest, n);
    free(got.chunks);
    free(text);
    /* and is above. */
    n = 3 * (size_t) CHUNK_LINE_MOST + 1;
    text = malloc(n + 1);
    memset(text, 'x', n);
    text[n] = '\0';
    got = chunks_of(text, 0, false, CHUNK_BYTES);
    assert_true(got.n_longest < n && got.n_longest <= 2 * (size_t) CHUNK_LINE_MOST);
    free(got.chunks);
    free(text);
}

static struct got
chunks_of_pipe(const struct piece *pieces, size_t n, size_t bytes)
{
    int ends[2];
    pthread_t thread;
    assert_int_equal(pipe(ends), 0);
    struct feed feed = {ends[1], pieces, n};
    struct input input = {.fd = ends[0], .name = "pipe"};
    assert_int_equal(pthread_create(&thread, NULL, write_pieces, &feed), 0);
    struct got got = read_chunks(&input, true, bytes, "");
    pthread_join(thread, NULL);
    close(ends[0]);
    return got;
}

static void
expect_pipe(const struct piece *pieces, size_t n, size_t bytes, const char *wanted)
{
    struct got got = chunks_of_pipe(pieces, n, bytes);
    assert_string_equal(got.chunks, wanted);
    free(got.chunks);
}

static void
test_pauses(void **state)
{
    (void) state;
    enum { LONG = 20 * CHUNK_PAUSE_MS };
    /* Complete records are given out, what is behind them waits. What comes last completes none: whether the end
     * follows at once or after a pause is up to the machine. */
    const struct piece one[] = {{0, "a\nb\nc", 0}, {LONG, "d", 0}};
    expect_pipe(one, 2, 100, "a\nb\n~cd$");
    /* Behind a CR at the end a LF may come. */
    const struct piece cr[] = {{0, "a\r\nb\r", 0}, {LONG, "\nc\r\n", 0}, {LONG, "d", 0}};
    expect_pipe(cr, 3, 100, "a\r\n~b\r\nc\r\n~d$");
    /* A full chunk, then a pause in which nothing is complete: it is told of, once. */
    const struct piece empty[] = {{0, "aaaaaa\nbb", 0}, {LONG, "c", 0}, {LONG, "d\ne", 0}, {LONG, "e", 0}};
    expect_pipe(empty, 4, 8, "aaaaaa\n|~bbcd\n~ee$");
    /* No pause is told of before the first record. */
    const struct piece first[] = {{LONG, "a", 0}, {LONG, "b", 0}};
    expect_pipe(first, 2, 100, "ab$");
}

/* A pipe that never pauses for long but does not fill a chunk either. */
static void
test_trickle(void **state)
{
    (void) state;
    enum { N = 100 };
    struct piece pieces[N];
    for (size_t i = 0; i < N; i++)
        pieces[i] = (struct piece){CHUNK_PAUSE_MS / 4, "1,2\n", 0};
    struct got got = chunks_of_pipe(pieces, N, CHUNK_BYTES);
    assert_true(got.n_longest < (size_t) N * 4 * 9 / 10);
    size_t text = 0;
    for (size_t i = 0; i < got.n; i++)
        text += got.chunks[i] != '~' && got.chunks[i] != '|' && got.chunks[i] != '$';
    assert_int_equal(text, N * 4);
    free(got.chunks);
}

static void
test_errors_are_told(void **state)
{
    (void) state;
    struct input input;
    struct error error;
    struct chunker chunker;
    struct chunk chunk = {0};
    input = (struct input){.fd = open("/tmp", O_RDONLY | O_DIRECTORY), .name = "folder"};
    chunker_open(&chunker, &input, scan_kernels_pick(&error), true, 8, "a\nb\nc\nd\n", 8);
    /* What was there before the error comes first. */
    assert_int_equal(chunker_next(&chunker, &chunk, &error), 1);
    assert_int_equal(chunk.n, 8);
    assert_int_equal(chunker_next(&chunker, &chunk, &error), -1);
    assert_non_null(strstr(error.text, "folder"));
    close(input.fd);
    chunk_close(&chunk);
    chunker_close(&chunker);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cuts_behind_records),
        cmocka_unit_test(test_quoted_line_ends),
        cmocka_unit_test(test_carriage_returns),
        cmocka_unit_test(test_lengths_are_bounded),
        cmocka_unit_test(test_pauses),
        cmocka_unit_test(test_trickle),
        cmocka_unit_test(test_errors_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
