#include "cholesky.h"

#include <math.h>
#include <stdint.h>

#include "threads.h"

/* Rows that are eliminated together, and columns of one task. */
enum { BLOCK = 96, STRIP = 240, SIDES = 32 };

struct rows {
    const struct gram *gram;
    double *A;
    size_t n, ld, first, end; /* rows [first, end) */
};

/* Row i of the block, for the columns of the strip that are right of it: less what the rows above it in the block have
 * to say, divided by its pivot. */
static void
finish_strip(void *arg, size_t index)
{
    const struct rows *rows = arg;
    const size_t from = rows->end + index * STRIP, to = from + STRIP < rows->n ? from + STRIP : rows->n;
    for (size_t i = rows->first; i < rows->end; i++) {
        double *row = rows->A + i * rows->ld;
        for (size_t k = rows->first; k < i; k++)
            gram_axpy(rows->gram, to - from, -rows->A[k * rows->ld + i], rows->A + k * rows->ld + from, row + from);
        for (size_t j = from; j < to; j++)
            row[j] /= row[i];
    }
}

/* The square on the diagonal. */
static bool
factor_square(const struct rows *rows)
{
    for (size_t i = rows->first; i < rows->end; i++) {
        double *row = rows->A + i * rows->ld;
        for (size_t k = rows->first; k < i; k++)
            gram_axpy(rows->gram, rows->end - i, -rows->A[k * rows->ld + i], rows->A + k * rows->ld + i, row + i);
        if (!(row[i] > 0) || !isfinite(row[i]))
            return false;
        row[i] = sqrt(row[i]);
        for (size_t j = i + 1; j < rows->end; j++)
            row[j] /= row[i];
    }
    return true;
}

bool
cholesky_factor(struct gram *gram, double *A, size_t n)
{
    struct rows rows = {.gram = gram, .A = A, .n = n, .ld = gram_stride(n)};
    for (; rows.first < n; rows.first = rows.end) {
        rows.end = rows.first + BLOCK < n ? rows.first + BLOCK : n;
        if (!factor_square(&rows))
            return false;
        pool_run(gram_pool(gram), (n - rows.end + STRIP - 1) / STRIP, finish_strip, &rows);
        gram_add(gram, A, n, rows.end, A + rows.first * rows.ld, rows.ld, rows.end - rows.first, NULL, -1, false);
    }
    return true;
}

/* ---- triangles ---- */

struct sides {
    const struct gram *gram;
    const double *U;
    size_t n, ld, m;
    double *B;
};

static void
divide(double *b, size_t m, double pivot)
{
    for (size_t s = 0; s < m; s++)
        b[s] /= pivot;
}

static void
forward(void *arg, size_t index)
{
    const struct sides *sides = arg;
    const size_t from = index * SIDES, m = sides->m - from < SIDES ? sides->m - from : SIDES;
    for (size_t i = 0; i < sides->n; i++) {
        double *b = sides->B + i * sides->m + from;
        divide(b, m, sides->U[i * sides->ld + i]);
        for (size_t k = i + 1; k < sides->n; k++)
            gram_axpy(sides->gram, m, -sides->U[i * sides->ld + k], b, sides->B + k * sides->m + from);
    }
}

static void
backward(void *arg, size_t index)
{
    const struct sides *sides = arg;
    const size_t from = index * SIDES, m = sides->m - from < SIDES ? sides->m - from : SIDES;
    for (size_t i = sides->n; i-- > 0;) {
        double *b = sides->B + i * sides->m + from;
        for (size_t k = sides->n - 1; k > i; k--)
            gram_axpy(sides->gram, m, -sides->U[i * sides->ld + k], sides->B + k * sides->m + from, b);
        divide(b, m, sides->U[i * sides->ld + i]);
    }
}

void
cholesky_forward(struct gram *gram, const double *U, size_t n, double *B, size_t m)
{
    struct sides sides = {gram, U, n, gram_stride(n), m, B};
    pool_run(gram_pool(gram), (m + SIDES - 1) / SIDES, forward, &sides);
}

void
cholesky_backward(struct gram *gram, const double *U, size_t n, double *B, size_t m)
{
    struct sides sides = {gram, U, n, gram_stride(n), m, B};
    pool_run(gram_pool(gram), (m + SIDES - 1) / SIDES, backward, &sides);
}

void
cholesky_solve(struct gram *gram, const double *U, size_t n, double *B, size_t m)
{
    cholesky_forward(gram, U, n, B, m);
    cholesky_backward(gram, U, n, B, m);
}
