/*
 * Names of columns as options give them: lists, look-ups, patterns, and the sentences for names that are not there.
 * For ingest_plan.c, ingest_plan_model.c and ingest_columns.c.
 */
#ifndef CL_INGEST_NAMES_H
#define CL_INGEST_NAMES_H

#include "ingest_parts.h"

/* A type as --types says it. */
struct type_word {
    enum column_type type;
    bool drop;
    bool hash;
    unsigned bits; /* of the hash */
};
enum { HASH_BITS = 10, HASH_BITS_MOST = 20 };

/* False for other words. */
bool type_word_parse(const char *word, struct type_word *type);
/* "cat", "drop", "hash:10" */
void type_word_name(const struct type_word *type, char buffer[16]);
/* enum column_role, or -1. */
int role_word(const char *word);

/* True for a name with one of * ? [ in it. It is a pattern only where no column has this very name. */
bool is_pattern(const char *name);
bool pattern_match(const char *pattern, const char *name);

/* True for the name that column i gets when it has none: c1, c2, ... */
bool name_is_made_up(const char *name, size_t i);

/* A name in a message, escaped and cut. */
const char *name_quoted(char *buffer, size_t cap, const char *name);

enum { LIST_BYTES = 640 };
/* "a, b, c and 7 more" */
const char *name_listed(char list[LIST_BYTES], char *const *names, size_t n);

/* What is wrong with a name or pattern that an option gives: it fits no column, or more than one. -1 */
int name_unknown(const char *file, const char *name, const char *what, char *const *names, size_t n,
                 struct error *error);
int name_twice(const struct ingest *in, const char *file, const char *name, struct error *error);

#endif
