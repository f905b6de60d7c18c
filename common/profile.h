/*
 * What a model saw in training: of every numeric and categorical feature how many values were missing, the range of the
 * numbers, in the user's units, and how values were distributed; and how its predictions were.
 *
 * Only rows that are still raw can tell. So cl-scale, which looks at them before it changes them, puts the profile of
 * the training rows into the stream, and cl-train copies it into the checkpoint; where rows come to cl-train as they
 * are, it makes the profile itself. cl-ingest -m compares new rows with it (expect.h), and cl-drift compares
 * distributions. All values a category had are not in it: they are the column's dictionary. No row can be read off it.
 *
 * A profile is no part of the content: digests leave it out, and streams with different ones concatenate.
 */
#ifndef CL_PROFILE_H
#define CL_PROFILE_H

#include <stdbool.h>
#include <stdint.h>

#include "distribution.h"
#include "error.h"
#include "memory.h"
#include "value.h"

struct dict;
struct schema;
struct tally;

/* Wider tables get none: the meta of a frame has a bound. */
enum { PROFILE_MAX_COLUMNS = 65536 };

struct profile_column {
    const char *name;
    uint64_t missing;          /* rows; of a category those with code 0 */
    double low, high;          /* of the numbers; NaN for a category, and where there was no number */
    struct distribution *seen; /* of a sample of the rows; NULL: nobody sampled them, or all values were missing */
};

struct profile {
    uint64_t rows;
    uint32_t n;
    struct profile_column *columns; /* [n] the numeric and categorical features, names differ */
    struct profile *predictions;    /* of the model, on rows it did not learn from where there were any; or NULL */
};

/*
 * The profile of the rows of a tally that was opened for the schema, in `arena`; NULL when there was no row or there
 * are too many columns. An infinite number widens the range to all finite ones.
 */
struct profile *profile_make(const struct tally *tally, const struct schema *schema, struct arena *arena);
/* Both kinds of rows have been seen: ranges and distributions are joined, rows added up. Columns that one of them lacks
 * stay as they are, and so do predictions. What is new is in `arena`. */
void profile_join(struct profile *profile, const struct profile *more, struct arena *arena);
/* Whether any column tells how its values are distributed. */
bool profile_has_distributions(const struct profile *profile);
struct profile *profile_copy(const struct profile *profile, struct arena *arena);
/* The map `profile` of cl-frames.5; and back, checked: NULL with a sentence. */
struct value *profile_to_value(const struct profile *profile, struct arena *arena);
struct profile *profile_from_value(const struct value *value, struct arena *arena, struct error *error);
/* Places of the columns by name: the code in `dict` is the place + 1. Free it with dict_free(). */
void profile_index(const struct profile *profile, struct dict *dict);

#endif
