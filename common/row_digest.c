#include "row_digest.h"

#include <string.h>

#include "hash.h"

static uint64_t
digest_names(const struct schema *schema, XXH3_state_t *state)
{
    XXH3_64bits_reset(state);
    for (uint32_t j = 0; j < schema->n_x; j++)
        XXH3_64bits_update(state, schema_x(schema, j)->name, strlen(schema_x(schema, j)->name) + 1);
    XXH3_64bits_update(state, "", 1);
    for (uint32_t k = 0; k < schema->n_c; k++)
        XXH3_64bits_update(state, schema_c(schema, k)->name, strlen(schema_c(schema, k)->name) + 1);
    return XXH3_64bits_digest(state);
}

void
row_digests(const struct schema *schema, const float *x, const uint32_t *c, uint64_t n, uint64_t *digests)
{
    XXH3_state_t *state = hash_new();
    const uint64_t seed = digest_names(schema, state);
    for (uint64_t i = 0; i < n; i++) {
        XXH3_64bits_reset_withSeed(state, seed);
        if (x != NULL)
            XXH3_64bits_update(state, x + i * schema->n_x, schema->n_x * sizeof *x);
        if (c != NULL)
            XXH3_64bits_update(state, c + i * schema->n_c, schema->n_c * sizeof *c);
        digests[i] = XXH3_64bits_digest(state);
    }
    XXH3_freeState(state);
}
