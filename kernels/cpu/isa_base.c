/* Any machine with a C compiler. Without an fma instruction, fmaf of libm: slow, same bits. */
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

static inline vec
vec_fma(vec a, vec b, vec c)
{
    return (vec){fmaf(a[0], b[0], c[0]), fmaf(a[1], b[1], c[1]), fmaf(a[2], b[2], c[2]), fmaf(a[3], b[3], c[3])};
}

/* a0 b0 a1 b1 ... of the lower halves, and of the upper ones. */
static inline void
vec_zip(vec a, vec b, vec *low, vec *high)
{
    *low = (vec){a[0], b[0], a[1], b[1]};
    *high = (vec){a[2], b[2], a[3], b[3]};
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
