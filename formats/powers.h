/*
 * The powers of five that number.c multiplies by; the table is computed while building (build-aux/powers.c).
 *
 * powers_of_5[q - POWERS_FIRST] = {high, low} are the 128 leading bits T of 5^q, 2^127 <= T < 2^128, cut off:
 * T <= 5^q / 2^(e - 127) < T + 1 with e = floor(log2(5^q)). For 0 <= q <= POWERS_EXACT they are all there are.
 */
#ifndef CL_POWERS_H
#define CL_POWERS_H

#include <stdint.h>

/* Below 10^POWERS_FIRST 19 digits are less than half the smallest double; above 10^POWERS_LAST one is infinite. */
enum { POWERS_FIRST = -342, POWERS_LAST = 308, POWERS_EXACT = 55 };

extern const uint64_t powers_of_5[POWERS_LAST - POWERS_FIRST + 1][2];

#endif
