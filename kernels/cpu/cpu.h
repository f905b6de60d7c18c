/*
 * The CPU engine, and what the BLAS engine changes in it: who multiplies in wide layers. Private to kernels/cpu and
 * kernels/blas.
 *
 * A step is done in four phases, each split over threads by outputs: rows (gather, forward, loss, backward; groups of
 * rows), gradients (pieces of parameters), update (pieces of parameters), packing of the new weights. Batches larger
 * than a chunk (at most 8 blocks of 64 rows) repeat the first two and add the gradients of chunks by the tree of
 * rule 2.
 *
 * In narrow networks, whose step takes microseconds, all but the arithmetic is kept small: rows of the next steps are
 * known and asked for ahead (order.c), small weights are multiplied as they are, not packed, and where no clipping,
 * anchor or further chunk needs the whole gradient first, a piece of a weight is updated right after its gradient.
 */
#ifndef CL_CPU_H
#define CL_CPU_H

#include "engine.h"
#include "kernels.h"
#include "threads.h"

/* Row-major products in place of our own, for the layers that cpu_use() names. Not exact. */
struct cpu_products {
    /* C [m, n] += A [m, k] B [k, n]; transposed: B is given as [n, k]. */
    void (*product)(size_t m, size_t k, size_t n, const float *A, size_t lda, const float *B, bool transposed, float *C,
                    size_t ldc);
    /* dW [m, n] = sum over rows of X [rows, m] dz [rows, n]. */
    void (*gradient)(size_t rows, size_t m, size_t n, const float *X, size_t ldx, const float *dz, size_t ldz,
                     float *dW);
};

struct cpu_layer {
    size_t n_in, n_out, ld;
    bool foreign;       /* multiplied by cpu_products */
    float *panels;      /* W for the forward product; NULL when it is taken as it is */
    float *panels_back; /* its transpose for the backward product; NULL in the first layer */
    float *start;       /* [ld] bias and zeros */
    float *h, *q, *dz;  /* [chunk rows + spare, ld] */
    float *u, *dy;      /* the same, where there is a norm */
    float *inverse;     /* [chunk rows + spare], there too */
    float *dh;          /* [chunk rows + spare, ld] where the layer adds another one's h */
};

/*
 * Numeric features that have bins: all bins one after the other are rows of a table, `first` of each feature is there.
 * (The first layer's product with an encoded feature is then that of a category, and a part of the next row.)
 */
struct cpu_bins {
    uint32_t n;         /* features */
    uint32_t *feature;  /* [n] its number */
    uint32_t *first;    /* [n + 1] */
    const float *edges; /* [bins + 1 of each], a parameter */
    float *inverse;     /* [network.n_bins] one over the width */
    float *below;       /* [network.n_bins, n_out] sums of the weights below, in the same feature */
    uint32_t *row;      /* [chunk rows, n] the bin of each, as a row of the table, */
    float *part;        /* [chunk rows, n] and how far it is in it */
    uint64_t *where;    /* [network.n_bins, CPU_CHUNK_BLOCKS] rows of a block by bins, a bit each */
    float *scratch;     /* [network.n_bins, CPU_BIN_SUMS] for the gradient */
    float *masks;       /* [chunk rows + spare, ld_x] of dropout of the input */
    float scale;        /* of what survives it in this chunk; 1: there is none */
};

/* The rows of one category table that have a gradient; what is stored for all others means nothing. */
struct cpu_touched {
    uint32_t *codes; /* [n] in order of appearance */
    uint32_t n;
    uint32_t *place; /* [table rows] position in codes + 1, or 0 */
};

struct cpu_gradient {
    float **values;              /* [n_params] -> [rows, cols] */
    struct cpu_touched *touched; /* [n_params], used for category tables */
};

/* A piece of a parameter for the gradient, update and packing. */
struct cpu_piece {
    uint32_t param;
    size_t first, last; /* rows: of a weight, some; of the weights of bins, those of a feature; of others, all */
    uint32_t feature;   /* of those that have bins */
};

/* One thread or all? What trials said: choose.c. */
enum { CPU_TRIALS = 5 };
struct cpu_choice {
    uint64_t operations; /* of the steps that were tried */
    uint32_t step;
    bool wide;
    uint64_t started_ns;        /* of the trial under way, or 0 */
    uint64_t ns[2][CPU_TRIALS]; /* on one thread, on all */
};

/* Rows of part 0 at positions [first, first + n) of an epoch: some steps ahead, for many together cost little. */
struct cpu_ahead {
    uint64_t seed, rows; /* of the plan and its set: others have another order */
    uint64_t epoch, first;
    size_t n;
    uint64_t row[CPU_PERMUTE_ROWS];
};

struct engine_state {
    const struct network *network;
    const struct cpu_kernels *kernels;
    const struct cpu_products *products; /* NULL: no layer is foreign */
    struct blas_trials *trials;          /* of the BLAS engine, which knows what is in it */
    struct pool *pool;                   /* opened when a step is first worth it */
    unsigned threads;
    char text[256];
    float **values[ENGINE_WHAT_COUNT]; /* ENGINE_GRADIENT stays NULL: see gradient */
    struct cpu_gradient *gradient;     /* of the last step or grad() */
    struct cpu_gradient *tree[64];     /* of whole subtrees of chunks */
    struct plan_set sets[ENGINE_MAX_SETS];
    struct cpu_layer *layers;
    struct cpu_bins bins;
    bool learns; /* there is room for steps; until then, for forward() */
    bool packed; /* panels hold the parameters */
    struct cpu_piece *pieces;
    size_t n_pieces;
    float *squares;              /* [n_params] */
    struct plan_update *updates; /* [n_layers] of the step */
    struct plan_groups groups;   /* of the plan */
    struct cpu_muon **muon;      /* [n_params] NULL where nothing is orthogonalised */

    /* the chunk: rows of a step or of forward(), [chunk_rows] each */
    size_t chunk_most, chunk_rows, ld_x;
    float *x;        /* [rows + spare, ld_x] */
    uint32_t *c;     /* [rows, n_c] */
    float *y;        /* [rows, o] */
    uint32_t *label; /* [rows] */
    float *losses;   /* [rows] */
    float *soft;     /* [rows, 3, ld of the last layer] softmaxes of soft targets and of the Fisher information */
    struct cpu_choice choice;
    struct cpu_ahead ahead;
    uint64_t *row;         /* [rows] number in its set */
    uint32_t *part;        /* [rows] */
    uint32_t *next, *last; /* [n_c, rows] rows of equal code: the next one, the last one by place */
    uint32_t *head;        /* [n_c, rows] the first one by place */
    float *stack;          /* [n_c, levels, ld] sums of blocks */
};

int cpu_open(struct engine_state **state, const struct network *network, const struct engine_options *options,
             struct error *error);
/* From now on `products` multiply in the layers that foreign [n_layers] names, our kernels in all others. */
void cpu_use(struct engine_state *state, const struct cpu_products *products, const bool *foreign);
int cpu_load(struct engine_state *state, int set, const struct rowset *rows, struct error *error);
int cpu_run(struct engine_state *state, const struct plan *plan, struct run_result *result, struct error *error);
int cpu_grad(struct engine_state *state, const struct plan *plan, uint64_t step, uint64_t block, uint64_t n_blocks,
             struct run_result *result, struct error *error);
int cpu_apply(struct engine_state *state, const struct plan *plan, uint64_t step, struct error *error);
int cpu_fisher(struct engine_state *state, const struct plan *plan, int set, uint64_t first, uint64_t n,
               struct error *error);
int cpu_forward(struct engine_state *state, const struct rowset *rows, uint64_t first, uint64_t n, float *z,
                struct error *error);
int cpu_read(struct engine_state *state, enum engine_what what, uint32_t param, float *to, struct error *error);
int cpu_write(struct engine_state *state, enum engine_what what, uint32_t param, const float *from,
              struct error *error);
const char *cpu_describe(struct engine_state *state);
void cpu_close(struct engine_state *state);

/* pick.c: the kernels for this machine, or those CL_ISA names. NULL with a sentence. */
const struct cpu_kernels *cpu_kernels_pick(struct error *error);

/* Makes all ready for gradients of so many rows. */
void cpu_ready(struct engine_state *state, uint64_t rows);

/* room.c: rows of the largest chunk. Room for chunks of `rows` rows, or as many as a chunk may have. */
size_t cpu_chunk_most(const struct engine_state *state);
void cpu_chunk_reserve(struct engine_state *state, uint64_t rows);
void cpu_chunk_free(struct engine_state *state);
/* Room for what rows of the chunk have in a layer: [chunk rows + spare, ld] zeros, to be freed. */
float *cpu_activations(const struct engine_state *state, uint32_t layer);
/* n * size floats and some to spare, zeroed, 64-byte aligned. */
float *cpu_floats(size_t n, size_t size);

/* A chunk of rows on its way through the layers: `first` is the place of its row 0 in the batch. */
struct cpu_rows {
    struct engine_state *state;
    const struct plan_rows *rows; /* of a step; NULL: no dropout */
    bool learns;                  /* goes backward, too */
    size_t first, n, group;       /* rows go in groups through all layers, a task each */
    uint32_t lowest;              /* layer to which rows go backward */
};

/* rows.c: rows of a group for a chunk of n. Inputs of rows [r, last) of the chunk, all of one set. Rows [r, r + m) from
 * there to z of the last layer, and from its dz to that of the lowest. */
size_t cpu_rows_group(const struct engine_state *state, size_t n, bool wide);
void cpu_rows_gather(struct engine_state *state, const struct rowset *set, size_t r, size_t last);
void cpu_rows_forward(const struct cpu_rows *job, size_t r, size_t m);
void cpu_rows_backward(const struct cpu_rows *job, size_t r, size_t m);
/* Multiplications and additions of a step for n rows. */
uint64_t cpu_step_operations(const struct engine_state *state, size_t n);
/* Rows [first, first + n) of a step, `wide` = over threads: losses into `result`, gradient into state->gradient.
 * at_once as in cpu_chunk_gradient. */
void cpu_chunk_step(struct engine_state *state, struct plan_rows *rows, uint64_t first, size_t n, bool wide,
                    bool at_once, struct run_result *result);

/* choose.c: whether the next step of so many operations goes over threads; and that it is done. */
bool cpu_choose_begin(struct engine_state *state, uint64_t operations);
void cpu_choose_end(struct engine_state *state);

/* input.c: the bins, after their edges; room for a chunk; numeric inputs of rows, all of one set, into it. */
void cpu_bins_open(struct engine_state *state);
void cpu_bins_set(struct engine_state *state);
void cpu_bins_close(struct engine_state *state);
void cpu_bins_reserve(struct engine_state *state, size_t rows);
void cpu_input_rows(struct engine_state *state, const struct rowset *set, size_t first, size_t last);
/* Dropout of numeric inputs of rows [r, r + m) of the chunk, with their bins. */
void cpu_input_drop(const struct cpu_rows *job, size_t r, size_t m);
/* Adds the bins of rows [r, r + m) of the chunk to z of the first layer. */
void cpu_bins_forward(struct engine_state *state, size_t r, size_t m);
/* Feature e of those that have bins: its rows of the table, of all `rows` rows of the chunk. */
void cpu_bins_gradient(struct engine_state *state, uint32_t e, size_t rows, float *dB);
/* Sums of weights below, after a change. */
void cpu_bins_pack(const struct engine_state *state, uint32_t e);

/* order.c: sets of rows [first, first + n) of the step, and row numbers in them, into the chunk. */
void cpu_chunk_rows(struct engine_state *state, struct plan_rows *rows, uint64_t first, size_t n);

/* gradient.c */
struct cpu_gradient *cpu_gradient_open(const struct network *network);
void cpu_gradient_close(const struct network *network, struct cpu_gradient *gradient);
/* Forgets the rows of category tables. */
void cpu_gradient_clear(const struct network *network, struct cpu_gradient *gradient);
/* Rows [first, last), chunk by chunk, each leaving its gradient in state->gradient; in the end there is their sum. */
void cpu_chunks(struct engine_state *state, uint64_t first, uint64_t last,
                void (*chunk)(void *job, uint64_t at, size_t n), void *job);
/* to += from. */
void cpu_gradient_add(const struct engine_state *state, struct cpu_gradient *to, const struct cpu_gradient *from);
/*
 * Gradient of the n rows of the chunk, by pieces, `wide` = over threads. at_once: each piece of what is no table is
 * updated as soon as it is there, for a step of one chunk whose update does not need the whole gradient.
 */
void cpu_chunk_gradient(struct engine_state *state, struct cpu_gradient *gradient, size_t n, bool wide, bool at_once);
/* A whole parameter, zeros included. */
void cpu_gradient_read(const struct network *network, const struct cpu_gradient *gradient, uint32_t param, float *to);
/* Takes a whole category table: finds its rows that are not zero. */
void cpu_gradient_set(const struct network *network, struct cpu_gradient *gradient, uint32_t param, const float *from);

/* update.c, by state->updates. A piece of a parameter that is no table, and what the products read in its place;
 * gradient is that of its element 0. */
void cpu_update_piece(const struct engine_state *state, float factor, const struct cpu_piece *piece,
                      const float *gradient);
/* Anchor, clipping, decay, update from state->gradient, which it uses up. tables_only: the rest has been updated piece
 * by piece, with its gradient. */
void cpu_update(struct engine_state *state, bool tables_only);
/* All parameters for the products. */
void cpu_pack(struct engine_state *state);

/* Asks the system for large pages, where rows far apart are not as many entries of its tables. Returns p. */
void *cpu_large_pages(void *p, size_t bytes);

/* muon.c: room for, and an update of, a weight that plan_muon() says is orthogonalised. Uses the gradient of state. */
struct cpu_muon *cpu_muon_open(const struct cpu_kernels *kernels, const struct param *param);
void cpu_muon_update(struct engine_state *state, struct cpu_muon *muon, const struct plan_update *u, float factor,
                     uint32_t p, bool wide);
void cpu_muon_close(struct cpu_muon *muon); /* NULL is fine */

/* Tasks over the pool when wide, else one after the other. */
void cpu_each(struct engine_state *state, bool wide, size_t n, void (*task)(void *arg, size_t index), void *arg);

#endif
