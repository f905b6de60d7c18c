/*
 * Strategy analytic: the output layer by ridge regression on frozen features, in closed form (ACIL, Zhuang et al. 2022;
 * RanPAC, McDonnell et al. 2023). With z = [1, features, targets] of a row, targets being 1 for its class and 0 for all
 * others, or the labels of a regression, all that is kept of the rows is
 *
 *     S = sum over rows of w z z'                        f64, rows ascending (gram.h)
 *
 * and the weights are those of which sum w |y - B' [1, h]|^2 + lambda |B_h|^2 is smallest; the bias is free. So rows
 * that come later give what all of them together would have given, up to rounding; a class that comes later had the
 * target 0 in every row before it, a column of numbers the number that stands for a missing one.
 *
 * lambda = ridge * (mean over features of their sum of squares about the mean). Unless given, ridge is the power of 2
 * that generalised cross-validation chooses (Golub, Heath and Wahba 1979),
 *
 *     smallest of  n RSS / (n - df)^2, df = trace of the hat matrix = d - lambda tr((S_h + lambda)^-1),
 *
 * the trace by +-1 probes (Girard 1989), which S alone says. Least squares give no logits: the outputs of classes are
 * the scores times one factor, of which the log loss is smallest over rows of this run, each scored as if it had not
 * been among them (the leave-one-out formula: its error divided by 1 - its leverage). Factors of runs are averaged.
 *
 * The upper half of S, column by column, is the tensor "analytic.sums" [m (m + 1) / 2] f64 of role TENSOR_STATISTICS;
 * "analytic.scale" [2] f64 are the sums of rows * log_1.05(factor) and of rows.
 */
#ifndef CL_ANALYTIC_H
#define CL_ANALYTIC_H

#include <stdbool.h>
#include <stdint.h>

#include "engine.h"
#include "error.h"
#include "model.h"

struct analytic_setup {
    const struct engine *engine;
    unsigned threads;
    double ridge;       /* NaN: by generalised cross-validation */
    struct rowset rows; /* to add; classes as label, or y 0 or 1 of loss bce */
};

struct analytic_report {
    uint64_t features;
    double rows; /* that the sums stand for, by weight */
    double ridge;
    double freedom;  /* degrees of freedom df; NaN when ridge was given */
    double scale;    /* of classes */
    bool own_solver; /* fast numerics without LAPACK: its error says why */
    struct error why;
};

/* NULL, or the sentence that says why a loss has no closed form. */
const char *analytic_refuses(enum loss loss);
/* Whether a model keeps sums. */
bool analytic_kept(const struct model *model);
/* Drops them: whatever changes a layer below the output must. */
void analytic_drop(struct model *model);

/* The part of the sums that are there belongs to the network as it is: 0, or STATUS_DATA. Ask before the model grows.
 */
int analytic_check(const struct model *model, struct error *error);

/* What the network had before it grew. */
struct analytic_shape {
    uint32_t n_x, n_targets; /* n_targets: classes, or labels */
    uint32_t *c_sizes;       /* [n_c] */
};
/* In `arena`. */
struct analytic_shape analytic_shape(const struct model *model, struct arena *arena);
/* Fits the sums to the grown network. fill: [n_x] what numeric features are where they are missing, as the network gets
 * them. */
void analytic_grow(struct model *model, const struct analytic_shape *before, const float *fill);

/* Adds the rows to the sums, and solves for the output layer. */
int analytic_run(struct model *model, const struct analytic_setup *setup, struct analytic_report *report,
                 struct error *error);

#endif
