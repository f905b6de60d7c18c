#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "cpu.h"

/* Best first. */
static const struct {
    const struct cpu_kernels *kernels;
} all[] = {
#if defined(__x86_64__)
    {&cpu_kernels_avx512},
    {&cpu_kernels_avx2},
#endif
    {&cpu_kernels_base},
};

static bool
runs_here(const struct cpu_kernels *kernels)
{
#if defined(__x86_64__)
    if (kernels == &cpu_kernels_avx512)
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
               __builtin_cpu_supports("fma");
    if (kernels == &cpu_kernels_avx2)
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#endif
    return kernels == &cpu_kernels_base;
}

const struct cpu_kernels *
cpu_kernels_pick(struct error *error)
{
    const char *name = getenv("CL_ISA");
    bool any = name == NULL || name[0] == '\0';
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (!any && strcmp(name, all[i].kernels->name) != 0)
            continue;
        if (runs_here(all[i].kernels))
            return all[i].kernels;
        if (!any) {
            error_set(error, STATUS_SYSTEM, "CL_ISA=%s: this machine does not have these instructions", name);
            return NULL;
        }
    }
    char quoted[64];
    error_set(error, STATUS_USAGE, "CL_ISA='%s' is none of avx512, avx2, base (unset it to let the program choose)",
              error_quote(quoted, sizeof quoted, name, strlen(name), 32));
    return NULL;
}
