/*
 * cl-drift: whether a stream still looks like what a model was trained on.
 *
 * stdin or FILE ...: a data stream as cl-ingest -m MODEL reads it, not scaled. stdout or -o FILE: what was found column
 * by column, as a table or one JSON object. Exit status 1 when there is drift; then, and only then, --then runs.
 *
 * Memory: the model, O(one frame), and 32 counts for each column; with --reference a sample of its rows.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "bind.h"
#include "checkpoint.h"
#include "compare.h"
#include "decide.h"
#include "detector.h"
#include "device.h"
#include "drift_text.h"
#include "options.h"
#include "predicted.h"
#include "program.h"
#include "stream.h"
#include "tally.h"

enum { CHUNK = 1024, EARLY_ROWS = 100 };

struct settings {
    const char *model, *reference, *detector, *then, *output, *device, *numerics;
    double alpha, least_psi;
    bool json;
    uint64_t threads;
};

/* The model and what it says of rows. */
struct judge {
    const struct engine *engine; /* NULL: there is no model */
    struct engine_state *state;
    struct decision decision;
    struct binding *binding;
    struct predicted predicted;
    float *z; /* [CHUNK, n_outputs] */
};

/* Errors of the rows that have labels, on their way to the detector. */
struct watch {
    struct detector *detector; /* NULL: nobody looks */
    struct drift_errors found;
    double sum;
    /* Of numbers, the first rows wait until the usual size of errors is known. */
    uint32_t n_labels, n_early;
    double *early, *scale; /* [EARLY_ROWS, n_labels], [n_labels]; scale NULL: not yet known */
    uint64_t records[EARLY_ROWS];
};

/* ---- errors ---- */

static void
watch_value(struct watch *watch, double value, uint64_t record)
{
    struct drift_errors *found = &watch->found;
    const double before = detector_mean(watch->detector);
    if (detector_add(watch->detector, value) != DETECTOR_DRIFT)
        return;
    if (found->alarms < DRIFT_ALARMS) {
        found->records[found->alarms] = record;
        found->before[found->alarms] = before;
        found->after[found->alarms] = detector_width(watch->detector) > 0 ? detector_mean(watch->detector) : NAN;
    }
    found->alarms++;
}

/* The mean over labels of errors from 0 to 1. */
static void
watch_sizes(struct watch *watch, const double *sizes, uint64_t record)
{
    double sum = 0;
    for (uint32_t t = 0; t < watch->n_labels; t++)
        sum += detector_unit(sizes[t], watch->scale[t]);
    watch_value(watch, sum / watch->n_labels, record);
}

/* The scale is the mean size of the first errors, 1 where all are 0. */
static void
watch_early(struct watch *watch)
{
    watch->scale = mem_zalloc(watch->n_labels, sizeof *watch->scale);
    for (uint32_t t = 0; t < watch->n_labels; t++) {
        for (uint32_t i = 0; i < watch->n_early; i++)
            watch->scale[t] += watch->early[i * watch->n_labels + t] / watch->n_early;
        if (!(watch->scale[t] > 0 && isfinite(watch->scale[t])))
            watch->scale[t] = 1;
    }
    for (uint32_t i = 0; i < watch->n_early; i++)
        watch_sizes(watch, watch->early + (size_t) i * watch->n_labels, watch->records[i]);
}

/* Row i of the batch, whose outputs are z. */
static void
watch_row(struct watch *watch, const struct judge *judge, const struct batch *batch, const struct rowset *rows,
          uint64_t i, uint64_t in_chunk)
{
    const uint64_t record = batch_rowno(batch, i) + 1;
    const struct batch *predicted = &judge->predicted.batch;
    const struct decision *decision = &judge->decision;
    if (bind_label_missing(judge->binding, batch, i))
        return;
    watch->found.rows++;
    if (watch->found.classes) {
        const bool wrong = predicted->c[in_chunk] - 1 != rows->label[i];
        watch->sum += wrong;
        watch_value(watch, wrong, record);
        return;
    }
    const uint32_t each = decision->n_outputs / decision->n_labels; /* quantiles: the middle one */
    const float *y = predicted->x + in_chunk * decision->n_outputs;
    double *sizes = watch->early + (size_t) (watch->scale == NULL ? watch->n_early : 0) * watch->n_labels;
    for (uint32_t t = 0; t < watch->n_labels; t++) {
        sizes[t] = fabs(bind_label(judge->binding, batch, i, t) - (double) y[t * each + each / 2]);
        watch->sum += sizes[t] / watch->n_labels;
    }
    if (watch->scale != NULL) {
        watch_sizes(watch, sizes, record);
        return;
    }
    watch->records[watch->n_early++] = record;
    if (watch->n_early == EARLY_ROWS)
        watch_early(watch);
}

static void
watch_open(struct watch *watch, const struct settings *s, const struct judge *judge)
{
    struct error error;
    if (judge->engine == NULL || !bind_has_labels(judge->binding) || strcmp(s->detector, "none") == 0)
        return;
    watch->detector = detector_open(s->detector, &error);
    watch->found.detector = s->detector;
    watch->found.classes = judge->decision.n_classes > 0;
    watch->n_labels = watch->found.classes ? 1 : judge->decision.n_labels;
    watch->early = mem_array(EARLY_ROWS, watch->n_labels * sizeof *watch->early);
    if (!watch->found.classes && detector_values(watch->detector) == DETECTOR_BINARY)
        usage_error("--detector %s counts wrong classes, and the model predicts a number (adwin, hddm_a, page_hinkley "
                    "and kswin take errors of any size)",
                    s->detector);
}

static void
watch_close(struct watch *watch)
{
    if (watch->detector != NULL && watch->n_early > 0 && watch->scale == NULL)
        watch_early(watch);
    if (watch->found.rows > 0)
        watch->found.mean = watch->sum / (double) watch->found.rows;
    else
        watch->found.detector = NULL;
    free(watch->early);
    free(watch->scale);
}

/* ---- predictions ---- */

static void
judge_open(struct judge *judge, const struct settings *s, const struct model *model)
{
    const struct decision_options plain = {.threshold = NAN};
    struct engine_options options = {.threads = (unsigned) s->threads, .max_rows = CHUNK};
    struct error error;
    if (device_choose(s->device, s->numerics, &judge->engine, &options.device, &error) < 0 ||
        decision_open(&judge->decision, model, &plain, &error) < 0 ||
        judge->engine->open(&judge->state, &model->network, &options, &error) < 0)
        die_error(&error);
    note("%s", judge->engine->describe(judge->state));
    predicted_open(&judge->predicted, &judge->decision);
    judge->z = mem_aligned((size_t) CHUNK * judge->decision.n_outputs * sizeof *judge->z);
}

/* Binds the model to the columns of a stream. */
static void
judge_bind(struct judge *judge, const struct model *model, struct stream_reader *reader)
{
    struct error error;
    if (bind_open(&judge->binding, model, stream_reader_schema(reader), false, &error) < 0)
        die(error.status, "%s: %s", stream_reader_name(reader), error.text);
}

static void
judge_close(struct judge *judge)
{
    if (judge->engine == NULL)
        return;
    predicted_close(&judge->predicted);
    judge->engine->close(judge->state);
    decision_close(&judge->decision);
    bind_close(judge->binding);
    free(judge->z);
}

/* Predicts a batch, and hands the predictions to a tally or a comparison, the errors to a watch: those not NULL. */
static void
judge_batch(struct judge *judge, const struct batch *batch, const char *name, struct tally *tally,
            struct comparison *comparison, struct watch *watch)
{
    struct rowset rows;
    struct error error;
    if (bind_rows(judge->binding, batch, &rows, &error) < 0)
        die(error.status, "%s: %s", name, error.text);
    for (uint64_t first = 0; first < rows.n; first += CHUNK) {
        const uint64_t n = rows.n - first < CHUNK ? rows.n - first : CHUNK;
        if (judge->engine->forward(judge->state, &rows, first, n, judge->z, &error) < 0)
            die_error(&error);
        const struct batch *predicted = predicted_rows(&judge->predicted, judge->z, n);
        if (tally != NULL)
            tally_add(tally, predicted, false);
        if (comparison != NULL)
            compare_add(comparison, predicted);
        for (uint64_t i = 0; watch != NULL && watch->detector != NULL && i < n; i++)
            watch_row(watch, judge, batch, &rows, first + i, i);
    }
}

/* ---- streams ---- */

static struct stream_reader *
open_raw(const char *const *paths, size_t n_paths)
{
    struct error error;
    struct stream_reader *reader = stream_reader_open(paths, n_paths, &error);
    if (reader == NULL)
        die_error(&error);
    if (stream_reader_schema(reader)->n_transforms > 0)
        die(STATUS_DATA, "%s has been scaled, and values are compared as they are in the data (leave cl-scale out)",
            stream_reader_name(reader));
    return reader;
}

/* The profile of a stream, with the predictions where there is a model. */
static struct profile *
read_reference(const char *path, struct judge *judge, const struct model *model, struct arena *arena)
{
    struct stream_reader *reader = open_raw(&path, 1);
    const struct schema *schema = stream_reader_schema(reader);
    struct tally tally, predictions;
    struct batch batch;
    struct error error;
    int got;
    tally_open(&tally, schema->n_x, schema->n_c);
    tally_keep_sample(&tally);
    if (judge->engine != NULL) {
        judge_bind(judge, model, reader);
        tally_open(&predictions, judge->predicted.schema.n_x, judge->predicted.schema.n_c);
        tally_keep_sample(&predictions);
    }
    while ((got = stream_read(reader, &batch, true, &error)) > 0) {
        tally_add(&tally, &batch, false);
        if (judge->engine != NULL)
            judge_batch(judge, &batch, stream_reader_name(reader), &predictions, NULL, NULL);
    }
    if (got < 0)
        die_error(&error);
    struct profile *profile = profile_make(&tally, schema, arena);
    if (profile == NULL || profile->n == 0)
        die(STATUS_DATA, "%s has no %s to compare with", path,
            tally.rows == 0 ? "rows" : "features, or more than profiles are made of,");
    if (judge->engine != NULL) {
        profile->predictions = profile_make(&predictions, &judge->predicted.schema, arena);
        tally_close(&predictions);
        bind_close(judge->binding);
        judge->binding = NULL;
    }
    tally_close(&tally);
    stream_reader_close(reader);
    return profile;
}

static const struct profile *
profile_of_model(const struct model *model, const char *path)
{
    const struct profile *profile = model->schema.profile;
    if (profile == NULL || !profile_has_distributions(profile))
        die(STATUS_DATA,
            "%s does not say how its training rows were distributed: it was made by an older cl, or nobody saw the "
            "rows "
            "before they were scaled (compare with a stream: --reference FILE)",
            path);
    return profile;
}

static void
say_what_is_not_there(const struct comparison *comparison)
{
    enum { TOLD = 10 };
    uint32_t n = 0;
    for (uint32_t i = 0; i < comparison->n; i++) {
        const char *name = comparison->columns[i].then->name;
        char quoted[128];
        if (!comparison->columns[i].there && n++ < TOLD)
            warn("warning: column '%s' is not in the stream, and not compared",
                 error_quote(quoted, sizeof quoted, name, strlen(name), 60));
    }
    if (n > TOLD)
        warn("warning: %u more columns are not in the stream", n - TOLD);
}

/* ---- the answer ---- */

/* Runs the command of --then. Its failure is not drift: status 4. */
static int
run_then(const char *command)
{
    const int status = system(command);
    if (status == -1)
        die_errno("--then: cannot run '%s'", command);
    if (WIFSIGNALED(status))
        die(STATUS_SYSTEM, "--then: '%s' was ended by signal %d", command, WTERMSIG(status));
    if (WEXITSTATUS(status) != 0)
        die(STATUS_SYSTEM, "--then: '%s' ended with status %d", command, WEXITSTATUS(status));
    return STATUS_NO;
}

int
main(int argc, char **argv)
{
    struct settings s = {.detector = "adwin", .alpha = 0.01, .least_psi = 0.1};
    const struct option options[] = {
        OPT_STRING('m', "model", "MODEL", &s.model, "the checkpoint whose training rows are compared with"),
        OPT_STRING(0, "reference", "FILE", &s.reference, "compare with the rows of this stream"),
        OPT_DOUBLE(0, "alpha", "P", &s.alpha, 1e-12, 1,
                   "probability of one or more false alarms, of all tests together [0.01]"),
        OPT_DOUBLE(0, "min-psi", "D", &s.least_psi, 0, 1e6,
                   "population stability index from which on a difference matters [0.1]"),
        OPT_STRING(
            0, "detector", "WORDS", &s.detector,
            "what watches the errors where there are labels: adwin, hddm_a, page_hinkley, kswin, ddm, eddm, with "
            "options as in adwin,delta=0.01; or none [adwin]"),
        OPT_STRING(0, "then", "COMMAND", &s.then, "a shell command that is run when there is drift, and only then"),
        OPT_FLAG(0, "json", &s.json, "one JSON object in place of the table"),
        OPT_STRING('o', "output", "FILE", &s.output, "write to FILE, whole or not at all"),
        OPT_STRING(0, "device", "DEVICE", &s.device, "auto, cpu, ref, blas or cuda[:N] [auto]"),
        OPT_STRING(0, "numerics", "WORD", &s.numerics, "exact or fast [exact]"),
        OPT_U64(0, "threads", "N", &s.threads, 1, 4096, "threads [all cores]"),
        OPT_COMMON,
        OPT_END,
    };
    const struct program_usage usage = {
        "cl-drift", "whether a stream still looks like what a model was trained on", "-m MODEL [OPTION ...] [FILE ...]",
        "cl-ingest -m model.ck < today.csv | cl-drift -m model.ck\n"
        "cl-ingest -m model.ck < today.csv | cl-drift -q -m model.ck -o /dev/null --then ./retrain.sh\n"
        "cl-drift --reference january.clt --json february.clt\n",
        options};

    program_start("cl-drift");
    options_more_versions(device_versions);
    const size_t n_paths = (size_t) options_parse(&usage, argc, argv);
    struct error error;
    if (s.model == NULL && s.reference == NULL)
        usage_error("-m MODEL or --reference FILE is missing: what is the stream to be compared with?");
    if (strcmp(s.detector, "none") != 0) {
        struct detector *detector = detector_open(s.detector, &error);
        if (detector == NULL)
            usage_error("%s", error.text);
        detector_close(detector);
    }

    struct model model = {0};
    struct judge judge = {0};
    struct watch watch = {0};
    struct arena arena = {0};
    struct output output;
    struct comparison comparisons[2]; /* features, predictions */
    if (s.model != NULL && checkpoint_read(&model, s.model, &error) < 0)
        die_error(&error);
    if (s.model != NULL)
        judge_open(&judge, &s, &model);
    if (n_paths == 0)
        usage_if_terminal();
    if (output_open(&output, s.output, false, &error) < 0)
        die_error(&error);
    const struct profile *profile =
        s.reference != NULL ? read_reference(s.reference, &judge, &model, &arena) : profile_of_model(&model, s.model);
    struct stream_reader *reader = open_raw((const char *const *) argv, n_paths);
    const bool predicts = judge.engine != NULL && profile->predictions != NULL;
    if (compare_open(&comparisons[0], profile, stream_reader_schema(reader), &error) < 0 ||
        (predicts && compare_open(&comparisons[1], profile->predictions, &judge.predicted.schema, &error) < 0))
        die(error.status, "%s: %s", stream_reader_name(reader), error.text);
    if (judge.engine != NULL)
        judge_bind(&judge, &model, reader);
    say_what_is_not_there(&comparisons[0]);
    watch_open(&watch, &s, &judge);

    struct batch batch;
    int got;
    while ((got = stream_read(reader, &batch, true, &error)) > 0) {
        compare_add(&comparisons[0], &batch);
        if (predicts || watch.detector != NULL)
            judge_batch(&judge, &batch, stream_reader_name(reader), NULL, predicts ? &comparisons[1] : NULL, &watch);
    }
    if (got < 0)
        die_error(&error);
    if (comparisons[0].rows == 0)
        die(STATUS_DATA, "there are no rows to compare (the stream is empty)");
    watch_close(&watch);

    struct drift_report report = {.features = &comparisons[0],
                                  .predictions = predicts ? &comparisons[1] : NULL,
                                  .errors = &watch.found,
                                  .alpha = s.alpha,
                                  .least_psi = s.least_psi};
    report.drifts = compare_decide(comparisons, predicts ? 2 : 1, s.alpha, s.least_psi);
    report.drift = report.drifts > 0 || watch.found.alarms > 0;
    struct text text = {0};
    if (s.json)
        drift_json(&text, &report);
    else
        drift_table(&text, &report);
    if (output_write(&output, text.bytes, text.n, &error) < 0 || output_commit(&output, &error) < 0)
        die_error(&error);
    free(text.bytes);
    for (int i = 0; i < (predicts ? 2 : 1); i++)
        compare_close(&comparisons[i]);
    detector_close(watch.detector);
    judge_close(&judge);
    stream_reader_close(reader);
    model_free(&model);
    arena_free(&arena);
    return !report.drift ? STATUS_OK : s.then != NULL ? run_then(s.then) : STATUS_NO;
}
