/*
 * What every engine on the host does alike around its arithmetic: check a plan, say which rows a step takes, and work
 * out the scalars of one update. Numerics contract, rules 4 and 5.
 *
 *     if (plan_check(network, &plan, sets, &error) < 0) return -1;
 *     plan_rows_open(&rows, &plan, sets);
 *     plan_rows_step(&rows, step);
 *     for (uint64_t r = 0; r < rows.n; r++)
 *         row = plan_rows_at(&rows, r, &part);      // ascending r is fast
 */
#ifndef CL_PLAN_H
#define CL_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "engine.h"
#include "objective.h"

/* A row set that was loaded: borrowed pointers, checked codes. */
struct plan_set {
    struct rowset rows;
    bool loaded;
    uint32_t max_label;
    uint8_t *seen; /* [max_label + 1] 1 = a row has this label; owned */
};

/* What engines take: dense layers in a chain, data for every parameter. */
int plan_check_network(const struct network *network, struct error *error);
/* The arguments of read and write. */
int plan_check_param(const struct network *network, enum engine_what what, uint32_t param, struct error *error);
/* Checks shapes and codes against the network. */
int plan_set_load(struct plan_set *set, const struct network *network, const struct rowset *rows, struct error *error);
void plan_set_close(struct plan_set *set);
int plan_check(const struct network *network, const struct plan *plan, const struct plan_set sets[ENGINE_MAX_SETS],
               struct error *error);
/* The arguments of fisher; the sum of the rows' weights. */
int plan_check_fisher(const struct network *network, const struct plan *plan,
                      const struct plan_set sets[ENGINE_MAX_SETS], int set, uint64_t first, uint64_t n, double *weight,
                      struct error *error);
/* Checks that codes of rows [first, first + n) are in the network's tables. */
int plan_check_codes(const struct network *network, const struct rowset *rows, uint64_t first, uint64_t n,
                     struct error *error);

struct objective plan_objective(const struct plan *plan);

/* Groups of outputs, numbered in the order of their first ones. Zeroed, it can be set. */
struct plan_groups {
    uint32_t n;
    uint32_t *of;          /* [o] group of each output */
    uint8_t *masks;        /* [n, o] 1 = is in the group */
    uint32_t *first, *end; /* [n] all outputs of a group are in [first, end) */
};
/* From numbers [o] that groups have in common; NULL: all outputs are one. */
void plan_groups_set(struct plan_groups *groups, const uint32_t *numbers, uint32_t o);
void plan_groups_close(struct plan_groups *groups);

/* The rows of one step, all parts one after the other. */
struct plan_rows {
    const struct plan *plan;
    const struct plan_set *sets;
    uint64_t steps_per_epoch;
    uint64_t step;
    uint64_t n;                          /* rows of the step */
    uint64_t first[ENGINE_MAX_SETS + 1]; /* part p has rows first[p] .. first[p + 1) of the batch */
    float scale[ENGINE_MAX_SETS];        /* (float) (weight / rows of the part) */
    float soft_scale[ENGINE_MAX_SETS];   /* (float) (soft_weight / rows of the part), 0 without soft targets */
    uint64_t epoch_first;                /* of part 0 in its epoch's order */
    struct row_order order;
    bool order_made;
    struct rng_key replay[ENGINE_MAX_SETS];
};

void plan_rows_open(struct plan_rows *rows, const struct plan *plan, const struct plan_set *sets);
void plan_rows_step(struct plan_rows *rows, uint64_t step);
/* Part and row number in its set of row r of the batch. */
uint64_t plan_rows_at(struct plan_rows *rows, uint64_t r, uint32_t *part);
/* Rows of the largest step of a plan. */
uint64_t plan_rows_most(const struct plan *plan, const struct plan_set *sets);

/* Scalars of one update, computed in double and rounded once. Formulas: kernels/ref/optimiser.c. */
struct plan_update {
    enum optimiser_kind kind;
    double step; /* lr, not rounded */
    float lr;
    float anchor;       /* lambda of the anchor, 0 = none */
    float clip;         /* 0 = none */
    float decay;        /* coupled, 0 = none */
    float shrink;       /* lr * decay, decoupled, 0 = none */
    float gamma, fresh; /* momentum, 1 - dampening */
    float beta1, beta2;
    float beta1_rest, beta2_rest; /* 1 - beta */
    float epsilon;
    float rate; /* adam: lr / (1 - beta1^t) */
    float root; /* adam: 1 / sqrt(1 - beta2^t) */
    bool uses_m, uses_v;
};
/* Coefficients of muon's iteration. */
#define MUON_A 3.4445f
#define MUON_B -4.7750f
#define MUON_C 2.0315f
#define MUON_SMALL 1e-7f
enum { MUON_STEPS = 5 };

/* Whether an update orthogonalises the gradient of a parameter: muon, on weights between hidden layers. */
bool plan_muon(const struct network *network, enum optimiser_kind kind, uint32_t param);
/* What multiplies the orthogonal matrix. */
float plan_muon_rate(const struct plan_update *update, const struct param *param);

/* updates: [n_layers], which differ in what the rate of a layer multiplies: lr, shrink, rate. */
void plan_updates(const struct plan *plan, uint64_t step, uint32_t n_layers, struct plan_update *updates);
/* Which moments an optimiser has. */
bool plan_uses_m(enum optimiser_kind kind);
bool plan_uses_v(enum optimiser_kind kind);

/* Neither its own flag nor its layer's says frozen. */
bool plan_trainable(const struct network *network, uint32_t param);
/* The lowest layer with a trainable parameter; n_layers when there is none. */
uint32_t plan_lowest(const struct network *network);

#endif
