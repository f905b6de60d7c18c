#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "network_spec.h"

static void
test_layers(void **unused)
{
    (void) unused;
    struct network_spec spec;
    struct error error;
    assert_int_equal(
        network_spec_parse(&spec, " dense 9 gelu,layernorm , residual 2, dropout 0.25, residual 1,\tdense 3 ", &error),
        0);
    const struct hidden expected[] = {
        {9, ACT_GELU, NORM_LAYER, 0, -1}, {9, ACT_GELU, NORM_NONE, 0.25f, -1}, {9, ACT_GELU, NORM_NONE, 0.25f, 0},
        {9, ACT_GELU, NORM_NONE, 0, 2},   {3, ACT_RELU, NORM_NONE, 0, -1},
    };
    assert_int_equal(spec.n_hidden, 5);
    for (uint32_t l = 0; l < 5; l++) {
        assert_int_equal(spec.hidden[l].width, expected[l].width);
        assert_int_equal(spec.hidden[l].activation, expected[l].activation);
        assert_int_equal(spec.hidden[l].norm, expected[l].norm);
        assert_true(spec.hidden[l].dropout == expected[l].dropout);
        assert_int_equal(spec.hidden[l].skip, expected[l].skip);
    }
}

/* One text for all that mean the same; it reads back to itself. */
static void
test_text(void **unused)
{
    (void) unused;
    static const char *const cases[][2] = {
        {"dense 64", "dense 64 relu"},
        {"dense 64 none,dense 0032   tanh", "dense 64 none, dense 32 tanh"},
        {"dense 8 silu, dropout 0, layernorm", "dense 8 silu, layernorm"},
        {"dense 8, dropout 0.10, layernorm", "dense 8 relu, layernorm, dropout 0.1"},
        {"dense 8, residual 3, residual 1, layernorm, residual 2",
         "dense 8 relu, residual 3, residual 1, layernorm, residual 2"},
        {"dense 8, dropout 0.12345678", "dense 8 relu, dropout 0.12345678"},
        {"ple 16", "ple 16"},
        {"ple 16,softclip 3.0", "softclip 3, ple 16"},
        {" ple 4 ,dense 8, residual 1", "ple 4, dense 8 relu, residual 1"},
        {"softclip 2.5, dense 8", "softclip 2.5, dense 8 relu"},
        {"dense 8, dropout 1e-3", "dense 8 relu, dropout 0.001"},
        {"dropout 0.20", "dropout 0.2"},
        {"dropout 0, dense 8", "dense 8 relu"},
        {"dropout .2, ple 4, softclip 3, dense 8, dropout 0.5",
         "softclip 3, ple 4, dropout 0.2, dense 8 relu, dropout 0.5"},
    };
    struct arena arena = {NULL};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int side = 0; side < 2; side++) {
            struct network_spec spec;
            struct error error;
            assert_int_equal(network_spec_parse(&spec, cases[i][side], &error), 0);
            assert_string_equal(network_spec_text(&spec, &arena), cases[i][1]);
        }
    arena_free(&arena);
}

static void
test_errors(void **unused)
{
    (void) unused;
    static const char *const cases[][2] = {
        {"", "item 1 is empty (an example is: dense 64 gelu, dropout 0.1)"},
        {"dense 4,", "item 2 is empty (an example is: dense 64 gelu, dropout 0.1)"},
        {"dens 4", "item 1, 'dens 4': there is no 'dens' (items are: softclip C, ple BINS, dense WIDTH [ACTIVATION], "
                   "residual N, layernorm, "
                   "dropout P)"},
        {"dense", "item 1, 'dense': it needs a width from 1 to 1048576, as in 'dense 64'"},
        {"dense -4", "item 1, 'dense -4': it needs a width from 1 to 1048576, as in 'dense 64'"},
        {"dense 1048577", "item 1, 'dense 1048577': it needs a width from 1 to 1048576, as in 'dense 64'"},
        {"dense 4 geluu", "item 1, 'dense 4 geluu': there is no activation 'geluu' (relu, leaky-relu, tanh, sigmoid, "
                          "gelu, silu, or none)"},
        {"dense 4 dropout 0.1", "item 1, 'dense 4 dropout 0.1': '0.1' is one word too many (items are separated by "
                                "commas)"},
        {"dense 4 tanh a b c d", "item 1, 'dense 4 tanh a b c d': 'a' is one word too many (items are separated by "
                                 "commas)"},
        {"residual 2", "item 1, 'residual 2': no layer stands before it, whose width it takes (dense 64, residual 2)"},
        {"dense 4, residual 0", "item 2, 'residual 0': it needs a number of layers, as in 'residual 2'"},
        {"dense 4, residual 64", "item 2, 'residual 64': a network has at most 64 hidden layers"},
        {"dense 4, residual 63, dense 4", "item 3, 'dense 4': a network has at most 64 hidden layers"},
        {"layernorm", "item 1, 'layernorm': no layer stands before it (dense 64, layernorm)"},
        {"dense 4, layernorm, layernorm", "item 3, 'layernorm': the layer before it has a norm already"},
        {"dense 1, layernorm", "item 2, 'layernorm': the layer before it has one unit, of which a norm leaves nothing"},
        {"dropout 0.5, dropout 0.5", "item 2, 'dropout 0.5': the input has dropout already"},
        {"dropout 0.96, dense 4", "item 1, 'dropout 0.96': it needs a share from 0 to 0.95, as in 'dropout 0.1'"},
        {"dense 4, dropout", "item 2, 'dropout': it needs a share from 0 to 0.95, as in 'dropout 0.1'"},
        {"dense 4, dropout 1", "item 2, 'dropout 1': it needs a share from 0 to 0.95, as in 'dropout 0.1'"},
        {"dense 4, dropout nan", "item 2, 'dropout nan': it needs a share from 0 to 0.95, as in 'dropout 0.1'"},
        {"dense 4, dropout 0.1, dropout 0.1", "item 3, 'dropout 0.1': the layer before it has dropout already"},
        {"ple", "item 1, 'ple': it needs a number of bins from 1 to 1024, as in 'ple 16'"},
        {"ple 1025", "item 1, 'ple 1025': it needs a number of bins from 1 to 1024, as in 'ple 16'"},
        {"dense 4, ple 3", "item 2, 'ple 3': it is about the input and comes before the layers (ple 16, dense 64)"},
        {"ple 3, ple 3", "item 2, 'ple 3': the input has bins already"},
        {"softclip 0", "item 1, 'softclip 0': it needs a limit from 0.001 to 1000, as in 'softclip 3'"},
        {"dense 3, softclip 3",
         "item 2, 'softclip 3': it is about the input and comes before the layers (softclip 3, dense 64)"},
        {"softclip 3, softclip 3", "item 2, 'softclip 3': the input has a softclip already"},
        {"ple 3, layernorm", "item 2, 'layernorm': no layer stands before it (dense 64, layernorm)"},
        {"\033", "item 1, '\\x1b': there is no '\\x1b' (items are: softclip C, ple BINS, dense WIDTH [ACTIVATION], "
                 "residual N, layernorm, "
                 "dropout P)"},
    };
    struct network_spec spec;
    struct error error;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(network_spec_parse(&spec, cases[i][0], &error), -1);
        assert_string_equal(error.text, cases[i][1]);
        assert_int_equal(error.status, STATUS_USAGE);
    }
    char longer[500];
    memset(longer, ' ', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    memcpy(longer, "dense 4", 7);
    assert_int_equal(network_spec_parse(&spec, longer, &error), 0); /* blanks do not count */
    memset(longer, 'x', sizeof longer - 1);
    assert_int_equal(network_spec_parse(&spec, longer, &error), -1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layers),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
