#if defined(__x86_64__)
#define RNG_MANY rng_many_avx2
#include "rng_many.inc.h"
#else
typedef int no_avx2; /* a translation unit must not be empty */
#endif
