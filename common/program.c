#include "program.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The process-wide state that style.md allows: name, verbosity and the temporary files a signal must remove. */
enum { TEMP_MOST = 64 };
static const char *name = "cl";
static enum verbosity level = VERBOSITY_NORMAL;
static char *volatile temporaries[TEMP_MOST];

/* Only unlink(2): this runs in signal handlers too. */
static void
remove_temporaries(void)
{
    for (int i = 0; i < TEMP_MOST; i++)
        if (temporaries[i] != NULL)
            unlink(temporaries[i]);
}

static void
on_signal(int signal_number)
{
    remove_temporaries();
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

void
program_start(const char *program)
{
    name = program;
    const int ending[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
    for (size_t i = 0; i < sizeof ending / sizeof *ending; i++) {
        struct sigaction old, action = {.sa_handler = on_signal};
        sigemptyset(&action.sa_mask);
        /* nohup and background shells hand down ignored signals: they stay ignored. */
        if (sigaction(ending[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
            sigaction(ending[i], &action, NULL);
    }
    /* A write beyond the file size limit is then EFBIG, an error like a full disk. */
    signal(SIGXFSZ, SIG_IGN);
}

const char *
program_name(void)
{
    return name;
}

void
program_set_verbosity(enum verbosity verbosity)
{
    level = verbosity;
}

enum verbosity
program_verbosity(void)
{
    return level;
}

/* One write per message, so that the lines of several programs of a pipe do not mix. */
static void
say(const char *suffix, const char *format, va_list args)
{
    char line[2048];
    size_t cap = sizeof line - 1;
    size_t n = (size_t) snprintf(line, cap, "%s: ", name);
    if (n < cap) {
        int more = vsnprintf(line + n, cap - n, format, args);
        n = more < 0 || (size_t) more >= cap - n ? cap - 1 : n + (size_t) more;
    }
    if (suffix != NULL && n < cap) {
        int more = snprintf(line + n, cap - n, ": %s", suffix);
        n = more < 0 || (size_t) more >= cap - n ? cap - 1 : n + (size_t) more;
    }
    line[n++] = '\n';
    ssize_t ignored = write(STDERR_FILENO, line, n);
    (void) ignored;
}

void
program_quit(int status)
{
    remove_temporaries();
    /* Not exit(3): nothing is buffered, and other threads may still run. */
    _exit(status);
}

void
die(enum status status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(NULL, format, args);
    va_end(args);
    program_quit((int) status);
}

void
die_errno(const char *format, ...)
{
    const char *reason = strerror(errno);
    va_list args;
    va_start(args, format);
    say(reason, format, args);
    va_end(args);
    program_quit(STATUS_SYSTEM);
}

void
die_error(const struct error *error)
{
    die(error->status, "%s", error->text);
}

void
warn(const char *format, ...)
{
    if (level == VERBOSITY_QUIET)
        return;
    va_list args;
    va_start(args, format);
    say(NULL, format, args);
    va_end(args);
}

void
warn_errno(const char *format, ...)
{
    const char *reason = strerror(errno);
    if (level == VERBOSITY_QUIET)
        return;
    va_list args;
    va_start(args, format);
    say(reason, format, args);
    va_end(args);
}

void
note(const char *format, ...)
{
    if (level < VERBOSITY_VERBOSE)
        return;
    va_list args;
    va_start(args, format);
    say(NULL, format, args);
    va_end(args);
}

void
temp_register(const char *path)
{
    for (int i = 0; i < TEMP_MOST; i++)
        if (temporaries[i] == NULL) {
            /* Stored last: a signal in between leaves at worst an empty file behind. */
            temporaries[i] = strdup(path);
            return;
        }
}

void
temp_unregister(const char *path)
{
    for (int i = 0; i < TEMP_MOST; i++)
        if (temporaries[i] != NULL && strcmp(temporaries[i], path) == 0) {
            char *copy = temporaries[i];
            temporaries[i] = NULL;
            free(copy);
            return;
        }
}
