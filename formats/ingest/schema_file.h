/*
 * What --schema reads and --write-schema writes: a schema with its categories and what its rows were like, as JSON
 * (schema_json.h), or as any data stream.
 */
#ifndef CL_SCHEMA_FILE_H
#define CL_SCHEMA_FILE_H

#include "error.h"
#include "schema.h"
#include "schema_json.h"

/*
 * Reads a file, or stdin for "-", into a zeroed schema. Of a stream the rows are read, too: only its end says that it
 * is whole, and where no transform has changed them they make the profile. Its model and transforms are not taken over.
 */
int schema_file_read(struct schema *schema, struct schema_reading *reading, const char *path, struct error *error);
/* Writes JSON, whole or not at all. */
int schema_file_write(const struct schema *schema, const struct schema_reading *reading, const char *path,
                      struct error *error);

#endif
