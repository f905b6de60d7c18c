/*
 * cl-predict: a prediction for every row.
 *
 * stdin or FILE ...: a data stream, scaled or not. stdout or -o FILE: one line a row, in their order; CSV with a head
 * line, JSON objects, or a data stream. Rows are answered as they come: whenever reading would block, what is known has
 * been written.
 *
 * Memory: the model and O(one frame).
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bind.h"
#include "checkpoint.h"
#include "csv_write.h"
#include "decide.h"
#include "device.h"
#include "json.h"
#include "options.h"
#include "program.h"
#include "stream.h"

enum form { FORM_CSV, FORM_JSONL, FORM_FRAMES };
enum { CHUNK = 1024, FLUSH_BYTES = 1 << 18 };

struct settings {
    const char *model, *positive, *output, *device, *numerics;
    double threshold;
    bool proba, append;
    int form, level;
    uint64_t threads;
};

/* Predictions of one batch. */
struct answers {
    uint32_t *class; /* [n], task class */
    float *p;        /* [n, n_classes], task class; with --proba */
    float *y;        /* [n, n_outputs], task regression */
};

/* Text that is the same for every row, made once. */
struct piece {
    const char *bytes;
    size_t n;
};

struct serving {
    const struct engine *engine;
    struct engine_state *state;
    struct decision decision;
    enum form form;
    bool proba, append;
    struct output *output;
    struct text text; /* CSV and JSON: not yet written */
    struct arena arena;
    struct piece *labels;         /* [n_classes] how the class is written: a cell, or a string */
    struct piece *keys;           /* JSON: [n_classes] of probabilities, or [n_outputs] of numbers */
    struct schema schema;         /* frames: of the output */
    struct stream_writer *writer; /* frames */
};

static void
answer(struct serving *serving, const struct rowset *rows, struct arena *arena, struct answers *answers)
{
    const struct decision *decision = &serving->decision;
    uint32_t o = decision->n_outputs, c = decision->n_classes;
    float *z = arena_aligned(arena, (size_t) CHUNK * o * sizeof *z);
    uint64_t kept = serving->proba ? rows->n : CHUNK;
    *answers = (struct answers){
        .class = arena_array(arena, c > 0 ? rows->n : 0, sizeof *answers->class),
        .p = arena_aligned(arena, kept * c * sizeof *answers->p),
        .y = arena_aligned(arena, c > 0 ? 0 : rows->n * o * sizeof *answers->y),
    };
    struct error error;
    for (uint64_t first = 0; first < rows->n; first += CHUNK) {
        uint64_t n = rows->n - first < CHUNK ? rows->n - first : CHUNK;
        if (serving->engine->forward(serving->state, rows, first, n, z, &error) < 0)
            die_error(&error);
        if (c > 0)
            decide_classes(decision, n, z, answers->p + (serving->proba ? first * c : 0), answers->class + first);
        for (uint64_t i = 0; c == 0 && i < n; i++)
            decide_numbers(decision, z + i * o, answers->y + (first + i) * o);
    }
}

/* --- text ------------------------------------------------------------------------------------------------------ */

static const char *
probability_name(const struct decision *decision, uint32_t class, struct arena *arena)
{
    return arena_printf(arena, "p_%s", decision->names->values[class]);
}

static void
add_cell(struct serving *serving, bool *first, const char *s, size_t n)
{
    csv_add_cell(&serving->text, *first, s, n);
    *first = false;
}

static void
csv_heading(struct serving *serving, const struct schema *stream)
{
    const struct decision *decision = &serving->decision;
    struct arena arena = {0};
    const uint32_t c = decision->n_classes;
    bool first = true;
    for (uint32_t i = 0; serving->append && i < stream->n_columns; i++)
        if (stream->columns[i].role == ROLE_CARRY)
            add_cell(serving, &first, stream->columns[i].name, strlen(stream->columns[i].name));
    for (uint32_t t = 0; t < (c > 0 ? 1 : decision->n_outputs); t++) {
        const char *name = c > 0 ? "prediction" : decision_name(decision, t, &arena);
        add_cell(serving, &first, name, strlen(name));
    }
    for (uint32_t k = 0; serving->proba && k < c; k++) {
        const char *name = probability_name(decision, k, &arena);
        add_cell(serving, &first, name, strlen(name));
    }
    csv_end_line(&serving->text);
    arena_free(&arena);
}

/* append[j]: whether text column j of the batch goes out. Text and carried columns share their order. */
static bool *
columns_to_append(const struct serving *serving, const struct batch *batch)
{
    bool *append = arena_zalloc(batch->arena, batch->n_text, sizeof *append);
    uint32_t j = 0;
    for (uint32_t i = 0; i < batch->schema->n_columns && j < batch->n_text; i++)
        if (column_is_text(&batch->schema->columns[i]))
            append[j++] = serving->append && batch->schema->columns[i].role == ROLE_CARRY;
    return append;
}

static void
add_piece(struct text *text, const struct piece *piece)
{
    text_add(text, piece->bytes, piece->n);
}

static void
csv_row(struct serving *serving, const struct batch *batch, const bool *append, const struct answers *answers,
        uint64_t i)
{
    const struct decision *decision = &serving->decision;
    struct text *text = &serving->text;
    uint32_t c = decision->n_classes, n_numbers = serving->proba ? c : c > 0 ? 0 : decision->n_outputs;
    const float *numbers = c > 0 ? answers->p + i * n_numbers : answers->y + i * n_numbers;
    bool first = true;
    for (uint32_t j = 0; j < batch->n_text; j++) {
        const struct text_cells *cells = &batch->text[j];
        if (append[j])
            add_cell(serving, &first, cells->bytes + cells->at[i], cells->at[i + 1] - cells->at[i]);
    }
    if (c > 0) {
        text_add(text, ",", !first);
        add_piece(text, &serving->labels[answers->class[i]]);
        first = false;
    }
    for (uint32_t k = 0; k < n_numbers; k++) {
        text_add(text, ",", !first);
        text_float(text, numbers[k]);
        first = false;
    }
    csv_end_line(text);
}

static void
json_separator(struct text *text, bool *first)
{
    text_add(text, *first ? "{" : ", ", *first ? 1 : 2);
    *first = false;
}

static void
json_key(struct text *text, const char *key, size_t n)
{
    json_string(text, key, n);
    text_add(text, ": ", 2);
}

/* Labels and keys as they are written in every row. */
static void
prepare_text(struct serving *serving)
{
    const struct decision *decision = &serving->decision;
    struct arena *arena = &serving->arena;
    uint32_t c = decision->n_classes, n_keys = c > 0 ? c : decision->n_outputs;
    bool json = serving->form == FORM_JSONL;
    struct text text = {0};
    serving->labels = arena_array(arena, c, sizeof *serving->labels);
    serving->keys = arena_array(arena, n_keys, sizeof *serving->keys);
    for (uint32_t k = 0; k < c; k++) {
        const char *name = decision->names->values[k];
        size_t n = decision->names->lengths[k];
        text.n = 0;
        if (json)
            json_string(&text, name, n);
        else
            csv_add_cell(&text, true, name, n);
        serving->labels[k] = (struct piece){arena_strndup(arena, text.bytes, text.n), text.n};
    }
    for (uint32_t k = 0; k < n_keys; k++) {
        const char *name = c > 0 ? decision->names->values[k] : decision_name(decision, k, arena);
        text.n = 0;
        json_key(&text, name, c > 0 ? decision->names->lengths[k] : strlen(name));
        serving->keys[k] = (struct piece){arena_strndup(arena, text.bytes, text.n), text.n};
    }
    free(text.bytes);
}

static void
json_float(struct text *text, float number)
{
    if (isfinite(number))
        text_float(text, number);
    else
        text_add(text, "null", 4);
}

static void
json_row(struct serving *serving, const struct batch *batch, const bool *append, const struct answers *answers,
         uint64_t i)
{
    const struct decision *decision = &serving->decision;
    struct text *text = &serving->text;
    uint32_t c = decision->n_classes;
    bool first = true;
    for (uint32_t j = 0; j < batch->n_text; j++) {
        const struct text_cells *cells = &batch->text[j];
        if (!append[j])
            continue;
        json_separator(text, &first);
        json_key(text, cells->name, strlen(cells->name));
        json_string(text, cells->bytes + cells->at[i], cells->at[i + 1] - cells->at[i]);
    }
    if (c > 0) {
        bool first_class = true;
        json_separator(text, &first);
        json_key(text, "prediction", strlen("prediction"));
        add_piece(text, &serving->labels[answers->class[i]]);
        if (serving->proba) {
            json_separator(text, &first);
            json_key(text, "p", 1);
        }
        for (uint32_t k = 0; serving->proba && k < c; k++) {
            json_separator(text, &first_class);
            add_piece(text, &serving->keys[k]);
            json_float(text, answers->p[i * c + k]);
        }
        text_add(text, "}", serving->proba);
    }
    for (uint32_t t = 0; c == 0 && t < decision->n_outputs; t++) {
        json_separator(text, &first);
        add_piece(text, &serving->keys[t]);
        json_float(text, answers->y[i * decision->n_outputs + t]);
    }
    text_add(text, "}\n", 2);
}

static void
flush(struct serving *serving)
{
    struct error error;
    if (serving->text.n > 0 && output_write(serving->output, serving->text.bytes, serving->text.n, &error) < 0)
        die_error(&error);
    serving->text.n = 0;
}

static void
write_text(struct serving *serving, const struct batch *batch, const struct answers *answers)
{
    const bool *append = columns_to_append(serving, batch);
    for (uint64_t i = 0; i < batch->n; i++) {
        if (serving->form == FORM_CSV)
            csv_row(serving, batch, append, answers, i);
        else
            json_row(serving, batch, append, answers, i);
        if (serving->text.n >= FLUSH_BYTES)
            flush(serving);
    }
}

/* --- frames ---------------------------------------------------------------------------------------------------- */

/* Columns of the output stream: carried text, the prediction, probabilities. All but text are features. */
static void
frames_schema(struct serving *serving, const struct schema *stream)
{
    const struct decision *decision = &serving->decision;
    struct schema *schema = &serving->schema;
    uint32_t c = decision->n_classes, n = 0;
    schema->columns =
        arena_zalloc(&schema->arena, (size_t) stream->n_columns + decision->n_outputs + c + 1, sizeof *schema->columns);
    for (uint32_t i = 0; serving->append && i < stream->n_columns; i++)
        if (stream->columns[i].role == ROLE_CARRY)
            schema->columns[n++] = (struct column){.name = arena_strdup(&schema->arena, stream->columns[i].name),
                                                   .type = stream->columns[i].type,
                                                   .role = ROLE_CARRY};
    for (uint32_t t = 0; t < (c > 0 ? 1 : decision->n_outputs); t++)
        schema->columns[n++] =
            (struct column){.name = c > 0 ? "prediction" : decision_name(decision, t, &schema->arena),
                            .type = c > 0 ? COLUMN_CAT : COLUMN_NUM,
                            .role = ROLE_FEATURE};
    if (c > 0)
        dict_copy(&schema->columns[n - 1].dict, decision->names);
    for (uint32_t k = 0; serving->proba && k < c; k++)
        schema->columns[n++] = (struct column){
            .name = probability_name(decision, k, &schema->arena), .type = COLUMN_NUM, .role = ROLE_FEATURE};
    schema->n_columns = n;
    schema_count(schema);
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t j = 0; j < i; j++)
            if (strcmp(schema->columns[i].name, schema->columns[j].name) == 0)
                die(STATUS_DATA, "two columns of the output would have the name '%s' (rename the carried one)",
                    schema->columns[i].name);
}

static void
write_frame(struct serving *serving, const struct batch *batch, const struct answers *answers)
{
    uint32_t c = serving->decision.n_classes;
    const bool *append = columns_to_append(serving, batch);
    struct batch out = {
        .schema = &serving->schema,
        .arena = batch->arena,
        .n = batch->n,
        .row = batch->row,
        .rowno = batch->rowno,
        .x = c == 0           ? answers->y
             : serving->proba ? answers->p
                              : NULL,
        .text = arena_array(batch->arena, batch->n_text, sizeof *out.text),
    };
    if (c > 0) {
        out.c = arena_array(batch->arena, batch->n, sizeof *out.c);
        for (uint64_t i = 0; i < batch->n; i++)
            out.c[i] = answers->class[i] + 1;
    }
    for (uint32_t j = 0; j < batch->n_text; j++)
        if (append[j])
            out.text[out.n_text++] = batch->text[j];
    struct error error;
    if (stream_write(serving->writer, &out, &error) < 0)
        die_error(&error);
}

int
main(int argc, char **argv)
{
    static const char *const forms[] = {"csv", "jsonl", "frames", NULL};
    struct settings s = {.threshold = NAN};
    const struct option options[] = {
        OPT_STRING('m', "model", "MODEL", &s.model, "the checkpoint that predicts"),
        OPT_FLAG(0, "proba", &s.proba, "the probability of each class too"),
        OPT_FLAG(0, "append", &s.append, "put the columns kept by cl-ingest --carry before the prediction"),
        OPT_DOUBLE(0, "threshold", "P", &s.threshold, 0, 1,
                   "of two classes, predict the positive one from this probability on [0.5]"),
        OPT_STRING(0, "positive", "CLASS", &s.positive, "the positive one of two classes [the last]"),
        OPT_CHOICE('F', "format", "FORM", &s.form, forms, "csv, jsonl or frames [csv]"),
        OPT_LEVEL('z', "compress", "LEVEL", &s.level, 3, 1, 19, "compress frames with zstd [3 without LEVEL]"),
        OPT_STRING('o', "output", "FILE", &s.output, "write to FILE, whole or not at all"),
        OPT_STRING(0, "device", "DEVICE", &s.device, "auto, cpu, ref, blas or cuda[:N] [cpu]"),
        OPT_STRING(0, "numerics", "WORD", &s.numerics, "exact or fast [exact]"),
        OPT_U64(0, "threads", "N", &s.threads, 1, 4096, "threads [all cores]"),
        OPT_COMMON,
        OPT_END,
    };
    const struct program_usage usage = {
        "cl-predict", "a prediction for every row", "-m MODEL [OPTION ...] [FILE ...]",
        "cl-ingest -m model.ck < today.csv | cl-predict -m model.ck > scores.csv\n"
        "cl-ingest -m model.ck --carry id < today.csv | cl-predict -m model.ck --append --proba\n"
        "tail -f log.csv | cl-ingest -m model.ck | cl-predict -m model.ck -F jsonl\n",
        options};

    program_start("cl-predict");
    options_more_versions(device_versions);
    size_t n_paths = (size_t) options_parse(&usage, argc, argv);
    if (s.model == NULL)
        usage_error("-m MODEL is missing: which model predicts?");
    if (s.level > 0 && s.form != FORM_FRAMES)
        usage_error("-z compresses frames: say -F frames too");

    struct error error;
    struct model model = {0};
    struct output output;
    struct serving serving = {.form = (enum form) s.form, .proba = s.proba, .append = s.append, .output = &output};
    struct engine_options engine_options = {.threads = (unsigned) s.threads, .max_rows = CHUNK};
    if (device_choose(s.device, s.numerics, &serving.engine, &engine_options.device, &error) < 0 ||
        checkpoint_read(&model, s.model, &error) < 0)
        die_error(&error);
    const struct decision_options decision_options = {.positive = s.positive, .threshold = s.threshold};
    if (decision_open(&serving.decision, &model, &decision_options, &error) < 0)
        die_error(&error);
    if (s.proba && serving.decision.n_classes == 0)
        usage_error("--proba is for models of classes; this one predicts numbers");
    if (serving.engine->open(&serving.state, &model.network, &engine_options, &error) < 0)
        die_error(&error);
    note("%s", serving.engine->describe(serving.state));
    if (n_paths == 0)
        usage_if_terminal();
    if (output_open(&output, s.output, s.form == FORM_FRAMES, &error) < 0)
        die_error(&error);
    struct stream_reader *reader = stream_reader_open((const char *const *) argv, n_paths, &error);
    if (reader == NULL)
        die_error(&error);
    struct schema *schema = stream_reader_schema(reader);
    struct binding *binding;
    if (bind_open(&binding, &model, schema, false, &error) < 0)
        die(error.status, "%s: %s", stream_reader_name(reader), error.text);
    bind_forget_labels(binding);
    prepare_text(&serving);
    if (s.form == FORM_CSV)
        csv_heading(&serving, schema);
    if (s.form == FORM_FRAMES) {
        frames_schema(&serving, schema);
        if ((serving.writer = stream_writer_open(&output, &serving.schema, s.level, &error)) == NULL)
            die_error(&error);
    }

    struct batch batch;
    int got;
    do {
        got = stream_read(reader, &batch, false, &error);
        if (got == 2) {
            flush(&serving);
            got = stream_read(reader, &batch, true, &error);
        }
        if (got <= 0)
            break;
        struct rowset rows;
        struct answers answers;
        if (bind_rows(binding, &batch, &rows, &error) < 0) {
            flush(&serving);
            die(error.status, "%s: %s", stream_reader_name(reader), error.text);
        }
        answer(&serving, &rows, batch.arena, &answers);
        if (s.form == FORM_FRAMES)
            write_frame(&serving, &batch, &answers);
        else
            write_text(&serving, &batch, &answers);
    } while (got > 0);

    /* Rows that were answered before the stream broke are not held back. */
    flush(&serving);
    if (got < 0 || (s.form == FORM_FRAMES && stream_write_end(serving.writer, &error) < 0) ||
        output_commit(&output, &error) < 0)
        die_error(&error);
    stream_writer_close(serving.writer);
    schema_free(&serving.schema);
    bind_close(binding);
    stream_reader_close(reader);
    serving.engine->close(serving.state);
    decision_close(&serving.decision);
    model_free(&model);
    free(serving.text.bytes);
    arena_free(&serving.arena);
    return STATUS_OK;
}
