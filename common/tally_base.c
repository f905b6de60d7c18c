/* Any processor. */
#define TALLY_KERNELS tally_kernels_base
#include "tally.inc.h"
