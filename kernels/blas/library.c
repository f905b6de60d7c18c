#include "library.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* What the system prefers, then libraries that are fast, by the names they have when nobody arranged anything. */
static const char *const names[] = {
    "libblas.so.3",     "libcblas.so.3",   "libflexiblas.so.3", "libmkl_rt.so.3", "libmkl_rt.so.2", "libopenblas.so.0",
    "libopenblas.so.3", "libblis-mt.so.5", "libblis-mt.so.4",   "libblis.so.5",   "libblis.so.4",
};

/* ---- what a library says of itself, and its threads ---- */

/* A function of the library, or NULL. ISO C has no cast from an object to a function, so it is copied. */
#define FIND(function, library, symbol) \
    do { \
        void *found = dlsym(library, symbol); \
        memcpy(&(function), &found, sizeof found); \
    } while (0)

static bool
ask_openblas(void *library, char *name, size_t cap)
{
    char *(*config)(void), *(*core)(void);
    void (*set_threads)(int);
    FIND(config, library, "openblas_get_config");
    FIND(core, library, "openblas_get_corename");
    FIND(set_threads, library, "openblas_set_num_threads");
    if (config == NULL || core == NULL || set_threads == NULL)
        return false;
    set_threads(1);
    /* "OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH ..." */
    const char *said = config(), *space = strchr(said, ' ');
    size_t n = space == NULL ? strlen(said) : (size_t) (space - said) + 1 + strcspn(space + 1, " ");
    snprintf(name, cap, "%.*s, %s", (int) n, said, core());
    return true;
}

/* Intel's names for the kernels that MKL chose (mkl_types.h: MKL_CBWR_*); it has none elsewhere. */
static const char *
mkl_branch(int branch)
{
    switch (branch) {
    case 9:
        return ", AVX";
    case 10:
        return ", AVX2";
    case 12:
    case 14:
        return ", AVX-512";
    default:
        return "";
    }
}

static bool
ask_mkl(void *library, char *name, size_t cap)
{
    enum { LP64 = 0, SEQUENTIAL = 1 };
    int (*set_interface)(int), (*set_threading)(int), (*branch)(void);
    void (*version)(char *, int);
    FIND(set_interface, library, "MKL_Set_Interface_Layer");
    FIND(set_threading, library, "MKL_Set_Threading_Layer");
    FIND(branch, library, "MKL_CBWR_Get_Auto_Branch");
    FIND(version, library, "MKL_Get_Version_String");
    if (set_interface == NULL || set_threading == NULL || branch == NULL || version == NULL)
        return false;
    /* Before any other call, else the environment decides. */
    set_interface(LP64);
    set_threading(SEQUENTIAL);
    /* "Intel(R) oneAPI Math Kernel Library Version 2024.2-Product Build ..." */
    char said[256] = "";
    version(said, sizeof said - 1);
    const char *number = strstr(said, "Version ");
    number = number == NULL ? "" : number + strlen("Version ");
    snprintf(name, cap, "MKL %.*s%s", (int) strspn(number, "0123456789."), number, mkl_branch(branch()));
    return true;
}

static bool
ask_blis(void *library, char *name, size_t cap)
{
    const char *(*version)(void), *(*arch_string)(int);
    int (*arch)(void);
    void (*set_threads)(intptr_t);
    FIND(version, library, "bli_info_get_version_str");
    FIND(arch_string, library, "bli_arch_string");
    FIND(arch, library, "bli_arch_query_id");
    FIND(set_threads, library, "bli_thread_set_num_threads");
    if (version == NULL || arch_string == NULL || arch == NULL || set_threads == NULL)
        return false;
    set_threads(1);
    const char *said = version();
    snprintf(name, cap, "%s%.*s, %s", strstr(said, "BLIS") == NULL ? "BLIS " : "", (int) strcspn(said, ","), said,
             arch_string(arch()));
    return true;
}

/* Passes calls on to the library the user or the system configured for it. */
static bool
ask_flexiblas(void *library, char *name, size_t cap)
{
    void (*set_threads)(int);
    FIND(set_threads, library, "flexiblas_set_num_threads");
    if (set_threads == NULL)
        return false;
    set_threads(1);
    snprintf(name, cap, "FlexiBLAS");
    return true;
}

/* Whether it is one of those we know; then it has one thread from now on, and a name. */
static bool
ask(void *library, char *name, size_t cap)
{
    return ask_flexiblas(library, name, cap) || ask_mkl(library, name, cap) || ask_openblas(library, name, cap) ||
           ask_blis(library, name, cap);
}

/* ---- a try ---- */

/*
 * Lengths as they are passed in a register or a slot of the stack: 64 bits, of which an `int` is the lower half, where
 * the calling convention says so. A library that takes lengths of 64 bits sees the other half, too.
 */
#if defined __linux__ && (defined __x86_64__ || defined __aarch64__)
typedef int64_t passed_length;
#define PASSED(n) ((n) | INT64_C(0x5bad) << 32)
#else
typedef int passed_length;
#define PASSED(n) (n)
#endif
typedef void passed_sgemm(enum cblas_order order, enum cblas_transpose transpose_a, enum cblas_transpose transpose_b,
                          passed_length m, passed_length n, passed_length k, float alpha, const float *A,
                          passed_length lda, const float *B, passed_length ldb, float beta, float *C,
                          passed_length ldc);

/* C [3, 4] = A [3, 5] B' with B [4, 5], in rows that are longer than that. */
static bool
multiplies_right(sgemm_function *sgemm)
{
    enum { M = 3, N = 4, K = 5, LDA = 6, LDB = 7, LDC = 8 };
    float A[M * LDA], B[N * LDB], C[M * LDC];
    passed_sgemm *passed;
    memcpy(&passed, &sgemm, sizeof passed);
    for (int i = 0; i < M * LDA; i++)
        A[i] = (float) (i % 5 - 2);
    for (int i = 0; i < N * LDB; i++)
        B[i] = (float) (i % 7 - 3);
    for (int i = 0; i < M * LDC; i++)
        C[i] = (float) i;
    passed(CBLAS_ROW_MAJOR, CBLAS_NO_TRANS, CBLAS_TRANS, PASSED(M), PASSED(N), PASSED(K), 1, A, PASSED(LDA), B,
           PASSED(LDB), 1, C, PASSED(LDC));
    for (int i = 0; i < M; i++)
        for (int j = 0; j < LDC; j++) {
            float sum = (float) (i * LDC + j);
            for (int t = 0; j < N && t < K; t++)
                sum += A[i * LDA + t] * B[j * LDB + t];
            if (!(C[i * LDC + j] == sum)) /* small integers: any order of adding is right */
                return false;
        }
    return true;
}

/*
 * A library that says nothing of its lengths, as the reference BLAS of 64 bits, reads far outside of its matrices, so
 * another process tries it first.
 */
static bool
try_it(sgemm_function *sgemm)
{
    pid_t child = fork();
    if (child < 0)
        return false;
    if (child == 0) {
        const struct rlimit none = {0, 0};
        setrlimit(RLIMIT_CORE, &none);
        int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
        if (null >= 0)
            dup2(null, STDERR_FILENO); /* what it may say about wrong lengths */
        _exit(multiplies_right(sgemm) ? 0 : 1);
    }
    int status;
    pid_t done;
    while ((done = waitpid(child, &status, 0)) < 0 && errno == EINTR)
        ;
    return done == child && status == 0;
}

/* ---- which one ---- */

static struct {
    pthread_once_t once;
    struct blas_library library;
    struct error error;
    bool there;
} chosen = {.once = PTHREAD_ONCE_INIT};

static void
describe_file(struct blas_library *library, const char *asked_for)
{
    Dl_info info;
    void *symbol;
    char real[PATH_MAX];
    memcpy(&symbol, &library->sgemm, sizeof symbol);
    const char *path = dladdr(symbol, &info) != 0 && info.dli_fname != NULL ? info.dli_fname : asked_for;
    snprintf(library->path, sizeof library->path, "%s", realpath(path, real) != NULL ? real : path);
    const char *slash = strrchr(library->path, '/');
    library->file = slash != NULL ? slash + 1 : library->path;
}

/* Opens one. Without `any`: only if it says what it is. */
static int
open_library(struct blas_library *library, const char *name, bool any, struct error *error)
{
    void *handle = dlopen(name, RTLD_LAZY | RTLD_LOCAL);
    if (handle == NULL) {
        const char *said = dlerror();
        size_t n = strlen(name);
        if (said != NULL && strncmp(said, name, n) == 0 && strncmp(said + n, ": ", 2) == 0)
            said += n + 2;
        return error_set(error, STATUS_SYSTEM, "the library '%s' cannot be opened: %s", name,
                         said != NULL ? said : "no reason is given");
    }
    FIND(library->sgemm, handle, "cblas_sgemm");
    if (library->sgemm == NULL) {
        dlclose(handle);
        return error_set(error, STATUS_SYSTEM, "the library '%s' has no cblas_sgemm, the product that a CBLAS has",
                         name);
    }
    describe_file(library, name);
    bool known = ask(handle, library->name, sizeof library->name);
    if (!known)
        snprintf(library->name, sizeof library->name, "%s", library->file);
    bool right = (known || any) && try_it(library->sgemm);
    if (right)
        return 0;
    dlclose(handle);
    return error_set(error, STATUS_SYSTEM,
                     "the library '%s' does not multiply right when lengths are 32 bits wide: is it one of 64-bit "
                     "lengths (ILP64)? There is an LP64 one beside it as a rule",
                     name);
}

static void
choose_library(void)
{
    /* For those whose calls we do not know, and for threads that a library starts as it is opened. */
    static const char *const variables[] = {"OPENBLAS_NUM_THREADS", "BLIS_NUM_THREADS", "MKL_NUM_THREADS",
                                            "OMP_NUM_THREADS"};
    enum { N_NAMES = sizeof names / sizeof *names };
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
        setenv(variables[i], "1", 1);
    const char *wanted = getenv("CL_BLAS");
    if (wanted != NULL && wanted[0] != '\0') {
        chosen.there = open_library(&chosen.library, wanted, true, &chosen.error) == 0;
        if (!chosen.there)
            error_prefix(&chosen.error, "CL_BLAS");
        return;
    }
    for (size_t i = 0; i < 2 * N_NAMES && !chosen.there; i++)
        chosen.there = open_library(&chosen.library, names[i % N_NAMES], i >= N_NAMES, &chosen.error) == 0;
    if (!chosen.there)
        error_set(&chosen.error, STATUS_SYSTEM,
                  "fast numerics need a CBLAS library, and there is none by any of the usual names, from libblas.so.3 "
                  "to libopenblas.so.0 (apt install libopenblas0-pthread, name one by CL_BLAS=FILE, or use "
                  "--numerics exact)");
}

const struct blas_library *
blas_library(struct error *error)
{
    pthread_once(&chosen.once, choose_library);
    if (chosen.there)
        return &chosen.library;
    *error = chosen.error;
    return NULL;
}
