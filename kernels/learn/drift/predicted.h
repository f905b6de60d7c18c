/*
 * The predictions of a model as the rows of a table, so that what looks at columns can look at them too: one category,
 * or a number for each output.
 *
 *     predicted_open(&predicted, &decision);
 *     tally_add(&tally, predicted_rows(&predicted, z, n), false);     // or compare_add()
 *     predicted_close(&predicted);
 */
#ifndef CL_PREDICTED_H
#define CL_PREDICTED_H

#include "batch.h"
#include "decide.h"

struct predicted {
    const struct decision *decision;
    struct schema schema;
    struct batch batch;
    float *p; /* [room, n_classes] */
    uint64_t room;
};

void predicted_open(struct predicted *predicted, const struct decision *decision);
/* z: [n, n_outputs]. Valid until the next call. */
const struct batch *predicted_rows(struct predicted *predicted, const float *z, uint64_t n);
void predicted_close(struct predicted *predicted);

#endif
