/*
 * What strategies that replay rows share: how much new rows and those of the memory count, and how many are drawn.
 */
#ifndef CL_REHEARSE_H
#define CL_REHEARSE_H

#include "strategy.h"

/*
 * Weights of the losses of new rows and of the memory. EQUAL: 1 and 1. Else they sum to 1, and every class counts
 * alike; one that both have is divided by the k runs, this one included: SHARE gives new rows 1/k of it, ROOT
 * 1/sqrt(k). So where each run brings classes of its own both are 1/k, as van de Ven, Tuytelaars and Tolias (2022) have
 * it, and a single new class beside nine counts a tenth, not half. For numbers 1/k or 1/sqrt(k).
 *
 * Measured with DER++ (seed 1): 20 runs of rotated digits, 500 rows, .925 with SHARE and .944 with ROOT, permuted ones
 * .883 and .896; five runs of two digits .974 and .973, where digits are the classes .933 with either.
 */
void rehearse_weights(const struct strategy_run *run, double *fresh, double *old);

/* Gives the plan a part that draws as many rows of the memory a step as it takes of the new ones, and both parts their
 * weights. Returns the part; NULL where there is no memory. */
struct plan_part *rehearse(struct strategy_run *run);

#endif
