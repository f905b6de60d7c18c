#include "cell.h"

#include <stdio.h>
#include <string.h>

int
cell_column_find(struct cell_column *column, const char *name, const struct schema *schema, struct error *error)
{
    char quoted[128];
    error_quote(quoted, sizeof quoted, name, strlen(name), 60);
    *column = (struct cell_column){.name = name, .column = schema_find(schema, name)};
    /* A feature may be carried too, under its own name: its text is what was asked for. */
    for (uint32_t i = 0; i < schema->n_columns; i++)
        if (schema->columns[i].role == ROLE_CARRY && strcmp(schema->columns[i].name, name) == 0)
            column->column = (int) i;
    if (column->column < 0)
        return strcmp(name, "split") == 0
                   ? 0
                   : error_set(error, STATUS_DATA,
                               "the stream has no column '%s' (cl-ingest --carry keeps one that is no feature)",
                               quoted);
    const struct column *found = &schema->columns[column->column];
    bool category = found->type == COLUMN_CAT && (found->role == ROLE_FEATURE || found->role == ROLE_LABEL);
    bool hash = found->role == ROLE_GROUP || found->role == ROLE_ID;
    if (!category && !hash && found->role != ROLE_CARRY && found->type != COLUMN_TEXT)
        return error_set(error, STATUS_DATA,
                         "column '%s' holds numbers; a category, a group, a carried column or the split is needed",
                         quoted);
    for (int i = 0; i < column->column; i++)
        column->ordinal += schema->columns[i].role == found->role && schema->columns[i].type == found->type;
    return 0;
}

const char *
cell_text(struct cell_column *column, const struct batch *batch, uint64_t i, size_t *n)
{
    static const char *const tags[] = {"", "train", "valid", "test"};
    const struct schema *schema = batch->schema;
    *n = 0;
    if (column->column < 0) {
        const char *tag = batch->split != NULL && batch->split[i] <= SPLIT_TEST ? tags[batch->split[i]] : "";
        *n = strlen(tag);
        return tag;
    }
    const struct column *found = &schema->columns[column->column];
    if (found->role == ROLE_GROUP || found->role == ROLE_ID) {
        const uint64_t *hash = found->role == ROLE_GROUP ? batch->group : batch->id;
        if (hash == NULL)
            return "";
        *n = (size_t) snprintf(column->digits, sizeof column->digits, "%016llx", (unsigned long long) hash[i]);
        return column->digits;
    }
    if (found->role == ROLE_CARRY || found->type == COLUMN_TEXT) {
        for (uint32_t j = 0; j < batch->n_text; j++)
            if (strcmp(batch->text[j].name, column->name) == 0) {
                *n = batch->text[j].at[i + 1] - batch->text[j].at[i];
                return batch->text[j].bytes + batch->text[j].at[i];
            }
        return "";
    }
    bool label = found->role == ROLE_LABEL;
    const uint32_t *codes = label ? batch->label : batch->c;
    uint32_t code = codes == NULL ? 0 : codes[i * (label ? schema->n_y : schema->n_c) + column->ordinal];
    if (code == 0)
        return "";
    *n = found->dict.lengths[code - 1];
    return found->dict.values[code - 1];
}
