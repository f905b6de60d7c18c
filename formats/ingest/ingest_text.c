/* Files of text: opening them, and their first records. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "inflate.h"
#include "ingest_text.h"
#include "memory.h"
#include "number.h"
#include "options.h"
#include "threads.h"

enum { FIRST_BYTES = 64 << 10, HEAD_BYTES = 2 * SAMPLE_BYTES };

const char text_delimiters[TEXT_DELIMITERS] = {',', ';', '\t', '|'};

void
text_free_names(char **names, size_t n)
{
    for (size_t i = 0; names != NULL && i < n; i++)
        free(names[i]);
    free(names);
}

static void
text_free(struct ingest *in)
{
    struct text_source *source = in->source.state;
    flow_close(&source->flow, in);
    order_close(in);
    chunker_close(&source->chunker);
    chunk_close(&source->head);
    if (source->open)
        input_close(&source->input);
    text_free_names(source->names, source->n_names);
    free(source->markers);
    free(source);
}

/* The head. */

int
text_fetch(struct text_source *source, size_t n, struct error *error)
{
    struct chunk *head = &source->head;
    while (head->n < n) {
        if (head->last)
            return 0;
        const size_t most = n < FIRST_BYTES ? FIRST_BYTES : n + n / 2;
        /* Room for all that a sample may take costs nothing until it is used, and saves copies. */
        if (most > head->cap)
            chunk_reserve(head, most < HEAD_BYTES ? HEAD_BYTES : most, head->n);
        ssize_t got = input_read(&source->input, head->text + head->n, most - head->n, true, error);
        if (got < 0)
            return -1;
        head->last = got == 0;
        head->n += (size_t) got;
    }
    return 1;
}

int
text_first(struct ingest *in, char delimiter, struct csv *csv, size_t *behind, struct error *error)
{
    struct text_source *source = in->source.state;
    struct chunk *head = &source->head;
    struct error found;
    size_t fed = head->n;
    csv_open(csv, NULL, head->text, fed, delimiter, in->options->max_cell);
    for (;;) {
        int got = csv_read(csv, true, &found);
        *behind = fed - (csv->end - csv->scan);
        if (got < 0) {
            csv_close(csv);
            return error_set(error, STATUS_DATA, "%s:%s", source->input.name, found.text);
        }
        /* The end of a bad record may be far away. */
        if (got == CSV_WAIT && csv->problem[0] != '\0')
            return CSV_BAD;
        /* A LF may follow a CR. */
        bool split = got != CSV_WAIT && *behind == fed && *behind > 0 && head->text[fed - 1] == '\r' && !head->last;
        if (got != CSV_WAIT && !split) {
            *behind += *behind > 0 && *behind < fed && head->text[*behind - 1] == '\r' && head->text[*behind] == '\n';
            return got;
        }
        if (fed > in->options->max_cell + CSV_MAX_RECORD) {
            csv_close(csv);
            return error_set(error, STATUS_DATA, "%s: no record ends in the first %" PRIu64 " bytes",
                             source->input.name, in->options->max_cell + CSV_MAX_RECORD);
        }
        if (text_fetch(source, fed + 1, error) < 0) {
            csv_close(csv);
            return -1;
        }
        if (split) {
            *behind += head->n > fed && head->text[fed] == '\n';
            return got;
        }
        if (head->n == fed)
            csv_feed_end(csv);
        csv_feed(csv, head->text + fed, head->n - fed);
        fed = head->n;
    }
}

char **
text_copy_cells(const struct csv *csv)
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

/* A first record that cannot be skipped, for it may be the header. */
static int
check_first(const char *file, const struct csv *csv, int got, struct error *error)
{
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
    return 0;
}

int
text_names(struct ingest *in, char ***names, size_t *n, size_t *behind, struct error *error)
{
    const struct text_source *source = in->source.state;
    struct csv csv;
    int got = text_first(in, in->delimiter, &csv, behind, error);
    if (got < 0)
        return -1;
    int result = check_first(source->input.name, &csv, got, error);
    if (result == 0) {
        *names = text_copy_cells(&csv);
        *n = csv.n_cells;
    }
    csv_close(&csv);
    return result;
}

void
text_make_names(char **names, size_t n, bool header)
{
    char made_up[32];
    for (size_t i = 0; i < n; i++)
        if (!header || names[i][0] == '\0') {
            snprintf(made_up, sizeof made_up, "c%zu", i + 1);
            free(names[i]);
            names[i] = mem_strdup(made_up);
        }
}

void
text_say_delimiter(const struct ingest *in)
{
    const struct text_source *source = in->source.state;
    if (in->delimiter == '\t')
        ingest_note(in, "%s: delimiter tab", source->input.name);
    else
        ingest_note(in, "%s: delimiter '%c'", source->input.name, in->delimiter);
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
find_model_delimiter(struct ingest *in, struct error *error)
{
    size_t best_found = 0, best_cells = 0, behind;
    char best = text_delimiters[in->decimal == text_delimiters[0]];
    for (size_t i = 0; i < TEXT_DELIMITERS; i++) {
        if (text_delimiters[i] == in->decimal)
            continue;
        struct csv csv;
        bool numbered;
        int got = text_first(in, text_delimiters[i], &csv, &behind, error);
        if (got < 0)
            return -1;
        if (got == CSV_RECORD && csv.n_cells <= CSV_MAX_COLUMNS) {
            size_t n = csv.n_cells;
            char **cells = text_copy_cells(&csv);
            size_t found = model_names(in->model, cells, n, &numbered);
            if (found > best_found || (found == best_found && n > best_cells)) {
                best_found = found;
                best_cells = n;
                best = text_delimiters[i];
            }
            text_free_names(cells, n);
        }
        csv_close(&csv);
    }
    in->delimiter = best;
    text_say_delimiter(in);
    return 0;
}

uint64_t
text_lines(const struct text_source *source, const char *text, size_t n)
{
    uint64_t lines = 0;
    if (source->lines == 0)
        return scan_lines(source->scan, text, n);
    for (size_t i = 0; i < n; i++)
        lines += text[i] == '\n';
    return lines;
}

size_t
text_behind_mark(const struct text_source *source)
{
    const struct chunk *head = &source->head;
    return head->n >= 3 && memcmp(head->text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}

/* Only the first record is looked at, so that rows flow at once. */
static int
open_by_model(struct ingest *in, size_t *at, struct error *error)
{
    struct text_source *source = in->source.state;
    if (in->delimiter == 0 && find_model_delimiter(in, error) < 0)
        return -1;
    if (text_names(in, &source->names, &source->n_names, at, error) < 0)
        return -1;
    bool numbered;
    size_t found = model_names(in->model, source->names, source->n_names, &numbered);
    source->header = in->options->header == HEADER_AUTO ? found > 0 || !numbered : in->options->header == HEADER_YES;
    if (!source->header)
        *at = text_behind_mark(source);
    in->header = source->header ? HEADER_YES : HEADER_NO;
    text_make_names(source->names, source->n_names, source->header);
    return ingest_plan_model(in, source->input.name, source->names, source->n_names, error);
}

/* Reading. */

void
text_begin(struct ingest *in, size_t at)
{
    struct text_source *source = in->source.state;
    struct chunk *head = &source->head;
    chunker_close(&source->chunker);
    chunker_open(&source->chunker, &source->input, source->scan, source->lines == 0,
                 in->options->chunk_bytes > 0 ? in->options->chunk_bytes : CHUNK_BYTES, head->text + at, head->n - at);
    source->line = text_lines(source, head->text, at);
}

/* The columns of another file, which has a header, and where its rows begin. 0, or -1. */
static int
take_header(struct ingest *in, size_t *at, struct error *error)
{
    struct text_source *source = in->source.state;
    size_t n, before = source->n_names;
    char **names;
    if (text_names(in, &names, &n, at, error) < 0)
        return -1;
    text_make_names(names, n, true);
    text_free_names(source->names, source->n_names);
    source->names = names;
    source->n_names = n;
    if (ingest_remap(in, source->input.name, names, n, error) < 0)
        return -1;
    if (!in->by_model && n != before)
        return error_set(error, STATUS_DATA, "%s: the header has %zu columns where the files before have %zu",
                         source->input.name, n, before);
    return 0;
}

/* Looks at the beginning of another file: where its rows begin. 0, or -1. */
static int
find_rows(struct ingest *in, size_t *at, struct error *error)
{
    struct text_source *source = in->source.state;
    struct csv csv;
    if (source->lines == 0 && source->header)
        return take_header(in, at, error);
    if (source->lines != 0) {
        if (text_fetch(source, 3, error) < 0)
            return -1;
    } else {
        /* What is not text is told of here. */
        if (text_first(in, in->delimiter, &csv, at, error) < 0)
            return -1;
        csv_close(&csv);
    }
    *at = text_behind_mark(source);
    return 0;
}

int
text_open_next(struct ingest *in, struct error *error)
{
    struct text_source *source = in->source.state;
    size_t at;
    if (source->next_path == source->n_paths)
        return 0;
    if (source->open)
        input_close(&source->input);
    source->open = false;
    source->head.n = 0;
    source->head.last = false;
    if (input_open(&source->input, source->paths[source->next_path++], error) < 0)
        return -1;
    source->open = true;
    if (input_inflate(&source->input, error) < 0 || find_rows(in, &at, error) < 0)
        return -1;
    text_begin(in, at);
    flow_restart(&source->flow);
    return 1;
}

/* Missing values that are written as numbers, such as -999, which a kernel for numbers does not know. */
static void
find_markers(struct ingest *in)
{
    struct text_source *source = in->source.state;
    double value;
    char decimal = in->decimal != 0 ? in->decimal : '.';
    free(source->markers);
    source->markers = mem_array(in->missing.n, sizeof *source->markers);
    source->n_markers = 0;
    for (size_t i = 0; i < in->missing.n; i++)
        if (number_parse_as(in->missing.texts[i], in->missing.lengths[i], decimal, &value))
            source->markers[source->n_markers++] = (float) value;
}

int
text_open(struct ingest *in, struct input *input, const void *head, size_t n, const char *const *paths, size_t n_paths,
          struct error *error)
{
    struct text_source *source = mem_zalloc(1, sizeof *source);
    *source = (struct text_source){.input = *input, .open = true, .paths = paths, .n_paths = n_paths, .next_path = 1};
    in->source = (struct source){.next = text_next, .free = text_free, .state = source};
    chunk_reserve(&source->head, n < FIRST_BYTES ? FIRST_BYTES : n, 0);
    memcpy(source->head.text, head, n);
    source->head.n = n;
    find_markers(in);
    source->scan = scan_kernels_pick(error);
    source->convert = source->scan != NULL ? convert_kernels_pick(error) : NULL;
    return source->convert == NULL ? -1 : 0;
}

void
text_ready(struct ingest *in, size_t at)
{
    struct text_source *source = in->source.state;
    if (in->decimal == 0)
        in->decimal = '.';
    find_markers(in);
    flow_open(&source->flow, in, in->options->threads > 0 ? (unsigned) in->options->threads : threads_available());
    order_open(in);
    text_begin(in, at);
}

int
ingest_open_text(struct ingest *in, struct input *input, const void *head, size_t n, const char *const *paths,
                 size_t n_paths, struct error *error)
{
    size_t at;
    if (text_open(in, input, head, n, paths, n_paths, error) < 0)
        return -1;
    struct text_source *source = in->source.state;
    source->parse = csv_chunk;
    source->diagnose = text_diagnose;
    if ((in->by_model ? open_by_model : text_sample)(in, &at, error) < 0)
        return -1;
    text_ready(in, at);
    return 0;
}
