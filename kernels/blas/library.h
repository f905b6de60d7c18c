/*
 * The CBLAS library that wide layers are multiplied by: found, opened and asked what it is, once in a process.
 *
 * CL_BLAS=FILE or CL_BLAS=libNAME.so.N names it. Else it is the one the system prefers, libblas.so.3 or libcblas.so.3
 * (Debian's alternatives point the first one at OpenBLAS, MKL, BLIS or ATLAS), then FlexiBLAS, MKL, OpenBLAS or BLIS
 * by their own names; and one that says nothing of itself, which is the reference BLAS as a rule, only after all
 * others.
 *
 * It is opened when it is wanted, not linked. It gets one thread, by its own call: ours call it side by side, each for
 * its own rows. A library of 64-bit lengths (ILP64) is refused: see library.c.
 */
#ifndef CL_BLAS_LIBRARY_H
#define CL_BLAS_LIBRARY_H

#include <limits.h>

#include "error.h"

enum cblas_order { CBLAS_ROW_MAJOR = 101 };
enum cblas_transpose { CBLAS_NO_TRANS = 111, CBLAS_TRANS = 112 };
typedef void sgemm_function(enum cblas_order order, enum cblas_transpose transpose_a, enum cblas_transpose transpose_b,
                            int m, int n, int k, float alpha, const float *A, int lda, const float *B, int ldb,
                            float beta, float *C, int ldc);

struct blas_library {
    sgemm_function *sgemm;
    char name[96];       /* "OpenBLAS 0.3.21, SkylakeX": what it says of itself, or "libblas.so.3" */
    char path[PATH_MAX]; /* of its file */
    const char *file;    /* behind the last slash of path */
};

/* The library, or NULL and STATUS_SYSTEM with what was looked for. The same answer every time. */
const struct blas_library *blas_library(struct error *error);

#endif
