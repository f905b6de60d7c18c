/*
 * What the files ingest*.c share: the columns of a source bound to those of the schema, and the batch being filled.
 * For nobody else.
 *
 * A sink says where one column of the schema gets its cell from. The source of each file (text or arrays) walks the
 * lists of sinks row by row; within a list the order is that of the schema, so sink i of `x` fills x[row][i].
 */
#ifndef CL_INGEST_PARTS_H
#define CL_INGEST_PARTS_H

#include "infer.h"
#include "ingest.h"

enum {
    SINK_NONE = -1,              /* the files have no such column: always missing */
    CATEGORIES_INFERRED = 10000, /* more distinct values than this are refused unless the type was asked for */
    CATEGORIES_MOST = 1000000,   /* and more than this always; by model: that many new ones */
};

/* How a cell becomes what its column holds. The column's own keys in `extra` say the same to later readers. */
enum sink_how {
    READ_PLAIN,   /* a number (number.h), or a category that is the cell's text */
    READ_PERCENT, /* num: a number with a % sign behind it, which is dropped: 12.5 */
    READ_PART,    /* num: a part of a date (dateparts.h), counted from `origin` where it is the days */
    READ_HASH,    /* cat: one of 2^bits codes, by the hash of the cell; the dictionary is full from the start */
};

struct sink {
    int64_t source;  /* index of the cell, or SINK_NONE */
    uint32_t column; /* of the schema */
    bool inferred;   /* the type came from a sample */
    bool two;        /* label: classes only because the sample had two values, both numbers */
    uint32_t most;   /* codes of the dictionary that may come to be */
    uint8_t how;     /* enum sink_how */
    uint8_t part;    /* READ_PART: enum date_part */
    uint8_t bits;    /* READ_HASH */
    uint8_t dates;   /* READ_PART, and columns of time: enum date_order */
    int64_t origin;  /* READ_PART: microseconds since 1970 */
};

struct sinks {
    struct sink *items;
    size_t n, cap;
};

struct name_list {
    char **names; /* one allocation, each */
    size_t n;
    char **words; /* with "NAME:WORD": the word behind the last colon */
};

enum bad_policy { BAD_FAIL, BAD_SKIP, BAD_COUNT, BAD_SHARE };

struct source {
    /* Fills rows of the batch until it is full, reading would block and there are some, or all is read (0). */
    int (*read)(struct ingest *in, struct error *error);
    /* Or gives rows of its own: 1; 0 when all is read; -1. */
    int (*next)(struct ingest *in, struct batch *batch, struct error *error);
    void (*free)(struct ingest *in);
    void *state;
};

struct ingest {
    const struct ingest_options *options;
    struct name_list labels, drop, keep, carry, types, roles;
    struct name_list lag; /* words: how many rows */
    struct missing missing;
    char delimiter; /* 0 = find out */
    char decimal;   /* of numbers; 0 = find out */
    int format;     /* enum ingest_format, as found */
    int header;     /* enum ingest_header, as found */
    char texts[4];  /* for ingest_reading() */
    enum bad_policy bad_policy;
    uint64_t bad_limit;
    double bad_share;

    char *file;                 /* the only one, for messages; NULL when there are several */
    const struct schema *model; /* while opening; NULL without */
    bool by_model;
    struct schema schema;
    struct sinks x, c, y, label, w, time, group, id, text;
    bool limit_told;

    struct batch batch;
    uint64_t cap_rows, row_bytes;
    uint64_t *rowno;  /* [cap_rows] */
    size_t *cap_text; /* [n_text] */
    uint64_t text_bytes;
    uint64_t record; /* number of the next record */
    uint64_t n_bad;

    struct source source;
    struct lags *lags; /* columns made of earlier rows (ingest_lag.h), or NULL */
};

void ingest_warn(const struct ingest *in, const char *format, ...) __attribute__((format(printf, 2, 3)));
void ingest_note(const struct ingest *in, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ingest_names.c */

/* Names as a lookup: position of a name, -1 when absent, -2 when it is there twice. */
struct name_index {
    struct dict dict;
    uint32_t *position; /* [dict.n] */
    bool *twice;        /* [dict.n] */
};
void name_index_open(struct name_index *index, char *const *names, size_t n);
int64_t name_index_find(const struct name_index *index, const char *name);
void name_index_close(struct name_index *index);

/* Splits the values of an option at commas, each once; words: each is NAME:WORD. */
int name_list_open(struct name_list *list, const struct option_list *values, bool words, const char *option,
                   struct error *error);
void name_list_close(struct name_list *list);
/* Checks the words of --types and --role. */
int ingest_check_words(const struct ingest *in, struct error *error);
int ingest_no_column(const char *file, const char *name, const char *what, char *const *names, size_t n,
                     struct error *error);

/* ingest_plan.c, ingest_plan_model.c */

/*
 * Decides columns without a model and makes schema and sinks. names: [n] columns; stats: [n] what is in them.
 */
struct plan_source {
    const char *file; /* for messages */
    char *const *names;
    size_t n;
    const struct infer_column *stats;
    bool whole;      /* the stats saw all there is */
    size_t n_labels; /* the last so many columns are the labels, unless the options say otherwise */
    bool integers;   /* a label is an integer by its type: classes, unless the options say otherwise */
};
int ingest_plan(struct ingest *in, const struct plan_source *source, struct error *error);
/* The same by the model, or by the schema of a stream; and which of the two it is, for messages. */
const char *ingest_by(const struct ingest *in);
int ingest_plan_model(struct ingest *in, const char *file, char *const *names, size_t n, struct error *error);

/* ingest_columns.c */

/* Adds a column and its sink. */
struct sink *ingest_column(struct ingest *in, const char *name, enum column_type type, enum column_role role,
                           int64_t source);
/* Name of the column of the files that a column of the schema is read from: of a part of a date, that of the date. */
const char *ingest_source_name(const struct column *column);
/* Points the sinks to the columns of another file with the same names. */
int ingest_remap(struct ingest *in, const char *file, char *const *names, size_t n, struct error *error);
/* Sets the error for a value beyond sink->most, or beyond two. where: "data.csv:17". -1 */
int ingest_too_many(const struct ingest *in, const char *where, const struct sink *sink, struct error *error);

/* ingest.c */

/* Ends the plan: counts, allocates the batch. */
void ingest_ready(struct ingest *in);
/*
 * A record that cannot be used: 0 when the policy lets it be skipped, else -1. where: "data.csv:17". column: name or
 * NULL. way_out: words for the brackets, NULL = only how to skip.
 */
int ingest_bad(struct ingest *in, const char *where, const char *column, const char *way_out, struct error *error,
               const char *format, ...) __attribute__((format(printf, 6, 7)));
/* The record in hand becomes a row of the batch (its cells have been stored at row batch.n). */
void ingest_row_done(struct ingest *in);
/* The next bad record will be told of, or ends the reading: it has to be described. */
bool ingest_bad_matters(const struct ingest *in);
bool ingest_full(const struct ingest *in);

/*
 * ingest_text.c, ingest_lines.c, ingest_array.c: open the files and set in->source. head: the n bytes already read from
 * input.
 */
struct input;
int ingest_open_text(struct ingest *in, struct input *input, const void *head, size_t n, const char *const *paths,
                     size_t n_paths, struct error *error);
int ingest_open_lines(struct ingest *in, int format, struct input *input, const void *head, size_t n,
                      const char *const *paths, size_t n_paths, struct error *error);
int ingest_open_array(struct ingest *in, struct input *input, const void *head, size_t n, const char *const *paths,
                      size_t n_paths, struct error *error);
int ingest_open_frames(struct ingest *in, struct input *input, const void *head, size_t n, const char *const *paths,
                       size_t n_paths, struct error *error);

#endif
