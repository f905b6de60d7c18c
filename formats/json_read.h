/*
 * JSON text to values (RFC 8259, strictly): schemas, headers of safetensors; and the parts that jsonl.h is made of.
 *
 * Integers that fit are kept exactly; other numbers are doubles, correctly rounded; one beyond the doubles is refused.
 * Strings are UTF-8 (no overlong forms, no lone surrogates). A key that comes twice, a key with a NUL, trailing commas,
 * comments, NaN and anything behind the value are mistakes. Depth, number of values and length are bounded, so hostile
 * text costs no more than its length says.
 *
 *     struct arena arena = {0};
 *     struct value *schema = json_read(&arena, text, n, "schema.json", &error);
 *     if (schema == NULL) ...                 // error.text: "schema.json:3:14: a ',' or '}' is wanted here, not 'x'"
 *     arena_free(&arena);
 */
#ifndef CL_JSON_READ_H
#define CL_JSON_READ_H

#include <stdbool.h>
#include <stddef.h>

#include "error.h"
#include "value.h"

enum { JSON_DEPTH_MOST = 16, JSON_VALUES_MOST = 1 << 20, JSON_BYTES_MOST = 64 << 20 };

/*
 * The value of text[0 .. n), which may be followed by white space only; lives in `arena`. NULL with STATUS_DATA and
 * "NAME:LINE:COLUMN: what" (columns count bytes, from 1). A byte order mark is skipped.
 */
struct value *json_read(struct arena *arena, const char *text, size_t n, const char *name, struct error *error);
/* The same of a file, or of stdin for "-". */
struct value *json_read_file(struct arena *arena, const char *path, struct error *error);

/* Why a token is none, and where. */
struct json_problem {
    const char *at;
    const char *what; /* a phrase, static */
};

/*
 * Decodes the string whose opening quote is just before s into `to` (room for end - s bytes; may be s itself): returns
 * where its closing quote is, the length in *n. NULL with the problem.
 */
const char *json_string_decode(const char *s, const char *end, char *to, size_t *n, struct json_problem *problem);
/* The end of the number token at s; NULL when there is none. *integer: neither point nor exponent. */
const char *json_number_end(const char *s, const char *end, bool *integer);

#endif
