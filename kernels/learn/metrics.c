#include "metrics.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "ranking.h"

enum { ECE_BINS = 15 };
static const double other_loss = 34.538776394910684; /* -log 1e-15 */

struct number_sums {
    double w, squares, absolutes; /* of y - f */
    double mean, spread;          /* of y: weighted mean and sum of squared differences from it */
    double relative, relative_w;  /* of |y - f| / |y| where y != 0 */
    double deviance;              /* loss poisson */
    double inside, width;         /* of the lowest and highest quantile */
};

struct quantile_sums {
    double below, pinball;
};

struct bin {
    double w, p, right;
};

struct metrics {
    const struct decision *decision;
    uint64_t n;
    double w, loss, brier;
    struct bin bins[ECE_BINS];
    double *confusion;               /* [n_classes + 1, n_classes] */
    struct number_sums *numbers;     /* [n_labels] */
    struct quantile_sums *quantiles; /* [n_outputs] of a model that has some */
    uint32_t median;                 /* which quantile, n_quantiles = none; without quantiles 0 */
    uint64_t zero_labels;
    uint32_t n_scores; /* a row: 1 or n_classes */
    float *scores;     /* [n, n_scores] */
    uint32_t *labels;  /* [n] */
    double *weights;   /* [n], NULL while all are 1 */
    size_t scores_cap, labels_cap, weights_cap;
    struct report report;
};

static void
open_quantiles(struct metrics *metrics, const struct model *model)
{
    uint32_t n = model->n_quantiles;
    metrics->quantiles = mem_zalloc(n > 0 ? metrics->decision->n_outputs : 0, sizeof *metrics->quantiles);
    while (metrics->median < n && model->quantiles[metrics->median] != 0.5)
        metrics->median++;
    metrics->report.n_quantiles = n;
    metrics->report.quantiles = model->quantiles;
    metrics->report.per_quantile = mem_zalloc(n, sizeof *metrics->report.per_quantile);
}

struct metrics *
metrics_open(const struct decision *decision)
{
    struct metrics *metrics = mem_zalloc(1, sizeof *metrics);
    uint32_t c = decision->n_classes;
    metrics->decision = decision;
    metrics->n_scores = decision->binary ? 1 : c;
    metrics->confusion = mem_zalloc(c + 1, c * sizeof *metrics->confusion);
    metrics->numbers = mem_zalloc(decision->n_labels, sizeof *metrics->numbers);
    open_quantiles(metrics, decision->model);
    metrics->report.n_classes = c;
    metrics->report.names = decision->names;
    metrics->report.mask = decision->mask;
    metrics->report.classes = mem_zalloc(c, sizeof *metrics->report.classes);
    metrics->report.confusion = metrics->confusion;
    return metrics;
}

void
metrics_close(struct metrics *metrics)
{
    if (metrics == NULL)
        return;
    free(metrics->confusion);
    free(metrics->numbers);
    free(metrics->quantiles);
    free(metrics->report.per_quantile);
    free(metrics->scores);
    free(metrics->labels);
    free(metrics->weights);
    free(metrics->report.classes);
    free(metrics);
}

uint64_t
metrics_rows(const struct metrics *metrics)
{
    return metrics->n;
}

/* Keeps what the rankings need. Weights are stored from the first that is not 1. */
static void
keep_scores(struct metrics *metrics, const float *p, uint32_t label, double w)
{
    size_t n = metrics->n, k = metrics->n_scores;
    mem_grow(&metrics->scores, &metrics->scores_cap, (n + 1) * k, sizeof *metrics->scores);
    mem_grow(&metrics->labels, &metrics->labels_cap, n + 1, sizeof *metrics->labels);
    if (metrics->decision->binary)
        metrics->scores[n] = p[metrics->decision->positive];
    else
        memcpy(metrics->scores + n * k, p, k * sizeof *p);
    metrics->labels[n] = label;
    if (w == 1 && metrics->weights == NULL)
        return;
    bool first = metrics->weights == NULL;
    mem_grow(&metrics->weights, &metrics->weights_cap, n + 1, sizeof *metrics->weights);
    for (size_t i = 0; first && i < n; i++)
        metrics->weights[i] = 1;
    metrics->weights[n] = w;
}

void
metrics_add_class(struct metrics *metrics, const float *p, uint32_t predicted, uint32_t label, double w, float loss)
{
    uint32_t c = metrics->decision->n_classes;
    bool other = label == METRICS_OTHER;
    assert(predicted < c && (other || label < c) && metrics->n < UINT32_MAX);
    keep_scores(metrics, p, label, w);
    metrics->n++;
    metrics->w += w;
    metrics->loss += w * (other ? other_loss : (double) loss);
    metrics->confusion[(size_t) (other ? c : label) * c + predicted] += w;
    double brier = other;
    for (uint32_t k = 0; k < c; k++) {
        double difference = (double) p[k] - (k == label);
        brier += difference * difference;
    }
    metrics->brier += w * brier;
    uint32_t top = decision_top(metrics->decision, p);
    double at = ceil((double) p[top] * ECE_BINS);
    struct bin *bin = &metrics->bins[at >= ECE_BINS ? ECE_BINS - 1 : at >= 1 ? (int) at - 1 : 0];
    bin->w += w;
    bin->p += w * (double) p[top];
    bin->right += w * (top == label);
}

/* f: [n_quantiles] ascending. */
static void
add_quantiles(struct metrics *metrics, uint32_t t, double y, const float *f, double w)
{
    const struct model *model = metrics->decision->model;
    const uint32_t n = model->n_quantiles;
    for (uint32_t q = 0; q < n; q++) {
        struct quantile_sums *sums = &metrics->quantiles[t * n + q];
        double over = (double) f[q] - y, part = model->quantiles[q];
        sums->pinball += w * (over > 0 ? (1 - part) * over : -part * over);
        sums->below += over >= 0 ? w : 0;
    }
    if (n > 1 && y >= (double) f[0] && y <= (double) f[n - 1])
        metrics->numbers[t].inside += w;
    if (n > 1)
        metrics->numbers[t].width += w * ((double) f[n - 1] - (double) f[0]);
}

/* McCullagh and Nelder 1989, table 2.1. */
static double
poisson_deviance(double y, double f)
{
    f = f > (double) FLT_MIN ? f : (double) FLT_MIN;
    return 2 * ((y > 0 ? y * log(y / f) : 0) - y + f);
}

void
metrics_add_numbers(struct metrics *metrics, const double *y, const float *f, double w, float loss)
{
    metrics->n++;
    metrics->w += w;
    metrics->loss += w * (double) loss;
    const uint32_t n_quantiles = metrics->report.n_quantiles, each = n_quantiles > 0 ? n_quantiles : 1;
    for (uint32_t t = 0; t < metrics->decision->n_labels; t++, f += each) {
        struct number_sums *sums = &metrics->numbers[t];
        if (n_quantiles > 0)
            add_quantiles(metrics, t, y[t], f, w);
        if (metrics->median == each) /* none */
            continue;
        if (metrics->decision->model->loss == LOSS_POISSON)
            sums->deviance += w * poisson_deviance(y[t], (double) f[0]);
        double error = y[t] - (double) f[metrics->median];
        sums->squares += w * error * error;
        sums->absolutes += w * fabs(error);
        if (y[t] != 0) {
            sums->relative += w * (fabs(error) / fabs(y[t]));
            sums->relative_w += w;
        } else {
            metrics->zero_labels++;
        }
        if (w == 0)
            continue;
        /* West, CACM 22 (1979): weighted mean and spread in one pass. */
        double from_mean = y[t] - sums->mean;
        sums->w += w;
        sums->mean += from_mean * (w / sums->w);
        sums->spread += w * from_mean * (y[t] - sums->mean);
    }
}

static double
ratio(double part, double whole)
{
    return whole == 0 ? 0 : part / whole;
}

static void
set(struct report *report, enum metric metric, double value)
{
    report->defined[metric] = true;
    report->value[metric] = value;
}

static void
report_counts(struct report *report)
{
    uint32_t c = report->n_classes, shown = 0;
    double right = 0, all = 0, precision = 0, recall = 0, f1 = 0;
    for (uint32_t k = 0; k < c; k++) {
        double labelled = 0, predicted = report->confusion[(size_t) c * c + k];
        for (uint32_t other = 0; other < c; other++) {
            labelled += report->confusion[(size_t) k * c + other];
            predicted += report->confusion[(size_t) other * c + k];
        }
        double both = report->confusion[(size_t) k * c + k];
        struct class_report *class = &report->classes[k];
        *class = (struct class_report){
            .n = labelled,
            .precision = ratio(both, predicted),
            .recall = ratio(both, labelled),
            .f1 = ratio(2 * both, labelled + predicted),
        };
        report->others |= report->confusion[(size_t) c * c + k] > 0;
        right += both;
        all += predicted;
        if (labelled == 0 && predicted == 0)
            continue;
        precision += class->precision;
        recall += class->recall;
        f1 += class->f1;
        shown++;
    }
    set(report, METRIC_ACCURACY, ratio(right, all));
    set(report, METRIC_PRECISION_MACRO, ratio(precision, shown));
    set(report, METRIC_RECALL_MACRO, ratio(recall, shown));
    set(report, METRIC_F1_MACRO, ratio(f1, shown));
    set(report, METRIC_F1_MICRO, ratio(right, all));
}

static void
report_rankings(const struct metrics *metrics, struct report *report)
{
    const struct decision *decision = metrics->decision;
    uint64_t *scratch = mem_array(metrics->n, 2 * sizeof *scratch);
    double auc = 0, pr_auc = 0;
    uint32_t n_auc = 0, n_pr_auc = 0;
    for (uint32_t k = 0; k < metrics->n_scores; k++) {
        uint32_t class = decision->binary ? decision->positive : k;
        if (report->classes[class].n == 0)
            continue;
        struct ranking ranking = rank_scores(metrics->scores + k, metrics->n_scores, metrics->labels, class,
                                             metrics->weights, metrics->n, scratch);
        pr_auc += ranking.pr_auc;
        n_pr_auc++;
        if (ranking.negatives == 0)
            continue;
        auc += ranking.auc;
        n_auc++;
    }
    free(scratch);
    if (n_auc > 0)
        set(report, METRIC_AUC, auc / n_auc);
    if (n_pr_auc > 0)
        set(report, METRIC_PR_AUC, pr_auc / n_pr_auc);
}

static void
report_probabilities(const struct metrics *metrics, struct report *report)
{
    double ece = 0;
    for (int b = 0; b < ECE_BINS; b++)
        ece += fabs(metrics->bins[b].right - metrics->bins[b].p);
    set(report, METRIC_ECE, ratio(ece, metrics->w));
    /* The training loss of one row of bce and ce is -log p of its label, computed from z without overflow. */
    set(report, METRIC_LOG_LOSS, ratio(metrics->loss, metrics->w));
    set(report, METRIC_BRIER, ratio(metrics->brier, metrics->w));
}

static void
report_quantiles(const struct metrics *metrics, struct report *report)
{
    const uint32_t n = report->n_quantiles, labels = metrics->decision->n_labels;
    double pinball = 0, inside = 0, width = 0;
    for (uint32_t q = 0; q < n; q++) {
        struct quantile_report *quantile = &report->per_quantile[q];
        *quantile = (struct quantile_report){0};
        for (uint32_t t = 0; t < labels; t++) {
            quantile->below += ratio(metrics->quantiles[t * n + q].below, metrics->w) / labels;
            quantile->pinball += ratio(metrics->quantiles[t * n + q].pinball, metrics->w) / labels;
        }
        pinball += quantile->pinball / n;
    }
    for (uint32_t t = 0; t < labels; t++) {
        inside += ratio(metrics->numbers[t].inside, metrics->w) / labels;
        width += ratio(metrics->numbers[t].width, metrics->w) / labels;
    }
    set(report, METRIC_PINBALL, pinball);
    if (n < 2)
        return;
    set(report, METRIC_COVERAGE, inside);
    set(report, METRIC_WIDTH, width);
}

static void
report_numbers(const struct metrics *metrics, struct report *report)
{
    uint32_t outputs = metrics->decision->n_labels, n_mape = 0;
    double mse = 0, rmse = 0, mae = 0, r2 = 0, mape = 0, deviance = 0;
    for (uint32_t t = 0; t < outputs; t++) {
        const struct number_sums *sums = &metrics->numbers[t];
        double squares = ratio(sums->squares, metrics->w);
        mse += squares;
        rmse += sqrt(squares);
        mae += ratio(sums->absolutes, metrics->w);
        r2 += sums->spread == 0 ? 0 : 1 - sums->squares / sums->spread;
        mape += ratio(sums->relative, sums->relative_w);
        n_mape += sums->relative_w > 0;
        deviance += ratio(sums->deviance, metrics->w);
    }
    set(report, METRIC_MSE, mse / outputs);
    set(report, METRIC_RMSE, rmse / outputs);
    set(report, METRIC_MAE, mae / outputs);
    set(report, METRIC_R2, r2 / outputs);
    if (n_mape > 0)
        set(report, METRIC_MAPE, mape / n_mape);
    if (metrics->decision->model->loss == LOSS_POISSON)
        set(report, METRIC_DEVIANCE, deviance / outputs);
    report->zero_labels = metrics->zero_labels;
}

const struct report *
metrics_report(struct metrics *metrics)
{
    struct report *report = &metrics->report;
    set(report, METRIC_N, (double) metrics->n);
    set(report, METRIC_LOSS, ratio(metrics->loss, metrics->w));
    if (report->n_classes > 0) {
        report_counts(report);
        report_rankings(metrics, report);
        report_probabilities(metrics, report);
        return report;
    }
    if (report->n_quantiles > 0)
        report_quantiles(metrics, report);
    if (report->n_quantiles == 0 || metrics->median < report->n_quantiles)
        report_numbers(metrics, report);
    return report;
}
