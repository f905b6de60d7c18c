#if defined(__x86_64__)
#define COLUMN_KERNELS column_kernels_avx2
#include "columns.inc.h"
#else
typedef int no_avx2; /* a translation unit must not be empty */
#endif
