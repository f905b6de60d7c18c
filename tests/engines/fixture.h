/*
 * A made-up problem for the engine tests: a network with random weights, two row sets (data and memory) and a plan,
 * all from a short description.
 */
#ifndef CL_FIXTURE_H
#define CL_FIXTURE_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "init.h"
#include "memory.h"

struct spec {
    uint32_t n_x, n_c, n_out;
    uint32_t hidden[3], n_hidden;
    float softclip;
    uint32_t bins; /* of numeric features; every third has one more, every fourth none */
    enum activation activation;
    float dropout, input_dropout;
    enum norm norm;                                  /* of every hidden layer */
    enum { SKIP_NONE, SKIP_LAST, SKIP_FIRST } skips; /* the last or first layer that is as wide is added */
    enum loss loss; /* quantile: of 3, 2 or 1 outputs for each label, whatever divides n_out */
    float smoothing;
    enum optimiser_kind optimiser;
    uint64_t rows;
    uint32_t batch;
    uint32_t steps;
    uint32_t replay;   /* rows of a second part a step */
    bool soft;         /* the second part has soft targets, */
    bool soft_first;   /* and the first one, beside labels; */
    bool gaps;         /* not for all outputs and rows; */
    float temperature; /* of softmaxes, or 0: squared differences */
    uint32_t groups;   /* of outputs: side by side, or, if odd, by turns; or 0 */
    uint32_t grouped;  /* bits: parts that are */
    bool rates;        /* layers have rates of their own */
    bool weights;      /* rows have weights */
    bool mask;         /* class mask on the softmax */
    float clip, anchor, decay;
    bool decoupled;
    bool shuffle;
    uint64_t seed;
};

struct fixture {
    struct arena arena;
    struct network network;
    struct rowset sets[2];
    struct plan plan;
};

enum { FIXTURE_CODES = 9 };

static const float fixture_quantiles[3] = {0.1f, 0.5f, 0.85f};

static inline float
fixture_normal(uint64_t stream, uint64_t i)
{
    return (float) rng_normal(rng_key(77, RNG_SPLIT, stream), i);
}

static inline float
fixture_uniform(uint64_t stream, uint64_t i)
{
    return rng_unit((uint32_t) rng_u64(rng_key(78, RNG_SPLIT, stream), i));
}

static inline float *
fixture_normals(struct arena *arena, uint64_t stream, uint64_t n, float scale)
{
    float *values = arena_array(arena, n, sizeof *values);
    for (uint64_t i = 0; i < n; i++)
        values[i] = scale * fixture_normal(stream, i);
    return values;
}

/* Soft targets; of six rows, five lack some or all, and in half of the others the last is a probability of 0. */
static inline float *
fixture_soft(struct arena *arena, const struct spec *spec, uint64_t n, uint64_t stream)
{
    const uint32_t o = spec->n_out;
    float *soft = fixture_normals(arena, stream, n * o, 2);
    for (uint64_t i = 0; spec->gaps && i < n; i++)
        for (uint32_t j = 0; j < o; j++) {
            const bool missing[6] = {
                false, j + 1 == o, j >= o / 2, j % 2 == 0, fixture_uniform(stream, i * o + j) < 0.4f, true};
            if (missing[i % 6])
                soft[i * o + j] = NAN;
            else if (spec->temperature > 0 && spec->groups == 0 && o > 1 && i % 12 == 0 && j + 1 == o)
                soft[i * o + j] = -INFINITY;
        }
    return soft;
}

static inline struct rowset
fixture_rows(struct arena *arena, const struct spec *spec, uint64_t n, uint64_t stream)
{
    struct rowset rows = {.n = n};
    struct rng_key key = rng_key(5, RNG_SPLIT, stream);
    rows.x = spec->n_x == 0 ? NULL : fixture_normals(arena, stream + 1, n * spec->n_x, 1);
    if (spec->n_c != 0) {
        uint32_t *c = arena_array(arena, n * spec->n_c, sizeof *c);
        for (uint64_t i = 0; i < n * spec->n_c; i++)
            c[i] = (uint32_t) rng_below(key, i, FIXTURE_CODES + i % spec->n_c);
        rows.c = c;
    }
    uint32_t *label = arena_array(arena, n, sizeof *label);
    float *y = fixture_normals(arena, stream + 2, n * spec->n_out, 1);
    for (uint64_t i = 0; i < n; i++)
        label[i] =
            (uint32_t) rng_below(key, n * 100 + i, spec->mask && spec->n_out > 1 ? spec->n_out - 1 : spec->n_out);
    for (uint64_t i = 0; spec->loss == LOSS_POISSON && i < n * spec->n_out; i++)
        y[i] = y[i] > 0 ? 2 * y[i] : 0.0f;
    for (uint64_t i = 0; spec->loss == LOSS_BCE && i < n * spec->n_out; i++)
        y[i] = y[i] > 0 ? 1.0f : 0.0f;
    rows.y = y;
    rows.label = label;
    if (spec->weights) {
        float *w = arena_array(arena, n, sizeof *w);
        for (uint64_t i = 0; i < n; i++)
            w[i] = 0.25f + (float) (i % 5) * 0.5f;
        rows.w = w;
    }
    return rows;
}

static inline void
fixture_open(struct fixture *f, const struct spec *spec)
{
    memset(f, 0, sizeof *f);
    uint32_t sizes[8];
    const char *names[8] = {"a", "b", "c", "d", "e", "f", "g", "h"};
    for (uint32_t k = 0; k < spec->n_c; k++)
        sizes[k] = FIXTURE_CODES + k;
    struct hidden hidden[3];
    for (uint32_t l = 0; l < spec->n_hidden; l++) {
        hidden[l] = (struct hidden){spec->hidden[l], spec->activation, spec->norm, spec->dropout, -1};
        for (uint32_t m = 0; spec->skips != SKIP_NONE && m < l; m++)
            if (hidden[m].width == hidden[l].width && (spec->skips == SKIP_LAST || hidden[l].skip < 0))
                hidden[l].skip = (int32_t) m;
    }
    uint32_t *bins = arena_array(&f->arena, spec->n_x, sizeof *bins);
    for (uint32_t j = 0; j < spec->n_x; j++)
        bins[j] = j % 4 == 3 ? 0 : spec->bins + (j % 3 == 2);
    const struct encoding encoding = {spec->softclip, spec->bins == 0 ? NULL : bins, spec->input_dropout};
    network_make(&f->network, &f->arena, spec->n_x, &encoding, spec->n_c, sizes, names, hidden, spec->n_hidden,
                 spec->n_out);
    for (uint32_t j = 0; f->network.n_bins != 0 && j < spec->n_x; j++)
        for (uint32_t t = 0; bins[j] > 0 && t <= bins[j]; t++)
            f->network.params[f->network.edges].data[network_edges_of(&f->network, j) + t] =
                -1.5f + 3 * ((float) t + 0.3f * fixture_uniform(j, t)) / (float) bins[j];
    init_network(&f->network, INIT_GLOROT_NORMAL, spec->seed + 1);
    for (uint32_t p = 0; p < f->network.n_params; p++)
        for (uint64_t j = 0; f->network.params[p].kind != PARAM_WEIGHT && f->network.params[p].kind != PARAM_EDGES &&
                             f->network.params[p].kind != PARAM_BINS && j < f->network.params[p].cols;
             j++)
            f->network.params[p].data[j] =
                (f->network.params[p].kind == PARAM_GAIN ? 1 : 0) + 0.1f * fixture_normal(1000 + p, j);
    f->sets[0] = fixture_rows(&f->arena, spec, spec->rows, 10);
    f->sets[1] = fixture_rows(&f->arena, spec, 70, 20);
    if (spec->soft_first)
        f->sets[0].soft = fixture_soft(&f->arena, spec, spec->rows, 31);
    if (spec->soft)
        f->sets[1].soft = fixture_soft(&f->arena, spec, 70, 30);
    float *lr = arena_array(&f->arena, spec->steps, sizeof *lr);
    for (uint32_t s = 0; s < spec->steps; s++)
        lr[s] = 0.01f / (float) (s + 1);
    uint8_t *classes = arena_array(&f->arena, spec->n_out, 1);
    for (uint32_t j = 0; j < spec->n_out; j++)
        classes[j] = spec->n_out == 1 || j + 1 < spec->n_out;
    uint32_t *groups = arena_array(&f->arena, spec->n_out, sizeof *groups);
    for (uint32_t j = 0; spec->groups != 0 && j < spec->n_out; j++)
        groups[j] = 7 + 3 * (spec->groups % 2 ? j % spec->groups : j * spec->groups / spec->n_out);
    float *rates = arena_array(&f->arena, f->network.n_layers, sizeof *rates);
    for (uint32_t l = 0; l < f->network.n_layers; l++)
        rates[l] = l == 1 ? 0 : 0.7f + (float) l;
    const enum soft_loss kind = spec->temperature > 0 ? SOFT_SOFTMAX : SOFT_SQUARED;
    f->plan = (struct plan){
        .seed = spec->seed,
        .first_step = 3,
        .n_steps = spec->steps,
        .adam_step = 3,
        .lr = lr,
        .loss = spec->loss,
        .huber_delta = 0.8f,
        .smoothing = spec->smoothing,
        .n_quantiles = spec->loss != LOSS_QUANTILE ? 0
                       : spec->n_out % 3 == 0      ? 3
                       : spec->n_out % 2 == 0      ? 2
                                                   : 1,
        .quantiles = fixture_quantiles,
        .optimiser = {.kind = spec->optimiser,
                      .momentum = 0.9,
                      .dampening = spec->optimiser == OPT_MOMENTUM ? 0.9 : 0,
                      .beta1 = 0.9,
                      .beta2 = spec->optimiser == OPT_RMSPROP ? 0.9 : 0.999,
                      .epsilon = 1e-8,
                      .weight_decay = (double) spec->decay,
                      .decoupled = spec->decoupled},
        .clip = spec->clip,
        .parts = {{.set = 0,
                   .rows = spec->batch,
                   .weight = 1,
                   .soft_weight = spec->soft_first ? 0.7 : 0,
                   .soft = kind,
                   .grouped = spec->grouped & 1},
                  {.set = 1,
                   .rows = spec->replay,
                   .weight = 0.5,
                   .soft_weight = spec->soft ? 0.3 : 0,
                   .soft = kind,
                   .grouped = spec->grouped & 2}},
        .n_parts = spec->replay != 0 ? 2 : 1,
        .anchor = spec->anchor,
        .classes = spec->mask && spec->loss == LOSS_CE ? classes : NULL,
        .groups = spec->groups != 0 ? groups : NULL,
        .temperature = spec->temperature,
        .layer_rates = spec->rates ? rates : NULL,
        .shuffle = spec->shuffle,
    };
}

/* Opens an engine on the fixture, loads its sets, and writes anchors where the plan has some. */
static inline struct engine_state *
fixture_engine(const struct fixture *f, const struct engine *engine, unsigned threads, struct error *error)
{
    struct engine_state *state;
    struct engine_options options = {.threads = threads};
    if (engine->open(&state, &f->network, &options, error) < 0)
        return NULL;
    if (engine->load(state, 0, &f->sets[0], error) < 0 || engine->load(state, 1, &f->sets[1], error) < 0)
        abort();
    for (uint32_t p = 0; f->plan.anchor != 0 && p < f->network.n_params; p++) {
        uint64_t n = f->network.params[p].rows * f->network.params[p].cols;
        struct arena arena = {NULL};
        float *star = fixture_normals(&arena, 2000 + p, n, 0.3f), *omega = fixture_normals(&arena, 3000 + p, n, 1);
        for (uint64_t i = 0; i < n; i++)
            omega[i] *= omega[i];
        if (engine->write(state, ENGINE_ANCHOR, p, star, error) < 0 ||
            engine->write(state, ENGINE_OMEGA, p, omega, error) < 0)
            abort();
        arena_free(&arena);
    }
    return state;
}

/* All of `what`, parameter after parameter; the caller frees it. */
static inline float *
fixture_read(const struct fixture *f, const struct engine *engine, struct engine_state *state, enum engine_what what)
{
    float *all = mem_array(network_size(&f->network), sizeof *all), *to = all;
    struct error error;
    for (uint32_t p = 0; p < f->network.n_params; p++) {
        if (engine->read(state, what, p, to, &error) < 0)
            abort();
        to += f->network.params[p].rows * f->network.params[p].cols;
    }
    return all;
}

static inline void
fixture_write(const struct fixture *f, const struct engine *engine, struct engine_state *state, enum engine_what what,
              const float *all)
{
    struct error error;
    for (uint32_t p = 0; p < f->network.n_params; p++) {
        if (engine->write(state, what, p, all, &error) < 0)
            abort();
        all += f->network.params[p].rows * f->network.params[p].cols;
    }
}

#endif
