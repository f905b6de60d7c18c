/*
 * The BLAS engine: the CPU engine with the products of wide layers done by a CBLAS library. For --numerics fast: its
 * bits depend on the library, the machine and the batch.
 *
 * Asked for by name, every wide layer goes there; by --numerics fast, those in which that turns out faster (trial.h):
 * then bits depend on the clock, too.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "cpu/cpu.h"
#include "library.h"
#include "memory.h"
#include "trial.h"

/* Below, the overhead of a call is too much beside the product for any library. */
enum { WIDE_WEIGHTS = 64 * 64, WIDE_SIDE = 16 };

/* Set by the first open and never again; a product has no other way to reach it. */
static const struct blas_library *library;

static void
product(size_t m, size_t k, size_t n, const float *A, size_t lda, const float *B, bool transposed, float *C, size_t ldc)
{
    library->sgemm(CBLAS_ROW_MAJOR, CBLAS_NO_TRANS, transposed ? CBLAS_TRANS : CBLAS_NO_TRANS, (int) m, (int) n,
                   (int) k, 1, A, (int) lda, B, (int) (transposed ? k : n), 1, C, (int) ldc);
}

static void
gradient(size_t rows, size_t m, size_t n, const float *X, size_t ldx, const float *dz, size_t ldz, float *dW)
{
    library->sgemm(CBLAS_ROW_MAJOR, CBLAS_TRANS, CBLAS_NO_TRANS, (int) m, (int) n, (int) rows, 1, X, (int) ldx, dz,
                   (int) ldz, 0, dW, (int) n);
}

static const struct cpu_products products = {.product = product, .gradient = gradient};

/* Opens the library and the CPU engine, and says which layers are wide, owned by the caller. */
static bool *
open_wide(struct engine_state **state, const struct network *network, const struct engine_options *options,
          struct error *error)
{
    const struct blas_library *found = blas_library(error);
    if (found == NULL)
        return NULL;
    /* The same pointer every time: threads that open engines side by side write what is there. */
    __atomic_store_n(&library, found, __ATOMIC_RELAXED);
    if (cpu_open(state, network, options, error) < 0)
        return NULL;
    bool *wide = mem_zalloc(network->n_layers, sizeof *wide);
    for (uint32_t l = 0; l < network->n_layers; l++) {
        uint64_t n_in = network->layers[l].n_in, n_out = network->layers[l].n_out;
        wide[l] = n_in >= WIDE_SIDE && n_out >= WIDE_SIDE && n_in * n_out >= WIDE_WEIGHTS;
    }
    return wide;
}

static int
blas_open(struct engine_state **state, const struct network *network, const struct engine_options *options,
          struct error *error)
{
    bool *wide = open_wide(state, network, options, error);
    if (wide == NULL)
        return -1;
    cpu_use(*state, &products, wide);
    free(wide);
    return 0;
}

/* ---- what pays ---- */

/* Steps and calls that only go forward have their own; the latter are asked where there was no step. */
struct blas_trials {
    struct trial *steps, *forward;
    bool stepped;
};

static const char *
blas_describe(struct engine_state *state)
{
    const struct blas_trials *trials = state->trials;
    bool trying = trials != NULL && !trial_done(trials->stepped ? trials->steps : trials->forward);
    uint32_t n = 0, n_layers = state->network->n_layers;
    for (uint32_t l = 0; l < n_layers; l++)
        n += state->layers[l].foreign;
    char where[64] = "where it is faster";
    if (!trying)
        snprintf(where, sizeof where, "in %u of %u layer%s", n, n_layers, n_layers == 1 ? "" : "s");
    snprintf(state->text, sizeof state->text, "blas (%s, %s; %s, %u thread%s)", library->name, where,
             state->kernels->name, state->threads, state->threads == 1 ? "" : "s");
    return state->text;
}

static int
tried_open(struct engine_state **state, const struct network *network, const struct engine_options *options,
           struct error *error)
{
    bool *wide = open_wide(state, network, options, error);
    if (wide == NULL)
        return -1;
    (*state)->trials = mem_zalloc(1, sizeof *(*state)->trials);
    (*state)->trials->steps = trial_open(network->n_layers, wide);
    (*state)->trials->forward = trial_open(network->n_layers, wide);
    free(wide);
    return 0;
}

static void
tried_close(struct engine_state *state)
{
    if (state == NULL)
        return;
    trial_close(state->trials->steps);
    trial_close(state->trials->forward);
    free(state->trials);
    cpu_close(state);
}

/* On one thread its own time, in which what others take is not. */
static double
seconds(const struct engine_state *state)
{
    struct timespec now;
    clock_gettime(state->threads == 1 ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &now);
    return (double) now.tv_sec + 1e-9 * (double) now.tv_nsec;
}

static void
begin(struct engine_state *state, struct trial *trial)
{
    if (trial_changed(trial))
        cpu_use(state, &products, trial_foreign(trial));
}

static struct trial *
begin_steps(struct engine_state *state)
{
    struct trial *trial = state->trials->steps;
    if (!state->trials->stepped)
        cpu_use(state, &products, trial_foreign(trial)); /* forward() may have had another one */
    state->trials->stepped = true;
    begin(state, trial);
    return trial;
}

/* As cpu_run; one step after the other as long as there is something to try. */
static int
tried_run(struct engine_state *state, const struct plan *plan, struct run_result *result, struct error *error)
{
    struct trial *trial = begin_steps(state);
    if (trial_done(trial) || plan->n_steps == 0)
        return cpu_run(state, plan, result, error);
    *result = (struct run_result){.steps = 0};
    struct plan rest = *plan;
    while (rest.n_steps != 0 && !result->diverged) {
        struct run_result more;
        struct plan part = rest;
        if (result->steps != 0 && plan->stop != NULL && *plan->stop != 0)
            break;
        begin(state, trial);
        if (!trial_done(trial))
            part.n_steps = 1;
        double start = seconds(state);
        if (cpu_run(state, &part, &more, error) < 0)
            return -1;
        trial_note(trial, more.rows, seconds(state) - start);
        result->loss_sum += more.loss_sum;
        result->weight_sum += more.weight_sum;
        result->rows += more.rows;
        result->steps += more.steps;
        result->diverged = more.diverged;
        if (more.steps < part.n_steps)
            break;
        rest.first_step += more.steps;
        rest.adam_step += more.steps;
        rest.lr += more.steps;
        rest.n_steps -= more.steps;
    }
    return 0;
}

static int
tried_grad(struct engine_state *state, const struct plan *plan, uint64_t step, uint64_t block, uint64_t n_blocks,
           struct run_result *result, struct error *error)
{
    struct trial *trial = begin_steps(state);
    double start = seconds(state);
    if (cpu_grad(state, plan, step, block, n_blocks, result, error) < 0)
        return -1;
    trial_note(trial, result->rows, seconds(state) - start);
    return 0;
}

static int
tried_forward(struct engine_state *state, const struct rowset *rows, uint64_t first, uint64_t n, float *z,
              struct error *error)
{
    struct trial *trial = state->trials->forward;
    if (state->trials->stepped)
        return cpu_forward(state, rows, first, n, z, error);
    begin(state, trial);
    double start = seconds(state);
    if (cpu_forward(state, rows, first, n, z, error) < 0)
        return -1;
    trial_note(trial, n, seconds(state) - start);
    return 0;
}

const struct engine engine_blas = {
    .abi = ENGINE_ABI,
    .bytes = sizeof(struct engine),
    .name = "blas",
    .exact = false,
    .open = blas_open,
    .load = cpu_load,
    .run = cpu_run,
    .grad = cpu_grad,
    .apply = cpu_apply,
    .fisher = cpu_fisher,
    .forward = cpu_forward,
    .read = cpu_read,
    .write = cpu_write,
    .describe = blas_describe,
    .close = cpu_close,
};

const struct engine engine_blas_tried = {
    .abi = ENGINE_ABI,
    .bytes = sizeof(struct engine),
    .name = "blas",
    .exact = false,
    .open = tried_open,
    .load = cpu_load,
    .run = tried_run,
    .grad = tried_grad,
    .apply = cpu_apply,
    .fisher = cpu_fisher,
    .forward = tried_forward,
    .read = cpu_read,
    .write = cpu_write,
    .describe = blas_describe,
    .close = tried_close,
};
