#include "cpu.h"
#include "isa.h"

/* Where there is no entry, the compiler's own code for the processor is the best there is: base. */
static const struct cpu_kernels *const all[ISA_COUNT] = {
    [ISA_BASE] = &cpu_kernels_base,
#if defined(__x86_64__)
    [ISA_AVX2] = &cpu_kernels_avx2,
    [ISA_AVX512] = &cpu_kernels_avx512,
#elif defined(__aarch64__)
    [ISA_NEON] = &cpu_kernels_neon,
#endif
};

const struct cpu_kernels *
cpu_kernels_pick(struct error *error)
{
    int isa = isa_pick(error);
    if (isa < 0)
        return NULL;
    return all[isa] != NULL ? all[isa] : &cpu_kernels_base;
}
