#include "growing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "program.h"
#include "solving.h"
#include "training.h"
#include "transfer.h"

struct adopted
growing_columns(struct model *model, struct stream_reader *reader, const struct settings *s)
{
    const struct schema *stream = stream_reader_schema(reader);
    const enum new_columns policy = (enum new_columns) s->new_columns;
    const struct column *first = adopt_first(model, stream);
    struct adopted adopted = {.n_x = model->schema.n_x, .n_c = model->schema.n_c};
    struct error error;
    char quoted[128];
    if (first == NULL)
        return adopted;
    error_quote(quoted, sizeof quoted, first->name, strlen(first->name), 60);
    if (policy == NEW_COLUMNS_ERROR)
        die(STATUS_DATA, "%s: the model has no column '%s' (--new-columns add learns from it, ignore leaves it out)",
            stream_reader_name(reader), quoted);
    if (policy == NEW_COLUMNS_IGNORE)
        warn("column '%s' is left out: the model does not have it (--new-columns add learns from it)", quoted);
    else if (adopt_columns(&adopted, model, stream, &error) < 0)
        training_refuse(reader, &error);
    return adopted;
}

void
growing_say_columns(const struct adopted *adopted, const struct model *model, const struct settings *s)
{
    const struct schema *schema = &model->schema;
    char quoted[128], filled[64] = "";
    for (uint32_t j = adopted->n_x; j < schema->n_x; j++) {
        const char *name = schema_x(schema, j)->name;
        if (schema->n_transforms > 0)
            snprintf(filled, sizeof filled, ", %.6g where it is missing", schema->transforms[0].fill[j]);
        warn("new column '%s': numbers%s", error_quote(quoted, sizeof quoted, name, strlen(name), 60), filled);
    }
    for (uint32_t k = adopted->n_c; k < schema->n_c; k++) {
        const char *name = schema_c(schema, k)->name;
        warn("new column '%s': categories", error_quote(quoted, sizeof quoted, name, strlen(name), 60));
    }
    if (adopted->new_x + adopted->new_c > 0 && solving_is_for(s) && model->network.n_layers > 1)
        warn("warning: strategy analytic leaves the hidden layers as they are, so new columns change nothing");
}

/* Classes of the rows that the model does not have. */
static void
find_fresh(const struct model *model, const struct collector *collector, struct dict *fresh)
{
    const struct dict *all = collect_dict(collector, UINT32_MAX);
    const struct dict *classes = &schema_y(&model->schema, 0)->dict;
    for (uint32_t code = 1; code <= all->n; code++)
        if (collect_has_class(collector, code) &&
            dict_find(classes, all->values[code - 1], all->lengths[code - 1]) == 0)
            dict_add(fresh, all->values[code - 1], all->lengths[code - 1]);
}

uint32_t
growing_classes(const struct model *model, const struct collector *collector, const struct settings *s)
{
    struct dict fresh = {0};
    if (model->schema.task != TASK_CLASS || s->new_class != NEW_CLASS_GROW)
        return 0;
    find_fresh(model, collector, &fresh);
    const uint32_t n = fresh.n;
    dict_free(&fresh);
    return n;
}

/* They go behind the model's own; in order among themselves. */
static void
grow_classes(struct model *model, const struct collector *collector, const struct settings *s)
{
    const enum new_class policy = (enum new_class) s->new_class;
    struct dict *classes = &schema_y(&model->schema, 0)->dict, fresh = {0};
    char quoted[128];
    find_fresh(model, collector, &fresh);
    if (fresh.n > 0 && policy == NEW_CLASS_ERROR)
        die(STATUS_DATA, "the model has no class '%s' (--new-class grow adds it, other leaves its rows out)",
            error_quote(quoted, sizeof quoted, fresh.values[0], fresh.lengths[0], 60));
    uint32_t *order = mem_array(fresh.n, sizeof *order);
    dict_order(&fresh, order);
    for (uint32_t i = 0; policy == NEW_CLASS_GROW && i < fresh.n; i++)
        dict_add(classes, fresh.values[order[i] - 1], fresh.lengths[order[i] - 1]);
    if (s->reinit_head)
        note("the new output layer has %u classes", classes->n);
    else if (fresh.n > 0)
        warn("%u new class%s: the output layer grows to %u", fresh.n, fresh.n == 1 ? "" : "es", classes->n);
    dict_free(&fresh);
    free(order);
}

static void
grow_categories(struct column *column, const struct collector *collector, uint32_t k)
{
    const struct dict *all = collect_dict(collector, k);
    uint8_t *used = mem_zalloc((size_t) all->n + 1, 1);
    uint32_t before = column->dict.n;
    collect_used_codes(collector, k, used);
    for (uint32_t code = 1; code <= all->n; code++)
        if (used[code] || column_is_hashed(column))
            dict_add(&column->dict, all->values[code - 1], all->lengths[code - 1]);
    char quoted[128];
    if (column->dict.n > before)
        warn("column '%s': %u new categor%s",
             error_quote(quoted, sizeof quoted, column->name, strlen(column->name), 60), column->dict.n - before,
             column->dict.n == before + 1 ? "y" : "ies");
    free(used);
}

/* Dictionaries first, then the network. */
struct extent *
growing_grow(struct model *model, const struct collector *collector, const struct settings *s,
             const struct adopted *adopted)
{
    const struct schema *schema = &model->schema;
    uint32_t n_classes = 0, *sizes = mem_array(schema->n_c, sizeof *sizes);
    struct extent *old = arena_array(&model->arena, model->network.n_params, sizeof *old);
    if (schema->task == TASK_CLASS) {
        grow_classes(model, collector, s);
        n_classes = schema_y(schema, 0)->dict.n;
    }
    for (uint32_t k = 0; k < schema->n_c; k++) {
        grow_categories(schema_c(schema, k), collector, k);
        sizes[k] = schema_c(schema, k)->dict.n + 1;
    }
    struct error error;
    if (s->reinit_head && transfer_head(model, n_classes, (enum init) s->init, s->seed, &error) < 0)
        die_error(&error);
    grow_model(model, n_classes, sizes, old);
    for (uint32_t p = 0; s->reinit_head && p < model->network.n_params; p++)
        if (model->network.params[p].layer == model->network.n_layers - 1)
            old[p] = (struct extent){0, 0};
    adopt_extents(adopted, model, old);
    free(sizes);
    return old;
}
