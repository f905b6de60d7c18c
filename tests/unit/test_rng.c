#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <math.h>
#include <stdlib.h>
#include <cmocka.h>

#include "isa.h"
#include "rng_many.h"

/* Known answers of philox4x32-10 from the Random123 distribution (tests/kat_vectors). */
static void
test_philox_known_answers(void **unused)
{
    (void) unused;
    static const struct {
        uint32_t counter[4], key[2], out[4];
    } known[] = {
        {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
         {0xffffffff, 0xffffffff},
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        uint32_t out[4];
        rng_philox((struct rng_key){{known[i].key[0], known[i].key[1]}}, known[i].counter, out);
        assert_memory_equal(out, known[i].out, sizeof out);
    }
}

/* Seed, purpose and stream all matter, high halves too. */
static void
test_keys_differ(void **unused)
{
    (void) unused;
    const struct rng_key keys[] = {rng_key(1, RNG_INIT, 0),
                                   rng_key(2, RNG_INIT, 0),
                                   rng_key(1, RNG_ORDER, 0),
                                   rng_key(1, RNG_INIT, 1),
                                   rng_key(1, RNG_INIT, (uint64_t) 1 << 32),
                                   rng_key((uint64_t) 1 << 32, RNG_INIT, 0)};
    for (size_t i = 0; i < 6; i++)
        for (size_t j = 0; j < i; j++)
            assert_true(keys[i].k[0] != keys[j].k[0] || keys[i].k[1] != keys[j].k[1]);
    uint32_t out[4];
    rng_philox((struct rng_key){{7, 9}}, (uint32_t[4]){RNG_SPLIT, 5, 6, 0}, out);
    struct rng_key key = rng_key(7 | (uint64_t) 9 << 32, RNG_SPLIT, 5 | (uint64_t) 6 << 32);
    assert_int_equal(key.k[0], out[0]);
    assert_int_equal(key.k[1], out[1]);
}

/* Values that numerics 1 promises for ever. */
static void
test_frozen_values(void **unused)
{
    (void) unused;
    struct rng_key key = rng_key(42, RNG_INIT, 3);
    struct permutation p = permutation_make(key, 1, 1000);
    struct row_order order = row_order_make(42, 7, 1000000);
    assert_true(rng_u64(key, 5) == 0xfa0843da03a9c6feu);
    assert_true(rng_below(key, 5, 1000) == 942u);
    assert_true(rng_normal(key, 5) == 0x1.fd5db4a8f2fdep+0);
    assert_true(permutation_at(&p, 17) == 406u);
    assert_true(row_order_at(&order, 123456) == 113021u);
}

static void
test_unit(void **unused)
{
    (void) unused;
    assert_true(rng_unit(0) == 0);
    assert_true(rng_unit(255) == 0);
    assert_true(rng_unit(256) == 0x1p-24f);
    assert_true(rng_unit(0xffffffff) == 1 - 0x1p-24f);
}

/* Chi-square against its mean + 5 sigma: k - 1 degrees of freedom have variance 2 (k - 1). */
static void
assert_uniform(const uint32_t *count, uint32_t k, double expected)
{
    double chi2 = 0;
    for (uint32_t i = 0; i < k; i++)
        chi2 += (count[i] - expected) * (count[i] - expected) / expected;
    if (!(chi2 < k - 1 + 5 * sqrt(2.0 * (k - 1))))
        fail_msg("chi-square %g with %u degrees of freedom", chi2, k - 1);
}

static void
test_below(void **unused)
{
    (void) unused;
    struct rng_key key = rng_key(1, RNG_RESERVOIR, 0);
    uint32_t count[7] = {0};
    for (uint64_t i = 0; i < 70000; i++)
        count[rng_below(key, i, 7)]++;
    assert_uniform(count, 7, 10000);
    for (uint64_t i = 0; i < 1000; i++) {
        assert_true(rng_below(key, i, 1) == 0);
        assert_true(rng_below(key, i, UINT64_MAX) < UINT64_MAX);
    }
    /* with this bound nearly half of all draws are rejected once */
    uint64_t bound = ((uint64_t) 1 << 63) + 1, again = 0;
    for (uint64_t i = 0; i < 1000; i++) {
        uint64_t u = rng_below(key, i, bound);
        assert_true(u < bound);
        again += u != rng_u64(key, i) % bound;
    }
    assert_true(again > 300 && again < 700);
}

/* The inverse of the distribution function, seen through erfc: P(X <= x) has to be uniform, and moments right. */
static void
test_normal(void **unused)
{
    (void) unused;
    struct rng_key key = rng_key(3, RNG_INIT, 0);
    uint32_t count[100] = {0};
    double sum = 0, squares = 0, fourth = 0;
    int n = 200000;
    for (int i = 0; i < n; i++) {
        double x = rng_normal(key, (uint64_t) i), p = 0.5 * erfc(-x / sqrt(2));
        double u = ((double) (rng_u64(key, (uint64_t) i) >> 11) + 0.5) * 0x1p-53;
        assert_true(fabs(p - u) <= 4e-15 * (u < 0.5 ? u : 1) + 1e-17 || fabs(p / u - 1) < 1e-13);
        count[(int) (p * 100)]++;
        sum += x;
        squares += x * x;
        fourth += x * x * x * x;
    }
    assert_uniform(count, 100, n / 100);
    assert_true(fabs(sum / n) < 0.01);
    assert_true(fabs(squares / n - 1) < 0.02);
    assert_true(fabs(fourth / n - 3) < 0.1);
}

static void
assert_bijection(const struct permutation *p, uint8_t *seen)
{
    for (uint64_t i = 0; i < p->n; i++)
        seen[i] = 0;
    for (uint64_t i = 0; i < p->n; i++) {
        uint64_t at = permutation_at(p, i);
        assert_true(at < p->n);
        assert_false(seen[at]);
        seen[at] = 1;
    }
}

static void
test_permutations_are_bijections(void **unused)
{
    (void) unused;
    static uint8_t seen[200000];
    for (uint64_t n = 0; n <= 1000; n++) {
        struct permutation p = permutation_make(rng_key(n, RNG_ORDER, 0), n, n);
        uint8_t list[PERMUTATION_SMALL];
        assert_bijection(&p, seen);
        if (n > PERMUTATION_SMALL)
            continue;
        permutation_list(&p, list);
        for (uint64_t i = 0; i < n; i++)
            assert_int_equal(list[i], permutation_at(&p, i));
    }
    const uint64_t big[] = {4095, 4096, 4097, 65536, 65537, 131071, 200000};
    for (size_t i = 0; i < sizeof big / sizeof *big; i++) {
        struct permutation p = permutation_make(rng_key(1, RNG_ORDER, 0), i, big[i]);
        assert_bijection(&p, seen);
    }
    /* the largest: distinct and inside */
    struct permutation p = permutation_make(rng_key(1, RNG_ORDER, 0), 0, (uint64_t) 1 << 62);
    assert_true(permutation_at(&p, 0) != permutation_at(&p, 1));
    assert_true(permutation_at(&p, ((uint64_t) 1 << 62) - 1) < (uint64_t) 1 << 62);
}

static void
check_many(const struct rng_many *many)
{
    const uint64_t first[] = {0, 1, UINT32_MAX - 5, UINT64_MAX - 9};
    uint64_t to[20];
    for (uint64_t n = 0; n <= 20; n++)
        for (uint32_t k = 0; k < sizeof first / sizeof *first; k++) {
            const struct rng_key key = rng_key(n, RNG_RESERVOIR, k);
            many->u64(key, first[k], n, to);
            for (uint64_t i = 0; i < n; i++)
                assert_true(to[i] == rng_u64(key, first[k] + i));
        }
    for (uint32_t n = 0; n <= RNG_LIST_MOST; n++)
        for (uint64_t block = UINT32_MAX - 100; block < (uint64_t) UINT32_MAX + 100; block += RNG_LISTS) {
            const struct rng_key key = rng_key(n, RNG_SPLIT, 0);
            uint8_t lists[RNG_LISTS][RNG_LIST_MOST];
            many->lists(key, block, n, lists);
            for (uint32_t s = 0; s < RNG_LISTS; s++) {
                const struct permutation p = permutation_make(key, block + s, n);
                for (uint32_t i = 0; i < n; i++)
                    assert_int_equal(lists[s][i], permutation_at(&p, i));
            }
        }
}

static void
test_many_at_once_are_the_same(void **unused)
{
    (void) unused;
    check_many(&rng_many_base);
#if defined(__x86_64__)
    if (isa_here(ISA_AVX2))
        check_many(&rng_many_avx2);
#endif
}

/* Over keys, each number comes to each position equally often; and pairs, so that neighbours are independent. */
static void
test_permutations_are_uniform(void **unused)
{
    (void) unused;
    enum { N = 10, KEYS = 20000 };
    uint32_t count[N * N] = {0}, pairs[N * (N - 1)] = {0}, orders[24] = {0};
    for (uint64_t key = 0; key < KEYS; key++) {
        struct permutation p = permutation_make(rng_key(key, RNG_ORDER, 0), 0, N);
        for (uint64_t i = 0; i < N; i++)
            count[i * N + permutation_at(&p, i)]++;
        uint64_t a = permutation_at(&p, 0), b = permutation_at(&p, 1);
        pairs[a * (N - 1) + (b > a ? b - 1 : b)]++;
        struct permutation four = permutation_make(rng_key(key, RNG_ORDER, 0), 1, 4); /* all 24 orders */
        uint64_t at[4], rank = 0;
        for (uint64_t i = 0; i < 4; i++)
            at[i] = permutation_at(&four, i);
        for (uint64_t i = 0; i < 4; i++) {
            uint64_t smaller = 0;
            for (uint64_t j = i + 1; j < 4; j++)
                smaller += at[j] < at[i];
            rank = rank * (4 - i) + smaller;
        }
        orders[rank]++;
    }
    for (uint32_t i = 0; i < N; i++)
        assert_uniform(count + i * N, N, (double) KEYS / N);
    assert_uniform(pairs, N * (N - 1), (double) KEYS / (N * (N - 1)));
    assert_uniform(orders, 24, KEYS / 24.0);
}

/* Within one large permutation: where the first tenth goes, and steps between neighbours. */
static void
test_large_permutation_mixes(void **unused)
{
    (void) unused;
    uint32_t count[100] = {0};
    struct permutation p = permutation_make(rng_key(9, RNG_ORDER, 0), 0, 1000000);
    for (uint64_t i = 0; i < 100000; i++)
        count[permutation_at(&p, i) / 10000]++;
    assert_uniform(count, 100, 1000);
    uint32_t up = 0;
    for (uint64_t i = 0; i < 100000; i++)
        up += permutation_at(&p, i + 1) > permutation_at(&p, i);
    assert_true(up > 49000 && up < 51000);
}

static void
test_row_order(void **unused)
{
    (void) unused;
    const uint64_t sizes[] = {0, 1, 2, 3, 1000, 65535, 65536, 65537, 8 * 65536, 8 * 65536 + 1, 1000000, 3000000};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        uint64_t n = sizes[s];
        uint8_t *seen = calloc(n + 1, 1);
        assert_non_null(seen);
        struct row_order order = row_order_make(5, s, n);
        for (uint64_t i = 0; i < n; i++) {
            uint64_t at = row_order_at(&order, i);
            assert_true(at < n);
            assert_false(seen[at]);
            seen[at] = 1;
        }
        /* any position, in any order */
        for (uint64_t i = 0; i < n && i < 100; i++) {
            uint64_t position = rng_below(rng_key(1, RNG_ORDER, 9), i, n);
            struct row_order fresh = row_order_make(5, s, n);
            assert_true(row_order_at(&fresh, position) == row_order_at(&order, position));
        }
        free(seen);
    }
}

/* Rows of a window come from its 8 blocks only, and every window but the last has 8 (the short block included). */
static void
test_row_order_windows(void **unused)
{
    (void) unused;
    uint64_t n = 20 * (uint64_t) ORDER_BLOCK + 777;
    for (uint64_t epoch = 0; epoch < 3; epoch++) {
        struct row_order order = row_order_make(1, epoch, n);
        uint64_t blocks_seen = 0, window = 0;
        uint8_t of_block[21] = {0};
        for (uint64_t i = 0; i < n; i++) {
            uint64_t block = row_order_at(&order, i) / ORDER_BLOCK;
            if (order.window_index != window) {
                assert_int_equal(order.window_index, window + 1);
                assert_int_equal(blocks_seen, ORDER_WINDOW);
                window++;
                blocks_seen = 0;
            }
            if (of_block[block] == 0) {
                of_block[block] = (uint8_t) (window + 1);
                blocks_seen++;
            }
            assert_int_equal(of_block[block], window + 1);
        }
        assert_int_equal(window, 2);
    }
}

static void
test_epochs_differ(void **unused)
{
    (void) unused;
    struct row_order a = row_order_make(1, 0, 1000), b = row_order_make(1, 1, 1000), c = row_order_make(2, 0, 1000);
    int same_epoch = 0, same_seed = 0;
    for (uint64_t i = 0; i < 1000; i++) {
        same_epoch += row_order_at(&a, i) == row_order_at(&b, i);
        same_seed += row_order_at(&a, i) == row_order_at(&c, i);
    }
    assert_true(same_epoch < 10 && same_seed < 10);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_philox_known_answers),
        cmocka_unit_test(test_keys_differ),
        cmocka_unit_test(test_frozen_values),
        cmocka_unit_test(test_unit),
        cmocka_unit_test(test_below),
        cmocka_unit_test(test_normal),
        cmocka_unit_test(test_permutations_are_bijections),
        cmocka_unit_test(test_many_at_once_are_the_same),
        cmocka_unit_test(test_permutations_are_uniform),
        cmocka_unit_test(test_large_permutation_mixes),
        cmocka_unit_test(test_row_order),
        cmocka_unit_test(test_row_order_windows),
        cmocka_unit_test(test_epochs_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
