/*
 * What kind of column a sample of cells shows.
 *
 *   num   every value is a decimal number (number.h), none an integer with leading zeros
 *   time  every value is an ISO 8601 date or time (datetime.h)
 *   cat   anything else
 *
 * A column without a single value is num. Missing cells say nothing.
 *
 *     struct infer_column column = {0};
 *     infer_add(&column, &missing, cell, n);
 *     type = infer_type(&column);
 */
#ifndef CL_INFER_H
#define CL_INFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "schema.h"

/* The markers of a missing value: the empty cell always, and a list of texts. */
#define MISSING_DEFAULT "NA,N/A,n/a,#N/A,<NA>,NaN,nan,-NaN,-nan,NULL,null,None,?"

struct missing {
    char **texts; /* as split_list() gives them */
    size_t *lengths;
    size_t n, longest;
    bool first[256]; /* first bytes of the texts */
};

/* list: texts between commas. */
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

enum { INFER_EXAMPLE = 24, INFER_DISTINCT = 3 };

struct infer_column {
    uint64_t values;                   /* cells that were not missing; of these: */
    uint64_t numbers;                  /* decimal numbers */
    uint64_t codes;                    /* integers with leading zeros */
    uint64_t times;                    /* dates */
    uint64_t grouped;                  /* numbers with thousands separators or a decimal comma */
    uint64_t distinct[INFER_DISTINCT]; /* XXH3-64 of the first different texts */
    uint32_t n_distinct;               /* at most INFER_DISTINCT */
    char example[INFER_EXAMPLE];       /* the first value that was no number, cut; NUL-terminated */
};

void infer_add(struct infer_column *column, const struct missing *missing, const char *s, size_t n);
/* A cell that is known to be a number without a leading zero, and not missing. */
static inline void
infer_add_number(struct infer_column *column, const char *s, size_t n)
{
    void infer_add_distinct(struct infer_column *, const char *, size_t);
    column->values++;
    column->numbers++;
    if (column->n_distinct < INFER_DISTINCT)
        infer_add_distinct(column, s, n);
}
enum column_type infer_type(const struct infer_column *column);
/* True when all values would be numbers if separators were read, and some need it. */
bool infer_grouped(const struct infer_column *column);
/* Why infer_type() said so, for -v. */
const char *infer_reason(const struct infer_column *column);

#endif
