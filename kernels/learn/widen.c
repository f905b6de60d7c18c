#include "widen.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "frozen.h"
#include "memory.h"
#include "rng.h"

/* Rows that scale the units, and the spread of where they begin. */
enum { SAMPLE = 2048 };
#define BIAS_SIGMA 0.5

/* The layers that stay, as network_make() is asked for them; the output layer is to be solved for. */
static void
make_network(struct network *to, const struct network *from, uint32_t n_hidden, uint32_t n_random, struct arena *arena)
{
    const uint32_t n = n_hidden > 0 ? n_hidden : n_random > 0;
    struct hidden *hidden = arena_zalloc(arena, n + 1, sizeof *hidden);
    hidden[0] = (struct hidden){.activation = ACT_RELU, .skip = -1};
    for (uint32_t l = 0; l < n_hidden; l++) {
        const struct layer *layer = &from->layers[l];
        hidden[l] = (struct hidden){layer->n_out, layer->activation, layer->norm, layer->dropout, layer->skip};
    }
    if (n > 0)
        hidden[n - 1].width += n_random;
    network_make(to, arena, from->n_x, &(struct encoding){from->softclip, from->bins, from->dropout}, from->n_c,
                 from->c_sizes, from->c_names, hidden, n, from->layers[from->n_layers - 1].n_out);
}

/* Parameters of layers that stay, as the left part of what they are now. */
static void
copy_params(struct network *to, const struct network *from, uint32_t n_hidden)
{
    for (uint32_t p = 0; p < from->n_params; p++) {
        const struct param *old = &from->params[p];
        if (old->kind == PARAM_EDGES) {
            memcpy(to->params[to->edges].data, old->data, old->rows * old->cols * sizeof *old->data);
            continue;
        }
        if (old->layer >= n_hidden)
            continue;
        const struct param *new = &to->params[p]; /* layers below, and what they have, are the same */
        for (uint64_t i = 0; i < old->rows; i++)
            memcpy(new->data + i *new->cols, old->data + i * old->cols, old->cols * sizeof *old->data);
    }
}

/* Some of the rows, one after the other; with no targets. */
static struct rowset
sample_rows(const struct rowset *rows, const struct network *network, struct arena *arena)
{
    const uint64_t n = rows->n < SAMPLE ? rows->n : SAMPLE, d = network->n_x, k = network->n_c;
    float *x = arena_array(arena, n * d, sizeof *x);
    uint32_t *c = arena_array(arena, n * k, sizeof *c);
    for (uint64_t i = 0; i < n; i++) {
        const uint64_t row = i * rows->n / n;
        if (d > 0)
            memcpy(x + i * d, rows->x + row * d, d * sizeof *x);
        if (k > 0)
            memcpy(c + i * k, rows->c + row * k, k * sizeof *c);
    }
    return (struct rowset){.n = n, .x = d > 0 ? x : NULL, .c = k > 0 ? c : NULL};
}

/* Columns [first, cols) of what multiplies the input of the layer. */
static void
draw_weights(struct network *network, uint32_t l, uint64_t first, uint64_t seed)
{
    for (uint32_t p = 0; p < network->n_params; p++) {
        struct param *param = &network->params[p];
        const struct rng_key key = rng_key(seed, RNG_WIDEN, p);
        if (param->layer != l || param->kind == PARAM_EDGES || param->kind == PARAM_BIAS)
            continue;
        for (uint64_t i = param->kind == PARAM_CATEGORY; i < param->rows; i++) /* the code of the unseen: zeros */
            for (uint64_t j = first; j < param->cols; j++)
                param->data[i * param->cols + j] = (float) rng_normal(key, i * (param->cols - first) + (j - first));
    }
}

/* Scales the column j of all that enters a unit, and sets its bias. */
static void
scale_unit(struct network *network, uint32_t l, uint64_t j, double factor, double bias)
{
    for (uint32_t p = 0; p < network->n_params; p++) {
        struct param *param = &network->params[p];
        if (param->layer != l || param->kind == PARAM_EDGES)
            continue;
        for (uint64_t i = 0; i < param->rows; i++) {
            float *at = &param->data[i * param->cols + j];
            *at = param->kind == PARAM_BIAS ? (float) bias : (float) (factor * (double) *at);
        }
    }
}

static int
scale_units(struct network *network, uint32_t l, uint64_t first, const struct rowset *sample,
            const struct engine *engine, unsigned threads, uint64_t seed, struct error *error)
{
    const uint64_t width = network->layers[l].n_out, n = sample->n;
    const struct rng_key key = rng_key(seed, RNG_WIDEN, network->layers[l].bias);
    float *z = mem_array(n * width, sizeof *z);
    if (features_before(network, engine, threads, sample, z, error) < 0) {
        free(z);
        return -1;
    }
    for (uint64_t j = first; j < width; j++) {
        double mean = 0, squares = 0;
        for (uint64_t i = 0; i < n; i++)
            mean += (double) z[i * width + j];
        mean /= (double) n;
        for (uint64_t i = 0; i < n; i++)
            squares += ((double) z[i * width + j] - mean) * ((double) z[i * width + j] - mean);
        const double sigma = sqrt(squares / (double) n), factor = sigma > 0 && isfinite(1 / sigma) ? 1 / sigma : 1;
        scale_unit(network, l, j, factor, BIAS_SIGMA * rng_normal(key, j - first) - factor * mean);
    }
    free(z);
    return 0;
}

int
widen_network(struct model *model, uint32_t n_hidden, uint32_t n_random, const struct rowset *rows,
              const struct engine *engine, unsigned threads, uint64_t seed, struct error *error)
{
    const struct network *from = &model->network;
    const struct layer *last = n_hidden > 0 ? &from->layers[n_hidden - 1] : NULL;
    if (n_random > 0 && last != NULL && (last->norm != NORM_NONE || last->skip >= 0))
        return error_set(
            error, STATUS_USAGE,
            "--widen: layer '%s' has a norm or adds an earlier layer, so no unit can be put beside its own "
            "(--features takes another layer)",
            last->name);
    if (n_random > 0 && (uint64_t) n_random + (last != NULL ? last->n_out : 0) > UINT32_MAX)
        return error_set(error, STATUS_USAGE, "--widen %u: too many units", n_random);
    struct network to;
    make_network(&to, from, n_hidden, n_random, &model->arena);
    copy_params(&to, from, n_hidden);
    if (n_random > 0) {
        const uint32_t l = to.n_layers - 2;
        const uint64_t first = to.layers[l].n_out - n_random;
        struct arena scratch = {0};
        const struct rowset sample = sample_rows(rows, from, &scratch);
        draw_weights(&to, l, first, seed);
        const int status = scale_units(&to, l, first, &sample, engine, threads, seed, error);
        arena_free(&scratch);
        if (status < 0)
            return -1;
    }
    model->network = to;
    return 0;
}
