/*
 * DDM (Gama, Medas, Castillo and Rodrigues, "Learning with drift detection", SBIA 2004). For comparison: its rates of
 * false alarms grow as errors become rare.
 *
 * With p the share of errors among the n values since the start and s = sqrt(p (1 - p) / n), the least p + s is kept as
 * p_min, s_min from n > warm_start on. A warning when p + s > p_min + warning s_min, drift when p + s > p_min + drift
 * s_min: the normal approximation of a binomial share at 95 % and 99 %, tried at each value.
 */
#include <math.h>

#include "detector_inside.h"

enum { WARM_START, WARNING, DRIFT };
enum { SEEN_LEAST = STATE_HEAD, P_LEAST, S_LEAST, NUMBERS };

static const char *
prepare(struct detector *detector)
{
    return detector->option[WARNING] > detector->option[DRIFT] ? "warning is at most drift" : NULL;
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
    const double n = state[STATE_WIDTH] += 1, errors = state[STATE_SUM] += value != 0;
    const double p = errors / n, s = sqrt(p * (1 - p) / n);
    if (n <= detector->option[WARM_START])
        return DETECTOR_QUIET;
    if (state[SEEN_LEAST] == 0 || p + s <= state[P_LEAST] + state[S_LEAST]) {
        state[SEEN_LEAST] = 1;
        state[P_LEAST] = p;
        state[S_LEAST] = s;
    }
    if (p + s > state[P_LEAST] + detector->option[DRIFT] * state[S_LEAST]) {
        detector_reset(detector);
        return DETECTOR_DRIFT;
    }
    return p + s > state[P_LEAST] + detector->option[WARNING] * state[S_LEAST] ? DETECTOR_WARNING : DETECTOR_QUIET;
}

static bool
possible(const struct detector *detector, const double *state)
{
    const bool warm = state[STATE_WIDTH] > detector->option[WARM_START];
    return detector_count(state[STATE_SUM], state[STATE_WIDTH]) && state[SEEN_LEAST] == (warm ? 1 : 0) &&
           state[P_LEAST] >= 0 && state[P_LEAST] <= 1 && state[S_LEAST] >= 0;
}

const struct detector_kind detector_ddm = {
    .name = "ddm",
    .values = DETECTOR_BINARY,
    .options = {{"warm_start", 30, 1, 1e9, true}, {"warning", 2, 0, 1e6, false}, {"drift", 3, 0, 1e6, false}},
    .prepare = prepare,
    .n_state = n_state,
    .add = add,
    .possible = possible,
};
