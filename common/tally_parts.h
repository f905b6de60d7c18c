/* What tally.c and its kernels share. */
#ifndef CL_TALLY_PARTS_H
#define CL_TALLY_PARTS_H

#include "tally.h"

struct tally_kernels {
    uint32_t pair;
    /* n rows of `wide` columns, a multiple of `pair` and of d or k. */
    void (*numbers)(struct tally *tally, const float *x, uint64_t n, uint64_t wide);
    void (*codes)(struct tally *tally, const uint32_t *c, uint64_t n, uint64_t wide);
};

extern const struct tally_kernels tally_kernels_base, tally_kernels_avx2;

#endif
