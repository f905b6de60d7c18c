/* Primitives that have no better form than one bit after the other. Part of block_*.h, behind block_count() and
 * block_lowest(). */
#ifndef CL_BLOCK_BITS_H
#define CL_BLOCK_BITS_H

#include <stdint.h>

/* to[k] = base + the place of the k-th set bit. Elements behind them are written too, up to SCAN_SPARE in all. */
static inline void
block_positions(uint32_t *to, uint64_t mask, uint32_t base)
{
    /* Twelve without asking whether they are there: their number is what a processor cannot guess. */
    for (int left = (int) block_count(mask); left > 0; left -= 12) {
        for (int i = 0; i < 12; i++) {
            to[i] = base + block_lowest(mask);
            mask &= mask - 1;
        }
        to += 12;
    }
}

/* For each set bit of `mask`, which is among those of `of`: base + its rank there, from 1. Writes like the above. */
static inline void
block_ranks(uint32_t *to, uint64_t mask, uint64_t of, uint32_t base)
{
    for (int left = (int) block_count(mask); left > 0; left -= 2) {
        for (int i = 0; i < 2; i++) {
            to[i] = base + block_count(of & (mask ^ (mask - 1)));
            mask &= mask - 1;
        }
        to += 2;
    }
}

#endif
