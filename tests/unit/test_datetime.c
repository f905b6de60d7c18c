#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dateparts.h"
#include "datetime.h"

static void
check_as(const char *s, enum date_order order, int64_t expected)
{
    int64_t got;
    if (!datetime_parse_as(s, strlen(s), order, &got))
        fail_msg("'%s' is not taken as a time", s);
    if (got != expected)
        fail_msg("'%s' gives %" PRId64 " instead of %" PRId64, s, got, expected);
}

/* The same in every order. */
static void
check(const char *s, int64_t expected)
{
    check_as(s, DATES_ISO, expected);
    check_as(s, DATES_DMY, expected);
    check_as(s, DATES_MDY, expected);
}

static void
refuse(const char *s, enum date_order order)
{
    int64_t got;
    if (datetime_parse_as(s, strlen(s), order, &got))
        fail_msg("'%s' is taken as a time", s);
}

static void
test_iso(void **state)
{
    (void) state;
    check("1970-01-01", 0);
    check("1969-12-31", -86400000000);
    check("2000-02-29", 951782400000000);
    check("2001-01-01T00:01", 978307260000000);
    check("2013-11-23T02:30:31-08:00", 1385202631000000);
    check("2013-11-23 10:30:31.25Z", 1385202631250000);
    check("2013-11-23T10:30:31,1234567+0000", 1385202631123456);
    check("2013-11-23T11:30:31+01", 1385202631000000);
    check("2016-12-31T23:59:60Z", 1483228800000000);
    check("0001-01-01", -62135596800000000);
    check("9999-12-31T23:59:59", 253402300799000000);
    check("20131123T103031Z", 1385202631000000);
    check("20131123T1030", 1385202600000000);
    check("20131123T103031.5+0000", 1385202631500000);
}

static void
test_common(void **state)
{
    (void) state;
    static const char *const texts[] = {"2024/01/07",  "2024/1/7",    "2024.1.7",        "7.1.2024",
                                        "07.01.2024",  "7 Jan 2024",  "07-Jan-2024",     "7-JAN-2024",
                                        "Jan 7, 2024", "Jan 07 2024", "January 7, 2024", "7 january 2024"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        check(texts[i], 1704585600000000);
    check("Sept 1, 2024", 1725148800000000);
    check("1 Sep 2024", 1725148800000000);
    check("May 1, 2024", 1714521600000000);
    check("7.1.2024 9:05", 1704618300000000);
    check("7.1.2024 9:05 PM", 1704661500000000);
    check("7.1.2024 12:05am", 1704585900000000);
    check("7.1.2024 12:05 PM", 1704629100000000);
    check("7 Jan 2024 10:30:31 +0100", 1704619831000000);
    check("2024-01-07 09:30:31 UTC", 1704619831000000);
    check("2024-01-07 09:30:31GMT", 1704619831000000);
}

static void
test_orders(void **state)
{
    (void) state;
    check_as("1/2/2024", DATES_DMY, 1706745600000000);
    check_as("1/2/2024", DATES_MDY, 1704153600000000);
    check_as("01-02-2024", DATES_DMY, 1706745600000000);
    check_as("01-02-2024 10:00", DATES_MDY, 1704189600000000);
    check_as("17/1/2024", DATES_DMY, 1705449600000000);
    check_as("1/17/2024", DATES_MDY, 1705449600000000);
    refuse("17/1/2024", DATES_MDY);
    refuse("1/17/2024", DATES_DMY);
    refuse("1/2/2024", DATES_ISO);
    refuse("31/2/2024", DATES_DMY);
    struct datetime_look look;
    assert_true(datetime_look("1/2/2024", 8, &look) && look.ordered && look.dmy && look.mdy);
    assert_true(datetime_look("1.2.2024", 8, &look) && !look.ordered && look.time[0] == look.time[1]);
    assert_true(datetime_look("13/2/2024", 9, &look) && look.ordered && look.dmy && !look.mdy);
    assert_false(datetime_look("13/13/2024", 10, &look));
}

static void
test_refused(void **state)
{
    (void) state;
    static const char *const texts[] = {"",
                                        "2001",
                                        "2001-01",
                                        "2001-13-01",
                                        "2001-00-01",
                                        "2001-01-32",
                                        "2001-02-29",
                                        "1900-02-29",
                                        "2001-01-01T",
                                        "2001-01-01T24:00",
                                        "2001-01-01T1:00",
                                        "2001-01-01T10",
                                        "2001-01-01T10:60",
                                        "2001-01-01T10:00:61",
                                        "2001-01-01T10:00:00.",
                                        "2001-01-01T10:00+24",
                                        "2001-01-01T10:00 PM",
                                        "2001-01-01 13:00 PM",
                                        "2001-01-01 0:30 AM",
                                        "2001-01-01  10:00",
                                        "2001-01-01x",
                                        "2001-1-1",
                                        "0000-01-01",
                                        "2001-01-01T10:00+01:",
                                        "2001-01-01T10:00+1",
                                        "2001-01-01 10:00 ",
                                        "2001-01-01 10:00  Z",
                                        "20010101",
                                        "20010101 1000",
                                        "20010101T10:00",
                                        "20010101T",
                                        "1.1.01",
                                        "1/1/01",
                                        "1.13.2001",
                                        "2001-01/01",
                                        "1-Jan-01",
                                        "1 Janu 2001",
                                        "1 Foo 2001",
                                        "Jan 1,2001",
                                        "Mayday 1, 2001",
                                        "192.168.1.1",
                                        "1.2.3.2001",
                                        "978307260",
                                        "10:00:00"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        for (int order = DATES_ISO; order <= DATES_MDY; order++)
            refuse(texts[i], (enum date_order) order);
}

/* Every day of ten thousand years goes to its date and back. */
static void
test_calendar(void **state)
{
    (void) state;
    int year, month, day;
    int64_t last = datetime_days(9999, 12, 31), n = 0;
    assert_int_equal(datetime_days(1970, 1, 1), 0);
    for (int64_t days = datetime_days(1, 1, 1); days <= last; days++, n++) {
        datetime_date(days, &year, &month, &day);
        if (datetime_days(year, month, day) != days || month < 1 || month > 12 || day < 1 || day > 31)
            fail_msg("day %" PRId64 " is %d-%d-%d", days, year, month, day);
    }
    assert_int_equal(n, 3652059);
    datetime_date(-719528, &year, &month, &day);
    assert_true(year == 0 && month == 1 && day == 1);
}

static int64_t
at(const char *s)
{
    int64_t time;
    assert_true(datetime_parse(s, strlen(s), &time));
    return time;
}

/* Within one unit in the last place, as the header says; and exactly where the sine is 0, 1/2 or 1. */
static void
check_part(enum date_part part, const char *s, double expected)
{
    float got = date_part(part, at(s), at("2024-01-01")), wanted = (float) expected;
    if (got != wanted && got != nextafterf(wanted, 2) && got != nextafterf(wanted, -2) && fabs(expected) > 1e-12)
        fail_msg("%s of %s is %.9g instead of %.9g", date_part_name(part), s, got, wanted);
    if (fabs(expected) <= 1e-12 && got != 0)
        fail_msg("%s of %s is %.9g instead of 0", date_part_name(part), s, got);
}

static void
test_parts(void **state)
{
    (void) state;
    const double pi = 3.14159265358979323846;
    char s[32];
    for (int month = 1; month <= 12; month++) {
        snprintf(s, sizeof s, "2024-%02d-17", month);
        check_part(PART_MONTH_SIN, s, sin(2 * pi * (month - 1) / 12));
        check_part(PART_MONTH_COS, s, cos(2 * pi * (month - 1) / 12));
    }
    for (int i = 0; i < 14; i++) { /* the first of January 2024 was a Monday */
        snprintf(s, sizeof s, "2024-01-%02dT23:59:59", i + 1);
        check_part(PART_WEEKDAY_SIN, s, sin(2 * pi * (i % 7) / 7));
        check_part(PART_WEEKDAY_COS, s, cos(2 * pi * (i % 7) / 7));
    }
    for (int second = 0; second < 86400; second += 7) {
        snprintf(s, sizeof s, "1969-12-31 %02d:%02d:%02d", second / 3600, second / 60 % 60, second % 60);
        check_part(PART_HOUR_SIN, s, sin(2 * pi * second / 86400));
        check_part(PART_HOUR_COS, s, cos(2 * pi * second / 86400));
    }
    check_part(PART_HOUR_SIN, "2024-01-01T02:00", 0.5);
    check_part(PART_HOUR_COS, "2024-01-01T12:00", -1);
    check_part(PART_YEAR, "0001-01-01", 1);
    check_part(PART_YEAR, "1999-12-31T23:59:59.999999", 1999);
    check_part(PART_DAYS, "2024-01-01", 0);
    check_part(PART_DAYS, "2024-03-01T06:00", 60.25);
    check_part(PART_DAYS, "2023-12-31T12:00", -0.5);
    for (int part = 0; part < PART_COUNT; part++) {
        assert_true(isnan(date_part((enum date_part) part, INT64_MIN, 0)));
        assert_int_equal(date_part_find(date_part_name((enum date_part) part)), part);
    }
    assert_int_equal(date_part_find("month"), -1);
}

/* The same bits everywhere: a digest of seconds of a day that must never change. */
static void
test_bits(void **state)
{
    (void) state;
    uint64_t sum = 0;
    for (int64_t t = 0; t < 86400000000; t += 1000003) {
        for (int part = PART_HOUR_SIN; part <= PART_HOUR_COS; part++) {
            float value = date_part((enum date_part) part, t, 0);
            uint32_t bits;
            memcpy(&bits, &value, sizeof bits);
            sum = (sum ^ bits) * 0x100000001b3;
        }
    }
    if (sum != 0xe08357c9e8c05961)
        fail_msg("the parts have the digest %016" PRIx64, sum);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_iso),     cmocka_unit_test(test_common),   cmocka_unit_test(test_orders),
        cmocka_unit_test(test_refused), cmocka_unit_test(test_calendar), cmocka_unit_test(test_parts),
        cmocka_unit_test(test_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
