#include "jsonl.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "error.h"
#include "json_read.h"

enum { NO_COLUMN = UINT32_MAX };

/* The key of a column as it stands in a line, with its quotes. */
struct jsonl_key {
    uint64_t a, b, mask_a, mask_b; /* of one of up to 16 bytes */
    const char *name;              /* without quotes; lives in `columns` */
    uint32_t n_name;
    uint32_t n;    /* with quotes; 0: it needs escapes and is never compared */
    uint32_t next; /* the column that came behind it the last time */
};

void
jsonl_open(struct jsonl *jsonl, enum jsonl_unknown unknown)
{
    *jsonl = (struct jsonl){.unknown = unknown, .first = NO_COLUMN};
    intern_open(&jsonl->columns);
}

void
jsonl_close(struct jsonl *jsonl)
{
    intern_close(&jsonl->columns);
    free(jsonl->cells);
    free(jsonl->keys);
    free(jsonl->seen);
    free(jsonl->scratch);
    *jsonl = (struct jsonl){0};
}

static struct jsonl_key
make_key(const char *name, size_t n)
{
    struct jsonl_key key = {.name = name, .n_name = (uint32_t) n, .next = NO_COLUMN};
    for (size_t i = 0; i < n; i++)
        if (name[i] == '"' || name[i] == '\\' || (uint8_t) name[i] < 0x20)
            return key;
    key.n = (uint32_t) n + 2;
    if (key.n > 16)
        return key;
    uint8_t bytes[32] = {'"'}, mask[32] = {0};
    memcpy(bytes + 1, name, n);
    bytes[n + 1] = '"';
    memset(mask, 0xff, key.n);
    memcpy(&key.a, bytes, 8);
    memcpy(&key.b, bytes + 8, 8);
    memcpy(&key.mask_a, mask, 8);
    memcpy(&key.mask_b, mask + 8, 8);
    return key;
}

/* name: CELL_SLACK bytes from its start are readable. */
static uint32_t
add_column(struct jsonl *jsonl, const char *name, size_t n)
{
    uint32_t column = jsonl->n_columns;
    struct intern_entry *entry = n < UINT32_MAX / 2 ? intern_add(&jsonl->columns, name, n, column) : NULL;
    if (entry == NULL)
        return NO_COLUMN;
    mem_grow(&jsonl->cells, &jsonl->cap_cells, column + 1, sizeof *jsonl->cells);
    mem_grow(&jsonl->keys, &jsonl->cap_keys, column + 1, sizeof *jsonl->keys);
    mem_grow(&jsonl->seen, &jsonl->cap_seen, column + 1, sizeof *jsonl->seen);
    jsonl->keys[column] = make_key(entry->s, n);
    jsonl->seen[column] = 0;
    jsonl->n_columns++;
    return column;
}

uint32_t
jsonl_column(struct jsonl *jsonl, const char *name, size_t n)
{
    char *copy = mem_alloc(n + CELL_SLACK);
    memcpy(copy, name, n);
    memset(copy + n, 0, CELL_SLACK);
    const struct intern_entry *entry = intern_find(&jsonl->columns, copy, n);
    uint32_t column = entry != NULL ? entry->value : add_column(jsonl, copy, n);
    free(copy);
    return column;
}

const char *
jsonl_name(const struct jsonl *jsonl, uint32_t column, size_t *n)
{
    *n = jsonl->keys[column].n_name;
    return jsonl->keys[column].name;
}

/* The state of one call. */
struct row {
    struct jsonl *jsonl;
    const char *line, *end;
    uint32_t n_seen;
};

static int __attribute__((format(printf, 3, 4))) bad(const struct row *row, const char *at, const char *format, ...)
{
    struct jsonl *jsonl = row->jsonl;
    va_list args;
    va_start(args, format);
    vsnprintf(jsonl->problem, sizeof jsonl->problem, format, args);
    va_end(args);
    jsonl->problem_at = (size_t) (at - row->line) + 1;
    return JSONL_BAD;
}

static int
wanted(const struct row *row, const char *at, const char *what)
{
    char shown[16];
    if (at >= row->end)
        return bad(row, at, "%s is wanted where the line ends (an object has to stand on one line: jq -c .)", what);
    return bad(row, at, "%s is wanted here, not '%s'", what, error_quote(shown, sizeof shown, at, 1, 1));
}

static inline const char *
skip_blanks(const char *s, const char *end)
{
    while (s < end && (*s == ' ' || *s == '\t' || *s == '\r' || *s == '\n'))
        s++;
    return s;
}

/* The first byte from s on that a string cannot just go on with: a quote, backslash, control character or non-ASCII. */
static inline const char *
skip_plain(const char *s, const char *end)
{
    const uint64_t ones = 0x0101010101010101u, highs = 0x8080808080808080u;
    for (; end - s >= 8; s += 8) {
        uint64_t word;
        memcpy(&word, s, 8);
        uint64_t quote = word ^ ones * '"', slash = word ^ ones * '\\';
        /* May mark a byte above a right one wrongly, never miss one: the loop below looks again. */
        uint64_t found = ((quote - ones) | (slash - ones) | (word - ones * 0x20) | word) & highs;
        if (found != 0)
            break;
    }
    while (s < end && *s != '"' && *s != '\\' && (uint8_t) *s >= 0x20 && (uint8_t) *s < 0x80)
        s++;
    return s;
}

/* The string whose opening quote is just before s; NULL with the problem. Returns where its closing quote is. */
static const char *
read_string(const struct row *row, const char *s, struct cell *cell)
{
    struct jsonl *jsonl = row->jsonl;
    const char *end = skip_plain(s, row->end);
    if (end < row->end && *end == '"') {
        *cell = (struct cell){s, (uint32_t) (end - s)};
        return end;
    }
    /* What is decoded is no longer than what is written, so room for the line is enough for all its strings; only it
     * must not move while cells point into it. */
    if (jsonl->n_scratch == 0)
        mem_grow(&jsonl->scratch, &jsonl->cap_scratch, (size_t) (row->end - row->line) + 2 * CELL_SLACK, 1);
    struct json_problem problem;
    size_t n;
    char *to = jsonl->scratch + jsonl->n_scratch;
    end = json_string_decode(s, row->end, to, &n, &problem);
    if (end == NULL) {
        bad(row, problem.at, "%s", problem.what);
        return NULL;
    }
    *cell = (struct cell){to, (uint32_t) n};
    jsonl->n_scratch += n;
    return end;
}

static inline bool
key_is_next(const struct jsonl_key *key, const char *s, const char *end)
{
    uint64_t words[2];
    if (key->n == 0 || (size_t) (end - s) < key->n)
        return false;
    if (key->n > 16)
        return s[0] == '"' && s[key->n - 1] == '"' && memcmp(s + 1, key->name, key->n_name) == 0;
    memcpy(words, s, 16);
    return (((words[0] ^ key->a) & key->mask_a) | ((words[1] ^ key->b) & key->mask_b)) == 0;
}

/* The key at s by look-up: its column, NO_COLUMN when it is left out, with *s behind its closing quote; -1. */
static int64_t
find_key(struct row *row, const char **s)
{
    struct jsonl *jsonl = row->jsonl;
    struct cell key;
    char shown[100];
    const char *start = *s;
    if (start == row->end || *start != '"')
        return wanted(row, start, "a key in double quotes");
    const char *end = read_string(row, start + 1, &key);
    if (end == NULL)
        return -1;
    *s = end + 1;
    if (memchr(key.s, '\0', key.n) != NULL)
        return bad(row, start, "a key with a NUL in it");
    const struct intern_entry *entry = intern_find(&jsonl->columns, key.s, key.n);
    if (entry != NULL)
        return entry->value;
    if (jsonl->unknown == JSONL_IGNORE)
        return NO_COLUMN;
    if (jsonl->unknown == JSONL_REFUSE) {
        jsonl->unknown_key = end + 1 - start;
        return bad(row, start, "the key '%s' is not one of the columns",
                   error_quote(shown, sizeof shown, key.s, key.n, 60));
    }
    uint32_t column = add_column(jsonl, key.s, key.n);
    if (column == NO_COLUMN)
        return bad(row, start, "more than %d different keys", JSONL_COLUMNS_MOST);
    return column;
}

/* The value at s into a cell; returns where it ends, NULL with the problem. */
static inline const char *
read_value(struct row *row, const char *s, struct cell *cell)
{
    static const char nothing[CELL_SLACK];
    bool integer;
    const char *end;
    char c = s < row->end ? *s : '\0';
    if (c == '-' || (uint8_t) (c - '0') <= 9) {
        end = json_number_end(s, row->end, &integer);
        if (end == NULL) {
            bad(row, s, "a number that JSON does not have");
            return NULL;
        }
        *cell = (struct cell){s, (uint32_t) (end - s)};
        return end;
    }
    size_t left = (size_t) (row->end - s);
    if (c == '"') {
        end = read_string(row, s + 1, cell);
        return end != NULL ? end + 1 : NULL;
    }
    if (c == 'n' && left >= 4 && memcmp(s, "null", 4) == 0) {
        *cell = (struct cell){nothing, 0};
        return s + 4;
    }
    if ((c == 't' && left >= 4 && memcmp(s, "true", 4) == 0) || (c == 'f' && left >= 5 && memcmp(s, "false", 5) == 0)) {
        *cell = (struct cell){s, c == 't' ? 4 : 5};
        return s + cell->n;
    }
    if (c == '{' || c == '[')
        bad(row, s, "%s as a value: only flat objects are read", c == '{' ? "an object" : "an array");
    else
        wanted(row, s, "a value");
    return NULL;
}

/* Columns that the line does not have. */
static void
fill_absent(struct jsonl *jsonl)
{
    static const char nothing[CELL_SLACK];
    for (uint32_t i = 0; i < jsonl->n_columns; i++)
        if (jsonl->seen[i] != jsonl->line)
            jsonl->cells[i] = (struct cell){nothing, 0};
}

int
jsonl_row(struct jsonl *jsonl, const char *line, size_t n)
{
    struct row row = {.jsonl = jsonl, .line = line, .end = line + n};
    const char *const end = row.end;
    uint32_t before = NO_COLUMN;
    jsonl->n_scratch = 0;
    jsonl->unknown_key = -1;
    if (++jsonl->line == 0) {
        memset(jsonl->seen, 0, jsonl->n_columns * sizeof *jsonl->seen);
        jsonl->line = 1;
    }
    if (n > JSONL_LINE_MOST)
        return bad(&row, line, "a line of %zu bytes, over the limit of %d", n, JSONL_LINE_MOST);
    const char *s = skip_blanks(line, end);
    if (s == end)
        return JSONL_BLANK;
    if (*s != '{')
        return wanted(&row, s, "an object ('{')");
    s = skip_blanks(s + 1, end);
    bool more = s == end || *s != '}';
    while (more) {
        /* The key, most often the one that is expected. */
        uint32_t *expected = before == NO_COLUMN ? &jsonl->first : &jsonl->keys[before].next;
        uint32_t column = *expected;
        const char *key = s;
        if (column != NO_COLUMN && key_is_next(&jsonl->keys[column], s, end)) {
            s += jsonl->keys[column].n;
        } else {
            int64_t found = find_key(&row, &s);
            if (found < 0)
                return JSONL_BAD;
            column = (uint32_t) found;
            if (column != NO_COLUMN) {
                /* add_column() may have moved the keys. */
                expected = before == NO_COLUMN ? &jsonl->first : &jsonl->keys[before].next;
                *expected = column;
            }
        }
        if (s == end || *s != ':') {
            s = skip_blanks(s, end);
            if (s == end || *s != ':')
                return wanted(&row, s, "a ':'");
        }
        s = skip_blanks(s + 1, end);
        struct cell left_out, *cell = &left_out;
        if (column != NO_COLUMN) {
            if (jsonl->seen[column] == jsonl->line) {
                char shown[100];
                const struct jsonl_key *twice = &jsonl->keys[column];
                return bad(&row, key, "the key '%s' comes twice",
                           error_quote(shown, sizeof shown, twice->name, twice->n_name, 60));
            }
            jsonl->seen[column] = jsonl->line;
            row.n_seen++;
            cell = &jsonl->cells[column];
            before = column;
        }
        s = read_value(&row, s, cell);
        if (s == NULL)
            return JSONL_BAD;
        s = skip_blanks(s, end);
        if (s == end || (*s != ',' && *s != '}'))
            return wanted(&row, s, "a ',' or '}'");
        more = *s == ',';
        if (more)
            s = skip_blanks(s + 1, end);
    }
    s = skip_blanks(s + 1, end);
    if (s < end)
        return bad(&row, s, "text behind the object");
    if (row.n_seen < jsonl->n_columns)
        fill_absent(jsonl);
    return JSONL_ROW;
}
