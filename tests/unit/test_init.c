#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <math.h>
#include <string.h>
#include <cmocka.h>

#include "init.h"

static struct network
make(struct arena *arena, enum activation activation)
{
    struct network network;
    const uint32_t sizes[] = {50, 3}, hidden[] = {200, 100};
    const char *const names[] = {"town", "kind"};
    network_dense(&network, arena, 148, 2, sizes, names, hidden, 2, activation, 0, 10);
    for (uint32_t p = 0; p < network.n_params; p++)
        for (uint64_t i = 0; i < network.params[p].rows * network.params[p].cols; i++)
            network.params[p].data[i] = NAN; /* every element must be set */
    return network;
}

/* Variance and shape of a parameter: uniform within its limit, normal with a kurtosis of 3. */
static void
assert_spread(const struct param *param, double variance, bool normal)
{
    uint64_t first = param->kind == PARAM_CATEGORY ? param->cols : 0, n = param->rows * param->cols - first;
    double mean = 0, squares = 0, fourth = 0, most = 0;
    for (uint64_t i = 0; i < n; i++) {
        double x = (double) param->data[first + i];
        mean += x / (double) n;
        squares += x * x / (double) n;
        fourth += x * x * x * x / (double) n;
        most = fmax(most, fabs(x));
    }
    double kurtosis = fourth / (squares * squares), slack = 6 / sqrt((double) n);
    assert_true(fabs(mean) < slack * sqrt(variance));
    assert_true(fabs(squares / variance - 1) < 2 * slack);
    assert_true(fabs(kurtosis - (normal ? 3 : 1.8)) < (normal ? 8 : 2) * slack);
    if (!normal)
        assert_true(most <= sqrt(3 * variance) * (1 + 1e-7) && most > 0.9 * sqrt(3 * variance));
}

static void
test_variances(void **unused)
{
    (void) unused;
    for (int init = INIT_GLOROT_UNIFORM; init < INIT_COUNT; init++) {
        struct arena arena = {NULL};
        struct network network = make(&arena, ACT_TANH);
        bool he = init == INIT_HE_UNIFORM || init == INIT_HE_NORMAL;
        bool normal = init == INIT_GLOROT_NORMAL || init == INIT_HE_NORMAL;
        init_network(&network, (enum init) init, 1);
        for (uint32_t p = 0; p < network.n_params; p++) {
            const struct param *param = &network.params[p];
            const double fan_in[] = {150, 200, 100}, fan_out[] = {200, 100, 10};
            double variance = 2 / (fan_in[param->layer] + (he ? 0 : fan_out[param->layer]));
            if (param->kind == PARAM_BIAS)
                for (uint64_t i = 0; i < param->cols; i++)
                    assert_true(param->data[i] == 0);
            else
                assert_spread(param, variance, normal);
            for (uint64_t i = 0; param->kind == PARAM_CATEGORY && i < param->cols; i++)
                assert_true(param->data[i] == 0); /* code 0: missing or never seen */
        }
        arena_free(&arena);
    }
}

/* Norms begin as nothing but a norm, edges stay, and bins count as inputs. */
static void
test_trimmings(void **unused)
{
    (void) unused;
    struct arena arena = {NULL};
    struct network network;
    const uint32_t bins[] = {60, 38};
    const struct encoding encoding = {0, bins, 0};
    const struct hidden hidden = {100, ACT_RELU, NORM_LAYER, 0, -1};
    network_make(&network, &arena, 2, &encoding, 0, NULL, NULL, &hidden, 1, 3);
    const struct layer *first = &network.layers[0];
    network.params[network.edges].data[7] = 5;
    init_network(&network, INIT_GLOROT_UNIFORM, 1);
    assert_true(network.params[network.edges].data[7] == 5);
    for (uint32_t j = 0; j < 100; j++) {
        assert_true(network.params[first->gain].data[j] == 1);
        assert_true(network.params[first->shift].data[j] == 0);
    }
    assert_spread(&network.params[first->bins], 2.0 / (100 + 100), false);
    arena_free(&arena);
}

static bool
same(const struct network *a, const struct network *b, uint32_t p)
{
    return memcmp(a->params[p].data, b->params[p].data, a->params[p].rows * a->params[p].cols * sizeof(float)) == 0;
}

static void
test_auto(void **unused)
{
    (void) unused;
    const enum activation activations[] = {ACT_RELU, ACT_LEAKY_RELU, ACT_GELU, ACT_SILU, ACT_TANH, ACT_SIGMOID};
    for (size_t i = 0; i < 6; i++) {
        struct arena arena = {NULL};
        struct network a = make(&arena, activations[i]), b = make(&arena, activations[i]);
        init_network(&a, INIT_AUTO, 1);
        init_network(&b, INIT_GLOROT_UNIFORM, 1);
        for (uint32_t p = 0; p < a.n_params; p++)
            assert_true(same(&a, &b, p));
        arena_free(&arena);
    }
}

/* A function of seed, parameter and element only. */
static void
test_seeds(void **unused)
{
    (void) unused;
    struct arena arena = {NULL};
    struct network a = make(&arena, ACT_RELU), b = make(&arena, ACT_RELU), c = make(&arena, ACT_RELU);
    init_network(&a, INIT_AUTO, 1);
    init_network(&b, INIT_AUTO, 1);
    init_network(&c, INIT_AUTO, 2);
    for (uint32_t p = 0; p < a.n_params; p++) {
        assert_true(same(&a, &b, p));
        assert_true(a.params[p].kind == PARAM_BIAS || !same(&a, &c, p));
    }
    arena_free(&arena);
}

static void
test_names(void **unused)
{
    (void) unused;
    enum init init;
    for (int i = 0; i < INIT_COUNT; i++) {
        assert_true(init_parse(init_name((enum init) i), &init));
        assert_int_equal(init, i);
    }
    assert_false(init_parse("xavier", &init));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_variances), cmocka_unit_test(test_auto),  cmocka_unit_test(test_trimmings),
        cmocka_unit_test(test_seeds),     cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
