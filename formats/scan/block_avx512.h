/*
 * Primitives of scan.inc.h: 64 bytes of text as one vector, masks with bit i for byte i. Here with AVX-512, and VBMI2
 * where it is compiled in.
 */
#ifndef CL_BLOCK_AVX512_H
#define CL_BLOCK_AVX512_H

#include <immintrin.h>
#include <stdbool.h>
#include <stdint.h>

struct block {
    __m512i v;
};

static inline struct block
block_load(const char *p)
{
    return (struct block){_mm512_loadu_si512(p)};
}

static inline struct block
block_zero(void)
{
    return (struct block){_mm512_setzero_si512()};
}

static inline struct block
block_or(struct block a, struct block b)
{
    return (struct block){_mm512_or_si512(a.v, b.v)};
}

/* Whether a byte is above 0x7f. */
static inline bool
block_high(struct block b)
{
    return _mm512_movepi8_mask(b.v) != 0;
}

/* Masks are worked on in general registers: those for masks have few operations, and slow ones. */
static inline uint64_t
block_mask(uint64_t mask)
{
    __asm__("" : "+r"(mask));
    return mask;
}

static inline uint64_t
block_eq(struct block b, char c)
{
    return block_mask(_mm512_cmpeq_epi8_mask(b.v, _mm512_set1_epi8(c)));
}

/* Up to 16 ASCII bytes, no two of the same low half: a byte is one of them when the table has it at its low half. */
struct block_set {
    __m512i table;
};

static inline struct block_set
block_set(const char *members, unsigned n)
{
    char table[16];
    for (unsigned i = 0; i < 16; i++)
        table[i] = (char) (i ^ 1);
    for (unsigned i = 0; i < n; i++)
        table[members[i] & 15] = members[i];
    return (struct block_set){_mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *) table))};
}

static inline uint64_t
block_among(struct block b, struct block_set set)
{
    /* The shuffle gives 0 for bytes above 0x7f, which they are not. */
    return block_mask(_mm512_cmpeq_epi8_mask(b.v, _mm512_shuffle_epi8(set.table, b.v)));
}

static inline unsigned
block_count(uint64_t mask)
{
    return (unsigned) __builtin_popcountll(mask);
}

/* The place of the lowest set bit; 64 when there is none. */
static inline unsigned
block_lowest(uint64_t mask)
{
    return (unsigned) _tzcnt_u64(mask);
}

static inline unsigned
block_highest(uint64_t mask)
{
    return 63 - (unsigned) __builtin_clzll(mask);
}

/* Bit i: whether bits 0 to i of the mask have an odd number of ones. */
static inline uint64_t
block_prefix_xor(uint64_t mask)
{
    __m128i product = _mm_clmulepi64_si128(_mm_set_epi64x(0, (long long) mask), _mm_set1_epi8((char) 0xff), 0);
    return (uint64_t) _mm_cvtsi128_si64(product);
}

/* to[k] = base + the place of the k-th set bit. Elements behind them are written too, up to SCAN_SPARE in all. */
static inline void
block_positions(uint32_t *to, uint64_t mask, uint32_t base)
{
    const __m512i from = _mm512_set1_epi32((int) base);
#if defined(__AVX512VBMI2__)
    static const uint8_t places[64] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,
                                       16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31,
                                       32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47,
                                       48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63};
    const __m512i set = _mm512_maskz_compress_epi8(mask, _mm512_loadu_si512(places));
    const unsigned n = block_count(mask);
    _mm512_storeu_si512(to, _mm512_add_epi32(from, _mm512_cvtepu8_epi32(_mm512_castsi512_si128(set))));
    if (n > 16) {
        __m128i part = _mm512_extracti32x4_epi32(set, 1);
        _mm512_storeu_si512(to + 16, _mm512_add_epi32(from, _mm512_cvtepu8_epi32(part)));
        if (n > 32) {
            part = _mm512_extracti32x4_epi32(set, 2);
            _mm512_storeu_si512(to + 32, _mm512_add_epi32(from, _mm512_cvtepu8_epi32(part)));
            part = _mm512_extracti32x4_epi32(set, 3);
            _mm512_storeu_si512(to + 48, _mm512_add_epi32(from, _mm512_cvtepu8_epi32(part)));
        }
    }
#else
    __m512i places = _mm512_add_epi32(from, _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0));
    for (int part = 0; part < 4; part++) {
        _mm512_storeu_si512(to, _mm512_maskz_compress_epi32((__mmask16) mask, places));
        to += block_count(mask & 0xffff);
        mask >>= 16;
        places = _mm512_add_epi32(places, _mm512_set1_epi32(16));
    }
#endif
}

/* For each set bit of `mask`, which is among those of `of`: base + its rank there, from 1. Writes like the above. */
static inline void
block_ranks(uint32_t *to, uint64_t mask, uint64_t of, uint32_t base)
{
    uint64_t ranks = _pext_u64(mask, of);
    const __m512i first = _mm512_set_epi32(16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1);
    const __m512i from = _mm512_add_epi32(_mm512_set1_epi32((int) base), first);
    _mm512_storeu_si512(to, _mm512_maskz_compress_epi32((__mmask16) ranks, from));
    if (ranks >> 16 != 0)
        block_positions(to + block_count(ranks & 0xffff), ranks & ~UINT64_C(0xffff), base + 1);
}

#endif
