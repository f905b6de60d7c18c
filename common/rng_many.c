#include "rng_many.h"

#include "isa.h"

const struct rng_many *
rng_many(void)
{
#if defined(__x86_64__)
    struct error ignored; /* a CL_ISA that is none: a program that asks for more says so */
    if (isa_pick(&ignored) >= ISA_AVX2)
        return &rng_many_avx2;
#endif
    return &rng_many_base;
}
