/*
 * numbers check COUNT [SEED]: converts COUNT made-up cells by number_parse(), strtod and every instruction set that
 * this machine has, and fails at the first difference.
 * numbers time: nanoseconds a number of each, by kind of number.
 */
#include <err.h>
#include <stdbool.h>
#include <time.h>

#include "number_check.h"

enum { CELLS = 1 << 14 };

static void
check_all(uint64_t count, uint64_t seed)
{
    struct number_check check;
    struct texts texts;
    number_check_open(&check, CELLS);
    texts_open(&texts, CELLS, seed);
    for (int kind = 0; kind < TEXTS_KINDS; kind++) {
        uint64_t done = 0;
        for (; done < count / TEXTS_KINDS; done += texts.n) {
            const char decimal = (done / CELLS) % 8 == 7 ? ',' : '.';
            texts_fill(&texts, kind, decimal);
            if (!number_check(&check, &texts, decimal))
                errx(1, "%s, seed %" PRIu64 ": %s", texts_names[kind], seed, check.failure);
        }
        printf("%-11s %11" PRIu64 " cells equal in %zu instruction sets, number_parse and strtod\n", texts_names[kind],
               done, check.n_kernels);
    }
    texts_close(&texts);
    number_check_close(&check);
}

static double
now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double) time.tv_sec + (double) time.tv_nsec * 1e-9;
}

/* The best of some rounds; method: a kernel, or n_kernels for number_parse and one more for strtod. */
static double
ns_a_number(struct number_check *check, const struct texts *texts, size_t method)
{
    double best = 1e9;
    const double until = now() + 0.15;
    while (now() < until) {
        const double start = now();
        if (method < check->n_kernels) {
            check->kernels[method]->floats(texts->text, texts->before, texts->behind, texts->n, '.', check->got,
                                           check->left);
        } else {
            for (size_t i = 0; i < texts->n; i++) {
                const uint32_t first = texts->before[i] + 1;
                double value = NAN;
                if (method == check->n_kernels)
                    number_parse(texts->text + first, texts->behind[i] - first, &value);
                else
                    value = strtod(texts->text + first, NULL);
                check->got[i] = (float) value;
            }
        }
        const double seconds = now() - start;
        best = seconds < best ? seconds : best;
    }
    return best / (double) texts->n * 1e9;
}

static void
time_all(void)
{
    struct number_check check;
    struct texts texts;
    number_check_open(&check, CELLS);
    texts_open(&texts, CELLS, 1);
    printf("%-11s %11s", "ns a number", "bytes a cell");
    for (size_t k = 0; k < check.n_kernels; k++)
        printf("%8s", check.kernels[k]->name);
    printf(" %12s %7s\n", "number_parse", "strtod");
    for (int kind = 0; kind < TEXTS_KINDS; kind++) {
        texts_fill(&texts, kind, '.');
        printf("%-11s %11.1f ", texts_names[kind], (double) texts.bytes / (double) texts.n);
        for (size_t k = 0; k < check.n_kernels; k++)
            printf("%8.2f", ns_a_number(&check, &texts, k));
        printf(" %12.1f", ns_a_number(&check, &texts, check.n_kernels));
        printf(" %7.1f\n", ns_a_number(&check, &texts, check.n_kernels + 1));
    }
    texts_close(&texts);
    number_check_close(&check);
}

int
main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "time") == 0)
        time_all();
    else if (argc >= 3 && argc <= 4 && strcmp(argv[1], "check") == 0)
        check_all(strtoull(argv[2], NULL, 10), argc == 4 ? strtoull(argv[3], NULL, 10) : 1);
    else
        errx(2, "usage: numbers check COUNT [SEED] | numbers time");
    return 0;
}
