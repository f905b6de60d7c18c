/*
 * Which format data are of, by their first bytes. Of text, by the first line that says something:
 *
 *   jsonl   it begins with an object: { "key" :
 *   libsvm  it is a number and INDEX:VALUE pairs
 *   csv     anything else
 *
 * Formats that people have and we do not read are told from text, with what would help.
 */
#ifndef CL_SNIFF_H
#define CL_SNIFF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

enum { SNIFF_BYTES = 64 << 10 };

/*
 * An enum ingest_format from the first n bytes; INGEST_AUTO: more of them are needed to say, which does not happen when
 * n >= SNIFF_BYTES, or when these are all (`last`); -1: no format that is read. n > 0 unless `last`.
 */
int format_sniff(const uint8_t *head, size_t n, bool last, const char *name, struct error *error);
/* "csv", "npy", ... as -f has them. */
const char *format_name(int format);

#endif
