#include <stdio.h>
#include <string.h>

#include "network.h"

/* Bounds of what a file may declare, checked before anything of that size is allocated. */
enum { MAX_LAYERS = 1024, MAX_CATEGORIES = 1 << 20, MAX_BINS = 1 << 20 };

/*
 * {n_x, softclip, dropout, bins: [number], categories: [{name, codes}], layers: [{name, kind, input, in, out,
 * activation, dropout, norm, skip, frozen, frozen_parameters: [name]}]}. `input` is the name of the layer below, "" for
 * the row; `skip` that of the layer whose h is added. softclip, dropout and bins of the map, and the last four keys of
 * a layer, are left out when there is nothing to say.
 */
struct value *
network_to_value(const struct network *network, struct arena *arena)
{
    struct value *map = value_map(arena), *categories = value_array(arena), *layers = value_array(arena);
    value_set(arena, map, "n_x", value_uint(arena, network->n_x));
    struct value *bins = value_array(arena);
    if (network->softclip > 0)
        value_set(arena, map, "softclip", value_float(arena, (double) network->softclip));
    if (network->dropout > 0)
        value_set(arena, map, "dropout", value_float(arena, (double) network->dropout));
    for (uint32_t j = 0; network->bins != NULL && j < network->n_x; j++)
        value_push(arena, bins, value_uint(arena, network->bins[j]));
    if (network->n_bins > 0)
        value_set(arena, map, "bins", bins);
    for (uint32_t k = 0; k < network->n_c; k++) {
        struct value *category = value_map(arena);
        value_set(arena, category, "name", value_string(arena, network->c_names[k]));
        value_set(arena, category, "codes", value_uint(arena, network->c_sizes[k]));
        value_push(arena, categories, category);
    }
    value_set(arena, map, "categories", categories);
    for (uint32_t l = 0; l < network->n_layers; l++) {
        const struct layer *layer = &network->layers[l];
        struct value *item = value_map(arena), *frozen = value_array(arena);
        const char *input = layer->input < 0 ? "" : network->layers[layer->input].name;
        value_set(arena, item, "name", value_string(arena, layer->name));
        value_set(arena, item, "kind", value_string(arena, "dense"));
        value_set(arena, item, "input", value_string(arena, input));
        value_set(arena, item, "in", value_uint(arena, layer->n_in));
        value_set(arena, item, "out", value_uint(arena, layer->n_out));
        value_set(arena, item, "activation", value_string(arena, activation_name(layer->activation)));
        value_set(arena, item, "dropout", value_float(arena, (double) layer->dropout));
        if (layer->norm != NORM_NONE)
            value_set(arena, item, "norm", value_string(arena, norm_name(layer->norm)));
        if (layer->skip >= 0)
            value_set(arena, item, "skip", value_string(arena, network->layers[layer->skip].name));
        if (layer->frozen)
            value_set(arena, item, "frozen", value_bool(arena, true));
        for (uint32_t p = 0; p < network->n_params; p++)
            if (network->params[p].layer == l && network->params[p].frozen && network->params[p].kind != PARAM_EDGES)
                value_push(arena, frozen, value_string(arena, network->params[p].name));
        if (frozen->n != 0)
            value_set(arena, item, "frozen_parameters", frozen);
        value_push(arena, layers, item);
    }
    value_set(arena, map, "layers", layers);
    return map;
}

/* A whole number of the map from low to high. */
static int
get_u32(const struct value *map, const char *where, const char *key, uint64_t low, uint64_t high, uint32_t *out,
        struct error *error)
{
    uint64_t u;
    if (!value_get_u64(map, key, &u))
        return error_set(error, STATUS_DATA, "network: %s: '%s' is missing or no whole number", where, key);
    if (u < low || u > high)
        return error_set(error, STATUS_DATA, "network: %s: '%s' is %llu, outside %llu to %llu", where, key,
                         (unsigned long long) u, (unsigned long long) low, (unsigned long long) high);
    *out = (uint32_t) u;
    return 0;
}

static int
get_string(const struct value *map, const char *where, const char *key, const char **out, struct error *error)
{
    *out = value_get_string(map, key);
    if (*out == NULL || strlen(*out) != value_get(map, key)->n)
        return error_set(error, STATUS_DATA, "network: %s: '%s' is missing or no string", where, key);
    return 0;
}

static int
get_array(const struct value *map, const char *key, size_t low, size_t high, const struct value **out,
          struct error *error)
{
    *out = value_get(map, key);
    if (*out == NULL || (*out)->kind != VALUE_ARRAY)
        return error_set(error, STATUS_DATA, "network: '%s' is missing or no array", key);
    if ((*out)->n < low || (*out)->n > high)
        return error_set(error, STATUS_DATA, "network: '%s' has %zu entries, outside %zu to %zu", key, (*out)->n, low,
                         high);
    return 0;
}

/* What a layer may have besides: norm and skip. */
static int
trimmings_from_value(struct network *network, uint32_t l, const struct value *map, const char *where,
                     struct error *error)
{
    struct layer *layer = &network->layers[l];
    const char *norm, *skip;
    char quoted[128];
    const bool output = l == network->n_layers - 1;
    layer->skip = -1;
    if (value_get(map, "norm") != NULL) {
        if (get_string(map, where, "norm", &norm, error) < 0)
            return -1;
        if (!norm_parse(norm, &layer->norm))
            return error_set(error, STATUS_DATA, "network: %s has the unknown norm '%s'", where,
                             error_quote(quoted, sizeof quoted, norm, strlen(norm), 40));
        if (output && layer->norm != NORM_NONE)
            return error_set(error, STATUS_DATA, "network: the last layer must have norm 'none', not '%s'", norm);
    }
    if (value_get(map, "skip") == NULL)
        return 0;
    if (get_string(map, where, "skip", &skip, error) < 0)
        return -1;
    for (uint32_t other = 0; other < l && !output; other++)
        if (strcmp(network->layers[other].name, skip) == 0 && network->layers[other].n_out == layer->n_out)
            layer->skip = (int32_t) other;
    if (layer->skip < 0)
        return error_set(error, STATUS_DATA, "network: %s: 'skip' is '%s', which is no earlier layer of equal width",
                         where, error_quote(quoted, sizeof quoted, skip, strlen(skip), 40));
    return 0;
}

static int
layer_from_value(struct network *network, uint32_t l, const struct value *map, struct arena *arena, struct error *error)
{
    struct layer *layer = &network->layers[l];
    const struct layer *below = l == 0 ? NULL : &network->layers[l - 1];
    const char *name, *kind, *input, *activation;
    char where[32], quoted[128];
    snprintf(where, sizeof where, "layer %u", l + 1);
    if (get_string(map, where, "name", &name, error) < 0 || get_string(map, where, "kind", &kind, error) < 0 ||
        get_string(map, where, "input", &input, error) < 0 ||
        get_string(map, where, "activation", &activation, error) < 0)
        return -1;
    if (name[0] == '\0')
        return error_set(error, STATUS_DATA, "network: %s has an empty name", where);
    for (uint32_t other = 0; other < l; other++)
        if (strcmp(network->layers[other].name, name) == 0)
            return error_set(error, STATUS_DATA, "network: two layers are named '%s'",
                             error_quote(quoted, sizeof quoted, name, strlen(name), 40));
    if (strcmp(kind, "dense") != 0)
        return error_set(error, STATUS_DATA, "network: %s is of kind '%s', which this version does not have", where,
                         error_quote(quoted, sizeof quoted, kind, strlen(kind), 40));
    if (strcmp(input, below == NULL ? "" : below->name) != 0)
        return error_set(error, STATUS_DATA, "network: %s takes '%s', but layers must form a chain (here '%s')", where,
                         error_quote(quoted, sizeof quoted, input, strlen(input), 40),
                         below == NULL ? "" : below->name);
    *layer = (struct layer){.name = arena_strdup(arena, name), .kind = LAYER_DENSE, .input = (int32_t) l - 1};
    uint32_t n_in = below == NULL ? network->n_x : below->n_out;
    if (get_u32(map, where, "in", n_in, n_in, &layer->n_in, error) < 0 ||
        get_u32(map, where, "out", 1, INT32_MAX, &layer->n_out, error) < 0)
        return -1;
    if (!activation_parse(activation, &layer->activation))
        return error_set(error, STATUS_DATA, "network: %s has the unknown activation '%s'", where,
                         error_quote(quoted, sizeof quoted, activation, strlen(activation), 40));
    if (l == network->n_layers - 1 && layer->activation != ACT_NONE)
        return error_set(error, STATUS_DATA, "network: the last layer must have activation 'none', not '%s'",
                         activation);
    double dropout;
    if (!value_get_double(map, "dropout", &dropout) || !(dropout >= 0 && dropout < 1))
        return error_set(error, STATUS_DATA, "network: %s: 'dropout' is missing or outside 0 to 1", where);
    layer->dropout = (float) dropout;
    if (value_get(map, "frozen") != NULL && !value_get_bool(map, "frozen", &layer->frozen))
        return error_set(error, STATUS_DATA, "network: %s: 'frozen' is no boolean", where);
    return trimmings_from_value(network, l, map, where, error);
}

/* Marks the parameters a layer's map names. */
static int
frozen_from_value(struct network *network, const struct value *map, struct error *error)
{
    const struct value *names = value_get(map, "frozen_parameters");
    if (names == NULL)
        return 0;
    if (names->kind != VALUE_ARRAY)
        return error_set(error, STATUS_DATA, "network: 'frozen_parameters' is no array");
    for (size_t i = 0; i < names->n; i++) {
        bool found = false;
        for (uint32_t p = 0; names->items[i]->kind == VALUE_STRING && p < network->n_params; p++)
            if (strcmp(network->params[p].name, names->items[i]->bytes) == 0)
                network->params[p].frozen = found = true;
        if (!found)
            return error_set(error, STATUS_DATA, "network: 'frozen_parameters' names a parameter that is not there");
    }
    return 0;
}

/* What is done to numeric features. */
static int
encoding_from_value(struct network *network, const struct value *map, struct arena *arena, struct error *error)
{
    const struct value *bins;
    uint64_t sum = network->n_x;
    double softclip, dropout;
    if (value_get(map, "softclip") != NULL) {
        if (!value_get_double(map, "softclip", &softclip) || !(softclip >= 1e-6 && softclip <= 1e6))
            return error_set(error, STATUS_DATA, "network: 'softclip' is no number from 1e-6 to 1e6");
        network->softclip = (float) softclip;
    }
    if (value_get(map, "dropout") != NULL) {
        if (!value_get_double(map, "dropout", &dropout) || !(dropout >= 0 && (float) dropout < 1))
            return error_set(error, STATUS_DATA, "network: 'dropout' is no number from 0 to 1, without 1");
        network->dropout = (float) dropout;
    }
    if (value_get(map, "bins") == NULL)
        return 0;
    if (get_array(map, "bins", network->n_x, network->n_x, &bins, error) < 0)
        return -1;
    network->bins = arena_array(arena, network->n_x, sizeof *network->bins);
    for (uint32_t j = 0; j < network->n_x; j++) {
        uint64_t u;
        if (!value_to_u64(bins->items[j], &u) || u > MAX_BINS)
            return error_set(error, STATUS_DATA, "network: 'bins' has something that is no number from 0 to %d",
                             MAX_BINS);
        network->bins[j] = (uint32_t) u;
        sum += u;
    }
    if (sum > INT32_MAX)
        return error_set(error, STATUS_DATA, "network: 'bins' are more than a layer can take");
    network->n_bins = (uint32_t) sum - network->n_x;
    return 0;
}

int
network_from_value(struct network *network, const struct value *value, struct arena *arena, struct error *error)
{
    const struct value *categories, *layers;
    memset(network, 0, sizeof *network);
    if (value == NULL || value->kind != VALUE_MAP)
        return error_set(error, STATUS_DATA, "network: missing or no map");
    if (get_u32(value, "the map", "n_x", 0, INT32_MAX, &network->n_x, error) < 0 ||
        get_array(value, "categories", 0, MAX_CATEGORIES, &categories, error) < 0 ||
        get_array(value, "layers", 1, MAX_LAYERS, &layers, error) < 0 ||
        encoding_from_value(network, value, arena, error) < 0)
        return -1;
    network->n_c = (uint32_t) categories->n;
    network->c_sizes = arena_array(arena, network->n_c, sizeof *network->c_sizes);
    network->c_names = arena_array(arena, network->n_c, sizeof *network->c_names);
    for (uint32_t k = 0; k < network->n_c; k++) {
        const char *name;
        char where[32];
        snprintf(where, sizeof where, "category %u", k + 1);
        if (get_string(categories->items[k], where, "name", &name, error) < 0 ||
            get_u32(categories->items[k], where, "codes", 1, INT32_MAX, &network->c_sizes[k], error) < 0)
            return -1;
        network->c_names[k] = arena_strdup(arena, name);
    }
    network->n_layers = (uint32_t) layers->n;
    network->layers = arena_zalloc(arena, network->n_layers, sizeof *network->layers);
    for (uint32_t l = 0; l < network->n_layers; l++)
        if (layer_from_value(network, l, layers->items[l], arena, error) < 0)
            return -1;
    network_params(network, arena);
    for (uint32_t l = 0; l < network->n_layers; l++)
        if (frozen_from_value(network, layers->items[l], error) < 0)
            return -1;
    return 0;
}
