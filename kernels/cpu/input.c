#include <stdlib.h>
#include <string.h>

#include "cpu.h"
#include "memory.h"
#include "numerics.h"

void
cpu_bins_set(struct engine_state *state)
{
    const struct network *network = state->network;
    struct cpu_bins *bins = &state->bins;
    if (network->n_bins == 0)
        return;
    const float *edges = bins->edges = state->values[ENGINE_PARAM][network->edges];
    for (uint32_t e = 0; e < bins->n; e++, edges++)
        for (uint32_t t = bins->first[e]; t < bins->first[e + 1]; t++, edges++)
            bins->inverse[t] = 1.0f / (edges[1] - edges[0]);
}

void
cpu_bins_open(struct engine_state *state)
{
    const struct network *network = state->network;
    struct cpu_bins *bins = &state->bins;
    const size_t n_bins = network->n_bins, n_out = network->layers[0].n_out;
    if (n_bins == 0)
        return;
    bins->feature = mem_array(network->n_x, sizeof *bins->feature);
    bins->first = mem_array((size_t) network->n_x + 1, sizeof *bins->first);
    bins->first[0] = 0;
    for (uint32_t j = 0; j < network->n_x; j++)
        if (network->bins[j] > 0) {
            bins->feature[bins->n] = j;
            bins->first[bins->n + 1] = bins->first[bins->n] + network->bins[j];
            bins->n++;
        }
    bins->inverse = mem_array(n_bins, sizeof *bins->inverse);
    bins->below = mem_zalloc(n_bins * n_out + CPU_ALIGN, sizeof *bins->below);
    bins->where = mem_array(n_bins, CPU_CHUNK_BLOCKS * sizeof *bins->where);
    bins->scratch = mem_array(n_bins, CPU_BIN_LEVELS * CPU_BIN_WIDTH * sizeof *bins->scratch);
    cpu_bins_set(state);
}

void
cpu_bins_close(struct engine_state *state)
{
    void *const buffers[] = {state->bins.feature, state->bins.first, state->bins.inverse,
                             state->bins.below,   state->bins.where, state->bins.scratch,
                             state->bins.row,     state->bins.part,  state->bins.masks};
    for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++)
        free(buffers[i]);
}

void
cpu_bins_reserve(struct engine_state *state, size_t rows)
{
    struct cpu_bins *bins = &state->bins;
    free(bins->row);
    free(bins->part);
    bins->row = mem_array(rows * bins->n, sizeof *bins->row);
    bins->part = mem_array(rows * bins->n, sizeof *bins->part);
    free(bins->masks);
    bins->masks = bins->n > 0 && state->learns ? cpu_floats(rows + CPU_SPARE_ROWS, state->ld_x) : NULL;
}

void
cpu_input_rows(struct engine_state *state, const struct rowset *set, size_t first, size_t last)
{
    const size_t d = state->network->n_x, rows = last - first, ld = state->ld_x;
    const uint64_t *row = state->row + first;
    struct cpu_bins *bins = &state->bins;
    float *x = state->x + first * ld;
    if (d == 0)
        return;
    state->kernels->gather(rows, d, set->x, row, x, ld);
    if (bins->n > 0)
        state->kernels->find_bins(rows, bins->n, x, ld, bins->feature, bins->first, bins->edges, bins->inverse,
                                  bins->row + first * bins->n, bins->part + first * bins->n);
    if (state->network->softclip > 0)
        state->kernels->softclip(rows * ld, state->network->softclip, x);
}

void
cpu_input_drop(const struct cpu_rows *job, size_t r, size_t m)
{
    struct engine_state *state = job->state;
    const struct cpu_bins *bins = &state->bins;
    const struct plan_rows *rows = job->rows;
    const size_t d = state->network->n_x, ld = state->ld_x;
    float *masks = bins->n > 0 ? bins->masks + r * ld : NULL;
    for (size_t i = 0; masks != NULL && i < m * ld; i++)
        masks[i] = 1;
    state->kernels->dropout(rng_key(rows->plan->seed, RNG_DROPOUT, NUM_DROPOUT_INPUT), rows->step,
                            state->network->dropout, job->first + r, m, d, ld, state->x + r * ld, masks);
    for (size_t i = 0; masks != NULL && i < m; i++)
        for (uint32_t e = 0; e < bins->n; e++) {
            const float mask = masks[i * ld + bins->feature[e]];
            const size_t at = (r + i) * bins->n + e;
            bins->part[at] *= mask;
            bins->row[at] = mask == 0 ? bins->first[e] : bins->row[at];
        }
}

void
cpu_bins_pack(const struct engine_state *state, uint32_t e)
{
    const struct cpu_bins *bins = &state->bins;
    const size_t n_out = state->layers[0].n_out, at = bins->first[e] * n_out;
    const float *B = state->values[ENGINE_PARAM][state->network->layers[0].bins];
    state->kernels->sum_below(bins->first[e + 1] - bins->first[e], n_out, B + at, bins->below + at);
}

void
cpu_bins_forward(struct engine_state *state, size_t r, size_t m)
{
    const struct cpu_bins *bins = &state->bins;
    const struct cpu_layer *layer = &state->layers[0];
    const float *B = state->values[ENGINE_PARAM][state->network->layers[0].bins];
    state->kernels->add_bins(m, layer->n_out, bins->n, bins->first, B, bins->below, bins->row + r * bins->n,
                             bins->part + r * bins->n, bins->scale, layer->h + r * layer->ld, layer->ld);
}

void
cpu_bins_gradient(struct engine_state *state, uint32_t e, size_t rows, float *dB)
{
    const struct cpu_bins *bins = &state->bins;
    const struct cpu_layer *layer = &state->layers[0];
    const uint32_t first = bins->first[e], n = bins->first[e + 1] - first;
    state->kernels->bins_gradient(rows, layer->n_out, n, bins->row + e, bins->part + e, bins->n, first, bins->scale,
                                  layer->dz, layer->ld, bins->where + (size_t) first * CPU_CHUNK_BLOCKS,
                                  bins->scratch + (size_t) first * CPU_BIN_LEVELS * CPU_BIN_WIDTH,
                                  dB + (size_t) first * layer->n_out);
}
