/*
 * Metrics of test-then-train: every row is predicted before it is learnt, and each figure stands beside that of a
 * predictor that learns nothing. Over all rows, over a sliding window, and with a fading factor (Gama, Sebastiao and
 * Rodrigues, "On evaluating stream learning algorithms", 2013, section 3.2):
 *
 *     all      sum of w e / sum of w
 *     window   the same over the last PREQUENTIAL_WINDOW rows
 *     faded    S = w e + a S, B = w + a B, S / B, with a = 0.999
 *
 * Beside the model: the last label once more (no-change), and the most frequent class so far, the first of equals
 * (majority); for numbers the mean of the labels so far. The first row has neither: of classes that is a wrong answer,
 * of numbers none. kappa-temporal (Zliobaite et al. 2015) = (p - q) / (1 - q) of the accuracies p and that of no-change
 * q: above 0 is better than repeating the last label.
 *
 * Sums are f64 in row order and the whole state is a vector of f64, so a run that goes on has the same bits.
 *
 *     struct prequential *metrics = prequential_open(true, 0);
 *     prequential_class(metrics, label, predicted, 1, loss);
 *     struct prequential_report r = prequential_report(metrics, PREQUENTIAL_FADED);
 *     prequential_close(metrics);
 *
 * Memory: the window, and a count for each class. Not thread-safe.
 */
#ifndef CL_PREQUENTIAL_H
#define CL_PREQUENTIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

enum { PREQUENTIAL_WINDOW = 1000 };
#define PREQUENTIAL_FADING 0.999
#define PREQUENTIAL_OTHER UINT32_MAX /* a label that is no class of the model, so never predicted */

enum prequential_span { PREQUENTIAL_ALL, PREQUENTIAL_LAST, PREQUENTIAL_FADED, PREQUENTIAL_SPANS };

/* NaN: the rows do not say. Errors of numbers are in the label's units; of several labels, means over these. */
struct prequential_report {
    double loss;
    double accuracy, no_change, majority, kappa_temporal;
    double rmse, no_change_rmse, mean_rmse;
    double mae, no_change_mae, mean_mae;
};

struct prequential;

/* classes: labels are classes; else n_labels numbers a row, or 0 of a model that predicts none (quantiles without the
 * median): its loss is all there is. */
struct prequential *prequential_open(bool classes, uint32_t n_labels);
/* label: a class or PREQUENTIAL_OTHER. w >= 0. loss: of training; NaN where it has none. */
void prequential_class(struct prequential *metrics, uint32_t label, uint32_t predicted, double w, double loss);
/* y, f: [n_labels] label and prediction in the label's units */
void prequential_numbers(struct prequential *metrics, const double *y, const double *f, double w, double loss);
uint64_t prequential_rows(const struct prequential *metrics);
struct prequential_report prequential_report(const struct prequential *metrics, enum prequential_span span);
/* All there is to go on with. Valid until the next call. */
const double *prequential_state(struct prequential *metrics, size_t *n);
/* STATUS_DATA when it is no state of such metrics; they are then as they were. */
int prequential_restore(struct prequential *metrics, const double *state, size_t n, struct error *error);
void prequential_close(struct prequential *metrics); /* NULL is fine */

#endif
