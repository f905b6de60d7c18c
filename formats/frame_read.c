/* Reading frames: frame.h. */
#include "frame.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <zstd.h>
#include <zstd_errors.h>

#include "hash.h"
#include "msgpack.h"

enum {
    KIND_BYTES = 64,
    BUFFER_BYTES = 256 << 10,
    DIRECT_BYTES = 64 << 10, /* a rest of payload below this is read through the buffer, with what follows it */
    HEAD_BYTES = 8 << 10,    /* read at once where a large payload is likely to follow, since that would be copied */
    PAYLOAD_FIRST = 1 << 20, /* allocated before bytes have arrived, at most */
    ZSTD_WINDOW_LOG = 27,    /* zstd's own default limit: any decoder reads it */
    ZSTD_BLOCK = 128 << 10,  /* what one zstd block can decode to */
};

/* The inverse of byte shuffling, which frame_write.c describes. */
static void
unshuffle_bytes(uint8_t *to, const uint8_t *from, size_t n, size_t size)
{
    size_t count = n / size;
    for (size_t b = 0; b < size; b++)
        for (size_t i = 0; i < count; i++)
            to[i * size + b] = from[b * count + i];
    memcpy(to + count * size, from + count * size, n - count * size);
}

struct frame_reader {
    struct input input;
    struct arena arena;
    uint8_t *buffer; /* [cap]; bytes start .. end are read and not yet consumed */
    size_t start, end, cap;
    uint64_t offset; /* of buffer[start] in the input */

    XXH3_state_t *hash; /* of every byte of this stream so far */
    uint64_t frames, rows;
    bool delivered; /* a frame is with the caller: its arena is reset when the next is asked for */
    bool ended;     /* the last frame was `end` */
    bool finished;  /* the input's true end was reported */

    /* The frame that is being read. */
    struct msgpack_scan scan; /* of its meta */
    bool in_payload;
    uint64_t frame_offset;
    const char *kind;
    struct value *meta;
    size_t stored, have;  /* bytes of payload on the wire, and arrived */
    const char *expected; /* xxh3 of the payload, or NULL */
    XXH3_state_t *payload_hash;

    uint8_t *payload; /* [payload_cap], 64-byte aligned, as stored */
    size_t payload_cap;
    uint8_t *decoded; /* [decoded_cap], 64-byte aligned, after zstd */
    size_t decoded_cap;
    uint8_t *plain; /* [plain_cap], 64-byte aligned, after unshuffling */
    size_t plain_cap;
    ZSTD_DCtx *zstd;

    bool failed;
    struct error error;
};

struct frame_reader *
frame_reader_open(struct input *input)
{
    struct frame_reader *reader = mem_zalloc(1, sizeof *reader);
    reader->input = *input;
    input->fd = -1;
    reader->cap = BUFFER_BYTES;
    reader->buffer = mem_alloc(reader->cap);
    reader->hash = hash_new();
    reader->payload_hash = hash_new();
    return reader;
}

int
frame_reader_wait(struct frame_reader *reader, int timeout_ms, struct error *error)
{
    return input_wait(&reader->input, timeout_ms, error);
}

struct arena *
frame_reader_arena(struct frame_reader *reader)
{
    return &reader->arena;
}

uint64_t
frame_reader_offset(const struct frame_reader *reader)
{
    return reader->offset;
}

void
frame_reader_close(struct frame_reader *reader)
{
    if (reader == NULL)
        return;
    input_close(&reader->input);
    arena_free(&reader->arena);
    XXH3_freeState(reader->hash);
    XXH3_freeState(reader->payload_hash);
    ZSTD_freeDCtx(reader->zstd);
    free(reader->buffer);
    free(reader->payload);
    free(reader->decoded);
    free(reader->plain);
    free(reader);
}

/* "NAME: byte N: " before the sentence. */
static int
at_byte(const struct frame_reader *reader, uint64_t byte, struct error *error)
{
    return error_prefix(error, "%s: byte %" PRIu64, reader->input.name, byte);
}

/* Consumes n bytes of the buffer. */
static void
consume(struct frame_reader *reader, size_t n)
{
    reader->start += n;
    reader->offset += n;
    if (reader->start == reader->end)
        reader->start = reader->end = 0;
}

/* Reads more into the buffer: bytes, 0 at the end of input, -1; would_block as input_read() says. */
static ssize_t
fill(struct frame_reader *reader, bool wait, struct error *error)
{
    if (reader->start > 0 && reader->cap - reader->end < reader->cap / 2) {
        memmove(reader->buffer, reader->buffer + reader->start, reader->end - reader->start);
        reader->end -= reader->start;
        reader->start = 0;
    }
    if (reader->end == reader->cap) /* a head beyond the buffer; msgpack_scan() sets the limit */
        mem_grow(&reader->buffer, &reader->cap, reader->cap + 1, 1);
    size_t room = reader->cap - reader->end;
    if (reader->stored >= DIRECT_BYTES) {
        size_t wanted = HEAD_BYTES + (reader->in_payload ? reader->stored - reader->have : 0);
        room = room < wanted ? room : wanted;
    }
    ssize_t n = input_read(&reader->input, reader->buffer + reader->end, room, wait, error);
    if (n > 0)
        reader->end += (size_t) n;
    return n;
}

/* Bytes that begin no frame. Most often somebody piped the wrong thing, so say what was found. */
static int
no_frame(const struct frame_reader *reader, struct error *error)
{
    enum { SHOWN = 16 };
    char found[4 * SHOWN + 8];
    const uint8_t *bytes = reader->buffer + reader->start;
    size_t n = reader->end - reader->start;
    if (reader->offset == 0 && n >= 4 && memcmp(bytes, "\x28\xb5\x2f\xfd", 4) == 0)
        return error_set(error, STATUS_DATA, "%s is no cl stream as it is: it is compressed (zstd -d unpacks it)",
                         reader->input.name);
    if (reader->offset == 0 && n >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b)
        return error_set(error, STATUS_DATA, "%s is no cl stream as it is: it is compressed (gzip -d unpacks it)",
                         reader->input.name);
    error_quote(found, sizeof found, (const char *) bytes, n, SHOWN);
    if (reader->offset == 0)
        return error_set(
            error, STATUS_DATA,
            "%s is no cl stream: it begins with '%s' (cl-ingest makes streams from other data, cl-train makes models)",
            reader->input.name, found);
    return error_set(error, STATUS_DATA, "%s: byte %" PRIu64 ": %s '%s'", reader->input.name, reader->offset,
                     reader->ended ? "after the end frame only another table frame may follow, found"
                                   : "no frame begins here, found",
                     found);
}

/*
 * Looks for the end of the head at the buffer's start: its length once it is all there, 0 while it is not, -1.
 * Sets kind (in the arena), the extent of meta and the stored length of the payload.
 */
static ptrdiff_t
find_head(struct frame_reader *reader, size_t *meta_at, struct error *error)
{
    const uint8_t *p = reader->buffer + reader->start;
    size_t n = reader->end - reader->start, at = 0;
    struct msgpack_token token;

    int used = msgpack_token(p, n, &token);
    if (used == 0)
        return 0;
    if (used < 0 || token.kind != VALUE_ARRAY || token.n != 3)
        return no_frame(reader, error);
    at += (size_t) used;

    used = msgpack_token(p + at, n - at, &token);
    if (used == 0)
        return 0;
    if (used < 0 || token.kind != VALUE_STRING || token.n == 0 || token.n > KIND_BYTES) {
        error_set(error, STATUS_DATA, "a frame's kind must be a string of 1 to %d bytes", KIND_BYTES);
        return at_byte(reader, reader->offset + at, error);
    }
    if (token.n > n - at - (size_t) used)
        return 0;
    const char *kind = (const char *) p + at + used;
    size_t kind_n = token.n;
    if (memchr(kind, '\0', kind_n) != NULL) {
        error_set(error, STATUS_DATA, "a frame's kind has a NUL byte in it");
        return at_byte(reader, reader->offset + at, error);
    }
    at += (size_t) used + kind_n;

    used = msgpack_token(p + at, n - at, &token);
    if (used == 0)
        return 0;
    if (used < 0 || token.kind != VALUE_MAP) {
        error_set(error, STATUS_DATA, "a frame's meta must be a map");
        return at_byte(reader, reader->offset + at, error);
    }
    int whole = msgpack_scan(&reader->scan, p + at, n - at, error);
    if (whole < 0)
        return at_byte(reader, reader->offset + at + reader->scan.at, error);
    if (whole == 0)
        return 0;
    *meta_at = at;
    at += reader->scan.at;

    used = msgpack_token(p + at, n - at, &token);
    if (used == 0)
        return 0;
    if (used < 0 || token.kind != VALUE_BINARY) {
        error_set(error, STATUS_DATA, "a frame's payload must be a bin");
        return at_byte(reader, reader->offset + at, error);
    }
    if (token.n > FRAME_MAX_PAYLOAD) {
        error_set(error, STATUS_DATA, "a payload of %" PRIu32 " bytes (at most %d are read)", token.n,
                  FRAME_MAX_PAYLOAD);
        return at_byte(reader, reader->offset + at, error);
    }
    reader->kind = arena_strndup(&reader->arena, kind, kind_n);
    reader->stored = token.n;
    return (ptrdiff_t) (at + (size_t) used);
}

/* An integer of the end frame: floats are not taken, however exact, since one flipped bit can make one. */
static bool
end_count(const struct value *meta, const char *key, uint64_t count)
{
    const struct value *value = value_get(meta, key);
    uint64_t u;
    return value != NULL && value->kind != VALUE_FLOAT && value_to_u64(value, &u) && u == count;
}

static int
check_end(struct frame_reader *reader, struct error *error)
{
    char hex[33];
    hash_text(XXH3_128bits_digest(reader->hash), hex);
    const char *declared = value_get_string(reader->meta, "xxh3");
    if (reader->stored != 0)
        return error_set(error, STATUS_DATA, "the end frame has a payload");
    if (!end_count(reader->meta, "frames", reader->frames))
        return error_set(error, STATUS_DATA, "the end frame counts other than the %" PRIu64 " frames that came",
                         reader->frames);
    if (!end_count(reader->meta, "rows", reader->rows))
        return error_set(error, STATUS_DATA, "the end frame counts other than the %" PRIu64 " rows that came",
                         reader->rows);
    if (declared == NULL || strcmp(declared, hex) != 0)
        return error_set(error, STATUS_DATA, "the stream is damaged (the xxh3 of its end frame differs)");
    return 0;
}

/* Takes a head of `n` bytes off the buffer and begins the payload. */
static int
take_head(struct frame_reader *reader, size_t n, size_t meta_at, struct error *error)
{
    const uint8_t *p = reader->buffer + reader->start;
    struct error inner;
    if (msgpack_decode(p + meta_at, n - meta_at, &reader->arena, &reader->meta, &inner) < 0) {
        error_set(error, STATUS_DATA, "in the meta of this '%s' frame: %s", reader->kind, inner.text);
        goto fail;
    }
    if (reader->ended && strcmp(reader->kind, "table") != 0) {
        no_frame(reader, error);
        return -1;
    }
    if (reader->ended) {
        reader->ended = false;
        reader->frames = reader->rows = 0;
        XXH3_128bits_reset(reader->hash);
    }
    if (strcmp(reader->kind, "end") == 0) {
        if (check_end(reader, error) < 0)
            goto fail;
        reader->ended = true;
    } else {
        hash_update(reader->hash, p, n);
        reader->frames++;
    }
    if (strcmp(reader->kind, "rows") == 0) {
        uint64_t rows;
        if (!value_get_u64(reader->meta, "n", &rows) || __builtin_add_overflow(reader->rows, rows, &reader->rows)) {
            error_set(error, STATUS_DATA, "a 'rows' frame without a number of rows 'n'");
            goto fail;
        }
    }
    const struct value *declared = value_get(reader->meta, "xxh3");
    reader->expected = value_get_string(reader->meta, "xxh3");
    if (reader->stored > 0 && declared != NULL && reader->expected == NULL) {
        error_set(error, STATUS_DATA, "the 'xxh3' of this '%s' frame is no string", reader->kind);
        goto fail;
    }
    if (reader->expected != NULL)
        XXH3_128bits_reset(reader->payload_hash);
    reader->frame_offset = reader->offset;
    reader->have = 0;
    reader->in_payload = true;
    consume(reader, n);
    return 0;
fail:
    return at_byte(reader, reader->offset, error);
}

/*
 * Room for more of the payload: what has arrived doubles, up to what was declared, so a length that lies costs no
 * memory. A regular file that is long enough does not lie.
 */
static void
grow_payload(struct frame_reader *reader)
{
    if (reader->have < reader->payload_cap)
        return;
    size_t need = reader->have < PAYLOAD_FIRST / 2 ? PAYLOAD_FIRST : 2 * reader->have;
    if (need > reader->stored || (reader->input.regular && reader->stored <= reader->input.size))
        need = reader->stored;
    mem_grow_aligned(&reader->payload, &reader->payload_cap, need, reader->have);
}

/* Counts n more bytes of payload in. */
static void
arrived(struct frame_reader *reader, size_t n)
{
    const uint8_t *p = reader->payload + reader->have;
    if (reader->expected != NULL)
        hash_update_both(reader->hash, reader->payload_hash, p, n);
    else
        hash_update(reader->hash, p, n);
    reader->have += n;
}

/* The window that a zstd frame asks a streaming decoder to hold (RFC 8878, 3.1.1.1): false when it is too large. */
static bool
zstd_window_ok(const uint8_t *p, size_t n)
{
    if (n < 6)
        return false;
    bool single_segment = p[4] & 0x20;
    if (single_segment) /* the window is the content, which is bounded by `bytes` */
        return true;
    unsigned exponent = p[5] >> 3, mantissa = p[5] & 7;
    uint64_t window = UINT64_C(1) << (10 + exponent);
    window += window / 8 * mantissa;
    return window <= UINT64_C(1) << ZSTD_WINDOW_LOG;
}

/* Decodes the payload, exactly one zstd frame of exactly `bytes` decoded bytes, into reader->decoded. */
static int
undo_zstd(struct frame_reader *reader, size_t bytes, struct error *error)
{
    const uint8_t *p = reader->payload;
    size_t n = reader->stored;
    if (reader->zstd == NULL && (reader->zstd = ZSTD_createDCtx()) == NULL)
        return error_set(error, STATUS_SYSTEM, "out of memory (zstd)");
    unsigned long long content = ZSTD_getFrameContentSize(p, n);
    if (content == ZSTD_CONTENTSIZE_ERROR || ZSTD_findFrameCompressedSize(p, n) != n)
        return error_set(error, STATUS_DATA, "the payload is not one zstd frame");
    if (!zstd_window_ok(p, n))
        return error_set(error, STATUS_DATA, "the payload needs a zstd window above 2^%d bytes", ZSTD_WINDOW_LOG);
    /* Every zstd block takes at least 4 bytes, so a small payload cannot make us allocate a large one. */
    if (bytes == 0 || (content != ZSTD_CONTENTSIZE_UNKNOWN && content != bytes) || bytes / ZSTD_BLOCK > n / 4)
        return error_set(error, STATUS_DATA, "the payload does not decode to the %zu bytes it declares", bytes);
    mem_grow_aligned(&reader->decoded, &reader->decoded_cap, bytes, 0);
    size_t got = ZSTD_decompressDCtx(reader->zstd, reader->decoded, bytes, p, n);
    if (ZSTD_isError(got) && ZSTD_getErrorCode(got) != ZSTD_error_dstSize_tooSmall)
        return error_set(error, STATUS_DATA, "the payload is damaged (zstd: %s)", ZSTD_getErrorName(got));
    if (got != bytes)
        return error_set(error, STATUS_DATA, "the payload does not decode to the %zu bytes it declares", bytes);
    return 0;
}

/* Verifies the payload, undoes its codec and fills in the frame. */
static int
finish_payload(struct frame_reader *reader, struct frame *frame, struct error *error)
{
    if (reader->expected != NULL) {
        char hex[33];
        hash_text(XXH3_128bits_digest(reader->payload_hash), hex);
        if (strcmp(hex, reader->expected) != 0)
            return error_set(error, STATUS_DATA, "the payload is damaged (its xxh3 differs)");
        frame->checked = true;
    }
    const struct value *declared = value_get(reader->meta, "codec");
    const char *codec = declared != NULL ? value_get_string(reader->meta, "codec") : "none";
    if (codec == NULL)
        return error_set(error, STATUS_DATA, "the codec is no string");
    uint64_t bytes = reader->stored;
    bool sized = value_get_u64(reader->meta, "bytes", &bytes);
    if (value_get(reader->meta, "bytes") != NULL && (!sized || bytes > FRAME_MAX_PAYLOAD))
        return error_set(error, STATUS_DATA, "'bytes' is no number from 0 to %d", FRAME_MAX_PAYLOAD);
    frame->bytes = bytes;
    if (strcmp(codec, "none") == 0) {
        if (bytes != reader->stored)
            return error_set(error, STATUS_DATA, "the payload has %zu bytes, but declares %" PRIu64, reader->stored,
                             bytes);
        frame->payload = reader->payload;
        return 0;
    }
    unsigned size = strcmp(codec, "zstd") == 0            ? 1
                    : strcmp(codec, "zstd+shuffle2") == 0 ? 2
                    : strcmp(codec, "zstd+shuffle4") == 0 ? 4
                    : strcmp(codec, "zstd+shuffle8") == 0 ? 8
                                                          : 0;
    if (size == 0) {
        char name[128];
        return error_set(error, STATUS_DATA, "the codec '%s' is unknown (a newer version may know it)",
                         error_quote(name, sizeof name, codec, strlen(codec), 32));
    }
    if (!sized)
        return error_set(error, STATUS_DATA, "a compressed payload without 'bytes'");
    if (undo_zstd(reader, bytes, error) < 0)
        return -1;
    frame->payload = reader->decoded;
    if (size > 1) {
        mem_grow_aligned(&reader->plain, &reader->plain_cap, bytes, 0);
        unshuffle_bytes(reader->plain, reader->decoded, bytes, size);
        frame->payload = reader->plain;
    }
    return 0;
}

/* The input stopped at a place where it must not. */
static int
cut_short(const struct frame_reader *reader, struct error *error)
{
    if (reader->offset == 0 && reader->start == reader->end && !reader->in_payload)
        return error_set(error, STATUS_DATA, "%s is empty (a program upstream failed, or there was no data)",
                         reader->input.name);
    return error_set(error, STATUS_DATA,
                     "%s: the stream stops before its end frame (a program upstream failed, or the file is cut)",
                     reader->input.name);
}

/* Reads on to the end of the frame. Returns as frame_read(). */
static int
read_on(struct frame_reader *reader, struct frame *frame, bool wait, struct error *error)
{
    while (!reader->in_payload) {
        size_t meta_at = 0;
        ptrdiff_t head = find_head(reader, &meta_at, error);
        if (head < 0)
            return -1;
        if (head > 0) {
            if (take_head(reader, (size_t) head, meta_at, error) < 0)
                return -1;
            break;
        }
        ssize_t n = fill(reader, wait, error);
        if (n < 0)
            return -1;
        if (n == 0 && reader->input.would_block)
            return 2;
        if (n == 0 && reader->ended && reader->start == reader->end) {
            reader->finished = true;
            return 0;
        }
        if (n == 0)
            return cut_short(reader, error);
    }
    while (reader->have < reader->stored) {
        size_t rest = reader->stored - reader->have, ready = reader->end - reader->start;
        grow_payload(reader);
        size_t room = reader->payload_cap - reader->have;
        if (room > rest)
            room = rest;
        if (ready > 0) {
            size_t n = ready < room ? ready : room;
            memcpy(reader->payload + reader->have, reader->buffer + reader->start, n);
            arrived(reader, n);
            consume(reader, n);
            continue;
        }
        bool direct = rest >= DIRECT_BYTES;
        ssize_t n = direct ? input_read(&reader->input, reader->payload + reader->have, room, wait, error)
                           : fill(reader, wait, error);
        if (n < 0)
            return -1;
        if (n == 0 && reader->input.would_block)
            return 2;
        if (n == 0)
            return cut_short(reader, error);
        if (direct) {
            reader->offset += (size_t) n;
            arrived(reader, (size_t) n);
        }
    }
    *frame = (struct frame){.kind = reader->kind, .meta = reader->meta, .meta_bytes = reader->scan.at};
    if (reader->stored > 0 && finish_payload(reader, frame, error) < 0) {
        error_prefix(error, "the '%s' frame", reader->kind);
        return at_byte(reader, reader->frame_offset, error);
    }
    reader->in_payload = false;
    return 1;
}

int
frame_read(struct frame_reader *reader, struct frame *frame, bool wait, struct error *error)
{
    if (reader->failed) {
        *error = reader->error;
        return -1;
    }
    if (reader->finished)
        return 0;
    if (reader->delivered) {
        reader->delivered = false;
        reader->scan = (struct msgpack_scan){0};
        arena_reset(&reader->arena);
    }
    int status = read_on(reader, frame, wait, error);
    if (status == 1)
        reader->delivered = true;
    if (status < 0) {
        reader->failed = true;
        reader->error = *error;
    }
    return status;
}
