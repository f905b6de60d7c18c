/*
 * What the options say of each column, before it is planned. For ingest_choices.c and ingest_plan.c.
 *
 * Names in --types, --role, --drop, --keep and --carry may be patterns. A column that has the very name is meant by it,
 * pattern or not; else every column is that the pattern fits, but for those of which an exact name says the contrary.
 * Of two patterns that fit a column the later one counts.
 */
#ifndef CL_INGEST_CHOICES_H
#define CL_INGEST_CHOICES_H

#include "ingest_names.h"

struct choice {
    bool dropped, drop_given, type_given, role_given;
    bool wanted;                 /* an option wants it by its exact name: no pattern drops it */
    bool exact_type, exact_role; /* so says an exact name */
    struct type_word word;       /* as given, or the type inferred */
    enum column_role role;
};

struct plan {
    struct ingest *in;
    const struct plan_source *source;
    struct name_index index;
    struct choice *choices; /* [source->n] zero */
    bool *fits;             /* [in->drop.n] zero; --drop: a column or a part of a date is of that name */
    struct {
        size_t n, from, to; /* columns of which all that is to be said is the same; 0 = none */
        char text[640];
    } noted;
};

static inline enum column_type
choice_type(const struct choice *choice)
{
    return choice->word.type;
}

/* Types, roles and what is dropped; the default label too. */
int choose_columns(struct plan *plan, struct error *error);
/* Does --drop speak of a part of a date? */
bool is_part_dropped(struct plan *plan, const char *name);
/* At the end: has every name of --drop fitted something? */
int check_dropped(const struct plan *plan, struct error *error);

#endif
