#include <math.h>
#include <string.h>

#include "cpu.h"

enum {
    GROUP_ROWS = 96,           /* rows that go through all layers together, at most */
    WIDE_OPERATIONS = 8 << 20, /* of a chunk that only goes forward, from which it is shared among threads */
};

static void
product(struct engine_state *state, uint32_t l, bool back, size_t m, const float *A, size_t lda, float *C, size_t ldc)
{
    const struct cpu_layer *layer = &state->layers[l];
    size_t k = back ? layer->n_out : layer->n_in, n = back ? layer->n_in : layer->n_out;
    const float *start = back ? NULL : layer->start, *panels = back ? layer->panels_back : layer->panels;
    const float *W = state->values[ENGINE_PARAM][state->network->layers[l].weight];
    if (!layer->foreign) {
        state->kernels->product(m, k, n, A, lda, panels == NULL ? W : panels, panels == NULL ? n : 0, start, C, ldc);
        return;
    }
    for (size_t r = 0; r < m; r++) {
        if (back)
            memset(C + r * ldc, 0, n * sizeof *C);
        else
            memcpy(C + r * ldc, start, n * sizeof *C);
    }
    state->products->product(m, k, n, A, lda, W, back, C, ldc);
}

/* The slope of relu is seen from h, as long as nothing is added to it. */
static bool
slope_shows(const struct layer *layer)
{
    return layer->activation == ACT_RELU && layer->skip < 0;
}

/* From z in h to the output of hidden layer l, for rows [r, r + m) of the chunk. */
static void
finish_rows(const struct cpu_rows *job, uint32_t l, size_t r, size_t m)
{
    struct engine_state *state = job->state;
    const struct layer *layer = &state->network->layers[l];
    const struct cpu_layer *own = &state->layers[l];
    const bool learns = job->learns && l >= job->lowest;
    const size_t ld = own->ld, at = r * ld;
    float *h = own->h + at, *q = learns && !slope_shows(layer) ? own->q + at : NULL;
    float **params = state->values[ENGINE_PARAM];
    if (layer->norm != NORM_NONE)
        state->kernels->normalise(m, own->n_out, ld, params[layer->gain], params[layer->shift], h,
                                  learns ? own->u + at : NULL, learns ? own->inverse + r : NULL);
    state->kernels->activate(layer->activation, m * ld, h, q);
    if (job->rows != NULL && layer->dropout > 0)
        state->kernels->dropout(rng_key(job->rows->plan->seed, RNG_DROPOUT, l), job->rows->step, layer->dropout,
                                job->first + r, m, own->n_out, ld, h, q);
    if (layer->skip >= 0)
        state->kernels->add(m * ld, state->layers[layer->skip].h + at, h);
}

/* Layers from x and c to z of the last, for rows [r, r + m) of the chunk. */
void
cpu_rows_forward(const struct cpu_rows *job, size_t r, size_t m)
{
    struct engine_state *state = job->state;
    const struct network *network = state->network;
    const float *A = state->x + r * state->ld_x;
    size_t lda = state->ld_x;
    for (uint32_t l = 0; l < network->n_layers; l++) {
        struct cpu_layer *layer = &state->layers[l];
        float *h = layer->h + r * layer->ld;
        product(state, l, false, m, A, lda, h, layer->ld);
        if (l == 0 && network->n_bins != 0)
            cpu_bins_forward(state, r, m);
        if (l == 0 && network->n_c != 0)
            state->kernels->add_categories(m, layer->n_out, network->n_c,
                                           state->values[ENGINE_PARAM] + network->layers[0].category0,
                                           state->c + r * network->n_c, h, layer->ld);
        if (l + 1 < network->n_layers)
            finish_rows(job, l, r, m);
        A = h;
        lda = layer->ld;
    }
}

/* From dh in dz of layer l, without what later layers that add its h have to say, to its dz. */
static void
slope_rows(const struct cpu_rows *job, uint32_t l, size_t r, size_t m)
{
    struct engine_state *state = job->state;
    const struct network *network = state->network;
    const struct layer *layer = &network->layers[l];
    const struct cpu_layer *own = &state->layers[l];
    const size_t ld = own->ld, at = r * ld;
    float *dz = own->dz + at;
    for (uint32_t above = l + 1; above < network->n_layers; above++)
        if (network->layers[above].skip == (int32_t) l)
            state->kernels->add(m * ld, state->layers[above].dh + at, dz);
    if (layer->skip >= (int32_t) job->lowest)
        memcpy(own->dh + at, dz, m * ld * sizeof *dz);
    state->kernels->slope(m * ld, own->h + at, slope_shows(layer) ? NULL : own->q + at,
                          job->rows != NULL && layer->dropout > 0 ? (float) (1 / (1 - (double) layer->dropout)) : 1.0f,
                          dz);
    if (layer->norm != NORM_NONE)
        state->kernels->normalise_back(m, own->n_out, ld, state->values[ENGINE_PARAM][layer->gain], own->u + at,
                                       own->inverse + r, dz, own->dy + at);
}

/* dz of layers below the last, down to the lowest that learns. */
void
cpu_rows_backward(const struct cpu_rows *job, size_t r, size_t m)
{
    struct engine_state *state = job->state;
    for (uint32_t l = state->network->n_layers - 1; l > job->lowest; l--) {
        const struct cpu_layer *layer = &state->layers[l], *below = &state->layers[l - 1];
        product(state, l, true, m, layer->dz + r * layer->ld, layer->ld, below->dz + r * below->ld, below->ld);
        slope_rows(job, l - 1, r, m);
    }
}

/* Rows of the chunk from i on, up to `last`, that belong to the same part of the plan: where they end. */
static size_t
part_end(const struct cpu_rows *job, size_t i, size_t last)
{
    uint64_t end = job->rows->first[job->state->part[i] + 1] - job->first;
    return end < last ? (size_t) end : last;
}

/* Losses of rows [r, last), all of one part, and their gradients before scaling. */
static void
loss_rows(const struct cpu_rows *job, size_t r, size_t last)
{
    struct engine_state *state = job->state;
    const struct plan *plan = job->rows->plan;
    const struct cpu_layer *layer = &state->layers[state->network->n_layers - 1];
    const struct objective objective = plan_objective(plan);
    size_t o = layer->n_out, ld = layer->ld, targets = objective_targets(&objective, layer->n_out);
    const bool grouped = plan->parts[state->part[r]].grouped;
    for (size_t i = r, n = grouped ? 1 : last - r; i < last; i += n)
        state->kernels->loss(&objective, n, o, layer->h + i * ld, ld, state->y + i * targets, state->label + i,
                             grouped ? state->groups.masks + state->groups.of[state->label[i]] * o : plan->classes,
                             layer->dz + i * ld, state->losses + i);
}

/* dz of the last layer += scale times the gradient of the loss on the soft targets s of row i of the chunk. */
static void
soft_row(const struct cpu_rows *job, size_t i, const float *s, float scale)
{
    struct engine_state *state = job->state;
    const struct plan *plan = job->rows->plan;
    const struct cpu_layer *layer = &state->layers[state->network->n_layers - 1];
    const size_t o = layer->n_out, ld = layer->ld;
    const float *z = layer->h + i * ld;
    float *dz = layer->dz + i * ld;
    if (plan->parts[state->part[i]].soft == SOFT_SQUARED)
        state->kernels->soft_squares(o, z, s, scale, dz);
    else if (plan->loss == LOSS_BCE)
        state->kernels->soft_sigmoids(o, plan->temperature, z, s, scale, dz);
    else
        state->kernels->soft_softmaxes(o, &state->groups, plan->temperature, z, s, scale, dz, state->soft + i * 3 * ld,
                                       ld);
}

/* Rows [r, last), all of one part: their losses and dz of the last layer. */
static void
part_rows(const struct cpu_rows *job, size_t r, size_t last)
{
    struct engine_state *state = job->state;
    const struct cpu_layer *layer = &state->layers[state->network->n_layers - 1];
    const uint32_t part = state->part[r];
    const struct rowset *set = &state->sets[job->rows->plan->parts[part].set].rows;
    const size_t o = layer->n_out, ld = layer->ld;
    if (job->rows->plan->parts[part].weight != 0) {
        loss_rows(job, r, last);
        state->kernels->scale_rows(last - r, o, job->rows->scale[part], set->w, state->row + r, layer->dz + r * ld, ld);
    } else {
        for (size_t i = r; i < last; i++)
            memset(layer->dz + i * ld, 0, o * sizeof *layer->dz);
        memset(state->losses + r, 0, (last - r) * sizeof *state->losses);
    }
    for (size_t i = r; job->rows->soft_scale[part] != 0 && i < last; i++) {
        const float w = set->w == NULL ? 1.0f : set->w[state->row[i]];
        soft_row(job, i, set->soft + state->row[i] * o, job->rows->soft_scale[part] * w);
    }
}

/* Inputs of rows [r, last) of the chunk, all of one set. */
void
cpu_rows_gather(struct engine_state *state, const struct rowset *set, size_t r, size_t last)
{
    size_t k = state->network->n_c;
    cpu_input_rows(state, set, r, last);
    for (size_t i = r; k != 0 && i < last; i++)
        memcpy(state->c + i * k, set->c + state->row[i] * k, k * sizeof *set->c);
}

/* Their targets; 0 where the labels of the part do not count. */
static void
gather_targets(const struct cpu_rows *job, const struct rowset *set, size_t r, size_t last)
{
    struct engine_state *state = job->state;
    const struct plan *plan = job->rows->plan;
    bool counts = plan->parts[state->part[r]].weight != 0;
    const struct objective objective = plan_objective(plan);
    size_t targets = objective_targets(&objective, network_outputs(state->network));
    if (plan->loss == LOSS_CE)
        for (size_t i = r; i < last; i++)
            state->label[i] = counts ? set->label[state->row[i]] : 0;
    else if (counts)
        state->kernels->gather(last - r, targets, set->y, state->row + r, state->y + r * targets, targets);
}

static void
train_task(void *arg, size_t index)
{
    const struct cpu_rows *job = arg;
    struct engine_state *state = job->state;
    size_t r = index * job->group, last = job->n - r < job->group ? job->n : r + job->group;
    for (size_t i = r, end; i < last; i = end) {
        const struct rowset *set = &state->sets[job->rows->plan->parts[state->part[i]].set].rows;
        end = part_end(job, i, last);
        cpu_rows_gather(state, set, i, end);
        gather_targets(job, set, i, end);
    }
    if (state->network->dropout > 0 && state->network->n_x > 0)
        cpu_input_drop(job, r, last - r);
    cpu_rows_forward(job, r, last - r);
    for (size_t i = r, end; i < last; i = end) {
        end = part_end(job, i, last);
        part_rows(job, i, end);
    }
    cpu_rows_backward(job, r, last - r);
}

/* Rows of a group: each thread has as many groups, tiles are whole. */
size_t
cpu_rows_group(const struct engine_state *state, size_t n, bool wide)
{
    size_t share = wide ? (n + state->threads - 1) / state->threads : n, groups = (share + GROUP_ROWS - 1) / GROUP_ROWS;
    share = state->products != NULL ? share : (share + groups - 1) / groups;
    return (share + CPU_ROW_STEP - 1) / CPU_ROW_STEP * CPU_ROW_STEP;
}

static uint64_t
weights(const struct engine_state *state)
{
    uint64_t size = 0;
    for (uint32_t l = 0; l < state->network->n_layers; l++)
        size += state->layers[l].n_in * state->layers[l].n_out;
    size += 2 * state->bins.n * state->layers[0].n_out;
    return size;
}

uint64_t
cpu_step_operations(const struct engine_state *state, size_t n)
{
    return 6 * weights(state) * n;
}

void
cpu_chunk_step(struct engine_state *state, struct plan_rows *rows, uint64_t first, size_t n, bool wide, bool at_once,
               struct run_result *result)
{
    struct cpu_rows job = {
        state, rows, true, (size_t) first, n, cpu_rows_group(state, n, wide), plan_lowest(state->network)};
    cpu_chunk_rows(state, rows, first, n);
    state->bins.scale = (float) (1 / (1 - (double) state->network->dropout));
    cpu_each(state, wide, (n + job.group - 1) / job.group, train_task, &job);
    for (size_t i = 0; i < n; i++)
        result->diverged |= !isfinite(state->losses[i]);
    const float *w = state->sets[rows->plan->parts[0].set].rows.w;
    size_t counted = first >= rows->first[1] ? 0 : part_end(&job, 0, n);
    const struct cpu_layer *last = &state->layers[state->network->n_layers - 1];
    for (size_t i = 0; rows->plan->z != NULL && i < counted; i++)
        memcpy(rows->plan->z + (first + i) * last->n_out, last->h + i * last->ld, last->n_out * sizeof(float));
    for (size_t i = 0; i < counted; i++) {
        double weight = w == NULL ? 1.0 : (double) w[state->row[i]];
        result->loss_sum += weight * (double) state->losses[i];
        result->weight_sum += weight;
    }
    result->rows += counted;
    cpu_chunk_gradient(state, state->gradient, n, wide, at_once);
}

struct forward_job {
    struct cpu_rows rows;
    const struct rowset *set;
    uint64_t first; /* row of the set that is row 0 of the chunk */
    float *z;       /* of that row */
};

static void
forward_task(void *arg, size_t index)
{
    const struct forward_job *job = arg;
    struct engine_state *state = job->rows.state;
    size_t r = index * job->rows.group, left = job->rows.n - r, m = left < job->rows.group ? left : job->rows.group;
    const struct cpu_layer *last = &state->layers[state->network->n_layers - 1];
    for (size_t i = r; i < r + m; i++)
        state->row[i] = job->first + i;
    cpu_rows_gather(state, job->set, r, r + m);
    cpu_rows_forward(&job->rows, r, m);
    for (size_t i = r; i < r + m; i++)
        memcpy(job->z + i * last->n_out, last->h + i * last->ld, last->n_out * sizeof *job->z);
}

int
cpu_forward(struct engine_state *state, const struct rowset *rows, uint64_t first, uint64_t n, float *z,
            struct error *error)
{
    if (plan_check_codes(state->network, rows, first, n, error) < 0)
        return -1;
    if (n == 0)
        return 0;
    cpu_chunk_reserve(state, n);
    if (!state->packed)
        cpu_pack(state);
    state->bins.scale = 1;
    for (uint64_t at = 0; at < n; at += state->chunk_rows) {
        size_t chunk = n - at < state->chunk_rows ? (size_t) (n - at) : state->chunk_rows;
        bool wide = state->threads > 1 && 2 * weights(state) * chunk >= WIDE_OPERATIONS;
        struct forward_job job = {{state, NULL, false, 0, chunk, cpu_rows_group(state, chunk, wide), 0},
                                  rows,
                                  first + at,
                                  z + at * network_outputs(state->network)};
        cpu_each(state, wide, (chunk + job.rows.group - 1) / job.rows.group, forward_task, &job);
    }
    return 0;
}
