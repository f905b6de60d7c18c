#include "numerics.h"
#include "ref.h"

/*
 * The encoding of numeric features times the weights of their bins: the sum of the rows below the bin of x, and its
 * part of that row; both times the mask of the feature.
 */
static void
add_bins(const struct engine_state *state, const float *x, const float *masks, float *z)
{
    const struct network *network = state->network;
    uint64_t n_out = network->layers[0].n_out;
    const float *edges = state->values[ENGINE_PARAM][network->edges];
    const float *B = state->values[ENGINE_PARAM][network->layers[0].bins];
    for (uint32_t i = 0; i < network->n_x; i++) {
        const float mask = masks == NULL ? 1 : masks[i];
        float f;
        if (network->bins[i] == 0)
            continue;
        uint32_t bin = ref_masked_bin(edges, network->bins[i], x[i], mask, &f);
        for (uint64_t j = 0; j < n_out; j++) {
            float below = 0;
            for (uint32_t k = 0; k < bin; k++)
                below = below + B[k * n_out + j];
            z[j] = z[j] + mask * below;
            z[j] = fmaf(f, B[bin * n_out + j], z[j]);
        }
        edges += network->bins[i] + 1;
        B += network->bins[i] * n_out;
    }
}

/*
 * z[j] = b[j] + sum_i x[i] W[i,j] + bins + sum_k C_k[c[k], j], terms in this order (rule 1), x[i] in the first layer
 * being clipped and times its mask. A category adds the row of its code: the product with a one-hot vector, without the
 * zeros.
 */
void
ref_dense(const struct engine_state *state, uint32_t layer, const float *x, const float *masks, const uint32_t *c,
          float *z)
{
    const struct layer *l = &state->network->layers[layer];
    float **params = state->values[ENGINE_PARAM];
    const float *W = params[l->weight], *b = params[l->bias];
    uint64_t n_out = l->n_out;
    for (uint64_t j = 0; j < n_out; j++)
        z[j] = b[j];
    for (uint64_t i = 0; i < l->n_in; i++) {
        const float mask = masks == NULL ? 1 : masks[i];
        for (uint64_t j = 0; j < n_out; j++)
            z[j] = fmaf(layer == 0 ? ref_input(state->network, x[i]) * mask : x[i], W[i * n_out + j], z[j]);
    }
    if (layer == 0 && state->network->n_bins > 0)
        add_bins(state, x, masks, z);
    for (uint32_t k = 0; c != NULL && k < state->network->n_c; k++)
        for (uint64_t j = 0; j < n_out; j++)
            z[j] = z[j] + params[l->category0 + k][c[k] * n_out + j];
}

/*
 * Dropout, Srivastava et al. 2014, section 10 (inverted form): a unit survives with probability 1 - p and is then
 * divided by it. Rule 5 says which random bits decide. Numeric features of the row are units, too: what is dropped, or
 * divided, is all that the first layer takes of one.
 */
static float
dropout_mask(const struct plan *plan, uint32_t layer, float p, uint64_t step, uint64_t batch_row, uint32_t unit)
{
    uint32_t counter[4] = {(uint32_t) step, (uint32_t) (step >> 32), (uint32_t) batch_row, unit / 4}, bits[4];
    rng_philox(rng_key(plan->seed, RNG_DROPOUT, layer), counter, bits);
    return rng_unit(bits[unit % 4]) >= p ? (float) (1 / (1 - (double) p)) : 0.0f;
}

void
ref_forward_row(struct engine_state *state, const struct plan *plan, uint64_t step, uint32_t r, uint64_t batch_row)
{
    const struct network *network = state->network;
    float **params = state->values[ENGINE_PARAM];
    const float *x = state->x[r], *masks = state->masks + (uint64_t) r * network->n_x;
    const uint32_t *c = state->c[r];
    for (uint32_t j = 0; j < network->n_x; j++)
        state->masks[(uint64_t) r * network->n_x + j] =
            plan != NULL && network->dropout > 0
                ? dropout_mask(plan, NUM_DROPOUT_INPUT, network->dropout, step, batch_row, j)
                : 1;
    for (uint32_t l = 0; l < network->n_layers; l++) {
        const struct layer *layer = &network->layers[l];
        const struct ref_layer *own = &state->layers[l];
        uint64_t at = (uint64_t) r * layer->n_out;
        float *h = own->h + at, *q = own->q + at;
        ref_dense(state, l, x, masks, c, h);
        if (layer->norm == NORM_LAYER)
            own->inverse[r] = ref_normalise(layer->n_out, params[layer->gain], params[layer->shift], h, own->u + at);
        for (uint32_t j = 0; j < layer->n_out && l + 1 < network->n_layers; j++) {
            float y = h[j], a = num_activate(layer->activation, y);
            h[j] = a;
            q[j] = num_activate_slope(layer->activation, y, a);
            if (plan != NULL && layer->dropout > 0) {
                float mask = dropout_mask(plan, l, layer->dropout, step, batch_row, j);
                h[j] *= mask;
                q[j] *= mask;
            }
            if (layer->skip >= 0)
                h[j] = h[j] + state->layers[layer->skip].h[at + j];
        }
        x = h;
        masks = NULL;
        c = NULL;
    }
}
