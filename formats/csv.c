#include "csv.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cells.h"
#include "memory.h"

enum { READ_BYTES = 1 << 20, FIRST_BYTES = 64 << 10 };

enum state {
    STATE_START, /* before the first byte: byte order marks */
    STATE_CELL,  /* at the start of a cell, in its leading blanks */
    STATE_PLAIN, /* in an unquoted cell */
    STATE_QUOTED,
    STATE_QUOTE, /* behind a quote inside a quoted cell: its end, or the first of two */
    STATE_AFTER, /* behind the closing quote */
};

/* Classes of bytes, as bits of csv.class. */
enum { STOPS_PLAIN = 1, STOPS_QUOTED = 2, BLANK = 4 };

static void
set_delimiter(struct csv *csv, char delimiter)
{
    memset(csv->class, 0, sizeof csv->class);
    csv->delimiter = delimiter;
    csv->class[' '] = csv->class['\t'] = BLANK;
    csv->class['"'] = STOPS_QUOTED;
    csv->class['\n'] = csv->class['\r'] = csv->class[0] = STOPS_PLAIN | STOPS_QUOTED;
    csv->class[(uint8_t) delimiter] = STOPS_PLAIN; /* no blank any more, if it was one */
}

/* Room for `n` more bytes behind `end` and for the line end that stops every scan there. */
static void
reserve(struct csv *csv, size_t n)
{
    if (csv->begin > 0 && csv->end + n + 1 + CELL_SLACK > csv->cap) {
        memmove(csv->buffer, csv->buffer + csv->begin, csv->end - csv->begin);
        csv->scan -= csv->begin;
        csv->end -= csv->begin;
        csv->begin = 0;
    }
    mem_grow(&csv->buffer, &csv->cap, csv->end + n + 1 + CELL_SLACK, 1);
}

static void
start(struct csv *csv)
{
    csv->state = STATE_START;
    csv->next_line = 1;
    csv->begin = csv->scan = 0;
    csv->n_cells = 0;
    csv->after_cr = csv->dropping = false;
    csv->marks = true;
    csv->problem[0] = '\0';
}

void
csv_open(struct csv *csv, struct input *input, const void *head, size_t n, char delimiter, uint64_t max_cell)
{
    *csv = (struct csv){.input = input, .max_cell = max_cell};
    set_delimiter(csv, delimiter);
    reserve(csv, n + FIRST_BYTES);
    if (n > 0)
        memcpy(csv->buffer, head, n);
    csv->end = n;
    start(csv);
}

void
csv_open_memory(struct csv *csv, const void *bytes, size_t n, bool whole, char delimiter, uint64_t max_cell)
{
    *csv = (struct csv){.max_cell = max_cell, .eof = true, .partial = !whole};
    set_delimiter(csv, delimiter);
    reserve(csv, n);
    if (n > 0)
        memcpy(csv->buffer, bytes, n);
    csv->end = n;
    start(csv);
}

void
csv_open_feed(struct csv *csv, char delimiter, uint64_t max_cell, uint64_t first_line)
{
    *csv = (struct csv){.max_cell = max_cell};
    set_delimiter(csv, delimiter);
    reserve(csv, 0);
    start(csv);
    csv->next_line = first_line;
    csv->marks = false;
}

void
csv_feed(struct csv *csv, const void *bytes, size_t n)
{
    reserve(csv, n);
    if (n > 0)
        memcpy(csv->buffer + csv->end, bytes, n);
    csv->end += n;
}

void
csv_feed_end(struct csv *csv)
{
    csv->eof = true;
}

bool
csv_between(const struct csv *csv)
{
    bool at_start = csv->state == STATE_START ||
                    (csv->state == STATE_CELL && csv->n_cells == 0 && csv->scan == csv->begin && !csv->dropping);
    return at_start && csv->scan == csv->end && !csv->after_cr;
}

void
csv_close(struct csv *csv)
{
    free(csv->buffer);
    free(csv->cells);
    free(csv->kept);
    *csv = (struct csv){0};
}

static void
keep_bytes(struct csv *csv, const char *bytes, size_t n)
{
    mem_grow(&csv->kept, &csv->cap_kept, csv->n_kept + n, 1);
    if (n > 0)
        memcpy(csv->kept + csv->n_kept, bytes, n);
    csv->n_kept += n;
}

void
csv_keep(struct csv *csv)
{
    csv->keep = true;
    keep_bytes(csv, csv->buffer, csv->end);
}

size_t
csv_kept(const struct csv *csv, const char **bytes)
{
    *bytes = csv->kept;
    return csv->n_kept;
}

/* Reads once. 1 = bytes came, CSV_WAIT, 0 = the input ended, -1. */
static int
fill(struct csv *csv, bool wait, struct error *error)
{
    if (csv->eof)
        return 0;
    if (csv->input == NULL)
        return CSV_WAIT; /* for csv_feed() */
    /* Small reads first: a stream that trickles should not cost a megabyte. */
    size_t ask = csv->cap < READ_BYTES ? FIRST_BYTES : READ_BYTES;
    reserve(csv, ask);
    ssize_t got = input_read(csv->input, csv->buffer + csv->end, csv->cap - csv->end - 1 - CELL_SLACK, wait, error);
    if (got < 0)
        return -1;
    if (got == 0 && !wait && csv->input->would_block)
        return CSV_WAIT;
    if (got == 0) {
        csv->eof = true;
        return 0;
    }
    if (csv->keep)
        keep_bytes(csv, csv->buffer + csv->end, (size_t) got);
    csv->end += (size_t) got;
    return 1;
}

int
csv_fetch(struct csv *csv, size_t n, struct error *error)
{
    while (csv->n_kept < n) {
        int got = fill(csv, true, error);
        if (got <= 0)
            return got;
    }
    return 1;
}

void
csv_rewind(struct csv *csv, char delimiter, bool last)
{
    set_delimiter(csv, delimiter);
    csv->begin = csv->end = 0;
    reserve(csv, csv->n_kept);
    if (csv->n_kept > 0)
        memcpy(csv->buffer, csv->kept, csv->n_kept);
    csv->end = csv->n_kept;
    start(csv);
    if (last) {
        free(csv->kept);
        csv->kept = NULL;
        csv->n_kept = csv->cap_kept = 0;
        csv->keep = false;
    }
}

/* The first problem of a record is the one that is told. */
static void __attribute__((format(printf, 2, 3))) problem(struct csv *csv, const char *format, ...)
{
    if (csv->problem[0] != '\0')
        return;
    va_list args;
    va_start(args, format);
    vsnprintf(csv->problem, sizeof csv->problem, format, args);
    va_end(args);
    csv->problem_cell = csv->n_cells;
}

/* Undoubles the quotes of s[0 .. n) in place and returns the new length. */
static size_t
undouble(char *s, size_t n)
{
    size_t to = 0;
    for (size_t from = 0; from < n; from++) {
        s[to++] = s[from];
        if (s[from] == '"')
            from++;
    }
    return to;
}

/* Stores the cell that ends before `stop` (offset from begin; quoted cells know their own end). */
static inline void
end_cell(struct csv *csv, size_t stop)
{
    size_t n;
    if (csv->dropping) {
        csv->n_cells++;
        return;
    }
    char *text = csv->buffer + csv->begin + csv->cell_at;
    if (csv->quoted) {
        n = csv->quote_end - csv->cell_at;
        if (csv->escaped)
            n = undouble(text, n);
    } else {
        n = stop - csv->cell_at;
        while (n > 0 && csv->class[(uint8_t) text[n - 1]] & BLANK)
            n--;
    }
    if (n > csv->max_cell) {
        csv->oversize = true;
        problem(csv, "the cell has %zu bytes, over the %" PRIu64 " of --max-cell", n, csv->max_cell);
    }
    if (csv->n_cells < CSV_MAX_COLUMNS) {
        if (csv->n_cells == csv->cap_cells)
            mem_grow(&csv->cells, &csv->cap_cells, csv->n_cells + 1, sizeof *csv->cells);
        csv->cells[csv->n_cells] = (struct csv_cell){(uint32_t) csv->cell_at, (uint32_t) n};
    }
    csv->n_cells++;
}

/* What has to happen before more bytes are read: bounds, and dropping what a bad record does not need. */
static void
check_bounds(struct csv *csv)
{
    size_t here = csv->scan - csv->begin;
    if (!csv->dropping) {
        bool in_cell = csv->state == STATE_PLAIN || csv->state == STATE_QUOTED || csv->state == STATE_QUOTE;
        /* Doubled quotes may halve a quoted cell. */
        uint64_t limit = csv->escaped && csv->quoted ? csv->max_cell * 2 : csv->max_cell;
        if (in_cell && here - csv->cell_at > limit + 1) {
            csv->oversize = true;
            problem(csv, "the cell goes on beyond the %" PRIu64 " bytes of --max-cell%s", csv->max_cell,
                    csv->quoted ? ": is a quote never closed?" : "");
            csv->dropping = true;
        } else if (here > csv->max_cell + CSV_MAX_RECORD) {
            csv->oversize = true;
            problem(csv, "the record goes on beyond %" PRIu64 " bytes", csv->max_cell + CSV_MAX_RECORD);
            csv->dropping = true;
        }
    }
    if (csv->dropping) {
        csv->after_cr = csv->after_cr && csv->scan > 0 && csv->buffer[csv->scan - 1] == '\r';
        csv->begin = csv->scan;
    }
}

/* Skips a byte order mark. 1 = go on, else what fill() said; -1 also for UTF-16. */
static int
skip_mark(struct csv *csv, bool wait, struct error *error)
{
    for (;;) {
        size_t n = csv->end;
        const uint8_t *s = (const uint8_t *) csv->buffer;
        if (n >= 2 && ((s[0] == 0xff && s[1] == 0xfe) || (s[0] == 0xfe && s[1] == 0xff)))
            return error_set(error, STATUS_DATA, "1: this is UTF-16 text (convert it: iconv -f utf-16 -t utf-8)");
        if (n >= 3 && memcmp(s, "\xef\xbb\xbf", 3) == 0) {
            csv->begin = csv->scan = 3;
            break;
        }
        bool may_be = (n == 0) || (n == 1 && s[0] >= 0xef) || (n == 2 && memcmp(s, "\xef\xbb", 2) == 0);
        if (!may_be)
            break;
        int got = fill(csv, wait, error);
        if (got == 0)
            break;
        if (got != 1)
            return got;
    }
    csv->state = STATE_CELL;
    return 1;
}

/* Begins the next record at the scan position. */
static void
begin_record(struct csv *csv)
{
    csv->begin = csv->scan;
    csv->n_cells = 0;
    csv->line = csv->next_line;
    csv->quoted = csv->escaped = csv->dropping = csv->oversize = false;
    csv->problem[0] = '\0';
    csv->cell_at = 0;
    csv->state = STATE_CELL;
}

/* A record is complete. 0 when it was a blank line. */
static int
end_record(struct csv *csv, bool cut)
{
    csv->cut = cut;
    csv->record = csv->buffer + csv->begin;
    csv->state = STATE_START; /* the next call begins a record; START is left at once, as bytes were read */
    if (csv->problem[0] != '\0')
        return CSV_BAD;
    if (csv->n_cells == 1 && csv->cells[0].n == 0 && !csv->quoted)
        return 0;
    return CSV_RECORD;
}

/*
 * Scans from the current state to the end of the record or of the bytes. 1 = a line end was met and eaten;
 * 0 = more bytes are needed. buffer[end] is a line end, so no loop has to look for the end of the bytes.
 */
static int
scan_record(struct csv *csv)
{
    char *const base = csv->buffer + csv->begin;
    char *const end = csv->buffer + csv->end;
    char *p = csv->buffer + csv->scan;
    const uint8_t *const class = csv->class;
    const char delimiter = csv->delimiter;
    *end = '\n';
    for (;;) {
        switch ((enum state) csv->state) {
        case STATE_START:
        case STATE_CELL:
            while (class[(uint8_t) *p] & BLANK)
                p++;
            csv->cell_at = (size_t) (p - base);
            csv->quoted = csv->escaped = false;
            if (p == end)
                goto more;
            if (*p == '"') {
                csv->quoted = true;
                csv->cell_at++;
                p++;
                csv->state = STATE_QUOTED;
                continue;
            }
            csv->state = STATE_PLAIN;
            /* fall through */
        case STATE_PLAIN:
        plain:
            while (!(class[(uint8_t) *p] & STOPS_PLAIN))
                p++;
            if (*p == delimiter) {
                end_cell(csv, (size_t) (p - base));
                p++;
                csv->state = STATE_CELL;
                continue;
            }
            if (p == end)
                goto more;
            if (*p != '\0')
                goto line_end;
            problem(csv, "a NUL byte: is this a binary file, or UTF-16 text?");
            p++;
            goto plain;
        case STATE_QUOTED:
            while (!(class[(uint8_t) *p] & STOPS_QUOTED))
                p++;
            if (p == end)
                goto more;
            if (*p == '"') {
                csv->state = STATE_QUOTE;
                csv->after_cr = false;
            } else if (*p == '\0') {
                problem(csv, "a NUL byte: is this a binary file, or UTF-16 text?");
            } else {
                /* CR, LF or CRLF: one line each; the LF of a CRLF directly follows its CR. */
                bool pair = *p == '\n' && csv->after_cr && (p == base || p[-1] == '\r');
                csv->next_line += !pair;
                csv->after_cr = *p == '\r';
            }
            p++;
            continue;
        case STATE_QUOTE:
            if (p == end)
                goto more;
            if (*p == '"') {
                csv->escaped = true;
                csv->state = STATE_QUOTED;
                p++;
                continue;
            }
            csv->quote_end = (size_t) (p - base) - 1;
            csv->state = STATE_AFTER;
            /* fall through */
        case STATE_AFTER:
            while (class[(uint8_t) *p] & BLANK)
                p++;
            if (*p == delimiter) {
                end_cell(csv, 0);
                p++;
                csv->state = STATE_CELL;
                continue;
            }
            if (p == end)
                goto more;
            if (*p == '\n' || *p == '\r')
                goto line_end;
            problem(csv, "text behind the closing quote: a quote inside a quoted cell is written twice");
            p++;
            continue;
        }
    }
more:
    csv->scan = (size_t) (p - csv->buffer);
    return 0;
line_end:
    end_cell(csv, (size_t) (p - base));
    csv->after_cr = *p == '\r';
    csv->next_line++;
    csv->scan = (size_t) (p + 1 - csv->buffer);
    return 1;
}

int
csv_read(struct csv *csv, bool wait, struct error *error)
{
    if (csv->state == STATE_START) {
        if (csv->marks) {
            int got = skip_mark(csv, wait, error);
            if (got != 1 && got != 0)
                return got;
            csv->marks = false;
        }
        begin_record(csv);
    }
    for (;;) {
        /* The LF of a CRLF whose CR ended the last record. */
        if (csv->state == STATE_CELL && csv->n_cells == 0 && csv->after_cr && csv->scan == csv->begin &&
            csv->scan < csv->end) {
            if (csv->buffer[csv->scan] == '\n')
                csv->scan++;
            csv->after_cr = false;
            csv->begin = csv->scan;
        }
        if (scan_record(csv)) {
            int kind = end_record(csv, false);
            if (kind != 0)
                return kind;
            begin_record(csv);
            continue;
        }
        check_bounds(csv);
        if (csv->dropping && csv->keep)
            return CSV_BAD;
        int got = fill(csv, wait, error);
        if (got == 1)
            continue;
        if (got != 0)
            return got;
        if (csv->partial)
            return CSV_END;
        if (csv->state == STATE_QUOTED)
            return error_set(error, STATUS_DATA,
                             "%" PRIu64 ": the input ends inside a quoted cell that this record opens (cut short, or a "
                             "quote that is not closed)",
                             csv->line);
        bool nothing = csv->state == STATE_CELL && csv->n_cells == 0 && !csv->dropping;
        if (nothing) {
            csv->begin = csv->scan;
            return CSV_END;
        }
        if (csv->state == STATE_QUOTE)
            csv->quote_end = csv->scan - csv->begin - 1;
        end_cell(csv, csv->scan - csv->begin);
        int kind = end_record(csv, true);
        if (kind == 0)
            return CSV_END;
        return kind;
    }
}

/* Eight bytes at a time while they are ASCII. */
bool
utf8_valid(const char *text, size_t n, size_t *at)
{
    const uint8_t *s = (const uint8_t *) text;
    size_t i = 0;
    while (i < n) {
        uint64_t word;
        if (i + 8 <= n && (memcpy(&word, s + i, 8), (word & 0x8080808080808080u) == 0)) {
            i += 8;
            continue;
        }
        uint8_t c = s[i];
        if (c < 0x80) {
            i++;
            continue;
        }
        size_t length = c >= 0xc2 && c < 0xe0 ? 2 : c >= 0xe0 && c < 0xf0 ? 3 : c >= 0xf0 && c < 0xf5 ? 4 : 0;
        bool good = length > 0 && i + length <= n;
        for (size_t k = 1; good && k < length; k++)
            good = (s[i + k] & 0xc0) == 0x80;
        good = good && !(c == 0xe0 && s[i + 1] < 0xa0) && !(c == 0xed && s[i + 1] >= 0xa0) &&
               !(c == 0xf0 && s[i + 1] < 0x90) && !(c == 0xf4 && s[i + 1] >= 0x90);
        if (!good) {
            if (at != NULL)
                *at = i;
            return false;
        }
        i += length;
    }
    return true;
}
