/* 64-bit ARM. */
#if defined(__aarch64__)
#include "block_neon.h"

#define SCAN_KERNELS scan_kernels_neon
#define SCAN_KERNELS_NAME "neon"
#include "scan.inc.h"
#else
typedef int no_neon; /* a translation unit must not be empty */
#endif
