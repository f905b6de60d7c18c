/* The same as scan_avx512.c and VBMI2, which packs bytes. */
#if defined(__x86_64__)
#include "block_avx512.h"

#define SCAN_KERNELS scan_kernels_vbmi2
#define SCAN_KERNELS_NAME "avx512+vbmi2"
#include "scan.inc.h"
#else
typedef int no_vbmi2; /* a translation unit must not be empty */
#endif
