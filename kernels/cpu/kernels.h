/*
 * The kernels of the CPU engine as one table of functions per instruction set; all give the bits of
 * kernels/numerics.h. The source is kernels.inc.h, compiled once for each.
 *
 * Matrices are row-major. Activations have rows of `ld` floats, a multiple of 16, with `rows + CPU_SPARE_ROWS` rows
 * allocated: kernels may write the columns from n to ld and the spare rows, and nobody reads them. W [k, n] of a
 * product is given as panels: groups of columns, each [k, width], filled with zeros; or row-major, where it is small.
 * CPU_ALIGN floats after the end of a row-major W may be read. Nothing may alias unless it says so.
 */
#ifndef CL_CPU_KERNELS_H
#define CL_CPU_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#include "network.h"
#include "plan.h"
#include "rng.h"

enum {
    CPU_ALIGN = 16,
    CPU_SPARE_ROWS = 8,
    CPU_ROW_STEP = 8,
    CPU_CHUNK_BLOCKS = 16,
    CPU_PERMUTE_ROWS = 1024,
    CPU_BIN_WIDTH = 128,
    CPU_BIN_LEVELS = 5
};

struct cpu_kernels {
    const char *name;
    /* Floats that the panels of a [k, n] matrix take. */
    size_t (*panel_floats)(size_t k, size_t n);
    /* What rows [first, last) of W [rows, cols] are in its panels, or in those of its transpose, which start zeroed.
     * first is a multiple of CPU_ALIGN; last, too, or the end. */
    void (*pack)(size_t rows, size_t cols, size_t first, size_t last, const float *W, float *panels);
    void (*pack_transposed)(size_t rows, size_t cols, size_t first, size_t last, const float *W, float *panels);
    /* C [m, n] = start + A [m, k] W [k, n], terms ascending; start: [ld of C] or NULL = 0. ldw: 0 = panels. */
    void (*product)(size_t m, size_t k, size_t n, const float *A, size_t lda, const float *W, size_t ldw,
                    const float *start, float *C, size_t ldc);
    /* Rows [i0, i1) of dW [k, n] = sum over `rows` rows of x dz by rule 2; at most CPU_CHUNK_BLOCKS blocks of 64.
     * panels: of W, if these rows of it are packed next: the processor is told to own them; or NULL. */
    void (*gradient)(size_t rows, size_t k, size_t i0, size_t i1, size_t n, const float *X, size_t ldx, const float *dz,
                     size_t ldz, float *dW, const float *panels);
    /* db [n], the same for biases. */
    void (*bias_gradient)(size_t rows, size_t n, const float *dz, size_t ldz, float *db);
    /* Layer norm of [rows, ld], in place of z: y; u and inverse [rows] are for the way back, or NULL. */
    void (*normalise)(size_t rows, size_t n, size_t ld, const float *gain, const float *shift, float *h, float *u,
                      float *inverse);
    /* In place of dy: dz; dy is kept. */
    void (*normalise_back)(size_t rows, size_t n, size_t ld, const float *gain, const float *u, const float *inverse,
                           float *dz, float *dy);
    void (*gain_gradient)(size_t rows, size_t n, size_t ld, const float *u, const float *dy, float *dgain);
    /* to [rows, ld] = those rows of x [.., d]. */
    void (*gather)(size_t rows, size_t d, const float *x, const uint64_t *row, float *to, size_t ld);
    /* Clips softly at +-limit, in place. */
    void (*softclip)(size_t n, float limit, float *x);
    /* The bins of n features of rows of x, and how far each is in it: [rows, n]. Edges: input.c. */
    void (*find_bins)(size_t rows, size_t n, const float *x, size_t ld, const uint32_t *feature, const uint32_t *first,
                      const float *edges, const float *inverse, uint32_t *bin, float *part);
    /* below [bins, n]: the sum of the rows of B [bins, n] above each. */
    void (*sum_below)(size_t bins, size_t n, const float *B, float *below);
    /* h [m, n] += the encoding of n_features features times B; below is multiplied by scale. CPU_ALIGN floats after the
     * end of B and below may be read. */
    void (*add_bins)(size_t m, size_t n, size_t n_features, const uint32_t *first, const float *B, const float *below,
                     const uint32_t *bin, const float *part, float scale, float *h, size_t ld);
    /* dB [bins, n] of one feature; bin and part: one every `step`; first: its first bin; what the bins above a row give
     * it is multiplied by scale. Room: where [CPU_CHUNK_BLOCKS,
     * bins], scratch [CPU_BIN_LEVELS, bins, CPU_BIN_WIDTH]. */
    void (*bins_gradient)(size_t rows, size_t n, size_t bins, const uint32_t *bin, const float *part, size_t step,
                          uint32_t first, float scale, const float *dz, size_t ldz, uint64_t *where, float *scratch,
                          float *dB);
    /* to += from. */
    void (*add)(size_t n, const float *from, float *to);
    /* to = fma(from, from, to); and x = x * x. */
    void (*add_squares)(size_t n, const float *from, float *to);
    void (*square)(size_t n, float *x);
    /* h [m, n] += the rows of n_c tables [.., n] that the codes c [m, n_c] name, one after the other. CPU_ALIGN floats
     * after the end of a table may be read. */
    void (*add_categories)(size_t m, size_t n, size_t n_c, float *const *tables, const uint32_t *c, float *h,
                           size_t ld);
    /* to [n] = sum of rows r, next[r], next[next[r]], ... of dz, as long as they are below `last`. The next one. */
    uint32_t (*sum_list)(size_t n, uint32_t r, const uint32_t *next, size_t last, const float *dz, size_t ld,
                         float *to);
    bool (*any_not_zero)(size_t n, const float *g);
    /* In place of z: h; and q = the slope (NULL for relu, whose slope is seen from h). */
    void (*activate)(enum activation activation, size_t n, float *h, float *q);
    /* to[i] = permutation_at(permutation, first + i), n <= CPU_PERMUTE_ROWS, of a permutation of at most 2^31. */
    void (*permute)(const struct permutation *permutation, uint32_t first, size_t n, uint32_t *to);
    /* h and q (or NULL) times the masks of rows [first, first + rows) of the batch. */
    void (*dropout)(struct rng_key key, uint64_t step, float p, size_t first, size_t rows, size_t n, size_t ld,
                    float *h, float *q);
    /* dz = dz * q; or, q NULL: dz * (h > 0 ? survivor : 0). */
    void (*slope)(size_t n, const float *h, const float *q, float survivor, float *dz);
    /* Losses of rows and their gradients (before scaling) into dz; y: [rows, objective_targets()]; label: [rows]. */
    void (*loss)(const struct objective *objective, size_t rows, size_t o, const float *z, size_t ld, const float *y,
                 const uint32_t *label, const uint8_t *classes, float *dz, float *losses);
    /* dz [rows, o] *= factor, or *= factor * w[row[r]] where w is not NULL. */
    void (*scale_rows)(size_t rows, size_t o, float factor, const float *w, const uint64_t *row, float *dz, size_t ld);
    /* dz [o] += scale times the gradient of a loss on soft targets s, NaN where there is none, of one row: squared
     * differences, outputs of bce, softmaxes of groups. room: [3, ld], ld >= o. */
    void (*soft_squares)(size_t o, const float *z, const float *s, float scale, float *dz);
    void (*soft_sigmoids)(size_t o, float temperature, const float *z, const float *s, float scale, float *dz);
    void (*soft_softmaxes)(size_t o, const struct plan_groups *groups, float temperature, const float *z,
                           const float *s, float scale, float *dz, float *room, size_t ld);
    /* g = fma(lambda * omega, theta - star, g). */
    void (*anchor)(size_t n, float lambda, const float *omega, const float *theta, const float *star, float *g);
    /* Sum of squares by rule 3. */
    float (*squares)(size_t n, const float *g);
    /* The same of g [rows, cols] where only the n_rows rows listed, ascending, are not zero. */
    float (*squares_of_rows)(size_t n_rows, const uint32_t *row, size_t rows, size_t cols, const float *g);
    /* One update; g is multiplied by factor first. m, v: NULL where the optimiser has none. */
    void (*update)(const struct plan_update *update, bool decays, float factor, size_t n, const float *g, float *theta,
                   float *m, float *v);
};

extern const struct cpu_kernels cpu_kernels_base;
#if defined(__x86_64__)
extern const struct cpu_kernels cpu_kernels_avx2, cpu_kernels_avx512;
#elif defined(__aarch64__)
extern const struct cpu_kernels cpu_kernels_neon;
#endif

#endif
