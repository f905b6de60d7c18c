/* What the columns are with a model, or with the schema of a stream: those that it has, found by name. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ingest_columns.h"
#include "ingest_lag.h"
#include "ingest_names.h"
#include "memory.h"

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
            return error_set(error, STATUS_USAGE,
                             "-y %s: the %s has no such label (leave -y out; or -m, for cl-tune --reinit-head)",
                             name_quoted(shown, sizeof shown, in->labels.names[i]), ingest_by(in));
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
        const char *name = ingest_source_name(column);
        if (lag_is_made(column) && name_index_find(index, name) == -1)
            continue;
        /* The parts of a date stand together. */
        if (!needed || (i > 0 && name != column->name && strcmp(name, ingest_source_name(column - 1)) == 0 &&
                        column[-1].role == ROLE_FEATURE))
            continue;
        needs++;
        if (name_index_find(index, name) != -1)
            continue;
        if (used + 100 < sizeof list)
            used += (size_t) snprintf(list + used, sizeof list - used, "%s'%s'", missing > 0 ? ", " : "",
                                      name_quoted(shown, sizeof shown, name));
        missing++;
    }
    if (missing == 0)
        return 0;
    if (in->options->missing_columns != MISSING_ERROR)
        return missing < needs ? 0
                               : error_set(error, STATUS_DATA,
                                           "%s: none of the columns that the %s needs is there (the columns are %s)",
                                           file, ingest_by(in), name_listed(all, names, n));
    return error_set(error, STATUS_DATA,
                     "%s: no column %s%s, which the %s needs (the columns are %s; --missing-columns nan takes %s "
                     "as missing)",
                     file, list, used + 100 < sizeof list ? "" : ", ...", ingest_by(in), name_listed(all, names, n),
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

/* Carries the column of a name, or those that a pattern fits, once. */
static int
carry(struct ingest *in, const char *file, const struct name_index *index, const char *name, char *const *names,
      size_t n, struct error *error)
{
    int64_t at = name_index_find(index, name);
    bool pattern = at == -1 && is_pattern(name), any = false;
    if (at == -2)
        return name_twice(in, file, name, error);
    for (size_t i = 0; i < n; i++) {
        if (pattern ? !pattern_match(name, names[i]) : (int64_t) i != at)
            continue;
        any = true;
        if (name_index_find(index, names[i]) == -2)
            return name_twice(in, file, names[i], error);
        if (!carries(&in->schema, names[i]))
            ingest_column(in, names[i], COLUMN_TEXT, ROLE_CARRY, (int64_t) i);
    }
    return any ? 0 : name_unknown(file, name, " to carry", names, n, error);
}

/* New columns with a type: features that cl-tune may add. */
static int
typed_columns(struct ingest *in, const char *file, const struct name_index *index, char *const *names, size_t n,
              struct error *error)
{
    for (size_t i = 0; i < in->types.n; i++) {
        const char *name = in->types.names[i];
        const int64_t at = name_index_find(index, name);
        struct type_word type;
        char shown[96];
        name_quoted(shown, sizeof shown, name);
        type_word_parse(in->types.words[i], &type);
        if (at == -2)
            return name_twice(in, file, name, error);
        for (uint32_t k = 0; k < in->model->n_columns; k++)
            if (strcmp(ingest_source_name(&in->model->columns[k]), name) == 0)
                return error_set(error, STATUS_USAGE,
                                 "--types %s:%s: the column is one of the %s's, which says what it is", shown,
                                 in->types.words[i], ingest_by(in));
        if (at == -1)
            return name_unknown(file, name, "", names, n, error);
        if (type.drop || (type.type != COLUMN_NUM && type.type != COLUMN_CAT))
            return error_set(error, STATUS_USAGE,
                             "--types %s:%s: a column that the %s does not have can be num, cat or hash", shown,
                             in->types.words[i], ingest_by(in));
        if (carries(&in->schema, name))
            return error_set(error, STATUS_USAGE, "column '%s' is to be carried, and a feature by --types", shown);
        for (size_t k = 0; k < i; k++)
            if (strcmp(in->types.names[k], name) == 0)
                return error_set(error, STATUS_USAGE, "--types names column '%s' twice", shown);
        if (type.hash)
            column_hash(in, name, type.bits, at);
        else
            ingest_column(in, name, type.type, ROLE_FEATURE, at);
    }
    return 0;
}

/* New columns of role id or group. */
static int
role_columns(struct ingest *in, const char *file, const struct name_index *index, char *const *names, size_t n,
             struct error *error)
{
    for (size_t i = 0; i < in->roles.n; i++) {
        const char *name = in->roles.names[i], *word = in->roles.words[i];
        const enum column_role role = strcmp(word, "id") == 0 ? ROLE_ID : ROLE_GROUP;
        const int64_t at = name_index_find(index, name);
        bool same = false;
        char shown[96];
        name_quoted(shown, sizeof shown, name);
        for (uint32_t k = 0; k < in->model->n_columns; k++) {
            const struct column *column = &in->model->columns[k];
            if (strcmp(ingest_source_name(column), name) != 0)
                continue;
            same = column->role == role;
            if (!same)
                return error_set(error, STATUS_USAGE,
                                 "--role %s:%s: the column is one of the %s's, which says what it is", shown, word,
                                 ingest_by(in));
        }
        if (at == -2)
            return name_twice(in, file, name, error);
        if (at == -1)
            return name_unknown(file, name, " with a role", names, n, error);
        for (size_t k = 0; k < in->types.n; k++)
            if (strcmp(in->types.names[k], name) == 0)
                return error_set(error, STATUS_USAGE, "column '%s' is to have the role %s, and be a feature by --types",
                                 shown, word);
        if (same)
            continue;
        if ((role == ROLE_ID ? in->id.n : in->group.n) > 0)
            return error_set(error, STATUS_USAGE, "only one column can have the role %s", word);
        ingest_column(in, name, COLUMN_TEXT, role, at);
    }
    return 0;
}

/* Columns of the file that nobody knows. */
static int
extra_columns(struct ingest *in, const char *file, const struct name_index *index, char *const *names, size_t n,
              struct error *error)
{
    enum { NOTED = 20 };
    char shown[96];
    size_t left_out = 0;
    struct dict sources = {0};
    int result = -1;
    for (uint32_t i = 0; i < in->model->n_columns; i++) {
        const char *name = ingest_source_name(&in->model->columns[i]);
        dict_add(&sources, name, strlen(name));
    }
    for (size_t i = 0; i < in->types.n; i++)
        dict_add(&sources, in->types.names[i], strlen(in->types.names[i]));
    for (size_t i = 0; i < in->roles.n; i++)
        dict_add(&sources, in->roles.names[i], strlen(in->roles.names[i]));
    for (size_t i = 0; i < n; i++) {
        if (dict_find(&sources, names[i], strlen(names[i])) != 0 || carries(&in->schema, names[i]))
            continue;
        if (in->options->new_columns == NEW_IGNORE) {
            if (++left_out <= NOTED)
                ingest_note(in, "%s: column '%s' is left out: it is not one of the %s's", file,
                            name_quoted(shown, sizeof shown, names[i]), ingest_by(in));
            continue;
        }
        if (in->options->new_columns == NEW_ERROR) {
            error_set(error, STATUS_DATA, "%s: column '%s' is not one of the %s's (--new-columns ignore leaves it out)",
                      file, name_quoted(shown, sizeof shown, names[i]), ingest_by(in));
            goto out;
        }
        if (name_index_find(index, names[i]) == -2) {
            name_twice(in, file, names[i], error);
            goto out;
        }
        ingest_column(in, names[i], COLUMN_TEXT, ROLE_CARRY, (int64_t) i);
    }
    if (left_out > NOTED)
        ingest_note(in, "%s: %zu more columns are left out: they are not the %s's", file, left_out - NOTED,
                    ingest_by(in));
    result = 0;
out:
    dict_free(&sources);
    return result;
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
    for (uint32_t i = 0; i < model->n_columns && in->decimal == 0; i++) {
        const char *decimal = value_get_string(model->columns[i].extra, "decimal");
        in->decimal = decimal != NULL ? decimal[0] : 0;
    }
    if (model_labels(in, file, &index, names, n, &labels, error) < 0)
        goto out;
    if (missing_features(in, file, &index, names, n, error) < 0)
        goto out;
    schema->columns = arena_zalloc(&schema->arena, model->n_columns + 3 * n, sizeof *schema->columns);
    memcpy(schema->model, model->model, sizeof schema->model);
    schema->task = labels ? model->task : TASK_NONE;
    for (uint32_t i = 0; i < model->n_columns; i++) {
        const struct column *column = &model->columns[i];
        const char *name = ingest_source_name(column);
        int64_t at = name_index_find(&index, name);
        if (lag_is_made(column) && at == -1)
            continue;
        /* A model has no use for text; a stream has it where the input does. */
        bool no_use = column_is_text(column) && (!in->options->by_schema || at == -1);
        if (no_use || (column->role == ROLE_LABEL && !labels) || (column->role != ROLE_FEATURE && at == -1))
            continue;
        if (at == -2) {
            name_twice(in, file, name, error);
            goto out;
        }
        struct sink *sink = ingest_column(in, column->name, column->type, column->role, at == -1 ? SINK_NONE : at);
        dict_copy(&schema->columns[sink->column].dict, &column->dict);
        sink->most = column->dict.n + CATEGORIES_MOST;
        if (column_follow(in, sink, column, error) < 0)
            goto out;
    }
    for (size_t i = 0; i < in->carry.n; i++)
        if (carry(in, file, &index, in->carry.names[i], names, n, error) < 0)
            goto out;
    if (typed_columns(in, file, &index, names, n, error) < 0 || role_columns(in, file, &index, names, n, error) < 0 ||
        extra_columns(in, file, &index, names, n, error) < 0)
        goto out;
    if (in->decimal == 0)
        in->decimal = '.';
    ingest_ready(in);
    result = 0;
out:
    name_index_close(&index);
    return result;
}
