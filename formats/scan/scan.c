#include "scan.h"

#include <stdlib.h>
#include <string.h>

#include "isa.h"
#include "memory.h"
#include "scan_inside.h"

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
    const size_t had = in->doubled != NULL ? in->cap / 64 + 2 : 0, n = cap / 64 + 2;
    in->doubled = mem_realloc(in->doubled, n, sizeof *in->doubled);
    memset(in->doubled + had, 0, (n - had) * sizeof *in->doubled);
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
    free(scan->inside->doubled);
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
}

void
scan_begin(struct scan *scan, const char *text, size_t n, char delimiter)
{
    scan_begin_piece(scan, text, n, delimiter);
    /* Without a CR at the very end, which ends no record yet; in quotes it makes no difference. */
    scan->inside->n -= n > 0 && text[n - 1] == '\r';
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
    bool one_by_one = false;
    in->n_cells = in->n_records = in->n_bad = 0;
    in->apart = in->high = in->blanks = in->folded = false;
    memset(in->doubled, 0, (in->n_doubled + 63) / 64 * sizeof *in->doubled);
    in->n_doubled = 0;
    in->enough = at + SCAN_TILE;
    while (!in->done && (in->n_records == 0 || at < in->enough)) {
        bool full;
        if (!one_by_one) {
            const enum scan_stop stop = scan_blocks(scan, at, &at);
            in->done = stop == SCAN_TEXT;
            one_by_one = stop == SCAN_ODD;
            full = stop == SCAN_FULL;
        } else {
            /* Where one record is odd, the next one is likely to be. */
            uint32_t end = at;
            scan_apart(in);
            in->starts[in->n_records] = at;
            const enum scan_record got = scan->kernels->record(in, at, &end);
            in->done = got == RECORD_CUT;
            one_by_one = got != RECORD_CLEAN;
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
    scan->doubled = in->doubled;
    scan->blanks = in->blanks;
    scan->folded = in->folded;
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
