#include "frozen.h"

#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "numerics.h"
#include "ref/ref.h"

/* Rows that go through the network at once. */
enum { ROWS = 1024 };

struct features {
    const struct network *network;
    struct network cut; /* of which the engine gives outputs: up to the last hidden layer */
    struct arena arena;
    const struct engine *engine;
    struct engine_state *state; /* NULL without a hidden layer */
    enum activation activation; /* that is still to be applied to its outputs */
    float *z;                   // [ROWS, width]
};

static const struct layer *
last_hidden(const struct network *network)
{
    return network->n_layers > 1 ? &network->layers[network->n_layers - 2] : NULL;
}

uint64_t
features_count(const struct network *network)
{
    const struct layer *hidden = last_hidden(network);
    if (hidden != NULL)
        return hidden->n_out;
    uint64_t n = (uint64_t) network->n_x + network->n_bins;
    for (uint32_t k = 0; k < network->n_c; k++)
        n += network->c_sizes[k];
    return n;
}

void
features_places(const struct network *network, struct feature_place *places)
{
    uint64_t n = 0;
    for (uint32_t p = 0; p < network->n_params; p++) {
        const struct param *param = &network->params[p];
        const bool multiplies =
            param->kind == PARAM_WEIGHT || param->kind == PARAM_CATEGORY || param->kind == PARAM_BINS;
        for (uint64_t i = 0; param->layer == network->n_layers - 1 && multiplies && i < param->rows; i++)
            places[n++] = (struct feature_place){p, i};
    }
}

/* ---- with hidden layers ---- */

/* Parameters of the layers below `end`, and the edges, which stand behind all of them. */
static void
keep_params(struct network *cut, const struct network *network, uint32_t end, uint32_t room, struct arena *arena)
{
    cut->params = arena_array(arena, network->n_params + room, sizeof *cut->params);
    cut->n_params = 0;
    for (uint32_t p = 0; p < network->n_params; p++)
        if (network->params[p].layer < end && network->params[p].kind != PARAM_EDGES)
            cut->params[cut->n_params++] = network->params[p];
}

static void
keep_edges(struct network *cut, const struct network *network)
{
    if (network->n_bins == 0)
        return;
    cut->edges = cut->n_params;
    cut->params[cut->n_params++] = network->params[network->edges];
}

/* The last hidden layer as an output layer: a linear one. */
static void
cut_before(struct network *cut, const struct network *network, struct arena *arena)
{
    *cut = *network;
    cut->n_layers--;
    cut->layers = arena_array(arena, cut->n_layers, sizeof *cut->layers);
    memcpy(cut->layers, network->layers, cut->n_layers * sizeof *cut->layers);
    cut->layers[cut->n_layers - 1].activation = ACT_NONE;
    cut->layers[cut->n_layers - 1].dropout = 0;
    keep_params(cut, network, cut->n_layers, 1, arena);
    keep_edges(cut, network);
}

/* Behind the last hidden layer one that passes it on: of a layer with trimmings only the engine knows what it gives. */
static void
cut_behind(struct network *cut, const struct network *network, struct arena *arena)
{
    const uint64_t d = last_hidden(network)->n_out;
    *cut = *network;
    cut->layers = arena_array(arena, cut->n_layers, sizeof *cut->layers);
    memcpy(cut->layers, network->layers, cut->n_layers * sizeof *cut->layers);
    keep_params(cut, network, cut->n_layers - 1, 3, arena);
    struct layer *output = &cut->layers[cut->n_layers - 1];
    output->n_out = (uint32_t) d;
    output->weight = cut->n_params;
    output->bias = cut->n_params + 1;
    struct param *weight = &cut->params[cut->n_params++], *bias = &cut->params[cut->n_params++];
    *weight = network->params[network->layers[network->n_layers - 1].weight];
    *bias = network->params[network->layers[network->n_layers - 1].bias];
    weight->cols = bias->cols = d;
    weight->data = arena_zalloc(arena, d * d, sizeof *weight->data);
    bias->data = arena_zalloc(arena, d, sizeof *bias->data);
    for (uint64_t i = 0; i < d; i++)
        weight->data[i * d + i] = 1;
    keep_edges(cut, network);
}

int
features_open(struct features **result, const struct network *network, const struct engine *engine, unsigned threads,
              struct error *error)
{
    const struct layer *hidden = last_hidden(network);
    struct features *features = mem_zalloc(1, sizeof *features);
    *result = features;
    features->network = network;
    features->engine = engine;
    if (hidden == NULL)
        return 0;
    const bool plain = hidden->norm == NORM_NONE && hidden->skip < 0;
    if (plain)
        cut_before(&features->cut, network, &features->arena);
    else
        cut_behind(&features->cut, network, &features->arena);
    features->activation = plain ? hidden->activation : ACT_NONE;
    features->z = arena_array(&features->arena, (uint64_t) ROWS * hidden->n_out, sizeof *features->z);
    const struct engine_options options = {.threads = threads, .max_rows = ROWS};
    if (engine->open(&features->state, &features->cut, &options, error) == 0)
        return 0;
    features->state = NULL;
    features_close(features);
    *result = NULL;
    return -1;
}

void
features_close(struct features *features)
{
    if (features == NULL)
        return;
    if (features->state != NULL)
        features->engine->close(features->state);
    arena_free(&features->arena);
    free(features);
}

/* ---- rows as they are ---- */

static void
read_row(const struct network *network, const float *x, const uint32_t *c, double *to)
{
    const float *edges = network->n_bins > 0 ? network->params[network->edges].data : NULL;
    double *codes = to + network->n_x, *bins;
    for (uint32_t k = 0; k < network->n_c; codes += network->c_sizes[k++]) {
        memset(codes, 0, network->c_sizes[k] * sizeof *codes);
        codes[c[k]] = 1;
    }
    bins = codes;
    for (uint32_t j = 0; j < network->n_x; j++) {
        const float u = ref_input(network, x[j]);
        to[j] = (double) u;
        if (network->n_bins == 0 || network->bins[j] == 0)
            continue;
        float f;
        const uint32_t n = network->bins[j], bin = ref_bin(edges, n, x[j], &f);
        for (uint32_t b = 0; b < n; b++)
            bins[b] = b < bin ? 1 : b == bin ? (double) f : 0;
        bins += n;
        edges += n + 1;
    }
}

int
features_read(struct features *features, const struct rowset *rows, uint64_t first, uint64_t n, double *to, uint64_t ld,
              struct error *error)
{
    const struct network *network = features->network;
    if (features->state == NULL) {
        for (uint64_t r = 0; r < n; r++)
            read_row(network, rows->x != NULL ? rows->x + (first + r) * network->n_x : NULL,
                     rows->c != NULL ? rows->c + (first + r) * network->n_c : NULL, to + r * ld);
        return 0;
    }
    const uint64_t d = features_count(network);
    for (uint64_t done = 0; done < n; done += ROWS) {
        const uint64_t m = n - done < ROWS ? n - done : ROWS;
        if (features->engine->forward(features->state, rows, first + done, m, features->z, error) < 0)
            return -1;
        for (uint64_t r = 0; r < m; r++)
            for (uint64_t j = 0; j < d; j++)
                to[(done + r) * ld + j] = (double) num_activate(features->activation, features->z[r * d + j]);
    }
    return 0;
}

int
features_before(const struct network *network, const struct engine *engine, unsigned threads, const struct rowset *rows,
                float *z, struct error *error)
{
    struct network cut;
    struct arena arena = {0};
    struct engine_state *state;
    const struct engine_options options = {.threads = threads};
    cut_before(&cut, network, &arena);
    int status = engine->open(&state, &cut, &options, error);
    if (status == 0) {
        status = engine->forward(state, rows, 0, rows->n, z, error);
        engine->close(state);
    }
    arena_free(&arena);
    return status;
}
