#include "network.h"

#include <math.h>
#include <string.h>

static const char *const activation_names[ACT_COUNT] = {"none",    "relu", "leaky-relu", "tanh",
                                                        "sigmoid", "gelu", "silu"};
static const char *const norm_names[NORM_COUNT] = {"none", "layer"};
static const char *const loss_names[LOSS_COUNT] = {"mse", "mae", "huber", "bce", "ce", "poisson", "quantile"};

static bool
name_parse(const char *const *names, int count, const char *name, int *index)
{
    for (int i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0) {
            *index = i;
            return true;
        }
    return false;
}

const char *
norm_name(enum norm norm)
{
    return norm_names[norm];
}

bool
norm_parse(const char *name, enum norm *norm)
{
    int index;
    bool found = name_parse(norm_names, NORM_COUNT, name, &index);
    if (found)
        *norm = (enum norm) index;
    return found;
}

const char *
activation_name(enum activation activation)
{
    return activation_names[activation];
}

bool
activation_parse(const char *name, enum activation *activation)
{
    int index;
    bool found = name_parse(activation_names, ACT_COUNT, name, &index);
    if (found)
        *activation = (enum activation) index;
    return found;
}

const char *
loss_name(enum loss loss)
{
    return loss_names[loss];
}

bool
loss_parse(const char *name, enum loss *loss)
{
    int index;
    bool found = name_parse(loss_names, LOSS_COUNT, name, &index);
    if (found)
        *loss = (enum loss) index;
    return found;
}

/* The next parameter of a layer; its index. */
static uint32_t
add_param(struct network *network, struct arena *arena, uint32_t l, enum param_kind kind, const char *what,
          uint64_t rows)
{
    const struct layer *layer = &network->layers[l];
    network->params[network->n_params] = (struct param){.name = arena_printf(arena, "%s.%s", layer->name, what),
                                                        .kind = kind,
                                                        .layer = l,
                                                        .rows = rows,
                                                        .cols = layer->n_out};
    return network->n_params++;
}

void
network_params(struct network *network, struct arena *arena)
{
    uint32_t most = 1;
    network->n_bins = 0;
    for (uint32_t j = 0; network->bins != NULL && j < network->n_x; j++)
        network->n_bins += network->bins[j];
    for (uint32_t l = 0; l < network->n_layers; l++)
        most +=
            2 + (network->layers[l].input < 0 ? network->n_c : 0) + (network->layers[l].norm != NORM_NONE ? 2 : 0) + 1;
    network->params = arena_zalloc(arena, most, sizeof *network->params);
    network->n_params = 0;
    for (uint32_t l = 0; l < network->n_layers; l++) {
        struct layer *layer = &network->layers[l];
        layer->weight = add_param(network, arena, l, PARAM_WEIGHT, "weight", layer->n_in);
        layer->bias = add_param(network, arena, l, PARAM_BIAS, "bias", 1);
        layer->category0 = network->n_params;
        for (uint32_t k = 0; layer->input < 0 && k < network->n_c; k++) {
            const char *what = arena_printf(arena, "category.%s", network->c_names[k]);
            uint32_t p = add_param(network, arena, l, PARAM_CATEGORY, what, network->c_sizes[k]);
            network->params[p].category = k;
        }
        if (layer->norm != NORM_NONE) {
            layer->gain = add_param(network, arena, l, PARAM_GAIN, "gain", 1);
            layer->shift = add_param(network, arena, l, PARAM_SHIFT, "shift", 1);
        }
        if (layer->input < 0 && network->n_bins > 0)
            layer->bins = add_param(network, arena, l, PARAM_BINS, "bins", network->n_bins);
    }
    if (network->n_bins == 0)
        return;
    network->edges = network->n_params++;
    network->params[network->edges] = (struct param){.name = arena_strdup(arena, "input.edges"),
                                                     .kind = PARAM_EDGES,
                                                     .rows = 1,
                                                     .cols = network_edges_of(network, network->n_x),
                                                     .frozen = true};
}

static void
copy_categories(struct network *network, struct arena *arena, uint32_t n_c, const uint32_t *c_sizes,
                const char *const *c_names)
{
    network->n_c = n_c;
    network->c_sizes = arena_array(arena, n_c, sizeof *network->c_sizes);
    network->c_names = arena_array(arena, n_c, sizeof *network->c_names);
    for (uint32_t k = 0; k < n_c; k++) {
        network->c_sizes[k] = c_sizes[k];
        network->c_names[k] = arena_strdup(arena, c_names[k]);
    }
}

static void
copy_bins(struct network *network, struct arena *arena, const uint32_t *bins)
{
    if (bins == NULL)
        return;
    network->bins = arena_array(arena, network->n_x, sizeof *bins);
    memcpy(network->bins, bins, network->n_x * sizeof *bins);
}

static void
allocate_data(struct network *network, struct arena *arena)
{
    for (uint32_t p = 0; p < network->n_params; p++) {
        struct param *param = &network->params[p];
        size_t count, bytes;
        if (!size_mul(param->rows, param->cols, &count) || !size_mul(count, sizeof(float), &bytes))
            bytes = SIZE_MAX - 4096; /* ends in the sentence of mem_alloc */
        param->data = memset(arena_aligned(arena, bytes), 0, bytes);
    }
}

void
network_make(struct network *network, struct arena *arena, uint32_t n_x, const struct encoding *encoding, uint32_t n_c,
             const uint32_t *c_sizes, const char *const *c_names, const struct hidden *hidden, uint32_t n_hidden,
             uint32_t n_out)
{
    const uint32_t *bins = encoding == NULL ? NULL : encoding->bins;
    memset(network, 0, sizeof *network);
    network->softclip = encoding == NULL ? 0 : encoding->softclip;
    network->dropout = encoding == NULL ? 0 : encoding->dropout;
    network->n_x = n_x;
    copy_categories(network, arena, n_c, c_sizes, c_names);
    network->n_layers = n_hidden + 1;
    network->layers = arena_zalloc(arena, network->n_layers, sizeof *network->layers);
    copy_bins(network, arena, bins);
    uint32_t n_in = n_x;
    for (uint32_t l = 0; l < n_hidden; l++) {
        network->layers[l] = (struct layer){
            .name = arena_printf(arena, "hidden%u", l + 1),
            .kind = LAYER_DENSE,
            .input = (int32_t) l - 1,
            .n_in = n_in,
            .n_out = hidden[l].width,
            .norm = hidden[l].norm,
            .activation = hidden[l].activation,
            .dropout = hidden[l].dropout,
            .skip = hidden[l].skip,
        };
        n_in = hidden[l].width;
    }
    network->layers[n_hidden] = (struct layer){
        .name = arena_strdup(arena, "output"),
        .kind = LAYER_DENSE,
        .input = (int32_t) n_hidden - 1,
        .n_in = n_in,
        .n_out = n_out,
        .activation = ACT_NONE,
        .skip = -1,
    };
    network_params(network, arena);
    allocate_data(network, arena);
}

void
network_dense(struct network *network, struct arena *arena, uint32_t n_x, uint32_t n_c, const uint32_t *c_sizes,
              const char *const *c_names, const uint32_t *hidden, uint32_t n_hidden, enum activation activation,
              float dropout, uint32_t n_out)
{
    struct arena scratch = {NULL};
    struct hidden *layers = arena_array(&scratch, n_hidden, sizeof *layers);
    for (uint32_t l = 0; l < n_hidden; l++)
        layers[l] = (struct hidden){.width = hidden[l], .activation = activation, .dropout = dropout, .skip = -1};
    network_make(network, arena, n_x, NULL, n_c, c_sizes, c_names, layers, n_hidden, n_out);
    arena_free(&scratch);
}

uint64_t
network_edges_of(const struct network *network, uint32_t j)
{
    uint64_t at = 0;
    for (uint32_t i = 0; i < j; i++)
        at += network->bins[i] > 0 ? (uint64_t) network->bins[i] + 1 : 0;
    return at;
}

bool
network_bin_is_usable(float low, float high)
{
    const float width = high - low;
    return width > 0 && isfinite(width) && isfinite(1.0f / width);
}

bool
param_decays(const struct param *param)
{
    return param->kind == PARAM_WEIGHT || param->kind == PARAM_CATEGORY || param->kind == PARAM_BINS;
}

uint32_t
network_outputs(const struct network *network)
{
    return network->layers[network->n_layers - 1].n_out;
}

uint64_t
network_size(const struct network *network)
{
    uint64_t size = 0;
    for (uint32_t p = 0; p < network->n_params; p++)
        size += network->params[p].rows * network->params[p].cols;
    return size;
}

void
network_copy(struct network *to, const struct network *from, struct arena *arena)
{
    struct network copy = {
        .n_x = from->n_x, .softclip = from->softclip, .dropout = from->dropout, .n_layers = from->n_layers};
    copy_categories(&copy, arena, from->n_c, from->c_sizes, from->c_names);
    copy_bins(&copy, arena, from->bins);
    copy.layers = arena_array(arena, from->n_layers, sizeof *copy.layers);
    for (uint32_t l = 0; l < from->n_layers; l++) {
        copy.layers[l] = from->layers[l];
        copy.layers[l].name = arena_strdup(arena, from->layers[l].name);
    }
    network_params(&copy, arena);
    allocate_data(&copy, arena);
    for (uint32_t p = 0; p < copy.n_params; p++) {
        copy.params[p].frozen = from->params[p].frozen;
        if (from->params[p].data != NULL)
            memcpy(copy.params[p].data, from->params[p].data,
                   from->params[p].rows * from->params[p].cols * sizeof(float));
    }
    *to = copy;
}
