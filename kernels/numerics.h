/*
 * The numerics contract, `numerics: 1`: which bits an exact engine must produce; and the scalar code that fixes them.
 *
 * Everything is IEEE 754 binary32, round to nearest even, subnormals kept, unless it says double. `fma(a, b, c)` is
 * fused; every other + - * / sqrt rounds once, as written, and is never contracted or reordered. NaNs are equal
 * whatever their payload (a run that makes one is reported as diverged).
 *
 * Rule 1, matrix products. One accumulator, one fma per term, terms ascending; no term is ever skipped.
 *   forward     z[n,j]:  acc = b[j]; for i ascending: acc = fma(x[n,i], W[i,j], acc);
 *               first layer, then: for k ascending: acc = acc + C_k[c[n,k], j]
 *   backward    dh[n,i]: acc = 0; for j ascending: acc = fma(dz[n,j], W[i,j], acc)
 *   encoded numeric features (kernels/ref/encode.c), j ascending, come between the two: with the bin k of x_j, how far
 *   f it is in it, and the weights B_j of its bins: acc = acc + P_j[k]; acc = fma(f, B_j[k], acc), where P_j[0] = +0,
 *   P_j[k + 1] = P_j[k] + B_j[k]
 *   h = activation(z); with dropout h = h * mask, mask = 1 / (1 - p) = s rounded once, or 0
 *   with dropout of the input x_j (after softclip) is x_j * mask above; of its bins, when dropped, k = 0 and f = 0, and
 *   s * P_j[k] and s * f, each rounded, take the places of P_j[k] and f (in dB_j[k] below, s * S[k+1] that of S[k+1])
 *   q = activation'(z); with dropout q = q * mask;  dz = dh * q
 *   skips: h = h + h of the earlier layer, last of all. dh of a layer: the backward product of the layer above it; then
 *   + dh of each layer that adds it, ascending.
 *   layer norm (kernels/ref/norm.c) stands between z and the activation: y = norm(z) takes the place of z above.
 *
 * Rule 2, sums over the rows of a batch. The rows of all parts of a step, concatenated, are cut into blocks of 64.
 *   in a block, rows ascending, acc starts as +0:
 *     dW[i,j]:    acc = fma(x[r,i], dz[r,j], acc) (x is h of the layer below)
 *     db[j]:      acc = acc + dz[r,j]; the same for the shift of a norm, with dy
 *     dgain[j]:   acc = fma(u[r,j], dy[r,j], acc)
 *     dC_k[v,j]:  acc = acc + dz[r,j] for the rows with code v
 *     dB_j[k]:    F[k] + S[k+1], F[k]: acc = fma(f, dz[r,j], acc) and G[k]: acc = acc + dz[r,j] for the rows in bin k,
 *                 S[T] = +0, S[k] = S[k+1] + G[k]
 *   blocks are added by the left-heavy tree: sum(n blocks) = sum(first p) + sum(rest), p the largest power of two
 *   below n. A chain of + from +0 never gives -0 in round to nearest, so for codes a block does not have, adding its
 *   zeros or leaving them out is the same; only rows that are there need be visited. (Chains of fma can give -0 by
 *   underflow, hence no skipping there.)
 *   A row of a category table is *touched* when its summed gradient has an element != 0. Rows that are not touched are
 *   left alone by apply: no anchor, no decay, no update, moments as they are.
 *
 * Rule 3, any other sum (gradient norm, softmax denominator, layer norm, losses over outputs). Term t goes to lane t %
 * 16 of block t / 4096; lanes start as +0 and are chains (+, or fma for products); the 16 lanes are added by halves (l
 * += l + 8, then 4, 2, 1); blocks by the tree of rule 2. A last, shorter block leaves some lanes shorter. Terms that
 * are zeros may be left out if positions are kept. Sums of losses over rows: double, in row order.
 *
 * Rule 4, elementary functions: the num_ functions below, to the letter. Host scalars are computed in double from the
 *   numbers of the plan and rounded to float once; powers by num_power.
 *
 * Rule 5, random numbers: common/rng.h. Row order of part 0: row_order_make(seed, epoch, n), steps per epoch
 *   = ceil(n / rows), rows = 0 being the whole set; step s is rows [(s % steps) * rows, ...) of epoch s / steps. Row i
 * of step s of part p > 0: rng_below(rng_key(seed, RNG_RESERVOIR, p), s * rows + i, n of its set); rows = 0: all of the
 *   set, in order. Dropout of unit j, row r of the batch: philox(rng_key(seed, RNG_DROPOUT, layer),
 *   {step lo, step hi, r, j / 4})[j % 4]; kept iff rng_unit(bits) >= p. Of numeric feature j: layer = 2^32 - 1.
 *
 * Losses, of a row with outputs z[o], target y[o] or label; inv = (float) (1.0 / o); s = sum by rule 3 over outputs.
 *   mse    d = z - y; loss = s(fma d d) / o; g = d * (float) (2.0 / o)
 *   mae    d = z - y; loss = s(|d|) / o; g = sign(d) * inv, sign(0) = 0
 *   huber  d = z - y; a = |d|; loss = s(a <= delta ? 0.5 d d : delta (a - 0.5 delta)) / o; g = clamp(d, +-delta) * inv
 *   bce    e = exp(-|z|); loss = s(fma(-z, y, max(z, 0)) + log1p(e)) / o; g = (sigmoid(z) - y) * inv
 *   ce     m = max z; e_j = exp(z_j - m), 0 for outputs outside the mask (m is over the mask too); D = s(e);
 *          loss = log D - (z_label - m); p_j = e_j / D; g_j = p_j - (j == label), 0 outside the mask. The mask is the
 *          plan's, or, in a grouped part, the outputs of the label's group
 *   soft   targets s[o], NaN: none. squared: g2 = (z - s) * (float) (2.0 / m), m outputs having a target
 *          softmax: g2 = (p - q) * (float) (T / n), with inverse = (float) (1 / T), for each of the n groups with
 *          targets: M = max z over its outputs with a target, e_j = exp((z_j - M) * inverse) there, 0 elsewhere,
 *          p_j = e_j / s(e); q from s likewise. Of bce: p = sigmoid(z * inverse), q from s, n outputs with a target
 *   dz = g * scale, scale = (float) (weight / rows of the part in this step) * w (* w only where the set has weights);
 *   with soft targets: dz = fma(g2, scale2, dz) where there is one, scale2 from soft_weight likewise. A part whose
 * weight is 0 starts from dz = 0; one whose soft_weight is 0, or that has no soft targets, leaves the second step out.
 *
 * Losses with numbers of their own:
 *   smoothing: bce puts fma(y, 1 - smoothing, 0.5 smoothing) for y. ce, where it is not 0: share = (float) (smoothing /
 *     classes of the mask), b_j = z_j - m, 0 outside the mask; loss = log D - fma(1 - smoothing, b_label, share s(b));
 *     g_j = p_j - share, then - (1 - smoothing) at the label; 0 outside the mask
 *   poisson: e = exp(z); loss = s(fma(-y, z, e) + (y > 0 ? fma(y, log y, -y) : 0)) / o; g = (e - y) * inv
 *   quantile: output j has the quantile t = j % quantiles of target y[j / quantiles]; d = z - y;
 *     loss = s(d > 0 ? (1 - t) d : t |d|) / o; g = (d > 0 ? 1 - t : d < 0 ? -t : 0) * inv
 *
 * One update (kernels/ref/optimiser.c), per element, lr being that of the step times the rate of the layer (exact in
 * double): gradient; + anchor: g = fma(lambda * omega, theta - theta*, g);
 * norm over all parameters that are not frozen: per parameter s(fma g g), these added in double in parameter order,
 * sqrt in double, rounded once; if norm > clip: g = g * (clip / norm); coupled decay (weights, categories, bins): g =
 * fma(lambda, theta, g), or decoupled: theta = fma(-(lr * lambda), theta, theta); then the optimiser. So the anchor is
 *   part of what is clipped (it belongs to the objective), decay is not.
 *
 * Muon (kernels/ref/orthogonal.c), for weights between hidden layers: every * and + of its momenta, steps and
 *   polynomials is rounded; the norm is sqrt(s(fma x x)) over elements as stored; products are sums by rule 1 from +0.
 *
 * Fisher information (kernels/ref/information.c): row r has f = (float) (w / sum of w), in double, rows ascending. In
 * turns t over the outputs (of ce: of the mask), ascending, dz of the last layer is
 *   ce: (p_j - (j == t)) * sqrt(p_t * f);  else 0, but at t: bce sqrt(sigmoid(z) * sigmoid(-z) * f), poisson
 *   sqrt(exp(z) * f), others sqrt(f)
 * and goes backward without dropout. V = fma(dz, dz, V) over turns from +0, likewise of dy; then V takes the place of
 * dz and dy in the sums of rule 2, and x * x, u * u, f * f of bins that of x (clipped; h), u, f.
 *
 * Frozen parameters (their own flag or their layer's) get no gradient and no update; the backward pass ends at the
 * lowest layer that has a trainable parameter.
 *
 * The functions are inline, branch-free but for selects, and hold no tables, so one text serves scalar code, compilers
 * that vectorise it, and a GPU compiler (which sets NUM_FN first). Largest errors: tests/unit/test_numerics.c.
 */
#ifndef CL_NUMERICS_H
#define CL_NUMERICS_H

#include <math.h>
#include <stdint.h>

#include "network.h"

#ifndef NUM_FN
#define NUM_FN static inline
#endif

#define NUM_DROPOUT_INPUT UINT32_MAX /* in place of a layer */

enum { NUMERICS_VERSION = 1, NUM_BLOCK_ROWS = 64, NUM_LANES = 16, NUM_SUM_BLOCK = 4096, NUM_TREE_DEPTH = 64 };

NUM_FN uint32_t
num_bits(float x)
{
    uint32_t bits;
    __builtin_memcpy(&bits, &x, sizeof bits);
    return bits;
}

NUM_FN float
num_float(uint32_t bits)
{
    float x;
    __builtin_memcpy(&x, &bits, sizeof x);
    return x;
}

NUM_FN float
num_copysign(float magnitude, float sign)
{
    return num_float((num_bits(magnitude) & 0x7FFFFFFFu) | (num_bits(sign) & 0x80000000u));
}

NUM_FN float
num_abs(float x)
{
    return num_float(num_bits(x) & 0x7FFFFFFFu);
}

/*
 * e^x = 2^n e^r, n = x / ln 2 to the nearest (by adding 1.5 2^23), |r| <= ln(2) / 2, e^r = 1 + r + r^2 q(r). The factor
 * 2^n is applied in two halves, so that overflow and subnormal results round once. Beyond [-104, 89] the result is
 * 0 or infinity.
 */
NUM_FN float
num_exp(float x)
{
    x = x > 89.0f ? 89.0f : x;
    x = x < -104.0f ? -104.0f : x;
    float t = fmaf(x, 0x1.715476p+0f, 0x1.8p+23f);
    int32_t n = (int32_t) (num_bits(t) - 0x4B400000u);
    float k = t - 0x1.8p+23f;
    float r = fmaf(k, -0x1.62e4p-1f, x);
    r = fmaf(k, -0x1.7f7d1cp-20f, r);
    float q = 0x1.6a2434p-10f;
    q = fmaf(q, r, 0x1.1239e2p-7f);
    q = fmaf(q, r, 0x1.5558f2p-5f);
    q = fmaf(q, r, 0x1.555492p-3f);
    q = fmaf(q, r, 0x1.fffffcp-2f);
    float p = fmaf(r * r, q, r) + 1.0f;
    uint32_t half = (uint32_t) (n >> 1), rest = (uint32_t) n - half;
    return p * num_float((half + 127u) << 23) * num_float((rest + 127u) << 23);
}

/*
 * log x = e ln 2 + log(1 + f), x = 2^e (1 + f), 1 + f in [sqrt 1/2, sqrt 2), log(1 + f) = f - f^2 / 2 + f^3 p(f).
 * log 0 = -infinity, log of a negative number = NaN.
 */
NUM_FN float
num_log(float x)
{
    float scaled = x < 0x1p-126f ? x * 0x1p+24f : x; /* subnormals */
    float shift = x < 0x1p-126f ? 24.0f : 0.0f;
    uint32_t u = num_bits(scaled) - 0x3F3504F3u; /* sqrt 1/2 */
    float e = (float) ((int32_t) u >> 23) - shift;
    float f = num_float((u & 0x007FFFFFu) + 0x3F3504F3u) - 1.0f;
    float p = 0x1.147f0cp-4f;
    p = fmaf(p, f, -0x1.de5c3cp-4f);
    p = fmaf(p, f, 0x1.e6f0e2p-4f);
    p = fmaf(p, f, -0x1.fc1d0ap-4f);
    p = fmaf(p, f, 0x1.23370cp-3f);
    p = fmaf(p, f, -0x1.555c6cp-3f);
    p = fmaf(p, f, 0x1.99a4bap-3f);
    p = fmaf(p, f, -0x1.000006p-2f);
    p = fmaf(p, f, 0x1.555548p-2f);
    float f2 = f * f;
    float low = fmaf(f2 * f, p, e * 0x1.7f7d1cp-20f);
    low = fmaf(f2, -0.5f, low);
    float y = fmaf(e, 0x1.62e4p-1f, f + low);
    y = x == 0.0f ? -INFINITY : y;
    y = x == INFINITY ? INFINITY : y;
    return x >= 0.0f ? y : NAN;
}

/* log(1 + e) for 0 <= e <= 1: u = 1 + e rounded, and what rounding lost, (e - (u - 1)) / u. */
NUM_FN float
num_log1p(float e)
{
    float u = 1.0f + e;
    return num_log(u) + (e - (u - 1.0f)) / u;
}

/*
 * 1 / (1 + e^-x), as e^x / (1 + e^x) for negative x: no overflow, no loss of small results. s + lost is 1 + e exactly;
 * the quotient is put right by its remainder, so that the error is that of the exponential and one rounding.
 */
NUM_FN float
num_sigmoid(float x)
{
    float e = num_exp(-num_abs(x));
    float s = 1.0f + e, lost = e - (s - 1.0f), inverse = 1.0f / s;
    float numerator = x < 0.0f ? e : 1.0f;
    float q = numerator * inverse;
    float remainder = fmaf(-q, lost, fmaf(-q, s, numerator));
    return fmaf(remainder, inverse, q);
}

/* x + x^3 t(x^2) for |x| < 0.625, else sign(x) (1 - 2 / (e^2|x| + 1)). */
NUM_FN float
num_tanh(float x)
{
    float a = num_abs(x), u = x * x;
    float t = 0x1.0df40ep-9f;
    t = fmaf(t, u, -0x1.08f326p-7f);
    t = fmaf(t, u, 0x1.62eee6p-6f);
    t = fmaf(t, u, -0x1.b9e042p-5f);
    t = fmaf(t, u, 0x1.11101ep-3f);
    t = fmaf(t, u, -0x1.555552p-2f);
    float small = fmaf(t * u, x, x);
    float large = 1.0f - 2.0f / (num_exp(a + a) + 1.0f);
    return num_copysign(a < 0.625f ? small : large, x);
}

/*
 * x + x p(x^2) for |x| < 0.9375, else sign(x) (1 - e^(-|x| - |x| g(|x|))); 1 beyond 4. In two parts, for those who take
 * the exponentials of many numbers at once: the exponent, and the result when that has been raised.
 */
NUM_FN float
num_erf_exponent(float x)
{
    float a = num_abs(x), b = a > 4.0f ? 4.0f : a;
    float g = 0x1.78dbecp-17f;
    g = fmaf(g, b, -0x1.527becp-12f);
    g = fmaf(g, b, 0x1.dd6c9cp-9f);
    g = fmaf(g, b, -0x1.85514ep-6f);
    g = fmaf(g, b, 0x1.b32570p-4f);
    g = fmaf(g, b, 0x1.45328ep-1f);
    g = fmaf(g, b, 0x1.0778dcp-3f);
    return fmaf(-g, b, -b);
}

NUM_FN float
num_erf_of_power(float x, float power)
{
    float a = num_abs(x), u = x * x;
    float p = 0x1.5a127ep-14f;
    p = fmaf(p, u, -0x1.a968ecp-11f);
    p = fmaf(p, u, 0x1.54afbcp-8f);
    p = fmaf(p, u, -0x1.b80c10p-6f);
    p = fmaf(p, u, 0x1.ce2decp-4f);
    p = fmaf(p, u, -0x1.812742p-2f);
    p = fmaf(p, u, 0x1.06eba8p-3f);
    float small = fmaf(p, x, x);
    return num_copysign(a < 0.9375f ? small : 1.0f - power, x);
}

NUM_FN float
num_erf(float x)
{
    return num_erf_of_power(x, num_exp(num_erf_exponent(x)));
}

/* The normal distribution function by erf. */
NUM_FN float
num_normal_cdf(float z)
{
    return 0.5f * (1.0f + num_erf(z * 0x1.6a09e6p-1f));
}

/*
 * Activations and their derivatives from z, and from a = num_activate(z) where that is cheaper.
 *   relu        z > 0 ? z : 0            z > 0
 *   leaky-relu  z > 0 ? z : 0.01 z       z > 0 ? 1 : 0.01
 *   tanh        tanh z                   1 - a^2, as fma(-a, a, 1)
 *   sigmoid     sigmoid z                a (1 - a)
 *   gelu        z Phi(z)                 Phi(z) + z phi(z), Phi = (1 + erf(z / sqrt 2)) / 2 (Hendrycks and Gimpel 2016)
 *   silu        z sigmoid(z)             s (1 + z (1 - s))
 */
NUM_FN float
num_activate(enum activation activation, float z)
{
    switch (activation) {
    case ACT_RELU:
        return z > 0.0f ? z : 0.0f;
    case ACT_LEAKY_RELU:
        return z > 0.0f ? z : 0.01f * z;
    case ACT_TANH:
        return num_tanh(z);
    case ACT_SIGMOID:
        return num_sigmoid(z);
    case ACT_GELU:
        return z * num_normal_cdf(z);
    case ACT_SILU:
        return z * num_sigmoid(z);
    default:
        return z;
    }
}

NUM_FN float
num_activate_slope(enum activation activation, float z, float a)
{
    switch (activation) {
    case ACT_RELU:
        return z > 0.0f ? 1.0f : 0.0f;
    case ACT_LEAKY_RELU:
        return z > 0.0f ? 1.0f : 0.01f;
    case ACT_TANH:
        return fmaf(-a, a, 1.0f);
    case ACT_SIGMOID:
        return a * (1.0f - a);
    case ACT_GELU: {
        float density = 0x1.988454p-2f * num_exp(-0.5f * (z * z));
        return fmaf(z, density, num_normal_cdf(z));
    }
    case ACT_SILU: {
        float s = num_sigmoid(z);
        return s * fmaf(z, 1.0f - s, 1.0f);
    }
    default:
        return 1.0f;
    }
}

/* Added to a variance before its root: Ba, Kiros and Hinton 2016. */
#define NUM_NORM_EPSILON 1e-5f

/* base^n by squaring, in double: the lowest bit of n first. For beta^t of Adam, whose bits libm does not promise. */
NUM_FN double
num_power(double base, uint64_t n)
{
    double power = 1;
    for (; n != 0; n >>= 1) {
        const double factor[] = {1, base}; /* no branch: the bits of a count of steps cannot be foreseen */
        power *= factor[n & 1];
        base *= base;
    }
    return power;
}

/* A sum by rule 3, term by term. Zero it to start. */
struct num_sum {
    float lane[NUM_LANES];
    float tree[NUM_TREE_DEPTH];
    uint64_t n, blocks; /* terms; whole blocks in the tree */
    uint32_t depth;
};

NUM_FN float
num_lanes_total(const float lane[NUM_LANES])
{
    float s[NUM_LANES];
    for (int i = 0; i < NUM_LANES; i++)
        s[i] = lane[i];
    for (int width = NUM_LANES / 2; width >= 1; width /= 2)
        for (int i = 0; i < width; i++)
            s[i] += s[i + width];
    return s[0];
}

/* The left-heavy tree as a binary counter: a block is merged with its left neighbour while both are equally high. */
NUM_FN void
num_sum_block(struct num_sum *sum)
{
    float total = num_lanes_total(sum->lane);
    for (uint64_t b = sum->blocks++; b & 1; b >>= 1)
        total = sum->tree[--sum->depth] + total;
    sum->tree[sum->depth++] = total;
    for (int i = 0; i < NUM_LANES; i++)
        sum->lane[i] = 0.0f;
}

NUM_FN void
num_sum_add(struct num_sum *sum, float term)
{
    sum->lane[sum->n % NUM_LANES] += term;
    if (++sum->n % NUM_SUM_BLOCK == 0)
        num_sum_block(sum);
}

NUM_FN void
num_sum_fma(struct num_sum *sum, float a, float b)
{
    float *lane = &sum->lane[sum->n % NUM_LANES];
    *lane = fmaf(a, b, *lane);
    if (++sum->n % NUM_SUM_BLOCK == 0)
        num_sum_block(sum);
}

/* n terms that are zero. */
NUM_FN void
num_sum_skip(struct num_sum *sum, uint64_t n)
{
    while (n != 0) {
        uint64_t left = NUM_SUM_BLOCK - sum->n % NUM_SUM_BLOCK, now = n < left ? n : left;
        sum->n += now;
        n -= now;
        if (now == left)
            num_sum_block(sum);
    }
}

/* Ends the sum. */
NUM_FN float
num_sum_total(struct num_sum *sum)
{
    if (sum->n % NUM_SUM_BLOCK != 0)
        num_sum_block(sum);
    float total = sum->depth == 0 ? 0.0f : sum->tree[--sum->depth];
    while (sum->depth != 0)
        total = sum->tree[--sum->depth] + total;
    return total;
}

#endif
