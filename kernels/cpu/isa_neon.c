/* 64-bit ARM: vectors of 4, of which there are 32. */
#if defined(__aarch64__)
#include <arm_neon.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#define TILE_MOST 4
enum { LANES = 4, TILE_VECTORS = TILE_MOST, TILE_ROWS = 6 };
typedef float32x4_t vec;

static inline vec
vec_load(const float *p)
{
    return vld1q_f32(p);
}

static inline void
vec_store(float *p, vec v)
{
    vst1q_f32(p, v);
}

static inline vec
vec_set(float x)
{
    return vdupq_n_f32(x);
}

static inline vec
vec_fma(vec a, vec b, vec c)
{
    return vfmaq_f32(c, a, b);
}

/* Asks for the line of p, to write to it. */
static inline void
claim_line(const float *p)
{
    __builtin_prefetch(p, 1);
}

/* a0 b0 a1 b1 ... of the lower halves, and of the upper ones. */
static inline void
vec_zip(vec a, vec b, vec *low, vec *high)
{
    *low = vzip1q_f32(a, b);
    *high = vzip2q_f32(a, b);
}

/* Its lanes added by halves. */
static inline float
vec_total(vec v)
{
    float32x2_t two = vadd_f32(vget_low_f32(v), vget_high_f32(v));
    return vget_lane_f32(two, 0) + vget_lane_f32(two, 1);
}

/* How many of its first n lanes x has reached. */
static inline uint32_t
vec_count_from(vec v, size_t n, float x)
{
    static const uint32_t lane[LANES] = {0, 1, 2, 3};
    uint32x4_t wanted = vcltq_u32(vld1q_u32(lane), vdupq_n_u32(n < LANES ? (uint32_t) n : LANES));
    uint32x4_t at_least = vandq_u32(vcgeq_f32(vdupq_n_f32(x), v), wanted);
    return vaddvq_u32(vshrq_n_u32(at_least, 31));
}

/* 32-bit numbers, and the two halves of their products with b. */
typedef uint32_t words __attribute__((vector_size(sizeof(vec))));

static inline void
words_multiply(words a, uint32_t b, words *low, words *high)
{
    uint32x4_t first = vreinterpretq_u32_u64(vmull_n_u32(vget_low_u32((uint32x4_t) a), b));
    uint32x4_t second = vreinterpretq_u32_u64(vmull_n_u32(vget_high_u32((uint32x4_t) a), b));
    *low = (words) vuzp1q_u32(first, second);
    *high = (words) vuzp2q_u32(first, second);
}

#define CPU_KERNELS cpu_kernels_neon
#define CPU_KERNELS_NAME "neon"
#include "kernels.inc.h"
#else
typedef int no_neon; /* a translation unit must not be empty */
#endif
