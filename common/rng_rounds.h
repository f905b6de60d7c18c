/* Constants that rng.c and rng_many.inc.h share. */
#ifndef CL_RNG_ROUNDS_H
#define CL_RNG_ROUNDS_H

/* Multipliers and Weyl increments of Philox4x32 (Salmon et al. 2011, table 2). */
enum { PHILOX_ROUNDS = 10 };
#define PHILOX_M0 0xD2511F53u
#define PHILOX_M1 0xCD9E8D57u
#define PHILOX_W0 0x9E3779B9u
#define PHILOX_W1 0xBB67AE85u

#endif
