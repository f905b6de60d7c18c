#include "metrics.h"

#include <assert.h>
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
};

struct bin {
    double w, p, right;
};

struct metrics {
    const struct decision *decision;
    uint64_t n;
    double w, loss, brier;
    struct bin bins[ECE_BINS];
    double *confusion;           /* [n_classes + 1, n_classes] */
    struct number_sums *numbers; /* [n_outputs] */
    uint64_t zero_labels;
    uint32_t n_scores; /* a row: 1 or n_classes */
    float *scores;     /* [n, n_scores] */
    uint32_t *labels;  /* [n] */
    double *weights;   /* [n], NULL while all are 1 */
    size_t scores_cap, labels_cap, weights_cap;
    struct report report;
};

struct metrics *
metrics_open(const struct decision *decision)
{
    struct metrics *metrics = mem_zalloc(1, sizeof *metrics);
    uint32_t c = decision->n_classes;
    metrics->decision = decision;
    metrics->n_scores = decision->binary ? 1 : c;
    metrics->confusion = mem_zalloc(c + 1, c * sizeof *metrics->confusion);
    metrics->numbers = mem_zalloc(c == 0 ? decision->n_outputs : 0, sizeof *metrics->numbers);
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

void
metrics_add_numbers(struct metrics *metrics, const double *y, const float *f, double w, float loss)
{
    metrics->n++;
    metrics->w += w;
    metrics->loss += w * (double) loss;
    for (uint32_t t = 0; t < metrics->decision->n_outputs; t++) {
        struct number_sums *sums = &metrics->numbers[t];
        double error = y[t] - (double) f[t];
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
report_numbers(const struct metrics *metrics, struct report *report)
{
    uint32_t outputs = metrics->decision->n_outputs, n_mape = 0;
    double mse = 0, rmse = 0, mae = 0, r2 = 0, mape = 0;
    for (uint32_t t = 0; t < outputs; t++) {
        const struct number_sums *sums = &metrics->numbers[t];
        double squares = ratio(sums->squares, metrics->w);
        mse += squares;
        rmse += sqrt(squares);
        mae += ratio(sums->absolutes, metrics->w);
        r2 += sums->spread == 0 ? 0 : 1 - sums->squares / sums->spread;
        mape += ratio(sums->relative, sums->relative_w);
        n_mape += sums->relative_w > 0;
    }
    set(report, METRIC_MSE, mse / outputs);
    set(report, METRIC_RMSE, rmse / outputs);
    set(report, METRIC_MAE, mae / outputs);
    set(report, METRIC_R2, r2 / outputs);
    if (n_mape > 0)
        set(report, METRIC_MAPE, mape / n_mape);
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
    } else {
        report_numbers(metrics, report);
    }
    return report;
}
