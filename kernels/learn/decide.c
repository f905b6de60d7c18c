#include "decide.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "counts.h"
#include "links.h"
#include "loss.h"
#include "numerics.h"
#include "options.h"

/* "'a', 'b', 'c' ..." for messages. */
static void
list_classes(char *text, size_t cap, const struct dict *names)
{
    size_t n = 0;
    text[0] = '\0';
    for (uint32_t c = 0; c < names->n && n + 64 < cap; c++) {
        char quoted[40];
        error_quote(quoted, sizeof quoted, names->values[c], names->lengths[c], 24);
        n += (size_t) snprintf(text + n, cap - n, "%s'%s'", c == 0 ? "" : ", ", quoted);
        if (c == 19 && names->n > 20) {
            snprintf(text + n, cap - n, " ...");
            break;
        }
    }
}

static int
find_class(const struct decision *decision, const char *option, const char *name, uint32_t *class, struct error *error)
{
    uint32_t code = dict_find(decision->names, name, strlen(name));
    if (code == 0 || code > decision->n_classes) {
        char quoted[80], known[800];
        list_classes(known, sizeof known, decision->names);
        return error_set(error, STATUS_USAGE, "%s: the model has no class '%s'; it has %s", option,
                         error_quote(quoted, sizeof quoted, name, strlen(name), 40), known);
    }
    *class = code - 1;
    return 0;
}

static int
read_among(struct decision *decision, const char *among, struct error *error)
{
    size_t n, allowed = 0;
    uint32_t class = 0;
    int status = 0;
    char **names = split_list(among, &n);
    decision->mask = mem_zalloc(decision->n_classes, 1);
    for (size_t i = 0; i < n && status == 0; i++)
        if ((status = find_class(decision, "--among", names[i], &class, error)) == 0)
            decision->mask[class] = 1;
    free(names);
    for (uint32_t c = 0; c < decision->n_classes; c++)
        allowed += decision->mask[c];
    if (status == 0 && allowed < 2)
        status = error_set(error, STATUS_USAGE, "--among needs two classes or more");
    if (allowed == decision->n_classes) {
        free(decision->mask);
        decision->mask = NULL;
    }
    return status;
}

int
decision_open(struct decision *decision, const struct model *model, const struct decision_options *options,
              struct error *error)
{
    *decision = (struct decision){
        .model = model,
        .n_outputs = network_outputs(&model->network),
        .threshold = isnan(options->threshold) ? 0.5 : options->threshold,
    };
    if ((decision->links = links_pick(error)) == NULL)
        return -1;
    if (model->schema.task == TASK_NONE || model->schema.n_y == 0)
        return error_set(error, STATUS_DATA, "the model has no label column");
    if (model->schema.task == TASK_CLASS) {
        decision->names = &schema_y(&model->schema, 0)->dict;
        decision->n_classes = model->loss == LOSS_BCE ? 2 : decision->n_outputs;
        if (decision->names->n != decision->n_classes || !loss_of_classes(model->loss))
            return error_set(error, STATUS_DATA, "the model has %u classes and a network for %u", decision->names->n,
                             decision->n_classes);
    } else if (decision->n_outputs != loss_outputs(model->loss, 0, model->schema.n_y, model->n_quantiles)) {
        return error_set(error, STATUS_DATA, "the model has %u label columns and a network of %u outputs",
                         model->schema.n_y, decision->n_outputs);
    }
    decision->n_labels = decision->n_classes > 0 ? 0 : model->schema.n_y;
    decision->binary = decision->n_classes == 2;
    decision->positive = decision->n_classes - 1;
    const char *option = options->among != NULL       ? "--among"
                         : options->positive != NULL  ? "--positive"
                         : !isnan(options->threshold) ? "--threshold"
                                                      : NULL;
    if (option != NULL && decision->n_classes == 0)
        return error_set(error, STATUS_USAGE, "%s is for models of classes; this one predicts numbers", option);
    if (!decision->binary && (options->positive != NULL || !isnan(options->threshold)))
        return error_set(error, STATUS_USAGE, "%s is for models of two classes; this one has %u",
                         options->positive != NULL ? "--positive" : "--threshold", decision->n_classes);
    if (options->positive != NULL &&
        find_class(decision, "--positive", options->positive, &decision->positive, error) < 0)
        return -1;
    if (options->among != NULL && read_among(decision, options->among, error) < 0) {
        decision_close(decision);
        return -1;
    }
    return 0;
}

void
decision_close(struct decision *decision)
{
    free(decision->mask);
    decision->mask = NULL;
}

bool
decision_allows(const struct decision *decision, uint32_t class)
{
    return decision->mask == NULL || decision->mask[class];
}

uint32_t
decision_top(const struct decision *decision, const float *p)
{
    uint32_t top = 0;
    while (!decision_allows(decision, top))
        top++;
    for (uint32_t c = top + 1; c < decision->n_classes; c++)
        if (decision_allows(decision, c) && p[c] > p[top])
            top = c;
    return top;
}

void
decide_classes(const struct decision *decision, uint64_t n, const float *z, float *p, uint32_t *class)
{
    uint32_t c = decision->n_classes, positive = decision->positive;
    assert(c >= 2 || decision->model->loss == LOSS_CE);
    decision->links->classes(decision->model->loss, n, c, z, decision->mask, p);
    for (uint64_t i = 0; i < n; i++, p += c)
        if (decision->binary)
            class[i] = (double) p[positive] >= decision->threshold ? positive : 1 - positive;
        else
            class[i] = decision_top(decision, p);
}

uint32_t
decide_class(const struct decision *decision, const float *z, float *p)
{
    uint32_t class;
    decide_classes(decision, 1, z, p, &class);
    return class;
}

/* The shortest decimals that are this number. */
static const char *
number_text(double number, struct arena *arena)
{
    char text[32];
    double again = NAN;
    for (int digits = 1; digits <= 17 && again != number; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, number);
        parse_double(text, &again);
    }
    return arena_strdup(arena, text);
}

const char *
decision_name(const struct decision *decision, uint32_t j, struct arena *arena)
{
    const struct model *model = decision->model;
    const uint32_t n = model->n_quantiles, t = n > 0 ? j / n : j;
    const char *name = "prediction";
    if (decision->n_labels > 1)
        name = arena_printf(arena, "%s_%s", name, schema_y(&model->schema, t)->name);
    return n == 0 ? name : arena_printf(arena, "%s_%s", name, number_text(model->quantiles[j % n], arena));
}

/* Ascending, by insertion: they are few and nearly sorted. */
static void
sort_numbers(float *y, uint32_t n)
{
    for (uint32_t i = 1; i < n; i++) {
        float moved = y[i];
        uint32_t at = i;
        for (; at > 0 && y[at - 1] > moved; at--)
            y[at] = y[at - 1];
        y[at] = moved;
    }
}

void
decide_numbers(const struct decision *decision, const float *z, float *y)
{
    const struct model *model = decision->model;
    const struct schema *schema = &model->schema;
    const uint32_t each = model->n_quantiles > 0 ? model->n_quantiles : 1, n_transforms = schema->n_transforms;
    for (uint32_t t = 0; t < decision->n_labels; t++, z += each, y += each) {
        if (model->loss == LOSS_POISSON) {
            *y = (float) ((double) num_exp(*z) * counts_unit(schema->transforms, n_transforms, t));
            continue;
        }
        for (uint32_t q = 0; q < each; q++)
            y[q] = (float) transform_invert_label(schema->transforms, n_transforms, t, (double) z[q]);
        if (each > 1)
            sort_numbers(y, each);
    }
}
