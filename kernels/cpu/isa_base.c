/* Any machine with a C compiler. */
#include <math.h>
#include <stdint.h>
#include <string.h>

#define TILE_MOST 4
enum { LANES = 4, TILE_VECTORS = TILE_MOST, TILE_ROWS = 6 };
typedef float vec __attribute__((vector_size(16)));

static inline vec
vec_load(const float *p)
{
    vec v;
    memcpy(&v, p, sizeof v);
    return v;
}

static inline void
vec_store(float *p, vec v)
{
    memcpy(p, &v, sizeof v);
}

static inline vec
vec_set(float x)
{
    return (vec){x, x, x, x};
}

#if defined(__x86_64__) && !defined(__FMA__)
/*
 * Processors without fma: fmaf of libm would take some 20 ns there. In double the product is exact and the sum s is off
 * by e, which is known exactly (Knuth, TAOCP 2, 4.2.2, theorem B). Where e is not 0, s is moved to the neighbour whose
 * last bit is 1 (rounding to odd; Boldo and Melquiond, IEEE Trans. Computers 57, 2008), so that rounding it to float
 * gives what rounding the sum once would give. NaN and infinity make e NaN, and stay.
 */
#include <emmintrin.h>

typedef int64_t pair_bits __attribute__((vector_size(16)));

static inline __m128d
odd_sum(__m128d p, __m128d c)
{
    __m128d s = p + c, t = s - p, e = (p - (s - t)) + (c - t), zero = _mm_setzero_pd();
    pair_bits bits = (pair_bits) s, inexact = (pair_bits) _mm_or_pd(_mm_cmpgt_pd(e, zero), _mm_cmplt_pd(e, zero));
    pair_bits inward = (pair_bits) _mm_xor_pd(_mm_cmpgt_pd(e, zero), _mm_cmpgt_pd(s, zero)); /* -1 or 0 */
    pair_bits even = (bits & 1) - 1;
    return (__m128d) (bits + ((inward | 1) & inexact & even));
}

static inline vec
vec_fma(vec a, vec b, vec c)
{
    __m128d low = odd_sum(_mm_cvtps_pd(a) * _mm_cvtps_pd(b), _mm_cvtps_pd(c));
    __m128d high = odd_sum(_mm_cvtps_pd(_mm_movehl_ps(a, a)) * _mm_cvtps_pd(_mm_movehl_ps(b, b)),
                           _mm_cvtps_pd(_mm_movehl_ps(c, c)));
    return _mm_movelh_ps(_mm_cvtpd_ps(low), _mm_cvtpd_ps(high));
}

/* The same for one number, in place of fmaf in what numerics.h defines. */
static inline float
one_fma(float a, float b, float c)
{
    return (float) _mm_cvtsd_f64(odd_sum(_mm_set_sd((double) a * (double) b), _mm_set_sd((double) c)));
}
#define fmaf one_fma
#else
static inline vec
vec_fma(vec a, vec b, vec c)
{
    return (vec){fmaf(a[0], b[0], c[0]), fmaf(a[1], b[1], c[1]), fmaf(a[2], b[2], c[2]), fmaf(a[3], b[3], c[3])};
}
#endif

static inline void
claim_line(const float *p)
{
    __builtin_prefetch(p, 1);
}

/* a0 b0 a1 b1 ... of the lower halves, and of the upper ones. */
static inline void
vec_zip(vec a, vec b, vec *low, vec *high)
{
    *low = (vec){a[0], b[0], a[1], b[1]};
    *high = (vec){a[2], b[2], a[3], b[3]};
}

/* Its lanes added by halves. */
static inline float
vec_total(vec v)
{
    return (v[0] + v[2]) + (v[1] + v[3]);
}

/* How many of its first n lanes x has reached. */
static inline uint32_t
vec_count_from(vec v, size_t n, float x)
{
    uint32_t count = 0;
    for (size_t i = 0; i < LANES && i < n; i++)
        count += x >= v[i];
    return count;
}

/* 32-bit numbers, and the two halves of their products with b. */
typedef uint32_t words __attribute__((vector_size(sizeof(vec))));

static inline void
words_multiply(words a, uint32_t b, words *low, words *high)
{
    for (int i = 0; i < LANES; i++) {
        uint64_t product = (uint64_t) a[i] * b;
        (*low)[i] = (uint32_t) product;
        (*high)[i] = (uint32_t) (product >> 32);
    }
}

#define CPU_KERNELS cpu_kernels_base
#define CPU_KERNELS_NAME "base"
#include "kernels.inc.h"
