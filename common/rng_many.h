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

struct rng_many {
    /* to[i] = rng_u64(key, first + i) for i < n */
    void (*u64)(struct rng_key key, uint64_t first, uint64_t n, uint64_t *to);
};

/* The best one for this machine, or for what CL_ISA names. */
const struct rng_many *rng_many(void);

extern const struct rng_many rng_many_base, rng_many_avx2;

#endif
