#include "shortest.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "digits.h"
#include "powers.h"

static const double power_of_ten[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                      1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

/* Writes (negative ? -1 : 1) * m / 10^places without an exponent. Returns the length. */
static int
put_fixed(char *buffer, bool negative, uint64_t m, int places)
{
    char digits[20];
    int n = 0, at = 0;
    do
        digits[sizeof digits - 1 - (size_t) n++] = (char) ('0' + m % 10);
    while ((m /= 10) > 0);
    const char *first = digits + sizeof digits - n;
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

static int
put_special(char *buffer, double number)
{
    const char *name = isnan(number) ? "nan" : number > 0 ? "inf" : "-inf";
    size_t n = strlen(name);
    memcpy(buffer, name, n + 1);
    return (int) n;
}

/* ---- by trial ---- */

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
        n = snprintf(buffer, SHORTEST_BYTES, "%.*g", digits, number);
        if (strtod(buffer, NULL) == number)
            break;
    }
    return n;
}

/*
 * For floats the decimal passes through double on its way to float: wrong only where the double lies in the middle
 * between two floats and the decimal does not, so those few take more digits or %g.
 */
static bool
reads_as_float(double decimal_value, float number)
{
    uint64_t bits;
    memcpy(&bits, &decimal_value, sizeof bits);
    bool middle = (bits & 0x1fffffff) == 0x10000000;
    return !middle && (float) decimal_value == number;
}

static bool
is_fixed(double size)
{
    return size >= 1e-4 && size < 1e9;
}

static int
float_by_trial(char *buffer, float number)
{
    double size = fabsf(number);
    if (is_fixed(size)) {
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
        n = snprintf(buffer, SHORTEST_BYTES, "%.*g", digits, (double) number);
        if (strtof(buffer, NULL) == number)
            break;
    }
    return n;
}

/* ---- floats, by arithmetic ---- */

/*
 * The float f 2^e, times 10^k so that it has nine digits before the point, as a fixed-point number V; with H, half the
 * distance to the next float: decimals read back as this float when they are within H of V. The shortest decimal is
 * the multiple of 10^j nearest to V with the largest j whose distance is below H; nine digits (j = 0) are always
 * enough.
 *
 * V is off by less than 2 units where 10^k is not exact, and a decimal that ends in the middle between two floats to
 * the precision of a double counts as not reading back (as above): both are less than SLACK. Decisions that are closer
 * than that, one in millions, are left to trial; and so are powers of two, below which floats lie closer, and
 * subnormals.
 */
enum { FRACTION_BITS = 26, SLACK = 16, MANTISSA_BITS = 23 };
#define NINE_DIGITS UINT64_C(100000000)
#define TEN_DIGITS UINT64_C(1000000000)

struct scaled {
    uint64_t v, half; /* V and H, with FRACTION_BITS */
    int k;
};

/* f 2^e with 24 bits in f. */
static struct scaled
scale_to_nine(uint32_t f, int e)
{
    struct scaled s;
    /* floor(log10(2^n)) as n * 315653 >> 20, floor(log2(5^k)) as k * 1217359 >> 19: right for all exponents of floats.
     */
    s.k = 8 - ((e + MANTISSA_BITS) * 315653 >> 20);
    for (;; s.k--) {
        uint64_t power = powers_of_5[s.k - POWERS_FIRST][0];
        int shift = 63 - (s.k * 1217359 >> 19) - (e + s.k) - FRACTION_BITS; /* 29 .. 37 */
        s.v = (uint64_t) ((unsigned __int128) power * f >> shift);
        s.half = power >> (shift + 1);
        if (s.v < TEN_DIGITS << FRACTION_BITS)
            return s;
    }
}

enum verdict { NO, YES, TOO_CLOSE };

/* Does the multiple m of `ten`, a power of 10, that is nearest to V read back? */
static inline __attribute__((always_inline)) enum verdict
try_multiple(const struct scaled *s, uint32_t ten, uint32_t *m)
{
    uint64_t unit = (uint64_t) ten << FRACTION_BITS;
    *m = (uint32_t) ((s->v + unit / 2) >> FRACTION_BITS) / ten * ten;
    uint64_t back = (uint64_t) *m << FRACTION_BITS, distance = s->v > back ? s->v - back : back - s->v;
    if (distance >= s->half + SLACK)
        return NO;
    return distance + SLACK < s->half && distance + SLACK < unit / 2 ? YES : TOO_CLOSE;
}

/* The digits: m without its last j digits, which are zeros beyond the first `most`. False when trial must decide. */
static bool
shortest_digits(const struct scaled *s, int most, uint32_t *digits, int *j)
{
    uint32_t m;
    enum verdict verdict = NO;
    *j = 0;
    if (most >= 2 && (verdict = try_multiple(s, 100, &m)) == YES) {
        *j = 2;
        /* Two multiples of 100 may be within H < 60, of 1000 at most one: longer runs of zeros show in it. */
        uint32_t thousands;
        enum verdict three = most >= 3 ? try_multiple(s, 1000, &thousands) : NO;
        if (three == TOO_CLOSE)
            return false;
        if (three == YES) {
            m = thousands;
            *j = 3;
            uint32_t rest = m / 1000;
            for (; *j + 3 <= most && rest % 1000 == 0; rest /= 1000)
                *j += 3;
            for (; *j < most && rest % 10 == 0; rest /= 10)
                ++*j;
        }
    } else if (verdict == NO && most >= 1 && (verdict = try_multiple(s, 10, &m)) == YES) {
        *j = 1;
    } else if (verdict == NO) {
        verdict = try_multiple(s, 1, &m);
    }
    *digits = m;
    return verdict == YES && m >= NINE_DIGITS && m < TEN_DIGITS;
}

/* Nine digits as text, and up to seven bytes more. */
static void
put_nine(char *to, uint32_t m)
{
    to[0] = (char) ('0' + m / NINE_DIGITS);
    digits_store(to + 1, m % NINE_DIGITS);
}

/* The first n of nine digits, of which `before` (it may be negative) stand before the point. */
static int
put_nine_fixed(char *buffer, uint32_t m, int n, int before)
{
    char digits[16];
    put_nine(digits, m);
    if (before <= 0) {
        memcpy(buffer, "0.000000", 8);
        memcpy(buffer + 2 - before, digits, sizeof digits);
        return 2 - before + n;
    }
    memcpy(buffer, digits, sizeof digits);
    if (n <= before)
        return before;
    buffer[before] = '.';
    memcpy(buffer + before + 1, digits + before, 8);
    return n + 1;
}

static int
put_nine_exponent(char *buffer, uint32_t m, int n, int exponent)
{
    unsigned size = (unsigned) (exponent < 0 ? -exponent : exponent);
    int at = put_nine_fixed(buffer, m, n, 1);
    buffer[at++] = 'e';
    buffer[at++] = exponent < 0 ? '-' : '+';
    buffer[at++] = (char) ('0' + size / 10);
    buffer[at++] = (char) ('0' + size % 10);
    return at;
}

/* Whole numbers below 10^8, without looking for fewer digits. */
static int
put_whole(char *buffer, uint32_t m)
{
    char digits[8];
    int zeros = 0;
    if (m < 10) {
        buffer[0] = (char) ('0' + m);
        return 1;
    }
    digits_store(digits, m);
    while (digits[zeros] == '0')
        zeros++;
    for (int i = zeros; i < 8; i++)
        buffer[i - zeros] = digits[i];
    return 8 - zeros;
}

int
format_float(char *buffer, float number)
{
    uint32_t bits;
    memcpy(&bits, &number, sizeof bits);
    uint32_t exponent = bits >> MANTISSA_BITS & 0xff, fraction = bits & ((1u << MANTISSA_BITS) - 1);
    float size = fabsf(number);
    if (exponent == 0xff)
        return put_special(buffer, (double) number);
    int sign = signbit(number) != 0, at = sign, j;
    buffer[0] = '-';
    if (size < 1 << (MANTISSA_BITS + 1) && size == (float) (uint32_t) size) {
        at += put_whole(buffer + sign, (uint32_t) size);
    } else {
        if (exponent == 0 || fraction == 0)
            return float_by_trial(buffer, number);
        struct scaled scaled = scale_to_nine(fraction | 1u << MANTISSA_BITS, (int) exponent - 127 - MANTISSA_BITS);
        bool fixed = is_fixed((double) size);
        uint32_t digits;
        /* Without an exponent the zeros of a whole number's end have to be written. */
        if (!shortest_digits(&scaled, fixed && scaled.k < 8 ? scaled.k : 8, &digits, &j))
            return float_by_trial(buffer, number);
        at += fixed ? put_nine_fixed(buffer + sign, digits, 9 - j, 9 - scaled.k)
                    : put_nine_exponent(buffer + sign, digits, 9 - j, 8 - scaled.k);
    }
    buffer[at] = '\0';
    return at;
}
