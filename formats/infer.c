#include "infer.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "datetime.h"
#include "memory.h"
#include "number.h"
#include "options.h"

void
missing_open(struct missing *missing, const char *list)
{
    *missing = (struct missing){0};
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

static void
add_distinct(struct infer_column *column, uint64_t hash)
{
    for (uint32_t i = 0; i < column->n_distinct; i++)
        if (column->distinct[i] == hash)
            return;
    if (column->n_distinct < INFER_DISTINCT)
        column->distinct[column->n_distinct++] = hash;
}

void
infer_add(struct infer_column *column, const struct missing *missing, const char *s, size_t n)
{
    double number;
    int64_t time;
    if (missing_match(missing, s, n))
        return;
    column->values++;
    if (column->n_distinct < INFER_DISTINCT)
        add_distinct(column, XXH3_64bits(s, n));
    if (number_parse(s, n, &number)) {
        column->numbers++;
        column->codes += number_is_code(s, n);
        return;
    }
    if (datetime_parse(s, n, &time))
        column->times++;
    else if (number_is_grouped(s, n))
        column->grouped++;
    if (column->example[0] == '\0') {
        size_t keep = n < INFER_EXAMPLE - 1 ? n : INFER_EXAMPLE - 1;
        memcpy(column->example, s, keep);
        column->example[keep] = '\0';
    }
}

enum column_type
infer_type(const struct infer_column *column)
{
    if (column->numbers == column->values && column->codes == 0)
        return COLUMN_NUM;
    if (column->times == column->values)
        return COLUMN_TIME;
    return COLUMN_CAT;
}

bool
infer_grouped(const struct infer_column *column)
{
    return column->grouped > 0 && column->numbers + column->grouped == column->values;
}

const char *
infer_reason(const struct infer_column *column)
{
    if (column->values == 0)
        return "no value in the sample";
    switch (infer_type(column)) {
    case COLUMN_NUM:
        return "numbers";
    case COLUMN_TIME:
        return "dates";
    default:
        return column->numbers == column->values ? "integers with leading zeros" : "text";
    }
}

void infer_add_distinct(struct infer_column *, const char *, size_t);
void
infer_add_distinct(struct infer_column *column, const char *s, size_t n)
{
    add_distinct(column, XXH3_64bits(s, n));
}
