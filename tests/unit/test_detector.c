/*
 * Detectors of drift: alarms at the rows that were computed by hand, ADWIN against all cuts of a window whose values
 * are all kept, and what they cost in false alarms and delay.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "detector.h"
#include "memory.h"
#include "rng.h"

static struct detector *
opened(const char *words)
{
    struct error error = {.text = ""};
    struct detector *detector = detector_open(words, &error);
    assert_string_equal(error.text, "");
    return detector;
}

static double
uniform(uint64_t run, uint64_t row)
{
    return (double) (rng_u64(rng_key(1, RNG_SPLIT, run), row) >> 11) * 0x1p-53;
}

/* ---- by hand ---- */

/* Adds a value so many times, and the signals that are not quiet to a text: "w102 w103 d104 ". */
struct told {
    struct detector *detector;
    uint64_t row;
    char text[4096];
};

static void
tell(struct told *told, double value, uint64_t times)
{
    for (uint64_t i = 0; i < times; i++) {
        enum detector_signal signal = detector_add(told->detector, value);
        size_t n = strlen(told->text);
        told->row++;
        if (signal != DETECTOR_QUIET)
            snprintf(told->text + n, sizeof told->text - n, "%c%llu ", signal == DETECTOR_DRIFT ? 'd' : 'w',
                     (unsigned long long) told->row);
    }
}

static void
assert_told(struct told *told, const char *text)
{
    assert_string_equal(told->text, text);
    detector_close(told->detector);
}

/*
 * 100 zeros: the best place x is 100. After k ones the mean is k / n, n = 100 + k, and (x not moving, since e(n) falls
 * by less than 1/n) there is drift when k / n >= sqrt(k / (100 n) / 2 ln 2000), so when k / n >= ln(2000) / 200 =
 * .0380: from k = 4 on (3 / 103 = .0291). With warning = .05 the limit is ln(40) / 200 = .0184: k = 2.
 */
static void
test_hddm_a_by_hand(void **state)
{
    (void) state;
    struct told told = {.detector = opened("hddm_a,warning=0.05")};
    tell(&told, 0, 100);
    tell(&told, 1, 4);
    assert_told(&told, "w102 w103 d104 ");
    /* Falls are the mirror image, and drift only when they are asked for. */
    told = (struct told){.detector = opened("hddm_a,warning=0.05,both=1")};
    tell(&told, 1, 100);
    tell(&told, 0, 4);
    assert_told(&told, "w102 w103 d104 ");
    told = (struct told){.detector = opened("hddm_a")};
    tell(&told, 1, 100);
    tell(&told, 0, 100);
    assert_told(&told, "");
}

/*
 * 100 zeros: S is 0. Then one i adds 1 - i / (100 + i) - .005 = 100 / (100 + i) - .005; the sum is 9.43 for ten of
 * them, and 10.33 for 11.
 */
static void
test_page_hinkley_by_hand(void **state)
{
    (void) state;
    struct told told = {.detector = opened("page_hinkley,threshold=10,alpha=1")};
    tell(&told, 0, 100);
    tell(&told, 1, 12);
    assert_told(&told, "d111 ");
    /* Nothing before the 30th value; the first ones have the largest sum. */
    told = (struct told){.detector = opened("page_hinkley,threshold=0.3,alpha=1")};
    tell(&told, 0, 1);
    tell(&told, 1, 1);
    tell(&told, 0.6, 40);
    assert_told(&told, "d30 ");
    told = (struct told){.detector = opened("page_hinkley,threshold=10,alpha=1,both=1")};
    tell(&told, 1, 100);
    tell(&told, 0, 12);
    assert_told(&told, "d111 ");
}

/*
 * 0 1 0 1 .. 100 times: p + s is least at n = 99: 49/99 + sqrt(49 50 / 99^3) = .49495 + .05025. Then ones: at n = 125
 * p + s = .6 + .04382 = .64382, at 126 .60317 + .04358 = .64675; the limit is .49495 + 3 .05025 = .64570. The warning
 * is at .59545: .59293 for n = 110, .59677 for 111.
 */
static void
test_ddm_by_hand(void **state)
{
    (void) state;
    struct told told = {.detector = opened("ddm")};
    for (int i = 0; i < 50; i++) {
        tell(&told, 0, 1);
        tell(&told, 1, 1);
    }
    tell(&told, 1, 26);
    assert_told(&told, "w111 w112 w113 w114 w115 w116 w117 w118 w119 w120 w121 w122 w123 w124 w125 d126 ");
}

/*
 * 40 errors at distances of 10, then k at distances of 1: mean (400 + k) / (40 + k), deviation 9 sqrt(40 k) / (40 + k).
 * Mean + 2 deviations is largest for k = 15, 15.562. The warning is below .95 of that, 14.784: 14.835 for k =
 * 34, 14.780 for 35; drift below .9, 14.006: 14.054 for k = 48, 13.999 for 49.
 */
static void
test_eddm_by_hand(void **state)
{
    (void) state;
    struct told told = {.detector = opened("eddm")};
    for (int i = 0; i < 40; i++) {
        tell(&told, 0, 9);
        tell(&told, 1, 1);
    }
    tell(&told, 1, 49);
    assert_told(&told, "w435 w436 w437 w438 w439 w440 w441 w442 w443 w444 w445 w446 w447 w448 d449 ");
}

/*
 * Windows of twice the newest values: all of the rest is drawn, so no draw matters. For 3 and 3 values P(D = 1) is
 * 2 / C(6, 3) = .1. For 10 and 10, P(D >= .7) = 2 C(20, 3) / C(20, 10) = .012340, P(D >= .8) = 2 C(20, 2) / C(20, 10) =
 * .00206: of 13 zeros and then ones, row 20 has D = .7 and row 21 .8.
 */
static void
test_kswin_by_hand(void **state)
{
    (void) state;
    static const struct {
        const char *words;
        uint64_t zeros, ones;
        const char *told;
    } cases[] = {
        {"kswin,alpha=0.1,window=6,recent=3", 3, 3, "d6 "},
        {"kswin,alpha=0.01235,window=20,recent=10", 13, 9, "d20 "},
        {"kswin,alpha=0.0123,window=20,recent=10", 13, 9, "d21 "},
        {"kswin,alpha=0.0123,window=20,recent=10", 40, 10, "d48 "},
        /* more than the window holds: ones all over */
        {"kswin", 0, 1000, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct told told = {.detector = opened(cases[i].words)};
        tell(&told, 0, cases[i].zeros);
        tell(&told, 1, cases[i].ones);
        assert_told(&told, cases[i].told);
    }
}

/*
 * ADWIN of 64 zeros, then ones; tried at rows 32, 64, 96. At 96, n = 96, mean 1/3, variance 2/9, ln(2 ln(96) / .002) =
 * 8.4259. Each boundary is tried, the oldest first, at n0 zeros against 96 - n0 values of mean 32 / (96 - n0): buckets
 * are 5 or fewer of a size; the sizes at row 96 are 16 16, 8 8 8 8, 4 4 4 4, 2 2 2 2 2, 1 1 1 1 1 1 less what has been
 * merged. Already n0 = 16 has a difference of .4 against sqrt(2 (1/12 + 1/76) .2222 8.4259) + 2/3 8.4259 (1/12 + 1/76)
 * = .601 + .542: none. n0 = 64: a difference of 1 against sqrt(2 (1/60 + 1/28) .2222 8.4259) + 5.617 (1/60 + 1/28) =
 * .443 + .294: a cut. So the alarm is at row 96 and not later.
 */
static void
test_adwin_by_hand(void **state)
{
    (void) state;
    struct told told = {.detector = opened("adwin")};
    tell(&told, 0, 64);
    tell(&told, 1, 64);
    assert_told(&told, "d96 ");
    /* A fall shortens the window, but is drift only when asked for. */
    told = (struct told){.detector = opened("adwin")};
    tell(&told, 1, 64);
    tell(&told, 0, 64);
    assert_true(detector_width(told.detector) < 128);
    assert_told(&told, "");
    told = (struct told){.detector = opened("adwin,both=1")};
    tell(&told, 1, 64);
    tell(&told, 0, 64);
    assert_told(&told, "d96 ");
}

/* ---- ADWIN against itself, slowly ---- */

enum { MOST_VALUES = 6000 };
struct slow {
    double x[MOST_VALUES]; /* the window, oldest first */
    size_t n, size[MOST_VALUES], buckets;
    uint64_t since_alarm, row;
    size_t max_buckets, clock;
};

static double
mean_of(const double *x, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += x[i];
    return sum / (double) n;
}

/* How many values come after the oldest cut that holds, or 0. Everything is computed from the values. */
static size_t
slow_cut(const struct slow *slow)
{
    const double mean = mean_of(slow->x, slow->n), n = (double) slow->n;
    double variance = 0;
    for (size_t i = 0; i < slow->n; i++)
        variance += (slow->x[i] - mean) * (slow->x[i] - mean) / n;
    for (size_t b = 0, n0 = 0; b + 1 < slow->buckets; b++) {
        n0 += slow->size[b];
        const size_t n1 = slow->n - n0;
        if (n0 < 5 || n1 < 5)
            continue;
        const double m = 1 / (1 / ((double) n0 - 4) + 1 / ((double) n1 - 4)), log_term = log(2 * log(n) / 0.002);
        const double limit = sqrt(2 / m * variance * log_term) + 2 / (3 * m) * log_term;
        if (fabs(mean_of(slow->x, n0) - mean_of(slow->x + n0, n1)) > limit)
            return n1;
    }
    return 0;
}

static bool
slow_add(struct slow *slow, double value)
{
    slow->x[slow->n++] = value;
    slow->size[slow->buckets++] = 1;
    slow->since_alarm++;
    for (size_t size = 1, merged = 1; merged; size *= 2) {
        size_t first = 0, have = 0;
        for (size_t b = slow->buckets; b-- > 0;)
            if (slow->size[b] == size) {
                first = b;
                have++;
            }
        merged = have > slow->max_buckets;
        if (merged) {
            slow->size[first] = 2 * size;
            slow->buckets--;
            memmove(slow->size + first + 1, slow->size + first + 2, (slow->buckets - first - 1) * sizeof *slow->size);
        }
    }
    if (++slow->row % slow->clock != 0)
        return false;
    const double before = mean_of(slow->x, slow->n);
    bool fresh = false;
    for (size_t after; slow->n > 10 && (after = slow_cut(slow)) > 0;) {
        fresh = fresh || after <= slow->since_alarm;
        slow->n -= slow->size[0];
        memmove(slow->x, slow->x + slow->size[0], slow->n * sizeof *slow->x);
        memmove(slow->size, slow->size + 1, --slow->buckets * sizeof *slow->size);
    }
    if (!fresh || mean_of(slow->x, slow->n) <= before)
        return false;
    slow->since_alarm = 0;
    return true;
}

/* Four stretches of errors, or of numbers, each with a mean of its own. */
static double
stretch_value(uint64_t stream, uint64_t row, bool errors)
{
    const double mean = uniform(1000 + stream, row / 1000), u = uniform(stream, row);
    return errors ? u < mean : 0.7 * mean + 0.3 * u;
}

static void
test_adwin_is_all_cuts_of_all_values(void **state)
{
    (void) state;
    uint64_t alarms = 0, widths = 0;
    for (uint64_t stream = 0; stream < 8; stream++) {
        const bool fine = stream >= 6;
        struct slow *slow = mem_zalloc(1, sizeof *slow);
        struct detector *detector = opened(fine ? "adwin,clock=1,max_buckets=2" : "adwin");
        slow->max_buckets = fine ? 2 : 5;
        slow->clock = fine ? 1 : 32;
        for (uint64_t row = 0; row < (fine ? 1500 : 4000); row++) {
            const double value = stretch_value(stream, row, stream % 2 == 0);
            const bool drift = slow_add(slow, value);
            assert_int_equal(detector_add(detector, value) == DETECTOR_DRIFT, drift);
            assert_int_equal(detector_width(detector), slow->n);
            alarms += drift;
            widths += detector_width(detector) < row;
        }
        assert_true(fabs(detector_mean(detector) - mean_of(slow->x, slow->n)) < 1e-12);
        detector_close(detector);
        free(slow);
    }
    assert_in_range(alarms, 8, 24); /* there are such things to agree about */
    assert_true(widths > 4000);
}

/* ---- rates ---- */

static uint64_t
alarms_of(const char *words, double p, uint64_t run, uint64_t rows)
{
    struct detector *detector = opened(words);
    uint64_t alarms = 0;
    for (uint64_t row = 0; row < rows; row++)
        alarms += detector_add(detector, uniform(run, row) < p) == DETECTOR_DRIFT;
    detector_close(detector);
    return alarms;
}

static void
test_adwin_is_quiet_where_nothing_changes(void **state)
{
    (void) state;
    static const double shares[] = {0.01, 0.05, 0.2, 0.5, 0.9};
    for (size_t i = 0; i < sizeof shares / sizeof *shares; i++)
        assert_in_range(alarms_of("adwin", shares[i], 70 + i, 1000000), 0, 10);
}

static uint64_t
steps_found(const char *words, uint64_t runs)
{
    uint64_t found = 0;
    for (uint64_t run = 0; run < runs; run++) {
        struct detector *detector = opened(words);
        bool told = false;
        for (uint64_t row = 0; row < 6000 && !told; row++) {
            enum detector_signal signal = detector_add(detector, uniform(run, row) < (row < 5000 ? 0.2 : 0.3));
            told = signal == DETECTOR_DRIFT && row >= 5000;
        }
        found += told;
        detector_close(detector);
    }
    return found;
}

/* The published defaults: what is found of a step from .2 to .3 within 1,000 rows. */
static void
test_a_step_is_found(void **state)
{
    (void) state;
    assert_in_range(steps_found("adwin", 200), 190, 200);
    assert_in_range(steps_found("hddm_a", 200), 180, 200);
    assert_in_range(steps_found("page_hinkley", 200), 190, 200);
}

/* One change is one alarm, however many cuts it takes. */
static void
test_one_drift_is_one_alarm(void **state)
{
    (void) state;
    static const char *const words[] = {"adwin", "adwin,both=1", "hddm_a", "page_hinkley", "kswin"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        struct told told = {.detector = opened(words[i])};
        for (uint64_t row = 0; row < 4000; row++)
            tell(&told, uniform(40 + i, row) < (row < 2000 ? 0.1 : 0.6), 1);
        const char *drift = strchr(told.text, 'd');
        assert_non_null(drift);
        assert_true(strtoull(drift + 1, NULL, 10) > 2000);
        assert_null(strchr(drift + 1, 'd'));
        detector_close(told.detector);
    }
}

/* ---- states and words ---- */

static void
test_a_saved_detector_goes_on_with_the_same_bits(void **state)
{
    (void) state;
    for (size_t i = 0; detector_names[i] != NULL; i++)
        for (uint64_t cut = 0; cut < 3000; cut += 271) {
            struct detector *whole = opened(detector_names[i]), *first = opened(detector_names[i]), *second = NULL;
            struct error error;
            size_t n, n_second;
            for (uint64_t row = 0; row < 3000; row++) {
                const double value = uniform(7, row) < (row < 1500 ? 0.2 : 0.5);
                if (row == cut) {
                    const double *saved = detector_state(first, &n);
                    second = opened(detector_words(first));
                    assert_int_equal(detector_restore(second, saved, n, &error), 0);
                    detector_close(first);
                    first = second;
                }
                assert_int_equal(detector_add(whole, value), detector_add(first, value));
            }
            const double *a = detector_state(whole, &n), *b = detector_state(first, &n_second);
            assert_int_equal(n, n_second);
            assert_memory_equal(a, b, n * sizeof *a);
            detector_close(whole);
            detector_close(first);
        }
}

static void
test_states_that_never_are(void **state)
{
    (void) state;
    static const double wrong[] = {-1, 0.5, 1e9, 0x1p60, NAN, INFINITY};
    for (size_t i = 0; detector_names[i] != NULL; i++) {
        struct detector *detector = opened(detector_names[i]);
        struct error error;
        size_t n;
        for (uint64_t row = 0; row < 500; row++)
            detector_add(detector, uniform(3, row) < 0.3);
        const double *now = detector_state(detector, &n);
        double *saved = mem_array(n, sizeof *saved);
        memcpy(saved, now, n * sizeof *saved);
        assert_int_equal(detector_restore(detector, saved, n - 1, &error), -1);
        for (size_t at = 0; at < n; at++)
            for (size_t w = 0; w < sizeof wrong / sizeof *wrong; w++) {
                const double right = saved[at];
                saved[at] = wrong[w];
                if (detector_restore(detector, saved, n, &error) == 0) {
                    /* Possible after all: then it can be gone on with. */
                    assert_true(isfinite(wrong[w]));
                    for (uint64_t row = 0; row < 100; row++)
                        detector_add(detector, uniform(4, row) < 0.5);
                } else {
                    assert_int_equal(error.status, STATUS_DATA);
                    assert_non_null(strstr(error.text, detector_names[i]));
                }
                saved[at] = right;
                assert_int_equal(detector_restore(detector, saved, n, &error), 0);
            }
        free(saved);
        detector_close(detector);
    }
}

static void
test_words(void **state)
{
    (void) state;
    static const struct {
        const char *words, *sentence;
    } wrong[] = {
        {"", "there is no detector ''; there are adwin, hddm_a, kswin, page_hinkley, ddm, eddm"},
        {"adwine", "there is no detector 'adwine'; there are adwin, hddm_a, kswin, page_hinkley, ddm, eddm"},
        {"adwin,", "detector adwin: '' is no option of it (there are delta, clock, max_buckets, min_window, grace, "
                   "both; as in delta=0.002)"},
        {"ddm,delta=1",
         "detector ddm: 'delta=1' is no option of it (there are warm_start, warning, drift; as in warm_start=30)"},
        {"adwin,delta=0", "detector adwin: 'delta=0': delta is a number from 1e-12 to 0.999"},
        {"adwin,delta=nan", "detector adwin: 'delta=nan': delta is a number from 1e-12 to 0.999"},
        {"adwin,delta", "detector adwin: 'delta': delta is a number from 1e-12 to 0.999"},
        {"adwin,clock=1.5", "detector adwin: 'clock=1.5': clock is a whole number from 1 to 1000000"},
        {"hddm_a,drift=0.1", "detector hddm_a: warning is at least as large as drift"},
        {"ddm,drift=1", "detector ddm: warning is at most drift"},
        {"eddm,warning=0.1", "detector eddm: warning is at least as large as drift"},
        {"kswin,window=50", "detector kswin: window is at least twice recent"},
        {"kswin,window=6,recent=3,alpha=0.099",
         "detector kswin: so few recent values never differ at this alpha; recent is to be larger"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct error error = {.text = ""};
        assert_null(detector_open(wrong[i].words, &error));
        assert_string_equal(error.text, wrong[i].sentence);
        assert_int_equal(error.status, STATUS_USAGE);
    }
    struct detector *detector = opened("adwin,clock=8,delta=0.1");
    assert_string_equal(detector_words(detector), "adwin,delta=0.1,clock=8,max_buckets=5,min_window=5,grace=10,both=0");
    assert_int_equal(detector_values(detector), DETECTOR_UNIT);
    detector_close(detector);
    detector_close(NULL);
}

static void
test_what_is_no_number_is_no_value(void **state)
{
    (void) state;
    for (size_t i = 0; detector_names[i] != NULL; i++) {
        struct detector *detector = opened(detector_names[i]);
        detector_add(detector, 1);
        assert_int_equal(detector_width(detector), 1);
        assert_int_equal(detector_add(detector, NAN), DETECTOR_QUIET);
        assert_int_equal(detector_add(detector, -INFINITY), DETECTOR_QUIET);
        assert_int_equal(detector_width(detector), 1);
        assert_true(detector_mean(detector) == 1);
        detector_close(detector);
    }
    assert_true(detector_unit(0, 2) == 0);
    assert_true(detector_unit(-2, 2) == 0.5);
    assert_true(detector_unit(6, 2) == 0.75);
    assert_true(detector_unit(INFINITY, 2) == 1);
    assert_true(isnan(detector_unit(NAN, 2)));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hddm_a_by_hand),
        cmocka_unit_test(test_page_hinkley_by_hand),
        cmocka_unit_test(test_ddm_by_hand),
        cmocka_unit_test(test_eddm_by_hand),
        cmocka_unit_test(test_kswin_by_hand),
        cmocka_unit_test(test_adwin_by_hand),
        cmocka_unit_test(test_adwin_is_all_cuts_of_all_values),
        cmocka_unit_test(test_adwin_is_quiet_where_nothing_changes),
        cmocka_unit_test(test_a_step_is_found),
        cmocka_unit_test(test_one_drift_is_one_alarm),
        cmocka_unit_test(test_a_saved_detector_goes_on_with_the_same_bits),
        cmocka_unit_test(test_states_that_never_are),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_what_is_no_number_is_no_value),
    };
    return cmocka_run_group_tests_name("detector", tests, NULL, NULL);
}
