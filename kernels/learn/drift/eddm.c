/*
 * EDDM (Baena-Garcia et al., "Early drift detection method", IWKDDS 2006). For comparison: on streams without drift it
 * has one or two alarms in a thousand rows.
 *
 * With p' and s' the mean and the standard deviation of the distances between errors since the start, the largest
 * p' + 2 s' is kept from value warm_start on. After warm_start errors there is a warning when (p' + 2 s') / largest is
 * below `warning`, drift below `drift`. No bound stands behind the two shares.
 */
#include <math.h>

#include "detector_inside.h"

enum { WARM_START, WARNING, DRIFT };
/* SQUARES: the sum of squared differences of distances from their mean (Welford 1962). */
enum { LAST_ERROR = STATE_HEAD, MEAN, SQUARES, LARGEST, NUMBERS };

static const char *
prepare(struct detector *detector)
{
    return detector->option[WARNING] < detector->option[DRIFT] ? "warning is at least as large as drift" : NULL;
}

static size_t
n_state(const struct detector *detector)
{
    (void) detector;
    return NUMBERS;
}

static enum detector_signal
add(struct detector *detector, double value)
{
    double *state = detector->state;
    const double n = state[STATE_WIDTH] += 1, warm = detector->option[WARM_START];
    if (value == 0)
        return DETECTOR_QUIET;
    const double errors = state[STATE_SUM] += 1, distance = n - state[LAST_ERROR], before = state[MEAN];
    state[LAST_ERROR] = n;
    state[MEAN] += (distance - before) / errors;
    state[SQUARES] += (distance - before) * (distance - state[MEAN]);
    if (n <= warm)
        return DETECTOR_QUIET;
    const double level = state[MEAN] + 2 * sqrt(state[SQUARES] / errors);
    if (level > state[LARGEST]) {
        state[LARGEST] = level;
        return DETECTOR_QUIET;
    }
    if (errors <= warm || level >= detector->option[WARNING] * state[LARGEST])
        return DETECTOR_QUIET;
    if (level >= detector->option[DRIFT] * state[LARGEST])
        return DETECTOR_WARNING;
    detector_reset(detector);
    return DETECTOR_DRIFT;
}

static bool
possible(const struct detector *detector, const double *state)
{
    (void) detector;
    return detector_count(state[STATE_SUM], state[STATE_WIDTH]) &&
           detector_count(state[LAST_ERROR], state[STATE_WIDTH]) && state[MEAN] >= 0 && state[SQUARES] >= 0 &&
           state[LARGEST] >= 0;
}

const struct detector_kind detector_eddm = {
    .name = "eddm",
    .values = DETECTOR_BINARY,
    .options = {{"warm_start", 30, 1, 1e9, true}, {"warning", 0.95, 0, 1, false}, {"drift", 0.9, 0, 1, false}},
    .prepare = prepare,
    .n_state = n_state,
    .add = add,
    .possible = possible,
};
