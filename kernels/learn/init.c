#include "init.h"

#include <math.h>
#include <string.h>

static const char *const names[INIT_COUNT] = {"auto", "glorot-uniform", "glorot-normal", "he-uniform", "he-normal"};

const char *
init_name(enum init init)
{
    return names[init];
}

bool
init_parse(const char *name, enum init *init)
{
    for (int i = 0; i < INIT_COUNT; i++)
        if (strcmp(names[i], name) == 0) {
            *init = (enum init) i;
            return true;
        }
    return false;
}

/* Element i from counter i: uniform from the top 53 bits as a fraction in [0, 1), normal by rng_normal. */
static void
fill(float *data, uint64_t first, uint64_t n, struct rng_key key, bool normal, double sigma)
{
    double limit = sqrt(3.0) * sigma;
    for (uint64_t i = first; i < n; i++) {
        double unit = normal ? rng_normal(key, i) : (double) (rng_u64(key, i) >> 11) * 0x1p-52 - 1;
        data[i] = (float) (unit * (normal ? sigma : limit));
    }
}

void
init_network(struct network *network, enum init init, uint64_t seed)
{
    init_for(network, init, seed, RNG_INIT);
}

void
init_for(struct network *network, enum init init, uint64_t seed, enum rng_purpose purpose)
{
    for (uint32_t p = 0; p < network->n_params; p++) {
        struct param *param = &network->params[p];
        const struct layer *layer = &network->layers[param->layer];
        uint64_t n = param->rows * param->cols, zeros = param->kind == PARAM_CATEGORY ? param->cols : 0;
        enum init kind = init == INIT_AUTO ? INIT_GLOROT_UNIFORM : init;
        bool he = kind == INIT_HE_UNIFORM || kind == INIT_HE_NORMAL;
        bool normal = kind == INIT_GLOROT_NORMAL || kind == INIT_HE_NORMAL;
        double fan_in = (double) layer->n_in + (layer->input < 0 ? network->n_c + network->n_bins : 0),
               fan_out = layer->n_out;
        double fans = he ? fan_in : fan_in + fan_out;
        if (param->kind == PARAM_BIAS || param->kind == PARAM_SHIFT) {
            memset(param->data, 0, n * sizeof(float));
            continue;
        }
        if (param->kind == PARAM_EDGES)
            continue;
        if (param->kind == PARAM_GAIN) {
            for (uint64_t i = 0; i < n; i++)
                param->data[i] = 1;
            continue;
        }
        memset(param->data, 0, zeros * sizeof(float));
        fill(param->data, zeros, n, rng_key(seed, purpose, p), normal, sqrt(2.0 / (fans > 0 ? fans : 1)));
    }
}
