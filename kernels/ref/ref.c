#include "ref.h"

#include <stdlib.h>
#include <string.h>

#include "loss.h"
#include "memory.h"
#include "numerics.h"

static float **
values_open(const struct network *network)
{
    float **values = mem_array(network->n_params, sizeof *values);
    for (uint32_t p = 0; p < network->n_params; p++) {
        size_t n;
        if (!size_mul(network->params[p].rows, network->params[p].cols, &n))
            n = SIZE_MAX / sizeof(float);
        values[p] = mem_zalloc(n, sizeof(float));
    }
    return values;
}

static void
values_close(const struct network *network, float **values)
{
    for (uint32_t p = 0; values != NULL && p < network->n_params; p++)
        free(values[p]);
    free(values);
}

static size_t
value_bytes(const struct network *network, uint32_t p)
{
    return network->params[p].rows * network->params[p].cols * sizeof(float);
}

static void
ref_close(struct engine_state *state)
{
    if (state == NULL)
        return;
    const struct network *network = state->network;
    for (int what = 0; what < ENGINE_WHAT_COUNT; what++)
        values_close(network, state->values[what]);
    for (size_t level = 0; level < sizeof state->tree / sizeof *state->tree; level++)
        values_close(network, state->tree[level]);
    for (uint32_t l = 0; l < network->n_layers; l++) {
        struct ref_layer *layer = &state->layers[l];
        float *const buffers[] = {layer->h, layer->q,       layer->dh,         layer->dy,        layer->dz,
                                  layer->u, layer->inverse, layer->dz_squares, layer->dy_squares};
        for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++)
            free(buffers[i]);
    }
    for (uint32_t p = 0; p < network->n_params; p++)
        free(state->touched[p]);
    for (int set = 0; set < ENGINE_MAX_SETS; set++)
        plan_set_close(&state->sets[set]);
    free(state->touched);
    free(state->mask);
    free(state->updates);
    free(state->layers);
    free(state->x);
    free(state->masks);
    free(state->c);
    free(state);
}

static int
ref_open(struct engine_state **out, const struct network *network, const struct engine_options *options,
         struct error *error)
{
    (void) options;
    if (plan_check_network(network, error) < 0)
        return -1;
    struct engine_state *state = mem_zalloc(1, sizeof *state);
    state->network = network;
    state->values[ENGINE_PARAM] = values_open(network);
    state->layers = mem_zalloc(network->n_layers, sizeof *state->layers);
    state->touched = mem_zalloc(network->n_params, sizeof *state->touched);
    state->x = mem_zalloc(NUM_BLOCK_ROWS, sizeof *state->x);
    state->masks = mem_zalloc(network->n_x, NUM_BLOCK_ROWS * sizeof *state->masks);
    state->c = mem_zalloc(NUM_BLOCK_ROWS, sizeof *state->c);
    state->mask = mem_zalloc(network_outputs(network), sizeof *state->mask);
    state->updates = mem_zalloc(network->n_layers, sizeof *state->updates);
    for (uint32_t l = 0; l < network->n_layers; l++) {
        struct ref_layer *layer = &state->layers[l];
        float **const buffers[] = {&layer->h, &layer->q, &layer->dh, &layer->dy, &layer->dz, &layer->u};
        for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++)
            *buffers[i] = mem_zalloc(network->layers[l].n_out, NUM_BLOCK_ROWS * sizeof(float));
        layer->inverse = mem_zalloc(NUM_BLOCK_ROWS, sizeof(float));
        layer->dz_squares = mem_zalloc(network->layers[l].n_out, sizeof(float));
        layer->dy_squares = mem_zalloc(network->layers[l].n_out, sizeof(float));
    }
    for (uint32_t p = 0; p < network->n_params; p++) {
        memcpy(state->values[ENGINE_PARAM][p], network->params[p].data, value_bytes(network, p));
        if (network->params[p].kind == PARAM_CATEGORY)
            state->touched[p] = mem_zalloc(network->params[p].rows, 1);
    }
    *out = state;
    return 0;
}

static int
ref_load(struct engine_state *state, int set, const struct rowset *rows, struct error *error)
{
    if (set < 0 || set >= ENGINE_MAX_SETS)
        return error_set(error, STATUS_USAGE, "row sets are numbered 0 to %d, not %d", ENGINE_MAX_SETS - 1, set);
    return plan_set_load(&state->sets[set], state->network, rows, error);
}

/* Which outputs take part in the softmax of a row: of the plan, or of the group of its label. */
static const uint8_t *
row_classes(struct engine_state *state, const struct plan *plan, uint32_t part, uint32_t label)
{
    if (!plan->parts[part].grouped)
        return plan->classes;
    for (uint32_t j = 0; j < network_outputs(state->network); j++)
        state->mask[j] = plan->groups[j] == plan->groups[label];
    return state->mask;
}

/* dz of the last layer for one row, and its loss: the tail of "Losses" in kernels/numerics.h. */
static float
row_gradient(struct engine_state *state, struct plan_rows *rows, uint32_t part, uint64_t row, uint32_t r)
{
    const struct plan *plan = rows->plan;
    const struct rowset *set = &state->sets[plan->parts[part].set].rows;
    const struct ref_layer *last = &state->layers[state->network->n_layers - 1];
    uint32_t o = network_outputs(state->network);
    const float *z = last->h + (uint64_t) r * o;
    float *dz = last->dz + (uint64_t) r * o, loss = 0;
    float w = set->w == NULL ? 1.0f : set->w[row];
    memset(dz, 0, o * sizeof *dz);
    if (plan->parts[part].weight != 0) {
        const struct objective objective = plan_objective(plan);
        const float *y = set->y == NULL ? NULL : set->y + row * objective_targets(&objective, o);
        const uint32_t label = plan->loss == LOSS_CE ? set->label[row] : 0;
        loss = loss_gradient(&objective, z, o, y, label, row_classes(state, plan, part, label), dz);
        float scale = rows->scale[part] * w;
        for (uint32_t j = 0; j < o; j++)
            dz[j] = dz[j] * scale;
    }
    if (rows->soft_scale[part] != 0)
        ref_soft_gradient(plan, plan->parts[part].soft, o, z, set->soft + row * o, rows->soft_scale[part] * w, dz);
    return loss;
}

struct step_job {
    struct engine_state *state;
    struct plan_rows *rows;
    uint64_t block; /* the first one */
    struct run_result *result;
};

/* A block of the step: forward, loss, backward, its gradient. */
static void
block_step(void *arg, uint64_t block, float **gradient)
{
    const struct step_job *job = arg;
    struct engine_state *state = job->state;
    struct plan_rows *rows = job->rows;
    struct run_result *result = job->result;
    const uint64_t first = (job->block + block) * NUM_BLOCK_ROWS, left = rows->n - first;
    const uint32_t n = left < NUM_BLOCK_ROWS ? (uint32_t) left : NUM_BLOCK_ROWS;
    const struct network *network = state->network;
    for (uint32_t r = 0; r < n; r++) {
        uint32_t part;
        uint64_t row = plan_rows_at(rows, first + r, &part);
        const struct rowset *set = &state->sets[rows->plan->parts[part].set].rows;
        state->x[r] = set->x == NULL ? NULL : set->x + row * network->n_x;
        state->c[r] = set->c == NULL ? NULL : set->c + row * network->n_c;
        ref_forward_row(state, rows->plan, rows->step, r, first + r);
        float loss = row_gradient(state, rows, part, row, r);
        if (!isfinite(loss))
            result->diverged = true;
        if (part == 0 && rows->plan->z != NULL) {
            const uint32_t o = network_outputs(network);
            memcpy(rows->plan->z + (first + r) * o, state->layers[network->n_layers - 1].h + (uint64_t) r * o,
                   o * sizeof(float));
        }
        if (part == 0) {
            double w = set->w == NULL ? 1.0 : (double) set->w[row];
            result->loss_sum += w * (double) loss;
            result->weight_sum += w;
            result->rows++;
        }
        ref_backward_row(state, plan_lowest(network), r);
    }
    ref_block_gradient(state, n, gradient);
}

static void
values_swap(float ***a, float ***b)
{
    float **t = *a;
    *a = *b;
    *b = t;
}

/* Room for so many blocks. */
static void
reserve(struct engine_state *state, uint64_t n_blocks)
{
    if (state->values[ENGINE_GRADIENT] == NULL)
        state->values[ENGINE_GRADIENT] = values_open(state->network);
    for (uint32_t level = 0; level == 0 || n_blocks >> (level - 1) != 0; level++)
        if (state->tree[level] == NULL)
            state->tree[level] = values_open(state->network);
}

/* The tree is a binary counter. */
void
ref_blocks(struct engine_state *state, uint64_t n_blocks, void (*block)(void *job, uint64_t block, float **gradient),
           void *job)
{
    float ***gradient = &state->values[ENGINE_GRADIENT];
    uint32_t depth = 0;
    reserve(state, n_blocks);
    for (uint64_t b = 0; b < n_blocks; b++) {
        block(job, b, *gradient);
        for (uint64_t bits = b; bits & 1; bits >>= 1) {
            ref_gradient_add(state, state->tree[--depth], *gradient);
            values_swap(&state->tree[depth], gradient);
        }
        values_swap(&state->tree[depth++], gradient);
    }
    values_swap(&state->tree[--depth], gradient);
    while (depth != 0) {
        ref_gradient_add(state, state->tree[--depth], *gradient);
        values_swap(&state->tree[depth], gradient);
    }
}

static uint64_t
blocks_of(uint64_t rows)
{
    return rows / NUM_BLOCK_ROWS + (rows % NUM_BLOCK_ROWS != 0);
}

/* Checks the plan and allocates what its steps will need. */
static int
prepare(struct engine_state *state, const struct plan *plan, struct error *error)
{
    if (plan_check(state->network, plan, state->sets, error) < 0)
        return -1;
    const bool needed[ENGINE_WHAT_COUNT] = {
        [ENGINE_M] = plan_uses_m(plan->optimiser.kind),
        [ENGINE_V] = plan_uses_v(plan->optimiser.kind),
        [ENGINE_GRADIENT] = true,
    };
    for (int what = 0; what < ENGINE_WHAT_COUNT; what++)
        if (needed[what] && state->values[what] == NULL)
            state->values[what] = values_open(state->network);
    return 0;
}

static int
ref_run(struct engine_state *state, const struct plan *plan, struct run_result *result, struct error *error)
{
    *result = (struct run_result){.steps = 0};
    if (prepare(state, plan, error) < 0)
        return -1;
    struct plan_rows rows;
    plan_rows_open(&rows, plan, state->sets);
    for (uint64_t s = 0; s < plan->n_steps && !result->diverged; s++) {
        if (s != 0 && plan->stop != NULL && *plan->stop != 0)
            break;
        plan_rows_step(&rows, plan->first_step + s);
        struct step_job job = {state, &rows, 0, result};
        ref_blocks(state, blocks_of(rows.n), block_step, &job);
        plan_updates(plan, plan->first_step + s, state->network->n_layers, state->updates);
        ref_update(state);
        result->steps++;
    }
    return 0;
}

static int
ref_grad(struct engine_state *state, const struct plan *plan, uint64_t step, uint64_t block, uint64_t n_blocks,
         struct run_result *result, struct error *error)
{
    *result = (struct run_result){.steps = 0};
    if (prepare(state, plan, error) < 0)
        return -1;
    struct plan_rows rows;
    plan_rows_open(&rows, plan, state->sets);
    plan_rows_step(&rows, step);
    uint64_t blocks = blocks_of(rows.n);
    if (n_blocks == UINT64_MAX)
        n_blocks = block < blocks ? blocks - block : 0;
    if (n_blocks == 0 || block >= blocks || n_blocks > blocks - block)
        return error_set(error, STATUS_USAGE, "blocks %llu + %llu are not in a step of %llu blocks",
                         (unsigned long long) block, (unsigned long long) n_blocks, (unsigned long long) blocks);
    struct step_job job = {state, &rows, block, result};
    ref_blocks(state, n_blocks, block_step, &job);
    return 0;
}

static int
ref_apply(struct engine_state *state, const struct plan *plan, uint64_t step, struct error *error)
{
    if (prepare(state, plan, error) < 0)
        return -1;
    plan_updates(plan, step, state->network->n_layers, state->updates);
    ref_update(state);
    return 0;
}

static int
ref_forward(struct engine_state *state, const struct rowset *rows, uint64_t first, uint64_t n, float *z,
            struct error *error)
{
    const struct network *network = state->network;
    float **params = state->values[ENGINE_PARAM];
    uint32_t o = network_outputs(network);
    if (plan_check_codes(network, rows, first, n, error) < 0)
        return -1;
    for (uint64_t i = first; i < first + n; i++) {
        const float *x = rows->x == NULL ? NULL : rows->x + i * network->n_x;
        const uint32_t *c = rows->c == NULL ? NULL : rows->c + i * network->n_c;
        for (uint32_t l = 0; l < network->n_layers; l++) {
            const struct layer *layer = &network->layers[l];
            float *h = state->layers[l].h;
            ref_dense(state, l, x, NULL, l == 0 ? c : NULL, h);
            if (layer->norm == NORM_LAYER)
                ref_normalise(layer->n_out, params[layer->gain], params[layer->shift], h, state->layers[l].u);
            for (uint32_t j = 0; j < layer->n_out; j++) {
                h[j] = num_activate(layer->activation, h[j]);
                if (layer->skip >= 0)
                    h[j] = h[j] + state->layers[layer->skip].h[j];
            }
            x = h;
        }
        memcpy(z + (i - first) * o, x, o * sizeof *z);
    }
    return 0;
}

static int
ref_read(struct engine_state *state, enum engine_what what, uint32_t param, float *to, struct error *error)
{
    if (plan_check_param(state->network, what, param, error) < 0)
        return -1;
    if (state->values[what] == NULL)
        memset(to, 0, value_bytes(state->network, param));
    else
        memcpy(to, state->values[what][param], value_bytes(state->network, param));
    return 0;
}

static int
ref_write(struct engine_state *state, enum engine_what what, uint32_t param, const float *from, struct error *error)
{
    if (plan_check_param(state->network, what, param, error) < 0)
        return -1;
    if (state->values[what] == NULL)
        state->values[what] = values_open(state->network);
    memcpy(state->values[what][param], from, value_bytes(state->network, param));
    return 0;
}

static const char *
ref_describe(struct engine_state *state)
{
    (void) state;
    return "ref (plain loops, 1 thread)";
}

const struct engine engine_ref = {
    .abi = ENGINE_ABI,
    .bytes = sizeof(struct engine),
    .name = "ref",
    .exact = true,
    .open = ref_open,
    .load = ref_load,
    .run = ref_run,
    .grad = ref_grad,
    .apply = ref_apply,
    .fisher = ref_fisher,
    .forward = ref_forward,
    .read = ref_read,
    .write = ref_write,
    .describe = ref_describe,
    .close = ref_close,
};
