/*
 * The rows that a checkpoint keeps: which, and what is known of them. Tensors memory.* of a model and its map `memory`;
 * what each holds is said in man/cl-checkpoint.5. What strategies see of them: recall.h.
 *
 * By default, and where a memory has never been anything else, BALANCE_ROWS is a uniform sample of all training rows by
 * reservoir.h. All other ways, and a memory that became larger or lost rows, go by balance.h.
 *
 *     memory_outputs(model, true, engine, threads, &error);     // what the model says of them, before it changes
 *     memory_keep(model, &collector.train, n_train, &options);
 *     ... training ...
 *     memory_outputs(model, false, engine, threads, &error);    // and of the new ones
 */
#ifndef CL_MEMORY_ROWS_H
#define CL_MEMORY_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "balance.h"
#include "dataset.h"
#include "engine.h"
#include "model.h"

struct memory_options {
    uint64_t seed, capacity;
    enum balance by;
};

/* Rows that a model keeps. */
uint64_t memory_size(const struct model *model);
/* The number of the run whose entry is the last of the lineage, from 0. */
uint32_t memory_run(const struct model *model);

/*
 * Continues the memory of a model with the first n_train rows of a dataset, which come in run memory_run(); with
 * capacity 0 it is dropped. Weights are kept as they are in the dataset, classes as codes of the dictionary (from 1).
 * New rows have no outputs yet: NaN. Returns the rows kept.
 */
uint64_t memory_keep(struct model *model, const struct dataset *dataset, uint64_t n_train,
                     const struct memory_options *options);

/* Rows [m] that stay where drop[i] is 0. */
void memory_drop(struct model *model, const uint8_t *drop);

/* After the network got columns at the end of x or of c: old rows lack them, and are filled as the transforms say. */
void memory_widen(struct model *model);

/*
 * Outputs that are NaN become those that the network has now; outputs of classes that a row was stored without count as
 * NaN. Without memory.soft, rows have the outputs of the network as it is: `make` says so in a tensor, which is wanted
 * before the network changes.
 */
int memory_outputs(struct model *model, bool make, const struct engine *engine, unsigned threads, struct error *error);

/* What balance.h wants to know of the n_old rows that are there, of `seen`. In `arena`. */
struct balance_row *memory_describe(const struct model *model, uint64_t n_old, uint64_t seen, uint64_t seed,
                                    struct arena *arena);

/*
 * What the transforms make of a missing number in each column, or with only_sure NaN where that might be a number of
 * the data as well: the fill is one when it is an f32 itself, such as 0, most medians, and all that a constant column
 * has. [n_x] in `arena`.
 */
float *memory_images(const struct schema *schema, bool only_sure, struct arena *arena);

/* [n, o] in `arena`: stored outputs [n, had], NaN where they lack. Two classes that were one output z and are a softmax
 * now had the outputs -z / 2 and z / 2 (grow.h). */
float *memory_pad(const float *stored, uint64_t n, uint64_t had, uint32_t o, bool classes, struct arena *arena);

/* The weight of each row, mean 1: as it was given, times the rows it stands for. NULL = all alike. In `arena`. */
float *memory_weights(const struct model *model, struct arena *arena);

#endif
