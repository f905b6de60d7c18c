#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cpu.h"

/* Above this many parameters an update is split over threads. */
enum { WIDE_UPDATE = 1 << 17 };

struct update_job {
    struct engine_state *state;
    float anchor, clip, factor;
    bool tables_only;
};

static int
compare_codes(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *) a, y = *(const uint32_t *) b;
    return (x > y) - (x < y);
}

/* Drops rows whose gradient is all zeros: they were not touched (rule 2). */
static void
drop_zero_rows(const struct engine_state *state, const struct param *param, const float *values,
               struct cpu_touched *touched)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < touched->n; i++) {
        uint32_t code = touched->codes[i];
        if (state->kernels->any_not_zero(param->cols, values + code * param->cols))
            touched->codes[kept++] = code;
        else
            touched->place[code] = 0;
    }
    touched->n = kept;
}

/* Elements [first, last) of a parameter: adds the anchor. */
static void
anchor_elements(const struct update_job *job, uint32_t p, size_t first, size_t n)
{
    const struct engine_state *state = job->state;
    if (state->values[ENGINE_OMEGA] == NULL || state->values[ENGINE_ANCHOR] == NULL)
        return;
    state->kernels->anchor(n, job->anchor, state->values[ENGINE_OMEGA][p] + first,
                           state->values[ENGINE_PARAM][p] + first, state->values[ENGINE_ANCHOR][p] + first,
                           state->gradient->values[p] + first);
}

/* Before the norm: which rows count, and the anchor; then the squares of a whole parameter. One task per parameter. */
static void
prepare_task(void *arg, size_t index)
{
    const struct update_job *job = arg;
    const struct engine_state *state = job->state;
    uint32_t p = (uint32_t) index;
    const struct param *param = &state->network->params[p];
    float *values = state->gradient->values[p];
    struct cpu_touched *touched = &state->gradient->touched[p];
    state->squares[p] = 0;
    if (!plan_trainable(state->network, p))
        return;
    if (param->kind != PARAM_CATEGORY) {
        if (job->anchor != 0)
            anchor_elements(job, p, 0, param->rows * param->cols);
        if (job->clip > 0)
            state->squares[p] = state->kernels->squares(param->rows * param->cols, values);
        return;
    }
    drop_zero_rows(state, param, values, touched);
    for (uint32_t i = 0; job->anchor != 0 && i < touched->n; i++)
        anchor_elements(job, p, touched->codes[i] * param->cols, param->cols);
    if (job->clip > 0) {
        qsort(touched->codes, touched->n, sizeof *touched->codes, compare_codes);
        state->squares[p] =
            state->kernels->squares_of_rows(touched->n, touched->codes, param->rows, param->cols, values);
    }
}

/* Elements [first, first + n) of a parameter; gradient is that of its element 0. */
static void
update_elements(const struct engine_state *state, float factor, uint32_t p, size_t first, size_t n,
                const float *gradient)
{
    const struct plan_update *update = &state->updates[state->network->params[p].layer];
    state->kernels->update(update, param_decays(&state->network->params[p]), factor, n, gradient + first,
                           state->values[ENGINE_PARAM][p] + first,
                           update->uses_m ? state->values[ENGINE_M][p] + first : NULL,
                           update->uses_v ? state->values[ENGINE_V][p] + first : NULL);
}

/* Rows of a parameter, as the products read them. */
static void
pack_piece(const struct engine_state *state, const struct cpu_piece *piece)
{
    const struct param *param = &state->network->params[piece->param];
    const struct cpu_layer *layer = &state->layers[param->layer];
    const float *values = state->values[ENGINE_PARAM][piece->param];
    if (param->kind == PARAM_BIAS)
        memcpy(layer->start, values, layer->n_out * sizeof *values);
    if (param->kind == PARAM_BINS)
        cpu_bins_pack(state, piece->feature);
    if (param->kind != PARAM_WEIGHT || layer->foreign)
        return;
    if (layer->panels != NULL)
        state->kernels->pack(layer->n_in, layer->n_out, piece->first, piece->last, values, layer->panels);
    if (layer->panels_back != NULL)
        state->kernels->pack_transposed(layer->n_in, layer->n_out, piece->first, piece->last, values,
                                        layer->panels_back);
}

void
cpu_update_piece(const struct engine_state *state, float factor, const struct cpu_piece *piece, const float *gradient)
{
    size_t cols = state->network->params[piece->param].cols;
    update_elements(state, factor, piece->param, piece->first * cols, (piece->last - piece->first) * cols, gradient);
    pack_piece(state, piece);
}

static void
update_task(void *arg, size_t index)
{
    const struct update_job *job = arg;
    const struct engine_state *state = job->state;
    const struct cpu_piece *piece = &state->pieces[index];
    const struct param *param = &state->network->params[piece->param];
    const struct cpu_touched *touched = &state->gradient->touched[piece->param];
    const float *gradient = state->gradient->values[piece->param];
    if (!plan_trainable(state->network, piece->param))
        return;
    if (plan_muon(state->network, state->updates[0].kind, piece->param))
        pack_piece(state, piece);
    else if (param->kind != PARAM_CATEGORY && !job->tables_only)
        cpu_update_piece(state, job->factor, piece, gradient);
    for (uint32_t i = 0; param->kind == PARAM_CATEGORY && i < touched->n; i++)
        update_elements(state, job->factor, piece->param, touched->codes[i] * param->cols, param->cols, gradient);
}

static void
pack_task(void *arg, size_t index)
{
    struct engine_state *state = arg;
    pack_piece(state, &state->pieces[index]);
}

void
cpu_pack(struct engine_state *state)
{
    cpu_each(state, network_size(state->network) > WIDE_UPDATE, state->n_pieces, pack_task, state);
    state->packed = true;
}

void
cpu_update(struct engine_state *state, bool tables_only)
{
    const struct network *network = state->network;
    const struct plan_update *update = &state->updates[0]; /* for what layers have in common */
    struct update_job job = {state, update->anchor, update->clip, 1, tables_only};
    bool wide = !tables_only && network_size(network) > WIDE_UPDATE;
    if (tables_only && network->n_c == 0)
        return;
    cpu_each(state, wide, network->n_params, prepare_task, &job);
    if (update->clip > 0) {
        double squares = 0;
        for (uint32_t p = 0; p < network->n_params; p++)
            squares += (double) state->squares[p];
        float norm = (float) sqrt(squares);
        if (norm > update->clip)
            job.factor = update->clip / norm;
    }
    for (uint32_t p = 0; p < network->n_params; p++)
        if (plan_muon(network, update->kind, p) && plan_trainable(network, p))
            cpu_muon_update(state, state->muon[p], &state->updates[network->params[p].layer], job.factor, p, wide);
    cpu_each(state, wide, state->n_pieces, update_task, &job);
    cpu_gradient_clear(network, state->gradient);
}
