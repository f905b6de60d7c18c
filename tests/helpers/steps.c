/*
 * steps [OPTIONS] NETWORK BATCH ...: how long a training step of the cpu engine takes.
 *
 *   -t THREADS      1
 *   -a ACTIVATION   relu
 *   -l LOSS         bce with one output, ce with more
 *   -o OPTIMISER    adam
 *   -k COLUMNS      of categories, 20 codes each: 0
 *   -p DROPOUT, -c CLIP, -d DECAY: 0
 *   -w              rows have weights
 *   -b BINS         of each numeric feature, which are clipped softly, too: 0
 *   -n, -s          hidden layers have layer norms; each adds the last one before it that is as wide
 *
 * NETWORK is widths, inputs to outputs: 28-64-32-1. Data are made up. CL_ISA=NAME chooses the instruction set. What is
 * shown is the best of many short runs: on one thread in processor time, so that other work on the machine hardly
 * shows, on more by the clock.
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

enum {
    MOST_ROWS = 100000,
    DATA_FLOATS = 4 << 20,
    CODES = 20,
    MOST_CATEGORIES = 64,
    MOST_HIDDEN = 8,
    RUNS = 30,
    RUN_US = 20000,
    MOST_STEPS = 1000000
};

struct wish {
    unsigned threads;
    enum activation activation;
    int loss; /* -1: by the number of outputs */
    enum optimiser_kind optimiser;
    uint32_t categories, bins;
    float dropout, clip;
    double decay;
    bool weights, norms, skips;
};

static double
now(const struct wish *wish)
{
    struct timespec time;
    clock_gettime(wish->threads == 1 ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC, &time);
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
network_parse(struct network *network, struct arena *arena, const char *text, const struct wish *wish)
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
    uint32_t sizes[MOST_CATEGORIES];
    const char *names[MOST_CATEGORIES];
    for (uint32_t k = 0; k < wish->categories; k++) {
        sizes[k] = CODES;
        names[k] = "c";
    }
    struct hidden hidden[MOST_HIDDEN];
    for (uint32_t l = 0; l + 2 < n; l++) {
        hidden[l] =
            (struct hidden){widths[l + 1], wish->activation, wish->norms ? NORM_LAYER : NORM_NONE, wish->dropout, -1};
        for (uint32_t m = 0; wish->skips && m < l; m++)
            if (hidden[m].width == hidden[l].width)
                hidden[l].skip = (int32_t) m;
    }
    uint32_t *bins = arena_array(arena, widths[0], sizeof *bins);
    for (uint32_t j = 0; j < widths[0]; j++)
        bins[j] = wish->bins;
    const struct encoding encoding = {wish->bins > 0 ? 3 : 0, bins, 0};
    network_make(network, arena, widths[0], &encoding, wish->categories, sizes, names, hidden, n - 2, widths[n - 1]);
    for (uint64_t e = 0; network->n_bins > 0 && e < network->params[network->edges].cols; e++)
        network->params[network->edges].data[e] = 4 * (float) (e % (wish->bins + 1)) / (float) wish->bins - 2;
    init_network(network, INIT_GLOROT_UNIFORM, 1);
}

/* A label of a row is something that can be learnt: the sign of its first number, or which of the first is largest. */
static struct rowset
rows_make(struct arena *arena, const struct network *network, bool weights)
{
    uint32_t d = network->n_x, o = network_outputs(network);
    uint64_t n = DATA_FLOATS / d < MOST_ROWS ? DATA_FLOATS / d : MOST_ROWS;
    float *x = numbers(arena, n * d, 1), *y = arena_zalloc(arena, n * o, sizeof *y);
    uint32_t *label = arena_array(arena, n, sizeof *label), *c = arena_array(arena, n * network->n_c, sizeof *c);
    for (uint64_t i = 0; i < n * network->n_c; i++)
        c[i] = (uint32_t) rng_below(rng_key(1, RNG_SPLIT, 3), i, CODES);
    for (uint64_t i = 0; i < n; i++) {
        y[i * o] = x[i * d] > 0 ? 1.0f : 0.0f;
        label[i] = 0;
        for (uint32_t j = 1; j < o && j < d; j++)
            label[i] = x[i * d + j] > x[i * d + label[i]] ? j : label[i];
    }
    struct rowset rows = {.n = n, .x = x, .c = c, .y = y, .label = label};
    if (weights)
        rows.w = numbers(arena, n, 2);
    return rows;
}

static void
measure(const char *text, uint32_t batch, const struct wish *wish)
{
    struct arena arena = {0};
    struct network network;
    struct engine_state *state;
    struct error error;
    struct run_result result;
    if (batch == 0)
        errx(2, "a batch has at least one row");
    network_parse(&network, &arena, text, wish);
    uint64_t weights = 0, n = 1;
    for (uint32_t l = 0; l < network.n_layers; l++)
        weights += (uint64_t) network.layers[l].n_in * network.layers[l].n_out;
    struct rowset rows = rows_make(&arena, &network, wish->weights);
    if (rows.n > batch)
        rows.n -= rows.n % batch; /* a last step of fewer rows would be the best one */
    float *lr = arena_array(&arena, MOST_STEPS, sizeof *lr);
    for (uint64_t i = 0; i < MOST_STEPS; i++)
        lr[i] = 1e-4f;
    struct plan plan = {
        .seed = 1,
        .lr = lr,
        .loss = wish->loss >= 0                  ? (enum loss) wish->loss
                : network_outputs(&network) == 1 ? LOSS_BCE
                                                 : LOSS_CE,
        .huber_delta = 1,
        .optimiser = {.kind = wish->optimiser,
                      .momentum = 0.9,
                      .beta1 = 0.9,
                      .beta2 = 0.999,
                      .epsilon = 1e-8,
                      .weight_decay = wish->decay},
        .clip = wish->clip,
        .parts[0] = {.rows = batch, .weight = 1},
        .n_parts = 1,
        .shuffle = true,
    };
    if (engine_cpu.open(&state, &network, &(struct engine_options){.threads = wish->threads}, &error) < 0 ||
        engine_cpu.load(state, 0, &rows, &error) < 0)
        errx(1, "%s", error.text);
    double best = 1e300;
    for (int run = -1; run < RUNS; run++) {
        plan.n_steps = n;
        const double start = now(wish);
        if (engine_cpu.run(state, &plan, &result, &error) < 0)
            errx(1, "%s", error.text);
        const double step = (now(wish) - start) / (double) n;
        plan.first_step += n;
        plan.adam_step += n;
        if (run >= 0 && step < best)
            best = step;
        n = step > RUN_US ? 1 : step * MOST_STEPS < RUN_US ? MOST_STEPS : (uint64_t) (RUN_US / step);
    }
    const double operations =
        6.0 * (double) weights * batch - 2.0 * network.layers[0].n_in * network.layers[0].n_out * batch;
    printf("%-16s batch %5u  %-24s %10.2f us a step %8.1f GF/s\n", text, batch, engine_cpu.describe(state), best,
           operations / best * 1e-3);
    engine_cpu.close(state);
    arena_free(&arena);
}

int
main(int argc, char **argv)
{
    struct wish wish = {.threads = 1, .activation = ACT_RELU, .loss = -1, .optimiser = OPT_ADAM};
    enum loss loss;
    bool known = true;
    for (int option; (option = getopt(argc, argv, "t:a:l:o:k:p:c:d:b:wns")) != -1;)
        switch (option) {
        case 't':
            wish.threads = (unsigned) strtoul(optarg, NULL, 10);
            break;
        case 'a':
            known &= activation_parse(optarg, &wish.activation);
            break;
        case 'l':
            known &= loss_parse(optarg, &loss);
            wish.loss = (int) loss;
            break;
        case 'o':
            known &= optimiser_parse(optarg, &wish.optimiser);
            break;
        case 'k':
            wish.categories = (uint32_t) strtoul(optarg, NULL, 10);
            known &= wish.categories <= MOST_CATEGORIES;
            break;
        case 'p':
            wish.dropout = strtof(optarg, NULL);
            break;
        case 'c':
            wish.clip = strtof(optarg, NULL);
            break;
        case 'd':
            wish.decay = strtod(optarg, NULL);
            break;
        case 'b':
            wish.bins = (uint32_t) strtoul(optarg, NULL, 10);
            break;
        case 'w':
            wish.weights = true;
            break;
        case 'n':
            wish.norms = true;
            break;
        case 's':
            wish.skips = true;
            break;
        default:
            known = false;
        }
    if (!known)
        errx(2, "an option is unknown, or has no such value");
    for (int i = optind; i + 1 < argc; i += 2)
        measure(argv[i], (uint32_t) strtoul(argv[i + 1], NULL, 10), &wish);
    return 0;
}
