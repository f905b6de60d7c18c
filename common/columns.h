/*
 * Arithmetic over the numeric columns of many rows, several columns at a time: what cl-scale does to every number, and
 * every program that applies a model's scale. The same bits on every instruction set (isa.h).
 *
 *     const struct column_kernels *kernels = column_kernels();
 *     struct column_moments moments;
 *     column_moments_open(&moments, d);
 *     if (!kernels->moments(&moments, x, n, split)) ... some number was infinite
 *     ... moments.mean[j] ...
 *     column_moments_close(&moments);
 *
 * NaN is no value anywhere here.
 */
#ifndef CL_COLUMNS_H
#define CL_COLUMNS_H

#include <stdbool.h>
#include <stdint.h>

/* Arrays of a number for each of d columns, as f64. */
struct column_moments {
    uint32_t d;
    double *n;          /* values */
    double *mean, *m2;  /* m2: sum of squared differences from the mean */
    double *low, *high; /* infinity and -infinity while there is no value */
};

void column_moments_open(struct column_moments *moments, uint32_t d);
void column_moments_close(struct column_moments *moments);

struct column_kernels {
    /*
     * Adds rows to the moments, one after the other, by the update of Welford (Technometrics 4, 1962):
     * m += (v - m) / n, S += (v - m_old) (v - m_new). x: [n, d]; split: [n] tags of batch.h, or NULL: rows tagged valid
     * or test do not count. False when a number was infinite: the moments are then of no use.
     */
    bool (*moments)(struct column_moments *moments, const float *x, uint64_t n, const uint8_t *split);
    /* x = (x - shift) / divisor in f64, rounded once, with fill in place of NaN. x: [n, d] in-out; the others: [d] */
    void (*scale)(float *x, uint64_t n, uint32_t d, const double *shift, const double *divisor, const double *fill);
    /* Whether none of n numbers is NaN or infinite. */
    bool (*finite)(const float *x, uint64_t n);
};

/* The best ones for this machine, or for what CL_ISA names. */
const struct column_kernels *column_kernels(void);

extern const struct column_kernels column_kernels_base, column_kernels_avx2;

#endif
