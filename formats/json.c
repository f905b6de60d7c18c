#include "json.h"

#include <float.h>
#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
text_add(struct text *text, const char *s, size_t n)
{
    mem_grow(&text->bytes, &text->cap, text->n + n + 1, 1);
    if (n > 0)
        memcpy(text->bytes + text->n, s, n);
    text->n += n;
    text->bytes[text->n] = '\0';
}

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

/* Writes (negative ? -1 : 1) * m / 10^places without an exponent. Returns the length. */
static int
put_fixed(char *buffer, bool negative, uint64_t m, int places)
{
    char digits[20];
    int n, at = 0;
    const char *first = decimal(m, digits, &n);
    if (negative)
        buffer[at++] = '-';
    if (n <= places) {
        buffer[at++] = '0';
    } else {
        memcpy(buffer + at, first, (size_t) (n - places));
        at += n - places;
        first += n - places;
        n = places;
    }
    if (places > 0) {
        buffer[at++] = '.';
        for (int i = n; i < places; i++)
            buffer[at++] = '0';
        memcpy(buffer + at, first, (size_t) n);
        at += n;
    }
    buffer[at] = '\0';
    return at;
}

static const double power_of_ten[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                      1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

static int
put_special(char *buffer, double number)
{
    const char *name = isnan(number) ? "nan" : number > 0 ? "inf" : "-inf";
    size_t n = strlen(name);
    memcpy(buffer, name, n + 1);
    return (int) n;
}

/*
 * Both formatters first look for the fewest decimal places that are enough. With at most 15 digits in all the decimal
 * m / 10^k is found exactly by arithmetic: m and 10^k are doubles without error, so their quotient is the double next
 * to the decimal, which is what strtod() returns, and fewer than 16 digits that differ never read back alike.
 * A float of many digits before the point may have fewer significant ones with an exponent, in a longer text: no gain.
 * Numbers that need more digits, and very large or small ones, are tried with %g: 15 digits (6 for floats) always read
 * back from and to text, so a shorter form shows by itself, except among the subnormals, which hold less.
 */
int
format_double(char *buffer, double number)
{
    double size = fabs(number);
    if (!isfinite(number))
        return put_special(buffer, number);
    if (size == 0 || (size >= 1e-4 && size < 1e15)) {
        for (int k = 0; k < 16; k++) {
            double m = nearbyint(size * power_of_ten[k]);
            if (m >= 1e15)
                break;
            if (m / power_of_ten[k] == size)
                return put_fixed(buffer, signbit(number), (uint64_t) m, k);
        }
    }
    int n = 0;
    for (int digits = size < DBL_MIN ? 1 : 15; digits <= 17; digits++) {
        n = snprintf(buffer, 32, "%.*g", digits, number);
        if (strtod(buffer, NULL) == number)
            break;
    }
    return n;
}

/*
 * For floats the decimal passes through double on its way to float: wrong only where the double lies in the middle
 * between two floats and the decimal does not, so those few go to strtof().
 */
static bool
reads_as_float(double decimal_value, float number)
{
    uint64_t bits;
    memcpy(&bits, &decimal_value, sizeof bits);
    bool middle = (bits & 0x1fffffff) == 0x10000000;
    return !middle && (float) decimal_value == number;
}

int
format_float(char *buffer, float number)
{
    double size = fabsf(number);
    if (!isfinite(number))
        return put_special(buffer, (double) number);
    if (size == 0 || (size >= 1e-4 && size < 1e9)) {
        for (int k = 0; k <= 12; k++) {
            double m = nearbyint(size * power_of_ten[k]);
            if (m >= 1e9)
                break;
            if (reads_as_float(m / power_of_ten[k], (float) size))
                return put_fixed(buffer, signbit(number), (uint64_t) m, k);
        }
    }
    int n = 0;
    for (int digits = size < (double) FLT_MIN ? 1 : 6; digits <= 9; digits++) {
        n = snprintf(buffer, 32, "%.*g", digits, (double) number);
        if (strtof(buffer, NULL) == number)
            break;
    }
    return n;
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
