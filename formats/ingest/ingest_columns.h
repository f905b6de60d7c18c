/*
 * Columns of the schema and the sinks that fill them; how a cell is read travels in the column's own keys:
 *
 *   "hash": bits                  cat: code 1 + (XXH3-64 of the cell mod 2^bits); the dictionary is h0, h1, ...
 *   "percent": true               num: a % behind each number
 *   "decimal": ","                num: the decimal comma
 *   "of": name, "part": part      num: a part (dateparts.h) of the date in the column `name` of the text
 *   "origin": microseconds        of the part `days`: since when
 *   "dates": "dmy" or "mdy"       time, and parts: the order in which 01/02/2024 is read; no such dates without it
 *   "lag": rows, "lag_of": name   a value of earlier rows (ingest_lag.h)
 *
 * For ingest_plan.c and ingest_plan_model.c.
 */
#ifndef CL_INGEST_COLUMNS_H
#define CL_INGEST_COLUMNS_H

#include "dateparts.h"
#include "ingest_parts.h"

/* Adds a part of the date in the column `of` of the text. origin: for the days. */
struct sink *column_part(struct ingest *in, const char *of, const char *name, enum date_part part,
                         enum date_order dates, int64_t origin, int64_t source);
/* Adds a column of 2^bits hashed categories. */
struct sink *column_hash(struct ingest *in, const char *name, unsigned bits, int64_t source);
/* Sets how the cells of a column just added are read. */
void column_number(struct ingest *in, struct sink *sink, bool percent);
void column_dates(struct ingest *in, struct sink *sink, enum date_order dates);
/* Copies the keys above from a column of a model, and reads the cells as they say. -1: they make no sense. */
int column_follow(struct ingest *in, struct sink *sink, const struct column *model, struct error *error);
/* Fills the dictionary of a hashed column: h0, h1, ... */
void column_fill_hashed(struct column *column, unsigned bits);
/* Are the keys of a column right? what: "model" or "schema". */
int column_check(const struct column *column, const char *what, struct error *error);

#endif
