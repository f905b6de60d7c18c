/* What --types, --role, --drop, --keep, --carry and -y say of each column. */
#include "ingest_choices.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Position of the column of an exact name, or -1 with the sentence; for a pattern -1 without one. */
static int64_t
find(const struct plan *plan, const char *name, const char *what, bool *pattern, struct error *error)
{
    const struct plan_source *source = plan->source;
    int64_t at = name_index_find(&plan->index, name);
    *pattern = at == -1 && is_pattern(name);
    if (at == -1 && !*pattern)
        return ingest_no_column(source->file, name, what, source->names, source->n, error);
    if (at == -2)
        return name_twice(plan->in, source->file, name, error);
    return at;
}

/* Calls `set` for every column that a pattern fits: -1 when it fits none, or `set` fails. */
static int
each_match(const struct plan *plan, const char *pattern, const char *what,
           int (*set)(struct choice *choice, const char *name, int word, struct error *error), int word,
           struct error *error)
{
    const struct plan_source *source = plan->source;
    bool any = false;
    for (size_t i = 0; i < source->n; i++)
        if (pattern_match(pattern, source->names[i])) {
            any = true;
            if (set(&plan->choices[i], source->names[i], word, error) < 0)
                return -1;
        }
    return any ? 0 : name_unknown(source->file, pattern, what, source->names, source->n, error);
}

/* Types. An exact name counts more than a pattern, the later of two patterns more than the earlier. */

static int
choose_types(struct plan *plan, struct error *error)
{
    const struct ingest *in = plan->in;
    for (size_t i = 0; i < plan->source->n; i++) {
        const struct infer_column *stats = &plan->source->stats[i];
        plan->choices[i].word.type = infer_is_text(stats) ? COLUMN_TEXT : infer_type(stats);
    }
    for (size_t i = 0; i < in->types.n; i++) {
        struct type_word word;
        char shown[96], before[16], now[16];
        bool pattern, any = false;
        type_word_parse(in->types.words[i], &word);
        int64_t at = find(plan, in->types.names[i], "", &pattern, error);
        if (at < 0 && !pattern)
            return -1;
        for (size_t k = 0; k < plan->source->n; k++) {
            struct choice *choice = &plan->choices[k];
            if (pattern ? !pattern_match(in->types.names[i], plan->source->names[k]) : (int64_t) k != at)
                continue;
            any = true;
            if (pattern && choice->exact_type)
                continue;
            type_word_name(&choice->word, before);
            type_word_name(&word, now);
            if (!pattern && choice->exact_type && strcmp(before, now) != 0)
                return error_set(error, STATUS_USAGE, "column '%s' is given two types: %s and %s",
                                 name_quoted(shown, sizeof shown, in->types.names[i]), before, now);
            choice->word = word;
            choice->type_given = true;
            choice->exact_type = !pattern;
            choice->wanted |= !pattern && !word.drop;
        }
        if (!any)
            return name_unknown(plan->source->file, in->types.names[i], "", plan->source->names, plan->source->n,
                                error);
    }
    return 0;
}

/* Roles. */

static int
set_role(struct choice *choice, const char *name, int role, struct error *error)
{
    char shown[96];
    if (choice->exact_role && (int) choice->role != role)
        return error_set(error, STATUS_USAGE, "column '%s' is given two roles: %s and %s",
                         name_quoted(shown, sizeof shown, name), column_role_name(choice->role),
                         column_role_name((enum column_role) role));
    if (choice->drop_given)
        return error_set(error, STATUS_USAGE, "column '%s' is to be left out and to have the role %s",
                         name_quoted(shown, sizeof shown, name), column_role_name((enum column_role) role));
    choice->role = (enum column_role) role;
    choice->role_given = choice->exact_role = true;
    choice->dropped = false;
    return 0;
}

/* The same by a pattern. */
static int
set_role_like(struct choice *choice, const char *name, int role, struct error *error)
{
    (void) name;
    (void) error;
    if (choice->exact_role || choice->drop_given)
        return 0;
    choice->role = (enum column_role) role;
    choice->role_given = true;
    choice->dropped = false;
    return 0;
}

/* --role, --carry and -y: exact names in the first pass, patterns in the second. */
static int
choose_roles(struct plan *plan, bool patterns, struct error *error)
{
    const struct ingest *in = plan->in;
    const struct {
        const struct name_list *list;
        int role;
        const char *what;
    } lists[] = {
        {&in->roles, -1, ""}, {&in->carry, ROLE_CARRY, " to carry"}, {&in->labels, ROLE_LABEL, " for the label"}};
    for (size_t k = 0; k < sizeof lists / sizeof *lists; k++)
        for (size_t i = 0; i < lists[k].list->n; i++) {
            const char *name = lists[k].list->names[i];
            int role = lists[k].role < 0 ? role_word(lists[k].list->words[i]) : lists[k].role;
            bool pattern;
            int64_t at = find(plan, name, lists[k].what, &pattern, error);
            if (pattern && lists[k].list == &in->labels) /* their order is that of the outputs */
                return ingest_no_column(plan->source->file, name, lists[k].what, plan->source->names, plan->source->n,
                                        error);
            if (at < 0 && !pattern)
                return -1;
            if (pattern && patterns && each_match(plan, name, lists[k].what, set_role_like, role, error) < 0)
                return -1;
            if (!pattern && !patterns && set_role(&plan->choices[at], name, role, error) < 0)
                return -1;
        }
    return 0;
}

/* --drop, --keep and --types NAME:drop. */

static int
set_kept(struct choice *choice, const char *name, int wanted, struct error *error)
{
    (void) name;
    (void) error;
    choice->dropped = false;
    choice->wanted |= wanted;
    return 0;
}

static void
set_dropped(struct choice *choice)
{
    choice->dropped = choice->drop_given = true;
}

/* Columns that exact names want: before any pattern drops them. */
static void
mark_wanted(struct plan *plan)
{
    const struct ingest *in = plan->in;
    const struct name_list *const lists[] = {&in->keep, &in->roles, &in->carry, &in->labels};
    for (size_t k = 0; k < sizeof lists / sizeof *lists; k++)
        for (size_t i = 0; i < lists[k]->n; i++) {
            int64_t at = name_index_find(&plan->index, lists[k]->names[i]);
            if (at >= 0)
                plan->choices[at].wanted = true;
        }
}

/* --keep drops all but its own; --drop takes every column of the name, and parts of dates (see is_part_dropped()). */
static int
choose_dropped(struct plan *plan, struct error *error)
{
    const struct ingest *in = plan->in;
    const struct plan_source *source = plan->source;
    for (size_t i = 0; in->keep.n > 0 && i < source->n; i++)
        plan->choices[i].dropped = true;
    for (size_t i = 0; i < in->keep.n; i++) {
        bool pattern;
        int64_t at = find(plan, in->keep.names[i], " to keep", &pattern, error);
        if (at >= 0)
            set_kept(&plan->choices[at], in->keep.names[i], true, error);
        else if (!pattern || each_match(plan, in->keep.names[i], " to keep", set_kept, false, error) < 0)
            return -1;
    }
    for (size_t i = 0; i < in->drop.n; i++) {
        bool pattern = name_index_find(&plan->index, in->drop.names[i]) == -1;
        for (size_t k = 0; k < source->n; k++) {
            const char *name = source->names[k];
            bool fits = strcmp(in->drop.names[i], name) == 0 ||
                        (pattern && is_pattern(in->drop.names[i]) && pattern_match(in->drop.names[i], name));
            plan->fits[i] |= fits;
            if (fits && !(pattern && plan->choices[k].wanted))
                set_dropped(&plan->choices[k]);
        }
    }
    for (size_t k = 0; k < source->n; k++)
        if (plan->choices[k].word.drop && !(plan->choices[k].wanted && !plan->choices[k].exact_type))
            set_dropped(&plan->choices[k]);
    return 0;
}

/* A name of --drop that no column has can be that of a part of a date; at the end each must have fitted something. */
bool
is_part_dropped(struct plan *plan, const char *name)
{
    const struct name_list *drop = &plan->in->drop;
    bool dropped = false;
    for (size_t i = 0; i < drop->n; i++)
        if (strcmp(drop->names[i], name) == 0 || (is_pattern(drop->names[i]) && pattern_match(drop->names[i], name)))
            dropped = plan->fits[i] = true;
    return dropped;
}

int
check_dropped(const struct plan *plan, struct error *error)
{
    const struct plan_source *source = plan->source;
    for (size_t i = 0; i < plan->in->drop.n; i++)
        if (!plan->fits[i])
            return name_unknown(source->file, plan->in->drop.names[i], " to drop", source->names, source->n, error);
    return 0;
}

/* The label is the last column that is left and has no other part to play. */
static void
choose_label(struct plan *plan)
{
    struct choice *choices = plan->choices;
    for (size_t i = 0; i < plan->source->n; i++)
        if (choices[i].role == ROLE_LABEL && !choices[i].dropped)
            return;
    size_t wanted = plan->source->n_labels;
    for (size_t i = plan->source->n; i-- > 0 && wanted > 0;)
        if (!choices[i].dropped && !choices[i].role_given) {
            choices[i].role = ROLE_LABEL;
            wanted--;
        }
}

int
choose_columns(struct plan *plan, struct error *error)
{
    const struct plan_source *source = plan->source;
    mark_wanted(plan);
    /* Columns are dropped before roles are chosen, so that none is given to a column that goes. */
    if (choose_types(plan, error) < 0 || choose_dropped(plan, error) < 0 || choose_roles(plan, false, error) < 0 ||
        choose_roles(plan, true, error) < 0)
        return -1;
    /* Trailing delimiters make an empty column without a name: no label by default. */
    size_t last = source->n - 1;
    struct choice *choice = &plan->choices[last];
    if (source->n > 1 && source->n_labels > 0 && source->stats[last].values == 0 &&
        name_is_made_up(source->names[last], last) && !choice->role_given && !choice->type_given)
        choice->dropped = true;
    choose_label(plan);
    return 0;
}
