/*
 * scan.h against csv.h: the same text, the same records. For test_scan.c and fuzz_scan.c, with the kernels that run
 * here and those for machines without vectors.
 */
#ifndef CL_SCAN_CHECK_H
#define CL_SCAN_CHECK_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "csv.h"
#include "error.h"
#include "json.h"
#include "memory.h"
#include "scan.h"
#include "scan_inside.h"

#define BLOCK_PLAIN
#include "block_base.h"
#define SCAN_KERNELS scan_kernels_plain
#define SCAN_KERNELS_NAME "words"
#include "scan.inc.h"

enum { CHECK_MOST_KERNELS = 8 };

struct scan_check {
    struct scan scans[CHECK_MOST_KERNELS];
    size_t n_scans;
    struct text expected, got;
    uint32_t *starts; /* [n_starts] of all records, blank lines too, and the end of the last one */
    size_t n_starts, cap_starts;
    char *room; /* a text with what may be around it */
    size_t cap_room;
    uint64_t texts, pieces; /* counts of what was checked */
    char failure[4096];     /* "" while all is well */
};

static inline void
scan_check_open(struct scan_check *check)
{
    *check = (struct scan_check){0};
    const struct scan_kernels *kernels;
    for (unsigned i = 0; (kernels = scan_kernels_here(i)) != NULL; i++)
        scan_open(&check->scans[check->n_scans++], kernels);
    scan_open(&check->scans[check->n_scans++], &scan_kernels_plain);
}

static inline void
scan_check_close(struct scan_check *check)
{
    for (size_t i = 0; i < check->n_scans; i++)
        scan_close(&check->scans[i]);
    free(check->expected.bytes);
    free(check->got.bytes);
    free(check->starts);
    free(check->room);
}

/* What csv.h says. */
static inline void
check_expect(struct scan_check *check, const char *bytes, size_t n, char delimiter)
{
    struct csv csv;
    struct error error;
    int got;
    check->expected.n = 0;
    csv_open_feed(&csv, delimiter, (uint64_t) 1 << 31, 1);
    csv_feed(&csv, bytes, n);
    while ((got = csv_read(&csv, true, &error)) != CSV_WAIT) {
        text_printf(&check->expected, "%zu line %d%s:", (size_t) (csv.record - csv.buffer), (int) csv.line,
                    got == CSV_BAD ? " bad" : "");
        for (size_t i = 0; got == CSV_RECORD && i < csv.n_cells && i < CSV_MAX_COLUMNS; i++) {
            text_add(&check->expected, "|", 1);
            text_add(&check->expected, csv_cell(&csv, i), csv.cells[i].n);
        }
        text_printf(&check->expected, "(%zu)\n", got == CSV_RECORD ? csv.n_cells : 0);
    }
    text_printf(&check->expected, "%zu left", n - csv.begin);
    csv_close(&csv);
}

/* Keeps the first failure: what went wrong, in which text. */
static inline bool
check_fail(struct scan_check *check, const struct scan *scan, const char *bytes, size_t n, char delimiter,
           const char *what)
{
    if (check->failure[0] != '\0')
        return false;
    char quoted[1024], name[8];
    error_quote(quoted, sizeof quoted, bytes, n, 240);
    error_quote(name, sizeof name, &delimiter, 1, 1);
    snprintf(check->failure, sizeof check->failure,
             "%s: %s; delimiter %s, %zu bytes: %s\nexpected %.1000s\ngot      %.1000s",
             scan->kernels == &scan_kernels_plain ? "words" : scan->kernels->name, what, name, n, quoted,
             check->expected.n > 0 ? check->expected.bytes : "", check->got.n > 0 ? check->got.bytes : "");
    return false;
}

/* Adds one cell to `got`; false when a flag of the scan is wrong about it. */
static inline bool
check_cell(struct scan_check *check, const struct scan *scan, size_t k, bool *empty)
{
    const char *first = scan->text + (uint32_t) (scan->before[k] + 1), *last = scan->text + scan->behind[k];
    bool blank, flags = true;
    *empty = false;
    text_add(&check->got, "|", 1);
    if (first[-1] == '"') {
        for (const char *p = first; p < last; p++) {
            text_add(&check->got, p, 1);
            if (*p == '"') {
                flags = flags && (scan->doubled[k / 64] >> k % 64 & 1);
                p++;
            }
        }
        return flags;
    }
    do {
        blank = first < last && (*first == ' ' || *first == '\t');
        first += blank;
        flags = flags && (!blank || scan->blanks);
    } while (blank);
    do {
        blank = first < last && (last[-1] == ' ' || last[-1] == '\t');
        last -= blank;
        flags = flags && (!blank || scan->blanks);
    } while (blank);
    text_add(&check->got, first, (size_t) (last - first));
    *empty = first == last;
    return flags;
}

/* Adds what the scan says of bytes [first, end) of a text that starts on line 1. NULL or what is wrong. */
static inline const char *
check_scan(struct scan_check *check, struct scan *scan, const char *bytes, size_t first, size_t end, char delimiter,
           bool piece)
{
    uint64_t line = 1 + scan_lines(scan->kernels, bytes, first);
    uint32_t begin = 0;
    (piece ? scan_begin_piece : scan_begin)(scan, bytes + first, end - first, delimiter);
    while (scan_next(scan)) {
        size_t k = 0, n_bad = 0;
        bool high = false;
        if (scan->begin != begin || scan->n_records == 0 || scan->starts[0] != begin || scan->end <= begin)
            return "begin and end";
        for (uint32_t i = scan->begin; i < scan->end; i++)
            high = high || (scan->text[i] & 0x80);
        if (high && scan->ascii)
            return "ascii";
        for (size_t r = 0; r < scan->n_records; r++) {
            const uint32_t start = scan->starts[r];
            const bool bad = n_bad < scan->n_bad && scan->bad[n_bad] == r;
            const size_t mark = check->got.n;
            bool empty = false;
            if (start < begin || start >= scan->end || scan->ends[r] <= k)
                return "starts and ends";
            line += scan_lines(scan->kernels, scan->text + begin, start - begin);
            begin = start;
            n_bad += bad;
            mem_grow(&check->starts, &check->cap_starts, check->n_starts + 1, sizeof *check->starts);
            check->starts[check->n_starts++] = (uint32_t) first + start;
            text_printf(&check->got, "%zu line %d%s:", first + start, (int) line, bad ? " bad" : "");
            if (bad) {
                text_printf(&check->got, "(0)\n");
                k = scan->ends[r];
                continue;
            }
            const size_t n_cells = scan->ends[r] - k;
            for (size_t of_record = 0; k < scan->ends[r]; k++, of_record++) {
                const size_t stored = check->got.n;
                if (!check_cell(check, scan, k, &empty))
                    return "blanks or doubled";
                if (of_record >= CSV_MAX_COLUMNS)
                    check->got.n = stored;
            }
            text_printf(&check->got, "(%zu)\n", n_cells);
            if (n_cells == 1 && empty)
                check->got.n = mark;
        }
        if (!scan->folded &&
            scan_lines(scan->kernels, scan->text + scan->begin, scan->end - scan->begin) != scan->n_records)
            return "folded";
        if (k != scan->n_cells || n_bad != scan->n_bad)
            return "n_cells or n_bad";
        line += scan_lines(scan->kernels, scan->text + begin, scan->end - begin);
        begin = scan->end;
    }
    if (scan_next(scan) || scan->end != begin)
        return "a record behind the last";
    mem_grow(&check->starts, &check->cap_starts, check->n_starts + 1, sizeof *check->starts);
    check->starts[check->n_starts++] = (uint32_t) first + begin;
    return NULL;
}

/* The definitions of scan_cut() and scan_lines(), word by word. */
static inline size_t
check_cut(const char *bytes, size_t n, bool quotes, size_t *any, uint64_t *lines)
{
    size_t cut = 0;
    bool odd = false;
    *any = 0;
    *lines = 0;
    for (size_t i = 0; i < n; i++) {
        const bool last = i + 1 == n;
        const bool end = bytes[i] == '\n' || (bytes[i] == '\r' && (last || bytes[i + 1] != '\n'));
        odd ^= bytes[i] == '"';
        *lines += end;
        if (end && !(last && bytes[i] == '\r')) {
            *any = i + 1;
            if (!odd || !quotes)
                cut = i + 1;
        }
    }
    return cut;
}

/*
 * Every kernel over bytes[0 .. n): whole; as two pieces, cut where scan_cut() says that records start, if they do.
 * Around the text lie bytes that must not matter. False: see `failure`.
 */
static inline bool
scan_check_text(struct scan_check *check, const char *bytes, size_t n, char delimiter, unsigned around)
{
    static const char noise[] = "\n\r,;\t \"x\0\x80\n\"";
    const size_t lead = SCAN_SLACK + around % 64;
    mem_grow(&check->room, &check->cap_room, n + lead + SCAN_SLACK, 1);
    for (size_t i = 0; i < lead; i++)
        check->room[i] = noise[(i + around) % (sizeof noise - 1)];
    for (size_t i = 0; i < SCAN_SLACK; i++)
        check->room[lead + n + i] = noise[(i + around / 64) % (sizeof noise - 1)];
    check->room[lead - 1] = '\n';
    char *const text = check->room + lead;
    if (n > 0)
        memcpy(text, bytes, n);

    /* A lone CR at the end is no line end before it is known what comes. */
    check_expect(check, text, n - (n > 0 && text[n - 1] == '\r'), delimiter);
    size_t any, wanted_any;
    uint64_t lines;
    check->texts++;
    for (size_t i = 0; i < check->n_scans; i++) {
        struct scan *const scan = &check->scans[i];
        const bool quotes = around & 1;
        const size_t wanted = check_cut(text, n, quotes, &wanted_any, &lines);
        size_t got = scan_cut(scan->kernels, text, n, quotes, &any);
        if (got != wanted || any != wanted_any)
            return check_fail(check, scan, bytes, n, delimiter, "scan_cut");
        if (scan_lines(scan->kernels, text, n) != lines)
            return check_fail(check, scan, bytes, n, delimiter, "scan_lines");

        check->got.n = 0;
        check->n_starts = 0;
        const char *wrong = check_scan(check, scan, text, 0, n, delimiter, false);
        if (wrong != NULL)
            return check_fail(check, scan, bytes, n, delimiter, wrong);
        text_printf(&check->got, "%zu left", n - (n > 0 && text[n - 1] == '\r') - scan->end);
        if (check->got.n != check->expected.n || memcmp(check->got.bytes, check->expected.bytes, check->got.n) != 0)
            return check_fail(check, scan, bytes, n, delimiter, "records");

        const size_t whole = n > 0 ? around % n : 0, cut = scan_cut(scan->kernels, text, whole, true, &any);
        bool starts = false;
        for (size_t k = 0; k < check->n_starts; k++)
            starts = starts || (check->starts[k] == cut && cut > 0);
        if (!starts)
            continue;
        check->pieces++;
        check->got.n = 0;
        wrong = check_scan(check, scan, text, 0, cut, delimiter, true);
        if (wrong == NULL && scan->end != cut)
            wrong = "the first piece is not whole";
        if (wrong == NULL)
            wrong = check_scan(check, scan, text, cut, n, delimiter, false);
        if (wrong != NULL)
            return check_fail(check, scan, bytes, n, delimiter, wrong);
        text_printf(&check->got, "%zu left", n - (n > 0 && text[n - 1] == '\r') - cut - scan->end);
        if (check->got.n != check->expected.n || memcmp(check->got.bytes, check->expected.bytes, check->got.n) != 0)
            return check_fail(check, scan, bytes, n, delimiter, "records of two pieces");
    }
    return true;
}

#endif
