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

/* rng_philox() of counters that stand side by side. High halves are not kept clean on the way. */
static inline void
philox(struct rng_key key, words c[4])
{
    uint32_t k0 = key.k[0], k1 = key.k[1];
    for (int round = 0; round < PHILOX_ROUNDS; round++) {
        const words p0 = multiply(c[0], PHILOX_M0), p1 = multiply(c[2], PHILOX_M1);
        c[0] = (p1 >> 32) ^ c[1] ^ k0;
        c[1] = p1;
        c[2] = (p0 >> 32) ^ c[3] ^ k1;
        c[3] = p0;
        k0 += PHILOX_W0;
        k1 += PHILOX_W1;
    }
}

static void
u64_many(struct rng_key key, uint64_t first, uint64_t n, uint64_t *to)
{
    words position;
    for (uint32_t lane = 0; lane < LANES; lane++)
        position[lane] = first + lane;
    uint64_t i = 0;
    for (; i + LANES <= n; i += LANES, position += LANES) {
        words c[4] = {position, position >> 32};
        philox(key, c);
        c[0] = (c[0] & UINT32_MAX) | c[1] << 32;
        memcpy(to + i, c, sizeof *c);
    }
    for (; i < n; i++)
        to[i] = rng_u64(key, first + i);
}

#if defined(__AVX2__)
typedef uint32_t numbers __attribute__((vector_size(4 * RNG_LISTS)));
typedef uint32_t lows __attribute__((vector_size(4 * LANES)));
typedef uint8_t bytes __attribute__((vector_size(RNG_LIST_MOST)));

/* The round keys of RNG_LISTS permutations, as permutation_make() has them. */
static inline void
round_keys(struct rng_key key, uint64_t first, numbers keys[8])
{
    for (uint32_t half = 0; half < 2; half++)
        for (uint32_t lane = 0; lane < RNG_LISTS; lane += LANES) {
            const words stream = first + lane + (words){0, 1, 2, 3};
            words c[4] = {stream, stream >> 32, (words){0} + half, (words){0} + 1};
            philox(key, c);
            for (uint32_t word = 0; word < 4; word++) {
                const lows low = __builtin_convertvector(c[word], lows);
                memcpy((uint32_t *) &keys[4 * half + word] + lane, &low, sizeof low);
            }
        }
}

/* The round function of a half of at most 2 bits as its four results, 2 bits each. */
static inline numbers
table_of(numbers key, uint32_t mask)
{
    numbers table = {0};
    for (uint32_t x = 0; x < 4; x++)
        table |= (MIX((numbers){0} + x, key) & mask) << 2 * x;
    return table;
}

/* permutation_at() of the same number in each permutation, before any walk. */
static inline numbers
image_of(const numbers tables[8], uint32_t i, uint32_t right_bits)
{
    numbers left = (numbers){0} + (i >> right_bits), right = (numbers){0} + (i & ((1u << right_bits) - 1));
    for (int round = 0; round < 8; round += 2) {
        left ^= tables[round] >> 2 * right & 3;
        right ^= tables[round + 1] >> 2 * left & 3;
    }
    return left << right_bits | right;
}

static void
lists_many(struct rng_key key, uint64_t first, uint32_t n, uint8_t at[RNG_LISTS][RNG_LIST_MOST])
{
    const struct permutation like = permutation_make(key, first, n);
    const uint32_t bits = like.left_bits + like.right_bits;
    numbers keys[8], tables[8];
    round_keys(key, first, keys);
    for (int round = 0; round < 8; round++)
        tables[round] = table_of(keys[round], (1u << (round % 2 == 0 ? like.left_bits : like.right_bits)) - 1);
    for (uint32_t i = 0; i < 1u << bits; i += 4) {
        numbers four = {0};
        for (uint32_t j = 0; j < 4; j++)
            four |= image_of(tables, i + j, like.right_bits) << 8 * j;
        for (uint32_t s = 0; s < RNG_LISTS; s++)
            memcpy(&at[s][i], (uint32_t *) &four + s, sizeof(uint32_t));
    }
    /* A step of the walk is one for all numbers of a permutation: as many as the longest walk can have. */
    for (uint32_t s = 0; s < RNG_LISTS; s++) {
        bytes image, to;
        memcpy(&image, at[s], sizeof image);
        to = image;
        for (uint32_t step = n; step < 1u << bits; step++) {
            const bytes next = (bytes) _mm_shuffle_epi8((__m128i) image, (__m128i) to);
            const bytes inside = (bytes) (to < (uint8_t) n);
            to = (inside & to) | (~inside & next);
        }
        memcpy(at[s], &to, sizeof to);
    }
}
#else
static void
lists_many(struct rng_key key, uint64_t first, uint32_t n, uint8_t at[RNG_LISTS][RNG_LIST_MOST])
{
    for (uint32_t s = 0; s < RNG_LISTS; s++) {
        const struct permutation permutation = permutation_make(key, first + s, n);
        permutation_list(&permutation, at[s]);
    }
}
#endif

const struct rng_many RNG_MANY = {u64_many, lists_many};
