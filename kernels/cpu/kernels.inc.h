/*
 * The kernels of the CPU engine, written once on top of primitives that the including file defines: vec,
 * vec_load, vec_store, vec_set, vec_fma, vec_zip, vec_total, vec_count_from, claim_line, words, words_multiply; with
 * LANES, TILE_VECTORS and TILE_ROWS for the register tile.
 *
 * Products are tiled by hand (vectors run over outputs, terms ascend, rule 1); everything elementwise is a plain loop
 * over the scalar functions of kernels/numerics.h, which the compiler vectorises without changing a bit.
 */
#include "kernels.h"
#include "numerics.h"

#define ALWAYS_INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 8")

#include "products.inc.h"

#include "bins.inc.h"
#include "norm.inc.h"

/* ---- activations ---- */

enum { GELU_BLOCK = 128 };

ALWAYS_INLINE void
activate_loop(enum activation activation, size_t n, float *h, float *q)
{
    for (size_t i = 0; i < n; i++) {
        float z = h[i], a = num_activate(activation, z);
        h[i] = a;
        q[i] = num_activate_slope(activation, z, a);
    }
}

ALWAYS_INLINE void
activate_only(enum activation activation, size_t n, float *h)
{
    for (size_t i = 0; i < n; i++)
        h[i] = num_activate(activation, h[i]);
}

/*
 * gelu and, q not NULL, its slope, as num_activate() and num_activate_slope() have them, in three short loops: one of
 * it all is a chain of some hundred operations, of which a processor does not see the next one's begin in time.
 */
ALWAYS_INLINE void
gelu_loop(const bool slopes, size_t n, float *h, float *q)
{
    float power[GELU_BLOCK], density[GELU_BLOCK];
    for (size_t i = 0; i < n; i++) {
        power[i] = num_erf_exponent(h[i] * 0x1.6a09e6p-1f);
        if (slopes)
            density[i] = -0.5f * (h[i] * h[i]);
    }
    for (size_t i = 0; i < n; i++) {
        power[i] = num_exp(power[i]);
        if (slopes)
            density[i] = num_exp(density[i]);
    }
    for (size_t i = 0; i < n; i++) {
        float z = h[i], cdf = 0.5f * (1.0f + num_erf_of_power(z * 0x1.6a09e6p-1f, power[i]));
        h[i] = z * cdf;
        if (slopes)
            q[i] = fmaf(z, 0x1.988454p-2f * density[i], cdf);
    }
}

static void
gelu(size_t n, float *h, float *q)
{
    for (; n > GELU_BLOCK; n -= GELU_BLOCK, h += GELU_BLOCK, q += q == NULL ? 0 : GELU_BLOCK)
        if (q == NULL)
            gelu_loop(false, GELU_BLOCK, h, NULL);
        else
            gelu_loop(true, GELU_BLOCK, h, q);
    if (q == NULL)
        gelu_loop(false, n, h, NULL);
    else
        gelu_loop(true, n, h, q);
}

static void
activate(enum activation activation, size_t n, float *h, float *q)
{
#define ACTIVATE(KIND) \
    case KIND: \
        if (q != NULL) \
            activate_loop(KIND, n, h, q); \
        else \
            activate_only(KIND, n, h); \
        break
    switch (activation) {
        ACTIVATE(ACT_RELU);
        ACTIVATE(ACT_LEAKY_RELU);
        ACTIVATE(ACT_TANH);
        ACTIVATE(ACT_SIGMOID);
    case ACT_GELU:
        gelu(n, h, q);
        break;
        ACTIVATE(ACT_SILU);
        ACTIVATE(ACT_NONE);
    default:
        break;
    }
#undef ACTIVATE
}

/* rng_philox (common/rng.c) of LANES counters side by side, in place. */
ALWAYS_INLINE void
philox(struct rng_key key, words c[4])
{
    uint32_t k0 = key.k[0], k1 = key.k[1];
    _Pragma("GCC unroll 10") for (int round = 0; round < 10; round++)
    {
        words low0, high0, low1, high1;
        words_multiply(c[0], 0xD2511F53u, &low0, &high0);
        words_multiply(c[2], 0xCD9E8D57u, &low1, &high1);
        c[0] = high1 ^ c[1] ^ k0;
        c[1] = low1;
        c[2] = high0 ^ c[3] ^ k1;
        c[3] = low0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
}

/* mix() and a turn of permutation_at() of common/rng.c, for n numbers side by side. */
ALWAYS_INLINE uint32_t
mix(uint32_t x, uint32_t key)
{
    x = (x ^ key) * 0x9E3779B1u;
    x = (x ^ x >> 15 ^ key) * 0x85EBCA77u;
    x = (x ^ x >> 13) * 0xC2B2AE3Du;
    return x ^ x >> 16;
}

ALWAYS_INLINE void
permute_once(const struct permutation *given, size_t n, uint32_t *numbers)
{
    const struct permutation p = *given;
    const uint32_t left_mask = (1u << p.left_bits) - 1, right_mask = (1u << p.right_bits) - 1;
    for (size_t i = 0; i < n; i++) {
        uint32_t left = numbers[i] >> p.right_bits, right = numbers[i] & right_mask;
        UNROLL
        for (int round = 0; round < 8; round += 2) {
            left ^= mix(right, p.round_key[round]) & left_mask;
            right ^= mix(left, p.round_key[round + 1]) & right_mask;
        }
        numbers[i] = left << p.right_bits | right;
    }
}

/* Numbers that fall outside go round again, all of them together. */
static void
permute(const struct permutation *permutation, uint32_t first, size_t n, uint32_t *to)
{
    uint32_t place[CPU_PERMUTE_ROWS], again[CPU_PERMUTE_ROWS];
    size_t outside = 0;
    for (size_t i = 0; i < n; i++)
        to[i] = first + (uint32_t) i;
    permute_once(permutation, n, to);
    for (size_t i = 0; i < n; i++) {
        place[outside] = (uint32_t) i;
        again[outside] = to[i];
        outside += to[i] >= permutation->n;
    }
    for (size_t left = outside; left != 0; left = outside) {
        permute_once(permutation, left, again);
        outside = 0;
        for (size_t i = 0; i < left; i++) {
            to[place[i]] = again[i];
            place[outside] = place[i];
            again[outside] = again[i];
            outside += again[i] >= permutation->n;
        }
    }
}

/*
 * Counter i of a row has the bits of units 4 i .. 4 i + 3. Four vectors of masks, one for each of these, are zipped
 * into the order of the units.
 */
static void
dropout(struct rng_key key, uint64_t step, float p, size_t first, size_t rows, size_t n, size_t ld, float *h, float *q)
{
    float survivor = (float) (1 / (1 - (double) p));
    words lane;
    for (uint32_t i = 0; i < LANES; i++)
        lane[i] = i;
    for (size_t r = 0; r < rows; r++, h += ld, q += q == NULL ? 0 : ld)
        for (size_t j = 0; j < n; j += 4 * LANES) {
            words c[4] = {lane * 0 + (uint32_t) step, lane * 0 + (uint32_t) (step >> 32),
                          lane * 0 + (uint32_t) (first + r), lane + (uint32_t) (j / 4)};
            vec even[2], odd[2], mask[4];
            float kept[4][LANES];
            philox(key, c);
            for (size_t w = 0; w < 4; w++)
                for (size_t i = 0; i < LANES; i++)
                    kept[w][i] = (float) (int32_t) (c[w][i] >> 8) * 0x1p-24f >= p ? survivor : 0.0f;
            vec_zip(vec_load(kept[0]), vec_load(kept[2]), &even[0], &even[1]);
            vec_zip(vec_load(kept[1]), vec_load(kept[3]), &odd[0], &odd[1]);
            vec_zip(even[0], odd[0], &mask[0], &mask[1]);
            vec_zip(even[1], odd[1], &mask[2], &mask[3]);
            UNROLL
            for (size_t v = 0; v < 4; v++)
                if (j + v * LANES < n) {
                    float *units = h + j + v * LANES;
                    vec_store(units, vec_load(units) * mask[v]);
                    if (q != NULL)
                        vec_store(q + j + v * LANES, vec_load(q + j + v * LANES) * mask[v]);
                }
        }
}

static void
slope(size_t n, const float *h, const float *q, float survivor, float *dz)
{
    if (q != NULL)
        for (size_t i = 0; i < n; i++)
            dz[i] *= q[i];
    else
        for (size_t i = 0; i < n; i++)
            dz[i] *= h[i] > 0.0f ? survivor : 0.0f;
}

/* ---- sums by rule 3 ---- */

/* Over an array. */
static float
total(size_t n, const float *x)
{
    struct num_sum sum = {.n = 0};
    for (; n >= NUM_LANES; n -= NUM_LANES, x += NUM_LANES) {
        for (int lane = 0; lane < NUM_LANES; lane++)
            sum.lane[lane] += x[lane];
        sum.n += NUM_LANES;
        if (sum.n % NUM_SUM_BLOCK == 0)
            num_sum_block(&sum);
    }
    for (size_t i = 0; i < n; i++)
        num_sum_add(&sum, x[i]);
    return num_sum_total(&sum);
}

static float
squares(size_t n, const float *x)
{
    struct num_sum sum = {.n = 0};
    for (; n >= NUM_LANES; n -= NUM_LANES, x += NUM_LANES) {
        for (int lane = 0; lane < NUM_LANES; lane++)
            sum.lane[lane] = fmaf(x[lane], x[lane], sum.lane[lane]);
        sum.n += NUM_LANES;
        if (sum.n % NUM_SUM_BLOCK == 0)
            num_sum_block(&sum);
    }
    for (size_t i = 0; i < n; i++)
        num_sum_fma(&sum, x[i], x[i]);
    return num_sum_total(&sum);
}

static float
squares_of_rows(size_t n_rows, const uint32_t *row, size_t rows, size_t cols, const float *x)
{
    struct num_sum sum = {.n = 0};
    for (size_t i = 0; i < n_rows; i++) {
        num_sum_skip(&sum, (uint64_t) row[i] * cols - sum.n);
        for (size_t j = 0; j < cols; j++)
            num_sum_fma(&sum, x[row[i] * cols + j], x[row[i] * cols + j]);
    }
    num_sum_skip(&sum, (uint64_t) rows * cols - sum.n);
    return num_sum_total(&sum);
}

/* ---- squares for the Fisher information ---- */

static void
add_squares(size_t n, const float *restrict from, float *restrict to)
{
    for (size_t i = 0; i < n; i++)
        to[i] = fmaf(from[i], from[i], to[i]);
}

static void
square(size_t n, float *x)
{
    for (size_t i = 0; i < n; i++)
        x[i] *= x[i];
}

#include "losses.inc.h"
#include "soft.inc.h"

/* ---- updates (formulas: kernels/ref/optimiser.c) ---- */

static void
anchor(size_t n, float lambda, const float *omega, const float *theta, const float *star, float *g)
{
    for (size_t i = 0; i < n; i++)
        g[i] = fmaf(lambda * omega[i], theta[i] - star[i], g[i]);
}

enum decay { DECAY_NONE, DECAY_COUPLED, DECAY_DECOUPLED };

ALWAYS_INLINE void
update_loop(const enum optimiser_kind kind, const enum decay decay, const struct plan_update *given, float factor,
            size_t n, const float *restrict gradients, float *restrict thetas, float *restrict m, float *restrict v)
{
    const struct plan_update u = *given;
    for (size_t i = 0; i < n; i++) {
        float theta = thetas[i], g = gradients[i] * factor;
        if (decay == DECAY_COUPLED)
            g = fmaf(u.decay, theta, g);
        if (decay == DECAY_DECOUPLED)
            theta = fmaf(-u.shrink, theta, theta);
        if (kind == OPT_SGD) {
            theta = fmaf(-u.lr, g, theta);
        } else if (kind == OPT_MOMENTUM || kind == OPT_NESTEROV) {
            m[i] = fmaf(u.fresh, g, u.gamma * m[i]);
            theta = fmaf(-u.lr, kind == OPT_MOMENTUM ? m[i] : fmaf(u.gamma, m[i], u.fresh * g), theta);
        } else if (kind == OPT_RMSPROP) {
            v[i] = fmaf(u.beta2_rest, g * g, u.beta2 * v[i]);
            theta = fmaf(-u.lr, g / (sqrtf(v[i]) + u.epsilon), theta);
        } else {
            m[i] = fmaf(u.beta1_rest, g, u.beta1 * m[i]);
            v[i] = fmaf(u.beta2_rest, g * g, u.beta2 * v[i]);
            theta = fmaf(-u.rate, m[i] / fmaf(sqrtf(v[i]), u.root, u.epsilon), theta);
        }
        thetas[i] = theta;
    }
}

static void
update(const struct plan_update *u, bool decays, float factor, size_t n, const float *g, float *theta, float *m,
       float *v)
{
    enum decay decay = !decays || (u->decay == 0 && u->shrink == 0) ? DECAY_NONE
                       : u->shrink != 0                             ? DECAY_DECOUPLED
                                                                    : DECAY_COUPLED;
#define UPDATE(KIND) \
    switch (decay) { \
    case DECAY_NONE: \
        update_loop(KIND, DECAY_NONE, u, factor, n, g, theta, m, v); \
        break; \
    case DECAY_COUPLED: \
        update_loop(KIND, DECAY_COUPLED, u, factor, n, g, theta, m, v); \
        break; \
    case DECAY_DECOUPLED: \
        update_loop(KIND, DECAY_DECOUPLED, u, factor, n, g, theta, m, v); \
        break; \
    } \
    break
    switch (u->kind) {
    case OPT_SGD:
        UPDATE(OPT_SGD);
    case OPT_MOMENTUM:
        UPDATE(OPT_MOMENTUM);
    case OPT_NESTEROV:
        UPDATE(OPT_NESTEROV);
    case OPT_RMSPROP:
        UPDATE(OPT_RMSPROP);
    default:
        UPDATE(OPT_ADAM);
    }
#undef UPDATE
}

const struct cpu_kernels CPU_KERNELS = {
    .name = CPU_KERNELS_NAME,
    .panel_floats = panel_floats,
    .pack = pack,
    .pack_transposed = pack_transposed,
    .product = product,
    .gradient = gradient,
    .bias_gradient = bias_gradient,
    .normalise = normalise,
    .normalise_back = normalise_back,
    .gain_gradient = gain_gradient,
    .gather = gather,
    .softclip = softclip,
    .find_bins = find_bins,
    .sum_below = sum_below,
    .add_bins = add_bins,
    .bins_gradient = bins_gradient,
    .add = add,
    .add_squares = add_squares,
    .square = square,
    .add_categories = add_categories,
    .sum_list = sum_list,
    .any_not_zero = any_not_zero,
    .activate = activate,
    .permute = permute,
    .dropout = dropout,
    .slope = slope,
    .loss = loss_of_rows,
    .scale_rows = scale_rows,
    .soft_squares = soft_squares,
    .soft_sigmoids = soft_sigmoids,
    .soft_softmaxes = soft_softmaxes,
    .anchor = anchor,
    .squares = squares,
    .squares_of_rows = squares_of_rows,
    .update = update,
};
