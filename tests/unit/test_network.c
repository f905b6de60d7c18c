#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <string.h>
#include <cmocka.h>

#include "network.h"

static struct network
make(struct arena *arena)
{
    struct network network;
    const uint32_t sizes[] = {5, 9}, hidden[] = {64, 32};
    const char *const names[] = {"town", "kind"};
    network_dense(&network, arena, 3, 2, sizes, names, hidden, 2, ACT_GELU, 0.25f, 7);
    return network;
}

static void
test_dense(void **unused)
{
    (void) unused;
    static const struct {
        const char *name;
        enum param_kind kind;
        uint64_t rows, cols;
    } expected[] = {
        {"hidden1.weight", PARAM_WEIGHT, 3, 64},          {"hidden1.bias", PARAM_BIAS, 1, 64},
        {"hidden1.category.town", PARAM_CATEGORY, 5, 64}, {"hidden1.category.kind", PARAM_CATEGORY, 9, 64},
        {"hidden2.weight", PARAM_WEIGHT, 64, 32},         {"hidden2.bias", PARAM_BIAS, 1, 32},
        {"output.weight", PARAM_WEIGHT, 32, 7},           {"output.bias", PARAM_BIAS, 1, 7},
    };
    struct arena arena = {NULL};
    struct network network = make(&arena);
    assert_int_equal(network.n_params, 8);
    for (uint32_t p = 0; p < 8; p++) {
        assert_string_equal(network.params[p].name, expected[p].name);
        assert_int_equal(network.params[p].kind, expected[p].kind);
        assert_int_equal(network.params[p].rows, expected[p].rows);
        assert_int_equal(network.params[p].cols, expected[p].cols);
        for (uint64_t i = 0; i < expected[p].rows * expected[p].cols; i++)
            assert_true(network.params[p].data[i] == 0);
    }
    assert_int_equal(network.layers[0].category0, 2);
    assert_int_equal(network.layers[2].weight, 6);
    assert_int_equal(network.layers[2].activation, ACT_NONE);
    assert_true(network.layers[2].dropout == 0 && network.layers[1].dropout == 0.25f);
    assert_int_equal(network_outputs(&network), 7);
    assert_int_equal(network_size(&network), 3 * 64 + 64 + 14 * 64 + 64 * 32 + 32 + 32 * 7 + 7);
    arena_free(&arena);
}

/* Two layers with norms, the second adding the first. */
static struct network
make_trimmed(struct arena *arena)
{
    struct network network;
    const struct hidden hidden[] = {{8, ACT_RELU, NORM_LAYER, 0.5f, -1}, {8, ACT_RELU, NORM_LAYER, 0, 0}};
    const struct encoding encoding = {2.5f, (const uint32_t[]){4, 0, 2}, 0.2f};
    network_make(&network, arena, 3, &encoding, 1, (uint32_t[]){4}, (const char *[]){"k"}, hidden, 2, 2);
    return network;
}

static void
test_trimmings(void **unused)
{
    (void) unused;
    static const char *const names[] = {"hidden1.weight", "hidden1.bias",  "hidden1.category.k", "hidden1.gain",
                                        "hidden1.shift",  "hidden1.bins",  "hidden2.weight",     "hidden2.bias",
                                        "hidden2.gain",   "hidden2.shift", "output.weight",      "output.bias",
                                        "input.edges"};
    struct arena arena = {NULL};
    struct network network = make_trimmed(&arena);
    assert_int_equal(network.n_params, 13);
    for (uint32_t p = 0; p < 13; p++) {
        assert_string_equal(network.params[p].name, names[p]);
        assert_int_equal(param_decays(&network.params[p]), p == 0 || p == 2 || p == 5 || p == 6 || p == 10);
    }
    assert_int_equal(network.layers[1].gain, 8);
    assert_int_equal(network.layers[1].shift, 9);
    assert_int_equal(network.params[9].kind, PARAM_SHIFT);
    assert_int_equal(network.params[8].cols, 8);
    assert_int_equal(network.layers[2].skip, -1);
    assert_int_equal(network.n_bins, 6);
    assert_int_equal(network.layers[0].n_in, 3);
    assert_int_equal(network.layers[0].bins, 5);
    assert_int_equal(network.params[5].rows, 6);
    assert_int_equal(network.edges, 12);
    assert_int_equal(network.params[12].cols, 8);
    assert_true(network.params[12].frozen);
    assert_int_equal(network_edges_of(&network, 1), 5);
    assert_int_equal(network_edges_of(&network, 2), 5);
    arena_free(&arena);
}

static void
test_linear(void **unused)
{
    (void) unused;
    struct arena arena = {NULL};
    struct network network;
    network_dense(&network, &arena, 4, 0, NULL, NULL, NULL, 0, ACT_RELU, 0.5f, 1);
    assert_int_equal(network.n_layers, 1);
    assert_string_equal(network.layers[0].name, "output");
    assert_int_equal(network.layers[0].input, -1);
    assert_int_equal(network.layers[0].activation, ACT_NONE);
    assert_int_equal(network_size(&network), 5);
    arena_free(&arena);
}

static void
assert_same_network(const struct network *a, const struct network *b)
{
    assert_int_equal(a->n_x, b->n_x);
    assert_int_equal(a->n_c, b->n_c);
    assert_true(a->softclip == b->softclip);
    assert_true(a->dropout == b->dropout);
    assert_int_equal(a->n_bins, b->n_bins);
    assert_int_equal(a->edges, b->edges);
    for (uint32_t j = 0; a->n_bins > 0 && j < a->n_x; j++)
        assert_int_equal(a->bins[j], b->bins[j]);
    assert_int_equal(a->n_layers, b->n_layers);
    assert_int_equal(a->n_params, b->n_params);
    for (uint32_t k = 0; k < a->n_c; k++) {
        assert_int_equal(a->c_sizes[k], b->c_sizes[k]);
        assert_string_equal(a->c_names[k], b->c_names[k]);
    }
    for (uint32_t l = 0; l < a->n_layers; l++) {
        assert_string_equal(a->layers[l].name, b->layers[l].name);
        assert_int_equal(a->layers[l].input, b->layers[l].input);
        assert_int_equal(a->layers[l].n_in, b->layers[l].n_in);
        assert_int_equal(a->layers[l].n_out, b->layers[l].n_out);
        assert_int_equal(a->layers[l].activation, b->layers[l].activation);
        assert_int_equal(a->layers[l].norm, b->layers[l].norm);
        assert_int_equal(a->layers[l].skip, b->layers[l].skip);
        assert_int_equal(a->layers[l].gain, b->layers[l].gain);
        assert_int_equal(a->layers[l].shift, b->layers[l].shift);
        assert_true(a->layers[l].dropout == b->layers[l].dropout);
        assert_int_equal(a->layers[l].frozen, b->layers[l].frozen);
        assert_int_equal(a->layers[l].weight, b->layers[l].weight);
        assert_int_equal(a->layers[l].category0, b->layers[l].category0);
    }
    for (uint32_t p = 0; p < a->n_params; p++) {
        assert_string_equal(a->params[p].name, b->params[p].name);
        assert_int_equal(a->params[p].rows, b->params[p].rows);
        assert_int_equal(a->params[p].frozen, b->params[p].frozen);
    }
}

static void
test_value_round_trip(void **unused)
{
    (void) unused;
    struct arena arena = {NULL};
    struct network network = make(&arena), back;
    struct error error;
    network.layers[0].frozen = true;
    network.params[4].frozen = true;
    assert_int_equal(network_from_value(&back, network_to_value(&network, &arena), &arena, &error), 0);
    assert_same_network(&network, &back);
    for (uint32_t p = 0; p < back.n_params; p++)
        assert_null(back.params[p].data);
    network = make_trimmed(&arena);
    assert_int_equal(network_from_value(&back, network_to_value(&network, &arena), &arena, &error), 0);
    assert_same_network(&network, &back);
    arena_free(&arena);
}

static void
test_copy(void **unused)
{
    (void) unused;
    struct arena arena = {NULL}, other = {NULL};
    struct network network = make(&arena), copy;
    network.params[0].data[5] = 3;
    network.params[3].frozen = true;
    network_copy(&copy, &network, &other);
    assert_same_network(&network, &copy);
    struct network trimmed = make_trimmed(&arena), trimmed_copy;
    network_copy(&trimmed_copy, &trimmed, &other);
    assert_same_network(&trimmed, &trimmed_copy);
    network.params[0].data[5] = 4;
    arena_free(&arena);
    assert_true(copy.params[0].data[5] == 3);
    assert_string_equal(copy.params[0].name, "hidden1.weight");
    arena_free(&other);
}

static struct value *
numbers(struct arena *arena, int64_t a, int64_t b, int64_t c)
{
    struct value *array = value_array(arena);
    value_push(arena, array, value_int(arena, a));
    value_push(arena, array, value_int(arena, b));
    value_push(arena, array, value_int(arena, c));
    return array;
}

/* One change to a good map, and the sentence that answers it. layer -1: the map itself, -2: the first category. */
static void
test_bad_values(void **unused)
{
    (void) unused;
    struct arena arena = {NULL};
    struct network network = make(&arena), back;
    const struct {
        int layer;
        const char *key;
        struct value *item; /* NULL: the key is removed */
        const char *sentence;
    } cases[] = {
        {-1, "n_x", value_int(&arena, -1), "network: the map: 'n_x' is missing or no whole number"},
        {-1, "n_x", value_uint(&arena, (uint64_t) 1 << 40),
         "network: the map: 'n_x' is 1099511627776, outside 0 to 2147483647"},
        {-1, "layers", NULL, "network: 'layers' is missing or no array"},
        {-1, "layers", value_array(&arena), "network: 'layers' has 0 entries, outside 1 to 1024"},
        {-1, "categories", value_map(&arena), "network: 'categories' is missing or no array"},
        {-1, "n_x", value_uint(&arena, 4), "network: layer 1: 'in' is 3, outside 4 to 4"},
        {-1, "softclip", value_float(&arena, 0), "network: 'softclip' is no number from 1e-6 to 1e6"},
        {-1, "softclip", value_string(&arena, "x"), "network: 'softclip' is no number from 1e-6 to 1e6"},
        {-1, "dropout", value_float(&arena, 1), "network: 'dropout' is no number from 0 to 1, without 1"},
        {-1, "dropout", value_float(&arena, -0.5), "network: 'dropout' is no number from 0 to 1, without 1"},
        {-1, "dropout", value_float(&arena, 1 - 1e-12), "network: 'dropout' is no number from 0 to 1, without 1"},
        {-1, "dropout", value_string(&arena, "x"), "network: 'dropout' is no number from 0 to 1, without 1"},
        {-1, "bins", value_map(&arena), "network: 'bins' is missing or no array"},
        {-1, "bins", value_array(&arena), "network: 'bins' has 0 entries, outside 3 to 3"},
        {-1, "bins", numbers(&arena, 1, 1, -1), "network: 'bins' has something that is no number from 0 to 1048576"},
        {-1, "bins", numbers(&arena, 1 << 21, 1, 1),
         "network: 'bins' has something that is no number from 0 to 1048576"},
        {-2, "codes", value_uint(&arena, 0), "network: category 1: 'codes' is 0, outside 1 to 2147483647"},
        {-2, "name", value_uint(&arena, 0), "network: category 1: 'name' is missing or no string"},
        {-2, "name", value_string_n(&arena, "a\0b", 3), "network: category 1: 'name' is missing or no string"},
        {0, "name", value_string(&arena, ""), "network: layer 1 has an empty name"},
        {1, "name", value_string(&arena, "hidden1"), "network: two layers are named 'hidden1'"},
        {1, "kind", value_string(&arena, "conv\n"),
         "network: layer 2 is of kind 'conv\\x0a', which this version does not have"},
        {2, "input", value_string(&arena, "hidden1"),
         "network: layer 3 takes 'hidden1', but layers must form a chain (here 'hidden2')"},
        {1, "in", value_uint(&arena, 63), "network: layer 2: 'in' is 63, outside 64 to 64"},
        {1, "out", value_uint(&arena, 0), "network: layer 2: 'out' is 0, outside 1 to 2147483647"},
        {1, "activation", value_string(&arena, "swish"), "network: layer 2 has the unknown activation 'swish'"},
        {2, "activation", value_string(&arena, "relu"),
         "network: the last layer must have activation 'none', not 'relu'"},
        {1, "dropout", value_float(&arena, 1), "network: layer 2: 'dropout' is missing or outside 0 to 1"},
        {1, "norm", value_string(&arena, "batch"), "network: layer 2 has the unknown norm 'batch'"},
        {1, "norm", value_uint(&arena, 1), "network: layer 2: 'norm' is missing or no string"},
        {2, "norm", value_string(&arena, "layer"), "network: the last layer must have norm 'none', not 'layer'"},
        {0, "skip", value_string(&arena, "hidden1"),
         "network: layer 1: 'skip' is 'hidden1', which is no earlier layer of equal width"},
        {1, "skip", value_string(&arena, "hidden1"),
         "network: layer 2: 'skip' is 'hidden1', which is no earlier layer of equal width"},
        {2, "skip", value_string(&arena, "hidden1"),
         "network: layer 3: 'skip' is 'hidden1', which is no earlier layer of equal width"},
        {1, "frozen", value_uint(&arena, 1), "network: layer 2: 'frozen' is no boolean"},
        {1, "frozen_parameters", value_push(&arena, value_array(&arena), value_string(&arena, "x")),
         "network: 'frozen_parameters' names a parameter that is not there"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct value *map = network_to_value(&network, &arena), *target = map;
        struct error error;
        if (cases[i].layer >= 0)
            target = value_get(map, "layers")->items[cases[i].layer];
        else if (cases[i].layer == -2)
            target = value_get(map, "categories")->items[0];
        if (cases[i].item == NULL)
            value_remove(target, cases[i].key);
        else
            value_set(&arena, target, cases[i].key, cases[i].item);
        assert_int_equal(network_from_value(&back, map, &arena, &error), -1);
        assert_string_equal(error.text, cases[i].sentence);
        assert_int_equal(error.status, STATUS_DATA);
    }
    struct error error;
    assert_int_equal(network_from_value(&back, NULL, &arena, &error), -1);
    assert_int_equal(network_from_value(&back, value_array(&arena), &arena, &error), -1);
    arena_free(&arena);
}

static void
test_names(void **unused)
{
    (void) unused;
    enum activation activation;
    enum loss loss;
    for (int i = 0; i < ACT_COUNT; i++) {
        assert_true(activation_parse(activation_name((enum activation) i), &activation));
        assert_int_equal(activation, i);
    }
    for (int i = 0; i < LOSS_COUNT; i++) {
        assert_true(loss_parse(loss_name((enum loss) i), &loss));
        assert_int_equal(loss, i);
    }
    assert_false(activation_parse("Relu", &activation));
    assert_false(loss_parse("", &loss));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dense),  cmocka_unit_test(test_trimmings),
        cmocka_unit_test(test_linear), cmocka_unit_test(test_value_round_trip),
        cmocka_unit_test(test_copy),   cmocka_unit_test(test_bad_values),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
