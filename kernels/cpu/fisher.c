#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cpu.h"
#include "loss.h"
#include "numerics.h"

/*
 * The Fisher information: formulas in kernels/ref/information.c. Rows go forward once and backward in turns, as many as
 * there are outputs; then the sums of squares of dz over the turns, and the squares of what multiplies dz, take their
 * places, and the gradient of the chunk is taken as in a step. Of a row, d inputs and n outputs wide, the gradient is
 * so no dearer than in a step: what many outputs cost is turns.
 */
enum { WIDE_OPERATIONS = 4 << 20 }; /* of a turn of a chunk, from which it is shared among threads */

struct fisher_job {
    struct cpu_rows rows;
    const struct plan *plan;
    const struct rowset *set;
    uint64_t first;                   /* row of the set that is row 0 of the chunk */
    double weight;                    /* of all rows */
    float **dz_squares, **dy_squares; /* [n_layers] -> [chunk rows + spare, ld], the latter where there is a norm */
};

static float
row_share(const struct fisher_job *job, size_t i)
{
    const float *w = job->set->w;
    return (float) ((w == NULL ? 1.0 : (double) w[job->first + i]) / job->weight);
}

/* dz of the last layer, of row i of the chunk in turn t; p: [o] of ce. */
static void
turn_row(const struct fisher_job *job, uint32_t t, const float *z, size_t o, const float *p, float f, float *dz)
{
    float root;
    switch (job->plan->loss) {
    case LOSS_CE:
        root = sqrtf(p[t] * f);
        for (size_t j = 0; j < o; j++)
            dz[j] = p[j] * root;
        dz[t] = (p[t] - 1.0f) * root;
        return;
    case LOSS_BCE:
        root = sqrtf(num_sigmoid(z[t]) * num_sigmoid(-z[t]) * f);
        break;
    case LOSS_POISSON:
        root = sqrtf(num_exp(z[t]) * f);
        break;
    default:
        root = sqrtf(f);
        break;
    }
    memset(dz, 0, o * sizeof *dz);
    dz[t] = root;
}

/* Rows [r, r + m) of the chunk in turn t. */
static void
turn_rows(const struct fisher_job *job, uint32_t t, size_t r, size_t m)
{
    struct engine_state *state = job->rows.state;
    const struct network *network = state->network;
    const struct cpu_layer *last = &state->layers[network->n_layers - 1];
    for (size_t i = r; i < r + m; i++)
        turn_row(job, t, last->h + i * last->ld, last->n_out, state->soft + i * 3 * last->ld, row_share(job, i),
                 last->dz + i * last->ld);
    cpu_rows_backward(&job->rows, r, m);
    for (uint32_t l = job->rows.lowest; l < network->n_layers; l++) {
        const struct cpu_layer *layer = &state->layers[l];
        const size_t at = r * layer->ld, n = m * layer->ld;
        state->kernels->add_squares(n, layer->dz + at, job->dz_squares[l] + at);
        if (network->layers[l].norm != NORM_NONE)
            state->kernels->add_squares(n, layer->dy + at, job->dy_squares[l] + at);
    }
}

/* Squares of what multiplies dz and dy of rows [r, r + m), in place. */
static void
square_rows(const struct fisher_job *job, size_t r, size_t m)
{
    struct engine_state *state = job->rows.state;
    const struct network *network = state->network;
    state->kernels->square(m * state->ld_x, state->x + r * state->ld_x);
    if (state->bins.n > 0)
        state->kernels->square(m * state->bins.n, state->bins.part + r * state->bins.n);
    for (uint32_t l = 0; l + 1 < network->n_layers; l++) {
        const struct cpu_layer *layer = &state->layers[l];
        state->kernels->square(m * layer->ld, layer->h + r * layer->ld);
        if (l >= job->rows.lowest && network->layers[l].norm != NORM_NONE)
            state->kernels->square(m * layer->ld, layer->u + r * layer->ld);
    }
}

static void
fisher_task(void *arg, size_t index)
{
    const struct fisher_job *job = arg;
    struct engine_state *state = job->rows.state;
    const struct network *network = state->network;
    const struct cpu_layer *last = &state->layers[network->n_layers - 1];
    const uint8_t *classes = job->plan->loss == LOSS_CE ? job->plan->classes : NULL;
    size_t r = index * job->rows.group, left = job->rows.n - r, m = left < job->rows.group ? left : job->rows.group;
    for (size_t i = r; i < r + m; i++)
        state->row[i] = job->first + i;
    cpu_rows_gather(state, job->set, r, r + m);
    cpu_rows_forward(&job->rows, r, m);
    for (size_t i = r; job->plan->loss == LOSS_CE && i < r + m; i++)
        loss_link(LOSS_CE, last->h + i * last->ld, (uint32_t) last->n_out, classes, state->soft + i * 3 * last->ld);
    for (uint32_t l = job->rows.lowest; l < network->n_layers; l++) {
        const size_t ld = state->layers[l].ld;
        memset(job->dz_squares[l] + r * ld, 0, m * ld * sizeof(float));
        if (network->layers[l].norm != NORM_NONE)
            memset(job->dy_squares[l] + r * ld, 0, m * ld * sizeof(float));
    }
    for (uint32_t t = 0; t < last->n_out; t++)
        if (classes == NULL || classes[t])
            turn_rows(job, t, r, m);
    square_rows(job, r, m);
}

static void
swap(float **a, float **b)
{
    float *t = *a;
    *a = *b;
    *b = t;
}

/* Sums of squares in place of dz and dy; and back. */
static void
swap_squares(const struct fisher_job *job)
{
    struct engine_state *state = job->rows.state;
    for (uint32_t l = 0; l < state->network->n_layers; l++) {
        swap(&state->layers[l].dz, &job->dz_squares[l]);
        swap(&state->layers[l].dy, &job->dy_squares[l]);
    }
}

static void
fisher_chunk(void *arg, uint64_t at, size_t n)
{
    const struct fisher_job *all = arg;
    struct engine_state *state = all->rows.state;
    const bool wide = state->threads > 1 && cpu_step_operations(state, n) >= WIDE_OPERATIONS;
    struct fisher_job job = *all;
    job.first += at;
    job.rows.n = n;
    state->bins.scale = 1;
    job.rows.group = cpu_rows_group(state, n, wide);
    cpu_each(state, wide, (n + job.rows.group - 1) / job.rows.group, fisher_task, &job);
    swap_squares(&job);
    cpu_chunk_gradient(state, state->gradient, n, wide, false);
    swap_squares(&job);
}

int
cpu_fisher(struct engine_state *state, const struct plan *plan, int set, uint64_t first, uint64_t n,
           struct error *error)
{
    const struct network *network = state->network;
    struct fisher_job job = {.rows = {.state = state, .learns = true}, .plan = plan, .first = first};
    if (plan_check_fisher(network, plan, state->sets, set, first, n, &job.weight, error) < 0)
        return -1;
    cpu_ready(state, n);
    job.set = &state->sets[set].rows;
    job.rows.lowest = plan_lowest(network);
    job.dz_squares = mem_zalloc(network->n_layers, sizeof *job.dz_squares);
    job.dy_squares = mem_zalloc(network->n_layers, sizeof *job.dy_squares);
    for (uint32_t l = 0; l < network->n_layers; l++) {
        job.dz_squares[l] = cpu_activations(state, l);
        job.dy_squares[l] = network->layers[l].norm == NORM_NONE ? NULL : cpu_activations(state, l);
    }
    cpu_chunks(state, 0, n, fisher_chunk, &job);
    for (uint32_t l = 0; l < network->n_layers; l++) {
        free(job.dz_squares[l]);
        free(job.dy_squares[l]);
    }
    free(job.dz_squares);
    free(job.dy_squares);
    return 0;
}
