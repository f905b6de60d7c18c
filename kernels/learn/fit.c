#include "fit.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "columns.h"
#include "roots.h"
#include "schema.h"

enum { PIXEL_COLUMNS = 64, PIXEL_MOST = 255 };

/* One order statistic on its way: the rank among the values that begin with `prefix`. */
struct target {
    uint64_t rank;
    uint32_t prefix;
};

enum { LEVELS = 4, BINS = 256, COUNTER_BYTES = 32 << 20, MAX_TARGETS = 6 };

/*
 * Exact selection of order statistics of one group of columns. At level l the l highest bytes of a target are known,
 * and the next one is read off a histogram of the values that share them. Targets of a column that still have the
 * same prefix share a histogram: histogram[t] of the first of them.
 */
struct selection {
    uint32_t n_quantiles; /* 1: the median; 3: quartile, median, quartile */
    uint32_t n_targets;   /* two neighbours for each */
    uint32_t first, n;    /* columns of the group */
    uint32_t group;       /* columns of a full group */
    unsigned level;
    bool active, done;
    struct target *targets; /* [d, n_targets] */
    uint64_t *counters;     /* [group, n_targets, BINS] */
};

struct fit {
    const struct schema *schema;
    struct fit_options options;
    uint32_t d, t;
    const struct column_kernels *kernels;
    struct column_moments x, y;
    struct roots roots; /* of the labels, when their roots may be wanted */
    bool whole;         /* every number of every column is an integer in 0 .. PIXEL_MOST */
    uint64_t rows;      /* training rows of the first pass */
    uint64_t pass, pass_rows;
    bool changed; /* a later pass did not show the rows of the first */
    struct selection selection;
};

struct fit *
fit_open(const struct schema *schema, const struct fit_options *options)
{
    struct fit *fit = mem_zalloc(1, sizeof *fit);
    assert(schema->task == TASK_REGRESSION || options->label == LABEL_AUTO || options->label == LABEL_NONE);
    fit->schema = schema;
    fit->options = *options;
    fit->d = schema->n_x;
    fit->t = schema->task == TASK_REGRESSION ? schema->n_y : 0;
    fit->kernels = column_kernels();
    column_moments_open(&fit->x, fit->d);
    column_moments_open(&fit->y, fit->t);
    roots_open(&fit->roots, fit->t);
    fit->whole = true;
    struct selection *s = &fit->selection;
    s->n_quantiles = options->method == SCALE_ROBUST ? 3 : options->impute == IMPUTE_MEDIAN ? 1 : 0;
    s->n_targets = 2 * s->n_quantiles;
    s->done = s->n_quantiles == 0 || fit->d == 0;
    return fit;
}

void
fit_close(struct fit *fit)
{
    if (fit == NULL)
        return;
    column_moments_close(&fit->x);
    column_moments_close(&fit->y);
    roots_close(&fit->roots);
    free(fit->selection.targets);
    free(fit->selection.counters);
    free(fit);
}

/* --- order statistics ------------------------------------------------------------------------------------------ */

/* A f32 as an integer with the same order; -0 counts as 0. */
static uint32_t
key_of(float value)
{
    uint32_t bits;
    value += 0.0f;
    memcpy(&bits, &value, sizeof bits);
    return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

static double
key_value(uint32_t key)
{
    uint32_t bits = key & 0x80000000u ? key & 0x7fffffffu : ~key;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Quantile q of n sorted values lies at position (n - 1) q: between two neighbours, or on one. */
static double
quantile_position(const struct selection *s, uint32_t q, double n)
{
    double part = s->n_quantiles == 1 ? 0.5 : 0.25 * (q + 1);
    return (n - 1) * part;
}

static void
selection_begin(struct selection *s, const struct column_moments *x)
{
    const uint32_t d = x->d;
    size_t column_bytes = (size_t) s->n_targets * BINS * sizeof *s->counters;
    uint32_t most = (uint32_t) (COUNTER_BYTES / column_bytes);
    s->group = d < most ? d : most;
    s->targets = mem_zalloc((size_t) d * s->n_targets, sizeof *s->targets);
    s->counters = mem_array(s->group, column_bytes);
    for (uint32_t j = 0; j < d; j++)
        for (uint32_t q = 0; q < s->n_quantiles && x->n[j] > 0; q++) {
            uint64_t below = (uint64_t) quantile_position(s, q, x->n[j]), n = (uint64_t) x->n[j];
            struct target *pair = &s->targets[(size_t) j * s->n_targets + 2 * q];
            pair[0].rank = below;
            pair[1].rank = below + 1 < n ? below + 1 : below;
        }
}

static uint32_t
share_histogram(const struct target *targets, uint32_t t)
{
    for (uint32_t earlier = 0; earlier < t; earlier++)
        if (targets[earlier].prefix == targets[t].prefix)
            return earlier;
    return t;
}

/* The next byte of every target of the group, from this level's counters. */
static void
selection_descend(struct selection *s, const struct column_moments *x)
{
    for (uint32_t j = 0; j < s->n; j++) {
        if (x->n[s->first + j] == 0)
            continue;
        struct target *targets = &s->targets[(size_t) (s->first + j) * s->n_targets];
        uint32_t histogram[MAX_TARGETS];
        for (uint32_t t = 0; t < s->n_targets; t++)
            histogram[t] = share_histogram(targets, t);
        for (uint32_t t = 0; t < s->n_targets; t++) {
            const uint64_t *bins = &s->counters[((size_t) j * s->n_targets + histogram[t]) * BINS];
            uint32_t bin = 0;
            while (bin < BINS - 1 && targets[t].rank >= bins[bin])
                targets[t].rank -= bins[bin++];
            targets[t].prefix = targets[t].prefix << 8 | bin;
        }
    }
}

static void
selection_count(struct selection *s, const float *row)
{
    unsigned below = 8 * (LEVELS - s->level), shift = below - 8;
    for (uint32_t j = 0; j < s->n; j++) {
        if (isnan(row[s->first + j]))
            continue;
        uint32_t key = key_of(row[s->first + j]);
        uint32_t prefix = s->level == 0 ? 0 : key >> below;
        const struct target *targets = &s->targets[(size_t) (s->first + j) * s->n_targets];
        for (uint32_t t = 0; t < s->n_targets; t++)
            if (targets[t].prefix == prefix) {
                /* The first target with this prefix owns the histogram. */
                s->counters[((size_t) j * s->n_targets + t) * BINS + (key >> shift & 0xff)]++;
                break;
            }
    }
}

/* Moves to the next pass of the selection: the next byte, or the next group of columns. False when all are known. */
static bool
selection_next(struct selection *s, const struct column_moments *x)
{
    const uint32_t d = x->d;
    if (s->done)
        return false;
    if (!s->active) {
        selection_begin(s, x);
        s->active = true;
        s->n = s->group;
    } else {
        selection_descend(s, x);
        if (++s->level == LEVELS) {
            s->level = 0;
            s->first += s->n;
            s->n = d - s->first < s->group ? d - s->first : s->group;
        }
    }
    s->done = s->n == 0;
    if (!s->done)
        memset(s->counters, 0, (size_t) s->n * s->n_targets * BINS * sizeof *s->counters);
    return !s->done;
}

static double
selection_quantile(const struct selection *s, const struct column_moments *x, uint32_t j, uint32_t q)
{
    const struct target *pair = &s->targets[(size_t) j * s->n_targets + 2 * q];
    double position = quantile_position(s, q, x->n[j]), below = key_value(pair[0].prefix);
    return below + (key_value(pair[1].prefix) - below) * (position - floor(position));
}

/* --- passes ---------------------------------------------------------------------------------------------------- */

bool
fit_next_pass(struct fit *fit)
{
    fit->changed |= fit->pass > 0 && fit->pass_rows != fit->rows;
    bool again = fit->pass == 0 || (fit->rows > 0 && selection_next(&fit->selection, &fit->x));
    fit->pass += again;
    fit->pass_rows = 0;
    return again;
}

static int
infinite(const struct batch *batch, uint64_t i, const struct column *column, struct error *error)
{
    char quoted[128];
    error_quote(quoted, sizeof quoted, column->name, strlen(column->name), 60);
    return error_set(error, STATUS_DATA,
                     "record %llu: column '%s' is infinite, so no scale can be fitted (drop the row or the column)",
                     (unsigned long long) batch_rowno(batch, i) + 1, quoted);
}

/* The first training row of a batch with an infinite number, and the column: what the error names. */
static int
find_infinite(const struct fit *fit, const struct batch *batch, struct error *error)
{
    for (uint64_t i = 0; i < batch->n; i++) {
        if (!batch_is_training(batch, i))
            continue;
        for (uint32_t j = 0; j < fit->d; j++)
            if (isinf(batch->x[i * fit->d + j]))
                return infinite(batch, i, schema_x(fit->schema, j), error);
        for (uint32_t k = 0; k < fit->t && batch->y != NULL; k++)
            if (isinf(batch->y[i * fit->t + k]))
                return infinite(batch, i, schema_y(fit->schema, k), error);
    }
    return 0;
}

/* What has no root in any row, as it would be found when it is transformed. */
static int
find_negative(const struct fit *fit, const struct batch *batch, struct error *error)
{
    for (uint64_t i = 0; i < batch->n; i++)
        for (uint32_t k = 0; k < fit->t; k++)
            if (batch->y[i * fit->t + k] < 0)
                return transform_no_root(batch, i, fit->schema, k, batch->y[i * fit->t + k], error);
    return 0;
}

static bool
row_is_whole(const float *x, uint32_t d)
{
    for (uint32_t j = 0; j < d; j++)
        if (!isnan(x[j]) && !(x[j] >= 0 && x[j] <= PIXEL_MOST && x[j] == floorf(x[j])))
            return false;
    return true;
}

static int
first_pass(struct fit *fit, const struct batch *batch, struct error *error)
{
    bool finite = fit->kernels->moments(&fit->x, batch->x, batch->n, batch->split);
    if (batch->y != NULL)
        finite &= fit->kernels->moments(&fit->y, batch->y, batch->n, batch->split);
    for (uint64_t i = 0; i < batch->n && fit->whole; i++)
        fit->whole = !batch_is_training(batch, i) || row_is_whole(batch->x + (size_t) i * fit->d, fit->d);
    if (!finite)
        return find_infinite(fit, batch, error);
    const enum label_scale label = fit->options.label;
    if (batch->y != NULL && (label == LABEL_SQRT || (label == LABEL_AUTO && !roots_ruled_out(&fit->roots))))
        roots_add(&fit->roots, batch);
    return label == LABEL_SQRT && fit->roots.negative ? find_negative(fit, batch, error) : 0;
}

int
fit_rows(struct fit *fit, const struct batch *batch, struct error *error)
{
    if (fit->d > 0 && batch->x == NULL)
        return error_set(error, STATUS_DATA, "record %llu: the rows have no tensor 'x'",
                         (unsigned long long) batch_rowno(batch, 0) + 1);
    if (fit->pass == 1 && first_pass(fit, batch, error) < 0)
        return -1;
    for (uint64_t i = 0; i < batch->n; i++) {
        if (!batch_is_training(batch, i))
            continue;
        fit->pass_rows++;
        if (fit->pass > 1)
            selection_count(&fit->selection, batch->x + (size_t) i * fit->d);
    }
    if (fit->pass == 1)
        fit->rows = fit->pass_rows;
    return 0;
}

/* --- the transform --------------------------------------------------------------------------------------------- */

static double
sigma_of(const struct column_moments *moments, uint32_t j)
{
    return moments->low[j] == moments->high[j] ? 0 : sqrt(moments->m2[j] / moments->n[j]);
}

static double
not_zero(double divisor)
{
    return divisor > 0 ? divisor : 1;
}

static double
largest_of(const struct column_moments *x)
{
    double largest = 0;
    for (uint32_t j = 0; j < x->d; j++)
        if (x->n[j] > 0 && x->high[j] > largest)
            largest = x->high[j];
    return largest;
}

static void
finish_columns(const struct fit *fit, enum scale_method method, struct transform *transform)
{
    const struct column_moments *x = &fit->x;
    bool pixels = strcmp(transform->method, "pixels") == 0;
    double largest = pixels ? not_zero(largest_of(&fit->x)) : 1;
    for (uint32_t j = 0; j < fit->d; j++) {
        double *shift = &transform->shift[j], *divisor = &transform->divisor[j], *fill = &transform->fill[j];
        *shift = 0;
        *divisor = largest;
        *fill = 0;
        if (x->n[j] == 0)
            continue;
        double quantiles[3] = {0, 0, 0};
        for (uint32_t q = 0; q < fit->selection.n_quantiles; q++)
            quantiles[q] = selection_quantile(&fit->selection, x, j, q);
        double median = quantiles[fit->selection.n_quantiles / 2];
        if (fit->options.impute != IMPUTE_ZERO)
            *fill = fit->options.impute == IMPUTE_MEDIAN ? median : x->mean[j];
        if (method == SCALE_STANDARD) {
            *shift = x->mean[j];
            *divisor = not_zero(sigma_of(x, j));
        } else if (method == SCALE_MINMAX) {
            *shift = x->low[j];
            *divisor = not_zero(x->high[j] - x->low[j]);
        } else if (method == SCALE_ROBUST) {
            *shift = median;
            *divisor = not_zero(quantiles[2] - quantiles[0]);
        }
    }
}

static int
finish_labels(const struct fit *fit, enum label_scale method, struct transform *transform, struct error *error)
{
    const struct column_moments *y = &fit->y;
    for (uint32_t k = 0; k < transform->n_label; k++) {
        transform->label_shift[k] = 0;
        transform->label_divisor[k] = 1;
        if (method == LABEL_SQRT) {
            transform->label_shift[k] = fit->roots.columns[k].mean;
            transform->label_divisor[k] = not_zero(roots_sigma(&fit->roots, k));
        } else if (method == LABEL_STANDARD && y->n[k] > 0) {
            transform->label_shift[k] = y->mean[k];
            transform->label_divisor[k] = not_zero(sigma_of(y, k));
        } else if (method == LABEL_MAX) {
            const char *name = schema_y(fit->schema, k)->name;
            char quoted[128];
            error_quote(quoted, sizeof quoted, name, strlen(name), 60);
            if (y->n[k] == 0)
                return error_set(error, STATUS_DATA, "label column '%s' has no number in the training rows", quoted);
            if (!(y->high[k] > 0))
                return error_set(error, STATUS_DATA,
                                 "the largest label of column '%s' is %g, so --label max cannot divide by it (use "
                                 "--label standard)",
                                 quoted, y->high[k]);
            transform->label_divisor[k] = y->high[k];
        }
    }
    return 0;
}

int
fit_finish(struct fit *fit, struct transform *transform, struct arena *arena, struct error *error)
{
    static const char *const method_names[] = {NULL, "standard", "minmax", "robust", "none"};
    static const char *const label_names[] = {NULL, "standard", "max", "sqrt", "none"};
    static const char *const impute_names[] = {"mean", "median", "zero"};
    if (fit->changed)
        return error_set(error, STATUS_DATA, "the input changed while it was read");
    if (fit->rows == 0)
        return error_set(error, STATUS_DATA, "the stream has no training rows to fit a scale on");
    enum scale_method method = fit->options.method;
    bool pixels = method == SCALE_AUTO && fit->d >= PIXEL_COLUMNS && fit->whole;
    if (method == SCALE_AUTO && !pixels)
        method = SCALE_STANDARD;
    enum label_scale label = fit->options.label;
    if (label == LABEL_AUTO)
        label = fit->t == 0 ? LABEL_NONE : roots_are_counts(&fit->roots) ? LABEL_SQRT : LABEL_STANDARD;
    uint32_t n_label = label == LABEL_NONE ? 0 : fit->t;
    *transform = (struct transform){
        .kind = "scale",
        .method = pixels ? "pixels" : method_names[method],
        .impute = impute_names[fit->options.impute],
        .n = fit->d,
        .names = arena_array(arena, fit->d, sizeof *transform->names),
        .shift = arena_array(arena, fit->d, sizeof *transform->shift),
        .divisor = arena_array(arena, fit->d, sizeof *transform->divisor),
        .fill = arena_array(arena, fit->d, sizeof *transform->fill),
        .label_method = label_names[label],
        .n_label = n_label,
        .label_shift = arena_array(arena, n_label, sizeof *transform->label_shift),
        .label_divisor = arena_array(arena, n_label, sizeof *transform->label_divisor),
        .label_root = label == LABEL_SQRT,
    };
    uint32_t j = 0;
    for (uint32_t i = 0; i < fit->schema->n_columns; i++) {
        const struct column *column = &fit->schema->columns[i];
        if (column->role == ROLE_FEATURE && column->type == COLUMN_NUM)
            transform->names[j++] = arena_strdup(arena, column->name);
    }
    assert(j == fit->d);
    finish_columns(fit, method, transform);
    return finish_labels(fit, label, transform, error);
}

uint64_t
fit_train_rows(const struct fit *fit)
{
    return fit->rows;
}

uint64_t
fit_column_count(const struct fit *fit, uint32_t j)
{
    return (uint64_t) fit->x.n[j];
}

bool
fit_counts(const struct fit *fit, double *low, double *high)
{
    if (fit->options.label != LABEL_AUTO || !roots_are_counts(&fit->roots))
        return false;
    *low = INFINITY;
    *high = -INFINITY;
    for (uint32_t k = 0; k < fit->t; k++) {
        *low = fmin(*low, fit->roots.columns[k].low);
        *high = fmax(*high, fit->roots.columns[k].high);
    }
    return true;
}
