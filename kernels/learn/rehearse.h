/*
 * What strategies that replay rows share: how much new rows and those of the memory count, and how many are drawn.
 */
#ifndef CL_REHEARSE_H
#define CL_REHEARSE_H

#include "strategy.h"

/*
 * Weights of the losses of new rows and of the memory. EQUAL: 1 and 1. SHARE, which sums to 1: every class counts
 * alike, and a class that both have is shared as 1/k and 1 - 1/k by the k runs, this one included. So where each run
 * brings classes of its own, or all have the same ones, this is the 1/k of van de Ven, Tuytelaars and Tolias (2022);
 * and a single new class beside nine counts a tenth, not half. For numbers: 1/k.
 */
void rehearse_weights(const struct strategy_run *run, double *fresh, double *old);

/* Rows of the memory that a step draws: as many as it takes of the new ones. */
uint32_t rehearse_rows(const struct strategy_run *run);

#endif
