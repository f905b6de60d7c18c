#include "libsvm.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "error.h"
#include "memory.h"
#include "number.h"

void
libsvm_open(struct libsvm *libsvm, bool zero)
{
    *libsvm = (struct libsvm){.zero = zero};
}

void
libsvm_close(struct libsvm *libsvm)
{
    free(libsvm->indices);
    free(libsvm->values);
    *libsvm = (struct libsvm){0};
}

static int __attribute__((format(printf, 3, 4))) bad(struct libsvm *libsvm, size_t at, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(libsvm->problem, sizeof libsvm->problem, format, args);
    va_end(args);
    libsvm->problem_at = at + 1;
    return LIBSVM_BAD;
}

static inline bool
is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static inline const char *
skip_blanks(const char *s, const char *end)
{
    while (s < end && is_blank(*s))
        s++;
    return s;
}

static inline const char *
token_end(const char *s, const char *end)
{
    while (s < end && !is_blank(*s))
        s++;
    return s;
}

/* Decimal digits up to `end`, which is not read as one; above `most`, most + 1. NULL when there is none. */
static inline const char *
take_digits(const char *s, const char *end, uint64_t most, uint64_t *number)
{
    const char *first = s;
    uint64_t n = 0;
    for (; s < end && (uint8_t) (*s - '0') <= 9; s++) {
        n = n * 10 + (uint64_t) (*s - '0');
        n = n > most ? most + 1 : n;
    }
    *number = n;
    return s > first ? s : NULL;
}

/* A number, or NaN for a missing one. */
static inline bool
read_number(const char *s, size_t n, double *value)
{
    if (number_parse(s, n, value))
        return true;
    *value = NAN;
    return n == 3 && strncasecmp(s, "nan", 3) == 0;
}

/* The mistake of the token s[0 .. n) where INDEX:VALUE is wanted. */
static int
bad_pair(struct libsvm *libsvm, size_t at, const char *s, size_t n)
{
    char shown[100];
    const char *colon = memchr(s, ':', n);
    error_quote(shown, sizeof shown, s, n, 40);
    if (n >= 4 && memcmp(s, "qid:", 4) == 0)
        return bad(libsvm, at, "'%s': qid:N comes once, behind the label", shown);
    if (colon == NULL)
        return bad(libsvm, at, "INDEX:VALUE is wanted here, not '%s'", shown);
    double value;
    const char *first = colon + 1;
    if (!read_number(first, (size_t) (s + n - first), &value))
        return bad(libsvm, at, "'%s' has no number behind its colon", shown);
    return bad(libsvm, at, "'%s' has no whole number before its colon", shown);
}

/* Has a place for one more feature. */
static void
reserve(struct libsvm *libsvm)
{
    if (libsvm->n < libsvm->cap_indices && libsvm->n < libsvm->cap_values)
        return;
    mem_grow(&libsvm->indices, &libsvm->cap_indices, libsvm->n + 64, sizeof *libsvm->indices);
    mem_grow(&libsvm->values, &libsvm->cap_values, libsvm->n + 64, sizeof *libsvm->values);
}

int
libsvm_row(struct libsvm *libsvm, const char *line, size_t n)
{
    char shown[100];
    libsvm->n = 0;
    libsvm->qid = (struct cell){line, 0};
    if (n > LIBSVM_LINE_MOST)
        return bad(libsvm, 0, "a line of %zu bytes, over the limit of %d", n, LIBSVM_LINE_MOST);
    const char *end = line + n, *comment = memchr(line, '#', n);
    if (comment != NULL)
        end = comment;
    const char *s = skip_blanks(line, end);
    if (s == end)
        return LIBSVM_BLANK;
    const char *next = token_end(s, end);
    libsvm->label = (struct cell){s, (uint32_t) (next - s)};
    error_quote(shown, sizeof shown, s, (size_t) (next - s), 40);
    if (memchr(s, ':', (size_t) (next - s)) != NULL)
        return bad(libsvm, (size_t) (s - line), "a label is wanted before '%s'", shown);
    if (memchr(s, ',', (size_t) (next - s)) != NULL)
        return bad(libsvm, (size_t) (s - line), "'%s' is more than one label, which is not read from libsvm files",
                   shown);
    s = skip_blanks(next, end);
    if (end - s >= 4 && memcmp(s, "qid:", 4) == 0) {
        uint64_t qid;
        next = take_digits(s + 4, end, UINT64_MAX / 16, &qid);
        if (next == NULL || (next < end && !is_blank(*next)))
            return bad(libsvm, (size_t) (s - line), "qid: wants a whole number");
        libsvm->qid = (struct cell){s + 4, (uint32_t) (next - s - 4)};
        s = skip_blanks(next, end);
    }
    int64_t before = -1;
    while (s < end) {
        uint64_t index;
        const char *colon = take_digits(s, end, LIBSVM_INDEX_MOST, &index);
        next = token_end(colon != NULL ? colon : s, end);
        reserve(libsvm);
        if (colon == NULL || colon == end || *colon != ':' ||
            !read_number(colon + 1, (size_t) (next - colon - 1), &libsvm->values[libsvm->n]))
            return bad_pair(libsvm, (size_t) (s - line), s, (size_t) (next - s));
        if (index > LIBSVM_INDEX_MOST)
            return bad(libsvm, (size_t) (s - line), "the index %.*s: more than %d columns are not read",
                       (int) (colon - s < 20 ? colon - s : 20), s, LIBSVM_INDEX_MOST);
        if (index == 0 && !libsvm->zero)
            return bad(libsvm, (size_t) (s - line), "the index 0, where the first lines count from 1");
        if ((int64_t) index <= before)
            return bad(libsvm, (size_t) (s - line), "the index %d behind %d: they have to ascend", (int) index,
                       (int) before);
        libsvm->indices[libsvm->n++] = (uint32_t) index;
        before = (int64_t) index;
        s = skip_blanks(next, end);
    }
    return LIBSVM_ROW;
}
