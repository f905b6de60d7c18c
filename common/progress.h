/*
 * A progress line on stderr: only when stderr is a terminal, not under -q, and after the work lasted a second;
 * redrawn at most four times a second; erased by progress_end(), and by progress_erase() before a message.
 */
#ifndef CL_PROGRESS_H
#define CL_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct progress {
    double start_s, drawn_s;
    bool enabled, drawn;
};

void progress_begin(struct progress *progress);
/* True when it is time to draw (cheap: one clock read). */
bool progress_due(struct progress *progress);
void progress_draw(struct progress *progress, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Takes the line away until it is drawn again. */
void progress_erase(struct progress *progress);
void progress_end(struct progress *progress);
double progress_elapsed_s(const struct progress *progress);

/* "1.2M", "35 s", "2:05" into a static-size buffer the caller gives; for progress lines. */
void human_count(char *buffer, size_t cap, double count);
void human_seconds(char *buffer, size_t cap, double seconds);

#endif
