#include "groups.h"

#include <stdlib.h>
#include <string.h>

#include "options.h"

#define KEY "groups"

static int
bad(struct error *error)
{
    return error_set(error, STATUS_DATA, "the groups of the model's classes are not one number for each");
}

/* By the record of the first training. */
static uint32_t *
read_among(const struct model *model, struct arena *arena, const struct dict *classes)
{
    const char *among = value_get_string(value_get(model->training, "options"), "among");
    if (among == NULL)
        return NULL;
    uint32_t *groups = arena_zalloc(arena, classes->n, sizeof *groups);
    size_t n;
    char **names = split_list(among, &n);
    for (size_t i = 0; i < n; i++) {
        uint32_t code = dict_find(classes, names[i], strlen(names[i]));
        if (code > 0)
            groups[code - 1] = 1;
    }
    free(names);
    return groups;
}

int
groups_read(const struct model *model, struct arena *arena, uint32_t **groups, struct error *error)
{
    const struct value *array = model->extra != NULL ? value_get(model->extra, KEY) : NULL;
    *groups = NULL;
    if (model->schema.task != TASK_CLASS)
        return 0;
    const struct dict *classes = &schema_y(&model->schema, 0)->dict;
    if (array == NULL) {
        *groups = read_among(model, arena, classes);
        return 0;
    }
    if (array->kind != VALUE_ARRAY || array->n > classes->n)
        return bad(error);
    *groups = arena_zalloc(arena, classes->n, sizeof **groups);
    for (uint32_t c = 0; c < array->n; c++) {
        uint64_t group;
        if (!value_to_u64(array->items[c], &group) || group > UINT32_MAX)
            return bad(error);
        (*groups)[c] = (uint32_t) group;
    }
    return 0;
}

void
groups_mark(uint32_t *groups, const struct rowset *rows, uint32_t run)
{
    for (uint64_t i = 0; i < rows->n; i++) {
        const uint32_t class = rows->label != NULL ? rows->label[i] : rows->y[i] > 0.5f;
        if (groups[class] == 0)
            groups[class] = run;
    }
}

void
groups_write(struct model *model, const uint32_t *groups, uint32_t n_classes)
{
    struct arena *arena = &model->arena;
    struct value *array = value_array(arena);
    for (uint32_t c = 0; c < n_classes; c++)
        value_push(arena, array, value_uint(arena, groups[c]));
    if (model->extra == NULL)
        model->extra = value_map(arena);
    value_set(arena, model->extra, KEY, array);
}
