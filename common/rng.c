#include "rng.h"

#include <math.h>
#include <string.h>

#include "logarithm.h"
#include "rng_rounds.h"

void
rng_philox(struct rng_key key, const uint32_t counter[4], uint32_t out[4])
{
    uint32_t k0 = key.k[0], k1 = key.k[1];
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
    for (int round = 0; round < PHILOX_ROUNDS; round++) {
        uint64_t p0 = (uint64_t) PHILOX_M0 * c0, p1 = (uint64_t) PHILOX_M1 * c2;
        c0 = (uint32_t) (p1 >> 32) ^ c1 ^ k0;
        c1 = (uint32_t) p1;
        c2 = (uint32_t) (p0 >> 32) ^ c3 ^ k1;
        c3 = (uint32_t) p0;
        k0 += PHILOX_W0;
        k1 += PHILOX_W1;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

static uint32_t
low(uint64_t u)
{
    return (uint32_t) u;
}

static uint32_t
high(uint64_t u)
{
    return (uint32_t) (u >> 32);
}

struct rng_key
rng_key(uint64_t seed, enum rng_purpose purpose, uint64_t stream)
{
    struct rng_key seed_key = {{low(seed), high(seed)}};
    uint32_t out[4];
    rng_philox(seed_key, (uint32_t[4]){(uint32_t) purpose, low(stream), high(stream), 0}, out);
    return (struct rng_key){{out[0], out[1]}};
}

/* The attempt-th number at a position: counter {position lo, position hi, attempt, 0}, words 0 (low) and 1 (high). */
static uint64_t
u64_at(struct rng_key key, uint64_t position, uint32_t attempt)
{
    uint32_t out[4];
    rng_philox(key, (uint32_t[4]){low(position), high(position), attempt, 0}, out);
    return out[0] | (uint64_t) out[1] << 32;
}

uint64_t
rng_u64(struct rng_key key, uint64_t position)
{
    return u64_at(key, position, 0);
}

float
rng_unit(uint32_t bits)
{
    return (float) (bits >> 8) * 0x1p-24f;
}

/* Numbers below 2^64 mod bound are drawn again (the next attempt), so that each remainder has as many numbers. */
uint64_t
rng_below(struct rng_key key, uint64_t position, uint64_t bound)
{
    for (uint32_t attempt = 0;; attempt++) {
        uint64_t u = u64_at(key, position, attempt);
        /* 2^64 mod bound is below bound: most numbers need no division to be taken. */
        if (u >= bound || u >= (UINT64_MAX - bound + 1) % bound)
            return u % bound;
    }
}

/* num / den at r, polynomials of degree 7, highest coefficient last; den[0] is 1. */
static double
ratio7(const double num[8], const double den[8], double r)
{
    double p = num[7], q = den[7];
    for (int i = 6; i >= 0; i--) {
        p = p * r + num[i];
        q = q * r + den[i];
    }
    return p / q;
}

/* Wichura 1988, algorithm AS 241, routine PPND16: relative accuracy about 1e-16. */
static double
normal_quantile(double p)
{
    static const double a[8] = {3.3871328727963666080e0,  1.3314166789178437745e+2, 1.9715909503065514427e+3,
                                1.3731693765509461125e+4, 4.5921953931549871457e+4, 6.7265770927008700853e+4,
                                3.3430575583588128105e+4, 2.5090809287301226727e+3};
    static const double b[8] = {1.0,
                                4.2313330701600911252e+1,
                                6.8718700749205790830e+2,
                                5.3941960214247511077e+3,
                                2.1213794301586595867e+4,
                                3.9307895800092710610e+4,
                                2.8729085735721942674e+4,
                                5.2264952788528545610e+3};
    static const double c[8] = {1.42343711074968357734e0,  4.63033784615654529590e0, 5.76949722146069140550e0,
                                3.64784832476320460504e0,  1.27045825245236838258e0, 2.41780725177450611770e-1,
                                2.27238449892691845833e-2, 7.74545014278341407640e-4};
    static const double d[8] = {1.0,
                                2.05319162663775882187e0,
                                1.67638483018380384940e0,
                                6.89767334985100004550e-1,
                                1.48103976427480074590e-1,
                                1.51986665636164571966e-2,
                                5.47593808499534494600e-4,
                                1.05075007164441684324e-9};
    static const double e[8] = {6.65790464350110377720e0,  5.46378491116411436990e0,  1.78482653991729133580e0,
                                2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3,
                                2.71155556874348757815e-5, 2.01033439929228813265e-7};
    static const double f[8] = {1.0,
                                5.99832206555887937690e-1,
                                1.36929880922735805310e-1,
                                1.48753612908506148525e-2,
                                7.86869131145613259100e-4,
                                1.84631831751005468180e-5,
                                1.42151175831644588870e-7,
                                2.04426310338993978564e-15};
    double q = p - 0.5;
    if (fabs(q) <= 0.425)
        return q * ratio7(a, b, 0.180625 - q * q);
    double r = sqrt(-logarithm(q < 0 ? p : 1 - p));
    double x = r <= 5 ? ratio7(c, d, r - 1.6) : ratio7(e, f, r - 5);
    return q < 0 ? -x : x;
}

/* At the middle of one of 2^53 equal cells of (0, 1). */
double
rng_normal(struct rng_key key, uint64_t position)
{
    return normal_quantile(((double) (rng_u64(key, position) >> 11) + 0.5) * 0x1p-53);
}

static uint32_t
mix(uint32_t x, uint32_t key)
{
    return MIX(x, key);
}

struct permutation
permutation_make(struct rng_key key, uint64_t stream, uint64_t n)
{
    struct permutation permutation = {.n = n};
    uint32_t bits = 0;
    while (bits < 62 && (uint64_t) 1 << bits < n)
        bits++;
    permutation.left_bits = bits / 2;
    permutation.right_bits = bits - bits / 2;
    for (uint32_t half = 0; half < 2; half++)
        rng_philox(key, (uint32_t[4]){low(stream), high(stream), half, 1}, permutation.round_key + 4 * half);
    return permutation;
}

/*
 * Halves of unequal width take turns: left ^= F(right), then right ^= F(left). Each is its own inverse, so the whole
 * is a bijection of 2^bits; at most every second number is outside [0, n) and is sent round again.
 */
uint64_t
permutation_at(const struct permutation *permutation, uint64_t i)
{
    uint32_t right_bits = permutation->right_bits;
    uint32_t left_mask = (uint32_t) (((uint64_t) 1 << permutation->left_bits) - 1);
    uint32_t right_mask = (uint32_t) (((uint64_t) 1 << right_bits) - 1);
    do {
        uint32_t left = (uint32_t) (i >> right_bits), right = (uint32_t) i & right_mask;
        for (int round = 0; round < 8; round += 2) {
            left ^= mix(right, permutation->round_key[round]) & left_mask;
            right ^= mix(left, permutation->round_key[round + 1]) & right_mask;
        }
        i = (uint64_t) left << right_bits | right;
    } while (i >= permutation->n);
    return i;
}

/* Halves of at most 4 bits: each round function is a table of 16 values. Then the network for all numbers, then walks.
 */
void
permutation_list(const struct permutation *permutation, uint8_t *at)
{
    enum { HALF = 16 };
    const uint32_t right_bits = permutation->right_bits, bits = permutation->left_bits + right_bits;
    uint8_t left_turn[4][HALF], right_turn[4][HALF], image[PERMUTATION_SMALL];
    for (int pair = 0; pair < 4; pair++) {
        for (uint32_t right = 0; right < 1u << right_bits; right++)
            left_turn[pair][right] =
                mix(right, permutation->round_key[2 * pair]) & ((1u << permutation->left_bits) - 1);
        for (uint32_t left = 0; left < 1u << permutation->left_bits; left++)
            right_turn[pair][left] = mix(left, permutation->round_key[2 * pair + 1]) & ((1u << right_bits) - 1);
    }
    for (uint32_t i = 0; i < 1u << bits; i++) {
        uint32_t left = i >> right_bits, right = i & ((1u << right_bits) - 1);
        for (int pair = 0; pair < 4; pair++) {
            left ^= left_turn[pair][right];
            right ^= right_turn[pair][left];
        }
        image[i] = (uint8_t) (left << right_bits | right);
    }
    for (uint64_t i = 0; i < permutation->n; i++) {
        at[i] = image[i];
        while (at[i] >= permutation->n)
            at[i] = image[at[i]];
    }
}

/*
 * Places are counted as if every block had 65,536 rows; `gap` rows are then missing at the end of the last block,
 * wherever that block came to stand. A virtual position is a position with the gap put back.
 */
static uint64_t
order_gap(const struct row_order *order)
{
    return order->n_blocks * ORDER_BLOCK - order->n;
}

static void
order_window(struct row_order *order, uint64_t index)
{
    uint64_t first = index * ORDER_WINDOW, last = first + ORDER_WINDOW;
    if (last > order->n_blocks)
        last = order->n_blocks;
    uint64_t rows = (last - first) * ORDER_BLOCK;
    if (order->short_block >= first && order->short_block < last)
        rows -= order_gap(order);
    order->window = permutation_make(order->key, 1 + index, rows);
    order->window_index = index;
}

struct row_order
row_order_make(uint64_t seed, uint64_t epoch, uint64_t n)
{
    struct row_order order = {.n = n, .epoch = epoch, .key = rng_key(seed, RNG_ORDER, epoch)};
    order.n_blocks = n / ORDER_BLOCK + (n % ORDER_BLOCK != 0);
    order.blocks = permutation_make(order.key, 0, order.n_blocks);
    if (n == 0)
        return order;
    while (permutation_at(&order.blocks, order.short_block) != order.n_blocks - 1)
        order.short_block++;
    order_window(&order, 0);
    return order;
}

uint64_t
row_order_at(struct row_order *order, uint64_t i)
{
    uint64_t gap = order_gap(order);
    uint64_t gap_at = (order->short_block + 1) * ORDER_BLOCK - gap; /* position from which the gap counts */
    uint64_t index = (i < gap_at ? i : i + gap) / (ORDER_BLOCK * ORDER_WINDOW);
    if (index != order->window_index)
        order_window(order, index);
    uint64_t first = index * ORDER_WINDOW * ORDER_BLOCK; /* virtual position where the window starts */
    uint64_t start = first > gap_at ? first - gap : first;
    uint64_t v = start + permutation_at(&order->window, i - start);
    if (v >= gap_at)
        v += gap;
    return permutation_at(&order->blocks, v / ORDER_BLOCK) * ORDER_BLOCK + v % ORDER_BLOCK;
}
