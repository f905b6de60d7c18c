/*
 * Detectors of drift in a sequence of numbers of which more is worse, above all the errors of a model row by row: 1 for
 * a wrong class, 0 for the right one; errors of numbers are put between 0 and 1 by detector_unit().
 *
 *     struct detector *detector = detector_open("adwin", &error);
 *     for each row: if (detector_add(detector, wrong) == DETECTOR_DRIFT) ...
 *     detector_close(detector);
 *
 * DETECTOR_DRIFT is told once for each drift: then a detector starts anew, as published, and ADWIN goes on with the
 * rows since the change. All decisions are made in double by + - * / sqrt and a logarithm of our own, so the same
 * numbers give the same alarms on any machine; a detector that is saved and restored goes on with the same bits. Memory
 * does not grow with rows. Not thread-safe: one detector, one thread.
 *
 * Each detector is one file, with its formula, bound and source on top; defaults are the published ones (that of kswin
 * is not, see there). What they cost in false alarms: cl-drift(1).
 */
#ifndef CL_DETECTOR_H
#define CL_DETECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

struct detector;

enum detector_signal { DETECTOR_QUIET, DETECTOR_WARNING, DETECTOR_DRIFT };

/* What a detector is made for. */
enum detector_values {
    DETECTOR_BINARY, /* 0 and 1 only: it counts errors */
    DETECTOR_UNIT,   /* numbers from 0 to 1: its bound is for these */
    DETECTOR_ANY,    /* any numbers */
};

/* Of all detectors, the default first; NULL-terminated. */
extern const char *const detector_names[];

/* words: "NAME" or "NAME,OPTION=NUMBER,...", as in "adwin,delta=0.01". NULL with STATUS_USAGE. Owner: the caller. */
struct detector *detector_open(const char *words, struct error *error);
void detector_close(struct detector *detector);

/* One more value. One that is not finite is no value: it is left out, and DETECTOR_QUIET. */
enum detector_signal detector_add(struct detector *detector, double value);

enum detector_values detector_values(const struct detector *detector);
/* The name and every option, as detector_open() reads them. The detector's own, until it is closed. */
const char *detector_words(const struct detector *detector);

/* The values that stand for the present: those since the last drift, or what ADWIN has in its window; and their mean,
 * 0 of no value. */
uint64_t detector_width(const struct detector *detector);
double detector_mean(const struct detector *detector);

/* All there is to go on with: n numbers, whose meaning is the detector's own. Valid until the next call. */
const double *detector_state(const struct detector *detector, size_t *n);
/* The state of a detector with the same words. -1: it is none (STATUS_DATA), and the detector is as it was. */
int detector_restore(struct detector *detector, const double *state, size_t n, struct error *error);

/*
 * The size of an error of a predicted number, from 0 to 1: |e| / (|e| + scale). It is monotone, so that errors grow
 * when their images do, and an error of the usual size `scale` > 0 is 1/2. NaN where e is.
 */
double detector_unit(double e, double scale);

#endif
