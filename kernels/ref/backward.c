#include <string.h>

#include "numerics.h"
#include "ref.h"

/*
 * Back-propagation, Rumelhart, Hinton and Williams 1986: dh[i] = sum_j dz[j] W[i,j] of the layer above, outputs
 * ascending (rule 1); dz = dh * q with q = d h / d z, dropout included.
 */
void
ref_backward_row(struct engine_state *state, uint32_t lowest, uint32_t r)
{
    const struct network *network = state->network;
    for (uint32_t l = network->n_layers - 1; l > lowest; l--) {
        const struct layer *layer = &network->layers[l];
        const float *W = state->values[ENGINE_PARAM][layer->weight];
        const float *dz = state->layers[l].dz + (uint64_t) r * layer->n_out;
        const float *q = state->layers[l - 1].q + (uint64_t) r * layer->n_in;
        float *below = state->layers[l - 1].dz + (uint64_t) r * layer->n_in;
        for (uint64_t i = 0; i < layer->n_in; i++) {
            float dh = 0;
            for (uint64_t j = 0; j < layer->n_out; j++)
                dh = fmaf(dz[j], W[i * layer->n_out + j], dh);
            below[i] = dh * q[i];
        }
    }
}

/* dW[i,j] = sum_r x[r,i] dz[r,j], a chain of fma over the rows of the block. */
static void
weight_gradient(const struct engine_state *state, uint32_t l, uint32_t n, float *dW)
{
    const struct layer *layer = &state->network->layers[l];
    uint64_t n_in = layer->n_in, n_out = layer->n_out;
    for (uint32_t r = 0; r < n; r++) {
        const float *x = l == 0 ? state->x[r] : state->layers[l - 1].h + r * n_in;
        const float *dz = state->layers[l].dz + r * n_out;
        for (uint64_t i = 0; i < n_in; i++)
            for (uint64_t j = 0; j < n_out; j++)
                dW[i * n_out + j] = fmaf(x[i], dz[j], dW[i * n_out + j]);
    }
}

/* db[j] = sum_r dz[r,j]; dC_k[v,j] = sum of dz[r,j] over the rows r with code v: chains of +. */
static void
bias_gradient(const struct engine_state *state, uint32_t l, uint32_t n, float *db)
{
    uint64_t n_out = state->network->layers[l].n_out;
    for (uint32_t r = 0; r < n; r++)
        for (uint64_t j = 0; j < n_out; j++)
            db[j] += state->layers[l].dz[r * n_out + j];
}

static void
category_gradient(const struct engine_state *state, uint32_t k, uint32_t n, float *dC)
{
    uint64_t n_out = state->network->layers[0].n_out;
    for (uint32_t r = 0; r < n; r++)
        for (uint64_t j = 0; j < n_out; j++)
            dC[state->c[r][k] * n_out + j] += state->layers[0].dz[r * n_out + j];
}

void
ref_block_gradient(struct engine_state *state, uint32_t n, float **gradient)
{
    const struct network *network = state->network;
    for (uint32_t p = 0; p < network->n_params; p++) {
        const struct param *param = &network->params[p];
        memset(gradient[p], 0, param->rows * param->cols * sizeof(float));
        if (!plan_trainable(network, p))
            continue;
        switch (param->kind) {
        case PARAM_WEIGHT:
            weight_gradient(state, param->layer, n, gradient[p]);
            break;
        case PARAM_BIAS:
            bias_gradient(state, param->layer, n, gradient[p]);
            break;
        case PARAM_CATEGORY:
            category_gradient(state, param->category, n, gradient[p]);
            break;
        }
    }
}

void
ref_gradient_add(const struct engine_state *state, float **to, float **from)
{
    for (uint32_t p = 0; p < state->network->n_params; p++)
        for (uint64_t i = 0; i < state->network->params[p].rows * state->network->params[p].cols; i++)
            to[p][i] = to[p][i] + from[p][i];
}
