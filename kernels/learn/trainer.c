#include "trainer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "loss.h"
#include "memory.h"
#include "plan.h"
#include "range.h"
#include "trainer_inside.h"

enum { EVALUATE_ROWS = 256 };

/* ---- opening: a phase of a run is what happens with one set of frozen layers ---- */

static bool
in_head_phase(const struct trainer *trainer)
{
    return trainer->state.epoch < trainer->setup.head_epochs;
}

/* The network as this phase sees it: the same parameters, other flags. */
static void
mask_network(struct trainer *trainer)
{
    struct network *open = &trainer->open;
    const struct network *network = trainer->setup.network;
    struct layer *layers = open->layers;
    struct param *params = open->params;
    *open = *network;
    open->layers = mem_realloc(layers, network->n_layers, sizeof *layers);
    open->params = mem_realloc(params, network->n_params, sizeof *params);
    memcpy(open->layers, network->layers, network->n_layers * sizeof *layers);
    memcpy(open->params, network->params, network->n_params * sizeof *params);
    for (uint32_t l = 0; l < open->n_layers; l++)
        if (l < trainer->setup.freeze || (in_head_phase(trainer) && l + 1 < open->n_layers))
            open->layers[l].frozen = true;
    for (uint32_t p = 0; p < open->n_params; p++)
        open->params[p].frozen |= open->layers[open->params[p].layer].frozen;
}

/* Moments kept in a model as "m.NAME" and "v.NAME" into the engine. */
static int
write_moments(struct trainer *trainer, const struct model *model, struct error *error)
{
    for (int i = 1; i < N_KEPT; i++) {
        if (!optimiser_keeps(trainer->setup.optimiser.kind, kept[i]))
            continue;
        for (uint32_t p = 0; p < trainer->open.n_params; p++) {
            const struct param *param = &trainer->open.params[p];
            struct arena scratch = {0};
            const char *name = arena_printf(&scratch, "%s.%s", kept[i] == ENGINE_M ? "m" : "v", param->name);
            const struct tensor *tensor = model_find(model, TENSOR_OPTIMISER, name);
            bool fits =
                tensor != NULL && tensor->dtype == DTYPE_F32 && tensor->bytes == param_count(param) * sizeof(float);
            int status =
                fits ? trainer->setup.engine->write(trainer->engine, kept[i], p, tensor->data, error)
                     : error_set(error, STATUS_DATA, "the checkpoint has no optimiser state for %s", param->name);
            arena_free(&scratch);
            if (status < 0)
                return -1;
        }
    }
    return 0;
}

int
trainer_open_phase(struct trainer *trainer, const struct model *moments, struct error *error)
{
    const struct trainer_setup *setup = &trainer->setup;
    const struct engine_options options = {.threads = setup->threads};
    if (trainer->engine != NULL)
        setup->engine->close(trainer->engine);
    trainer->engine = NULL;
    mask_network(trainer);
    if (setup->engine->open(&trainer->engine, &trainer->open, &options, error) < 0)
        return -1;
    trainer->plan = (struct plan){
        .seed = setup->seed,
        .loss = setup->loss,
        .huber_delta = setup->huber_delta,
        .smoothing = setup->smoothing,
        .n_quantiles = setup->n_quantiles,
        .quantiles = setup->quantiles,
        .optimiser = setup->optimiser,
        .clip = setup->clip,
        .parts[0] = {.set = STRATEGY_SET_TRAIN, .rows = setup->batch, .weight = 1},
        .n_parts = 1,
        .classes = setup->classes,
        .groups = setup->learn.groups,
        .temperature = (float) setup->learn.options.temperature,
        .layer_rates = setup->layer_rates,
        .shuffle = setup->batch > 0,
    };
    trainer->run.state = trainer->engine;
    const struct strategy *strategy = setup->strategy;
    if (!trainer->prepared && strategy != NULL && strategy->prepare != NULL &&
        strategy->prepare(&trainer->run, error) < 0)
        return -1;
    trainer->prepared = true;
    if (setup->engine->load(trainer->engine, STRATEGY_SET_TRAIN, &trainer->run.train, error) < 0 ||
        (trainer->run.memory.n > 0 &&
         setup->engine->load(trainer->engine, STRATEGY_SET_MEMORY, &trainer->run.memory, error) < 0) ||
        (moments != NULL && write_moments(trainer, moments, error) < 0))
        return -1;
    return strategy == NULL || strategy->attach == NULL ? 0 : strategy->attach(&trainer->run, error);
}

/* Arrays like the parameters, of zeros. */
static float **
params_zeros(struct arena *arena, const struct network *network)
{
    float **arrays = arena_zalloc(arena, network->n_params, sizeof *arrays);
    for (uint32_t p = 0; p < network->n_params; p++)
        arrays[p] = arena_zalloc(arena, param_count(&network->params[p]), sizeof(float));
    return arrays;
}

/* What the hooks of a strategy get that does not change in a run. */
static void
begin_run(struct trainer *trainer)
{
    const struct trainer_setup *setup = &trainer->setup;
    trainer->run = setup->learn;
    trainer->run.start = &trainer->start;
    trainer->run.train = setup->train;
    trainer->run.arena = &trainer->arena;
    trainer->run.engine = setup->engine;
    trainer->run.plan = &trainer->plan;
    if (setup->strategy == NULL || !(setup->strategy->flags & STRATEGY_HAS_PATH))
        return;
    trainer->run.path = params_zeros(&trainer->arena, setup->network);
    if (setup->valid.n > 0)
        trainer->best_path = params_zeros(&trainer->arena, setup->network);
}

/*
 * Steps of one call of the engine: some 2^31 products, so that hooks are called every second or so. It depends on
 * nothing but the network and the batch, since the loss of an epoch is added up call by call.
 */
static uint64_t
choose_run_steps(const struct network *network, uint64_t batch)
{
    uint64_t rows = (UINT64_C(1) << 31) / (network_size(network) + 1);
    if (rows > 65536)
        rows = 65536;
    return rows > batch ? rows / batch : 1;
}

/* The rate that was left open, by a range test from where the run starts; then the engine starts anew. */
static int
find_rate(struct trainer *trainer, struct error *error)
{
    struct trainer_setup *setup = &trainer->setup;
    struct plan pattern = trainer->plan;
    pattern.adam_step = trainer->state.moment_steps;
    if (range_find(setup->engine, trainer->engine, &pattern, &setup->schedule.lr, error) < 0)
        return -1;
    if (setup->schedule.lr < setup->schedule.lr_min)
        return error_set(error, STATUS_USAGE, "--lr-min %g is larger than %g, the rate that --lr auto found",
                         setup->schedule.lr_min, setup->schedule.lr);
    return trainer_open_phase(trainer, setup->moments, error);
}

int
trainer_open(struct trainer **result, const struct trainer_setup *setup, struct error *error)
{
    struct trainer *trainer = mem_zalloc(1, sizeof *trainer);
    const struct network *network = setup->network;
    uint64_t batch = setup->batch == 0 || setup->batch > setup->train.n ? setup->train.n : setup->batch;
    *result = NULL;
    trainer->setup = *setup;
    bool whole = false;
    for (uint32_t p = 0; p < network->n_params; p++)
        whole |= plan_muon(network, setup->optimiser.kind, p);
    if (setup->optimiser.kind == OPT_MUON && !whole) {
        free(trainer);
        return error_set(error, STATUS_USAGE,
                         "--optimizer muon is for weights between hidden layers, and the network has none (two hidden "
                         "layers or more; adamw does the rest)");
    }
    trainer->epoch_steps = (setup->train.n + batch - 1) / batch;
    trainer->run_steps = choose_run_steps(network, batch);
    if (setup->ema > 0) {
        uint64_t every = average_every(network, batch);
        trainer->average = average_open(network, setup->ema);
        if (trainer->run_steps > every)
            trainer->run_steps = every;
    }
    if (setup->steps > 0)
        trainer->steps = setup->steps;
    else if (!size_mul(setup->epochs, trainer->epoch_steps, &trainer->steps))
        trainer->steps = UINT64_MAX;
    trainer->state = (struct trainer_state){
        .moment_steps = setup->moments != NULL ? setup->moment_steps : 0,
        .loss = NAN,
        .valid_loss = NAN,
        .valid_accuracy = NAN,
        .best_loss = INFINITY,
        .waited_loss = INFINITY,
        .schedule = schedule_start(),
        .end = trainer->steps == 0 ? TRAINER_COMPLETE : TRAINER_RUNNING,
    };
    trainer->lr = mem_array(trainer->run_steps, sizeof *trainer->lr);
    trainer->z = mem_array((size_t) EVALUATE_ROWS * network_outputs(network), sizeof *trainer->z);
    network_copy(&trainer->start, network, &trainer->arena);
    for (int i = 0; i < N_KEPT && setup->valid.n > 0; i++) {
        if (!optimiser_keeps(setup->optimiser.kind, kept[i]))
            continue;
        trainer->best[i] = params_zeros(&trainer->arena, network);
    }
    begin_run(trainer);
    if (trainer_open_phase(trainer, setup->moments, error) < 0 ||
        (isnan(setup->schedule.lr) && find_rate(trainer, error) < 0)) {
        trainer_close(trainer);
        return -1;
    }
    *result = trainer;
    return 0;
}

void
trainer_close(struct trainer *trainer)
{
    if (trainer == NULL)
        return;
    if (trainer->engine != NULL)
        trainer->setup.engine->close(trainer->engine);
    free(trainer->open.layers);
    free(trainer->open.params);
    free(trainer->lr);
    free(trainer->z);
    average_close(trainer->average);
    arena_free(&trainer->arena);
    free(trainer);
}

/* ---- epochs ---- */

static bool
is_right(const struct trainer *trainer, const struct rowset *rows, uint64_t i, const float *z)
{
    if (trainer->setup.loss == LOSS_BCE)
        return (z[0] > 0) == (rows->y[i] > 0.5f);
    const uint8_t *classes = trainer->setup.classes;
    uint32_t best = rows->label[i];
    for (uint32_t j = 0; j < network_outputs(trainer->setup.network); j++)
        if ((classes == NULL || classes[j]) && (z[j] > z[best] || (z[j] == z[best] && j < best)))
            best = j;
    return best == rows->label[i];
}

/* Mean loss (and accuracy of classes) over the validation rows, by weight, in f64 and row order. Of the labels as they
 * are: smoothed ones would hide how good the probabilities have become. */
static int
validate(struct trainer *trainer, struct error *error)
{
    const struct trainer_setup *setup = &trainer->setup;
    const struct rowset *rows = &setup->valid;
    uint32_t o = network_outputs(setup->network);
    const struct objective objective = {setup->loss, setup->huber_delta, 0, setup->n_quantiles, setup->quantiles};
    uint32_t targets = objective_targets(&objective, o);
    bool classes = loss_of_classes(setup->loss);
    double loss = 0, right = 0, weight = 0;
    for (uint64_t first = 0; first < rows->n; first += EVALUATE_ROWS) {
        uint64_t n = rows->n - first < EVALUATE_ROWS ? rows->n - first : EVALUATE_ROWS;
        if (setup->engine->forward(trainer->engine, rows, first, n, trainer->z, error) < 0)
            return -1;
        for (uint64_t r = 0; r < n; r++) {
            uint64_t i = first + r;
            const float *z = trainer->z + r * o;
            double w = rows->w == NULL ? 1 : (double) rows->w[i];
            const float *y = rows->y == NULL ? NULL : rows->y + i * targets;
            loss +=
                w * (double) loss_row(&objective, z, o, y, rows->label == NULL ? 0 : rows->label[i], setup->classes);
            right += classes && is_right(trainer, rows, i, z) ? w : 0;
            weight += w;
        }
    }
    trainer->state.valid_loss = loss / weight;
    trainer->state.valid_accuracy = classes ? right / weight : NAN;
    return 0;
}

static int
keep_best(struct trainer *trainer, struct error *error)
{
    struct trainer_state *state = &trainer->state;
    for (int i = 0; i < N_KEPT; i++)
        for (uint32_t p = 0; trainer->best[i] != NULL && p < trainer->open.n_params; p++)
            if (trainer->setup.engine->read(trainer->engine, kept[i], p, trainer->best[i][p], error) < 0)
                return -1;
    for (uint32_t p = 0; trainer->best_path != NULL && p < trainer->open.n_params; p++)
        memcpy(trainer->best_path[p], trainer->run.path[p], param_count(&trainer->open.params[p]) * sizeof(float));
    state->best_loss = state->valid_loss;
    state->best_epoch = state->epoch + 1;
    state->best_moment_steps = state->moment_steps;
    return 0;
}

static int
diverged(const struct trainer *trainer, const char *what, struct error *error)
{
    return error_set(
        error, STATUS_DATA,
        "the %s loss is no longer a finite number in epoch %llu, step %llu (a smaller --lr or --clip 1 may "
        "help; features belong scaled, by cl-scale)",
        what, (unsigned long long) trainer->state.epoch + 1, (unsigned long long) trainer->state.step);
}

int
trainer_show_average(struct trainer *trainer, struct error *error)
{
    if (trainer->average == NULL)
        return 0;
    return average_show(trainer->average, trainer->setup.engine, trainer->engine, error);
}

static int
hide_average(struct trainer *trainer, struct error *error)
{
    if (trainer->average == NULL)
        return 0;
    return average_hide(trainer->average, trainer->setup.engine, trainer->engine, error);
}

/* Validates the weights as the result would have them, and keeps them when they are the best so far. */
static int
judge(struct trainer *trainer, struct error *error)
{
    struct trainer_state *state = &trainer->state;
    if (trainer_show_average(trainer, error) < 0 || validate(trainer, error) < 0)
        return -1;
    if (!isfinite(state->valid_loss))
        return diverged(trainer, "validation", error);
    if (state->valid_loss < state->best_loss && keep_best(trainer, error) < 0)
        return -1;
    return hide_average(trainer, error);
}

static int
read_params(struct trainer *trainer, struct error *error)
{
    const struct network *network = trainer->setup.network;
    for (uint32_t p = 0; p < network->n_params; p++)
        if (trainer->setup.engine->read(trainer->engine, ENGINE_PARAM, p, network->params[p].data, error) < 0)
            return -1;
    return 0;
}

/* What is decided at the end of an epoch: validation, the best one, the schedule, whether to stop. */
static int
end_epoch(struct trainer *trainer, struct error *error)
{
    const struct trainer_setup *setup = &trainer->setup;
    struct trainer_state *state = &trainer->state;
    const bool watched = setup->valid.n > 0, was_head = in_head_phase(trainer);
    state->loss = state->weight_sum > 0 ? state->loss_sum / state->weight_sum : 0;
    state->loss_sum = state->weight_sum = 0;
    if (watched && judge(trainer, error) < 0)
        return -1;
    state->epoch++;
    if (state->valid_loss < state->waited_loss - setup->tolerance) {
        state->waited_loss = state->valid_loss;
        state->waited_epochs = 0;
    } else {
        state->waited_epochs++;
    }
    schedule_epoch(&setup->schedule, &state->schedule, watched ? state->valid_loss : state->loss);
    if (state->step >= trainer->steps)
        state->end = TRAINER_COMPLETE;
    else if (state->loss < setup->until_loss)
        state->end = TRAINER_LOSS_REACHED;
    else if (watched && setup->patience > 0 && state->waited_epochs >= setup->patience)
        state->end = TRAINER_PATIENCE;
    if (was_head && !in_head_phase(trainer) && state->end == TRAINER_RUNNING) {
        /* All layers learn from here on, and the optimiser starts afresh: old moments know the output layer only. */
        state->moment_steps = 0;
        return read_params(trainer, error) < 0 ? -1 : trainer_open_phase(trainer, NULL, error);
    }
    return 0;
}

static int
run_steps(struct trainer *trainer, struct error *error)
{
    struct trainer_state *state = &trainer->state;
    uint64_t in_epoch = state->step % trainer->epoch_steps;
    uint64_t n = trainer->run_steps - in_epoch % trainer->run_steps;
    if (n > trainer->epoch_steps - in_epoch)
        n = trainer->epoch_steps - in_epoch;
    if (n > trainer->steps - state->step)
        n = trainer->steps - state->step;
    const bool scaled = in_head_phase(trainer) && trainer->setup.head_scale > 0;
    for (uint64_t i = 0; i < n; i++)
        trainer->lr[i] = schedule_lr(&trainer->setup.schedule, &state->schedule, state->step + i,
                                     (state->step + i) / trainer->epoch_steps, trainer->steps);
    for (uint64_t i = 0; scaled && i < n; i++)
        trainer->lr[i] = (float) (trainer->setup.head_scale * (double) trainer->lr[i]);
    struct plan plan = trainer->plan;
    plan.first_step = state->step;
    plan.n_steps = n;
    plan.adam_step = state->moment_steps;
    plan.lr = trainer->lr;
    struct run_result result = {0};
    const struct strategy *strategy = trainer->setup.strategy;
    int status = strategy != NULL && strategy->steps != NULL
                     ? strategy->steps(&trainer->run, &plan, &result, error)
                     : trainer->setup.engine->run(trainer->engine, &plan, &result, error);
    if (status < 0)
        return -1;
    state->lr = trainer->lr[n - 1];
    state->step += n;
    state->moment_steps += n;
    state->loss_sum += result.loss_sum;
    state->weight_sum += result.weight_sum;
    if (result.diverged || !isfinite(state->loss_sum))
        return diverged(trainer, "training", error);
    if (trainer->average == NULL)
        return 0;
    return average_take(trainer->average, trainer->setup.engine, trainer->engine, state->step, n, error);
}

int
trainer_run(struct trainer *trainer, const struct trainer_hooks *hooks, struct error *error)
{
    struct trainer_state *state = &trainer->state;
    while (state->end == TRAINER_RUNNING) {
        if (run_steps(trainer, error) < 0)
            return -1;
        if (state->step % trainer->epoch_steps == 0 || state->step == trainer->steps) {
            if (end_epoch(trainer, error) < 0)
                return -1;
            if (hooks->epoch != NULL && hooks->epoch(hooks->arg, trainer, error) < 0)
                return -1;
        }
        if (hooks->steps != NULL && hooks->steps(hooks->arg, trainer, error) < 0)
            return -1;
    }
    return 0;
}

const struct trainer_state *
trainer_state(const struct trainer *trainer)
{
    return &trainer->state;
}

uint64_t
trainer_steps(const struct trainer *trainer)
{
    return trainer->steps;
}

uint64_t
trainer_epoch_steps(const struct trainer *trainer)
{
    return trainer->epoch_steps;
}

double
trainer_lr(const struct trainer *trainer)
{
    return trainer->setup.schedule.lr;
}

const char *
trainer_engine(const struct trainer *trainer)
{
    return trainer->setup.engine->describe(trainer->engine);
}
