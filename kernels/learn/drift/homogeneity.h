/*
 * Whether two samples come from one distribution, by their counts in the same bins: sizes of the difference, and
 * p-values. Counts need not be whole (distribution.h).
 */
#ifndef CL_HOMOGENEITY_H
#define CL_HOMOGENEITY_H

#include <stdint.h>

/*
 * Population stability index of n bins: sum (p_i - q_i) ln(p_i / q_i), with shares (count + 1/2) / (total + n/2), so
 * that empty bins do not make it infinite. By custom 0.1 is a shift worth a look and 0.25 a large one.
 */
double homogeneity_psi(const double *p, const double *q, uint32_t n);
/* Jensen-Shannon distance, 0 to 1: the root of the divergence to base 2 (Endres and Schindelin 2003). */
double homogeneity_js(const double *p, const double *q, uint32_t n);

/* The largest difference of the two distribution functions at the upper edges of the bins. */
double homogeneity_ks(const double *p, const double *q, uint32_t n);
/*
 * P(D >= d) of the two-sample test of Kolmogorov and Smirnov for samples of n and m values: the limiting distribution
 * with the correction of Stephens (JRSS B 32, 1970). For a d that was looked for at the edges of bins alone, or numbers
 * that are not continuous, it is an upper bound.
 */
double homogeneity_ks_p(double d, double n, double m);

/*
 * Chi-square test of two samples in n bins. Bins whose smaller expected count is below 5 (Cochran 1954) are put
 * together into one; as the test means little there, Fisher's exact test of that one against all others is made beside
 * it, and the p-value is twice the smaller one. *statistic: chi-square of the bins that are left, *degrees: its degrees
 * of freedom, 0 when one bin is left.
 */
double homogeneity_chi_square(const double *p, const double *q, uint32_t n, double *statistic, uint32_t *degrees);
/* P(X >= x) of the chi-square distribution. */
double homogeneity_chi_square_p(double x, uint32_t degrees);
/*
 * Fisher's exact test of a of n against b of m, counts rounded: twice the smaller tail, at most 1.
 */
double homogeneity_fisher(double a, double n, double b, double m);

/* Holm's step-down correction ("A simple sequentially rejective multiple test procedure", 1979): p-values that may be
 * compared with the error rate of the whole family, however the tests depend on each other. p: [n] in-out */
void homogeneity_holm(double *p, uint32_t n);

#endif
