/*
 * cells [KIND ...]: how fast text in memory becomes cells (scan.h), for every set of kernels that runs here.
 *
 * The text is made up, 4 MiB of it, and scanned in pieces of 256 KiB: what is measured is work, not memory. The best
 * of some runs is shown.
 */
#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "scan.h"
#include "scan_inside.h"

enum { TEXT = 4 << 20, PIECE = 256 << 10, LONGEST_CELL = 64, RUNS = 15 };

static const struct kind {
    const char *name, *what;
    unsigned columns;
    const char *line_end;
    /* printf formats of cells, used in turn by chance; "" is not used */
    const char *cells[4];
} kinds[] = {
    {"plain", "8 bytes a cell", 29, "\n", {"%07u", "%07u", "%07u", "%07u"}},
    {"wide", "the same in 500 columns", 500, "\n", {"%07u", "%07u", "%07u", "%07u"}},
    {"short", "1 byte a cell in 3 columns", 3, "\n", {"%.1u", "%.1u", "%.1u", "%.1u"}},
    {"uneven", "numbers of 1 to 10 digits", 29, "\n", {"%u", "-0.%u", "%u.5", "1%u"}},
    {"words", "words with blanks between", 29, "\n", {"see %u of it", "%u", "a b c", "none at all"}},
    {"crlf", "CR LF", 29, "\r\n", {"%07u", "%07u", "%07u", "%07u"}},
    {"cr", "CR", 29, "\r", {"%07u", "%07u", "%07u", "%07u"}},
    {"some-quotes", "every fourth cell in quotes", 29, "\n", {"\"see %u, of it\"", "%u", "%u.5", "%u"}},
    {"all-quotes", "all cells in quotes", 29, "\n", {"\"%u\"", "\"%u\"", "\"%u\"", "\"%u\""}},
    {"doubled", "quotes within quotes", 29, "\r\n", {"\"a \"\"%u\"\" of it\"", "\"%u\"", "\"\"\"\"", "%u"}},
    {"odd", "every record with a quote inside a cell", 29, "\n", {"5\" by %u", "%u", "%u", "%u"}},
    {"odd-narrow", "every second record", 2, "\n", {"5\" by %u", "%u", "%u", "%u"}},
    {"padded", "a blank before each quote", 29, "\n", {" \"%u\"", " %u", " \"%u\"", " %u"}},
};

static double
now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double) time.tv_sec + (double) time.tv_nsec * 1e-9;
}

/* Fills text with whole records and returns its length. */
static size_t
make(char *text, const struct kind *kind)
{
    uint32_t state = 1;
    size_t n = 0, whole = 0;
    while (n < TEXT - LONGEST_CELL) {
        for (unsigned i = 0; i < kind->columns && n < TEXT - LONGEST_CELL; i++) {
            state = state * 1664525 + 1013904223;
            uint32_t number = strcmp(kind->name, "short") == 0 ? (state >> 20) % 10
                                                               : (state >> 12) % 10000000 >> state / (1u << 30) * 5;
            n += (size_t) snprintf(text + n, LONGEST_CELL, kind->cells[state >> 16 & 3], number);
            n += (size_t) snprintf(text + n, LONGEST_CELL, "%s", i + 1 < kind->columns ? "," : kind->line_end);
            if (i + 1 == kind->columns)
                whole = n;
        }
    }
    return whole;
}

static void
measure(const struct kind *kind, const struct scan_kernels *kernels, const char *text, size_t n)
{
    struct scan scan;
    double best = 1e9;
    size_t n_cells = 0, n_records = 0;
    scan_open(&scan, kernels);
    for (int run = 0; run < RUNS; run++) {
        const double start = now();
        n_cells = n_records = 0;
        for (size_t at = 0; at < n; at += scan.end) {
            scan_begin_piece(&scan, text + at, n - at < PIECE ? n - at : PIECE, ',');
            while (scan_next(&scan)) {
                n_cells += scan.n_cells;
                n_records += scan.n_records;
            }
            if (scan.end == 0)
                errx(1, "%s: no record in %d bytes", kind->name, PIECE);
        }
        const double seconds = now() - start;
        best = seconds < best ? seconds : best;
    }
    scan_close(&scan);
    printf("%-12s %-40s %-13s %6.2f GB/s %7.3f ns a cell %8.2f a record\n", kind->name, kind->what, kernels->name,
           (double) n / best * 1e-9, best / (double) n_cells * 1e9, best / (double) n_records * 1e9);
}

/* scan_lines() and scan_cut() over as much as the second level of caches holds. */
static void
measure_rest(const struct scan_kernels *kernels, const char *text)
{
    double lines = 1e9, cut = 1e9;
    size_t any, sum = 0;
    for (int run = 0; run < 20 * RUNS; run++) {
        const double start = now();
        sum += scan_lines(kernels, text, PIECE);
        const double between = now();
        sum += scan_cut(kernels, text, PIECE, true, &any);
        const double end = now();
        lines = between - start < lines ? between - start : lines;
        cut = end - between < cut ? end - between : cut;
    }
    if (sum == 0)
        errx(1, "no line");
    printf("%-53s %-13s %6.2f GB/s, scan_cut %6.2f GB/s\n", "scan_lines", kernels->name, PIECE / lines * 1e-9,
           PIECE / cut * 1e-9);
}

int
main(int argc, char **argv)
{
    char *room = malloc(TEXT + 2 * SCAN_SLACK), *text = room + SCAN_SLACK;
    const struct scan_kernels *kernels;
    if (room == NULL)
        err(4, "malloc");
    memset(room, 0, TEXT + 2 * SCAN_SLACK);
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        bool asked = argc < 2;
        for (int i = 1; i < argc; i++)
            asked = asked || strcmp(argv[i], kinds[k].name) == 0;
        if (!asked)
            continue;
        const size_t n = make(text, &kinds[k]);
        for (unsigned i = 0; (kernels = scan_kernels_here(i)) != NULL; i++)
            measure(&kinds[k], kernels, text, n);
    }
    make(text, &kinds[0]);
    for (unsigned i = 0; (kernels = scan_kernels_here(i)) != NULL; i++)
        measure_rest(kernels, text);
    free(room);
    return 0;
}
