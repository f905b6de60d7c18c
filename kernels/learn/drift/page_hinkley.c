/*
 * The Page-Hinkley test (Page, "Continuous inspection schemes", Biometrika 41, 1954; Gama et al., "A survey on concept
 * drift adaptation", ACM Computing Surveys 46, 2014, section 3.2), with the forgetting factor of MOA.
 *
 * S_t = max(0, alpha S_{t-1} + x_t - mean_t - delta), mean_t that of all values since the start, x_t among them; drift
 * when S_t >= threshold, after min_values. A sequential test of cumulative sums: delta is the change that is
 * tolerated; the false alarm rate has no closed form, and falls exponentially with threshold / (standard deviation).
 * With both=1 the test of -x_t runs beside it.
 */
#include "detector_inside.h"

enum { MIN_VALUES, DELTA, THRESHOLD, ALPHA, BOTH };
enum { RISE = STATE_HEAD, FALL, NUMBERS };

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
    const double *option = detector->option;
    state[STATE_WIDTH] += 1;
    state[STATE_SUM] += value;
    const double above = value - state[STATE_SUM] / state[STATE_WIDTH];
    const double rise = option[ALPHA] * state[RISE] + above - option[DELTA];
    const double fall = option[ALPHA] * state[FALL] - above - option[DELTA];
    state[RISE] = rise > 0 ? rise : 0;
    state[FALL] = fall > 0 && option[BOTH] != 0 ? fall : 0;
    if (state[STATE_WIDTH] < option[MIN_VALUES] || (state[RISE] < option[THRESHOLD] && state[FALL] < option[THRESHOLD]))
        return DETECTOR_QUIET;
    detector_reset(detector);
    return DETECTOR_DRIFT;
}

static bool
possible(const struct detector *detector, const double *state)
{
    (void) detector;
    return state[RISE] >= 0 && state[FALL] >= 0;
}

const struct detector_kind detector_page_hinkley = {
    .name = "page_hinkley",
    .values = DETECTOR_UNIT,
    .options = {{"min_values", 30, 1, 1e9, true},
                {"delta", 0.005, 0, 1e300, false},
                {"threshold", 50, 1e-300, 1e300, false},
                {"alpha", 0.9999, 0, 1, false},
                {"both", 0, 0, 1, true}},
    .n_state = n_state,
    .add = add,
    .possible = possible,
};
