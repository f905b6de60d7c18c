/* x86-64 with AVX-512 (F, BW, DQ, VL): vectors of 16. */
#if defined(__x86_64__)
#include <immintrin.h>
#include <math.h>
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

#define CPU_KERNELS cpu_kernels_avx512
#define CPU_KERNELS_NAME "avx512"
#include "kernels.inc.h"
#else
typedef int no_avx512; /* a translation unit must not be empty */
#endif
