/* Primitives of processors that cannot multiply without carry. Part of block_*.h. */
#ifndef CL_BLOCK_SHIFT_H
#define CL_BLOCK_SHIFT_H

#include <stdint.h>

/* Of a mask that may be 0: then any place. */
static inline unsigned
block_lowest(uint64_t mask)
{
    return (unsigned) __builtin_ctzll(mask | UINT64_C(1) << 63);
}

static inline unsigned
block_highest(uint64_t mask)
{
    return 63 - (unsigned) __builtin_clzll(mask);
}

static inline uint64_t
block_prefix_xor(uint64_t mask)
{
    for (int by = 1; by < 64; by *= 2)
        mask ^= mask << by;
    return mask;
}

#endif
