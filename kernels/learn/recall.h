/*
 * The rows that a model keeps, as a row set of its network: what strategies replay.
 *
 *     struct rowset memory;
 *     if (recall_rows(model, &model->arena, &memory, &error) < 0) ...
 *
 * After the network grew: categories and classes keep their codes, and outputs that rows were stored without have soft
 * targets of NaN, which stands for none. Two classes that were one sigmoid output z and are a softmax now had the
 * outputs -z / 2 and z / 2 (grow.h).
 */
#ifndef CL_RECALL_H
#define CL_RECALL_H

#include <stdint.h>

#include "engine.h"
#include "error.h"
#include "memory.h"
#include "model.h"

/*
 * n = 0 when it keeps none. x and c point into the model's tensors; the rest is in `arena`. Weights are as they were
 * given, times the rows that each stands for, with mean 1; those of classes do not count. STATUS_DATA: not the memory
 * of this network.
 */
int recall_rows(const struct model *model, struct arena *arena, struct rowset *rows, struct error *error);

#endif
