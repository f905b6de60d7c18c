/* Primitives of scan.inc.h with AVX2, BMI and PCLMUL; block_avx512.h says what each is. */
#ifndef CL_BLOCK_AVX2_H
#define CL_BLOCK_AVX2_H

#include <immintrin.h>
#include <stdbool.h>
#include <stdint.h>

struct block {
    __m256i low, high;
};

static inline uint64_t
block_join(__m256i low, __m256i high)
{
    return (uint32_t) _mm256_movemask_epi8(low) | (uint64_t) (uint32_t) _mm256_movemask_epi8(high) << 32;
}

static inline struct block
block_load(const char *p)
{
    return (struct block){_mm256_loadu_si256((const __m256i *) p), _mm256_loadu_si256((const __m256i *) (p + 32))};
}

static inline struct block
block_zero(void)
{
    return (struct block){_mm256_setzero_si256(), _mm256_setzero_si256()};
}

static inline struct block
block_or(struct block a, struct block b)
{
    return (struct block){_mm256_or_si256(a.low, b.low), _mm256_or_si256(a.high, b.high)};
}

static inline bool
block_high(struct block b)
{
    return block_join(b.low, b.high) != 0;
}

static inline uint64_t
block_eq(struct block b, char c)
{
    const __m256i v = _mm256_set1_epi8(c);
    return block_join(_mm256_cmpeq_epi8(b.low, v), _mm256_cmpeq_epi8(b.high, v));
}

struct block_set {
    __m256i table;
};

static inline struct block_set
block_set(const char *members, unsigned n)
{
    char table[16];
    for (unsigned i = 0; i < 16; i++)
        table[i] = (char) (i ^ 1);
    for (unsigned i = 0; i < n; i++)
        table[members[i] & 15] = members[i];
    return (struct block_set){_mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *) table))};
}

static inline uint64_t
block_among(struct block b, struct block_set set)
{
    return block_join(_mm256_cmpeq_epi8(b.low, _mm256_shuffle_epi8(set.table, b.low)),
                      _mm256_cmpeq_epi8(b.high, _mm256_shuffle_epi8(set.table, b.high)));
}

static inline unsigned
block_count(uint64_t mask)
{
    return (unsigned) __builtin_popcountll(mask);
}

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

static inline uint64_t
block_prefix_xor(uint64_t mask)
{
    __m128i product = _mm_clmulepi64_si128(_mm_set_epi64x(0, (long long) mask), _mm_set1_epi8((char) 0xff), 0);
    return (uint64_t) _mm_cvtsi128_si64(product);
}

#include "block_bits.h"

#endif
