/*
 * JSON lines and libsvm to rows. A line end is never quoted, so a chunk ends where a line does, and any thread can read
 * it. What a column is comes from a sample, or from a model, as for delimited text.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ingest_lines.h"
#include "memory.h"

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

enum line_got
line_read(struct line_reader *reader, const char *line, size_t n)
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

size_t
line_at(const struct chunk *chunk, size_t at, size_t *next)
{
    const char *end = memchr(chunk->text + at, '\n', chunk->n - at);
    *next = end == NULL ? chunk->n : (size_t) (end - chunk->text) + 1;
    return end == NULL ? chunk->n - at : (size_t) (end - chunk->text) - at;
}

void
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
        enum line_got got = line_read(reader, chunk->text + at, n);
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
        if (line_read(reader, chunk->text + at, n) != LINE_BLANK && record-- == 0)
            break;
    }
    return line;
}

int
line_bad(struct ingest *in, struct line_reader *reader, const char *where, const char *line, enum line_got got,
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

int
lines_diagnose(struct ingest *in, const struct chunk *chunk, size_t at, struct error *error)
{
    const struct text_source *source = in->source.state;
    struct worker *worker = &source->workers[source->n_workers - 1];
    struct line_reader *reader = reader_of(worker);
    char where[512];
    size_t next, n = line_at(chunk, at, &next);
    snprintf(where, sizeof where, "%.400s:%" PRIu64, source->input.name,
             source->line + text_lines(source, chunk->text, at) + 1);
    enum line_got got = line_read(reader, chunk->text + at, n);
    if (got == LINE_ROW && reader->format == INGEST_LIBSVM) {
        float *x = mem_array(in->x.n, sizeof *x);
        libsvm_values(reader, in, x);
        free(x);
    }
    return line_bad(in, reader, where, chunk->text + at, got, error);
}
