#include "json.h"

#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
text_printf(struct text *text, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (n < 0)
        return;
    mem_grow(&text->bytes, &text->cap, text->n + (size_t) n + 1, 1);
    va_start(args, format);
    vsnprintf(text->bytes + text->n, (size_t) n + 1, format, args);
    va_end(args);
    text->n += (size_t) n;
}

/*
 * Length of the well-formed UTF-8 sequence at s (Unicode 15, table 3-7), or 0. ASCII is not asked here.
 */
static size_t
utf8_length(const uint8_t *s, size_t n)
{
    uint8_t low = 0x80, high = 0xbf; /* bounds of the second byte: no overlong form, no surrogate, no code too high */
    size_t length;
    if (s[0] >= 0xc2 && s[0] <= 0xdf) {
        length = 2;
    } else if (s[0] >= 0xe0 && s[0] <= 0xef) {
        length = 3;
        low = s[0] == 0xe0 ? 0xa0 : low;
        high = s[0] == 0xed ? 0x9f : high;
    } else if (s[0] >= 0xf0 && s[0] <= 0xf4) {
        length = 4;
        low = s[0] == 0xf0 ? 0x90 : low;
        high = s[0] == 0xf4 ? 0x8f : high;
    } else {
        return 0;
    }
    if (length > n || s[1] < low || s[1] > high)
        return 0;
    for (size_t i = 2; i < length; i++)
        if (s[i] < 0x80 || s[i] > 0xbf)
            return 0;
    return length;
}

void
json_string(struct text *text, const char *s, size_t n)
{
    const uint8_t *p = (const uint8_t *) s;
    size_t plain = 0; /* start of the run that needs no escape */
    text_add(text, "\"", 1);
    for (size_t i = 0; i < n;) {
        if (p[i] >= 0x20 && p[i] < 0x7f && p[i] != '"' && p[i] != '\\') {
            i++;
            continue;
        }
        size_t length = p[i] >= 0x80 ? utf8_length(p + i, n - i) : 0;
        if (length > 0) {
            i += length;
            continue;
        }
        text_add(text, s + plain, i - plain);
        switch (p[i]) {
        case '"':
            text_add(text, "\\\"", 2);
            break;
        case '\\':
            text_add(text, "\\\\", 2);
            break;
        case '\n':
            text_add(text, "\\n", 2);
            break;
        case '\r':
            text_add(text, "\\r", 2);
            break;
        case '\t':
            text_add(text, "\\t", 2);
            break;
        default:
            if (p[i] < 0x80)
                text_printf(text, "\\u%04x", p[i]);
            else
                text_add(text, "\xef\xbf\xbd", 3);
        }
        plain = ++i;
    }
    text_add(text, s + plain, n - plain);
    text_add(text, "\"", 1);
}

/* Decimal digits of u, at the end of digits[20]. Returns the first. */
static const char *
decimal(uint64_t u, char digits[20], int *n)
{
    int at = 20;
    do
        digits[--at] = (char) ('0' + u % 10);
    while ((u /= 10) > 0);
    *n = 20 - at;
    return digits + at;
}

void
json_number(struct text *text, double number)
{
    char buffer[32];
    if (!isfinite(number))
        text_add(text, "null", 4);
    else
        text_add(text, buffer, (size_t) format_double(buffer, number));
}

static void
new_line(struct text *text, bool pretty, unsigned depth)
{
    if (!pretty)
        return;
    text_add(text, "\n", 1);
    for (unsigned i = 0; i < depth; i++)
        text_add(text, "  ", 2);
}

/* JSON has no bytes: binary and ext become lower-case hexadecimal strings. */
static void
put_bytes(struct text *text, const struct value *value)
{
    static const char digits[] = "0123456789abcdef";
    text_add(text, "\"", 1);
    mem_grow(&text->bytes, &text->cap, text->n + 2 * value->n + 2, 1);
    for (size_t i = 0; i < value->n; i++) {
        uint8_t byte = (uint8_t) value->bytes[i];
        const char pair[] = {digits[byte >> 4], digits[byte & 15]};
        text_add(text, pair, sizeof pair);
    }
    text_add(text, "\"", 1);
}

static void
put_value(struct text *text, const struct value *value, bool pretty, unsigned depth)
{
    char digits[20];
    int n;
    switch (value->kind) {
    case VALUE_NIL:
        text_add(text, "null", 4);
        break;
    case VALUE_BOOL:
        if (value->boolean)
            text_add(text, "true", 4);
        else
            text_add(text, "false", 5);
        break;
    case VALUE_INT: {
        uint64_t size = value->i < 0 ? 0 - (uint64_t) value->i : (uint64_t) value->i;
        const char *first = decimal(size, digits, &n);
        if (value->i < 0)
            text_add(text, "-", 1);
        text_add(text, first, (size_t) n);
        break;
    }
    case VALUE_UINT: {
        const char *first = decimal(value->u, digits, &n);
        text_add(text, first, (size_t) n);
        break;
    }
    case VALUE_FLOAT:
        json_number(text, value->f);
        break;
    case VALUE_STRING:
        json_string(text, value->bytes, value->n);
        break;
    case VALUE_BINARY:
    case VALUE_EXT:
        put_bytes(text, value);
        break;
    case VALUE_ARRAY:
    case VALUE_MAP: {
        bool map = value->kind == VALUE_MAP;
        text_add(text, map ? "{" : "[", 1);
        for (size_t i = 0; i < value->n; i++) {
            if (i > 0)
                text_add(text, pretty ? "," : ", ", pretty ? 1 : 2);
            new_line(text, pretty, depth + 1);
            if (map) {
                put_value(text, value->items[2 * i], pretty, depth + 1);
                text_add(text, ": ", 2);
            }
            put_value(text, value->items[map ? 2 * i + 1 : i], pretty, depth + 1);
        }
        if (value->n > 0)
            new_line(text, pretty, depth);
        text_add(text, map ? "}" : "]", 1);
        break;
    }
    }
}

void
json_value(struct text *text, const struct value *value, bool pretty)
{
    put_value(text, value, pretty, 0);
}
