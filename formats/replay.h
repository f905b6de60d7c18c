/*
 * Streams that are read more than once: files are read again, anything else is spooled during the first pass to an
 * unlinked temporary file (spool_open: $TMPDIR or /tmp; raw frames). Memory: that of one stream reader.
 *
 *     replay_open(&replay, paths, n_paths);
 *     while (another pass is wanted) {
 *         reader = replay_begin(&replay, &error);
 *         while ((got = replay_read(&replay, &batch, &error)) > 0) { ... }
 *     }
 *     replay_close(&replay);
 *
 * A pass that is left to spool must be read to its end, where got is 0. Frames of unknown kind are spooled too; on the
 * last pass they come from stream_reader_unknown() of the reader.
 */
#ifndef CL_REPLAY_H
#define CL_REPLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "error.h"
#include "file.h"
#include "stream.h"

struct replay {
    const char *const *paths;
    size_t n_paths;
    bool again;                   /* the inputs can be read again as they are */
    off_t start;                  /* of stdin, where it can seek */
    struct stream_reader *reader; /* of this pass */
    struct stream_writer *writer; /* to the spool, during the first pass */
    struct output spool;
    uint64_t reserved; /* bytes of the spool that have blocks */
};

/* Opens nothing yet. No paths: stdin. */
void replay_open(struct replay *replay, const char *const *paths, size_t n_paths);
/* Begins a pass. The reader belongs to the replay and lives until the next pass; NULL on error. */
struct stream_reader *replay_begin(struct replay *replay, struct error *error);
/* As stream_read(wait = true). */
int replay_read(struct replay *replay, struct batch *batch, struct error *error);
void replay_close(struct replay *replay);

#endif
