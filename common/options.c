#include "options.h"

#include <dlfcn.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "completion.h"
#include "error.h"
#include "memory.h"
#include "program.h"
#include "version.h"

/* What the OPTION_CALL entries do; in `low`. */
enum { CALL_HELP = 1, CALL_VERSION, CALL_QUIET, CALL_VERBOSE, CALL_COMPLETION };

static const struct option common_options[] = {
    {.kind = OPTION_CALL, .letter = 'q', .name = "quiet", .low = CALL_QUIET, .help = "no warnings, no progress"},
    {.kind = OPTION_CALL, .letter = 'v', .name = "verbose", .low = CALL_VERBOSE, .help = "say more on standard error"},
    {.kind = OPTION_CALL, .letter = 'h', .name = "help", .low = CALL_HELP, .help = "print this and exit"},
    {.kind = OPTION_CALL,
     .letter = 'V',
     .name = "version",
     .low = CALL_VERSION,
     .help = "print the version, the format and numerics versions and those of the libraries, and exit"},
    {.kind = OPTION_CALL, .name = "completion", .argument = "SHELL", .low = CALL_COMPLETION, .hidden = true},
};

/* The table with OPT_COMMON put in; what everything below works on. */
struct table {
    const struct program_usage *usage;
    struct option *options;
    size_t n;
};

/* The usage of the running program, for messages from anywhere in it. */
static const struct program_usage *running;

static void (*more_versions)(char *text, size_t cap);

void
options_more_versions(void (*lines)(char *text, size_t cap))
{
    more_versions = lines;
}

static struct table
table_make(const struct program_usage *usage)
{
    const size_t n_common = sizeof common_options / sizeof *common_options;
    struct table table = {.usage = usage};
    size_t cap = 0;
    for (const struct option *option = usage->options; option->kind != OPTION_END; option++) {
        bool common = option->kind == OPTION_CALL;
        const struct option *from = common ? common_options : option;
        size_t n = common ? n_common : 1;
        mem_grow(&table.options, &cap, table.n + n, sizeof *table.options);
        memcpy(table.options + table.n, from, n * sizeof *from);
        table.n += n;
    }
    return table;
}

bool
option_takes_value(const struct option *option)
{
    return option->kind != OPTION_FLAG && option->kind != OPTION_CALL && option->kind != OPTION_LEVEL;
}

/* ---- messages ---- */

void
usage_error(const char *format, ...)
{
    char sentence[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    die(STATUS_USAGE, "%s (see %s --help)", sentence, program_name());
}

enum { QUOTE_CAP = 256, QUOTE_WIDTH = 60 };

static const char *
quote(char buffer[QUOTE_CAP], const char *s)
{
    return error_quote(buffer, QUOTE_CAP, s, strlen(s), QUOTE_WIDTH);
}

static size_t
smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Insertions, deletions, substitutions and swaps of neighbours that turn a into b (optimal string alignment). */
static size_t
edit_distance(const char *a, const char *b)
{
    enum { LONGEST = 40 };
    size_t n = strlen(a), m = strlen(b), rows[3][LONGEST + 1];
    if (n > LONGEST || m > LONGEST)
        return SIZE_MAX;
    size_t *before = rows[0], *last = rows[1], *row = rows[2];
    for (size_t j = 0; j <= m; j++)
        last[j] = j;
    for (size_t i = 1; i <= n; i++) {
        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            row[j] = smaller(smaller(row[j - 1], last[j]) + 1, last[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = smaller(row[j], before[j - 2] + 1);
        }
        size_t *spare = before;
        before = last;
        last = row;
        row = spare;
    }
    return last[m];
}

/* How far `meant` is from what was typed; SIZE_MAX when it is no guess at all. */
static size_t
guess_distance(const char *typed, const char *meant)
{
    size_t n = strlen(typed);
    if (n >= 2 && strncmp(typed, meant, n) == 0)
        return 1; /* the beginning of a longer word */
    size_t distance = edit_distance(typed, meant);
    return distance <= (n + 2) / 3 && distance < n ? distance : SIZE_MAX;
}

static _Noreturn void
die_unknown(const struct table *table, const char *name, size_t n)
{
    char buffer[QUOTE_CAP];
    char *typed = mem_strndup(name, n);
    const char *best = NULL;
    size_t best_distance = SIZE_MAX;
    for (size_t i = 0; i < table->n; i++) {
        size_t distance = table->options[i].hidden ? SIZE_MAX : guess_distance(typed, table->options[i].name);
        if (distance < best_distance) {
            best = table->options[i].name;
            best_distance = distance;
        }
    }
    if (best != NULL)
        usage_error("there is no option '--%s'; did you mean '--%s'?", quote(buffer, typed), best);
    usage_error("there is no option '--%s'", quote(buffer, typed));
}

/* ---- values ---- */

bool
parse_u64(const char *s, uint64_t *out)
{
    uint64_t value = 0;
    if (*s == '\0')
        return false;
    for (; *s != '\0'; s++) {
        if (*s < '0' || *s > '9' || __builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, (uint64_t) (*s - '0'), &value))
            return false;
    }
    *out = value;
    return true;
}

/* Decimal and finite only: strtod also takes blanks, hexadecimal, "inf" and "nan". Programs never call setlocale,
 * so the point is a point. */
bool
parse_double(const char *s, double *out)
{
    if (*s == '\0' || strspn(s, "+-.0123456789eE") != strlen(s))
        return false;
    char *end;
    double value = strtod(s, &end);
    if (*end != '\0' || !isfinite(value))
        return false;
    *out = value;
    return true;
}

bool
parse_size(const char *s, uint64_t *bytes)
{
    static const char letters[] = "KMGT";
    size_t n = strlen(s);
    const char *letter = n > 1 && s[n - 1] >= 'a' ? memchr(letters, s[n - 1] - 'a' + 'A', 4)
                         : n > 1                  ? memchr(letters, s[n - 1], 4)
                                                  : NULL;
    char digits[32];
    if (letter != NULL)
        n--;
    if (n >= sizeof digits)
        return false;
    memcpy(digits, s, n);
    digits[n] = '\0';
    uint64_t value, unit = letter == NULL ? 1 : UINT64_C(1) << 10 * (letter - letters + 1);
    return parse_u64(digits, &value) && !__builtin_mul_overflow(value, unit, bytes);
}

static bool
parse_seconds(const char *s, double *out)
{
    static const struct {
        const char *suffix;
        double seconds;
    } units[] = {{"ms", 0.001}, {"s", 1}, {"m", 60}, {"h", 3600}, {"", 1}};
    char number[64];
    size_t n = strlen(s);
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        size_t k = strlen(units[i].suffix);
        if (n <= k || n - k >= sizeof number || strcmp(s + n - k, units[i].suffix) != 0)
            continue;
        memcpy(number, s, n - k);
        number[n - k] = '\0';
        double value;
        if (!parse_double(number, &value) || value < 0 || !isfinite(value * units[i].seconds))
            return false;
        *out = value * units[i].seconds;
        return true;
    }
    return false;
}

static _Noreturn void
die_choice(const struct option *option, const char *value)
{
    char buffer[QUOTE_CAP], list[512];
    size_t used = 0, best_distance = SIZE_MAX;
    const char *best = NULL;
    list[0] = '\0';
    for (size_t i = 0; option->choices[i] != NULL; i++) {
        const char *before = i == 0 ? "" : option->choices[i + 1] == NULL ? " or " : ", ";
        int n = snprintf(list + used, sizeof list - used, "%s%s", before, option->choices[i]);
        used = smaller(used + (size_t) n, sizeof list - 1);
        size_t distance = guess_distance(value, option->choices[i]);
        if (distance < best_distance) {
            best = option->choices[i];
            best_distance = distance;
        }
    }
    if (best != NULL)
        usage_error("option --%s: '%s' is none of %s; did you mean '%s'?", option->name, quote(buffer, value), list,
                    best);
    usage_error("option --%s: '%s' is none of %s", option->name, quote(buffer, value), list);
}

static _Noreturn void
die_value(const struct option *option, const char *value, const char *wanted)
{
    char buffer[QUOTE_CAP];
    usage_error("option --%s: '%s' is not %s", option->name, quote(buffer, value), wanted);
}

static void
set_u64(const struct option *option, const char *value)
{
    uint64_t *target = option->target, number;
    char wanted[96];
    if (!parse_u64(value, &number) || number < option->low || number > option->high) {
        if (option->high == UINT64_MAX)
            snprintf(wanted, sizeof wanted, "a whole number of at least %llu", (unsigned long long) option->low);
        else
            snprintf(wanted, sizeof wanted, "a whole number from %llu to %llu", (unsigned long long) option->low,
                     (unsigned long long) option->high);
        die_value(option, value, wanted);
    }
    *target = number;
}

static void
set_double(const struct option *option, const char *value)
{
    double *target = option->target, number;
    char wanted[112];
    if (option->automatic && strcmp(value, "auto") == 0) {
        *target = NAN;
        return;
    }
    if (!parse_double(value, &number) || number < option->dlow || number > option->dhigh) {
        const char * or = option->automatic ? "auto or " : "";
        bool low = option->dlow > -1e300, high = option->dhigh < 1e300;
        if (low && high)
            snprintf(wanted, sizeof wanted, "%sa number from %.10g to %.10g", or, option->dlow, option->dhigh);
        else if (low)
            snprintf(wanted, sizeof wanted, "%sa number of at least %.10g", or, option->dlow);
        else if (high)
            snprintf(wanted, sizeof wanted, "%sa number of at most %.10g", or, option->dhigh);
        else
            snprintf(wanted, sizeof wanted, "%sa number", or);
        die_value(option, value, wanted);
    }
    *target = number;
}

static void
set_choice(const struct option *option, const char *value)
{
    int *target = option->target;
    for (int i = 0; option->choices[i] != NULL; i++)
        if (strcmp(option->choices[i], value) == 0) {
            *target = i;
            return;
        }
    die_choice(option, value);
}

/* value == NULL: bare. */
static void
set_level(const struct option *option, const char *value)
{
    int *target = option->target;
    double number = (double) option->low;
    char wanted[96];
    if (value != NULL &&
        (!parse_double(value, &number) || number < option->dlow || number > option->dhigh || number != rint(number))) {
        snprintf(wanted, sizeof wanted, "a level from %.0f to %.0f", option->dlow, option->dhigh);
        die_value(option, value, wanted);
    }
    *target = (int) number;
}

static void
list_add(struct option_list *list, const char *value)
{
    mem_grow(&list->values, &list->cap, list->n + 1, sizeof *list->values);
    list->values[list->n++] = value;
}

/* ---- help and version ---- */

/* Help and version are the whole result of their run, so a full disk counts. */
static _Noreturn void
finish_stdout(void)
{
    if (fflush(stdout) != 0 || ferror(stdout)) {
        if (errno == EPIPE)
            _exit(128 + 13);
        die_errno("cannot write to standard output");
    }
    exit(STATUS_OK);
}

enum { HELP_WIDTH = 80, HELP_COLUMN = 26 };

/* Words of `text` from column `column` on, wrapped and indented by `indent`. */
static void
print_wrapped(FILE *file, const char *text, size_t column, size_t indent)
{
    bool first = true;
    while (*text != '\0') {
        size_t n = strcspn(text, " ");
        if (!first && column + 1 + n > HELP_WIDTH) {
            fprintf(file, "\n%*s", (int) indent, "");
            column = indent;
            first = true;
        }
        fprintf(file, "%s%.*s", first ? "" : " ", (int) n, text);
        column += n + !first;
        first = false;
        text += n + strspn(text + n, " ");
    }
    fputc('\n', file);
}

static void
print_head(FILE *file, const struct program_usage *usage)
{
    fprintf(file, "%s: %s\n\nUsage: %s %s\n", usage->name, usage->summary, usage->name, usage->synopsis);
    if (usage->examples == NULL || usage->examples[0] == '\0')
        return;
    fprintf(file, "\nExamples:\n");
    for (const char *line = usage->examples; *line != '\0';) {
        size_t n = strcspn(line, "\n");
        fprintf(file, n > 0 ? "  %.*s\n" : "%.*s\n", (int) n, line);
        line += n + (line[n] == '\n');
    }
}

/* "-o, --output FILE" */
static size_t
option_label(char *buffer, size_t cap, const struct option *option)
{
    size_t n = 0;
    if (option->letter != 0)
        n += (size_t) snprintf(buffer, cap, "-%c, --%s", option->letter, option->name);
    else
        n += (size_t) snprintf(buffer, cap, "    --%s", option->name);
    if (option->kind == OPTION_LEVEL)
        n += (size_t) snprintf(buffer + n, cap - n, "[=%s]", option->argument ? option->argument : "LEVEL");
    else if (option->argument != NULL)
        n += (size_t) snprintf(buffer + n, cap - n, " %s", option->argument);
    return n;
}

static void
print_option(FILE *file, const struct option *option, size_t width)
{
    char label[256], text[2048];
    size_t n = option_label(label, sizeof label, option);
    size_t used = (size_t) snprintf(text, sizeof text, "%s", option->help ? option->help : "");
    bool listed = option->argument != NULL && strchr(option->argument, '|') != NULL;
    if (option->kind == OPTION_CHOICE && !listed) {
        for (size_t i = 0; option->choices[i] != NULL && used < sizeof text; i++)
            used += (size_t) snprintf(text + used, sizeof text - used, "%s%s", i == 0 ? "; one of " : ", ",
                                      option->choices[i]);
    }
    if (n > width)
        fprintf(file, "  %s\n%*s", label, (int) (width + 4), "");
    else
        fprintf(file, "  %-*s  ", (int) width, label);
    print_wrapped(file, text, width + 4, width + 4);
}

static _Noreturn void
print_help(const struct table *table)
{
    char label[256];
    size_t width = 0;
    for (size_t i = 0; i < table->n; i++) {
        size_t n = option_label(label, sizeof label, &table->options[i]);
        if (!table->options[i].hidden && n > width && n <= HELP_COLUMN)
            width = n;
    }
    print_head(stdout, table->usage);
    printf("\nOptions:\n");
    for (size_t i = 0; i < table->n; i++)
        if (!table->options[i].hidden)
            print_option(stdout, &table->options[i], width);
    printf("\nThe manual: man %s; the tour: man 7 cl\n", table->usage->name);
    finish_stdout();
}

static _Noreturn void
print_version(const struct table *table)
{
    printf("%s (cl) %s\nformat %d, numerics %d\n", table->usage->name, CL_VERSION, CL_FORMAT, CL_NUMERICS);
    /* Looked up at run time: what is said is what is loaded, and no program links a library just to name it. */
    static const struct {
        const char *name, *text, *number;
    } libraries[] = {
        {"msgpack", "msgpack_version", NULL},
        {"zstd", "ZSTD_versionString", NULL},
        {"xxhash", NULL, "XXH_versionNumber"},
        {"zlib", "zlibVersion", NULL},
    };
    const char *before = "";
    for (size_t i = 0; i < sizeof libraries / sizeof *libraries; i++) {
        void *symbol = dlsym(RTLD_DEFAULT, libraries[i].text ? libraries[i].text : libraries[i].number);
        if (symbol == NULL)
            continue;
        if (libraries[i].text != NULL) {
            const char *(*text)(void);
            memcpy(&text, &symbol, sizeof text);
            printf("%s%s %s", before, libraries[i].name, text());
        } else {
            unsigned (*number)(void);
            memcpy(&number, &symbol, sizeof number);
            unsigned v = number();
            printf("%s%s %u.%u.%u", before, libraries[i].name, v / 10000, v / 100 % 100, v % 100);
        }
        before = ", ";
    }
    if (before[0] != '\0')
        putchar('\n');
    if (more_versions != NULL) {
        char lines[8192];
        more_versions(lines, sizeof lines);
        fputs(lines, stdout);
    }
    finish_stdout();
}

void
usage_if_terminal(void)
{
    if (!isatty(STDIN_FILENO))
        return;
    if (running != NULL) {
        print_head(stderr, running);
        fputc('\n', stderr);
    }
    usage_error("data is expected on standard input, which is a terminal");
}

static _Noreturn void
print_completion(const struct table *table, const char *shell)
{
    char buffer[QUOTE_CAP];
    if (!completion_print(shell, table->usage, table->options, table->n))
        usage_error("option --completion: '%s' is none of bash, zsh or fish", quote(buffer, shell));
    finish_stdout();
}

/* ---- parsing ---- */

static void
call(const struct table *table, const struct option *option, const char *value)
{
    switch (option->low) {
    case CALL_HELP:
        print_help(table);
    case CALL_VERSION:
        print_version(table);
    case CALL_COMPLETION:
        print_completion(table, value);
    case CALL_QUIET:
        program_set_verbosity(VERBOSITY_QUIET);
        break;
    case CALL_VERBOSE:
        program_set_verbosity(VERBOSITY_VERBOSE);
        break;
    }
}

/* value == NULL for flags and bare levels. */
static void
apply(const struct table *table, const struct option *option, const char *value)
{
    switch (option->kind) {
    case OPTION_FLAG:
        *(bool *) option->target = true;
        break;
    case OPTION_STRING:
        *(const char **) option->target = value;
        break;
    case OPTION_LIST:
        list_add(option->target, value);
        break;
    case OPTION_U64:
        set_u64(option, value);
        break;
    case OPTION_DOUBLE:
        set_double(option, value);
        break;
    case OPTION_SIZE: {
        uint64_t bytes;
        if (!parse_size(value, &bytes) || bytes < option->low || bytes > option->high)
            die_value(option, value, "a size such as 64M or 2G");
        *(uint64_t *) option->target = bytes;
        break;
    }
    case OPTION_SECONDS:
        if (!parse_seconds(value, option->target))
            die_value(option, value, "a time such as 500ms, 60s, 5m or 2h");
        break;
    case OPTION_CHOICE:
        set_choice(option, value);
        break;
    case OPTION_LEVEL:
        set_level(option, value);
        break;
    case OPTION_CALL:
        call(table, option, value);
        break;
    case OPTION_END:
        break;
    }
    if (option->given != NULL)
        *option->given = true;
}

static const struct option *
find_long(const struct table *table, const char *name, size_t n)
{
    for (size_t i = 0; i < table->n; i++)
        if (strlen(table->options[i].name) == n && memcmp(table->options[i].name, name, n) == 0)
            return &table->options[i];
    return NULL;
}

static const struct option *
find_letter(const struct table *table, char letter)
{
    for (size_t i = 0; i < table->n; i++)
        if (table->options[i].letter == letter && letter != 0)
            return &table->options[i];
    return NULL;
}

static bool
needs_value(const struct option *option)
{
    return option_takes_value(option) || (option->kind == OPTION_CALL && option->argument != NULL);
}

/* The next argument as a value. `-o --json` is a forgotten value far more often than a file of that name. */
static const char *
next_value(const struct table *table, const struct option *option, const char *next)
{
    const char *argument = option->argument ? option->argument : "VALUE";
    if (next == NULL)
        usage_error("option --%s needs a value: %s", option->name, argument);
    if (strncmp(next, "--", 2) == 0 && next[2] != '\0' && find_long(table, next + 2, strcspn(next + 2, "=")) != NULL)
        usage_error("option --%s needs a value: %s (if '%s' is meant to be it, write --%s=%s)", option->name, argument,
                    next, option->name, next);
    return next;
}

/* `--name`, `--name=value`, `--name value`. Returns how many arguments were used beyond the first. */
static int
parse_long(const struct table *table, const char *argument, const char *next)
{
    const char *name = argument + 2;
    size_t n = strcspn(name, "=");
    const char *value = name[n] == '=' ? name + n + 1 : NULL;
    const struct option *option = find_long(table, name, n);
    if (option == NULL)
        die_unknown(table, name, n);
    if (value != NULL && !needs_value(option) && option->kind != OPTION_LEVEL)
        usage_error("option --%s takes no value", option->name);
    if (value != NULL || !needs_value(option)) {
        apply(table, option, value);
        return 0;
    }
    apply(table, option, next_value(table, option, next));
    return 1;
}

/* `-q`, `-qv`, `-z9`, `-oFILE`, `-o FILE`. Returns how many arguments were used beyond the first. */
static int
parse_short(const struct table *table, const char *argument, const char *next)
{
    for (const char *s = argument + 1; *s != '\0';) {
        const struct option *option = find_letter(table, *s);
        if (option == NULL) {
            char buffer[QUOTE_CAP];
            /* -epochs for --epochs */
            if (s == argument + 1 && s[1] != '\0' && find_long(table, s, strcspn(s, "=")) != NULL)
                usage_error("there is no option '-%c'; did you mean '-%s'?", *s, argument);
            usage_error("there is no option '-%s'", error_quote(buffer, sizeof buffer, s, strlen(s), 1));
        }
        s++;
        if (option->kind == OPTION_LEVEL) {
            char digits[16];
            size_t n = strspn(s, "0123456789");
            snprintf(digits, sizeof digits, "%.*s", (int) smaller(n, sizeof digits - 1), s);
            apply(table, option, n > 0 ? digits : NULL);
            s += n;
        } else if (!needs_value(option)) {
            apply(table, option, NULL);
        } else if (*s != '\0') {
            apply(table, option, s);
            return 0;
        } else {
            apply(table, option, next_value(table, option, next));
            return 1;
        }
    }
    return 0;
}

void
options_free(const struct option *options)
{
    for (; options->kind != OPTION_END; options++)
        if (options->kind == OPTION_LIST) {
            struct option_list *list = options->target;
            free(list->values);
            *list = (struct option_list){.values = NULL};
        }
}

int
options_parse(const struct program_usage *usage, int argc, char **argv)
{
    program_start(usage->name);
    running = usage;
    struct table table = table_make(usage);
    int n = 0, i = 1;
    for (; i < argc; i++) {
        char *argument = argv[i];
        if (strcmp(argument, "--") == 0) {
            i++;
            break;
        }
        if (strncmp(argument, "--", 2) == 0)
            i += parse_long(&table, argument, argv[i + 1]);
        else if (argument[0] == '-' && argument[1] != '\0')
            i += parse_short(&table, argument, argv[i + 1]);
        else
            argv[n++] = argument;
    }
    while (i < argc)
        argv[n++] = argv[i++];
    /* What stands behind the operands is nobody's business any more; an empty argv has no place for the NULL. */
    if (argc > 0)
        argv[n] = NULL;
    free(table.options);
    return n;
}

char **
split_list(const char *list, size_t *n)
{
    size_t length = strlen(list), most = 1;
    for (size_t i = 0; i < length; i++)
        most += list[i] == ',';
    size_t pointers, bytes;
    if (!size_mul(most + 1, sizeof(char *), &pointers) || !size_add(pointers, length + 1, &bytes))
        pointers = 0, bytes = SIZE_MAX; /* mem_alloc says so */
    char **items = mem_alloc(bytes);
    char *to = (char *) items + pointers;
    size_t count = 0;
    const char *s = list;
    while (length > 0) {
        bool quoted = *s == '"';
        s += quoted;
        items[count++] = to;
        for (; *s != '\0' && (quoted || *s != ','); s++) {
            if (quoted && *s == '"') {
                quoted = false;
                continue;
            }
            if (*s == '\\' && s[1] != '\0')
                s++;
            *to++ = *s;
        }
        *to++ = '\0';
        if (*s == '\0')
            break;
        s++;
    }
    items[count] = NULL;
    *n = count;
    return items;
}
