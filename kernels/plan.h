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
};

/* What engines take: dense layers in a chain, data for every parameter. */
int plan_check_network(const struct network *network, struct error *error);
/* The arguments of read and write. */
int plan_check_param(const struct network *network, enum engine_what what, uint32_t param, struct error *error);
/* Checks shapes and codes against the network. */
int plan_set_load(struct plan_set *set, const struct network *network, const struct rowset *rows, struct error *error);
int plan_check(const struct network *network, const struct plan *plan, const struct plan_set sets[ENGINE_MAX_SETS],
               struct error *error);
/* Checks that codes of rows [first, first + n) are in the network's tables. */
int plan_check_codes(const struct network *network, const struct rowset *rows, uint64_t first, uint64_t n,
                     struct error *error);

struct objective plan_objective(const struct plan *plan);

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

struct plan_update plan_update(const struct plan *plan, uint64_t step);

/* Neither its own flag nor its layer's says frozen. */
bool plan_trainable(const struct network *network, uint32_t param);
/* The lowest layer with a trainable parameter; n_layers when there is none. */
uint32_t plan_lowest(const struct network *network);

#endif
