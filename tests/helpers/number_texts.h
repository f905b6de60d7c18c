/*
 * Made-up cells with numbers, for test_convert.c and numbers.c: the same every time for the same seed. A header only,
 * since a helper program is one file.
 */
#ifndef CL_NUMBER_TEXTS_H
#define CL_NUMBER_TEXTS_H

#include <inttypes.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TEXTS_SLACK = 128,  /* as SCAN_SLACK */
    TEXTS_LONGEST = 64, /* bytes of a cell */
};

enum texts_kind {
    TEXTS_6,         /* up to 6 significant digits, as %.6g writes numbers around 1 */
    TEXTS_9,         /* 9 */
    TEXTS_17,        /* 17 */
    TEXTS_MIXED,     /* 28 columns of 6 digits, one of 17 */
    TEXTS_INTEGERS,  /* 0 to 999999, and now and then more */
    TEXTS_EXPONENTS, /* %.18e around 1, as NumPy's savetxt writes them */
    TEXTS_SIZES,     /* exponents of any size, with 1 to 16 digits behind the point */
    TEXTS_DIGITS,    /* any digits, a point anywhere or nowhere, 1 to 40 bytes */
    TEXTS_MIDDLES,   /* at, and one digit beside, the middle between two floats */
    TEXTS_TIES,      /* the same for doubles */
    TEXTS_JUNK,      /* what is no number, or nearly one */
    TEXTS_KINDS,
};

static const char *const texts_names[] = {"6 digits", "9 digits",   "17 digits", "6 and 17", "integers", "exponents",
                                          "any size", "any digits", "middles",   "ties",     "junk"};

/* Cells of one text, between commas, with slack around it. */
struct texts {
    uint64_t random;
    char *text; /* behind the slack */
    uint32_t *before, *behind;
    size_t n, cap, bytes;
};

static inline uint64_t
texts_random(struct texts *texts)
{
    /* splitmix64, Steele, Lea and Flood 2014 */
    uint64_t x = texts->random += 0x9e3779b97f4a7c15;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
    x = (x ^ x >> 27) * 0x94d049bb133111eb;
    return x ^ x >> 31;
}

static inline void
texts_open(struct texts *texts, size_t cap, uint64_t seed)
{
    char *text = calloc(cap * TEXTS_LONGEST + 2 * TEXTS_SLACK, 1);
    *texts = (struct texts){.random = seed,
                            .text = text == NULL ? NULL : text + TEXTS_SLACK,
                            .before = malloc((cap + 16) * sizeof *texts->before),
                            .behind = malloc((cap + 16) * sizeof *texts->behind),
                            .cap = cap};
    if (text == NULL || texts->before == NULL || texts->behind == NULL)
        abort();
    memset(text, '7', cap * TEXTS_LONGEST + 2 * TEXTS_SLACK);
}

static inline void
texts_close(struct texts *texts)
{
    free(texts->text - TEXTS_SLACK);
    free(texts->before);
    free(texts->behind);
}

/* Digits of w with a point before the last `fraction` of them; at least one digit before the point. */
static inline size_t
texts_decimal(char *s, uint64_t w, unsigned fraction)
{
    char digits[32];
    size_t n = 0, to = 0;
    for (; w > 0 || n <= fraction; w /= 10)
        digits[n++] = (char) ('0' + w % 10);
    while (n > fraction)
        s[to++] = digits[--n];
    if (n > 0)
        s[to++] = '.';
    while (n > 0)
        s[to++] = digits[--n];
    return to;
}

/* `digits` significant digits of a number between 0.001 and 100, trailing zeros left out. */
static inline size_t
texts_plain(struct texts *texts, char *s, unsigned digits)
{
    static const uint64_t powers[] = {1,
                                      10,
                                      100,
                                      1000,
                                      10000,
                                      100000,
                                      1000000,
                                      10000000,
                                      100000000,
                                      1000000000,
                                      10000000000,
                                      100000000000,
                                      1000000000000,
                                      10000000000000,
                                      100000000000000,
                                      1000000000000000,
                                      10000000000000000,
                                      100000000000000000};
    const uint64_t random = texts_random(texts);
    uint64_t w = powers[digits - 1] + (random >> 4) % (powers[digits] - powers[digits - 1]);
    unsigned fraction = digits - ((random & 15) < 12) - ((random & 15) < 2);
    fraction += (random & 15) == 15;
    for (; w % 10 == 0 && fraction > 0; w /= 10)
        fraction--;
    size_t n = 0;
    if (random >> 63)
        s[n++] = '-';
    return n + texts_decimal(s + n, w, fraction);
}

static inline size_t
texts_digits(struct texts *texts, char *s)
{
    uint64_t random = texts_random(texts);
    size_t n = 0, length = 1 + random % 40, point = (random >> 8) % (2 * length);
    uint64_t zeros = (random >> 16) % 4 == 0 ? (random >> 20) % 12 : 0, more = 0;
    if (random >> 40 & 1)
        s[n++] = '-';
    for (size_t i = 0; i < length; i++) {
        if (i % 16 == 0)
            more = texts_random(texts);
        if (i == point)
            s[n++] = '.';
        s[n++] = i < zeros ? '0' : (char) ('0' + (more >> 4 * (i % 16) & 15) % 10);
    }
    return n;
}

/* A middle between floats or doubles, rounded to `digits` significant digits, or that and one unit of the last more. */
static inline size_t
texts_middle(struct texts *texts, char *s, bool of_doubles)
{
    const uint64_t random = texts_random(texts), more = texts_random(texts);
    int exponent = (int) (random % 60) - 30, digits = 15 + (int) (more % 6);
    double float_middle = 1 + (double) (random >> 41) * 0x1p-23 + 0x1p-24;
    long double middle = float_middle;
    if (of_doubles) /* 64 bits of fraction, where long double has them */
        middle = 1 + (long double) (random >> 12) * 0x1p-52L + 0x1p-53L;
    middle = ldexpl(middle, exponent);
    const char *const sign = more >> 9 & 1 ? "-" : "";
    int n;
    if ((more >> 16 & 3) == 0) {
        n = snprintf(s, TEXTS_LONGEST, "%s%.*Le", sign, digits - 1, middle);
    } else {
        /* All its digits, as far as the cell can hold them, at times. */
        int fraction = (more >> 8 & 1 ? 40 : digits) - (int) floorl(log10l(middle)) - 1;
        fraction = fraction < 0 ? 0 : fraction > 44 ? 44 : fraction;
        n = snprintf(s, TEXTS_LONGEST, "%s%.*Lf", sign, fraction, middle);
    }
    if (n < 0 || n >= TEXTS_LONGEST)
        abort();
    /* Up or down by one in the last digit that can. */
    const char *const e = memchr(s, 'e', (size_t) n);
    for (int i = (e == NULL ? n : (int) (e - s)) - 1; i > 0 && (more >> 10 & 3) > 1; i--)
        if (s[i] > '0' && s[i] < '9') {
            s[i] = (char) (s[i] + ((more >> 10 & 3) == 2 ? 1 : -1));
            break;
        }
    return (size_t) n;
}

static inline size_t
texts_junk(struct texts *texts, char *s)
{
    static const char *const known[] = {
        "",
        "-",
        "+",
        ".",
        "-.",
        "NA",
        "nan",
        "inf",
        "-inf",
        "Infinity",
        "0x1p3",
        "1,234.5",
        "1.234,5",
        "1'000",
        "1 000",
        " 1",
        "1 ",
        "--1",
        "1-",
        "1-2",
        "1.2.3",
        "..1",
        "1..",
        "-0",
        "-0.0",
        "0",
        "00",
        "007",
        "-007",
        "00.5",
        "0.5",
        ".5",
        "5.",
        "-.5",
        "-5.",
        "+5",
        "1e5",
        "1E5",
        "1e",
        "e5",
        "1e999",
        "-1e999",
        "1e-999",
        "3.5e38",
        "3.4e38",
        "1e-46",
        "1e-45",
        "/",
        ":",
        "1/2",
        "12:30",
        "\xff",
        "1\xb0",
        "\xb1",
        "12%",
        "0000000000000000",
        "-0000000000000000",
        "1234567890123456",
        "12345678901234567",
        "9007199254740993",
        "-9999999999999999",
        "99999999999999999999999999999999",
        "0.00000000000000000000000000001",
        "00000000000000000000000000000001.5",
        "18446744073709551616",
        "9999999999999999999",
        "10000000000000000000",
        "340282356779733661637539395458142568447",
        "340282346638528859811704183484516925440",
    };
    const uint64_t random = texts_random(texts);
    if (random & 1) {
        const char *word = known[(random >> 1) % (sizeof known / sizeof *known)];
        memcpy(s, word, strlen(word));
        return strlen(word);
    }
    /* A number with one byte changed. */
    size_t n = random & 2 ? texts_plain(texts, s, 2 + (unsigned) (random >> 4 & 15)) : texts_digits(texts, s);
    s[(random >> 8) % n] = random & 4 ? (char) (random >> 32) : "+-.,e 0/:x"[(random >> 32) % 10];
    return n;
}

/* Fills texts with `cap` cells of one kind. decimal replaces the point. */
static inline void
texts_fill(struct texts *texts, enum texts_kind kind, char decimal)
{
    char *p = texts->text;
    texts->n = 0;
    while (texts->n < texts->cap) {
        size_t n = 0;
        switch (kind) {
        case TEXTS_6:
            n = texts_plain(texts, p, 6);
            break;
        case TEXTS_9:
            n = texts_plain(texts, p, 9);
            break;
        case TEXTS_17:
            n = texts_plain(texts, p, 17);
            break;
        case TEXTS_MIXED:
            n = texts_plain(texts, p, texts->n % 29 == 3 ? 17 : 6);
            break;
        case TEXTS_INTEGERS: {
            const uint64_t random = texts_random(texts);
            n = texts_decimal(p, (random >> 8) % (random & 15 ? 1000000 : (uint64_t) 1 << 40), 0);
            break;
        }
        case TEXTS_EXPONENTS: {
            const uint64_t random = texts_random(texts);
            n = (size_t) snprintf(p, TEXTS_LONGEST, "%.18e",
                                  ldexp((double) ((int64_t) random >> 11), (int) (random & 15) - 60));
            break;
        }
        case TEXTS_SIZES: {
            const uint64_t random = texts_random(texts);
            n = (size_t) snprintf(p, TEXTS_LONGEST, random & 1 ? "%.*e" : "%.*E", (int) (random >> 2 & 15) + 1,
                                  ldexp((double) ((int64_t) random >> 11), (int) (random >> 3 & 0xff) - 190));
            /* 1e5, 1e-5, 1e05 */
            if ((random & 6) == 2 && p[n - 2] == '0') {
                p[n - 2] = p[n - 1];
                n--;
                if (p[n - 2] == '+') {
                    p[n - 2] = p[n - 1];
                    n--;
                }
            }
            break;
        }
        case TEXTS_DIGITS:
            n = texts_digits(texts, p);
            break;
        case TEXTS_MIDDLES:
        case TEXTS_TIES:
            n = texts_middle(texts, p, kind == TEXTS_TIES);
            break;
        default:
            n = texts_junk(texts, p);
        }
        if (decimal != '.')
            for (size_t i = 0; i < n; i++)
                p[i] = p[i] == '.' ? decimal : p[i] == decimal ? '.' : p[i];
        texts->before[texts->n] = (uint32_t) (p - texts->text) - 1;
        texts->behind[texts->n++] = (uint32_t) (p - texts->text + (ptrdiff_t) n);
        p += n;
        *p++ = ',';
    }
    texts->bytes = (size_t) (p - texts->text);
}

#endif
