/*
 * Eight digits at a time in one 64-bit word: what number.c and the plain C of scan/convert share.
 */
#ifndef CL_DIGITS_H
#define CL_DIGITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Eight bytes of text, the first one lowest. */
static inline uint64_t
digits_load(const char *s)
{
    uint64_t bytes;
    memcpy(&bytes, s, sizeof bytes);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    bytes = __builtin_bswap64(bytes);
#endif
    return bytes;
}

/* The same of n < 8 bytes, behind bytes of zero. */
static inline uint64_t
digits_load_few(const char *s, size_t n)
{
    const size_t before = 8 * (8 - n);
    if (n >= 4) {
        uint32_t first, last;
        memcpy(&first, s, sizeof first);
        memcpy(&last, s + n - 4, sizeof last);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        first = __builtin_bswap32(first);
        last = __builtin_bswap32(last);
#endif
        return (uint64_t) first << before | (uint64_t) last << 32;
    }
    if (n == 0)
        return 0;
    return (uint64_t) (uint8_t) s[0] << before | (uint64_t) (uint8_t) s[n / 2] << (before + 8 * (n / 2)) |
           (uint64_t) (uint8_t) s[n - 1] << 56;
}

/* All eight are digits: the high nibble is 3, and still 3 with 6 added. */
static inline bool
digits_only(uint64_t bytes)
{
    return ((bytes & 0xf0f0f0f0f0f0f0f0) | (((bytes + 0x0606060606060606) & 0xf0f0f0f0f0f0f0f0) >> 4)) ==
           0x3333333333333333;
}

/* The number that eight digits are: neighbours joined to pairs, fours and eights, each join one multiplication. */
static inline uint64_t
digits_value(uint64_t bytes)
{
    bytes = (bytes & 0x0f0f0f0f0f0f0f0f) * (1 + (10u << 8)) >> 8;
    bytes = (bytes & 0x00ff00ff00ff00ff) * (1 + (100u << 16)) >> 16;
    return (bytes & 0x0000ffff0000ffff) * (1 + ((uint64_t) 10000 << 32)) >> 32;
}

/* The other way: value, below 10^8, as eight digits with leading zeros; split in halves, then pairs, then digits. */
static inline void
digits_store(char *to, uint64_t value)
{
    uint64_t fours = value / 10000 | value % 10000 << 32;
    uint64_t hundreds = (fours * 10486 >> 20) & 0x0000007f0000007f; /* 10486 / 2^20: / 100 below 10^4 */
    uint64_t pairs = hundreds | (fours - 100 * hundreds) << 16;
    uint64_t tens = (pairs * 103 >> 10) & 0x000f000f000f000f; /* 103 / 2^10: / 10 below 100 */
    uint64_t bytes = (tens | (pairs - 10 * tens) << 8) + 0x3030303030303030;
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    bytes = __builtin_bswap64(bytes);
#endif
    memcpy(to, &bytes, sizeof bytes);
}

#endif
