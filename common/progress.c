#include "progress.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "program.h"

static double
now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double) t.tv_sec + (double) t.tv_nsec * 1e-9;
}

static void
put(const char *text, size_t n)
{
    /* A progress line that does not come out is no error. */
    ssize_t ignored = write(STDERR_FILENO, text, n);
    (void) ignored;
}

void
progress_begin(struct progress *progress)
{
    const char *term = getenv("TERM");
    bool dumb = term == NULL || strcmp(term, "dumb") == 0;
    *progress = (struct progress){
        .start_s = now_s(),
        .enabled = program_verbosity() != VERBOSITY_QUIET && !dumb && isatty(STDERR_FILENO),
    };
}

bool
progress_due(struct progress *progress)
{
    if (!progress->enabled)
        return false;
    double now = now_s();
    return now - progress->start_s >= 1 && now - progress->drawn_s >= 0.25;
}

void
progress_draw(struct progress *progress, const char *format, ...)
{
    static const char begin[] = "\r", end[] = "\033[K";
    if (!progress->enabled)
        return;
    char line[512];
    struct winsize size;
    size_t width = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col - 1 : 79;
    size_t cap = sizeof line - sizeof end;
    va_list args;
    va_start(args, format);
    int written = vsnprintf(line + 1, cap - 1, format, args);
    va_end(args);
    if (written < 0)
        return;
    size_t n = (size_t) written < cap - 1 ? (size_t) written : cap - 2;
    if (n > width)
        n = width;
    memcpy(line, begin, 1);
    memcpy(line + 1 + n, end, sizeof end - 1);
    put(line, 1 + n + sizeof end - 1);
    progress->drawn = true;
    progress->drawn_s = now_s();
}

void
progress_erase(struct progress *progress)
{
    static const char erase[] = "\r\033[K";
    if (progress->drawn)
        put(erase, sizeof erase - 1);
    progress->drawn = false;
}

void
progress_end(struct progress *progress)
{
    progress_erase(progress);
    progress->enabled = false;
}

double
progress_elapsed_s(const struct progress *progress)
{
    return now_s() - progress->start_s;
}

void
human_count(char *buffer, size_t cap, double count)
{
    static const char *const units[] = {"", "k", "M", "G", "T", "P"};
    size_t unit = 0;
    /* 999.5 would be printed as 1000. */
    while (count >= 999.5 && unit + 1 < sizeof units / sizeof *units) {
        count /= 1000;
        unit++;
    }
    snprintf(buffer, cap, unit > 0 && count < 9.95 ? "%.1f%s" : "%.0f%s", count, units[unit]);
}

void
human_seconds(char *buffer, size_t cap, double seconds)
{
    if (!(seconds >= 0 && seconds < 1e9)) {
        snprintf(buffer, cap, "?");
        return;
    }
    unsigned long s = (unsigned long) (seconds + 0.5);
    if (s < 60)
        snprintf(buffer, cap, "%lu s", s);
    else if (s < 3600)
        snprintf(buffer, cap, "%lu:%02lu", s / 60, s % 60);
    else
        snprintf(buffer, cap, "%lu:%02lu:%02lu", s / 3600, s / 60 % 60, s % 60);
}
