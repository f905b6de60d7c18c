/* Any processor. */
#define COLUMN_KERNELS column_kernels_base
#include "columns.inc.h"
