/*
 * Instruction sets that kernels are compiled for, and which of them to use.
 *
 * A module with fast code has one table of functions for each set, all with the same answer; it asks once, when it
 * opens. CL_ISA=NAME asks for less than the machine has: the result is the same, only the time differs.
 *
 *     int isa = isa_pick(&error);    // -1: CL_ISA names nothing that runs here
 *     kernels = isa == ISA_AVX2 ? &kernels_avx2 : &kernels_base;
 */
#ifndef CL_ISA_H
#define CL_ISA_H

#include <stdbool.h>

#include "error.h"

/* Each one implies those before it of the same processor. */
enum isa {
    ISA_BASE,   /* what every processor of this kind has: SSE2 on x86-64 */
    ISA_NEON,   /* 64-bit ARM */
    ISA_AVX2,   /* with FMA, BMI 1 and 2, PCLMUL */
    ISA_AVX512, /* F, BW, DQ, VL */
    ISA_COUNT
};

const char *isa_name(enum isa isa);

/* Whether this machine can run it. */
bool isa_here(enum isa isa);

/* The best one this machine has, or the one that CL_ISA names; -1 when that one does not exist or run here. */
int isa_pick(struct error *error);

#endif
