/*
 * cl-ingest: reads CSV, TSV, JSON lines, libsvm, IDX, npy and safetensors, and writes a data stream.
 *
 * stdin or FILE ...: text or arrays, plain or compressed. stdout or -o FILE: one `table` frame, dictionaries and rows,
 * and an end frame only when all was well. The columns are decided from a sample of the first file, or are those of a
 * model (-m), of a schema or of another stream (--schema); with these the rows are compared with what was there in
 * training (--expect, --report).
 *
 * Memory: O(one frame) and one record, at first also a sample of at most 4 MiB of text.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checkpoint.h"
#include "expect.h"
#include "file.h"
#include "infer.h"
#include "ingest.h"
#include "options.h"
#include "program.h"
#include "progress.h"
#include "schema_file.h"
#include "stream.h"
#include "tally.h"

static void
say_warning(const char *sentence)
{
    warn("%s", sentence);
}

static void
say_note(const char *sentence)
{
    note("%s", sentence);
}

/* A schema in place of a model is likely, and its first byte tells it. */
static bool
is_json(const char *path)
{
    FILE *file = strcmp(path, "-") == 0 ? NULL : fopen(path, "r");
    int first = file != NULL ? fgetc(file) : EOF;
    if (file != NULL)
        fclose(file);
    return first == '{';
}

/* What reading needs of a model: its columns with their dictionaries, its profile and its digest. */
static void
read_model_schema(struct schema *schema, const char *path)
{
    struct model model = {0};
    struct error error;
    if (checkpoint_read(&model, path, &error) < 0) {
        if (error.status == STATUS_DATA && is_json(path))
            die(STATUS_DATA, "%s is JSON, not a model (a schema is given with --schema)", path);
        die_error(&error);
    }
    schema_copy(schema, &model.schema);
    memcpy(schema->model, model.digest, sizeof schema->model);
    model_free(&model);
}

/* What a schema says of how its files are read counts where no option says it. */
static void
apply_reading(struct ingest_options *s, const struct schema_reading *reading, const char *const *formats,
              const char *path)
{
    if (s->format == INGEST_AUTO && reading->format != NULL) {
        while (formats[s->format] != NULL && strcmp(formats[s->format], reading->format) != 0)
            s->format++;
        if (formats[s->format] == NULL)
            die(STATUS_DATA, "%s: the format '%s' is none that this program reads", path, reading->format);
    }
    /* What was said of another format's files says nothing of these. */
    const bool any = s->format == INGEST_AUTO || s->format == INGEST_CSV, cells = any || s->format == INGEST_TSV;
    if (s->delimiter == NULL && any)
        s->delimiter = reading->delimiter;
    if (s->decimal == NULL && cells)
        s->decimal = reading->decimal;
    if (s->missing == NULL && (cells || s->format == INGEST_JSONL))
        s->missing = reading->missing;
    if (s->header == HEADER_AUTO && reading->header != NULL && cells)
        s->header = strcmp(reading->header, "yes") == 0 ? HEADER_YES : HEADER_NO;
}

/* What is said about rows that have all been read: in the report, or in a few words. Over a limit, no end is written.
 */
static void
check_rows(struct expect *expect, struct output *report)
{
    struct error error, failed;
    int met = expect_finish(expect, &error);
    if (report != NULL && (expect_report(expect, report, &failed) < 0 || output_commit(report, &failed) < 0))
        die_error(&failed);
    if (met < 0)
        die_error(&error);
    if (report == NULL)
        expect_say(expect, say_warning, say_note);
}

static bool
is_stdout(const char *path)
{
    return strcmp(path, "-") == 0;
}

/* Two outputs in one file would be neither. */
static void
check_outputs(const char *stream, const char *report, const char *schema)
{
    const char *const paths[] = {stream != NULL ? stream : "-", report, schema};
    static const char *const names[] = {"-o", "--report", "--write-schema"};
    for (int i = 1; i < 3; i++)
        for (int k = 0; k < i; k++) {
            if (paths[i] == NULL || paths[k] == NULL || strcmp(paths[i], paths[k]) != 0 ||
                strncmp(paths[i], "/dev/", 5) == 0)
                continue;
            if (k == 0 && is_stdout(paths[i]))
                usage_error("%s -: the stream goes to standard output (give %s FILE or -o FILE)", names[i], names[i]);
            usage_error("%s and %s are to write to one file, %s", names[k], names[i],
                        is_stdout(paths[i]) ? "standard output" : paths[i]);
        }
}

int
main(int argc, char **argv)
{
    /* In the order of the enums in ingest.h and schema.h. */
    static const char *const formats[] = {"auto",        "csv",   "tsv",    "idx",    "npy",
                                          "safetensors", "jsonl", "libsvm", "frames", NULL};
    static const char *const tasks[] = {"auto", "regression", "class", NULL};
    static const char *const headers[] = {"auto", "yes", "no", NULL};
    static const char *const orders[] = {"auto", "dmy", "mdy", NULL};
    static const char *const new_columns[] = {"ignore", "keep", "error", NULL};
    static const char *const missing_columns[] = {"error", "nan", NULL};
    struct ingest_options s = {.max_cell = 1 << 20, .warn = say_warning, .note = say_note};
    const char *model_path = NULL, *schema_path = NULL, *write_path = NULL, *output_path = NULL;
    const char *limits = NULL, *report_path = NULL;
    bool no_header = false;
    int level = 0;
    const struct option options[] = {
        OPT_CHOICE('f', "format", "FORMAT", &s.format, formats, "what the input is; auto tells by its content [auto]"),
        OPT_STRING('y', "label", "COLUMNS", &s.label, "the label, or labels of a regression [the last column]"),
        OPT_CHOICE(0, "task", "TASK", &s.task, tasks, "what labels are; auto decides by their values [auto]"),
        OPT_STRING('d', "delimiter", "CHAR", &s.delimiter, "what stands between cells [found out of , ; tab |]"),
        OPT_STRING(0, "decimal", "CHAR", &s.decimal, "the decimal point of numbers: . or , [found out]"),
        OPT_CHOICE(0, "dates", "auto|dmy|mdy", &s.dates, orders,
                   "what 01/02/2024 is, in columns that do not show it [auto: such are no dates]"),
        OPT_CHOICE(0, "header", "auto|yes|no", &s.header, headers, "does the first record name the columns? [auto]"),
        OPT_FLAG(0, "no-header", &no_header, "the same as --header no: columns are called c1, c2, ..."),
        OPT_STRING(0, "tensor", "NAME[,LABEL]", &s.tensor,
                   "tensors of a safetensors file [the only one, or the two that fit]"),
        OPT_LIST(0, "types", "NAME:TYPE,...", &s.types,
                 "where inference is not right: num, cat, hash[:BITS], text, time or drop; NAME may be a pattern, as "
                 "'x*'"),
        OPT_LIST(0, "role", "NAME:ROLE,...", &s.roles, "feature, label, weight, group, id, time or carry"),
        OPT_LIST(0, "drop", "NAMES", &s.drop, "leave columns out, or parts of dates, as 'when.*'"),
        OPT_LIST(0, "keep", "NAMES", &s.keep, "leave out all others that no option names"),
        OPT_LIST(0, "carry", "NAMES", &s.carry, "pass columns through as text, for cl-predict --append"),
        OPT_LIST(0, "lag", "NAME:N,...", &s.lag, "add what a column, or the label, was N rows earlier, as NAME.lagN"),
        OPT_STRING(0, "missing", "LIST", &s.missing, "cells that are missing values [" MISSING_DEFAULT "]"),
        OPT_STRING(0, "bad-rows", "POLICY", &s.bad_rows,
                   "fail, skip, or skip up to a count, or a share as 0.01 [fail]"),
        OPT_SIZE(0, "max-cell", "SIZE", &s.max_cell, "longest cell [1M]"),
        OPT_STRING('m', "model", "MODEL", &model_path, "read the columns of a model, by name and in any order"),
        OPT_STRING(0, "schema", "FILE", &schema_path,
                   "read the columns of a file of --write-schema, or of a data stream, in the same way"),
        OPT_STRING(0, "write-schema", "FILE", &write_path,
                   "write columns, categories and how they were read as JSON, for --schema"),
        OPT_CHOICE(0, "new-columns", "ignore|keep|error", &s.new_columns, new_columns,
                   "with -m or --schema, what becomes of columns not in it; keep: as text [ignore]"),
        OPT_CHOICE(0, "missing-columns", "error|nan", &s.missing_columns, missing_columns,
                   "with -m or --schema, what becomes of features not in the input; nan: missing in all rows [error]"),
        OPT_STRING(0, "expect", "LIMITS", &limits,
                   "with -m or --schema, an error for rows unlike those of training: "
                   "'missing<0.1,unseen<0.05,outside<0.01', or missing(COLUMN)<0.5"),
        OPT_STRING(0, "report", "FILE", &report_path,
                   "with -m or --schema, compare the rows with those of training, as JSON"),
        {.kind = OPTION_U64,
         .name = "expect-rows",
         .argument = "N",
         .target = &s.expect_rows,
         .high = UINT64_MAX,
         .given = &s.expect_given,
         .help = "an error unless exactly N records come"},
        OPT_U64(0, "threads", "N", &s.threads, 1, 1024, "threads; no result depends on them [all cores]"),
        OPT_U64(0, "frame-rows", "N", &s.frame_rows, 1, 1 << 30, "rows of a frame [about a MiB]"),
        OPT_LEVEL('z', "compress", "LEVEL", &level, 3, 1, 19, "compress with zstd [3 when given without LEVEL]"),
        OPT_STRING('o', "output", "FILE", &output_path, "write to FILE, whole or not at all"),
        OPT_COMMON,
        OPT_END,
    };
    const struct program_usage usage = {"cl-ingest", "read text or arrays into a data stream",
                                        "[OPTION ...] [FILE ...]",
                                        "cat data.csv | cl-ingest | cl-scale | cl-train > model.ck\n"
                                        "cl-ingest -m model.ck < new.csv | cl-tune -m model.ck -o next.ck\n"
                                        "cl-ingest -y price --types zip:cat --drop id houses.csv > houses.clt\n"
                                        "cl-ingest embeddings.npy labels.csv | cl-scale | cl-train > topics.ck\n"
                                        "cl-ingest --write-schema schema.json first.csv > first.clt\n"
                                        "cl-ingest --schema schema.json --expect 'missing<0.1' next.csv > next.clt\n",
                                        options};

    program_start("cl-ingest");
    size_t n_paths = (size_t) options_parse(&usage, argc, argv);
    const char *const *paths = (const char *const *) argv;
    if (s.max_cell < 1 || s.max_cell > 1 << 30)
        usage_error("--max-cell is between 1 and 1G");
    if (no_header && s.header == HEADER_YES)
        usage_error("--no-header contradicts --header yes");
    if (model_path != NULL && schema_path != NULL)
        usage_error("-m and --schema exclude each other: both say what the columns are");
    s.by_schema = schema_path != NULL;
    s.by_model = model_path != NULL || s.by_schema;
    if (!s.by_model && (s.new_columns != NEW_IGNORE || s.missing_columns != MISSING_ERROR))
        usage_error("--new-columns and --missing-columns go with -m or --schema");
    if (!s.by_model && (limits != NULL || report_path != NULL))
        usage_error("--expect and --report go with -m or --schema, which say what the rows are compared with");
    check_outputs(output_path, report_path, write_path);
    if (no_header)
        s.header = HEADER_NO;
    struct error error;
    struct expect *expect = expect_new(limits, &error);
    if (expect == NULL)
        usage_error("%s", error.text);
    struct ingest *ingest = ingest_new(&s, &error);
    if (ingest == NULL)
        usage_error("%s", error.text);

    struct schema model = {0};
    if (model_path != NULL)
        read_model_schema(&model, model_path);
    if (schema_path != NULL) {
        struct schema_reading reading;
        if (schema_file_read(&model, &reading, schema_path, &error) < 0)
            die_error(&error);
        apply_reading(&s, &reading, formats, schema_path);
        ingest_free(ingest); /* the options have changed, and are checked again */
        ingest = ingest_new(&s, &error);
        if (ingest == NULL)
            die(STATUS_DATA, "%s: %s", schema_path, error.text);
    }
    if (n_paths == 0)
        usage_if_terminal();
    struct output output, report;
    if (output_open(&output, output_path, true, &error) < 0 ||
        (report_path != NULL && output_open(&report, report_path, false, &error) < 0) ||
        ingest_open(ingest, s.by_model ? &model : NULL, paths, n_paths, &error) < 0)
        die_error(&error);
    const bool checks = model.profile != NULL || limits != NULL || report_path != NULL;
    if (checks &&
        expect_open(expect, &model, model_path != NULL ? model_path : schema_path, ingest_schema(ingest), &error) < 0) {
        if (error.status == STATUS_USAGE)
            usage_error("%s", error.text);
        die_error(&error);
    }
    const bool profiles = write_path != NULL && model.profile == NULL;
    struct tally tally;
    tally_open(&tally, ingest_schema(ingest)->n_x, ingest_schema(ingest)->n_c);
    struct stream_writer *writer = stream_writer_open(&output, ingest_schema(ingest), level, &error);
    if (writer == NULL)
        die_error(&error);

    struct batch batch;
    struct progress progress;
    char count[32], rate[32];
    int got;
    progress_begin(&progress);
    while ((got = ingest_read(ingest, &batch, &error)) > 0 && (got = stream_write(writer, &batch, &error)) >= 0) {
        if (checks)
            expect_add(expect, &batch);
        if (profiles)
            tally_add(&tally, &batch, true);
        if (progress_due(&progress)) {
            double records = (double) ingest_records(ingest);
            human_count(count, sizeof count, records);
            human_count(rate, sizeof rate, records / progress_elapsed_s(&progress));
            progress_draw(&progress, "%s records, %s/s", count, rate);
        }
    }
    progress_end(&progress);

    if (got >= 0 && checks)
        check_rows(expect, report_path != NULL ? &report : NULL);
    if (got < 0 || stream_write_end(writer, &error) < 0)
        die_error(&error);
    if (write_path != NULL) {
        struct schema schema = *ingest_schema(ingest); /* its dictionaries stay where they are */
        schema.profile = profiles ? profile_make(&tally, &schema, &model.arena) : model.profile;
        struct schema_reading reading;
        ingest_reading(ingest, &reading);
        if (schema_file_write(&schema, &reading, write_path, &error) < 0)
            die_error(&error);
    }
    if (output_commit(&output, &error) < 0)
        die_error(&error);
    unsigned long long n_records = ingest_records(ingest);
    note("%llu record%s", n_records, n_records == 1 ? "" : "s");
    stream_writer_close(writer);
    ingest_free(ingest);
    expect_free(expect);
    tally_close(&tally);
    schema_free(&model);
    options_free(options);
    return STATUS_OK;
}
