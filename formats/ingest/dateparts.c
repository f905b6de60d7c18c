#include "dateparts.h"

#include <math.h>
#include <string.h>

#include "datetime.h"

static const char *const names[PART_COUNT] = {
    "year", "month_sin", "month_cos", "weekday_sin", "weekday_cos", "hour_sin", "hour_cos", "days",
};

static const int64_t DAY = 86400000000; /* microseconds */

const char *
date_part_name(enum date_part part)
{
    return names[part];
}

int
date_part_find(const char *name)
{
    for (int i = 0; i < PART_COUNT; i++)
        if (strcmp(name, names[i]) == 0)
            return i;
    return -1;
}

/*
 * Sine and cosine of an angle from 0 to pi/4 by their Taylor series: the first
 * term left out is below 5e-17, so the f32 is the nearest, but for those that
 * lie within 1e-16 of the middle between two. Plain products and sums, in this
 * order.
 */
static double
sine(double a)
{
    static const double inverse[] = {-1.0 / 6,        1.0 / 120,          -1.0 / 5040,           1.0 / 362880,
                                     -1.0 / 39916800, 1.0 / 6227020800.0, -1.0 / 1307674368000.0};
    double square = a * a, sum = 0;
    for (int i = 6; i >= 0; i--)
        sum = (sum + inverse[i]) * square;
    return a + a * sum;
}

static double
cosine(double a)
{
    static const double inverse[] = {-1.0 / 2,       1.0 / 24,          -1.0 / 720,           1.0 / 40320,
                                     -1.0 / 3628800, 1.0 / 479001600.0, -1.0 / 87178291200.0, 1.0 / 20922789888000.0};
    double square = a * a, sum = 0;
    for (int i = 7; i >= 0; i--)
        sum = (sum + inverse[i]) * square;
    return 1 + sum;
}

/* Sine of 2 pi t / DAY for 0 <= t < 2 DAY: the octant is found in whole
 * microseconds, exactly. */
static float
day_sine(int64_t t)
{
    static const double two_pi = 6.283185307179586476925;
    int64_t half = DAY / 2, eighth = DAY / 8;
    int64_t in_half = t % half; /* sin(pi + a) = -sin a */
    bool negative = t / half % 2 == 1;
    if (in_half > half / 2)
        in_half = half - in_half; /* sin(pi - a) = sin a */
    double value = in_half <= eighth ? sine(two_pi * ((double) in_half / (double) DAY))
                                     : cosine(two_pi * ((double) (half / 2 - in_half) / (double) DAY));
    return (float) (negative && value > 0 ? -value : value); /* no -0 */
}

/* sin(2 pi i / 12) */
static float
month_sine(int i)
{
    static const float sines[] = {0, 0.5F,  0.866025403784438647F,  1,  0.866025403784438647F,  0.5F,
                                  0, -0.5F, -0.866025403784438647F, -1, -0.866025403784438647F, -0.5F};
    return sines[i % 12];
}

static const float weekday_sines[] = {0,
                                      0.781831482468029809F,
                                      0.974927912181823607F,
                                      0.433883739117558120F,
                                      -0.433883739117558120F,
                                      -0.974927912181823607F,
                                      -0.781831482468029809F};
static const float weekday_cosines[] = {1,
                                        0.623489801858733531F,
                                        -0.222520933956314404F,
                                        -0.900968867902419126F,
                                        -0.900968867902419126F,
                                        -0.222520933956314404F,
                                        0.623489801858733531F};

float
date_part(enum date_part part, int64_t microseconds, int64_t origin)
{
    int year, month, day;
    if (microseconds == INT64_MIN)
        return NAN;
    int64_t time = microseconds % DAY < 0 ? microseconds % DAY + DAY : microseconds % DAY;
    int64_t days = (microseconds - time) / DAY;
    switch (part) {
    case PART_YEAR:
    case PART_MONTH_SIN:
    case PART_MONTH_COS:
        datetime_date(days, &year, &month, &day);
        return part == PART_YEAR ? (float) year : month_sine(part == PART_MONTH_SIN ? month - 1 : month + 2);
    case PART_WEEKDAY_SIN:
    case PART_WEEKDAY_COS: {
        int64_t weekday = ((days + 3) % 7 + 7) % 7; /* the first of January 1970 was a Thursday */
        return (part == PART_WEEKDAY_SIN ? weekday_sines : weekday_cosines)[weekday];
    }
    case PART_HOUR_SIN:
        return day_sine(time);
    case PART_HOUR_COS:
        return day_sine(time + DAY / 4);
    default:
        return (float) ((double) (microseconds - origin) / (double) DAY);
    }
}
