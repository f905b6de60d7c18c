#include "ridge.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cholesky.h"
#include "memory.h"
#include "rng.h"

/* Ridges that are tried, 4^2 down to 4^-13, until the score has risen WORSE times; probes of a trace; rows that the
 * degrees of freedom must leave. */
enum { LARGEST = 2, SMALLEST = -13, WORSE = 3, PROBES = 32 };
#define LEAST_REST 0.05

struct ridge {
    const double *S;
    size_t d, t, ld;
    struct gram *gram;
    const struct lapack *lapack;
    double mean_squares; /* of features, about their mean */
    double *A;           // [d, gram_stride(d)] the factor
    double *B;           // [d, t]
    double value, freedom;
};

struct ridge *
ridge_open(const double *S, size_t d, size_t t, struct gram *gram, const struct lapack *lapack)
{
    struct ridge *ridge = mem_zalloc(1, sizeof *ridge);
    *ridge = (struct ridge){.S = S, .d = d, .t = t, .ld = gram_stride(d + t), .gram = gram, .lapack = lapack};
    ridge->A = gram_matrix(d);
    ridge->B = mem_array(d * t, sizeof *ridge->B);
    double sum = 0;
    for (size_t j = 1; j < d; j++)
        sum += S[j * ridge->ld + j] - S[j] * S[j] / S[0];
    ridge->mean_squares = sum > 0 ? sum / (double) (d - 1) : 1;
    return ridge;
}

void
ridge_close(struct ridge *ridge)
{
    if (ridge == NULL)
        return;
    free(ridge->A);
    free(ridge->B);
    free(ridge);
}

/* ---- linear algebra ---- */

static bool
factor(struct ridge *ridge, double lambda)
{
    const size_t d = ridge->d, ld = gram_stride(d);
    for (size_t i = 0; i < d; i++) {
        memcpy(ridge->A + i * ld + i, ridge->S + i * ridge->ld + i, (d - i) * sizeof *ridge->A);
        if (i > 0)
            ridge->A[i * ld + i] += lambda;
    }
    return ridge->lapack != NULL ? lapack_factor(ridge->lapack, ridge->A, d, ld)
                                 : cholesky_factor(ridge->gram, ridge->A, d);
}

/* B: [d, m] */
static void
solve(const struct ridge *ridge, double *B, size_t m)
{
    const size_t d = ridge->d;
    if (ridge->lapack == NULL) {
        cholesky_solve(ridge->gram, ridge->A, d, B, m);
        return;
    }
    double *sides = mem_array(m * d, sizeof *sides); // [m, d]
    for (size_t i = 0; i < d; i++)
        for (size_t s = 0; s < m; s++)
            sides[s * d + i] = B[i * m + s];
    lapack_solve(ridge->lapack, ridge->A, d, gram_stride(d), sides, m);
    for (size_t i = 0; i < d; i++)
        for (size_t s = 0; s < m; s++)
            B[i * m + s] = sides[s * d + i];
    free(sides);
}

static void
solve_weights(struct ridge *ridge)
{
    for (size_t i = 0; i < ridge->d; i++)
        memcpy(ridge->B + i * ridge->t, ridge->S + i * ridge->ld + ridge->d, ridge->t * sizeof *ridge->B);
    solve(ridge, ridge->B, ridge->t);
}

/* ---- cross-validation ---- */

/* tr((S_h + lambda)^-1): of few features by all unit vectors, else by Rademacher probes, whose mean it is. */
static double
inverse_trace(const struct ridge *ridge)
{
    const size_t n = ridge->d - 1, m = n < PROBES ? n : PROBES;
    const struct rng_key key = rng_key(0, RNG_PROBE, 0);
    double *signs = mem_zalloc(n * m, sizeof *signs), *B = mem_zalloc(ridge->d * m, sizeof *B), trace = 0;
    for (size_t i = 0; i < n; i++) {
        const uint64_t bits = rng_u64(key, i);
        for (size_t s = 0; s < m; s++)
            signs[i * m + s] = n <= PROBES ? (i == s) : bits >> s & 1 ? 1 : -1;
    }
    memcpy(B + m, signs, n * m * sizeof *B);
    solve(ridge, B, m);
    for (size_t i = 0; i < n * m; i++)
        trace += signs[i] * B[m + i];
    free(signs);
    free(B);
    return n <= PROBES ? trace : trace / (double) m;
}

/* RSS / n / (1 - df / n)^2 */
static double
score(struct ridge *ridge, double lambda)
{
    const size_t d = ridge->d, t = ridge->t;
    const double n = ridge->S[0];
    double rss = 0;
    for (size_t s = 0; s < t; s++) {
        rss += ridge->S[(d + s) * ridge->ld + d + s];
        for (size_t i = 0; i < d; i++) {
            const double b = ridge->B[i * t + s];
            rss -= b * ridge->S[i * ridge->ld + d + s] + (i > 0 ? lambda * b * b : 0);
        }
    }
    ridge->freedom = (double) d - lambda * inverse_trace(ridge);
    const double rest = 1 - ridge->freedom / n;
    return rest < LEAST_REST ? INFINITY : fmax(rss, 0) / n / (rest * rest);
}

bool
ridge_take(struct ridge *ridge, double value)
{
    ridge->value = value;
    ridge->freedom = NAN;
    if (!factor(ridge, value * ridge->mean_squares))
        return false;
    solve_weights(ridge);
    return true;
}

bool
ridge_choose(struct ridge *ridge)
{
    double best = INFINITY, value = 0x1p4, freedom = NAN;
    int worse = 0;
    for (int power = LARGEST; power >= SMALLEST && worse < WORSE; power--) {
        const double tried = ldexp(1, 2 * power);
        if (!ridge_take(ridge, tried))
            break;
        const double now = score(ridge, tried * ridge->mean_squares);
        worse = now < best ? 0 : worse + 1;
        if (power == LARGEST || now < best) {
            best = now;
            value = tried;
            freedom = ridge->freedom;
        }
    }
    if (!ridge_take(ridge, value))
        return false;
    ridge->freedom = freedom;
    return true;
}

/* ---- answers ---- */

double
ridge_value(const struct ridge *ridge)
{
    return ridge->value;
}

double
ridge_freedom(const struct ridge *ridge)
{
    return ridge->freedom;
}

const double *
ridge_weights(const struct ridge *ridge)
{
    return ridge->B;
}

void
ridge_leverage(const struct ridge *ridge, double *Z, size_t m, double *leverage)
{
    double *rows = mem_array(ridge->d * m, sizeof *rows);
    memcpy(rows, Z, ridge->d * m * sizeof *rows);
    solve(ridge, Z, m);
    for (size_t s = 0; s < m; s++) {
        leverage[s] = 0;
        for (size_t i = 0; i < ridge->d; i++)
            leverage[s] += rows[i * m + s] * Z[i * m + s];
    }
    free(rows);
}
