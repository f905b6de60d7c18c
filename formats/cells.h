/*
 * A cell of a record of text, whatever the format: its bytes without quotes, escapes and blanks around it.
 */
#ifndef CL_CELLS_H
#define CL_CELLS_H

#include <stdint.h>

enum { CELL_SLACK = 32 }; /* bytes from the start of a cell that must be readable, whatever its length */

struct cell {
    const char *s;
    uint32_t n;
};

#endif
