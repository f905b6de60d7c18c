/*
 * The kernels of scan.h for one instruction set. The including file has the primitives (block_*.h) and defines
 * SCAN_KERNELS and SCAN_KERNELS_NAME.
 */
#include <string.h>

#include "scan_inside.h"

/* Where a run is. Masks of neighbours are bits 63 of the block before, moved to bit 0. */
struct place {
    uint32_t at; /* the next block */
    size_t n_cells, n_records;
    uint64_t inside;  /* all ones: in quotes */
    uint64_t edge;    /* the byte before starts a cell behind it */
    uint64_t cr;      /* it is a CR that ends a record */
    uint64_t closing; /* it is a closing quote */
    uint64_t blank;   /* it is a blank */
};

/* The block at text[at], of which there is at least one byte; bytes behind the text become something harmless. */
static inline struct block
load(const char *text, size_t n, size_t at, char other)
{
    char tail[SCAN_BLOCK];
    if (n - at >= SCAN_BLOCK)
        return block_load(text + at);
    memset(tail, other, sizeof tail);
    memcpy(tail, text + at, n - at);
    return block_load(tail);
}

static inline char
harmless(char delimiter)
{
    return delimiter == 'x' ? 'y' : 'x';
}

static inline struct block_set
blank_set(char delimiter)
{
    char blanks[2];
    unsigned n = 0;
    if (delimiter != ' ')
        blanks[n++] = ' ';
    if (delimiter != '\t')
        blanks[n++] = '\t';
    return block_set(blanks, n);
}

/* Blocks without quotes, CR and NUL, up to the first one that has one: then SCAN_ODD. */
static enum scan_stop
run_plain(struct scan_inside *in, struct place *place)
{
    const char *const text = in->text;
    const uint32_t n = in->n, enough = in->enough;
    const char delimiter = in->delimiter, other = harmless(delimiter);
    const struct block_set odd_set = block_set("\"\r", 3), blanks = blank_set(delimiter); /* NUL is the third */
    uint32_t *const positions = in->positions + 1, *const ends = in->ends;
    const size_t cap = in->cap;
    struct block all = block_zero();
    uint64_t touching = 0, edge = place->edge, after_blank = place->blank;
    size_t n_cells = place->n_cells, n_records = place->n_records;
    uint32_t at = place->at;
    enum scan_stop stop = SCAN_TEXT;
    while (at < n) {
        const struct block b = load(text, n, at, other);
        if (block_among(b, odd_set) != 0) {
            stop = SCAN_ODD;
            break;
        }
        const uint64_t ends_record = block_eq(b, '\n');
        const uint64_t ends_cell = ends_record | block_eq(b, delimiter);
        const uint64_t blank = block_among(b, blanks);
        all = block_or(all, b);
        touching |= (blank & (ends_cell << 1 | edge)) | (ends_cell & (blank << 1 | after_blank));
        edge = ends_cell >> 63;
        after_blank = blank >> 63;
        block_positions(positions + n_cells, ends_cell, at);
        block_ranks(ends + n_records, ends_record, ends_cell, (uint32_t) n_cells);
        n_cells += block_count(ends_cell);
        n_records += block_count(ends_record);
        at += SCAN_BLOCK;
        if (at >= enough && ends_record != 0) {
            stop = SCAN_ENOUGH;
            break;
        }
        if (n_cells > cap) {
            stop = SCAN_FULL;
            break;
        }
    }
    in->high = in->high || block_high(all);
    in->blanks = in->blanks || touching != 0;
    in->n_cells = n_cells;
    in->n_records = n_records;
    *place = (struct place){.at = at, .n_cells = n_cells, .n_records = n_records, .edge = edge, .blank = after_blank};
    return stop;
}

/*
 * All other blocks, into two lists. Without `quotes`, up to the first one that has a quote or a NUL: a text with CR LF
 * is faster so.
 */
static inline __attribute__((always_inline)) enum scan_stop
run_apart(struct scan_inside *in, struct place *place, const bool quotes)
{
    const char *const text = in->text;
    const uint32_t n = in->n, enough = in->enough;
    const char delimiter = in->delimiter, other = harmless(delimiter);
    const struct block_set odd_set = block_set("\"", 2), blanks = blank_set(delimiter); /* NUL is the second */
    uint32_t *const behind = in->positions + 1, *const before = in->before, *const ends = in->ends;
    const size_t cap = in->cap;
    struct block all = block_zero();
    uint64_t touching = 0, folded = 0;
    struct place here = *place;
    size_t n_cells = here.n_cells, n_records = here.n_records;
    uint32_t at = here.at;
    enum scan_stop stop = SCAN_TEXT;
    while (at < n) {
        const struct block b = load(text, n, at, other);
        if (!quotes && block_among(b, odd_set) != 0) {
            stop = SCAN_ODD;
            break;
        }
        const uint64_t quote = quotes ? block_eq(b, '"') : 0;
        /* The opening quote and what it quotes. */
        const uint64_t inside = quotes ? block_prefix_xor(quote) ^ here.inside : 0;
        const uint64_t all_lf = block_eq(b, '\n'), all_cr = block_eq(b, '\r');
        const uint64_t lf = all_lf & ~inside, cr = all_cr & ~inside;
        const uint64_t delimiters = block_eq(b, delimiter) & ~inside;
        const uint64_t blank = block_among(b, blanks) & ~inside;
        all = block_or(all, b);
        folded |= (all_lf | all_cr) & inside;

        /* Of CR LF, the CR ends a cell and the LF is before the next one. A CR in the last place waits for its LF. */
        const uint64_t ends_record = cr | (lf & ~(cr << 1 | here.cr));
        const uint64_t ends_cell = delimiters | ends_record;
        const uint64_t starts_cell = delimiters | lf | (cr & ~(lf >> 1) & ~(UINT64_C(1) << 63));
        size_t n_before = n_cells + 1;
        if (here.cr != 0) {
            if (lf & 1) {
                n_before--;
            } else {
                before[n_cells] = at - 1;
                here.edge = 1;
            }
        }
        const uint64_t after_edge = starts_cell << 1 | here.edge;
        touching |= (blank & after_edge) | (ends_cell & (blank << 1 | here.blank));

        /*
         * Quotes that open or close a cell, and pairs inside. A quote that opens without being at the start of a cell,
         * or closes without being at its end, is odd, and masks of later bytes mean nothing.
         */
        const uint64_t opening = quote & inside, closing = quote & ~inside;
        const uint64_t opens = opening & after_edge, pairs = opening & (closing << 1 | here.closing);
        const uint64_t closes = closing & (ends_cell >> 1);
        if (quotes && (here.closing & ~(ends_cell | opening))) {
            stop = SCAN_ODD;
            break;
        }
        uint64_t odd = 0;
        if (quotes)
            odd = (opening & ~(opens | pairs)) | block_eq(b, '\0') |
                  (closing & ~(closes | (opening >> 1)) & ~(UINT64_C(1) << 63));
        const uint64_t good_ends = ends_record & ((odd & -odd) - 1);
        for (uint64_t left = pairs & ((odd & -odd) - 1); quotes && left != 0; left &= left - 1)
            scan_mark_doubled(in, n_cells + block_count(ends_cell & ((left & -left) - 1)));

        /* A cell in quotes is what is between its quotes; one of them may lie in the next block, one in the last. */
        block_positions(before + n_before, (starts_cell & ~(opens >> 1)) | (opens & ~UINT64_C(1)), at);
        block_positions(behind + n_cells, (ends_cell & ~(closes << 1)) | closes, at);
        if (quotes) {
            before[n_before - 1] += opens & 1;
            behind[n_cells] -= here.closing & ends_cell;
        }
        block_ranks(ends + n_records, good_ends, ends_cell, (uint32_t) n_cells);
        n_cells += block_count(ends_cell);
        n_records += block_count(good_ends);
        at += SCAN_BLOCK;
        if (odd != 0) {
            stop = SCAN_ODD;
            break;
        }
        if (at >= enough && ends_record != 0) {
            stop = SCAN_ENOUGH;
            break;
        }
        if (n_cells > cap) {
            stop = SCAN_FULL;
            break;
        }
        here.inside = (uint64_t) ((int64_t) inside >> 63);
        here.edge = starts_cell >> 63;
        here.cr = cr >> 63;
        here.closing = closing >> 63;
        here.blank = blank >> 63;
    }
    in->high = in->high || block_high(all);
    in->blanks = in->blanks || touching != 0;
    in->folded = in->folded || folded != 0;
    in->n_cells = n_cells;
    in->n_records = n_records;
    here.at = at;
    here.n_cells = n_cells;
    here.n_records = n_records;
    *place = here;
    return stop;
}

static enum scan_stop
run_lines(struct scan_inside *in, struct place *place)
{
    return run_apart(in, place, false);
}

static enum scan_stop
run_quotes(struct scan_inside *in, struct place *place)
{
    return run_apart(in, place, true);
}

static enum scan_stop
run(struct scan_inside *in, uint32_t at)
{
    struct place place = {.at = at, .n_cells = in->n_cells, .n_records = in->n_records, .edge = 1};
    if (!in->apart) {
        enum scan_stop stop = run_plain(in, &place);
        if (stop != SCAN_ODD)
            return stop;
        scan_apart(in);
        stop = run_lines(in, &place);
        if (stop != SCAN_ODD)
            return stop;
    }
    return run_quotes(in, &place);
}

/* ---- one record, from one byte that may mean something to the next ---- */

static inline bool
is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Inside a cell, where a blank is no delimiter. */
static inline bool
all_blank(const char *text, uint32_t from, uint32_t to)
{
    while (from < to && is_blank(text[from]))
        from++;
    return from == to;
}

static enum scan_record
record(struct scan_inside *in, uint32_t at, uint32_t *end)
{
    enum { OUTSIDE, PLAIN, QUOTED, PAIR, CLOSED } state = OUTSIDE; /* PAIR: before the second quote of two */
    const char *const text = in->text;
    const uint32_t n = in->n;
    const char delimiter = in->delimiter, other = harmless(delimiter);
    const struct block_set odd_set = block_set("\"\r", 3);
    uint32_t *const behind = in->positions + 1, *const before = in->before;
    struct block all = block_zero();
    bool odd = false, bad = false, blanks = false;
    size_t n_cells = in->n_cells;
    uint32_t cell = at; /* its first byte */
    before[n_cells] = at - 1;
    for (; at < n; at += SCAN_BLOCK) {
        const struct block b = load(text, n, at, other);
        uint64_t events = block_among(b, odd_set) | block_eq(b, '\n') | block_eq(b, delimiter);
        all = block_or(all, b);
        for (; events != 0; events &= events - 1) {
            const uint32_t p = at + block_lowest(events);
            const char c = text[p];
            if (state == QUOTED) {
                bad |= c == '\0';
                in->folded |= c == '\n' || c == '\r';
                if (c != '"')
                    continue;
                state = CLOSED;
                behind[n_cells] = p;
                if (p + 1 < n && text[p + 1] == '"') {
                    state = PAIR;
                    scan_mark_doubled(in, n_cells);
                }
            } else if (state == PAIR) {
                state = QUOTED;
            } else if (c == '"' && state == OUTSIDE && all_blank(text, cell, p)) {
                state = QUOTED;
                before[n_cells] = p;
                odd |= p > cell;
            } else if (c == '"' || c == '\0') {
                bad |= c == '\0';
                odd = true;
                if (state == OUTSIDE)
                    state = PLAIN;
            } else {
                if (state == CLOSED) {
                    const uint32_t rest = behind[n_cells] + 1;
                    odd |= rest < p;
                    bad |= !all_blank(text, rest, p);
                } else {
                    behind[n_cells] = p;
                    blanks |= cell < p && (is_blank(text[cell]) || is_blank(text[p - 1]));
                }
                n_cells++;
                if (c != delimiter) {
                    *end = p + 1;
                    goto found;
                }
                if (n_cells == in->cap)
                    return RECORD_FULL;
                before[n_cells] = p;
                cell = p + 1;
                state = OUTSIDE;
            }
        }
    }
    return RECORD_CUT;
found:
    if (text[*end - 1] == '\r' && *end < n && text[*end] == '\n')
        ++*end;
    in->n_cells = n_cells;
    in->ends[in->n_records] = (uint32_t) n_cells;
    if (bad)
        in->bad[in->n_bad++] = (uint32_t) in->n_records;
    in->n_records++;
    in->high = in->high || block_high(all);
    in->blanks |= blanks;
    return odd || bad ? RECORD_ODD : RECORD_CLEAN;
}

/* ---- what a reader of chunks asks ---- */

static uint64_t
lines(const char *text, size_t n)
{
    uint64_t count = 0, after_cr = 0;
    for (size_t at = 0; at < n; at += SCAN_BLOCK) {
        const struct block b = load(text, n, at, 'x');
        const uint64_t lf = block_eq(b, '\n'), cr = block_eq(b, '\r');
        count += block_count(cr | (lf & ~(cr << 1 | after_cr)));
        after_cr = cr >> 63;
    }
    return count;
}

static size_t
cut(const char *text, size_t n, bool quotes, size_t *any)
{
    uint64_t all = 0;
    for (size_t at = 0; quotes && at < n; at += SCAN_BLOCK)
        all ^= block_eq(load(text, n, at, 'x'), '"');
    bool odd = block_count(all) & 1;

    /* Back from the end. Of CR LF, the LF is met first. */
    *any = 0;
    for (size_t at = (n + SCAN_BLOCK - 1) / SCAN_BLOCK * SCAN_BLOCK; at > 0;) {
        at -= SCAN_BLOCK;
        const struct block b = load(text, n, at, 'x');
        const uint64_t quote = quotes ? block_eq(b, '"') : 0;
        const uint64_t last = n - at <= SCAN_BLOCK ? UINT64_C(1) << (n - at - 1) : 0;
        uint64_t ends = block_eq(b, '\n') | (block_eq(b, '\r') & ~last);
        if (*any == 0 && ends != 0)
            *any = at + block_highest(ends) + 1;
        odd ^= block_count(quote) & 1;
        ends &= ~(block_prefix_xor(quote) ^ -(uint64_t) odd);
        if (ends != 0)
            return at + block_highest(ends) + 1;
    }
    return 0;
}

const struct scan_kernels SCAN_KERNELS = {
    .name = SCAN_KERNELS_NAME, .run = run, .lines = lines, .cut = cut, .record = record};
