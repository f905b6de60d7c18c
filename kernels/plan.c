#include "plan.h"

#include <math.h>
#include <stddef.h>

#include "numerics.h"

static int
check_edges(const struct network *network, struct error *error)
{
    const float *edges = network->params[network->edges].data;
    for (uint32_t j = 0; j < network->n_x; j++) {
        const uint32_t bins = network->bins[j];
        for (uint32_t b = 0; b < bins; b++)
            if (!network_bin_is_usable(edges[b], edges[b + 1]))
                return error_set(
                    error, STATUS_DATA,
                    "input.edges: those of numeric feature %u do not rise by widths that can be divided by", j + 1);
        edges += bins > 0 ? bins + 1 : 0;
    }
    return 0;
}

int
plan_check_network(const struct network *network, struct error *error)
{
    for (uint32_t l = 0; l < network->n_layers; l++) {
        const struct layer *layer = &network->layers[l];
        if (layer->kind != LAYER_DENSE || layer->input != (int32_t) l - 1)
            return error_set(error, STATUS_USAGE, "layer '%s': engines run dense layers in a chain only", layer->name);
        if (layer->n_in != (l == 0 ? network->n_x : network->layers[l - 1].n_out) || layer->n_out == 0)
            return error_set(error, STATUS_USAGE, "layer '%s' does not fit the one below", layer->name);
        if (layer->skip >= (int32_t) l || (layer->skip >= 0 && network->layers[layer->skip].n_out != layer->n_out))
            return error_set(error, STATUS_USAGE, "layer '%s' adds the output of a layer that does not fit",
                             layer->name);
    }
    const struct layer *output = network->n_layers == 0 ? NULL : &network->layers[network->n_layers - 1];
    if (output == NULL || output->activation != ACT_NONE || output->norm != NORM_NONE || output->skip >= 0)
        return error_set(error, STATUS_USAGE, "a network ends in a layer without activation, norm and skip");
    for (uint32_t p = 0; p < network->n_params; p++)
        if (network->params[p].data == NULL)
            return error_set(error, STATUS_USAGE, "parameter '%s' has no data", network->params[p].name);
    return network->n_bins == 0 ? 0 : check_edges(network, error);
}

int
plan_check_param(const struct network *network, enum engine_what what, uint32_t param, struct error *error)
{
    if ((unsigned) what >= ENGINE_WHAT_COUNT || param >= network->n_params)
        return error_set(error, STATUS_USAGE, "there is no parameter %u (of %u) of kind %d", param, network->n_params,
                         (int) what);
    return 0;
}

int
plan_check_codes(const struct network *network, const struct rowset *rows, uint64_t first, uint64_t n,
                 struct error *error)
{
    uint32_t k = network->n_c;
    for (uint64_t i = first * k; i < (first + n) * k; i++)
        if (rows->c[i] >= network->c_sizes[i % k])
            return error_set(error, STATUS_DATA, "row %llu: category '%s' has code %u, but the network knows only %u",
                             (unsigned long long) (i / k), network->c_names[i % k], rows->c[i],
                             network->c_sizes[i % k]);
    return 0;
}

int
plan_set_load(struct plan_set *set, const struct network *network, const struct rowset *rows, struct error *error)
{
    if (rows->n != 0 && ((network->n_x != 0 && rows->x == NULL) || (network->n_c != 0 && rows->c == NULL)))
        return error_set(error, STATUS_DATA, "rows lack the inputs of the network (%u numeric, %u categorical)",
                         network->n_x, network->n_c);
    if (plan_check_codes(network, rows, 0, rows->n, error) < 0)
        return -1;
    *set = (struct plan_set){.rows = *rows, .loaded = true};
    for (uint64_t i = 0; rows->label != NULL && i < rows->n; i++)
        set->max_label = rows->label[i] > set->max_label ? rows->label[i] : set->max_label;
    return 0;
}

static int
check_part(const struct network *network, const struct plan *plan, uint32_t p, const struct plan_set *sets,
           struct error *error)
{
    const struct plan_part *part = &plan->parts[p];
    if (part->set < 0 || part->set >= ENGINE_MAX_SETS || !sets[part->set].loaded)
        return error_set(error, STATUS_USAGE, "part %u of the plan uses row set %d, which is not loaded", p, part->set);
    const struct plan_set *set = &sets[part->set];
    uint32_t outputs = network_outputs(network);
    if (set->rows.n == 0)
        return p != 0 ? 0 : error_set(error, STATUS_DATA, "there are no rows to train on");
    if (part->weight == 0)
        return 0;
    if (plan->loss == LOSS_CE && set->rows.label == NULL)
        return error_set(error, STATUS_DATA, "part %u of the plan has no class labels for loss 'ce'", p);
    if (plan->loss == LOSS_CE && set->max_label >= outputs)
        return error_set(error, STATUS_DATA, "a row has class %u, but the network has only %u outputs", set->max_label,
                         outputs);
    if (plan->loss != LOSS_CE && set->rows.y == NULL)
        return error_set(error, STATUS_DATA, "part %u of the plan has no targets for loss '%s'", p,
                         loss_name(plan->loss));
    return 0;
}

struct objective
plan_objective(const struct plan *plan)
{
    return (struct objective){plan->loss, plan->huber_delta, plan->smoothing, plan->n_quantiles, plan->quantiles};
}

/* The numbers that a loss has. */
static int
check_loss(const struct plan *plan, uint32_t outputs, struct error *error)
{
    if (plan->loss == LOSS_HUBER && !(plan->huber_delta > 0))
        return error_set(error, STATUS_USAGE, "loss 'huber' needs a delta above 0");
    if (!(plan->smoothing >= 0 && plan->smoothing < 1))
        return error_set(error, STATUS_USAGE, "smoothing is from 0 to below 1");
    if ((plan->loss == LOSS_QUANTILE) != (plan->n_quantiles > 0))
        return error_set(error, STATUS_USAGE, "loss 'quantile', and no other, needs quantiles");
    if (plan->n_quantiles > 0 && outputs % plan->n_quantiles != 0)
        return error_set(error, STATUS_USAGE, "%u outputs are not %u for each label", outputs, plan->n_quantiles);
    for (uint32_t q = 0; q < plan->n_quantiles; q++)
        if (!(plan->quantiles[q] > 0 && plan->quantiles[q] < 1))
            return error_set(error, STATUS_USAGE, "quantiles lie between 0 and 1");
    return 0;
}

int
plan_check(const struct network *network, const struct plan *plan, const struct plan_set sets[ENGINE_MAX_SETS],
           struct error *error)
{
    bool any = plan->classes == NULL;
    if (plan->n_parts < 1 || plan->n_parts > ENGINE_MAX_SETS)
        return error_set(error, STATUS_USAGE, "a plan has 1 to %d parts, not %u", ENGINE_MAX_SETS, plan->n_parts);
    if ((unsigned) plan->loss >= LOSS_COUNT || (unsigned) plan->optimiser.kind >= OPT_KIND_COUNT)
        return error_set(error, STATUS_USAGE, "the plan has an unknown loss or optimiser");
    for (uint32_t p = 0; p < plan->n_parts; p++)
        if (check_part(network, plan, p, sets, error) < 0)
            return -1;
    if (plan_rows_most(plan, sets) > UINT32_MAX)
        return error_set(error, STATUS_USAGE, "a batch has at most 4294967295 rows");
    for (uint32_t j = 0; !any && j < network_outputs(network); j++)
        any = plan->classes[j] != 0;
    if (!any)
        return error_set(error, STATUS_USAGE, "the plan's class mask leaves no class");
    return check_loss(plan, network_outputs(network), error);
}

/* Rows a part of a set takes in a step that is not the last of an epoch. */
static uint64_t
part_rows(const struct plan_part *part, const struct plan_set *sets, bool ordered)
{
    uint64_t n = sets[part->set].rows.n;
    if (n == 0)
        return 0;
    return part->rows == 0 || (ordered && part->rows > n) ? n : part->rows;
}

uint64_t
plan_rows_most(const struct plan *plan, const struct plan_set *sets)
{
    uint64_t most = 0;
    for (uint32_t p = 0; p < plan->n_parts; p++)
        most += part_rows(&plan->parts[p], sets, p == 0);
    return most;
}

void
plan_rows_open(struct plan_rows *rows, const struct plan *plan, const struct plan_set *sets)
{
    uint64_t n = sets[plan->parts[0].set].rows.n, batch = part_rows(&plan->parts[0], sets, true);
    *rows = (struct plan_rows){.plan = plan, .sets = sets, .steps_per_epoch = n / batch + (n % batch != 0)};
    for (uint32_t p = 1; p < plan->n_parts; p++)
        rows->replay[p] = rng_key(plan->seed, RNG_RESERVOIR, p);
}

void
plan_rows_step(struct plan_rows *rows, uint64_t step)
{
    const struct plan *plan = rows->plan;
    uint64_t epoch = step / rows->steps_per_epoch, n0 = rows->sets[plan->parts[0].set].rows.n;
    rows->step = step;
    rows->n = 0;
    for (uint32_t p = 0; p < plan->n_parts; p++) {
        const struct plan_part *part = &plan->parts[p];
        uint64_t n = part_rows(part, rows->sets, p == 0);
        if (p == 0) {
            rows->epoch_first = step % rows->steps_per_epoch * n;
            n = n < n0 - rows->epoch_first ? n : n0 - rows->epoch_first;
        }
        rows->first[p] = rows->n;
        rows->n += n;
        bool soft = n != 0 && rows->sets[part->set].rows.soft != NULL;
        rows->scale[p] = n == 0 ? 0 : (float) (part->weight / (double) n);
        rows->soft_scale[p] = soft ? (float) (part->soft_weight / (double) n) : 0;
    }
    for (uint32_t p = plan->n_parts; p <= ENGINE_MAX_SETS; p++)
        rows->first[p] = rows->n;
    if (plan->shuffle && (!rows->order_made || rows->order.epoch != epoch)) {
        rows->order = row_order_make(plan->seed, epoch, n0);
        rows->order_made = true;
    }
}

uint64_t
plan_rows_at(struct plan_rows *rows, uint64_t r, uint32_t *part)
{
    uint32_t p = 0;
    while (r >= rows->first[p + 1])
        p++;
    *part = p;
    uint64_t i = r - rows->first[p];
    if (p == 0)
        return rows->plan->shuffle ? row_order_at(&rows->order, rows->epoch_first + i) : rows->epoch_first + i;
    uint32_t batch = rows->plan->parts[p].rows;
    return batch == 0 ? i
                      : rng_below(rows->replay[p], rows->step * batch + i, rows->sets[rows->plan->parts[p].set].rows.n);
}

bool
plan_muon(const struct network *network, enum optimiser_kind kind, uint32_t param)
{
    const struct param *p = &network->params[param];
    return kind == OPT_MUON && p->kind == PARAM_WEIGHT && p->layer > 0 && p->layer + 1 < network->n_layers;
}

float
plan_muon_rate(const struct plan_update *update, const struct param *param)
{
    double longer = (double) (param->rows > param->cols ? param->rows : param->cols);
    return (float) ((double) update->lr * 0.2 * sqrt(longer));
}

struct plan_update
plan_update(const struct plan *plan, uint64_t step)
{
    const struct optimiser *o = &plan->optimiser;
    double lr = (double) plan->lr[step - plan->first_step];
    uint64_t t = plan->adam_step + (step - plan->first_step) + 1;
    bool adam = o->kind == OPT_ADAM || o->kind == OPT_ADAMW || o->kind == OPT_MUON;
    bool decoupled = o->decoupled || o->kind == OPT_ADAMW || o->kind == OPT_MUON;
    return (struct plan_update){
        .kind = o->kind,
        .lr = (float) lr,
        .anchor = plan->anchor,
        .clip = plan->clip,
        .decay = decoupled ? 0 : (float) o->weight_decay,
        .shrink = decoupled ? (float) (lr * o->weight_decay) : 0,
        .gamma = (float) o->momentum,
        .fresh = (float) (1 - o->dampening),
        .beta1 = (float) o->beta1,
        .beta2 = (float) o->beta2,
        .beta1_rest = (float) (1 - o->beta1),
        .beta2_rest = (float) (1 - o->beta2),
        .epsilon = (float) o->epsilon,
        .rate = adam ? (float) (lr / (1 - num_power(o->beta1, t))) : 0,
        .root = adam ? (float) (1 / sqrt(1 - num_power(o->beta2, t))) : 0,
        .uses_m = adam || o->kind == OPT_MOMENTUM || o->kind == OPT_NESTEROV,
        .uses_v = adam || o->kind == OPT_RMSPROP,
    };
}

bool
plan_trainable(const struct network *network, uint32_t param)
{
    return !network->params[param].frozen && network->params[param].kind != PARAM_EDGES &&
           !network->layers[network->params[param].layer].frozen;
}

uint32_t
plan_lowest(const struct network *network)
{
    uint32_t lowest = network->n_layers;
    for (uint32_t p = 0; p < network->n_params; p++)
        if (plan_trainable(network, p) && network->params[p].layer < lowest)
            lowest = network->params[p].layer;
    return lowest;
}
