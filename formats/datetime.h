/*
 * ISO 8601 dates and times as microseconds since 1970-01-01T00:00:00Z.
 *
 *   YYYY-MM-DD, or YYYY-MM-DD (T|t|blank) hh:mm[:ss[(.|,)fraction]] [Z|z|(+|-)hh[[:]mm]]
 *
 * No zone means UTC. Years 0001 to 9999 of the Gregorian calendar; a leap second counts as the next second; digits
 * of the fraction beyond the sixth are cut.
 */
#ifndef CL_DATETIME_H
#define CL_DATETIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool datetime_parse(const char *s, size_t n, int64_t *microseconds);

#endif
