/*
 * cl-cat: shows a stream or a checkpoint as a summary, CSV, JSON, or as frames again.
 *
 * stdin or FILE ...: data streams, which are read as one; or one checkpoint. Which it is, the first frame says.
 * stdout or -o FILE: text; or with -F frames, -z or --strip a stream or checkpoint.
 *
 * Memory: O(one frame) for streams; a checkpoint is held whole, since none of it is used before its end is verified.
 * Rows are printed as they come: whatever is there is written before input is waited for.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checkpoint.h"
#include "counts.h"
#include "online_rows.h"
#include "options.h"
#include "program.h"
#include "render.h"
#include "stream.h"
#include "summary.h"

enum format { FORMAT_SUMMARY, FORMAT_CSV, FORMAT_JSON, FORMAT_FRAMES };
enum { FLUSH_BYTES = 256 << 10 };

struct settings {
    int format, only, level;
    bool format_given, only_given, level_given, head_given;
    bool digest, memory, tensors;
    uint64_t head;
    struct option_list strip;
    const char *output;
};

/* What becomes of the rows of a stream. The members not asked for are NULL. */
struct sink {
    const struct settings *settings;
    struct output *output;
    struct text text;
    struct stream_summary *summary;
    struct stream_digest *digest;
    struct render *render;
    struct stream_writer *writer;
    uint64_t rows; /* that came and, with --only, matched */
    bool tagged;   /* some row had a tag */
    struct arena arena;
};

static void
flush(struct text *text, struct output *output)
{
    struct error error;
    if (text->n > 0 && output_write(output, text->bytes, text->n, &error) < 0)
        die_error(&error);
    text->n = 0;
}

/* Streams */

static void
sink_open(struct sink *sink, const struct schema *schema)
{
    const struct settings *s = sink->settings;
    struct error error;
    if (s->digest || s->format == FORMAT_SUMMARY)
        sink->digest = stream_digest_open();
    if (s->digest)
        return;
    if (s->format == FORMAT_SUMMARY)
        sink->summary = stream_summary_open(schema);
    else if (s->format == FORMAT_FRAMES &&
             (sink->writer = stream_writer_open(sink->output, schema, s->level, &error)) == NULL)
        die_error(&error);
    else if (s->format != FORMAT_FRAMES)
        sink->render = render_open(s->format == FORMAT_CSV ? RENDER_CSV : RENDER_JSON, schema);
}

/* The rows that --only and --head leave of a batch: itself, or a smaller one in the sink's arena. */
static void
select_rows(struct sink *sink, struct batch *batch)
{
    const struct settings *s = sink->settings;
    uint8_t *keep = arena_array(&sink->arena, batch->n, 1);
    uint64_t n = 0;
    for (uint64_t i = 0; i < batch->n; i++) {
        unsigned tag = batch->split == NULL ? SPLIT_NONE : batch->split[i];
        bool wanted = !s->only_given || tag == (unsigned) s->only + SPLIT_TRAIN;
        sink->tagged |= tag != SPLIT_NONE;
        keep[i] = wanted && (!s->head_given || sink->rows + n < s->head);
        n += keep[i];
    }
    sink->rows += n;
    if (n < batch->n) {
        const struct batch whole = *batch;
        batch_filter(batch, &whole, keep, &sink->arena);
    }
}

static void
sink_rows(struct sink *sink, struct batch *batch)
{
    struct error error;
    if (sink->digest != NULL)
        stream_digest_rows(sink->digest, batch);
    if (sink->summary != NULL)
        stream_summary_rows(sink->summary, batch);
    if (sink->writer != NULL && stream_write(sink->writer, batch, &error) < 0)
        die_error(&error);
    if (sink->render != NULL && render_rows(sink->render, batch, &sink->text, &error) < 0)
        die_error(&error);
    if (sink->text.n >= FLUSH_BYTES)
        flush(&sink->text, sink->output);
}

/* The next batch, after all that is printed has gone out when it has to be waited for. */
static int
next_batch(struct sink *sink, struct stream_reader *reader, struct batch *batch)
{
    struct error error;
    int got = stream_read(reader, batch, false, &error);
    if (got == 2) {
        flush(&sink->text, sink->output);
        got = stream_read(reader, batch, true, &error);
    }
    for (const struct frame *frame;
         got >= 0 && sink->writer != NULL && (frame = stream_reader_unknown(reader)) != NULL;)
        if (stream_write_unknown(sink->writer, frame, &error) < 0)
            die_error(&error);
    if (got < 0) {
        flush(&sink->text, sink->output);
        die_error(&error);
    }
    return got;
}

static void
sink_finish(struct sink *sink, const struct schema *schema)
{
    char hex[33];
    struct error error;
    if (sink->settings->only_given && !sink->tagged && !sink->settings->head_given)
        die(STATUS_DATA, "--only: no row has a tag (cl-split gives them)");
    if (sink->digest != NULL)
        stream_digest_close(sink->digest, schema, hex);
    if (sink->settings->digest)
        text_printf(&sink->text, "%s\n", hex);
    if (sink->summary != NULL)
        stream_summary_close(sink->summary, hex, &sink->text);
    if (sink->render != NULL)
        render_finish(sink->render, &sink->text);
    if (sink->writer != NULL && stream_write_end(sink->writer, &error) < 0)
        die_error(&error);
    render_close(sink->render);
    stream_writer_close(sink->writer);
    flush(&sink->text, sink->output);
    free(sink->text.bytes);
    arena_free(&sink->arena);
}

static void
cat_stream(const struct settings *settings, struct stream_reader *reader, struct output *output)
{
    struct sink sink = {.settings = settings, .output = output};
    struct batch batch;
    sink_open(&sink, stream_reader_schema(reader));
    while ((!settings->head_given || sink.rows < settings->head) && next_batch(&sink, reader, &batch) > 0) {
        select_rows(&sink, &batch);
        if (batch.n > 0)
            sink_rows(&sink, &batch);
        arena_reset(&sink.arena);
    }
    sink_finish(&sink, stream_reader_schema(reader));
    stream_reader_close(reader);
}

/* Checkpoints */

/* No row of the data stays with the memory: those that wait in an online run go too. */
static void
strip_role(struct model *model, enum tensor_role role)
{
    model_strip(model, role);
    if (role == TENSOR_MEMORY)
        online_drop_all(model);
}

static void
strip_roles(struct model *model, const struct option_list *list)
{
    for (size_t i = 0; i < list->n; i++) {
        size_t n;
        char **roles = split_list(list->values[i], &n);
        for (size_t j = 0; j < n; j++)
            strip_role(model, tensor_role_parse(roles[j]));
        free(roles);
    }
}

/* Only what a model can do without, and by a name that means something. */
static void
check_roles(const struct option_list *list)
{
    for (size_t i = 0; i < list->n; i++) {
        size_t n;
        char **roles = split_list(list->values[i], &n);
        for (size_t j = 0; j < n; j++) {
            enum tensor_role role = tensor_role_parse(roles[j]);
            if (role == TENSOR_WEIGHT || role == TENSOR_OTHER)
                usage_error("--strip %s: '%s' is none of memory, optimiser, importance, statistics, resume",
                            list->values[i], roles[j]);
        }
        free(roles);
    }
}

/* What a kept number is: of a feature, of a label, or of a label of a log link, which has no shift (counts.h). */
enum kept { KEPT_FEATURE, KEPT_LABEL, KEPT_COUNT };

/* Numeric feature j, or label j, as memory has it. */
static float
scale(const struct transform *transforms, uint32_t n, uint32_t j, enum kept kept, float number)
{
    if (kept == KEPT_COUNT)
        return counts_label(transforms, n, j, number);
    if (kept == KEPT_LABEL)
        return transform_label(transforms, n, j, number);
    for (uint32_t t = 0; t < n; t++)
        number = (float) (((double) number - transforms[t].shift[j]) / transforms[t].divisor[j]);
    return number;
}

/* The number in the user's units: what becomes `scaled`, the nearest whole number if that will do, else the shortest
 * decimal that does. (No rounding to digits makes 0 of 2e-09.) */
static float
invert(const struct transform *transforms, uint32_t n, uint32_t j, enum kept kept, float scaled)
{
    double number = (double) scaled;
    char decimal[40];
    for (uint32_t t = n; t-- > 0 && kept == KEPT_FEATURE;)
        number = number * transforms[t].divisor[j] + transforms[t].shift[j];
    if (kept == KEPT_COUNT)
        number *= counts_unit(transforms, n, j);
    else if (kept == KEPT_LABEL)
        number = transform_invert_label(transforms, n, j, number);
    float whole = (float) nearbyint(number) + 0.0f; /* no -0 */
    if (scale(transforms, n, j, kept, whole) == scaled)
        return whole;
    for (int digits = 1; digits <= 9; digits++) {
        snprintf(decimal, sizeof decimal, "%.*g", digits, number);
        float shorter = strtof(decimal, NULL);
        if (scale(transforms, n, j, kept, shorter) == scaled)
            return shorter;
    }
    return (float) number;
}

/* What is behind the columns of the model, where rows of several runs are kept. */
static void
add_run(struct schema *schema)
{
    struct column *columns = arena_array(&schema->arena, (size_t) schema->n_columns + 1, sizeof *columns);
    memcpy(columns, schema->columns, schema->n_columns * sizeof *columns);
    columns[schema->n_columns++] = (struct column){.name = "memory.run", .type = COLUMN_NUM, .role = ROLE_FEATURE};
    schema->columns = columns;
}

/* The rows a model keeps, in the user's units, as a batch of the model's features, labels and weights. */
static void
memory_batch(const struct model *model, struct schema *schema, struct batch *batch, struct arena *arena)
{
    const struct tensor *x = model_find(model, TENSOR_MEMORY, "memory.x"),
                        *c = model_find(model, TENSOR_MEMORY, "memory.c"),
                        *y = model_find(model, TENSOR_MEMORY, "memory.y"),
                        *w = model_find(model, TENSOR_MEMORY, "memory.w"),
                        *run = model_find(model, TENSOR_MEMORY, "memory.run"),
                        *missing = model_find(model, TENSOR_MEMORY, "memory.missing");
    schema_copy(schema, &model->schema);
    uint32_t n = 0;
    for (uint32_t i = 0; i < schema->n_columns; i++) {
        const struct column *column = &schema->columns[i];
        bool weight = w != NULL && column->role == ROLE_WEIGHT && column->type == COLUMN_NUM;
        if (column->role == ROLE_LABEL || weight || (column->role == ROLE_FEATURE && !column_is_text(column)))
            schema->columns[n++] = *column;
        else
            dict_free(&schema->columns[i].dict);
    }
    schema->n_columns = n;
    if (run != NULL)
        add_run(schema);
    schema_count(schema);
    *batch = (struct batch){.schema = schema, .arena = arena, .n = y == NULL ? 0 : y->shape[0]};
    if (batch->n == 0)
        return;
    if (y->dtype == DTYPE_U32)
        batch->label = y->data;
    else
        batch->y = arena_array(arena, batch->n * schema->n_y, sizeof *batch->y);
    batch->c = c == NULL ? NULL : c->data;
    batch->w = w == NULL ? NULL : w->data;
    const struct transform *transforms = schema->transforms;
    uint32_t n_transforms = schema->n_transforms;
    const float *kept_x = x == NULL ? NULL : x->data, *kept_y = y->data;
    const enum kept label = model->loss == LOSS_POISSON ? KEPT_COUNT : KEPT_LABEL;
    const uint8_t *lacks = missing == NULL ? NULL : missing->data;
    const uint32_t d = model->schema.n_x, n_x = schema->n_x;
    batch->x = arena_array(arena, batch->n * n_x, sizeof *batch->x);
    for (uint64_t i = 0; i < batch->n; i++) {
        float *row = batch->x + i * n_x;
        for (uint32_t j = 0; j < d; j++)
            row[j] = lacks != NULL && lacks[i * d + j]
                         ? NAN
                         : invert(transforms, n_transforms, j, KEPT_FEATURE, kept_x[i * d + j]);
        if (run != NULL)
            row[d] = (float) ((const uint32_t *) run->data)[i];
    }
    for (uint64_t i = 0; batch->y != NULL && i < batch->n * schema->n_y; i++)
        batch->y[i] = invert(transforms, n_transforms, (uint32_t) (i % schema->n_y), label, kept_y[i]);
}

static void
print_memory(const struct settings *settings, const struct model *model, struct output *output)
{
    struct sink sink = {.settings = settings, .output = output};
    struct schema schema;
    struct batch batch;
    struct arena arena = {0};
    memory_batch(model, &schema, &batch, &arena);
    sink.render = render_open(settings->format == FORMAT_JSON ? RENDER_JSON : RENDER_CSV, &schema);
    if (settings->head_given && batch.n > settings->head)
        batch.n = settings->head;
    if (batch.n > 0)
        sink_rows(&sink, &batch);
    sink_finish(&sink, &schema);
    schema_free(&schema);
    arena_free(&arena);
}

static void
cat_model(const struct settings *s, struct model *model, struct output *output)
{
    struct text text = {0};
    struct error error;
    strip_roles(model, &s->strip);
    if (s->memory) {
        print_memory(s, model, output);
    } else if (s->format == FORMAT_FRAMES && !s->digest) {
        int level = s->level_given && s->level == 0 ? CHECKPOINT_RAW : s->level;
        if (checkpoint_write(model, output, level, &error) < 0)
            die_error(&error);
    } else if (s->digest) {
        checkpoint_digest(model, model->digest);
        text_printf(&text, "%s\n", model->digest);
    } else if (s->tensors) {
        model_tensors(model, &text);
    } else if (s->format == FORMAT_JSON) {
        model_json(model, &text);
    } else {
        model_summary(model, &text);
    }
    flush(&text, output);
    free(text.bytes);
}

/* Which of the options go with which kind of file shows only when it has been opened. */
static void
check_kind(const struct settings *s, bool is_model, size_t n_paths, const char *name)
{
    if (is_model && n_paths > 1)
        usage_error("%s is a checkpoint: cl-cat shows one at a time", name);
    if (is_model && (s->only_given || (s->head_given && !s->memory)))
        usage_error("%s is a checkpoint: --head and --only choose rows of a stream", name);
    if (is_model && s->format == FORMAT_CSV && !s->memory)
        usage_error("%s is a checkpoint: CSV is made of rows (--memory prints those that it keeps)", name);
    if (!is_model && (s->strip.n > 0 || s->memory || s->tensors))
        usage_error("%s is a data stream: --strip, --memory and --tensors are for checkpoints", name);
}

static void
check_options(struct settings *s)
{
    check_roles(&s->strip);
    if (!s->format_given && !s->digest && (s->strip.n > 0 || s->level_given))
        s->format = FORMAT_FRAMES;
    if (s->level_given && s->format != FORMAT_FRAMES)
        usage_error("-z compresses frames: it goes with -F frames");
    if (s->strip.n > 0 && s->format != FORMAT_FRAMES && !s->digest)
        usage_error("--strip writes a checkpoint: it goes with -F frames, or with --digest");
    if (s->digest + s->memory + s->tensors > 1)
        usage_error("--digest, --memory and --tensors exclude each other");
    if (s->format_given && (s->digest || s->tensors))
        usage_error("%s has a form of its own: it does not go with -F", s->digest ? "--digest" : "--tensors");
    if (s->memory && (s->format == FORMAT_FRAMES || (s->format_given && s->format == FORMAT_SUMMARY)))
        usage_error("--memory prints rows: it goes with -F csv or json");
}

int
main(int argc, char **argv)
{
    static const char *const formats[] = {"summary", "csv", "json", "frames", NULL};
    static const char *const parts[] = {"train", "valid", "test", NULL};
    struct settings s = {0};
    const struct option options[] = {
        {.kind = OPTION_CHOICE,
         .letter = 'F',
         .name = "format",
         .argument = "FORMAT",
         .target = &s.format,
         .choices = formats,
         .given = &s.format_given,
         .help = "how to show it [summary]"},
        {.kind = OPTION_U64,
         .letter = 'n',
         .name = "head",
         .argument = "N",
         .target = &s.head,
         .high = UINT64_MAX,
         .given = &s.head_given,
         .help = "only the first N rows; the rest is not read"},
        {.kind = OPTION_CHOICE,
         .name = "only",
         .argument = "PART",
         .target = &s.only,
         .choices = parts,
         .given = &s.only_given,
         .help = "only rows that cl-split gave this tag"},
        OPT_FLAG(0, "digest", &s.digest, "print the digest of the content, whatever the frames and the compression"),
        OPT_LIST(0, "strip", "ROLES", &s.strip,
                 "write the checkpoint without memory, optimiser, importance, statistics or resume"),
        OPT_FLAG(0, "memory", &s.memory, "print the rows that a checkpoint keeps, in the units of the data"),
        OPT_FLAG(0, "tensors", &s.tensors, "list the tensors of a checkpoint"),
        {.kind = OPTION_LEVEL,
         .letter = 'z',
         .name = "compress",
         .argument = "LEVEL",
         .target = &s.level,
         .low = 3,
         .dlow = 0,
         .dhigh = 19,
         .given = &s.level_given,
         .help = "write frames compressed by zstd, -z0 uncompressed [streams 0, checkpoints 3]"},
        OPT_STRING('o', "output", "FILE", &s.output, "write to FILE, whole or not at all [stdout]"),
        OPT_COMMON,
        OPT_END,
    };
    const struct program_usage usage = {"cl-cat", "show a stream or a checkpoint as a summary, CSV, JSON or frames",
                                        "[OPTION ...] [FILE ...]",
                                        "cl-cat model.ck\n"
                                        "cl-ingest < data.csv | cl-scale | cl-cat --head 5 -F csv\n"
                                        "cl-cat --strip memory,optimiser -o serving.ck model.ck\n",
                                        options};

    program_start("cl-cat");
    int n = options_parse(&usage, argc, argv);
    const char *standard[] = {"-"}, *const *paths = n > 0 ? (const char *const *) argv : standard;
    size_t n_paths = n > 0 ? (size_t) n : 1;
    check_options(&s);
    if (strcmp(paths[0], "-") == 0)
        usage_if_terminal();

    struct error error;
    struct input input;
    struct output output;
    struct frame first;
    if (input_open(&input, paths[0], &error) < 0)
        die_error(&error);
    const char *name = input.name;
    if (output_open(&output, s.output, s.format == FORMAT_FRAMES && !s.digest, &error) < 0)
        die_error(&error);
    struct frame_reader *frames = frame_reader_open(&input);
    if (frame_read(frames, &first, true, &error) < 0)
        die_error(&error);
    bool is_model = strcmp(first.kind, "model") == 0;
    check_kind(&s, is_model, n_paths, name);

    if (is_model) {
        struct model model = {0};
        if (checkpoint_resume(&model, frames, &first, name, &error) < 0)
            die_error(&error);
        frame_reader_close(frames);
        cat_model(&s, &model, &output);
        model_free(&model);
    } else {
        struct stream_reader *reader = stream_reader_resume(frames, &first, name, paths + 1, n_paths - 1, &error);
        if (reader == NULL)
            die_error(&error);
        cat_stream(&s, reader, &output);
    }

    if (output_commit(&output, &error) < 0)
        die_error(&error);
    options_free(options);
    return STATUS_OK;
}
