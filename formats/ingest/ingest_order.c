/*
 * Rows in the order of the input: what depends on it. Bad records are told of or end the reading, and a record that was
 * cut in two by a wrong guess is scanned again.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ingest_text.h"
#include "memory.h"

void
order_open(struct ingest *in)
{
    struct text_source *source = in->source.state;
    unsigned n = source->n_workers = source->flow.n_threads + 1;
    source->workers = mem_zalloc(n, sizeof *source->workers);
    codes_open(in);
    for (unsigned i = 0; i < n; i++)
        worker_open(&source->workers[i], in, i);
    segment_open(&source->loose, in);
}

void
order_close(struct ingest *in)
{
    struct text_source *source = in->source.state;
    if (source->workers == NULL)
        return;
    unsigned n = source->n_workers;
    codes_close(in);
    for (unsigned i = 0; i < n; i++)
        worker_close(&source->workers[i]);
    if (source->between_open)
        csv_close(&source->between);
    segment_close(&source->loose, in);
    free(source->loose_lines);
    free(source->rownos);
    free(source->workers);
}

/* Bad records. */

static int
too_many(const struct ingest *in, const struct sink *sink, uint64_t line, struct error *error)
{
    const struct text_source *source = in->source.state;
    char where[512];
    snprintf(where, sizeof where, "%.400s:%" PRIu64, source->input.name, line);
    return ingest_too_many(in, where, sink, error);
}

/* Tells of the bad ones of the first n records of a chunk. 0; -1 when one is not to be skipped. */
static int
order_bad(struct ingest *in, const struct chunk *chunk, const struct segment *segment, uint64_t n, struct error *error)
{
    const struct text_source *source = in->source.state;
    for (size_t i = 0; i < segment->n_bad && segment->bad[i].record < n; i++)
        if (!ingest_bad_matters(in))
            in->n_bad++;
        else if (source->diagnose(in, chunk, segment->bad[i].at, error) < 0)
            return -1;
    return 0;
}

/* Which record of its chunk a row is. */
static uint64_t
record_of_row(const struct segment *segment, uint64_t row)
{
    for (size_t i = 0; i < segment->n_bad && segment->bad[i].record <= row; i++)
        row++;
    return row;
}

/* Record numbers of the rows, where bad records make gaps. */
static void
number_rows(struct ingest *in, const struct segment *segment, uint64_t first)
{
    struct text_source *source = in->source.state;
    source->row = first;
    source->rowno = NULL;
    if (segment->n_bad == 0)
        return;
    mem_grow(&source->rownos, &source->cap_rownos, segment->n, sizeof *source->rownos);
    source->rowno = source->rownos;
    uint64_t record = first;
    for (size_t i = 0, bad = 0; i < segment->n; i++, record++) {
        for (; bad < segment->n_bad && first + segment->bad[bad].record == record; bad++)
            record++;
        source->rowno[i] = record;
    }
}

/* Line of a record of a chunk. */
static uint64_t
record_line(struct ingest *in, const struct chunk *chunk, uint64_t record)
{
    struct text_source *source = in->source.state;
    struct csv csv;
    struct error ignored;
    uint64_t line = source->line + 1;
    if (source->lines != 0)
        return source->line + lines_record_line(&source->workers[source->n_workers - 1], chunk, record);
    csv_open_feed(&csv, in->delimiter, in->options->max_cell, line);
    csv_feed(&csv, chunk->text, chunk->n);
    for (uint64_t i = 0; i <= record; i++) {
        int got = csv_read(&csv, true, &ignored);
        if (got != CSV_RECORD && got != CSV_BAD)
            break;
        line = csv.line;
    }
    csv_close(&csv);
    return line;
}

/* A chunk that was parsed takes its place. */
static int
order_chunk(struct ingest *in, const struct chunk *chunk, struct segment *segment, struct error *error)
{
    struct text_source *source = in->source.state;
    uint64_t first = in->record, n = segment->n;
    const struct sink *full = codes_map(in, segment, 0, &n);
    uint64_t record = full != NULL ? record_of_row(segment, n) : segment->n_records;
    if (order_bad(in, chunk, segment, record, error) < 0)
        return -1;
    if (full != NULL)
        return too_many(in, full, record_line(in, chunk, record), error);
    in->record = first + segment->n_records;
    number_rows(in, segment, first);
    source->line += segment->lines;
    if (segment->cut)
        source->cut = true;
    return 0;
}

/* Records between chunks. */

static void
loose_begin(struct ingest *in)
{
    struct text_source *source = in->source.state;
    segment_reset(&source->loose, in, &source->workers[source->n_workers - 1]);
}

static void
between_begin(struct ingest *in, const char *bytes, size_t n)
{
    struct text_source *source = in->source.state;
    csv_open_feed(&source->between, in->delimiter, in->options->max_cell, source->line + 1);
    csv_feed(&source->between, bytes, n);
    source->between_open = true;
}

/* The codes of the loose rows from *done on. */
static int
loose_codes(struct ingest *in, uint64_t *done, struct error *error)
{
    const struct text_source *source = in->source.state;
    uint64_t n = source->loose.n;
    const struct sink *full = codes_map(in, &source->loose, *done, &n);
    if (full != NULL)
        return too_many(in, full, source->loose_lines[n], error);
    *done = n;
    return 0;
}

/* A whole record of delimited text becomes a row of the loose segment; false when it is bad. */
static bool
loose_row(struct ingest *in)
{
    struct text_source *source = in->source.state;
    const struct csv *csv = &source->between;
    struct segment *loose = &source->loose;
    struct worker *worker = &source->workers[source->n_workers - 1];
    if (csv->n_cells != source->n_names)
        return false;
    mem_grow(&worker->cells, &worker->cap_cells, csv->n_cells, sizeof *worker->cells);
    for (size_t i = 0; i < csv->n_cells; i++)
        worker->cells[i] = (struct cell){csv_cell(csv, i), csv->cells[i].n};
    if (!segment_row(loose, worker, worker->cells))
        return false;
    mem_grow(&source->loose_lines, &source->cap_loose_lines, loose->n, sizeof *source->loose_lines);
    source->loose_lines[loose->n - 1] = csv->line;
    source->cut = source->cut || csv->cut;
    return true;
}

/* Reads what was fed: rows into the loose segment. 0, or -1. */
static int
between_read(struct ingest *in, struct error *error)
{
    struct text_source *source = in->source.state;
    struct error found;
    uint64_t first = in->record, done = 0;
    loose_begin(in);
    for (;;) {
        int got = csv_read(&source->between, true, &found);
        if (got == CSV_WAIT || got == CSV_END)
            break;
        if (got == CSV_RECORD && loose_row(in))
            continue;
        /* What is wrong with the rows before comes first, where this may be the end. */
        if ((got < 0 || ingest_bad_matters(in)) && loose_codes(in, &done, error) < 0)
            return -1;
        if (got < 0) {
            *error = found;
            return found.status != STATUS_DATA ? -1
                                               : error_set(error, STATUS_DATA, "%s:%s", source->input.name, found.text);
        }
        segment_bad(&source->loose, 0);
        if (text_bad_record(in, &source->between, got, error) < 0)
            return -1;
    }
    if (loose_codes(in, &done, error) < 0)
        return -1;
    in->record = first + source->loose.n_records;
    number_rows(in, &source->loose, first);
    return 0;
}

/* Segments in order. */

static void
use(struct text_source *source, struct segment *segment)
{
    source->current = segment;
    source->at = 0;
}

/* All chunks of the file were taken. 1 = there are rows, 0 = it has ended, -1. */
static int
end_file(struct ingest *in, struct error *error)
{
    struct text_source *source = in->source.state;
    if (source->between_open) {
        csv_feed_end(&source->between);
        if (between_read(in, error) < 0)
            return -1;
        csv_close(&source->between);
        source->between_open = false;
        use(source, &source->loose);
        source->paused = false;
        return 1;
    }
    if (source->cut)
        ingest_warn(in, "%s: no line end behind the last record (was the file cut?)", source->input.name);
    source->cut = false;
    return 0;
}

/* A chunk, or what is left of one, was parsed: its rows are next. 1, or -1. */
static int
take_piece(struct ingest *in, const struct chunk *piece, struct segment *segment, struct error *error)
{
    struct text_source *source = in->source.state;
    if (order_chunk(in, piece, segment, error) < 0)
        return -1;
    struct chunk rest = {.text = piece->text + segment->used,
                         .n = piece->n - segment->used,
                         .last = piece->last,
                         .paused = piece->paused};
    source->rest.n = 0;
    source->paused = piece->paused;
    if (segment->full) {
        source->rest = rest;
        source->paused = false;
    } else if (rest.n > 0 && source->lines != 0) {
        return error_set(error, STATUS_DATA, "%s:%" PRIu64 ": the line is longer than %d bytes", source->input.name,
                         source->line + 1, CHUNK_LINE_MOST);
    } else if (rest.n > 0) {
        between_begin(in, rest.text, rest.n);
        source->line += scan_lines(source->scan, rest.text, rest.n);
    }
    use(source, segment);
    return 1;
}

/* More of a chunk whose rows were too many for one segment. */
static int
take_rest(struct ingest *in, struct error *error)
{
    struct text_source *source = in->source.state;
    const struct chunk piece = source->rest;
    loose_begin(in);
    source->parse(&source->workers[source->n_workers - 1], &piece, &source->loose);
    return take_piece(in, &piece, &source->loose, error);
}

/* A chunk that does not begin where a record does: what was made of it is wrong, but for the strings learnt. */
static int
take_between(struct ingest *in, const struct slot *slot, struct error *error)
{
    struct text_source *source = in->source.state;
    codes_learn(in, &slot->segment);
    source->paused = slot->chunk.paused;
    csv_feed(&source->between, slot->chunk.text, slot->chunk.n);
    if (between_read(in, error) < 0)
        return -1;
    source->line += scan_lines(source->scan, slot->chunk.text, slot->chunk.n);
    if (csv_between(&source->between)) {
        csv_close(&source->between);
        source->between_open = false;
    }
    use(source, &source->loose);
    return 1;
}

/* The next rows, in source->current: 1; 0 when all files were read; -1. There may be none. */
static int
next_segment(struct ingest *in, struct error *error)
{
    struct text_source *source = in->source.state;
    struct slot *slot;
    if (source->rest.n > 0)
        return take_rest(in, error);
    if (source->taken != NULL)
        flow_done(&source->flow);
    source->taken = NULL;
    int got = flow_take(&source->flow, in, &slot, error);
    if (got < 0)
        return -1;
    if (got == 0) {
        got = end_file(in, error);
        if (got != 0)
            return got;
        source->current = NULL;
        return text_open_next(in, error);
    }
    source->taken = slot;
    return source->between_open ? take_between(in, slot, error) : take_piece(in, &slot->chunk, &slot->segment, error);
}

/* The rows of a segment as they are. */
static void
view(const struct ingest *in, struct batch *batch)
{
    const struct text_source *source = in->source.state;
    const struct segment *segment = source->current;
    *batch = (struct batch){
        .schema = &in->schema,
        .n = segment->n,
        .row = source->rowno != NULL ? source->rowno[0] : source->row,
        .rowno = source->rowno,
        .x = segment->x,
        .c = segment->c,
        .y = segment->y,
        .label = segment->label,
        .w = segment->w,
        .time = segment->time,
        .group = segment->group,
        .id = segment->id,
        .text = segment->text,
        .n_text = (uint32_t) in->text.n,
    };
    if (batch->rowno != NULL && batch->rowno[batch->n - 1] - batch->row == batch->n - 1)
        batch->rowno = NULL;
}

static void
copy_rows(void *to, const void *from, size_t bytes, uint64_t at, uint64_t first, uint64_t n)
{
    if (bytes > 0)
        memcpy((char *) to + at * bytes, (const char *) from + first * bytes, n * bytes);
}

/* Appends rows [first, first + n) of the current segment to the batch of --frame-rows. */
static void
append(struct ingest *in, uint64_t first, uint64_t n)
{
    const struct text_source *source = in->source.state;
    const struct segment *from = source->current;
    struct batch *to = &in->batch;
    uint64_t at = to->n;
    copy_rows(to->x, from->x, 4 * in->x.n, at, first, n);
    copy_rows(to->c, from->c, 4 * in->c.n, at, first, n);
    copy_rows(to->y, from->y, 4 * in->y.n, at, first, n);
    copy_rows(to->label, from->label, 4 * in->label.n, at, first, n);
    copy_rows(to->w, from->w, 4 * in->w.n, at, first, n);
    copy_rows(to->time, from->time, 8 * in->time.n, at, first, n);
    copy_rows(to->group, from->group, 8 * in->group.n, at, first, n);
    copy_rows(to->id, from->id, 8 * in->id.n, at, first, n);
    for (size_t k = 0; k < in->text.n; k++) {
        const uint64_t *ends = from->text[k].at + first;
        struct text_cells *text = &to->text[k];
        uint64_t end = text->at[at], bytes = ends[n] - ends[0];
        mem_grow(&text->bytes, &in->cap_text[k], end + bytes, 1);
        if (bytes > 0)
            memcpy(text->bytes + end, from->text[k].bytes + ends[0], bytes);
        for (uint64_t i = 0; i < n; i++)
            text->at[at + i + 1] = end + ends[i + 1] - ends[0];
    }
    for (uint64_t i = 0; i < n; i++)
        in->rowno[at + i] = source->rowno != NULL ? source->rowno[first + i] : source->row + first + i;
    to->n += n;
}

/* Batches of frame_rows rows, fewer at the end and when the input pauses. */
static int
next_counted(struct ingest *in, struct batch *batch, struct error *error)
{
    struct text_source *source = in->source.state;
    in->batch.n = 0;
    while (in->batch.n < in->cap_rows) {
        if (source->current == NULL || source->at == source->current->n) {
            if (source->current != NULL && source->paused && in->batch.n > 0)
                break;
            int got = next_segment(in, error);
            if (got < 0)
                return -1;
            if (got == 0)
                break;
            continue;
        }
        uint64_t more = source->current->n - source->at, room = in->cap_rows - in->batch.n;
        append(in, source->at, more < room ? more : room);
        source->at += more < room ? more : room;
    }
    if (in->batch.n == 0)
        return 0;
    *batch = in->batch;
    batch->row = in->rowno[0];
    batch->rowno = in->rowno[batch->n - 1] - in->rowno[0] == batch->n - 1 ? NULL : in->rowno;
    return 1;
}

int
text_next(struct ingest *in, struct batch *batch, struct error *error)
{
    struct text_source *source = in->source.state;
    if (in->options->frame_rows > 0)
        return next_counted(in, batch, error);
    for (;;) {
        int got = next_segment(in, error);
        if (got <= 0)
            return got;
        if (source->current != NULL && source->current->n > 0)
            break;
    }
    view(in, batch);
    return 1;
}
