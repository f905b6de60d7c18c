/* Rows of arrays: copies where the rows are plain features, else value by value. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

#include "ingest_array.h"
#include "json.h"
#include "number.h"

int
array_unequal(const struct array_source *source, uint64_t other, const char *other_file, struct error *error)
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
        return array_unequal(source, source->text.records, source->text.file, error);
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
        if (array_sink_is_text(source, sink)) {
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
    if (array_sink_is_text(source, sink))
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
    bool is_small = value >= 0 && value < ARRAY_SMALL_CODES && value == (double) (int) value && !signbit(value);
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
        if (array_sink_is_text(source, sink)) {
            if (!missing_match(&in->missing, source->text.cell, source->text.n))
                code = code_of(in, sink, source->text.cell, source->text.n, error);
        } else if (sink->source != SINK_NONE) {
            code = code_of_number(in, sink, value_of(source, sink), small + i * ARRAY_SMALL_CODES, error);
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
        if (array_sink_is_text(source, &in->label.items[i]) && !utf8_valid(source->text.cell, source->text.n, &at))
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
            return array_unequal(source, source->text.records, source->text.file, error);
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

int
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
