/*
 * The forward pass in double, written once more from what a network is: for tests by differences. theta: [n_params].
 */
#ifndef CL_DOUBLES_H
#define CL_DOUBLES_H

#include <math.h>

#include "fixture.h"

enum { DOUBLES_WIDEST = 80 };
#define DOUBLES_NO_DROPOUT UINT64_MAX /* in place of a step */

/* The parameters, in an arena. */
static inline double **
doubles_open(const struct fixture *f, struct arena *arena)
{
    double **theta = arena_array(arena, f->network.n_params, sizeof *theta);
    for (uint32_t p = 0; p < f->network.n_params; p++) {
        uint64_t n = f->network.params[p].rows * f->network.params[p].cols;
        theta[p] = arena_array(arena, n, sizeof **theta);
        for (uint64_t i = 0; i < n; i++)
            theta[p][i] = (double) f->network.params[p].data[i];
    }
    return theta;
}

static inline double
doubles_activate(enum activation activation, double z)
{
    switch (activation) {
    case ACT_RELU:
        return z > 0 ? z : 0;
    case ACT_LEAKY_RELU:
        return z > 0 ? z : 0.01 * z;
    case ACT_TANH:
        return tanh(z);
    case ACT_SIGMOID:
        return 1 / (1 + exp(-z));
    case ACT_GELU:
        return 0.5 * z * (1 + erf(z / sqrt(2)));
    case ACT_SILU:
        return z / (1 + exp(-z));
    default:
        return z;
    }
}

/* To mean 0 and variance 1 over the units, then gain and shift. */
static inline void
doubles_normalise(uint32_t n, const double *gain, const double *shift, double *z)
{
    double mean = 0, variance = 0;
    for (uint32_t j = 0; j < n; j++)
        mean += z[j] / n;
    for (uint32_t j = 0; j < n; j++)
        variance += pow(z[j] - mean, 2) / n;
    for (uint32_t j = 0; j < n; j++)
        z[j] = gain[j] * (z[j] - mean) / sqrt(variance + 1e-5) + shift[j];
}

/* What unit j of a layer, or of the input, is multiplied by in training: row r of the batch of a step. */
static inline double
doubles_mask(const struct fixture *f, uint32_t layer, float p, uint64_t step, uint64_t r, uint32_t j)
{
    uint32_t bits[4], counter[4] = {(uint32_t) step, (uint32_t) (step >> 32), (uint32_t) r, j / 4};
    if (!(p > 0) || step == DOUBLES_NO_DROPOUT)
        return 1;
    rng_philox(rng_key(f->plan.seed, RNG_DROPOUT, layer), counter, bits);
    return rng_unit(bits[j % 4]) >= p ? 1 / (1 - (double) p) : 0;
}

/* What all bins of the features give an output. */
static inline double
doubles_bins(const struct network *network, double *const *theta, const float *x, const double *masks, uint32_t output)
{
    const uint32_t n_out = network->layers[0].n_out;
    const double *B = network->n_bins == 0 ? NULL : theta[network->layers[0].bins] + output;
    double sum = 0;
    for (uint32_t j = 0; j < network->n_x && B != NULL; j++)
        for (uint32_t t = 0; t < network->bins[j]; t++, B += n_out) {
            const double *edge = theta[network->edges] + network_edges_of(network, j) + t;
            sum += masks[j] * fmin(fmax(((double) x[j] - edge[0]) / (edge[1] - edge[0]), 0), 1) * *B;
        }
    return sum;
}

/* z of a row, the r-th of the batch of a step. */
static inline void
doubles_forward(const struct fixture *f, double *const *theta, uint64_t step, uint64_t r, const float *x,
                const uint32_t *c, double *z)
{
    const struct network *network = &f->network;
    double row[DOUBLES_WIDEST], masks[DOUBLES_WIDEST], kept[4][DOUBLES_WIDEST], *in = row, *out = row;
    for (uint32_t i = 0; i < network->n_x; i++) {
        masks[i] = doubles_mask(f, UINT32_MAX, network->dropout, step, r, i);
        in[i] = network->softclip > 0 ? (double) x[i] / sqrt(1 + pow((double) x[i] / (double) network->softclip, 2))
                                      : (double) x[i];
        in[i] *= masks[i];
    }
    for (uint32_t l = 0; l < network->n_layers; l++, in = out) {
        const struct layer *layer = &network->layers[l];
        const uint32_t n = layer->n_out;
        out = kept[l];
        for (uint32_t j = 0; j < n; j++) {
            out[j] = theta[layer->bias][j] + (l == 0 ? doubles_bins(network, theta, x, masks, j) : 0);
            for (uint32_t i = 0; i < layer->n_in; i++)
                out[j] += in[i] * theta[layer->weight][i * n + j];
            for (uint32_t k = 0; l == 0 && k < network->n_c; k++)
                out[j] += theta[layer->category0 + k][c[k] * n + j];
        }
        if (layer->norm == NORM_LAYER)
            doubles_normalise(n, theta[layer->gain], theta[layer->shift], out);
        for (uint32_t j = 0; j < n && l + 1 < network->n_layers; j++) {
            out[j] = doubles_activate(layer->activation, out[j]);
            out[j] *= doubles_mask(f, l, layer->dropout, step, r, j);
            if (layer->skip >= 0)
                out[j] += kept[layer->skip][j];
        }
    }
    memcpy(z, out, network_outputs(network) * sizeof *z);
}

#endif
