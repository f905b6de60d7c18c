/* What a detector is to detector.c: a row of its table. */
#ifndef CL_DETECTOR_INSIDE_H
#define CL_DETECTOR_INSIDE_H

#include "detector.h"

enum { DETECTOR_OPTIONS = 6, DETECTOR_CONSTANTS = 4 };

struct detector_option {
    const char *name;
    double value, low, high; /* default; limits, inclusive */
    bool whole;
};

/* Every state begins with these; what follows is the kind's. All of it is zero at first. */
enum { STATE_WIDTH, STATE_SUM, STATE_HEAD };

struct detector {
    const struct detector_kind *kind;
    double option[DETECTOR_OPTIONS];
    double constant[DETECTOR_CONSTANTS]; /* of the options */
    double *state;                       /* [n_state] */
    size_t n_state;
    double *scratch; /* [n_scratch] */
    char words[256];
};

struct detector_kind {
    const char *name;
    enum detector_values values;
    struct detector_option options[DETECTOR_OPTIONS]; /* up to one without a name */
    /* Options that contradict each other: a sentence, else NULL. Sets detector->constant. Or NULL. */
    const char *(*prepare)(struct detector *detector);
    size_t (*n_state)(const struct detector *detector);
    size_t (*n_scratch)(const struct detector *detector); /* or NULL */
    enum detector_signal (*add)(struct detector *detector, double value);
    /* Whether add() may go on from such a state, all of which is finite: counts are counts, places are inside. */
    bool (*possible)(const struct detector *detector, const double *state);
};

extern const struct detector_kind detector_adwin, detector_hddm_a, detector_page_hinkley, detector_kswin, detector_ddm,
    detector_eddm;

/* Whether x is one of 0, 1 .. most, most <= 2^53. */
static inline bool
detector_count(double x, double most)
{
    return x >= 0 && x <= most && x == (double) (uint64_t) x;
}

/* More values than any stream has. */
#define DETECTOR_MOST 0x1p52

/* Starts anew: all zero. */
void detector_reset(struct detector *detector);

#endif
