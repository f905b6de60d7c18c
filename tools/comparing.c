#include "comparing.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checkpoint.h"
#include "matrix.h"
#include "program.h"
#include "report_text.h"

enum { NAME_WIDTH = 40 };

/* Its models and what they are measured by; the baseline is the last of them. */
struct models {
    struct model *items; /* [n] */
    const char **paths;
    size_t n;
    enum metric metric;
};

/* ---- what is compared ---- */

/* --metric, or what the task is measured by. */
static enum metric
choose_metric(const struct comparison *comparison, const struct model *model)
{
    const bool numbers = model->schema.task != TASK_CLASS;
    enum metric metric = numbers ? METRIC_RMSE : METRIC_ACCURACY;
    bool judges;
    if (comparison->metric == NULL)
        return metric;
    if (!metric_parse(comparison->metric, &metric) || (matrix_less_is_better(metric, &judges), !judges))
        usage_error("--metric %s: there is no such metric of which more, or less, is better", comparison->metric);
    if (!metric_applies(metric, model->schema.task))
        usage_error("--metric %s: that is for models that predict %s; these predict %s", comparison->metric,
                    numbers ? "classes" : "numbers", numbers ? "numbers" : "classes");
    if (metric >= METRIC_DEVIANCE && model->loss != (metric == METRIC_DEVIANCE ? LOSS_POISSON : LOSS_QUANTILE))
        usage_error("--metric %s: that is for models of loss %s; these have %s", comparison->metric,
                    metric == METRIC_DEVIANCE ? "poisson" : "quantile", loss_name(model->loss));
    return metric;
}

static void
read_models(struct models *models, const struct comparison *comparison)
{
    struct error error;
    models->n = comparison->n_models + (comparison->baseline != NULL);
    models->items = mem_zalloc(models->n, sizeof *models->items);
    models->paths = mem_array(models->n, sizeof *models->paths);
    for (size_t i = 0; i < models->n; i++) {
        models->paths[i] = i < comparison->n_models ? comparison->models[i] : comparison->baseline;
        if (checkpoint_read(&models->items[i], models->paths[i], &error) < 0)
            die_error(&error);
        if (models->items[i].schema.task != models->items[0].schema.task)
            die(STATUS_DATA, "%s and %s have different tasks: one predicts classes, the other numbers",
                models->paths[0], models->paths[i]);
    }
    models->metric = choose_metric(comparison, &models->items[0]);
}

/* The classes that task j is restricted to, or NULL. */
static const char *
among_of(const struct comparison *comparison, size_t j)
{
    return comparison->among.n == 0 ? NULL : comparison->among.values[comparison->among.n == 1 ? 0 : j];
}

/* A model that was made before one of these classes came cannot choose among them. */
static bool
knows(const struct model *model, const char *among)
{
    if (among == NULL || model->schema.task != TASK_CLASS)
        return true; /* decision_open() says what is wrong */
    size_t n;
    bool all = true;
    char **names = split_list(among, &n);
    for (size_t i = 0; i < n; i++)
        all = all && dict_find(&schema_y(&model->schema, 0)->dict, names[i], strlen(names[i])) != 0;
    free(names);
    return all;
}

static void
check_gates(const struct comparison *comparison, const struct matrix *matrix)
{
    for (size_t i = 0; i < comparison->n_gates; i++) {
        const struct gate *gate = &comparison->gates[i];
        if (measure_applies(gate->measure, matrix))
            continue;
        if (gate->measure == MEASURE_FWT && matrix->baseline == NULL)
            usage_error("--gate '%s': forward transfer needs --baseline, an untrained model", gate->text);
        usage_error("--gate '%s': %s needs as many models as streams, and two at least; here are %u and %u", gate->text,
                    measure_name(gate->measure), matrix->n_models, matrix->n_tasks);
    }
}

/* ---- rows ---- */

/* The metric of each model on the rows of task j. values: [models.n]; rows that counted for the last model of the run.
 */
static double
run_task(const struct comparison *comparison, const struct models *models, size_t j, double *values)
{
    const char *path = comparison->tasks[j], *among = among_of(comparison, j);
    const struct decision_options options = {among, comparison->positive, comparison->threshold};
    struct evaluation *evaluations = mem_zalloc(models->n, sizeof *evaluations);
    struct error error;
    struct batch batch;
    double rows = 0;
    int got;
    struct stream_reader *reader = stream_reader_open(&path, 1, &error);
    if (reader == NULL)
        die_error(&error);
    for (size_t i = 0; i < models->n; i++) {
        values[i] = NAN;
        if (!knows(&models->items[i], among) && i + 1 != comparison->n_models)
            continue;
        if (evaluation_open(&evaluations[i], &models->items[i], comparison->engine, &comparison->engine_options,
                            &options, &error) < 0 ||
            evaluation_begin(&evaluations[i], reader, NULL, comparison->on, NULL, &error) < 0) {
            error_prefix(&error, "%s", models->paths[i]);
            die_error(&error);
        }
    }
    while ((got = stream_read(reader, &batch, true, &error)) > 0)
        for (size_t i = 0; i < models->n; i++)
            if (evaluations[i].metrics != NULL)
                evaluation_batch(&evaluations[i], &batch, path);
    if (got < 0)
        die_error(&error);
    for (size_t i = 0; i < models->n; i++) {
        if (evaluations[i].metrics == NULL)
            continue;
        evaluation_check_rows(&evaluations[i], path);
        const struct report *report = metrics_report(evaluations[i].metrics);
        if (report->defined[models->metric])
            values[i] = report->value[models->metric];
        if (i + 1 == comparison->n_models) {
            rows = report->value[METRIC_N];
            if (evaluations[i].no_label > 0)
                warn("warning: %s: rows without a label are left out (%llu)", path,
                     (unsigned long long) evaluations[i].no_label);
            if (report->others)
                warn("warning: %s: some labels are classes that %s does not have: they count as wrong", path,
                     models->paths[i]);
        }
        evaluation_end(&evaluations[i]);
        evaluation_close(&evaluations[i]);
    }
    stream_reader_close(reader);
    free(evaluations);
    return rows;
}

/* ---- the answer ---- */

static const char *
shown(const char *name, char cell[256])
{
    return error_quote(cell, 256, name, strlen(name), NAME_WIDTH);
}

static void
table_row(struct text *text, const char *name, int width, const double *values, const int *widths, size_t n)
{
    char cell[256];
    report_pad(text, shown(name, cell), width, false);
    for (size_t j = 0; j < n; j++)
        if (isnan(values[j]))
            report_pad(text, "-", widths[j], true);
        else
            report_number(text, values[j], widths[j]);
    text_add(text, "\n", 1);
}

static void
print_table(struct text *text, const struct comparison *comparison, const struct models *models,
            const struct matrix *matrix, const double *cells)
{
    const size_t n = comparison->n_tasks;
    char cell[256];
    int *widths = mem_array(n, sizeof *widths), width = report_width(metric_name(models->metric));
    for (size_t i = 0; i < models->n; i++) {
        int wide = report_width(shown(models->paths[i], cell));
        width = wide > width ? wide : width;
    }
    width = width < 10 ? 10 : width; /* "forgetting" */
    report_pad(text, metric_name(models->metric), width, false);
    for (size_t j = 0; j < n; j++) {
        int wide = report_width(shown(comparison->tasks[j], cell));
        widths[j] = 2 + (wide > 9 ? wide : 9);
        report_pad(text, cell, widths[j], true);
    }
    text_add(text, "\n", 1);
    if (comparison->baseline != NULL)
        table_row(text, comparison->baseline, width, matrix->baseline, widths, n);
    for (size_t i = 0; i < comparison->n_models; i++)
        table_row(text, comparison->models[i], width, cells + i * n, widths, n);
    text_add(text, "\n", 1);
    for (enum measure measure = 0; measure < MEASURE_COUNT; measure++) {
        double value = matrix_measure(matrix, measure);
        if (measure_applies(measure, matrix))
            table_row(text, measure_name(measure), width, &value, widths, 1);
    }
    free(widths);
}

static void
json_numbers(struct text *text, const double *values, size_t n)
{
    char digits[32];
    text_add(text, "[", 1);
    for (size_t j = 0; j < n; j++) {
        text_add(text, ", ", j == 0 ? 0 : 2);
        if (isnan(values[j]))
            text_add(text, "null", 4);
        else
            text_add(text, digits, (size_t) format_double(digits, values[j]));
    }
    text_add(text, "]", 1);
}

static void
json_names(struct text *text, const char *key, const char *const *names, size_t n)
{
    text_printf(text, ", \"%s\": [", key);
    for (size_t i = 0; i < n; i++) {
        text_add(text, ", ", i == 0 ? 0 : 2);
        json_string(text, names[i], strlen(names[i]));
    }
    text_add(text, "]", 1);
}

static void
print_json(struct text *text, const struct comparison *comparison, const struct models *models,
           const struct matrix *matrix, const double *cells, const double *rows)
{
    const size_t n = comparison->n_tasks;
    text_printf(text, "{\"metric\": \"%s\"", metric_name(models->metric));
    json_names(text, "models", comparison->models, comparison->n_models);
    json_names(text, "streams", comparison->tasks, n);
    text_printf(text, ", \"rows\": ");
    json_numbers(text, rows, n);
    text_printf(text, ", \"matrix\": [");
    for (size_t i = 0; i < comparison->n_models; i++) {
        text_add(text, ", ", i == 0 ? 0 : 2);
        json_numbers(text, cells + i * n, n);
    }
    text_printf(text, "]");
    if (comparison->baseline != NULL) {
        text_printf(text, ", \"baseline\": ");
        json_numbers(text, matrix->baseline, n);
    }
    for (enum measure measure = 0; measure < MEASURE_COUNT; measure++) {
        double value = matrix_measure(matrix, measure);
        char digits[32] = "null";
        if (!measure_applies(measure, matrix))
            continue;
        if (!isnan(value))
            digits[format_double(digits, value)] = '\0';
        text_printf(text, ", \"%s\": %s", measure_name(measure), digits);
    }
    text_printf(text, "}\n");
}

void
gate_say(const struct gate *gate, double value)
{
    char digits[32];
    if (isnan(value)) {
        fprintf(stderr, "%s: gate '%s' is not met: these rows do not define the value\n", program_name(), gate->text);
        return;
    }
    digits[format_double(digits, value)] = '\0';
    fprintf(stderr, "%s: gate '%s' is not met: the value is %s\n", program_name(), gate->text, digits);
}

bool
compare(const struct comparison *comparison, struct output *output)
{
    const size_t n = comparison->n_tasks;
    struct models models = {0};
    struct text text = {0};
    struct error error;
    bool judges, met = true;
    read_models(&models, comparison);
    double *cells = mem_array(models.n * n, sizeof *cells), *values = mem_array(models.n, sizeof *values);
    double *rows = mem_array(n, sizeof *rows);
    const struct matrix matrix = {
        .n_models = (uint32_t) comparison->n_models,
        .n_tasks = (uint32_t) n,
        .cells = cells,
        .baseline = comparison->baseline != NULL ? cells + comparison->n_models * n : NULL,
        .less_is_better = matrix_less_is_better(models.metric, &judges),
    };
    check_gates(comparison, &matrix);
    for (size_t j = 0; j < n; j++) {
        rows[j] = run_task(comparison, &models, j, values);
        for (size_t i = 0; i < models.n; i++)
            cells[i * n + j] = values[i];
    }
    if (comparison->json)
        print_json(&text, comparison, &models, &matrix, cells, rows);
    else
        print_table(&text, comparison, &models, &matrix, cells);
    for (size_t i = 0; i < comparison->n_gates; i++) {
        double value = matrix_measure(&matrix, comparison->gates[i].measure);
        if (gate_holds(&comparison->gates[i], value))
            continue;
        met = false;
        gate_say(&comparison->gates[i], value);
    }
    if (output_write(output, text.bytes, text.n, &error) < 0 || output_commit(output, &error) < 0)
        die_error(&error);
    for (size_t i = 0; i < models.n; i++)
        model_free(&models.items[i]);
    free(models.items);
    free(models.paths);
    free(cells);
    free(values);
    free(rows);
    free(text.bytes);
    return met;
}
