#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cholesky.h"
#include "gram.h"
#include "isa.h"
#include "memory.h"

/* Numbers of f32 between -1 and 1. */
static double *
make(size_t n, uint32_t seed)
{
    double *P = mem_array(n, sizeof *P);
    for (size_t i = 0; i < n; i++) {
        seed = seed * 1664525 + 1013904223;
        P[i] = (double) ((float) (int32_t) seed * 0x1p-31f);
    }
    return P;
}

/* The formula of gram.h for one element. */
static double
chain(double acc, const double *P, size_t ldp, size_t rows, const double *w, double sign, size_t i, size_t j)
{
    for (size_t r = 0; r < rows; r++)
        acc = fma(sign * (w != NULL ? w[r] : 1) * P[r * ldp + i], P[r * ldp + j], acc);
    return acc;
}

static void
check_product(struct gram *gram, size_t n, size_t first, size_t rows, bool weighted, double sign)
{
    const size_t ld = gram_stride(n), ldp = n + 3;
    double *P = make(rows * ldp, (uint32_t) (n + rows)), *w = make(rows, 7), *C = gram_matrix(n);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            C[i * ld + j] = (double) (i * 5 + j);
    /* In two calls, which must not show. */
    const size_t half = rows / 3;
    const bool f32 = !weighted && sign > 0;
    gram_add(gram, C, n, first, P, ldp, half, weighted ? w : NULL, sign, f32);
    gram_add(gram, C, n, first, P + half * ldp, ldp, rows - half, weighted ? w + half : NULL, sign, f32);
    for (size_t i = 0; i < n; i++)
        for (size_t j = i; j < n; j++) {
            const double before = (double) (i * 5 + j);
            const double expected = i < first ? before : chain(before, P, ldp, rows, weighted ? w : NULL, sign, i, j);
            assert_memory_equal(&C[i * ld + j], &expected, sizeof expected);
        }
    free(P);
    free(w);
    free(C);
}

/* Runs a check with every instruction set and number of threads. */
static void
everywhere(void (*check)(struct gram *gram))
{
    for (int isa = 0; isa < ISA_COUNT; isa++)
        for (unsigned threads = 1; isa_here((enum isa) isa) && threads <= 3; threads++) {
            struct error error;
            setenv("CL_ISA", isa_name((enum isa) isa), 1);
            struct gram *gram = gram_open(threads, 300, &error);
            assert_non_null(gram);
            check(gram);
            gram_close(gram);
        }
    unsetenv("CL_ISA");
}

static void
products(struct gram *gram)
{
    static const size_t sizes[] = {1, 2, 7, 8, 9, 23, 24, 25, 121, 250};
    static const size_t rows[] = {0, 1, 5, 191, 192, 193, 400};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (size_t j = 0; j < sizeof rows / sizeof *rows; j++) {
            if (sizes[i] > 100 && rows[j] > 200)
                continue;
            check_product(gram, sizes[i], 0, rows[j], false, 1);
            check_product(gram, sizes[i], 0, rows[j], true, 1);
            check_product(gram, sizes[i], 24, rows[j], false, -1);
        }
}

static void
products_are_chains(void **state)
{
    (void) state;
    everywhere(products);
}

static void
axpys(struct gram *gram)
{
    for (size_t n = 0; n < 40; n++) {
        double *x = make(n + 1, 1), *y = make(n + 1, 2), *before = make(n + 1, 2);
        gram_axpy(gram, n, 0.3, x, y);
        for (size_t i = 0; i <= n; i++)
            assert_true(y[i] == (i < n ? fma(0.3, x[i], before[i]) : before[i]));
        free(x);
        free(y);
        free(before);
    }
}

static void
axpy_is_fma(void **state)
{
    (void) state;
    everywhere(axpys);
}

/* A positive definite matrix. */
static double *
make_definite(struct gram *gram, size_t n)
{
    double *A = gram_matrix(n), *P = make((n + 5) * n, (uint32_t) n);
    gram_add(gram, A, n, 0, P, n, n + 5, NULL, 1, true);
    for (size_t i = 0; i < n; i++)
        A[i * gram_stride(n) + i] += 0.5;
    free(P);
    return A;
}

/* Factor and solutions to the letter of cholesky.h, from A: [n, ld], B: [n, m]. */
static void
solve_plainly(double *A, size_t n, size_t ld, double *B, size_t m)
{
    for (size_t i = 0; i < n; i++)
        for (size_t j = i; j < n; j++) {
            double acc = A[i * ld + j];
            for (size_t k = 0; k < i; k++)
                acc = fma(-A[k * ld + i], A[k * ld + j], acc);
            A[i * ld + j] = i == j ? sqrt(acc) : acc / A[i * ld + i];
        }
    for (size_t s = 0; s < m; s++) {
        for (size_t i = 0; i < n; i++) {
            double acc = B[i * m + s];
            for (size_t k = 0; k < i; k++)
                acc = fma(-A[k * ld + i], B[k * m + s], acc);
            B[i * m + s] = acc / A[i * ld + i];
        }
        for (size_t i = n; i-- > 0;) {
            double acc = B[i * m + s];
            for (size_t k = n - 1; k > i; k--)
                acc = fma(-A[i * ld + k], B[k * m + s], acc);
            B[i * m + s] = acc / A[i * ld + i];
        }
    }
}

static void
factors(struct gram *gram)
{
    static const size_t sizes[] = {1, 2, 24, 95, 96, 97, 192, 250};
    static const size_t sides[] = {1, 3, 33};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (size_t j = 0; j < sizeof sides / sizeof *sides; j++) {
            const size_t n = sizes[i], m = sides[j], ld = gram_stride(n);
            double *A = make_definite(gram, n), *plain = make_definite(gram, n);
            double *B = make(n * m, 9), *expected = make(n * m, 9);
            assert_true(cholesky_factor(gram, A, n));
            cholesky_solve(gram, A, n, B, m);
            solve_plainly(plain, n, ld, expected, m);
            for (size_t r = 0; r < n; r++)
                assert_memory_equal(A + r * ld + r, plain + r * ld + r, (n - r) * sizeof *A);
            assert_memory_equal(B, expected, n * m * sizeof *B);
            free(A);
            free(plain);
            free(B);
            free(expected);
        }
}

static void
factor_is_to_the_letter(void **state)
{
    (void) state;
    everywhere(factors);
}

/* A x = b, whatever the letter says. */
static void
solutions_solve(void **state)
{
    (void) state;
    enum { N = 130 };
    struct error error;
    struct gram *gram = gram_open(2, N, &error);
    const size_t ld = gram_stride(N);
    double *A = make_definite(gram, N), *U = make_definite(gram, N), *b = make(N, 3), *x = make(N, 3);
    assert_true(cholesky_factor(gram, U, N));
    cholesky_solve(gram, U, N, x, 1);
    for (size_t i = 0; i < N; i++) {
        double sum = 0;
        for (size_t j = 0; j < N; j++)
            sum += (i <= j ? A[i * ld + j] : A[j * ld + i]) * x[j];
        assert_true(fabs(sum - b[i]) < 1e-11);
    }
    free(A);
    free(U);
    free(b);
    free(x);
    gram_close(gram);
}

static void
indefinite_is_said(void **state)
{
    (void) state;
    enum { N = 100 };
    static const double bad[] = {-1, 0, NAN, INFINITY};
    struct error error;
    struct gram *gram = gram_open(1, N, &error);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        for (size_t at = 0; at < N; at += 33) {
            double *A = gram_matrix(N);
            for (size_t k = 0; k < N; k++)
                A[k * gram_stride(N) + k] = k == at ? bad[i] : 1;
            assert_false(cholesky_factor(gram, A, N));
            free(A);
        }
    gram_close(gram);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products_are_chains),     cmocka_unit_test(axpy_is_fma),
        cmocka_unit_test(factor_is_to_the_letter), cmocka_unit_test(solutions_solve),
        cmocka_unit_test(indefinite_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
