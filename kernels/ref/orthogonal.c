#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "numerics.h"
#include "ref.h"

/* C [m, n] = A [m, k] B [k, n] by rule 1. */
static void
multiply(uint64_t m, uint64_t k, uint64_t n, const float *A, const float *B, float *C)
{
    for (uint64_t i = 0; i < m; i++)
        for (uint64_t j = 0; j < n; j++) {
            float acc = 0;
            for (uint64_t t = 0; t < k; t++)
                acc = fmaf(A[i * k + t], B[t * n + j], acc);
            C[i * n + j] = acc;
        }
}

static void
transpose(uint64_t rows, uint64_t cols, const float *A, float *T)
{
    for (uint64_t i = 0; i < rows; i++)
        for (uint64_t j = 0; j < cols; j++)
            T[j * rows + i] = A[i * cols + j];
}

/*
 * Y [m, n], m <= n, towards the nearest matrix whose rows are orthonormal, by the Newton-Schulz iteration of degree 5
 * (Jordan et al., "Muon: an optimizer for hidden layers in neural networks", 2024; its coefficients):
 *
 *   Y = Y * (1 / (|Y| + 1e-7)), |Y| the square root of the sum of squares by rule 3, over elements as stored
 *   5 times: A = Y Y^T;  B = b A + c (A A);  Y = a Y + B Y       products by rule 1
 */
static void
orthogonalise(uint64_t m, uint64_t n, float *Y)
{
    float *T = mem_array(m * n, sizeof *T), *Z = mem_array(m * n, sizeof *Z);
    float *A = mem_array(m * m, sizeof *A), *B = mem_array(m * m, sizeof *B);
    for (int step = 0; step < MUON_STEPS; step++) {
        transpose(m, n, Y, T);
        multiply(m, n, m, Y, T, A);
        multiply(m, m, m, A, A, B);
        for (uint64_t i = 0; i < m * m; i++)
            B[i] = MUON_B * A[i] + MUON_C * B[i];
        multiply(m, m, n, B, Y, Z);
        for (uint64_t i = 0; i < m * n; i++)
            Y[i] = MUON_A * Y[i] + Z[i];
    }
    free(T);
    free(Z);
    free(A);
    free(B);
}

/*
 * A weight between hidden layers, G its gradient [rows, cols]:
 *
 *   M = gamma M + (1 - gamma) G;  X = gamma M + (1 - gamma) G           (Nesterov's look ahead)
 *   O = X orthogonalised; W -= lr decay W;  W -= lr 0.2 sqrt(max(rows, cols)) O
 *
 * The factor gives O the size that an update of Adam has (Liu et al., "Muon is scalable for LLM training", 2025, eq.
 * 4), so that one rate serves both. A matrix with more rows than columns is transposed, orthogonalised, and transposed.
 */
void
ref_muon(const struct plan_update *u, const struct param *param, float *G, float *M, float *W)
{
    const uint64_t rows = param->rows, cols = param->cols, size = rows * cols;
    const bool tall = rows > cols;
    float *X = mem_array(size, sizeof *X), *Y = mem_array(size, sizeof *Y);
    struct num_sum sum = {.n = 0};
    for (uint64_t i = 0; i < size; i++) {
        M[i] = u->gamma * M[i] + u->fresh * G[i];
        X[i] = u->gamma * M[i] + u->fresh * G[i];
        num_sum_fma(&sum, X[i], X[i]);
    }
    float factor = 1 / (sqrtf(num_sum_total(&sum)) + MUON_SMALL);
    for (uint64_t i = 0; i < size; i++)
        X[i] = X[i] * factor;
    if (tall)
        transpose(rows, cols, X, Y);
    else
        memcpy(Y, X, size * sizeof *Y);
    orthogonalise(tall ? cols : rows, tall ? rows : cols, Y);
    if (tall)
        transpose(cols, rows, Y, X);
    else
        memcpy(X, Y, size * sizeof *X);
    float rate = plan_muon_rate(u, param);
    for (uint64_t i = 0; i < size; i++) {
        W[i] = W[i] - u->shrink * W[i];
        W[i] = W[i] - rate * X[i];
    }
    free(X);
    free(Y);
}
