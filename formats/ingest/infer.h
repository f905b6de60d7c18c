/*
 * What kind of column a sample of cells shows.
 *
 *   num   every value is a decimal number (number.h), none an integer with leading zeros; or every value is one with a
 * % time  every value is a date or a time (datetime.h), and it is clear whether the day or the month comes first cat
 * anything else
 *
 * A column without a single value is num. Missing cells say nothing; nor do the texts . - -- among numbers and dates,
 * which are how tables write "nothing". Counting costs some nanoseconds a cell and 1 KiB a column.
 *
 *     struct infer_column *columns = infer_open(n_columns);     // free() releases it
 *     infer_add(&columns[i], &missing, cell, n);
 *     decimal = infer_settle(columns, n_columns, 0, delimiter, DATES_ISO);
 *     type = infer_type(&columns[i]);
 */
#ifndef CL_INFER_H
#define CL_INFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "datetime.h"
#include "schema.h"

/* The markers of a missing value: the empty cell always, and a list of texts. */
#define MISSING_DEFAULT "NA,N/A,n/a,#N/A,#NA,<NA>,NaN,nan,-NaN,-nan,NULL,null,None,?"

struct missing {
    char **texts; /* as split_list() gives them */
    size_t *lengths;
    size_t n, longest;
    bool first[256]; /* first bytes of the texts */
    bool dashes;     /* . - -- are missing, too, where a number or a date is wanted */
};

/* list: texts between commas; MISSING_DEFAULT, and only that, brings the dashes with it. */
void missing_open(struct missing *missing, const char *list);
void missing_close(struct missing *missing);
bool missing_listed(const struct missing *missing, const char *s, size_t n);

static inline bool
missing_match(const struct missing *missing, const char *s, size_t n)
{
    if (n == 0)
        return true;
    return missing->first[(uint8_t) s[0]] && n <= missing->longest && missing_listed(missing, s, n);
}

/* True for . - and -- */
static inline bool
is_dash(const char *s, size_t n)
{
    return (n == 1 && (s[0] == '.' || s[0] == '-')) || (n == 2 && s[0] == '-' && s[1] == '-');
}

/* The same for a cell that should be a number or a date and is none. */
static inline bool
missing_dash(const struct missing *missing, const char *s, size_t n)
{
    return missing->dashes && is_dash(s, n);
}

/*
 * How many different values: exactly up to INFER_EXACT, then from the share of bits that are set (K.-Y. Whang et al.,
 * "A linear-time probabilistic counting algorithm", TODS 1990), within 2 % up to 20,000.
 */
enum { INFER_SLOTS = 256, INFER_EXACT = 192, INFER_BITS = 32 * INFER_SLOTS };
struct infer_set {
    uint32_t n; /* strings, or bits that are set */
    bool many;  /* they are bits */
    union {
        uint32_t slots[INFER_SLOTS]; /* hashes, open addressing; 0 = empty */
        uint32_t bits[INFER_SLOTS];
    };
};

enum { INFER_EXAMPLE = 24, INFER_DISTINCT = 3 };

struct infer_column {
    uint64_t missing;
    uint64_t values;   /* cells that were not missing; of these: */
    uint64_t numbers;  /* decimal numbers */
    uint64_t points;   /* of these: with a decimal point */
    uint64_t codes;    /* integers with leading zeros */
    uint64_t grouped;  /* numbers with thousands separators or a decimal comma */
    uint64_t percents; /* numbers with a % */
    struct {           /* The same for the decimal comma. */
        uint64_t numbers, grouped, percents;
        uint64_t commas;             /* numbers with a comma, */
        uint64_t sure;               /* and with one that cannot stand for thousands */
        char example[INFER_EXAMPLE]; /* the first value with thousands separators, as below */
    } comma;
    uint64_t dashes;                   /* . - --, where they may be missing values */
    uint8_t dash_kinds;                /* a bit for each of the three */
    uint64_t booleans;                 /* true, false, yes, no, ... */
    uint64_t times, ordered;           /* dates; of these: those whose order is open, 01/02/2024 */
    uint64_t dmy, mdy;                 /* dates with the day, with the month first, or either */
    int64_t first_time[2];             /* the earliest, by the day first, by the month first */
    bool clock;                        /* a date had a time of day */
    uint64_t bytes;                    /* of all values that are no numbers */
    uint32_t longest;                  /* of those */
    uint32_t n_distinct;               /* at most INFER_DISTINCT */
    uint64_t distinct[INFER_DISTINCT]; /* hashes of the first different texts */
    struct infer_set *set;             /* or NULL */
    char example[INFER_EXAMPLE];       /* the first value that was no number, cut; NUL-terminated */
    /* By infer_settle(): */
    char decimal; /* 0 = '.' */
    enum date_order dates;
};

/* [n] columns with sets, all zero, in one block for free(). A zeroed column without a set can be used just as well. */
struct infer_column *infer_open(size_t n);
void infer_add(struct infer_column *column, const struct missing *missing, const char *s, size_t n);

/* Not for callers. */
void infer_set_spill(struct infer_set *set);
uint64_t infer_hash_long(const char *s, size_t n);
void infer_add_value(struct infer_column *column, const char *s, size_t n);

static inline void
infer_count(struct infer_column *column, uint64_t hash)
{
    struct infer_set *set = column->set;
    for (uint32_t i = 0; column->n_distinct < INFER_DISTINCT; i++) {
        if (i == column->n_distinct)
            column->distinct[column->n_distinct++] = hash;
        if (column->distinct[i] == hash)
            break;
    }
    if (set == NULL)
        return;
    uint32_t mark = (uint32_t) (hash >> 32) | 1;
    if (set->many) {
        uint32_t *word = &set->bits[mark >> 6 & (INFER_SLOTS - 1)], bit = 1U << (mark >> 1 & 31);
        set->n += (*word & bit) == 0;
        *word |= bit;
        return;
    }
    uint32_t i = mark >> 6 & (INFER_SLOTS - 1);
    while (set->slots[i] != 0 && set->slots[i] != mark)
        i = (i + 1) & (INFER_SLOTS - 1);
    if (set->slots[i] == 0) {
        set->slots[i] = mark;
        if (++set->n > INFER_EXACT)
            infer_set_spill(set);
    }
}

/* The first and the last 8 bytes of a text of up to 16. */
static inline void
infer_words(const char *s, size_t n, uint64_t words[2])
{
    words[0] = words[1] = 0;
    if (n >= 8) {
        memcpy(&words[0], s, 8);
        memcpy(&words[1], s + n - 8, 8);
    } else if (n >= 4) {
        memcpy(&words[0], s, 4);
        memcpy(&words[1], s + n - 4, 4);
    } else if (n > 0) {
        words[0] = (uint64_t) (uint8_t) s[0] | (uint64_t) (uint8_t) s[n / 2] << 8 | (uint64_t) (uint8_t) s[n - 1] << 16;
    }
}

static inline uint64_t
infer_hash_words(const uint64_t words[2], size_t n)
{
    __extension__ typedef unsigned __int128 u128;
    u128 product = (u128) (words[0] ^ 0x9e3779b97f4a7c15) * (words[1] ^ 0xc2b2ae3d27d4eb4f ^ n << 56);
    uint64_t folded = ((uint64_t) product ^ (uint64_t) (product >> 64)) * 0xff51afd7ed558ccd;
    return folded ^ folded >> 29;
}

/* True when one of the bytes is c. */
static inline bool
infer_has(uint64_t word, uint8_t c)
{
    uint64_t x = word ^ 0x0101010101010101 * c;
    return ((x - 0x0101010101010101) & ~x & 0x8080808080808080) != 0;
}

/* A cell that is known to be a plain decimal, without a leading zero, white space or marker; the same as infer_add().
 */
static inline void
infer_add_number(struct infer_column *column, const char *s, size_t n)
{
    uint64_t words[2];
    if (n > 16 || n == 0) {
        infer_add_value(column, s, n);
        return;
    }
    infer_words(s, n, words);
    if (infer_has(words[0], ',') || infer_has(words[1], ',')) {
        infer_add_value(column, s, n);
        return;
    }
    bool point = infer_has(words[0], '.') || infer_has(words[1], '.');
    column->values++;
    column->numbers++;
    column->points += point;
    column->comma.numbers += !point;
    infer_count(column, infer_hash_words(words, n));
}

/*
 * What the whole file has in common, told to its columns: the decimal, given or 0, which is returned; and the order of
 * dates that do not show it. The decimal is a comma only if a column shows it beyond doubt: all its values are numbers
 * then, some could be nothing else, the delimiter is another one and no column of numbers has points.
 */
char infer_settle(struct infer_column *columns, size_t n, char decimal, char delimiter, enum date_order dates);

enum column_type infer_type(const struct infer_column *column);
/*
 * True for a column of categories, by its type, which is of no use as such: texts of 32 bytes and more on average, of
 * which over half are different. Not known without a set, nor from fewer than 100 values.
 */
bool infer_is_text(const struct infer_column *column);
/* True when all values are numbers with a %. */
bool infer_percent(const struct infer_column *column);
/* True when all values would be numbers if separators were read, and some need it. */
bool infer_grouped(const struct infer_column *column);
/* True when all values are dates, but whether day or month comes first cannot be seen and was not told. */
bool infer_unordered(const struct infer_column *column);
/* True when all values are dates, but none of the two orders reads them all. */
bool infer_mixed(const struct infer_column *column);
/* The order of a column of dates. */
enum date_order infer_dates(const struct infer_column *column);
/* Midnight before its earliest date. */
int64_t infer_origin(const struct infer_column *column);
/*
 * "numbers" or "dates" for a column of categories that would be one of these but for few of its values, at most one in
 * ten; *others: how many. Else NULL. Fewer than ten values say nothing.
 */
const char *infer_nearly(const struct infer_column *column, uint64_t *others);
/* Different values; *exact says whether it is exact. */
uint64_t infer_distinct(const struct infer_column *column, bool *exact);
/* Why infer_type() said so, for -v. */
const char *infer_reason(const struct infer_column *column);
/* What was seen: "12 different values in 10,000 records, 31 missing"; "" for a column that was not sampled. */
void infer_figures(const struct infer_column *column, char *buffer, size_t cap);

#endif
