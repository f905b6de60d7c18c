/*
 * Many random numbers at once: rng.h's, bit for bit, with vector code where the machine has it (isa.h).
 *
 *     const struct rng_many *many = rng_many();
 *     many->u64(key, position, n, numbers);
 */
#ifndef CL_RNG_MANY_H
#define CL_RNG_MANY_H

#include <stdint.h>

#include "rng.h"

enum { RNG_LISTS = 8, RNG_LIST_MOST = 16 };

struct rng_many {
    /* to[i] = rng_u64(key, first + i) for i < n */
    void (*u64)(struct rng_key key, uint64_t first, uint64_t n, uint64_t *to);
    /* at[s][i] = permutation_at(permutation_make(key, first + s, n), i) for i < n <= 16; the rest of at[s] is free. */
    void (*lists)(struct rng_key key, uint64_t first, uint32_t n, uint8_t at[RNG_LISTS][RNG_LIST_MOST]);
};

/* The best one for this machine, or for what CL_ISA names. */
const struct rng_many *rng_many(void);

extern const struct rng_many rng_many_base, rng_many_avx2;

#endif
