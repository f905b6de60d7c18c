#include "evaluating.h"

#include <math.h>
#include <stdlib.h>

#include "counts.h"
#include "csv_write.h"
#include "program.h"

enum { FLUSH_BYTES = 1 << 18, MOST_PARTS = 10000 };

/* ---- which rows ---- */

/* By default the test rows are meant if rows are tagged, else all: so either all rows are tagged, or none. */
static bool
wanted(struct evaluation *evaluation, const struct batch *batch, uint64_t i)
{
    uint8_t tag = batch->split == NULL ? SPLIT_NONE : batch->split[i];
    switch (evaluation->on) {
    case ON_TEST:
        return tag == SPLIT_TEST;
    case ON_VALID:
        return tag == SPLIT_VALID;
    case ON_TRAIN:
        return tag == SPLIT_TRAIN;
    case ON_ALL:
        return true;
    default:
        *(tag == SPLIT_NONE ? &evaluation->untagged : &evaluation->tagged) = true;
        if (evaluation->tagged && evaluation->untagged)
            die(STATUS_DATA,
                "record %llu: some rows are tagged by cl-split and some are not (say which are meant: "
                "--on test, or --on all)",
                (unsigned long long) batch_rowno(batch, i) + 1);
        return tag == SPLIT_NONE || tag == SPLIT_TEST;
    }
}

/* Rows with a label among those that are asked for; `batch` when that is all of them. */
static const struct batch *
choose_rows(struct evaluation *evaluation, const struct batch *batch, struct batch *chosen)
{
    uint8_t *keep = arena_alloc(batch->arena, batch->n);
    uint64_t n = 0;
    for (uint64_t i = 0; i < batch->n; i++) {
        keep[i] = wanted(evaluation, batch, i);
        if (keep[i] && bind_label_missing(evaluation->binding, batch, i)) {
            evaluation->no_label++;
            keep[i] = 0;
        }
        n += keep[i];
    }
    if (n == batch->n)
        return batch;
    batch_filter(chosen, batch, keep, batch->arena);
    return chosen;
}

/* The metrics of the rows that share this row's value of the --by column. */
static struct metrics *
part_of_row(struct evaluation *evaluation, const struct batch *batch, uint64_t i)
{
    struct parts *parts = &evaluation->parts;
    size_t n;
    const char *value = cell_text(&parts->column, batch, i, &n);
    uint32_t before = parts->values.n, code = dict_add(&parts->values, value, n);
    if (parts->values.n > MOST_PARTS)
        die(STATUS_DATA, "--by: the column has more than %d values", MOST_PARTS);
    if (parts->values.n > before) {
        mem_grow(&parts->metrics, &parts->cap, parts->values.n, sizeof *parts->metrics);
        parts->metrics[code - 1] = metrics_open(&evaluation->decision);
    }
    return parts->metrics[code - 1];
}

/* ---- one row ---- */

void
evaluation_flush(struct evaluation *evaluation)
{
    struct error error;
    if (evaluation->lines.n > 0 &&
        output_write(evaluation->predictions, evaluation->lines.bytes, evaluation->lines.n, &error) < 0)
        die_error(&error);
    evaluation->lines.n = 0;
}

static void
add_heading(struct evaluation *evaluation)
{
    const struct decision *decision = &evaluation->decision;
    struct text *lines = &evaluation->lines, name = {0};
    struct arena arena = {0};
    text_printf(lines, "row");
    if (decision->n_classes > 0)
        text_printf(lines, ",label,prediction");
    for (uint32_t j = 0; decision->n_classes == 0 && j < decision->n_outputs; j++) {
        const uint32_t each = decision->n_outputs / decision->n_labels;
        const char *prediction = decision_name(decision, j, &arena);
        name.n = 0;
        text_printf(&name, decision->n_labels > 1 ? "label_%s" : "label",
                    schema_y(&decision->model->schema, j / each)->name);
        if (j % each == 0)
            csv_add_cell(lines, false, name.bytes, name.n);
        csv_add_cell(lines, false, prediction, strlen(prediction));
    }
    for (uint32_t c = 0; c < decision->n_classes; c++) {
        name.n = 0;
        text_printf(&name, "p_%s", decision->names->values[c]);
        csv_add_cell(lines, false, name.bytes, name.n);
    }
    csv_end_line(lines);
    free(name.bytes);
    arena_free(&arena);
}

static void
add_float(struct text *lines, float number)
{
    char digits[32];
    csv_add_cell(lines, false, digits, (size_t) format_float(digits, number));
}

/* A class as the stream writes it: it may be none of the model's. */
static void
add_label(struct evaluation *evaluation, const struct batch *batch, uint64_t i)
{
    const struct dict *names;
    uint32_t code = bind_label_code(evaluation->binding, batch, i, &names);
    csv_add_cell(&evaluation->lines, false, names->values[code - 1], names->lengths[code - 1]);
}

static void
add_row(struct evaluation *evaluation, const struct batch *batch, const struct rowset *rows, uint64_t i, const float *z)
{
    const struct decision *decision = &evaluation->decision;
    const struct model *model = evaluation->model;
    uint32_t o = decision->n_outputs, c = decision->n_classes;
    struct metrics *part = NULL;
    struct text *lines = &evaluation->lines;
    float *p = arena_array(batch->arena, c > 0 ? c : o, sizeof *p);
    double w = rows->w == NULL ? 1 : (double) rows->w[i];
    if (!(w >= 0 && w < INFINITY))
        die(STATUS_DATA, "record %llu: the weight %g is not a number from 0 on",
            (unsigned long long) batch_rowno(batch, i) + 1, w);
    if (c > 0 && decision->mask != NULL &&
        (rows->label[i] == BIND_UNKNOWN || !decision_allows(decision, rows->label[i]))) {
        evaluation->not_among++;
        return;
    }
    if (evaluation->parts.column.name != NULL)
        part = part_of_row(evaluation, batch, i);
    if (evaluation->predictions != NULL)
        text_printf(lines, "%llu", (unsigned long long) batch_rowno(batch, i) + 1);
    if (c > 0) {
        uint32_t label = rows->label[i] == BIND_UNKNOWN ? METRICS_OTHER : rows->label[i];
        uint32_t class = decide_class(decision, z, p);
        float loss = label == METRICS_OTHER ? 0
                                            : loss_row(&evaluation->objective, z, o,
                                                       rows->y == NULL ? NULL : rows->y + i, label, decision->mask);
        metrics_add_class(evaluation->metrics, p, class, label, w, loss);
        if (part != NULL)
            metrics_add_class(part, p, class, label, w, loss);
        if (evaluation->predictions == NULL)
            return;
        add_label(evaluation, batch, i);
        csv_add_cell(lines, false, decision->names->values[class], decision->names->lengths[class]);
        for (uint32_t k = 0; k < c; k++)
            add_float(lines, p[k]);
    } else {
        uint32_t labels = decision->n_labels;
        double *y = arena_array(batch->arena, labels, sizeof *y);
        struct error error;
        for (uint32_t t = 0; t < labels; t++) {
            y[t] = bind_label(evaluation->binding, batch, i, t);
            if (model->loss == LOSS_POISSON && rows->y[i * labels + t] < 0) {
                counts_refuse(schema_y(&model->schema, t)->name, batch_rowno(batch, i), y[t], &error);
                die_error(&error);
            }
        }
        decide_numbers(decision, z, p);
        float loss = loss_row(&evaluation->objective, z, o, rows->y + i * labels, 0, NULL);
        metrics_add_numbers(evaluation->metrics, y, p, w, loss);
        if (part != NULL)
            metrics_add_numbers(part, y, p, w, loss);
        if (evaluation->predictions == NULL)
            return;
        for (uint32_t j = 0; j < o; j++) {
            if (j % (o / labels) == 0)
                add_float(lines, (float) y[j / (o / labels)]);
            add_float(lines, p[j]);
        }
    }
    csv_end_line(lines);
    if (lines->n >= FLUSH_BYTES)
        evaluation_flush(evaluation);
}

/* ---- a stream ---- */

int
evaluation_open(struct evaluation *evaluation, const struct model *model, const struct engine *engine,
                const struct engine_options *engine_options, const struct decision_options *options,
                struct error *error)
{
    evaluation->model = model;
    evaluation->engine = engine;
    evaluation->objective = model_objective(model, evaluation->quantiles);
    if (decision_open(&evaluation->decision, model, options, error) < 0)
        return -1;
    return engine->open(&evaluation->state, &model->network, engine_options, error);
}

int
evaluation_begin(struct evaluation *evaluation, struct stream_reader *reader, const char *by, enum on on,
                 struct output *predictions, struct error *error)
{
    evaluation->on = on;
    evaluation->tagged = evaluation->untagged = false;
    evaluation->no_label = evaluation->not_among = 0;
    evaluation->metrics = metrics_open(&evaluation->decision);
    evaluation->predictions = predictions;
    if (predictions != NULL)
        add_heading(evaluation);
    if (bind_open(&evaluation->binding, evaluation->model, stream_reader_schema(reader), true, error) < 0) {
        error_prefix(error, "%s", stream_reader_name(reader));
        return -1;
    }
    if (by != NULL && cell_column_find(&evaluation->parts.column, by, stream_reader_schema(reader), error) < 0) {
        error_prefix(error, "--by");
        return -1;
    }
    return 0;
}

void
evaluation_batch(struct evaluation *evaluation, const struct batch *all, const char *name)
{
    struct batch chosen;
    struct rowset rows;
    struct error error;
    const struct batch *batch = choose_rows(evaluation, all, &chosen);
    uint32_t o = evaluation->decision.n_outputs;
    if (batch->n == 0)
        return;
    if (bind_rows(evaluation->binding, batch, &rows, &error) < 0)
        die(error.status, "%s: %s", name, error.text);
    float *z = arena_aligned(batch->arena, (size_t) EVALUATION_CHUNK * o * sizeof *z);
    for (uint64_t first = 0; first < rows.n; first += EVALUATION_CHUNK) {
        uint64_t n = rows.n - first < EVALUATION_CHUNK ? rows.n - first : EVALUATION_CHUNK;
        if (evaluation->engine->forward(evaluation->state, &rows, first, n, z, &error) < 0)
            die_error(&error);
        for (uint64_t i = 0; i < n; i++)
            add_row(evaluation, batch, &rows, first + i, z + i * o);
    }
}

void
evaluation_check_rows(const struct evaluation *evaluation, const char *name)
{
    if (metrics_rows(evaluation->metrics) > 0)
        return;
    die(STATUS_DATA, "%s%sno rows to evaluate (%s)", name != NULL ? name : "", name != NULL ? ": " : "",
        evaluation->no_label > 0                                   ? "none has a label"
        : evaluation->on == ON_DEFAULT && evaluation->tagged       ? "none is tagged test; see --on"
        : evaluation->on == ON_DEFAULT || evaluation->on == ON_ALL ? "the stream is empty"
                                                                   : "none has the tag of --on");
}

void
evaluation_end(struct evaluation *evaluation)
{
    for (uint32_t i = 0; i < evaluation->parts.values.n; i++)
        metrics_close(evaluation->parts.metrics[i]);
    free(evaluation->parts.metrics);
    dict_free(&evaluation->parts.values);
    evaluation->parts = (struct parts){0};
    metrics_close(evaluation->metrics);
    bind_close(evaluation->binding);
    evaluation->metrics = NULL;
    evaluation->binding = NULL;
}

void
evaluation_close(struct evaluation *evaluation)
{
    evaluation->engine->close(evaluation->state);
    decision_close(&evaluation->decision);
    free(evaluation->lines.bytes);
}
