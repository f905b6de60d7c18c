/*
 * Cells to floats in plain C, one at a time: the bytes of a cell in two or three 64-bit words that end where the cell
 * does, so that nothing depends on its length but masks.
 */
#include "convert_parts.h"
#include "digits.h"

enum {
    SHORT = 16, /* bytes of a cell in two words, without a minus */
    LONG = 24,  /* and in three */
    MOST_FRACTION = 22,
};

/* n bytes of a word, clamped to none or all, from the first one on. */
static inline uint64_t
first_bytes(int n)
{
    return n <= 0 ? 0 : n >= 8 ? UINT64_MAX : ((uint64_t) 1 << 8 * n) - 1;
}

static inline bool
more_bits(uint64_t x)
{
    return (x & (x - 1)) != 0;
}

/*
 * The cell of n bytes before `end`, of which there are at most 8 * words. False: not converted for certain.
 *
 * As in convert_avx512.c: the significand is below 10^19 and becomes the nearest double, and so does its quotient by a
 * power of ten; where it was more than 2^53, the double must not be at the middle between two floats.
 */
static inline __attribute__((always_inline)) bool
convert_words(const char *end, int n, int words, bool negative, char decimal, float *to)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    const uint64_t zeros = 0x3030303030303030, high = 0x8080808080808080;
    const char *const first = end - 8 * words;
    uint64_t digits[3], other[3], any = 0, elsewhere = 0;
    for (int k = 0; k < words; k++) {
        const uint64_t x = (digits_load(first + 8 * k) ^ zeros) & ~first_bytes(8 * (words - k) - n);
        other[k] = (((x & ~high) + 0x7676767676767676) | x) & high; /* above 9 */
        any |= other[k];
        digits[k] = x;
    }
    int fraction = 0;
    if (any != 0) {
        /* One byte that is no digit: the point, whose place the digits before it take. */
        const bool in_last = other[words - 1] != 0, in_first = words > 2 && other[0] != 0;
        const int k = in_last ? words - 1 : in_first ? 0 : words - 2;
        const int point = 8 * k + __builtin_ctzll(other[k]) / 8;
        for (int j = 0; j < words; j++)
            elsewhere |= j == k ? 0 : other[j];
        if (elsewhere != 0 || more_bits(any) || first[point] != decimal || n == 1)
            return false;
        for (int j = words - 1; j >= 0; j--) {
            const uint64_t up_to_point = first_bytes(point + 1 - 8 * j);
            const uint64_t moved = digits[j] << 8 | (j > 0 ? digits[j - 1] >> 56 : 0);
            digits[j] = (digits[j] & ~up_to_point) | (moved & up_to_point);
        }
        fraction = 8 * words - 1 - point;
    } else if (n == 0 || (n > 1 && end[-n] == '0')) {
        return false;
    }
    uint64_t w = digits_value(digits[words - 2]) * 100000000 + digits_value(digits[words - 1]);
    if (words > 2) {
        const uint64_t upper = digits_value(digits[0]);
        if (upper > 999 || fraction > MOST_FRACTION)
            return false;
        w += upper * 10000000000000000;
    }
    const double v = (double) w / powers[fraction];
    if (words > 2 && w > (uint64_t) 1 << 53) {
        uint64_t bits;
        memcpy(&bits, &v, sizeof bits);
        if ((bits & ((1 << 29) - 1)) - ((1 << 28) - 3) <= 6)
            return false;
    }
    *to = (float) (negative ? -v : v);
    return true;
}

static size_t
floats(const char *text, const uint32_t *before, const uint32_t *behind, size_t n, char decimal, float *to,
       uint32_t *left)
{
    size_t n_left = 0;
    for (size_t i = 0; i < n; i++) {
        const uint32_t start = before[i] + 1, length = behind[i] - start;
        const char *const first = text + start, *const end = text + behind[i];
        const bool negative = *first == '-';
        const uint32_t rest = length - (negative && length > 0);
        if (rest <= SHORT ? convert_words(end, (int) rest, 2, negative, decimal, &to[i])
                          : rest <= LONG && convert_words(end, (int) rest, 3, negative, decimal, &to[i]))
            continue;
        if (!convert_cell(first, length, decimal, &to[i]))
            left[n_left++] = (uint32_t) i;
    }
    return n_left;
}

const struct convert_kernels convert_kernels_base = {.name = "base", .floats = floats};
