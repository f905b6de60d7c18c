/*
 * Many cells to 32-bit floats at once, exactly: to[i] is what number_parse() and a cast give.
 *
 * A cell that is no number is left to the caller, which gets its index: blanks around a number, missing markers, text,
 * and also the numbers that are not to be taken as such without a look: integers of two and more digits with a leading
 * zero (number_is_code), and what is infinite as a float. An empty cell is NaN.
 *
 * Plain decimals, [-] digits [. digits] of up to 32 bytes and 19 significant digits, are converted many at once, and
 * only where that is certain to be right; each of the others by number_parse_as().
 */
#ifndef CL_CONVERT_H
#define CL_CONVERT_H

#include <stddef.h>
#include <stdint.h>

#include "error.h"

struct convert_kernels {
    const char *name; /* of the instruction set */
    /*
     * Cells text[before[i] + 1 .. behind[i]) for i in [0, n); offsets add in 32 bits, as in scan.h. text has SCAN_SLACK
     * readable bytes around it, before[] and behind[] 16 readable elements behind the n-th. decimal: '.' or ','.
     * to: [n], and 16 elements more that may be overwritten. left: [n] indices of the cells that were left, ascending;
     * their to[] is undefined. Returns their number. No argument aliases another.
     */
    size_t (*floats)(const char *text, const uint32_t *before, const uint32_t *behind, size_t n, char decimal,
                     float *to, uint32_t *left);
};

/* The kernels for this machine, or those that CL_ISA names. NULL with a sentence. */
const struct convert_kernels *convert_kernels_pick(struct error *error);

#endif
