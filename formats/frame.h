/*
 * Frames: the wire layer of streams and checkpoints. The byte-level text is man/cl-frames.5.
 *
 *   1. A stream is a sequence of MessagePack arrays of three: [kind: str, meta: map, payload: bin].
 *   2. The last is `end` with `frames`, `rows` and `xxh3`: XXH3-128 of every byte before it, heads included.
 *   3. After `end`: nothing, or another `table` frame (streams concatenate).
 *
 * Reader: holds one frame at a time; head at most 16 MiB, payload at most 1 GiB, read straight into a 64-byte
 * aligned buffer that grows with the bytes that arrive. Payload checksum and codec are checked and undone here,
 * so a frame that is returned is whole. Bytes are counted and hashed as they pass. Sentences of the reader begin with
 * the input's name and, where it says something, the byte: callers add neither.
 *
 * Writer: one writev per frame. The payload is written from where it lies, or zstd-compressed (`level` > 0).
 */
#ifndef CL_FRAME_H
#define CL_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "file.h"
#include "memory.h"
#include "value.h"

enum { FRAME_MAX_PAYLOAD = 1 << 30 };

struct frame {
    const char *kind;   /* "table", "dict", "rows", "model", "tensor", "end" or unknown */
    struct value *meta; /* in the reader's frame arena: gone at the next read */
    uint8_t *payload;   /* decoded, 64-byte aligned, `bytes` long; owned by the reader */
    size_t bytes;
    size_t meta_bytes; /* of meta as it came, in MessagePack */
    bool checked;      /* payload had an xxh3 that was right; without one only the end frame vouches for it */
};

struct frame_reader;

/*
 * Takes over the input: it is copied, closed by frame_reader_close(), and input->fd is -1 afterwards. Reads nothing
 * yet. The arena of the frames returned belongs to the reader.
 */
struct frame_reader *frame_reader_open(struct input *input);
/*
 * The next frame: 1, or 0 at the true end (after an `end` frame that was right and the input's end), or -1.
 * `end` frames are returned too, after they have been checked. wait = false: 2 when reading would block.
 * An input that stops before `end` is STATUS_DATA: "the stream stops before its end frame (a program upstream
 * failed, or the file is cut)". An input of no bytes at all is one too: frame_reader_offset() is 0 then. After -1
 * every further call returns the same.
 */
int frame_read(struct frame_reader *reader, struct frame *frame, bool wait, struct error *error);
/* After frame_read() returned 2: waits for more as input_wait() does. */
int frame_reader_wait(struct frame_reader *reader, int timeout_ms, struct error *error);
struct arena *frame_reader_arena(struct frame_reader *reader);
uint64_t frame_reader_offset(const struct frame_reader *reader); /* bytes consumed, for messages */
void frame_reader_close(struct frame_reader *reader);

struct frame_writer {
    struct output *output;
    struct frame_writer_state *state; /* running hash, zstd, buffers */
    uint64_t frames, rows;            /* since the last end frame */
    int level;                        /* zstd level of payloads; 0 = raw */
    bool unchecked;                   /* payloads get no xxh3 of their own: the end frame alone vouches for them */
    struct arena scratch;             /* for the metas of one frame: reset by every frame_write() */
};

void frame_writer_open(struct frame_writer *writer, struct output *output, int level);
/*
 * Writes one frame. For a payload (n > 0) `bytes`, `codec` and `xxh3` are added to what is written of meta, which
 * itself stays as it is; it may live in writer->scratch. shuffle: element size for byte shuffling before zstd (2, 4 or
 * 8: codec "zstd+shuffleN"), 0 or 1 for none. A payload that zstd makes no smaller is stored as it is. A `rows` frame
 * counts its `n`. Frames that no reader would take (head above 16 MiB, payload above 1 GiB) are refused, STATUS_DATA.
 */
int frame_write(struct frame_writer *writer, const char *kind, struct value *meta, const void *payload, size_t n,
                unsigned shuffle, struct error *error);
/* The same for a payload that is `parts` one after the other; they are not copied unless it is compressed. */
struct iovec;
int frame_write_parts(struct frame_writer *writer, const char *kind, struct value *meta, const struct iovec *parts,
                      size_t n_parts, unsigned shuffle, struct error *error);
/*
 * The `end` frame. The output is not committed: that is the caller's last act. Another stream may follow: counts and
 * hash start anew.
 */
int frame_write_end(struct frame_writer *writer, struct error *error);
void frame_writer_close(struct frame_writer *writer);

#endif
