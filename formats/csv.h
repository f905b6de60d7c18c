/*
 * CSV and TSV text as records of cells: RFC 4180 and what people have beyond it.
 *
 *   1. A record ends at LF, CRLF or CR outside quotes; the last one also at the end of input (`cut` is set).
 *   2. A cell whose first non-blank byte is a double quote ends at the next quote that is not doubled; delimiters and
 *      line ends in it are text. A quote anywhere else is a byte like others.
 *   3. Spaces and tabs around a cell are no part of it, unless they are quoted or the delimiter.
 *   4. Lines of nothing but blanks are no records. A UTF-8 byte order mark is skipped.
 *
 * Memory: one record and one read buffer, whatever the length of the input. A cell above `max_cell` or a record above
 * CSV_MAX_RECORD more makes a bad record, whose bytes are dropped as they come. Scanning resumes where the last read
 * stopped, so input that arrives a byte at a time costs no more.
 *
 * A csv is used by one thread. The input belongs to the caller and must outlive it.
 *
 *     csv_open(&csv, &input, NULL, 0, ',', 1 << 20);
 *     while ((got = csv_read(&csv, true, &error)) > 0)
 *         if (got == CSV_RECORD)
 *             for (size_t i = 0; i < csv.n_cells; i++)
 *                 use(csv_cell(&csv, i), csv.cells[i].n);
 *     csv_close(&csv);
 */
#ifndef CL_CSV_H
#define CL_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "file.h"

/* More columns could not be described by one `table` frame (msgpack.h bounds its items). */
enum { CSV_MAX_COLUMNS = 131072, CSV_MAX_RECORD = 64 << 20 };

enum csv_got {
    CSV_END = 0,    /* no more records */
    CSV_RECORD = 1, /* cells and n_cells are set */
    CSV_WAIT = 2,   /* reading would block (wait = false) */
    CSV_BAD = 3,    /* a record that cannot be used: `problem` says why; reading may go on */
};

struct csv_cell {
    uint32_t at, n; /* offset from `record` and length in bytes */
};

struct csv {
    /* The record last read; gone at the next call. */
    const char *record;
    struct csv_cell *cells;
    size_t n_cells;      /* may exceed CSV_MAX_COLUMNS; only that many are stored */
    uint64_t line;       /* physical line on which it starts, from 1 */
    bool cut;            /* the input ended without a line end behind it */
    char problem[160];   /* CSV_BAD: a sentence */
    size_t problem_cell; /* and the cell it is about, from 0 */
    bool oversize;       /* the problem is one of length */

    /* Inside. */
    struct input *input; /* NULL: memory or csv_feed() */
    char delimiter;
    uint64_t max_cell;
    uint8_t class[256];
    char *buffer;
    size_t begin, scan, end, cap; /* record start, scan position, end of bytes; all in buffer */
    size_t cap_cells;
    size_t cell_at, quote_end; /* of the cell being scanned, from `begin` */
    int state;
    uint64_t next_line;
    bool escaped, after_cr, quoted, eof, partial, dropping, marks;
    bool keep;
    char *kept;
    size_t n_kept, cap_kept;
};

/*
 * Begins to read `input`, after the `n` bytes at `head` that were already read from it. delimiter: any byte but a
 * quote, CR, LF and NUL. max_cell: bytes, at most 2^31.
 */
void csv_open(struct csv *csv, struct input *input, const void *head, size_t n, char delimiter, uint64_t max_cell);
/* Reads from memory (copied). whole = false: the bytes go on elsewhere, so an incomplete last record is left out. */
void csv_open_memory(struct csv *csv, const void *bytes, size_t n, bool whole, char delimiter, uint64_t max_cell);

/*
 * Scans what csv_feed() brings, from a record that starts on line `first_line`; no byte order mark is looked for.
 * csv_read() returns CSV_WAIT when all of it is used up, until csv_feed_end() says that no more comes. Read until
 * CSV_WAIT before feeding more: then the memory stays within one record and what is fed at once, and less than one
 * record where that is too long.
 */
void csv_open_feed(struct csv *csv, char delimiter, uint64_t max_cell, uint64_t first_line);
void csv_feed(struct csv *csv, const void *bytes, size_t n);
void csv_feed_end(struct csv *csv);
/*
 * True when all that was fed has been read and the next byte starts a record. False behind a CR: a LF may follow that
 * belongs to it.
 */
bool csv_between(const struct csv *csv);

/*
 * The next record: enum csv_got, or -1 when reading failed, the input ends inside quotes or is UTF-16. Errors do not
 * name the file, only the line where that helps ("17: ...").
 */
int csv_read(struct csv *csv, bool wait, struct error *error);

static inline const char *
csv_cell(const struct csv *csv, size_t i)
{
    return csv->record + csv->cells[i].at;
}

/*
 * From now on all bytes read are kept (call it directly after csv_open), so that csv_rewind() can start again. Behind a
 * record with `oversize` set csv_read() must not be called before csv_rewind(): its end is not looked for, which might
 * be far away.
 */
void csv_keep(struct csv *csv);
size_t csv_kept(const struct csv *csv, const char **bytes);
/* Bytes up to the end of the record last read, of those kept. */
static inline size_t
csv_kept_used(const struct csv *csv)
{
    return csv->n_kept - (csv->end - csv->scan);
}
/* Reads more bytes without scanning them, so that csv_kept() has at least `n`. 1, or 0 when the input ended, or -1. */
int csv_fetch(struct csv *csv, size_t n, struct error *error);
/* Starts again from the first byte, with another delimiter perhaps, and keeps no more if `last`. */
void csv_rewind(struct csv *csv, char delimiter, bool last);
void csv_close(struct csv *csv);

/* True when s[0 .. n) is UTF-8 (no overlong forms, no surrogates). *at: offset of the first wrong byte, if not. */
bool utf8_valid(const char *s, size_t n, size_t *at);

#endif
