#include <math.h>
#include <string.h>

#include "loss.h"
#include "numerics.h"
#include "ref.h"

/*
 * The Fisher information is the expectation of the squared slope of log p(y | row), y being as the model itself thinks
 * (Kirkpatrick et al. 2017 take its diagonal as the importance of parameters; Kunstner, Balles and Hennig 2019 say why
 * y of the data would not do). log p depends on parameters by the outputs z only, so where the covariance of
 * d log p / d z is sum_t a_t a_t', t = 0 ...,
 *
 *   E (d log p / d theta)^2 = sum_t (sum_j a_tj d z_j / d theta)^2
 *
 * and each turn t is a backward pass that starts from dz = a_t:
 *
 *   ce       y = t with probability p_t:  a_tj = (p_j - (j == t)) sqrt(p_t), t over the classes that take part
 *   bce      the variance of an output is p (1 - p):  a_tt = sqrt(sigmoid(z_t) sigmoid(-z_t)), all else 0
 *   poisson  it is the mean:  a_tt = sqrt(exp(z_t))
 *   others   it is 1:  a_tt = 1
 *
 * The root also holds the weight f of the row: sqrtf(p_t * f), and so on.
 */
static void
turn_row(const struct plan *plan, uint32_t o, const float *z, float f, uint32_t t, float *dz)
{
    memset(dz, 0, o * sizeof *dz);
    switch (plan->loss) {
    case LOSS_CE:
        loss_link(LOSS_CE, z, o, plan->classes, dz);
        float root = sqrtf(dz[t] * f);
        for (uint32_t j = 0; j < o; j++)
            dz[j] = (dz[j] - (j == t ? 1.0f : 0.0f)) * root;
        break;
    case LOSS_BCE:
        dz[t] = sqrtf(num_sigmoid(z[t]) * num_sigmoid(-z[t]) * f);
        break;
    case LOSS_POISSON:
        dz[t] = sqrtf(num_exp(z[t]) * f);
        break;
    default:
        dz[t] = sqrtf(f);
        break;
    }
}

/*
 * Row r of the block: squares of dz and dy, summed over turns, take their places. A weight has one term x dz of a row,
 * so its information is x^2 times the sum of dz^2: with x squared as well (ref_block_gradient), it is a gradient like
 * any other, by rule 2. So are those of all others.
 */
static void
information_row(struct engine_state *state, const struct plan *plan, float f, uint32_t r)
{
    const struct network *network = state->network;
    const uint32_t last = network->n_layers - 1, o = network_outputs(network), lowest = plan_lowest(network);
    const float *z = state->layers[last].h + (uint64_t) r * o;
    for (uint32_t l = 0; l <= last; l++) {
        memset(state->layers[l].dz_squares, 0, network->layers[l].n_out * sizeof(float));
        memset(state->layers[l].dy_squares, 0, network->layers[l].n_out * sizeof(float));
    }
    for (uint32_t t = 0; t < o; t++) {
        if (plan->loss == LOSS_CE && plan->classes != NULL && !plan->classes[t])
            continue;
        turn_row(plan, o, z, f, t, state->layers[last].dz + (uint64_t) r * o);
        ref_backward_row(state, lowest, r);
        for (uint32_t l = lowest; l <= last; l++) {
            const struct ref_layer *own = &state->layers[l];
            const uint64_t n = network->layers[l].n_out;
            for (uint64_t j = 0; j < n; j++) {
                own->dz_squares[j] = fmaf(own->dz[r * n + j], own->dz[r * n + j], own->dz_squares[j]);
                own->dy_squares[j] = fmaf(own->dy[r * n + j], own->dy[r * n + j], own->dy_squares[j]);
            }
        }
    }
    for (uint32_t l = lowest; l <= last; l++) {
        const struct ref_layer *own = &state->layers[l];
        const uint64_t n = network->layers[l].n_out;
        memcpy(own->dz + r * n, own->dz_squares, n * sizeof(float));
        memcpy(own->dy + r * n, own->dy_squares, n * sizeof(float));
    }
}

struct information_job {
    struct engine_state *state;
    const struct plan *plan;
    const struct rowset *set;
    uint64_t first, n;
    double weight; /* of all rows */
};

static void
information_block(void *arg, uint64_t block, float **gradient)
{
    const struct information_job *job = arg;
    struct engine_state *state = job->state;
    const struct network *network = state->network;
    uint64_t first = block * NUM_BLOCK_ROWS, left = job->n - first;
    uint32_t n = left < NUM_BLOCK_ROWS ? (uint32_t) left : NUM_BLOCK_ROWS;
    for (uint32_t r = 0; r < n; r++) {
        uint64_t row = job->first + first + r;
        double w = job->set->w == NULL ? 1.0 : (double) job->set->w[row];
        state->x[r] = job->set->x == NULL ? NULL : job->set->x + row * network->n_x;
        state->c[r] = job->set->c == NULL ? NULL : job->set->c + row * network->n_c;
        ref_forward_row(state, NULL, 0, r, 0);
        information_row(state, job->plan, (float) (w / job->weight), r);
    }
    state->squared = true;
    ref_block_gradient(state, n, gradient);
    state->squared = false;
}

int
ref_fisher(struct engine_state *state, const struct plan *plan, int set, uint64_t first, uint64_t n,
           struct error *error)
{
    struct information_job job = {state, plan, NULL, first, n, 0};
    if (plan_check_fisher(state->network, plan, state->sets, set, first, n, &job.weight, error) < 0)
        return -1;
    job.set = &state->sets[set].rows;
    ref_blocks(state, n / NUM_BLOCK_ROWS + (n % NUM_BLOCK_ROWS != 0), information_block, &job);
    return 0;
}
