/*
 * What happens after every B labelled rows: the step, the memory, growth, what keeps weights plastic, what drift does.
 *
 * The learning rate, where it is not given. A step of plain gradient descent at rate r on one row takes back about r
 * times the squared norm of that row's gradient with respect to its output, of what the output was off (normalised
 * least mean squares, Nagumo and Noda 1967, for a network that is linear nearby). The mean of that over rows is the
 * trace of the Fisher information, which is the trace of the generalised Gauss-Newton matrix and so bounds its largest
 * eigenvalue. So
 *
 *     r = min(MOST, MU / trace),    trace over the rows in memory; of a model without, over the first B of the stream
 *
 * is stable for MU < 1 and means the same for any network, any number of rows an update, and any scale.
 *
 * Drift (Gama et al., "A survey on concept drift adaptation", 2014, section 3.3: detect, then adapt). When the detector
 * says that errors rose, for a while the learning rate is BOOST times what it was and the memory is replayed that much
 * less, and the rows that were kept before the change leave the memory. The extra rate halves every HALF_ROWS rows, and
 * every SETTLED_ROWS once the error of the last hundred or so rows is no higher than it was before the drift.
 *
 * Shrink and perturb (Ash and Adams 2020, here as a steady pull as in Dohare et al. 2024): with a factor F per update,
 * every EACH updates W = F^EACH W + sqrt(1 - F^(2 EACH)) sigma N(0, 1), sigma that of the initial distribution: without
 * gradients, weights would become what they were at the start, and stay so. Biases, gains and shifts only shrink
 * towards their initial values.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "grow.h"
#include "memory.h"
#include "numerics.h"
#include "online_inside.h"
#include "plan.h"
#include "rng.h"

enum { EACH = 16, HALF_ROWS = 1000, SETTLED_ROWS = 250 };
#define BOOST 3.0   /* times RATE_MU: below 1 */
#define RATE_MU 0.3 /* share of a row's error that a step on it takes back */
#define RATE_MOST 0.1
#define REST 1.01   /* a rate below this is none */
#define RECENT 0.01 /* share of the last value in the recent error */

/* ---- the engine ---- */

static const enum engine_what moments_kept[] = {ENGINE_M, ENGINE_V};
static const char *const moment_names[] = {"m", "v"};

static bool
keeps(enum optimiser_kind kind, enum engine_what what)
{
    const bool adam = kind == OPT_ADAM || kind == OPT_ADAMW || kind == OPT_MUON;
    if (what == ENGINE_M)
        return adam || kind == OPT_MOMENTUM || kind == OPT_NESTEROV;
    return adam || kind == OPT_RMSPROP;
}

static const char *
moment_name(struct arena *arena, int i, const struct param *param)
{
    return arena_printf(arena, "%s.%s", moment_names[i], param->name);
}

/* Moments of the model into the engine; what is not there stays zero. */
static int
write_moments(struct online *online, struct error *error)
{
    const struct model *model = online->setup.model;
    const char *kind = value_get_string(model->optimiser, "kind");
    struct arena scratch = {0};
    int status = 0;
    if (kind == NULL || strcmp(kind, optimiser_name(online->setup.optimiser.kind)) != 0)
        return error_set(error, STATUS_DATA, "the model has no state of the optimiser %s",
                         optimiser_name(online->setup.optimiser.kind));
    for (int i = 0; i < 2; i++)
        for (uint32_t p = 0; p < model->network.n_params && status == 0; p++) {
            const struct param *param = &model->network.params[p];
            const struct tensor *tensor = model_find(model, TENSOR_OPTIMISER, moment_name(&scratch, i, param));
            if (!keeps(online->setup.optimiser.kind, moments_kept[i]))
                continue;
            if (tensor == NULL || tensor->dtype != DTYPE_F32 ||
                tensor->bytes != param->rows * param->cols * sizeof(float))
                status = error_set(error, STATUS_DATA, "the model has no optimiser state for %s", param->name);
            else
                status = online->setup.engine->write(online->engine, moments_kept[i], p, tensor->data, error);
        }
    arena_free(&scratch);
    return status;
}

int
online_open_engine(struct online *online, bool moments, struct error *error)
{
    struct model *model = online->setup.model;
    const uint32_t rows = online->setup.update_rows;
    const struct engine_options options = {.threads = online->setup.threads};
    const struct decision_options decision_options = {.threshold = NAN};
    arena_reset(&online->layers);
    online->network = model->network;
    online->network.dropout = 0;
    online->network.layers = arena_array(&online->layers, model->network.n_layers, sizeof *online->network.layers);
    for (uint32_t l = 0; l < model->network.n_layers; l++) {
        online->network.layers[l] = model->network.layers[l];
        online->network.layers[l].dropout = l + 1 < model->network.n_layers ? online->setup.dropout : 0;
    }
    online->o = network_outputs(&model->network);
    online->objective = model_objective(model, online->quantiles);
    online->objective.smoothing = 0;
    for (online->median = 0; online->median < model->n_quantiles; online->median++)
        if (model->quantiles[online->median] == 0.5)
            break;
    const size_t answers = online->classes ? schema_y(&model->schema, 0)->dict.n : online->o;
    free(online->block.z);
    free(online->p);
    online->block.z = mem_array(rows, online->o * sizeof *online->block.z);
    online->p = mem_array(rows, answers * sizeof *online->p);
    decision_close(&online->decision);
    online->decision = (struct decision){0};
    if (decision_open(&online->decision, model, &decision_options, error) < 0 ||
        online->setup.engine->open(&online->engine, &online->network, &options, error) < 0)
        return -1;
    return moments ? write_moments(online, error) : 0;
}

/* The buffer of a moment in the model, made when it is not there. */
static float *
moment_room(struct model *model, const char *name, const struct param *param)
{
    const struct tensor *tensor = model_find(model, TENSOR_OPTIMISER, name);
    const size_t bytes = param->rows * param->cols * sizeof(float);
    if (tensor != NULL && tensor->dtype == DTYPE_F32 && tensor->bytes == bytes)
        return tensor->data;
    float *data = arena_aligned(&model->arena, bytes);
    model_put(model, TENSOR_OPTIMISER, name, DTYPE_F32, 2, (const uint64_t[]){param->rows, param->cols}, data);
    return data;
}

int
online_sync(struct online *online, struct error *error)
{
    struct model *model = online->setup.model;
    const struct engine *engine = online->setup.engine;
    struct arena scratch = {0};
    int status = 0;
    for (uint32_t p = 0; p < model->network.n_params && status == 0; p++) {
        const struct param *param = &model->network.params[p];
        status = engine->read(online->engine, ENGINE_PARAM, p, param->data, error);
        for (int i = 0; i < 2 && status == 0; i++)
            if (keeps(online->setup.optimiser.kind, moments_kept[i]))
                status = engine->read(online->engine, moments_kept[i], p,
                                      moment_room(model, moment_name(&scratch, i, param), param), error);
    }
    arena_free(&scratch);
    return status;
}

/* ---- growth ---- */

/* The classes that came with this block get outputs; what the model says of the old ones stays as it was. */
static int
grow(struct online *online, struct error *error)
{
    struct model *model = online->setup.model;
    const struct network *network = &model->network;
    struct dict *classes = &schema_y(&model->schema, 0)->dict;
    const bool binary = model->loss == LOSS_BCE;
    struct arena scratch = {0};
    if (online_sync(online, error) < 0)
        return -1;
    online->setup.engine->close(online->engine);
    online->engine = NULL;
    for (uint32_t i = 0; i < online->fresh.n; i++)
        dict_add(classes, online->fresh.values[i], online->fresh.lengths[i]);
    struct extent *old = arena_array(&scratch, network->n_params, sizeof *old);
    uint32_t *sizes = arena_array(&scratch, network->n_c, sizeof *sizes);
    for (uint32_t k = 0; k < network->n_c; k++)
        sizes[k] = network->c_sizes[k];
    grow_model(model, classes->n, sizes, old);
    arena_free(&scratch);
    online->counts.classes += online->fresh.n;
    dict_free(&online->fresh);
    online->fresh = (struct dict){0};
    online->rebind = true;
    if (online_open_engine(online, true, error) < 0)
        return -1;
    const bool split = binary && model->loss != LOSS_BCE;
    if (split)
        stream_memory_as_labels(online->memory);
    if (online->late != NULL)
        late_grow(online->late, online->o, split);
    return 0;
}

/* ---- drift ---- */

void
online_watch(struct online *online, double value)
{
    struct reaction *reaction = &online->reaction;
    if (online->detector == NULL || isnan(value))
        return;
    const double before = detector_mean(online->detector);
    reaction->recent += RECENT * (value - reaction->recent);
    /* ADWIN also tells when errors fell: nothing has to be done about that. */
    if (detector_add(online->detector, value) != DETECTOR_DRIFT || reaction->recent <= before)
        return;
    online->drifted = true;
    online->counts.drifts++;
    if (reaction->rate == 1)
        reaction->before = before;
}

/* After each update. */
static void
react(struct online *online)
{
    struct reaction *reaction = &online->reaction;
    if (online->drifted) {
        const uint64_t width = detector_width(online->detector), rows = online->setup.update_rows;
        stream_memory_age(online->memory, width > rows ? width : rows);
        reaction->rate = BOOST;
        online->drifted = false;
    } else if (reaction->rate > 1) {
        const double half = reaction->recent > reaction->before ? HALF_ROWS : SETTLED_ROWS;
        const double rate = 1 + (reaction->rate - 1) / (1 + online->setup.update_rows / half);
        reaction->rate = rate > REST ? rate : 1;
    }
}

/* ---- plasticity ---- */

static double
initial_sigma(const struct network *network, const struct param *param)
{
    const struct layer *layer = &network->layers[param->layer];
    const double fan_in = (double) layer->n_in + (layer->input < 0 ? network->n_c + network->n_bins : 0);
    return sqrt(2 / (fan_in + (double) layer->n_out));
}

/* One parameter, in the place of its data in the model. */
static void
perturb(struct online *online, uint32_t p, double factor)
{
    const struct network *network = &online->setup.model->network;
    const struct param *param = &network->params[p];
    const uint64_t n = param->rows * param->cols;
    const struct rng_key key = rng_key(online->setup.seed, RNG_SHRINK, p);
    const bool weights = param_decays(param);
    const double rest = param->kind == PARAM_GAIN ? 1 : 0;
    const double noise = weights ? sqrt(1 - factor * factor) * initial_sigma(network, param) : 0;
    /* Row 0 of a category stands for no category, and began as zeros. */
    const uint64_t zeros = param->kind == PARAM_CATEGORY ? param->cols : 0;
    for (uint64_t i = 0; i < n; i++) {
        const double random = noise > 0 && i >= zeros ? rng_normal(key, online->counts.updates / EACH * n + i) : 0;
        param->data[i] = (float) (rest + factor * ((double) param->data[i] - rest) + noise * random);
    }
}

static int
keep_plastic(struct online *online, struct error *error)
{
    const struct network *network = &online->setup.model->network;
    const struct engine *engine = online->setup.engine;
    if (online->setup.shrink == 1 || online->counts.updates % EACH != 0)
        return 0;
    const double factor = num_power(online->setup.shrink, EACH);
    for (uint32_t p = 0; p < network->n_params; p++) {
        if (!plan_trainable(network, p))
            continue;
        if (engine->read(online->engine, ENGINE_PARAM, p, network->params[p].data, error) < 0)
            return -1;
        perturb(online, p, factor);
        if (engine->write(online->engine, ENGINE_PARAM, p, network->params[p].data, error) < 0)
            return -1;
    }
    return 0;
}

/* ---- the update ---- */

/* How much more a gradient counts with momentum than at once: steps add up to this many. */
static double
momentum_gain(const struct optimiser *optimiser)
{
    const bool momentum = optimiser->kind == OPT_MOMENTUM || optimiser->kind == OPT_NESTEROV;
    return momentum && optimiser->momentum < 1 ? (1 - optimiser->dampening) / (1 - optimiser->momentum) : 1;
}

/* Second derivative of the loss of a row by an output, where the Fisher information has another: it is that of labels
 * that are normal around z with variance 1, and losses of numbers are means over outputs. */
static double
curvature_of_loss(const struct online *online)
{
    switch (online->setup.model->loss) {
    case LOSS_MSE:
        return 2.0 / online->o;
    case LOSS_MAE:
    case LOSS_HUBER:
    case LOSS_QUANTILE:
        return 1.0 / online->o;
    default:
        return 1;
    }
}

/* The learning rate by the curvature over these rows. */
static int
find_rate(struct online *online, const struct plan *pattern, const struct rowset *rows, struct error *error)
{
    const struct network *network = &online->network;
    const struct engine *engine = online->setup.engine;
    uint64_t most = 0;
    double trace = 0;
    int status = 0;
    if (engine->load(online->engine, SET_MEMORY, rows, error) < 0 ||
        engine->fisher(online->engine, pattern, SET_MEMORY, 0, rows->n, error) < 0)
        return -1;
    for (uint32_t p = 0; p < network->n_params; p++)
        if (network->params[p].rows * network->params[p].cols > most)
            most = network->params[p].rows * network->params[p].cols;
    float *squares = mem_array(most, sizeof *squares);
    for (uint32_t p = 0; p < network->n_params && status == 0; p++) {
        const uint64_t n = network->params[p].rows * network->params[p].cols;
        status = plan_trainable(network, p) ? engine->read(online->engine, ENGINE_GRADIENT, p, squares, error) : 0;
        for (uint64_t i = 0; i < n && status == 0 && plan_trainable(network, p); i++)
            trace += (double) squares[i];
    }
    free(squares);
    trace *= curvature_of_loss(online) * momentum_gain(&online->setup.optimiser);
    online->lr = trace * RATE_MOST > RATE_MU ? RATE_MU / trace : RATE_MOST;
    if (status == 0 && !isfinite(trace))
        return error_set(error, STATUS_DATA, "the curvature of the loss is no finite number: say --lr");
    return status;
}

static struct rowset
block_rows(const struct online *online)
{
    const struct block *block = &online->block;
    const bool labels = online->setup.model->loss == LOSS_CE;
    bool weighted = false;
    for (uint64_t i = 0; i < block->n && !weighted; i++)
        weighted = block->w[i] != 1;
    return (struct rowset){
        .n = block->n,
        .x = online->d > 0 ? block->x : NULL,
        .c = online->k > 0 ? block->c : NULL,
        .y = labels ? NULL : block->y,
        .label = labels ? block->label : NULL,
        .w = weighted ? block->w : NULL,
    };
}

/* One step. answers: the outputs of the rows that it takes are those that predict them; they go into the block. */
static int
step(struct online *online, bool answers, struct error *error)
{
    const struct engine *engine = online->setup.engine;
    const struct rowset rows = block_rows(online);
    struct rowset kept = stream_memory_rows(online->memory);
    float lr = 0;
    const double n = (double) rows.n, replayed = nearbyint(n * online->setup.replay / online->reaction.rate);
    struct plan plan = {
        .seed = online->setup.seed,
        .first_step = online->counts.updates,
        .n_steps = 1,
        .adam_step = online->counts.moment_steps,
        .lr = &lr,
        .loss = online->setup.model->loss,
        .huber_delta = online->objective.huber_delta,
        .smoothing = online->setup.smoothing,
        .n_quantiles = online->objective.n_quantiles,
        .quantiles = online->objective.quantiles,
        .optimiser = online->setup.optimiser,
        .clip = online->setup.clip,
        .z = answers ? online->block.z : NULL,
        .parts[0] = {.set = SET_BLOCK, .weight = 1},
        .n_parts = 1,
    };
    if (isnan(online->lr) || replayed >= 1)
        kept.w = stream_memory_weights(online->memory);
    if (isnan(online->lr) && find_rate(online, &plan, kept.n > 0 ? &kept : &rows, error) < 0)
        return -1;
    lr = (float) (online->lr * online->reaction.rate);
    if (engine->load(online->engine, SET_BLOCK, &rows, error) < 0)
        return -1;
    if (replayed >= 1 && kept.n > 0) {
        /* Every row of the step counts alike, new or old: of old ones, as many as each stands for. */
        if (engine->load(online->engine, SET_MEMORY, &kept, error) < 0)
            return -1;
        plan.parts[0].weight = n / (n + replayed);
        plan.parts[1] =
            (struct plan_part){.set = SET_MEMORY, .rows = (uint32_t) replayed, .weight = replayed / (n + replayed)};
        plan.n_parts = 2;
    }
    struct run_result result;
    if (engine->run(online->engine, &plan, &result, error) < 0)
        return -1;
    if (result.diverged || !isfinite(result.loss_sum))
        return error_set(error, STATUS_DATA,
                         "the loss is no longer a finite number in update %llu, after %llu rows (a smaller --lr or "
                         "--clip 1 may help; features belong scaled, by cl-scale)",
                         (unsigned long long) online->counts.updates + 1, (unsigned long long) online->counts.rows);
    return 0;
}

int
online_update(struct online *online, struct error *error)
{
    struct block *block = &online->block;
    /* Without dropout a step computes the very outputs that predict its rows: they are not asked for twice. */
    bool answers = online->setup.dropout == 0 && online->fresh.n == 0;
    for (uint64_t i = 0; i < block->n && answers; i++)
        answers = !block->answered[i];
    if (!answers && (online_settle(online, error) < 0 || (online->fresh.n > 0 && grow(online, error) < 0)))
        return -1;
    if (answers && online->late != NULL && late_predict(online->late, online->setup.engine, online->engine, error) < 0)
        return -1;
    if (step(online, answers, error) < 0)
        return -1;
    if (answers) {
        memset(block->answered, 1, block->n);
        if (online_settle(online, error) < 0)
            return -1;
    }
    for (uint64_t i = 0; i < block->n; i++) {
        const struct stream_row row = {
            .x = block->x + i * online->d,
            .c = block->c + i * online->k,
            .y = block->y + i * online->t,
            .label = block->label[i],
            .w = block->w[i],
            .rowno = block->rowno[i],
        };
        stream_memory_add(online->memory, &row);
    }
    online->counts.learnt += block->n;
    online->counts.updates++;
    online->counts.moment_steps++;
    block->n = block->scored = 0;
    react(online);
    return keep_plastic(online, error);
}
