#include "homogeneity.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "memory.h"

static double
total_of(const double *counts, uint32_t n)
{
    double total = 0;
    for (uint32_t i = 0; i < n; i++)
        total += counts[i];
    return total;
}

/* ---- sizes ---- */

double
homogeneity_psi(const double *p, const double *q, uint32_t n)
{
    const double all_p = total_of(p, n) + 0.5 * n, all_q = total_of(q, n) + 0.5 * n;
    double sum = 0;
    for (uint32_t i = 0; i < n; i++) {
        const double share_p = (p[i] + 0.5) / all_p, share_q = (q[i] + 0.5) / all_q;
        sum += (share_p - share_q) * log(share_p / share_q);
    }
    return sum;
}

double
homogeneity_js(const double *p, const double *q, uint32_t n)
{
    const double all_p = total_of(p, n), all_q = total_of(q, n);
    double sum = 0;
    if (!(all_p > 0 && all_q > 0))
        return 0;
    for (uint32_t i = 0; i < n; i++) {
        const double share_p = p[i] / all_p, share_q = q[i] / all_q, middle = (share_p + share_q) / 2;
        if (share_p > 0)
            sum += share_p / 2 * log2(share_p / middle);
        if (share_q > 0)
            sum += share_q / 2 * log2(share_q / middle);
    }
    return sqrt(sum > 0 ? sum : 0);
}

/* ---- Kolmogorov and Smirnov ---- */

double
homogeneity_ks(const double *p, const double *q, uint32_t n)
{
    const double all_p = total_of(p, n), all_q = total_of(q, n);
    double below_p = 0, below_q = 0, largest = 0;
    if (!(all_p > 0 && all_q > 0))
        return 0;
    for (uint32_t i = 0; i + 1 < n; i++) {
        below_p += p[i];
        below_q += q[i];
        largest = fmax(largest, fabs(below_p / all_p - below_q / all_q));
    }
    return largest;
}

double
homogeneity_ks_p(double d, double n, double m)
{
    const double root = sqrt(n * m / (n + m)), lambda = (root + 0.12 + 0.11 / root) * d;
    double sum = 0;
    if (lambda < 0.2) /* the series needs many terms there, and gives 1 */
        return 1;
    for (int k = 1; k <= 100; k++) {
        const double term = exp(-2 * k * k * lambda * lambda);
        sum += k % 2 == 1 ? term : -term;
        if (term < 1e-18 * fabs(sum))
            break;
    }
    return fmin(1, fmax(0, 2 * sum));
}

/* ---- chi-square ---- */

/*
 * The upper regularised incomplete gamma function Q(a, x): by the series of P below a + 1, else by the continued
 * fraction of Legendre with the method of Lentz (Abramowitz and Stegun 6.5.29 and 6.5.31).
 */
static double
gamma_q(double a, double x)
{
    if (!(x > 0))
        return 1;
    const double front = exp(a * log(x) - x - lgamma(a));
    if (x < a + 1) {
        double term = 1 / a, sum = term;
        for (double k = a + 1; term > sum * 1e-17; k++) {
            term *= x / k;
            sum += term;
        }
        return fmax(0, 1 - front * sum);
    }
    double b = x + 1 - a, c = 1 / DBL_MIN, d = 1 / b, fraction = d;
    for (int i = 1; i < 100000; i++) {
        const double step = -i * (i - a);
        b += 2;
        d = step * d + b;
        c = b + step / c;
        d = 1 / (fabs(d) < DBL_MIN ? DBL_MIN : d);
        c = fabs(c) < DBL_MIN ? DBL_MIN : c;
        fraction *= d * c;
        if (fabs(d * c - 1) < 1e-15)
            break;
    }
    return front * fraction;
}

double
homogeneity_chi_square_p(double x, uint32_t degrees)
{
    return degrees == 0 ? 1 : gamma_q(degrees / 2.0, x / 2);
}

double
homogeneity_chi_square(const double *p, const double *q, uint32_t n, double *statistic, uint32_t *degrees)
{
    const double all_p = total_of(p, n), all_q = total_of(q, n), all = all_p + all_q;
    double rare_p = 0, rare_q = 0, sum = 0;
    uint32_t bins = 0;
    *statistic = 0;
    *degrees = 0;
    if (!(all_p > 0 && all_q > 0))
        return 1;
    for (uint32_t i = 0; i < n; i++) {
        const double both = p[i] + q[i], expected_p = both * all_p / all, expected_q = both * all_q / all;
        if (fmin(expected_p, expected_q) < 5) {
            rare_p += p[i];
            rare_q += q[i];
            continue;
        }
        sum += (p[i] - expected_p) * (p[i] - expected_p) / expected_p;
        sum += (q[i] - expected_q) * (q[i] - expected_q) / expected_q;
        bins++;
    }
    const double rare = rare_p + rare_q, rare_expected_p = rare * all_p / all, rare_expected_q = rare * all_q / all;
    if (rare > 0 && fmin(rare_expected_p, rare_expected_q) >= 5) {
        sum += (rare_p - rare_expected_p) * (rare_p - rare_expected_p) / rare_expected_p;
        sum += (rare_q - rare_expected_q) * (rare_q - rare_expected_q) / rare_expected_q;
        bins++;
    }
    *statistic = bins > 1 ? sum : 0;
    *degrees = bins > 1 ? bins - 1 : 0;
    const double by_bins = homogeneity_chi_square_p(*statistic, *degrees);
    if (rare == 0)
        return by_bins;
    const double by_rare = homogeneity_fisher(rare_p, all_p, rare_q, all_q);
    return fmin(1, 2 * fmin(by_bins, by_rare));
}

/* ---- Fisher ---- */

static double
log_choose(double n, double k)
{
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1);
}

/* P(K >= a) for hypergeometric K: a of n, when k of n + m are drawn, and a is not below the mean by more than 1. */
static double
tail(double a, double n, double m, double k)
{
    double sum = 0, term = exp(log_choose(n, a) + log_choose(m, k - a) - log_choose(n + m, k));
    for (double i = a; i <= fmin(n, k) && term > 0; i++) {
        sum += term;
        const double ratio = (n - i) * (k - i) / ((i + 1) * (m - k + i + 1));
        if (ratio < 1 && term < sum * 1e-16)
            break;
        term *= ratio;
    }
    return sum;
}

double
homogeneity_fisher(double a, double n, double b, double m)
{
    a = rint(a);
    b = rint(b);
    n = fmax(a, rint(n));
    m = fmax(b, rint(m));
    const double k = a + b;
    if (k == 0 || k == n + m || n == 0 || m == 0)
        return 1;
    /* The tail on the side of the observation is the smaller one, and has few terms. */
    const double p = a / n >= b / m ? tail(a, n, m, k) : tail(b, m, n, k);
    return fmin(1, 2 * p);
}

/* ---- correction ---- */

struct place {
    double p;
    uint32_t at;
};

static int
by_p(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    return x->p != y->p ? (x->p < y->p ? -1 : 1) : x->at < y->at ? -1 : 1;
}

void
homogeneity_holm(double *p, uint32_t n)
{
    struct place *places = mem_array(n, sizeof *places);
    double largest = 0;
    for (uint32_t i = 0; i < n; i++)
        places[i] = (struct place){p[i], i};
    qsort(places, n, sizeof *places, by_p);
    for (uint32_t i = 0; i < n; i++) {
        largest = fmax(largest, fmin(1, places[i].p * (double) (n - i)));
        p[places[i].at] = largest;
    }
    free(places);
}
