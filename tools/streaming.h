/*
 * cl-tune --online: test-then-train on a stream that need not end. Part of the tools: these functions end the program
 * when something is wrong.
 */
#ifndef CL_STREAMING_H
#define CL_STREAMING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine.h"
#include "model.h"
#include "settings.h"
#include "training.h"

enum { STREAMING_MOST_ROWS = 1000000, STREAMING_MOST_WINDOW = 100000000 };

/* What cannot change the result. */
struct streaming_files {
    bool on;            /* --online */
    uint64_t log_rows;  /* 0 = not given */
    double log_every_s; /* NAN = not given */
};

/* s: struct settings, f: struct streaming_files. */
#define STREAMING_OPTIONS(s, f) \
    OPT_FLAG(0, "online", &(f).on, "predict each row, then learn it: for streams that do not end"), \
        OPT_U64(0, "update-rows", "B", &(s).update_rows, 1, STREAMING_MOST_ROWS, \
                "online: labelled rows from update to update [8]"), \
        OPT_DOUBLE(0, "replay", "R", &(s).replay, 0, 100, "online: rows of the memory learnt with each new row [0]"), \
        OPT_STRING(0, "id", "COLUMN", &(s).id, "online: labels may come later, in a row with the same value here"), \
        OPT_U64(0, "window", "N", &(s).window, 1, STREAMING_MOST_WINDOW, \
                "online: rows that wait for their label [10000]"), \
        OPT_FLAG(0, "adapt", &(s).adapt, "online: learn faster and forget older rows when errors rise"), \
        OPT_STRING(0, "detector", "WORDS", &(s).detector, "of --adapt: what tells that errors rose [adwin]"), \
        OPT_DOUBLE(0, "shrink", "F", &(s).shrink, 0.5, 1, \
                   "online: factor of weights at each update, with noise in place of the rest [1]"), \
        OPT_U64(0, "log-rows", "N", &(f).log_rows, 1, UINT64_MAX - 1, \
                "online: rows from line to line of --log [1000]"), \
        OPT_SECONDS(0, "log-every", "TIME", &(f).log_every_s, \
                    "online: a line of --log so often in place of --log-rows")

/* Ends the program when options do not go with --online, or need it and it is not given. */
void streaming_check_options(const struct settings *s, const struct training_files *files,
                             const struct streaming_files *online);
/* Settings that were not given become those of the model's online run, or their own defaults. path: for messages. */
void streaming_inherit(struct settings *s, const struct model *model, const char *path);
/* The options that count, as they are recorded; in `arena`. */
const struct value *streaming_record(const struct settings *s, struct arena *arena);
/* Rows that the memory has room for: as it was told, or as it was. */
uint64_t streaming_capacity(const struct settings *s, const struct model *model);
/* Learns from the stream in `paths` and writes the next model. `path`: of the model, for messages. */
void streaming_run(struct settings *s, const struct training_files *files, const struct streaming_files *online,
                   const struct engine *engine, struct model *model, const char *path, const char *const *paths,
                   size_t n_paths);

#endif
