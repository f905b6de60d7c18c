/*
 * The engine table: one struct of functions per place where a network can run. Chosen once at start.
 *
 * An engine opens a network, loads row sets and runs a *range of steps* by a plan, so each may fuse as it likes:
 * `ref` does one step at a time with plain loops, `cpu` fuses, a GPU stays on the device for many steps. All exact
 * engines give the same bits (the numerics contract, doc in kernels/numerics.h); `blas` does not promise that.
 *
 * Beside run there are grad and apply with a place to reduce in between: devices, ranks, accumulation.
 *
 *     const struct engine *engine = engine_find("cpu");
 *     engine->open(&state, network, &options, &error);
 *     engine->load(state, 0, &rows, &error);
 *     engine->run(state, &plan, &result, &error);
 *     engine->read(state, ENGINE_PARAM, p, buffer);
 *     engine->close(state);
 *
 * Ownership: the engine copies parameters at open and borrows the network's structure (it must outlive the state; its
 * `frozen` flags and dropout may change between calls); it borrows row sets (they must outlive it or the next load of
 * the same set). One thread calls an engine at a time; it may use a pool of its own.
 */
#ifndef CL_ENGINE_H
#define CL_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

#include "error.h"
#include "network.h"
#include "rng.h"

enum { ENGINE_ABI = 2, ENGINE_MAX_SETS = 4 };

/* Rows as the network sees them: after all transforms. d = network.n_x, k = network.n_c, o = outputs. */
struct rowset {
    uint64_t n;
    const float *x;        /* [n, d] or NULL when d is 0 */
    const uint32_t *c;     /* [n, k] codes below network.c_sizes, or NULL when k is 0 */
    const float *y;        /* [n, o], quantile: [n, o / quantiles], targets; bce: 0 or 1, poisson: >= 0; or NULL */
    const uint32_t *label; /* [n] class 0 .. o-1 of ce; or NULL */
    const float *w;        /* [n] row weights with mean 1 over the set, or NULL = 1 */
    const float *soft;     /* [n, o] outputs z of an older model (soft targets), NaN where it has none; or NULL */
};

enum optimiser_kind { OPT_SGD, OPT_MOMENTUM, OPT_NESTEROV, OPT_RMSPROP, OPT_ADAM, OPT_ADAMW, OPT_MUON, OPT_KIND_COUNT };

/* Formulas: kernels/ref/optimiser.c, and orthogonal.c for muon, which is adamw for all else. */
struct optimiser {
    enum optimiser_kind kind;
    double momentum;     /* g of momentum, nesterov and muon */
    double dampening;    /* momentum: v = g v + (1 - dampening) grad */
    double beta1, beta2; /* adam, adamw, muon; beta2 is also rho of rmsprop */
    double epsilon;
    double weight_decay; /* weights and categories only, never biases */
    bool decoupled;      /* theta -= lr * decay * theta, beside the gradient step */
};

/*
 * How far outputs z are from soft targets s, over the m outputs of a row where s is a number (none: 0).
 * SQUARED: sum (z - s)^2 / m: DER++ (Buzzega et al. 2020, equation 6).
 * SOFTMAX: T^2 * cross-entropy of softmax(s / T) and softmax(z / T), T the plan's temperature (Hinton, Vinyals and Dean
 * 2015; LwF, Li and Hoiem 2017), for losses of classes. The softmax is over all outputs that have a target, whatever
 * classes the plan names; with groups in the plan, those of each group have one of their own, and the mean over the
 * groups that have targets counts. A target of minus infinity is a probability of 0. Each output of loss bce is a
 * softmax over (0, z), which is its sigmoid; the mean.
 */
enum soft_loss { SOFT_SQUARED, SOFT_SOFTMAX };

/*
 * One source of rows of a step; labels and soft targets may count both, in any part. Part 0 follows the epoch order of
 * its set; other parts draw `rows` rows a step by counter from theirs (replay). The gradient of a row is multiplied by
 * weight * w[row] / rows of its part.
 */
struct plan_part {
    int set;
    uint32_t rows;      /* a step; the last step of an epoch of part 0 may have fewer; 0 = the whole set */
    double weight;      /* of the loss on labels */
    double soft_weight; /* of the loss on soft targets, or 0 */
    enum soft_loss soft;
    bool grouped; /* loss ce: the softmax of a row is over its label's group of outputs, not over plan.classes */
};

struct plan {
    uint64_t seed;       /* of row order and dropout */
    uint64_t first_step; /* counted from 0 over the whole run; epoch = step / steps per epoch */
    uint64_t n_steps;
    uint64_t adam_step; /* updates done before first_step: bias correction counts on from here */
    const float *lr;    /* [n_steps] learning rate of each */
    enum loss loss;
    float huber_delta;
    float smoothing; /* of the targets of bce and ce */
    uint32_t n_quantiles;
    const float *quantiles; /* [n_quantiles] of loss quantile: a label has so many outputs */
    struct optimiser optimiser;
    float clip; /* largest global gradient norm, 0 = none */
    struct plan_part parts[ENGINE_MAX_SETS];
    uint32_t n_parts;
    float anchor;           /* lambda: gradient += lambda * omega * (theta - theta*); 0 = none */
    const uint8_t *classes; /* [o] 1 = takes part in the softmax, as all labels of parts that count must; NULL = all */
    const uint32_t *groups; /* [o] any number that outputs of a group have in common, for loss ce; or NULL = one */
    float temperature;      /* of SOFT_SOFTMAX, above 0 where that is used */
    const float *layer_rates; /* [n_layers] >= 0, multiplies lr (and with it what is decoupled) in a layer; NULL = 1 */
    bool shuffle;             /* false: rows in their own order */
    float *z;                 /* [rows of part 0, o] out, or NULL: their outputs in each step, before its update: with
                                 dropout, what was learned from, which is not what forward() says */
    volatile const int *stop; /* when it becomes non-zero, run ends after the current step; or NULL */
};

/* f64 sums in row order over the rows of part 0 (labels only, before penalties). */
struct run_result {
    double loss_sum; /* of w * loss */
    double weight_sum;
    uint64_t rows, steps;
    bool diverged; /* a loss was not finite; parameters are as after that step */
};

struct engine_options {
    unsigned threads;   /* 0 = all */
    uint32_t max_rows;  /* largest batch that will be asked of run/forward; 0 = decide from plan */
    const char *device; /* "0" of "cuda:0"; or NULL */
};

/* What can be read and written, per parameter: [rows, cols] f32. */
enum engine_what {
    ENGINE_PARAM,
    ENGINE_M,        /* first moment or velocity */
    ENGINE_V,        /* second moment */
    ENGINE_GRADIENT, /* of the last grad() */
    ENGINE_ANCHOR,   /* theta* */
    ENGINE_OMEGA,    /* importance */
    ENGINE_WHAT_COUNT,
};

struct engine_state;

struct engine {
    uint32_t abi;   /* ENGINE_ABI */
    uint32_t bytes; /* sizeof(struct engine) */
    const char *name;
    bool exact; /* keeps the numerics contract */
    int (*open)(struct engine_state **state, const struct network *network, const struct engine_options *options,
                struct error *error);
    int (*load)(struct engine_state *state, int set, const struct rowset *rows, struct error *error);
    int (*run)(struct engine_state *state, const struct plan *plan, struct run_result *result, struct error *error);
    /*
     * The gradient of blocks [block, block + n_blocks) of 64 rows of one step's batch, added in the tree of rule 2
     * over these blocks, left in ENGINE_GRADIENT. With n_blocks = UINT64_MAX: all. No clipping, anchor or decay.
     */
    int (*grad)(struct engine_state *state, const struct plan *plan, uint64_t step, uint64_t block, uint64_t n_blocks,
                struct run_result *result, struct error *error);
    /* Anchor, clipping, decay and one update from ENGINE_GRADIENT with lr[step - first_step]. */
    int (*apply)(struct engine_state *state, const struct plan *plan, uint64_t step, struct error *error);
    /*
     * The diagonal of the Fisher information, mean over rows [first, first + n) of a set by their weights, left in
     * ENGINE_GRADIENT: sum over rows of w / sum(w) * E[(d log p(y | row) / d theta)^2], the expectation exact over what
     * the model itself thinks of y (Kirkpatrick et al. 2017; "true" Fisher, not the empirical one). ce: over the
     * classes of plan->classes. bce, poisson: over their y, outputs independent. Other losses: y normal around z with
     * variance
     * 1. No labels, no dropout, no smoothing. Of the plan only loss, classes and quantiles count. A row costs a forward
     * pass, as many backward passes as there are outputs, and one gradient: kernels/ref/information.c. What is frozen
     * has 0. Not divided by the number of outputs, as losses are that are means.
     */
    int (*fisher)(struct engine_state *state, const struct plan *plan, int set, uint64_t first, uint64_t n,
                  struct error *error);
    /* Outputs z of rows [first, first + n) of a row set (borrowed for the call). z: [n, o]. A row's bits do not
     * depend on the others. */
    int (*forward)(struct engine_state *state, const struct rowset *rows, uint64_t first, uint64_t n, float *z,
                   struct error *error);
    int (*read)(struct engine_state *state, enum engine_what what, uint32_t param, float *to, struct error *error);
    int (*write)(struct engine_state *state, enum engine_what what, uint32_t param, const float *from,
                 struct error *error);
    /* "cpu (avx512, 2 threads)": what -v shows; text lives as long as the state. */
    const char *(*describe)(struct engine_state *state);
    void (*close)(struct engine_state *state);
};

/* By name ("ref", "cpu", "blas"); NULL when unknown. "auto" is "cpu". */
const struct engine *engine_find(const char *name);
extern const struct engine engine_ref, engine_cpu, engine_blas;
/* `blas` in the layers in which it is faster than `cpu`, as the first steps show: --numerics fast. */
extern const struct engine engine_blas_tried;

const char *optimiser_name(enum optimiser_kind kind);
bool optimiser_parse(const char *name, enum optimiser_kind *kind);

#endif
