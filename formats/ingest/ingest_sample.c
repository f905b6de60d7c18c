/* Text without a model: the delimiter, the header and the types of columns, from the first records of the first file.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "datetime.h"
#include "ingest_text.h"
#include "memory.h"
#include "number.h"

enum {
    SAMPLE_MOST = 8 << 20, /* when so much holds no two records; when it holds none, more is looked at */
    LOOK_BYTES = 64 << 10,
    LOOK_RECORDS = 100,
};

/* Delimiter. */

struct look {
    size_t columns; /* of the first record */
    size_t records, same;
};

/* How the first records come out with a delimiter. */
static struct look
look_at(const char *bytes, size_t n, bool whole, char delimiter, uint64_t max_cell)
{
    struct csv csv;
    struct error ignored;
    struct look look = {0};
    int got;
    csv_open_memory(&csv, bytes, n, whole, delimiter, max_cell);
    while (look.records < LOOK_RECORDS && (got = csv_read(&csv, true, &ignored)) > 0) {
        if (look.records++ == 0)
            look.columns = csv.n_cells;
        look.same += got == CSV_RECORD && csv.n_cells == look.columns;
    }
    csv_close(&csv);
    return look;
}

/*
 * The delimiter under which most of the first records have as many cells as the first one, more than one; then the
 * one with more cells; then the first of , ; tab |. It depends on the first bytes alone, not on how they arrive.
 */
static int
find_delimiter(struct ingest *in, struct error *error)
{
    struct text_source *source = in->source.state;
    struct look looks[TEXT_DELIMITERS] = {0};
    for (size_t n_bytes = LOOK_BYTES;; n_bytes *= 2) {
        int more = text_fetch(source, n_bytes, error);
        if (more < 0)
            return -1;
        size_t n = source->head.n < n_bytes ? source->head.n : n_bytes;
        bool all = true, some = false;
        for (size_t i = 0; i < TEXT_DELIMITERS; i++) {
            if (text_delimiters[i] == in->decimal)
                continue;
            looks[i] = look_at(source->head.text, n, more == 0, text_delimiters[i], in->options->max_cell);
            all = all && looks[i].records >= 2;
            some = some || looks[i].records > 0;
        }
        if (all || more == 0 || (some && n_bytes >= SAMPLE_BYTES) || n_bytes >= 4 * SAMPLE_BYTES)
            break;
    }
    size_t best = in->decimal == text_delimiters[0];
    for (size_t i = 1; i < TEXT_DELIMITERS; i++) {
        const struct look *a = &looks[i], *b = &looks[best];
        if (a->columns < 2)
            continue;
        uint64_t share_a = (uint64_t) a->same * b->records, share_b = (uint64_t) b->same * a->records;
        if (b->columns < 2 || share_a > share_b || (share_a == share_b && a->columns > b->columns))
            best = i;
    }
    in->delimiter = text_delimiters[best];
    text_say_delimiter(in);
    return 0;
}

/* Header. */

/* True when an option speaks of a column by a name that stands in the first record. */
static bool
options_name(const struct ingest *in, char *const *cells, size_t n)
{
    const struct name_list *const lists[] = {&in->labels, &in->drop, &in->keep, &in->carry, &in->types, &in->roles};
    for (size_t k = 0; k < sizeof lists / sizeof *lists; k++)
        for (size_t i = 0; i < lists[k]->n; i++)
            for (size_t j = 0; j < n; j++)
                if (strcmp(lists[k]->names[i], cells[j]) == 0)
                    return true;
    return false;
}

/* Is it a value of a column of that type, as a name seldom is? */
static bool
is_value(const struct ingest *in, enum column_type type, const char *s, size_t n)
{
    double number;
    struct datetime_look look;
    return (type == COLUMN_NUM && number_parse_as(s, n, in->decimal, &number)) ||
           (type == COLUMN_TIME && datetime_look(s, n, &look));
}

/*
 * Is the first record a header? Yes when text stands over a column of numbers or of dates, or an option names one of
 * its cells. No when only numbers and dates stand over such columns. Yes when there is no such column. stats: of the
 * records behind it.
 */
static bool
decide_header(const struct ingest *in, const char *file, char *const *cells, size_t n, const struct infer_column *stats,
              size_t n_records)
{
    size_t names = 0, values = 0, value_at = 0;
    char shown[96];
    if (in->options->header != HEADER_AUTO)
        return in->options->header == HEADER_YES;
    for (size_t i = 0; i < n; i++) {
        size_t length = strlen(cells[i]);
        enum column_type type = infer_type(&stats[i]);
        if (missing_match(&in->missing, cells[i], length) ||
            (n_records > 0 && (stats[i].values == 0 || type == COLUMN_CAT)))
            continue;
        if (n_records > 0 ? is_value(in, type, cells[i], length)
                          : is_value(in, COLUMN_NUM, cells[i], length) || is_value(in, COLUMN_TIME, cells[i], length)) {
            value_at = i;
            values++;
        } else if (n_records > 0) {
            names++;
        }
    }
    bool named = options_name(in, cells, n), header = named || names > 0 || values == 0;
    ingest_note(in, "%s: %s (%s)", file, header ? "the first record is the header" : "no header",
                named        ? "an option names one of its cells"
                : names > 0  ? "text stands over a column of numbers or dates"
                : values > 0 ? "numbers or dates stand over columns of such"
                             : "no number and no date in it");
    if (!header)
        ingest_warn(
            in, "%s: no header is seen, the columns are called c1, c2, ... (--no-header if so, --header yes if not)",
            file);
    else if (values > 0 && !named)
        ingest_warn(in,
                    "%s: the first record is taken as the header, although it holds '%s' (--no-header if it is data)",
                    file, error_quote(shown, sizeof shown, cells[value_at], strlen(cells[value_at]), CELL_SHOWN));
    return header;
}

/* The sample. */

struct sample {
    struct ingest *in;
    struct scan scan;
    struct infer_column *stats; /* [n_columns] */
    size_t n_columns, n_records;
    size_t from, at; /* of the head: where the records begin, and where what was not looked at begins */
    bool bad;        /* a record that cannot be used ends it: */
    size_t bad_at;
    bool whole; /* all records there are */
    float *values;
    uint32_t *left;
    size_t cap_values, cap_left, cap_scratch;
    char *scratch;
};

static void
add_cell(struct sample *sample, const char *text, size_t cell, size_t column)
{
    struct cell bare = csv_bare_cell(text, sample->scan.before[cell], sample->scan.behind[cell], sample->in->delimiter,
                                     sample->scratch);
    infer_add(&sample->stats[column], &sample->in->missing, bare.s, bare.n);
}

/* Cells [first, first + n) of the tile, whole records: numbers are told from the rest by the vector kernel. */
static void
add_cells(struct sample *sample, const char *text, size_t first, size_t n)
{
    const struct text_source *source = sample->in->source.state;
    const struct scan *scan = &sample->scan;
    mem_grow(&sample->values, &sample->cap_values, n + 16, sizeof *sample->values);
    mem_grow(&sample->left, &sample->cap_left, n, sizeof *sample->left);
    size_t n_left =
        source->convert->floats(text, scan->before + first, scan->behind + first, n, '.', sample->values, sample->left);
    csv_drop_markers(sample->in, text, scan->before + first, scan->behind + first, n, sample->values);
    for (size_t i = 0, column = 0, next = 0; i < n; i++) {
        if (next < n_left && sample->left[next] == i) {
            next++;
            add_cell(sample, text, first + i, column);
        } else if (isnan(sample->values[i])) {
            sample->stats[column].missing++;
        } else {
            uint32_t before = scan->before[first + i] + 1;
            infer_add_number(&sample->stats[column], text + before, scan->behind[first + i] - before);
        }
        column = column + 1 == sample->n_columns ? 0 : column + 1;
    }
}

static bool
is_blank_record(const struct sample *sample, const char *text, size_t first)
{
    const struct scan *scan = &sample->scan;
    bool quoted = scan->before[first] != UINT32_MAX && text[scan->before[first]] == '"';
    return !quoted &&
           csv_bare_cell(text, scan->before[first], scan->behind[first], sample->in->delimiter, sample->scratch).n == 0;
}

/* The records of a tile, as far as they are wanted. True when no more are. */
static bool
add_tile(struct sample *sample, const char *text)
{
    const struct scan *scan = &sample->scan;
    size_t regular = 0, bad = 0;
    mem_grow(&sample->scratch, &sample->cap_scratch, scan->end - scan->begin + CELL_SLACK, 1);
    for (size_t r = 0, k = 0; r < scan->n_records; k = scan->ends[r++]) {
        if (sample->n_records >= SAMPLE_RECORDS ||
            (sample->n_records >= 2 && sample->at + scan->starts[r] - sample->from >= SAMPLE_BYTES)) {
            add_cells(sample, text, regular, k - regular);
            return true;
        }
        size_t n = scan->ends[r] - k;
        bool broken = bad < scan->n_bad && scan->bad[bad] == r;
        bad += broken;
        if (!broken && n == sample->n_columns && (n > 1 || !is_blank_record(sample, text, k))) {
            sample->n_records++;
            continue;
        }
        add_cells(sample, text, regular, k - regular);
        regular = scan->ends[r];
        if (!broken && n == 1 && is_blank_record(sample, text, k))
            continue;
        sample->n_records++;
        if (sample->in->bad_policy == BAD_FAIL) {
            sample->bad = true;
            sample->bad_at = sample->at + scan->starts[r];
            return true;
        }
    }
    add_cells(sample, text, regular, scan->n_cells - regular);
    return false;
}

/* What stands behind the last line end of the input. */
static int
add_last(struct sample *sample, struct error *error)
{
    struct ingest *in = sample->in;
    const struct text_source *source = in->source.state;
    const struct chunk *head = &source->head;
    struct csv csv;
    sample->whole = source->n_paths == 1;
    if (sample->at == head->n)
        return 0;
    int got = text_record(in, head, sample->at, &csv, error);
    if (got > 0) {
        sample->n_records++;
        if (got == CSV_RECORD && csv.n_cells == sample->n_columns) {
            for (size_t i = 0; i < csv.n_cells; i++)
                infer_add(&sample->stats[i], &in->missing, csv_cell(&csv, i), csv.cells[i].n);
        } else if (in->bad_policy == BAD_FAIL) {
            sample->bad = true;
            sample->bad_at = sample->at;
        }
    }
    csv_close(&csv);
    return got < 0 ? -1 : 0;
}

static int
take_sample(struct sample *sample, struct error *error)
{
    struct text_source *source = sample->in->source.state;
    struct chunk *head = &source->head;
    for (;;) {
        const char *text = head->text + sample->at;
        scan_begin(&sample->scan, text, head->n - sample->at, sample->in->delimiter);
        while (scan_next(&sample->scan))
            if (add_tile(sample, text))
                return 0;
        sample->at += sample->scan.end;
        if (sample->n_records >= SAMPLE_RECORDS ||
            (sample->n_records >= 2 && sample->at - sample->from >= SAMPLE_BYTES))
            return 0;
        if (head->last)
            return add_last(sample, error);
        size_t most = sample->n_records > 0 ? (size_t) SAMPLE_MOST : (size_t) CSV_MAX_RECORD;
        if (head->n - sample->from >= most)
            return 0;
        if (text_fetch(source, head->n + (head->n < LOOK_BYTES ? LOOK_BYTES : head->n / 2), error) < 0)
            return -1;
    }
}

static void
sample_close(struct sample *sample)
{
    scan_close(&sample->scan);
    free(sample->stats);
    free(sample->values);
    free(sample->left);
    free(sample->scratch);
}

int
text_sample(struct ingest *in, size_t *at, struct error *error)
{
    struct text_source *source = in->source.state;
    const char *file = source->input.name;
    if (in->delimiter == 0 && find_delimiter(in, error) < 0)
        return -1;
    if (text_names(in, &source->names, &source->n_names, at, error) < 0)
        return -1;
    struct sample sample = {.in = in, .n_columns = source->n_names, .from = *at, .at = *at};
    scan_open(&sample.scan, source->scan);
    sample.stats = infer_open(sample.n_columns);
    int result = -1;
    if (take_sample(&sample, error) < 0)
        goto out;
    in->decimal =
        infer_settle(sample.stats, sample.n_columns, in->decimal, in->delimiter, (enum date_order) in->options->dates);
    source->header = decide_header(in, file, source->names, source->n_names, sample.stats, sample.n_records);
    if (source->header && sample.n_records == 0) {
        error_set(error, STATUS_DATA, "%s: no records follow the header", file);
        goto out;
    }
    if (!source->header) {
        for (size_t i = 0; i < source->n_names; i++)
            infer_add(&sample.stats[i], &in->missing, source->names[i], strlen(source->names[i]));
        *at = text_behind_mark(source);
    }
    in->header = source->header ? HEADER_YES : HEADER_NO;
    text_make_names(source->names, source->n_names, source->header);
    if (sample.bad) {
        source->diagnose(in, &source->head, sample.bad_at, error);
        goto out;
    }
    struct plan_source plan = {
        .file = file,
        .names = source->names,
        .n = source->n_names,
        .stats = sample.stats,
        .whole = sample.whole,
        .n_labels = 1,
    };
    result = ingest_plan(in, &plan, error);
out:
    sample_close(&sample);
    return result;
}
