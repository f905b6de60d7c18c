#include "number.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "digits.h"
#include "memory.h"
#include "powers.h"

enum {
    MOST_DIGITS = 19, /* that fit 64 bits, whatever they are */
    FRACTION_BITS = 52,
    BIAS = 1023,
    INFINITE_EXPONENT = 2047,
};

/* Larger than any exponent that digits in memory can make up for. */
static const int64_t MOST_EXPONENT = 1000000000000000;

static bool
is_digit(char c)
{
    return (uint8_t) (c - '0') <= 9;
}

static double
from_bits(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/*
 * What the fast paths could not round. strtod wants a NUL behind its text; no program of ours calls setlocale, so the
 * locale is C.
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

/* Takes digits into *significand, modulo 2^64. */
static const char *
take_digits(const char *p, const char *end, uint64_t *significand)
{
    uint64_t w = *significand;
    for (uint64_t bytes; end - p >= 8 && digits_only(bytes = digits_load(p)); p += 8)
        w = w * 100000000 + digits_value(bytes);
    for (; p < end && is_digit(*p); p++)
        w = w * 10 + (uint64_t) (*p - '0');
    *significand = w;
    return p;
}

/*
 * Where a product V (below) is cut to round it: bits to drop from its first 64, and the exponent of the rest as it is
 * stored. high has 63 or 64 bits; below the smallest normal double fewer bits stay.
 */
struct cut {
    int drop, exponent;
    uint64_t half, dropped; /* of a unit of what stays; the bits that go */
};

static struct cut
cut_at(uint64_t high, int scale)
{
    const int top = (int) (high >> 63);
    struct cut cut = {.drop = 62 - FRACTION_BITS + top, .exponent = scale + top + 63 + BIAS};
    if (cut.exponent <= 0) {
        cut.drop += 1 - cut.exponent;
        cut.exponent = 0;
    }
    if (cut.drop < 64) {
        cut.half = (uint64_t) 1 << (cut.drop - 1);
        cut.dropped = high & (cut.half * 2 - 1);
    }
    return cut;
}

/*
 * The double nearest to w * 10^q, w > 0; false when 128 bits of 5^q do not tell. After D. Lemire, "Number parsing at a
 * gigabyte per second", Software: Practice and Experience 51 (2021), with an interval in place of its cases:
 *
 * Let W = w * 2^lz have 64 bits, and T be the 128 of the table (powers.h). The number is V * 2^(scale - 127) with
 * W * T <= V < W * T + 2^64; V has 191 or 192 bits, and V = W * T where T is exact. The first half of T alone gives
 * the first 128 bits of V short by less than 2^64. So the dropped bits are at least, and less than one more than, what
 * they seem to be; only just below and at half a unit the second half is needed.
 */
static bool
nearest_double(uint64_t w, int64_t q, double *value)
{
    if (q < POWERS_FIRST || q > POWERS_LAST) {
        *value = q < 0 ? 0 : INFINITY;
        return true;
    }
    const uint64_t *const T = powers_of_5[q - POWERS_FIRST];
    const int lz = __builtin_clzll(w);
    /* floor(log2(10^q)) for |q| < 350, of which q come from the 2^q in 10^q. */
    const int scale = (int) (q * 217706 >> 16) - lz;
    w <<= lz;
    unsigned __int128 product = (unsigned __int128) w * T[0];
    struct cut cut = cut_at((uint64_t) (product >> 64), scale);
    bool tie = false;
    if (cut.dropped == cut.half - 1 || (cut.dropped == cut.half && (uint64_t) product == 0)) {
        const bool exact = q >= 0 && q <= POWERS_EXACT;
        const unsigned __int128 second = (unsigned __int128) w * T[1];
        product += (uint64_t) (second >> 64);
        cut = cut_at((uint64_t) (product >> 64), scale);
        tie = cut.dropped == cut.half && (uint64_t) product == 0 && (uint64_t) second == 0;
        if (!exact && (tie || (cut.dropped == cut.half - 1 && (uint64_t) product == UINT64_MAX)))
            return false;
    }
    if (cut.drop >= 64)
        return false;
    uint64_t bits = (uint64_t) (product >> 64) >> cut.drop;
    bits += tie ? bits & 1 : cut.dropped >= cut.half;
    /* A carry goes into the exponent, as it should. The leading bit of a normal number is not stored. */
    bits += (uint64_t) cut.exponent << FRACTION_BITS;
    bits -= cut.exponent > 0 ? (uint64_t) 1 << FRACTION_BITS : 0;
    *value = bits < (uint64_t) INFINITE_EXPONENT << FRACTION_BITS ? from_bits(bits) : INFINITY;
    return true;
}

/* The first digits of many, leading zeros left out. */
struct leading {
    uint64_t w;
    int64_t behind; /* digits that are not in w */
    bool more;      /* and one of them is not zero */
};

static struct leading
leading_digits(const char *p, const char *end)
{
    struct leading leading = {.w = 0};
    for (int n = 0; p < end; p++) {
        if (!is_digit(*p))
            continue;
        if (n == MOST_DIGITS) {
            leading.behind++;
            leading.more |= *p != '0';
        } else if (n > 0 || *p != '0') {
            leading.w = leading.w * 10 + (uint64_t) (*p - '0');
            n++;
        }
    }
    return leading;
}

/* Powers of ten that are exact doubles. */
static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/*
 * Most numbers: 1 to 16 digits, perhaps a point among them, no more than 16 bytes in all. The bytes become one word of
 * 16 that ends where they do, with zeros in front, so that nothing depends on how many they are; then the digits before
 * the point take its place. False: something else, or more than 2^53.
 */
static inline __attribute__((always_inline)) bool
short_decimal(const char *s, size_t n, char decimal, double *magnitude)
{
    __extension__ typedef unsigned __int128 u128;
    const uint64_t zeros = 0x3030303030303030, high = 0x8080808080808080;
    uint64_t first = 0, last;
    if (n >= 8) {
        const size_t half = 4 * (16 - n); /* twice, for all 64 bits may go */
        first = (digits_load(s) ^ zeros) << half << half;
        last = digits_load(s + n - 8) ^ zeros;
    } else {
        last = digits_load_few(s, n) ^ zeros << 8 * (8 - n);
    }
    /* Bytes above 9. */
    const uint64_t other_first = (((first & ~high) + 0x7676767676767676) | first) & high;
    const uint64_t other_last = (((last & ~high) + 0x7676767676767676) | last) & high;
    unsigned fraction = 0;
    if ((other_first | other_last) != 0) {
        const u128 other = (u128) other_last << 64 | other_first, bytes = (u128) last << 64 | first;
        fraction = (unsigned) (other_last != 0 ? __builtin_clzll(other_last) : 64 + __builtin_clzll(other_first)) / 8;
        if ((other & (other - 1)) != 0 || s[n - 1 - fraction] != decimal || n == 1)
            return false;
        const u128 below = (other >> 7) - 1, up_to = below << 8 | 0xff;
        const u128 joined = (bytes & ~up_to) | (bytes & below) << 8;
        first = (uint64_t) joined;
        last = (uint64_t) (joined >> 64);
    }
    uint64_t w = digits_value(last);
    if (first != 0) {
        w += digits_value(first) * 100000000;
        if (w > (uint64_t) 1 << 53)
            return false;
    }
    *magnitude = (double) w / powers[fraction];
    return true;
}

/* What is no short decimal, or no number. */
static __attribute__((noinline)) bool
parse_any(const char *s, size_t n, char decimal, double *value)
{
    const char *p = s, *const end = s + n;
    bool negative = false;
    if (p < end && (*p == '-' || *p == '+'))
        negative = *p++ == '-';
    const char *const digits = p;
    uint64_t w = 0;
    p = take_digits(p, end, &w);
    ptrdiff_t n_digits = p - digits, n_fraction = 0;
    if (p < end && *p == decimal) {
        const char *const fraction = ++p;
        p = take_digits(p, end, &w);
        n_fraction = p - fraction;
        n_digits += n_fraction;
    }
    const char *const digits_end = p;
    if (n_digits == 0)
        return p == digits && number_infinite(p, (size_t) (end - p), negative, value);
    int64_t q = 0;
    if (p < end && (*p == 'e' || *p == 'E')) {
        bool below = false;
        p++;
        if (p < end && (*p == '-' || *p == '+'))
            below = *p++ == '-';
        const char *const first = p;
        for (; p < end && is_digit(*p); p++)
            q = q < MOST_EXPONENT ? q * 10 + (*p - '0') : q;
        if (p == first)
            return false;
        q = below ? -q : q;
    }
    if (p != end)
        return false;
    q -= n_fraction;

    struct leading leading = {.w = w};
    if (n_digits > MOST_DIGITS) {
        leading = leading_digits(digits, digits_end);
        q += leading.behind;
    }
    double magnitude, above;
    if (leading.w == 0) {
        magnitude = 0;
    } else if (leading.w <= (uint64_t) 1 << 53 && q >= -22 && q <= 22 && !leading.more) {
        /*
         * W. D. Clinger, "How to read floating point numbers accurately", PLDI 1990: both are exact doubles, so one
         * multiplication or division rounds once.
         */
        magnitude = (double) leading.w;
        magnitude = q < 0 ? magnitude / powers[-q] : magnitude * powers[q];
    } else if (!nearest_double(leading.w, q, &magnitude) ||
               /* Somewhere between w and w + 1: certain where both round to the same. */
               (leading.more && (!nearest_double(leading.w + 1, q, &above) || above != magnitude))) {
        *value = number_slow(s, n, decimal);
        return true;
    }
    *value = negative ? -magnitude : magnitude;
    return true;
}

bool
number_parse_as(const char *s, size_t n, char decimal, double *value)
{
    static const double signs[] = {1, -1};
    if (n == 0)
        return false;
    /* Signs come as they like: no branch. */
    const bool negative = *s == '-';
    const size_t sign = (negative | (*s == '+'));
    if (n - sign - 1 >= 16 || !short_decimal(s + sign, n - sign, decimal, value))
        return parse_any(s, n, decimal, value);
    *value *= signs[negative];
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
number_may_be_grouped(const char *s, size_t n, char group)
{
    size_t digits = 0, i = n > 0 && (s[0] == '-' || s[0] == '+');
    if (i < n && s[i] == '0')
        return false;
    for (; i < n && s[i] != group; i++)
        digits++;
    if (digits == 0 || digits > 3)
        return false;
    for (; i < n && s[i] == group; i += 4)
        if (n - i < 4 || (n - i > 4 && s[i + 4] != group))
            return false;
    return i == n;
}

/* The bytes of a blank that divides thousands: ' ', U+00A0 or U+202F; 0 for others. */
static size_t
blank_bytes(const char *s, size_t n)
{
    if (n >= 1 && s[0] == ' ')
        return 1;
    if (n >= 2 && memcmp(s, "\xc2\xa0", 2) == 0)
        return 2;
    return n >= 3 && memcmp(s, "\xe2\x80\xaf", 3) == 0 ? 3 : 0;
}

/*
 * 1 234 and 12 345 678,9; or 1.234.567 with the decimal point. Blanks stand between words and codes as well, and one
 * point is that of decimals: so there are three digits in every group behind the first, which does not begin with 0.
 */
static bool
grouped_by_threes(const char *s, size_t n, char decimal)
{
    const size_t first = n > 0 && (s[0] == '-' || s[0] == '+');
    size_t i = first, groups = 0, bytes;
    while (i < n && is_digit(s[i]))
        i++;
    if (i == n || i == first || i - first > 3 || s[first] == '0')
        return false;
    const bool points = s[i] == decimal;
    for (; (bytes = points ? i < n && s[i] == decimal : blank_bytes(s + i, n - i)) > 0; i += bytes + 3, groups++) {
        const char *group = s + i + bytes;
        if (n - i < bytes + 3 || !is_digit(group[0]) || !is_digit(group[1]) || !is_digit(group[2]))
            return false;
    }
    if (i < n && !points && groups > 0 && (s[i] == '.' || s[i] == ','))
        for (i++; i < n && is_digit(s[i]); i++)
            ;
    return i == n && groups > (points ? 1 : 0);
}

bool
number_is_grouped_as(const char *s, size_t n, char decimal)
{
    const char group = decimal == ',' ? '.' : ',';
    char plain[64];
    size_t to = 0, separators = 0;
    bool digit_before = false;
    if (grouped_by_threes(s, n, decimal))
        return true;
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
