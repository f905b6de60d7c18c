/*
 * JSON lines and libsvm to rows. A line end is never quoted, so a chunk ends where a line does, and any thread can read
 * it. What a column is comes from a sample, or from a model, as for delimited text.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ingest_text.h"
#include "jsonl.h"
#include "libsvm.h"
#include "memory.h"
#include "options.h"

enum line_got { LINE_BAD = -1, LINE_BLANK = 0, LINE_ROW = 1 };

/* The columns of libsvm: these two, then the features, x1 first, or x0 where indices count from 0. */
enum { LIBSVM_LABEL, LIBSVM_QID, LIBSVM_FIRST };

struct line_reader {
    int format;
    struct jsonl jsonl;
    struct libsvm libsvm;
    struct cell cells[LIBSVM_FIRST]; /* libsvm: label and qid */
    int64_t *place;                  /* libsvm: [n_features] of a feature in x, or -1 */
    uint32_t first, n_features;      /* libsvm: the first index, and how many there are */
    const char *beyond;              /* libsvm: a value or index that has no place in a row; NULL */
    uint32_t beyond_index;
};

void
line_reader_close(struct line_reader *reader)
{
    if (reader == NULL)
        return;
    if (reader->format == INGEST_JSONL)
        jsonl_close(&reader->jsonl);
    else
        libsvm_close(&reader->libsvm);
    free(reader->place);
    free(reader);
}

static enum jsonl_unknown
unknown_keys(const struct ingest *in)
{
    return in->options->new_columns == NEW_ERROR || !in->by_model ? JSONL_REFUSE : JSONL_IGNORE;
}

static bool
counts_from_zero(const struct text_source *source)
{
    return source->n_names > LIBSVM_FIRST && strcmp(source->names[LIBSVM_FIRST], "x0") == 0;
}

/* A worker's reader of the source's columns. */
static struct line_reader *
reader_of(struct worker *worker)
{
    const struct ingest *in = worker->in;
    const struct text_source *source = in->source.state;
    if (worker->reader != NULL)
        return worker->reader;
    struct line_reader *reader = worker->reader = mem_zalloc(1, sizeof *reader);
    reader->format = source->lines;
    if (reader->format == INGEST_JSONL) {
        jsonl_open(&reader->jsonl, unknown_keys(in));
        for (size_t i = 0; i < source->n_names; i++)
            jsonl_column(&reader->jsonl, source->names[i], strlen(source->names[i]));
        return reader;
    }
    reader->first = counts_from_zero(source) ? 0 : 1;
    reader->n_features = (uint32_t) (source->n_names - LIBSVM_FIRST);
    libsvm_open(&reader->libsvm, reader->first == 0);
    reader->place = mem_array(reader->n_features, sizeof *reader->place);
    for (uint32_t i = 0; i < reader->n_features; i++)
        reader->place[i] = -1;
    for (size_t i = 0; i < in->x.n; i++)
        if (in->x.items[i].source >= LIBSVM_FIRST)
            reader->place[in->x.items[i].source - LIBSVM_FIRST] = (int64_t) i;
    return reader;
}

/* One line: what it is. Its cells, or its label and values, are in the reader. */
static enum line_got
read_line(struct line_reader *reader, const char *line, size_t n)
{
    if (n > 0 && line[n - 1] == '\r')
        n--;
    if (reader->format == INGEST_JSONL)
        return (enum line_got) jsonl_row(&reader->jsonl, line, n);
    enum line_got got = (enum line_got) libsvm_row(&reader->libsvm, line, n);
    reader->cells[LIBSVM_LABEL] = reader->libsvm.label;
    reader->cells[LIBSVM_QID] = reader->libsvm.qid;
    return got;
}

/* The values of a line of libsvm; false when one has no place. */
static bool
libsvm_values(struct line_reader *reader, const struct ingest *in, float *x)
{
    const struct libsvm *libsvm = &reader->libsvm;
    reader->beyond = NULL;
    for (size_t i = 0; i < in->x.n; i++)
        x[i] = in->x.items[i].source == SINK_NONE ? NAN : 0;
    for (size_t i = 0; i < libsvm->n; i++) {
        uint32_t at = libsvm->indices[i] - reader->first;
        float value = (float) libsvm->values[i];
        reader->beyond_index = libsvm->indices[i];
        if (at >= reader->n_features) {
            /* With a model there is nowhere to put it, as with columns that it does not have. */
            if (in->by_model && in->options->new_columns != NEW_ERROR)
                break;
            reader->beyond = "index";
            return false;
        }
        if (isinf(value)) {
            reader->beyond = "value";
            return false;
        }
        if (reader->place[at] >= 0)
            x[reader->place[at]] = value;
    }
    return true;
}

static bool
add_row(struct worker *worker, struct segment *segment)
{
    struct line_reader *reader = worker->reader;
    const struct ingest *in = worker->in;
    if (reader->format == INGEST_JSONL)
        return segment_row(segment, worker, reader->jsonl.cells);
    segment_reserve(segment, in, 1);
    return libsvm_values(reader, in, in->x.n > 0 ? segment->x + segment->n * in->x.n : NULL) &&
           segment_rest(segment, worker, reader->cells);
}

/* The line at an offset of a chunk: its length, without its end; *next: where the next one starts. */
static size_t
line_at(const struct chunk *chunk, size_t at, size_t *next)
{
    const char *end = memchr(chunk->text + at, '\n', chunk->n - at);
    *next = end == NULL ? chunk->n : (size_t) (end - chunk->text) + 1;
    return end == NULL ? chunk->n - at : (size_t) (end - chunk->text) - at;
}

static void
lines_chunk(struct worker *worker, const struct chunk *chunk, struct segment *segment)
{
    struct line_reader *reader = reader_of(worker);
    size_t next;
    for (size_t at = 0; at < chunk->n; at = next) {
        size_t n = line_at(chunk, at, &next);
        bool cut = next == chunk->n && chunk->text[chunk->n - 1] != '\n';
        if (cut && !chunk->last) {
            segment->used = at;
            return;
        }
        segment->lines++;
        enum line_got got = read_line(reader, chunk->text + at, n);
        segment->cut = cut && got != LINE_BLANK;
        if (got == LINE_BLANK)
            continue;
        if (got == LINE_BAD || !add_row(worker, segment))
            segment_bad(segment, at);
        if (segment_full(segment, worker->in) && next < chunk->n) {
            segment->full = true;
            segment->used = next;
            return;
        }
    }
    segment->used = chunk->n;
}

uint64_t
lines_record_line(struct worker *worker, const struct chunk *chunk, uint64_t record)
{
    struct line_reader *reader = reader_of(worker);
    uint64_t line = 0;
    size_t next;
    for (size_t at = 0; at < chunk->n; at = next) {
        size_t n = line_at(chunk, at, &next);
        line++;
        if (read_line(reader, chunk->text + at, n) != LINE_BLANK && record-- == 0)
            break;
    }
    return line;
}

/* What is wrong with the line in the reader. */
static int
bad_line(struct ingest *in, struct line_reader *reader, const char *where, const char *line, enum line_got got,
         struct error *error)
{
    char hint[200] = "", shown[96];
    const struct jsonl *jsonl = &reader->jsonl;
    if (reader->format == INGEST_JSONL) {
        if (got == LINE_ROW)
            return text_bad_cells(in, where, jsonl->cells, error);
        if (jsonl->unknown_key >= 0) {
            error_quote(shown, sizeof shown, line + jsonl->problem_at - 1, (size_t) jsonl->unknown_key, 60);
            if (in->by_model)
                snprintf(hint, sizeof hint, "--new-columns ignore leaves it out");
            else
                snprintf(hint, sizeof hint, "no record of the sample has it; --drop %s leaves it out", shown);
        }
        return ingest_bad(in, where, NULL, hint[0] != '\0' ? hint : NULL, error, "byte %zu: %s", jsonl->problem_at,
                          jsonl->problem);
    }
    if (got != LINE_ROW)
        return ingest_bad(in, where, NULL, NULL, error, "byte %zu: %s", reader->libsvm.problem_at,
                          reader->libsvm.problem);
    if (reader->beyond == NULL) {
        /* The features are numbers: it is one of the two cells before them. */
        size_t n = LIBSVM_FIRST + reader->n_features;
        struct cell *cells = mem_array(n, sizeof *cells);
        for (size_t i = 0; i < n; i++)
            cells[i] = i < LIBSVM_FIRST ? reader->cells[i] : (struct cell){"0", 1};
        int result = text_bad_cells(in, where, cells, error);
        free(cells);
        return result;
    }
    if (strcmp(reader->beyond, "value") == 0)
        return ingest_bad(in, where, NULL, NULL, error, "the value of index %u is out of the range of a 32-bit float",
                          reader->beyond_index);
    snprintf(hint, sizeof hint, "--columns %u makes room", reader->beyond_index + 1 - reader->first);
    return ingest_bad(in, where, NULL, in->by_model ? NULL : hint, error, "index %u is above %u, the largest of the %s",
                      reader->beyond_index, reader->n_features + reader->first - 1,
                      in->by_model ? ingest_by(in) : "sample");
}

static int
lines_diagnose(struct ingest *in, const struct chunk *chunk, size_t at, struct error *error)
{
    const struct text_source *source = in->source.state;
    struct worker *worker = &source->workers[source->n_workers - 1];
    struct line_reader *reader = reader_of(worker);
    char where[512];
    size_t next, n = line_at(chunk, at, &next);
    snprintf(where, sizeof where, "%.400s:%" PRIu64, source->input.name,
             source->line + text_lines(source, chunk->text, at) + 1);
    enum line_got got = read_line(reader, chunk->text + at, n);
    if (got == LINE_ROW && reader->format == INGEST_LIBSVM) {
        float *x = mem_array(in->x.n, sizeof *x);
        libsvm_values(reader, in, x);
        free(x);
    }
    return bad_line(in, reader, where, chunk->text + at, got, error);
}

/* The sample. */

/* Names of columns, as they are found. */
struct names {
    char **names;
    size_t n, cap;
};

static void
add_name(struct names *names, const char *name, size_t n)
{
    mem_grow(&names->names, &names->cap, names->n + 1, sizeof *names->names);
    names->names[names->n++] = mem_strndup(name, n);
}

/*
 * Reads the lines of the sample, n_most of them, with a reader. visit: may be NULL. Returns how many records there are,
 * or -1; *whole: they are all there are.
 */
static int64_t
each_line(struct ingest *in, struct line_reader *reader, size_t n_most, bool *whole,
          void (*visit)(struct line_reader *reader, void *arg), void *arg, struct error *error)
{
    struct text_source *source = in->source.state;
    struct chunk *head = &source->head;
    size_t at = text_behind_mark(source), records = 0;
    *whole = false;
    while (records < n_most && (records < 1 || at < SAMPLE_BYTES)) {
        /* A whole line, or the last one. */
        for (size_t seen = at; memchr(head->text + seen, '\n', head->n - seen) == NULL && !head->last;) {
            if (head->n - at > CHUNK_LINE_MOST)
                return error_set(error, STATUS_DATA, "%s:%" PRIu64 ": the line is longer than %d bytes",
                                 source->input.name, text_lines(source, head->text, at) + 1, CHUNK_LINE_MOST);
            seen = head->n;
            if (text_fetch(source, head->n + 1, error) < 0)
                return -1;
        }
        if (at > CHUNK_LINE_MOST)
            return error_set(error, STATUS_DATA, "%s: no record comes in the first %zu bytes", source->input.name, at);
        if (at == head->n) {
            *whole = source->n_paths == 1;
            break;
        }
        size_t next, n = line_at(head, at, &next);
        enum line_got got = read_line(reader, head->text + at, n);
        if (got == LINE_BAD && in->bad_policy == BAD_FAIL) {
            char where[512];
            snprintf(where, sizeof where, "%.400s:%" PRIu64, source->input.name,
                     text_lines(source, head->text, at) + 1);
            return bad_line(in, reader, where, head->text + at, got, error);
        }
        records += got != LINE_BLANK;
        if (got == LINE_ROW && visit != NULL)
            visit(reader, arg);
        at = next;
    }
    return (int64_t) records;
}

struct lookout {
    const struct ingest *in;
    struct infer_column *stats;
    uint32_t largest; /* index of libsvm */
    bool zero, qid;
};

static void
see_index(struct line_reader *reader, void *arg)
{
    struct lookout *lookout = arg;
    const struct libsvm *libsvm = &reader->libsvm;
    lookout->qid = lookout->qid || libsvm->qid.n > 0;
    if (libsvm->n == 0)
        return;
    lookout->zero = lookout->zero || libsvm->indices[0] == 0;
    if (libsvm->indices[libsvm->n - 1] > lookout->largest)
        lookout->largest = libsvm->indices[libsvm->n - 1];
}

static void
see_cells(struct line_reader *reader, void *arg)
{
    struct lookout *lookout = arg;
    const struct cell *cells = reader->format == INGEST_JSONL ? reader->jsonl.cells : reader->cells;
    size_t n = reader->format == INGEST_JSONL ? reader->jsonl.n_columns : LIBSVM_FIRST;
    for (size_t i = 0; i < n; i++)
        infer_add(&lookout->stats[i], &lookout->in->missing, cells[i].s, cells[i].n);
}

/* The keys of the first records are the columns. */
static int
jsonl_names(struct ingest *in, struct line_reader *reader, size_t n_most, struct names *names, struct error *error)
{
    bool whole;
    jsonl_open(&reader->jsonl, JSONL_COLLECT);
    /* What --drop names is known, whether the sample has it or not. */
    for (size_t i = 0; i < in->drop.n; i++)
        if (strpbrk(in->drop.names[i], "*?[") == NULL)
            jsonl_column(&reader->jsonl, in->drop.names[i], strlen(in->drop.names[i]));
    if (each_line(in, reader, n_most, &whole, NULL, NULL, error) < 0)
        return -1;
    for (uint32_t i = 0; i < reader->jsonl.n_columns; i++) {
        size_t n;
        const char *name = jsonl_name(&reader->jsonl, i, &n);
        add_name(names, name, n);
    }
    return 0;
}

/* Label, qid and n features. */
static void
add_libsvm_names(struct names *names, uint64_t n, bool zero)
{
    char name[32];
    add_name(names, "label", 5);
    add_name(names, "qid", 3);
    for (uint64_t i = 0; i < n; i++) {
        snprintf(name, sizeof name, "x%" PRIu64, i + !zero);
        add_name(names, name, strlen(name));
    }
}

/* Up to the last one of the model's: no line is waited for. */
static void
libsvm_model_names(const struct ingest *in, struct names *names)
{
    uint64_t largest = 0, index;
    bool zero = false;
    for (uint32_t i = 0; i < in->model->n_columns; i++) {
        const char *name = in->model->columns[i].name;
        if (name[0] != 'x' || !parse_u64(name + 1, &index) || index > CSV_MAX_COLUMNS)
            continue;
        zero = zero || index == 0;
        largest = index > largest ? index : largest;
    }
    add_libsvm_names(names, largest + zero, zero);
}

static int
libsvm_names(struct ingest *in, struct line_reader *reader, struct names *names, bool *qid, struct error *error)
{
    struct lookout lookout = {.in = in};
    bool whole;
    libsvm_open(&reader->libsvm, true);
    if (each_line(in, reader, SAMPLE_RECORDS, &whole, see_index, &lookout, error) < 0)
        return -1;
    uint64_t n = (uint64_t) lookout.largest + lookout.zero;
    if (in->options->columns > 0) {
        if (in->options->columns < n)
            return error_set(error, STATUS_DATA, "%s: the sample has index %u, beyond the %" PRIu64 " of --columns",
                             ((struct text_source *) in->source.state)->input.name, lookout.largest,
                             in->options->columns);
        n = in->options->columns;
    }
    if (lookout.zero)
        ingest_note(in, "%s: indices count from 0", ((struct text_source *) in->source.state)->input.name);
    *qid = lookout.qid;
    add_libsvm_names(names, n, lookout.zero);
    return 0;
}

/* Values that are absent are 0, so all features are numbers with more than two values as far as anyone knows. */
static void
number_features(struct infer_column *stats, size_t n)
{
    for (size_t i = LIBSVM_FIRST; i < n; i++)
        for (size_t k = 0; k < INFER_DISTINCT; k++)
            infer_add_number(&stats[i], &"012"[k], 1);
}

/* libsvm: what the features and the two columns before them may be used for. */
static int
check_libsvm(const struct ingest *in, struct error *error)
{
    const struct text_source *source = in->source.state;
    const struct sinks *const others[] = {&in->c,    &in->y,     &in->label, &in->w,
                                          &in->time, &in->group, &in->id,    &in->text};
    for (size_t k = 0; k < sizeof others / sizeof *others; k++)
        for (size_t i = 0; i < others[k]->n; i++)
            if (others[k]->items[i].source >= LIBSVM_FIRST)
                return error_set(error, STATUS_USAGE,
                                 "column '%s': the features of libsvm are numbers and have no other role",
                                 source->names[others[k]->items[i].source]);
    for (size_t i = 0; i < in->x.n; i++)
        if (in->x.items[i].source != SINK_NONE && in->x.items[i].source < LIBSVM_FIRST)
            return error_set(error, STATUS_USAGE, "column '%s' of libsvm is no feature",
                             source->names[in->x.items[i].source]);
    return 0;
}

static int
plan_by_sample(struct ingest *in, struct error *error)
{
    struct text_source *source = in->source.state;
    struct line_reader *reader = mem_zalloc(1, sizeof *reader);
    struct lookout lookout = {.in = in};
    struct names names = {0};
    bool whole, qid = false, jsonl = source->lines == INGEST_JSONL;
    int result = -1;
    reader->format = source->lines;
    if (jsonl ? jsonl_names(in, reader, SAMPLE_RECORDS, &names, error) < 0
              : libsvm_names(in, reader, &names, &qid, error) < 0)
        goto out;
    lookout.stats = infer_open(names.n);
    int64_t records = each_line(in, reader, SAMPLE_RECORDS, &whole, see_cells, &lookout, error);
    if (records < 0)
        goto out;
    if (records == 0) {
        error_set(error, STATUS_DATA, "%s holds no record", source->input.name);
        goto out;
    }
    if (names.n == 0) {
        error_set(error, STATUS_DATA, "%s: the objects of the first lines have no keys", source->input.name);
        goto out;
    }
    if (!jsonl)
        number_features(lookout.stats, names.n);
    infer_settle(lookout.stats, names.n, in->decimal, ';', (enum date_order) in->options->dates);
    struct plan_source plan = {
        .file = source->input.name,
        .names = names.names,
        .n = names.n,
        .stats = lookout.stats,
        .whole = whole,
        .n_labels = jsonl,
    };
    /* libsvm says what is what. */
    const char *label = "label", *role = "qid:group", *drop = "qid";
    if (!jsonl && in->labels.n == 0)
        name_list_open(&in->labels, &(struct option_list){.values = &label, .n = 1}, false, "-y", error);
    if (!jsonl && qid && in->roles.n == 0)
        name_list_open(&in->roles, &(struct option_list){.values = &role, .n = 1}, true, "--role", error);
    if (!jsonl && !qid && in->drop.n == 0)
        name_list_open(&in->drop, &(struct option_list){.values = &drop, .n = 1}, false, "--drop", error);
    result = ingest_plan(in, &plan, error);
out:
    source->names = names.names;
    source->n_names = names.n;
    free(lookout.stats);
    line_reader_close(reader);
    return result < 0 || jsonl ? result : check_libsvm(in, error);
}

/* The columns are those of the first record, and those of the model: a key that is absent is a missing value. */
static int
plan_by_model(struct ingest *in, struct error *error)
{
    struct text_source *source = in->source.state;
    struct line_reader *reader = mem_zalloc(1, sizeof *reader);
    struct names names = {0};
    bool jsonl = source->lines == INGEST_JSONL;
    int result = -1;
    reader->format = source->lines;
    if (!jsonl)
        libsvm_model_names(in, &names);
    else if (jsonl_names(in, reader, 1, &names, error) < 0)
        goto out;
    struct name_index index;
    name_index_open(&index, names.names, names.n);
    struct dict added = {0};
    for (uint32_t i = 0; i < in->model->n_columns; i++) {
        const struct column *column = &in->model->columns[i];
        const char *name = ingest_source_name(column);
        size_t n = strlen(name);
        uint32_t before = added.n;
        if (column->role == ROLE_FEATURE && jsonl && name_index_find(&index, name) == -1 &&
            dict_add(&added, name, n) > before)
            add_name(&names, name, n);
    }
    dict_free(&added);
    name_index_close(&index);
    result = ingest_plan_model(in, source->input.name, names.names, names.n, error);
out:
    source->names = names.names;
    source->n_names = names.n;
    line_reader_close(reader);
    return result < 0 || jsonl ? result : check_libsvm(in, error);
}

/* Options that are for cells between delimiters. */
static int
check_options(const struct ingest *in, struct error *error)
{
    const struct ingest_options *options = in->options;
    const struct text_source *source = in->source.state;
    const char *option = options->delimiter != NULL                               ? "-d"
                         : options->header != HEADER_AUTO                         ? "--header"
                         : options->decimal != NULL                               ? "--decimal"
                         : options->columns > 0 && source->lines != INGEST_LIBSVM ? "--columns"
                                                                                  : NULL;
    if (option == NULL)
        return 0;
    return error_set(error, STATUS_USAGE, "%s does not go with %s, which is %s", option, source->input.name,
                     source->lines == INGEST_JSONL ? "JSON lines" : "libsvm");
}

int
ingest_open_lines(struct ingest *in, int format, struct input *input, const void *head, size_t n,
                  const char *const *paths, size_t n_paths, struct error *error)
{
    if (text_open(in, input, head, n, paths, n_paths, error) < 0)
        return -1;
    struct text_source *source = in->source.state;
    source->lines = format;
    source->parse = lines_chunk;
    source->diagnose = lines_diagnose;
    if (check_options(in, error) < 0)
        return -1;
    in->decimal = '.'; /* even where the files of the model had commas */
    if ((in->by_model ? plan_by_model : plan_by_sample)(in, error) < 0)
        return -1;
    text_ready(in, text_behind_mark(source));
    return 0;
}
