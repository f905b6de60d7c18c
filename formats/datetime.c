#include "datetime.h"

/* Reads `width` digits at *at, or returns -1. */
static int
digits(const char *s, size_t n, size_t *at, size_t width)
{
    int value = 0;
    if (n - *at < width)
        return -1;
    for (size_t i = 0; i < width; i++) {
        char c = s[*at + i];
        if (c < '0' || c > '9')
            return -1;
        value = value * 10 + (c - '0');
    }
    *at += width;
    return value;
}

static bool
literal(const char *s, size_t n, size_t *at, char c)
{
    if (*at >= n || s[*at] != c)
        return false;
    ++*at;
    return true;
}

static int
days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

/* Days since 1970-01-01: years counted from March, so that the leap day is the last of its year (E. G. Richards,
 * "Mapping Time", 1998). Year >= 1. */
static int64_t
days_from_date(int year, int month, int day)
{
    int64_t y = month > 2 ? year : year - 1;
    int64_t m = (month + 9) % 12;
    return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

/* Z, +hh, +hhmm or +hh:mm at *at; seconds east of Greenwich. */
static bool
zone(const char *s, size_t n, size_t *at, int64_t *seconds)
{
    if (literal(s, n, at, 'Z') || literal(s, n, at, 'z'))
        return true;
    bool west = *at < n && s[*at] == '-';
    if (!west && !(*at < n && s[*at] == '+'))
        return false;
    ++*at;
    int hours = digits(s, n, at, 2), minutes = 0;
    if (*at < n) {
        literal(s, n, at, ':');
        minutes = digits(s, n, at, 2);
    }
    if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59)
        return false;
    *seconds = (west ? -1 : 1) * (hours * 3600 + minutes * 60);
    return true;
}

bool
datetime_parse(const char *s, size_t n, int64_t *microseconds)
{
    size_t at = 0;
    if (n < 10 || s[4] != '-')
        return false;
    int year = digits(s, n, &at, 4);
    if (year < 1 || !literal(s, n, &at, '-'))
        return false;
    int month = digits(s, n, &at, 2);
    if (month < 1 || month > 12 || !literal(s, n, &at, '-'))
        return false;
    int day = digits(s, n, &at, 2);
    if (day < 1 || day > days_in_month(year, month))
        return false;
    int64_t seconds = days_from_date(year, month, day) * 86400, fraction = 0, east = 0;
    if (at < n) {
        if (!literal(s, n, &at, 'T') && !literal(s, n, &at, 't') && !literal(s, n, &at, ' '))
            return false;
        int hour = digits(s, n, &at, 2);
        if (hour < 0 || hour > 23 || !literal(s, n, &at, ':'))
            return false;
        int minute = digits(s, n, &at, 2), second = 0;
        if (minute < 0 || minute > 59)
            return false;
        if (literal(s, n, &at, ':')) {
            second = digits(s, n, &at, 2);
            if (second < 0 || second > 60)
                return false;
            if (literal(s, n, &at, '.') || literal(s, n, &at, ',')) {
                int64_t unit = 100000;
                size_t first = at;
                for (; at < n && s[at] >= '0' && s[at] <= '9'; at++, unit /= 10)
                    fraction += unit * (s[at] - '0');
                if (at == first)
                    return false;
            }
        }
        seconds += hour * 3600 + minute * 60 + second;
        if (at < n && !zone(s, n, &at, &east))
            return false;
    }
    if (at != n)
        return false;
    *microseconds = (seconds - east) * 1000000 + fraction;
    return true;
}
