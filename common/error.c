#include "error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

int
error_set(struct error *error, enum status status, const char *format, ...)
{
    va_list args;
    error->status = status;
    va_start(args, format);
    vsnprintf(error->text, sizeof error->text, format, args);
    va_end(args);
    return -1;
}

int
error_errno(struct error *error, const char *format, ...)
{
    int saved = errno;
    va_list args;
    va_start(args, format);
    vsnprintf(error->text, sizeof error->text, format, args);
    va_end(args);
    size_t n = strlen(error->text);
    snprintf(error->text + n, sizeof error->text - n, ": %s", strerror(saved));
    error->status = STATUS_SYSTEM;
    return -1;
}

int
error_prefix(struct error *error, const char *format, ...)
{
    char prefix[512], whole[sizeof error->text];
    va_list args;
    va_start(args, format);
    vsnprintf(prefix, sizeof prefix, format, args);
    va_end(args);
    int n = snprintf(whole, sizeof whole, "%s: ", prefix);
    if (n > 0 && (size_t) n < sizeof whole) {
        size_t keep = strnlen(error->text, sizeof whole - 1 - (size_t) n);
        memcpy(whole + n, error->text, keep);
        whole[(size_t) n + keep] = '\0';
        memcpy(error->text, whole, sizeof whole);
    }
    return -1;
}

/* Length of the valid UTF-8 sequence at s[0 .. n), 0 if there is none (overlong forms, surrogates and above
 * U+10FFFF included), 1 for ASCII. */
static size_t
utf8_length(const unsigned char *s, size_t n)
{
    static const unsigned smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    if (s[0] < 0x80)
        return 1;
    size_t length = s[0] >= 0xf0 && s[0] < 0xf8 ? 4 : s[0] >= 0xe0 ? 3 : s[0] >= 0xc0 ? 2 : 0;
    if (length == 0 || s[0] >= 0xf8 || length > n)
        return 0;
    unsigned code = s[0] & (0xffu >> (length + 1));
    for (size_t i = 1; i < length; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (s[i] & 0x3f);
    }
    bool surrogate = code >= 0xd800 && code < 0xe000;
    return code < smallest[length] || code > 0x10ffff || surrogate ? 0 : length;
}

const char *
error_quote(char *dst, size_t cap, const char *src, size_t n, size_t width)
{
    const unsigned char *s = (const unsigned char *) src;
    size_t used = 0, i = 0;
    /* Room is kept for one longest piece (4 bytes), "..." and the NUL. */
    while (i < n && i < width && used + 8 <= cap) {
        size_t length = utf8_length(s + i, n - i);
        bool c1 = length == 2 && s[i] == 0xc2 && s[i + 1] < 0xa0; /* control characters of Latin-1 */
        if (length == 0 || c1 || s[i] < 0x20 || s[i] == 0x7f || s[i] == '\\') {
            used += (size_t) snprintf(dst + used, cap - used, "\\x%02x", s[i]);
            i++;
        } else {
            memcpy(dst + used, s + i, length);
            used += length;
            i += length;
        }
    }
    if (i < n && used + 4 <= cap) {
        memcpy(dst + used, "...", 3);
        used += 3;
    }
    if (cap > 0)
        dst[used] = '\0';
    return dst;
}
