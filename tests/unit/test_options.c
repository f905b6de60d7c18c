#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "capture.h"
#include "options.h"
#include "program.h"

/* A program with one option of each kind. */
struct settings {
    bool append;
    const char *output;
    struct option_list gates;
    uint64_t seed, rows, memory;
    double lr, free_number, every;
    int optimizer, level, verbosity;
    bool seed_given, lr_given;
    int n;
    char *operands[8];
};

static const char *const optimizers[] = {"sgd", "momentum", "adam", NULL};

static void
parse(struct settings *s, int argc, char **argv)
{
    *s = (struct settings){.seed = 1, .lr = 0.5, .optimizer = 2, .level = -1};
    struct option options[] = {
        OPT_FLAG('a', "append", &s->append, "put the columns before the prediction"),
        OPT_STRING('o', "output", "FILE", &s->output, "write to FILE, whole or not at all"),
        OPT_LIST(0, "gate", "EXPR", &s->gates, "a limit that must hold"),
        OPT_U64(0, "seed", "N", &s->seed, 0, UINT64_MAX, "seed of every random choice [1]"),
        OPT_U64(0, "rows", "N", &s->rows, 1, 100, "rows"),
        OPT_SIZE(0, "max-memory", "SIZE", &s->memory, "memory for the data"),
        OPT_DOUBLE(0, "lr", "RATE", &s->lr, 0, 10, "learning rate [0.5]"),
        OPT_DOUBLE(0, "number", "X", &s->free_number, -INFINITY, INFINITY, "any number"),
        OPT_SECONDS(0, "every", "TIME", &s->every, "how often"),
        OPT_CHOICE(0, "optimizer", "NAME", &s->optimizer, optimizers,
                   "how the parameters follow the gradient, in many words so that the line must be broken [adam]"),
        OPT_LEVEL('z', "compress", NULL, &s->level, 3, 1, 19, "compress"),
        OPT_COMMON,
        OPT_END,
    };
    options[3].given = &s->seed_given;
    options[6].given = &s->lr_given;
    const struct program_usage usage = {"cl-test", "try the options", "[OPTION ...] [FILE ...]",
                                        "cl-test --seed 2 a.clt\ncl-test -z < a.clt\n", options};
    s->n = options_parse(&usage, argc, argv);
    s->verbosity = program_verbosity();
    for (int i = 0; i < s->n && i < 8; i++)
        s->operands[i] = argv[i];
}

static void
parse_in_child(void *arg)
{
    struct settings s;
    char **argv = arg;
    int argc = 0;
    while (argv[argc] != NULL)
        argc++;
    parse(&s, argc, argv);
    printf("parsed\n");
}

/* Parses the arguments given, NULL-terminated, in this process. */
#define PARSE(s, ...) \
    do { \
        char *argv_[] = {"cl-test", __VA_ARGS__, NULL}; \
        parse(&(s), (int) (sizeof argv_ / sizeof *argv_) - 1, argv_); \
    } while (0)

/* Parses in a child that is expected to end by itself. */
#define RUN(...) capture(parse_in_child, (char *[]){"cl-test", __VA_ARGS__, NULL})

static void
assert_usage_error(struct captured result, const char *sentence)
{
    assert_string_equal(result.err, sentence);
    assert_string_equal(result.out, "");
    assert_int_equal(result.exit_status, 2);
}

static void
test_values(void **state)
{
    (void) state;
    struct settings s;
    PARSE(s, "--seed", "18446744073709551615", "--lr=0.25", "--number", "-1e-3", "--optimizer=sgd", "--max-memory",
          "2G", "--every", "1.5m", "--rows=100", "-a", "-o", "out.ck");
    assert_true(s.seed == UINT64_MAX && s.seed_given);
    assert_true(s.lr == 0.25 && s.lr_given);
    assert_true(s.free_number == -1e-3);
    assert_int_equal(s.optimizer, 0);
    assert_true(s.memory == UINT64_C(2) << 30);
    assert_true(s.every == 90);
    assert_int_equal(s.rows, 100);
    assert_true(s.append);
    assert_string_equal(s.output, "out.ck");
    assert_int_equal(s.n, 0);
}

static void
test_defaults_stay(void **state)
{
    (void) state;
    struct settings s;
    PARSE(s, "x");
    assert_true(s.seed == 1 && !s.seed_given && s.lr == 0.5 && !s.lr_given && s.level == -1 && !s.append);
    assert_int_equal(s.verbosity, VERBOSITY_NORMAL);
    assert_int_equal(s.n, 1);
}

static void
test_short_forms(void **state)
{
    (void) state;
    struct settings s;
    PARSE(s, "-aqofile");
    assert_true(s.append);
    assert_int_equal(s.verbosity, VERBOSITY_QUIET);
    assert_string_equal(s.output, "file");
    PARSE(s, "-z");
    assert_int_equal(s.level, 3);
    PARSE(s, "-z19a");
    assert_int_equal(s.level, 19);
    assert_true(s.append);
    PARSE(s, "-az7v");
    assert_int_equal(s.level, 7);
    assert_int_equal(s.verbosity, VERBOSITY_VERBOSE);
    PARSE(s, "--compress");
    assert_int_equal(s.level, 3);
    PARSE(s, "--compress=1", "9");
    assert_int_equal(s.level, 1);
    assert_int_equal(s.n, 1);
    program_set_verbosity(VERBOSITY_NORMAL);
}

static void
test_operands(void **state)
{
    (void) state;
    struct settings s;
    PARSE(s, "a", "-", "--seed", "3", "b", "--", "--seed", "-o");
    assert_int_equal(s.n, 5);
    assert_string_equal(s.operands[0], "a");
    assert_string_equal(s.operands[1], "-");
    assert_string_equal(s.operands[2], "b");
    assert_string_equal(s.operands[3], "--seed");
    assert_string_equal(s.operands[4], "-o");
    assert_int_equal(s.seed, 3);
    PARSE(s, "--output=", "-o-");
    assert_string_equal(s.output, "-");
}

static void
test_lists_collect(void **state)
{
    (void) state;
    struct settings s;
    PARSE(s, "--gate", "accuracy>=0.9", "x", "--gate=auc>=0.8");
    assert_int_equal(s.gates.n, 2);
    assert_string_equal(s.gates.values[0], "accuracy>=0.9");
    assert_string_equal(s.gates.values[1], "auc>=0.8");
    const struct option options[] = {OPT_LIST(0, "gate", "EXPR", &s.gates, "a limit that must hold"), OPT_END};
    options_free(options);
    assert_true(s.gates.values == NULL && s.gates.n == 0 && s.gates.cap == 0);
}

static void
test_unknown_options(void **state)
{
    (void) state;
    assert_usage_error(RUN("--sed", "1"),
                       "cl-test: there is no option '--sed'; did you mean '--seed'? (see cl-test --help)\n");
    assert_usage_error(RUN("--optimiser=sgd"),
                       "cl-test: there is no option '--optimiser'; did you mean '--optimizer'? (see cl-test --help)\n");
    assert_usage_error(RUN("--comp"),
                       "cl-test: there is no option '--comp'; did you mean '--compress'? (see cl-test --help)\n");
    assert_usage_error(RUN("--quux"), "cl-test: there is no option '--quux' (see cl-test --help)\n");
    assert_usage_error(RUN("-x"), "cl-test: there is no option '-x' (see cl-test --help)\n");
    assert_usage_error(RUN("-seed"), "cl-test: there is no option '-s'; did you mean '--seed'? (see cl-test --help)\n");
    assert_usage_error(RUN("-\033"), "cl-test: there is no option '-\\x1b' (see cl-test --help)\n");
    /* the hidden one is never a guess */
    assert_usage_error(RUN("--completio"), "cl-test: there is no option '--completio' (see cl-test --help)\n");
}

static void
test_missing_and_needless_values(void **state)
{
    (void) state;
    assert_usage_error(RUN("--seed"), "cl-test: option --seed needs a value: N (see cl-test --help)\n");
    assert_usage_error(RUN("-o"), "cl-test: option --output needs a value: FILE (see cl-test --help)\n");
    assert_usage_error(RUN("-o", "--append"),
                       "cl-test: option --output needs a value: FILE (if '--append' is meant to be it, write "
                       "--output=--append) (see cl-test --help)\n");
    assert_usage_error(RUN("--append=yes"), "cl-test: option --append takes no value (see cl-test --help)\n");
}

static void
test_bad_values(void **state)
{
    (void) state;
    assert_usage_error(RUN("--seed", "-1"),
                       "cl-test: option --seed: '-1' is not a whole number of at least 0 (see cl-test --help)\n");
    assert_usage_error(RUN("--rows=101"),
                       "cl-test: option --rows: '101' is not a whole number from 1 to 100 (see cl-test --help)\n");
    assert_usage_error(RUN("--rows", ""),
                       "cl-test: option --rows: '' is not a whole number from 1 to 100 (see cl-test --help)\n");
    assert_usage_error(RUN("--lr", "fast"),
                       "cl-test: option --lr: 'fast' is not a number from 0 to 10 (see cl-test --help)\n");
    assert_usage_error(RUN("--lr", "nan"),
                       "cl-test: option --lr: 'nan' is not a number from 0 to 10 (see cl-test --help)\n");
    assert_usage_error(RUN("--number", "inf"),
                       "cl-test: option --number: 'inf' is not a number (see cl-test --help)\n");
    assert_usage_error(RUN("--max-memory", "2X"),
                       "cl-test: option --max-memory: '2X' is not a size such as 64M or 2G (see cl-test --help)\n");
    assert_usage_error(
        RUN("--every", "5 minutes"),
        "cl-test: option --every: '5 minutes' is not a time such as 500ms, 60s, 5m or 2h (see cl-test --help)\n");
    assert_usage_error(RUN("--optimizer", "adm"),
                       "cl-test: option --optimizer: 'adm' is none of sgd, momentum or adam; did you mean 'adam'? "
                       "(see cl-test --help)\n");
    assert_usage_error(RUN("--optimizer", "lbfgs"),
                       "cl-test: option --optimizer: 'lbfgs' is none of sgd, momentum or adam (see cl-test --help)\n");
    assert_usage_error(RUN("-z20"),
                       "cl-test: option --compress: '20' is not a level from 1 to 19 (see cl-test --help)\n");
    assert_usage_error(RUN("--compress=1.5"),
                       "cl-test: option --compress: '1.5' is not a level from 1 to 19 (see cl-test --help)\n");
}

static void
test_help(void **state)
{
    (void) state;
    struct captured result = RUN("--help", "--no-such-option");
    assert_int_equal(result.exit_status, 0);
    assert_string_equal(result.err, "");
    assert_string_equal(result.out, "cl-test: try the options\n"
                                    "\n"
                                    "Usage: cl-test [OPTION ...] [FILE ...]\n"
                                    "\n"
                                    "Examples:\n"
                                    "  cl-test --seed 2 a.clt\n"
                                    "  cl-test -z < a.clt\n"
                                    "\n"
                                    "Options:\n"
                                    "  -a, --append            put the columns before the prediction\n"
                                    "  -o, --output FILE       write to FILE, whole or not at all\n"
                                    "      --gate EXPR         a limit that must hold\n"
                                    "      --seed N            seed of every random choice [1]\n"
                                    "      --rows N            rows\n"
                                    "      --max-memory SIZE   memory for the data\n"
                                    "      --lr RATE           learning rate [0.5]\n"
                                    "      --number X          any number\n"
                                    "      --every TIME        how often\n"
                                    "      --optimizer NAME    how the parameters follow the gradient, in many words\n"
                                    "                          so that the line must be broken [adam]; one of sgd,\n"
                                    "                          momentum, adam\n"
                                    "  -z, --compress[=LEVEL]  compress\n"
                                    "  -q, --quiet             no warnings, no progress\n"
                                    "  -v, --verbose           say more on standard error\n"
                                    "  -h, --help              print this and exit\n"
                                    "  -V, --version           print the version, the format and numerics versions\n"
                                    "                          and those of the libraries, and exit\n"
                                    "\n"
                                    "The manual: man cl-test; the tour: man 7 cl\n");
}

static void
help_to_full_disk(void *arg)
{
    (void) arg;
    if (freopen("/dev/full", "w", stdout) == NULL)
        _exit(99);
    parse_in_child((char *[]){"cl-test", "--help", NULL});
}

static void
help_to_closed(void *arg)
{
    (void) arg;
    close(STDOUT_FILENO);
    parse_in_child((char *[]){"cl-test", "--version", NULL});
}

static void
test_output_errors_count(void **state)
{
    (void) state;
    struct captured result = capture(help_to_full_disk, NULL);
    assert_int_equal(result.exit_status, 4);
    assert_string_equal(result.err, "cl-test: cannot write to standard output: No space left on device\n");
    result = capture(help_to_closed, NULL);
    assert_int_equal(result.exit_status, 4);
}

static void
test_version(void **state)
{
    (void) state;
    struct captured result = RUN("-V");
    assert_int_equal(result.exit_status, 0);
    assert_non_null(strstr(result.out, "cl-test (cl) "));
    assert_non_null(strstr(result.out, "format 1, numerics 1\n"));
}

static void
test_completion(void **state)
{
    (void) state;
    struct captured result = RUN("--completion", "bash");
    assert_int_equal(result.exit_status, 0);
    assert_non_null(strstr(result.out, "complete -F _cl_test cl-test\n"));
    assert_non_null(strstr(result.out, "compgen -W 'sgd momentum adam'"));
    assert_null(strstr(result.out, "--completion -"));
    result = RUN("--completion=zsh");
    assert_non_null(strstr(result.out, "#compdef cl-test\n"));
    assert_non_null(strstr(result.out, "'--optimizer=[how the parameters"));
    assert_non_null(strstr(result.out, ":NAME:(sgd momentum adam)'"));
    assert_non_null(strstr(result.out, "seed of every random choice \\[1\\]"));
    result = RUN("--completion=fish");
    assert_non_null(strstr(result.out, "complete -c cl-test -s o -l output -r -F -d 'write to FILE"));
    assert_usage_error(RUN("--completion=tcsh"),
                       "cl-test: option --completion: 'tcsh' is none of bash, zsh or fish (see cl-test --help)\n");
}

static void
test_parse_numbers(void **state)
{
    (void) state;
    uint64_t u;
    double d;
    assert_true(parse_u64("0", &u) && u == 0);
    assert_true(parse_u64("007", &u) && u == 7);
    const char *const bad_u64[] = {"", " 1", "1 ", "+1", "-1", "1.0", "0x10", "18446744073709551616", "1e3"};
    for (size_t i = 0; i < sizeof bad_u64 / sizeof *bad_u64; i++)
        assert_false(parse_u64(bad_u64[i], &u));
    assert_true(parse_double("-1.5e-3", &d) && d == -1.5e-3);
    assert_true(parse_double(".5", &d) && d == 0.5);
    const char *const bad_double[] = {"", " 1", "1 ", "0x1p3", "inf", "nan", "1e999", "1,5", "--1", "1e", "e5", "."};
    for (size_t i = 0; i < sizeof bad_double / sizeof *bad_double; i++)
        assert_false(parse_double(bad_double[i], &d));
    assert_true(parse_size("512", &u) && u == 512);
    assert_true(parse_size("64k", &u) && u == 65536);
    assert_true(parse_size("1M", &u) && u == 1048576);
    assert_true(parse_size("3T", &u) && u == UINT64_C(3) << 40);
    const char *const bad_size[] = {
        "", "K", "1KB", "1.5G", "-1K", "18014398509481984K", "99999999999999999999999999999999"};
    for (size_t i = 0; i < sizeof bad_size / sizeof *bad_size; i++)
        assert_false(parse_size(bad_size[i], &u));
}

static void
assert_split(const char *list, size_t wanted, const char *const *items)
{
    size_t n;
    char **split = split_list(list, &n);
    assert_int_equal(n, wanted);
    for (size_t i = 0; i < n; i++)
        assert_string_equal(split[i], items[i]);
    assert_null(split[n]);
    free(split);
}

static void
test_split_list(void **state)
{
    (void) state;
    assert_split("", 0, NULL);
    assert_split("a", 1, (const char *[]){"a"});
    assert_split("a,b c,d", 3, (const char *[]){"a", "b c", "d"});
    assert_split(",", 2, (const char *[]){"", ""});
    assert_split("a,", 2, (const char *[]){"a", ""});
    assert_split("\"a,b\",c", 2, (const char *[]){"a,b", "c"});
    assert_split("\"a,b\":num,c", 2, (const char *[]){"a,b:num", "c"});
    assert_split("a\\,b,c", 2, (const char *[]){"a,b", "c"});
    assert_split("\"say \\\"x\\\"\",c", 2, (const char *[]){"say \"x\"", "c"});
    assert_split("5\",6\"", 2, (const char *[]){"5\"", "6\""});
    assert_split("\"open,a", 1, (const char *[]){"open,a"});
    assert_split("a\\", 1, (const char *[]){"a\\"});
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_defaults_stay),
        cmocka_unit_test(test_short_forms),
        cmocka_unit_test(test_operands),
        cmocka_unit_test(test_lists_collect),
        cmocka_unit_test(test_unknown_options),
        cmocka_unit_test(test_missing_and_needless_values),
        cmocka_unit_test(test_bad_values),
        cmocka_unit_test(test_help),
        cmocka_unit_test(test_output_errors_count),
        cmocka_unit_test(test_version),
        cmocka_unit_test(test_completion),
        cmocka_unit_test(test_parse_numbers),
        cmocka_unit_test(test_split_list),
    };
    return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
