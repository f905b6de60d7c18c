/*
 * A network in words, as --net takes them: items separated by commas, from the input to the output.
 *
 *     softclip C                 of numeric features, before any layer: bent softly into +-C
 *     ple BINS                   of numeric features, before any layer: encoded in some that many bins each, besides
 *     dropout P                  of numeric features, before any layer
 *     dense WIDTH [ACTIVATION]   a layer, relu unless another activation is named
 *     residual N                 N more layers of the width and activation before them, whose input is added to their
 *                                output
 *     layernorm                  of the layer or layers before it: z is normalised before the activation
 *     dropout P                  of the layer or layers before it
 *
 *     network_spec_parse(&spec, "dense 64 gelu, layernorm, residual 2, dropout 0.1", &error);
 */
#ifndef CL_NETWORK_SPEC_H
#define CL_NETWORK_SPEC_H

#include <stdint.h>

#include "error.h"
#include "memory.h"
#include "network.h"

enum { NETWORK_SPEC_LAYERS = 64, NETWORK_SPEC_WIDTH = 1 << 20, NETWORK_SPEC_BINS = 1024 };
#define NETWORK_SPEC_DROPOUT 0.95

struct network_spec {
    struct hidden hidden[NETWORK_SPEC_LAYERS];
    uint32_t n_hidden;
    float softclip; /* 0 = none */
    uint32_t bins;  /* 0 = none */
    float dropout;  /* of the input; 0 = none */
};

/* STATUS_USAGE names the item, what was found and what would help. */
int network_spec_parse(struct network_spec *spec, const char *text, struct error *error);
/* The one text of all that mean the same; in `arena`. */
const char *network_spec_text(const struct network_spec *spec, struct arena *arena);

#endif
