#include "average.h"

#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "numerics.h"

/* The fewest steps between looks. */
enum { AVERAGE_STEPS = 16 };

struct average {
    const struct network *network;
    double decay;
    float **mean; // [n_params] each [rows, cols]
    float **own;  // [n_params] the engine's, while the mean is shown; room for looking at other times
};

static size_t
count(const struct network *network, uint32_t p)
{
    return (size_t) (network->params[p].rows * network->params[p].cols);
}

struct average *
average_open(const struct network *network, double decay)
{
    struct average *average = mem_alloc(sizeof *average);
    *average = (struct average){
        .network = network,
        .decay = decay,
        .mean = mem_array(network->n_params, sizeof *average->mean),
        .own = mem_array(network->n_params, sizeof *average->own),
    };
    for (uint32_t p = 0; p < network->n_params; p++) {
        average->mean[p] = mem_array(count(network, p), sizeof(float));
        average->own[p] = mem_array(count(network, p), sizeof(float));
        memcpy(average->mean[p], network->params[p].data, count(network, p) * sizeof(float));
    }
    return average;
}

void
average_close(struct average *average)
{
    if (average == NULL)
        return;
    for (uint32_t p = 0; p < average->network->n_params; p++) {
        free(average->mean[p]);
        free(average->own[p]);
    }
    free(average->mean);
    free(average->own);
    free(average);
}

/* A look goes over every parameter, a step over the rows of category tables that it meets. */
uint64_t
average_every(const struct network *network, uint64_t batch)
{
    uint64_t all = 0, met = 0;
    for (uint32_t p = 0; p < network->n_params; p++) {
        const struct param *param = &network->params[p];
        bool few = param->kind == PARAM_CATEGORY && batch < param->rows;
        all += param->rows * param->cols;
        met += (few ? batch : param->rows) * param->cols;
    }
    uint64_t every = met > 0 ? all / met : 0;
    return every > AVERAGE_STEPS ? every : AVERAGE_STEPS;
}

int
average_take(struct average *average, const struct engine *engine, struct engine_state *state, uint64_t step,
             uint64_t n, struct error *error)
{
    double warm = (1 + (double) step) / (10 + (double) step);
    double decay = warm < average->decay ? warm : average->decay;
    float rest = (float) (1 - num_power(decay, n));
    for (uint32_t p = 0; p < average->network->n_params; p++) {
        const float *theta = average->own[p];
        float *mean = average->mean[p];
        if (engine->read(state, ENGINE_PARAM, p, average->own[p], error) < 0)
            return -1;
        for (size_t i = 0; i < count(average->network, p); i++)
            mean[i] += rest * (theta[i] - mean[i]);
    }
    return 0;
}

int
average_show(struct average *average, const struct engine *engine, struct engine_state *state, struct error *error)
{
    for (uint32_t p = 0; p < average->network->n_params; p++)
        if (engine->read(state, ENGINE_PARAM, p, average->own[p], error) < 0 ||
            engine->write(state, ENGINE_PARAM, p, average->mean[p], error) < 0)
            return -1;
    return 0;
}

int
average_hide(struct average *average, const struct engine *engine, struct engine_state *state, struct error *error)
{
    for (uint32_t p = 0; p < average->network->n_params; p++)
        if (engine->write(state, ENGINE_PARAM, p, average->own[p], error) < 0)
            return -1;
    return 0;
}

float *
average_values(struct average *average, uint32_t param)
{
    return average->mean[param];
}
