/*
 * Dates and times as microseconds since 1970-01-01T00:00:00Z.
 *
 *   2024-01-17  2024/1/17  2024.1.17  17.1.2024  17 Jan 2024  17-Jan-2024  Jan
 * 17, 2024  January 17 2024 17/1/2024  17-1-2024  1/17/2024  1-17-2024: in one
 * order or the other, which the caller says 20240117T1015[30]: digits alone
 * would be a number
 *
 * Behind the others a time may follow: T, t or a blank, then
 * hh:mm[:ss[(.|,)fraction]], behind a blank also h:mm and AM or PM; then Z,
 * UTC, GMT or (+|-)hh[[:]mm].
 *
 * No zone means UTC. Years 0001 to 9999 of the Gregorian calendar, in four
 * digits; month names are English; a leap second counts as the next second;
 * digits of the fraction beyond the sixth are cut. Times of a zone may so be up
 * to a day outside of these years.
 */
#ifndef CL_DATETIME_H
#define CL_DATETIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Which comes first in 01/02/2024. The order is that of the choices of --dates.
 */
enum date_order {
    DATES_ISO, /* such forms are no dates */
    DATES_DMY,
    DATES_MDY,
};

bool datetime_parse_as(const char *s, size_t n, enum date_order order, int64_t *microseconds);

/* The same with DATES_ISO. */
static inline bool
datetime_parse(const char *s, size_t n, int64_t *microseconds)
{
    return datetime_parse_as(s, n, DATES_ISO, microseconds);
}

/* All that a text is as a date. */
struct datetime_look {
    bool ordered;    /* of a form that the order decides; else both are the same: */
    bool dmy, mdy;   /* it is a date with the day first, with the month first */
    int64_t time[2]; /* those two */
};
/* False when it is no date in any order. */
bool datetime_look(const char *s, size_t n, struct datetime_look *look);

/* Days since 1970-01-01; year from 1 on. And back, for the years 0000 to 9999.
 */
int64_t datetime_days(int year, int month, int day);
void datetime_date(int64_t days, int *year, int *month, int *day);

/* "dmy", "mdy"; "iso" */
const char *date_order_name(enum date_order order);

#endif
