/*
 * A network: a list of named layers and their parameters. It does not know where it runs.
 *
 * Dense is the first kind: z = b + sum_j x_j W[j, :] (+ for the first layer, sum_k C_k[c_k, :] over the categorical
 * columns), h = activation(z), dropout in training only. The terms are taken in that order (rule 1). W is [in, out].
 * The output layer is linear; the loss says which link turns its outputs z into predictions (kernels/learn/loss.h).
 *
 * A hidden layer may have trimmings. Layer norm: h = activation(gain * u + shift), u being z less its mean over the
 * units of the row, divided by its standard deviation (Ba, Kiros and Hinton 2016, equation 4: before the activation).
 * A skip: the h of an earlier layer of equal width is added to its own, after activation and dropout (He et al. 2016).
 *
 * Numeric features may be bent softly into +-softclip, and encoded: the first layer then takes, besides them, `bins`
 * numbers of each, which rise from 0 to 1 one after the other as it goes through its bins (kernels/ref/encode.c). They
 * have weights of their own; the edges of the bins do not learn. And they may be dropped, in training only: a feature
 * with all that is made of it, or not at all.
 *
 * C_k is [codes of column k incl. code 0, out]: row 0 stands for "missing or never seen" and starts as zeros.
 */
#ifndef CL_NETWORK_H
#define CL_NETWORK_H

#include <stdbool.h>
#include <stdint.h>

#include "error.h"
#include "memory.h"
#include "value.h"

enum layer_kind { LAYER_DENSE };
enum activation { ACT_NONE, ACT_RELU, ACT_LEAKY_RELU, ACT_TANH, ACT_SIGMOID, ACT_GELU, ACT_SILU, ACT_COUNT };
enum loss { LOSS_MSE, LOSS_MAE, LOSS_HUBER, LOSS_BCE, LOSS_CE, LOSS_POISSON, LOSS_QUANTILE, LOSS_COUNT };

enum norm { NORM_NONE, NORM_LAYER, NORM_COUNT };

enum param_kind { PARAM_WEIGHT, PARAM_BIAS, PARAM_CATEGORY, PARAM_GAIN, PARAM_SHIFT, PARAM_BINS, PARAM_EDGES };

struct param {
    const char *name; /* "hidden1.weight", "hidden1.bias", "hidden1.category.COLUMN", "hidden1.bins", "output.weight",
                         "input.edges", ... */
    enum param_kind kind;
    uint32_t layer;
    uint32_t category;   /* k, for PARAM_CATEGORY */
    uint64_t rows, cols; /* bias, gain, shift: rows = 1 */
    bool frozen;         /* no gradient, no update, no decay */
    float *data;         /* [rows, cols], owned by the network's holder (a model's arena) */
};

struct layer {
    const char *name; /* "hidden1", ..., "output" */
    enum layer_kind kind;
    int32_t input;        /* index of the layer that feeds it; -1 = the row (x and c) */
    uint32_t n_in, n_out; /* n_in counts numeric inputs only */
    enum norm norm;       /* of z */
    enum activation activation;
    float dropout; /* probability of zero, training only; survivors are divided by 1 - p */
    int32_t skip;  /* index of the earlier layer whose h is added; -1 = none */
    bool frozen;
    uint32_t weight, bias; /* indices into params; weight exists even when n_in is 0 */
    uint32_t category0;    /* params[category0 + k], k < n_c, when input is -1 */
    uint32_t gain, shift;  /* when there is a norm */
    uint32_t bins;         /* weights of the bins of numeric features, when input is -1 and there are bins */
};

struct network {
    uint32_t n_x, n_c;
    float softclip;    /* of numeric features, 0 = none */
    float dropout;     /* of numeric features: as of a layer */
    uint32_t *bins;    /* [n_x] of each numeric feature, or NULL: none is encoded */
    uint32_t n_bins;   /* of all */
    uint32_t edges;    /* index into params, when n_bins > 0: bins + 1 rising numbers of each feature that has bins */
    uint32_t *c_sizes; /* [n_c] codes incl. 0 */
    const char **c_names; /* [n_c] */
    struct layer *layers; /* in order of computation; the last is the output */
    uint32_t n_layers;
    struct param *params; /* layer by layer: weight, bias, categories, gain, shift, bins; last the edges, [1, all] */
    uint32_t n_params;
};

/* What is done to numeric features, as it is asked for; all 0 is nothing. */
struct encoding {
    float softclip;
    const uint32_t *bins; /* [n_x] or NULL */
    float dropout;
};

/* A hidden layer as it is asked for. */
struct hidden {
    uint32_t width;
    enum activation activation;
    enum norm norm;
    float dropout;
    int32_t skip; /* index of an earlier hidden layer of this width, or -1 */
};

/* These hidden layers, and a linear one. encoding: or NULL. Parameters get data (zeros) in `arena`. */
void network_make(struct network *network, struct arena *arena, uint32_t n_x, const struct encoding *encoding,
                  uint32_t n_c, const uint32_t *c_sizes, const char *const *c_names, const struct hidden *hidden,
                  uint32_t n_hidden, uint32_t n_out);
/* A multi-layer perceptron; hidden: [n_hidden] widths. */
void network_dense(struct network *network, struct arena *arena, uint32_t n_x, uint32_t n_c, const uint32_t *c_sizes,
                   const char *const *c_names, const uint32_t *hidden, uint32_t n_hidden, enum activation activation,
                   float dropout, uint32_t n_out);
/* Lists the parameters of layers and categories, whose places the layers get; data stays NULL. */
void network_params(struct network *network, struct arena *arena);
/* Edges of numeric feature j among all edges: where they begin. */
uint64_t network_edges_of(const struct network *network, uint32_t j);
/* Whether a bin between these edges has a width that can be divided by: above 0, no overflow, a finite inverse. */
bool network_bin_is_usable(float low, float high);
/* Weight decay is for what multiplies inputs: not for biases, gains and shifts. */
bool param_decays(const struct param *param);
/* Numbers of outputs and of single parameters. */
uint32_t network_outputs(const struct network *network);
uint64_t network_size(const struct network *network);
/* A deep copy with its own parameter data in `arena`. */
void network_copy(struct network *to, const struct network *from, struct arena *arena);

const char *norm_name(enum norm norm); /* "none", "layer" */
bool norm_parse(const char *name, enum norm *norm);
const char *activation_name(enum activation activation);
bool activation_parse(const char *name, enum activation *activation);
const char *loss_name(enum loss loss);
bool loss_parse(const char *name, enum loss *loss);

/*
 * The `network` map of a `model` frame (structure only; parameters are `tensor` frames); and back, checked: layers form
 * a chain, sizes agree, skips end at earlier layers. Back, params[p].data is NULL: whoever reads the tensors sets it,
 * so that nothing is allocated because a file says so.
 */
struct value *network_to_value(const struct network *network, struct arena *arena);
int network_from_value(struct network *network, const struct value *value, struct arena *arena, struct error *error);

#endif
