#include "inflate.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "memory.h"

enum { SOURCE_BYTES = 256 << 10, PEEK_BYTES = 4 << 10, WINDOW_LOG = 27 };

/* Where in the compressed bytes we are. */
enum place {
    PLACE_INSIDE,  /* of a member or frame */
    PLACE_BETWEEN, /* behind one: another may begin here, or the input end */
    PLACE_PADDING, /* in the zeros behind the last gzip member */
};

struct inflate {
    struct input source; /* of the compressed bytes */
    enum inflate_kind kind;
    z_stream zlib;
    ZSTD_DStream *zstd;
    enum place place;
    bool started;        /* a member or frame has been read to its end */
    bool pending;        /* the decoder may have more to give without further input */
    bool ended;          /* of the source: no more bytes come */
    struct error failed; /* text is empty while nothing has */
    uint8_t *bytes;      /* [SOURCE_BYTES] compressed bytes; [at, n) are left */
    size_t at, n;
    uint8_t peek[PEEK_BYTES]; /* decoded bytes that inflate_wait() found */
    size_t peek_at, n_peek;
};

int
inflate_sniff(const uint8_t *head, size_t n)
{
    static const uint8_t gzip[] = {0x1f, 0x8b}, zstd[] = {0x28, 0xb5, 0x2f, 0xfd}, skippable[] = {0x2a, 0x4d, 0x18};
    if (n < 2)
        return head[0] == gzip[0] || head[0] == zstd[0] || head[0] >> 4 == 5 ? -1 : INFLATE_NONE;
    if (memcmp(head, gzip, 2) == 0)
        return INFLATE_GZIP;
    size_t known = n < INFLATE_MAGIC ? n : INFLATE_MAGIC;
    if (memcmp(head, zstd, known) == 0 || (head[0] >> 4 == 5 && memcmp(head + 1, skippable, known - 1) == 0))
        return known < INFLATE_MAGIC ? -1 : INFLATE_ZSTD;
    return INFLATE_NONE;
}

static const char *const kind_names[] = {NULL, "gzip", "zstd"};

const char *
input_codec(const struct input *input)
{
    return input->inflate != NULL ? kind_names[input->inflate->kind] : NULL;
}

static int
decoder_open(struct inflate *decoder, struct error *error)
{
    if (decoder->kind == INFLATE_GZIP) {
        if (inflateInit2(&decoder->zlib, 16 + MAX_WBITS) != Z_OK)
            mem_exhausted("zlib");
        return 0;
    }
    decoder->zstd = ZSTD_createDStream();
    if (decoder->zstd == NULL)
        mem_exhausted("zstd");
    size_t code = ZSTD_DCtx_setParameter(decoder->zstd, ZSTD_d_windowLogMax, WINDOW_LOG);
    return ZSTD_isError(code) ? error_set(error, STATUS_SYSTEM, "zstd: %s", ZSTD_getErrorName(code)) : 0;
}

int
input_inflate(struct input *input, struct error *error)
{
    uint8_t head[INFLATE_MAGIC];
    size_t n = 0;
    int kind = -1;
    do {
        ssize_t got = input_read(input, head + n, sizeof head - n, true, error);
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        n += (size_t) got;
        kind = inflate_sniff(head, n);
    } while (kind < 0);
    /* A file is left as it was, so that those who read it at offsets find its first byte at the first. */
    if (!input->regular || lseek(input->fd, -(off_t) n, SEEK_CUR) < 0)
        input_push(input, head, n);
    if (kind <= 0)
        return 0;
    struct inflate *decoder = mem_zalloc(1, sizeof *decoder);
    decoder->source = *input;
    decoder->kind = (enum inflate_kind) kind;
    decoder->bytes = mem_alloc(SOURCE_BYTES);
    input->inflate = decoder;
    input->regular = false;
    input->size = 0;
    input->pushed = NULL;
    input->n_pushed = input->pushed_at = 0;
    return decoder_open(decoder, error) < 0 ? -1 : 1;
}

void
inflate_close(struct inflate *decoder)
{
    if (decoder == NULL)
        return;
    if (decoder->kind == INFLATE_GZIP)
        inflateEnd(&decoder->zlib);
    ZSTD_freeDStream(decoder->zstd);
    input_close(&decoder->source);
    free(decoder->bytes);
    free(decoder);
}

static int
corrupt(const struct inflate *decoder, const char *why, struct error *error)
{
    return error_set(error, STATUS_DATA, "%s: the %s data are broken: %s", decoder->source.name,
                     kind_names[decoder->kind], why);
}

static int
garbage(const struct inflate *decoder, struct error *error)
{
    return error_set(error, STATUS_DATA, "%s goes on behind its %s data with something else", decoder->source.name,
                     kind_names[decoder->kind]);
}

/* Skips the zeros that tapes and block devices leave behind gzip data. */
static int
skip_padding(struct inflate *decoder, struct error *error)
{
    while (decoder->at < decoder->n && decoder->bytes[decoder->at] == 0)
        decoder->at++;
    return decoder->at < decoder->n ? garbage(decoder, error) : 0;
}

/* Decodes what there is into to[0 .. n): bytes made, 0 when that gave none, -1. */
static ssize_t
step_gzip(struct inflate *decoder, uint8_t *to, size_t n, struct error *error)
{
    z_stream *zlib = &decoder->zlib;
    if (decoder->place == PLACE_BETWEEN && decoder->at < decoder->n) {
        if (decoder->bytes[decoder->at] == 0) {
            decoder->place = PLACE_PADDING;
        } else {
            inflateReset(zlib);
            decoder->place = PLACE_INSIDE;
        }
    }
    if (decoder->place == PLACE_PADDING)
        return skip_padding(decoder, error);
    zlib->next_in = decoder->bytes + decoder->at;
    zlib->avail_in = (uInt) (decoder->n - decoder->at);
    zlib->next_out = to;
    zlib->avail_out = (uInt) n;
    int result = decoder->place == PLACE_INSIDE ? inflate(zlib, Z_NO_FLUSH) : Z_BUF_ERROR;
    decoder->at = decoder->n - zlib->avail_in;
    decoder->pending = zlib->avail_out == 0 && result == Z_OK;
    if (result == Z_STREAM_END) {
        decoder->place = PLACE_BETWEEN;
        decoder->started = true;
    } else if (result == Z_MEM_ERROR) {
        mem_exhausted("zlib");
    } else if (result != Z_OK && result != Z_BUF_ERROR) {
        bool header = zlib->msg != NULL && strcmp(zlib->msg, "incorrect header check") == 0;
        if (decoder->started && header)
            garbage(decoder, error);
        else
            corrupt(decoder, zlib->msg != NULL ? zlib->msg : "a dictionary is wanted", error);
        decoder->failed = *error;
    }
    size_t made = n - zlib->avail_out;
    return made > 0 || decoder->failed.text[0] == '\0' ? (ssize_t) made : -1;
}

static ssize_t
step_zstd(struct inflate *decoder, uint8_t *to, size_t n, struct error *error)
{
    ZSTD_inBuffer in = {decoder->bytes + decoder->at, decoder->n - decoder->at, 0};
    ZSTD_outBuffer out = {to, n, 0};
    if (in.size == 0 && !decoder->pending)
        return 0;
    /* One frame at a most, so that `place` is right wherever the input ends. */
    size_t left = ZSTD_decompressStream(decoder->zstd, &out, &in);
    decoder->at += in.pos;
    decoder->pending = !ZSTD_isError(left) && left > 0 && out.pos == n;
    if (!ZSTD_isError(left)) {
        decoder->place = left == 0 ? PLACE_BETWEEN : PLACE_INSIDE;
        decoder->started |= left == 0;
        return (ssize_t) out.pos;
    }
    ZSTD_ErrorCode code = ZSTD_getErrorCode(left);
    if (code == ZSTD_error_memory_allocation)
        mem_exhausted("zstd");
    if (code == ZSTD_error_frameParameter_windowTooLarge)
        error_set(error, STATUS_DATA,
                  "%s: the zstd data want a window of more than %d MiB (use: zstd -dc --long=31 FILE | cl-ingest ...)",
                  decoder->source.name, 1 << (WINDOW_LOG - 20));
    else if (code == ZSTD_error_prefix_unknown && decoder->started)
        garbage(decoder, error);
    else
        corrupt(decoder, ZSTD_getErrorName(left), error);
    decoder->failed = *error;
    return out.pos > 0 ? (ssize_t) out.pos : -1;
}

ssize_t
inflate_read(struct inflate *decoder, void *buffer, size_t n, bool wait, bool *would_block, struct error *error)
{
    enum { MOST = 1 << 30 }; /* zlib counts in 32 bits */
    uint8_t *to = buffer;
    size_t made = decoder->n_peek - decoder->peek_at < n ? decoder->n_peek - decoder->peek_at : n;
    memcpy(to, decoder->peek + decoder->peek_at, made);
    decoder->peek_at += made;
    n = n < MOST ? n : MOST;
    while (made < n) {
        if (decoder->failed.text[0] != '\0') {
            if (made > 0)
                break;
            *error = decoder->failed;
            return -1;
        }
        if (decoder->at < decoder->n || decoder->pending) {
            ssize_t got = (decoder->kind == INFLATE_GZIP ? step_gzip : step_zstd)(decoder, to + made, n - made, error);
            if (got < 0)
                decoder->failed = *error;
            made += got > 0 ? (size_t) got : 0;
            continue;
        }
        /* What has been decoded is not kept waiting for more. */
        if (made > 0)
            break;
        if (decoder->ended) {
            if (decoder->place != PLACE_INSIDE)
                break;
            error_set(&decoder->failed, STATUS_DATA, "%s: the %s data end early (cut?)", decoder->source.name,
                      kind_names[decoder->kind]);
            continue;
        }
        ssize_t got = input_read(&decoder->source, decoder->bytes, SOURCE_BYTES, wait, error);
        if (got < 0)
            return -1;
        *would_block = decoder->source.would_block;
        if (*would_block)
            return 0;
        decoder->at = 0;
        decoder->n = (size_t) got;
        decoder->ended = got == 0;
    }
    return (ssize_t) made;
}

static int64_t
now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Compressed bytes may be there and still give nothing, so the only way to know is to decode some. */
int
inflate_wait(struct inflate *decoder, int timeout_ms, struct error *error)
{
    int64_t until = now_ms() + timeout_ms;
    while (decoder->peek_at == decoder->n_peek) {
        bool would_block = false;
        struct error later;
        ssize_t got = inflate_read(decoder, decoder->peek, PEEK_BYTES, false, &would_block, &later);
        /* The end and an error do not block either; the read that follows says them. */
        if (got <= 0 && !would_block)
            return 1;
        decoder->peek_at = 0;
        decoder->n_peek = got > 0 ? (size_t) got : 0;
        if (got > 0)
            break;
        int64_t left = timeout_ms < 0 ? -1 : until - now_ms();
        int ready = input_wait(&decoder->source, left < 0 && timeout_ms >= 0 ? 0 : (int) left, error);
        if (ready <= 0)
            return ready;
    }
    return 1;
}
