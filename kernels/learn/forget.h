/*
 * Takes given rows out of a model: those it keeps in its memory, and those that wait in an online run (online_rows.h).
 * Gone are those whose features are the same after all transforms (row_digest.h), and whose class or numbers to predict
 * are too, where both have some. Memory: O(rows kept).
 *
 *     forget_open(&forget, model);
 *     while (... bind_rows(binding, &batch, &rows, &error) ...) forget_rows(&forget, &rows);
 *     uint64_t n = forget_close(&forget, &waited);
 */
#ifndef CL_FORGET_H
#define CL_FORGET_H

#include "engine.h"
#include "model.h"

/* Where rows are: in the memory, waiting for their update, waiting for their label. */
enum { FORGET_MEMORY, FORGET_UPDATE, FORGET_LABEL, FORGET_PLACES };

/* Rows of one place. */
struct forget_place {
    uint64_t n;
    const uint32_t *class; // [n], or NULL
    uint32_t first;        /* what class 0 is there */
    const float *y;        // [n, labels], or NULL
    uint8_t *drop;         // [n]
};

struct forget {
    struct model *model;
    struct forget_place places[FORGET_PLACES];
    uint64_t n;            /* rows of all */
    struct kept_row *rows; // [n] by digest
    uint64_t given;        /* rows that came */
};

/* Borrows the model, whose rows stay as they are until forget_close(). */
void forget_open(struct forget *forget, struct model *model);
/* Rows as bind_rows() makes them; without labels, label and y are NULL. */
void forget_rows(struct forget *forget, const struct rowset *rows);
/* Drops the rows that were found and returns how many; waited: of them, those that were not in the memory. */
uint64_t forget_close(struct forget *forget, uint64_t *waited);

#endif
