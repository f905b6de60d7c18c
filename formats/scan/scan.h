/*
 * Delimited text in memory to cells, 64 bytes at a time: the fast half of csv.h, with the same rules and the same
 * answer.
 *
 * Blocks of 64 bytes become bit masks of quotes, delimiters and line ends (block_*.h, one per instruction set); a
 * prefix-xor of the quotes says which bytes are quoted; the set bits that are left are the ends of cells. Where a quote
 * is neither at the start nor at the end of a cell, or a NUL comes, the record is walked from one such byte to the
 * next.
 *
 * A cell is given by the bytes around it: it is text[before + 1 .. behind). Of a cell in quotes these are the quotes,
 * so text[before] == '"' says that it was quoted; quotes inside are still doubled. Blanks around unquoted cells are
 * still there (csv.h rule 3 is the caller's). CR LF ends a record like LF: `behind` is the CR.
 *
 * The text has SCAN_SLACK readable bytes before and behind it, and no quote directly before it. A scan is used by one
 * thread and allocates what it returns; the arrays are valid until the next call.
 *
 *     scan_open(&scan, scan_kernels_pick(&error));
 *     scan_begin(&scan, text, n, ',');
 *     while (scan_next(&scan))
 *         for (size_t r = 0, k = 0; r < scan.n_records; k = scan.ends[r++])
 *             use cells k .. scan.ends[r];
 *     leftover = n - scan.end;       // bytes behind the last whole record
 */
#ifndef CL_SCAN_H
#define CL_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

/* Bytes before and behind a text that may be read. Their values do not matter, but text[-1] must not be a quote. */
enum { SCAN_SLACK = 128 };

struct scan_kernels;

struct scan {
    /* Whole records, found by scan_next(). Offsets are from `text`. */
    const uint32_t *before, *behind; /* [n_cells]; before[0] may be UINT32_MAX for -1: add in 32 bits */
    size_t n_cells;
    const uint32_t *ends; /* [n_records] cells up to and with record r */
    size_t n_records;
    const uint32_t *starts; /* [n_records] offset of the first byte of record r */
    const uint32_t *bad;    /* [n_bad] records with a NUL or with text behind a closing quote, ascending */
    size_t n_bad;
    bool ascii; /* surely no byte of these records is above 0x7f */
    const uint64_t
        *doubled;   /* [n_cells] bits: the cell, a quoted one, may have doubled quotes in it; else it has none */
    bool blanks;    /* some cell may have blanks around it */
    bool folded;    /* some quoted cell may have a line end in it; else the records are the physical lines */
    uint32_t begin; /* offset of the first byte of the first of these records */
    uint32_t end;   /* offset behind the last record found so far: where the next one starts */

    /* Inside. */
    const struct scan_kernels *kernels;
    const char *text;
    uint32_t n;
    char delimiter;
    struct scan_inside *inside;
};

/* The kernels for this machine, or those that CL_ISA names. NULL with a sentence. */
const struct scan_kernels *scan_kernels_pick(struct error *error);

void scan_open(struct scan *scan, const struct scan_kernels *kernels);
/* The text starts where a record does. n < 2^31. Rules 1 to 3 of csv.h; no byte order mark. */
void scan_begin(struct scan *scan, const char *text, size_t n, char delimiter);
/* The same for a text that scan_cut() has cut off others: a CR as its last byte ends a record, since no LF follows. */
void scan_begin_piece(struct scan *scan, const char *text, size_t n, char delimiter);
/*
 * The next whole records: those of about 16 KiB of text, or one longer one; blank lines are records of one blank cell.
 * False when no record ends in what is left of the text. A record whose line end is the last byte of the text is
 * whole, except behind a lone CR, after which a LF might come (scan_begin_piece(): that one too).
 */
bool scan_next(struct scan *scan);
void scan_close(struct scan *scan);

/* Physical lines that end in text[0 .. n): LF, CR LF or CR, inside quotes or not. A CR as the last byte counts. */
uint64_t scan_lines(const struct scan_kernels *kernels, const char *text, size_t n);
/*
 * Where to cut text[0 .. n), which starts where a record does, so that both parts start with a record: behind the last
 * line end that an even number of quotes precedes (quotes: count them; false: any line end will do). 0 = nowhere. A
 * guess where quotes stand inside cells. *any: behind the last line end of all. Never behind a CR that is the last
 * byte.
 */
size_t scan_cut(const struct scan_kernels *kernels, const char *text, size_t n, bool quotes, size_t *any);

#endif
