/* Writing frames: frame.h. */
#include "frame.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include <zstd.h>
#include <zstd_errors.h>

#include "hash.h"
#include "msgpack.h"

/*
 * Byte shuffling: byte b of element i goes to place b * count + i, so that bytes of one significance stand together
 * and zstd finds what they share. A rest shorter than an element keeps its place at the end.
 */
static void
shuffle_bytes(uint8_t *to, const uint8_t *from, size_t n, size_t size)
{
    size_t count = n / size;
    for (size_t b = 0; b < size; b++)
        for (size_t i = 0; i < count; i++)
            to[b * count + i] = from[i * size + b];
    memcpy(to + count * size, from + count * size, n - count * size);
}

struct frame_writer_state {
    XXH3_state_t *hash;         /* of every byte of this stream so far */
    XXH3_state_t *payload_hash; /* of the payload of one frame */
    struct packed head;
    struct iovec *parts; /* [parts_cap] head and payload of one frame */
    size_t parts_cap;
    ZSTD_CCtx *zstd;
    uint8_t *joined, *shuffled, *compressed;
    size_t joined_cap, shuffled_cap, compressed_cap;
};

/* The payload of a frame as it lies in memory: what it says is the parts one after the other. */
struct payload {
    const struct iovec *parts;
    size_t n_parts, bytes;
};

void
frame_writer_open(struct frame_writer *writer, struct output *output, int level)
{
    *writer = (struct frame_writer){.output = output, .level = level};
    writer->state = mem_zalloc(1, sizeof *writer->state);
    writer->state->hash = hash_new();
    writer->state->payload_hash = hash_new();
}

void
frame_writer_close(struct frame_writer *writer)
{
    struct frame_writer_state *state = writer->state;
    arena_free(&writer->scratch);
    if (state != NULL) {
        XXH3_freeState(state->hash);
        XXH3_freeState(state->payload_hash);
        ZSTD_freeCCtx(state->zstd);
        free(state->head.bytes);
        free(state->parts);
        free(state->joined);
        free(state->shuffled);
        free(state->compressed);
        free(state);
    }
    *writer = (struct frame_writer){0};
}

/* The payload in one piece: where it lies, or copied together. */
static const uint8_t *
join(struct frame_writer_state *state, const struct payload *payload)
{
    if (payload->n_parts == 1)
        return payload->parts[0].iov_base;
    mem_grow_aligned(&state->joined, &state->joined_cap, payload->bytes, 0);
    size_t at = 0;
    for (size_t i = 0; i < payload->n_parts; at += payload->parts[i++].iov_len)
        if (payload->parts[i].iov_len > 0)
            memcpy(state->joined + at, payload->parts[i].iov_base, payload->parts[i].iov_len);
    return state->joined;
}

/*
 * The compressed form of a payload, in *packed, where that is smaller; else *packed stays as it is. Returns the
 * codec's name, NULL on error.
 */
static const char *
compress(struct frame_writer *writer, const struct payload *payload, struct iovec *packed, unsigned shuffle,
         struct error *error)
{
    struct frame_writer_state *state = writer->state;
    size_t n = payload->bytes;
    if (state->zstd == NULL && (state->zstd = ZSTD_createCCtx()) == NULL) {
        error_set(error, STATUS_SYSTEM, "out of memory (zstd)");
        return NULL;
    }
    ZSTD_CCtx_setParameter(state->zstd, ZSTD_c_compressionLevel, writer->level);
    const uint8_t *plain = join(state, payload);
    if (shuffle > 1) {
        mem_grow_aligned(&state->shuffled, &state->shuffled_cap, n, 0);
        shuffle_bytes(state->shuffled, plain, n, shuffle);
        plain = state->shuffled;
    }
    mem_grow_aligned(&state->compressed, &state->compressed_cap, n, 0);
    size_t got = ZSTD_compress2(state->zstd, state->compressed, n - 1, plain, n);
    if (ZSTD_isError(got)) {
        if (ZSTD_getErrorCode(got) == ZSTD_error_dstSize_tooSmall)
            return "none";
        error_set(error, STATUS_SYSTEM, "zstd cannot compress: %s", ZSTD_getErrorName(got));
        return NULL;
    }
    *packed = (struct iovec){.iov_base = state->compressed, .iov_len = got};
    return shuffle == 8 ? "zstd+shuffle8" : shuffle == 4 ? "zstd+shuffle4" : shuffle == 2 ? "zstd+shuffle2" : "zstd";
}

/* A copy of the map alone, its items shared, with room in `arena` for more keys. */
static struct value *
shallow_copy(struct arena *arena, const struct value *map)
{
    struct value *copy = value_map(arena);
    copy->n = map->n;
    copy->cap = 2 * (map->n + 3);
    copy->items = arena_array(arena, copy->cap, sizeof *copy->items);
    if (map->n > 0)
        memcpy(copy->items, map->items, 2 * map->n * sizeof *copy->items);
    return copy;
}

/* Packs the head into state->head and checks that our own reader would take it. */
static int
pack_head(struct frame_writer *writer, const char *kind, const struct value *meta, size_t stored, struct error *error)
{
    struct packed *head = &writer->state->head;
    head->n = 0;
    msgpack_encode_array_head(head, 3);
    msgpack_encode_string(head, kind, strlen(kind));
    size_t meta_at = head->n;
    msgpack_encode(head, meta);
    struct msgpack_scan scan = {0};
    struct error inner;
    if (msgpack_scan(&scan, head->bytes + meta_at, head->n - meta_at, &inner) != 1)
        return error_set(error, STATUS_DATA, "a '%s' frame is too large to be read again: %s", kind, inner.text);
    msgpack_encode_bin_head(head, (uint32_t) stored);
    return 0;
}

/* Adds to (a copy of) meta what it says about a payload that decodes to `bytes`. */
static struct value *
describe_payload(struct frame_writer *writer, const struct value *meta, const struct payload *stored, size_t bytes,
                 const char *codec)
{
    struct arena *scratch = &writer->scratch;
    XXH3_state_t *hash = writer->state->payload_hash;
    char hex[33];
    XXH3_128bits_reset(hash);
    for (size_t i = 0; i < stored->n_parts && !writer->unchecked; i++)
        hash_update(hash, stored->parts[i].iov_base, stored->parts[i].iov_len);
    hash_text(XXH3_128bits_digest(hash), hex);
    struct value *copy = shallow_copy(scratch, meta);
    value_remove(copy, "bytes");
    value_remove(copy, "codec");
    value_remove(copy, "xxh3");
    value_set(scratch, copy, "bytes", value_uint(scratch, bytes));
    value_set(scratch, copy, "codec", value_string(scratch, codec));
    if (!writer->unchecked)
        value_set(scratch, copy, "xxh3", value_string(scratch, hex));
    return copy;
}

/* Writes state->head and the payload, which go into the running hash. */
static int
write_out(struct frame_writer *writer, const struct payload *payload, bool hashed, struct error *error)
{
    struct frame_writer_state *state = writer->state;
    mem_grow(&state->parts, &state->parts_cap, payload->n_parts + 1, sizeof *state->parts);
    state->parts[0] = (struct iovec){.iov_base = state->head.bytes, .iov_len = state->head.n};
    if (payload->n_parts > 0)
        memcpy(state->parts + 1, payload->parts, payload->n_parts * sizeof *state->parts);
    for (size_t i = 0; hashed && i <= payload->n_parts; i++)
        hash_update(state->hash, state->parts[i].iov_base, state->parts[i].iov_len);
    return output_writev(writer->output, state->parts, (int) payload->n_parts + 1, error);
}

int
frame_write_parts(struct frame_writer *writer, const char *kind, struct value *meta, const struct iovec *parts,
                  size_t n_parts, unsigned shuffle, struct error *error)
{
    assert(shuffle <= 2 || shuffle == 4 || shuffle == 8);
    uint64_t rows = 0;
    if (strcmp(kind, "rows") == 0 && !value_get_u64(meta, "n", &rows))
        return error_set(error, STATUS_DATA, "a 'rows' frame without a number of rows 'n'");
    struct payload payload = {.parts = parts, .n_parts = n_parts};
    for (size_t i = 0; i < n_parts; i++)
        if (__builtin_add_overflow(payload.bytes, parts[i].iov_len, &payload.bytes))
            payload.bytes = SIZE_MAX;
    if (payload.bytes > FRAME_MAX_PAYLOAD || n_parts >= INT_MAX)
        return error_set(error, STATUS_DATA, "a '%s' frame of %zu bytes (at most %d are written in one)", kind,
                         payload.bytes, FRAME_MAX_PAYLOAD);
    struct iovec packed = {0};
    if (payload.bytes > 0) {
        size_t bytes = payload.bytes;
        const char *codec = writer->level == 0 ? "none" : compress(writer, &payload, &packed, shuffle, error);
        if (codec == NULL)
            return -1;
        if (packed.iov_len > 0)
            payload = (struct payload){.parts = &packed, .n_parts = 1, .bytes = packed.iov_len};
        meta = describe_payload(writer, meta, &payload, bytes, codec);
    }
    int status = pack_head(writer, kind, meta, payload.bytes, error);
    arena_reset(&writer->scratch);
    if (status < 0 || write_out(writer, &payload, strcmp(kind, "end") != 0, error) < 0)
        return -1;
    writer->frames++;
    writer->rows += rows;
    return 0;
}

int
frame_write(struct frame_writer *writer, const char *kind, struct value *meta, const void *payload, size_t n,
            unsigned shuffle, struct error *error)
{
    const struct iovec part = {.iov_base = (void *) (uintptr_t) payload, .iov_len = n};
    return frame_write_parts(writer, kind, meta, &part, 1, shuffle, error);
}

int
frame_write_end(struct frame_writer *writer, struct error *error)
{
    char hex[33];
    hash_text(XXH3_128bits_digest(writer->state->hash), hex);
    struct arena *scratch = &writer->scratch;
    struct value *meta = value_map(scratch);
    value_set(scratch, meta, "frames", value_uint(scratch, writer->frames));
    value_set(scratch, meta, "rows", value_uint(scratch, writer->rows));
    value_set(scratch, meta, "xxh3", value_string(scratch, hex));
    if (frame_write(writer, "end", meta, NULL, 0, 0, error) < 0)
        return -1;
    XXH3_128bits_reset(writer->state->hash);
    writer->frames = writer->rows = 0;
    return 0;
}
