/*
 * Cholesky factors and what they solve, in double: A = U' U, U upper (Golub and Van Loan, "Matrix Computations", 4.2).
 *
 * Each element is one accumulator, k ascending (gram.h), so blocks, threads and instruction sets cannot show:
 *
 *     U[i, i] = sqrt(acc), U[i, j] = acc / U[i, i], acc = A[i, j]; for k < i: acc = fma(-U[k, i], U[k, j], acc)
 *     U' Y = B:  y_i = acc / U[i, i], acc = b_i; for k < i: acc = fma(-U[k, i], y_k, acc)
 *     U X = Y:   x_i = acc / U[i, i], acc = y_i; for k > i, descending: acc = fma(-U[i, k], x_k, acc)
 *
 *     if (!cholesky_factor(gram, A, n)) ...        // not positive definite
 *     cholesky_solve(gram, A, n, B, m);
 */
#ifndef CL_CHOLESKY_H
#define CL_CHOLESKY_H

#include <stdbool.h>
#include <stddef.h>

#include "gram.h"

/* A: [n, gram_stride(n)], the upper half, becomes U. False when a pivot is not above 0: then A is nothing. */
bool cholesky_factor(struct gram *gram, double *A, size_t n);
/* B: [n, m], m right-hand sides side by side, becomes U'^-1 B. */
void cholesky_forward(struct gram *gram, const double *U, size_t n, double *B, size_t m);
/* B becomes U^-1 B. */
void cholesky_backward(struct gram *gram, const double *U, size_t n, double *B, size_t m);
/* B becomes A^-1 B. */
void cholesky_solve(struct gram *gram, const double *U, size_t n, double *B, size_t m);

#endif
