/*
 * The Cholesky factor of LAPACK, for fast numerics: dpotrf and dpotrs of the CBLAS library that is used, or of the
 * liblapack.so.3 that stands beside its file, as distributions cut OpenBLAS in two.
 */
#ifndef CL_LAPACK_H
#define CL_LAPACK_H

#include <stdbool.h>
#include <stddef.h>

#include "error.h"

struct lapack {
    char name[128]; /* "OpenBLAS 0.3.21, SkylakeX", or with the name of a file of its own behind it */
    void (*dpotrf)(const char *uplo, const int *n, double *A, const int *lda, int *info, size_t length);
    void (*dpotrs)(const char *uplo, const int *n, const int *nrhs, const double *A, const int *lda, double *B,
                   const int *ldb, int *info, size_t length);
};

/* NULL and STATUS_SYSTEM with what was looked for. The same answer every time. */
const struct lapack *lapack_library(struct error *error);

/* A: [n, ld] row by row, the upper half, becomes U with A = U' U. False when it is not positive definite. */
bool lapack_factor(const struct lapack *lapack, double *A, size_t n, size_t ld);
/* B: [m, n], m right-hand sides one after the other, becomes what solves for them. */
void lapack_solve(const struct lapack *lapack, const double *U, size_t n, size_t ld, double *B, size_t m);

#endif
