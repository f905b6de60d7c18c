/*
 * A learning rate by a range test (Smith, "Cyclical learning rates for training neural networks", 2017, section 3.3):
 * training steps whose rate rises from 1e-6 to 10, 100 steps for each power of ten. The loss falls while the rate is
 * of use and rises when it is too large. The rate taken is a tenth of the one with the lowest loss.
 *
 * The loss is that of the step's own rows before the update, as a running mean (0.98, without its bias); the test ends
 * when it is above four times its lowest, or no number. All sums are f64 in step order, so every exact engine finds the
 * same rate; it is rounded to two digits.
 *
 *     range_find(engine, state, &plan, &lr, &error);      // leaves other parameters and moments: open the engine anew
 */
#ifndef CL_RANGE_H
#define CL_RANGE_H

#include "engine.h"
#include "error.h"

/* Steps from state's parameters and moments by the pattern of a plan. STATUS_DATA when no rate lets the loss fall. */
int range_find(const struct engine *engine, struct engine_state *state, const struct plan *pattern, double *lr,
               struct error *error);

#endif
