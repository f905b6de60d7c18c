#include "columns.h"

#include <math.h>
#include <stdlib.h>

#include "isa.h"
#include "memory.h"

void
column_moments_open(struct column_moments *moments, uint32_t d)
{
    double *all = mem_zalloc((size_t) d * 5, sizeof *all);
    *moments = (struct column_moments){.d = d, .n = all};
    moments->mean = all + d;
    moments->m2 = moments->mean + d;
    moments->low = moments->m2 + d;
    moments->high = moments->low + d;
    for (uint32_t j = 0; j < d; j++) {
        moments->low[j] = INFINITY;
        moments->high[j] = -INFINITY;
    }
}

void
column_moments_close(struct column_moments *moments)
{
    free(moments->n);
}

const struct column_kernels *
column_kernels(void)
{
#if defined(__x86_64__)
    struct error ignored; /* a CL_ISA that is none: a program that asks for more says so */
    if (isa_pick(&ignored) >= ISA_AVX2)
        return &column_kernels_avx2;
#endif
    return &column_kernels_base;
}
