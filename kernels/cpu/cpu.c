#include "cpu.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "numerics.h"

enum {
    PIECE_ROWS = 48,           /* rows of the smallest and of the largest piece of a large weight: whole tiles, */
    PIECE_ROWS_MOST = 192,     /* whole vectors of the transpose */
    PIECES_EACH = 8,           /* of a large weight, for each thread, if they are not too small or large */
    PIECE_ELEMENTS = 1 << 12,  /* a weight that is not cut */
    DIRECT_ELEMENTS = 1 << 14, /* a weight that is multiplied as it is, not packed: it fits the nearest cache */
    DIRECT_COLUMNS = 256,
};

static size_t
aligned(size_t n)
{
    return (n + CPU_ALIGN - 1) / CPU_ALIGN * CPU_ALIGN;
}

/* Floats from row to row: not 4096 bytes or a large part of it, else the rows of a panel share a few sets of the cache.
 */
static size_t
stride(size_t n)
{
    enum { LARGE_PART = 128 };
    return aligned(n) % LARGE_PART == 0 && n > LARGE_PART ? aligned(n) + CPU_ALIGN : aligned(n);
}

static size_t
size_of(const struct network *network, uint32_t p)
{
    return network->params[p].rows * network->params[p].cols;
}

static float **
values_open(const struct network *network)
{
    float **values = mem_array(network->n_params, sizeof *values);
    for (uint32_t p = 0; p < network->n_params; p++)
        values[p] = cpu_floats(network->params[p].rows, network->params[p].cols);
    return values;
}

static void
values_close(const struct network *network, float **values)
{
    for (uint32_t p = 0; values != NULL && p < network->n_params; p++)
        free(values[p]);
    free(values);
}

void
cpu_each(struct engine_state *state, bool wide, size_t n, void (*task)(void *arg, size_t index), void *arg)
{
    if (wide && n > 1 && state->threads > 1) {
        if (state->pool == NULL)
            state->pool = pool_open(state->threads);
        pool_run(state->pool, n, task, arg);
        return;
    }
    for (size_t i = 0; i < n; i++)
        task(arg, i);
}

/* ---- open, close ---- */

/* Rows of a piece of a parameter. */
static size_t
piece_rows(const struct engine_state *state, uint32_t p)
{
    const struct param *param = &state->network->params[p];
    size_t n = (size_t) param->rows, step = n / (PIECES_EACH * state->threads) / PIECE_ROWS * PIECE_ROWS;
    if (param->kind != PARAM_WEIGHT || size_of(state->network, p) <= PIECE_ELEMENTS)
        return n == 0 ? 1 : n;
    if (state->layers[param->layer].foreign)
        return (n / state->threads + PIECE_ROWS) / PIECE_ROWS * PIECE_ROWS;
    return step < PIECE_ROWS ? PIECE_ROWS : step > PIECE_ROWS_MOST ? PIECE_ROWS_MOST : step;
}

static void
pieces_open(struct engine_state *state)
{
    const struct network *network = state->network;
    size_t n = 0;
    for (uint32_t p = 0; p < network->n_params; p++)
        n += network->params[p].kind == PARAM_BINS ? state->bins.n : network->params[p].rows / piece_rows(state, p) + 1;
    free(state->pieces);
    state->n_pieces = 0;
    state->pieces = mem_array(n, sizeof *state->pieces);
    for (uint32_t p = 0; p < network->n_params; p++) {
        size_t rows = network->params[p].rows, step = piece_rows(state, p);
        const bool bins = network->params[p].kind == PARAM_BINS;
        for (size_t i = 0; !bins && i < rows; i += step)
            state->pieces[state->n_pieces++] = (struct cpu_piece){p, i, rows - i < step ? rows : i + step, 0};
        for (uint32_t e = 0; bins && e < state->bins.n; e++)
            state->pieces[state->n_pieces++] = (struct cpu_piece){p, state->bins.first[e], state->bins.first[e + 1], e};
    }
}

/* Room for the weights of a layer as our products read them. */
static void
panels_open(struct engine_state *state, uint32_t l)
{
    struct cpu_layer *layer = &state->layers[l];
    if (layer->panels == NULL && (layer->n_in * layer->n_out > DIRECT_ELEMENTS || layer->n_out > DIRECT_COLUMNS))
        layer->panels = cpu_floats(state->kernels->panel_floats(layer->n_in, layer->n_out), 1);
    if (layer->panels_back == NULL && l > 0 && state->learns)
        layer->panels_back = cpu_floats(state->kernels->panel_floats(layer->n_out, layer->n_in), 1);
}

static void
panels_close(struct cpu_layer *layer)
{
    free(layer->panels);
    free(layer->panels_back);
    layer->panels = layer->panels_back = NULL;
}

void
cpu_use(struct engine_state *state, const struct cpu_products *products, const bool *foreign)
{
    state->products = NULL;
    for (uint32_t l = 0; l < state->network->n_layers; l++) {
        state->layers[l].foreign = foreign[l];
        if (foreign[l]) {
            state->products = products;
            panels_close(&state->layers[l]);
        } else {
            panels_open(state, l);
        }
    }
    pieces_open(state);
    cpu_pack(state);
}

int
cpu_open(struct engine_state **out, const struct network *network, const struct engine_options *options,
         struct error *error)
{
    const struct cpu_kernels *kernels = cpu_kernels_pick(error);
    if (kernels == NULL || plan_check_network(network, error) < 0)
        return -1;
    struct engine_state *state = mem_zalloc(1, sizeof *state);
    state->network = network;
    state->kernels = kernels;
    state->threads = options->threads == 0 ? threads_available() : options->threads;
    state->ld_x = stride(network->layers[0].n_in);
    state->values[ENGINE_PARAM] = values_open(network);
    for (uint32_t p = 0; p < network->n_params; p++)
        memcpy(state->values[ENGINE_PARAM][p], network->params[p].data, size_of(network, p) * sizeof(float));
    cpu_bins_open(state);
    state->squares = cpu_floats(network->n_params, 1);
    state->updates = mem_zalloc(network->n_layers, sizeof *state->updates);
    state->muon = mem_zalloc(network->n_params, sizeof *state->muon);
    state->layers = mem_zalloc(network->n_layers, sizeof *state->layers);
    for (uint32_t l = 0; l < network->n_layers; l++) {
        struct cpu_layer *layer = &state->layers[l];
        layer->n_in = network->layers[l].n_in;
        layer->n_out = network->layers[l].n_out;
        layer->ld = stride(layer->n_out);
        layer->start = cpu_floats(layer->ld, 1);
        panels_open(state, l);
    }
    state->chunk_most = cpu_chunk_most(state);
    pieces_open(state);
    if (options->max_rows != 0)
        cpu_chunk_reserve(state, options->max_rows);
    *out = state;
    return 0;
}

void
cpu_close(struct engine_state *state)
{
    if (state == NULL)
        return;
    const struct network *network = state->network;
    pool_close(state->pool);
    cpu_chunk_free(state);
    for (int what = 0; what < ENGINE_WHAT_COUNT; what++)
        values_close(network, state->values[what]);
    cpu_gradient_close(network, state->gradient);
    for (size_t level = 0; level < sizeof state->tree / sizeof *state->tree; level++)
        cpu_gradient_close(network, state->tree[level]);
    for (uint32_t l = 0; l < network->n_layers; l++) {
        panels_close(&state->layers[l]);
        free(state->layers[l].start);
    }
    cpu_bins_close(state);
    free(state->layers);
    free(state->pieces);
    for (uint32_t p = 0; p < network->n_params; p++)
        cpu_muon_close(state->muon[p]);
    free(state->muon);
    free(state->squares);
    free(state->updates);
    plan_groups_close(&state->groups);
    for (int set = 0; set < ENGINE_MAX_SETS; set++)
        plan_set_close(&state->sets[set]);
    free(state);
}

int
cpu_load(struct engine_state *state, int set, const struct rowset *rows, struct error *error)
{
    if (set < 0 || set >= ENGINE_MAX_SETS)
        return error_set(error, STATUS_USAGE, "row sets are numbered 0 to %d, not %d", ENGINE_MAX_SETS - 1, set);
    return plan_set_load(&state->sets[set], state->network, rows, error);
}

/* ---- steps ---- */

struct step_job {
    struct engine_state *state;
    struct plan_rows *rows;
    bool wide, at_once;
    struct run_result *result;
};

static void
step_chunk(void *arg, uint64_t at, size_t n)
{
    const struct step_job *job = arg;
    cpu_chunk_step(job->state, job->rows, at, n, job->wide, job->at_once, job->result);
}

/* Rows [first, last) of a step into state->gradient. at_once as in cpu_chunk_gradient, for a step of one chunk. */
static void
step_gradient(struct engine_state *state, struct plan_rows *rows, uint64_t first, uint64_t last, bool wide,
              bool at_once, struct run_result *result)
{
    struct step_job job = {state, rows, wide, at_once, result};
    cpu_chunks(state, first, last, step_chunk, &job);
}

/* Operations of the largest chunk of a step of n rows. */
static uint64_t
chunk_operations(const struct engine_state *state, uint64_t n)
{
    uint64_t most = state->chunk_most;
    return cpu_step_operations(state, n < most ? (size_t) n : (size_t) most);
}

/* Room for what steps need and forward() does not. */
static void
learns_open(struct engine_state *state)
{
    size_t rows = state->chunk_rows;
    state->learns = true;
    state->chunk_rows = 0;
    cpu_chunk_reserve(state, rows);
    for (uint32_t l = 0; l < state->network->n_layers; l++)
        if (!state->layers[l].foreign)
            panels_open(state, l);
    state->packed = false;
}

void
cpu_ready(struct engine_state *state, uint64_t rows)
{
    if (state->gradient == NULL)
        state->gradient = cpu_gradient_open(state->network);
    if (!state->learns)
        learns_open(state);
    cpu_chunk_reserve(state, rows);
    for (uint64_t chunks = (rows - 1) / state->chunk_most, level = 0; chunks != 0; chunks >>= 1, level++)
        if (state->tree[level] == NULL)
            state->tree[level] = cpu_gradient_open(state->network);
    if (!state->packed)
        cpu_pack(state);
}

/* Whether a softmax of some rows is over less than all outputs, or has to know that it is not. */
static bool
needs_groups(const struct plan *plan)
{
    bool needs = false;
    for (uint32_t p = 0; p < plan->n_parts; p++)
        needs |= plan->parts[p].grouped || plan->parts[p].soft == SOFT_SOFTMAX;
    return needs;
}

/* Checks the plan and allocates what its steps will need. */
static int
prepare(struct engine_state *state, const struct plan *plan, struct error *error)
{
    if (plan_check(state->network, plan, state->sets, error) < 0)
        return -1;
    if (plan_uses_m(plan->optimiser.kind) && state->values[ENGINE_M] == NULL)
        state->values[ENGINE_M] = values_open(state->network);
    if (plan_uses_v(plan->optimiser.kind) && state->values[ENGINE_V] == NULL)
        state->values[ENGINE_V] = values_open(state->network);
    for (uint32_t p = 0; p < state->network->n_params; p++)
        if (plan_muon(state->network, plan->optimiser.kind, p) && state->muon[p] == NULL)
            state->muon[p] = cpu_muon_open(state->kernels, &state->network->params[p]);
    if (needs_groups(plan))
        plan_groups_set(&state->groups, plan->groups, network_outputs(state->network));
    const uint64_t rows = state->sets[plan->parts[0].set].rows.n;
    if (state->ahead.seed != plan->seed || state->ahead.rows != rows)
        state->ahead.n = 0;
    state->ahead.seed = plan->seed;
    state->ahead.rows = rows;
    cpu_ready(state, plan_rows_most(plan, state->sets));
    return 0;
}

int
cpu_run(struct engine_state *state, const struct plan *plan, struct run_result *result, struct error *error)
{
    *result = (struct run_result){.steps = 0};
    if (prepare(state, plan, error) < 0)
        return -1;
    struct plan_rows rows;
    plan_rows_open(&rows, plan, state->sets);
    const bool pieces = plan->optimiser.kind != OPT_MUON && plan->clip == 0 && plan->anchor == 0;
    for (uint64_t s = 0; s < plan->n_steps && !result->diverged; s++) {
        if (s != 0 && plan->stop != NULL && *plan->stop != 0)
            break;
        plan_rows_step(&rows, plan->first_step + s);
        plan_updates(plan, plan->first_step + s, state->network->n_layers, state->updates);
        bool wide = cpu_choose_begin(state, chunk_operations(state, rows.n));
        bool at_once = pieces && rows.n <= state->chunk_most;
        step_gradient(state, &rows, 0, rows.n, wide, at_once, result);
        cpu_update(state, at_once);
        cpu_choose_end(state);
        result->steps++;
    }
    return 0;
}

int
cpu_grad(struct engine_state *state, const struct plan *plan, uint64_t step, uint64_t block, uint64_t n_blocks,
         struct run_result *result, struct error *error)
{
    *result = (struct run_result){.steps = 0};
    if (prepare(state, plan, error) < 0)
        return -1;
    struct plan_rows rows;
    plan_rows_open(&rows, plan, state->sets);
    plan_rows_step(&rows, step);
    uint64_t blocks = (rows.n + NUM_BLOCK_ROWS - 1) / NUM_BLOCK_ROWS;
    if (n_blocks == UINT64_MAX)
        n_blocks = block < blocks ? blocks - block : 0;
    if (n_blocks == 0 || block >= blocks || n_blocks > blocks - block)
        return error_set(error, STATUS_USAGE, "blocks %llu + %llu are not in a step of %llu blocks",
                         (unsigned long long) block, (unsigned long long) n_blocks, (unsigned long long) blocks);
    uint64_t first = block * NUM_BLOCK_ROWS, last = (block + n_blocks) * NUM_BLOCK_ROWS;
    last = last < rows.n ? last : rows.n;
    bool wide = cpu_choose_begin(state, chunk_operations(state, last - first));
    step_gradient(state, &rows, first, last, wide, false, result);
    cpu_choose_end(state);
    return 0;
}

int
cpu_apply(struct engine_state *state, const struct plan *plan, uint64_t step, struct error *error)
{
    if (prepare(state, plan, error) < 0)
        return -1;
    plan_updates(plan, step, state->network->n_layers, state->updates);
    cpu_update(state, false);
    return 0;
}

/* ---- read, write ---- */

int
cpu_read(struct engine_state *state, enum engine_what what, uint32_t param, float *to, struct error *error)
{
    if (plan_check_param(state->network, what, param, error) < 0)
        return -1;
    if (what == ENGINE_GRADIENT && state->gradient != NULL)
        cpu_gradient_read(state->network, state->gradient, param, to);
    else if (state->values[what] != NULL)
        memcpy(to, state->values[what][param], size_of(state->network, param) * sizeof *to);
    else
        memset(to, 0, size_of(state->network, param) * sizeof *to);
    return 0;
}

int
cpu_write(struct engine_state *state, enum engine_what what, uint32_t param, const float *from, struct error *error)
{
    if (plan_check_param(state->network, what, param, error) < 0)
        return -1;
    float **values = state->values[what];
    if (what == ENGINE_GRADIENT) {
        if (state->gradient == NULL)
            state->gradient = cpu_gradient_open(state->network);
        values = state->gradient->values;
    } else if (values == NULL) {
        values = state->values[what] = values_open(state->network);
    }
    if (what == ENGINE_GRADIENT && state->network->params[param].kind == PARAM_CATEGORY)
        cpu_gradient_set(state->network, state->gradient, param, from);
    else
        memcpy(values[param], from, size_of(state->network, param) * sizeof *from);
    if (what == ENGINE_PARAM)
        state->packed = false;
    if (what == ENGINE_PARAM && state->network->params[param].kind == PARAM_EDGES)
        cpu_bins_set(state);
    return 0;
}

const char *
cpu_describe(struct engine_state *state)
{
    snprintf(state->text, sizeof state->text, "cpu (%s, %u thread%s)", state->kernels->name, state->threads,
             state->threads == 1 ? "" : "s");
    return state->text;
}

const struct engine engine_cpu = {
    .abi = ENGINE_ABI,
    .bytes = sizeof(struct engine),
    .name = "cpu",
    .exact = true,
    .open = cpu_open,
    .load = cpu_load,
    .run = cpu_run,
    .grad = cpu_grad,
    .apply = cpu_apply,
    .fisher = cpu_fisher,
    .forward = cpu_forward,
    .read = cpu_read,
    .write = cpu_write,
    .describe = cpu_describe,
    .close = cpu_close,
};
