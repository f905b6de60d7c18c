#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include <xxhash.h>
#include <zstd.h>
#include <cmocka.h>

#include "frame.h"
#include "msgpack.h"

/* A stream in memory, written by the frame writer into an unlinked file. */
struct bytes {
    uint8_t *p;
    size_t n;
};

static struct bytes
take_file(int fd)
{
    struct bytes bytes = {.n = (size_t) lseek(fd, 0, SEEK_END)};
    bytes.p = malloc(bytes.n + 1);
    assert_int_equal(pread(fd, bytes.p, bytes.n, 0), bytes.n);
    close(fd);
    return bytes;
}

static struct frame_writer
writer_open(struct output *output, int level)
{
    struct frame_writer writer;
    struct error error;
    *output = (struct output){.fd = spool_open(&error), .path = "memory"};
    assert_true(output->fd >= 0);
    frame_writer_open(&writer, output, level);
    return writer;
}

static void
put_table(struct frame_writer *writer)
{
    struct error error;
    struct value *meta = value_map(&writer->scratch);
    value_set(&writer->scratch, meta, "cl", value_int(&writer->scratch, 1));
    assert_int_equal(frame_write(writer, "table", meta, NULL, 0, 0, &error), 0);
}

static void
put_rows(struct frame_writer *writer, uint64_t rows, const void *payload, size_t n, unsigned shuffle)
{
    struct error error;
    struct value *meta = value_map(&writer->scratch);
    value_set(&writer->scratch, meta, "n", value_uint(&writer->scratch, rows));
    assert_int_equal(frame_write(writer, "rows", meta, payload, n, shuffle, &error), 0);
}

static void
put_end(struct frame_writer *writer)
{
    struct error error;
    assert_int_equal(frame_write_end(writer, &error), 0);
}

/* table, rows (raw or compressed), an unknown kind, rows without payload, end. */
static struct bytes
small_stream(int level, unsigned shuffle)
{
    struct output output;
    struct frame_writer writer = writer_open(&output, level);
    uint8_t payload[150] = {0};
    for (size_t i = 0; i < sizeof payload; i++)
        payload[i] = (uint8_t) (i % 4 == 0 ? i : 7);
    put_table(&writer);
    put_rows(&writer, 3, payload, sizeof payload, shuffle);
    struct error error;
    assert_int_equal(frame_write(&writer, "note", value_map(&writer.scratch), "hello", 5, 0, &error), 0);
    put_rows(&writer, 2, NULL, 0, 0);
    put_end(&writer);
    frame_writer_close(&writer);
    return take_file(output.fd);
}

/* A reader of a file with these bytes. */
static struct frame_reader *
reader_of(const void *p, size_t n)
{
    struct error error;
    struct input input = {.fd = spool_open(&error), .name = "memory", .regular = true, .size = n};
    assert_int_equal(write(input.fd, p, n), n);
    assert_int_equal(lseek(input.fd, 0, SEEK_SET), 0);
    return frame_reader_open(&input);
}

/* Reads to the end: 0, or -1 with the error. *frames counts. */
static int
read_all(const void *p, size_t n, unsigned *frames, struct error *error)
{
    struct frame_reader *reader = reader_of(p, n);
    struct frame frame;
    int status;
    *frames = 0;
    while ((status = frame_read(reader, &frame, true, error)) == 1)
        ++*frames;
    if (status < 0) { /* and it stays so */
        struct error again = {0};
        assert_int_equal(frame_read(reader, &frame, true, &again), -1);
        assert_string_equal(again.text, error->text);
    } else {
        assert_int_equal(frame_reader_offset(reader), n);
        assert_int_equal(frame_read(reader, &frame, true, error), 0);
    }
    frame_reader_close(reader);
    return status;
}

static void
refuse(const void *p, size_t n, const char *part)
{
    struct error error = {0};
    unsigned frames;
    assert_int_equal(read_all(p, n, &frames, &error), -1);
    assert_int_equal(error.status, STATUS_DATA);
    if (strstr(error.text, part) == NULL)
        fail_msg("'%s' lacks '%s'", error.text, part);
}

static const struct {
    int level;
    unsigned shuffle;
} codings[] = {{0, 0}, {3, 0}, {3, 1}, {3, 2}, {3, 4}, {3, 8}, {19, 4}};
enum { N_CODINGS = sizeof codings / sizeof *codings };

static void
test_round_trip(void **state)
{
    (void) state;
    static const size_t sizes[] = {1, 63, 64, 1000, 65535, 65536, 300001, 3000000};
    uint8_t *payload = malloc(3000000);
    for (size_t i = 0; i < 3000000; i++)
        payload[i] = (uint8_t) (i % 4 < 2 ? 5 : i >> 7);
    for (size_t c = 0; c < N_CODINGS; c++) {
        struct output output;
        struct frame_writer writer = writer_open(&output, codings[c].level);
        put_table(&writer);
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
            put_rows(&writer, i, payload + i, sizes[i] - (sizes[i] > 1000 ? 8 : 0), codings[c].shuffle);
        put_end(&writer);
        frame_writer_close(&writer);
        struct bytes stream = take_file(output.fd);
        if (codings[c].level > 0)
            assert_true(stream.n < 1000000);

        struct frame_reader *reader = reader_of(stream.p, stream.n);
        struct frame frame;
        struct error error;
        assert_int_equal(frame_read(reader, &frame, true, &error), 1);
        assert_string_equal(frame.kind, "table");
        assert_null(frame.payload);
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            uint64_t n;
            assert_int_equal(frame_read(reader, &frame, true, &error), 1);
            assert_string_equal(frame.kind, "rows");
            assert_true(value_get_u64(frame.meta, "n", &n) && n == i);
            assert_true(frame.checked);
            assert_int_equal(frame.bytes, sizes[i] - (sizes[i] > 1000 ? 8 : 0));
            assert_int_equal((uintptr_t) frame.payload % 64, 0);
            assert_memory_equal(frame.payload, payload + i, frame.bytes);
        }
        assert_int_equal(frame_read(reader, &frame, true, &error), 1);
        assert_string_equal(frame.kind, "end");
        assert_int_equal(frame_read(reader, &frame, true, &error), 0);
        frame_reader_close(reader);
        free(stream.p);
    }
    free(payload);
}

/* Without a checksum of its own a damaged payload is found by the end frame. */
static void
test_unchecked_payloads(void **state)
{
    (void) state;
    struct output output;
    struct frame_writer writer = writer_open(&output, 0);
    writer.unchecked = true;
    put_table(&writer);
    put_rows(&writer, 1, "a payload like no other", 23, 0);
    put_end(&writer);
    frame_writer_close(&writer);
    struct bytes stream = take_file(output.fd);
    struct frame_reader *reader = reader_of(stream.p, stream.n);
    struct frame frame;
    struct error error;
    for (int i = 0; i < 2; i++)
        assert_int_equal(frame_read(reader, &frame, true, &error), 1);
    assert_false(frame.checked);
    assert_null(value_get(frame.meta, "xxh3"));
    assert_memory_equal(frame.payload, "a payload like no other", 23);
    frame_reader_close(reader);

    unsigned frames;
    assert_int_equal(read_all(stream.p, stream.n, &frames, &error), 0);
    char *payload = memmem(stream.p, stream.n, "a payload", 9);
    payload[3] ^= 1;
    refuse(stream.p, stream.n, "the stream is damaged (the xxh3 of its end frame differs)");
    free(stream.p);
}

static void
test_every_cut(void **state)
{
    (void) state;
    for (size_t c = 0; c < N_CODINGS; c++) {
        struct bytes stream = small_stream(codings[c].level, codings[c].shuffle);
        struct error error;
        unsigned frames;
        assert_int_equal(read_all(stream.p, stream.n, &frames, &error), 0);
        assert_int_equal(frames, 5);
        refuse(stream.p, 0, "memory is empty");
        for (size_t n = 1; n < stream.n; n++)
            refuse(stream.p, n, "memory: the stream stops before its end frame");
        free(stream.p);
    }
}

static void
test_every_bit(void **state)
{
    (void) state;
    for (size_t c = 0; c < N_CODINGS; c++) {
        struct bytes stream = small_stream(codings[c].level, codings[c].shuffle);
        for (size_t bit = 0; bit < 8 * stream.n; bit++) {
            stream.p[bit / 8] ^= (uint8_t) (1u << bit % 8);
            refuse(stream.p, stream.n, "memory");
            stream.p[bit / 8] ^= (uint8_t) (1u << bit % 8);
        }
        free(stream.p);
    }
}

static void
test_concatenation(void **state)
{
    (void) state;
    struct bytes a = small_stream(0, 0), b = small_stream(3, 4);
    uint8_t *both = malloc(a.n + b.n + 100);
    struct error error;
    unsigned frames;
    memcpy(both, a.p, a.n);
    memcpy(both + a.n, b.p, b.n);
    assert_int_equal(read_all(both, a.n + b.n, &frames, &error), 0);
    assert_int_equal(frames, 10);
    for (size_t n = a.n + 1; n < a.n + b.n; n++)
        refuse(both, n, "stops before its end frame");
    /* Anything else than a table may not follow. */
    memcpy(both + a.n, "\x93\xa4rows\x81\xa1n\x00\xc4\x00", 12);
    refuse(both, a.n + 12, "after the end frame only another table frame may follow");
    memcpy(both + a.n, a.p + a.n - 70, 70);
    refuse(both, a.n + 70, "memory: byte");
    memcpy(both + a.n, "\0", 1);
    refuse(both, a.n + 1, "after the end frame only another table frame may follow, found '\\x00'");
    free(both);
    free(a.p);
    free(b.p);
}

static void
test_concatenation_written_at_once(void **state)
{
    (void) state;
    struct output output;
    struct frame_writer writer = writer_open(&output, 0);
    for (int i = 0; i < 3; i++) {
        put_table(&writer);
        put_rows(&writer, 1, "x", 1, 0);
        put_end(&writer);
    }
    frame_writer_close(&writer);
    struct bytes stream = take_file(output.fd);
    struct error error;
    unsigned frames;
    assert_int_equal(read_all(stream.p, stream.n, &frames, &error), 0);
    assert_int_equal(frames, 9);
    free(stream.p);
}

/* Packs "[kind, meta, bin head" by hand. */
static void
hand_pack(struct packed *packed, const char *kind, const struct value *meta, uint32_t stored)
{
    msgpack_encode_array_head(packed, 3);
    msgpack_encode_string(packed, kind, strlen(kind));
    msgpack_encode(packed, meta);
    msgpack_encode_bin_head(packed, stored);
}

static void
pack_bytes(struct packed *packed, const void *p, size_t n)
{
    mem_grow(&packed->bytes, &packed->cap, packed->n + n, 1);
    memcpy(packed->bytes + packed->n, p, n);
    packed->n += n;
}

static void
test_malformed(void **state)
{
    (void) state;
#define REFUSE(bytes, part) refuse(bytes, sizeof bytes - 1, part)
    REFUSE("age,workclass,education\n", "memory is no cl stream: it begins with 'age,workclass,ed...'");
    REFUSE("\x28\xb5\x2f\xfd", "memory is no cl stream");
    REFUSE("\x92\xa5table\x80", "memory is no cl stream");
    REFUSE("\x94\xa5table\x80\xc4\x00\xc0", "memory is no cl stream");
    REFUSE("\x93\x05", "memory: byte 1: a frame's kind must be a string");
    REFUSE("\x93\xa0", "memory: byte 1: a frame's kind must be a string of 1 to 64 bytes");
    REFUSE("\x93\xd9\x41", "memory: byte 1: a frame's kind must be a string of 1 to 64 bytes");
    REFUSE("\x93\xdb\xff\xff\xff\xff", "memory: byte 1: a frame's kind must be a string of 1 to 64 bytes");
    REFUSE("\x93\xa4"
           "a\0bc\x80",
           "memory: byte 1: a frame's kind has a NUL byte");
    REFUSE("\x93\xa5table\x90", "memory: byte 7: a frame's meta must be a map");
    REFUSE("\x93\xa5table\x81\xc1", "memory: byte 8: 0xc1 begins no MessagePack value");
    REFUSE("\x93\xa5table\x81\x01", "memory: byte 8: a map key is not a string");
    REFUSE("\x93\xa5table\x82\xa1"
           "a\x01\xa1"
           "a\x01\xc4\x00",
           "memory: byte 0: in the meta of this 'table' frame: byte 7: a "
           "map has the key 'a' twice");
    REFUSE("\x93\xa5table\x80\xc0", "memory: byte 8: a frame's payload must be a bin");
    REFUSE("\x93\xa5table\x80\xc6\x40\x00\x00\x01", "memory: byte 8: a payload of 1073741825 bytes");
    REFUSE("\x93\xa5table\x81\xa1x\xdd\xff\xff\xff\xff", "memory: byte 10: a value of more than");
    REFUSE("\x93\xa4rows\x80\xc4\x00", "a 'rows' frame without a number of rows 'n'");
    REFUSE("\x93\xa4rows\x81\xa1n\xff\xc4\x00", "a 'rows' frame without a number of rows 'n'");
    REFUSE("\x93\xa3"
           "end\x80\xc4\x00",
           "memory: byte 0: the end frame counts other than the 0 frames");
#undef REFUSE
}

/* The end frame is held to the letter. */
static void
test_end_frame(void **state)
{
    (void) state;
    struct arena arena = {0};
    char hex[33] = "99aa06d3014798d86001c324468d497f"; /* XXH3-128 of nothing */
    for (int variant = 0; variant < 8; variant++) {
        struct value *meta = value_map(&arena);
        struct packed packed = {0};
        value_set(&arena, meta, "frames", variant == 1 ? value_int(&arena, 1) : value_int(&arena, 0));
        value_set(&arena, meta, "rows", variant == 2 ? value_int(&arena, -1) : value_int(&arena, 0));
        value_set(&arena, meta, "xxh3", value_string(&arena, hex));
        if (variant == 3)
            value_set(&arena, meta, "rows", value_float(&arena, 0));
        if (variant == 4)
            value_remove(meta, "xxh3");
        if (variant == 5)
            value_set(&arena, meta, "xxh3", value_string(&arena, "99AA06D3014798D86001C324468D497F"));
        if (variant == 6)
            value_set(&arena, meta, "more", value_string(&arena, "unknown keys are fine"));
        hand_pack(&packed, "end", meta, variant == 7);
        pack_bytes(&packed, "x", variant == 7);
        struct error error = {0};
        unsigned frames;
        int status = read_all(packed.bytes, packed.n, &frames, &error);
        assert_int_equal(status, variant == 0 || variant == 6 ? 0 : -1);
        free(packed.bytes);
    }
    arena_free(&arena);
}

/* One rows frame with this payload and these meta keys, which must be refused. */
static void
refuse_payload(const void *p, size_t n, const char *codec, int64_t bytes, const char *part)
{
    struct arena arena = {0};
    struct packed packed = {0};
    struct value *meta = value_map(&arena);
    value_set(&arena, meta, "n", value_int(&arena, 1));
    if (codec != NULL)
        value_set(&arena, meta, "codec", value_string(&arena, codec));
    if (bytes != INT64_MIN)
        value_set(&arena, meta, "bytes", value_int(&arena, bytes));
    hand_pack(&packed, "rows", meta, (uint32_t) n);
    pack_bytes(&packed, p, n);
    refuse(packed.bytes, packed.n, part);
    free(packed.bytes);
    arena_free(&arena);
}

static void
test_payload(void **state)
{
    (void) state;
    char plain[1000] = {0}, packed[1000], two[2000];
    size_t n = ZSTD_compress(packed, sizeof packed, plain, sizeof plain, 3);
    assert_false(ZSTD_isError(n));
    refuse_payload("abc", 3, "none", 4, "memory: byte 0: the 'rows' frame: the payload has 3 bytes, but declares 4");
    refuse_payload("abc", 3, NULL, 2, "but declares 2");
    refuse_payload("abc", 3, "none", -1, "'bytes' is no number");
    refuse_payload("abc", 3, "none", (int64_t) FRAME_MAX_PAYLOAD + 1, "'bytes' is no number");
    refuse_payload("abc", 3, "lz4", 3, "the codec 'lz4' is unknown");
    refuse_payload("abc", 3, "zstd+shuffle3", 3, "the codec 'zstd+shuffle3' is unknown");
    refuse_payload("abc", 3, "zstd", 3, "not one zstd frame");
    refuse_payload(packed, n, "zstd", INT64_MIN, "a compressed payload without 'bytes'");
    refuse_payload(packed, n, "zstd", 999, "does not decode to the 999 bytes");
    refuse_payload(packed, n, "zstd", 1001, "does not decode to the 1001 bytes");
    refuse_payload(packed, n, "zstd", 0, "does not decode to the 0 bytes");
    refuse_payload(packed, n, "zstd", FRAME_MAX_PAYLOAD, "does not decode to");
    refuse_payload(packed, n - 1, "zstd", 1000, "not one zstd frame");
    memcpy(two, packed, n);
    memcpy(two + n, packed, n);
    refuse_payload(two, 2 * n, "zstd", 2000, "not one zstd frame");

    /* Without a content size in the zstd frame, too, nothing but `bytes` bytes is taken. */
    ZSTD_CCtx *zstd = ZSTD_createCCtx();
    ZSTD_CCtx_setParameter(zstd, ZSTD_c_contentSizeFlag, 0);
    n = ZSTD_compress2(zstd, packed, sizeof packed, plain, sizeof plain);
    refuse_payload(packed, n, "zstd", 999, "does not decode to the 999 bytes");
    refuse_payload(packed, n, "zstd", 1001, "does not decode to the 1001 bytes");
    refuse_payload(packed, n, "zstd", FRAME_MAX_PAYLOAD, "does not decode to");
    ZSTD_freeCCtx(zstd);
    /* A zstd frame that asks for a window of 2^28 bytes: magic, no flags, window byte. */
    refuse_payload("\x28\xb5\x2f\xfd\x00\x90\x01\x00\x00", 9, "zstd", 5, "zstd window above 2^27");
}

static void
test_checksum_of_payload(void **state)
{
    (void) state;
    struct bytes stream = small_stream(0, 0);
    /* In the payload: noticed at once, with the place of its frame, before the end frame is there. */
    uint8_t *hello = memmem(stream.p, stream.n, "hello", 5);
    assert_non_null(hello);
    hello[0] ^= 1;
    refuse(stream.p, (size_t) (hello - stream.p) + 5, "the 'note' frame: the payload is damaged (its xxh3 differs)");
    free(stream.p);
}

/* A length that lies costs no memory: a gigabyte announced, then nothing. */
static void
test_announced_payload(void **state)
{
    (void) state;
    const char bytes[] = "\x93\xa4rows\x81\xa1n\x01\xc6\x40\x00\x00\x00";
    struct error error;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], bytes, sizeof bytes - 1), sizeof bytes - 1);
    close(ends[1]);
    struct input input = {.fd = ends[0], .name = "pipe"};
    struct frame_reader *reader = frame_reader_open(&input);
    assert_int_equal(input.fd, -1);
    struct frame frame;
    assert_int_equal(frame_read(reader, &frame, true, &error), -1);
    assert_string_equal(error.text,
                        "pipe: the stream stops before its end frame (a program upstream failed, or the file "
                        "is cut)");
    frame_reader_close(reader);
}

/* One byte at a time through a pipe: "would block" before each, and nothing lost. */
static void
test_would_block(void **state)
{
    (void) state;
    for (size_t c = 0; c < 2; c++) {
        struct bytes stream = small_stream(codings[c].level, codings[c].shuffle);
        struct error error;
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        struct input input = {.fd = ends[0], .name = "pipe"};
        struct frame_reader *reader = frame_reader_open(&input);
        struct frame frame;
        unsigned frames = 0;
        assert_int_equal(frame_read(reader, &frame, false, &error), 2);
        for (size_t i = 0; i < stream.n; i++) {
            assert_int_equal(write(ends[1], stream.p + i, 1), 1);
            int status = frame_read(reader, &frame, false, &error);
            if (status == 1) {
                frames++;
                if (frame.bytes == 5)
                    assert_memory_equal(frame.payload, "hello", 5);
                status = frame_read(reader, &frame, false, &error);
            }
            assert_int_equal(status, 2);
        }
        assert_int_equal(frames, 5);
        close(ends[1]);
        assert_int_equal(frame_read(reader, &frame, false, &error), 0);
        frame_reader_close(reader);
        free(stream.p);
    }
}

struct feed {
    int fd;
    const uint8_t *p;
    size_t n;
};

static void *
feed_slowly(void *arg)
{
    const struct feed *feed = arg;
    for (size_t at = 0, step = 1; at < feed->n; at += step, step = step * 3 % 70001 + 1) {
        if (step > feed->n - at)
            step = feed->n - at;
        if (write(feed->fd, feed->p + at, step) != (ssize_t) step)
            abort();
    }
    close(feed->fd);
    return NULL;
}

/* Large payloads through a pipe in pieces of all sizes. */
static void
test_pipe(void **state)
{
    (void) state;
    enum { BYTES = 5000000 };
    uint8_t *payload = malloc(BYTES);
    for (size_t i = 0; i < BYTES; i++)
        payload[i] = (uint8_t) (i * i >> 3);
    struct output output;
    struct frame_writer writer = writer_open(&output, 0);
    put_table(&writer);
    for (unsigned i = 0; i < 3; i++)
        put_rows(&writer, 1, payload, BYTES / (i + 1), 0);
    put_end(&writer);
    frame_writer_close(&writer);
    struct bytes stream = take_file(output.fd);

    int ends[2];
    pthread_t thread;
    assert_int_equal(pipe(ends), 0);
    struct feed feed = {ends[1], stream.p, stream.n};
    assert_int_equal(pthread_create(&thread, NULL, feed_slowly, &feed), 0);
    struct input input = {.fd = ends[0], .name = "pipe"};
    struct frame_reader *reader = frame_reader_open(&input);
    struct frame frame;
    struct error error;
    assert_int_equal(frame_read(reader, &frame, true, &error), 1);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(frame_read(reader, &frame, true, &error), 1);
        assert_int_equal(frame.bytes, BYTES / (i + 1));
        assert_memory_equal(frame.payload, payload, frame.bytes);
    }
    assert_int_equal(frame_read(reader, &frame, true, &error), 1);
    assert_int_equal(frame_read(reader, &frame, true, &error), 0);
    pthread_join(thread, NULL);
    frame_reader_close(reader);
    free(stream.p);
    free(payload);
}

/* The same bytes whether a payload is given whole or in parts, some of them empty. */
static void
test_parts(void **state)
{
    (void) state;
    enum { BYTES = 20000, MOST_PARTS = 3000 };
    static uint8_t payload[BYTES];
    static const size_t steps[] = {7, 64, 4096, 9999, BYTES};
    for (size_t i = 0; i < BYTES; i++)
        payload[i] = (uint8_t) (i % 4 == 0 ? i / 7 : 7);
    for (size_t i = 0; i < N_CODINGS; i++) {
        struct output output;
        struct frame_writer writer = writer_open(&output, codings[i].level);
        for (size_t j = 0; j < sizeof steps / sizeof *steps; j++)
            put_rows(&writer, 3, payload, BYTES, codings[i].shuffle);
        put_end(&writer);
        frame_writer_close(&writer);
        struct bytes whole = take_file(output.fd);

        writer = writer_open(&output, codings[i].level);
        for (size_t j = 0; j < sizeof steps / sizeof *steps; j++) {
            struct iovec parts[MOST_PARTS] = {{0}};
            size_t n_parts = 1;
            for (size_t at = 0; at < BYTES; at += steps[j]) {
                size_t n = BYTES - at < steps[j] ? BYTES - at : steps[j];
                parts[n_parts++] = (struct iovec){.iov_base = payload + at, .iov_len = n};
            }
            struct error error;
            struct value *meta = value_map(&writer.scratch);
            value_set(&writer.scratch, meta, "n", value_uint(&writer.scratch, 3));
            assert_int_equal(frame_write_parts(&writer, "rows", meta, parts, n_parts + 1, codings[i].shuffle, &error),
                             0);
        }
        put_end(&writer);
        frame_writer_close(&writer);
        struct bytes apart = take_file(output.fd);
        assert_int_equal(apart.n, whole.n);
        assert_memory_equal(apart.p, whole.p, whole.n);
        free(whole.p);
        free(apart.p);
    }
}

/* A head larger than the reader's buffer: 10^5 columns. */
static void
test_large_head(void **state)
{
    (void) state;
    struct output output;
    struct frame_writer writer = writer_open(&output, 0);
    struct arena arena = {0};
    struct value *meta = value_map(&arena), *columns = value_array(&arena);
    for (int i = 0; i < 100000; i++)
        value_push(&arena, columns, value_string(&arena, arena_printf(&arena, "column %d", i)));
    value_set(&arena, meta, "columns", columns);
    struct error error;
    assert_int_equal(frame_write(&writer, "table", meta, NULL, 0, 0, &error), 0);
    put_end(&writer);
    frame_writer_close(&writer);
    struct bytes stream = take_file(output.fd);
    assert_true(stream.n > 1000000);
    struct frame_reader *reader = reader_of(stream.p, stream.n);
    struct frame frame;
    assert_int_equal(frame_read(reader, &frame, true, &error), 1);
    assert_true(value_equal(frame.meta, meta));
    assert_int_equal(frame_read(reader, &frame, true, &error), 1);
    assert_int_equal(frame_read(reader, &frame, true, &error), 0);
    frame_reader_close(reader);
    arena_free(&arena);
    free(stream.p);
}

/* What no reader would take is not written either. */
static void
test_writer_refuses(void **state)
{
    (void) state;
    struct output output;
    struct frame_writer writer = writer_open(&output, 0);
    struct arena arena = {0};
    struct error error;
    char *large = mem_zalloc(MSGPACK_MAX_BYTES, 1);
    struct value *meta = value_map(&arena);
    value_set(&arena, meta, "x", value_binary(&arena, large, MSGPACK_MAX_BYTES));
    assert_int_equal(frame_write(&writer, "note", meta, NULL, 0, 0, &error), -1);
    assert_int_equal(error.status, STATUS_DATA);
    assert_string_equal(error.text,
                        "a 'note' frame is too large to be read again: a value of more than 16777216 bytes");
    assert_int_equal(frame_write(&writer, "note", value_map(&arena), large, (size_t) FRAME_MAX_PAYLOAD + 1, 0, &error),
                     -1);
    assert_int_equal(frame_write(&writer, "rows", value_map(&arena), NULL, 0, 0, &error), -1);
    free(large);
    arena_free(&arena);
    frame_writer_close(&writer);
    close(output.fd);
}

/* meta is the caller's: writing leaves it as it was. */
static void
test_meta_untouched(void **state)
{
    (void) state;
    struct output output;
    struct frame_writer writer = writer_open(&output, 0);
    struct arena arena = {0};
    struct error error;
    struct value *meta = value_map(&arena);
    value_set(&arena, meta, "codec", value_string(&arena, "old"));
    value_set(&arena, meta, "a", value_int(&arena, 1));
    struct value *copy = value_copy(&arena, meta);
    assert_int_equal(frame_write(&writer, "note", meta, "x", 1, 0, &error), 0);
    assert_true(value_equal(meta, copy));
    put_end(&writer);
    frame_writer_close(&writer);
    struct bytes stream = take_file(output.fd);
    struct frame_reader *reader = reader_of(stream.p, stream.n);
    struct frame frame;
    assert_int_equal(frame_read(reader, &frame, true, &error), 1);
    assert_string_equal(value_get_string(frame.meta, "codec"), "none");
    assert_int_equal(frame.meta->n, 4);
    frame_reader_close(reader);
    arena_free(&arena);
    free(stream.p);
}

/* The tiny stream that cl-frames(5) shows byte by byte. */
static void
test_example_of_the_manual(void **state)
{
    (void) state;
    struct output output;
    struct frame_writer writer = writer_open(&output, 0);
    struct arena own = {0}, *arena = &own;
    struct error error;
    struct value *meta = value_map(arena), *column = value_map(arena), *tensor = value_map(arena);
    value_set(arena, column, "name", value_string(arena, "a"));
    value_set(arena, column, "type", value_string(arena, "num"));
    value_set(arena, column, "role", value_string(arena, "feature"));
    value_set(arena, meta, "cl", value_int(arena, 1));
    value_set(arena, meta, "columns", value_push(arena, value_array(arena), column));
    value_set(arena, meta, "task", value_string(arena, "none"));
    value_set(arena, meta, "transforms", value_array(arena));
    assert_int_equal(frame_write(&writer, "table", meta, NULL, 0, 0, &error), 0);
    meta = value_map(arena);
    value_set(arena, tensor, "name", value_string(arena, "x"));
    value_set(arena, tensor, "dtype", value_string(arena, "f32"));
    struct value *shape = value_push(arena, value_array(arena), value_int(arena, 2));
    value_set(arena, tensor, "shape", value_push(arena, shape, value_int(arena, 1)));
    value_set(arena, tensor, "at", value_int(arena, 0));
    value_set(arena, meta, "n", value_int(arena, 2));
    value_set(arena, meta, "row", value_int(arena, 0));
    value_set(arena, meta, "tensors", value_push(arena, value_array(arena), tensor));
    const float x[] = {1.0f, -2.5f};
    assert_int_equal(frame_write(&writer, "rows", meta, x, sizeof x, 0, &error), 0);
    put_end(&writer);
    frame_writer_close(&writer);
    struct bytes stream = take_file(output.fd);
    assert_int_equal(stream.n, 258);
    assert_memory_equal(stream.p + 197,
                        "\x93\xa3"
                        "end\x83\xa6"
                        "frames\x02\xa4rows\x02\xa4xxh3\xd9\x20",
                        27);
    assert_memory_equal(stream.p + 224, "7e5d1426947a6b7445d983e7bc32e5c2\xc4\x00", 34);
    XXH128_hash_t hash = XXH3_128bits(stream.p, 197);
    assert_true(hash.high64 == UINT64_C(0x7e5d1426947a6b74) && hash.low64 == UINT64_C(0x45d983e7bc32e5c2));
    arena_free(&own);
    free(stream.p);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_unchecked_payloads),
        cmocka_unit_test(test_every_cut),
        cmocka_unit_test(test_every_bit),
        cmocka_unit_test(test_concatenation),
        cmocka_unit_test(test_concatenation_written_at_once),
        cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_end_frame),
        cmocka_unit_test(test_payload),
        cmocka_unit_test(test_checksum_of_payload),
        cmocka_unit_test(test_announced_payload),
        cmocka_unit_test(test_would_block),
        cmocka_unit_test(test_pipe),
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_large_head),
        cmocka_unit_test(test_writer_refuses),
        cmocka_unit_test(test_meta_untouched),
        cmocka_unit_test(test_example_of_the_manual),
    };
    return cmocka_run_group_tests_name("frame", tests, NULL, NULL);
}
