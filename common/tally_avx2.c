#if defined(__x86_64__)
#define TALLY_KERNELS tally_kernels_avx2
#include "tally.inc.h"
#else
typedef int no_avx2; /* a translation unit must not be empty */
#endif
