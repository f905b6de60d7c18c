#include "isa.h"

#include <stdlib.h>
#include <string.h>

#if defined(__aarch64__)
#define CHOICE "neon, base"
#else
#define CHOICE "avx512, avx2, base"
#endif

const char *
isa_name(enum isa isa)
{
    static const char *const names[ISA_COUNT] = {"base", "neon", "avx2", "avx512"};
    return names[isa];
}

bool
isa_here(enum isa isa)
{
#if defined(__x86_64__)
    bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi") &&
                __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("pclmul");
    if (isa == ISA_AVX2)
        return avx2;
    if (isa == ISA_AVX512)
        return avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
#elif defined(__aarch64__)
    if (isa == ISA_NEON)
        return true;
#endif
    return isa == ISA_BASE;
}

int
isa_pick(struct error *error)
{
    const char *name = getenv("CL_ISA");
    bool any = name == NULL || name[0] == '\0';
    for (int isa = ISA_COUNT - 1; isa >= 0; isa--) {
        if (!any && strcmp(name, isa_name((enum isa) isa)) != 0)
            continue;
        if (isa_here((enum isa) isa))
            return isa;
        if (!any)
            return error_set(error, STATUS_SYSTEM, "CL_ISA=%s: this machine does not have these instructions", name);
    }
    char quoted[64];
    return error_set(error, STATUS_USAGE, "CL_ISA='%s' is none of " CHOICE " (unset it to let the program choose)",
                     error_quote(quoted, sizeof quoted, name, strlen(name), 32));
}
