/*
 * cl-scale: fits a scale on the training rows, applies it to all rows, and sends it along.
 *
 * stdin or FILE ...: a data stream. stdout or -o FILE: the same stream with other numbers in x and y, its frames as
 * they were, and the fitted transform in its head. With -m MODEL nothing is fitted: rows get the model's transforms.
 *
 * Memory: O(one frame + columns); exact medians take 32 MiB more. Without -m the input is read twice (five times and
 * more for medians): files as they are, anything else from an unlinked temporary copy.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checkpoint.h"
#include "fit.h"
#include "options.h"
#include "program.h"
#include "replay.h"
#include "stream.h"
#include "tally.h"

struct settings {
    int method, label, impute; /* enum scale_method, label_scale, impute */
    bool method_given, label_given, impute_given;
    const char *model, *output;
    int level;
};

/* What is applied to every row, and the schema that says so. */
struct scaling {
    const struct transform *transforms;
    uint32_t n;
    struct profile *profile; /* of the rows the scale was fitted on; NULL: that of the stream, if it has one */
    struct schema schema;
};

/* Passes over the input until the numbers are known. profile: what the rows were, where they are still raw. */
static void
fit_stream(struct replay *replay, const struct settings *s, struct transform *transform, struct profile **profile,
           struct arena *arena)
{
    const struct fit_options options = {(enum scale_method) s->method, (enum label_scale) s->label,
                                        (enum impute) s->impute};
    struct fit *fit = NULL;
    struct schema schema = {0};
    struct tally tally = {0};
    struct error error;
    for (bool first = true, more = true; more; first = false) {
        struct stream_reader *reader = replay_begin(replay, &error);
        if (reader == NULL)
            die_error(&error);
        if (fit == NULL) {
            schema_copy(&schema, stream_reader_schema(reader));
            if (schema.model[0] != '\0')
                die(STATUS_DATA,
                    "%s was read with a model, whose scale it must get (use cl-scale -m MODEL, or leave "
                    "cl-scale out: programs that have the model apply it themselves)",
                    stream_reader_name(reader));
            if (s->label_given && s->label != LABEL_AUTO && s->label != LABEL_NONE && schema.task != TASK_REGRESSION)
                die(STATUS_USAGE, "--label standard, max and sqrt are for labels that are numbers; this stream has %s",
                    schema.task == TASK_CLASS ? "classes" : "no label");
            fit = fit_open(&schema, &options);
            tally_open(&tally, schema.n_x, schema.n_c);
            if (schema.n_transforms == 0)
                tally_keep_sample(&tally);
            fit_next_pass(fit);
        }
        struct batch batch;
        int got;
        while ((got = replay_read(replay, &batch, &error)) > 0) {
            if (fit_rows(fit, &batch, &error) < 0)
                die_error(&error);
            if (first)
                tally_add(&tally, &batch, true);
        }
        if (got < 0)
            die_error(&error);
        /* Now the stream's dictionaries are whole. */
        if (first && schema.n_transforms == 0)
            *profile = profile_make(&tally, stream_reader_schema(reader), arena);
        more = fit_next_pass(fit);
    }
    if (fit_finish(fit, transform, arena, &error) < 0)
        die_error(&error);

    enum { WARNINGS = 10 };
    uint32_t empty = 0;
    for (uint32_t j = 0; j < transform->n; j++) {
        char quoted[128];
        if (fit_column_count(fit, j) == 0 && empty++ < WARNINGS)
            warn("warning: column '%s' has no value in the training rows: it is filled with 0 everywhere",
                 error_quote(quoted, sizeof quoted, transform->names[j], strlen(transform->names[j]), 60));
    }
    if (empty > WARNINGS)
        warn("warning: %u more columns have no value in the training rows", empty - WARNINGS);
    char why[80] = "";
    double low, high;
    if (fit_counts(fit, &low, &high))
        snprintf(why, sizeof why, ", a count: whole numbers from %.0f to %.0f", low, high);
    note("%llu training rows, %u numeric columns: %s; label: %s%s", (unsigned long long) fit_train_rows(fit),
         transform->n, transform->method, transform->label_method, why);
    fit_close(fit);
    tally_close(&tally);
    schema_free(&schema);
}

/* The model's transforms that the stream does not have yet, and the profile that goes with them. */
static void
choose_transforms(struct scaling *scaling, const struct model *model, const struct schema *stream, const char *name,
                  struct arena *arena)
{
    struct error error;
    const struct schema *schema = &model->schema;
    int done =
        transform_prefix(stream->transforms, stream->n_transforms, schema->transforms, schema->n_transforms, &error);
    if (done < 0)
        die(STATUS_DATA, "%s: %s", name, error.text);
    if (schema->profile != NULL) {
        scaling->profile = profile_copy(schema->profile, arena);
        scaling->profile->predictions = NULL; /* those are the model's own */
    }
    scaling->transforms = schema->transforms + done;
    scaling->n = schema->n_transforms - (uint32_t) done;
    for (uint32_t i = 0; i < scaling->n; i++)
        if (transform_fits(&scaling->transforms[i], stream, &error) < 0)
            die(STATUS_DATA, "%s has other columns than the model: %s (read the data with cl-ingest -m MODEL)", name,
                error.text);
}

/* The stream's schema with more transforms, and the profile. Columns, and dictionaries that still grow, stay those of
 * the reader. */
static void
extend_schema(struct scaling *scaling, const struct schema *stream, struct arena *arena)
{
    scaling->schema = *stream;
    uint32_t n = stream->n_transforms + scaling->n;
    struct transform *all = arena_array(arena, n, sizeof *all);
    for (uint32_t i = 0; i < n; i++)
        all[i] = i < stream->n_transforms ? stream->transforms[i] : scaling->transforms[i - stream->n_transforms];
    if (scaling->profile != NULL)
        scaling->schema.profile = scaling->profile;
    scaling->schema.transforms = all;
    scaling->schema.n_transforms = n;
}

int
main(int argc, char **argv)
{
    static const char *const methods[] = {"auto", "standard", "minmax", "robust", "none", NULL};
    static const char *const labels[] = {"auto", "standard", "max", "sqrt", "none", NULL};
    static const char *const imputes[] = {"mean", "median", "zero", NULL};
    struct settings s = {0};
    struct option options[] = {
        OPT_CHOICE(0, "method", "METHOD", &s.method, methods, "how numeric columns are scaled [auto]"),
        OPT_CHOICE(0, "label", "METHOD", &s.label, labels, "how a label that is a number is scaled [auto]"),
        OPT_CHOICE(0, "impute", "VALUE", &s.impute, imputes, "what takes the place of missing numbers [mean]"),
        OPT_STRING('m', "model", "MODEL", &s.model, "apply what MODEL was trained with; fit nothing"),
        OPT_LEVEL('z', "compress", "LEVEL", &s.level, 3, 1, 19, "compress with zstd [3 when given without LEVEL]"),
        OPT_STRING('o', "output", "FILE", &s.output, "write to FILE, whole or not at all"),
        OPT_COMMON,
        OPT_END,
    };
    options[0].given = &s.method_given;
    options[1].given = &s.label_given;
    options[2].given = &s.impute_given;
    const struct program_usage usage = {
        "cl-scale", "scale numeric columns and labels, fitted on the training rows", "[OPTION ...] [FILE ...]",
        "cl-ingest < data.csv | cl-scale | cl-train > model.ck\n"
        "cl-ingest < data.csv | cl-split | cl-scale --method robust --impute median | cl-train > model.ck\n"
        "cl-ingest -m model.ck < new.csv | cl-scale -m model.ck > scaled.clt\n",
        options};

    program_start("cl-scale");
    size_t n_paths = (size_t) options_parse(&usage, argc, argv);
    if (s.model != NULL && (s.method_given || s.label_given || s.impute_given))
        usage_error("-m MODEL says how to scale: leave --%s out", s.method_given  ? "method"
                                                                  : s.label_given ? "label"
                                                                                  : "impute");

    struct error error;
    struct model model = {0};
    struct arena arena = {0};
    struct transform fitted;
    struct scaling scaling = {.transforms = &fitted, .n = 1};
    struct output output;
    struct replay replay;
    if (s.model != NULL && checkpoint_read(&model, s.model, &error) < 0)
        die_error(&error);
    if (n_paths == 0)
        usage_if_terminal();
    if (output_open(&output, s.output, true, &error) < 0)
        die_error(&error);
    replay_open(&replay, (const char *const *) argv, n_paths);
    if (s.model == NULL)
        fit_stream(&replay, &s, &fitted, &scaling.profile, &arena);
    /* With a model there is one pass only, so nothing is spooled. */
    struct stream_reader *reader =
        s.model == NULL ? replay_begin(&replay, &error) : stream_reader_open(replay.paths, replay.n_paths, &error);
    if (reader == NULL)
        die_error(&error);
    if (s.model != NULL)
        choose_transforms(&scaling, &model, stream_reader_schema(reader), stream_reader_name(reader), &arena);
    extend_schema(&scaling, stream_reader_schema(reader), &arena);
    struct stream_writer *writer = stream_writer_open(&output, &scaling.schema, s.level, &error);
    if (writer == NULL)
        die_error(&error);

    struct batch batch;
    int got;
    do {
        got = stream_read(reader, &batch, true, &error);
        for (const struct frame *frame; got >= 0 && (frame = stream_reader_unknown(reader)) != NULL;)
            if (stream_write_unknown(writer, frame, &error) < 0)
                got = -1;
        for (uint32_t i = 0; got > 0 && i < scaling.n; i++)
            got = transform_apply(&scaling.transforms[i], &batch, &error) < 0 ? -1 : got;
        if (got > 0 && stream_write(writer, &batch, &error) < 0)
            got = -1;
    } while (got > 0);

    if (got < 0 || stream_write_end(writer, &error) < 0 || output_commit(&output, &error) < 0)
        die_error(&error);
    stream_writer_close(writer);
    if (s.model != NULL)
        stream_reader_close(reader);
    replay_close(&replay);
    model_free(&model);
    arena_free(&arena);
    return STATUS_OK;
}
