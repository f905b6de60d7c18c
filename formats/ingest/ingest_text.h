/*
 * What the files of text share: ingest_text.c (opening), ingest_sample.c (deciding), ingest_csv.c and ingest_lines.c
 * (a chunk to rows), ingest_rows.c (cells to rows), ingest_flow.c (threads), ingest_order.c (rows in order to
 * batches), ingest_codes.c (categories), ingest_bad.c (what is wrong with a record). For nobody else.
 *
 * Chunks of text are read and turned into rows by any thread; the caller's thread takes the rows in order. What depends
 * on the order is done only there: codes of categories, record numbers, bad records. So the stream is the same for any
 * number of threads.
 */
#ifndef CL_INGEST_TEXT_H
#define CL_INGEST_TEXT_H

#include <pthread.h>

#include "cells.h"
#include "chunk.h"
#include "convert.h"
#include "csv.h"
#include "ingest_parts.h"
#include "intern.h"
#include "scan.h"

/* The tensors of a segment, about: rows may be much longer than their text, where features are absent from it. */
enum { SEGMENT_BYTES = 32 << 20 };

/* A code of a worker's own table: of an entry, or one of these. */
enum {
    CODE_MISSING = 0,
    CODE_NOT_UTF8 = UINT32_MAX,
    CODE_SPILLED = UINT32_MAX - 1, /* the table is full: the string is in the segment's `spilled` */
};

/* A string whose column's table was full. */
struct spilled {
    uint64_t row;
    char *s;
    uint32_t n;
};

/* What became of one category column or class label. */
struct segment_codes {
    uint32_t first;       /* code of the first new string */
    struct cell *strings; /* [n] those that the worker saw for the first time here, in the order of their codes */
    size_t n, cap;
    struct spilled *spilled;
    size_t n_spilled, cap_spilled;
};

/* The rows of one chunk. Codes are those of the worker. */
struct segment {
    uint64_t n, cap;
    float *x;                /* [cap, n_x] */
    uint32_t *c;             /* [cap, n_c] */
    float *y;                /* [cap, n_y] */
    uint32_t *label;         /* [cap, n_label] */
    float *w;                /* [cap] */
    int64_t *time;           /* [cap] */
    uint64_t *group, *id;    /* [cap] */
    struct text_cells *text; /* [n_text] */
    size_t *cap_text;
    struct segment_codes *codes; /* [n_c + n_label] */
    uint64_t n_records;          /* bad ones included */
    struct bad_record {
        uint32_t at;     /* offset of its first byte in the chunk */
        uint32_t record; /* of the chunk's, from 0 */
    } * bad;
    size_t n_bad, cap_bad;
    size_t used;    /* bytes of the chunk that became records; less than all of it when the cut was no record's end */
    uint64_t lines; /* that end in those */
    bool cut;       /* a format of lines: there is no line end behind the last record */
    bool full;      /* the rows are so many that the rest of the chunk is for another segment */
    unsigned worker;
};

/* What a thread has for itself. */
struct worker {
    struct ingest *in;
    unsigned number;
    struct intern *tables; /* [n_c + n_label] */
    struct scan scan;
    struct csv_tile *tile;      /* ingest_csv.c */
    struct line_reader *reader; /* ingest_lines.c */
    char *scratch;              /* undoubled cells */
    size_t cap_scratch;
    struct cell *cells; /* [n_names] */
    size_t cap_cells;
};

enum slot_state { SLOT_FREE, SLOT_READ, SLOT_PARSED };

struct slot {
    enum slot_state state;
    struct chunk chunk;
    struct segment segment;
};

/* Chunks on their way, in a ring. Everything but the slots' contents is guarded by `lock`. */
struct flow {
    struct slot *slots;
    size_t n_slots;
    uint64_t n_read, n_parsing, n_taken; /* chunks so far: read, given to a parser, taken in order */
    bool reading, ended, failed, stop, more;
    struct error error; /* of reading */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    pthread_t *threads;
    unsigned n_threads, n_started; /* workers: the caller is number 0 */
};

/* One column's codes of one worker: to those of the stream. */
struct code_map {
    struct cell *strings; /* [n] of codes 1 .. n */
    uint32_t *codes;      /* [n] 0 = not yet there */
    size_t n, cap_strings, cap_codes;
};

struct text_source {
    struct input input;
    bool open;
    const char *const *paths;
    size_t n_paths, next_path;
    int lines; /* ingest_lines.c: its enum ingest_format; 0 = delimited text */
    bool header;
    char **names; /* of the file being read */
    size_t n_names;
    struct chunk head; /* bytes of the input that were looked at, to be read again; last: those are all */

    const struct scan_kernels *scan;
    const struct convert_kernels *convert;
    /* Of the format: a chunk's whole records to rows, and what is wrong with the record at an offset. */
    void (*parse)(struct worker *worker, const struct chunk *chunk, struct segment *segment);
    int (*diagnose)(struct ingest *in, const struct chunk *chunk, size_t at, struct error *error);
    float *markers; /* [n_markers] values of missing markers that are numbers */
    size_t n_markers;
    struct chunker chunker;
    struct flow flow;
    struct worker *workers; /* one for each thread, and the last for what comes between chunks */
    unsigned n_workers;
    struct code_map *maps; /* [workers, n_c + n_label] */
    uint64_t line;         /* lines before the next chunk */
    bool cut;              /* no line end behind the last record of the file */
    /* A record that no chunk holds whole: scanned as a stream until a chunk ends where a record does. */
    struct csv between;
    bool between_open;
    struct segment loose; /* its rows */
    uint64_t *loose_lines;
    size_t cap_loose_lines;
    struct slot *taken;      /* whose rows are being used, */
    struct chunk rest;       /* what is left of its chunk when the segment was full, */
    struct segment *current; /* these, */
    uint64_t at;             /* from this one on */
    bool paused;             /* the input paused behind them */
    uint64_t *rowno;         /* of current; NULL = consecutive from `row` */
    uint64_t *rownos;
    size_t cap_rownos;
    uint64_t row;
};

/* ingest_rows.c */

enum cell_problem {
    CELL_OK,
    CELL_NOT_NUMBER,
    CELL_CODE, /* a leading zero where the sample had numbers */
    CELL_RANGE,
    CELL_NOT_WEIGHT,
    CELL_NOT_TIME,
    CELL_NOT_UTF8,
};
/* The value of a cell of x, y or w. */
enum cell_problem cell_float(const struct ingest *in, const struct sink *sink, struct cell cell, float *to);
enum cell_problem cell_weight(const struct ingest *in, struct cell cell, float *to);
enum cell_problem cell_time(const struct ingest *in, const struct sink *sink, struct cell cell, int64_t *to);
/* The first sink of a record that has a problem; NULL when it has none. cells: by source column. */
const struct sink *record_problem(const struct ingest *in, const struct cell *cells, enum cell_problem *problem);

void segment_open(struct segment *segment, const struct ingest *in);
void segment_close(struct segment *segment, const struct ingest *in);
void segment_reset(struct segment *segment, const struct ingest *in, const struct worker *worker);
/* Room for `more` rows behind those there are. */
void segment_reserve(struct segment *segment, const struct ingest *in, size_t more);
/* So many rows are enough for one segment. */
bool segment_full(const struct segment *segment, const struct ingest *in);
void segment_bad(struct segment *segment, size_t at);
/* Appends a row; false when a cell is bad and the row is not there. cells: by source column. */
bool segment_row(struct segment *segment, struct worker *worker, const struct cell *cells);
/* The same for a row for which there is room and whose x is there already. */
bool segment_rest(struct segment *segment, struct worker *worker, const struct cell *cells);
/* The worker's code of a category of column k (c, then label) in row `row` of the segment. */
uint32_t segment_code(struct segment *segment, struct worker *worker, size_t k, const struct sink *sink,
                      struct cell cell, uint64_t row);
/* The same for a column that is not hashed, whose string was looked for with intern_begin(). */
uint32_t segment_code_end(struct segment *segment, struct worker *worker, size_t k, const struct intern_probe *probe,
                          uint64_t row);
void segment_text(struct segment *segment, const struct ingest *in, size_t k, struct cell cell, uint64_t row);

void worker_open(struct worker *worker, struct ingest *in, unsigned number);
void worker_close(struct worker *worker);

/* ingest_csv.c: all records of a chunk that are whole. */
void csv_chunk(struct worker *worker, const struct chunk *chunk, struct segment *segment);
/* A cell as the scanner found it, without its blanks and doubled quotes. scratch: has room for it. */
struct cell csv_bare_cell(const char *text, uint32_t before, uint32_t behind, char delimiter, char *scratch);
/* Makes values NaN whose cells are missing markers that look like numbers. */
void csv_drop_markers(const struct ingest *in, const char *text, const uint32_t *before, const uint32_t *behind,
                      size_t n, float *values);
void csv_tile_close(struct csv_tile *tile);

/* ingest_lines.c */

/* Line of a record of a chunk of lines, from the first line of the chunk on. */
uint64_t lines_record_line(struct worker *worker, const struct chunk *chunk, uint64_t record);
void line_reader_close(struct line_reader *reader);

/* ingest_flow.c */

void flow_open(struct flow *flow, struct ingest *in, unsigned n_threads);
/* The next chunk in order, parsed: 1; 0 when there is none left; -1. It stays until flow_done(). */
int flow_take(struct flow *flow, struct ingest *in, struct slot **slot, struct error *error);
void flow_done(struct flow *flow);
/* Goes on with another input, when all chunks of the last one were taken. */
void flow_restart(struct flow *flow);
/* Ends the threads. */
void flow_close(struct flow *flow, struct ingest *in);

/* ingest_codes.c */

/* For source->n_workers. */
void codes_open(struct ingest *in);
void codes_close(struct ingest *in);
/* Notes the strings that a worker saw for the first time in a segment whose rows are not used. */
void codes_learn(struct ingest *in, const struct segment *segment);
/* The codes of rows [first, *n). NULL, or the sink that has too many values, first in row *n. */
const struct sink *codes_map(struct ingest *in, const struct segment *segment, uint64_t first, uint64_t *n);

/* ingest_order.c */

/* source.next of text. */
int text_next(struct ingest *in, struct batch *batch, struct error *error);
void order_open(struct ingest *in);
void order_close(struct ingest *in);

/* ingest_text.c */

enum { CELL_SHOWN = 40, SAMPLE_RECORDS = 10000, SAMPLE_BYTES = 4 << 20 };

/* Makes the source; its format is then to be set. */
int text_open(struct ingest *in, struct input *input, const void *head, size_t n, const char *const *paths,
              size_t n_paths, struct error *error);
/* The columns are decided: the rows begin at an offset of the head. */
void text_ready(struct ingest *in, size_t at);

void text_free_names(char **names, size_t n);
char **text_copy_cells(const struct csv *csv);
/* Has the head hold n bytes, or all there are: 1; 0 when the input ended before; -1. */
int text_fetch(struct text_source *source, size_t n, struct error *error);
/*
 * The first record of the file, with a delimiter: what csv_read() says, with the name of the file in front of errors.
 * To be closed. *behind: where the second record starts.
 */
int text_first(struct ingest *in, char delimiter, struct csv *csv, size_t *behind, struct error *error);
/* The same as names that can be used; a record that cannot be the first is an error. */
int text_names(struct ingest *in, char ***names, size_t *n, size_t *behind, struct error *error);
/* Cells without a name get c1, c2, ... by their place; without a header all do. */
void text_make_names(char **names, size_t n, bool header);
/* What separates cells of a file, for -v. */
void text_say_delimiter(const struct ingest *in);
enum { TEXT_DELIMITERS = 4 };
extern const char text_delimiters[TEXT_DELIMITERS];
/* Lines that end in text[0 .. n). */
uint64_t text_lines(const struct text_source *source, const char *text, size_t n);
/* Where the first record begins: behind a byte order mark. */
size_t text_behind_mark(const struct text_source *source);
/* Starts to read the rows, which begin at an offset of the head. */
void text_begin(struct ingest *in, size_t at);

/* ingest_sample.c: without a model. Decides and returns where the rows begin. */
int text_sample(struct ingest *in, size_t *at, struct error *error);

/* Opens the next file and points the sinks to its columns. 1, 0 when there is none, -1. */
int text_open_next(struct ingest *in, struct error *error);

/* ingest_bad.c: sentences. 0 when the record may be skipped, else -1. */

/* A record whose cells are at hand, by source column. */
int text_bad_cells(struct ingest *in, const char *where, const struct cell *cells, struct error *error);
/* One of delimited text; got: what csv_read() said. */
int text_bad_record(struct ingest *in, const struct csv *csv, int got, struct error *error);
/* The one at an offset of a chunk of delimited text. */
int text_diagnose(struct ingest *in, const struct chunk *chunk, size_t at, struct error *error);
/*
 * Reads that record: what csv_read() says, with the name of the file in front of errors. csv: to be closed, whatever it
 * is. The lines before the chunk are source->line.
 */
int text_record(const struct ingest *in, const struct chunk *chunk, size_t at, struct csv *csv, struct error *error);

#endif
