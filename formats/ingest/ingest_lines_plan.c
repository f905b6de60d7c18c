/* The columns of JSON lines and of libsvm: from a sample, or those of a model. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ingest_lines.h"
#include "memory.h"
#include "options.h"

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
            return error_set(error, STATUS_DATA, "%s: no record comes in the first %d bytes", source->input.name,
                             CHUNK_LINE_MOST);
        if (at == head->n) {
            *whole = source->n_paths == 1;
            break;
        }
        size_t next, n = line_at(head, at, &next);
        enum line_got got = line_read(reader, head->text + at, n);
        if (got == LINE_BAD && in->bad_policy == BAD_FAIL) {
            char where[512];
            snprintf(where, sizeof where, "%.400s:%" PRIu64, source->input.name,
                     text_lines(source, head->text, at) + 1);
            return line_bad(in, reader, where, head->text + at, got, error);
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
