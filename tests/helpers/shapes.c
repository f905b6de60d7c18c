/*
 * shapes ours|library [KIND ROWSxINxOUT ...]: how fast the products of a layer are on one thread, in GF/s, a line each:
 * by the kernels of the cpu engine (CL_ISA=NAME chooses them) or by the CBLAS library of --numerics fast (CL_BLAS).
 *
 *   forward    H [rows, out] = X [rows, in] W
 *   backward   dX [rows, in] = dZ [rows, out] W'
 *   gradient   dW [in, out] = X' dZ
 *
 * What a step has to do with the weights before it can multiply, which is packing for ours, is in the time. Best of
 * several short runs, by processor time, so that other work on the machine hardly shows. Without a KIND it says who it
 * is that multiplies.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "blas/library.h"
#include "cpu/cpu.h"
#include "cpu/kernels.h"
#include "memory.h"
#include "numerics.h"

/* As kernels/cpu/rows.c groups rows, and kernels/cpu/cpu.c leaves small weights unpacked and cuts large ones. */
enum { GROUP_ROWS = 96, DIRECT_ELEMENTS = 1 << 14, DIRECT_COLUMNS = 256, PIECE_ROWS = 48, PIECE_ROWS_MOST = 192 };
enum { RUNS = 7, RUN_US = 10000, MOST_SIDE = 16384 };
enum kind { FORWARD, BACKWARD, GRADIENT };
static const char *const kinds[] = {"forward", "backward", "gradient"};

/* A layer; rows of X and Z have a multiple of 16 floats, and some to spare at the end, as kernels.h wants them. */
struct layer_data {
    size_t rows, n_in, n_out, ld_in, ld_out;
    float *X, *Z, *W, *dW, *panels;
};

/* Floats from row to row, as the engine has them. */
static size_t
stride(size_t n)
{
    size_t aligned = (n + CPU_ALIGN - 1) / CPU_ALIGN * CPU_ALIGN;
    return aligned % 128 == 0 && n > 128 ? aligned + CPU_ALIGN : aligned;
}

static float *
numbers(size_t n)
{
    float *values = mem_aligned((n + CPU_ALIGN) * sizeof *values);
    for (size_t i = 0; i < n + CPU_ALIGN; i++)
        values[i] = (float) (i % 31) / 16 - 1;
    return values;
}

static struct layer_data
layer_open(size_t rows, size_t n_in, size_t n_out, const struct cpu_kernels *kernels)
{
    struct layer_data l = {rows, n_in, n_out, stride(n_in), stride(n_out), NULL, NULL, NULL, NULL, NULL};
    size_t forward = kernels->panel_floats(n_in, n_out), backward = kernels->panel_floats(n_out, n_in);
    l.X = numbers((rows + CPU_ROW_STEP + CPU_SPARE_ROWS) * l.ld_in);
    l.Z = numbers((rows + CPU_ROW_STEP + CPU_SPARE_ROWS) * l.ld_out);
    l.W = numbers(n_in * n_out);
    l.dW = numbers(n_in * n_out);
    l.panels = numbers(forward > backward ? forward : backward);
    return l;
}

static void
layer_close(struct layer_data *l)
{
    float *const all[] = {l->X, l->Z, l->W, l->dW, l->panels};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
}

static size_t
piece_rows(size_t n_in)
{
    size_t step = n_in / 8 / PIECE_ROWS * PIECE_ROWS;
    return step < PIECE_ROWS ? PIECE_ROWS : step > PIECE_ROWS_MOST ? PIECE_ROWS_MOST : step;
}

static void
ours(const struct cpu_kernels *kernels, enum kind kind, struct layer_data *l)
{
    enum { CHUNK = CPU_CHUNK_BLOCKS * NUM_BLOCK_ROWS };
    const bool direct = l->n_in * l->n_out <= DIRECT_ELEMENTS && l->n_out <= DIRECT_COLUMNS;
    if (kind == FORWARD && !direct)
        kernels->pack(l->n_in, l->n_out, 0, l->n_in, l->W, l->panels);
    if (kind == BACKWARD)
        kernels->pack_transposed(l->n_in, l->n_out, 0, l->n_in, l->W, l->panels);
    size_t step = kind == GRADIENT ? CHUNK : GROUP_ROWS;
    for (size_t r = 0; r < l->rows; r += step) {
        size_t m = l->rows - r < step ? l->rows - r : step;
        float *X = l->X + r * l->ld_in, *Z = l->Z + r * l->ld_out;
        switch (kind) {
        case FORWARD:
            kernels->product(m, l->n_in, l->n_out, X, l->ld_in, direct ? l->W : l->panels, direct ? l->n_out : 0, NULL,
                             Z, l->ld_out);
            break;
        case BACKWARD:
            kernels->product(m, l->n_out, l->n_in, Z, l->ld_out, l->panels, 0, NULL, X, l->ld_in);
            break;
        case GRADIENT:
            for (size_t i = 0, piece = piece_rows(l->n_in); i < l->n_in; i += piece)
                kernels->gradient(m, l->n_in, i, l->n_in - i < piece ? l->n_in : i + piece, l->n_out, X, l->ld_in, Z,
                                  l->ld_out, l->dW, NULL);
            break;
        }
    }
}

static void
theirs(sgemm_function *sgemm, enum kind kind, struct layer_data *l)
{
    const int rows = (int) l->rows, n_in = (int) l->n_in, n_out = (int) l->n_out;
    const int ld_in = (int) l->ld_in, ld_out = (int) l->ld_out;
    switch (kind) {
    case FORWARD:
        sgemm(CBLAS_ROW_MAJOR, CBLAS_NO_TRANS, CBLAS_NO_TRANS, rows, n_out, n_in, 1, l->X, ld_in, l->W, n_out, 0, l->Z,
              ld_out);
        break;
    case BACKWARD:
        sgemm(CBLAS_ROW_MAJOR, CBLAS_NO_TRANS, CBLAS_TRANS, rows, n_in, n_out, 1, l->Z, ld_out, l->W, n_out, 0, l->X,
              ld_in);
        break;
    case GRADIENT:
        sgemm(CBLAS_ROW_MAJOR, CBLAS_TRANS, CBLAS_NO_TRANS, n_in, n_out, rows, 1, l->X, ld_in, l->Z, ld_out, 0, l->dW,
              n_out);
        break;
    }
}

static double
now_us(void)
{
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double) time.tv_sec * 1e6 + (double) time.tv_nsec * 1e-3;
}

static double
measure(const struct cpu_kernels *kernels, sgemm_function *sgemm, enum kind kind, struct layer_data *l)
{
    double best = 1e300;
    size_t n = 1;
    for (int run = -1; run < RUNS; run++) {
        double start = now_us();
        for (size_t i = 0; i < n; i++)
            if (sgemm != NULL)
                theirs(sgemm, kind, l);
            else
                ours(kernels, kind, l);
        double us = (now_us() - start) / (double) n;
        if (run >= 0 && us < best)
            best = us;
        n = us >= RUN_US ? 1 : (size_t) (RUN_US / (us > 0.01 ? us : 0.01));
    }
    return 2e-3 * (double) l->rows * (double) l->n_in * (double) l->n_out / best;
}

int
main(int argc, char **argv)
{
    struct error error;
    const bool library = argc > 1 && strcmp(argv[1], "library") == 0;
    if (argc < 2 || argc % 2 != 0 || (!library && strcmp(argv[1], "ours") != 0))
        errx(2, "usage: shapes ours|library [forward|backward|gradient ROWSxINxOUT ...]");
    const struct cpu_kernels *kernels = cpu_kernels_pick(&error);
    const struct blas_library *blas = library ? blas_library(&error) : NULL;
    if (kernels == NULL || (library && blas == NULL))
        errx(77, "%s", error.text);
    if (argc == 2)
        puts(library ? blas->name : kernels->name);
    for (int i = 2; i + 1 < argc; i += 2) {
        unsigned rows, n_in, n_out;
        enum kind kind = FORWARD;
        while (kind < GRADIENT && strcmp(kinds[kind], argv[i]) != 0)
            kind++;
        if (strcmp(kinds[kind], argv[i]) != 0 || sscanf(argv[i + 1], "%ux%ux%u", &rows, &n_in, &n_out) != 3 ||
            rows - 1 >= MOST_SIDE || n_in - 1 >= MOST_SIDE || n_out - 1 >= MOST_SIDE)
            errx(2, "'%s %s' is no product (forward 32x64x32 is one)", argv[i], argv[i + 1]);
        struct layer_data l = layer_open(rows, n_in, n_out, kernels);
        printf("%.1f\n", measure(kernels, blas == NULL ? NULL : blas->sgemm, kind, &l));
        fflush(stdout);
        layer_close(&l);
    }
    return 0;
}
