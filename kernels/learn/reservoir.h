/*
 * A uniform sample of every row that ever came.
 *
 * Algorithm R (Vitter, "Random sampling with a reservoir", 1985): row t (from 0) goes to slot t while slots are free,
 * then to slot r drawn from [0, t] when r is a slot. The draws are by counter t, so that going on later with new rows
 * is the same as having gone on at once. Only the number of rows seen and the capacity must be remembered.
 */
#ifndef CL_RESERVOIR_H
#define CL_RESERVOIR_H

#include <stdint.h>

/*
 * What the slots hold after n_new more rows: picks[i] < n_old is old slot picks[i], else new row picks[i] - n_old.
 * seen: rows before these, of which n_old are there: all, or at least `capacity`. Old slots beyond a smaller capacity
 * are thinned by a keyed permutation. picks: [capacity] out. Returns how many slots are full.
 */
uint64_t reservoir_choose(uint64_t seed, uint64_t capacity, uint64_t seen, uint64_t n_old, uint64_t n_new,
                          uint64_t *picks);

#endif
