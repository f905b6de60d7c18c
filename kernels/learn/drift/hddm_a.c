/*
 * HDDM_A: Hoeffding's bound on the difference of two means (Frias-Blanco et al., "Online and non-parametric drift
 * detection methods based on Hoeffding's bounds", IEEE TKDE 27, 2015, A-test: algorithm 1 and corollary 6).
 *
 * Of the n values since the start, those up to the place x are kept as the best time: x moves to n when
 *     mean(n) + e(n) <= mean(x) + e(x),   e(k) = sqrt(ln(1/drift) / (2 k)).
 * There is drift when mean(n) - mean(x) >= sqrt(m/2 ln(2/drift)), m = (n - x) / (x n), and a warning likewise with
 * `warning`. By Hoeffding's inequality the probability of a false one is at most `drift` for one n and x, for values in
 * [0, 1]. With both=1 the mirror image, a fall from the worst time, is drift too.
 */
#include <math.h>

#include "detector_inside.h"
#include "logarithm.h"

enum { DRIFT, WARNING, BOTH };
enum { LEAST_N = STATE_HEAD, LEAST_SUM, MOST_N, MOST_SUM, NUMBERS };
enum { LOG_KEEP, LOG_DRIFT, LOG_WARNING };

static const char *
prepare(struct detector *detector)
{
    const double drift = detector->option[DRIFT], warning = detector->option[WARNING];
    detector->constant[LOG_KEEP] = -logarithm(drift);
    detector->constant[LOG_DRIFT] = logarithm(2 / drift);
    detector->constant[LOG_WARNING] = logarithm(2 / warning);
    return warning < drift ? "warning is at least as large as drift" : NULL;
}

static size_t
n_state(const struct detector *detector)
{
    (void) detector;
    return NUMBERS;
}

static double
bound(double log_term, double k)
{
    return sqrt(log_term / (2 * k));
}

static enum detector_signal
add(struct detector *detector, double value)
{
    double *state = detector->state;
    const double n = state[STATE_WIDTH] += 1, sum = state[STATE_SUM] += value, mean = sum / n;
    const double keep = detector->constant[LOG_KEEP], e = bound(keep, n);
    if (state[LEAST_N] == 0 || mean + e <= state[LEAST_SUM] / state[LEAST_N] + bound(keep, state[LEAST_N])) {
        state[LEAST_N] = n;
        state[LEAST_SUM] = sum;
    }
    if (state[MOST_N] == 0 || mean - e >= state[MOST_SUM] / state[MOST_N] - bound(keep, state[MOST_N])) {
        state[MOST_N] = n;
        state[MOST_SUM] = sum;
    }
    double rise = 0, least = (n - state[LEAST_N]) / (state[LEAST_N] * n) / 2;
    double fall = 0, most = (n - state[MOST_N]) / (state[MOST_N] * n) / 2;
    if (state[LEAST_N] < n)
        rise = mean - state[LEAST_SUM] / state[LEAST_N];
    if (state[MOST_N] < n && detector->option[BOTH] != 0)
        fall = state[MOST_SUM] / state[MOST_N] - mean;
    const double drift = detector->constant[LOG_DRIFT], warning = detector->constant[LOG_WARNING];
    if ((rise > 0 && rise >= sqrt(least * drift)) || (fall > 0 && fall >= sqrt(most * drift))) {
        detector_reset(detector);
        return DETECTOR_DRIFT;
    }
    if ((rise > 0 && rise >= sqrt(least * warning)) || (fall > 0 && fall >= sqrt(most * warning)))
        return DETECTOR_WARNING;
    return DETECTOR_QUIET;
}

static bool
possible(const struct detector *detector, const double *state)
{
    (void) detector;
    const bool begun = state[STATE_WIDTH] > 0;
    return detector_count(state[LEAST_N], state[STATE_WIDTH]) && detector_count(state[MOST_N], state[STATE_WIDTH]) &&
           (state[LEAST_N] > 0) == begun && (state[MOST_N] > 0) == begun;
}

const struct detector_kind detector_hddm_a = {
    .name = "hddm_a",
    .values = DETECTOR_UNIT,
    .options = {{"drift", 0.001, 1e-12, 0.999, false},
                {"warning", 0.005, 1e-12, 0.999, false},
                {"both", 0, 0, 1, true}},
    .prepare = prepare,
    .n_state = n_state,
    .add = add,
    .possible = possible,
};
