/*
 * Counter-based random numbers and keyed permutations: numerics contract, rule 5.
 *
 * A number is a function of (seed, purpose, counter), never of how many were drawn before it, so any thread,
 * engine or machine gets the same one. The generator is Philox4x32-10 (Salmon et al., "Parallel random numbers:
 * as easy as 1, 2, 3", SC 2011, section 3.3); its published test vectors are in tests/unit/test_rng.c.
 *
 * A permutation of [0, n) is a Feistel network of 8 rounds over the smallest power of two >= n, walked along its
 * cycle until it falls inside (Black and Rogaway, "Ciphers with arbitrary finite domains", CT-RSA 2002, section 3).
 * It needs no index array: memory O(1), any position in O(1).
 */
#ifndef CL_RNG_H
#define CL_RNG_H

#include <stdint.h>

/* What a number is for. The values are part of numerics 1: append, never renumber. */
enum rng_purpose {
    RNG_INIT = 1,  /* initial weights */
    RNG_ORDER = 2, /* order of rows in an epoch */
    RNG_DROPOUT = 3,
    RNG_VALID = 4,     /* hold-out of cl-train --valid */
    RNG_SPLIT = 5,     /* cl-split */
    RNG_RESERVOIR = 6, /* memory rows */
    RNG_GROW = 7,      /* weights of classes and categories that come later */
    RNG_DRIFT = 8,     /* samples of a detector */
    RNG_SAMPLE = 12,   /* rows that the Fisher information is taken of */
    RNG_SHRINK = 13,   /* noise of cl-tune --shrink-perturb */
    RNG_WIDEN = 14,    /* fixed random units of strategy analytic */
    RNG_PROBE = 15,    /* signs that estimate a trace there */
};

struct rng_key {
    uint32_t k[2];
};

/* Philox4x32-10: 128 counter bits to 128 random bits. */
void rng_philox(struct rng_key key, const uint32_t counter[4], uint32_t out[4]);

/* The key for a purpose: the first two words of philox({seed lo, seed hi}, {purpose, stream lo, stream hi, 0}). */
struct rng_key rng_key(uint64_t seed, enum rng_purpose purpose, uint64_t stream);

/* The 64-bit number at a position. */
uint64_t rng_u64(struct rng_key key, uint64_t position);

/* 32 random bits as f32 in [0, 1): the top 24 bits times 2^-24. */
float rng_unit(uint32_t bits);

/* An unbiased integer in [0, bound) at a position; bound >= 1. */
uint64_t rng_below(struct rng_key key, uint64_t position, uint64_t bound);

/* A standard normal number at a position: inverse distribution function (Wichura, AS 241 PPND16, 1988), in double
 * by +, *, / and sqrt only and a polynomial log of our own, so the bits are the same everywhere. */
double rng_normal(struct rng_key key, uint64_t position);

struct permutation {
    uint64_t n;
    uint32_t left_bits, right_bits; /* of the Feistel halves */
    uint32_t round_key[8];
};

/* A permutation of [0, n), n <= 2^62. The result is a value: copy it freely. */
struct permutation permutation_make(struct rng_key key, uint64_t stream, uint64_t n);
uint64_t permutation_at(const struct permutation *permutation, uint64_t i);

/* The whole of a permutation of at most 256 numbers, for less than permutation_at() of each. at: [n] out */
enum { PERMUTATION_SMALL = 256 };
void permutation_list(const struct permutation *permutation, uint8_t *at);

/*
 * The order of n training rows in one epoch: blocks of 65,536 rows are permuted, then the rows of each window of 8
 * such blocks, so that data on disk is read in large pieces and in the same order as data in memory.
 */
enum { ORDER_BLOCK = 65536, ORDER_WINDOW = 8 };
struct row_order {
    uint64_t n, n_blocks, short_block; /* short_block: the place in block order of the last, shorter block */
    struct rng_key key;
    uint64_t epoch;
    struct permutation blocks;
    struct permutation window; /* of the window asked last */
    uint64_t window_index;
};
struct row_order row_order_make(uint64_t seed, uint64_t epoch, uint64_t n);
/* The row at position i of the epoch. Remembers the window, so ascending i is fast. */
uint64_t row_order_at(struct row_order *order, uint64_t i);

#endif
