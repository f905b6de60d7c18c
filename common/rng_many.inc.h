/* The functions of rng_many.h for one instruction set. The including file defines RNG_MANY. */
#include <string.h>

#if defined(__SSE2__)
#include <immintrin.h>
#endif

#include "rng_many.h"
#include "rng_rounds.h"

#if defined(__AVX2__)
enum { LANES = 4 };
#else
enum { LANES = 2 };
#endif
typedef uint64_t words __attribute__((vector_size(8 * LANES)));

/* The whole products of the low halves; whatever stands in the high ones. */
static inline words
multiply(words a, uint32_t b)
{
#if defined(__AVX2__)
    return (words) _mm256_mul_epu32((__m256i) a, _mm256_set1_epi64x(b));
#elif defined(__SSE2__)
    return (words) _mm_mul_epu32((__m128i) a, _mm_set1_epi64x(b));
#else
    return (a & UINT32_MAX) * (uint64_t) b;
#endif
}

/* rng_philox() of counters {low, high, 0, 0}, words 0 and 1. High halves are not kept clean on the way. */
static inline words
philox(struct rng_key key, words position)
{
    words c0 = position, c1 = position >> 32, c2 = {0}, c3 = {0};
    uint32_t k0 = key.k[0], k1 = key.k[1];
    for (int round = 0; round < PHILOX_ROUNDS; round++) {
        const words p0 = multiply(c0, PHILOX_M0), p1 = multiply(c2, PHILOX_M1);
        c0 = (p1 >> 32) ^ c1 ^ k0;
        c1 = p1;
        c2 = (p0 >> 32) ^ c3 ^ k1;
        c3 = p0;
        k0 += PHILOX_W0;
        k1 += PHILOX_W1;
    }
    return (c0 & UINT32_MAX) | c1 << 32;
}

static void
u64_many(struct rng_key key, uint64_t first, uint64_t n, uint64_t *to)
{
    words position;
    for (uint32_t lane = 0; lane < LANES; lane++)
        position[lane] = first + lane;
    uint64_t i = 0;
    for (; i + LANES <= n; i += LANES, position += LANES) {
        const words random = philox(key, position);
        memcpy(to + i, &random, sizeof random);
    }
    for (; i < n; i++)
        to[i] = rng_u64(key, first + i);
}

const struct rng_many RNG_MANY = {u64_many};
