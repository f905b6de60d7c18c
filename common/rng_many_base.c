/* Any processor. */
#define RNG_MANY rng_many_base
#include "rng_many.inc.h"
