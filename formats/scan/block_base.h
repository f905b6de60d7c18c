/*
 * Primitives of scan.inc.h with what every processor has: SSE2 on x86-64, else words of eight bytes; block_avx512.h
 * says what each is. BLOCK_PLAIN asks for the words on x86-64 too (tests).
 */
#ifndef CL_BLOCK_BASE_H
#define CL_BLOCK_BASE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#if defined(__SSE2__) && !defined(BLOCK_PLAIN)
#include <emmintrin.h>

enum { BLOCK_PARTS = 4 };
typedef __m128i block_part;

static inline block_part
block_part_load(const char *p)
{
    return _mm_loadu_si128((const __m128i *) p);
}

static inline block_part
block_part_set(char c)
{
    return _mm_set1_epi8(c);
}

static inline block_part
block_part_or(block_part a, block_part b)
{
    return _mm_or_si128(a, b);
}

/* Bytes that are equal get their highest bit, and others do not. */
static inline block_part
block_part_eq(block_part a, block_part b)
{
    return _mm_cmpeq_epi8(a, b);
}

/* The highest bit of each byte. */
static inline uint64_t
block_part_bits(block_part a)
{
    return (uint64_t) _mm_movemask_epi8(a);
}

#else
enum { BLOCK_PARTS = 8 };
typedef uint64_t block_part;

static inline block_part
block_part_load(const char *p)
{
    uint64_t word;
    memcpy(&word, p, 8);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

static inline block_part
block_part_set(char c)
{
    return (uint8_t) c * UINT64_C(0x0101010101010101);
}

static inline block_part
block_part_or(block_part a, block_part b)
{
    return a | b;
}

static inline block_part
block_part_eq(block_part a, block_part b)
{
    const uint64_t low = UINT64_C(0x7f7f7f7f7f7f7f7f), x = a ^ b;
    return ~(((x & low) + low) | x) & ~low;
}

static inline uint64_t
block_part_bits(block_part a)
{
    return ((a >> 7 & UINT64_C(0x0101010101010101)) * UINT64_C(0x0102040810204080)) >> 56;
}
#endif

struct block {
    block_part part[BLOCK_PARTS];
};

static inline struct block
block_load(const char *p)
{
    struct block b;
    for (int i = 0; i < BLOCK_PARTS; i++)
        b.part[i] = block_part_load(p + i * (64 / BLOCK_PARTS));
    return b;
}

static inline struct block
block_zero(void)
{
    struct block b;
    for (int i = 0; i < BLOCK_PARTS; i++)
        b.part[i] = block_part_set(0);
    return b;
}

static inline struct block
block_or(struct block a, struct block b)
{
    for (int i = 0; i < BLOCK_PARTS; i++)
        a.part[i] = block_part_or(a.part[i], b.part[i]);
    return a;
}

static inline bool
block_high(struct block b)
{
    for (int i = 1; i < BLOCK_PARTS; i++)
        b.part[0] = block_part_or(b.part[0], b.part[i]);
    return block_part_bits(b.part[0]) != 0;
}

static inline uint64_t
block_eq(struct block b, char c)
{
    uint64_t mask = 0;
    for (int i = 0; i < BLOCK_PARTS; i++)
        mask |= block_part_bits(block_part_eq(b.part[i], block_part_set(c))) << i * (64 / BLOCK_PARTS);
    return mask;
}

/* Three bytes at most. */
struct block_set {
    block_part members[3];
};

static inline struct block_set
block_set(const char *members, unsigned n)
{
    struct block_set set;
    for (unsigned i = 0; i < 3; i++)
        set.members[i] = block_part_set(members[i < n ? i : 0]);
    return set;
}

static inline uint64_t
block_among(struct block b, struct block_set set)
{
    uint64_t mask = 0;
    for (int i = 0; i < BLOCK_PARTS; i++) {
        block_part found = block_part_eq(b.part[i], set.members[0]);
        found = block_part_or(found, block_part_eq(b.part[i], set.members[1]));
        found = block_part_or(found, block_part_eq(b.part[i], set.members[2]));
        mask |= block_part_bits(found) << i * (64 / BLOCK_PARTS);
    }
    return mask;
}

static inline unsigned
block_count(uint64_t mask)
{
    mask -= mask >> 1 & UINT64_C(0x5555555555555555);
    mask = (mask & UINT64_C(0x3333333333333333)) + (mask >> 2 & UINT64_C(0x3333333333333333));
    mask = (mask + (mask >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
    return (unsigned) ((mask * UINT64_C(0x0101010101010101)) >> 56);
}

#include "block_shift.h"

#include "block_bits.h"

#endif
