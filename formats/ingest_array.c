#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "idx.h"
#include "ingest_parts.h"
#include "json.h"
#include "memory.h"
#include "npy.h"

enum { CHUNK_VALUES = 1 << 16 };

/* Features, and the labels of a second file: columns [0, features.width) and those behind. */
struct array_source {
    struct input inputs[2];
    struct array arrays[2];
    size_t n_files;
    char **names;          /* [width] */
    size_t width;          /* of both together */
    double *values[2];     /* [chunk, arrays[i].width] */
    uint64_t chunk, at, n; /* rows a chunk can hold; row in it; rows in it */
};

static void
array_free(struct ingest *in)
{
    struct array_source *source = in->source.state;
    for (size_t i = 0; i < source->n_files; i++) {
        array_close(&source->arrays[i]);
        input_close(&source->inputs[i]);
        free(source->values[i]);
    }
    for (size_t i = 0; source->names != NULL && i < source->width; i++)
        free(source->names[i]);
    free(source->names);
    free(source);
}

/* The next rows of both files. Their number, 0 at the end of both, -1. */
static int64_t
next_chunk(struct array_source *source, struct error *error)
{
    int64_t n = array_read(&source->arrays[0], source->values[0], source->chunk, error);
    if (n < 0 || source->n_files == 1)
        return n;
    int64_t more = array_read(&source->arrays[1], source->values[1], source->chunk, error);
    return more < 0 ? -1 : n;
}

static double
value_of(const struct array_source *source, const struct sink *sink)
{
    uint64_t column = (uint64_t) sink->source, width = source->arrays[0].width;
    return column < width ? source->values[0][source->at * width + column]
                          : source->values[1][source->at * source->arrays[1].width + (column - width)];
}

static int
bad_value(struct ingest *in, const struct sink *sink, double value, const char *finding, struct error *error)
{
    struct array_source *source = in->source.state;
    bool second = (uint64_t) sink->source >= source->arrays[0].width;
    char where[512];
    snprintf(where, sizeof where, "%.400s: row %" PRIu64, source->inputs[second].name, in->record + 1);
    return ingest_bad(in, where, in->schema.columns[sink->column].name, NULL, error, "%g %s", value, finding);
}

/* NaN is a missing value; an infinity, here or in 32 bits, is a mistake. 1; or what ingest_bad() says. */
static int
read_numbers(struct ingest *in, const struct sinks *sinks, float *to, struct error *error)
{
    const struct array_source *source = in->source.state;
    for (size_t i = 0; i < sinks->n; i++) {
        const struct sink *sink = &sinks->items[i];
        double value = sink->source == SINK_NONE ? NAN : value_of(source, sink);
        to[i] = (float) value;
        if (isinf(to[i]))
            return bad_value(in, sink, value, "is out of the range of a 32-bit float", error);
    }
    return 1;
}

/* A class or category is the shortest decimal of its number: 7, -1, 0.5. */
static int
read_codes(struct ingest *in, const struct sinks *sinks, uint32_t *to, struct error *error)
{
    const struct array_source *source = in->source.state;
    char text[32];
    for (size_t i = 0; i < sinks->n; i++) {
        const struct sink *sink = &sinks->items[i];
        to[i] = 0;
        double value = sink->source == SINK_NONE ? NAN : value_of(source, sink);
        if (isnan(value))
            continue;
        size_t n = (size_t) format_double(text, value);
        struct column *column = &in->schema.columns[sink->column];
        to[i] = dict_find(&column->dict, text, n);
        if (to[i] == 0 && column->dict.n < sink->most)
            to[i] = dict_add(&column->dict, text, n);
        else if (to[i] == 0 && !in->by_model)
            return error_set(error, STATUS_DATA, "%s: row %" PRIu64 ": column '%s': more than %u different values%s",
                             source->inputs[0].name, in->record + 1, column->name, sink->most,
                             column->role == ROLE_LABEL ? " (--task regression if they are amounts)" : "");
    }
    return 1;
}

static int
add_row(struct ingest *in, struct error *error)
{
    struct batch *batch = &in->batch;
    uint64_t row = batch->n;
    int got = 1;
    if (in->x.n > 0)
        got = read_numbers(in, &in->x, batch->x + row * in->x.n, error);
    if (got == 1 && in->y.n > 0)
        got = read_numbers(in, &in->y, batch->y + row * in->y.n, error);
    if (got == 1 && in->w.n > 0) {
        got = read_numbers(in, &in->w, batch->w + row, error);
        if (got == 1 && !(batch->w[row] >= 0))
            got = bad_value(in, &in->w.items[0], batch->w[row], "is no weight: a number from 0 on is wanted", error);
    }
    if (got == 1 && in->c.n > 0)
        got = read_codes(in, &in->c, batch->c + row * in->c.n, error);
    if (got == 1 && in->label.n > 0)
        got = read_codes(in, &in->label, batch->label + row * in->label.n, error);
    if (got == 1)
        ingest_row_done(in);
    return got < 0 ? -1 : 0;
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
            source->n = (uint64_t) n;
            source->at = 0;
        }
        if (add_row(in, error) < 0)
            return -1;
        source->at++;
    }
    return 1;
}

/* x0, x1, ... and for the second file `label`, or y0, y1, ... */
static void
make_names(struct array_source *source)
{
    char name[32];
    uint64_t features = source->arrays[0].width, labels = source->n_files > 1 ? source->arrays[1].width : 0;
    source->width = features + labels;
    source->names = mem_array(source->width, sizeof *source->names);
    for (uint64_t i = 0; i < source->width; i++) {
        if (i < features)
            snprintf(name, sizeof name, "x%" PRIu64, i);
        else if (labels == 1)
            snprintf(name, sizeof name, "label");
        else
            snprintf(name, sizeof name, "y%" PRIu64, i - features);
        source->names[i] = mem_strdup(name);
    }
}

/* Types other than numbers and categories, roles that want the text of a cell, and how text is read, are for text. */
static int
check_options(const struct ingest *in, const struct array_source *source, struct error *error)
{
    const struct ingest_options *options = in->options;
    const char *option = options->delimiter != NULL         ? "-d"
                         : options->header != HEADER_AUTO   ? "--header"
                         : options->missing != NULL         ? "--missing"
                         : in->carry.n > 0                  ? "--carry"
                         : options->new_columns == NEW_KEEP ? "--new-columns keep"
                                                            : NULL;
    if (option != NULL)
        return error_set(error, STATUS_USAGE, "%s is for text, and %s is an array", option, source->inputs[0].name);
    if (in->by_model)
        return 0;
    if (source->n_files > 1 && in->labels.n > 0)
        return error_set(error, STATUS_USAGE, "-y does not go with a second file, which holds the labels");
    for (size_t i = 0; i < in->types.n; i++)
        if (strcmp(in->types.words[i], "text") == 0 || strcmp(in->types.words[i], "time") == 0)
            return error_set(error, STATUS_USAGE, "--types %s: the columns of an array are num or cat",
                             in->types.words[i]);
    for (size_t i = 0; i < in->roles.n; i++)
        if (strcmp(in->roles.words[i], "feature") != 0 && strcmp(in->roles.words[i], "label") != 0 &&
            strcmp(in->roles.words[i], "weight") != 0)
            return error_set(error, STATUS_USAGE, "--role %s wants text, and %s is an array", in->roles.words[i],
                             source->inputs[0].name);
    return 0;
}

static int
plan(struct ingest *in, struct array_source *source, struct error *error)
{
    const char *file = source->inputs[0].name;
    if (in->by_model) {
        if (ingest_plan_model(in, file, source->names, source->width, error) < 0)
            return -1;
        if (in->time.n + in->group.n + in->id.n + in->text.n > 0)
            return error_set(error, STATUS_DATA, "%s is an array, but the %s has columns of text", file, ingest_by(in));
        return 0;
    }
    /* All numbers, with more than two values as far as anyone knows. */
    struct infer_column *stats = mem_zalloc(source->width, sizeof *stats);
    for (size_t i = 0; i < source->width; i++)
        stats[i] = (struct infer_column){.values = 1, .numbers = 1, .n_distinct = INFER_DISTINCT};
    struct plan_source by = {
        .file = file,
        .names = source->names,
        .n = source->width,
        .stats = stats,
        .n_labels = source->n_files > 1 ? source->arrays[1].width : 0,
        .integers = array_is_integer(&source->arrays[source->n_files - 1]),
    };
    int result = ingest_plan(in, &by, error);
    free(stats);
    return result;
}

int
ingest_open_array(struct ingest *in, struct input *input, const void *head, size_t n, const char *const *paths,
                  size_t n_paths, struct error *error)
{
    struct array_source *source = mem_zalloc(1, sizeof *source);
    in->source = (struct source){.read = array_read_rows, .free = array_free, .state = source};
    source->inputs[0] = *input;
    source->n_files = 1;
    const uint8_t *first = head;
    bool npy = in->options->format == INGEST_NPY || (in->options->format == INGEST_AUTO && first[0] == 0x93);
    int (*open)(struct array *, struct input *, const void *, size_t, struct error *) = npy ? npy_open : idx_open;
    if (n_paths > 2)
        return error_set(error, STATUS_USAGE, "arrays are read from one file, or from two: features and labels");
    if (open(&source->arrays[0], &source->inputs[0], head, n, error) < 0)
        return -1;
    if (n_paths == 2) {
        if (input_open(&source->inputs[1], paths[1], error) < 0)
            return -1;
        source->n_files = 2;
        if (open(&source->arrays[1], &source->inputs[1], "", 0, error) < 0)
            return -1;
        if (source->arrays[0].n != source->arrays[1].n)
            return error_set(error, STATUS_DATA, "%s has %" PRIu64 " rows and %s has %" PRIu64, source->inputs[0].name,
                             source->arrays[0].n, source->inputs[1].name, source->arrays[1].n);
    }
    if (source->arrays[0].n == 0 || source->arrays[0].width == 0)
        return error_set(error, STATUS_DATA, "%s holds no values", source->inputs[0].name);
    make_names(source);
    if (check_options(in, source, error) < 0)
        return -1;
    if (plan(in, source, error) < 0)
        return -1;
    source->chunk = CHUNK_VALUES / source->width > 0 ? CHUNK_VALUES / source->width : 1;
    for (size_t i = 0; i < source->n_files; i++)
        source->values[i] = mem_array(source->chunk * source->arrays[i].width, sizeof(double));
    return 0;
}
