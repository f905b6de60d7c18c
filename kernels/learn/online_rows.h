/*
 * Rows of the data that a model keeps for its online run, beside those of its memory: rows that wait for their update
 * or for their label (man cl-checkpoint.5, STATE OF A STREAM). Whoever takes rows out of a model takes them out here
 * too; the run goes on without them.
 */
#ifndef CL_ONLINE_ROWS_H
#define CL_ONLINE_ROWS_H

#include <stdint.h>

#include "model.h"

enum online_wait { ONLINE_WAIT_UPDATE, ONLINE_WAIT_LABEL, ONLINE_WAITS };

struct online_waiting {
    uint64_t n;
    const float *x;        // [n, d]
    const uint32_t *c;     // [n, k]
    const uint32_t *class; // [n] from 0, those that the model does not have yet behind its own; or NULL
    const float *y;        // [n, labels] of numbers, or NULL
};

/* Rows of one kind; n = 0 when there are none. They belong to the model. */
struct online_waiting online_waiting(const struct model *model, enum online_wait wait);
/*
 * Takes rows out of the state: update [n] and label [n] as online_waiting() has them, memory [m] as the memory had
 * them, from which the caller has taken them by memory_drop(); 1 = goes, NULL = all go. What is not as such a run
 * leaves it goes as a whole.
 */
void online_drop(struct model *model, const uint8_t *memory, uint64_t m, const uint8_t *update, const uint8_t *label);
/* Of a model whose memory was stripped: all rows that wait. */
void online_drop_all(struct model *model);

#endif
