#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "cpu.h"
#include "memory.h"
#include "numerics.h"

enum {
    CHUNK_BYTES = 1 << 20, /* what the activations of a chunk may take: they should stay in the cache, */
    CHUNK_TIMES = 8,       /* unless that is less than so many times the parameters, whose gradients it adds */
    PADDING_ROWS = CPU_ROW_STEP + CPU_SPARE_ROWS, /* after those of a chunk */
};

void *
cpu_large_pages(void *p, size_t bytes)
{
    enum { LARGE = 1 << 21, PAGE = 1 << 12 };
    size_t skip = -(uintptr_t) p % PAGE;
    if (bytes >= 2 * LARGE)
        madvise((char *) p + skip, bytes - skip, MADV_HUGEPAGE); /* refused: small pages do as well */
    return p;
}

float *
cpu_floats(size_t n, size_t size)
{
    size_t count, bytes;
    if (!size_mul(n, size, &count) || !size_mul(count, sizeof(float), &bytes) || bytes > SIZE_MAX / 2)
        bytes = SIZE_MAX / 2;
    bytes += CPU_ALIGN * sizeof(float);
    return memset(cpu_large_pages(mem_aligned(bytes), bytes), 0, bytes);
}

void
cpu_chunk_free(struct engine_state *state)
{
    void *const buffers[] = {state->x,    state->c,    state->y,    state->label, state->losses, state->row,
                             state->soft, state->part, state->next, state->last,  state->head,   state->stack};
    for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++)
        free(buffers[i]);
    for (uint32_t l = 0; l < state->network->n_layers; l++) {
        struct cpu_layer *layer = &state->layers[l];
        float *const own[] = {layer->h, layer->q, layer->dz, layer->u, layer->dy, layer->inverse, layer->dh};
        for (size_t i = 0; i < sizeof own / sizeof *own; i++)
            free(own[i]);
    }
}

/* A power of two of blocks. */
size_t
cpu_chunk_most(const struct engine_state *state)
{
    size_t row_bytes = (state->ld_x + state->network->n_c) * sizeof(float), blocks = CPU_CHUNK_BLOCKS;
    size_t bytes = CHUNK_TIMES * sizeof(float) * (size_t) network_size(state->network);
    for (uint32_t l = 0; l < state->network->n_layers; l++) {
        const struct layer *layer = &state->network->layers[l];
        size_t buffers = 3 + (layer->norm != NORM_NONE ? 2 : 0) + (layer->skip >= 0 ? 1 : 0);
        row_bytes += buffers * state->layers[l].ld * sizeof(float);
    }
    while (blocks > 1 && blocks * NUM_BLOCK_ROWS * row_bytes > (bytes < CHUNK_BYTES ? CHUNK_BYTES : bytes))
        blocks /= 2;
    return blocks * NUM_BLOCK_ROWS;
}

void
cpu_chunk_reserve(struct engine_state *state, uint64_t rows)
{
    size_t most = state->chunk_most, n = rows < most ? (size_t) rows : most, n_c = state->network->n_c;
    if (n <= state->chunk_rows)
        return;
    cpu_chunk_free(state);
    size_t padded = n + PADDING_ROWS;
    state->chunk_rows = n;
    state->x = cpu_floats(padded, state->ld_x);
    cpu_bins_reserve(state, n);
    state->c = mem_array(n * n_c, sizeof *state->c);
    state->row = mem_array(n, sizeof *state->row);
    for (uint32_t l = 0; l < state->network->n_layers; l++)
        state->layers[l].h = cpu_activations(state, l);
    if (!state->learns)
        return;
    state->y = cpu_floats(n, network_outputs(state->network));
    state->label = mem_zalloc(n, sizeof *state->label);
    state->losses = cpu_floats(n, 1);
    state->soft = cpu_floats(n, 3 * state->layers[state->network->n_layers - 1].ld);
    state->part = mem_array(n, sizeof *state->part);
    state->next = mem_array(n * n_c, sizeof *state->next);
    state->last = mem_array(n * n_c, sizeof *state->last);
    state->head = mem_array(n * n_c, sizeof *state->head);
    state->stack = cpu_floats(n_c * (CPU_CHUNK_BLOCKS + 1), state->layers[0].ld);
    for (uint32_t l = 0; l < state->network->n_layers; l++) {
        struct cpu_layer *layer = &state->layers[l];
        layer->q = cpu_activations(state, l);
        layer->dz = cpu_activations(state, l);
        if (state->network->layers[l].norm != NORM_NONE) {
            layer->u = cpu_activations(state, l);
            layer->dy = cpu_activations(state, l);
            layer->inverse = cpu_floats(padded, 1);
        }
        if (state->network->layers[l].skip >= 0)
            layer->dh = cpu_activations(state, l);
    }
}

float *
cpu_activations(const struct engine_state *state, uint32_t layer)
{
    return cpu_floats(state->chunk_rows + PADDING_ROWS, state->layers[layer].ld);
}
