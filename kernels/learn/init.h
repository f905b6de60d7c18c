/*
 * Initial weights, by counter: parameter p, element i is a function of (seed, p, i) only.
 *
 * Glorot and Bengio 2010 (eq. 16): variance 2 / (fan_in + fan_out). He et al. 2015 (eq. 10): variance 2 / fan_in.
 * uniform: +-sqrt(3 variance); normal: sigma = sqrt(variance), not truncated. fan_in of the first layer is the number
 * of numeric features, of their bins and of categorical columns (each lets one row through). Biases and shifts start as
 * 0, and so does row 0 of each category table; gains of norms start as 1.
 *
 * auto is glorot-uniform, for every activation: fan_in counts the few category rows that a row lets through, so He's
 * variance is large for them, and rare codes keep what they started with. Measured on the data sets of
 * tests/bench/quality.sh with default options, it was better than he-normal on seven of nine.
 */
#ifndef CL_INIT_H
#define CL_INIT_H

#include <stdbool.h>
#include <stdint.h>

#include "network.h"
#include "rng.h"

enum init { INIT_AUTO, INIT_GLOROT_UNIFORM, INIT_GLOROT_NORMAL, INIT_HE_UNIFORM, INIT_HE_NORMAL, INIT_COUNT };

const char *init_name(enum init init); /* "auto", "glorot-uniform", ... */
bool init_parse(const char *name, enum init *init);
void init_network(struct network *network, enum init init, uint64_t seed);
/* The same by the random numbers of another purpose. */
void init_for(struct network *network, enum init init, uint64_t seed, enum rng_purpose purpose);

#endif
