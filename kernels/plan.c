#include "plan.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "loss.h"
#include "memory.h"
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
    plan_set_close(set);
    *set = (struct plan_set){.rows = *rows, .loaded = true};
    const uint32_t outputs = network_outputs(network);
    set->seen = mem_zalloc(outputs, sizeof *set->seen);
    for (uint64_t i = 0; rows->label != NULL && i < rows->n; i++) {
        const uint32_t label = rows->label[i];
        set->max_label = label > set->max_label ? label : set->max_label;
        if (label < outputs)
            set->seen[label] = 1;
    }
    return 0;
}

void
plan_set_close(struct plan_set *set)
{
    free(set->seen);
    *set = (struct plan_set){.loaded = false};
}

/* Soft targets, where they count. */
static int
check_soft(const struct plan *plan, uint32_t p, struct error *error)
{
    const struct plan_part *part = &plan->parts[p];
    if (part->soft_weight == 0 || part->soft == SOFT_SQUARED)
        return 0;
    if (part->soft != SOFT_SOFTMAX)
        return error_set(error, STATUS_USAGE, "part %u of the plan has an unknown loss on soft targets", p);
    if (!loss_of_classes(plan->loss))
        return error_set(error, STATUS_USAGE,
                         "part %u of the plan takes soft targets as classes, but the outputs of loss '%s' are none", p,
                         loss_name(plan->loss));
    if (!(plan->temperature > 0) || !isfinite(plan->temperature))
        return error_set(error, STATUS_USAGE, "soft targets need a finite temperature above 0");
    return 0;
}

/* Labels of ce, and whether each takes part in the softmax. */
static int
check_labels(const struct plan *plan, uint32_t p, const struct plan_set *set, uint32_t outputs, struct error *error)
{
    if (set->rows.label == NULL)
        return error_set(error, STATUS_DATA, "part %u of the plan has no class labels for loss 'ce'", p);
    if (set->max_label >= outputs)
        return error_set(error, STATUS_DATA, "a row has class %u, but the network has only %u outputs", set->max_label,
                         outputs);
    for (uint32_t j = 0; plan->classes != NULL && !plan->parts[p].grouped && j < outputs; j++)
        if (set->seen[j] && !plan->classes[j])
            return error_set(error, STATUS_DATA,
                             "part %u of the plan has rows of class %u, which is not among the classes of the plan", p,
                             j);
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
    if (set->rows.n == 0)
        return p != 0 ? 0 : error_set(error, STATUS_DATA, "there are no rows to train on");
    if (!isfinite(part->weight) || !isfinite(part->soft_weight))
        return error_set(error, STATUS_USAGE, "part %u of the plan has a weight that is no finite number", p);
    if (part->grouped && plan->groups == NULL)
        return error_set(error, STATUS_USAGE, "part %u of the plan is grouped, but the plan has no groups", p);
    if (check_soft(plan, p, error) < 0)
        return -1;
    if (part->weight == 0)
        return 0;
    if (plan->loss == LOSS_CE)
        return check_labels(plan, p, set, network_outputs(network), error);
    if (set->rows.y == NULL)
        return error_set(error, STATUS_DATA, "part %u of the plan has no targets for loss '%s'", p,
                         loss_name(plan->loss));
    return 0;
}

struct objective
plan_objective(const struct plan *plan)
{
    return (struct objective){plan->loss, plan->huber_delta, plan->smoothing, plan->n_quantiles, plan->quantiles};
}

/* Numbers the groups of outputs as they come. */
void
plan_groups_set(struct plan_groups *groups, const uint32_t *numbers, uint32_t o)
{
    plan_groups_close(groups);
    groups->of = mem_zalloc(o, sizeof *groups->of);
    groups->first = mem_zalloc(o, sizeof *groups->first);
    groups->end = mem_zalloc(o, sizeof *groups->end);
    for (uint32_t j = 0; j < o; j++) {
        uint32_t g = 0;
        while (g < groups->n && numbers != NULL && numbers[groups->first[g]] != numbers[j])
            g++;
        if (g == groups->n) {
            groups->first[g] = j;
            groups->n++;
        }
        groups->of[j] = g;
        groups->end[g] = j + 1;
    }
    groups->masks = mem_zalloc(groups->n, o);
    for (uint32_t j = 0; j < o; j++)
        groups->masks[(size_t) groups->of[j] * o + j] = 1;
}

void
plan_groups_close(struct plan_groups *groups)
{
    free(groups->of);
    free(groups->masks);
    free(groups->first);
    free(groups->end);
    *groups = (struct plan_groups){.n = 0};
}

/* The numbers that a loss has, and the outputs that take part in it. */
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
    if (plan->groups != NULL && plan->loss != LOSS_CE)
        return error_set(error, STATUS_USAGE, "groups of outputs are for loss 'ce', not '%s'", loss_name(plan->loss));
    bool any = plan->classes == NULL;
    for (uint32_t j = 0; !any && j < outputs; j++)
        any = plan->classes[j] != 0;
    return any ? 0 : error_set(error, STATUS_USAGE, "the plan's class mask leaves no class");
}

static int
check_rates(const struct network *network, const struct plan *plan, struct error *error)
{
    for (uint32_t l = 0; plan->layer_rates != NULL && l < network->n_layers; l++)
        if (!(plan->layer_rates[l] >= 0) || !isfinite(plan->layer_rates[l]))
            return error_set(error, STATUS_USAGE, "the rate of layer '%s' is no finite number from 0 up",
                             network->layers[l].name);
    return 0;
}

int
plan_check(const struct network *network, const struct plan *plan, const struct plan_set sets[ENGINE_MAX_SETS],
           struct error *error)
{
    if (plan->n_parts < 1 || plan->n_parts > ENGINE_MAX_SETS)
        return error_set(error, STATUS_USAGE, "a plan has 1 to %d parts, not %u", ENGINE_MAX_SETS, plan->n_parts);
    if ((unsigned) plan->loss >= LOSS_COUNT || (unsigned) plan->optimiser.kind >= OPT_KIND_COUNT)
        return error_set(error, STATUS_USAGE, "the plan has an unknown loss or optimiser");
    if (check_loss(plan, network_outputs(network), error) < 0 || check_rates(network, plan, error) < 0)
        return -1;
    for (uint32_t p = 0; p < plan->n_parts; p++)
        if (check_part(network, plan, p, sets, error) < 0)
            return -1;
    if (plan_rows_most(plan, sets) > UINT32_MAX)
        return error_set(error, STATUS_USAGE, "a batch has at most 4294967295 rows");
    return 0;
}

int
plan_check_fisher(const struct network *network, const struct plan *plan, const struct plan_set sets[ENGINE_MAX_SETS],
                  int set, uint64_t first, uint64_t n, double *weight, struct error *error)
{
    if (set < 0 || set >= ENGINE_MAX_SETS || !sets[set].loaded)
        return error_set(error, STATUS_USAGE, "the Fisher information is asked of row set %d, which is not loaded",
                         set);
    const struct rowset *rows = &sets[set].rows;
    if (first > rows->n || n > rows->n - first)
        return error_set(error, STATUS_USAGE, "row set %d has only %llu rows", set, (unsigned long long) rows->n);
    if ((unsigned) plan->loss >= LOSS_COUNT)
        return error_set(error, STATUS_USAGE, "the plan has an unknown loss");
    *weight = rows->w == NULL ? (double) n : 0;
    for (uint64_t i = first; rows->w != NULL && i < first + n; i++) {
        if (!(rows->w[i] >= 0))
            return error_set(error, STATUS_DATA, "row %llu has a weight below 0", (unsigned long long) i);
        *weight += (double) rows->w[i];
    }
    if (!(*weight > 0) || !isfinite(*weight))
        return error_set(error, STATUS_DATA, "there are no rows for the Fisher information, or they weigh nothing");
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
    return (float) (update->step * 0.2 * sqrt(longer));
}

static bool
is_adam(enum optimiser_kind kind)
{
    return kind == OPT_ADAM || kind == OPT_ADAMW || kind == OPT_MUON;
}

bool
plan_uses_m(enum optimiser_kind kind)
{
    return is_adam(kind) || kind == OPT_MOMENTUM || kind == OPT_NESTEROV;
}

bool
plan_uses_v(enum optimiser_kind kind)
{
    return is_adam(kind) || kind == OPT_RMSPROP;
}

/* rate: of the layer; a product of two floats is exact in double. */
static struct plan_update
layer_update(const struct plan *plan, uint64_t step, float rate)
{
    const struct optimiser *o = &plan->optimiser;
    double lr = (double) plan->lr[step - plan->first_step] * (double) rate;
    uint64_t t = plan->adam_step + (step - plan->first_step) + 1;
    bool adam = is_adam(o->kind);
    bool decoupled = o->decoupled || o->kind == OPT_ADAMW || o->kind == OPT_MUON;
    return (struct plan_update){
        .kind = o->kind,
        .step = lr,
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
        .uses_m = plan_uses_m(o->kind),
        .uses_v = plan_uses_v(o->kind),
    };
}

void
plan_updates(const struct plan *plan, uint64_t step, uint32_t n_layers, struct plan_update *updates)
{
    for (uint32_t l = 0; l < n_layers; l++) {
        if (plan->layer_rates != NULL)
            updates[l] = layer_update(plan, step, plan->layer_rates[l]);
        else
            updates[l] = l == 0 ? layer_update(plan, step, 1) : updates[0];
    }
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
