/* Any processor. */
#include "block_base.h"

#define SCAN_KERNELS scan_kernels_base
#define SCAN_KERNELS_NAME "base"
#include "scan.inc.h"
