/* Dates: a form is read in every order, in one, or in none; what is read has parts, and its day goes there and back. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "dateparts.h"
#include "datetime.h"
#include "infer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_parts(int64_t time)
{
    for (enum date_part part = 0; part < PART_COUNT; part++) {
        float value = date_part(part, time, 0);
        float most = part == PART_YEAR ? 10000 : part == PART_DAYS ? 3e6F : 1;
        if (!(fabsf(value) <= most))
            abort();
    }
    int year, month, day;
    int64_t days = (time - ((time % 86400000000 + 86400000000) % 86400000000)) / 86400000000;
    datetime_date(days, &year, &month, &day);
    if (month < 1 || month > 12 || day < 1 || day > 31 || (year >= 1 && datetime_days(year, month, day) != days))
        abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* A copy that ends where the text does. */
    char *text = malloc(size > 0 ? size : 1);
    if (text == NULL)
        abort();
    if (size > 0)
        memcpy(text, data, size);
    int64_t times[3] = {0};
    bool reads[3];
    for (int order = DATES_ISO; order <= DATES_MDY; order++) {
        reads[order] = datetime_parse_as(text, size, (enum date_order) order, &times[order]);
        if (reads[order])
            check_parts(times[order]);
    }
    if (reads[DATES_ISO] && (!reads[DATES_DMY] || !reads[DATES_MDY] || times[DATES_ISO] != times[DATES_DMY] ||
                             times[DATES_ISO] != times[DATES_MDY]))
        abort();
    struct infer_column column = {0};
    infer_add_value(&column, text, size);
    infer_settle(&column, 1, 0, ';', DATES_ISO);
    if (column.times != (reads[DATES_DMY] || reads[DATES_MDY]))
        abort();
    if (infer_type(&column) == COLUMN_TIME && !datetime_parse_as(text, size, infer_dates(&column), &times[0]))
        abort();
    free(text);
    return 0;
}
