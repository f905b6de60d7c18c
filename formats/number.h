/*
 * Text to numbers, exactly: the nearest double of the decimal digits, whatever their number, as strtod gives in the C
 * locale; never dependent on a locale.
 *
 * The grammar is [+-] digits [. digits] [e [+-] digits], with digits on at least one side of the point, or
 * [+-] inf[inity] in any case. No hexadecimal, no nan (that is a missing value: infer.h), no separators.
 */
#ifndef CL_NUMBER_H
#define CL_NUMBER_H

#include <stdbool.h>
#include <stddef.h>

/* True when all of s[0 .. n) is a number; *value may be infinite. */
bool number_parse(const char *s, size_t n, double *value);
/* The same with `decimal`, '.' or ',', for the point. */
bool number_parse_as(const char *s, size_t n, char decimal, double *value);

/* True for what looks like a number but is a code that would lose a digit: 007, 01234. */
bool number_is_code(const char *s, size_t n);

/*
 * True for what is no number only because of its separators: with the decimal '.' 1,234.5  1'000  1 000  5,1  1.234,5
 * and 1.234.567; with ',' the same with point and comma exchanged. Blanks may be those that do not break a line.
 */
bool number_is_grouped_as(const char *s, size_t n, char decimal);
bool number_is_grouped(const char *s, size_t n); /* decimal '.' */

/* True for 1,234 and 12,345,678 of group ',': in a number, they could divide thousands as well as decimals. */
bool number_may_be_grouped(const char *s, size_t n, char group);

#endif
