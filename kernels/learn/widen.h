/*
 * A network cut off above one of its hidden layers, that layer widened by units with fixed random weights, and under a
 * new output layer of zeros: features for a layer that is solved for.
 *
 * Random units let a linear layer separate what the features that were learned do not (Huang, Zhu and Siew 2006;
 * RanPAC, McDonnell et al. 2023, puts them behind the features, ACIL, Zhuang et al. 2022, too). Here they stand beside
 * the learned ones, fed by the same layer below, so that what these say is not lost; without a hidden layer they are
 * one. Weights are normal; each unit is scaled by the rows so that what enters it has a standard deviation of 1, and
 * gets a bias of standard deviation 1/2: the scale of inputs does not matter.
 */
#ifndef CL_WIDEN_H
#define CL_WIDEN_H

#include <stdint.h>

#include "engine.h"
#include "error.h"
#include "model.h"

/* Hidden layers 0 .. n_hidden - 1 stay, n_random units more in the last of them. rows: those that scale the units.
 * STATUS_USAGE: a last layer whose units depend on each other. */
int widen_network(struct model *model, uint32_t n_hidden, uint32_t n_random, const struct rowset *rows,
                  const struct engine *engine, unsigned threads, uint64_t seed, struct error *error);

#endif
