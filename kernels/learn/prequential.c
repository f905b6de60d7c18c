#include "prequential.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

/* What is added up, each times the weight of the row. Numbers have six columns a label from FIRST on. */
enum column { WEIGHT, LOSS_WEIGHT, LOSS, RIGHT, NO_CHANGE, MAJORITY, N_CLASS_COLUMNS, BASELINE_WEIGHT = 3, FIRST = 4 };
enum number_column { SQUARE, ABSOLUTE, LAST_SQUARE, LAST_ABSOLUTE, MEAN_SQUARE, MEAN_ABSOLUTE, N_NUMBER_COLUMNS };

/* The state: these, then sums of all spans, the window, the classes, last labels and means. */
enum { STATE_ROWS, STATE_LAST, STATE_TOP, STATE_CLASSES, STATE_MEAN_WEIGHT, N_STATE };

struct prequential {
    bool classes;
    uint32_t n_labels, k; /* columns */
    uint64_t rows;        /* the window is filled to min(rows, PREQUENTIAL_WINDOW), next is rows mod that */
    double *sums;         // [PREQUENTIAL_SPANS, k]
    double *window;       // [PREQUENTIAL_WINDOW, k]
    double *row;          // [k] of the row being added
    double *counts;       // [n_counts] weight of each class so far
    size_t n_counts, cap_counts;
    double last_class, top; /* -1 = none yet; PREQUENTIAL_OTHER is one */
    double *last, *mean;    // [n_labels] label of the last row, mean of all so far
    double mean_weight;
    double *state;
    size_t cap_state;
};

struct prequential *
prequential_open(bool classes, uint32_t n_labels)
{
    struct prequential *metrics = mem_zalloc(1, sizeof *metrics);
    metrics->classes = classes;
    metrics->n_labels = classes ? 0 : n_labels;
    metrics->k = classes ? N_CLASS_COLUMNS : FIRST + N_NUMBER_COLUMNS * n_labels;
    metrics->sums = mem_zalloc((size_t) PREQUENTIAL_SPANS * metrics->k, sizeof *metrics->sums);
    metrics->window = mem_zalloc((size_t) PREQUENTIAL_WINDOW * metrics->k, sizeof *metrics->window);
    metrics->row = mem_zalloc(metrics->k, sizeof *metrics->row);
    metrics->last = mem_zalloc(metrics->n_labels, sizeof *metrics->last);
    metrics->mean = mem_zalloc(metrics->n_labels, sizeof *metrics->mean);
    metrics->last_class = metrics->top = -1;
    return metrics;
}

void
prequential_close(struct prequential *metrics)
{
    if (metrics == NULL)
        return;
    free(metrics->sums);
    free(metrics->window);
    free(metrics->row);
    free(metrics->counts);
    free(metrics->last);
    free(metrics->mean);
    free(metrics->state);
    free(metrics);
}

/* ---- rows ---- */

/* The sums of the window are made anew each time it has gone round: what rounding left behind does not add up. */
static void
sum_window(struct prequential *metrics)
{
    double *sums = metrics->sums + (size_t) PREQUENTIAL_LAST * metrics->k;
    memset(sums, 0, metrics->k * sizeof *sums);
    for (size_t i = 0; i < PREQUENTIAL_WINDOW; i++)
        for (uint32_t j = 0; j < metrics->k; j++)
            sums[j] += metrics->window[i * metrics->k + j];
}

static void
add_row(struct prequential *metrics)
{
    const uint32_t k = metrics->k;
    const double *row = metrics->row;
    double *all = metrics->sums, *last = all + k, *faded = last + k;
    double *slot = metrics->window + metrics->rows % PREQUENTIAL_WINDOW * k; /* zeros before the first time round */
    for (uint32_t j = 0; j < k; j++) {
        all[j] += row[j];
        last[j] += row[j] - slot[j];
        faded[j] = row[j] + PREQUENTIAL_FADING * faded[j];
        slot[j] = row[j];
    }
    if (++metrics->rows % PREQUENTIAL_WINDOW == 0)
        sum_window(metrics);
}

static void
set_loss(double *row, double w, double loss)
{
    row[WEIGHT] = w;
    row[LOSS_WEIGHT] = isnan(loss) ? 0 : w;
    row[LOSS] = isnan(loss) ? 0 : w * loss;
}

void
prequential_class(struct prequential *metrics, uint32_t label, uint32_t predicted, double w, double loss)
{
    double *row = metrics->row;
    const double class = (double) label;
    set_loss(row, w, loss);
    row[RIGHT] = label == predicted ? w : 0;
    row[NO_CHANGE] = class == metrics->last_class ? w : 0;
    row[MAJORITY] = class == metrics->top ? w : 0;
    add_row(metrics);
    metrics->last_class = class;
    if (label == PREQUENTIAL_OTHER)
        return;
    if (label >= metrics->n_counts) {
        mem_grow(&metrics->counts, &metrics->cap_counts, (size_t) label + 1, sizeof *metrics->counts);
        while (metrics->n_counts <= label)
            metrics->counts[metrics->n_counts++] = 0;
    }
    metrics->counts[label] += w;
    const double most = metrics->top < 0 ? -1 : metrics->counts[(size_t) metrics->top];
    if (metrics->counts[label] > most || (metrics->counts[label] == most && class < metrics->top))
        metrics->top = class;
}

void
prequential_numbers(struct prequential *metrics, const double *y, const double *f, double w, double loss)
{
    double *row = metrics->row;
    const double base = metrics->rows > 0 ? w : 0;
    set_loss(row, w, loss);
    row[BASELINE_WEIGHT] = base;
    for (uint32_t t = 0; t < metrics->n_labels; t++) {
        double *to = row + FIRST + (size_t) N_NUMBER_COLUMNS * t;
        const double e = y[t] - f[t], from_last = y[t] - metrics->last[t], from_mean = y[t] - metrics->mean[t];
        to[SQUARE] = w * e * e;
        to[ABSOLUTE] = w * fabs(e);
        to[LAST_SQUARE] = base * from_last * from_last;
        to[LAST_ABSOLUTE] = base * fabs(from_last);
        to[MEAN_SQUARE] = base * from_mean * from_mean;
        to[MEAN_ABSOLUTE] = base * fabs(from_mean);
    }
    add_row(metrics);
    metrics->mean_weight += w;
    for (uint32_t t = 0; t < metrics->n_labels; t++) {
        metrics->last[t] = y[t];
        if (metrics->mean_weight > 0)
            metrics->mean[t] += (y[t] - metrics->mean[t]) * (w / metrics->mean_weight);
    }
}

/* ---- what they say ---- */

uint64_t
prequential_rows(const struct prequential *metrics)
{
    return metrics->rows;
}

static double
ratio(double part, double whole)
{
    return whole > 0 ? part / whole : NAN;
}

/* Differences of the window may leave -1e-17 where there was nothing. */
static double
root(double square)
{
    return square < 0 ? 0 : sqrt(square);
}

struct prequential_report
prequential_report(const struct prequential *metrics, enum prequential_span span)
{
    const double *sums = metrics->sums + (size_t) span * metrics->k;
    struct prequential_report report = {NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN};
    report.loss = ratio(sums[LOSS], sums[LOSS_WEIGHT]);
    if (metrics->classes) {
        report.accuracy = ratio(sums[RIGHT], sums[WEIGHT]);
        report.no_change = ratio(sums[NO_CHANGE], sums[WEIGHT]);
        report.majority = ratio(sums[MAJORITY], sums[WEIGHT]);
        report.kappa_temporal = ratio(report.accuracy - report.no_change, 1 - report.no_change);
        return report;
    }
    double mean[N_NUMBER_COLUMNS] = {0};
    for (uint32_t t = 0; t < metrics->n_labels; t++)
        for (int j = 0; j < N_NUMBER_COLUMNS; j++) {
            const double whole = sums[j < LAST_SQUARE ? WEIGHT : BASELINE_WEIGHT];
            const double value = ratio(sums[FIRST + N_NUMBER_COLUMNS * t + (uint32_t) j], whole);
            const bool square = j == SQUARE || j == LAST_SQUARE || j == MEAN_SQUARE;
            mean[j] += (square ? root(value) : value) / metrics->n_labels;
        }
    if (metrics->n_labels == 0)
        return report;
    report.rmse = mean[SQUARE];
    report.mae = mean[ABSOLUTE];
    report.no_change_rmse = mean[LAST_SQUARE];
    report.no_change_mae = mean[LAST_ABSOLUTE];
    report.mean_rmse = mean[MEAN_SQUARE];
    report.mean_mae = mean[MEAN_ABSOLUTE];
    return report;
}

/* ---- state ---- */

static size_t
window_rows(uint64_t rows)
{
    return rows < PREQUENTIAL_WINDOW ? (size_t) rows : PREQUENTIAL_WINDOW;
}

/* Copies n numbers to the end of the state being made. */
static double *
append(double *to, const double *from, size_t n)
{
    if (n > 0)
        memcpy(to, from, n * sizeof *to);
    return to + n;
}

const double *
prequential_state(struct prequential *metrics, size_t *n)
{
    const size_t k = metrics->k, filled = window_rows(metrics->rows) * k;
    *n = N_STATE + PREQUENTIAL_SPANS * k + filled + metrics->n_counts + 2 * (size_t) metrics->n_labels;
    mem_grow(&metrics->state, &metrics->cap_state, *n, sizeof *metrics->state);
    double *to = metrics->state;
    to[STATE_ROWS] = (double) metrics->rows;
    to[STATE_LAST] = metrics->last_class;
    to[STATE_TOP] = metrics->top;
    to[STATE_CLASSES] = (double) metrics->n_counts;
    to[STATE_MEAN_WEIGHT] = metrics->mean_weight;
    to = append(to + N_STATE, metrics->sums, PREQUENTIAL_SPANS * k);
    to = append(to, metrics->window, filled);
    to = append(to, metrics->counts, metrics->n_counts);
    to = append(to, metrics->last, metrics->n_labels);
    append(to, metrics->mean, metrics->n_labels);
    return metrics->state;
}

/* A whole number from 0 to `most`. */
static bool
is_count(double value, double most)
{
    return value >= 0 && value <= most && value == floor(value);
}

int
prequential_restore(struct prequential *metrics, const double *state, size_t n, struct error *error)
{
    const size_t k = metrics->k;
    bool good = n >= N_STATE && is_count(state[STATE_ROWS], 9007199254740992.0) &&
                is_count(state[STATE_CLASSES], (double) n) && (metrics->classes || state[STATE_CLASSES] == 0) &&
                (state[STATE_TOP] == -1 || is_count(state[STATE_TOP], state[STATE_CLASSES] - 1)) &&
                (state[STATE_LAST] == -1 || is_count(state[STATE_LAST], (double) PREQUENTIAL_OTHER));
    const uint64_t rows = good ? (uint64_t) state[STATE_ROWS] : 0;
    const size_t filled = window_rows(rows) * k, n_counts = good ? (size_t) state[STATE_CLASSES] : 0;
    good = good && n == N_STATE + PREQUENTIAL_SPANS * k + filled + n_counts + 2 * (size_t) metrics->n_labels;
    if (!good)
        return error_set(error, STATUS_DATA, "the state of the metrics is of another kind of run");
    metrics->rows = rows;
    metrics->last_class = state[STATE_LAST];
    metrics->top = state[STATE_TOP];
    metrics->mean_weight = state[STATE_MEAN_WEIGHT];
    const double *from = state + N_STATE;
    append(metrics->sums, from, PREQUENTIAL_SPANS * k);
    from += PREQUENTIAL_SPANS * k;
    memset(metrics->window, 0, PREQUENTIAL_WINDOW * k * sizeof *metrics->window);
    append(metrics->window, from, filled);
    from += filled;
    mem_grow(&metrics->counts, &metrics->cap_counts, n_counts, sizeof *metrics->counts);
    metrics->n_counts = n_counts;
    append(metrics->counts, from, n_counts);
    from += n_counts;
    append(metrics->last, from, metrics->n_labels);
    append(metrics->mean, from + metrics->n_labels, metrics->n_labels);
    return 0;
}
