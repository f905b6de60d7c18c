/*
 * Rows whose labels come later: they wait, with what the model said of them when they came, in a window of bounded
 * length until a row with the same id brings the label.
 *
 * The window is a ring: row number s (from 0, of the rows that had to wait) is in slot s mod window and is gone when
 * row s + window comes. Of two rows with one id the later one is found.
 *
 *     struct late *late = late_open(window, d, k, o);
 *     late_add(late, id, x, c, w, rowno);             // a row without a label
 *     late_predict(late, engine, state, &error);      // before the model changes
 *     if (late_take(late, id, &row)) ...              // its label has come: row.x, row.z, and it waits no more
 *     late_close(late);
 *
 * Memory: window * (4 (d + k + o) + 32) bytes, at most once more while it is saved. Not thread-safe.
 */
#ifndef CL_LATE_H
#define CL_LATE_H

#include <stdbool.h>
#include <stdint.h>

#include "engine.h"
#include "error.h"

struct late;

/* One row that waited; pointers are the window's, until the next late_add(). */
struct late_row {
    const float *x;    // [d]
    const uint32_t *c; // [k]
    const float *z;    // [o] outputs of the model when it came; NULL = it was not asked yet, and is still that model
    float w;
    uint64_t rowno;
};

/* Rows that wait, oldest first: to be saved and restored. z is there for all. */
struct late_rows {
    uint64_t n, next; /* next: number of the row that will come */
    uint64_t *id, *number, *rowno;
    float *x, *w, *z;
    uint32_t *c;
};

/* window >= 1. d, k, o: of the network. */
struct late *late_open(uint64_t window, uint32_t d, uint32_t k, uint32_t o);
void late_add(struct late *late, uint64_t id, const float *x, const uint32_t *c, float w, uint64_t rowno);
/* Asks the model about the rows it was not asked about yet. */
int late_predict(struct late *late, const struct engine *engine, struct engine_state *state, struct error *error);
bool late_take(struct late *late, uint64_t id, struct late_row *row);
/* Rows that wait. */
uint64_t late_count(const struct late *late);
/* The model has o outputs from here on: new ones as grow.h makes them. split: one sigmoid output became two first. */
void late_grow(struct late *late, uint32_t o, bool split);
/* All that wait, in arrays of its own until the next call. Call late_predict() before. */
const struct late_rows *late_save(struct late *late);
/* Into a window that is still empty. STATUS_DATA: numbers that do not rise or do not fit the window. */
int late_restore(struct late *late, const struct late_rows *rows, struct error *error);
void late_close(struct late *late); /* NULL is fine */

#endif
