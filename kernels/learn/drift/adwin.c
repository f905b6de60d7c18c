/*
 * ADWIN: a window as long as its mean does not change (Bifet and Gavalda, "Learning from time-changing data with
 * adaptive windowing", SDM 2007, ADWIN2 of section 4), with the conventions of MOA's implementation.
 *
 * The window W of n values is kept as an exponential histogram: buckets of 1, 2, 4, .. values, oldest and largest
 * last, `max_buckets` of a size at most; one more, and the two oldest of that size become one of the next. Every
 * `clock` values each boundary between two buckets is tried as a cut into W0 (n0 old values) and W1 (n1 new ones), both
 * of min_window values or more, oldest boundary first. There is a change when
 *
 *     |mean(W0) - mean(W1)| > sqrt(2/m s2 ln(2 ln(n) / delta)) + 2/(3 m) ln(2 ln(n) / delta)
 *
 * with s2 the variance of W and 1/m = 1/(n0 - min_window + 1) + 1/(n1 - min_window + 1) (the paper has 1/n0 + 1/n1):
 * then the oldest bucket goes, and all boundaries are tried again. For values in [0, 1] the paper's theorem 3.1 bounds
 * the probability of a false cut at each trial by delta.
 *
 * Every boundary is tried, the one after the newest bucket of each size too; only the end of the window is none.
 *
 * A cut is drift when the mean of what remains is above that of the window before (with both=1: always), and when the
 * change is not known yet: the rows after the cut came after the last alarm. The old rows of one change may go in
 * several cuts, since each needs evidence; without that rule each cut would be an alarm.
 */
#include <math.h>

#include "detector_inside.h"
#include "logarithm.h"

enum { DELTA, CLOCK, MAX_BUCKETS, MIN_WINDOW, GRACE, BOTH };
/* Buckets of 2^LEVELS values there are none: 5 x 2^48 is more than any stream has. */
enum { LEVELS = 49 };
/* VARIANCE is n times the variance of the window. LEVEL: of each level LEVEL_NUMBERS(). */
enum { VARIANCE = STATE_HEAD, TICK, SINCE_ALARM, HEIGHT, LEVEL };

/* A level: how many buckets, then their sums, oldest first, then n times their variances. One more than max_buckets
 * for the moment before two become one. */
static size_t
most_of(const struct detector *detector)
{
    return (size_t) detector->option[MAX_BUCKETS] + 1;
}

static size_t
level_numbers(const struct detector *detector)
{
    return 1 + 2 * most_of(detector);
}

static double *
level_at(const struct detector *detector, size_t level)
{
    return detector->state + LEVEL + level * level_numbers(detector);
}

static size_t
n_state(const struct detector *detector)
{
    return LEVEL + LEVELS * level_numbers(detector);
}

/* ---- the window ---- */

/* n times the variance that two parts have for their means alone. */
static double
between(double n0, double mean0, double n1, double mean1)
{
    return n0 * n1 / (n0 + n1) * (mean0 - mean1) * (mean0 - mean1);
}

/* Takes the oldest n buckets off a level. */
static void
shift(double *level, size_t most, size_t n)
{
    const size_t left = (size_t) level[0] - n;
    for (size_t i = 0; i < left; i++) {
        level[1 + i] = level[1 + i + n];
        level[1 + most + i] = level[1 + most + i + n];
    }
    /* What is not used is 0, so that equal windows are equal states. */
    for (size_t i = left; i < left + n; i++)
        level[1 + i] = level[1 + most + i] = 0;
    level[0] = (double) left;
}

static void
push(double *level, size_t most, double sum, double variance)
{
    const size_t at = (size_t) level[0];
    level[1 + at] = sum;
    level[1 + most + at] = variance;
    level[0] = (double) (at + 1);
}

static void
insert(struct detector *detector, double value)
{
    double *state = detector->state, size = 1;
    const size_t most = most_of(detector);
    if (state[STATE_WIDTH] > 0)
        state[VARIANCE] += between(state[STATE_WIDTH], state[STATE_SUM] / state[STATE_WIDTH], 1, value);
    state[STATE_WIDTH] += 1;
    state[STATE_SUM] += value;
    push(level_at(detector, 0), most, value, 0);
    if (state[HEIGHT] == 0)
        state[HEIGHT] = 1;
    for (size_t i = 0; i + 1 < LEVELS; i++, size *= 2) {
        double *level = level_at(detector, i);
        if (level[0] < (double) most)
            return;
        const double sum = level[1] + level[2], variance = level[1 + most] + level[2 + most];
        push(level_at(detector, i + 1), most, sum, variance + between(size, level[1] / size, size, level[2] / size));
        shift(level, most, 2);
        if (state[HEIGHT] < (double) (i + 2))
            state[HEIGHT] = (double) (i + 2);
    }
}

static void
drop_oldest(struct detector *detector)
{
    double *state = detector->state;
    const size_t top = (size_t) state[HEIGHT] - 1, most = most_of(detector);
    double *level = level_at(detector, top);
    const double size = (double) (UINT64_C(1) << top), sum = level[1], variance = level[1 + most];
    state[STATE_WIDTH] -= size;
    state[STATE_SUM] -= sum;
    state[VARIANCE] -= variance + between(size, sum / size, state[STATE_WIDTH], state[STATE_SUM] / state[STATE_WIDTH]);
    if (state[VARIANCE] < 0) /* by rounding only */
        state[VARIANCE] = 0;
    shift(level, most, 1);
    while (level_at(detector, (size_t) state[HEIGHT] - 1)[0] == 0)
        state[HEIGHT] -= 1;
}

/* ---- cuts ---- */

/* The new values n1 after the oldest boundary at which there is a change, or 0. */
static double
find_cut(const struct detector *detector)
{
    const double *state = detector->state, least = detector->option[MIN_WINDOW], n = state[STATE_WIDTH];
    const double log_term = logarithm(2 * logarithm(n) / detector->option[DELTA]);
    const double by_variance = 2 * (state[VARIANCE] / n) * log_term, by_range = log_term * 2 / 3;
    double n0 = 0, sum0 = 0, size = (double) (UINT64_C(1) << ((size_t) state[HEIGHT] - 1));
    for (size_t i = (size_t) state[HEIGHT]; i-- > 0; size /= 2) {
        const double *level = level_at(detector, i);
        const size_t buckets = (size_t) level[0];
        for (size_t k = 0; k < buckets; k++) {
            n0 += size;
            sum0 += level[1 + k];
            const double n1 = n - n0, sum1 = state[STATE_SUM] - sum0;
            if (n0 < least)
                continue;
            if (n1 < least || n1 <= 0)
                return 0;
            const double inverse_m = 1 / (n0 - least + 1) + 1 / (n1 - least + 1);
            if (fabs(sum0 / n0 - sum1 / n1) > sqrt(by_variance * inverse_m) + by_range * inverse_m)
                return n1;
        }
    }
    return 0;
}

static enum detector_signal
add(struct detector *detector, double value)
{
    double *state = detector->state;
    insert(detector, value);
    state[SINCE_ALARM] += 1;
    state[TICK] += 1;
    if (state[TICK] < detector->option[CLOCK])
        return DETECTOR_QUIET;
    state[TICK] = 0;
    const double before = detector_mean(detector);
    bool fresh = false;
    for (double n1; state[STATE_WIDTH] > detector->option[GRACE] && (n1 = find_cut(detector)) > 0;) {
        fresh = fresh || n1 <= state[SINCE_ALARM];
        drop_oldest(detector);
    }
    if (!fresh || (detector->option[BOTH] == 0 && detector_mean(detector) <= before))
        return DETECTOR_QUIET;
    state[SINCE_ALARM] = 0;
    return DETECTOR_DRIFT;
}

static bool
possible(const struct detector *detector, const double *state)
{
    const size_t most = most_of(detector);
    const double *level = state + LEVEL;
    double width = 0, size = 1, height = 0;
    for (size_t i = 0; i < LEVELS; i++, size *= 2, level += level_numbers(detector)) {
        if (!detector_count(level[0], (double) most - 1))
            return false;
        width += level[0] * size;
        if (level[0] > 0)
            height = (double) (i + 1);
    }
    return width == state[STATE_WIDTH] && height == state[HEIGHT] && state[VARIANCE] >= 0 &&
           detector_count(state[TICK], detector->option[CLOCK] - 1) &&
           detector_count(state[SINCE_ALARM], DETECTOR_MOST);
}

const struct detector_kind detector_adwin = {
    .name = "adwin",
    .values = DETECTOR_UNIT,
    .options = {{"delta", 0.002, 1e-12, 0.999, false},
                {"clock", 32, 1, 1e6, true},
                {"max_buckets", 5, 1, 100, true},
                {"min_window", 5, 1, 1e6, true},
                {"grace", 10, 2, 1e9, true},
                {"both", 0, 0, 1, true}},
    .n_state = n_state,
    .add = add,
    .possible = possible,
};
