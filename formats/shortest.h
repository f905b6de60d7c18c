/*
 * Numbers to text: the shortest decimal that reads back to the same number, in the form of C's %g.
 *
 * Of decimals of that length the nearest one is taken. A float from 1e-4 to 1e9 (a double to 1e15) is written without
 * an exponent and without needless zeros: 0.25, 100, -7; others as 1.5e-05 and 3e+10; and nan, inf, -inf.
 */
#ifndef CL_SHORTEST_H
#define CL_SHORTEST_H

/* The text ends with NUL, and what is behind it in the buffer may be written too. Returns the length. */
enum { SHORTEST_BYTES = 32 };
int format_float(char *buffer, float number);   /* buffer: SHORTEST_BYTES */
int format_double(char *buffer, double number); /* the same */

#endif
