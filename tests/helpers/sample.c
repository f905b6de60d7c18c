/*
 * sample KIND ROWS: writes a CSV that looks like data people have, for measurements.
 *
 *   physics  28 numbers as %.6g, like those of a particle detector (normal, positive with a tail, angles, a few
 *            values that repeat), and a label 0 or 1: about 238 bytes a row
 *   digits   the same numbers as %.17g, each of which reads back as the same double
 *   quoted   20 columns, of which 6 are text in quotes with 50 to 5,000 different values, commas and doubled quotes
 *   wide     500 numbers and a label
 *
 * The same bytes every time, on any machine: a cell is a function of its row and column (rng.h). Rows are made by all
 * processors and written in order.
 */
#include <err.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "memory.h"
#include "rng.h"

enum { MOST_COLUMNS = 501, MOST_THREADS = 16, BLOCK_CELLS = 1 << 16, CELL = 64 };

enum column_kind { NORMAL, POSITIVE, ANGLE, LEVELS, TEXT, LABEL };

struct column {
    char name[16];
    enum column_kind kind;
    struct rng_key key, second;
    char (*values)[CELL]; /* of TEXT, as they stand in the file */
    uint64_t n_values;
};

struct table {
    struct column columns[MOST_COLUMNS];
    unsigned n_columns;
    int digits;
};

static struct column *
add_column(struct table *table, const char *name, enum column_kind kind)
{
    unsigned i = table->n_columns++;
    struct column *column = &table->columns[i];
    *column =
        (struct column){.kind = kind, .key = rng_key(1, RNG_SPLIT, 2 * i), .second = rng_key(1, RNG_SPLIT, 2 * i + 1)};
    snprintf(column->name, sizeof column->name, "%s%u", name, i);
    return column;
}

/* In [0, 1). */
static double
unit(struct rng_key key, uint64_t position)
{
    return (double) (rng_u64(key, position) >> 11) * 0x1p-53;
}

/* Text */

static char *
put_word(char *p, struct rng_key key, uint64_t position)
{
    static const char *const syllables[] = {"ro",  "ma",  "ven", "ti",  "lor", "ka",  "bel", "san", "do",  "wick",
                                            "ham", "ner", "is",  "ton", "ge",  "qui", "far", "os",  "lin", "dra"};
    enum { N = sizeof syllables / sizeof *syllables };
    uint64_t bits = rng_u64(key, position);
    unsigned n = 2 + (unsigned) (bits >> 40) % 3;
    char *start = p;
    for (unsigned i = 0; i < n; i++, bits /= N)
        p = stpcpy(p, syllables[bits % N]);
    *start = (char) (*start - 'a' + 'A');
    return p;
}

/* A column of text: one value in `doubled` has quotes inside. pattern: w a word, # a number, others as they are. */
static void
add_text(struct table *table, const char *name, uint64_t n_values, const char *pattern, unsigned doubled)
{
    struct column *column = add_column(table, name, TEXT);
    column->n_values = n_values;
    column->values = mem_zalloc(n_values, sizeof *column->values);
    for (uint64_t i = 0; i < n_values; i++) {
        char *p = column->values[i];
        *p++ = '"';
        for (const char *c = pattern; *c != '\0'; c++) {
            bool quotes = *c == 'w' && c == pattern && doubled > 0 && i % doubled == 0;
            if (quotes)
                p = stpcpy(p, "\"\"");
            if (*c == 'w')
                p = put_word(p, column->second, 8 * i + (uint64_t) (c - pattern) % 8);
            else if (*c == '#')
                p += sprintf(p, "%u", (unsigned) i + 1);
            else
                *p++ = *c;
            if (quotes)
                p = stpcpy(p, "\"\"");
        }
        strcpy(p, "\"");
    }
}

/* Numbers */

static double
number(const struct column *column, uint64_t row)
{
    static const double levels[] = {0, 0, 1.0865380764, 2.1730761528, 2.5482244492};
    double a, b;
    switch (column->kind) {
    case NORMAL:
        return rng_normal(column->key, row);
    case POSITIVE: /* exponential: half the sum of two squares of normal numbers */
        a = rng_normal(column->key, row);
        b = rng_normal(column->second, row);
        return 0.5 * (a * a + b * b);
    case ANGLE:
        return (unit(column->key, row) - 0.5) * 6.283185307179586;
    case LEVELS:
        return levels[rng_below(column->key, row, sizeof levels / sizeof *levels)];
    default:
        return (double) (rng_u64(column->key, row) & 1);
    }
}

static char *
put_cell(char *p, const struct table *table, const struct column *column, uint64_t row)
{
    if (column->kind != TEXT)
        return p + snprintf(p, CELL, "%.*g", table->digits, number(column, row));
    double u = unit(column->key, row); /* some values are frequent */
    return stpcpy(p, column->values[(uint64_t) (u * u * (double) column->n_values)]);
}

static void
make_table(struct table *table, const char *kind)
{
    static const enum column_kind physics[] = {POSITIVE, NORMAL, ANGLE, LEVELS, POSITIVE, ANGLE, POSITIVE};
    table->digits = 6;
    if (strcmp(kind, "physics") == 0 || strcmp(kind, "digits") == 0) {
        for (unsigned i = 0; i < 28; i++)
            add_column(table, "x", physics[i % 7]);
        if (kind[0] == 'd')
            table->digits = 17;
    } else if (strcmp(kind, "quoted") == 0) {
        add_text(table, "city", 1000, "w, w", 0);
        add_text(table, "street", 5000, "# w street, w", 0);
        add_text(table, "company", 2000, "w & w, inc.", 10);
        add_text(table, "product", 500, "w, # inch", 4);
        add_text(table, "state", 50, "w", 0);
        add_text(table, "note", 200, "w w: w", 0);
        for (unsigned i = 0; i < 13; i++)
            add_column(table, "x", physics[i % 3]);
    } else if (strcmp(kind, "wide") == 0) {
        for (unsigned i = 0; i < 500; i++)
            add_column(table, "x", physics[i % 3]);
    } else {
        errx(2, "'%s' is none of physics, digits, quoted, wide", kind);
    }
    add_column(table, "y", LABEL);
}

/* Writing */

struct block {
    const struct table *table;
    uint64_t first, n; /* rows */
    char *bytes;
    size_t n_bytes;
    pthread_t thread;
};

static void *
fill_block(void *argument)
{
    struct block *block = argument;
    const struct table *table = block->table;
    char *p = block->bytes;
    for (uint64_t row = block->first; row < block->first + block->n; row++)
        for (unsigned j = 0; j < table->n_columns; j++) {
            p = put_cell(p, table, &table->columns[j], row);
            *p++ = j + 1 < table->n_columns ? ',' : '\n';
        }
    block->n_bytes = (size_t) (p - block->bytes);
    return NULL;
}

static void
put(const char *bytes, size_t n)
{
    if (fwrite(bytes, 1, n, stdout) != n)
        err(4, "write");
}

int
main(int argc, char **argv)
{
    static struct table table;
    static struct block blocks[MOST_THREADS];
    uint64_t rows = argc == 3 ? strtoull(argv[2], NULL, 10) : 0;
    if (rows == 0)
        errx(2, "usage: sample physics|digits|quoted|wide ROWS");
    make_table(&table, argv[1]);
    setvbuf(stdout, NULL, _IONBF, 0);
    for (unsigned j = 0; j < table.n_columns; j++) {
        put(table.columns[j].name, strlen(table.columns[j].name));
        put(j + 1 < table.n_columns ? "," : "\n", 1);
    }
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned n_threads = processors < 1 ? 1 : processors > MOST_THREADS ? MOST_THREADS : (unsigned) processors;
    uint64_t block_rows = BLOCK_CELLS / table.n_columns;
    for (unsigned t = 0; t < n_threads; t++)
        blocks[t] = (struct block){.table = &table, .bytes = mem_array(block_rows * table.n_columns, CELL)};
    for (uint64_t row = 0; row < rows;) {
        unsigned started = 0;
        for (; started < n_threads && row < rows; started++) {
            struct block *block = &blocks[started];
            block->first = row;
            block->n = rows - row < block_rows ? rows - row : block_rows;
            row += block->n;
            if (pthread_create(&block->thread, NULL, fill_block, block) != 0)
                errx(4, "cannot start a thread");
        }
        for (unsigned t = 0; t < started; t++) {
            pthread_join(blocks[t].thread, NULL);
            put(blocks[t].bytes, blocks[t].n_bytes);
        }
    }
    for (unsigned t = 0; t < n_threads; t++)
        free(blocks[t].bytes);
    for (unsigned j = 0; j < table.n_columns; j++)
        free(table.columns[j].values);
    return 0;
}
