/* x86-64 with AVX2. */
#if defined(__x86_64__)
#include "block_avx2.h"

#define SCAN_KERNELS scan_kernels_avx2
#define SCAN_KERNELS_NAME "avx2"
#include "scan.inc.h"
#else
typedef int no_avx2; /* a translation unit must not be empty */
#endif
