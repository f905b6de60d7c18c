/* x86-64 with AVX2 and FMA: vectors of 8. */
#if defined(__x86_64__)
#include <immintrin.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#define TILE_MOST 2
enum { LANES = 8, TILE_VECTORS = TILE_MOST, TILE_ROWS = 6 };
typedef __m256 vec;

static inline vec
vec_load(const float *p)
{
    return _mm256_loadu_ps(p);
}

static inline void
vec_store(float *p, vec v)
{
    _mm256_storeu_ps(p, v);
}

static inline vec
vec_set(float x)
{
    return _mm256_set1_ps(x);
}

static inline vec
vec_fma(vec a, vec b, vec c)
{
    return _mm256_fmadd_ps(a, b, c);
}

/* Asks for the line of p, to write to it. Processors without this instruction do nothing. */
static inline void
claim_line(const float *p)
{
    __asm__ volatile("prefetchw %0" : : "m"(*p));
}

/* a0 b0 a1 b1 ... of the lower halves, and of the upper ones. */
static inline void
vec_zip(vec a, vec b, vec *low, vec *high)
{
    vec even = _mm256_unpacklo_ps(a, b), odd = _mm256_unpackhi_ps(a, b);
    *low = _mm256_permute2f128_ps(even, odd, 0x20);
    *high = _mm256_permute2f128_ps(even, odd, 0x31);
}

/* Its lanes added by halves. */
static inline float
vec_total(vec v)
{
    __m128 four = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

/* How many of its first n lanes x has reached. */
static inline uint32_t
vec_count_from(vec v, size_t n, float x)
{
    unsigned at_least = (unsigned) _mm256_movemask_ps(_mm256_cmp_ps(_mm256_set1_ps(x), v, _CMP_GE_OQ));
    return (uint32_t) __builtin_popcount(n < LANES ? at_least & ((1u << n) - 1) : at_least);
}

/* 32-bit numbers, and the two halves of their products with b. */
typedef uint32_t words __attribute__((vector_size(sizeof(vec))));

static inline void
words_multiply(words a, uint32_t b, words *low, words *high)
{
    __m256i even = _mm256_mul_epu32((__m256i) a, _mm256_set1_epi32((int) b));
    __m256i odd = _mm256_mul_epu32(_mm256_srli_epi64((__m256i) a, 32), _mm256_set1_epi32((int) b));
    *low = (words) _mm256_blend_epi32(even, _mm256_slli_epi64(odd, 32), 0xAA);
    *high = (words) _mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xAA);
}

#define CPU_KERNELS cpu_kernels_avx2
#define CPU_KERNELS_NAME "avx2"
#include "kernels.inc.h"
#else
typedef int no_avx2; /* a translation unit must not be empty */
#endif
