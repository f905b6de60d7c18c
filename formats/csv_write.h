/*
 * CSV text out, as RFC 4180 says except for the line end, which is LF: a cell is quoted where a reader would otherwise
 * take it for something else, and quotes in it are doubled.
 */
#ifndef CL_CSV_WRITE_H
#define CL_CSV_WRITE_H

#include <stddef.h>

#include "json.h"

/* Appends a cell; `first` of its line or behind a comma. Any bytes. */
void csv_add_cell(struct text *text, bool first, const char *s, size_t n);
/* Ends the line. One that is empty so far becomes "", since a blank line is no record. */
void csv_end_line(struct text *text);

#endif
