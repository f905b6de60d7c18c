/*
 * steps [-t THREADS] [-d] NETWORK BATCH ...: how long a training step of the cpu engine takes.
 *
 * NETWORK is widths, inputs to outputs: 28-64-32-1. Data are made up. The loss is bce with one output, ce with more;
 * Adam; relu. -d adds dropout, row weights and clipping ("more"). CL_ISA=NAME chooses the instruction set. What is
 * shown is the best of many short runs, in processor time, so that other work on the machine hardly shows.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "engine.h"
#include "init.h"
#include "memory.h"

enum { MOST_ROWS = 100000, DATA_FLOATS = 4 << 20, MOST_HIDDEN = 8, RUNS = 30, RUN_US = 20000, MOST_STEPS = 1000000 };

static double
now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double) time.tv_sec * 1e6 + (double) time.tv_nsec * 1e-3;
}

static float *
numbers(struct arena *arena, uint64_t n, uint64_t stream)
{
    float *values = arena_array(arena, n, sizeof *values);
    for (uint64_t i = 0; i < n; i++)
        values[i] = (float) rng_normal(rng_key(1, RNG_SPLIT, stream), i);
    return values;
}

static void
network_parse(struct network *network, struct arena *arena, const char *text, bool drops)
{
    uint32_t widths[MOST_HIDDEN + 2], n = 0;
    const char *at = text;
    for (char *end; n < MOST_HIDDEN + 2; at = end + 1) {
        widths[n++] = (uint32_t) strtoul(at, &end, 10);
        if (*end == '\0')
            break;
        if (end == at || *end != '-')
            errx(2, "'%s' is not a network (28-64-32-1 is one)", text);
    }
    if (n < 2 || widths[0] == 0 || widths[n - 1] == 0)
        errx(2, "'%s' lacks inputs or outputs", text);
    network_dense(network, arena, widths[0], 0, NULL, NULL, widths + 1, n - 2, ACT_RELU, drops ? 0.2f : 0,
                  widths[n - 1]);
    init_network(network, INIT_GLOROT_UNIFORM, 1);
}

/* A label of a row is something that can be learnt: the sign of its first number, or which of the first is largest. */
static struct rowset
rows_make(struct arena *arena, const struct network *network, bool weights)
{
    uint32_t d = network->n_x, o = network_outputs(network);
    uint64_t n = DATA_FLOATS / d < MOST_ROWS ? DATA_FLOATS / d : MOST_ROWS;
    float *x = numbers(arena, n * d, 1), *y = arena_array(arena, n, sizeof *y);
    uint32_t *label = arena_array(arena, n, sizeof *label);
    for (uint64_t i = 0; i < n; i++) {
        y[i] = x[i * d] > 0 ? 1.0f : 0.0f;
        label[i] = 0;
        for (uint32_t j = 1; j < o && j < d; j++)
            label[i] = x[i * d + j] > x[i * d + label[i]] ? j : label[i];
    }
    return (struct rowset){.n = n, .x = x, .y = y, .label = label, .w = weights ? numbers(arena, n, 2) : NULL};
}

static void
measure(const char *text, uint32_t batch, unsigned threads, bool more)
{
    struct arena arena = {0};
    struct network network;
    struct engine_state *state;
    struct error error;
    struct run_result result;
    if (batch == 0)
        errx(2, "a batch has at least one row");
    network_parse(&network, &arena, text, more);
    uint64_t weights = 0, n = 1;
    for (uint32_t l = 0; l < network.n_layers; l++)
        weights += (uint64_t) network.layers[l].n_in * network.layers[l].n_out;
    const struct rowset rows = rows_make(&arena, &network, more);
    float *lr = arena_array(&arena, MOST_STEPS, sizeof *lr);
    for (uint64_t i = 0; i < MOST_STEPS; i++)
        lr[i] = 1e-4f;
    struct plan plan = {
        .seed = 1,
        .lr = lr,
        .loss = network_outputs(&network) == 1 ? LOSS_BCE : LOSS_CE,
        .optimiser = {.kind = OPT_ADAM, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8},
        .clip = more ? 1 : 0,
        .parts[0] = {.rows = batch, .weight = 1},
        .n_parts = 1,
        .shuffle = true,
    };
    if (engine_cpu.open(&state, &network, &(struct engine_options){.threads = threads}, &error) < 0 ||
        engine_cpu.load(state, 0, &rows, &error) < 0)
        errx(1, "%s", error.text);
    double best = 1e300;
    for (int run = -1; run < RUNS; run++) {
        plan.n_steps = n;
        const double start = now();
        if (engine_cpu.run(state, &plan, &result, &error) < 0)
            errx(1, "%s", error.text);
        const double step = (now() - start) / (double) n;
        plan.first_step += n;
        plan.adam_step += n;
        if (run >= 0 && step < best)
            best = step;
        n = step > RUN_US ? 1 : step * MOST_STEPS < RUN_US ? MOST_STEPS : (uint64_t) (RUN_US / step);
    }
    const double operations =
        6.0 * (double) weights * batch - 2.0 * network.layers[0].n_in * network.layers[0].n_out * batch;
    printf("%-16s batch %5u%-6s  %-24s %10.2f us a step %8.1f GF/s\n", text, batch, more ? ", more" : "",
           engine_cpu.describe(state), best, operations / best * 1e-3);
    engine_cpu.close(state);
    arena_free(&arena);
}

int
main(int argc, char **argv)
{
    unsigned threads = 1;
    bool more = false;
    for (int option; (option = getopt(argc, argv, "t:d")) != -1;) {
        if (option == '?')
            return 2;
        threads = option == 't' ? (unsigned) atoi(optarg) : threads;
        more |= option == 'd';
    }
    for (int i = optind; i + 1 < argc; i += 2)
        measure(argv[i], (uint32_t) strtoul(argv[i + 1], NULL, 10), threads, more);
    return 0;
}
