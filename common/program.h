/*
 * The process: its name, its messages on stderr, its signals and its temporary files. For tools only.
 *
 * Messages read `cl-ingest: data.csv:17: column 'age': ...`. die*() removes the registered temporary files and
 * exits; so do SIGINT, SIGTERM and SIGHUP, after which the process ends by the same signal (128+n for the shell).
 * SIGPIPE keeps its default action unless it was inherited as ignored: then EPIPE on stdout ends the process
 * silently with status 141 (file.h).
 *
 *     program_start("cl-split", argc, argv);
 *     ...
 *     return program_finish();
 */
#ifndef CL_PROGRAM_H
#define CL_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>

#include "error.h"

/* 0 quiet, 1 normal, 2 verbose. Set by the common options. */
enum verbosity { VERBOSITY_QUIET, VERBOSITY_NORMAL, VERBOSITY_VERBOSE };

/* Sets the name used in messages and the signal handlers. `name` must outlive the process. */
void program_start(const char *name);
const char *program_name(void);
void program_set_verbosity(enum verbosity verbosity);
enum verbosity program_verbosity(void);

_Noreturn void die(enum status status, const char *format, ...) __attribute__((format(printf, 2, 3)));
_Noreturn void die_errno(const char *format, ...) __attribute__((format(printf, 1, 2))); /* status 4, strerror */
_Noreturn void die_error(const struct error *error);
_Noreturn void program_quit(int status); /* removes the temporary files and exits without a word */
void warn(const char *format, ...) __attribute__((format(printf, 1, 2)));       /* silent under -q */
void warn_errno(const char *format, ...) __attribute__((format(printf, 1, 2))); /* silent under -q */
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));       /* only under -v */

/* Registers a path to be unlinked when the process dies or is interrupted. Copies it. At most 64 at a time. */
void temp_register(const char *path);
/* Forgets it again (after the rename). */
void temp_unregister(const char *path);

#endif
