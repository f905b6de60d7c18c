/*
 * How well scores order rows: area under the ROC curve and average precision, from one sort.
 */
#ifndef CL_RANKING_H
#define CL_RANKING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ranking {
    double auc;                  /* Mann-Whitney U / (P N), ties by midranks: half a point for an equal score */
    double pr_auc;               /* sum over distinct scores, descending, of (R_k - R_k-1) P_k */
    double positives, negatives; /* their weights */
};

/*
 * scores: row i at scores[i * stride]; label[i] == class is a positive row; w: [n] weights, or NULL = 1. Sums are f64
 * by descending score, rows of one score in row order. auc is 0 without rows on both sides, pr_auc without positive
 * ones. scratch: [2 n] u64. n is below 2^32.
 */
struct ranking rank_scores(const float *scores, size_t stride, const uint32_t *label, uint32_t class, const double *w,
                           size_t n, uint64_t *scratch);

#endif
