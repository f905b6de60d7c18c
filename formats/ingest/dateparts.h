/*
 * Dates as features: numbers that a network can use, where microseconds since 1970 in 32 bits would have steps of days.
 *
 *   year                          2024
 *   month_sin, month_cos          of the angle 2 pi (month - 1) / 12
 *   weekday_sin, weekday_cos      of the angle 2 pi d / 7; Monday is 0
 *   hour_sin, hour_cos            of the angle 2 pi t / 86400; t: seconds since midnight, with their fraction
 *   days                          since the origin, with the fraction of the day
 *
 * All in UTC. Sines and cosines are within one unit in the last place of an f32 and the same bits on every machine:
 * those of months and weekdays are constants, those of the time of day polynomials in double, without the C library.
 */
#ifndef CL_DATEPARTS_H
#define CL_DATEPARTS_H

#include <stdint.h>

enum date_part {
    PART_YEAR,
    PART_MONTH_SIN,
    PART_MONTH_COS,
    PART_WEEKDAY_SIN,
    PART_WEEKDAY_COS,
    PART_HOUR_SIN,
    PART_HOUR_COS,
    PART_DAYS,
    PART_COUNT,
};

/* "year", "month_sin", ... */
const char *date_part_name(enum date_part part);
/* Back; -1 for other names. */
int date_part_find(const char *name);

/*
 * NaN for the missing date, INT64_MIN. origin: microseconds since 1970, which
 * the days are counted from. Both within the years 0000 to 9999 and a day.
 */
float date_part(enum date_part part, int64_t microseconds, int64_t origin);

#endif
