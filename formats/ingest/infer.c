#include "infer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <xxhash.h>

#include "memory.h"
#include "number.h"
#include "options.h"

/* Missing values. */

void
missing_open(struct missing *missing, const char *list)
{
    *missing = (struct missing){.dashes = strcmp(list, MISSING_DEFAULT) == 0};
    missing->texts = split_list(list, &missing->n);
    missing->lengths = mem_array(missing->n, sizeof *missing->lengths);
    for (size_t i = 0; i < missing->n; i++) {
        size_t length = strlen(missing->texts[i]);
        missing->lengths[i] = length;
        if (length > missing->longest)
            missing->longest = length;
        if (length > 0)
            missing->first[(uint8_t) missing->texts[i][0]] = true;
    }
}

void
missing_close(struct missing *missing)
{
    free(missing->texts);
    free(missing->lengths);
    *missing = (struct missing){0};
}

bool
missing_listed(const struct missing *missing, const char *s, size_t n)
{
    for (size_t i = 0; i < missing->n; i++)
        if (missing->lengths[i] == n && memcmp(missing->texts[i], s, n) == 0)
            return true;
    return false;
}

/* Different values. */

struct infer_column *
infer_open(size_t n)
{
    /* The sets stand behind the columns. */
    struct infer_column *columns = mem_zalloc(n, sizeof(struct infer_column) + sizeof(struct infer_set));
    struct infer_set *sets = (struct infer_set *) (columns + n);
    for (size_t i = 0; i < n; i++)
        columns[i].set = &sets[i];
    return columns;
}

void
infer_set_spill(struct infer_set *set)
{
    uint32_t bits[INFER_SLOTS] = {0};
    set->n = 0;
    for (size_t i = 0; i < INFER_SLOTS; i++) {
        uint32_t mark = set->slots[i], *word = &bits[mark >> 6 & (INFER_SLOTS - 1)], bit = 1U << (mark >> 1 & 31);
        if (mark == 0)
            continue;
        set->n += (*word & bit) == 0;
        *word |= bit;
    }
    memcpy(set->bits, bits, sizeof bits);
    set->many = true;
}

uint64_t
infer_hash_long(const char *s, size_t n)
{
    return XXH3_64bits(s, n);
}

static uint64_t
hash_text(const char *s, size_t n)
{
    uint64_t words[2];
    if (n > 16)
        return infer_hash_long(s, n);
    infer_words(s, n, words);
    return infer_hash_words(words, n);
}

uint64_t
infer_distinct(const struct infer_column *column, bool *exact)
{
    const struct infer_set *set = column->set;
    uint64_t dashes = infer_type(column) == COLUMN_CAT ? (uint64_t) __builtin_popcount(column->dash_kinds) : 0;
    *exact = set != NULL && !set->many;
    if (set == NULL)
        return column->n_distinct + dashes;
    if (!set->many)
        return set->n + dashes;
    double bits = INFER_BITS, unset = set->n < INFER_BITS ? bits - set->n : 0.5;
    double estimate = bits * log(bits / unset) + (double) dashes;
    return estimate < (double) column->values ? (uint64_t) (estimate + 0.5) : column->values;
}

/* Cells. */

static bool
is_boolean(const char *s, size_t n)
{
    static const char *const words[] = {"true", "false", "yes", "no", "t", "f", "y", "n", "on", "off"};
    if (n == 0 || n > 5 || strchr("tfynoTFYNO", s[0]) == NULL)
        return false;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strlen(words[i]) == n && strncasecmp(words[i], s, n) == 0)
            return true;
    return false;
}

static void
keep_example(char example[INFER_EXAMPLE], const char *s, size_t n)
{
    size_t keep = n < INFER_EXAMPLE - 1 ? n : INFER_EXAMPLE - 1;
    memcpy(example, s, keep);
    example[keep] = '\0';
}

static void
add_number(struct infer_column *column, const char *s, size_t n, bool percent)
{
    double value;
    bool point = number_parse(s, n, &value), comma = number_parse_as(s, n, ',', &value);
    if (percent) {
        column->percents += point;
        column->comma.percents += comma;
    } else {
        column->numbers += point;
        column->comma.numbers += comma;
        column->codes += point && number_is_code(s, n);
    }
    column->points += point && !comma;
    if (comma && !point) {
        column->comma.commas++;
        column->comma.sure += !number_may_be_grouped(s, n, ',');
    }
    column->grouped += !percent && !point && number_is_grouped(s, n);
    if (!percent && !comma && number_is_grouped_as(s, n, ',') && column->comma.grouped++ == 0)
        keep_example(column->comma.example, s, n);
}

static void
add_date(struct infer_column *column, const char *s, size_t n)
{
    struct datetime_look look;
    if (!datetime_look(s, n, &look))
        return;
    const bool reads[2] = {look.dmy, look.mdy};
    const uint64_t before[2] = {column->dmy, column->mdy};
    for (int k = 0; k < 2; k++)
        if (reads[k] && (before[k] == 0 || look.time[k] < column->first_time[k]))
            column->first_time[k] = look.time[k];
    column->times++;
    column->ordered += look.ordered;
    column->dmy += look.dmy;
    column->mdy += look.mdy;
    column->clock |= look.time[look.dmy ? 0 : 1] % 86400000000 != 0;
}

void
infer_add_value(struct infer_column *column, const char *s, size_t n)
{
    column->values++;
    infer_count(column, hash_text(s, n));
    uint64_t before = column->numbers;
    bool percent = n > 1 && s[n - 1] == '%';
    size_t length = percent ? n - 1 : n;
    while (percent && length > 0 && s[length - 1] == ' ')
        length--;
    /* No number begins with another character: text costs nothing more. */
    bool digit = n > 0 && ((uint8_t) (s[0] - '0') <= 9 || strchr("+-.,", s[0]) != NULL);
    if (digit || (n >= 3 && (s[0] | 32) == 'i' && strncasecmp(s, "inf", 3) == 0))
        add_number(column, s, length, percent);
    if (column->numbers > before)
        return;
    add_date(column, s, n);
    column->booleans += is_boolean(s, n);
    column->bytes += n;
    if (n > column->longest)
        column->longest = n < UINT32_MAX ? (uint32_t) n : UINT32_MAX;
    if (column->example[0] == '\0')
        keep_example(column->example, s, n);
}

void
infer_add(struct infer_column *column, const struct missing *missing, const char *s, size_t n)
{
    if (missing_match(missing, s, n)) {
        column->missing++;
    } else if (missing_dash(missing, s, n)) {
        /* A value of a column of categories; in others it must not look like one. */
        column->values++;
        column->dashes++;
        column->dash_kinds |= n == 2 ? 4 : s[0] == '-' ? 2 : 1;
    } else {
        infer_add_value(column, s, n);
    }
}

/* Decisions. */

static bool
comma(const struct infer_column *column)
{
    return column->decimal == ',';
}

/* So many values and dashes are all there is, and not only dashes. */
static bool
all(const struct infer_column *column, uint64_t n)
{
    return n + column->dashes == column->values && n > 0;
}

static uint64_t
numbers(const struct infer_column *column)
{
    return comma(column) ? column->comma.numbers : column->numbers;
}

char
infer_settle(struct infer_column *columns, size_t n, char decimal, char delimiter, enum date_order dates)
{
    bool sure = false, points = false;
    for (size_t i = 0; i < n; i++) {
        const struct infer_column *column = &columns[i];
        bool is_comma =
            column->comma.commas > 0 && (all(column, column->comma.numbers) || all(column, column->comma.percents));
        sure |= is_comma && column->comma.sure > 0;
        points |= column->points > 0 && (all(column, column->numbers) || all(column, column->percents));
    }
    if (decimal == 0)
        decimal = sure && !points && delimiter != ',' ? ',' : '.';
    for (size_t i = 0; i < n; i++) {
        columns[i].decimal = decimal;
        columns[i].dates = dates;
    }
    return decimal;
}

bool
infer_percent(const struct infer_column *column)
{
    return all(column, comma(column) ? column->comma.percents : column->percents);
}

bool
infer_grouped(const struct infer_column *column)
{
    uint64_t grouped = comma(column) ? column->comma.grouped : column->grouped;
    /* 17.1.2024 could be one with points between, where the decimal is a comma: dates they are. */
    return grouped > 0 && all(column, numbers(column) + grouped) && !all(column, column->times);
}

enum date_order
infer_dates(const struct infer_column *column)
{
    if (column->ordered == 0)
        return DATES_ISO;
    bool dmy = column->dmy == column->times, mdy = column->mdy == column->times;
    return dmy == mdy ? column->dates : dmy ? DATES_DMY : DATES_MDY;
}

/* All values are dates in one order at least. */
static bool
is_dates(const struct infer_column *column)
{
    return all(column, column->times) && (column->dmy == column->times || column->mdy == column->times);
}

bool
infer_unordered(const struct infer_column *column)
{
    return is_dates(column) && column->ordered > 0 && infer_dates(column) == DATES_ISO;
}

bool
infer_mixed(const struct infer_column *column)
{
    return all(column, column->times) && !is_dates(column);
}

int64_t
infer_origin(const struct infer_column *column)
{
    const int64_t day = 86400000000;
    int64_t first = column->first_time[infer_dates(column) == DATES_MDY], time = first % day;
    return first - (time < 0 ? time + day : time);
}

enum column_type
infer_type(const struct infer_column *column)
{
    if (column->values == 0 || (all(column, numbers(column)) && column->codes == 0) || infer_percent(column))
        return COLUMN_NUM;
    return is_dates(column) && !infer_unordered(column) ? COLUMN_TIME : COLUMN_CAT;
}

bool
infer_is_text(const struct infer_column *column)
{
    enum { FEWEST = 100, MEAN_BYTES = 32 };
    bool exact;
    return column->set != NULL && column->values >= FEWEST && column->bytes >= MEAN_BYTES * column->values &&
           infer_type(column) == COLUMN_CAT && 2 * infer_distinct(column, &exact) > column->values;
}

const char *
infer_nearly(const struct infer_column *column, uint64_t *others)
{
    enum { FEWEST = 10, PARTS = 10 };
    uint64_t n = numbers(column), most = column->values / PARTS;
    *others = column->values - (n > column->times ? n : column->times);
    if (column->values < FEWEST || infer_type(column) != COLUMN_CAT || *others == 0 || *others > most)
        return NULL;
    return n <= column->times ? "dates" : column->codes == 0 ? "numbers" : NULL;
}

const char *
infer_reason(const struct infer_column *column)
{
    bool percents = column->percents > 0 || column->comma.percents > 0;
    if (column->values == 0)
        return "no value in the sample";
    switch (infer_type(column)) {
    case COLUMN_NUM:
        return infer_percent(column) ? "percentages" : "numbers";
    case COLUMN_TIME:
        return infer_dates(column) == DATES_ISO   ? "dates"
               : infer_dates(column) == DATES_DMY ? "dates, the day first"
                                                  : "dates, the month first";
    default:
        if (column->codes > 0 && all(column, numbers(column)))
            return "integers with leading zeros";
        if (column->booleans == column->values && column->n_distinct == 2)
            return "booleans";
        if (infer_unordered(column))
            return "dates, but whether the day or the month comes first cannot be seen";
        if (infer_mixed(column))
            return "dates, some with the day and some with the month first";
        if (percents && all(column, numbers(column) + (comma(column) ? column->comma.percents : column->percents)))
            return "numbers, of which some have a % sign and some have none";
        if (infer_is_text(column))
            return "long text, mostly different";
        return numbers(column) > 0 ? "text and numbers" : "text";
    }
}

/* 1,234,567 */
static const char *
thousands(char buffer[32], uint64_t n)
{
    char *s = buffer + 31;
    *s = '\0';
    for (int digits = 0; digits == 0 || n > 0; digits++, n /= 10) {
        if (digits > 0 && digits % 3 == 0)
            *--s = ',';
        *--s = (char) ('0' + n % 10);
    }
    return s;
}

void
infer_figures(const struct infer_column *column, char *buffer, size_t cap)
{
    char counts[3][32], missing[64] = "";
    bool exact;
    uint64_t distinct = infer_distinct(column, &exact), records = column->values + column->missing,
             gone = column->missing + (infer_type(column) == COLUMN_CAT ? 0 : column->dashes);
    buffer[0] = '\0';
    if (column->set == NULL || column->values == 0)
        return;
    if (!exact)
        for (uint64_t unit = 1;; unit *= 10) /* two digits of it are known */
            if (distinct / unit < 100) {
                distinct = (distinct + unit / 2) / unit * unit;
                break;
            }
    if (distinct > column->values)
        distinct = column->values;
    if (gone > 0)
        snprintf(missing, sizeof missing, ", %s missing", thousands(counts[2], gone));
    snprintf(buffer, cap, "%s%s different value%s in %s record%s%s", exact ? "" : "about ",
             thousands(counts[0], distinct), distinct == 1 ? "" : "s", thousands(counts[1], records),
             records == 1 ? "" : "s", missing);
}
