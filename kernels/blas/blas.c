/*
 * The BLAS engine: the CPU engine with the products of wide layers done by OpenBLAS, or any other CBLAS. For
 * --numerics fast: its bits depend on the library, the machine and the batch.
 *
 * The library is opened when the engine is (linking it costs every start of a program 6 to 8 ms), with one thread of
 * its own: our threads call it side by side, each for its own rows.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>

#include "cpu/cpu.h"

/* From this many weights on, OpenBLAS's overhead of a call is small beside the product. */
enum { WIDE_WEIGHTS = 64 * 64, WIDE_SIDE = 16 };

enum cblas_order { CBLAS_ROW_MAJOR = 101 };
enum cblas_transpose { CBLAS_NO_TRANS = 111, CBLAS_TRANS = 112 };
typedef void sgemm_function(enum cblas_order order, enum cblas_transpose transpose_a, enum cblas_transpose transpose_b,
                            int m, int n, int k, float alpha, const float *A, int lda, const float *B, int ldb,
                            float beta, float *C, int ldc);

/* Set once by load_library() and never again; a product has no other way to reach it. */
static sgemm_function *sgemm;

static bool
takes(size_t n_in, size_t n_out)
{
    return n_in >= WIDE_SIDE && n_out >= WIDE_SIDE && n_in * n_out >= WIDE_WEIGHTS;
}

static void
product(size_t m, size_t k, size_t n, const float *A, size_t lda, const float *B, bool transposed, float *C, size_t ldc)
{
    sgemm(CBLAS_ROW_MAJOR, CBLAS_NO_TRANS, transposed ? CBLAS_TRANS : CBLAS_NO_TRANS, (int) m, (int) n, (int) k, 1, A,
          (int) lda, B, (int) (transposed ? k : n), 1, C, (int) ldc);
}

static void
gradient(size_t rows, size_t m, size_t n, const float *X, size_t ldx, const float *dz, size_t ldz, float *dW)
{
    sgemm(CBLAS_ROW_MAJOR, CBLAS_TRANS, CBLAS_NO_TRANS, (int) m, (int) n, (int) rows, 1, X, (int) ldx, dz, (int) ldz, 0,
          dW, (int) n);
}

static const struct cpu_products products = {.name = "CBLAS", .takes = takes, .product = product, .gradient = gradient};

static void
load_library(void)
{
    static const char *const names[] = {"libopenblas.so.0", "libopenblas.so", "libblas.so.3"};
    setenv("OPENBLAS_NUM_THREADS", "1", 1);
    for (size_t i = 0; sgemm == NULL && i < sizeof names / sizeof *names; i++) {
        void *library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
        void *symbol = library == NULL ? NULL : dlsym(library, "cblas_sgemm");
        if (symbol != NULL)
            sgemm = (sgemm_function *) symbol;
        else if (library != NULL)
            dlclose(library);
    }
}

static int
blas_open(struct engine_state **state, const struct network *network, const struct engine_options *options,
          struct error *error)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load_library);
    if (sgemm == NULL)
        return error_set(error, STATUS_SYSTEM,
                         "engine 'blas' needs a CBLAS library, and neither libopenblas.so.0 nor libblas.so.3 has one "
                         "(apt install libopenblas0, or use --numerics exact)");
    return cpu_open(state, network, options, &products, error);
}

const struct engine engine_blas = {
    .abi = ENGINE_ABI,
    .bytes = sizeof(struct engine),
    .name = "blas",
    .exact = false,
    .open = blas_open,
    .load = cpu_load,
    .run = cpu_run,
    .grad = cpu_grad,
    .apply = cpu_apply,
    .forward = cpu_forward,
    .read = cpu_read,
    .write = cpu_write,
    .describe = cpu_describe,
    .close = cpu_close,
};
