#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "numerics.h"
#include "ref.h"

/*
 * Back-propagation, Rumelhart, Hinton and Williams 1986: dh[i] = sum_j dz[j] W[i,j] of the layer above, outputs
 * ascending (rule 1), plus dh of the layers that add h to theirs; dy = dh * q with q = d h / d y, dropout included;
 * dz = dy, or what a norm makes of it.
 */
void
ref_backward_row(struct engine_state *state, uint32_t lowest, uint32_t r)
{
    const struct network *network = state->network;
    for (uint32_t l = network->n_layers - 1; l-- > lowest;) {
        const struct layer *layer = &network->layers[l], *above = &network->layers[l + 1];
        const float *W = state->values[ENGINE_PARAM][above->weight];
        const float *dz_above = state->layers[l + 1].dz + (uint64_t) r * above->n_out;
        const struct ref_layer *own = &state->layers[l];
        uint64_t n = layer->n_out, at = r * n;
        for (uint64_t i = 0; i < n; i++) {
            float dh = 0;
            for (uint64_t j = 0; j < above->n_out; j++)
                dh = fmaf(dz_above[j], W[i * above->n_out + j], dh);
            for (uint32_t m = l + 1; m < network->n_layers; m++)
                if (network->layers[m].skip == (int32_t) l)
                    dh = dh + state->layers[m].dh[at + i];
            own->dh[at + i] = dh;
            own->dy[at + i] = dh * own->q[at + i];
            own->dz[at + i] = own->dy[at + i];
        }
        if (layer->norm == NORM_LAYER)
            ref_normalise_back(layer->n_out, state->values[ENGINE_PARAM][layer->gain], own->u + at, own->inverse[r],
                               own->dy + at, own->dz + at);
    }
}

/* What multiplies dz or dy in a gradient, or its square. */
static float
factor(const struct engine_state *state, float x)
{
    return state->squared ? x * x : x;
}

/* dW[i,j] = sum_r x[r,i] dz[r,j], a chain of fma over the rows of the block. */
static void
weight_gradient(const struct engine_state *state, uint32_t l, uint32_t n, float *dW)
{
    const struct layer *layer = &state->network->layers[l];
    uint64_t n_in = layer->n_in, n_out = layer->n_out;
    for (uint32_t r = 0; r < n; r++) {
        const float *x = l == 0 ? state->x[r] : state->layers[l - 1].h + r * n_in, *masks = state->masks + r * n_in;
        const float *dz = state->layers[l].dz + r * n_out;
        for (uint64_t i = 0; i < n_in; i++) {
            const float input = factor(state, l == 0 ? ref_input(state->network, x[i]) * masks[i] : x[i]);
            for (uint64_t j = 0; j < n_out; j++)
                dW[i * n_out + j] = fmaf(input, dz[j], dW[i * n_out + j]);
        }
    }
}

/* db[j] = sum_r dz[r,j]; dC_k[v,j] = sum of dz[r,j] over the rows r with code v: chains of +. dshift, with dy. */
static void
bias_gradient(const float *dz, uint64_t n_out, uint32_t n, float *db)
{
    for (uint32_t r = 0; r < n; r++)
        for (uint64_t j = 0; j < n_out; j++)
            db[j] += dz[r * n_out + j];
}

/* dgain[j] = sum_r u[r,j] dy[r,j], a chain of fma. */
static void
gain_gradient(const struct engine_state *state, uint32_t l, uint32_t n, float *dgain)
{
    const struct ref_layer *layer = &state->layers[l];
    const uint64_t n_out = state->network->layers[l].n_out;
    for (uint32_t r = 0; r < n; r++)
        for (uint64_t j = 0; j < n_out; j++)
            dgain[j] = fmaf(factor(state, layer->u[r * n_out + j]), layer->dy[r * n_out + j], dgain[j]);
}

static void
category_gradient(const struct engine_state *state, uint32_t k, uint32_t n, float *dC)
{
    uint64_t n_out = state->network->layers[0].n_out;
    for (uint32_t r = 0; r < n; r++)
        for (uint64_t j = 0; j < n_out; j++)
            dC[state->c[r][k] * n_out + j] += state->layers[0].dz[r * n_out + j];
}

/*
 * Of the weights B of the bins of one feature: a row in bin k reaches the weights of all bins below with 1, and that of
 * bin k with f. F[k] and G[k] are sums over the rows in bin k; dB[k] = F[k] + the sum of all G above k. With dropout, f
 * and that sum are times the mask of what survives; rows without the feature are in bin 0, of which no G is above any.
 */
static void
bins_gradient(const struct engine_state *state, uint32_t i, const float *edges, uint32_t n, float *dB)
{
    uint64_t n_out = state->network->layers[0].n_out;
    uint32_t bins = state->network->bins[i];
    float survivor = 1;
    float *G = mem_zalloc(bins * n_out, sizeof *G);
    for (uint32_t r = 0; r < n; r++) {
        const float *dz = state->layers[0].dz + r * n_out;
        float f;
        const float mask = state->masks[r * state->network->n_x + i];
        uint32_t k = ref_masked_bin(edges, bins, state->x[r][i], mask, &f);
        survivor = mask > 0 ? mask : survivor;
        f = factor(state, f);
        for (uint64_t j = 0; j < n_out; j++) {
            dB[k * n_out + j] = fmaf(f, dz[j], dB[k * n_out + j]);
            G[k * n_out + j] = G[k * n_out + j] + dz[j];
        }
    }
    for (uint64_t j = 0; j < n_out; j++) {
        float above = 0;
        for (uint32_t k = bins; k-- > 0;) {
            dB[k * n_out + j] = dB[k * n_out + j] + survivor * above;
            above = above + G[k * n_out + j];
        }
    }
    free(G);
}

static void
all_bins_gradient(const struct engine_state *state, uint32_t n, float *dB)
{
    const struct network *network = state->network;
    const float *edges = state->values[ENGINE_PARAM][network->edges];
    for (uint32_t i = 0; i < network->n_x; i++) {
        if (network->bins[i] == 0)
            continue;
        bins_gradient(state, i, edges, n, dB);
        edges += network->bins[i] + 1;
        dB += (uint64_t) network->bins[i] * network->layers[0].n_out;
    }
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
            bias_gradient(state->layers[param->layer].dz, param->cols, n, gradient[p]);
            break;
        case PARAM_SHIFT:
            bias_gradient(state->layers[param->layer].dy, param->cols, n, gradient[p]);
            break;
        case PARAM_GAIN:
            gain_gradient(state, param->layer, n, gradient[p]);
            break;
        case PARAM_BINS:
            all_bins_gradient(state, n, gradient[p]);
            break;
        case PARAM_EDGES: /* learn nothing */
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
