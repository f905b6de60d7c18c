/*
 * From files of any format we read to batches of rows: what cl-ingest is made of.
 *
 * Without a model the columns are decided from the options and, for text, from a sample of the first file (infer.h);
 * with one they are the model's, found by name, and nothing is sampled. Then rows come as batches of about a MiB, or of
 * `frame_rows` rows, or fewer when reading would block.
 *
 * Memory: one batch, one record, and while the columns are being decided the sample (4 MiB of text).
 *
 *     struct ingest *in = ingest_new(&options, &error);            // status 2: what the options say is wrong
 *     if (ingest_open(in, model_schema, paths, n, &error) < 0) ...  // reads as far as the columns are known
 *     writer = stream_writer_open(&output, ingest_schema(in), ...);
 *     while ((got = ingest_read(in, &batch, &error)) > 0) ...
 *     ingest_free(in);
 */
#ifndef CL_INGEST_H
#define CL_INGEST_H

#include <stdbool.h>
#include <stdint.h>

#include "batch.h"
#include "error.h"
#include "options.h"
#include "schema.h"

/* The order is that of the choices of -f. */
enum ingest_format {
    INGEST_AUTO,
    INGEST_CSV,
    INGEST_TSV,
    INGEST_IDX,
    INGEST_NPY,
    INGEST_SAFETENSORS,
    INGEST_JSONL,
    INGEST_LIBSVM,
    INGEST_FRAMES,
};
enum ingest_header { HEADER_AUTO, HEADER_YES, HEADER_NO };
enum ingest_new_columns { NEW_IGNORE, NEW_KEEP, NEW_ERROR };
enum ingest_missing_columns { MISSING_ERROR, MISSING_NAN };

struct ingest_options {
    int format;            /* enum ingest_format */
    int task;              /* enum task; TASK_NONE = decided by the label */
    int header;            /* enum ingest_header */
    int new_columns;       /* enum ingest_new_columns */
    int missing_columns;   /* enum ingest_missing_columns */
    const char *label;     /* names between commas, or NULL */
    const char *delimiter; /* one byte, or "tab"; NULL = found out */
    const char *decimal;   /* "." or ","; NULL = found out, or as the model says */
    int dates;             /* enum date_order: of columns whose dates do not show it */
    const char *tensor;    /* of several: "NAME" or "NAME,LABEL", or NULL */
    struct option_list types, roles, drop, keep, carry;
    struct option_list lag; /* NAME:N: see ingest_lag.h */
    const char *missing;    /* list, or NULL for MISSING_DEFAULT */
    const char *bad_rows;   /* "fail", "skip", a count or a share; NULL = fail */
    uint64_t max_cell;      /* bytes */
    uint64_t frame_rows;    /* 0 = those of about a MiB of text, or of tensors */
    uint64_t threads;       /* 0 = all cores; no result depends on them */
    uint64_t chunk_bytes;   /* of text that one thread reads at a time; 0 = CHUNK_BYTES (tests want less) */
    uint64_t columns;       /* of libsvm; 0 = by the largest index of the sample */
    uint64_t expect_rows;   /* when expect_given */
    bool expect_given;
    bool by_model;  /* a model will be given to ingest_open() */
    bool by_schema; /* with by_model: it is the schema of a stream, not of a model */
    /* Where warnings and, under -v, decisions go. Whole sentences. */
    void (*warn)(const char *sentence);
    void (*note)(const char *sentence);
};

struct ingest;

/* Checks the options. They must outlive the ingest. NULL and STATUS_USAGE when something is wrong. */
struct ingest *ingest_new(const struct ingest_options *options, struct error *error);
/*
 * Opens the files (none = stdin) and decides the columns. model: the schema of a model to read by, with its digest in
 * `model`, or that of a stream, without; or NULL. It is copied, all but its transforms.
 */
int ingest_open(struct ingest *ingest, const struct schema *model, const char *const *paths, size_t n_paths,
                struct error *error);
/* Its dictionaries grow while reading. */
const struct schema *ingest_schema(const struct ingest *ingest);
/* How the files are read, as options say it; valid while the ingest is. */
struct schema_reading;
void ingest_reading(struct ingest *ingest, struct schema_reading *reading);
/* The next batch, valid until the next call: 1; 0 at the end, when all was as expected; -1. */
int ingest_read(struct ingest *ingest, struct batch *batch, struct error *error);
uint64_t ingest_records(const struct ingest *ingest); /* read so far, bad ones included */
void ingest_free(struct ingest *ingest);

#endif
