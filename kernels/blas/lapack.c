#include "lapack.h"

#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "library.h"

static struct {
    pthread_once_t once;
    struct lapack lapack;
    struct error error;
    bool there;
} chosen = {.once = PTHREAD_ONCE_INIT};

/* ISO C has no cast from an object to a function, so it is copied. */
static bool
find(void *library)
{
    void *factor = dlsym(library, "dpotrf_"), *solve = dlsym(library, "dpotrs_");
    if (factor == NULL || solve == NULL)
        return false;
    memcpy(&chosen.lapack.dpotrf, &factor, sizeof factor);
    memcpy(&chosen.lapack.dpotrs, &solve, sizeof solve);
    return true;
}

static void
choose(void)
{
    const struct blas_library *blas = blas_library(&chosen.error);
    if (blas == NULL)
        return;
    void *library = dlopen(blas->path, RTLD_LAZY | RTLD_LOCAL); /* is open */
    if (library != NULL && find(library)) {
        snprintf(chosen.lapack.name, sizeof chosen.lapack.name, "%s", blas->name);
        chosen.there = true;
        return;
    }
    char beside[PATH_MAX + 32];
    snprintf(beside, sizeof beside, "%.*sliblapack.so.3", (int) (blas->file - blas->path), blas->path);
    library = dlopen(beside, RTLD_LAZY | RTLD_LOCAL);
    if (library != NULL && find(library)) {
        snprintf(chosen.lapack.name, sizeof chosen.lapack.name, "%s, liblapack.so.3", blas->name);
        chosen.there = true;
        return;
    }
    error_set(&chosen.error, STATUS_SYSTEM, "the library '%s' has no LAPACK, and there is no liblapack.so.3 beside it",
              blas->path);
}

const struct lapack *
lapack_library(struct error *error)
{
    pthread_once(&chosen.once, choose);
    if (chosen.there)
        return &chosen.lapack;
    *error = chosen.error;
    return NULL;
}

/* Rows are the columns of Fortran, so our upper half is its lower one. */
bool
lapack_factor(const struct lapack *lapack, double *A, size_t n, size_t ld)
{
    const int order = (int) n, lda = (int) ld;
    int info = -1;
    lapack->dpotrf("L", &order, A, &lda, &info, 1);
    return info == 0;
}

void
lapack_solve(const struct lapack *lapack, const double *U, size_t n, size_t ld, double *B, size_t m)
{
    const int order = (int) n, lda = (int) ld, sides = (int) m;
    int info = -1;
    lapack->dpotrs("L", &order, &sides, U, &lda, B, &order, &info, 1);
}
