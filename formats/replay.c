#include "replay.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool
is_regular(const char *path)
{
    struct stat status;
    bool standard = path == NULL || strcmp(path, "-") == 0;
    return (standard ? fstat(STDIN_FILENO, &status) : stat(path, &status)) == 0 && S_ISREG(status.st_mode);
}

void
replay_open(struct replay *replay, const char *const *paths, size_t n_paths)
{
    *replay = (struct replay){
        .paths = paths,
        .n_paths = n_paths,
        .again = n_paths > 0 || is_regular(NULL),
        .start = lseek(STDIN_FILENO, 0, SEEK_CUR),
        .spool = {.fd = -1, .path = "the temporary copy of the input"},
    };
    for (size_t i = 0; i < n_paths; i++)
        replay->again = replay->again && is_regular(paths[i]);
}

/* What was spooled takes the place of stdin: no name leads to it. */
static int
read_spool_from_now_on(struct replay *replay, struct error *error)
{
    stream_writer_close(replay->writer);
    replay->writer = NULL;
    if (dup2(replay->spool.fd, STDIN_FILENO) < 0)
        return error_errno(error, "cannot read %s", replay->spool.path);
    output_abandon(&replay->spool);
    replay->paths = NULL;
    replay->n_paths = 0;
    replay->start = 0;
    replay->again = true;
    return 0;
}

/* About what a row takes in the spool. */
static uint64_t
row_bytes(const struct schema *schema)
{
    return 4 * ((uint64_t) schema->n_x + schema->n_c + schema->n_y) + 1;
}

struct stream_reader *
replay_begin(struct replay *replay, struct error *error)
{
    bool first = replay->reader == NULL;
    stream_reader_close(replay->reader);
    replay->reader = NULL;
    if (replay->writer != NULL && read_spool_from_now_on(replay, error) < 0)
        return NULL;
    if (!first && replay->start >= 0 && lseek(STDIN_FILENO, replay->start, SEEK_SET) < 0) {
        error_errno(error, "cannot read stdin a second time");
        return NULL;
    }
    replay->reader = stream_reader_open(replay->paths, replay->n_paths, error);
    if (replay->reader == NULL || replay->again)
        return replay->reader;
    replay->spool.fd = spool_open(error);
    if (replay->spool.fd < 0)
        return NULL;
    replay->writer = stream_writer_open(&replay->spool, stream_reader_schema(replay->reader), 0, error);
    if (replay->writer == NULL)
        return NULL;
    stream_writer_private(replay->writer);
    return replay->reader;
}

int
replay_read(struct replay *replay, struct batch *batch, struct error *error)
{
    int got = stream_read(replay->reader, batch, true, error);
    if (replay->writer == NULL || got < 0)
        return got;
    for (const struct frame *frame; (frame = stream_reader_unknown(replay->reader)) != NULL;)
        if (stream_write_unknown(replay->writer, frame, error) < 0)
            return -1;
    if (got > 0)
        spool_reserve(replay->spool.fd, batch->n * row_bytes(batch->schema), &replay->reserved);
    if ((got > 0 ? stream_write(replay->writer, batch, error) : stream_write_end(replay->writer, error)) < 0)
        return -1;
    return got;
}

void
replay_close(struct replay *replay)
{
    stream_writer_close(replay->writer);
    stream_reader_close(replay->reader);
    output_abandon(&replay->spool);
}
