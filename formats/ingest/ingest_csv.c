/*
 * A chunk of delimited text to rows, a tile of some 16 KiB at a time: cells by vectors (scan.h), then column by column:
 * numbers thousands at a time (convert.h), what those leave cell by cell (ingest_rows.c).
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "ingest_text.h"

/* Columns that follow each other both in the text and in a tensor. */
struct run {
    uint32_t source, at, n;
};

/* Where the cells of the columns of one tensor are. */
struct columns {
    const struct sinks *sinks;
    struct run *runs;
    size_t n_runs, cap_runs;
    bool whole; /* all columns of the text in order */
};

struct csv_tile {
    struct columns x, y, w;
    /* Of each row: its first cell, where its record starts, whether it is bad. */
    uint32_t *first, *at;
    uint8_t *bad;
    size_t n, cap_first, cap_at, cap_bad;
    bool any_bad;
    /* Records that are no rows: where they start, which they are. */
    struct bad_record *lost;
    size_t n_lost, cap_lost;
    size_t n_records; /* both together: blank lines are none */
    /* The cells of one tensor, row by row, and those that are to be read one by one. */
    uint32_t *before, *behind, *left;
    size_t cap_before, cap_behind, cap_left;
};

void
csv_tile_close(struct csv_tile *tile)
{
    if (tile == NULL)
        return;
    void *const all[] = {tile->x.runs, tile->y.runs, tile->w.runs, tile->first,  tile->at,
                         tile->bad,    tile->lost,   tile->before, tile->behind, tile->left};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
    free(tile);
}

/* True for a number that the vector kernel may read. */
static bool
is_plain(const struct sink *sink)
{
    return sink->how == READ_PLAIN && sink->source != SINK_NONE;
}

static void
find_runs(struct columns *columns, const struct sinks *sinks, size_t n_names)
{
    columns->sinks = sinks;
    columns->n_runs = 0;
    for (size_t i = 0; i < sinks->n;) {
        size_t n = 1;
        if (!is_plain(&sinks->items[i])) {
            i++;
            continue;
        }
        while (i + n < sinks->n && is_plain(&sinks->items[i + n]) &&
               sinks->items[i + n].source == sinks->items[i].source + (int64_t) n)
            n++;
        mem_grow(&columns->runs, &columns->cap_runs, columns->n_runs + 1, sizeof *columns->runs);
        columns->runs[columns->n_runs++] = (struct run){(uint32_t) sinks->items[i].source, (uint32_t) i, (uint32_t) n};
        i += n;
    }
    columns->whole = columns->n_runs == 1 && columns->runs[0].n == n_names && sinks->n == n_names;
}

static inline bool
is_blank(char c, char delimiter)
{
    return (c == ' ' || c == '\t') && c != delimiter;
}

/* Bytes around an unquoted cell without its blanks. */
static inline void
trim(const char *text, uint32_t *before, uint32_t *behind, char delimiter)
{
    while (*behind - *before > 1 && is_blank(text[*behind - 1], delimiter))
        --*behind;
    while (*behind - *before > 1 && is_blank(text[(uint32_t) (*before + 1)], delimiter))
        ++*before;
}

/* before is UINT32_MAX in front of the first byte of a text, which is in no quotes. */
static inline bool
is_quoted(const char *text, uint32_t before)
{
    return before != UINT32_MAX && text[before] == '"';
}

struct cell
csv_bare_cell(const char *text, uint32_t before, uint32_t behind, char delimiter, char *scratch)
{
    if (!is_quoted(text, before)) {
        trim(text, &before, &behind, delimiter);
        return (struct cell){text + (uint32_t) (before + 1), behind - before - 1};
    }
    const char *s = text + before + 1, *const end = text + behind;
    const char *quote = memchr(s, '"', (size_t) (end - s));
    if (quote == NULL)
        return (struct cell){s, (uint32_t) (end - s)};
    char *to = scratch;
    for (; quote != NULL; quote = memchr(s, '"', (size_t) (end - s))) {
        to = mempcpy(to, s, (size_t) (quote + 1 - s));
        s = quote + 2;
    }
    to = mempcpy(to, s, (size_t) (end - s));
    return (struct cell){scratch, (uint32_t) (to - scratch)};
}

/* The cell of a sink in a row of the tile. */
static inline struct cell
tile_cell(const struct worker *worker, const char *text, size_t row, const struct sink *sink)
{
    const struct scan *scan = &worker->scan;
    uint32_t at = worker->tile->first[row] + (uint32_t) sink->source;
    uint32_t before = scan->before[at], behind = scan->behind[at];
    if (is_quoted(text, before) ? scan->doubled[at / 64] >> at % 64 & 1 : scan->blanks)
        /* Each cell has a place of its own there. */
        return csv_bare_cell(text, before, behind, worker->in->delimiter,
                             worker->scratch + ((uint32_t) (before + 1) - scan->begin));
    return (struct cell){text + (uint32_t) (before + 1), behind - before - 1};
}

static void
mark_bad(struct csv_tile *tile, size_t row)
{
    tile->bad[row] = 1;
    tile->any_bad = true;
}

/* Records to rows. */

/* True when every record has n cells. */
static bool
is_regular(const uint32_t *ends, size_t n_records, uint32_t n)
{
    uint32_t wrong = 0;
    for (uint32_t r = 0; r < n_records; r++)
        wrong |= ends[r] ^ (r + 1) * n;
    return wrong == 0;
}

static bool
is_blank_line(const struct worker *worker, const char *text, uint32_t cell)
{
    uint32_t before = worker->scan.before[cell], behind = worker->scan.behind[cell];
    if (is_quoted(text, before))
        return false;
    trim(text, &before, &behind, worker->in->delimiter);
    return behind - before == 1;
}

/* Has a cell of the record more than max_cell bytes? */
static bool
is_oversize(const struct worker *worker, const char *text, uint32_t first, uint32_t n)
{
    const struct scan *scan = &worker->scan;
    uint64_t most = worker->in->options->max_cell;
    for (uint32_t i = first; i < first + n; i++)
        if (scan->behind[i] - scan->before[i] - 1 > most &&
            csv_bare_cell(text, scan->before[i], scan->behind[i], worker->in->delimiter, worker->scratch).n > most)
            return true;
    return false;
}

static void
reserve_rows(struct csv_tile *tile, size_t n)
{
    mem_grow(&tile->first, &tile->cap_first, n, sizeof *tile->first);
    mem_grow(&tile->at, &tile->cap_at, n, sizeof *tile->at);
    mem_grow(&tile->bad, &tile->cap_bad, n, sizeof *tile->bad);
    tile->n = tile->n_lost = tile->n_records = 0;
    tile->any_bad = false;
}

static void
list_rows(struct worker *worker, const char *text, uint32_t n_columns)
{
    const struct scan *scan = &worker->scan;
    struct csv_tile *tile = worker->tile;
    reserve_rows(tile, scan->n_records);
    bool small = scan->end - scan->begin <= worker->in->options->max_cell;
    if (small && n_columns > 1 && scan->n_bad == 0 && is_regular(scan->ends, scan->n_records, n_columns)) {
        for (uint32_t r = 0; r < scan->n_records; r++)
            tile->first[r] = r * n_columns;
        tile->n = tile->n_records = scan->n_records;
        memset(tile->bad, 0, tile->n);
        return;
    }
    size_t next_bad = 0;
    for (uint32_t r = 0, k = 0; r < scan->n_records; k = scan->ends[r++]) {
        uint32_t n = scan->ends[r] - k;
        bool bad = next_bad < scan->n_bad && scan->bad[next_bad] == r;
        next_bad += bad;
        if (!bad && n == 1 && is_blank_line(worker, text, k))
            continue;
        if (bad || n != n_columns || (!small && is_oversize(worker, text, k, n))) {
            mem_grow(&tile->lost, &tile->cap_lost, tile->n_lost + 1, sizeof *tile->lost);
            tile->lost[tile->n_lost++] = (struct bad_record){scan->starts[r], (uint32_t) tile->n_records};
        } else {
            tile->first[tile->n] = k;
            tile->bad[tile->n] = 0;
            tile->at[tile->n++] = scan->starts[r];
        }
        tile->n_records++;
    }
    tile->any_bad = tile->n_lost > 0;
}

/* Numbers. */

/* The cells of the columns, row by row. Where no plain number is read the cell is empty. */
static void
gather(struct worker *worker, const struct columns *columns, const char *text, const uint32_t **before,
       const uint32_t **behind)
{
    struct csv_tile *tile = worker->tile;
    const struct scan *scan = &worker->scan;
    size_t width = columns->sinks->n;
    if (columns->whole && tile->n_lost == 0 && !scan->blanks && scan->n_cells == tile->n * width) {
        *before = scan->before;
        *behind = scan->behind;
        return;
    }
    mem_grow(&tile->before, &tile->cap_before, tile->n * width + 16, sizeof *tile->before);
    mem_grow(&tile->behind, &tile->cap_behind, tile->n * width + 16, sizeof *tile->behind);
    size_t covered = 0;
    for (size_t i = 0; i < columns->n_runs; i++)
        covered += columns->runs[i].n;
    if (covered < width) {
        memset(tile->before, 0, tile->n * width * sizeof *tile->before);
        for (size_t i = 0; i < tile->n * width; i++)
            tile->behind[i] = 1;
    }
    for (size_t r = 0; r < tile->n; r++)
        for (size_t i = 0; i < columns->n_runs; i++) {
            const struct run run = columns->runs[i];
            size_t from = tile->first[r] + run.source, to = r * width + run.at;
            memcpy(tile->before + to, scan->before + from, run.n * sizeof *tile->before);
            memcpy(tile->behind + to, scan->behind + from, run.n * sizeof *tile->behind);
        }
    if (scan->blanks)
        for (size_t i = 0; i < tile->n * width; i++)
            if (!is_quoted(text, tile->before[i]))
                trim(text, &tile->before[i], &tile->behind[i], worker->in->delimiter);
    *before = tile->before;
    *behind = tile->behind;
}

void
csv_drop_markers(const struct ingest *in, const char *text, const uint32_t *before, const uint32_t *behind, size_t n,
                 float *values)
{
    const struct text_source *source = in->source.state;
    for (size_t k = 0; k < source->n_markers; k++)
        for (size_t i = 0; i < n; i++)
            if (values[i] == source->markers[k] &&
                missing_match(&in->missing, text + (uint32_t) (before[i] + 1), behind[i] - before[i] - 1))
                values[i] = NAN;
}

static void
read_floats(struct worker *worker, const struct columns *columns, const char *text, float *to, bool weight)
{
    const struct text_source *source = worker->in->source.state;
    const struct ingest *in = worker->in;
    struct csv_tile *tile = worker->tile;
    const struct sink *sinks = columns->sinks->items;
    size_t width = columns->sinks->n, n = tile->n * width;
    const uint32_t *before, *behind;
    gather(worker, columns, text, &before, &behind);
    mem_grow(&tile->left, &tile->cap_left, n, sizeof *tile->left);
    size_t n_left = source->convert->floats(text, before, behind, n, in->decimal, to, tile->left);
    /* to[] of the cells that are left may hold anything, but is set below. */
    csv_drop_markers(in, text, before, behind, n, to);
    for (size_t i = 0; i < n_left; i++) {
        uint32_t at = tile->left[i];
        struct cell cell = csv_bare_cell(text, before[at], behind[at], in->delimiter, worker->scratch);
        if (cell_float(in, &sinks[at % width], cell, &to[at]) != CELL_OK)
            mark_bad(tile, at / width);
    }
    for (size_t j = 0; j < width; j++)
        if (sinks[j].how != READ_PLAIN && sinks[j].source != SINK_NONE)
            for (size_t r = 0; r < tile->n; r++)
                if (cell_float(in, &sinks[j], tile_cell(worker, text, r, &sinks[j]), &to[r * width + j]) != CELL_OK)
                    mark_bad(tile, r);
    for (size_t r = 0; weight && r < tile->n; r++)
        if (!(to[r] >= 0))
            mark_bad(tile, r);
}

/* The other columns. */

static void
read_times(struct worker *worker, const char *text, int64_t *to)
{
    const struct sink *sink = &worker->in->time.items[0];
    for (size_t r = 0; r < worker->tile->n; r++)
        if (cell_time(worker->in, sink, tile_cell(worker, text, r, sink), &to[r]) != CELL_OK)
            mark_bad(worker->tile, r);
}

static void
read_hashes(struct worker *worker, const char *text, const struct sink *sink, uint64_t *to)
{
    for (size_t r = 0; r < worker->tile->n; r++) {
        struct cell cell = tile_cell(worker, text, r, sink);
        to[r] = XXH3_64bits(cell.s, cell.n);
    }
}

static inline void
set_code(struct csv_tile *tile, size_t row, uint32_t code, uint32_t *to)
{
    *to = code;
    if (code == CODE_NOT_UTF8)
        mark_bad(tile, row);
}

static void
read_codes(struct worker *worker, const char *text, struct segment *segment, size_t k, const struct sink *sink,
           uint32_t *to, size_t width)
{
    enum { AHEAD = 32 };
    struct csv_tile *tile = worker->tile;
    const struct intern *table = &worker->tables[k];
    struct intern_probe probes[AHEAD];
    if (sink->source == SINK_NONE || sink->how == READ_HASH) {
        for (size_t r = 0; r < tile->n; r++)
            set_code(tile, r,
                     sink->source == SINK_NONE || tile->bad[r]
                         ? CODE_MISSING
                         : segment_code(segment, worker, k, sink, tile_cell(worker, text, r, sink), segment->n + r),
                     &to[r * width]);
        return;
    }
    for (size_t first = 0; first < tile->n; first += AHEAD) {
        const size_t n = tile->n - first < AHEAD ? tile->n - first : AHEAD;
        for (size_t i = 0; i < n; i++) {
            const struct cell cell = tile_cell(worker, text, first + i, sink);
            intern_begin(table, cell.s, cell.n, &probes[i]);
        }
        for (size_t i = 0; i < n; i++)
            intern_fetch(table, &probes[i]);
        for (size_t i = 0, r = first; i < n; i++, r++)
            set_code(tile, r,
                     tile->bad[r] ? CODE_MISSING : segment_code_end(segment, worker, k, &probes[i], segment->n + r),
                     &to[r * width]);
    }
}

static void
check_texts(struct worker *worker, const char *text)
{
    const struct sinks *sinks = &worker->in->text;
    for (size_t i = 0; i < sinks->n && !worker->scan.ascii; i++)
        for (size_t r = 0; r < worker->tile->n; r++) {
            struct cell cell = tile_cell(worker, text, r, &sinks->items[i]);
            if (!utf8_valid(cell.s, cell.n, NULL))
                mark_bad(worker->tile, r);
        }
}

/* Rows that are bad go: those behind them move up. */

static void
move_cells(void *tensor, size_t bytes, uint64_t from, uint64_t to)
{
    if (bytes > 0 && from != to)
        memcpy((char *) tensor + to * bytes, (char *) tensor + from * bytes, bytes);
}

static void
move_row(struct segment *segment, const struct ingest *in, uint64_t from, uint64_t to)
{
    move_cells(segment->x, 4 * in->x.n, from, to);
    move_cells(segment->c, 4 * in->c.n, from, to);
    move_cells(segment->y, 4 * in->y.n, from, to);
    move_cells(segment->label, 4 * in->label.n, from, to);
    move_cells(segment->w, 4 * in->w.n, from, to);
    move_cells(segment->time, 8 * in->time.n, from, to);
    move_cells(segment->group, 8 * in->group.n, from, to);
    move_cells(segment->id, 8 * in->id.n, from, to);
}

/* Strings that were spilled in the tile's rows: those of bad rows go, the others follow their rows. */
static void
move_spilled(struct segment_codes *codes, const struct csv_tile *tile, uint64_t first)
{
    size_t from = codes->n_spilled, kept;
    uint64_t row = 0, n_bad = 0; /* of the tile's rows before `row` */
    while (from > 0 && codes->spilled[from - 1].row >= first)
        from--;
    kept = from;
    for (size_t i = from; i < codes->n_spilled; i++) {
        struct spilled spilled = codes->spilled[i];
        for (; row < spilled.row - first; row++)
            n_bad += tile->bad[row];
        if (tile->bad[row]) {
            free(spilled.s);
            continue;
        }
        spilled.row -= n_bad;
        codes->spilled[kept++] = spilled;
    }
    codes->n_spilled = kept;
}

/* Appends the tile's rows, which stand behind those of the segment, in the order of its records. */
static void
append_some(struct worker *worker, const char *text, struct segment *segment)
{
    const struct ingest *in = worker->in;
    struct csv_tile *tile = worker->tile;
    uint64_t first = segment->n;
    for (size_t k = 0; k < in->c.n + in->label.n; k++)
        move_spilled(&segment->codes[k], tile, first);
    for (size_t i = 0, r = 0, lost = 0; i < tile->n_records; i++) {
        if (lost < tile->n_lost && tile->lost[lost].record == i) {
            segment_bad(segment, tile->lost[lost++].at);
            continue;
        }
        /* Where all records were rows their starts were not noted. */
        size_t at = tile->n == worker->scan.n_records ? worker->scan.starts[r] : tile->at[r];
        if (tile->bad[r]) {
            segment_bad(segment, at);
        } else {
            move_row(segment, in, first + r, segment->n);
            for (size_t k = 0; k < in->text.n; k++)
                segment_text(segment, in, k, tile_cell(worker, text, r, &in->text.items[k]), segment->n);
            segment->n++;
            segment->n_records++;
        }
        r++;
    }
}

static void
append_all(struct worker *worker, const char *text, struct segment *segment)
{
    const struct ingest *in = worker->in;
    struct csv_tile *tile = worker->tile;
    for (size_t k = 0; k < in->text.n; k++)
        for (size_t r = 0; r < tile->n; r++)
            segment_text(segment, in, k, tile_cell(worker, text, r, &in->text.items[k]), segment->n + r);
    segment->n += tile->n;
    segment->n_records += tile->n_records;
}

static void
read_tile(struct worker *worker, const char *text, struct segment *segment, uint32_t n_columns)
{
    const struct ingest *in = worker->in;
    struct csv_tile *tile = worker->tile;
    uint64_t n = segment->n;
    mem_grow(&worker->scratch, &worker->cap_scratch, worker->scan.end - worker->scan.begin + CELL_SLACK, 1);
    list_rows(worker, text, n_columns);
    segment_reserve(segment, in, tile->n);
    if (tile->n == 0) {
        append_some(worker, text, segment);
        return;
    }
    if (in->x.n > 0)
        read_floats(worker, &tile->x, text, segment->x + n * in->x.n, false);
    if (in->y.n > 0)
        read_floats(worker, &tile->y, text, segment->y + n * in->y.n, false);
    if (in->w.n > 0)
        read_floats(worker, &tile->w, text, segment->w + n, true);
    if (in->time.n > 0)
        read_times(worker, text, segment->time + n);
    check_texts(worker, text);
    for (size_t k = 0; k < in->c.n; k++)
        read_codes(worker, text, segment, k, &in->c.items[k], segment->c + n * in->c.n + k, in->c.n);
    for (size_t k = 0; k < in->label.n; k++)
        read_codes(worker, text, segment, in->c.n + k, &in->label.items[k], segment->label + n * in->label.n + k,
                   in->label.n);
    if (in->group.n > 0)
        read_hashes(worker, text, &in->group.items[0], segment->group + n);
    if (in->id.n > 0)
        read_hashes(worker, text, &in->id.items[0], segment->id + n);
    if (tile->any_bad)
        append_some(worker, text, segment);
    else
        append_all(worker, text, segment);
}

void
csv_chunk(struct worker *worker, const struct chunk *chunk, struct segment *segment)
{
    struct ingest *in = worker->in;
    const struct text_source *source = in->source.state;
    if (worker->tile == NULL)
        worker->tile = mem_zalloc(1, sizeof *worker->tile);
    find_runs(&worker->tile->x, &in->x, source->n_names);
    find_runs(&worker->tile->y, &in->y, source->n_names);
    find_runs(&worker->tile->w, &in->w, source->n_names);
    /* No chunk is cut between CR and LF. */
    scan_begin_piece(&worker->scan, chunk->text, chunk->n, in->delimiter);
    const struct scan *scan = &worker->scan;
    while (!segment->full && scan_next(&worker->scan)) {
        read_tile(worker, chunk->text, segment, (uint32_t) source->n_names);
        segment->lines += scan->folded ? scan_lines(source->scan, chunk->text + scan->begin, scan->end - scan->begin)
                                       : scan->n_records;
        segment->full = segment_full(segment, in) && scan->end < chunk->n;
    }
    segment->used = scan->end;
}
