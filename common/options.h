/*
 * One table of options per program gives parsing, --help, completion and the check against the man page.
 *
 * Long options for everything (`--seed 1` or `--seed=1`), short ones for the common (`-o FILE`, `-oFILE`), flags of
 * one letter may be joined (`-qz`). No abbreviations. `--` ends options. Numbers are range-checked; sizes take
 * K, M, G (powers of 1024); durations take ms, s, m, h. A wrong option is answered with the nearest right one.
 *
 *     int
 *     main(int argc, char **argv)
 *     {
 *         struct settings s = {.seed = 1};
 *         const struct option options[] = {
 *             OPT_STRING('o', "output", "FILE", &s.output, "write to FILE, whole or not at all"),
 *             OPT_U64(0, "seed", "N", &s.seed, 0, UINT64_MAX, "seed of every random choice [1]"),
 *             OPT_COMMON,
 *             OPT_END,
 *         };
 *         const struct program_usage usage = {"cl-x", "what it does in one line", "[OPTION ...] [FILE ...]",
 *                                             "cl-x < a.clt > b.clt\n", options};
 *         int n = options_parse(&usage, argc, argv);   // operands are argv[0 .. n)
 */
#ifndef CL_OPTIONS_H
#define CL_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum option_kind {
    OPTION_END,
    OPTION_FLAG,    /* bool *: set to true */
    OPTION_STRING,  /* const char ** */
    OPTION_LIST,    /* struct option_list *: may be given again, values are collected */
    OPTION_U64,     /* uint64_t *, low..high */
    OPTION_DOUBLE,  /* double *, dlow..dhigh; and, with `automatic`, the word auto: NaN */
    OPTION_SIZE,    /* uint64_t * bytes */
    OPTION_SECONDS, /* double * */
    OPTION_CHOICE,  /* int *: index into `choices` (NULL-terminated) */
    OPTION_LEVEL,   /* int *: optional attached number, -z or -z9 or --compress[=9]; low = value when bare */
    OPTION_CALL,    /* void (*)(void): -h, -V */
};

struct option_list {
    const char **values;
    size_t n, cap;
};

struct option {
    enum option_kind kind;
    char letter; /* 0 = none */
    const char *name;
    const char *argument; /* its name in help, NULL for flags */
    void *target;
    const char *help; /* one sentence fragment, default in [brackets] */
    uint64_t low, high;
    double dlow, dhigh;
    const char *const *choices;
    bool *given; /* set to true when the option was given; or NULL */
    bool hidden; /* not in help or completion */
    bool automatic;
};

/* It would give each brace a line. */
/* clang-format off */
#define OPT_FLAG(l, n, t, h) {.kind = OPTION_FLAG, .letter = (l), .name = (n), .target = (t), .help = (h)}
#define OPT_STRING(l, n, a, t, h) \
    {.kind = OPTION_STRING, .letter = (l), .name = (n), .argument = (a), .target = (t), .help = (h)}
#define OPT_LIST(l, n, a, t, h) \
    {.kind = OPTION_LIST, .letter = (l), .name = (n), .argument = (a), .target = (t), .help = (h)}
#define OPT_U64(l, n, a, t, lo, hi, h) \
    {.kind = OPTION_U64, .letter = (l), .name = (n), .argument = (a), .target = (t), .low = (lo), .high = (hi), \
     .help = (h)}
#define OPT_DOUBLE(l, n, a, t, lo, hi, h) \
    {.kind = OPTION_DOUBLE, .letter = (l), .name = (n), .argument = (a), .target = (t), .dlow = (lo), .dhigh = (hi), \
     .help = (h)}
#define OPT_DOUBLE_AUTO(l, n, a, t, lo, hi, h) \
    {.kind = OPTION_DOUBLE, .letter = (l), .name = (n), .argument = (a), .target = (t), .dlow = (lo), .dhigh = (hi), \
     .help = (h), .automatic = true}
#define OPT_SIZE(l, n, a, t, h) \
    {.kind = OPTION_SIZE, .letter = (l), .name = (n), .argument = (a), .target = (t), .high = UINT64_MAX, .help = (h)}
#define OPT_SECONDS(l, n, a, t, h) \
    {.kind = OPTION_SECONDS, .letter = (l), .name = (n), .argument = (a), .target = (t), .help = (h)}
#define OPT_CHOICE(l, n, a, t, c, h) \
    {.kind = OPTION_CHOICE, .letter = (l), .name = (n), .argument = (a), .target = (t), .choices = (c), .help = (h)}
#define OPT_LEVEL(l, n, a, t, bare, lo, hi, h) \
    {.kind = OPTION_LEVEL, .letter = (l), .name = (n), .argument = (a), .target = (t), .low = (bare), \
     .dlow = (lo), .dhigh = (hi), .help = (h)}
#define OPT_END {.kind = OPTION_END}
/* -h, -V, -q, -v: every program has them; they act on program.h. The hidden --completion SHELL prints the script. */
#define OPT_COMMON {.kind = OPTION_CALL, .name = "common"}
/* clang-format on */

struct program_usage {
    const char *name;
    const char *summary;  /* one line, lower case, no full stop */
    const char *synopsis; /* after the name */
    const char *examples; /* lines, shown first by --help */
    const struct option *options;
};

/*
 * Parses argv. Handles --help and --version (stdout, exit 0) and wrong usage (stderr, exit 2). Operands are moved
 * to argv[0 .. result). Returns their number.
 */
int options_parse(const struct program_usage *usage, int argc, char **argv);
/* What writes more lines for --version, "" or each with its newline: to be said before options_parse(). */
void options_more_versions(void (*lines)(char *text, size_t cap));
/* Frees what options of kind OPTION_LIST collected; the values themselves are argv's. */
void options_free(const struct option *options);

/* Ends the program with status 2: "cl-x: SENTENCE (see cl-x --help)". */
_Noreturn void usage_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Prints the usage and ends with status 2 when standard input is a terminal. Call it before data is read from
 * there. */
void usage_if_terminal(void);
/* A value must follow: true for all but flags, levels and what --help and its like are. */
bool option_takes_value(const struct option *option);

/* Splits "a,b,c" at commas in place of a copy; a comma inside double quotes or after a backslash is kept.
 * Returns a NULL-terminated array, owned by the caller as one allocation; *n its length. */
char **split_list(const char *list, size_t *n);

/* Text to numbers, whole string or false. */
bool parse_u64(const char *s, uint64_t *out);
bool parse_double(const char *s, double *out);
bool parse_size(const char *s, uint64_t *bytes);

#endif
