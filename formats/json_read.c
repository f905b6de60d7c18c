#include "json_read.h"

#include <inttypes.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "csv.h"
#include "file.h"
#include "number.h"
#include "schema.h"

/* Tokens. */

/* The code unit of the four hexadecimal digits at s, or -1. */
static int
hex4(const char *s, const char *end)
{
    int code = 0;
    if (end - s < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        int c = s[i], low = c | 0x20;
        int digit = c >= '0' && c <= '9' ? c - '0' : low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
        if (digit < 0)
            return -1;
        code = code << 4 | digit;
    }
    return code;
}

static size_t
put_utf8(char *to, uint32_t code)
{
    if (code < 0x80) {
        to[0] = (char) code;
        return 1;
    }
    if (code < 0x800) {
        to[0] = (char) (0xc0 | code >> 6);
        to[1] = (char) (0x80 | (code & 0x3f));
        return 2;
    }
    if (code < 0x10000) {
        to[0] = (char) (0xe0 | code >> 12);
        to[1] = (char) (0x80 | (code >> 6 & 0x3f));
        to[2] = (char) (0x80 | (code & 0x3f));
        return 3;
    }
    to[0] = (char) (0xf0 | code >> 18);
    to[1] = (char) (0x80 | (code >> 12 & 0x3f));
    to[2] = (char) (0x80 | (code >> 6 & 0x3f));
    to[3] = (char) (0x80 | (code & 0x3f));
    return 4;
}

static const char *
problem_at(struct json_problem *problem, const char *at, const char *what)
{
    *problem = (struct json_problem){at, what};
    return NULL;
}

/* The escape whose backslash is at s: its code in *code; returns where it ends. */
static const char *
escape(const char *s, const char *end, uint32_t *code, struct json_problem *problem)
{
    static const char from[] = "\"\\/bfnrt", into[] = "\"\\/\b\f\n\r\t";
    if (end - s < 2)
        return problem_at(problem, s, "a string that does not end");
    if (s[1] != 'u') {
        const char *which = s[1] != '\0' ? strchr(from, s[1]) : NULL;
        if (which == NULL)
            return problem_at(problem, s, "an escape that JSON does not have");
        *code = (uint8_t) into[which - from];
        return s + 2;
    }
    int first = hex4(s + 2, end);
    if (first < 0)
        return problem_at(problem, s, "a \\u without four hexadecimal digits");
    *code = (uint32_t) first;
    if (first < 0xd800 || first > 0xdfff)
        return s + 6;
    int second = first <= 0xdbff && end - s >= 8 && s[6] == '\\' && s[7] == 'u' ? hex4(s + 8, end) : -1;
    if (second < 0xdc00 || second > 0xdfff)
        return problem_at(problem, s, "half of a surrogate pair");
    *code = 0x10000 + (((uint32_t) first & 0x3ff) << 10 | ((uint32_t) second & 0x3ff));
    return s + 12;
}

/* Never longer decoded than written, so `to` may be s. */
const char *
json_string_decode(const char *s, const char *end, char *to, size_t *n, struct json_problem *problem)
{
    size_t length = 0;
    while (s < end) {
        const char *first = s;
        bool high = false;
        while (s < end && *s != '"' && *s != '\\' && (uint8_t) *s >= 0x20)
            high |= (uint8_t) *s++ >= 0x80;
        size_t run = (size_t) (s - first), at;
        if (high && !utf8_valid(first, run, &at))
            return problem_at(problem, first + at, "a byte that is not UTF-8");
        memmove(to + length, first, run);
        length += run;
        if (s == end)
            break;
        if (*s == '"') {
            *n = length;
            return s;
        }
        if (*s != '\\')
            return problem_at(problem, s, "a control character inside a string (it has to be escaped)");
        uint32_t code;
        s = escape(s, end, &code, problem);
        if (s == NULL)
            return NULL;
        length += put_utf8(to + length, code);
    }
    return problem_at(problem, end, "a string that does not end");
}

static const char *
digits(const char *s, const char *end)
{
    while (s < end && (uint8_t) (*s - '0') <= 9)
        s++;
    return s;
}

const char *
json_number_end(const char *s, const char *end, bool *integer)
{
    *integer = true;
    if (s < end && *s == '-')
        s++;
    const char *first = s;
    s = digits(s, end);
    if (s == first || (*first == '0' && s - first > 1))
        return NULL;
    if (s < end && *s == '.') {
        *integer = false;
        first = ++s;
        s = digits(s, end);
        if (s == first)
            return NULL;
    }
    if (s < end && (*s == 'e' || *s == 'E')) {
        *integer = false;
        s++;
        if (s < end && (*s == '-' || *s == '+'))
            s++;
        first = s;
        s = digits(s, end);
        if (s == first)
            return NULL;
    }
    return s;
}

/* Values. */

struct reader {
    struct arena *arena;
    const char *name, *text, *at, *end;
    struct value **stack; /* what the arrays and objects being read have so far */
    size_t n_stack, cap_stack;
    size_t n_values;
    unsigned depth;
    struct error *error;
};

static struct value *read_value(struct reader *reader);

/* NULL, with the sentence for the byte `at`. */
static struct value *
fail(struct reader *reader, const char *at, const char *what)
{
    size_t line = 1, column = 1;
    for (const char *p = reader->text; p < at; p++) {
        line += *p == '\n';
        column = *p == '\n' ? 1 : column + 1;
    }
    error_set(reader->error, STATUS_DATA, "%s:%zu:%zu: %s", reader->name, line, column, what);
    return NULL;
}

/* "a ',' is wanted here, not 'x'". */
static struct value *
wanted(struct reader *reader, const char *what)
{
    char sentence[160], found[16];
    if (reader->at == reader->end)
        snprintf(sentence, sizeof sentence, "%s is wanted here, where the text ends", what);
    else
        snprintf(sentence, sizeof sentence, "%s is wanted here, not '%s'", what,
                 error_quote(found, sizeof found, reader->at, 1, 1));
    return fail(reader, reader->at, sentence);
}

static void
skip_blanks(struct reader *reader)
{
    while (reader->at < reader->end &&
           (*reader->at == ' ' || *reader->at == '\t' || *reader->at == '\n' || *reader->at == '\r'))
        reader->at++;
}

static bool
take(struct reader *reader, char c)
{
    skip_blanks(reader);
    if (reader->at == reader->end || *reader->at != c)
        return false;
    reader->at++;
    return true;
}

static struct value *
push(struct reader *reader, struct value *value)
{
    mem_grow(&reader->stack, &reader->cap_stack, reader->n_stack + 1, sizeof *reader->stack);
    return reader->stack[reader->n_stack++] = value;
}

/* What has been pushed since `base` becomes the items of an array or a map. */
static struct value *
collect(struct reader *reader, struct value *value, size_t base)
{
    size_t n = reader->n_stack - base;
    value->n = value->kind == VALUE_MAP ? n / 2 : n;
    value->cap = n;
    value->items = n > 0 ? arena_array(reader->arena, n, sizeof *value->items) : NULL;
    if (n > 0)
        memcpy(value->items, reader->stack + base, n * sizeof *value->items);
    reader->n_stack = base;
    return value;
}

/* The opening quote has been taken. */
static struct value *
read_string(struct reader *reader)
{
    /* Most strings are short: room is taken for what stands before the next quote, or for all if that is escaped. */
    const char *s = reader->at, *quote = memchr(s, '"', (size_t) (reader->end - s));
    while (quote != NULL && quote[-1] == '\\' && quote > s)
        quote = memchr(quote + 1, '"', (size_t) (reader->end - quote - 1));
    struct json_problem problem;
    size_t n;
    char *to = arena_alloc(reader->arena, (size_t) ((quote != NULL ? quote : reader->end) - s) + 1);
    const char *end = json_string_decode(s, quote != NULL ? quote + 1 : reader->end, to, &n, &problem);
    if (end == NULL)
        return fail(reader, problem.at, problem.what);
    to[n] = '\0';
    reader->at = end + 1;
    struct value *value = value_nil(reader->arena);
    value->kind = VALUE_STRING;
    value->bytes = to;
    value->n = n;
    return value;
}

static struct value *
read_number(struct reader *reader)
{
    bool integer;
    const char *s = reader->at, *end = json_number_end(s, reader->end, &integer);
    if (end == NULL)
        return fail(reader, s, "a number that JSON does not have");
    reader->at = end;
    bool negative = *s == '-';
    uint64_t size = 0;
    for (const char *p = s + negative; integer && p < end; p++)
        if (__builtin_mul_overflow(size, 10, &size) || __builtin_add_overflow(size, (uint64_t) (*p - '0'), &size))
            integer = false;
    if (integer && !negative)
        return value_uint(reader->arena, size);
    /* -0 is no integer. */
    if (integer && size > 0 && size <= (uint64_t) 1 << 63)
        return value_int(reader->arena, (int64_t) (0 - size));
    double number;
    if (!number_parse(s, (size_t) (end - s), &number) || isinf(number))
        return fail(reader, s, "a number out of the range of a double");
    return value_float(reader->arena, number);
}

static struct value *
read_array(struct reader *reader)
{
    size_t base = reader->n_stack;
    if (!take(reader, ']'))
        for (;;) {
            struct value *item = read_value(reader);
            if (item == NULL)
                return NULL;
            push(reader, item);
            if (take(reader, ']'))
                break;
            if (!take(reader, ','))
                return wanted(reader, "a ',' or ']'");
        }
    return collect(reader, value_array(reader->arena), base);
}

static bool
read_member(struct reader *reader, struct dict *seen)
{
    if (!take(reader, '"')) {
        wanted(reader, "a key in double quotes");
        return false;
    }
    const char *start = reader->at - 1;
    struct value *key = read_string(reader);
    if (key == NULL)
        return false;
    if (memchr(key->bytes, '\0', key->n) != NULL) {
        fail(reader, start, "a key with a NUL in it");
        return false;
    }
    uint32_t before = seen->n;
    if (dict_add(seen, key->bytes, key->n) <= before) {
        char sentence[160], shown[100];
        snprintf(sentence, sizeof sentence, "the key '%s' comes twice",
                 error_quote(shown, sizeof shown, key->bytes, key->n, 60));
        fail(reader, start, sentence);
        return false;
    }
    push(reader, key);
    if (!take(reader, ':')) {
        wanted(reader, "a ':'");
        return false;
    }
    struct value *value = read_value(reader);
    return value != NULL && push(reader, value) != NULL;
}

static struct value *
read_object(struct reader *reader)
{
    struct dict seen = {0};
    size_t base = reader->n_stack;
    struct value *map = NULL;
    if (!take(reader, '}'))
        for (;;) {
            if (!read_member(reader, &seen))
                goto out;
            if (take(reader, '}'))
                break;
            if (!take(reader, ',')) {
                wanted(reader, "a ',' or '}'");
                goto out;
            }
        }
    map = collect(reader, value_map(reader->arena), base);
out:
    dict_free(&seen);
    return map;
}

static bool
take_word(struct reader *reader, const char *word)
{
    size_t n = strlen(word);
    if ((size_t) (reader->end - reader->at) < n || memcmp(reader->at, word, n) != 0)
        return false;
    reader->at += n;
    return true;
}

static struct value *
read_value(struct reader *reader)
{
    skip_blanks(reader);
    if (reader->at == reader->end)
        return wanted(reader, "a value");
    if (++reader->n_values > JSON_VALUES_MOST)
        return fail(reader, reader->at, "more values than are read");
    char c = *reader->at;
    if (c == '{' || c == '[') {
        if (reader->depth == JSON_DEPTH_MOST)
            return fail(reader, reader->at, "values nested too deep");
        reader->depth++;
        reader->at++;
        struct value *value = c == '{' ? read_object(reader) : read_array(reader);
        reader->depth--;
        return value;
    }
    if (c == '"') {
        reader->at++;
        return read_string(reader);
    }
    if (c == '-' || (c >= '0' && c <= '9'))
        return read_number(reader);
    if (take_word(reader, "true"))
        return value_bool(reader->arena, true);
    if (take_word(reader, "false"))
        return value_bool(reader->arena, false);
    if (take_word(reader, "null"))
        return value_nil(reader->arena);
    return wanted(reader, "a value");
}

struct value *
json_read(struct arena *arena, const char *text, size_t n, const char *name, struct error *error)
{
    if (n > JSON_BYTES_MOST) {
        error_set(error, STATUS_DATA, "%s: %zu bytes of JSON, over the limit of %d", name, n, JSON_BYTES_MOST);
        return NULL;
    }
    if (n == 0)
        text = ""; /* NULL perhaps */
    struct reader reader = {.arena = arena, .name = name, .text = text, .at = text, .end = text + n, .error = error};
    if (n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        reader.text = reader.at += 3;
    struct value *value = read_value(&reader);
    skip_blanks(&reader);
    if (value != NULL && reader.at < reader.end)
        value = wanted(&reader, "the end of the text");
    free(reader.stack);
    return value;
}

struct value *
json_read_file(struct arena *arena, const char *path, struct error *error)
{
    enum { STEP = 1 << 16 };
    struct input input;
    struct value *value = NULL;
    char *text = NULL;
    size_t n = 0, cap = 0;
    if (input_open(&input, path, error) < 0)
        return NULL;
    for (;;) {
        mem_grow(&text, &cap, n + STEP, 1);
        ssize_t got = input_read(&input, text + n, STEP, true, error);
        if (got < 0)
            goto out;
        n += (size_t) got;
        if (got == 0 || n > JSON_BYTES_MOST)
            break;
    }
    value = json_read(arena, text, n, input.name, error);
out:
    free(text);
    input_close(&input);
    return value;
}
