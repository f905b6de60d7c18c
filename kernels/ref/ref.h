/*
 * The reference engine: plain loops, one step at a time, one row at a time. It is the oracle of the other engines, so
 * everything here follows kernels/numerics.h word for word and nothing is clever. Private to kernels/ref.
 */
#ifndef CL_REF_H
#define CL_REF_H

#include "engine.h"
#include "plan.h"

/* What the forward pass leaves of one layer for a block of up to 64 rows. */
struct ref_layer {
    float *h;                       /* [64, n_out] activation after dropout and skip; outputs z in the last layer */
    float *q;                       /* [64, n_out] d h / d y, y being z or its norm */
    float *dh;                      /* [64, n_out] d loss / d h */
    float *dy;                      /* [64, n_out] d loss / d y */
    float *dz;                      /* [64, n_out] d loss / d z */
    float *u;                       /* [64, n_out] z normalised, where there is a norm */
    float *inverse;                 /* [64] of its standard deviation */
    float *dz_squares, *dy_squares; /* [n_out] of a row, for the Fisher information */
};

struct engine_state {
    const struct network *network;
    float **values[ENGINE_WHAT_COUNT]; /* [n_params] -> [rows, cols], or NULL while all are zero */
    struct plan_set sets[ENGINE_MAX_SETS];
    struct ref_layer *layers;    /* [n_layers] */
    bool squared;                /* gradients take the squares of what multiplies dz and dy */
    const float **x;             /* [64] rows of the block: numeric inputs, */
    float *masks;                /* [64, n_x] of dropout, what numeric inputs are multiplied by; 1: nothing is */
    const uint32_t **c;          /* [64] and codes */
    float **tree[64];            /* gradients of whole subtrees of blocks, by level; [n_params] each */
    uint8_t **touched;           /* [n_params] -> [rows], for category tables */
    uint8_t *mask;               /* [o] outputs that take part in the softmax of a row */
    struct plan_update *updates; /* [n_layers] of the step */
};

/* encode.c. What the first layer takes of a numeric feature; its bin, and how far it is in it. */
float ref_input(const struct network *network, float x);
uint32_t ref_bin(const float *edges, uint32_t bins, float x, float *f);
/* The same with dropout: f times the mask. */
uint32_t ref_masked_bin(const float *edges, uint32_t bins, float x, float mask, float *f);

/* forward.c. z of a layer for one row; x: [n_in], c: [n_c] for the first layer, else NULL; masks: there [n_x], NULL: no
 * dropout. */
void ref_dense(const struct engine_state *state, uint32_t layer, const float *x, const float *masks, const uint32_t *c,
               float *z);
/* All layers for row r of the block (row `batch_row` of the batch) in training; plan NULL: without dropout. */
void ref_forward_row(struct engine_state *state, const struct plan *plan, uint64_t step, uint32_t r,
                     uint64_t batch_row);

/* norm.c. y in place of z, and u, of one row; returns 1 / standard deviation. And dz from dy. All [n]. */
float ref_normalise(uint32_t n, const float *gain, const float *shift, float *z, float *u);
void ref_normalise_back(uint32_t n, const float *gain, const float *u, float inverse, const float *dy, float *dz);

/* backward.c. dz of all layers down to `lowest` for row r of the block, from dz of the last. */
void ref_backward_row(struct engine_state *state, uint32_t lowest, uint32_t r);
/* Gradient of a block of n rows by rule 2. gradient: [n_params]. */
void ref_block_gradient(struct engine_state *state, uint32_t n, float **gradient);
/* to += from, all parameters. */
void ref_gradient_add(const struct engine_state *state, float **to, float **from);

/* soft.c. dz += scale times the gradient of the loss on soft targets s of one row, NaN where there is none. */
void ref_soft_gradient(const struct plan *plan, enum soft_loss kind, uint32_t o, const float *z, const float *s,
                       float scale, float *dz);

/* ref.c. Gradients of n_blocks blocks, as `block` makes them one by one, added by the tree of rule 2 and left in
 * ENGINE_GRADIENT. */
void ref_blocks(struct engine_state *state, uint64_t n_blocks,
                void (*block)(void *job, uint64_t block, float **gradient), void *job);

/* information.c: engine->fisher. */
int ref_fisher(struct engine_state *state, const struct plan *plan, int set, uint64_t first, uint64_t n,
               struct error *error);

/* optimiser.c. Anchor, clipping, decay and update from ENGINE_GRADIENT, which it uses up, by state->updates. */
void ref_update(struct engine_state *state);

/* orthogonal.c. One weight; G has been clipped. */
void ref_muon(const struct plan_update *u, const struct param *param, float *G, float *M, float *W);

#endif
