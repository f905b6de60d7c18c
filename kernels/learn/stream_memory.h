/*
 * The memory of a model while it learns from a stream: the reservoir of reservoir.h, row by row and in place.
 *
 * Row t (from 0, of all rows the model has learnt) goes to slot t while slots are free, then to slot r drawn from
 * [0, t] by counter t when r is a slot: so that neither frames nor interruptions can show. After drift the rows from
 * before it are of another world: stream_memory_age() lets them go, and counts as if the rest were all there had been.
 *
 *     struct stream_memory *memory = stream_memory_open(model, capacity, seed);
 *     stream_memory_add(memory, &row);
 *     struct rowset rows = stream_memory_rows(memory);       // to be replayed
 *     stream_memory_put(memory, model, &arena);              // into a checkpoint; map in `arena`
 *     stream_memory_close(memory);
 *
 * Memory: capacity * (4 (d + k + t) + 28) bytes.
 */
#ifndef CL_STREAM_MEMORY_H
#define CL_STREAM_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#include "engine.h"
#include "error.h"
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

/* With the rows that the model keeps; those beyond a smaller capacity are thinned as in reservoir.h. */
struct stream_memory *stream_memory_open(const struct model *model, uint64_t capacity, uint64_t seed);
void stream_memory_add(struct stream_memory *memory, const struct stream_row *row);
/* Valid until the memory is added to, aged or closed. */
struct rowset stream_memory_rows(const struct stream_memory *memory);
/* Two classes became more: labels are no longer 0 and 1 of bce. */
void stream_memory_as_labels(struct stream_memory *memory);
/* Keeps the rows that came among the last `newest` that were added, and no other. Returns how many went. */
uint64_t stream_memory_age(struct stream_memory *memory, uint64_t newest);
/* The model's memory is this one: its tensors point into it, its map lives in `arena`. */
void stream_memory_put(struct stream_memory *memory, struct model *model, struct arena *arena);
/* What resuming needs besides: when each row came, [n], as numbers of added rows, and the two counters. */
const uint64_t *stream_memory_born(const struct stream_memory *memory, uint64_t *n, uint64_t *added, uint64_t *drawn);
int stream_memory_restore(struct stream_memory *memory, const uint64_t *born, uint64_t n, uint64_t added,
                          uint64_t drawn, struct error *error);
void stream_memory_close(struct stream_memory *memory); /* NULL is fine */

#endif
