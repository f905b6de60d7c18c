/*
 * JSON lines and JSON text. The text is read as lines that share a table of keys, twice: by what was learned of their
 * order, and each by a reader of its own. Cells and problems must be the same. An object without arrays and objects in
 * it must be one for json_read() too, with the same strings. The whole text is read as one JSON value as well; what is
 * read is written and read again.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "csv.h"
#include "json.h"
#include "json_read.h"
#include "jsonl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(bool good)
{
    if (!good)
        abort();
}

/* What a caller sees of the line last read; only of the columns that it has a value for. */
static void
look(const struct jsonl *jsonl, int got, struct text *seen)
{
    text_printf(seen, "%d ", got);
    if (got == JSONL_BAD)
        text_printf(seen, "%zu %s", jsonl->problem_at, jsonl->problem);
    for (uint32_t i = 0; got == JSONL_ROW && i < jsonl->n_columns; i++) {
        size_t n, at;
        const char *name = jsonl_name(jsonl, i, &n);
        check(utf8_valid(jsonl->cells[i].s, jsonl->cells[i].n, &at));
        /* Readable so far. */
        char slack[CELL_SLACK];
        memcpy(slack, jsonl->cells[i].s, sizeof slack);
        if (jsonl->cells[i].n == 0)
            continue;
        text_add(seen, name, n);
        text_add(seen, "=", 1);
        text_add(seen, jsonl->cells[i].s, jsonl->cells[i].n);
        text_add(seen, ";", 1);
    }
}

/* The strings of a good line are those that json_read() finds. */
static void
compare(const struct jsonl *jsonl, int got, const char *line, size_t n)
{
    struct arena arena = {0};
    struct error error;
    /* A byte order mark is part of a file, not of a line. */
    if (n >= 3 && memcmp(line, "\xef\xbb\xbf", 3) == 0)
        return;
    struct value *value = json_read(&arena, line, n, "line", &error);
    if (got == JSONL_ROW && value != NULL)
        for (size_t i = 0; i < value->n; i++) {
            const struct value *key = value->items[2 * i], *item = value->items[2 * i + 1];
            uint32_t column = 0;
            size_t length = 0;
            while (column < jsonl->n_columns && (strcmp(jsonl_name(jsonl, column, &length), key->bytes) != 0))
                column++;
            check(column < jsonl->n_columns);
            if (item->kind == VALUE_STRING)
                check(item->n == jsonl->cells[column].n && memcmp(item->bytes, jsonl->cells[column].s, item->n) == 0);
        }
    /* Numbers beyond the doubles are cells, and no values. */
    if (got == JSONL_ROW && value == NULL)
        check(strstr(error.text, "out of the range") != NULL || strstr(error.text, "line:1:1: a value") != NULL);
    if (got == JSONL_BAD && value != NULL && value->kind == VALUE_MAP)
        for (size_t i = 0; i <= value->n; i++) {
            check(i < value->n);
            if (value->items[2 * i + 1]->kind >= VALUE_ARRAY)
                break;
        }
    arena_free(&arena);
}

static void
read_value(const char *text, size_t n)
{
    struct arena arena = {0};
    struct text written = {0};
    struct error error;
    struct value *value = json_read(&arena, text, n, "text", &error);
    if (value != NULL) {
        json_value(&written, value, false);
        struct value *again = json_read(&arena, written.bytes, written.n, "again", &error);
        check(again != NULL);
        written.n = 0;
        struct text twice = {0};
        json_value(&written, value, true);
        json_value(&twice, again, true);
        check(strcmp(written.bytes, twice.bytes) == 0);
        free(twice.bytes);
    }
    free(written.bytes);
    arena_free(&arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct jsonl shared;
    struct text a = {0}, b = {0};
    jsonl_open(&shared, JSONL_COLLECT);
    for (size_t at = 0; at < size;) {
        const uint8_t *end = memchr(data + at, '\n', size - at);
        size_t n = end != NULL ? (size_t) (end - data) - at : size - at;
        char *line = malloc(n + CELL_SLACK);
        memcpy(line, data + at, n);
        memset(line + n, '"', CELL_SLACK);
        struct jsonl alone;
        jsonl_open(&alone, JSONL_COLLECT);
        /* The same columns in the same order, so that what is seen compares. */
        for (uint32_t i = 0; i < shared.n_columns; i++) {
            size_t length;
            const char *name = jsonl_name(&shared, i, &length);
            check(jsonl_column(&alone, name, length) == i);
        }
        a.n = b.n = 0;
        int got = jsonl_row(&shared, line, n);
        look(&shared, got, &a);
        compare(&shared, got, line, n);
        look(&alone, jsonl_row(&alone, line, n), &b);
        check(strcmp(a.bytes, b.bytes) == 0);
        jsonl_close(&alone);
        free(line);
        at += n + 1;
    }
    jsonl_close(&shared);
    free(a.bytes);
    free(b.bytes);
    read_value((const char *) data, size);
    return 0;
}
