/* What rng.c and rng_many.inc.h share. */
#ifndef CL_RNG_ROUNDS_H
#define CL_RNG_ROUNDS_H

/* Multipliers and Weyl increments of Philox4x32 (Salmon et al. 2011, table 2). */
enum { PHILOX_ROUNDS = 10 };
#define PHILOX_M0 0xD2511F53u
#define PHILOX_M1 0xCD9E8D57u
#define PHILOX_W0 0x9E3779B9u
#define PHILOX_W1 0xBB67AE85u

/* A full-avalanche mixer of 32 bits, of a number or of a vector of them; every round of a permutation has its key. */
#define MIX(x, key) \
    __extension__({ \
        __typeof__(x) mixed = ((x) ^ (key)) * 0x9E3779B1u; \
        mixed = (mixed ^ mixed >> 15 ^ (key)) * 0x85EBCA77u; \
        mixed = (mixed ^ mixed >> 13) * 0xC2B2AE3Du; \
        mixed ^ mixed >> 16; \
    })

#endif
