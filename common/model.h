/*
 * A model: what a checkpoint file holds, in memory.
 *
 * Everything needed to serve, evaluate and tune it: columns, dictionaries and transforms (schema), network and its
 * parameters, loss, optimiser state, memory rows, and the record of how it came to be. Owned by its arena;
 * model_free() releases all.
 */
#ifndef CL_MODEL_H
#define CL_MODEL_H

#include <stdint.h>

#include "objective.h"
#include "schema.h"
#include "tensor.h"

enum tensor_role {
    TENSOR_WEIGHT,     /* parameters, names as in network.params */
    TENSOR_OPTIMISER,  /* "m.NAME", "v.NAME" */
    TENSOR_MEMORY,     /* "memory.x" [m, d], "memory.c" [m, k], "memory.y" [m, t] f32 or u32 classes, "memory.w" [m],
                          "memory.row" [m] u64 */
    TENSOR_IMPORTANCE, /* omega and anchors of continual strategies */
    TENSOR_STATISTICS, /* sums over training rows that strategy analytic solves (analytic.h) */
    TENSOR_RESUME,     /* state of an unfinished run (--checkpoint) */
    TENSOR_OTHER,      /* unknown role, kept with its name */
    TENSOR_ROLE_COUNT,
};

struct model_tensor {
    struct tensor tensor; /* data in the model's arena */
    enum tensor_role role;
    const char *role_name;
};

enum { MODEL_MAX_QUANTILES = 100 };

struct model {
    struct arena arena;
    struct schema schema;
    struct network network;
    enum loss loss;
    double huber_delta;
    uint32_t n_quantiles;         /* of loss quantile, else 0 */
    double *quantiles;            /* [n_quantiles] ascending, in the arena */
    uint32_t numerics;            /* 1 */
    struct model_tensor *tensors; /* all but the parameters, in order */
    uint32_t n_tensors, cap_tensors;
    struct dict index;       /* of tensors by role and name, kept by the functions below */
    struct value *optimiser; /* map: kind and its numbers, step count; or NULL when stripped */
    struct value *training;  /* map: options that can change the result, epochs, losses, rows, data digest */
    struct value *memory;    /* map: rows seen, capacity; or NULL */
    struct value *lineage;   /* array of maps, oldest first: program, parent digest, data digest, rows */
    struct value *extra;     /* unknown keys of the `model` meta, or NULL */
    char digest[33];         /* of content, set when read or written */
};

/* Its loss, without smoothing. quantiles: [MODEL_MAX_QUANTILES] filled; must outlive the objective. */
struct objective model_objective(const struct model *model, float *quantiles);
struct tensor *model_find(const struct model *model, enum tensor_role role, const char *name);
/* Adds or replaces; copies the name, takes `data` as it is (it must live in the arena). */
void model_put(struct model *model, enum tensor_role role, const char *name, enum dtype dtype, unsigned rank,
               const uint64_t *shape, void *data);
/* The same by the name of the role, known or not. */
void model_put_named(struct model *model, const char *role, const char *name, enum dtype dtype, unsigned rank,
                     const uint64_t *shape, void *data);
/* Drops every tensor of a role, and what describes them: the map `optimiser`, `memory` or `training.resume`. */
void model_strip(struct model *model, enum tensor_role role);
void model_free(struct model *model);

const char *tensor_role_name(enum tensor_role role);
enum tensor_role tensor_role_parse(const char *name); /* TENSOR_OTHER when unknown */

#endif
