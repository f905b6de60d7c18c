/*
 * A stream of rows: table, dict and rows frames as schemas and batches. Every filter is built on this.
 *
 *     struct stream_reader *in = stream_reader_open(files, n_files, &error);
 *     while ((got = stream_read(in, &batch, true, &error)) > 0) { ... work on batch ... }
 *     if (got < 0) die_error(&error);
 *
 * The reader hides concatenation: several files, and several streams in one file, are one table. Columns, types and
 * transforms must be equal, dictionaries are merged by strings and codes mapped; record numbers go on. Its schema
 * grows (dictionaries) while reading; a batch's codes are always in the schema's dictionaries.
 */
#ifndef CL_STREAM_H
#define CL_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "batch.h"
#include "error.h"
#include "frame.h"
#include "schema.h"

struct stream_reader;

/* Opens files in order (none = stdin). Reads up to the first `table` frame, so the schema is there at once. */
struct stream_reader *stream_reader_open(const char *const *paths, size_t n_paths, struct error *error);
struct schema *stream_reader_schema(struct stream_reader *reader);
const char *stream_reader_name(const struct stream_reader *reader); /* of the input being read */
/*
 * The next batch: 1; 0 at the end of the last stream, whose end frame was right; -1; with wait = false also 2 when
 * reading would block. The batch lives until the next call. Batches of 0 rows do not come.
 */
int stream_read(struct stream_reader *reader, struct batch *batch, bool wait, struct error *error);
/* True when the stream that has just begun being read was the first after the given number of rows. */
uint64_t stream_reader_rows(const struct stream_reader *reader);
/* A frame of unknown kind that came before the last batch, for filters that pass them on; NULL when none is left. */
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
 * are added to it later are written as `dict` frames before the rows that use them.
 */
struct stream_writer *stream_writer_open(struct output *output, const struct schema *schema, int level,
                                         struct error *error);
int stream_write(struct stream_writer *writer, const struct batch *batch, struct error *error);
int stream_write_unknown(struct stream_writer *writer, const struct frame *frame, struct error *error);
/* The end frame; does not commit the output. */
int stream_write_end(struct stream_writer *writer, struct error *error);
void stream_writer_close(struct stream_writer *writer);

#endif
