/*
 * A schema as JSON (cl-schema.5): what the columns are, how the text is read, and what the rows were like. Made to be
 * edited by hand: only the names and types of the columns are needed.
 *
 *     {"delimiter": ";", "columns": [{"name": "age", "type": "num"}, {"name": "y", "type": "cat", "role": "label"}]}
 */
#ifndef CL_SCHEMA_JSON_H
#define CL_SCHEMA_JSON_H

#include <stddef.h>

#include "error.h"
#include "json.h"
#include "schema.h"

/* How text is read: the settings that are not of a column, as the options say them; NULL = not said. */
struct schema_reading {
    const char *format;
    const char *delimiter; /* one byte, or "tab" */
    const char *header;    /* "yes" or "no" */
    const char *decimal;
    const char *missing; /* as --missing takes it */
};

/*
 * Appends the JSON, one line a column. The rows are told of when schema->profile is there. -1: there are more
 * categories than a reader of JSON would take.
 */
int schema_to_json(struct text *text, const struct schema *schema, const struct schema_reading *reading,
                   struct error *error);

/*
 * Reads text[0 .. n) into a zeroed schema; the strings of `reading` live in its arena. name: of the file, for messages.
 * On failure the schema is free again.
 */
int schema_from_json(struct schema *schema, struct schema_reading *reading, const char *text, size_t n,
                     const char *name, struct error *error);

#endif
