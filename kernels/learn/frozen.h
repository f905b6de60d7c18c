/*
 * What the output layer of a network multiplies: the last hidden layer of each row; or, where there is none, the row
 * itself as the network takes it (numbers, bins, and a 1 for the code of each category).
 *
 *     features_open(&features, &model->network, engine, threads, &error);
 *     uint64_t d = features_count(&model->network);
 *     features_read(features, &rows, first, n, to, ld, &error);     // to: [n, ld], d numbers of each row
 *     features_close(features);
 *
 * The network must outlive it, and not change.
 */
#ifndef CL_FROZEN_H
#define CL_FROZEN_H

#include <stdint.h>

#include "engine.h"
#include "error.h"
#include "network.h"

struct features;

uint64_t features_count(const struct network *network);
int features_open(struct features **features, const struct network *network, const struct engine *engine,
                  unsigned threads, struct error *error);
/* Rows [first, first + n) of a set; all are values of f32. */
int features_read(struct features *features, const struct rowset *rows, uint64_t first, uint64_t n, double *to,
                  uint64_t ld, struct error *error);
void features_close(struct features *features);

/* What multiplies feature i in the output layer: a row of a parameter. Features have the order of the parameters. */
struct feature_place {
    uint32_t param;
    uint64_t row;
};
/* places: [features_count()] out. */
void features_places(const struct network *network, struct feature_place *places);

/*
 * The last hidden layer before its activation: z [n, width] of a layer without a norm. For those who choose its
 * weights.
 */
int features_before(const struct network *network, const struct engine *engine, unsigned threads,
                    const struct rowset *rows, float *z, struct error *error);

#endif
