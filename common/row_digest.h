/*
 * A number that stands for a row as a network sees it: after all transforms, with the names of its columns. So a row is
 * found among others whether it comes raw or scaled, and whatever the order of its columns was. Labels and weights are
 * no part of it.
 *
 * XXH3-64 of the numbers as f32 [d] and the codes as u32 [k], little-endian, with a seed: XXH3-64 of the names of the
 * numeric features, each with a byte 0 behind it, another byte 0, and the names of the categorical ones likewise.
 */
#ifndef CL_ROW_DIGEST_H
#define CL_ROW_DIGEST_H

#include <stdint.h>

#include "schema.h"

/* x: [n, schema->n_x] or NULL; c: [n, schema->n_c] or NULL; digests: [n] out. */
void row_digests(const struct schema *schema, const float *x, const uint32_t *c, uint64_t n, uint64_t *digests);

#endif
