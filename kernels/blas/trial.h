/*
 * Which layers a CBLAS library multiplies faster than the CPU engine's own kernels: tried in the first calls of a run,
 * which are its work all the same, so a trial costs only what the slower way takes longer.
 *
 *     struct trial *trial = trial_open(n_layers, wide);
 *     while (more) {
 *         if (trial_changed(trial))
 *             ... multiply by trial_foreign(trial) from now on ...
 *         ... n rows in s seconds ...
 *         trial_note(trial, n, s);
 *     }
 *
 * One thread. What is chosen depends on the clock.
 */
#ifndef CL_BLAS_TRIAL_H
#define CL_BLAS_TRIAL_H

#include <stdbool.h>
#include <stdint.h>

struct trial;

/* wide [n_layers]: layers that may go to the library. */
struct trial *trial_open(uint32_t n_layers, const bool *wide);
void trial_close(struct trial *trial);
/* Whether trial_foreign() is another one than when this was asked last. */
bool trial_changed(struct trial *trial);
/* [n_layers] what goes to the library in the next call. */
const bool *trial_foreign(const struct trial *trial);
/* Whether all has been tried: no more notes are wanted. */
bool trial_done(const struct trial *trial);
/* What a call with trial_foreign() took. */
void trial_note(struct trial *trial, uint64_t rows, double seconds);

#endif
