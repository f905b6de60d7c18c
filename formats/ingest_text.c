#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <xxhash.h>

#include "csv.h"
#include "dateparts.h"
#include "datetime.h"
#include "ingest_parts.h"
#include "memory.h"
#include "number.h"

enum { SAMPLE_RECORDS = 10000, SAMPLE_BYTES = 4 << 20, LOOK_BYTES = 64 << 10, LOOK_RECORDS = 100, CELL_SHOWN = 40 };

struct text_source {
    struct csv csv;
    struct input input;
    bool open;
    const char *const *paths;
    size_t n_paths, next_path;
    bool header;
    char **names; /* of the file being read */
    size_t n_names;
};

static void
free_names(char **names, size_t n)
{
    for (size_t i = 0; names != NULL && i < n; i++)
        free(names[i]);
    free(names);
}

static void
text_free(struct ingest *in)
{
    struct text_source *source = in->source.state;
    csv_close(&source->csv);
    if (source->open)
        input_close(&source->input);
    free_names(source->names, source->n_names);
    free(source);
}

/* csv_read() with the name of the file in front of what it finds. */
static int
next_record(struct text_source *source, bool wait, struct error *error)
{
    struct error found;
    int got = csv_read(&source->csv, wait, &found);
    if (got >= 0)
        return got;
    if (found.status != STATUS_DATA) {
        *error = found;
        return -1;
    }
    return error_set(error, STATUS_DATA, "%s:%s", source->input.name, found.text);
}

/* Delimiter. */

static const char candidates[] = ",;\t|";

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

static void
say_delimiter(const struct ingest *in, const char *file, char delimiter)
{
    if (delimiter == '\t')
        ingest_note(in, "%s: delimiter tab", file);
    else
        ingest_note(in, "%s: delimiter '%c'", file, delimiter);
}

/*
 * The delimiter under which most of the first records have as many cells as the first one, more than one; then the
 * one with more cells; then the first of , ; tab |. It depends on the first bytes alone, not on how they arrive.
 */
static int
find_delimiter(struct ingest *in, struct text_source *source, struct error *error)
{
    struct look looks[sizeof candidates - 1];
    size_t n_bytes = LOOK_BYTES;
    for (;;) {
        int more = csv_fetch(&source->csv, n_bytes, error);
        if (more < 0)
            return -1;
        const char *bytes;
        size_t kept = csv_kept(&source->csv, &bytes), n = kept < n_bytes ? kept : n_bytes;
        bool enough = more == 0 || n_bytes >= SAMPLE_BYTES;
        bool all = true;
        for (size_t i = 0; i < sizeof candidates - 1; i++) {
            looks[i] = look_at(bytes, n, more == 0, candidates[i], in->options->max_cell);
            all = all && looks[i].records >= 2;
        }
        if (enough || all)
            break;
        n_bytes *= 2;
    }
    size_t best = 0;
    for (size_t i = 1; i < sizeof candidates - 1; i++) {
        const struct look *a = &looks[i], *b = &looks[best];
        if (a->columns < 2)
            continue;
        uint64_t share_a = (uint64_t) a->same * b->records, share_b = (uint64_t) b->same * a->records;
        if (b->columns < 2 || share_a > share_b || (share_a == share_b && a->columns > b->columns))
            best = i;
    }
    in->delimiter = candidates[best];
    say_delimiter(in, source->input.name, in->delimiter);
    return 0;
}

/* Header. */

static char **
copy_cells(const struct csv *csv)
{
    char **cells = mem_array(csv->n_cells, sizeof *cells);
    for (size_t i = 0; i < csv->n_cells; i++)
        cells[i] = mem_strndup(csv_cell(csv, i), csv->cells[i].n);
    return cells;
}

/* The delimiter X of a record "sep=X", which spreadsheets write and read before the header; 0 for other records. */
static char
spreadsheet_mark(const struct csv *csv)
{
    const char *s = csv_cell(csv, 0);
    size_t n = csv->cells[0].n;
    if (n < 4 || strncasecmp(s, "sep=", 4) != 0)
        return 0;
    if (csv->n_cells == 1 && n == 5)
        return s[4];
    return csv->n_cells == 2 && n == 4 && csv->cells[1].n == 0 ? csv->delimiter : 0;
}

/* The first record of a file: its cells, or -1. It cannot be skipped, for it may be the header. */
static int
first_record(struct text_source *source, char ***cells, size_t *n, struct error *error)
{
    const char *file = source->input.name;
    struct csv *csv = &source->csv;
    int got = next_record(source, true, error);
    if (got < 0)
        return -1;
    if (got == CSV_END)
        return error_set(error, STATUS_DATA, "%s holds no record", file);
    if (got == CSV_BAD)
        return error_set(error, STATUS_DATA, "%s:%" PRIu64 ": cell %zu of the first record: %s", file, csv->line,
                         csv->problem_cell + 1, csv->problem);
    if (csv->n_cells > CSV_MAX_COLUMNS)
        return error_set(error, STATUS_DATA, "%s:%" PRIu64 ": %zu columns, over the limit of %d", file, csv->line,
                         csv->n_cells, CSV_MAX_COLUMNS);
    for (size_t i = 0; i < csv->n_cells; i++) {
        size_t at;
        char shown[200];
        if (!utf8_valid(csv_cell(csv, i), csv->cells[i].n, &at))
            return error_set(error, STATUS_DATA,
                             "%s:%" PRIu64
                             ": cell %zu of the first record is not valid UTF-8 from byte %zu on: '%s' (convert "
                             "the file, perhaps: iconv -f latin1 -t utf-8)",
                             file, csv->line, i + 1, at + 1,
                             error_quote(shown, sizeof shown, csv_cell(csv, i), csv->cells[i].n, CELL_SHOWN));
    }
    char mark = spreadsheet_mark(csv);
    if (mark != 0)
        return error_set(
            error, STATUS_DATA,
            "%s:%" PRIu64 ": 'sep=%s' is a note for spreadsheets, no record (leave it out: tail -n +2 FILE "
            "| cl-ingest -d '%s' ...)",
            file, csv->line, mark == '\t' ? "\\t" : (char[]){mark, '\0'}, mark == '\t' ? "tab" : (char[]){mark, '\0'});
    *cells = copy_cells(csv);
    *n = csv->n_cells;
    return 0;
}

/* Cells without a name get c1, c2, ... by their place; without a header all do. */
static void
make_names(char **names, size_t n, bool header)
{
    char made_up[32];
    for (size_t i = 0; i < n; i++)
        if (!header || names[i][0] == '\0') {
            snprintf(made_up, sizeof made_up, "c%zu", i + 1);
            free(names[i]);
            names[i] = mem_strdup(made_up);
        }
}

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
is_value(enum column_type type, const char *s, size_t n)
{
    double number;
    int64_t time;
    return (type == COLUMN_NUM && (number_parse(s, n, &number) || number_parse_as(s, n, ',', &number))) ||
           (type == COLUMN_TIME && datetime_parse(s, n, &time));
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
        if (n_records > 0 ? is_value(type, cells[i], length)
                          : is_value(COLUMN_NUM, cells[i], length) || is_value(COLUMN_TIME, cells[i], length)) {
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

/* A record that the scanner could not use, or whose cells are too few or too many. 0 = skipped. */
static int
bad_record(struct ingest *in, struct text_source *source, int got, struct error *error)
{
    const struct csv *csv = &source->csv;
    char where[512];
    snprintf(where, sizeof where, "%.400s:%" PRIu64, source->input.name, csv->line);
    if (got == CSV_BAD)
        return ingest_bad(in, where, csv->problem_cell < source->n_names ? source->names[csv->problem_cell] : NULL,
                          NULL, error, "%s", csv->problem);
    if (csv->cut && csv->n_cells < source->n_names)
        return error_set(error, STATUS_DATA, "%s: the input ends in this record, after %zu of %zu cells (cut short?)",
                         where, csv->n_cells, source->n_names);
    return ingest_bad(in, where, NULL, NULL, error, "%zu cell%s where there are %zu columns", csv->n_cells,
                      csv->n_cells == 1 ? "" : "s", source->n_names);
}

/* Without a model: sample, decide, and go back to the first record of data. */
static int
open_by_sample(struct ingest *in, struct text_source *source, struct error *error)
{
    struct csv *csv = &source->csv;
    const char *file = source->input.name;
    csv_keep(csv);
    if (in->delimiter == 0 && find_delimiter(in, source, error) < 0)
        return -1;
    csv_rewind(csv, in->delimiter, false);
    if (first_record(source, &source->names, &source->n_names, error) < 0)
        return -1;
    size_t n = source->n_names, records = 0;
    struct infer_column *stats = infer_open(n);
    int got = 1, result = -1;
    bool bad = false;
    while (records < SAMPLE_RECORDS && (records < 2 || csv_kept_used(csv) < SAMPLE_BYTES) &&
           (got = next_record(source, true, error)) > 0) {
        records++;
        bad = got != CSV_RECORD || csv->n_cells != n;
        /* The end of a record that is too long may be far away. */
        if (bad && (in->bad_policy == BAD_FAIL || (got == CSV_BAD && csv->oversize)))
            break;
        if (bad)
            continue; /* the reading proper will say so */
        for (size_t i = 0; i < n; i++)
            infer_add(&stats[i], &in->missing, csv_cell(csv, i), csv->cells[i].n);
    }
    if (got < 0)
        goto out;
    in->decimal = infer_settle(stats, n, in->decimal, in->delimiter, (enum date_order) in->options->dates);
    source->header = decide_header(in, file, source->names, n, stats, records);
    if (source->header && records == 0) {
        error_set(error, STATUS_DATA, "%s: no records follow the header", file);
        goto out;
    }
    if (!source->header)
        for (size_t i = 0; i < n; i++)
            infer_add(&stats[i], &in->missing, source->names[i], strlen(source->names[i]));
    in->header = source->header ? HEADER_YES : HEADER_NO;
    make_names(source->names, n, source->header);
    if (bad && in->bad_policy == BAD_FAIL) {
        bad_record(in, source, got, error);
        goto out;
    }
    struct plan_source plan = {
        .file = file,
        .names = source->names,
        .n = n,
        .stats = stats,
        .whole = got == CSV_END && source->n_paths == 1,
        .n_labels = 1,
    };
    if (ingest_plan(in, &plan, error) < 0)
        goto out;
    csv_rewind(csv, in->delimiter, true);
    if (source->header && next_record(source, true, error) < 0)
        goto out;
    result = 0;
out:
    free(stats);
    return result;
}

/* By a model. */

/* How many of the model's columns are named in a record; all of them without names of their own: *numbered. */
static size_t
model_names(const struct schema *model, char *const *cells, size_t n, bool *numbered)
{
    struct name_index index;
    size_t found = 0;
    name_index_open(&index, cells, n);
    *numbered = true;
    for (uint32_t i = 0; i < model->n_columns; i++) {
        const char *name = model->columns[i].name;
        found += name_index_find(&index, name) != -1;
        uint64_t number;
        *numbered = *numbered && name[0] == 'c' && parse_u64(name + 1, &number);
    }
    name_index_close(&index);
    return found;
}

/* The delimiter under which most of the model's columns are named by the first record; then the one with more cells. */
static int
find_model_delimiter(struct ingest *in, struct text_source *source, struct error *error)
{
    size_t best_found = 0, best_cells = 0;
    char best = candidates[0];
    for (size_t i = 0; i < sizeof candidates - 1; i++) {
        char **cells;
        size_t n;
        bool numbered;
        csv_rewind(&source->csv, candidates[i], false);
        int got = next_record(source, true, error);
        if (got < 0)
            return -1;
        if (got != CSV_RECORD || source->csv.n_cells > CSV_MAX_COLUMNS)
            continue;
        n = source->csv.n_cells;
        cells = copy_cells(&source->csv);
        size_t found = model_names(in->model, cells, n, &numbered);
        if (found > best_found || (found == best_found && n > best_cells)) {
            best_found = found;
            best_cells = n;
            best = candidates[i];
        }
        free_names(cells, n);
    }
    in->delimiter = best;
    say_delimiter(in, source->input.name, best);
    return 0;
}

/* Only the first record is looked at, so that rows flow at once. */
static int
open_by_model(struct ingest *in, struct text_source *source, struct error *error)
{
    csv_keep(&source->csv);
    if (in->delimiter == 0 && find_model_delimiter(in, source, error) < 0)
        return -1;
    csv_rewind(&source->csv, in->delimiter, false);
    if (first_record(source, &source->names, &source->n_names, error) < 0)
        return -1;
    bool numbered;
    size_t found = model_names(in->model, source->names, source->n_names, &numbered);
    source->header = in->options->header == HEADER_AUTO ? found > 0 || !numbered : in->options->header == HEADER_YES;
    csv_rewind(&source->csv, in->delimiter, true);
    if (source->header && next_record(source, true, error) < 0)
        return -1;
    in->header = source->header ? HEADER_YES : HEADER_NO;
    make_names(source->names, source->n_names, source->header);
    return ingest_plan_model(in, source->input.name, source->names, source->n_names, error);
}

/* Reading. */

/* Opens the next file and points the sinks to its columns. 1, 0 when there is none, -1. */
static int
open_next(struct ingest *in, struct text_source *source, struct error *error)
{
    if (source->next_path == source->n_paths)
        return 0;
    csv_close(&source->csv);
    if (source->open)
        input_close(&source->input);
    source->open = false;
    if (input_open(&source->input, source->paths[source->next_path++], error) < 0)
        return -1;
    source->open = true;
    csv_open(&source->csv, &source->input, NULL, 0, in->delimiter, in->options->max_cell);
    if (!source->header)
        return 1;
    char **names;
    size_t n;
    if (first_record(source, &names, &n, error) < 0)
        return -1;
    make_names(names, n, true);
    size_t before = source->n_names;
    free_names(source->names, source->n_names);
    source->names = names;
    source->n_names = n;
    if (ingest_remap(in, source->input.name, names, n, error) < 0)
        return -1;
    if (!in->by_model && n != before)
        return error_set(error, STATUS_DATA, "%s: the header has %zu columns where the files before have %zu",
                         source->input.name, n, before);
    return 1;
}

/* What is wrong with one cell of the record in hand. */
static int __attribute__((format(printf, 6, 7)))
bad_cell(struct ingest *in, const struct sink *sink, const char *way_out, bool cell, struct error *error,
         const char *format, ...)
{
    struct text_source *source = in->source.state;
    const struct csv *csv = &source->csv;
    char finding[256], shown[200], where[512];
    va_list args;
    va_start(args, format);
    vsnprintf(finding, sizeof finding, format, args);
    va_end(args);
    snprintf(where, sizeof where, "%.400s:%" PRIu64, source->input.name, csv->line);
    const char *name = in->schema.columns[sink->column].name;
    if (!cell)
        return ingest_bad(in, where, name, way_out, error, "%s", finding);
    error_quote(shown, sizeof shown, csv_cell(csv, (size_t) sink->source), csv->cells[sink->source].n, CELL_SHOWN);
    return ingest_bad(in, where, name, way_out, error, "'%s' %s", shown, finding);
}

static int
not_a_number(struct ingest *in, const struct sink *sink, const char *s, size_t n, double value, struct error *error)
{
    char hint[320], shown[96];
    const struct column *column = &in->schema.columns[sink->column];
    error_quote(shown, sizeof shown, column->name, strlen(column->name), 60);
    if (isinf(value))
        return bad_cell(in, sink, NULL, true, error, "is out of the range of a 32-bit float");
    if (!sink->inferred)
        return bad_cell(in, sink, NULL, true, error, "is not a number%s",
                        number_is_grouped(s, n) ? ": decimal commas and thousands separators are not read" : "");
    if (column->role == ROLE_LABEL)
        snprintf(hint, sizeof hint, "--task class takes the label as classes");
    else
        snprintf(hint, sizeof hint, "--types %s:cat accepts it", shown);
    if (number_is_code(s, n)) {
        snprintf(hint, sizeof hint, "--types %s:cat keeps it as it is, --types %s:num drops the zero", shown, shown);
        return bad_cell(in, sink, hint, true, error, "has a leading zero, as a code has, where numbers came before");
    }
    return bad_cell(in, sink, hint, true, error, "is not a number%s",
                    number_is_grouped(s, n) ? ": decimal commas and thousands separators are not read" : "");
}

/* Reads numbers into to[0 .. sinks->n). 1; or, for a bad record, what ingest_bad() says. */
static int
read_numbers(struct ingest *in, const struct csv *csv, const struct sinks *sinks, float *to, struct error *error)
{
    for (size_t i = 0; i < sinks->n; i++) {
        const struct sink *sink = &sinks->items[i];
        if (sink->source == SINK_NONE) {
            to[i] = NAN;
            continue;
        }
        const char *s = csv_cell(csv, (size_t) sink->source);
        size_t n = csv->cells[sink->source].n;
        double value = 0;
        if (missing_match(&in->missing, s, n)) {
            to[i] = NAN;
            continue;
        }
        if (sink->how == READ_PART) {
            int64_t time;
            if (!datetime_parse_as(s, n, sink->dates, &time))
                return bad_cell(in, sink, NULL, true, error, "is not a date or time as the others are");
            to[i] = date_part(sink->part, time, sink->origin);
            continue;
        }
        if (missing_dash(&in->missing, s, n)) {
            to[i] = NAN;
            continue;
        }
        size_t length = n;
        if (sink->how == READ_PERCENT)
            for (length -= s[n - 1] == '%'; length > 0 && length < n && s[length - 1] == ' '; length--)
                ;
        bool number = (sink->how != READ_PERCENT || length < n) && number_parse_as(s, length, in->decimal, &value);
        float rounded = (float) value;
        if (!number || isinf(rounded) || (sink->inferred && s[0] == '0' && number_is_code(s, n)))
            return not_a_number(in, sink, s, n, number && isinf(rounded) ? HUGE_VAL : 0, error);
        to[i] = rounded;
    }
    return 1;
}

static int
read_weight(struct ingest *in, const struct csv *csv, float *to, struct error *error)
{
    int got = read_numbers(in, csv, &in->w, to, error);
    if (got == 1 && !(*to >= 0))
        return bad_cell(in, &in->w.items[0], NULL, true, error, "is no weight: a number from 0 on is wanted");
    return got;
}

static int
read_time(struct ingest *in, const struct csv *csv, int64_t *to, struct error *error)
{
    const struct sink *sink = &in->time.items[0];
    const char *s = csv_cell(csv, (size_t) sink->source);
    size_t n = csv->cells[sink->source].n;
    if (missing_match(&in->missing, s, n))
        *to = INT64_MIN;
    else if (missing_dash(&in->missing, s, n))
        *to = INT64_MIN;
    else if (!datetime_parse_as(s, n, sink->dates, to))
        return bad_cell(in, sink, NULL, true, error, "is not a date or time as the others are");
    return 1;
}

static int
check_utf8(struct ingest *in, const struct sink *sink, const char *s, size_t n, struct error *error)
{
    size_t at;
    if (utf8_valid(s, n, &at))
        return 1;
    return bad_cell(in, sink, "convert the file, perhaps: iconv -f latin1 -t utf-8", true, error,
                    "is not valid UTF-8 from byte %zu on", at + 1);
}

static int
too_many(struct ingest *in, const struct sink *sink, struct error *error)
{
    struct text_source *source = in->source.state;
    const struct column *column = &in->schema.columns[sink->column];
    char shown[96];
    error_quote(shown, sizeof shown, column->name, strlen(column->name), 60);
    if (column->role == ROLE_LABEL && sink->two)
        return error_set(error, STATUS_DATA,
                         "%s:%" PRIu64
                         ": label column '%s': a third value, where the first records had two numbers (--task "
                         "class takes all values as classes, --task regression as amounts)",
                         source->input.name, source->csv.line, shown);
    if (column->role == ROLE_LABEL)
        return error_set(error, STATUS_DATA,
                         "%s:%" PRIu64 ": label column '%s': more than %u classes (-y names another column; "
                         "--task regression if it is an amount%s)",
                         source->input.name, source->csv.line, shown, sink->most,
                         sink->most == CATEGORIES_INFERRED ? "; --task class allows a million" : "");
    return error_set(error, STATUS_DATA,
                     "%s:%" PRIu64 ": column '%s': more than %u different values (--drop %s leaves it out, "
                     "--types %s:text keeps it as text that no training uses%s%s%s)",
                     source->input.name, source->csv.line, shown, sink->most, shown, shown,
                     sink->most == CATEGORIES_INFERRED ? ", --types " : "",
                     sink->most == CATEGORIES_INFERRED ? shown : "",
                     sink->most == CATEGORIES_INFERRED ? ":cat allows a million" : "");
}

/* Looks up the codes of categories. New ones are only checked: the record may yet turn out to be bad. */
static int
find_codes(struct ingest *in, const struct csv *csv, const struct sinks *sinks, uint32_t *to, bool *new,
           struct error *error)
{
    for (size_t i = 0; i < sinks->n; i++) {
        const struct sink *sink = &sinks->items[i];
        to[i] = 0;
        if (sink->source == SINK_NONE)
            continue;
        const char *s = csv_cell(csv, (size_t) sink->source);
        size_t n = csv->cells[sink->source].n;
        if (missing_match(&in->missing, s, n))
            continue;
        const struct dict *dict = &in->schema.columns[sink->column].dict;
        to[i] = sink->how == READ_HASH ? 1 + (uint32_t) (XXH3_64bits(s, n) & ((1U << sink->bits) - 1))
                                       : dict_find(dict, s, n);
        if (to[i] != 0)
            continue;
        int got = check_utf8(in, sink, s, n, error);
        if (got != 1)
            return got;
        if (dict->n < (sink->two ? 2 : sink->most)) {
            *new = true;
        } else if (!in->by_model) {
            return too_many(in, sink, error);
        } else if (!in->limit_told) {
            ingest_warn(in, "a column has more than %d values that the %s does not have: further ones count as unseen",
                        CATEGORIES_MOST, ingest_by(in));
            in->limit_told = true;
        }
    }
    return 1;
}

static void
add_codes(struct ingest *in, const struct csv *csv, const struct sinks *sinks, uint32_t *to)
{
    for (size_t i = 0; i < sinks->n; i++) {
        const struct sink *sink = &sinks->items[i];
        if (to[i] != 0 || sink->source == SINK_NONE)
            continue;
        const char *s = csv_cell(csv, (size_t) sink->source);
        size_t n = csv->cells[sink->source].n;
        struct dict *dict = &in->schema.columns[sink->column].dict;
        if (!missing_match(&in->missing, s, n) && dict->n < sink->most)
            to[i] = dict_add(dict, s, n);
    }
}

static int
check_text(struct ingest *in, const struct csv *csv, struct error *error)
{
    for (size_t i = 0; i < in->text.n; i++) {
        const struct sink *sink = &in->text.items[i];
        int got = check_utf8(in, sink, csv_cell(csv, (size_t) sink->source), csv->cells[sink->source].n, error);
        if (got != 1)
            return got;
    }
    return 1;
}

static void
add_text(struct ingest *in, const struct csv *csv, uint64_t row)
{
    for (size_t i = 0; i < in->text.n; i++) {
        struct text_cells *cells = &in->batch.text[i];
        const struct csv_cell *cell = &csv->cells[in->text.items[i].source];
        uint64_t at = cells->at[row];
        mem_grow(&cells->bytes, &in->cap_text[i], at + cell->n, 1);
        memcpy(cells->bytes + at, csv->record + cell->at, cell->n);
        cells->at[row + 1] = at + cell->n;
        in->text_bytes += cell->n;
    }
}

static uint64_t
hash_cell(const struct csv *csv, const struct sinks *sinks)
{
    const struct csv_cell *cell = &csv->cells[sinks->items[0].source];
    return XXH3_64bits(csv->record + cell->at, cell->n);
}

/* The record in hand becomes a row; first all that can be wrong, then what stays. 0, or -1. */
static int
add_row(struct ingest *in, const struct csv *csv, struct error *error)
{
    struct batch *batch = &in->batch;
    uint64_t row = batch->n;
    uint32_t *codes = in->c.n > 0 ? batch->c + row * in->c.n : NULL;
    uint32_t *labels = in->label.n > 0 ? batch->label + row * in->label.n : NULL;
    bool new = false;
    int got = 1;
    if (in->x.n > 0)
        got = read_numbers(in, csv, &in->x, batch->x + row * in->x.n, error);
    if (got == 1 && in->y.n > 0)
        got = read_numbers(in, csv, &in->y, batch->y + row * in->y.n, error);
    if (got == 1 && in->w.n > 0)
        got = read_weight(in, csv, batch->w + row, error);
    if (got == 1 && in->time.n > 0)
        got = read_time(in, csv, batch->time + row, error);
    if (got == 1)
        got = check_text(in, csv, error);
    if (got == 1)
        got = find_codes(in, csv, &in->c, codes, &new, error);
    if (got == 1)
        got = find_codes(in, csv, &in->label, labels, &new, error);
    if (got != 1)
        return got;
    if (new) {
        add_codes(in, csv, &in->c, codes);
        add_codes(in, csv, &in->label, labels);
    }
    if (in->group.n > 0)
        batch->group[row] = hash_cell(csv, &in->group);
    if (in->id.n > 0)
        batch->id[row] = hash_cell(csv, &in->id);
    add_text(in, csv, row);
    ingest_row_done(in);
    return 0;
}

static int
text_read(struct ingest *in, struct error *error)
{
    struct text_source *source = in->source.state;
    struct csv *csv = &source->csv;
    while (!ingest_full(in)) {
        int got = next_record(source, false, error);
        if (got == CSV_WAIT) {
            if (in->batch.n > 0)
                return 1;
            got = next_record(source, true, error);
        }
        if (got < 0)
            return -1;
        if (got == CSV_RECORD && csv->n_cells == source->n_names) {
            if (add_row(in, csv, error) < 0)
                return -1;
        } else if (got != CSV_END) {
            if (bad_record(in, source, got, error) < 0)
                return -1;
        } else {
            if (csv->cut)
                ingest_warn(in, "%s: no line end behind the last record (was the file cut?)", source->input.name);
            csv->cut = false;
            got = open_next(in, source, error);
            if (got <= 0)
                return got;
        }
    }
    return 1;
}

int
ingest_open_text(struct ingest *in, struct input *input, const void *head, size_t n, const char *const *paths,
                 size_t n_paths, struct error *error)
{
    struct text_source *source = mem_zalloc(1, sizeof *source);
    *source = (struct text_source){.input = *input, .open = true, .paths = paths, .n_paths = n_paths, .next_path = 1};
    in->source = (struct source){.read = text_read, .free = text_free, .state = source};
    csv_open(&source->csv, &source->input, head, n, in->delimiter != 0 ? in->delimiter : ',', in->options->max_cell);
    return in->by_model ? open_by_model(in, source, error) : open_by_sample(in, source, error);
}
