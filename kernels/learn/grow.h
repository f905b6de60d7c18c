/*
 * A network that takes in classes and categories it did not have.
 *
 * New outputs start as the mean of the old ones: so the class predicted for a row is the one that was predicted before,
 * until training starts, and only a share of the softmax goes to the new classes (starting from zeros, a new class
 * would win wherever all others are below 0). New rows of a category table start as copies of its row 0, which is what
 * such a category got before. A sigmoid output z (bce) that gets a third class becomes a softmax over -z / 2 and z / 2:
 * the same two probabilities.
 *
 *     struct extent *old = arena_array(&arena, model->network.n_params, sizeof *old);
 *     grow_model(model, n_classes, c_sizes, old);
 */
#ifndef CL_GROW_H
#define CL_GROW_H

#include <stdint.h>

#include "model.h"
#include "network.h"

/* The part of a parameter that existed before it grew: rows [0, rows) of columns [0, cols). */
struct extent {
    uint64_t rows, cols;
};

/*
 * Grows the model's network, and the moments kept with it, to `n_classes` classes (0 = a regression: outputs stay) and
 * to c_sizes: [n_c] codes, none smaller than before. May change the loss from bce to ce. old: [n_params] out.
 */
void grow_model(struct model *model, uint32_t n_classes, const uint32_t *c_sizes, struct extent *old);

#endif
