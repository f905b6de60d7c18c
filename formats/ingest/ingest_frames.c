/*
 * Our own streams as input: their rows go into a new stream, so that streams are joined, packed or framed anew. What
 * the columns are has been decided when the first stream was made; options that would change it are refused.
 */
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "frame.h"
#include "ingest_parts.h"
#include "memory.h"
#include "stream.h"

enum { N_FIXED = 9 };

/* Bytes that grow. */
struct held {
    uint8_t *bytes;
    size_t n, cap;
};

struct frames_source {
    struct stream_reader *reader;
    bool unknown_told, ended;
    struct batch from; /* the batch last read; rows [at, from.n) are left */
    uint64_t at;

    /* With --frame-rows: rows of one frame, from several batches or a part of one. */
    uint64_t n;
    struct held fixed[N_FIXED], rowno;
    struct held *text; /* [2 * n_text]: at, bytes */
    struct text_cells *cells;
    uint32_t n_text;
};

static void
frames_free(struct ingest *in)
{
    struct frames_source *source = in->source.state;
    for (size_t i = 0; i < N_FIXED; i++)
        free(source->fixed[i].bytes);
    for (size_t i = 0; i < 2 * (size_t) source->n_text; i++)
        free(source->text[i].bytes);
    free(source->rowno.bytes);
    free(source->text);
    free(source->cells);
    stream_reader_close(source->reader);
    free(source);
}

/* Entries that the stream's dictionaries got since. */
static void
follow_dictionaries(struct ingest *in)
{
    const struct schema *from = stream_reader_schema(((struct frames_source *) in->source.state)->reader);
    for (uint32_t i = 0; i < from->n_columns; i++) {
        const struct dict *dict = &from->columns[i].dict;
        for (uint32_t k = in->schema.columns[i].dict.n; k < dict->n; k++)
            dict_add(&in->schema.columns[i].dict, dict->values[k], dict->lengths[k]);
    }
}

/* The next batch of the streams: 1, 0 at the end, 2 when that would block, -1. */
static int
next_batch(struct ingest *in, bool wait, struct error *error)
{
    struct frames_source *source = in->source.state;
    if (source->ended)
        return 0;
    int got = stream_read(source->reader, &source->from, wait, error);
    if (got == 0 || got == 1) {
        const struct frame *unknown = stream_reader_unknown(source->reader);
        if (unknown != NULL && !source->unknown_told) {
            char shown[96];
            ingest_warn(in, "%s: frames of the kind '%s' are not known and left out (cl-cat passes them on)",
                        stream_reader_name(source->reader),
                        error_quote(shown, sizeof shown, unknown->kind, strlen(unknown->kind), 40));
            source->unknown_told = true;
        }
    }
    source->ended = got == 0;
    source->at = 0;
    if (got != 1) {
        source->from.n = 0;
        return got;
    }
    follow_dictionaries(in);
    in->record += source->from.n;
    return 1;
}

/* The tensors of one row after the other, and the bytes of a row. */
static void
fixed_tensors(struct batch *batch, void **tensors[N_FIXED], size_t sizes[N_FIXED])
{
    const struct schema *schema = batch->schema;
    const struct {
        void *tensor;
        size_t size;
    } all[N_FIXED] = {
        {&batch->x, schema->n_x * sizeof *batch->x},
        {&batch->c, schema->n_c * sizeof *batch->c},
        {&batch->y, schema->n_y * sizeof *batch->y},
        {&batch->label, schema->n_y * sizeof *batch->label},
        {&batch->w, sizeof *batch->w},
        {&batch->split, sizeof *batch->split},
        {&batch->time, sizeof *batch->time},
        {&batch->group, sizeof *batch->group},
        {&batch->id, sizeof *batch->id},
    };
    for (size_t i = 0; i < N_FIXED; i++) {
        tensors[i] = all[i].tensor;
        sizes[i] = all[i].size;
    }
}

static void
hold(struct held *held, const void *bytes, size_t n)
{
    if (n == 0)
        return;
    mem_grow_aligned(&held->bytes, &held->cap, held->n + n, held->n);
    memcpy(held->bytes + held->n, bytes, n);
    held->n += n;
}

/* Can rows of the batch stand behind those that are held? Only with the same tensors. */
static bool
goes_on(struct frames_source *source)
{
    void **tensors[N_FIXED];
    size_t sizes[N_FIXED];
    fixed_tensors(&source->from, tensors, sizes);
    bool same = true;
    for (size_t i = 0; i < N_FIXED; i++)
        same = same && (*tensors[i] != NULL && sizes[i] > 0) == (source->fixed[i].n > 0);
    return source->n == 0 || same;
}

/* Holds the next n rows of the batch. */
static void
hold_rows(struct frames_source *source, uint64_t n)
{
    struct batch *from = &source->from;
    uint64_t first = source->at;
    void **tensors[N_FIXED];
    size_t sizes[N_FIXED];
    fixed_tensors(from, tensors, sizes);
    for (size_t i = 0; i < N_FIXED; i++)
        if (*tensors[i] != NULL)
            hold(&source->fixed[i], (const uint8_t *) *tensors[i] + first * sizes[i], n * sizes[i]);
    for (uint64_t i = first; i < first + n; i++) {
        uint64_t rowno = batch_rowno(from, i);
        hold(&source->rowno, &rowno, sizeof rowno);
    }
    for (uint32_t j = 0; j < from->n_text; j++) {
        const struct text_cells *cells = &from->text[j];
        struct held *at = &source->text[2 * (size_t) j], *bytes = at + 1;
        uint64_t start = 0;
        if (at->n == 0)
            hold(at, &start, sizeof start);
        for (uint64_t i = first; i < first + n; i++) {
            uint64_t end = bytes->n + (cells->at[i + 1] - cells->at[first]);
            hold(at, &end, sizeof end);
        }
        hold(bytes, cells->bytes + cells->at[first], cells->at[first + n] - cells->at[first]);
    }
    source->at += n;
    source->n += n;
}

/* The rows held, as a batch. They are held no longer. */
static void
give(struct ingest *in, struct batch *batch)
{
    struct frames_source *source = in->source.state;
    void **tensors[N_FIXED];
    size_t sizes[N_FIXED];
    *batch = (struct batch){.schema = &in->schema, .n = source->n, .n_text = source->n_text};
    fixed_tensors(batch, tensors, sizes);
    for (size_t i = 0; i < N_FIXED; i++) {
        *tensors[i] = source->fixed[i].n > 0 ? source->fixed[i].bytes : NULL;
        source->fixed[i].n = 0;
    }
    batch->rowno = (uint64_t *) (void *) source->rowno.bytes;
    batch->row = batch->rowno[0];
    source->rowno.n = 0;
    const struct column *column = in->schema.columns;
    for (uint32_t j = 0; j < source->n_text; j++, column++) {
        struct held *at = &source->text[2 * (size_t) j], *bytes = at + 1;
        while (!column_is_text(column))
            column++;
        source->cells[j] = (struct text_cells){
            .name = column->name,
            .at = (uint64_t *) (void *) at->bytes,
            .bytes = (char *) bytes->bytes,
        };
        at->n = bytes->n = 0;
    }
    batch->text = source->cells;
    source->n = 0;
}

/* Frames of so many rows; one that is waited for comes with fewer. */
static int
next_framed(struct ingest *in, struct batch *batch, struct error *error)
{
    struct frames_source *source = in->source.state;
    uint64_t wanted = in->options->frame_rows;
    while (source->n < wanted) {
        if (source->at == source->from.n) {
            int got = next_batch(in, source->n == 0, error);
            if (got < 0)
                return -1;
            if (got != 1)
                break;
            if (source->from.n_other > 0)
                return error_set(error, STATUS_USAGE,
                                 "%s: its rows have tensors that are not known, so they cannot be framed anew "
                                 "(leave --frame-rows out)",
                                 stream_reader_name(source->reader));
            if (source->text == NULL) {
                source->n_text = source->from.n_text;
                source->text = mem_zalloc(2 * (size_t) source->n_text, sizeof *source->text);
                source->cells = mem_zalloc(source->n_text, sizeof *source->cells);
            }
        }
        if (!goes_on(source))
            break;
        uint64_t left = source->from.n - source->at, room = wanted - source->n;
        hold_rows(source, left < room ? left : room);
    }
    if (source->n == 0)
        return 0;
    give(in, batch);
    return 1;
}

static int
frames_next(struct ingest *in, struct batch *batch, struct error *error)
{
    struct frames_source *source = in->source.state;
    if (in->options->frame_rows > 0)
        return next_framed(in, batch, error);
    int got = next_batch(in, true, error);
    if (got == 1)
        *batch = source->from;
    return got;
}

/* The options that would make other columns of those of the stream, or that say how something else is read. */
static int
check_options(const struct ingest *in, const char *file, struct error *error)
{
    const struct ingest_options *options = in->options;
    const char *option = options->types.n > 0                        ? "--types"
                         : options->roles.n > 0                      ? "--role"
                         : options->keep.n > 0                       ? "--keep"
                         : options->drop.n > 0                       ? "--drop"
                         : options->carry.n > 0                      ? "--carry"
                         : options->label != NULL                    ? "-y"
                         : options->task != TASK_NONE                ? "--task"
                         : options->header != HEADER_AUTO            ? "--header"
                         : options->delimiter != NULL                ? "-d"
                         : options->decimal != NULL                  ? "--decimal"
                         : options->dates != 0                       ? "--dates"
                         : options->tensor != NULL                   ? "--tensor"
                         : options->missing != NULL                  ? "--missing"
                         : options->bad_rows != NULL                 ? "--bad-rows"
                         : options->new_columns != NEW_IGNORE        ? "--new-columns"
                         : options->missing_columns != MISSING_ERROR ? "--missing-columns"
                         : options->by_model && options->by_schema   ? "--schema"
                         : options->by_model                         ? "-m"
                                                                     : NULL;
    if (option == NULL)
        return 0;
    return error_set(error, STATUS_USAGE,
                     "%s does not go with %s, which is a stream already: its columns stay what they are", option, file);
}

int
ingest_open_frames(struct ingest *in, struct input *input, const void *head, size_t n, const char *const *paths,
                   size_t n_paths, struct error *error)
{
    const char *name = input->name;
    if (check_options(in, name, error) < 0) {
        input_close(input);
        return -1;
    }
    input_push(input, head, n);
    struct frame_reader *frames = frame_reader_open(input);
    struct frame first;
    int got = frame_read(frames, &first, true, error);
    if (got <= 0) {
        frame_reader_close(frames);
        return got < 0 ? -1 : error_set(error, STATUS_DATA, "%s is empty", name);
    }
    struct stream_reader *reader = stream_reader_resume(frames, &first, name, paths + 1, n_paths - 1, error);
    if (reader == NULL)
        return -1;
    struct frames_source *source = mem_zalloc(1, sizeof *source);
    source->reader = reader;
    in->source = (struct source){.next = frames_next, .free = frames_free, .state = source};
    schema_copy(&in->schema, stream_reader_schema(reader));
    return 0;
}
