/*
 * Products of a matrix with itself, C += s P' W P, in double: the statistics of a regression, and the updates of a
 * Cholesky factor.
 *
 * Only the upper half of C is meant, [i, j] with i <= j (of the lower one some elements change, too: they are nothing).
 * Each element is one accumulator that takes one fma per row of P, rows ascending, a = s w_r P[r, i] rounded once:
 *
 *     acc = C[i, j]; for r ascending: acc = fma(a, P[r, j], acc)
 *
 * so the instruction set, the threads and how rows were cut into calls cannot show. Numbers of P that are f32 have
 * exact products; then fma, and * with +, are the same.
 *
 *     struct gram *gram = gram_open(threads, columns, &error);
 *     double *C = gram_matrix(columns);                 // zeros; free()
 *     gram_add(gram, C, columns, P, gram_stride(columns), n_rows, w, 1);
 *     gram_close(gram);
 */
#ifndef CL_GRAM_H
#define CL_GRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

struct gram;

/* For matrices of at most so many columns. NULL when CL_ISA names nothing that runs here. */
struct gram *gram_open(unsigned threads, size_t columns, struct error *error);
void gram_close(struct gram *gram);

/* Numbers from one row of a matrix of n columns to the next. */
size_t gram_stride(size_t n);
/* A matrix of zeros, [n, gram_stride(n)]; more rows than n are there, but nothing. Owner frees with free(). */
double *gram_matrix(size_t n);

/*
 * C: [n, stride of gram_matrix()], the square that begins at its diagonal element `first`, a multiple of 24, is
 * updated. P: [rows, ldp], of which columns first .. n - 1 are read. w: [rows] or NULL = 1. sign: 1 or -1. f32: all of
 * P are values of f32, and w is NULL.
 */
void gram_add(struct gram *gram, double *C, size_t n, size_t first, const double *P, size_t ldp, size_t rows,
              const double *w, double sign, bool f32);

/* y = y + a x, one fma each. */
void gram_axpy(const struct gram *gram, size_t n, double a, const double *x, double *y);
/* The pool, for other work between two calls. */
struct pool *gram_pool(struct gram *gram);

#endif
