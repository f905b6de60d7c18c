/* Arrays as rows: IDX, npy and safetensors, with labels from a second tensor, a second array or a file of text. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "idx.h"
#include "inflate.h"
#include "ingest_array.h"
#include "memory.h"
#include "npy.h"
#include "sniff.h"

enum { CHUNK_VALUES = 1 << 16 };

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
    for (size_t i = 0; i < in->roles.n; i++)
        if (strcmp(in->roles.words[i], "feature") != 0 && strcmp(in->roles.words[i], "label") != 0 &&
            strcmp(in->roles.words[i], "weight") != 0)
            return error_set(error, STATUS_USAGE, "--role %s wants text, and %s is an array", in->roles.words[i],
                             source->files[0]);
    if (in->by_model)
        return 0;
    if (source->n_arrays > 1 && in->labels.n > 0)
        return error_set(error, STATUS_USAGE, "-y does not go with %s, which holds the labels",
                         source->n_inputs > 1 ? "a second file" : "a second tensor");
    for (size_t i = 0; i < in->types.n; i++)
        if (strcmp(in->types.words[i], "text") == 0 || strcmp(in->types.words[i], "time") == 0)
            return error_set(error, STATUS_USAGE, "--types %s: the columns of an array are num or cat",
                             in->types.words[i]);
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
            if (array_sink_is_text(source, sink))
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
    source->small[0] = mem_zalloc(in->c.n * ARRAY_SMALL_CODES, sizeof *source->small[0]);
    source->small[1] = mem_zalloc(in->label.n * ARRAY_SMALL_CODES, sizeof *source->small[1]);
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
        return array_unequal(source, labels->n, source->files[1], error);
    if (source->n_arrays == 2 && labels->width == 0)
        return error_set(error, STATUS_DATA, "%s holds no values", source->files[1]);
    make_names(source);
    if (check_options(in, source, error) < 0 || plan(in, source, error) < 0)
        return -1;
    prepare(in, source);
    return 0;
}
