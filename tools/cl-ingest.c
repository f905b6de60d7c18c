/*
 * cl-ingest: reads CSV, TSV, IDX and npy, and writes a data stream.
 *
 * stdin or FILE ...: text or arrays. stdout or -o FILE: one `table` frame, dictionaries and rows, and an end frame only
 * when all was well. The columns are decided from a sample of the first file, or are those of a model (-m) or of
 * another stream (--schema).
 *
 * Memory: O(one frame) and one record, at first also a sample of at most 4 MiB of text.
 */
#include <stdlib.h>
#include <string.h>

#include "checkpoint.h"
#include "file.h"
#include "infer.h"
#include "ingest.h"
#include "options.h"
#include "program.h"
#include "progress.h"
#include "stream.h"

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

/* What reading needs of a model: its columns with their dictionaries, and its digest. */
static void
read_model_schema(struct schema *schema, const char *path)
{
    struct model model = {0};
    struct error error;
    if (checkpoint_read(&model, path, &error) < 0)
        die_error(&error);
    schema_copy(schema, &model.schema);
    memcpy(schema->model, model.digest, sizeof schema->model);
    model_free(&model);
}

/* The columns and dictionaries of a stream. Its rows are read, too: only its end says that it is whole. */
static void
read_schema(struct schema *schema, const char *path)
{
    struct error error;
    struct batch batch;
    int got = -1;
    struct stream_reader *reader = stream_reader_open(&path, 1, &error);
    while (reader != NULL && (got = stream_read(reader, &batch, true, &error)) > 0)
        ;
    if (got < 0)
        die_error(&error);
    schema_copy(schema, stream_reader_schema(reader));
    schema->model[0] = '\0';
    stream_reader_close(reader);
}

/* A stream without rows. */
static void
write_schema(const struct schema *schema, const char *path)
{
    struct error error;
    struct output output;
    struct stream_writer *writer = NULL;
    if (output_open(&output, path, true, &error) < 0 ||
        (writer = stream_writer_open(&output, schema, 0, &error)) == NULL || stream_write_end(writer, &error) < 0 ||
        output_commit(&output, &error) < 0)
        die_error(&error);
    stream_writer_close(writer);
}

int
main(int argc, char **argv)
{
    /* In the order of the enums in ingest.h and schema.h. */
    static const char *const formats[] = {"auto", "csv", "tsv", "idx", "npy", NULL};
    static const char *const tasks[] = {"auto", "regression", "class", NULL};
    static const char *const headers[] = {"auto", "yes", "no", NULL};
    static const char *const new_columns[] = {"ignore", "keep", "error", NULL};
    static const char *const missing_columns[] = {"error", "nan", NULL};
    struct ingest_options s = {.max_cell = 1 << 20, .warn = say_warning, .note = say_note};
    const char *model_path = NULL, *schema_path = NULL, *write_path = NULL, *output_path = NULL;
    bool no_header = false;
    int level = 0;
    const struct option options[] = {
        OPT_CHOICE('f', "format", "FORMAT", &s.format, formats, "csv, tsv, idx, npy or auto, by content [auto]"),
        OPT_STRING('y', "label", "COLUMNS", &s.label, "the label, or labels of a regression [the last column]"),
        OPT_CHOICE(0, "task", "TASK", &s.task, tasks, "regression or class; auto decides by the label [auto]"),
        OPT_STRING('d', "delimiter", "CHAR", &s.delimiter, "what stands between cells [found out of , ; tab |]"),
        OPT_CHOICE(0, "header", "WHETHER", &s.header, headers, "yes or no: the first record names the columns [auto]"),
        OPT_FLAG(0, "no-header", &no_header, "the same as --header no: columns are called c1, c2, ..."),
        OPT_LIST(0, "types", "NAME:TYPE,...", &s.types, "num, cat, text, time or drop, where inference is not right"),
        OPT_LIST(0, "role", "NAME:ROLE,...", &s.roles, "feature, label, weight, group, id, time or carry"),
        OPT_LIST(0, "drop", "NAMES", &s.drop, "leave columns out"),
        OPT_LIST(0, "keep", "NAMES", &s.keep, "leave out all others that no option names"),
        OPT_LIST(0, "carry", "NAMES", &s.carry, "pass columns through as text, for cl-predict --append"),
        OPT_STRING(0, "missing", "LIST", &s.missing, "cells that are missing values [" MISSING_DEFAULT "]"),
        OPT_STRING(0, "bad-rows", "POLICY", &s.bad_rows, "fail, skip, or skip up to a count or a share [fail]"),
        OPT_SIZE(0, "max-cell", "SIZE", &s.max_cell, "longest cell [1M]"),
        OPT_STRING('m', "model", "MODEL", &model_path, "read the columns of a model, by name and in any order"),
        OPT_STRING(0, "schema", "FILE", &schema_path, "read the columns of a data stream in the same way"),
        OPT_STRING(0, "write-schema", "FILE", &write_path, "write columns and categories, a stream without rows"),
        OPT_CHOICE(0, "new-columns", "WHAT", &s.new_columns, new_columns,
                   "with -m or --schema, columns not in it: ignore, keep as text, or error [ignore]"),
        OPT_CHOICE(0, "missing-columns", "WHAT", &s.missing_columns, missing_columns,
                   "with -m or --schema, features not in the input: error, or nan for missing values [error]"),
        {.kind = OPTION_U64,
         .name = "expect-rows",
         .argument = "N",
         .target = &s.expect_rows,
         .high = UINT64_MAX,
         .given = &s.expect_given,
         .help = "an error unless exactly N records come"},
        OPT_U64(0, "frame-rows", "N", &s.frame_rows, 1, 1 << 30, "rows of a frame [about a MiB]"),
        OPT_LEVEL('z', "compress", "LEVEL", &level, 3, 1, 19, "compress with zstd [3 when given without LEVEL]"),
        OPT_STRING('o', "output", "FILE", &output_path, "write to FILE, whole or not at all"),
        OPT_COMMON,
        OPT_END,
    };
    const struct program_usage usage = {
        "cl-ingest", "read text or arrays into a data stream", "[OPTION ...] [FILE ...]",
        "cat data.csv | cl-ingest | cl-scale | cl-train > model.ck\n"
        "cl-ingest -m model.ck < new.csv | cl-tune -m model.ck -o next.ck\n"
        "cl-ingest -y price --types zip:cat --drop id houses.csv > houses.clt\n"
        "cl-ingest train-images-idx3-ubyte train-labels-idx1-ubyte | cl-scale | cl-train > digits.ck\n",
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
    if (no_header)
        s.header = HEADER_NO;
    struct error error;
    struct ingest *ingest = ingest_new(&s, &error);
    if (ingest == NULL)
        usage_error("%s", error.text);

    struct schema model = {0};
    if (model_path != NULL)
        read_model_schema(&model, model_path);
    if (schema_path != NULL)
        read_schema(&model, schema_path);
    if (n_paths == 0)
        usage_if_terminal();
    struct output output;
    if (output_open(&output, output_path, true, &error) < 0 ||
        ingest_open(ingest, s.by_model ? &model : NULL, paths, n_paths, &error) < 0)
        die_error(&error);
    schema_free(&model);
    struct stream_writer *writer = stream_writer_open(&output, ingest_schema(ingest), level, &error);
    if (writer == NULL)
        die_error(&error);

    struct batch batch;
    struct progress progress;
    char count[32], rate[32];
    int got;
    progress_begin(&progress);
    while ((got = ingest_read(ingest, &batch, &error)) > 0 && (got = stream_write(writer, &batch, &error)) >= 0)
        if (progress_due(&progress)) {
            double records = (double) ingest_records(ingest);
            human_count(count, sizeof count, records);
            human_count(rate, sizeof rate, records / progress_elapsed_s(&progress));
            progress_draw(&progress, "%s records, %s/s", count, rate);
        }
    progress_end(&progress);

    if (got < 0 || stream_write_end(writer, &error) < 0)
        die_error(&error);
    if (write_path != NULL)
        write_schema(ingest_schema(ingest), write_path);
    if (output_commit(&output, &error) < 0)
        die_error(&error);
    note("%llu records", (unsigned long long) ingest_records(ingest));
    stream_writer_close(writer);
    ingest_free(ingest);
    options_free(options);
    return STATUS_OK;
}
