/*
 * Text in pieces of about CHUNK_BYTES that can be read independently: each is cut where a record seems to end
 * (scan_cut: behind a line end with an even number of quotes before it). That is a guess. Where quotes stand inside
 * cells it may be wrong; whoever reads the pieces in order notices, for the reader of one does not come out at its end.
 *
 * The cuts depend on the bytes alone, not on how they arrive, with one exception: when the input pauses for
 * CHUNK_PAUSE_MS, or a chunk has waited CHUNK_WAIT_MS for input that trickles, what has come is given out, so that rows
 * of a live pipe flow. A pause at which no record is complete is told of by an empty chunk, once, for rows of the
 * chunks before it may have been held back.
 *
 * A chunker is used by one thread at a time.
 */
#ifndef CL_CHUNK_H
#define CL_CHUNK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "file.h"
#include "scan.h"

enum {
    CHUNK_BYTES = 1 << 20,
    CHUNK_MOST = 4, /* times that: a chunk in which no record ends is cut, behind a line end if there is one */
    CHUNK_LINE_MOST = 64 << 20, /* bytes after which it is cut where line ends are never quoted */
    CHUNK_PAUSE_MS = 20,
    CHUNK_WAIT_MS = 200,
};

/* A buffer that is used again for one chunk after the other. */
struct chunk {
    char *text; /* [n], with SCAN_SLACK readable bytes around it */
    size_t n;
    bool last;   /* the input ends behind it */
    bool paused; /* the input paused behind it */
    size_t cap;  /* of text, beside the slack */
};

/* Room for `n` bytes, the first `used` of which are kept. */
void chunk_reserve(struct chunk *chunk, size_t n, size_t used);
void chunk_close(struct chunk *chunk);

struct chunker {
    struct input *input;
    const struct scan_kernels *kernels;
    bool quotes;      /* line ends may be quoted */
    size_t bytes;     /* of a chunk, about */
    const char *head; /* bytes read before; the caller's */
    size_t n_head, head_at;
    char *carry; /* what is behind the last cut */
    size_t n_carry, cap_carry;
    bool ended;
    bool flows; /* a chunk was given out since the last pause */
};

/*
 * Starts with the `n` bytes at `head`, which must stay until they are used, and goes on with the input. bytes: of a
 * chunk, usually CHUNK_BYTES.
 */
void chunker_open(struct chunker *chunker, struct input *input, const struct scan_kernels *kernels, bool quotes,
                  size_t bytes, const char *head, size_t n);
/* The next chunk, empty only where the input paused: 1; 0 when there are no bytes left; -1. */
int chunker_next(struct chunker *chunker, struct chunk *chunk, struct error *error);
void chunker_close(struct chunker *chunker);

#endif
