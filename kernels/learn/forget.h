/*
 * Takes given rows out of a model's memory: those whose features are the same after all transforms (row_digest.h), and
 * whose class or numbers to predict are too, where they come with them. Memory: O(rows kept).
 *
 *     forget_open(&forget, model);
 *     while (... bind_rows(binding, &batch, &rows, &error) ...) forget_rows(&forget, &rows);
 *     uint64_t n = forget_close(&forget);
 */
#ifndef CL_FORGET_H
#define CL_FORGET_H

#include "engine.h"
#include "model.h"

struct forget {
    struct model *model;
    uint64_t m;            /* rows kept */
    struct kept_row *rows; // [m] by digest
    uint8_t *drop;         // [m]
    uint64_t given;        /* rows that came */
};

/* Borrows the model, whose memory stays as it is until forget_close(). */
void forget_open(struct forget *forget, struct model *model);
/* Rows as bind_rows() makes them; without labels, label and y are NULL. */
void forget_rows(struct forget *forget, const struct rowset *rows);
/* Drops the rows that were found and returns how many. */
uint64_t forget_close(struct forget *forget);

#endif
