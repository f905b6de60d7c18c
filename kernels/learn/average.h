/*
 * A running mean of the weights beside the run, which is validated and kept in their place (Polyak and Juditsky 1992;
 * the exponential form of Ruppert 1988, with the warm-up that is usual):
 *
 *     mean += (1 - d) (theta - mean),   d = min(decay, (1 + t) / (10 + t)),   t = steps done
 *
 * It is taken every few steps, where d^n stands for n steps: a mean over hundreds of them does not tell the difference,
 * and engines need to know nothing of it. How many depends on the network and the batch alone, so the same run has the
 * same mean wherever it is interrupted.
 *
 *     struct average *average = average_open(network, decay);
 *     average_take(average, engine, state, step, n, &error);     // after n steps, `step` in all
 *     average_show(average, engine, state, &error);              // the engine's parameters are the mean ...
 *     average_hide(average, engine, state, &error);              // ... and again what they were
 *     average_close(average);
 */
#ifndef CL_AVERAGE_H
#define CL_AVERAGE_H

#include <stdint.h>

#include "engine.h"
#include "error.h"
#include "network.h"

struct average;

/* Starts at the parameters of the network, of which it borrows the shapes. 0 <= decay < 1. */
struct average *average_open(const struct network *network, double decay);
/* Steps from one look at the weights to the next, so that looking costs less than a step of `batch` rows. */
uint64_t average_every(const struct network *network, uint64_t batch);
/* Takes in the parameters of an engine, n steps after the last time and `step` after the beginning. */
int average_take(struct average *average, const struct engine *engine, struct engine_state *state, uint64_t step,
                 uint64_t n, struct error *error);
/* Sets the engine's parameters to the mean, keeping its own; and gives them back. */
int average_show(struct average *average, const struct engine *engine, struct engine_state *state, struct error *error);
int average_hide(struct average *average, const struct engine *engine, struct engine_state *state, struct error *error);
/* The mean of one parameter, [rows, cols]: to be read, or restored. */
float *average_values(struct average *average, uint32_t param);
void average_close(struct average *average); /* NULL is fine */

#endif
