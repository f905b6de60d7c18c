/*
 * Compressed input: gzip (zlib) and zstd, recognised by their first bytes and decoded as they are read.
 *
 *   gzip  members one after the other are one text; zeros behind the last are padding
 *   zstd  frames one after the other, skippable ones left out; windows up to 128 MiB, as `zstd -d` has it
 *
 * One level only: what is compressed twice comes out compressed once. Checksums are checked. An input that ends inside
 * a member or frame is an error, so a file that was cut is never taken for a short one. Memory: 256 KiB and the window.
 *
 *     input_open(&input, path, &error);
 *     if (input_inflate(&input, &error) < 0) ...      // input_read() gives decoded bytes from now on
 *
 * Used by one thread at a time, like the input.
 */
#ifndef CL_INFLATE_H
#define CL_INFLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "error.h"
#include "file.h"

enum inflate_kind { INFLATE_NONE, INFLATE_GZIP, INFLATE_ZSTD };
enum { INFLATE_MAGIC = 4 }; /* first bytes that always suffice */

/* Which it is by the n first bytes; -1: these are too few to say. n > 0. */
int inflate_sniff(const uint8_t *head, size_t n);

/*
 * Looks at the first bytes of an input of which nothing has been read, waiting for one byte and for more only where
 * that may be the start of a magic number: 1 when it is compressed, else 0; -1. A compressed input is not `regular`
 * and has no size: it can be read from start to end, no more.
 */
int input_inflate(struct input *input, struct error *error);
/* "gzip", "zstd", or NULL when the input is not compressed. */
const char *input_codec(const struct input *input);

/* For file.c: input_read(), input_wait() and input_close() of an input that has one. */
struct inflate;
ssize_t inflate_read(struct inflate *decoder, void *to, size_t n, bool wait, bool *would_block, struct error *error);
int inflate_wait(struct inflate *decoder, int timeout_ms, struct error *error);
void inflate_close(struct inflate *decoder);

#endif
