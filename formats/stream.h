/*
 * A stream of rows: table, dict and rows frames as schemas and batches. Every filter is built on this.
 *
 *     struct stream_reader *in = stream_reader_open(files, n_files, &error);
 *     while ((got = stream_read(in, &batch, true, &error)) > 0) { ... work on batch ... }
 *     if (got < 0) die_error(&error);
 *
 * The reader hides concatenation: several files, and several streams in one file, are one table. Columns, types and
 * transforms must be equal, dictionaries are merged by strings and codes mapped; record numbers go on. Its schema
 * grows (dictionaries) while reading; a batch's codes are always in the schema's dictionaries. Work on a copy of it
 * when columns or transforms are to change.
 */
#ifndef CL_STREAM_H
#define CL_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "batch.h"
#include "error.h"
#include "frame.h"
#include "schema.h"

/* Text and carried columns of a table: each is two tensors of every rows frame. */
enum { STREAM_MAX_TEXT = 16384 };

struct stream_reader;

/* Opens files in order (none = stdin). Reads up to the first `table` frame, so the schema is there at once. */
struct stream_reader *stream_reader_open(const char *const *paths, size_t n_paths, struct error *error);
/*
 * The same for a program that takes streams and checkpoints: `first` has been read from `frames`, which the reader
 * takes over (their input must outlive it); `name` is that of the input, `paths` come after it.
 */
struct stream_reader *stream_reader_resume(struct frame_reader *frames, const struct frame *first, const char *name,
                                           const char *const *paths, size_t n_paths, struct error *error);
struct schema *stream_reader_schema(struct stream_reader *reader);
const char *stream_reader_name(const struct stream_reader *reader); /* of the input being read */
/*
 * The next batch: 1; 0 at the end of the last stream, whose end frame was right; -1; with wait = false also 2 when
 * reading would block. The batch lives until the next call. Batches of 0 rows do not come.
 */
int stream_read(struct stream_reader *reader, struct batch *batch, bool wait, struct error *error);
/* After stream_read() returned 2: waits for more, for timeout_ms or until a signal was caught. 1, 0 or -1. */
int stream_reader_wait(struct stream_reader *reader, int timeout_ms, struct error *error);
/* Rows returned so far. */
uint64_t stream_reader_rows(const struct stream_reader *reader);
/*
 * The next frame of unknown kind that came before the batch just read (after 0: before the end), for filters that pass
 * them on; NULL when none is left. Lives until the next stream_read().
 */
const struct frame *stream_reader_unknown(struct stream_reader *reader);
void stream_reader_close(struct stream_reader *reader);

/* Content digest of what passes through: independent of frames, codecs and zstd (cl-frames.5, "Digest"). */
struct stream_digest;
struct stream_digest *stream_digest_open(void);
void stream_digest_rows(struct stream_digest *digest, const struct batch *batch);
/* hex: 32 digits and NUL. The schema gives the canonical meta, dictionaries included. */
void stream_digest_close(struct stream_digest *digest, const struct schema *schema, char hex[33]);

struct stream_writer;

/*
 * Writes `schema` as table and dict frames at once. The schema must outlive the writer; dictionary entries that
 * are added to it later are written as `dict` frames before the rows that use them. Batches have its columns (their
 * `schema` may be another object). A batch is a frame, unless it is above 64 MiB.
 */
struct stream_writer *stream_writer_open(struct output *output, const struct schema *schema, int level,
                                         struct error *error);
/* For a file that only this process reads: payloads get no checksum of their own, the end frame vouches for them. */
void stream_writer_private(struct stream_writer *writer);
int stream_write(struct stream_writer *writer, const struct batch *batch, struct error *error);
int stream_write_unknown(struct stream_writer *writer, const struct frame *frame, struct error *error);
/* dict frames of a column's entries from *sent on, which then counts them all; for checkpoints too. Resets `arena`. */
int stream_write_dict(struct frame_writer *frames, const struct column *column, uint32_t *sent, struct arena *arena,
                      struct error *error);
/* The end frame; does not commit the output. */
int stream_write_end(struct stream_writer *writer, struct error *error);
void stream_writer_close(struct stream_writer *writer);

#endif
