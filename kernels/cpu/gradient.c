#include <stdlib.h>
#include <string.h>

#include "cpu.h"
#include "memory.h"
#include "numerics.h"

static size_t
size_of(const struct network *network, uint32_t p)
{
    return network->params[p].rows * network->params[p].cols;
}

struct cpu_gradient *
cpu_gradient_open(const struct network *network)
{
    struct cpu_gradient *gradient = mem_alloc(sizeof *gradient);
    gradient->values = mem_array(network->n_params, sizeof *gradient->values);
    gradient->touched = mem_zalloc(network->n_params, sizeof *gradient->touched);
    for (uint32_t p = 0; p < network->n_params; p++) {
        size_t size = size_of(network, p);
        gradient->values[p] = cpu_large_pages(mem_zalloc(size, sizeof(float)), size * sizeof(float));
        if (network->params[p].kind == PARAM_CATEGORY) {
            gradient->touched[p].codes = mem_array(network->params[p].rows, sizeof(uint32_t));
            gradient->touched[p].place = mem_zalloc(network->params[p].rows, sizeof(uint32_t));
        }
    }
    return gradient;
}

void
cpu_gradient_close(const struct network *network, struct cpu_gradient *gradient)
{
    if (gradient == NULL)
        return;
    for (uint32_t p = 0; p < network->n_params; p++) {
        free(gradient->values[p]);
        free(gradient->touched[p].codes);
        free(gradient->touched[p].place);
    }
    free(gradient->values);
    free(gradient->touched);
    free(gradient);
}

static void
clear_table(struct cpu_touched *touched)
{
    for (uint32_t i = 0; i < touched->n; i++)
        touched->place[touched->codes[i]] = 0;
    touched->n = 0;
}

void
cpu_gradient_clear(const struct network *network, struct cpu_gradient *gradient)
{
    for (uint32_t p = 0; p < network->n_params; p++)
        if (network->params[p].kind == PARAM_CATEGORY)
            clear_table(&gradient->touched[p]);
}

/* The place of a code, new or old. */
static uint32_t
touch(struct cpu_touched *touched, uint32_t code)
{
    if (touched->place[code] == 0) {
        touched->codes[touched->n] = code;
        touched->place[code] = ++touched->n;
    }
    return touched->place[code] - 1;
}

void
cpu_gradient_read(const struct network *network, const struct cpu_gradient *gradient, uint32_t param, float *to)
{
    size_t cols = network->params[param].cols, size = size_of(network, param);
    const struct cpu_touched *touched = &gradient->touched[param];
    if (network->params[param].kind != PARAM_CATEGORY) {
        memcpy(to, gradient->values[param], size * sizeof *to);
        return;
    }
    memset(to, 0, size * sizeof *to);
    for (uint32_t i = 0; i < touched->n; i++)
        memcpy(to + touched->codes[i] * cols, gradient->values[param] + touched->codes[i] * cols, cols * sizeof *to);
}

void
cpu_gradient_set(const struct network *network, struct cpu_gradient *gradient, uint32_t param, const float *from)
{
    const struct param *table = &network->params[param];
    clear_table(&gradient->touched[param]);
    for (uint64_t row = 0; row < table->rows; row++)
        for (uint64_t j = 0; j < table->cols; j++)
            if (from[row * table->cols + j] != 0) {
                touch(&gradient->touched[param], (uint32_t) row);
                memcpy(gradient->values[param] + row * table->cols, from + row * table->cols,
                       table->cols * sizeof *from);
                break;
            }
}

void
cpu_gradient_add(const struct engine_state *state, struct cpu_gradient *to, const struct cpu_gradient *from)
{
    const struct network *network = state->network;
    for (uint32_t p = 0; p < network->n_params; p++) {
        size_t cols = network->params[p].cols;
        if (network->params[p].kind != PARAM_CATEGORY) {
            state->kernels->add(size_of(network, p), from->values[p], to->values[p]);
            continue;
        }
        for (uint32_t i = 0; i < from->touched[p].n; i++) {
            uint32_t code = from->touched[p].codes[i], seen = to->touched[p].n;
            if (touch(&to->touched[p], code) == seen)
                memcpy(to->values[p] + code * cols, from->values[p] + code * cols, cols * sizeof(float));
            else
                state->kernels->add(cols, from->values[p] + code * cols, to->values[p] + code * cols);
        }
    }
}

static void
swap(struct cpu_gradient **a, struct cpu_gradient **b)
{
    struct cpu_gradient *t = *a;
    *a = *b;
    *b = t;
}

/* Chunks are whole subtrees, added as by a binary counter. */
void
cpu_chunks(struct engine_state *state, uint64_t first, uint64_t last, void (*chunk)(void *job, uint64_t at, size_t n),
           void *job)
{
    const uint64_t most = state->chunk_most;
    uint32_t depth = 0;
    for (uint64_t index = 0; first + index * most < last; index++) {
        uint64_t at = first + index * most, n = last - at < most ? last - at : most;
        chunk(job, at, (size_t) n);
        for (uint64_t bits = index; bits & 1; bits >>= 1) {
            cpu_gradient_add(state, state->tree[--depth], state->gradient);
            swap(&state->tree[depth], &state->gradient);
        }
        if (at + n < last)
            swap(&state->tree[depth++], &state->gradient);
    }
    while (depth != 0) {
        cpu_gradient_add(state, state->tree[--depth], state->gradient);
        swap(&state->tree[depth], &state->gradient);
    }
}

/* Which of two bits-differing blocks' common ancestors is how high in the binary tree over blocks. */
static unsigned
height(size_t a, size_t b)
{
    return (unsigned) (63 - __builtin_clzll(a ^ b));
}

/*
 * Sum of dz over the rows of one code: a chain in each block it occurs in, blocks by the tree of rule 2. Blocks without
 * the code are zeros of the tree and left out, so blocks that remain meet where their paths meet in the full tree.
 */
static void
sum_of_code(const struct engine_state *state, uint32_t first, const uint32_t *next, float *stack, float *to)
{
    const struct cpu_layer *layer = &state->layers[0];
    const struct cpu_kernels *kernels = state->kernels;
    size_t n = layer->n_out, ld = layer->ld, block[CPU_CHUNK_BLOCKS + 1];
    unsigned depth = 0;
    for (uint32_t r = first; r != UINT32_MAX;) {
        size_t b = r / NUM_BLOCK_ROWS;
        for (; depth >= 2 && height(block[depth - 2], block[depth - 1]) < height(block[depth - 1], b); depth--)
            kernels->add(n, stack + (depth - 1) * ld, stack + (depth - 2) * ld);
        r = kernels->sum_list(n, r, next, (b + 1) * NUM_BLOCK_ROWS, layer->dz, ld, stack + depth * ld);
        block[depth++] = b;
    }
    for (; depth >= 2; depth--)
        kernels->add(n, stack + (depth - 1) * ld, stack + (depth - 2) * ld);
    memcpy(to, stack, n * sizeof *to);
}

static void
category_gradient(struct engine_state *state, uint32_t k, size_t rows, float *values, struct cpu_touched *touched)
{
    size_t n_c = state->network->n_c, n_out = state->layers[0].n_out;
    uint32_t *next = state->next + k * state->chunk_rows, *last = state->last + k * state->chunk_rows;
    uint32_t *head = state->head + k * state->chunk_rows;
    for (uint32_t r = 0; r < rows; r++) {
        uint32_t seen = touched->n, place = touch(touched, state->c[r * n_c + k]);
        if (place == seen)
            head[place] = r;
        else
            next[last[place]] = r;
        last[place] = r;
        next[r] = UINT32_MAX;
    }
    float *stack = state->stack + k * (CPU_CHUNK_BLOCKS + 1) * state->layers[0].ld;
    for (uint32_t i = 0; i < touched->n; i++)
        sum_of_code(state, head[i], next, stack, values + touched->codes[i] * n_out);
}

struct gradient_job {
    struct engine_state *state;
    struct cpu_gradient *gradient;
    size_t rows;
    bool at_once;
};

/* Rows [first, last) of the gradient of a weight. */
static void
weight_gradient(const struct gradient_job *job, const struct cpu_piece *piece, const float *X, size_t ldx, float *dW)
{
    const struct engine_state *state = job->state;
    const struct cpu_layer *layer = &state->layers[state->network->params[piece->param].layer];
    size_t first = piece->first, last = piece->last, n = layer->n_out;
    if (layer->foreign)
        state->products->gradient(job->rows, last - first, n, X + first, ldx, layer->dz, layer->ld, dW + first * n);
    else
        state->kernels->gradient(job->rows, layer->n_in, first, last, n, X, ldx, layer->dz, layer->ld, dW,
                                 job->at_once ? layer->panels : NULL);
}

static void
gradient_task(void *arg, size_t index)
{
    struct gradient_job *job = arg;
    struct engine_state *state = job->state;
    const struct cpu_piece *piece = &state->pieces[index];
    const struct param *param = &state->network->params[piece->param];
    const struct cpu_layer *layer = &state->layers[param->layer];
    float *values = job->gradient->values[piece->param];
    const float *X = param->layer == 0 ? state->x : state->layers[param->layer - 1].h;
    size_t ldx = param->layer == 0 ? state->ld_x : state->layers[param->layer - 1].ld;
    if (param->kind == PARAM_CATEGORY)
        clear_table(&job->gradient->touched[piece->param]);
    if (!plan_trainable(state->network, piece->param)) {
        if (param->kind != PARAM_CATEGORY)
            memset(values + piece->first * param->cols, 0, (piece->last - piece->first) * param->cols * sizeof *values);
        return;
    }
    switch (param->kind) {
    case PARAM_WEIGHT:
        weight_gradient(job, piece, X, ldx, values);
        break;
    case PARAM_BIAS:
        state->kernels->bias_gradient(job->rows, layer->n_out, layer->dz, layer->ld, values);
        break;
    case PARAM_BINS:
        cpu_bins_gradient(state, piece->feature, job->rows, values);
        break;
    case PARAM_EDGES: /* learn nothing */
        break;
    case PARAM_GAIN:
        state->kernels->gain_gradient(job->rows, layer->n_out, layer->ld, layer->u, layer->dy, values);
        break;
    case PARAM_SHIFT:
        state->kernels->bias_gradient(job->rows, layer->n_out, layer->dy, layer->ld, values);
        break;
    case PARAM_CATEGORY:
        category_gradient(state, param->category, job->rows, values, &job->gradient->touched[piece->param]);
        return;
    }
    if (job->at_once)
        cpu_update_piece(state, 1, piece, values);
}

void
cpu_chunk_gradient(struct engine_state *state, struct cpu_gradient *gradient, size_t n, bool wide, bool at_once)
{
    struct gradient_job job = {state, gradient, n, at_once};
    cpu_each(state, wide, state->n_pieces, gradient_task, &job);
}
