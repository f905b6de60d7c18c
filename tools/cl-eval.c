/*
 * cl-eval: how good a model is on rows that have labels.
 *
 * stdin or FILE ...: a data stream, scaled or not. stdout or -o FILE: the metrics, as a table or one JSON object. Exit
 * status 1 when a gate is not met. --matrix: several models, and a stream for each task (comparing.h).
 *
 * Memory: the model, O(one frame), and for classes what the rankings need: four bytes for each row and class (two
 * classes: for each row), four for its label, eight for a weight. With --by, twice that. With --matrix, for each model.
 */
#include <math.h>
#include <stdlib.h>

#include "checkpoint.h"
#include "comparing.h"
#include "device.h"
#include "evaluating.h"
#include "gate.h"
#include "options.h"
#include "program.h"
#include "report_text.h"

struct settings {
    const char *by, *positive, *metric, *baseline, *predictions, *output, *device, *numerics;
    double threshold;
    int on;
    bool json, matrix;
    struct option_list models, among, gates;
    uint64_t threads;
};

static void
add_gate(struct gate **gates, size_t *n, const char *text, bool matrix)
{
    struct error error;
    *gates = mem_realloc(*gates, *n + 1, sizeof **gates);
    if ((matrix ? gate_parse_measure : gate_parse)(&(*gates)[(*n)++], text, &error) < 0)
        usage_error("%s", error.text);
}

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
        gate_say(&gates[i], gate_value(&gates[i], whole, &value) ? value : NAN);
    }
    return met;
}

/* The metrics of one model on all rows of the streams. */
static bool
evaluate(const struct settings *s, const char *const *paths, size_t n_paths, struct gate *gates, size_t n_gates,
         const struct engine *engine, const struct engine_options *engine_options)
{
    struct error error;
    struct model model = {0};
    struct output output, predictions;
    struct evaluation evaluation = {0};
    const struct decision_options decision_options = {s->among.n > 0 ? s->among.values[0] : NULL, s->positive,
                                                      s->threshold};
    if (checkpoint_read(&model, s->models.values[0], &error) < 0 ||
        evaluation_open(&evaluation, &model, engine, engine_options, &decision_options, &error) < 0)
        die_error(&error);
    for (size_t i = 0; i < n_gates; i++)
        if (gate_bind(&gates[i], &evaluation.decision, &error) < 0)
            die_error(&error);
    if (n_paths == 0)
        usage_if_terminal();
    if (output_open(&output, s->output, false, &error) < 0 ||
        (s->predictions != NULL && output_open(&predictions, s->predictions, false, &error) < 0))
        die_error(&error);
    note("%s", engine->describe(evaluation.state));
    struct stream_reader *reader = stream_reader_open(paths, n_paths, &error);
    if (reader == NULL || evaluation_begin(&evaluation, reader, s->by, (enum on) s->on,
                                           s->predictions != NULL ? &predictions : NULL, &error) < 0)
        die_error(&error);

    struct batch batch;
    int got;
    while ((got = stream_read(reader, &batch, true, &error)) > 0)
        evaluation_batch(&evaluation, &batch, stream_reader_name(reader));
    if (got < 0)
        die_error(&error);
    evaluation_check_rows(&evaluation, NULL);

    struct text text = {0};
    const struct report *whole = metrics_report(evaluation.metrics);
    print_report(whole, &evaluation.parts, s->json, &text);
    say_left_out(&evaluation, whole);
    bool met = check_gates(gates, n_gates, whole);
    evaluation_flush(&evaluation);
    if (output_write(&output, text.bytes, text.n, &error) < 0 ||
        (s->predictions != NULL && output_commit(&predictions, &error) < 0) || output_commit(&output, &error) < 0)
        die_error(&error);
    evaluation_end(&evaluation);
    evaluation_close(&evaluation);
    stream_reader_close(reader);
    model_free(&model);
    free(text.bytes);
    return met;
}

/* The matrix of several models and tasks. */
static bool
evaluate_matrix(const struct settings *s, const char *const *paths, size_t n_paths, struct gate *gates, size_t n_gates,
                const struct engine *engine, const struct engine_options *engine_options)
{
    struct error error;
    struct output output;
    if (s->by != NULL || s->predictions != NULL)
        usage_error("--matrix goes without %s", s->by != NULL ? "--by" : "--predictions");
    if (n_paths == 0)
        usage_error("--matrix wants the held-out stream of each task as a file of its own");
    if (s->among.n > 1 && s->among.n != n_paths)
        usage_error("--among is given once for all streams, or once for each: %zu for %zu streams", s->among.n,
                    n_paths);
    const struct comparison comparison = {
        .models = s->models.values,
        .n_models = s->models.n,
        .baseline = s->baseline,
        .tasks = paths,
        .n_tasks = n_paths,
        .metric = s->metric,
        .among = s->among,
        .positive = s->positive,
        .threshold = s->threshold,
        .on = (enum on) s->on,
        .json = s->json,
        .gates = gates,
        .n_gates = n_gates,
        .engine = engine,
        .engine_options = *engine_options,
    };
    if (output_open(&output, s->output, false, &error) < 0)
        die_error(&error);
    return compare(&comparison, &output);
}

int
main(int argc, char **argv)
{
    static const char *const ons[] = {"default", "test", "valid", "train", "all", NULL};
    struct settings s = {.threshold = NAN};
    const struct option options[] = {
        OPT_LIST('m', "model", "MODEL", &s.models,
                 "the checkpoint to evaluate; with --matrix several, the oldest first"),
        OPT_FLAG(0, "matrix", &s.matrix,
                 "each model on each stream, and what was forgotten: acc, bwt, fwt, forgetting"),
        OPT_CHOICE(0, "on", "ROWS", &s.on, ons, "test, valid, train or all [test rows if rows are tagged, else all]"),
        OPT_STRING(0, "by", "COLUMN", &s.by,
                   "the metrics for each value of a category, group or carried column, or split"),
        OPT_LIST(0, "among", "CLASSES", &s.among,
                 "only rows of these classes, predicted as one of these; with --matrix once, or for each stream"),
        OPT_DOUBLE(0, "threshold", "P", &s.threshold, 0, 1,
                   "of two classes, predict the positive one from this probability on [0.5]"),
        OPT_STRING(0, "positive", "CLASS", &s.positive, "the positive one of two classes [the last]"),
        OPT_LIST(0, "gate", "EXPR", &s.gates, "a limit such as 'accuracy>=0.9'; exit 1 when it is not met"),
        OPT_STRING(0, "metric", "NAME", &s.metric, "what --matrix shows [accuracy, or rmse]"),
        OPT_STRING(0, "baseline", "MODEL", &s.baseline, "an untrained model, for the forward transfer of --matrix"),
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
        "cl-eval -m model.ck --json --by region test.clt | jq .by.region\n"
        "cl-eval --matrix -m 1.ck -m 2.ck --gate 'forgetting<=0.05' test1.clt test2.clt\n",
        options};

    program_start("cl-eval");
    options_more_versions(device_versions);
    size_t n_words = (size_t) options_parse(&usage, argc, argv), n_paths = 0, n_gates = 0;
    struct gate *gates = NULL;
    for (size_t i = 0; i < s.gates.n; i++)
        add_gate(&gates, &n_gates, s.gates.values[i], s.matrix);
    /* Several expressions may follow one --gate. */
    for (size_t i = 0; i < n_words; i++)
        if (s.gates.n > 0 && gate_like(argv[i]))
            add_gate(&gates, &n_gates, argv[i], s.matrix);
        else
            argv[n_paths++] = argv[i];
    if (s.models.n == 0)
        usage_error("-m MODEL is missing: which model is to be evaluated?");
    if (!s.matrix && s.models.n > 1)
        usage_error("-m is given more than once: one model is evaluated, or several with --matrix");
    if (!s.matrix && s.among.n > 1)
        usage_error("--among is given more than once: classes are separated by commas");
    if (!s.matrix && (s.metric != NULL || s.baseline != NULL))
        usage_error("%s is for --matrix", s.metric != NULL ? "--metric" : "--baseline");

    struct error error;
    const struct engine *engine;
    struct engine_options engine_options = {.threads = (unsigned) s.threads, .max_rows = EVALUATION_CHUNK};
    if (device_choose(s.device, s.numerics, &engine, &engine_options.device, &error) < 0)
        die_error(&error);
    bool met = (s.matrix ? evaluate_matrix : evaluate)(&s, (const char *const *) argv, n_paths, gates, n_gates, engine,
                                                       &engine_options);
    options_free(options);
    free(gates);
    return met ? STATUS_OK : STATUS_NO;
}
