#include "datetime.h"

#include <string.h>
#include <strings.h>

/* What is left of a text. */
struct rest {
    const char *s, *end;
};

static bool
is_digit(const struct rest *rest, size_t at)
{
    return (size_t) (rest->end - rest->s) > at && (uint8_t) (rest->s[at] - '0') <= 9;
}

/* Reads `least` to `most` digits, or returns -1. */
static int
digits(struct rest *rest, size_t least, size_t most)
{
    int value = 0;
    size_t n = 0;
    for (; n < most && is_digit(rest, n); n++)
        value = value * 10 + (rest->s[n] - '0');
    rest->s += n;
    return n < least ? -1 : value;
}

static bool
literal(struct rest *rest, char c)
{
    if (rest->s == rest->end || *rest->s != c)
        return false;
    rest->s++;
    return true;
}

/* A word in upper or lower case. */
static bool
word(struct rest *rest, const char *text)
{
    /* Nearly all texts are told by their first letter. */
    if (rest->s == rest->end || (*rest->s | 32) != (*text | 32))
        return false;
    size_t n = strlen(text);
    if ((size_t) (rest->end - rest->s) < n || strncasecmp(rest->s, text, n) != 0)
        return false;
    rest->s += n;
    return true;
}

/* Jan, January: 1 to 12, or -1. Behind it comes no letter: the form goes on
 * with something else. */
static int
month_name(struct rest *rest)
{
    static const char *const names[] = {"January", "February", "March",     "April",   "May",      "June",
                                        "July",    "August",   "September", "October", "November", "December"};
    for (int i = 0; i < 12; i++) {
        char abbreviated[4] = {names[i][0], names[i][1], names[i][2], '\0'};
        if (word(rest, names[i]) || (i == 8 && word(rest, "Sept")) || word(rest, abbreviated))
            return i + 1;
    }
    return -1;
}

static int
days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

/* Years counted from March, so that the leap day is the last of its year (E. G.
 * Richards, "Mapping Time", 1998). */
int64_t
datetime_days(int year, int month, int day)
{
    int64_t y = month > 2 ? year : year - 1;
    int64_t m = (month + 9) % 12;
    return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

/* The same backwards: eras of 400 years have 146,097 days. */
void
datetime_date(int64_t days, int *year, int *month, int *day)
{
    int64_t n = days + 719468 + 146097; /* an era more, so that nothing is negative */
    int64_t era = n / 146097, of_era = n % 146097;
    int64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * y + y / 4 - y / 100), m = (5 * of_year + 2) / 153;
    *day = (int) (of_year - (153 * m + 2) / 5 + 1);
    *month = (int) (m < 10 ? m + 3 : m - 9);
    *year = (int) (y + (era - 1) * 400 + (*month <= 2));
}

/*
 * The forms of a date: Y a year of four digits; M, D month and day of two; m, d
 * of one or two; B the name of a month; a, b the two numbers whose order the
 * caller says. All else stands for itself.
 */
static const char *const forms[] = {
    "Y-M-D", "Y/m/d", "Y.m.d", "d.m.Y", "a/b/Y", "a-b-Y", "d B Y", "d-B-Y", "B d, Y", "B d Y",
};
static const char compact[] = "YMD";

/* Numbers of a date as they are written; a, b: those whose order is open, else
 * 0. */
struct date {
    int year, month, day, a, b;
};

static bool
read_form(struct rest *rest, const char *form, struct date *date)
{
    *date = (struct date){0};
    for (; *form != '\0'; form++) {
        int *to = *form == 'Y'                   ? &date->year
                  : *form == 'M' || *form == 'm' ? &date->month
                  : *form == 'D' || *form == 'd' ? &date->day
                  : *form == 'a'                 ? &date->a
                  : *form == 'b'                 ? &date->b
                                                 : NULL;
        if (*form == 'B')
            date->month = month_name(rest);
        else if (to != NULL)
            *to = digits(rest, *form == 'Y' ? 4 : *form == 'M' || *form == 'D' ? 2 : 1, *form == 'Y' ? 4 : 2);
        else if (!literal(rest, *form))
            return false;
        if ((to != NULL && *to < 1) || date->month < 0)
            return false;
    }
    return true;
}

/* Z, UTC, GMT, +hh, +hhmm or +hh:mm; seconds east of Greenwich. */
static bool
read_zone(struct rest *rest, int64_t *east)
{
    *east = 0;
    if (word(rest, "Z") || word(rest, "UTC") || word(rest, "GMT"))
        return true;
    bool west = literal(rest, '-');
    if (!west && !literal(rest, '+'))
        return false;
    int hours = digits(rest, 2, 2), minutes = 0;
    if (rest->s < rest->end) {
        literal(rest, ':');
        minutes = digits(rest, 2, 2);
    }
    if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59)
        return false;
    *east = (west ? -1 : 1) * (hours * 3600 + minutes * 60);
    return true;
}

static bool
read_fraction(struct rest *rest, int64_t *microseconds)
{
    int64_t unit = 100000;
    *microseconds = 0;
    if (!literal(rest, '.') && !literal(rest, ','))
        return true;
    if (!is_digit(rest, 0))
        return false;
    for (; is_digit(rest, 0); rest->s++, unit /= 10)
        *microseconds += unit * (*rest->s - '0');
    return true;
}

/* The time of day behind a date, to its end: microseconds. */
static bool
read_time(struct rest *rest, bool is_compact, int64_t *time)
{
    bool blank = literal(rest, ' ');
    if ((!blank && !literal(rest, 'T') && !literal(rest, 't')) || (blank && is_compact))
        return false;
    int hour = digits(rest, blank ? 1 : 2, 2), minute, second = 0;
    int64_t fraction = 0, east = 0;
    if (!is_compact && !literal(rest, ':'))
        return false;
    minute = digits(rest, 2, 2);
    if (is_compact ? is_digit(rest, 0) : literal(rest, ':')) {
        second = digits(rest, 2, 2);
        if (!read_fraction(rest, &fraction))
            return false;
    }
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60)
        return false;
    bool gap = literal(rest, ' ');
    bool am = blank && word(rest, "AM"), pm = blank && !am && word(rest, "PM");
    if (am || pm) {
        if (hour < 1 || hour > 12)
            return false;
        hour = hour % 12 + (pm ? 12 : 0);
        gap = literal(rest, ' ');
    }
    if ((gap || rest->s < rest->end) && !read_zone(rest, &east))
        return false;
    *time = (hour * 3600 + minute * 60 + second - east) * 1000000 + fraction;
    return rest->s == rest->end;
}

static bool
to_time(int year, int month, int day, int64_t time_of_day, int64_t *time)
{
    if (month > 12 || day > days_in_month(year, month))
        return false;
    *time = datetime_days(year, month, day) * 86400000000 + time_of_day;
    return true;
}

bool
datetime_look(const char *s, size_t n, struct datetime_look *look)
{
    struct date date;
    struct rest rest = {s, s + n};
    bool found = false, is_compact = false;
    int64_t time_of_day = 0;
    enum { SHORTEST = 8, LONGEST = 64 }; /* longer ones have a fraction that nobody writes */
    if (n < SHORTEST || n > LONGEST)
        return false;
    for (size_t i = 0; i < sizeof forms / sizeof *forms && !found; i++) {
        rest.s = s;
        found = read_form(&rest, forms[i], &date);
    }
    if (!found) {
        rest.s = s;
        is_compact = read_form(&rest, compact, &date);
        if (!is_compact || rest.s == rest.end)
            return false;
    }
    if (rest.s < rest.end && !read_time(&rest, is_compact, &time_of_day))
        return false;
    look->ordered = date.a > 0;
    if (look->ordered) {
        look->dmy = to_time(date.year, date.b, date.a, time_of_day, &look->time[0]);
        look->mdy = to_time(date.year, date.a, date.b, time_of_day, &look->time[1]);
    } else {
        look->dmy = look->mdy = to_time(date.year, date.month, date.day, time_of_day, &look->time[0]);
        look->time[1] = look->time[0];
    }
    return look->dmy || look->mdy;
}

bool
datetime_parse_as(const char *s, size_t n, enum date_order order, int64_t *microseconds)
{
    struct datetime_look look;
    if (!datetime_look(s, n, &look) || (order == DATES_ISO && look.ordered) || (order == DATES_DMY && !look.dmy) ||
        (order == DATES_MDY && !look.mdy))
        return false;
    *microseconds = look.time[order == DATES_MDY];
    return true;
}

const char *
date_order_name(enum date_order order)
{
    static const char *const names[] = {"iso", "dmy", "mdy"};
    return names[order];
}
