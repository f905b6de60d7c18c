/*
 * JSON text from values: reports, logs, schemas. Strings are escaped, invalid UTF-8 becomes U+FFFD, numbers are the
 * shortest text that reads back to the same double; nan and infinities become null.
 */
#ifndef CL_JSON_H
#define CL_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "memory.h"
#include "shortest.h"
#include "value.h"

/* A growing text. Zero it to start; free(bytes) at the end. Always NUL-terminated after the first call. */
struct text {
    char *bytes;
    size_t n, cap;
};
/* Room for n bytes and a NUL at the end of the text, where they may be written; text_took() says how many were. */
static inline char *
text_room(struct text *text, size_t n)
{
    if (text->cap - text->n <= n)
        mem_grow(&text->bytes, &text->cap, text->n + n + 1, 1);
    return text->bytes + text->n;
}
static inline void
text_took(struct text *text, size_t n)
{
    text->n += n;
    text->bytes[text->n] = '\0';
}
static inline void
text_add(struct text *text, const char *s, size_t n)
{
    char *to = text_room(text, n);
    if (n > 0)
        memcpy(to, s, n);
    text_took(text, n);
}
/* A number as format_float() writes it. */
static inline void
text_float(struct text *text, float number)
{
    text_took(text, (size_t) format_float(text_room(text, SHORTEST_BYTES), number));
}
void text_printf(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void json_string(struct text *text, const char *s, size_t n);
void json_number(struct text *text, double number);
/* One line, no final newline; pretty: two-space indent over several lines. */
void json_value(struct text *text, const struct value *value, bool pretty);

#endif
