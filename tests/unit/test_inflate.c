#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "inflate.h"

enum { ROOM = 1 << 20 };

struct bytes {
    uint8_t *at;
    size_t n;
};

static void
add(struct bytes *to, const void *bytes, size_t n)
{
    if (to->at == NULL)
        to->at = malloc(ROOM);
    assert_true(to->n + n <= ROOM);
    memcpy(to->at + to->n, bytes, n);
    to->n += n;
}

static void
add_gzip(struct bytes *to, const void *text, size_t n)
{
    uint8_t *out = malloc(ROOM);
    z_stream zlib = {.next_in = (uint8_t *) text, .avail_in = (uInt) n, .next_out = out, .avail_out = ROOM};
    assert_int_equal(deflateInit2(&zlib, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(deflate(&zlib, Z_FINISH), Z_STREAM_END);
    add(to, out, ROOM - zlib.avail_out);
    deflateEnd(&zlib);
    free(out);
}

static void
add_zstd(struct bytes *to, const void *text, size_t n)
{
    uint8_t *out = malloc(ROOM);
    ZSTD_CCtx *zstd = ZSTD_createCCtx();
    ZSTD_CCtx_setParameter(zstd, ZSTD_c_checksumFlag, 1);
    size_t made = ZSTD_compress2(zstd, out, ROOM, text, n);
    assert_false(ZSTD_isError(made));
    add(to, out, made);
    ZSTD_freeCCtx(zstd);
    free(out);
}

static struct input
file_of(const struct bytes *bytes)
{
    int fd = memfd_create("data", 0);
    assert_int_equal(write(fd, bytes->at, bytes->n), (ssize_t) bytes->n);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    return (struct input){.fd = fd, .name = "data", .regular = true, .size = bytes->n};
}

/* Everything that is read, in reads of `step` bytes; -1 as the length when that fails. */
static ssize_t
read_all(const struct bytes *bytes, size_t step, uint8_t *to, struct error *error)
{
    struct input input = file_of(bytes);
    ssize_t got = input_inflate(&input, error), n = 0;
    while (got >= 0) {
        got = input_read(&input, to + n, step, true, error);
        if (got <= 0)
            break;
        n += got;
    }
    input_close(&input);
    return got < 0 ? -1 : n;
}

static void
gives(const struct bytes *bytes, const void *text, size_t n)
{
    static const size_t steps[] = {1, 7, 4096, ROOM};
    uint8_t *to = malloc(2 * ROOM);
    for (size_t i = n > 10000 ? 2 : 0; i < 4; i++) {
        struct error error = {.text = ""};
        ssize_t got = read_all(bytes, steps[i], to, &error);
        assert_string_equal(error.text, "");
        assert_int_equal(got, (ssize_t) n);
        assert_memory_equal(to, text, n);
    }
    free(to);
}

static void
fails(const struct bytes *bytes, const char *sentence)
{
    uint8_t *to = malloc(2 * ROOM);
    struct error error = {.text = ""};
    assert_int_equal(read_all(bytes, ROOM, to, &error), -1);
    assert_int_equal(error.status, STATUS_DATA);
    assert_string_equal(error.text, sentence);
    free(to);
}

static void
test_whole(void **state)
{
    (void) state;
    uint8_t *text = malloc(600000);
    for (size_t i = 0; i < 600000; i++)
        text[i] = (uint8_t) (i * i >> 7);
    void (*const codecs[])(struct bytes *, const void *, size_t) = {add_gzip, add_zstd};
    for (size_t i = 0; i < 2; i++) {
        struct bytes one = {0}, two = {0}, empty = {0};
        codecs[i](&one, text, 600000);
        gives(&one, text, 600000);
        codecs[i](&two, "hello ", 6);
        codecs[i](&two, "", 0);
        codecs[i](&two, "world", 5);
        gives(&two, "hello world", 11);
        codecs[i](&empty, "", 0);
        gives(&empty, "", 0);
        free(one.at);
        free(two.at);
        free(empty.at);
    }
    free(text);
}

static void
test_framing(void **state)
{
    (void) state;
    static const uint8_t zeros[1000] = {0}, skip[] = {0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 'x', 'y', 'z'};
    struct bytes bytes = {0};
    add_gzip(&bytes, "abc", 3);
    add(&bytes, zeros, sizeof zeros);
    gives(&bytes, "abc", 3);
    add(&bytes, "!", 1);
    fails(&bytes, "data goes on behind its gzip data with something else");
    bytes.n = 0;
    add_gzip(&bytes, "abc", 3);
    add(&bytes, "more", 4);
    fails(&bytes, "data goes on behind its gzip data with something else");
    bytes.n = 0;
    add(&bytes, skip, sizeof skip);
    add_zstd(&bytes, "abc", 3);
    add(&bytes, skip, sizeof skip);
    gives(&bytes, "abc", 3);
    add_zstd(&bytes, "def", 3);
    gives(&bytes, "abcdef", 6);
    add(&bytes, "more", 4);
    fails(&bytes, "data goes on behind its zstd data with something else");
    /* Twice: once comes out. */
    struct bytes inner = {0};
    add_gzip(&inner, "abc", 3);
    bytes.n = 0;
    add_zstd(&bytes, inner.at, inner.n);
    gives(&bytes, inner.at, inner.n);
    free(inner.at);
    free(bytes.at);
}

/* Cut anywhere, it is an error; so is any bit that is not what it was, save a few of the header that say nothing. */
static void
test_broken(void **state)
{
    (void) state;
    static const char text[] = "a,b\n1,2\n3,4\n5,6\n7,8\n9,10\n";
    void (*const codecs[])(struct bytes *, const void *, size_t) = {add_gzip, add_zstd};
    const char *const early[] = {"data: the gzip data end early (cut?)", "data: the zstd data end early (cut?)"};
    uint8_t *to = malloc(2 * ROOM);
    for (size_t i = 0; i < 2; i++) {
        struct bytes bytes = {0};
        struct error error;
        codecs[i](&bytes, text, sizeof text);
        size_t n = bytes.n;
        for (bytes.n = INFLATE_MAGIC; bytes.n < n; bytes.n++)
            fails(&bytes, early[i]);
        size_t missed = 0;
        for (size_t bit = 8 * INFLATE_MAGIC; bit < 8 * n; bit++) {
            bytes.at[bit / 8] ^= (uint8_t) (1 << bit % 8);
            ssize_t got = read_all(&bytes, ROOM, to, &error);
            bytes.at[bit / 8] ^= (uint8_t) (1 << bit % 8);
            if (got >= 0 && (got != sizeof text || memcmp(to, text, sizeof text) != 0))
                fail();
            missed += got >= 0;
        }
        /* Time, flags and system of gzip are not part of what is checked. */
        assert_true(missed <= (i == 0 ? 56 : 4));
        free(bytes.at);
    }
    static const uint8_t wide[] = {0x28, 0xb5, 0x2f, 0xfd, 0, 0x90, 1, 0, 0};
    const struct bytes window = {(uint8_t *) wide, sizeof wide};
    fails(&window, "data: the zstd data want a window of more than 128 MiB (use: zstd -dc --long=31 FILE | "
                   "cl-ingest ...)");
    free(to);
}

/* What is not compressed passes, wherever the look at the first bytes ended. */
static void
test_plain(void **state)
{
    (void) state;
    static const char *const texts[] = {"",  "a",     "P",       "P*",   "P*M",   "P*Mx",
                                        "(", "(\xb5", "(\xb5/x", "\x1f", "\x1fx", "abc,def\n"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const struct bytes bytes = {(uint8_t *) texts[i], strlen(texts[i])};
        gives(&bytes, texts[i], bytes.n);
        struct error error;
        struct input input = file_of(&bytes);
        assert_int_equal(input_inflate(&input, &error), 0);
        assert_null(input_codec(&input));
        assert_true(input.regular);
        assert_int_equal(lseek(input.fd, 0, SEEK_CUR), 0);
        input_close(&input);

        int ends[2];
        char to[16];
        assert_int_equal(pipe(ends), 0);
        assert_int_equal(write(ends[1], texts[i], bytes.n), (ssize_t) bytes.n);
        close(ends[1]);
        input = (struct input){.fd = ends[0], .name = "pipe"};
        assert_int_equal(input_inflate(&input, &error), 0);
        ssize_t n = 0, got;
        while ((got = input_read(&input, to + n, 3, true, &error)) > 0)
            n += got;
        assert_int_equal(n, bytes.n);
        assert_memory_equal(to, texts[i], bytes.n);
        input_close(&input);
    }
}

/* Through a pipe, a byte at a time: what can be decoded comes, and nothing is waited for. */
static void
test_waiting(void **state)
{
    (void) state;
    struct bytes bytes = {0};
    struct error error;
    struct input input;
    uint8_t to[64];
    int ends[2];
    for (int zstd = 0; zstd < 2; zstd++) {
        bytes.n = 0;
        (zstd ? add_zstd : add_gzip)(&bytes, "hello ", 6);
        size_t first = bytes.n;
        (zstd ? add_zstd : add_gzip)(&bytes, "world", 5);
        assert_int_equal(pipe(ends), 0);
        assert_int_equal(write(ends[1], bytes.at, 4), 4);
        input = (struct input){.fd = ends[0], .name = "pipe"};
        assert_int_equal(input_inflate(&input, &error), 1);
        assert_string_equal(input_codec(&input), zstd ? "zstd" : "gzip");
        assert_int_equal(input_wait(&input, 0, &error), 0);
        assert_int_equal(input_wait(&input, 20, &error), 0);
        assert_int_equal(input_read(&input, to, sizeof to, false, &error), 0);
        assert_true(input.would_block);
        size_t n = 0;
        for (size_t at = 4; at < first; at++) {
            assert_int_equal(write(ends[1], bytes.at + at, 1), 1);
            ssize_t got = input_read(&input, to + n, sizeof to - n, false, &error);
            assert_true(got >= 0);
            n += (size_t) got;
            assert_int_equal(input.would_block, got == 0);
        }
        assert_int_equal(n, 6);
        assert_int_equal(input_wait(&input, 0, &error), 0);
        assert_int_equal(write(ends[1], bytes.at + first, bytes.n - first), (ssize_t) (bytes.n - first));
        assert_int_equal(input_wait(&input, -1, &error), 1);
        assert_int_equal(input_wait(&input, 0, &error), 1);
        assert_int_equal(input_read(&input, to + n, 2, false, &error), 2);
        assert_int_equal(input_wait(&input, 0, &error), 1);
        assert_int_equal(input_read(&input, to + n + 2, sizeof to - n - 2, false, &error), 3);
        assert_memory_equal(to, "hello world", 11);
        assert_int_equal(input_wait(&input, 0, &error), 0);
        close(ends[1]);
        assert_int_equal(input_wait(&input, -1, &error), 1);
        assert_int_equal(input_read(&input, to, sizeof to, true, &error), 0);
        assert_false(input.would_block);
        input_close(&input);
        assert_int_equal(input.fd, -1);
        assert_int_equal(fcntl(ends[0], F_GETFD), -1);
    }
    free(bytes.at);
}

/* What is given back is read before the rest, decoded or not. */
static void
test_push(void **state)
{
    (void) state;
    for (int packed = 0; packed < 2; packed++) {
        struct bytes bytes = {0};
        struct error error;
        char to[16];
        if (packed)
            add_gzip(&bytes, "abcdef", 6);
        else
            add(&bytes, "abcdef", 6);
        struct input input = file_of(&bytes);
        assert_int_equal(input_inflate(&input, &error), packed);
        assert_int_equal(input_read(&input, to, 4, true, &error), 4);
        input_push(&input, to + 2, 2);
        input_push(&input, to, 2);
        input_push(&input, to, 0);
        assert_int_equal(input_wait(&input, 0, &error), 1);
        assert_int_equal(input_read(&input, to, 3, false, &error), 3);
        assert_int_equal(input_read(&input, to + 3, 3, false, &error), 1);
        assert_int_equal(input_read(&input, to + 4, 12, true, &error), 2);
        assert_memory_equal(to, "abcdef", 6);
        assert_int_equal(input_read(&input, to, 3, true, &error), 0);
        input_push(&input, "x", 1);
        input_close(&input);
        free(bytes.at);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole), cmocka_unit_test(test_framing), cmocka_unit_test(test_broken),
        cmocka_unit_test(test_plain), cmocka_unit_test(test_waiting), cmocka_unit_test(test_push),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
