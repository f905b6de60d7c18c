/*
 * JSON text from values: reports, logs, schemas. Strings are escaped, invalid UTF-8 becomes U+FFFD, numbers are the
 * shortest text that reads back to the same double; nan and infinities become null.
 */
#ifndef CL_JSON_H
#define CL_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "value.h"

/* A growing text. Zero it to start; free(bytes) at the end. Always NUL-terminated after the first call. */
struct text {
    char *bytes;
    size_t n, cap;
};
void text_add(struct text *text, const char *s, size_t n);
void text_printf(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void json_string(struct text *text, const char *s, size_t n);
void json_number(struct text *text, double number);
/* One line, no final newline; pretty: two-space indent over several lines. */
void json_value(struct text *text, const struct value *value, bool pretty);

/* Shortest decimal that strtof / strtod reads back to the same number; returns its length. buffer: 32 bytes. */
int format_float(char *buffer, float number);
int format_double(char *buffer, double number);

#endif
