/*
 * alarms WORDS < NUMBERS           the numbers of the values (from 1) at which the detector tells of drift, one a line
 * alarms still P ROWS RUNS WORDS   errors that come with probability P: alarms in 10,000 rows (share of runs with any)
 * alarms step P Q AT RUNS WORDS    with probability Q after row AT: share of runs with an alarm in the next 1,000 rows,
 *                                  and how many rows after it the median of these came
 * alarms flat ROWS RUNS WORDS      as `still`, of numbers that are uniform in [0, 1)
 * alarms time ROWS WORDS           nanoseconds a row, best of 5
 *
 * Rows are drawn by number and run, so the same arguments are the same line.
 */
#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "detector.h"
#include "memory.h"
#include "rng.h"

enum { WITHIN = 1000 };

static struct detector *
open_or_die(const char *words)
{
    struct error error;
    struct detector *detector = detector_open(words, &error);
    if (detector == NULL)
        errx(2, "%s", error.text);
    return detector;
}

static double
uniform(uint64_t run, uint64_t row)
{
    return (double) (rng_u64(rng_key(1, RNG_SPLIT, run), row) >> 11) * 0x1p-53;
}

static void
read_numbers(const char *words)
{
    struct detector *detector = open_or_die(words);
    double value;
    for (uint64_t row = 1; scanf("%lf", &value) == 1; row++)
        if (detector_add(detector, value) == DETECTOR_DRIFT)
            printf("%" PRIu64 "\n", row);
    detector_close(detector);
}

/* p < 0: the uniform numbers themselves. */
static void
still(double p, uint64_t rows, uint64_t runs, const char *words)
{
    uint64_t alarms = 0, runs_with = 0;
    for (uint64_t run = 0; run < runs; run++) {
        struct detector *detector = open_or_die(words);
        uint64_t before = alarms;
        for (uint64_t row = 0; row < rows; row++) {
            const double u = uniform(run, row);
            alarms += detector_add(detector, p < 0 ? u : u < p) == DETECTOR_DRIFT;
        }
        runs_with += alarms > before;
        detector_close(detector);
    }
    printf("%.2f (%.0f %%)\n", (double) alarms * 1e4 / (double) (rows * runs),
           100 * (double) runs_with / (double) runs);
}

static int
by_size(const void *a, const void *b)
{
    const double x = *(const double *) a, y = *(const double *) b;
    return (x > y) - (x < y);
}

static void
step(double p, double q, uint64_t at, uint64_t runs, const char *words)
{
    double *delays = mem_array(runs, sizeof *delays);
    uint64_t found = 0;
    for (uint64_t run = 0; run < runs; run++) {
        struct detector *detector = open_or_die(words);
        for (uint64_t row = 0; row < at + WITHIN; row++) {
            const enum detector_signal signal = detector_add(detector, uniform(run, row) < (row < at ? p : q));
            if (signal == DETECTOR_DRIFT && row >= at) {
                delays[found++] = (double) (row + 1 - at);
                break;
            }
        }
        detector_close(detector);
    }
    qsort(delays, found, sizeof *delays, by_size);
    printf("%.0f %% / %.0f\n", 100 * (double) found / (double) runs, found > 0 ? delays[found / 2] : 0);
    free(delays);
}

static double
now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double) time.tv_sec * 1e9 + (double) time.tv_nsec;
}

static void
cost(uint64_t rows, const char *words)
{
    unsigned char *wrong = mem_alloc(rows);
    double best = 1e300;
    for (uint64_t row = 0; row < rows; row++)
        wrong[row] = uniform(0, row) < 0.2;
    for (int run = 0; run < 5; run++) {
        struct detector *detector = open_or_die(words);
        const double start = now_ns();
        for (uint64_t row = 0; row < rows; row++)
            detector_add(detector, wrong[row]);
        const double took = (now_ns() - start) / (double) rows;
        best = took < best ? took : best;
        detector_close(detector);
    }
    printf("%.0f\n", best);
    free(wrong);
}

int
main(int argc, char **argv)
{
    const char *what = argc > 2 ? argv[1] : "";
    if (argc == 2)
        read_numbers(argv[1]);
    else if (argc == 6 && strcmp(what, "still") == 0)
        still(atof(argv[2]), strtoull(argv[3], NULL, 10), strtoull(argv[4], NULL, 10), argv[5]);
    else if (argc == 5 && strcmp(what, "flat") == 0)
        still(-1, strtoull(argv[2], NULL, 10), strtoull(argv[3], NULL, 10), argv[4]);
    else if (argc == 7 && strcmp(what, "step") == 0)
        step(atof(argv[2]), atof(argv[3]), strtoull(argv[4], NULL, 10), strtoull(argv[5], NULL, 10), argv[6]);
    else if (argc == 4 && strcmp(what, "time") == 0)
        cost(strtoull(argv[2], NULL, 10), argv[3]);
    else
        errx(
            2,
            "usage: alarms WORDS | still P ROWS RUNS WORDS | step P Q AT RUNS WORDS | flat ROWS RUNS WORDS | time ROWS "
            "WORDS");
    return 0;
}
