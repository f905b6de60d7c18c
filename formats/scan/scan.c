#include "scan.h"

#include <stdlib.h>
#include <string.h>

#include "isa.h"
#include "memory.h"
#include "scan_inside.h"

/* Classes of bytes, as in csv.c. */
enum { STOPS_PLAIN = 1, STOPS_QUOTED = 2, BLANK = 4 };

const struct scan_kernels *
scan_kernels_here(unsigned i)
{
    static const struct {
        enum isa isa;
        const struct scan_kernels *kernels;
    } all[] = {
#if defined(__x86_64__)
        {ISA_AVX512, &scan_kernels_vbmi2},
        {ISA_AVX512, &scan_kernels_avx512},
        {ISA_AVX2, &scan_kernels_avx2},
#elif defined(__aarch64__)
        {ISA_NEON, &scan_kernels_neon},
#endif
        {ISA_BASE, &scan_kernels_base},
    };
    for (size_t k = 0; k < sizeof all / sizeof *all; k++) {
        bool here = isa_here(all[k].isa);
#if defined(__x86_64__)
        here = here && (all[k].kernels != &scan_kernels_vbmi2 || __builtin_cpu_supports("avx512vbmi2"));
#endif
        if (here && i-- == 0)
            return all[k].kernels;
    }
    return NULL;
}

const struct scan_kernels *
scan_kernels_pick(struct error *error)
{
    int isa = isa_pick(error);
    if (isa < 0)
        return NULL;
    const char *name = isa_name((enum isa) isa);
    const struct scan_kernels *kernels = NULL;
    for (unsigned i = 0; (kernels = scan_kernels_here(i)) != NULL; i++)
        if (strncmp(kernels->name, name, strlen(name)) == 0)
            break;
    return kernels;
}

/* ---- memory ---- */

static void
grow(struct scan_inside *in, size_t cap)
{
    uint32_t **const arrays[] = {&in->positions, &in->before, &in->ends, &in->starts, &in->bad};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
        *arrays[i] = mem_realloc(*arrays[i], cap + SCAN_SPARE, sizeof **arrays[i]);
    in->cap = cap;
}

void
scan_open(struct scan *scan, const struct scan_kernels *kernels)
{
    *scan = (struct scan){.kernels = kernels, .inside = mem_zalloc(1, sizeof *scan->inside)};
    /* As many cells as a tile has bytes, and those of one block that starts within it. */
    grow(scan->inside, SCAN_TILE + SCAN_BLOCK);
}

void
scan_close(struct scan *scan)
{
    if (scan->inside == NULL)
        return;
    free(scan->inside->positions);
    free(scan->inside->before);
    free(scan->inside->ends);
    free(scan->inside->starts);
    free(scan->inside->bad);
    free(scan->inside);
    *scan = (struct scan){0};
}

void
scan_begin_piece(struct scan *scan, const char *text, size_t n, char delimiter)
{
    struct scan_inside *in = scan->inside;
    scan->text = in->text = text;
    scan->n = (uint32_t) n;
    scan->delimiter = in->delimiter = delimiter;
    scan->begin = scan->end = 0;
    in->n = (uint32_t) n;
    in->done = false;
    memset(in->class, 0, sizeof in->class);
    in->class[' '] = in->class['\t'] = BLANK;
    in->class['"'] = STOPS_QUOTED;
    in->class['\n'] = in->class['\r'] = STOPS_PLAIN;
    in->class[0] = STOPS_PLAIN | STOPS_QUOTED;
    in->class[(uint8_t) delimiter] = STOPS_PLAIN;
}

void
scan_begin(struct scan *scan, const char *text, size_t n, char delimiter)
{
    scan_begin_piece(scan, text, n, delimiter);
    /* Without a CR at the very end, which ends no record yet; in quotes it makes no difference. */
    scan->inside->n -= n > 0 && text[n - 1] == '\r';
}

/* ---- one record, byte by byte ---- */

enum record {
    RECORD_CUT,  /* it goes on behind the text */
    RECORD_FULL, /* there is no room for its cells */
    RECORD_ODD,  /* a kernel would have refused it */
    RECORD_CLEAN,
};

/* The next delimiter, line end or NUL at or behind `p`, or n. */
static inline uint32_t
stop_plain(const struct scan_inside *in, uint32_t p)
{
    while (p < in->n && !(in->class[(uint8_t) in->text[p]] & STOPS_PLAIN))
        p++;
    return p;
}

static inline uint32_t
skip_blanks(const struct scan_inside *in, uint32_t p)
{
    while (p < in->n && in->class[(uint8_t) in->text[p]] & BLANK)
        p++;
    return p;
}

/* The closing quote of the cell whose first byte in quotes is text[p], or n. */
static uint32_t
find_closing(const struct scan_inside *in, uint32_t p, bool *escaped, bool *bad)
{
    for (; p < in->n; p++) {
        while (p < in->n && !(in->class[(uint8_t) in->text[p]] & STOPS_QUOTED))
            p++;
        if (p == in->n || (in->text[p] == '"' && (p + 1 == in->n || in->text[p + 1] != '"')))
            return p;
        if (in->text[p] == '"') {
            *escaped = true;
            p++;
        } else {
            *bad = true; /* NUL */
        }
    }
    return in->n;
}

/* Adds the record that starts at text[at] by the rules of csv.c, if all of it is there; *end: behind its line end. */
static enum record
scan_record(struct scan_inside *in, uint32_t at, uint32_t *end)
{
    const char *const text = in->text;
    const uint32_t n = in->n;
    uint32_t *const behind = in->positions + 1, *const before = in->before;
    bool odd = false, bad = false, escaped = false, blanks = false;
    size_t n_cells = in->n_cells;
    for (uint32_t p = at;; p++) {
        if (n_cells == in->cap)
            return RECORD_FULL;
        uint32_t first = skip_blanks(in, p);
        before[n_cells] = p - 1;
        if (first < n && text[first] == '"') {
            odd |= first > p;
            before[n_cells] = first;
            p = find_closing(in, first + 1, &escaped, &bad);
            behind[n_cells] = p;
            if (p == n)
                return RECORD_CUT;
            first = p + 1;
            p = skip_blanks(in, first);
            odd |= p > first;
            while (p < n && !(in->class[(uint8_t) text[p]] & STOPS_PLAIN && text[p] != '\0')) {
                bad = true;
                p++;
            }
        } else {
            for (p = stop_plain(in, first); p < n && text[p] == '\0'; p = stop_plain(in, p + 1))
                bad = true;
            blanks |= before[n_cells] + 1 < first || (p > first && in->class[(uint8_t) text[p - 1]] & BLANK);
            odd |= memchr(text + first, '"', p - first) != NULL;
            behind[n_cells] = p;
        }
        if (p == n)
            return RECORD_CUT;
        n_cells++;
        if (text[p] == in->delimiter)
            continue;
        *end = p + 1;
        if (text[p] == '\r' && *end < n && text[*end] == '\n')
            ++*end;
        break;
    }
    in->n_cells = n_cells;
    in->starts[in->n_records] = at;
    in->ends[in->n_records] = (uint32_t) n_cells;
    if (bad)
        in->bad[in->n_bad++] = (uint32_t) in->n_records;
    in->n_records++;
    in->blanks |= blanks;
    in->escaped |= escaped;
    return odd || bad ? RECORD_ODD : RECORD_CLEAN;
}

/* ---- records ---- */

static inline bool
is_quoted(const char *text, uint32_t before)
{
    return before != UINT32_MAX && text[before] == '"';
}

/* Scans blocks from `at` on; *end: behind the last whole record found, or `at`. */
static enum scan_stop
scan_blocks(struct scan *scan, uint32_t at, uint32_t *end)
{
    struct scan_inside *in = scan->inside;
    const size_t first = in->n_records;
    const char *const text = in->text;
    (in->apart ? in->before : in->positions)[in->n_cells] = at - 1;
    const enum scan_stop stop = scan->kernels->run(in, at);
    const uint32_t *const before = in->apart ? in->before : in->positions;

    *end = at;
    in->n_cells = in->n_records > 0 ? in->ends[in->n_records - 1] : 0;
    if (in->n_records == first)
        return stop;
    const size_t last = in->n_cells - 1;
    *end = in->positions[last + 1] + 1;
    if (!in->apart) {
        in->starts[first] = at;
        for (size_t r = first + 1; r < in->n_records; r++)
            in->starts[r] = in->positions[in->ends[r - 1]] + 1;
        return stop;
    }
    *end += is_quoted(text, before[last]); /* the line end is behind the closing quote */
    if (text[*end - 1] == '\r' && *end < in->n && text[*end] == '\n')
        ++*end;
    in->starts[first] = at;
    for (size_t r = first + 1; r < in->n_records; r++) {
        const uint32_t edge = before[in->ends[r - 1]];
        in->starts[r] = edge + !is_quoted(text, edge);
    }
    return stop;
}

bool
scan_next(struct scan *scan)
{
    struct scan_inside *in = scan->inside;
    uint32_t at = scan->end;
    bool bytewise = false;
    in->n_cells = in->n_records = in->n_bad = 0;
    in->apart = in->high = in->blanks = in->escaped = false;
    in->enough = at + SCAN_TILE;
    while (!in->done && (in->n_records == 0 || at < in->enough)) {
        bool full;
        if (!bytewise) {
            const enum scan_stop stop = scan_blocks(scan, at, &at);
            in->done = stop == SCAN_TEXT;
            bytewise = stop == SCAN_ODD;
            full = stop == SCAN_FULL;
        } else {
            /* Where one record is odd, the next one is likely to be. */
            uint32_t end = at;
            scan_apart(in);
            const enum record got = scan_record(in, at, &end);
            in->high = in->high || scan->kernels->high(in->text + at, end - at);
            in->done = got == RECORD_CUT;
            bytewise = got != RECORD_CLEAN;
            full = got == RECORD_FULL;
            at = end;
        }
        if (full && in->n_records > 0)
            break;
        if (full)
            grow(in, in->cap * 2);
    }
    scan->begin = scan->end;
    scan->end = at;
    scan->before = in->apart ? in->before : in->positions;
    scan->behind = in->positions + 1;
    scan->n_cells = in->n_cells;
    scan->ends = in->ends;
    scan->n_records = in->n_records;
    scan->starts = in->starts;
    scan->bad = in->bad;
    scan->n_bad = in->n_bad;
    scan->ascii = !in->high;
    scan->escaped = in->escaped;
    scan->blanks = in->blanks;
    return in->n_records > 0;
}

uint64_t
scan_lines(const struct scan_kernels *kernels, const char *text, size_t n)
{
    return kernels->lines(text, n);
}

size_t
scan_cut(const struct scan_kernels *kernels, const char *text, size_t n, bool quotes, size_t *any)
{
    return kernels->cut(text, n, quotes, any);
}
