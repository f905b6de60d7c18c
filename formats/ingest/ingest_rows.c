/* Cells to rows. Whoever calls this may be one of several threads: it works on its own worker and segment. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "csv.h"
#include "dateparts.h"
#include "datetime.h"
#include "ingest_text.h"
#include "number.h"

/* Cells. */

enum cell_problem
cell_float(const struct ingest *in, const struct sink *sink, struct cell cell, float *to)
{
    double value = 0;
    int64_t time;
    if (missing_match(&in->missing, cell.s, cell.n)) {
        *to = NAN;
        return CELL_OK;
    }
    if (missing_dash(&in->missing, cell.s, cell.n)) {
        *to = NAN;
        return CELL_OK;
    }
    if (sink->how == READ_PART) {
        if (!datetime_parse_as(cell.s, cell.n, (enum date_order) sink->dates, &time))
            return CELL_NOT_TIME;
        *to = date_part((enum date_part) sink->part, time, sink->origin);
        return CELL_OK;
    }
    if (sink->how == READ_PERCENT) {
        if (cell.s[cell.n - 1] != '%')
            return CELL_NOT_NUMBER;
        for (cell.n--; cell.n > 0 && cell.s[cell.n - 1] == ' '; cell.n--)
            ;
    }
    if (!number_parse_as(cell.s, cell.n, in->decimal, &value))
        return CELL_NOT_NUMBER;
    float rounded = (float) value;
    if (isinf(rounded))
        return CELL_RANGE;
    if (sink->inferred && cell.s[0] == '0' && number_is_code(cell.s, cell.n))
        return CELL_CODE;
    *to = rounded;
    return CELL_OK;
}

enum cell_problem
cell_weight(const struct ingest *in, struct cell cell, float *to)
{
    enum cell_problem problem = cell_float(in, &in->w.items[0], cell, to);
    return problem == CELL_OK && !(*to >= 0) ? CELL_NOT_WEIGHT : problem;
}

enum cell_problem
cell_time(const struct ingest *in, const struct sink *sink, struct cell cell, int64_t *to)
{
    if (missing_match(&in->missing, cell.s, cell.n) || missing_dash(&in->missing, cell.s, cell.n))
        *to = INT64_MIN;
    else if (!datetime_parse_as(cell.s, cell.n, (enum date_order) sink->dates, to))
        return CELL_NOT_TIME;
    return CELL_OK;
}

static struct cell
cell_of(const struct cell *cells, const struct sink *sink)
{
    return sink->source == SINK_NONE ? (struct cell){"", 0} : cells[sink->source];
}

const struct sink *
record_problem(const struct ingest *in, const struct cell *cells, enum cell_problem *problem)
{
    const struct sinks *const floats[] = {&in->x, &in->y}, *const texts[] = {&in->text, &in->c, &in->label};
    float number;
    int64_t time;
    for (size_t k = 0; k < 2; k++)
        for (size_t i = 0; i < floats[k]->n; i++)
            if ((*problem = cell_float(in, &floats[k]->items[i], cell_of(cells, &floats[k]->items[i]), &number)) !=
                CELL_OK)
                return &floats[k]->items[i];
    if (in->w.n > 0 && (*problem = cell_weight(in, cell_of(cells, &in->w.items[0]), &number)) != CELL_OK)
        return &in->w.items[0];
    if (in->time.n > 0 &&
        (*problem = cell_time(in, &in->time.items[0], cell_of(cells, &in->time.items[0]), &time)) != CELL_OK)
        return &in->time.items[0];
    *problem = CELL_NOT_UTF8;
    for (size_t k = 0; k < 3; k++)
        for (size_t i = 0; i < texts[k]->n; i++) {
            struct cell cell = cell_of(cells, &texts[k]->items[i]);
            if (!missing_match(&in->missing, cell.s, cell.n) && !utf8_valid(cell.s, cell.n, NULL))
                return &texts[k]->items[i];
        }
    *problem = CELL_OK;
    return NULL;
}

/* Segments. */

void
segment_open(struct segment *segment, const struct ingest *in)
{
    *segment = (struct segment){0};
    segment->text = mem_zalloc(in->text.n, sizeof *segment->text);
    segment->cap_text = mem_zalloc(in->text.n, sizeof *segment->cap_text);
    segment->codes = mem_zalloc(in->c.n + in->label.n, sizeof *segment->codes);
    for (size_t i = 0; i < in->text.n; i++)
        segment->text[i].name = in->schema.columns[in->text.items[i].column].name;
}

static void
drop_spilled(struct segment_codes *codes)
{
    for (size_t i = 0; i < codes->n_spilled; i++)
        free(codes->spilled[i].s);
    codes->n_spilled = 0;
}

void
segment_close(struct segment *segment, const struct ingest *in)
{
    void *const tensors[] = {segment->x, segment->c,    segment->y,     segment->label,
                             segment->w, segment->time, segment->group, segment->id};
    for (size_t i = 0; i < sizeof tensors / sizeof *tensors; i++)
        free(tensors[i]);
    for (size_t i = 0; segment->text != NULL && i < in->text.n; i++) {
        free(segment->text[i].at);
        free(segment->text[i].bytes);
    }
    for (size_t k = 0; segment->codes != NULL && k < in->c.n + in->label.n; k++) {
        drop_spilled(&segment->codes[k]);
        free(segment->codes[k].spilled);
        free(segment->codes[k].strings);
    }
    free(segment->text);
    free(segment->cap_text);
    free(segment->codes);
    free(segment->bad);
    *segment = (struct segment){0};
}

void
segment_reset(struct segment *segment, const struct ingest *in, const struct worker *worker)
{
    segment->n = segment->n_records = segment->lines = 0;
    segment->cut = segment->full = false;
    segment->n_bad = 0;
    segment->used = 0;
    segment->worker = worker->number;
    for (size_t k = 0; k < in->c.n + in->label.n; k++) {
        segment->codes[k].first = (uint32_t) worker->tables[k].n + 1;
        segment->codes[k].n = 0;
        drop_spilled(&segment->codes[k]);
    }
}

/* A tensor with room for `to` rows of `bytes`, those of `from` kept. */
static void
grow_tensor(void *pointer_to_tensor, size_t bytes, uint64_t from, uint64_t to)
{
    void **tensor = pointer_to_tensor;
    if (bytes == 0)
        return;
    /* Kernels may write a vector beyond what they are asked for. */
    void *larger = mem_aligned(to * bytes + SCAN_SLACK);
    if (from > 0)
        memcpy(larger, *tensor, from * bytes);
    free(*tensor);
    *tensor = larger;
}

void
segment_reserve(struct segment *segment, const struct ingest *in, size_t more)
{
    uint64_t need = segment->n + more, n = segment->n;
    if (need <= segment->cap)
        return;
    uint64_t cap = need < 2 * segment->cap ? 2 * segment->cap : need < 64 ? 64 : need;
    grow_tensor(&segment->x, 4 * in->x.n, n, cap);
    grow_tensor(&segment->c, 4 * in->c.n, n, cap);
    grow_tensor(&segment->y, 4 * in->y.n, n, cap);
    grow_tensor(&segment->label, 4 * in->label.n, n, cap);
    grow_tensor(&segment->w, 4 * in->w.n, n, cap);
    grow_tensor(&segment->time, 8 * in->time.n, n, cap);
    grow_tensor(&segment->group, 8 * in->group.n, n, cap);
    grow_tensor(&segment->id, 8 * in->id.n, n, cap);
    for (size_t i = 0; i < in->text.n; i++) {
        segment->text[i].at = mem_realloc(segment->text[i].at, cap + 1, sizeof(uint64_t));
        segment->text[i].at[0] = 0;
    }
    segment->cap = cap;
}

bool
segment_full(const struct segment *segment, const struct ingest *in)
{
    return segment->n * in->row_bytes >= SEGMENT_BYTES;
}

void
segment_bad(struct segment *segment, size_t at)
{
    mem_grow(&segment->bad, &segment->cap_bad, segment->n_bad + 1, sizeof *segment->bad);
    segment->bad[segment->n_bad++] = (struct bad_record){.at = (uint32_t) at, .record = (uint32_t) segment->n_records};
    segment->n_records++;
}

/* A string that the worker sees for the first time. */
static uint32_t
new_code(struct segment *segment, struct worker *worker, size_t k, struct cell cell, uint64_t row)
{
    struct intern *table = &worker->tables[k];
    struct segment_codes *codes = &segment->codes[k];
    uint32_t value;
    if (missing_match(&worker->in->missing, cell.s, cell.n))
        value = CODE_MISSING;
    else if (!utf8_valid(cell.s, cell.n, NULL))
        return CODE_NOT_UTF8;
    else
        value = codes->first + (uint32_t) codes->n;
    struct intern_entry *entry = intern_add(table, cell.s, cell.n, value);
    if (value == CODE_MISSING)
        return value;
    if (entry == NULL) {
        mem_grow(&codes->spilled, &codes->cap_spilled, codes->n_spilled + 1, sizeof *codes->spilled);
        codes->spilled[codes->n_spilled++] =
            (struct spilled){.row = row, .s = mem_strndup(cell.s, cell.n), .n = cell.n};
        return CODE_SPILLED;
    }
    mem_grow(&codes->strings, &codes->cap, codes->n + 1, sizeof *codes->strings);
    codes->strings[codes->n++] = (struct cell){entry->s, entry->n};
    return value;
}

uint32_t
segment_code(struct segment *segment, struct worker *worker, size_t k, const struct sink *sink, struct cell cell,
             uint64_t row)
{
    if (sink->how == READ_HASH) {
        if (missing_match(&worker->in->missing, cell.s, cell.n))
            return CODE_MISSING;
        return utf8_valid(cell.s, cell.n, NULL)
                   ? 1 + (uint32_t) (XXH3_64bits(cell.s, cell.n) & ((1u << sink->bits) - 1))
                   : CODE_NOT_UTF8;
    }
    struct intern_probe probe;
    intern_begin(&worker->tables[k], cell.s, cell.n, &probe);
    return segment_code_end(segment, worker, k, &probe, row);
}

uint32_t
segment_code_end(struct segment *segment, struct worker *worker, size_t k, const struct intern_probe *probe,
                 uint64_t row)
{
    const struct intern_entry *entry = intern_end(&worker->tables[k], probe);
    return entry != NULL ? entry->value
                         : new_code(segment, worker, k, (struct cell){probe->s, (uint32_t) probe->n}, row);
}

void
segment_text(struct segment *segment, const struct ingest *in, size_t k, struct cell cell, uint64_t row)
{
    (void) in;
    struct text_cells *text = &segment->text[k];
    uint64_t at = text->at[row];
    mem_grow(&text->bytes, &segment->cap_text[k], at + cell.n, 1);
    if (cell.n > 0)
        memcpy(text->bytes + at, cell.s, cell.n);
    text->at[row + 1] = at + cell.n;
}

/* Codes of a row; false when one is no UTF-8. What was spilled for the row is taken back then. */
static bool
row_codes(struct segment *segment, struct worker *worker, const struct cell *cells)
{
    const struct ingest *in = worker->in;
    uint64_t row = segment->n;
    bool good = true;
    for (size_t k = 0; k < in->c.n + in->label.n && good; k++) {
        const struct sink *sink = k < in->c.n ? &in->c.items[k] : &in->label.items[k - in->c.n];
        uint32_t code =
            sink->source == SINK_NONE ? CODE_MISSING : segment_code(segment, worker, k, sink, cells[sink->source], row);
        if (k < in->c.n)
            segment->c[row * in->c.n + k] = code;
        else
            segment->label[row * in->label.n + (k - in->c.n)] = code;
        good = code != CODE_NOT_UTF8;
    }
    for (size_t k = 0; k < in->c.n + in->label.n && !good; k++) {
        struct segment_codes *codes = &segment->codes[k];
        while (codes->n_spilled > 0 && codes->spilled[codes->n_spilled - 1].row == row)
            free(codes->spilled[--codes->n_spilled].s);
    }
    return good;
}

bool
segment_row(struct segment *segment, struct worker *worker, const struct cell *cells)
{
    const struct ingest *in = worker->in;
    segment_reserve(segment, in, 1);
    float *x = in->x.n > 0 ? segment->x + segment->n * in->x.n : NULL;
    for (size_t i = 0; i < in->x.n; i++)
        if (cell_float(in, &in->x.items[i], cell_of(cells, &in->x.items[i]), &x[i]) != CELL_OK)
            return false;
    return segment_rest(segment, worker, cells);
}

bool
segment_rest(struct segment *segment, struct worker *worker, const struct cell *cells)
{
    const struct ingest *in = worker->in;
    uint64_t row = segment->n;
    for (size_t i = 0; i < in->y.n; i++)
        if (cell_float(in, &in->y.items[i], cell_of(cells, &in->y.items[i]), &segment->y[row * in->y.n + i]) != CELL_OK)
            return false;
    if (in->w.n > 0 && cell_weight(in, cell_of(cells, &in->w.items[0]), &segment->w[row]) != CELL_OK)
        return false;
    if (in->time.n > 0 &&
        cell_time(in, &in->time.items[0], cell_of(cells, &in->time.items[0]), &segment->time[row]) != CELL_OK)
        return false;
    for (size_t i = 0; i < in->text.n; i++) {
        struct cell cell = cell_of(cells, &in->text.items[i]);
        if (!utf8_valid(cell.s, cell.n, NULL))
            return false;
    }
    if (!row_codes(segment, worker, cells))
        return false;
    for (size_t i = 0; i < in->text.n; i++)
        segment_text(segment, in, i, cell_of(cells, &in->text.items[i]), row);
    if (in->group.n > 0) {
        struct cell cell = cell_of(cells, &in->group.items[0]);
        segment->group[row] = XXH3_64bits(cell.s, cell.n);
    }
    if (in->id.n > 0) {
        struct cell cell = cell_of(cells, &in->id.items[0]);
        segment->id[row] = XXH3_64bits(cell.s, cell.n);
    }
    segment->n++;
    segment->n_records++;
    return true;
}

/* Workers. */

void
worker_open(struct worker *worker, struct ingest *in, unsigned number)
{
    const struct text_source *source = in->source.state;
    *worker = (struct worker){.in = in, .number = number};
    worker->tables = mem_zalloc(in->c.n + in->label.n, sizeof *worker->tables);
    for (size_t k = 0; k < in->c.n + in->label.n; k++)
        intern_open(&worker->tables[k]);
    scan_open(&worker->scan, source->scan);
}

void
worker_close(struct worker *worker)
{
    if (worker->in == NULL)
        return;
    for (size_t k = 0; k < worker->in->c.n + worker->in->label.n; k++)
        intern_close(&worker->tables[k]);
    free(worker->tables);
    scan_close(&worker->scan);
    csv_tile_close(worker->tile);
    line_reader_close(worker->reader);
    free(worker->scratch);
    free(worker->cells);
    *worker = (struct worker){0};
}
