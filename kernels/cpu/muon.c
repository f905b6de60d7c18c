#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cpu.h"
#include "memory.h"

/*
 * Orthogonalised updates of weights between hidden layers: formulas in kernels/ref/orthogonal.c. Nearly all of it is
 * products, by the kernels of the forward pass: of at most 15 rows^2 cols multiplications a step, where the step itself
 * has 6 batch rows cols, so a wide layer with a small batch waits for this.
 */
enum { GROUP_ROWS = 64 };

struct cpu_muon {
    size_t rows, cols;       /* of the matrix lying down: rows <= cols */
    size_t ld_rows, ld_cols; /* of rows of so many floats */
    bool tall;               /* the weight stands */
    float *x;                /* [rows of the weight, its cols] */
    float *y, *z;            /* [rows + spare, ld_cols] */
    float *a, *aa;           /* [rows + spare, ld_rows] */
    float *dense;            /* without the gaps of ld, as pack() takes it; with CPU_ALIGN floats after its end */
    float *panels_y, *panels_yt, *panels_a;
};

static size_t
round_up(size_t n, size_t step)
{
    return (n + step - 1) / step * step;
}

static float *
zeroed(size_t rows, size_t cols, size_t spare)
{
    size_t count, bytes;
    if (!size_mul(rows, cols, &count) || !size_add(count, spare, &count) || !size_mul(count, sizeof(float), &bytes))
        bytes = SIZE_MAX / 2;
    return memset(mem_aligned(bytes), 0, bytes);
}

struct cpu_muon *
cpu_muon_open(const struct cpu_kernels *kernels, const struct param *param)
{
    struct cpu_muon *muon = mem_zalloc(1, sizeof *muon);
    muon->tall = param->rows > param->cols;
    muon->rows = muon->tall ? param->cols : param->rows;
    muon->cols = muon->tall ? param->rows : param->cols;
    muon->ld_rows = round_up(muon->rows, CPU_ALIGN);
    muon->ld_cols = round_up(muon->cols, CPU_ALIGN);
    size_t padded = round_up(muon->rows, CPU_ROW_STEP) + CPU_SPARE_ROWS, rows = muon->rows, cols = muon->cols;
    muon->x = zeroed(rows, cols, 0);
    muon->y = zeroed(padded, muon->ld_cols, 0);
    muon->z = zeroed(padded, muon->ld_cols, 0);
    muon->a = zeroed(padded, muon->ld_rows, 0);
    muon->aa = zeroed(padded, muon->ld_rows, 0);
    muon->dense = zeroed(rows, cols, CPU_ALIGN);
    muon->panels_y = zeroed(kernels->panel_floats(rows, cols), 1, 0);
    muon->panels_yt = zeroed(kernels->panel_floats(cols, rows), 1, 0);
    muon->panels_a = zeroed(kernels->panel_floats(rows, rows), 1, 0);
    return muon;
}

void
cpu_muon_close(struct cpu_muon *muon)
{
    if (muon == NULL)
        return;
    free(muon->x);
    free(muon->y);
    free(muon->z);
    free(muon->a);
    free(muon->aa);
    free(muon->dense);
    free(muon->panels_y);
    free(muon->panels_yt);
    free(muon->panels_a);
    free(muon);
}

struct product_job {
    struct engine_state *state;
    size_t m, k, n, lda, ldc;
    const float *A, *panels;
    float *C;
};

static void
product_task(void *arg, size_t index)
{
    const struct product_job *job = arg;
    size_t first = index * GROUP_ROWS, rows = job->m - first < GROUP_ROWS ? job->m - first : GROUP_ROWS;
    job->state->kernels->product(rows, job->k, job->n, job->A + first * job->lda, job->lda, job->panels, 0, NULL,
                                 job->C + first * job->ldc, job->ldc);
}

/* C [m, n] = A [m, k] times the matrix in panels. */
static void
product(struct engine_state *state, bool wide, size_t m, size_t k, size_t n, const float *A, size_t lda,
        const float *panels, float *C, size_t ldc)
{
    struct product_job job = {state, m, k, n, lda, ldc, A, panels, C};
    cpu_each(state, wide, (m + GROUP_ROWS - 1) / GROUP_ROWS, product_task, &job);
}

static const float *
dense(const struct cpu_muon *muon, size_t cols, const float *from, size_t ld)
{
    for (size_t i = 0; i < muon->rows; i++)
        memcpy(muon->dense + i * cols, from + i * ld, cols * sizeof *from);
    return muon->dense;
}

static void
orthogonalise(struct engine_state *state, struct cpu_muon *muon, bool wide)
{
    const struct cpu_kernels *kernels = state->kernels;
    const size_t m = muon->rows, n = muon->cols, ldm = muon->ld_rows, ldn = muon->ld_cols;
    for (int step = 0; step < MUON_STEPS; step++) {
        const float *y = dense(muon, n, muon->y, ldn);
        kernels->pack(m, n, 0, m, y, muon->panels_y);
        kernels->pack_transposed(m, n, 0, m, y, muon->panels_yt);
        product(state, wide, m, n, m, muon->y, ldn, muon->panels_yt, muon->a, ldm);
        kernels->pack(m, m, 0, m, dense(muon, m, muon->a, ldm), muon->panels_a);
        product(state, wide, m, m, m, muon->a, ldm, muon->panels_a, muon->aa, ldm);
        for (size_t i = 0; i < m * ldm; i++)
            muon->aa[i] = MUON_B * muon->a[i] + MUON_C * muon->aa[i];
        product(state, wide, m, m, n, muon->aa, ldm, muon->panels_y, muon->z, ldn);
        for (size_t i = 0; i < m * ldn; i++)
            muon->y[i] = MUON_A * muon->y[i] + muon->z[i];
    }
}

/* to [cols, ld_to] = from [rows, ld] transposed. */
static void
transpose(size_t rows, size_t cols, const float *from, size_t ld, float *to, size_t ld_to)
{
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < cols; j++)
            to[j * ld_to + i] = from[i * ld + j];
}

static void
copy_rows(size_t rows, size_t cols, const float *from, size_t ld, float *to, size_t ld_to)
{
    for (size_t i = 0; i < rows; i++)
        memcpy(to + i * ld_to, from + i * ld, cols * sizeof *to);
}

void
cpu_muon_update(struct engine_state *state, struct cpu_muon *muon, const struct plan_update *u, float factor,
                uint32_t p, bool wide)
{
    const struct param *param = &state->network->params[p];
    const size_t rows = param->rows, cols = param->cols, size = rows * cols, ld = muon->ld_cols;
    const float *gradient = state->gradient->values[p];
    float *M = state->values[ENGINE_M][p], *W = state->values[ENGINE_PARAM][p], *X = muon->x;
    for (size_t i = 0; i < size; i++) {
        float g = gradient[i] * factor;
        M[i] = u->gamma * M[i] + u->fresh * g;
        X[i] = u->gamma * M[i] + u->fresh * g;
    }
    float inverse = 1 / (sqrtf(state->kernels->squares(size, X)) + MUON_SMALL);
    for (size_t i = 0; i < size; i++)
        X[i] = X[i] * inverse;
    if (muon->tall)
        transpose(rows, cols, X, cols, muon->y, ld);
    else
        copy_rows(rows, cols, X, cols, muon->y, ld);
    orthogonalise(state, muon, wide);
    if (muon->tall)
        transpose(cols, rows, muon->y, ld, X, cols);
    else
        copy_rows(rows, cols, muon->y, ld, X, cols);
    float rate = plan_muon_rate(u, param);
    for (size_t i = 0; i < size; i++) {
        float w = W[i] - u->shrink * W[i];
        W[i] = w - rate * X[i];
    }
}
