#include "collect.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "columns.h"
#include "counts.h"
#include "memory.h"

/* class_flags */
enum { CLASS_SEEN = 1, CLASS_LEFT_OUT = 2, CLASS_UNKNOWN = 4 };

/* ---- opening ---- */

/* Where column `name` is among the stream's categories or labels (those are at places[first ..]). */
static uint32_t
place_of(const struct schema *stream, const char *name, uint32_t first)
{
    uint32_t column = (uint32_t) schema_find(stream, name), place = first;
    while (stream->places[place] != column)
        place++;
    return place - first;
}

static bool
has_weights(const struct schema *schema)
{
    for (uint32_t i = 0; i < schema->n_columns; i++)
        if (schema->columns[i].role == ROLE_WEIGHT && schema->columns[i].type == COLUMN_NUM)
            return true;
    return false;
}

/* What cannot be trained on, whatever rows come. */
static int
check_schema(const struct schema *schema, struct error *error)
{
    if (schema->task == TASK_NONE || schema->n_y == 0)
        return error_set(error, STATUS_DATA,
                         "the stream has no label column to learn (name one with cl-ingest -y COLUMN)");
    if (schema->task == TASK_CLASS && schema->n_y > 1)
        return error_set(error, STATUS_DATA, "the stream has %u columns of classes as labels, and one can be learnt",
                         schema->n_y);
    if (schema->n_x + schema->n_c == 0)
        return error_set(error, STATUS_DATA, "the stream has no numeric or categorical feature to learn from");
    return 0;
}

int
collect_open(struct collector *collector, const struct schema *stream, const struct model *model,
             const char *const *among, bool known_only, struct dataset_memory *memory, struct error *error)
{
    const struct schema *columns = model != NULL ? &model->schema : stream;
    *collector = (struct collector){.stream = stream, .model = model, .among = among, .known_only = known_only};
    if (check_schema(columns, error) < 0)
        return -1;
    if (model != NULL) {
        if (bind_open(&collector->binding, model, stream, true, error) < 0)
            return -1;
        collector->c_from = mem_array(model->schema.n_c, sizeof *collector->c_from);
        collector->y_from = mem_array(model->schema.n_y, sizeof *collector->y_from);
        for (uint32_t k = 0; k < model->schema.n_c; k++)
            collector->c_from[k] = place_of(stream, schema_c(&model->schema, k)->name, stream->n_x);
        for (uint32_t t = 0; t < model->schema.n_y; t++)
            collector->y_from[t] = place_of(stream, schema_y(&model->schema, t)->name, stream->n_x + stream->n_c);
    }
    collector->counts = model != NULL && model->loss == LOSS_POISSON;
    bool classes = columns->task == TASK_CLASS, weighted = has_weights(stream);
    dataset_open(&collector->train, memory, columns->n_x, columns->n_c, columns->n_y, classes, weighted);
    dataset_open(&collector->valid, memory, columns->n_x, columns->n_c, columns->n_y, classes, weighted);
    return 0;
}

void
collect_counts(struct collector *collector)
{
    collector->counts = !collector->train.classes;
}

void
collect_close(struct collector *collector)
{
    dataset_close(&collector->train);
    dataset_close(&collector->valid);
    bind_close(collector->binding);
    free(collector->c_from);
    free(collector->y_from);
    free(collector->class_flags);
}

const struct dict *
collect_dict(const struct collector *collector, uint32_t k)
{
    if (k == UINT32_MAX)
        return &schema_y(collector->stream, collector->y_from != NULL ? collector->y_from[0] : 0)->dict;
    return &schema_c(collector->stream, collector->c_from != NULL ? collector->c_from[k] : k)->dict;
}

/* ---- rows ---- */

static bool
is_among(const char *const *among, const char *value, uint32_t length)
{
    if (among == NULL)
        return true;
    for (; *among != NULL; among++)
        if (strlen(*among) == length && memcmp(*among, value, length) == 0)
            return true;
    return false;
}

/* Flags of a class code, worked out when it first comes up. */
static uint8_t *
flags_of(struct collector *collector, uint32_t code)
{
    if (code >= collector->n_flags) {
        const struct dict *dict = collect_dict(collector, UINT32_MAX);
        mem_grow(&collector->class_flags, &collector->cap_flags, (size_t) dict->n + 1, 1);
        for (size_t i = collector->n_flags; i <= dict->n; i++) {
            const char *value = i > 0 ? dict->values[i - 1] : "";
            uint32_t length = i > 0 ? dict->lengths[i - 1] : 0;
            bool known =
                !collector->known_only || dict_find(&schema_y(&collector->model->schema, 0)->dict, value, length) > 0;
            collector->class_flags[i] = (uint8_t) ((is_among(collector->among, value, length) ? 0 : CLASS_LEFT_OUT) |
                                                   (known ? 0 : CLASS_UNKNOWN));
        }
        collector->n_flags = (size_t) dict->n + 1;
    }
    return &collector->class_flags[code];
}

bool
collect_has_class(const struct collector *collector, uint32_t code)
{
    return code < collector->n_flags && (collector->class_flags[code] & CLASS_SEEN);
}

static int
bad_number(const struct collector *collector, uint64_t rowno, const char *name, float value, struct error *error)
{
    char quoted[128];
    error_quote(quoted, sizeof quoted, name, strlen(name), 60);
    bool missing = isnan(value), scaled = collector->stream->n_transforms > 0;
    return error_set(error, STATUS_DATA, "record %llu: column '%s' is %s%s", (unsigned long long) rowno + 1, quoted,
                     missing ? "missing" : "infinite",
                     missing && !scaled ? " (put cl-scale before cl-train: it fills what is missing)" : "");
}

/* Rows of which nothing is missing or infinite; y and w may be NULL. */
static bool
all_finite(const struct column_kernels *kernels, const struct rowset *rows, uint32_t d, uint32_t t)
{
    return kernels->finite(rows->x, rows->n * d) && (rows->y == NULL || kernels->finite(rows->y, rows->n * t)) &&
           rows->w == NULL;
}

/* What is wrong with row i of a batch, if anything is. */
static int
check_row(const struct collector *collector, const struct rowset *rows, uint64_t i, uint64_t rowno, struct error *error)
{
    const struct schema *columns = collector->model != NULL ? &collector->model->schema : collector->stream;
    const float w = rows->w != NULL ? rows->w[i] : 1;
    for (uint32_t j = 0; j < columns->n_x; j++)
        if (!isfinite(rows->x[i * columns->n_x + j]))
            return bad_number(collector, rowno, schema_x(columns, j)->name, rows->x[i * columns->n_x + j], error);
    for (uint32_t t = 0; rows->y != NULL && t < columns->n_y; t++)
        if (!isfinite(rows->y[i * columns->n_y + t]))
            return bad_number(collector, rowno, schema_y(columns, t)->name, rows->y[i * columns->n_y + t], error);
    if (!isfinite(w) || w < 0)
        return error_set(error, STATUS_DATA, "record %llu: its weight is %s, not a number of at least 0",
                         (unsigned long long) rowno + 1,
                         isnan(w) ? "missing"
                         : w < 0  ? "negative"
                                  : "infinite");
    return 0;
}

/* Labels of loss poisson, none of which is below 0. */
static int
check_counts(const struct collector *collector, const struct rowset *rows, uint64_t i, uint64_t rowno,
             struct error *error)
{
    const struct schema *columns = collector->model != NULL ? &collector->model->schema : collector->stream;
    for (uint32_t t = 0; t < columns->n_y; t++) {
        float y = rows->y[i * columns->n_y + t];
        if (y < 0)
            return counts_refuse(schema_y(columns, t)->name, rowno,
                                 (double) y * counts_unit(columns->transforms, columns->n_transforms, t), error);
    }
    return 0;
}

/* Where row i belongs; counts it when it is left out. */
static struct dataset *
place_row(struct collector *collector, const struct batch *batch, const struct rowset *rows, uint64_t i)
{
    enum split_tag tag = batch->split != NULL ? (enum split_tag) batch->split[i] : SPLIT_NONE;
    if (tag == SPLIT_TEST) {
        collector->n_test++;
        return NULL;
    }
    bool missing = rows->label != NULL && rows->label[i] == 0;
    for (uint32_t t = 0; rows->y != NULL && t < collector->train.t; t++)
        missing |= isnan(rows->y[i * collector->train.t + t]);
    uint8_t *flags = rows->label != NULL && !missing ? flags_of(collector, rows->label[i]) : NULL;
    if (missing || (flags != NULL && (*flags & CLASS_UNKNOWN))) {
        collector->n_unlabelled++;
        return NULL;
    }
    if (flags != NULL) {
        *flags |= CLASS_SEEN;
        if (*flags & CLASS_LEFT_OUT) {
            collector->n_outside++;
            return NULL;
        }
    }
    return tag == SPLIT_VALID ? &collector->valid : &collector->train;
}

/* The rows of a batch as a data set has them: columns of the model, if there is one, in its order. */
static int
take_columns(const struct collector *collector, const struct batch *batch, struct rowset *rows, struct error *error)
{
    const struct schema *stream = collector->stream;
    const bool classes = collector->train.classes;
    const uint32_t k = collector->train.k;
    *rows = (struct rowset){.n = batch->n, .x = batch->x, .y = batch->y, .w = batch->w};
    if (collector->binding != NULL && bind_rows(collector->binding, batch, rows, error) < 0)
        return -1;
    if (classes)
        rows->y = NULL; /* the labels as the stream has them count, not what the model makes of them */
    const char *lacks = stream->n_x > 0 && batch->x == NULL                             ? "x"
                        : stream->n_c > 0 && batch->c == NULL                           ? "c"
                        : (classes ? (void *) batch->label : (void *) batch->y) == NULL ? "y"
                        : collector->train.weighted && batch->w == NULL                 ? "w"
                                                                                        : NULL;
    if (lacks != NULL)
        return error_set(error, STATUS_DATA, "record %llu: the rows have no tensor '%s'",
                         (unsigned long long) batch_rowno(batch, 0) + 1, lacks);
    rows->c = batch->c;
    if (collector->c_from != NULL && k > 0) {
        uint32_t *codes = arena_array(batch->arena, batch->n * k, sizeof *codes);
        for (uint64_t i = 0; i < batch->n; i++)
            for (uint32_t j = 0; j < k; j++)
                codes[i * k + j] = batch->c[i * stream->n_c + collector->c_from[j]];
        rows->c = codes;
    }
    if (collector->counts && collector->binding == NULL) {
        const uint32_t t = collector->train.t;
        float *y = arena_array(batch->arena, batch->n * t, sizeof *y);
        memcpy(y, batch->y, batch->n * t * sizeof *y);
        counts_unshift(stream->transforms, stream->n_transforms, y, batch->n, t);
        rows->y = y;
    }
    rows->label = classes ? batch->label : NULL;
    if (classes && stream->n_y > 1) {
        const uint32_t at = collector->y_from != NULL ? collector->y_from[0] : 0;
        uint32_t *labels = arena_array(batch->arena, batch->n, sizeof *labels);
        for (uint64_t i = 0; i < batch->n; i++)
            labels[i] = batch->label[i * stream->n_y + at];
        rows->label = labels;
    }
    return 0;
}

/* Rows [first, first + n). */
static struct rowset
part_of(const struct collector *collector, const struct rowset *rows, uint64_t first, uint64_t n)
{
    const struct dataset *like = &collector->train;
    return (struct rowset){
        .n = n,
        .x = rows->x != NULL ? rows->x + first * like->d : NULL,
        .c = rows->c != NULL ? rows->c + first * like->k : NULL,
        .y = rows->y != NULL ? rows->y + first * like->t : NULL,
        .label = rows->label != NULL ? rows->label + first : NULL,
        .w = rows->w != NULL ? rows->w + first : NULL,
    };
}

int
collect_rows(struct collector *collector, const struct batch *batch, struct error *error)
{
    struct rowset rows;
    if (take_columns(collector, batch, &rows, error) < 0)
        return -1;
    const bool checked = all_finite(column_kernels(), &rows, collector->train.d, collector->train.t);
    /* Runs of rows that belong to one set, of consecutive records, are added together. */
    struct dataset *to = NULL;
    uint64_t first = 0, rowno = 0;
    for (uint64_t i = 0; i < batch->n; i++) {
        const uint64_t record = batch_rowno(batch, i);
        struct dataset *place = place_row(collector, batch, &rows, i);
        if (place != NULL && !checked && check_row(collector, &rows, i, record, error) < 0)
            return -1;
        if (place != NULL && collector->counts && check_counts(collector, &rows, i, record, error) < 0)
            return -1;
        if (place == to && record == rowno + (i - first))
            continue;
        const struct rowset run = part_of(collector, &rows, first, i - first);
        if (to != NULL && dataset_add(to, &run, rowno, error) < 0)
            return -1;
        to = place;
        first = i;
        rowno = record;
    }
    const struct rowset run = part_of(collector, &rows, first, batch->n - first);
    if (to != NULL && dataset_add(to, &run, rowno, error) < 0)
        return -1;
    collector->n_train = collector->train.n;
    collector->n_valid = collector->valid.n;
    return 0;
}

void
collect_hold_out(struct collector *collector, uint64_t seed, double fraction)
{
    if (collector->valid.n > 0 || collector->train.n < 2)
        return;
    collector->n_train = dataset_hold_out(&collector->train, seed, fraction);
    collector->n_valid = collector->train.n - collector->n_train;
    collector->holds_out = true;
}

struct rowset
collect_train(const struct collector *collector)
{
    return dataset_rows(&collector->train, 0, collector->n_train);
}

struct rowset
collect_valid(const struct collector *collector)
{
    if (collector->holds_out)
        return dataset_rows(&collector->train, collector->n_train, collector->n_valid);
    return dataset_rows(&collector->valid, 0, collector->n_valid);
}

/* ---- codes and weights ---- */

void
collect_used_codes(const struct collector *collector, uint32_t k, uint8_t *used)
{
    const struct rowset rows = collect_train(collector);
    for (uint64_t i = 0; i < rows.n; i++)
        used[rows.c[i * collector->train.k + k]] = 1;
}

/* map[code of `from`] = code of `to`, 0 when it has none. Owned by the caller. */
static uint32_t *
map_dict(const struct dict *from, const struct dict *to)
{
    uint32_t *map = mem_array((size_t) from->n + 1, sizeof *map);
    map[0] = 0;
    for (uint32_t code = 1; code <= from->n; code++)
        map[code] = dict_find(to, from->values[code - 1], from->lengths[code - 1]);
    return map;
}

void
collect_map(struct collector *collector, const struct schema *schema, bool binary)
{
    for (uint32_t k = 0; k < collector->train.k; k++) {
        uint32_t *map = map_dict(collect_dict(collector, k), &schema_c(schema, k)->dict);
        dataset_map_codes(&collector->train, k, map);
        dataset_map_codes(&collector->valid, k, map);
        free(map);
    }
    if (!collector->train.classes)
        return;
    const struct dict *classes = collect_dict(collector, UINT32_MAX);
    uint32_t *map = map_dict(classes, &schema_y(schema, 0)->dict);
    for (uint32_t code = 0; code <= classes->n; code++)
        map[code] -= map[code] > 0; /* from code to index */
    dataset_map_labels(&collector->train, map, binary);
    dataset_map_labels(&collector->valid, map, binary);
    free(map);
}

static uint32_t
class_of(const struct rowset *rows, uint64_t i)
{
    return rows->label != NULL ? rows->label[i] : (uint32_t) (rows->y[i] > 0.5f);
}

/* Factor of each class: n / (C n_c). */
static float *
balance(const struct rowset *rows, uint32_t n_classes)
{
    float *factors = mem_zalloc(n_classes, sizeof *factors);
    uint64_t *counts = mem_zalloc(n_classes, sizeof *counts), present = 0;
    for (uint64_t i = 0; i < rows->n; i++)
        present += counts[class_of(rows, i)]++ == 0;
    for (uint32_t c = 0; c < n_classes; c++)
        factors[c] = counts[c] > 0 ? (float) ((double) rows->n / ((double) present * (double) counts[c])) : 1.0f;
    free(counts);
    return factors;
}

static void
scale_weights(struct dataset *dataset, const float *factors, double divisor)
{
    const struct rowset rows = dataset_rows(dataset, 0, dataset->n);
    float *w = dataset->w.data;
    for (uint64_t i = 0; i < dataset->n; i++)
        w[i] = factors != NULL ? w[i] * factors[class_of(&rows, i)] : (float) ((double) w[i] / divisor);
}

int
collect_weigh(struct collector *collector, bool balanced, uint32_t n_classes, struct error *error)
{
    if (!balanced && !collector->train.weighted)
        return 0;
    if (dataset_make_weights(&collector->train, error) < 0 || dataset_make_weights(&collector->valid, error) < 0)
        return -1;
    if (balanced) {
        const struct rowset rows = collect_train(collector);
        float *factors = balance(&rows, n_classes);
        scale_weights(&collector->train, factors, 1);
        scale_weights(&collector->valid, factors, 1);
        free(factors);
    }
    const struct rowset train = collect_train(collector), valid = collect_valid(collector);
    double sum = 0, valid_sum = 0;
    for (uint64_t i = 0; i < train.n; i++)
        sum += (double) train.w[i];
    for (uint64_t i = 0; i < valid.n; i++)
        valid_sum += (double) valid.w[i];
    if (!(sum > 0) || (valid.n > 0 && !(valid_sum > 0)))
        return error_set(error, STATUS_DATA, "the %s rows all have the weight 0", sum > 0 ? "validation" : "training");
    double mean = sum / (double) train.n;
    scale_weights(&collector->train, NULL, mean);
    scale_weights(&collector->valid, NULL, mean);
    return 0;
}
