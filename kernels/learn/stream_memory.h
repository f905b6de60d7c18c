/*
 * The memory of a model while it learns from a stream: what memory_rows.h keeps, row by row and in place.
 *
 * Of a uniform sample row t (from 0, of all rows the model has learnt) goes to slot t while slots are free, then to
 * slot r drawn from [0, t] by counter t when r is a slot: reservoir.h. Where classes or runs share the room, rows have
 * keys and the rule is that of balance.h: when there is no free slot, the largest group gives up its row with the
 * largest key. Either way neither frames nor interruptions can show, and what is kept is what one run over all the rows
 * would keep. After drift the rows from before it are of another world: stream_memory_age() lets them go, and counts as
 * if the rest were all there had been.
 *
 *     struct stream_memory *memory = stream_memory_open(model, &options, run);
 *     stream_memory_add(memory, &row);
 *     struct rowset rows = stream_memory_rows(memory);       // to be replayed
 *     rows.w = stream_memory_weights(memory);
 *     stream_memory_put(memory, model, &arena);              // into a checkpoint; map in `arena`
 *     stream_memory_close(memory);
 *
 * Outputs that the model keeps of its rows stay with them; those of new rows are NaN, and the next run that wants them
 * takes what the model then says, as of the rows of any other run (memory_outputs()).
 *
 * Memory: capacity * (5 d + 4 (k + t) + 76) bytes, and 4 more for each output that the model keeps of a row.
 */
#ifndef CL_STREAM_MEMORY_H
#define CL_STREAM_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#include "engine.h"
#include "error.h"
#include "memory_rows.h"
#include "model.h"

struct stream_memory;

/* A row as the network sees it. */
struct stream_row {
    const float *x;    // [d]
    const uint32_t *c; // [k]
    const float *y;    // [t] of a regression; else NULL
    uint32_t label;    /* class index */
    float w;
    uint64_t rowno;
};

/* What resuming needs besides the model. */
struct stream_memory_state {
    uint64_t n, added, drawn; /* rows kept; rows added since the memory was opened first; counter of the next draw */
    const uint64_t *born;     // [n] when each row came, as a number of added rows, 0 = before
    const double *group;      // [n] rows seen of the row's group; NULL of a uniform sample, or: as the rows stand for
};

/* With the rows that the model keeps; those beyond a smaller capacity are thinned. run: the number of this one. */
struct stream_memory *stream_memory_open(const struct model *model, const struct memory_options *options, uint32_t run);
void stream_memory_add(struct stream_memory *memory, const struct stream_row *row);
/* Without weights. Valid until the memory is added to, aged or closed. */
struct rowset stream_memory_rows(const struct stream_memory *memory);
/* As memory_weights(): of the rows as they are, until the next call. */
const float *stream_memory_weights(struct stream_memory *memory);
/* Two classes became more: labels are no longer 0 and 1 of bce. */
void stream_memory_as_labels(struct stream_memory *memory);
/* Keeps the rows that came among the last `newest` that were added, and no other. Returns how many went. */
uint64_t stream_memory_age(struct stream_memory *memory, uint64_t newest);
/* The model's memory is this one: its tensors point into it, its map lives in `arena`. */
void stream_memory_put(struct stream_memory *memory, struct model *model, struct arena *arena);
struct stream_memory_state stream_memory_state(struct stream_memory *memory);
/* STATUS_DATA: not the state of a memory with these rows. */
int stream_memory_restore(struct stream_memory *memory, const struct stream_memory_state *state, struct error *error);
void stream_memory_close(struct stream_memory *memory); /* NULL is fine */

#endif
