#include "build.h"

#include <stdlib.h>
#include <string.h>

#include "bins.h"
#include "defaults.h"
#include "loss.h"
#include "memory.h"
#include "numerics.h"
#include "options.h"

static int
choose_loss(struct settings *settings, enum task task, uint32_t n_classes, struct error *error)
{
    bool classes = task == TASK_CLASS;
    if (settings->loss == 0)
        settings->loss = 1 + (!classes ? LOSS_MSE : n_classes == 2 ? LOSS_BCE : LOSS_CE);
    enum loss loss = (enum loss)(settings->loss - 1);
    bool for_classes = loss_of_classes(loss);
    if (settings->label_smoothing > 0 && !classes)
        return error_set(error, STATUS_USAGE, "--label-smoothing is for classes, and the label is a number");
    if (for_classes && !classes)
        return error_set(error, STATUS_USAGE,
                         "--loss %s is for classes, and the label is a number (--loss mse, mae, huber, poisson "
                         "or quantile, or cl-ingest --task class)",
                         loss_name(loss));
    if (!for_classes && classes)
        return error_set(error, STATUS_USAGE,
                         "--loss %s is for numbers, and the label is a class (--loss bce or ce, or cl-ingest --task "
                         "regression)",
                         loss_name(loss));
    if (loss == LOSS_BCE && n_classes > 2)
        return error_set(error, STATUS_USAGE, "--loss bce is for two classes, and the data has %u (--loss ce)",
                         n_classes);
    return 0;
}

/* The classes that occur or are expected, ordered, into the model's label column. expected: a list, or NULL. */
static void
choose_classes(struct column *label, const struct collector *collector, const char *expected)
{
    const struct dict *all = collect_dict(collector, UINT32_MAX);
    struct dict seen = {0};
    size_t n = 0;
    char **names = expected != NULL ? split_list(expected, &n) : NULL;
    for (size_t i = 0; i < n; i++)
        dict_add(&seen, names[i], strlen(names[i]));
    free(names);
    for (uint32_t code = 1; code <= all->n; code++)
        if (collect_has_class(collector, code))
            dict_add(&seen, all->values[code - 1], all->lengths[code - 1]);
    uint32_t *order = mem_array(seen.n, sizeof *order);
    dict_order(&seen, order);
    dict_free(&label->dict);
    for (uint32_t i = 0; i < seen.n; i++)
        dict_add(&label->dict, seen.values[order[i] - 1], seen.lengths[order[i] - 1]);
    dict_free(&seen);
    free(order);
}

static void
choose_categories(struct column *column, const struct collector *collector, uint32_t k)
{
    const struct dict *all = collect_dict(collector, k);
    if (column_is_hashed(column))
        return;
    uint8_t *used = mem_zalloc((size_t) all->n + 1, 1);
    collect_used_codes(collector, k, used);
    dict_free(&column->dict);
    for (uint32_t code = 1; code <= all->n; code++)
        if (used[code])
            dict_add(&column->dict, all->values[code - 1], all->lengths[code - 1]);
    free(used);
}

static int
check_rows(const struct collector *collector, struct error *error)
{
    if (collector->n_train > 0)
        return 0;
    if (collector->n_test + collector->n_unlabelled + collector->n_outside + collector->n_valid > 0)
        return error_set(
            error, STATUS_DATA,
            "no row is left to train on (%llu for testing, %llu for validation, %llu without a label, %llu "
            "outside --among)",
            (unsigned long long) collector->n_test, (unsigned long long) collector->n_valid,
            (unsigned long long) collector->n_unlabelled, (unsigned long long) collector->n_outside);
    return error_set(error, STATUS_DATA, "the stream has no rows to train on");
}

int
build_check_among(const struct collector *collector, const struct dict *classes, struct error *error)
{
    char quoted[128];
    size_t n = 0;
    for (; collector->among != NULL && collector->among[n] != NULL; n++)
        if (dict_find(classes, collector->among[n], strlen(collector->among[n])) == 0)
            return error_set(error, STATUS_DATA, "--among: there is no class '%s'",
                             error_quote(quoted, sizeof quoted, collector->among[n], strlen(collector->among[n]), 60));
    return 0;
}

const uint8_t *
build_mask(const struct model *model, const struct collector *collector, struct arena *arena)
{
    if (collector->among == NULL || model->loss != LOSS_CE)
        return NULL;
    const struct dict *classes = &schema_y(&model->schema, 0)->dict;
    uint8_t *mask = arena_zalloc(arena, classes->n, 1);
    for (const char *const *name = collector->among; *name != NULL; name++)
        mask[dict_find(classes, *name, strlen(*name)) - 1] = 1;
    return mask;
}

/* The numbers that the loss has. */
static void
choose_objective(struct model *model, struct settings *settings)
{
    double quantiles[MODEL_MAX_QUANTILES];
    model->loss = (enum loss)(settings->loss - 1);
    model->huber_delta = settings->huber_delta;
    if (model->loss != LOSS_QUANTILE || settings_quantiles(settings, quantiles, &model->n_quantiles) < 0)
        return;
    if (settings->quantiles == NULL)
        settings->quantiles = SETTINGS_AUTO_QUANTILES;
    model->quantiles = arena_array(&model->arena, model->n_quantiles, sizeof *model->quantiles);
    memcpy(model->quantiles, quantiles, model->n_quantiles * sizeof *quantiles);
}

/* A log link starts at the mean label, not at 1: how far that is depends on the scale of the labels. */
static int
start_at_means(struct model *model, const struct collector *collector, struct error *error)
{
    const struct layer *output = &model->network.layers[model->network.n_layers - 1];
    const struct rowset rows = collect_train(collector);
    for (uint32_t t = 0; t < output->n_out; t++) {
        double sum = 0;
        for (uint64_t i = 0; i < rows.n; i++)
            sum += (double) rows.y[i * output->n_out + t];
        const char *name = schema_y(&model->schema, t)->name;
        char quoted[128];
        if (!(sum > 0))
            return error_set(error, STATUS_DATA,
                             "all rows to train on have the label '%s' of 0: loss poisson has nothing to learn",
                             error_quote(quoted, sizeof quoted, name, strlen(name), 60));
        model->network.params[output->bias].data[t] = num_log((float) (sum / (double) rows.n));
    }
    return 0;
}

/* Codes of a hashed column that no row has are what code 0 is. */
static void
forget_unused(struct model *model, const struct collector *collector, uint32_t k)
{
    const struct param *table = &model->network.params[model->network.layers[0].category0 + k];
    uint8_t *used = mem_zalloc(table->rows, 1);
    collect_used_codes(collector, k, used);
    for (uint64_t code = 1; code < table->rows; code++)
        if (!used[code])
            memcpy(table->data + code * table->cols, table->data, table->cols * sizeof *table->data);
    free(used);
}

static void
build_network(struct model *model, const struct collector *collector, const struct settings *settings,
              const struct network_spec *spec, uint32_t n_out)
{
    const struct schema *schema = &model->schema;
    uint32_t *sizes = mem_array(schema->n_c, sizeof *sizes);
    const char **names = mem_array(schema->n_c, sizeof *names);
    for (uint32_t k = 0; k < schema->n_c; k++) {
        sizes[k] = schema_c(schema, k)->dict.n + 1;
        names[k] = schema_c(schema, k)->name;
    }
    uint32_t *bins = mem_zalloc(schema->n_x, sizeof *bins);
    struct arena scratch = {NULL};
    struct rowset rows = collect_train(collector);
    const float *edges = spec->bins > 0 ? bins_choose(&rows, schema->n_x, spec->bins, bins, &scratch) : NULL;
    network_make(&model->network, &model->arena, schema->n_x,
                 &(struct encoding){spec->softclip, spec->bins > 0 ? bins : NULL, spec->dropout}, schema->n_c, sizes,
                 names, spec->hidden, spec->n_hidden, n_out);
    if (model->network.n_bins > 0)
        memcpy(model->network.params[model->network.edges].data, edges,
               model->network.params[model->network.edges].cols * sizeof *edges);
    arena_free(&scratch);
    free(bins);
    init_network(&model->network, (enum init) settings->init, settings->seed);
    for (uint32_t k = 0; k < schema->n_c; k++)
        if (column_is_hashed(schema_c(schema, k)))
            forget_unused(model, collector, k);
    free(sizes);
    free(names);
}

int
build_model(struct model *model, struct collector *collector, struct settings *settings, struct error *error)
{
    struct schema *schema = &model->schema;
    struct network_spec spec;
    uint32_t n_classes = 0;
    if (check_rows(collector, error) < 0)
        return -1;
    defaults_choose(settings, collector->stream, collector->n_train, &model->arena);
    if (settings_network(settings, &spec, error) < 0)
        return -1;
    schema_copy(schema, collector->stream);
    schema->model[0] = '\0';
    for (uint32_t k = 0; k < schema->n_c; k++)
        choose_categories(schema_c(schema, k), collector, k);
    if (schema->task == TASK_CLASS) {
        struct column *label = schema_y(schema, 0);
        choose_classes(label, collector, settings->classes);
        n_classes = label->dict.n;
        char quoted[128];
        if (n_classes < 2)
            return error_set(error, STATUS_DATA,
                             "all rows to train on have the same class '%s': there is nothing to tell apart",
                             error_quote(quoted, sizeof quoted, label->dict.values[0], label->dict.lengths[0], 60));
        if (build_check_among(collector, &label->dict, error) < 0)
            return -1;
    } else if (collector->among != NULL) {
        return error_set(error, STATUS_USAGE, "--among is for classes, and the label is a number");
    } else if (settings->classes != NULL) {
        return error_set(error, STATUS_USAGE, "--classes is for classes, and the label is a number");
    } else if (settings->class_weights == CLASS_WEIGHTS_BALANCED) {
        return error_set(error, STATUS_USAGE, "--class-weights is for classes, and the label is a number");
    }
    if (choose_loss(settings, schema->task, n_classes, error) < 0)
        return -1;
    choose_objective(model, settings);
    model->numerics = 1;
    build_network(model, collector, settings, &spec,
                  loss_outputs(model->loss, n_classes, schema->n_y, model->n_quantiles));
    collect_map(collector, schema, model->loss == LOSS_BCE);
    return model->loss == LOSS_POISSON ? start_at_means(model, collector, error) : 0;
}
