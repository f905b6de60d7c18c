#include "ingest.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "inflate.h"
#include "ingest_lag.h"
#include "ingest_parts.h"
#include "memory.h"
#include "schema_json.h"
#include "sniff.h"

enum { FRAME_BYTES = 1 << 20, FRAME_ROWS = 1 << 17, FRAME_BYTES_MOST = 512 << 20, BAD_TOLD = 10 };

static void __attribute__((format(printf, 2, 0))) say(void (*to)(const char *), const char *format, va_list args)
{
    char sentence[1024];
    vsnprintf(sentence, sizeof sentence, format, args);
    to(sentence);
}

void
ingest_warn(const struct ingest *in, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (in->options->warn != NULL)
        say(in->options->warn, format, args);
    va_end(args);
}

void
ingest_note(const struct ingest *in, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (in->options->note != NULL)
        say(in->options->note, format, args);
    va_end(args);
}

static int
parse_bad_rows(struct ingest *in, const char *text, struct error *error)
{
    double share;
    if (text == NULL || strcmp(text, "fail") == 0) {
        in->bad_policy = BAD_FAIL;
    } else if (strcmp(text, "skip") == 0) {
        in->bad_policy = BAD_SKIP;
    } else if (parse_u64(text, &in->bad_limit)) {
        in->bad_policy = BAD_COUNT;
    } else if (parse_double(text, &share) && share > 0 && share < 1) {
        in->bad_policy = BAD_SHARE;
        in->bad_share = share;
    } else {
        return error_set(error, STATUS_USAGE, "--bad-rows is fail, skip, a count or a share between 0 and 1, not '%s'",
                         text);
    }
    return 0;
}

static int
parse_delimiter(struct ingest *in, const char *text, struct error *error)
{
    if (in->options->format == INGEST_TSV)
        in->delimiter = '\t';
    if (text == NULL)
        return 0;
    if (strcmp(text, "tab") == 0 || strcmp(text, "\\t") == 0)
        text = "\t";
    bool one = text[0] != '\0' && text[1] == '\0';
    if (!one || strchr("\"\r\n", text[0]) != NULL || (text[0] & 0x80) != 0)
        return error_set(error, STATUS_USAGE,
                         "the delimiter (-d) is one ASCII character other than a quote or a line end, or 'tab'");
    if (in->options->format == INGEST_TSV && text[0] != '\t')
        return error_set(error, STATUS_USAGE, "-f tsv has tabs between cells: leave -d out, or use -f csv");
    in->delimiter = text[0];
    return 0;
}

static int
parse_decimal(struct ingest *in, const char *text, struct error *error)
{
    if (text == NULL)
        return 0;
    if (strcmp(text, ".") != 0 && strcmp(text, ",") != 0)
        return error_set(error, STATUS_USAGE, "--decimal is . or , not '%s'", text);
    in->decimal = text[0];
    return 0;
}

/* With a model, columns are what they were in training; --types and --role are for those it does not have. */
static int
check_model_options(const struct ingest_options *options, struct error *error)
{
    const char *option = options->keep.n > 0          ? "--keep"
                         : options->drop.n > 0        ? "--drop"
                         : options->task != TASK_NONE ? "--task"
                         : options->dates != 0        ? "--dates"
                         : options->lag.n > 0         ? "--lag"
                                                      : NULL;
    if (option == NULL)
        return 0;
    return error_set(error, STATUS_USAGE, "%s does not go with %s: the %s says what the columns are", option,
                     options->by_schema ? "--schema" : "-m", options->by_schema ? "schema" : "model");
}

/* What says which rows belong together may come with rows later; what is learned from may not. */
static int
check_model_roles(const struct ingest *in, struct error *error)
{
    const bool by_schema = in->options->by_schema;
    for (size_t i = 0; in->options->by_model && i < in->roles.n; i++)
        if (strcmp(in->roles.words[i], "id") != 0 && strcmp(in->roles.words[i], "group") != 0)
            return error_set(error, STATUS_USAGE,
                             "--role %s does not go with %s: the %s says what the columns are (id and group do, for "
                             "columns that it does not have)",
                             in->roles.words[i], by_schema ? "--schema" : "-m", by_schema ? "schema" : "model");
    return 0;
}

struct ingest *
ingest_new(const struct ingest_options *options, struct error *error)
{
    struct ingest *in = mem_zalloc(1, sizeof *in);
    in->options = options;
    missing_open(&in->missing, options->missing != NULL ? options->missing : MISSING_DEFAULT);
    const char *label[] = {options->label};
    struct option_list labels = {.values = label, .n = options->label != NULL};
    if ((options->by_model && check_model_options(options, error) < 0) ||
        parse_bad_rows(in, options->bad_rows, error) < 0 || parse_delimiter(in, options->delimiter, error) < 0 ||
        parse_decimal(in, options->decimal, error) < 0 ||
        name_list_open(&in->labels, &labels, false, "-y", error) < 0 ||
        name_list_open(&in->drop, &options->drop, false, "--drop", error) < 0 ||
        name_list_open(&in->keep, &options->keep, false, "--keep", error) < 0 ||
        name_list_open(&in->carry, &options->carry, false, "--carry", error) < 0 ||
        name_list_open(&in->types, &options->types, true, "--types", error) < 0 ||
        name_list_open(&in->roles, &options->roles, true, "--role", error) < 0 || ingest_check_words(in, error) < 0 ||
        check_model_roles(in, error) < 0 || lag_names(in, error) < 0) {
        ingest_free(in);
        return NULL;
    }
    if (options->label != NULL && in->labels.n == 0) {
        error_set(error, STATUS_USAGE, "-y wants the name of a column, not ''");
        ingest_free(in);
        return NULL;
    }
    return in;
}

/* Reads as many first bytes as say which format it is. They are added to head[0 .. *n); the format, or -1. */
static int
sniff(struct ingest *in, struct input *input, uint8_t *head, size_t *n, struct error *error)
{
    for (;;) {
        ssize_t got = input_read(input, head + *n, SNIFF_BYTES - *n, true, error);
        if (got < 0)
            return -1;
        *n += (size_t) got;
        if (*n == 0)
            return error_set(error, STATUS_DATA, "%s is empty", input->name);
        if (in->options->format != INGEST_AUTO)
            return in->options->format;
        int format = format_sniff(head, *n, got == 0, input->name, error);
        if (format == INGEST_AUTO)
            continue;
        if (format > 0)
            ingest_note(in, "%s: format %s%s%s", input->name, format_name(format),
                        input_codec(input) != NULL ? ", compressed with " : "",
                        input_codec(input) != NULL ? input_codec(input) : "");
        return format;
    }
}

/* Options that are for other formats. */
static int
check_format_options(const struct ingest *in, int format, const char *name, struct error *error)
{
    const struct ingest_options *options = in->options;
    const bool lines = format == INGEST_JSONL || format == INGEST_LIBSVM;
    const bool cells = format == INGEST_CSV || format == INGEST_TSV;
    if (options->tensor != NULL && (lines || cells))
        return error_set(error, STATUS_USAGE, "--tensor is for safetensors files, and %s is %s", name,
                         format_name(format));
    const bool texts = cells || format == INGEST_JSONL || format == INGEST_FRAMES;
    if (options->dates != DATES_ISO && !texts)
        return error_set(error, STATUS_USAGE, "--dates is for dates, and %s, which is %s, has none", name,
                         format_name(format));
    if (options->missing != NULL && format == INGEST_LIBSVM)
        return error_set(error, STATUS_USAGE, "--missing is for text, and %s is libsvm, where nan is missing", name);
    return 0;
}

int
ingest_open(struct ingest *in, const struct schema *model, const char *const *paths, size_t n_paths,
            struct error *error)
{
    static const char *const standard[] = {"-"};
    in->model = model;
    in->by_model = model != NULL;
    if (n_paths == 0) {
        paths = standard;
        n_paths = 1;
    }
    struct input input;
    if (input_open(&input, paths[0], error) < 0)
        return -1;
    if (n_paths == 1)
        in->file = mem_strdup(input.name);
    uint8_t *head = mem_alloc(SNIFF_BYTES);
    size_t n = 0;
    int format = input_inflate(&input, error) < 0 ? -1 : sniff(in, &input, head, &n, error), result = -1;
    if (format != -1 && check_format_options(in, format, input.name, error) < 0)
        format = -1;
    in->format = format;
    switch (format) {
    case -1:
        input_close(&input);
        break;
    case INGEST_IDX:
    case INGEST_NPY:
    case INGEST_SAFETENSORS:
        result = ingest_open_array(in, &input, head, n, paths, n_paths, error);
        break;
    case INGEST_FRAMES:
        result = ingest_open_frames(in, &input, head, n, paths, n_paths, error);
        break;
    case INGEST_JSONL:
    case INGEST_LIBSVM:
        result = ingest_open_lines(in, format, &input, head, n, paths, n_paths, error);
        break;
    default:
        result = ingest_open_text(in, &input, head, n, paths, n_paths, error);
        break;
    }
    free(head);
    return result < 0 ? result : lag_open(in, error);
}

const struct schema *
ingest_schema(const struct ingest *in)
{
    return &in->schema;
}

void
ingest_reading(struct ingest *in, struct schema_reading *reading)
{
    *reading = (struct schema_reading){.format = format_name(in->format)};
    if (in->format != INGEST_CSV && in->format != INGEST_TSV)
        return;
    in->texts[0] = in->delimiter;
    reading->delimiter = in->delimiter == '\t' ? "tab" : in->texts;
    reading->header = in->header == HEADER_AUTO ? NULL : in->header == HEADER_YES ? "yes" : "no";
    reading->decimal = in->decimal == ',' ? "," : ".";
    reading->missing = in->options->missing != NULL ? in->options->missing : MISSING_DEFAULT;
}

uint64_t
ingest_records(const struct ingest *in)
{
    return in->record;
}

/* A tensor of the batch; NULL when no column needs it, so that the stream has none. */
static void *
tensor(uint64_t rows, size_t width, size_t size)
{
    return width == 0 ? NULL : mem_aligned(rows * width * size);
}

void
ingest_ready(struct ingest *in)
{
    struct schema *schema = &in->schema;
    schema_count(schema);
    in->row_bytes = 4 * (uint64_t) (in->x.n + in->c.n + in->y.n + in->label.n + in->w.n) +
                    8 * (uint64_t) (in->time.n + in->group.n + in->id.n + in->text.n);
    uint64_t row_bytes = in->row_bytes > 0 ? in->row_bytes : 1;
    in->cap_rows = in->options->frame_rows;
    if (in->cap_rows == 0)
        in->cap_rows = FRAME_BYTES / row_bytes < FRAME_ROWS ? FRAME_BYTES / row_bytes : FRAME_ROWS;
    if (in->cap_rows > FRAME_BYTES_MOST / row_bytes)
        in->cap_rows = FRAME_BYTES_MOST / row_bytes;
    if (in->cap_rows == 0)
        in->cap_rows = 1;
    uint64_t rows = in->cap_rows;
    struct batch *batch = &in->batch;
    *batch = (struct batch){.schema = schema};
    batch->x = tensor(rows, in->x.n, sizeof *batch->x);
    batch->c = tensor(rows, in->c.n, sizeof *batch->c);
    batch->y = tensor(rows, in->y.n, sizeof *batch->y);
    batch->label = tensor(rows, in->label.n, sizeof *batch->label);
    batch->w = tensor(rows, in->w.n, sizeof *batch->w);
    batch->time = tensor(rows, in->time.n, sizeof *batch->time);
    batch->group = tensor(rows, in->group.n, sizeof *batch->group);
    batch->id = tensor(rows, in->id.n, sizeof *batch->id);
    in->rowno = tensor(rows, 1, sizeof *in->rowno);
    batch->n_text = (uint32_t) in->text.n;
    batch->text = mem_zalloc(in->text.n, sizeof *batch->text);
    in->cap_text = mem_zalloc(in->text.n, sizeof *in->cap_text);
    for (size_t i = 0; i < in->text.n; i++) {
        batch->text[i].name = schema->columns[in->text.items[i].column].name;
        batch->text[i].at = mem_zalloc(rows + 1, sizeof(uint64_t));
    }
}

bool
ingest_full(const struct ingest *in)
{
    const struct batch *batch = &in->batch;
    return batch->n >= in->cap_rows ||
           (in->options->frame_rows == 0 && batch->n * in->row_bytes + in->text_bytes >= FRAME_BYTES);
}

void
ingest_row_done(struct ingest *in)
{
    in->rowno[in->batch.n++] = in->record++;
}

int
ingest_bad(struct ingest *in, const char *where, const char *column, const char *way_out, struct error *error,
           const char *format, ...)
{
    char finding[512], name[96], place[160] = "";
    va_list args;
    va_start(args, format);
    vsnprintf(finding, sizeof finding, format, args);
    va_end(args);
    if (column != NULL)
        snprintf(place, sizeof place, "column '%s': ", error_quote(name, sizeof name, column, strlen(column), 60));
    in->record++;
    in->n_bad++;
    if (in->bad_policy == BAD_FAIL)
        return error_set(error, STATUS_DATA, "%s: %s%s (%s%suse --bad-rows skip to drop such rows)", where, place,
                         finding, way_out != NULL ? way_out : "", way_out != NULL ? "; or " : "");
    if (in->bad_policy == BAD_COUNT && in->n_bad > in->bad_limit)
        return error_set(error, STATUS_DATA, "%s: %s%s (bad row number %" PRIu64 ": over the limit of --bad-rows)",
                         where, place, finding, in->n_bad);
    if (in->n_bad <= BAD_TOLD)
        ingest_warn(in, "%s: %s%s (row skipped)", where, place, finding);
    return 0;
}

bool
ingest_bad_matters(const struct ingest *in)
{
    return in->bad_policy == BAD_FAIL || in->n_bad < BAD_TOLD ||
           (in->bad_policy == BAD_COUNT && in->n_bad >= in->bad_limit);
}

/* All has been read: is it what was expected? */
static int
finish(struct ingest *in, struct error *error)
{
    const struct ingest_options *options = in->options;
    if (in->n_bad > 0)
        ingest_warn(in, "%" PRIu64 " of %" PRIu64 " records skipped as bad%s", in->n_bad, in->record,
                    in->n_bad > BAD_TOLD ? "; the first ten were told" : "");
    if (in->bad_policy == BAD_SHARE && (double) in->n_bad > in->bad_share * (double) in->record)
        return error_set(error, STATUS_DATA,
                         "%" PRIu64 " of %" PRIu64 " records are bad, more than the share %g of --bad-rows", in->n_bad,
                         in->record, in->bad_share);
    if (in->record == 0)
        return error_set(error, STATUS_DATA, "%s%sno records follow the header", in->file != NULL ? in->file : "",
                         in->file != NULL ? ": " : "");
    if (in->n_bad == in->record)
        return error_set(error, STATUS_DATA, "none of the %" PRIu64 " records can be used", in->record);
    if (options->expect_given && in->record != options->expect_rows)
        return error_set(error, STATUS_DATA, "%" PRIu64 " records came where --expect-rows wants %" PRIu64, in->record,
                         options->expect_rows);
    return 0;
}

int
ingest_read(struct ingest *in, struct batch *batch, struct error *error)
{
    if (in->source.next != NULL) {
        int got = in->source.next(in, batch, error);
        if (got > 0)
            lag_rows(in, batch);
        return got != 0 ? got : finish(in, error);
    }
    in->batch.n = 0;
    in->text_bytes = 0;
    if (in->source.read(in, error) < 0)
        return -1;
    uint64_t n = in->batch.n;
    if (n == 0)
        return finish(in, error);
    in->batch.row = in->rowno[0];
    in->batch.rowno = in->rowno[n - 1] - in->rowno[0] == n - 1 ? NULL : in->rowno;
    *batch = in->batch;
    lag_rows(in, batch);
    return 1;
}

void
ingest_free(struct ingest *in)
{
    if (in == NULL)
        return;
    if (in->source.free != NULL)
        in->source.free(in);
    lag_close(in);
    struct sinks *const sinks[] = {&in->x,    &in->c,     &in->y,  &in->label, &in->w,
                                   &in->time, &in->group, &in->id, &in->text};
    for (size_t i = 0; i < sizeof sinks / sizeof *sinks; i++)
        free(sinks[i]->items);
    struct name_list *const lists[] = {&in->labels, &in->drop, &in->keep, &in->carry, &in->types, &in->roles, &in->lag};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        name_list_close(lists[i]);
    struct batch *batch = &in->batch;
    void *const tensors[] = {batch->x, batch->c,    batch->y,     batch->label,
                             batch->w, batch->time, batch->group, batch->id};
    for (size_t i = 0; i < sizeof tensors / sizeof *tensors; i++)
        free(tensors[i]);
    for (uint32_t i = 0; i < batch->n_text; i++) {
        free(batch->text[i].at);
        free(batch->text[i].bytes);
    }
    free(batch->text);
    free(in->cap_text);
    free(in->rowno);
    free(in->file);
    missing_close(&in->missing);
    schema_free(&in->schema);
    free(in);
}
