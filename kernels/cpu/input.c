#include <stdlib.h>
#include <string.h>

#include "cpu.h"
#include "memory.h"

/* What the kernel wants of the edges of bins: for each bin its feature, where it begins, and one over its width. */
void
cpu_bins_set(struct engine_state *state)
{
    const struct network *network = state->network;
    struct cpu_bins *bins = &state->bins;
    const float *edges = network->n_bins == 0 ? NULL : state->values[ENGINE_PARAM][network->edges];
    size_t at = 0;
    for (uint32_t j = 0; network->n_bins != 0 && j < network->n_x; j++) {
        for (uint32_t t = 0; t < network->bins[j]; t++, at++) {
            bins->feature[at] = j;
            bins->low[at] = edges[t];
            bins->inverse[at] = 1.0f / (edges[t + 1] - edges[t]);
        }
        edges += network->bins[j] > 0 ? network->bins[j] + 1 : 0;
    }
}

void
cpu_bins_open(struct engine_state *state)
{
    const size_t n = state->network->n_bins;
    state->bins.feature = mem_array(n, sizeof *state->bins.feature);
    state->bins.low = mem_array(n, sizeof *state->bins.low);
    state->bins.inverse = mem_array(n, sizeof *state->bins.inverse);
    cpu_bins_set(state);
}

void
cpu_bins_close(struct engine_state *state)
{
    free(state->bins.feature);
    free(state->bins.low);
    free(state->bins.inverse);
}
