/*
 * KSWIN (Raab, Heusinger and Schleif, "Reactive soft prototype computing for concept drift streams", Neurocomputing
 * 416, 2020, section 3): the two-sample test of Kolmogorov and Smirnov inside a sliding window.
 *
 * When the window holds `window` values, the newest `recent` are compared at each new value with as many drawn from the
 * rest without replacement: there is drift when D, the largest difference of the two distribution functions, is above
 * 0.1 and its p-value is at most alpha. The window is empty then (the paper keeps the newest values; but some of those
 * may be from before the change, which would be an alarm again). The p-value is the exact one of two samples of r
 * values without ties (Gnedenko and Korolyuk 1951; with ties it is an upper bound), P(D >= h / r) = 2 sum_{j >= 1}
 * (-1)^(j-1) C(2 r, r - j h) / C(2 r, r), so alpha is one number h of counted values, found once.
 *
 * alpha is 0.0001 here where the paper has 0.005: a test is made at each value, and at 0.005 a stream without drift has
 * 13 alarms in 10,000 rows. Changes of any kind are found, improvements too. Draws are counter-based, a function of
 * `seed` and of the number of values before; a value costs about 2 us.
 */
#include <string.h>

#include "detector_inside.h"
#include "rng.h"

enum { ALPHA, WINDOW, RECENT, SEED };
/* DRAWS: tests so far. VALUES: the window, oldest first; 0 where there is none yet. */
enum { DRAWS = STATE_HEAD, HELD, VALUES };
enum { CRITICAL };

/* P(D >= h / r), h >= 1: C(2 r, r - k) / C(2 r, r) is the product of (r - i) / (r + i + 1) for i < k. */
static double
p_value(uint32_t r, uint32_t h)
{
    double sum = 0, ratio = 1;
    for (uint32_t i = 0, next = h, sign = 0; i < r; i++) {
        ratio *= (double) (r - i) / (double) (r + i + 1);
        if (i + 1 == next) {
            sum += sign ? -ratio : ratio;
            sign = !sign;
            next += h;
        }
    }
    return 2 * sum;
}

static const char *
prepare(struct detector *detector)
{
    const uint32_t r = (uint32_t) detector->option[RECENT];
    uint32_t h = r / 10 + 1;
    if (2 * detector->option[RECENT] > detector->option[WINDOW])
        return "window is at least twice recent";
    while (h <= r && p_value(r, h) > detector->option[ALPHA])
        h++;
    detector->constant[CRITICAL] = (double) h;
    return h > r ? "so few recent values never differ at this alpha; recent is to be larger" : NULL;
}

static size_t
n_state(const struct detector *detector)
{
    return VALUES + (size_t) detector->option[WINDOW];
}

static size_t
n_scratch(const struct detector *detector)
{
    return 2 * (size_t) detector->option[RECENT];
}

/* Shell's method with the gaps of Knuth, 3 k + 1: quick for tens of values, and not slow for hundreds. */
static void
sort(double *x, size_t n)
{
    size_t gap = 1;
    while (gap < n / 3)
        gap = 3 * gap + 1;
    for (; gap > 0; gap /= 3)
        for (size_t i = gap; i < n; i++) {
            const double moved = x[i];
            size_t j = i;
            for (; j >= gap && x[j - gap] > moved; j -= gap)
                x[j] = x[j - gap];
            x[j] = moved;
        }
}

/* r D of two sorted samples of r values. */
static uint32_t
distance(const double *a, const double *b, uint32_t r)
{
    uint32_t i = 0, j = 0, largest = 0;
    while (i < r && j < r) {
        const double at = a[i] < b[j] ? a[i] : b[j];
        while (i < r && a[i] == at)
            i++;
        while (j < r && b[j] == at)
            j++;
        const uint32_t apart = i > j ? i - j : j - i;
        largest = apart > largest ? apart : largest;
    }
    return largest;
}

static void
set_recent(struct detector *detector, const double *recent, uint32_t r)
{
    detector->state[STATE_WIDTH] = r;
    detector->state[STATE_SUM] = 0;
    for (uint32_t i = 0; i < r; i++)
        detector->state[STATE_SUM] += recent[i];
}

static enum detector_signal
add(struct detector *detector, double value)
{
    double *state = detector->state, *window = state + VALUES;
    const uint32_t n = (uint32_t) detector->option[WINDOW], r = (uint32_t) detector->option[RECENT];
    uint32_t held = (uint32_t) state[HELD];
    if (held == n)
        memmove(window, window + 1, --held * sizeof *window);
    window[held++] = value;
    state[HELD] = held;
    const uint32_t newest = held < r ? held : r;
    set_recent(detector, window + held - newest, newest);
    if (held < n)
        return DETECTOR_QUIET;

    double *drawn = detector->scratch, *recent = drawn + r;
    struct permutation order =
        permutation_make(rng_key((uint64_t) detector->option[SEED], RNG_DRIFT, 0), (uint64_t) state[DRAWS], n - r);
    for (uint32_t i = 0; i < r; i++)
        drawn[i] = window[permutation_at(&order, i)];
    memcpy(recent, window + n - r, r * sizeof *recent);
    state[DRAWS] += 1;
    sort(drawn, r);
    sort(recent, r);
    if (distance(drawn, recent, r) < detector->constant[CRITICAL])
        return DETECTOR_QUIET;
    const double draws = state[DRAWS];
    detector_reset(detector);
    state[DRAWS] = draws;
    return DETECTOR_DRIFT;
}

static bool
possible(const struct detector *detector, const double *state)
{
    const double held = state[HELD], r = detector->option[RECENT];
    return detector_count(held, detector->option[WINDOW]) && state[STATE_WIDTH] == (held < r ? held : r) &&
           detector_count(state[DRAWS], DETECTOR_MOST);
}

const struct detector_kind detector_kswin = {
    .name = "kswin",
    .values = DETECTOR_ANY,
    .options = {{"alpha", 0.0001, 1e-12, 0.999, false},
                {"window", 100, 2, 10000, true},
                {"recent", 30, 1, 1000, true},
                {"seed", 1, 0, DETECTOR_MOST, true}},
    .prepare = prepare,
    .n_state = n_state,
    .n_scratch = n_scratch,
    .add = add,
    .possible = possible,
};
