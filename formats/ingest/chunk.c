#include "chunk.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "memory.h"

void
chunk_reserve(struct chunk *chunk, size_t n, size_t used)
{
    if (n <= chunk->cap)
        return;
    char *room = mem_aligned(n + 2 * SCAN_SLACK);
    memset(room, 0, SCAN_SLACK);
    if (used > 0)
        memcpy(room + SCAN_SLACK, chunk->text, used);
    if (chunk->text != NULL)
        free(chunk->text - SCAN_SLACK);
    chunk->text = room + SCAN_SLACK;
    chunk->cap = n;
}

void
chunk_close(struct chunk *chunk)
{
    if (chunk->text != NULL)
        free(chunk->text - SCAN_SLACK);
    *chunk = (struct chunk){0};
}

void
chunker_open(struct chunker *chunker, struct input *input, const struct scan_kernels *kernels, bool quotes,
             size_t bytes, const char *head, size_t n)
{
    *chunker = (struct chunker){
        .input = input, .kernels = kernels, .quotes = quotes, .bytes = bytes, .head = head, .n_head = n};
}

void
chunker_close(struct chunker *chunker)
{
    free(chunker->carry);
    *chunker = (struct chunker){0};
}

/* Bytes of the head that are left. */
static size_t
take_head(struct chunker *chunker, char *to, size_t room)
{
    size_t n = chunker->n_head - chunker->head_at;
    n = n < room ? n : room;
    if (n > 0)
        memcpy(to, chunker->head + chunker->head_at, n);
    chunker->head_at += n;
    return n;
}

static int64_t
now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Reads until the chunk holds `want` bytes. 1, 2 = the input pauses or trickles, 0 = it has ended, -1. */
static int
fill(struct chunker *chunker, struct chunk *chunk, size_t want, struct error *error)
{
    int64_t since = -1; /* when there was nothing to read for the first time */
    chunk->n += take_head(chunker, chunk->text + chunk->n, want - chunk->n);
    while (chunk->n < want) {
        ssize_t got = input_read(chunker->input, chunk->text + chunk->n, want - chunk->n, false, error);
        if (got < 0)
            return -1;
        if (got == 0 && !chunker->input->would_block)
            return 0;
        chunk->n += (size_t) got;
        if (got > 0)
            continue;
        int64_t now = now_ms();
        since = since < 0 ? now : since;
        int ready = now - since >= CHUNK_WAIT_MS ? 0 : input_wait(chunker->input, CHUNK_PAUSE_MS, error);
        if (ready < 0)
            return -1;
        if (ready == 0)
            return 2;
    }
    return 1;
}

/* Where a record seems to end; *any: where a line does, for certain. */
static size_t
find_cut(const struct chunker *chunker, const struct chunk *chunk, size_t *any)
{
    if (chunker->quotes)
        return scan_cut(chunker->kernels, chunk->text, chunk->n, true, any);
    const char *end = memrchr(chunk->text, '\n', chunk->n);
    return *any = end == NULL ? 0 : (size_t) (end - chunk->text) + 1;
}

/* Cuts the chunk at `at` and keeps the rest for the next one. */
static void
cut(struct chunker *chunker, struct chunk *chunk, size_t at)
{
    chunker->n_carry = chunk->n - at;
    mem_grow(&chunker->carry, &chunker->cap_carry, chunker->n_carry, 1);
    if (chunker->n_carry > 0)
        memcpy(chunker->carry, chunk->text + at, chunker->n_carry);
    chunk->n = at;
}

/* Cuts the chunk where that can be done: 1. Else 0, when there is more to read, or -1. */
static int
try_cut(struct chunker *chunker, struct chunk *chunk, bool pauses, struct error *error)
{
    size_t most = chunker->quotes ? CHUNK_MOST * chunker->bytes : CHUNK_LINE_MOST, any = 0;
    size_t at = chunk->n > 0 ? find_cut(chunker, chunk, &any) : 0;
    if (at == 0 && chunk->n >= most)
        at = any > 0 ? any : chunk->n - (chunk->text[chunk->n - 1] == '\r'); /* a LF may follow */
    if (at == 0 && !pauses)
        return 0;
    if (at == 0 && !chunker->flows)
        return input_wait(chunker->input, -1, error) < 0 ? -1 : 0;
    cut(chunker, chunk, at);
    chunk->paused = pauses;
    chunker->flows = !pauses;
    return 1;
}

int
chunker_next(struct chunker *chunker, struct chunk *chunk, struct error *error)
{
    size_t want = chunker->bytes, several = CHUNK_MOST * chunker->bytes;
    if (chunker->n_carry > want / 2)
        want += chunker->n_carry;
    chunk_reserve(chunk, want, 0);
    if (chunker->n_carry > 0)
        memcpy(chunk->text, chunker->carry, chunker->n_carry);
    chunk->n = chunker->n_carry;
    chunker->n_carry = 0;
    chunk->last = chunk->paused = false;
    while (!chunker->ended) {
        int got = fill(chunker, chunk, want, error);
        if (got < 0)
            return -1;
        if (got == 0) {
            chunker->ended = true;
            break;
        }
        int done = try_cut(chunker, chunk, got == 2, error);
        if (done != 0)
            return done;
        if (got == 1) {
            want = want < several ? several : 2 * want;
            chunk_reserve(chunk, want, chunk->n);
        }
    }
    chunk->last = true;
    memset(chunk->text + chunk->n, 0, SCAN_SLACK);
    return chunk->n > 0;
}
