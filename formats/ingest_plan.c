#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ingest_parts.h"
#include "memory.h"

/* Names. */

void
name_index_open(struct name_index *index, char *const *names, size_t n)
{
    *index = (struct name_index){0};
    index->position = mem_array(n, sizeof *index->position);
    index->twice = mem_zalloc(n, sizeof *index->twice);
    for (size_t i = 0; i < n; i++) {
        uint32_t before = index->dict.n, code = dict_add(&index->dict, names[i], strlen(names[i]));
        if (code > before)
            index->position[code - 1] = (uint32_t) i;
        else
            index->twice[code - 1] = true;
    }
}

int64_t
name_index_find(const struct name_index *index, const char *name)
{
    uint32_t code = dict_find(&index->dict, name, strlen(name));
    return code == 0 ? -1 : index->twice[code - 1] ? -2 : (int64_t) index->position[code - 1];
}

void
name_index_close(struct name_index *index)
{
    dict_free(&index->dict);
    free(index->position);
    free(index->twice);
}

void
name_list_close(struct name_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        free(list->names[i]);
    free(list->names);
    free(list->words);
    *list = (struct name_list){0};
}

int
name_list_open(struct name_list *list, const struct option_list *values, bool words, const char *option,
               struct error *error)
{
    size_t cap = 0, cap_words = 0;
    struct dict seen = {0};
    int result = 0;
    for (size_t i = 0; i < values->n && result == 0; i++) {
        size_t n;
        char **parts = split_list(values->values[i], &n);
        for (size_t k = 0; k < n && result == 0; k++) {
            char *colon = words ? strrchr(parts[k], ':') : NULL;
            if (parts[k][0] == '\0' || (words && (colon == NULL || colon == parts[k] || colon[1] == '\0'))) {
                result =
                    error_set(error, STATUS_USAGE, "%s wants %s between commas, not '%s'", option,
                              words ? strcmp(option, "--role") == 0 ? "NAME:ROLE" : "NAME:TYPE" : "names", parts[k]);
                continue;
            }
            uint32_t before = seen.n;
            if (dict_add(&seen, parts[k], strlen(parts[k])) <= before)
                continue;
            mem_grow(&list->names, &cap, list->n + 1, sizeof *list->names);
            mem_grow(&list->words, &cap_words, list->n + 1, sizeof *list->words);
            char *name = list->names[list->n] = mem_strdup(parts[k]);
            list->words[list->n] = NULL;
            if (words) {
                name[colon - parts[k]] = '\0';
                list->words[list->n] = name + (colon - parts[k]) + 1;
            }
            list->n++;
        }
        free(parts);
    }
    dict_free(&seen);
    return result;
}

enum { WORD_DROP = COLUMN_TYPE_COUNT }; /* --types NAME:drop */

static int
type_word(const char *word)
{
    for (int i = 0; i < COLUMN_TYPE_COUNT; i++)
        if (strcmp(word, column_type_name((enum column_type) i)) == 0)
            return i;
    return strcmp(word, "drop") == 0 ? (int) WORD_DROP : -1;
}

static int
role_word(const char *word)
{
    for (int i = 0; i < ROLE_COUNT; i++)
        if (strcmp(word, column_role_name((enum column_role) i)) == 0)
            return i;
    return -1;
}

int
ingest_check_words(const struct ingest *in, struct error *error)
{
    for (size_t i = 0; i < in->types.n; i++)
        if (type_word(in->types.words[i]) < 0)
            return error_set(error, STATUS_USAGE, "--types knows num, cat, text, time and drop, not '%s'",
                             in->types.words[i]);
    for (size_t i = 0; i < in->roles.n; i++)
        if (role_word(in->roles.words[i]) < 0)
            return error_set(error, STATUS_USAGE,
                             "--role knows feature, label, weight, group, id, time and carry, not '%s'",
                             in->roles.words[i]);
    return 0;
}

/* Levenshtein distance of the first 63 bytes, upper and lower case alike. */
static size_t
distance(const char *a, const char *b)
{
    size_t row[64], n_a = strnlen(a, 63), n_b = strnlen(b, 63);
    for (size_t j = 0; j <= n_b; j++)
        row[j] = j;
    for (size_t i = 1; i <= n_a; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= n_b; j++) {
            bool differ = tolower((unsigned char) a[i - 1]) != tolower((unsigned char) b[j - 1]);
            size_t best = diagonal + differ;
            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            diagonal = row[j];
            row[j] = best;
        }
    }
    return row[n_b];
}

static const char *
quoted(char *buffer, size_t cap, const char *name)
{
    return error_quote(buffer, cap, name, strlen(name), 60);
}

enum { LIST_BYTES = 640 };

/* "a, b, c and 7 more". */
static const char *
list_columns(char list[LIST_BYTES], char *const *names, size_t n)
{
    enum { NAMED = 20 };
    char shown[96];
    size_t used = 0, told = 0;
    for (list[0] = '\0'; told < n && told < NAMED && used + 100 < LIST_BYTES; told++)
        used += (size_t) snprintf(list + used, LIST_BYTES - used, "%s%s", told > 0 ? ", " : "",
                                  quoted(shown, sizeof shown, names[told]));
    if (told < n)
        snprintf(list + used, LIST_BYTES - used, " and %zu more", n - told);
    return list;
}

int
ingest_no_column(const char *file, const char *name, const char *what, char *const *names, size_t n,
                 struct error *error)
{
    char shown[96], hint[128] = "", all[LIST_BYTES];
    size_t best = SIZE_MAX, nearest = 0;
    for (size_t i = 0; i < n; i++) {
        size_t d = distance(name, names[i]);
        if (d < best) {
            best = d;
            nearest = i;
        }
    }
    if (best <= (strnlen(name, 63) + 2) / 3 && best < strnlen(names[nearest], 63))
        snprintf(hint, sizeof hint, "did you mean '%s'? ", quoted(shown, sizeof shown, names[nearest]));
    return error_set(error, STATUS_DATA, "%s: no column '%s'%s (%sthe columns are %s)", file,
                     quoted(shown, sizeof shown, name), what, hint, list_columns(all, names, n));
}

static int
column_twice(const struct ingest *in, const char *file, const char *name, struct error *error)
{
    char shown[96];
    return error_set(error, STATUS_DATA, "%s: more than one column is called '%s' (rename one%s)", file,
                     quoted(shown, sizeof shown, name), in->by_model ? "" : ", or --drop both");
}

/* Without a model: from names, options and a sample. */

struct choice {
    bool dropped, drop_given, type_given, role_given;
    enum column_type type;
    enum column_role role;
};

/* Position of a name an option gives, or -1 with the sentence. */
static int64_t
find(const struct ingest *in, const struct name_index *index, const struct plan_source *source, const char *name,
     const char *what, struct error *error)
{
    int64_t at = name_index_find(index, name);
    if (at == -1)
        return ingest_no_column(source->file, name, what, source->names, source->n, error);
    if (at == -2)
        return column_twice(in, source->file, name, error);
    return at;
}

static int
set_role(struct choice *choice, enum column_role role, const char *name, struct error *error)
{
    char shown[96];
    if (choice->role_given && choice->role != role)
        return error_set(error, STATUS_USAGE, "column '%s' is given two roles: %s and %s",
                         quoted(shown, sizeof shown, name), column_role_name(choice->role), column_role_name(role));
    if (choice->drop_given)
        return error_set(error, STATUS_USAGE, "column '%s' is to be left out and to have the role %s",
                         quoted(shown, sizeof shown, name), column_role_name(role));
    choice->role = role;
    choice->role_given = true;
    choice->dropped = false;
    return 0;
}

/* --drop takes every column of the name; --keep drops all but its own. */
static int
choose_dropped(struct ingest *in, const struct plan_source *source, const struct name_index *index,
               struct choice *choices, struct error *error)
{
    if (in->keep.n > 0)
        for (size_t i = 0; i < source->n; i++)
            choices[i].dropped = true;
    for (size_t i = 0; i < in->keep.n; i++) {
        int64_t at = find(in, index, source, in->keep.names[i], " to keep", error);
        if (at < 0)
            return -1;
        choices[at].dropped = false;
    }
    for (size_t i = 0; i < in->drop.n; i++) {
        if (name_index_find(index, in->drop.names[i]) == -1)
            return ingest_no_column(source->file, in->drop.names[i], " to drop", source->names, source->n, error);
        for (size_t k = 0; k < source->n; k++)
            if (strcmp(source->names[k], in->drop.names[i]) == 0)
                choices[k].dropped = choices[k].drop_given = true;
    }
    /* Before roles are chosen, so that none is given to a column that goes. */
    for (size_t i = 0; i < in->types.n; i++)
        if (type_word(in->types.words[i]) == WORD_DROP) {
            int64_t at = find(in, index, source, in->types.names[i], "", error);
            if (at < 0)
                return -1;
            choices[at].dropped = choices[at].drop_given = true;
        }
    return 0;
}

static int
choose_roles(struct ingest *in, const struct plan_source *source, const struct name_index *index,
             struct choice *choices, struct error *error)
{
    for (size_t i = 0; i < in->roles.n; i++) {
        int role = role_word(in->roles.words[i]);
        int64_t at = find(in, index, source, in->roles.names[i], "", error);
        if (at < 0 || set_role(&choices[at], (enum column_role) role, in->roles.names[i], error) < 0)
            return -1;
    }
    for (size_t i = 0; i < in->carry.n; i++) {
        int64_t at = find(in, index, source, in->carry.names[i], " to carry", error);
        if (at < 0 || set_role(&choices[at], ROLE_CARRY, in->carry.names[i], error) < 0)
            return -1;
    }
    for (size_t i = 0; i < in->labels.n; i++) {
        int64_t at = find(in, index, source, in->labels.names[i], " for the label", error);
        if (at < 0 || set_role(&choices[at], ROLE_LABEL, in->labels.names[i], error) < 0)
            return -1;
    }
    return 0;
}

static int
choose_types(struct ingest *in, const struct plan_source *source, const struct name_index *index,
             struct choice *choices, struct error *error)
{
    for (size_t i = 0; i < source->n; i++)
        choices[i].type = infer_type(&source->stats[i]);
    for (size_t i = 0; i < in->types.n; i++) {
        int type = type_word(in->types.words[i]);
        int64_t at = find(in, index, source, in->types.names[i], "", error);
        if (at < 0)
            return -1;
        if (type == WORD_DROP)
            continue;
        char shown[96];
        if (choices[at].type_given && (int) choices[at].type != type)
            return error_set(error, STATUS_USAGE, "column '%s' is given two types: %s and %s",
                             quoted(shown, sizeof shown, in->types.names[i]), column_type_name(choices[at].type),
                             column_type_name((enum column_type) type));
        choices[at].type = (enum column_type) type;
        choices[at].type_given = true;
    }
    return 0;
}

/* The label is the last column that is left and has no other part to play. */
static void
choose_label(const struct plan_source *source, struct choice *choices)
{
    for (size_t i = 0; i < source->n; i++)
        if (choices[i].role == ROLE_LABEL && !choices[i].dropped)
            return;
    size_t wanted = source->n_labels;
    for (size_t i = source->n; i-- > 0 && wanted > 0;)
        if (!choices[i].dropped && !choices[i].role_given) {
            choices[i].role = ROLE_LABEL;
            wanted--;
        }
}

static void
append(struct sinks *sinks, struct sink sink)
{
    mem_grow(&sinks->items, &sinks->cap, sinks->n + 1, sizeof *sinks->items);
    sinks->items[sinks->n++] = sink;
}

/* The list that a column of the schema belongs to; NULL for one that has no tensor. */
static struct sinks *
sinks_of(struct ingest *in, const struct column *column)
{
    switch (column->role) {
    case ROLE_FEATURE:
        return column->type == COLUMN_NUM ? &in->x : column->type == COLUMN_CAT ? &in->c : &in->text;
    case ROLE_LABEL:
        return column->type == COLUMN_CAT ? &in->label : &in->y;
    case ROLE_WEIGHT:
        return &in->w;
    case ROLE_GROUP:
        return &in->group;
    case ROLE_ID:
        return &in->id;
    case ROLE_TIME:
        return &in->time;
    default:
        return &in->text;
    }
}

struct sink *
ingest_column(struct ingest *in, const char *name, enum column_type type, enum column_role role, int64_t source)
{
    struct schema *schema = &in->schema;
    struct column *column = &schema->columns[schema->n_columns];
    *column = (struct column){.name = arena_strdup(&schema->arena, name), .type = type, .role = role};
    struct sinks *sinks = sinks_of(in, column);
    append(sinks, (struct sink){.source = source, .column = schema->n_columns++, .most = CATEGORIES_MOST});
    return &sinks->items[sinks->n - 1];
}

/* Regression or classes, for one label column. */
static int
label_type(struct ingest *in, const struct plan_source *source, size_t i, struct choice *choice, bool *two,
           struct error *error)
{
    const struct infer_column *stats = &source->stats[i];
    char shown[96];
    const char *name = quoted(shown, sizeof shown, source->names[i]), *file = source->file;
    enum task task = (enum task) in->options->task;
    bool numbers = choice->type == COLUMN_NUM;
    if (stats->values == 0)
        return error_set(error, STATUS_DATA,
                         "%s: label column '%s' has no value in the first records (-y names another)", file, name);
    if (choice->type_given) {
        if (choice->type != COLUMN_NUM && choice->type != COLUMN_CAT)
            return error_set(error, STATUS_USAGE, "label column '%s' can be num or cat, not %s", name,
                             column_type_name(choice->type));
        if (task == (numbers ? TASK_CLASS : TASK_REGRESSION))
            return error_set(error, STATUS_USAGE, "--task %s contradicts --types %s:%s", task_name(task), name,
                             column_type_name(choice->type));
        return 0;
    }
    if (task == TASK_CLASS || task == TASK_REGRESSION) {
        choice->type = task == TASK_CLASS ? COLUMN_CAT : COLUMN_NUM;
        choice->type_given = true;
        return 0;
    }
    if (choice->type == COLUMN_TIME)
        return error_set(error, STATUS_DATA,
                         "%s: label column '%s' holds dates (-y names another column; --task class takes "
                         "them as classes)",
                         file, name);
    if (!numbers) {
        if (infer_grouped(stats))
            return 0; /* refused with the other columns of that kind */
        choice->type = COLUMN_CAT;
        return 0;
    }
    if (source->integers) {
        choice->type = COLUMN_CAT;
        return 0;
    }
    if (stats->n_distinct == 1 && !source->whole)
        return error_set(error, STATUS_DATA,
                         "%s: label column '%s' has a single value in the first records: are these "
                         "classes or amounts? (--task class or --task regression)",
                         file, name);
    *two = stats->n_distinct == 2;
    if (*two)
        choice->type = COLUMN_CAT;
    return 0;
}

static int
plan_label(struct ingest *in, const struct plan_source *source, size_t i, struct choice *choice, struct error *error)
{
    char shown[96];
    bool two = false, given = choice->type_given;
    if (label_type(in, source, i, choice, &two, error) < 0)
        return -1;
    enum task task = choice->type == COLUMN_CAT ? TASK_CLASS : TASK_REGRESSION;
    size_t before = in->y.n + in->label.n;
    if (before > 0 && (task == TASK_CLASS || in->schema.task == TASK_CLASS))
        return error_set(
            error, STATUS_DATA,
            "%s: more than one label column goes with regression only, but '%s' is a "
            "class (--task regression if they all are numbers)",
            source->file,
            quoted(shown, sizeof shown, source->names[task == TASK_CLASS ? i : (size_t) in->label.items[0].source]));
    in->schema.task = task;
    struct sink *sink = ingest_column(in, source->names[i], choice->type, ROLE_LABEL, (int64_t) i);
    sink->inferred = !choice->type_given;
    sink->two = two;
    if (task == TASK_CLASS && !given)
        sink->most = CATEGORIES_INFERRED;
    const char *reason = given                ? "as asked"
                         : choice->type_given ? "by --task"
                         : two                ? "exactly two values"
                         : source->integers   ? "integers"
                                              : infer_reason(&source->stats[i]);
    ingest_note(in, "%s: label '%s': %s (%s)", source->file, quoted(shown, sizeof shown, source->names[i]),
                task_name(task), reason);
    return 0;
}

/* A role that the type given, or that of the values, does not go with. */
static int
check_role_type(const struct plan_source *source, size_t i, const struct choice *choice, struct error *error)
{
    char shown[96];
    enum column_type wanted = choice->role == ROLE_WEIGHT ? COLUMN_NUM
                              : choice->role == ROLE_TIME ? COLUMN_TIME
                                                          : COLUMN_TEXT;
    if (choice->role == ROLE_LABEL || !choice->role_given)
        return 0;
    quoted(shown, sizeof shown, source->names[i]);
    if (choice->role == ROLE_FEATURE && choice->type == COLUMN_TIME)
        return error_set(error, STATUS_DATA, "%s: column '%s' holds dates, which are no feature (--types %s:cat)",
                         source->file, shown, shown);
    if (choice->role != ROLE_FEATURE && choice->type_given && choice->type != wanted)
        return error_set(error, STATUS_USAGE, "column '%s': the role %s goes with the type %s, not %s", shown,
                         column_role_name(choice->role), column_type_name(wanted), column_type_name(choice->type));
    return 0;
}

static int
plan_column(struct ingest *in, const struct plan_source *source, size_t i, struct choice *choice, bool unnamed,
            bool time_given, struct error *error)
{
    enum { NOTED = 1000 };
    const struct infer_column *stats = &source->stats[i];
    const char *name = source->names[i], *file = source->file;
    char shown[96], example[160];
    quoted(shown, sizeof shown, name);
    if (check_role_type(source, i, choice, error) < 0 ||
        (choice->role == ROLE_LABEL && plan_label(in, source, i, choice, error) < 0))
        return -1;
    bool read_as_cell = choice->role == ROLE_CARRY || choice->role == ROLE_GROUP || choice->role == ROLE_ID;
    if (!choice->type_given && !read_as_cell && infer_grouped(stats))
        return error_set(error, STATUS_DATA,
                         "%s: column '%s': '%s' looks like a number with a decimal comma or thousands "
                         "separators, which are not read (write 1234.5; or use --types %s:cat, or --drop %s)",
                         file, shown, error_quote(example, sizeof example, stats->example, strlen(stats->example), 40),
                         shown, shown);
    enum column_type type = choice->type;
    struct sink *sink;
    switch (choice->role) {
    case ROLE_LABEL:
        return 0;
    case ROLE_CARRY:
    case ROLE_GROUP:
    case ROLE_ID:
        if (choice->role != ROLE_CARRY && (choice->role == ROLE_GROUP ? in->group.n : in->id.n) > 0)
            return error_set(error, STATUS_USAGE, "only one column can have the role %s",
                             column_role_name(choice->role));
        ingest_column(in, name, COLUMN_TEXT, choice->role, (int64_t) i);
        return 0;
    case ROLE_WEIGHT:
        if (in->w.n > 0)
            return error_set(error, STATUS_USAGE, "only one column can have the role weight");
        ingest_column(in, name, COLUMN_NUM, ROLE_WEIGHT, (int64_t) i);
        return 0;
    case ROLE_TIME:
        if (in->time.n > 0)
            return error_set(error, STATUS_USAGE, "only one column can have the role time");
        ingest_column(in, name, COLUMN_TIME, ROLE_TIME, (int64_t) i);
        return 0;
    default:
        break;
    }
    if (unnamed && stats->values == 0 && !choice->type_given) {
        ingest_note(in, "%s: column %zu has no name and no value: left out", file, i + 1);
        return 0;
    }
    if (type == COLUMN_TIME) {
        if (in->time.n > 0 && choice->type_given)
            return error_set(error, STATUS_USAGE, "only one column can have the type time");
        if (in->time.n > 0 || (time_given && !choice->type_given)) {
            ingest_warn(in,
                        "%s: column '%s' holds dates too and is left out (there is one time column; --types %s:cat "
                        "keeps it as categories)",
                        file, shown, shown);
            return 0;
        }
        ingest_column(in, name, COLUMN_TIME, ROLE_TIME, (int64_t) i);
    } else {
        sink = ingest_column(in, name, type, ROLE_FEATURE, (int64_t) i);
        sink->inferred = !choice->type_given;
        sink->most = choice->type_given ? CATEGORIES_MOST : CATEGORIES_INFERRED;
    }
    if (in->schema.n_columns <= NOTED)
        ingest_note(in, "%s: column '%s': %s (%s)", file, shown, column_type_name(type),
                    choice->type_given ? "as asked" : infer_reason(stats));
    return 0;
}

/* True for the name that a column without one gets. */
static bool
is_made_up(const char *name, size_t i)
{
    char made_up[32];
    snprintf(made_up, sizeof made_up, "c%zu", i + 1);
    return strcmp(name, made_up) == 0;
}

int
ingest_plan(struct ingest *in, const struct plan_source *source, struct error *error)
{
    struct name_index index;
    name_index_open(&index, source->names, source->n);
    struct choice *choices = mem_zalloc(source->n, sizeof *choices);
    int result = -1;
    if (choose_dropped(in, source, &index, choices, error) < 0 ||
        choose_roles(in, source, &index, choices, error) < 0 || choose_types(in, source, &index, choices, error) < 0)
        goto out;
    /* Trailing delimiters make an empty column without a name: no label by default. */
    for (size_t i = 0; i < source->n; i++)
        if (source->stats[i].values == 0 && is_made_up(source->names[i], i) && !choices[i].role_given &&
            !choices[i].type_given && source->n_labels > 0 && i + 1 == source->n && source->n > 1)
            choices[i].dropped = true;
    choose_label(source, choices);
    in->schema.columns = arena_zalloc(&in->schema.arena, source->n, sizeof *in->schema.columns);
    bool time_given = false;
    for (size_t i = 0; i < source->n; i++)
        time_given |= !choices[i].dropped &&
                      (choices[i].role == ROLE_TIME || (choices[i].type_given && choices[i].type == COLUMN_TIME));
    for (size_t i = 0; i < source->n; i++) {
        if (choices[i].dropped)
            continue;
        if (name_index_find(&index, source->names[i]) == -2) {
            column_twice(in, source->file, source->names[i], error);
            goto out;
        }
        if (plan_column(in, source, i, &choices[i], is_made_up(source->names[i], i), time_given, error) < 0)
            goto out;
    }
    if (in->schema.n_columns == 0) {
        error_set(error, STATUS_DATA, "%s: no column is left", source->file);
        goto out;
    }
    ingest_ready(in);
    result = 0;
out:
    free(choices);
    name_index_close(&index);
    return result;
}

/* With a model. */

const char *
ingest_by(const struct ingest *in)
{
    return in->options->by_schema ? "schema" : "model";
}

/* Which of the model's label columns are read: all or none. */
static int
model_labels(struct ingest *in, const char *file, const struct name_index *index, char *const *names, size_t n,
             bool *wanted, struct error *error)
{
    const struct schema *model = in->model;
    size_t there = 0, all = 0;
    const char *absent = NULL;
    for (uint32_t i = 0; i < model->n_columns; i++) {
        if (model->columns[i].role != ROLE_LABEL)
            continue;
        all++;
        if (name_index_find(index, model->columns[i].name) == -1)
            absent = model->columns[i].name;
        else
            there++;
    }
    for (size_t i = 0; i < in->labels.n; i++) {
        int at = schema_find(model, in->labels.names[i]);
        if (at < 0 || model->columns[at].role != ROLE_LABEL) {
            char shown[96];
            return error_set(error, STATUS_USAGE, "-y %s: the %s has no such label (leave -y out)",
                             quoted(shown, sizeof shown, in->labels.names[i]), ingest_by(in));
        }
    }
    if (absent != NULL && (there > 0 || in->labels.n > 0))
        return ingest_no_column(file, absent,
                                in->options->by_schema ? ", a label of the schema" : ", a label of the model", names, n,
                                error);
    *wanted = all > 0 && there == all;
    return 0;
}

/* All features that are missing, in one sentence. */
static int
missing_features(const struct ingest *in, const char *file, const struct name_index *index, char *const *names,
                 size_t n, struct error *error)
{
    char list[LIST_BYTES], all[LIST_BYTES], shown[96];
    size_t used = 0, missing = 0, needs = 0;
    for (uint32_t i = 0; i < in->model->n_columns; i++) {
        const struct column *column = &in->model->columns[i];
        bool needed = column->role == ROLE_FEATURE && (column->type == COLUMN_NUM || column->type == COLUMN_CAT);
        needs += needed;
        if (!needed || name_index_find(index, column->name) != -1)
            continue;
        if (used + 100 < sizeof list)
            used += (size_t) snprintf(list + used, sizeof list - used, "%s'%s'", missing > 0 ? ", " : "",
                                      quoted(shown, sizeof shown, column->name));
        missing++;
    }
    if (missing == 0)
        return 0;
    if (in->options->missing_columns != MISSING_ERROR)
        return missing < needs ? 0
                               : error_set(error, STATUS_DATA,
                                           "%s: none of the columns that the %s needs is there (the columns are %s)",
                                           file, ingest_by(in), list_columns(all, names, n));
    return error_set(error, STATUS_DATA,
                     "%s: no column %s%s, which the %s needs (the columns are %s; --missing-columns nan takes %s "
                     "as missing)",
                     file, list, used + 100 < sizeof list ? "" : ", ...", ingest_by(in), list_columns(all, names, n),
                     missing > 1 ? "them" : "it");
}

/* Is there a carried column of that name? */
static bool
carries(const struct schema *schema, const char *name)
{
    for (uint32_t i = 0; i < schema->n_columns; i++)
        if (schema->columns[i].role == ROLE_CARRY && strcmp(schema->columns[i].name, name) == 0)
            return true;
    return false;
}

/* Columns of the file that the model does not know. */
static int
extra_columns(struct ingest *in, const char *file, const struct name_index *index, char *const *names, size_t n,
              struct error *error)
{
    char shown[96];
    if (in->options->new_columns == NEW_IGNORE)
        return 0;
    for (size_t i = 0; i < n; i++) {
        if (schema_find(in->model, names[i]) >= 0 || carries(&in->schema, names[i]))
            continue;
        if (in->options->new_columns == NEW_ERROR)
            return error_set(error, STATUS_DATA,
                             "%s: column '%s' is not one of the %s's (--new-columns ignore leaves it out)", file,
                             quoted(shown, sizeof shown, names[i]), ingest_by(in));
        if (name_index_find(index, names[i]) == -2)
            return column_twice(in, file, names[i], error);
        ingest_column(in, names[i], COLUMN_TEXT, ROLE_CARRY, (int64_t) i);
    }
    return 0;
}

int
ingest_plan_model(struct ingest *in, const char *file, char *const *names, size_t n, struct error *error)
{
    const struct schema *model = in->model;
    struct name_index index;
    name_index_open(&index, names, n);
    int result = -1;
    bool labels = false;
    struct schema *schema = &in->schema;
    if (model_labels(in, file, &index, names, n, &labels, error) < 0)
        goto out;
    if (missing_features(in, file, &index, names, n, error) < 0)
        goto out;
    schema->columns = arena_zalloc(&schema->arena, model->n_columns + n + in->carry.n, sizeof *schema->columns);
    memcpy(schema->model, model->model, sizeof schema->model);
    schema->task = labels ? model->task : TASK_NONE;
    for (uint32_t i = 0; i < model->n_columns; i++) {
        const struct column *column = &model->columns[i];
        int64_t at = name_index_find(&index, column->name);
        /* A model has no use for text; a stream has it where the input does. */
        bool no_use = column_is_text(column) && (!in->options->by_schema || at == -1);
        if (no_use || (column->role == ROLE_LABEL && !labels) || (column->role != ROLE_FEATURE && at == -1))
            continue;
        if (at == -2) {
            column_twice(in, file, column->name, error);
            goto out;
        }
        struct sink *sink = ingest_column(in, column->name, column->type, column->role, at == -1 ? SINK_NONE : at);
        dict_copy(&schema->columns[sink->column].dict, &column->dict);
        sink->most = column->dict.n + CATEGORIES_MOST;
    }
    for (size_t i = 0; i < in->carry.n; i++) {
        int64_t at = name_index_find(&index, in->carry.names[i]);
        if (at >= 0 && carries(schema, in->carry.names[i]))
            continue;
        if (at < 0) {
            if (at == -1)
                ingest_no_column(file, in->carry.names[i], " to carry", names, n, error);
            else
                column_twice(in, file, in->carry.names[i], error);
            goto out;
        }
        ingest_column(in, names[at], COLUMN_TEXT, ROLE_CARRY, at);
    }
    if (extra_columns(in, file, &index, names, n, error) < 0)
        goto out;
    ingest_ready(in);
    result = 0;
out:
    name_index_close(&index);
    return result;
}

/* Another file. */

int
ingest_remap(struct ingest *in, const char *file, char *const *names, size_t n, struct error *error)
{
    struct sinks *const lists[] = {&in->x,    &in->c,     &in->y,  &in->label, &in->w,
                                   &in->time, &in->group, &in->id, &in->text};
    struct name_index index;
    name_index_open(&index, names, n);
    int result = -1;
    for (size_t k = 0; k < sizeof lists / sizeof *lists; k++)
        for (size_t i = 0; i < lists[k]->n; i++) {
            struct sink *sink = &lists[k]->items[i];
            const char *name = in->schema.columns[sink->column].name;
            int64_t at = name_index_find(&index, name);
            if (at >= 0) {
                sink->source = at;
            } else if (at == -1 && sink->source == SINK_NONE) {
                continue;
            } else {
                if (at == -1)
                    ingest_no_column(file, name, ", which the files before have", names, n, error);
                else
                    column_twice(in, file, name, error);
                goto out;
            }
        }
    result = 0;
out:
    name_index_close(&index);
    return result;
}
