/*
 * cl-eval: how good a model is on rows that have labels.
 *
 * stdin or FILE ...: a data stream, scaled or not. stdout or -o FILE: the metrics, as a table or one JSON object. Exit
 * status 1 when a gate is not met.
 *
 * Memory: the model, O(one frame), and for classes what the rankings need: four bytes for each row and class (two
 * classes: for each row), four for its label, eight for a weight. With --by, twice that.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bind.h"
#include "cell.h"
#include "checkpoint.h"
#include "counts.h"
#include "csv_write.h"
#include "decide.h"
#include "device.h"
#include "gate.h"
#include "loss.h"
#include "metrics.h"
#include "options.h"
#include "program.h"
#include "report_text.h"
#include "stream.h"

enum on { ON_DEFAULT, ON_TEST, ON_VALID, ON_TRAIN, ON_ALL };
enum { CHUNK = 1024, FLUSH_BYTES = 1 << 18, MOST_PARTS = 10000 };

struct settings {
    const char *model, *by, *among, *positive, *predictions, *output, *device, *numerics;
    double threshold;
    int on;
    bool json;
    struct option_list gates;
    uint64_t threads;
};

/* The rows by their value of the --by column. */
struct parts {
    struct cell_column column; /* name NULL without --by */
    struct dict values;
    struct metrics **metrics; /* [values.n] */
    size_t cap;
};

struct evaluation {
    const struct engine *engine;
    struct engine_state *state;
    const struct model *model;
    struct decision decision;
    struct objective objective; /* of the model, without smoothing */
    struct binding *binding;
    enum on on;
    bool tagged, untagged; /* rows of the kind have been seen */
    struct metrics *metrics;
    struct parts parts;
    struct output *predictions; /* or NULL */
    struct text lines;          /* of predictions, not yet written */
    uint64_t no_label, not_among;
};

static void
add_gate(struct gate **gates, size_t *n, const char *text)
{
    struct error error;
    *gates = mem_realloc(*gates, *n + 1, sizeof **gates);
    if (gate_parse(&(*gates)[(*n)++], text, &error) < 0)
        usage_error("%s", error.text);
}

/* --- which rows ------------------------------------------------------------------------------------------------ */

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

/* --- one row --------------------------------------------------------------------------------------------------- */

static void
flush(struct evaluation *evaluation)
{
    struct error error;
    if (evaluation->lines.n > 0 &&
        output_write(evaluation->predictions, evaluation->lines.bytes, evaluation->lines.n, &error) < 0)
        die_error(&error);
    evaluation->lines.n = 0;
}

static void
predictions_heading(struct evaluation *evaluation)
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
        flush(evaluation);
}

static void
evaluate_batch(struct evaluation *evaluation, const struct batch *all, const char *name)
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
    float *z = arena_aligned(batch->arena, (size_t) CHUNK * o * sizeof *z);
    for (uint64_t first = 0; first < rows.n; first += CHUNK) {
        uint64_t n = rows.n - first < CHUNK ? rows.n - first : CHUNK;
        if (evaluation->engine->forward(evaluation->state, &rows, first, n, z, &error) < 0)
            die_error(&error);
        for (uint64_t i = 0; i < n; i++)
            add_row(evaluation, batch, &rows, first + i, z + i * o);
    }
}

/* --- the answer ------------------------------------------------------------------------------------------------ */

static void
print_report(const struct report *whole, const struct parts *parts, bool json, struct text *text)
{
    uint32_t n = parts->values.n, *order = mem_array(n, sizeof *order);
    const struct report **reports = mem_array(n, sizeof *reports);
    const char **values = mem_array(n, sizeof *values);
    dict_order(&parts->values, order);
    for (uint32_t i = 0; i < n; i++) {
        reports[i] = metrics_report(parts->metrics[order[i] - 1]);
        values[i] = parts->values.values[order[i] - 1];
    }
    if (!json) {
        report_table(text, whole);
        if (parts->column.name != NULL)
            report_parts(text, parts->column.name, values, reports, n);
    } else {
        report_json(text, whole, parts->column.name != NULL);
        if (parts->column.name != NULL) {
            text_printf(text, ", \"by\": {");
            json_string(text, parts->column.name, strlen(parts->column.name));
            for (uint32_t i = 0; i < n; i++) {
                text_printf(text, i == 0 ? ": {" : ", ");
                json_string(text, values[i], parts->values.lengths[order[i] - 1]);
                text_printf(text, ": ");
                report_json(text, reports[i], false);
            }
            text_printf(text, "}}}");
        }
        text_add(text, "\n", 1);
    }
    free(order);
    free(reports);
    free(values);
}

/* What was left out, said once. */
static void
say_left_out(const struct evaluation *evaluation, const struct report *whole)
{
    if (evaluation->no_label > 0)
        warn("warning: rows without a label are left out (%llu)", (unsigned long long) evaluation->no_label);
    if (evaluation->not_among > 0)
        note("rows of other classes than --among are left out (%llu)", (unsigned long long) evaluation->not_among);
    if (whole->zero_labels > 0)
        note("labels of 0 are left out of mape (%llu)", (unsigned long long) whole->zero_labels);
    if (whole->others)
        warn("warning: some labels are classes that the model does not have: they count as wrong");
}

/* One line for each gate that is not met. The answer itself, so -q does not silence it. */
static bool
check_gates(const struct gate *gates, size_t n, const struct report *whole)
{
    bool met = true;
    for (size_t i = 0; i < n; i++) {
        double value;
        if (gate_met(&gates[i], whole))
            continue;
        met = false;
        if (gate_value(&gates[i], whole, &value)) {
            char digits[32];
            digits[format_double(digits, value)] = '\0';
            fprintf(stderr, "%s: gate '%s' is not met: the value is %s\n", program_name(), gates[i].text, digits);
        } else {
            fprintf(stderr, "%s: gate '%s' is not met: these rows do not define the value\n", program_name(),
                    gates[i].text);
        }
    }
    return met;
}

int
main(int argc, char **argv)
{
    static const char *const ons[] = {"default", "test", "valid", "train", "all", NULL};
    struct settings s = {.threshold = NAN};
    const struct option options[] = {
        OPT_STRING('m', "model", "MODEL", &s.model, "the checkpoint to evaluate"),
        OPT_CHOICE(0, "on", "ROWS", &s.on, ons, "test, valid, train or all [test rows if rows are tagged, else all]"),
        OPT_STRING(0, "by", "COLUMN", &s.by,
                   "the metrics for each value of a category, group or carried column, or split"),
        OPT_STRING(0, "among", "CLASSES", &s.among, "only rows of these classes, predicted as one of these"),
        OPT_DOUBLE(0, "threshold", "P", &s.threshold, 0, 1,
                   "of two classes, predict the positive one from this probability on [0.5]"),
        OPT_STRING(0, "positive", "CLASS", &s.positive, "the positive one of two classes [the last]"),
        OPT_LIST(0, "gate", "EXPR", &s.gates, "a limit such as 'accuracy>=0.9'; exit 1 when it is not met"),
        OPT_STRING(0, "predictions", "FILE", &s.predictions, "write row, label, prediction and probabilities as CSV"),
        OPT_FLAG(0, "json", &s.json, "one JSON object in place of the table"),
        OPT_STRING('o', "output", "FILE", &s.output, "write to FILE, whole or not at all"),
        OPT_STRING(0, "device", "DEVICE", &s.device, "auto, cpu, ref, blas or cuda[:N] [auto]"),
        OPT_STRING(0, "numerics", "WORD", &s.numerics, "exact or fast [exact]"),
        OPT_U64(0, "threads", "N", &s.threads, 1, 4096, "threads [all cores]"),
        OPT_COMMON,
        OPT_END,
    };
    const struct program_usage usage = {
        "cl-eval", "how good a model is on rows that have labels", "-m MODEL [OPTION ...] [FILE ...]",
        "cl-ingest -m model.ck < holdout.csv | cl-eval -m model.ck\n"
        "cl-eval -m model.ck --gate 'accuracy>=0.9' --gate 'recall[yes]>0.8' test.clt && mv model.ck live.ck\n"
        "cl-eval -m model.ck --json --by region test.clt | jq .by.region\n",
        options};

    program_start("cl-eval");
    options_more_versions(device_versions);
    size_t n_words = (size_t) options_parse(&usage, argc, argv), n_paths = 0, n_gates = 0;
    struct gate *gates = NULL;
    for (size_t i = 0; i < s.gates.n; i++)
        add_gate(&gates, &n_gates, s.gates.values[i]);
    /* Several expressions may follow one --gate. */
    for (size_t i = 0; i < n_words; i++)
        if (s.gates.n > 0 && gate_like(argv[i]))
            add_gate(&gates, &n_gates, argv[i]);
        else
            argv[n_paths++] = argv[i];
    if (s.model == NULL)
        usage_error("-m MODEL is missing: which model is to be evaluated?");

    struct error error;
    struct model model = {0};
    struct output output, predictions;
    struct evaluation evaluation = {.model = &model, .on = (enum on) s.on};
    struct engine_options engine_options = {.threads = (unsigned) s.threads, .max_rows = CHUNK};
    const struct decision_options decision_options = {s.among, s.positive, s.threshold};
    if (device_choose(s.device, s.numerics, &evaluation.engine, &engine_options.device, &error) < 0 ||
        checkpoint_read(&model, s.model, &error) < 0 ||
        decision_open(&evaluation.decision, &model, &decision_options, &error) < 0)
        die_error(&error);
    float quantiles[MODEL_MAX_QUANTILES];
    evaluation.objective = model_objective(&model, quantiles);
    for (size_t i = 0; i < n_gates; i++)
        if (gate_bind(&gates[i], &evaluation.decision, &error) < 0)
            die_error(&error);
    if (n_paths == 0)
        usage_if_terminal();
    if (evaluation.engine->open(&evaluation.state, &model.network, &engine_options, &error) < 0 ||
        output_open(&output, s.output, false, &error) < 0 ||
        (s.predictions != NULL && output_open(&predictions, s.predictions, false, &error) < 0))
        die_error(&error);
    note("%s", evaluation.engine->describe(evaluation.state));
    evaluation.metrics = metrics_open(&evaluation.decision);
    if (s.predictions != NULL) {
        evaluation.predictions = &predictions;
        predictions_heading(&evaluation);
    }
    struct stream_reader *reader = stream_reader_open((const char *const *) argv, n_paths, &error);
    if (reader == NULL)
        die_error(&error);
    if (bind_open(&evaluation.binding, &model, stream_reader_schema(reader), true, &error) < 0)
        die(error.status, "%s: %s", stream_reader_name(reader), error.text);
    if (s.by != NULL && cell_column_find(&evaluation.parts.column, s.by, stream_reader_schema(reader), &error) < 0)
        die(error.status, "--by: %s", error.text);

    struct batch batch;
    int got;
    while ((got = stream_read(reader, &batch, true, &error)) > 0)
        evaluate_batch(&evaluation, &batch, stream_reader_name(reader));
    if (got < 0)
        die_error(&error);
    if (metrics_rows(evaluation.metrics) == 0)
        die(STATUS_DATA, "no rows to evaluate (%s)",
            evaluation.no_label > 0                   ? "none has a label"
            : s.on == ON_DEFAULT && evaluation.tagged ? "none is tagged test; see --on"
            : s.on == ON_DEFAULT || s.on == ON_ALL    ? "the stream is empty"
                                                      : "none has the tag of --on");

    struct text text = {0};
    const struct report *whole = metrics_report(evaluation.metrics);
    print_report(whole, &evaluation.parts, s.json, &text);
    say_left_out(&evaluation, whole);
    bool met = check_gates(gates, n_gates, whole);
    flush(&evaluation);
    if (output_write(&output, text.bytes, text.n, &error) < 0 ||
        (s.predictions != NULL && output_commit(&predictions, &error) < 0) || output_commit(&output, &error) < 0)
        die_error(&error);
    for (uint32_t i = 0; i < evaluation.parts.values.n; i++)
        metrics_close(evaluation.parts.metrics[i]);
    free(evaluation.parts.metrics);
    dict_free(&evaluation.parts.values);
    metrics_close(evaluation.metrics);
    bind_close(evaluation.binding);
    stream_reader_close(reader);
    evaluation.engine->close(evaluation.state);
    decision_close(&evaluation.decision);
    model_free(&model);
    free(evaluation.lines.bytes);
    free(text.bytes);
    options_free(options);
    free(gates);
    return met ? STATUS_OK : STATUS_NO;
}
