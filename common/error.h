/*
 * What a library function says when it fails: an exit status and one whole sentence.
 *
 * Functions of common/, formats/ and kernels/ return 0 (or a count) on success and -1 on failure, after filling
 * the `struct error` they were given. They never print and never exit; tools do that with die_error() of
 * program.h. The one exception is memory: see memory.h.
 *
 *     if (csv_open(&csv, fd, &error) < 0)
 *         die_error(&error);
 */
#ifndef CL_ERROR_H
#define CL_ERROR_H

#include <stddef.h>

/* Exit statuses, frozen (cl.7). 128+n is left to signals. */
enum status {
    STATUS_OK = 0,
    STATUS_NO = 1,     /* the answer is no: a gate not met */
    STATUS_USAGE = 2,  /* wrong usage */
    STATUS_DATA = 3,   /* bad input data, a broken or truncated stream */
    STATUS_SYSTEM = 4, /* the system said no: I/O, memory, device */
};

struct error {
    enum status status;
    char text[1024]; /* a sentence without program name and final newline */
};

/* Fills `error` with a formatted sentence. Returns -1, so that `return error_set(...)` reads well. */
int error_set(struct error *error, enum status status, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The same with status STATUS_SYSTEM and ": strerror(errno)" appended. Returns -1. */
int error_errno(struct error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Puts "prefix: " before the sentence that is there. Returns -1. */
int error_prefix(struct error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * Copies `n` bytes that came from data into `dst` as printable text: control characters, quotes' backslash and
 * invalid UTF-8 as \xNN, at most `width` source bytes and then "...". `dst` holds `cap` bytes, always ends in NUL.
 * Returns dst. Every name or cell of the user's data that goes into a message passes through here.
 */
const char *error_quote(char *dst, size_t cap, const char *src, size_t n, size_t width);

#endif
