/*
 * Probabilities of many rows: what loss_link() says of each of them, to the same bits, sixteen outputs at a time.
 *
 *     const struct links *links = links_pick(&error);    // NULL: isa.h
 *     links->classes(LOSS_CE, n, c, z, NULL, p);
 */
#ifndef CL_LINKS_H
#define CL_LINKS_H

#include <stdint.h>

#include "error.h"
#include "network.h"

struct links {
    /*
     * bce: z: [n]; p: [n, 2], sigmoid(-z) and sigmoid(z); n_classes is 2, classes not asked.
     * ce: z, p: [n, n_classes]; softmax over those of the mask `classes` (NULL = all), 0 for the others.
     * p may not be z.
     */
    void (*classes)(enum loss loss, uint64_t n, uint32_t n_classes, const float *z, const uint8_t *classes, float *p);
};

const struct links *links_pick(struct error *error);

#endif
