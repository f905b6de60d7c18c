#include "adopt.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fit.h"
#include "memory_rows.h"

/* What a missing number of a new column is until it is known what to put there: the lowest of all floats. */
#define NOT_YET (-FLT_MAX)

static bool
is_new(const struct model *model, const struct column *column)
{
    return column->role == ROLE_FEATURE && (column->type == COLUMN_NUM || column->type == COLUMN_CAT) &&
           schema_find(&model->schema, column->name) < 0;
}

const struct column *
adopt_first(const struct model *model, const struct schema *stream)
{
    for (uint32_t i = 0; i < stream->n_columns; i++)
        if (is_new(model, &stream->columns[i]))
            return &stream->columns[i];
    return NULL;
}

/* ---- columns, scale, network ---- */

static void
add_columns(struct model *model, const struct schema *stream)
{
    struct schema *schema = &model->schema;
    struct column *columns =
        arena_zalloc(&schema->arena, (size_t) schema->n_columns + stream->n_columns, sizeof *columns);
    uint32_t n = schema->n_columns;
    memcpy(columns, schema->columns, n * sizeof *columns);
    for (uint32_t i = 0; i < stream->n_columns; i++) {
        const struct column *column = &stream->columns[i];
        if (!is_new(model, column))
            continue;
        columns[n++] = (struct column){
            .name = arena_strdup(&schema->arena, column->name),
            .type = column->type,
            .role = column->role,
            .extra = column->extra != NULL ? value_copy(&schema->arena, column->extra) : NULL,
        };
    }
    schema->columns = columns;
    schema->n_columns = n;
    schema_count(schema);
}

/* Entries that change nothing. */
static void
add_entries(struct schema *schema, struct transform *transform)
{
    struct transform longer;
    struct arena *arena = &schema->arena;
    const uint32_t had = transform->n, n = schema->n_x;
    transform_copy(&longer, transform, arena);
    longer.n = n;
    longer.names = arena_array(arena, n, sizeof *longer.names);
    longer.shift = arena_array(arena, n, sizeof *longer.shift);
    longer.divisor = arena_array(arena, n, sizeof *longer.divisor);
    longer.fill = arena_array(arena, n, sizeof *longer.fill);
    for (uint32_t j = 0; j < n; j++) {
        longer.names[j] = j < had ? transform->names[j] : schema_x(schema, j)->name;
        longer.shift[j] = j < had ? transform->shift[j] : 0;
        longer.divisor[j] = j < had ? transform->divisor[j] : 1;
        longer.fill[j] = j < had ? transform->fill[j] : (double) NOT_YET;
    }
    *transform = longer;
}

/* The upper rows of `to` are those of `from`. */
static void
take_rows(float *to, const float *from, const struct param *param)
{
    memcpy(to, from, param->rows * param->cols * sizeof *to);
}

/* Moments of a parameter that has more rows now. */
static void
add_moment_rows(struct model *model, const char *what, const struct param *before, const struct param *now)
{
    const char *name = arena_printf(&model->arena, "%s.%s", what, now->name);
    const struct tensor *moment = model_find(model, TENSOR_OPTIMISER, name);
    if (moment == NULL || moment->dtype != DTYPE_F32 || moment->bytes != before->rows * before->cols * sizeof(float))
        return;
    float *data = arena_zalloc(&model->arena, now->rows * now->cols, sizeof *data);
    take_rows(data, moment->data, before);
    model_put(model, TENSOR_OPTIMISER, name, DTYPE_F32, 2, (const uint64_t[]){now->rows, now->cols}, data);
}

/* The same network with more inputs; what is new is zeros. */
static void
add_inputs(struct model *model)
{
    const struct schema *schema = &model->schema;
    struct network before = model->network, *now = &model->network;
    struct arena *arena = &model->arena;
    now->n_x = schema->n_x;
    now->n_c = schema->n_c;
    now->c_sizes = arena_array(arena, now->n_c, sizeof *now->c_sizes);
    now->c_names = arena_array(arena, now->n_c, sizeof *now->c_names);
    for (uint32_t k = 0; k < now->n_c; k++) {
        now->c_sizes[k] = k < before.n_c ? before.c_sizes[k] : 1;
        now->c_names[k] = k < before.n_c ? before.c_names[k] : arena_strdup(arena, schema_c(schema, k)->name);
    }
    if (before.bins != NULL) {
        now->bins = arena_zalloc(arena, now->n_x, sizeof *now->bins);
        memcpy(now->bins, before.bins, before.n_x * sizeof *now->bins);
    }
    now->layers = arena_array(arena, before.n_layers, sizeof *now->layers);
    memcpy(now->layers, before.layers, before.n_layers * sizeof *now->layers);
    now->layers[0].n_in = now->n_x;
    network_params(now, arena);
    uint32_t old = 0;
    for (uint32_t p = 0; p < now->n_params; p++) {
        struct param *param = &now->params[p];
        const bool fresh = param->kind == PARAM_CATEGORY && param->category >= before.n_c;
        param->data = arena_zalloc(arena, param->rows * param->cols, sizeof *param->data);
        if (fresh)
            continue;
        const struct param *was = &before.params[old++]; /* all others have their order */
        take_rows(param->data, was->data, was);
        param->frozen = was->frozen;
        if (param->rows > was->rows) {
            add_moment_rows(model, "m", was, param);
            add_moment_rows(model, "v", was, param);
        }
    }
}

int
adopt_columns(struct adopted *adopted, struct model *model, const struct schema *stream, struct error *error)
{
    struct schema *schema = &model->schema;
    const struct column *first = adopt_first(model, stream);
    *adopted = (struct adopted){.n_x = schema->n_x, .n_c = schema->n_c};
    if (first == NULL)
        return 0;
    char quoted[128];
    if (stream->n_transforms > 0)
        return error_set(error, STATUS_DATA,
                         "column '%s' is new, and the stream is scaled already: new columns are taken from raw rows "
                         "(leave cl-scale out, or use --new-columns ignore)",
                         error_quote(quoted, sizeof quoted, first->name, strlen(first->name), 60));
    add_columns(model, stream);
    adopted->new_x = schema->n_x - adopted->n_x;
    adopted->new_c = schema->n_c - adopted->n_c;
    for (uint32_t i = 0; i < schema->n_transforms && adopted->new_x > 0; i++)
        add_entries(schema, &schema->transforms[i]);
    add_inputs(model);
    return 0;
}

/* ---- the scale of new columns ---- */

static struct fit_options
options_of(const struct transform *transform)
{
    struct fit_options options = {SCALE_NONE, LABEL_NONE, IMPUTE_MEAN};
    if (strcmp(transform->method, "standard") == 0)
        options.method = SCALE_STANDARD;
    else if (strcmp(transform->method, "minmax") == 0)
        options.method = SCALE_MINMAX;
    else if (strcmp(transform->method, "robust") == 0)
        options.method = SCALE_ROBUST;
    if (strcmp(transform->impute, "median") == 0)
        options.impute = IMPUTE_MEDIAN;
    else if (strcmp(transform->impute, "zero") == 0)
        options.impute = IMPUTE_ZERO;
    return options;
}

/* Columns [first, d) of rows [from, from + n), missing where they are not yet. */
static void
take_columns(struct batch *batch, const struct dataset *rows, uint64_t from, uint64_t n, uint32_t first)
{
    const uint32_t d = rows->d, width = d - first;
    const float *x = (const float *) rows->x.data + from * d;
    batch->n = n;
    for (uint64_t i = 0; i < n; i++)
        for (uint32_t j = 0; j < width; j++)
            batch->x[i * width + j] = x[i * d + first + j] == NOT_YET ? NAN : x[i * d + first + j];
}

/* The entries of new columns in the first transform, as cl-scale would have made them. */
static int
fit_entries(const struct adopted *adopted, struct model *model, const struct dataset *rows, struct error *error)
{
    enum { ROWS = 4096 };
    struct transform *transform = &model->schema.transforms[0], fitted;
    const struct fit_options options = options_of(transform);
    struct schema schema = {.n_columns = adopted->new_x};
    struct arena arena = {0};
    struct batch batch = {.arena = &arena};
    int status = 0;
    schema.columns = arena_zalloc(&arena, adopted->new_x, sizeof *schema.columns);
    for (uint32_t j = 0; j < adopted->new_x; j++)
        schema.columns[j] = *schema_x(&model->schema, adopted->n_x + j);
    schema_count(&schema);
    batch.schema = &schema;
    batch.x = arena_array(&arena, (size_t) ROWS * adopted->new_x, sizeof *batch.x);
    struct fit *fit = fit_open(&schema, &options);
    while (status == 0 && fit_next_pass(fit))
        for (uint64_t i = 0; i < rows->n && status == 0; i += ROWS) {
            take_columns(&batch, rows, i, rows->n - i < ROWS ? rows->n - i : ROWS, adopted->n_x);
            status = fit_rows(fit, &batch, error);
        }
    if (status == 0)
        status = fit_finish(fit, &fitted, &arena, error);
    for (uint32_t j = 0; j < adopted->new_x && status == 0; j++) {
        const uint32_t to = adopted->n_x + j;
        transform->shift[to] = fitted.shift[j];
        transform->fill[to] = fitted.fill[j];
        /* All pixels have one divisor. */
        transform->divisor[to] = strcmp(transform->method, "pixels") == 0 ? transform->divisor[0] : fitted.divisor[j];
    }
    fit_close(fit);
    free(schema.places);
    free(schema.slots);
    arena_free(&arena);
    return status;
}

/* Rows that were collected get the entries now; later transforms change nothing in these columns. */
static void
apply_entries(const struct adopted *adopted, const struct transform *transform, struct dataset *rows)
{
    float *x = rows->x.data;
    for (uint64_t i = 0; i < rows->n; i++)
        for (uint32_t j = adopted->n_x; j < rows->d; j++) {
            float *at = &x[i * rows->d + j];
            const double number = *at == NOT_YET ? transform->fill[j] : (double) *at;
            *at = (float) ((number - transform->shift[j]) / transform->divisor[j]);
        }
}

int
adopt_fit(struct adopted *adopted, struct model *model, struct collector *collector, struct error *error)
{
    struct schema *schema = &model->schema;
    if (adopted->new_x + adopted->new_c == 0)
        return 0;
    if (adopted->new_x > 0 && schema->n_transforms > 0 && collector->train.n > 0) {
        if (fit_entries(adopted, model, &collector->train, error) < 0)
            return -1;
        for (uint32_t i = 1; i < schema->n_transforms; i++)
            for (uint32_t j = adopted->n_x; j < schema->n_x; j++)
                schema->transforms[i].fill[j] = 0; /* never asked for: the first one fills */
        apply_entries(adopted, &schema->transforms[0], &collector->train);
        apply_entries(adopted, &schema->transforms[0], &collector->valid);
    }
    adopted->fill = arena_zalloc(&model->arena, schema->n_x, sizeof *adopted->fill);
    for (uint32_t j = 0; j < schema->n_x && schema->n_transforms > 0; j++)
        adopted->fill[j] = NAN;
    for (uint32_t i = 0; i < schema->n_transforms; i++)
        transform_apply_x(&schema->transforms[i], adopted->fill, 1);
    memory_widen(model);
    return 0;
}

void
adopt_profile(const struct adopted *adopted, struct model *model, const struct profile *more)
{
    struct profile *profile = model->schema.profile;
    if (profile == NULL || more == NULL || adopted->new_x + adopted->new_c == 0)
        return;
    struct dict places = {0};
    struct profile_column *columns = arena_array(&model->schema.arena, (size_t) profile->n + more->n, sizeof *columns);
    memcpy(columns, profile->columns, profile->n * sizeof *columns);
    profile_index(profile, &places);
    uint32_t n = profile->n;
    for (uint32_t i = 0; i < more->n; i++) {
        const struct profile_column *column = &more->columns[i];
        if (dict_find(&places, column->name, strlen(column->name)) != 0 ||
            schema_find(&model->schema, column->name) < 0)
            continue;
        columns[n] = *column;
        columns[n].name = arena_strdup(&model->schema.arena, column->name);
        columns[n].seen = NULL; /* profile_join() adds what the new rows say */
        columns[n++].missing = profile->rows;
    }
    profile->columns = columns;
    profile->n = n;
    dict_free(&places);
}

void
adopt_extents(const struct adopted *adopted, const struct model *model, struct extent *old)
{
    const struct network *network = &model->network;
    for (uint32_t p = 0; p < network->n_params && adopted->new_x + adopted->new_c > 0; p++) {
        const struct param *param = &network->params[p];
        if (param->kind == PARAM_CATEGORY && param->category >= adopted->n_c)
            old[p] = (struct extent){0, 0};
        else if (p == network->layers[0].weight)
            old[p].rows = adopted->n_x;
    }
}
