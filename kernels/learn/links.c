#include "links.h"

#include <string.h>

#include "isa.h"
#include "loss.h"
#include "numerics.h"

/*
 * The code is written once and compiled once for each instruction set: loops of a fixed length over the functions of
 * kernels/numerics.h, which the compiler makes vectors of, and fma is an instruction where there is one.
 */
#define ALWAYS_INLINE static inline __attribute__((always_inline))

enum { BLOCK = NUM_LANES };

ALWAYS_INLINE void
sigmoids(uint64_t n, const float *z, float *p)
{
    for (uint64_t i = 0; i < n; i += BLOCK) {
        size_t rows = n - i < BLOCK ? (size_t) (n - i) : BLOCK;
        float x[BLOCK] = {0}, no[BLOCK], yes[BLOCK], both[2 * BLOCK];
        memcpy(x, z + i, rows * sizeof *x);
        /* sigmoid(-z) rather than 1 - sigmoid(z): small probabilities keep their digits. */
        for (int k = 0; k < BLOCK; k++)
            yes[k] = num_sigmoid(x[k]);
        for (int k = 0; k < BLOCK; k++)
            no[k] = num_sigmoid(-x[k]);
        for (int k = 0; k < BLOCK; k++) {
            both[2 * k] = no[k];
            both[2 * k + 1] = yes[k];
        }
        memcpy(p + 2 * i, both, 2 * rows * sizeof *both);
    }
}

/*
 * Up to sixteen rows side by side. With fewer than NUM_SUM_BLOCK classes the sum by rule 3 is one block: class j goes
 * to lane j % 16, the lanes are added by halves, and zeros change nothing.
 */
ALWAYS_INLINE void
softmax_rows(size_t rows, uint32_t c, const float *z, const uint8_t *classes, float *p)
{
    float e[NUM_SUM_BLOCK][BLOCK], lanes[NUM_LANES][BLOCK] = {{0}}, max[BLOCK];
    for (size_t r = 0; r < BLOCK; r++) {
        const float *row = z + (r < rows ? r : 0) * c;
        max[r] = -INFINITY;
        for (uint32_t j = 0; j < c; j++)
            e[j][r] = row[j];
    }
    for (uint32_t j = 0; j < c; j++) {
        if (classes != NULL && classes[j] == 0)
            continue;
        for (int k = 0; k < BLOCK; k++)
            max[k] = e[j][k] > max[k] ? e[j][k] : max[k];
    }
    for (uint32_t j = 0; j < c; j++) {
        if (classes != NULL && classes[j] == 0) {
            memset(e[j], 0, sizeof e[j]);
            continue;
        }
        for (int k = 0; k < BLOCK; k++)
            e[j][k] = num_exp(e[j][k] - max[k]);
        for (int k = 0; k < BLOCK; k++)
            lanes[j % NUM_LANES][k] += e[j][k];
    }
    for (int width = NUM_LANES / 2; width >= 1; width /= 2)
        for (int lane = 0; lane < width; lane++)
            for (int k = 0; k < BLOCK; k++)
                lanes[lane][k] += lanes[lane + width][k];
    for (uint32_t j = 0; j < c; j++)
        for (int k = 0; k < BLOCK; k++)
            e[j][k] /= lanes[0][k];
    for (size_t r = 0; r < rows; r++)
        for (uint32_t j = 0; j < c; j++)
            p[r * c + j] = e[j][r];
}

ALWAYS_INLINE void
probabilities(enum loss loss, uint64_t n, uint32_t c, const float *z, const uint8_t *classes, float *p)
{
    if (loss == LOSS_BCE)
        sigmoids(n, z, p);
    else if (c < NUM_SUM_BLOCK)
        for (uint64_t i = 0; i < n; i += BLOCK)
            softmax_rows(n - i < BLOCK ? (size_t) (n - i) : BLOCK, c, z + i * c, classes, p + i * c);
    else
        for (uint64_t i = 0; i < n; i++)
            loss_link(loss, z + i * c, c, classes, p + i * c);
}

#define LINKS(ISA, TARGET) \
    TARGET static void classes_##ISA(enum loss loss, uint64_t n, uint32_t c, const float *z, const uint8_t *classes, \
                                     float *p) \
    { \
        probabilities(loss, n, c, z, classes, p); \
    } \
    static const struct links links_##ISA = {classes_##ISA}

LINKS(base, );
#if defined(__x86_64__)
LINKS(avx2, __attribute__((target("avx2,fma"))));
LINKS(avx512, __attribute__((target("avx2,fma,avx512f,avx512bw,avx512dq,avx512vl"))));
#endif

const struct links *
links_pick(struct error *error)
{
    switch (isa_pick(error)) {
    case -1:
        return NULL;
#if defined(__x86_64__)
    case ISA_AVX2:
        return &links_avx2;
    case ISA_AVX512:
        return &links_avx512;
#endif
    default:
        return &links_base;
    }
}
