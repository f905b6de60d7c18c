/* Arrays as rows: IDX, npy and safetensors, with labels from a second tensor, a second array or a file of text. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "array.h"
#include "idx.h"
#include "inflate.h"
#include "ingest_labels.h"
#include "json.h"
#include "memory.h"
#include "npy.h"
#include "number.h"
#include "safetensors.h"
#include "sniff.h"

enum { CHUNK_VALUES = 1 << 16, SMALL_CODES = 256 };

/* Columns [0, arrays[0].width) are the features; behind them those of the labels. */
struct array_source {
    struct input inputs[2];
    size_t n_inputs;
    struct safetensors tensors[2];
    bool has_tensors[2];
    struct array arrays[2];
    const char *files[2]; /* of each array, for messages */
    size_t n_arrays;
    struct label_text text;
    bool has_text;
    char **names; /* [width] */
    size_t width;

    float *floats;         /* [chunk rows, arrays[0].width] features of the chunk */
    bool floats_fit;       /* none of them is infinite */
    uint64_t chunk, at, n; /* rows that a chunk can hold; row in it; rows in it */
    bool plain;            /* the rows are features of numbers and nothing else */
    bool same;             /* and x has just the columns of the array, in their order */
    uint32_t *small[2];    /* codes of the whole numbers from 0 on, of the columns of c and of the labels */
};

static void
array_free(struct ingest *in)
{
    struct array_source *source = in->source.state;
    if (source->has_text)
        label_text_close(&source->text);
    for (size_t i = 0; i < 2; i++) {
        array_close(&source->arrays[i]);
        if (source->has_tensors[i])
            safetensors_close(&source->tensors[i]);
        free(source->small[i]);
    }
    for (size_t i = 0; i < source->n_inputs; i++)
        input_close(&source->inputs[i]);
    for (size_t i = 0; source->names != NULL && i < source->width; i++)
        free(source->names[i]);
    free(source->names);
    free(source->floats);
    free(source);
}

static int
unequal(const struct array_source *source, uint64_t other, const char *other_file, struct error *error)
{
    return error_set(error, STATUS_DATA, "%s has %" PRIu64 " rows and %s has %" PRIu64, source->files[0],
                     source->arrays[0].n, other_file, other);
}

/* All rows are read: no label may be left. */
static int
check_labels(struct array_source *source, struct error *error)
{
    int got = 0;
    while (source->has_text && (got = label_text_next(&source->text, error)) > 0)
        ;
    if (got == 0 && source->has_text && source->text.records != source->arrays[0].n)
        return unequal(source, source->text.records, source->text.file, error);
    return got;
}

/* The next rows of the arrays. Their number, 0 at the end of all, -1. */
static int64_t
next_chunk(struct array_source *source, struct error *error)
{
    int64_t n = array_next(&source->arrays[0], source->chunk, error);
    if (n >= 0 && source->n_arrays > 1 && array_next(&source->arrays[1], source->chunk, error) < 0)
        return -1;
    if (n == 0)
        return check_labels(source, error);
    if (n > 0)
        source->floats_fit = array_floats(&source->arrays[0], source->floats);
    source->n = n > 0 ? (uint64_t) n : 0;
    source->at = 0;
    return n;
}

/* The number of an array's column in the row in hand. */
static double
value_of(const struct array_source *source, const struct sink *sink)
{
    uint64_t column = (uint64_t) sink->source, width = source->arrays[0].width;
    if (column < width)
        return array_value(&source->arrays[0], source->at * width + column);
    return array_value(&source->arrays[1], source->at * source->arrays[1].width + (column - width));
}

static bool
is_text(const struct array_source *source, const struct sink *sink)
{
    return source->has_text && sink->source >= 0 && (uint64_t) sink->source == source->arrays[0].width;
}

static int
bad_value(struct ingest *in, const struct sink *sink, double value, const char *finding, struct error *error)
{
    struct array_source *source = in->source.state;
    bool second = (uint64_t) sink->source >= source->arrays[0].width;
    char where[512];
    snprintf(where, sizeof where, "%.400s: row %" PRIu64, source->files[second], in->record + 1);
    return ingest_bad(in, where, in->schema.columns[sink->column].name, NULL, error, "%g %s", value, finding);
}

static int
bad_text(struct ingest *in, const struct sink *sink, const char *finding, struct error *error)
{
    const struct label_text *text = &((struct array_source *) in->source.state)->text;
    char where[512], shown[160];
    snprintf(where, sizeof where, "%.400s:%" PRIu64, text->file, text->csv.line);
    return ingest_bad(in, where, in->schema.columns[sink->column].name, NULL, error, "'%s' %s",
                      error_quote(shown, sizeof shown, text->cell, text->n, 40), finding);
}

/* The label of the row as a number. 1, or what ingest_bad() says. */
static int
text_number(struct ingest *in, const struct sink *sink, double *value, struct error *error)
{
    const struct label_text *text = &((struct array_source *) in->source.state)->text;
    const char *s = text->cell;
    size_t n = text->n;
    *value = NAN;
    if (missing_match(&in->missing, s, n))
        return 1;
    if (sink->how == READ_PERCENT && n > 0 && s[n - 1] == '%')
        for (n--; n > 0 && (s[n - 1] == ' ' || s[n - 1] == '\t');)
            n--;
    if (number_parse_as(s, n, in->decimal == ',' ? ',' : '.', value) || missing_dash(&in->missing, s, n))
        return 1;
    return bad_text(in, sink, "is not a number as the others are", error);
}

/* NaN is a missing value; an infinity, here or in 32 bits, is a mistake. 1; or what ingest_bad() says. */
static int
read_numbers(struct ingest *in, const struct sinks *sinks, float *to, struct error *error)
{
    const struct array_source *source = in->source.state;
    for (size_t i = 0; i < sinks->n; i++) {
        const struct sink *sink = &sinks->items[i];
        double value = NAN;
        if (is_text(source, sink)) {
            int got = text_number(in, sink, &value, error);
            if (got != 1)
                return got;
            to[i] = (float) value;
            if (isinf(to[i]))
                return bad_text(in, sink, "is out of the range of a 32-bit float", error);
            continue;
        }
        if (sink->source != SINK_NONE)
            value = value_of(source, sink);
        to[i] = (float) value;
        if (isinf(to[i]))
            return bad_value(in, sink, value, "is out of the range of a 32-bit float", error);
    }
    return 1;
}

/* The features of the row, of which the floats are there already. */
static void
copy_numbers(const struct array_source *source, const struct sinks *sinks, uint64_t row, float *to)
{
    const float *from = source->floats + row * source->arrays[0].width;
    if (source->same) {
        memcpy(to, from, sinks->n * sizeof *to);
        return;
    }
    for (size_t i = 0; i < sinks->n; i++)
        to[i] = sinks->items[i].source == SINK_NONE ? NAN : from[sinks->items[i].source];
}

/* Code of a category's or class's text. 0 when there is none; -1. */
static int64_t
code_of(struct ingest *in, const struct sink *sink, const char *s, size_t n, struct error *error)
{
    const struct array_source *source = in->source.state;
    struct column *column = &in->schema.columns[sink->column];
    if (sink->how == READ_HASH)
        return 1 + (int64_t) (XXH3_64bits(s, n) & ((1U << sink->bits) - 1));
    uint32_t code = dict_find(&column->dict, s, n);
    if (code != 0)
        return code;
    if (column->dict.n < (sink->two ? 2 : sink->most))
        return dict_add(&column->dict, s, n);
    if (in->by_model)
        return 0;
    char where[512];
    if (is_text(source, sink))
        snprintf(where, sizeof where, "%.400s:%" PRIu64, source->text.file, source->text.csv.line);
    else
        snprintf(where, sizeof where, "%.400s: row %" PRIu64, source->files[0], in->record + 1);
    return ingest_too_many(in, where, sink, error);
}

/* A class or category is the shortest decimal of its number: 7, -1, 0.5. small: codes that are known by then. */
static int64_t
code_of_number(struct ingest *in, const struct sink *sink, double value, uint32_t *small, struct error *error)
{
    char text[32];
    if (isnan(value))
        return 0;
    /* -0 is another text than 0. */
    bool is_small = value >= 0 && value < SMALL_CODES && value == (double) (int) value && !signbit(value);
    if (is_small && small[(int) value] != 0)
        return small[(int) value];
    size_t n = (size_t) format_double(text, value);
    int64_t code = code_of(in, sink, text, n, error);
    if (code > 0 && is_small)
        small[(int) value] = (uint32_t) code;
    return code;
}

static int
read_codes(struct ingest *in, const struct sinks *sinks, uint32_t *small, uint32_t *to, struct error *error)
{
    const struct array_source *source = in->source.state;
    for (size_t i = 0; i < sinks->n; i++) {
        const struct sink *sink = &sinks->items[i];
        int64_t code = 0;
        if (is_text(source, sink)) {
            if (!missing_match(&in->missing, source->text.cell, source->text.n))
                code = code_of(in, sink, source->text.cell, source->text.n, error);
        } else if (sink->source != SINK_NONE) {
            code = code_of_number(in, sink, value_of(source, sink), small + i * SMALL_CODES, error);
        }
        if (code < 0)
            return -1;
        to[i] = (uint32_t) code;
    }
    return 1;
}

/* What can be said against a label of text before any code is given. */
static int
check_text(struct ingest *in, struct error *error)
{
    const struct array_source *source = in->source.state;
    size_t at;
    for (size_t i = 0; i < in->label.n; i++)
        if (is_text(source, &in->label.items[i]) && !utf8_valid(source->text.cell, source->text.n, &at))
            return bad_text(in, &in->label.items[i], "is not valid UTF-8", error);
    return 1;
}

static int
add_row(struct ingest *in, struct error *error)
{
    struct array_source *source = in->source.state;
    struct batch *batch = &in->batch;
    uint64_t row = batch->n;
    int got = 1;
    if (source->has_text) {
        got = label_text_next(&source->text, error);
        if (got == 0)
            return unequal(source, source->text.records, source->text.file, error);
    }
    if (got == 1 && in->x.n > 0) {
        float *x = batch->x + row * in->x.n;
        if (source->floats_fit)
            copy_numbers(source, &in->x, source->at, x);
        else
            got = read_numbers(in, &in->x, x, error);
    }
    if (got == 1 && in->y.n > 0)
        got = read_numbers(in, &in->y, batch->y + row * in->y.n, error);
    if (got == 1 && in->w.n > 0) {
        got = read_numbers(in, &in->w, batch->w + row, error);
        if (got == 1 && !(batch->w[row] >= 0))
            got = bad_value(in, &in->w.items[0], batch->w[row], "is no weight: a number from 0 on is wanted", error);
    }
    if (got == 1 && source->has_text)
        got = check_text(in, error);
    if (got == 1 && in->c.n > 0)
        got = read_codes(in, &in->c, source->small[0], batch->c + row * in->c.n, error);
    if (got == 1 && in->label.n > 0)
        got = read_codes(in, &in->label, source->small[1], batch->label + row * in->label.n, error);
    if (got == 1)
        ingest_row_done(in);
    return got < 0 ? -1 : 0;
}

/* As many rows of features as fit, at once. */
static void
add_plain_rows(struct ingest *in)
{
    struct array_source *source = in->source.state;
    uint64_t n = source->n - source->at, room = in->cap_rows - in->batch.n;
    n = n < room ? n : room;
    float *x = in->batch.x + in->batch.n * in->x.n;
    if (source->same)
        memcpy(x, source->floats + source->at * in->x.n, n * in->x.n * sizeof *x);
    else
        for (uint64_t i = 0; i < n; i++)
            copy_numbers(source, &in->x, source->at + i, x + i * in->x.n);
    for (uint64_t i = 0; i < n; i++)
        ingest_row_done(in);
    source->at += n;
}

static int
array_read_rows(struct ingest *in, struct error *error)
{
    struct array_source *source = in->source.state;
    while (!ingest_full(in)) {
        if (source->at == source->n) {
            int64_t n = next_chunk(source, error);
            if (n <= 0)
                return (int) n;
        }
        if (source->plain && source->floats_fit) {
            add_plain_rows(in);
            continue;
        }
        if (add_row(in, error) < 0)
            return -1;
        source->at++;
    }
    return 1;
}

/* Opening. */

/* x0, x1, ... and for the labels: the name of a column of text; else `label`, or y0, y1, ... */
static void
make_names(struct array_source *source)
{
    char name[32];
    uint64_t features = source->arrays[0].width;
    uint64_t labels = source->has_text ? 1 : source->n_arrays > 1 ? source->arrays[1].width : 0;
    source->width = features + labels;
    source->names = mem_array(source->width, sizeof *source->names);
    for (uint64_t i = 0; i < source->width; i++) {
        if (i < features)
            snprintf(name, sizeof name, "x%" PRIu64, i);
        else if (labels == 1)
            snprintf(name, sizeof name, "label");
        else
            snprintf(name, sizeof name, "y%" PRIu64, i - features);
        source->names[i] = mem_strdup(i >= features && source->has_text ? source->text.name : name);
    }
}

/* Types other than numbers and categories, roles that want the text of a cell, and how text is read, are for text. */
static int
check_options(const struct ingest *in, const struct array_source *source, struct error *error)
{
    const struct ingest_options *options = in->options;
    bool text = source->has_text;
    const char *option = !text && options->delimiter != NULL       ? "-d"
                         : !text && options->header != HEADER_AUTO ? "--header"
                         : !text && options->missing != NULL       ? "--missing"
                         : !text && options->decimal != NULL       ? "--decimal"
                         : in->carry.n > 0                         ? "--carry"
                         : options->new_columns == NEW_KEEP        ? "--new-columns keep"
                                                                   : NULL;
    if (option != NULL)
        return error_set(error, STATUS_USAGE, "%s is for text, and %s is an array", option, source->files[0]);
    if (in->by_model)
        return 0;
    if (source->n_arrays > 1 && in->labels.n > 0)
        return error_set(error, STATUS_USAGE, "-y does not go with %s, which holds the labels",
                         source->n_inputs > 1 ? "a second file" : "a second tensor");
    for (size_t i = 0; i < in->types.n; i++)
        if (strcmp(in->types.words[i], "text") == 0 || strcmp(in->types.words[i], "time") == 0)
            return error_set(error, STATUS_USAGE, "--types %s: the columns of an array are num or cat",
                             in->types.words[i]);
    for (size_t i = 0; i < in->roles.n; i++)
        if (strcmp(in->roles.words[i], "feature") != 0 && strcmp(in->roles.words[i], "label") != 0 &&
            strcmp(in->roles.words[i], "weight") != 0)
            return error_set(error, STATUS_USAGE, "--role %s wants text, and %s is an array", in->roles.words[i],
                             source->files[0]);
    return 0;
}

/* A column of a label of text can only be the label. */
static int
check_sinks(const struct ingest *in, const struct array_source *source, struct error *error)
{
    const struct sinks *const lists[] = {&in->x, &in->c, &in->w};
    for (size_t k = 0; k < 3; k++)
        for (size_t i = 0; i < lists[k]->n; i++) {
            const struct sink *sink = &lists[k]->items[i];
            if (sink->how == READ_PART)
                return error_set(error, STATUS_DATA, "%s is an array, but the %s has columns of dates",
                                 source->files[0], ingest_by(in));
            if (is_text(source, sink))
                return error_set(error, STATUS_USAGE, "column '%s' of %s can only be the label",
                                 source->names[sink->source], source->text.file);
        }
    return 0;
}

static int
plan(struct ingest *in, struct array_source *source, struct error *error)
{
    const char *file = source->files[0];
    if (in->by_model) {
        if (ingest_plan_model(in, file, source->names, source->width, error) < 0)
            return -1;
        if (in->time.n + in->group.n + in->id.n + in->text.n > 0)
            return error_set(error, STATUS_DATA, "%s is an array, but the %s has columns of text", file, ingest_by(in));
        return check_sinks(in, source, error);
    }
    /* All numbers, with more than two values as far as anyone knows. */
    struct infer_column *stats = mem_zalloc(source->width, sizeof *stats);
    for (size_t i = 0; i < source->width; i++)
        stats[i] = (struct infer_column){.values = 1, .numbers = 1, .n_distinct = INFER_DISTINCT};
    if (source->has_text)
        stats[source->width - 1] = source->text.stats[0];
    struct plan_source by = {
        .file = file,
        .names = source->names,
        .n = source->width,
        .stats = stats,
        .whole = source->has_text && source->text.whole,
        .n_labels = source->width - source->arrays[0].width,
        .integers = !source->has_text && array_is_integer(&source->arrays[source->n_arrays - 1]),
    };
    int result = ingest_plan(in, &by, error);
    free(stats);
    return result < 0 ? -1 : check_sinks(in, source, error);
}

/* Opens an input as an array, or as two if it has two tensors and there is room for them. Returns how many; -1. */
static int
open_arrays(struct array_source *source, size_t at, int format, const char *tensor, const void *head, size_t n,
            struct error *error)
{
    struct input *input = &source->inputs[source->n_inputs - 1];
    struct array *array = &source->arrays[at];
    source->files[at] = input->name;
    if (format == INGEST_NPY || format == INGEST_IDX) {
        if (tensor != NULL && at == 0)
            return error_set(error, STATUS_USAGE, "--tensor is for safetensors, and %s is one array", input->name);
        return (format == INGEST_NPY ? npy_open : idx_open)(array, input, head, n, error) < 0 ? -1 : 1;
    }
    struct safetensors *tensors = &source->tensors[at];
    size_t which[2], n_which;
    source->has_tensors[at] = true;
    if (safetensors_open(tensors, input, head, n, error) < 0 ||
        safetensors_choose(tensors, tensor, which, &n_which, error) < 0)
        return -1;
    if (n_which > 2 - at)
        return error_set(error, STATUS_USAGE, "%s holds the labels of %s: one tensor of it is wanted", input->name,
                         source->files[0]);
    source->files[at + n_which - 1] = input->name;
    return safetensors_arrays(tensors, which, n_which, array, error) < 0 ? -1 : (int) n_which;
}

/* The first bytes of a file, as many as tell its format. */
static int
look(struct input *input, uint8_t *head, size_t *n, struct error *error)
{
    bool last = false;
    int format;
    *n = 0;
    do {
        ssize_t got = input_read(input, head + *n, SNIFF_BYTES - *n, true, error);
        if (got < 0)
            return -1;
        last = got == 0;
        *n += (size_t) got;
        format = *n == 0 ? error_set(error, STATUS_DATA, "%s is empty", input->name)
                         : format_sniff(head, *n, last, input->name, error);
    } while (format == INGEST_AUTO);
    return format;
}

/* The second file: an array, or text. */
static int
open_labels(struct ingest *in, struct array_source *source, const char *path, struct error *error)
{
    struct input *input = &source->inputs[1];
    if (input_open(input, path, error) < 0)
        return -1;
    source->n_inputs = 2;
    if (input_inflate(input, error) < 0)
        return -1;
    uint8_t *head = mem_alloc(SNIFF_BYTES);
    size_t n;
    int format = look(input, head, &n, error), result = -1;
    if (format == INGEST_CSV) {
        source->has_text = true;
        source->files[1] = input->name;
        result = label_text_open(&source->text, in, input, head, n, source->arrays[0].n, error);
    } else if (format == INGEST_JSONL || format == INGEST_LIBSVM || format == INGEST_FRAMES) {
        error_set(error, STATUS_DATA, "%s is %s, and labels are read from an array or from CSV", input->name,
                  format_name(format));
    } else if (format >= 0) {
        result = open_arrays(source, 1, format, NULL, head, n, error);
        source->n_arrays = 2;
    }
    free(head);
    return result < 0 ? -1 : 0;
}

/* What the rows are made of, so that the common cases are copies. */
static void
prepare(struct ingest *in, struct array_source *source)
{
    uint64_t width = source->arrays[0].width, most = width;
    if (source->n_arrays > 1 && source->arrays[1].width > most)
        most = source->arrays[1].width;
    source->chunk = CHUNK_VALUES / most > 0 ? CHUNK_VALUES / most : 1;
    source->floats = mem_aligned(source->chunk * width * sizeof *source->floats);
    source->plain = !source->has_text && in->x.n > 0 && in->c.n + in->y.n + in->label.n + in->w.n == 0;
    source->same = in->x.n == width;
    for (size_t i = 0; i < in->x.n; i++)
        source->same = source->same && in->x.items[i].source == (int64_t) i;
    source->small[0] = mem_zalloc(in->c.n * SMALL_CODES, sizeof *source->small[0]);
    source->small[1] = mem_zalloc(in->label.n * SMALL_CODES, sizeof *source->small[1]);
}

int
ingest_open_array(struct ingest *in, struct input *input, const void *head, size_t n, const char *const *paths,
                  size_t n_paths, struct error *error)
{
    struct array_source *source = mem_zalloc(1, sizeof *source);
    in->source = (struct source){.read = array_read_rows, .free = array_free, .state = source};
    source->inputs[0] = *input;
    source->n_inputs = 1;
    int format = in->options->format;
    if (format == INGEST_AUTO)
        format = format_sniff(head, n, true, input->name, error);
    if (format < 0)
        return -1;
    if (n_paths > 2)
        return error_set(error, STATUS_USAGE, "arrays are read from one file, or from two: features and labels");
    int got = open_arrays(source, 0, format, in->options->tensor, head, n, error);
    if (got < 0)
        return -1;
    source->n_arrays = (size_t) got;
    if (n_paths == 2 && got == 2)
        return error_set(error, STATUS_USAGE,
                         "%s holds two tensors, features and labels: leave %s out, or choose one "
                         "(--tensor NAME)",
                         source->files[0], paths[1]);
    const struct array *features = &source->arrays[0], *labels = &source->arrays[1];
    if (features->n == 0 || features->width == 0)
        return error_set(error, STATUS_DATA, "%s holds no values", source->files[0]);
    if (n_paths == 2 && open_labels(in, source, paths[1], error) < 0)
        return -1;
    if (source->n_arrays == 2 && features->n != labels->n)
        return unequal(source, labels->n, source->files[1], error);
    if (source->n_arrays == 2 && labels->width == 0)
        return error_set(error, STATUS_DATA, "%s holds no values", source->files[1]);
    make_names(source);
    if (check_options(in, source, error) < 0 || plan(in, source, error) < 0)
        return -1;
    prepare(in, source);
    return 0;
}
