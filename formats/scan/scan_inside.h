/*
 * What scan.c and the kernels share. A kernel scans blocks of a text from the start of a record on until something odd
 * comes, or takes one record whatever is in it; scan.c decides which, and where.
 *
 * Cells are found as two lists, of the bytes before them and of those behind them. As long as no cell is in quotes and
 * no record ends in CR LF, both lie in one array, `positions`: the byte behind a cell is that before the next one.
 */
#ifndef CL_SCAN_INSIDE_H
#define CL_SCAN_INSIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum {
    SCAN_TILE = 16384, /* bytes of text that one scan_next() is about */
    SCAN_BLOCK = 64,
    SCAN_SPARE = 128 /* elements of each array behind `cap`: a block's worth, and what scan.h and convert.h promise */
};

enum scan_stop {
    SCAN_ENOUGH, /* a record ended at or behind `enough` */
    SCAN_TEXT,   /* the text ended */
    SCAN_ODD,    /* a byte came that kernels do not know what to do with; the records before it have been found */
    SCAN_FULL    /* no room for the cells of another block */
};

enum scan_record {
    RECORD_CUT,  /* it goes on behind the text */
    RECORD_FULL, /* no room for its cells */
    RECORD_ODD,  /* a run would have stopped at it */
    RECORD_CLEAN
};

struct scan_inside {
    const char *text;
    uint32_t n; /* perhaps without a CR at the very end: what that is depends on what follows */
    char delimiter;
    bool done; /* no whole record is left */

    /* What was found, cells and records; those behind the last record end do not count. */
    uint32_t *positions; /* [0] before the first cell, [k + 1] behind cell k */
    uint32_t *before;    /* [n_cells], used when `apart` */
    uint32_t *ends, *starts, *bad;
    size_t n_cells, n_records, n_bad;
    uint64_t *doubled; /* [cap] bits; those set are of cells below `n_doubled` */
    size_t n_doubled;
    size_t cap; /* cells; records are fewer */
    uint32_t enough;
    bool apart;
    bool high, blanks, folded; /* seen: a byte above 0x7f, a blank at the edge of a cell, a line end in quotes */
};

/* Gives the bytes before cells an array of their own. */
static inline void
scan_apart(struct scan_inside *in)
{
    if (!in->apart)
        memcpy(in->before, in->positions, (in->n_cells + 1) * sizeof *in->before);
    in->apart = true;
}

/* The cell has doubled quotes. Cells are marked again when what was found is dropped: a mark may be one too many. */
static inline void
scan_mark_doubled(struct scan_inside *in, size_t cell)
{
    in->doubled[cell / 64] |= UINT64_C(1) << cell % 64;
    in->n_doubled = cell < in->n_doubled ? in->n_doubled : cell + 1;
}

struct scan_kernels {
    const char *name;
    /* Scans from `at`, where a record starts, and adds to the lists behind n_cells and n_records. starts[]: scan.c. */
    enum scan_stop (*run)(struct scan_inside *in, uint32_t at);
    /* Adds the one record at `at`, whatever is in it, if all of it is there; *end: behind its line end. starts[]: as
       above. Room for one cell is there. */
    enum scan_record (*record)(struct scan_inside *in, uint32_t at, uint32_t *end);
    uint64_t (*lines)(const char *text, size_t n);
    size_t (*cut)(const char *text, size_t n, bool quotes, size_t *any);
};

extern const struct scan_kernels scan_kernels_base, scan_kernels_neon, scan_kernels_avx2, scan_kernels_avx512,
    scan_kernels_vbmi2;

/* Number `i` of the kernels that run here, best first; NULL behind the last. */
const struct scan_kernels *scan_kernels_here(unsigned i);

#endif
