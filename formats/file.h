/*
 * Bytes in and out: read loops, pipe sizing, outputs that appear whole or not at all, spooling.
 *
 * Input: "-" or stdin by default; pipes are enlarged to 1 MiB where the system lets us; EINTR and short reads are
 * handled. input_read() with `wait` false returns 0 bytes and sets `would_block` when nothing is there, so that a
 * filter can flush before it waits.
 *
 * Output: stdout, or -o FILE: a file without a name in FILE's folder (O_TMPFILE; ".FILE.XXXXXX" where there is no such
 * thing) until output_commit(): fsync, a name, rename, fsync of the folder. Binary is refused on a terminal. Whoever
 * fails or is killed before the commit leaves nothing (program.h removes what has a name).
 */
#ifndef CL_FILE_H
#define CL_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "error.h"

struct input {
    int fd;
    const char *name;        /* for messages; "-" is shown as "stdin" */
    bool regular;            /* can seek, size known */
    uint64_t size;           /* of a regular file */
    bool would_block;        /* set by input_read(wait = false) */
    struct inflate *inflate; /* decoder of a compressed input (inflate.h), or NULL */
    uint8_t *pushed;         /* [n_pushed] bytes of input_push() */
    size_t n_pushed, pushed_at;
};

/* Opens a path, or stdin for NULL and "-". A regular file that is stdout too is refused: it would never end. */
int input_open(struct input *input, const char *path, struct error *error);
/* Reads up to `n` bytes; 0 at the end of input; -1 on error. Never returns short because of a signal. */
ssize_t input_read(struct input *input, void *buffer, size_t n, bool wait, struct error *error);
/* Waits until input_read() would not block, for timeout_ms or, with -1, for good: 1; 0 when the time is over or a
 * signal was caught; -1. */
int input_wait(struct input *input, int timeout_ms, struct error *error);
void input_close(struct input *input);
/* Gives back the bytes read last, which are read again before others. */
void input_push(struct input *input, const void *bytes, size_t n);

struct output {
    int fd;
    const char *path; /* as given; NULL = stdout. Must outlive the output */
    char *target;     /* what the rename replaces: `path`, or the file a symbolic link at `path` names.
                       * NULL for stdout, devices and named pipes, which are written directly */
    char *temporary;  /* a name until the commit, where the file needs one; else NULL */
};

/*
 * Opens FILE's temporary, or stdout for NULL and "-". binary: refuse a terminal (status 2). An existing FILE keeps its
 * permissions, and is refused when it is read-only.
 */
int output_open(struct output *output, const char *path, bool binary, struct error *error);
/* Writes all of it. EPIPE on stdout ends the process silently (status 141); elsewhere it is an error. */
int output_write(struct output *output, const void *bytes, size_t n, struct error *error);
struct iovec;
int output_writev(struct output *output, struct iovec *parts, int n_parts, struct error *error);
/* fsync + rename for a file; for stdout a checked close. The only moment a result appears. */
int output_commit(struct output *output, struct error *error);
/* Drops the temporary. Safe after commit. */
void output_abandon(struct output *output);

/* An unlinked temporary file in $TMPDIR or /tmp. Returns the descriptor. */
int spool_open(struct error *error);
/*
 * Asks for the blocks of a file before they are written, many together: half the price of one page at a time. To be
 * called before each write, of `bytes`; *reserved: 0 at first. Small files, and file systems that cannot, are left
 * alone.
 */
void spool_reserve(int fd, uint64_t bytes, uint64_t *reserved);

#endif
