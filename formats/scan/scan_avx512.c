/* x86-64 with AVX-512 F, BW, DQ and VL. */
#if defined(__x86_64__)
#include "block_avx512.h"

#define SCAN_KERNELS scan_kernels_avx512
#define SCAN_KERNELS_NAME "avx512"
#include "scan.inc.h"
#else
typedef int no_avx512; /* a translation unit must not be empty */
#endif
