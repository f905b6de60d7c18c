#include "number.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "memory.h"

/*
 * Anything that the fast path cannot round. strtod wants a NUL behind its text; no program of ours calls setlocale,
 * so the locale is C.
 */
static double
number_slow(const char *s, size_t n, char decimal)
{
    char small[128], *copy = n < sizeof small ? small : mem_alloc(n + 1);
    memcpy(copy, s, n);
    copy[n] = '\0';
    char *point = memchr(copy, decimal, n);
    if (point != NULL)
        *point = '.';
    double value = strtod(copy, NULL);
    if (copy != small)
        free(copy);
    return value;
}

static bool
number_infinite(const char *s, size_t n, bool negative, double *value)
{
    if ((n != 3 || strncasecmp(s, "inf", 3) != 0) && (n != 8 || strncasecmp(s, "infinity", 8) != 0))
        return false;
    *value = negative ? -INFINITY : INFINITY;
    return true;
}

/*
 * W. D. Clinger, "How to read floating point numbers accurately", PLDI 1990: a significand below 2^53 and a power of
 * ten up to 10^22 are both exact doubles, so one multiplication or division rounds once.
 */
bool
number_parse_as(const char *s, size_t n, char decimal, double *value)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    const char *p = s, *const end = s + n;
    bool negative = false;
    if (p < end && (*p == '-' || *p == '+'))
        negative = *p++ == '-';
    const char *const digits = p;
    uint64_t significand = 0;
    for (; p < end && (uint8_t) (*p - '0') <= 9; p++)
        significand = significand * 10 + (uint8_t) (*p - '0');
    ptrdiff_t n_digits = p - digits, n_fraction = 0;
    if (p < end && *p == decimal) {
        const char *const fraction = ++p;
        for (; p < end && (uint8_t) (*p - '0') <= 9; p++)
            significand = significand * 10 + (uint8_t) (*p - '0');
        n_fraction = p - fraction;
        n_digits += n_fraction;
    }
    if (n_digits == 0)
        return p == digits && number_infinite(p, (size_t) (end - p), negative, value);
    int64_t exponent = 0;
    if (p < end && (*p == 'e' || *p == 'E')) {
        bool below = false;
        p++;
        if (p < end && (*p == '-' || *p == '+'))
            below = *p++ == '-';
        const char *const first = p;
        for (; p < end && (uint8_t) (*p - '0') <= 9; p++)
            exponent = exponent < 100000 ? exponent * 10 + (*p - '0') : exponent;
        if (p == first)
            return false;
        exponent = below ? -exponent : exponent;
    }
    if (p != end)
        return false;
    exponent -= n_fraction;
    /* 19 digits always fit 64 bits; leading zeros only send a number the slow way. */
    if (n_digits <= 19 && significand <= (uint64_t) 1 << 53 && exponent >= -22 && exponent <= 22) {
        double magnitude = (double) significand;
        magnitude = exponent < 0 ? magnitude / powers[-exponent] : magnitude * powers[exponent];
        *value = negative ? -magnitude : magnitude;
        return true;
    }
    *value = number_slow(s, n, decimal);
    return true;
}

bool
number_parse(const char *s, size_t n, double *value)
{
    return number_parse_as(s, n, '.', value);
}

bool
number_is_code(const char *s, size_t n)
{
    if (n < 2 || s[0] != '0')
        return false;
    for (size_t i = 1; i < n; i++)
        if ((uint8_t) (s[i] - '0') > 9)
            return false;
    return true;
}

bool
number_is_grouped_as(const char *s, size_t n, char decimal)
{
    const char group = decimal == ',' ? '.' : ',';
    char plain[64];
    size_t to = 0, separators = 0;
    bool digit_before = false;
    if (n >= sizeof plain)
        return false;
    for (size_t i = 0; i < n; i++) {
        bool digit = (uint8_t) (s[i] - '0') <= 9;
        if (s[i] == group || s[i] == '\'') {
            /* Between digits only: "a, b" and ",5" are no numbers of any country. */
            if (!digit_before || i + 1 == n || (uint8_t) (s[i + 1] - '0') > 9)
                return false;
            separators++;
        } else {
            plain[to++] = s[i];
        }
        digit_before = digit;
    }
    /* Of both kinds the last is the decimal one: in 1.234,5 with a decimal point, the points go as well. */
    const char *other = memchr(s, group, n), *point = memchr(s, decimal, n);
    if (other != NULL && point != NULL && point < other) {
        size_t kept = 0;
        for (size_t i = 0; i < to; i++)
            if (plain[i] != decimal)
                plain[kept++] = plain[i];
        to = kept;
    }
    double value;
    return separators > 0 && number_parse_as(plain, to, decimal, &value);
}

bool
number_is_grouped(const char *s, size_t n)
{
    return number_is_grouped_as(s, n, '.');
}
