/* x86-64 with AVX-512 (F, BW, DQ, VL): vectors of 16. */
#if defined(__x86_64__)
#include <immintrin.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#define TILE_MOST 4
enum { LANES = 16, TILE_VECTORS = TILE_MOST, TILE_ROWS = 6 };
typedef __m512 vec;

static inline vec
vec_load(const float *p)
{
    return _mm512_loadu_ps(p);
}

static inline void
vec_store(float *p, vec v)
{
    _mm512_storeu_ps(p, v);
}

static inline vec
vec_set(float x)
{
    return _mm512_set1_ps(x);
}

static inline vec
vec_fma(vec a, vec b, vec c)
{
    return _mm512_fmadd_ps(a, b, c);
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
    const __m512i lower = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    const __m512i upper = _mm512_setr_epi32(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    *low = _mm512_permutex2var_ps(a, lower, b);
    *high = _mm512_permutex2var_ps(a, upper, b);
}

/* Its lanes added by halves. */
static inline float
vec_total(vec v)
{
    __m256 eight = _mm256_add_ps(_mm512_castps512_ps256(v), _mm512_extractf32x8_ps(v, 1));
    __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

/* How many of its first n lanes x has reached. */
static inline uint32_t
vec_count_from(vec v, size_t n, float x)
{
    unsigned at_least = _mm512_cmp_ps_mask(_mm512_set1_ps(x), v, _CMP_GE_OQ);
    return (uint32_t) __builtin_popcount(n < LANES ? at_least & ((1u << n) - 1) : at_least);
}

/* 32-bit numbers, and the two halves of their products with b. */
typedef uint32_t words __attribute__((vector_size(sizeof(vec))));

static inline void
words_multiply(words a, uint32_t b, words *low, words *high)
{
    __m512i even = _mm512_mul_epu32((__m512i) a, _mm512_set1_epi32((int) b));
    __m512i odd = _mm512_mul_epu32(_mm512_srli_epi64((__m512i) a, 32), _mm512_set1_epi32((int) b));
    *low = (words) _mm512_mask_blend_epi32(0xAAAA, even, _mm512_slli_epi64(odd, 32));
    *high = (words) _mm512_mask_blend_epi32(0xAAAA, _mm512_srli_epi64(even, 32), odd);
}

#define CPU_KERNELS cpu_kernels_avx512
#define CPU_KERNELS_NAME "avx512"
#include "kernels.inc.h"
#else
typedef int no_avx512; /* a translation unit must not be empty */
#endif
