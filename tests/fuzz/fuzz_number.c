/*
 * Text to numbers. The first byte chooses the decimal character and how often the rest is repeated; cells end at a line
 * end. number_parse() is judged by strtod, and each conversion kernel by number_parse().
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../helpers/number_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* One cell in memory of just its size; fills expected[i] and left_expected[i]. */
static void
judge(struct number_check *check, size_t i, const char *text, size_t n, char decimal)
{
    char *const cell = malloc(n + 1);
    double value = NAN;
    memcpy(cell, text, n);
    char *const exact = realloc(cell, n > 0 ? n : 1);
    const bool number = number_parse_as(exact, n, decimal, &value);
    const bool code = number_is_code(exact, n), grouped = number_is_grouped_as(exact, n, decimal);
    if ((code && !number) || (grouped && number))
        abort();
    free(exact);
    check->left_expected[i] = n > 0 && (!number || code || isinf((float) value));
    check->expected[i] = (float) value;

    char *const copy = malloc(n + 1);
    memcpy(copy, text, n);
    copy[n] = '\0';
    char *const point = memchr(copy, decimal, n);
    if (point != NULL)
        *point = '.';
    char *end;
    const double judge = strtod(copy, &end);
    if (number && (end != copy + n || memcmp(&judge, &value, sizeof value) != 0))
        abort();
    /* What strtod takes and we do not: blanks in front, hexadecimal, nan; and a point where it is a comma. */
    if (!number && n > 0 && end == copy + n && strspn(copy, "+-.0123456789eE") == n &&
        (decimal == '.' || memchr(text, '.', n) == NULL))
        abort();
    free(copy);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct number_check check;
    if (size < 2 || size > 4096)
        return 0;
    const char decimal = data[0] & 1 ? ',' : '.';
    const size_t repeat = 1 + (data[0] >> 1) % 40, n = size - 1;
    const size_t cap = repeat * (n + 1);
    if (check.cap < cap) {
        if (check.cap > 0)
            number_check_close(&check);
        number_check_open(&check, 2 * cap);
    }
    struct texts texts;
    texts_open(&texts, cap, 1);
    char *p = texts.text;
    for (size_t r = 0; r < repeat; r++) {
        const char *s = (const char *) data + 1, *const end = s + n;
        for (const char *stop; s <= end; s = stop + 1) {
            stop = memchr(s, '\n', (size_t) (end - s));
            stop = stop == NULL ? end : stop;
            judge(&check, texts.n, s, (size_t) (stop - s), decimal);
            memcpy(p, s, (size_t) (stop - s));
            texts.before[texts.n] = (uint32_t) (p - texts.text) - 1;
            p += stop - s;
            texts.behind[texts.n++] = (uint32_t) (p - texts.text);
            *p++ = '\n';
        }
    }
    if (!number_check_kernels(&check, &texts, decimal)) {
        fprintf(stderr, "%s\n", check.failure);
        abort();
    }
    texts_close(&texts);
    return 0;
}
