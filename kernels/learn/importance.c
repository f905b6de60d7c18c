#include "importance.h"

#include <math.h>
#include <string.h>

#include "rng.h"

static uint64_t
size_of(const struct param *param)
{
    return param->rows * param->cols;
}

float **
importance_zeros(const struct strategy_run *run)
{
    const struct network *network = run->start;
    float **arrays = arena_zalloc(run->arena, network->n_params, sizeof *arrays);
    for (uint32_t p = 0; p < network->n_params; p++)
        arrays[p] = arena_zalloc(run->arena, size_of(&network->params[p]), sizeof(float));
    return arrays;
}

/* ---- what a model remembers ---- */

/*
 * A tensor of a parameter as it was, into the upper left of what it is now; the rest of `to` stays. split: it had one
 * column, z, and the first two columns are `first` and `second` times it.
 */
static bool
place(const struct tensor *tensor, const struct param *param, bool split, float first, float second, float *to)
{
    if (tensor->dtype != DTYPE_F32 || tensor->rank != 2 || tensor->shape[0] > param->rows ||
        tensor->shape[1] > param->cols)
        return false;
    const float *from = tensor->data; // [shape[0], shape[1]]
    const uint64_t cols = tensor->shape[1];
    for (uint64_t i = 0; i < tensor->shape[0]; i++)
        for (uint64_t j = 0; j < cols; j++) {
            float *at = to + i * param->cols + j;
            if (!isfinite(from[i * cols + j]))
                return false;
            *at = split ? first * from[i * cols] : from[i * cols + j];
            if (split)
                at[1] = second * from[i * cols];
        }
    return true;
}

/* The tensor of a parameter, or NULL. */
static const struct tensor *
find(const struct model *model, const char *what, const struct param *param)
{
    struct arena scratch = {0};
    const struct tensor *tensor =
        model_find(model, TENSOR_IMPORTANCE, arena_printf(&scratch, "%s.%s", what, param->name));
    arena_free(&scratch);
    return tensor;
}

static int
recall(struct strategy_run *run, struct importance *importance, struct error *error)
{
    const struct network *network = run->start;
    for (uint32_t p = 0; p < network->n_params; p++) {
        const struct param *param = &network->params[p];
        const struct tensor *omega = find(run->model, "omega", param), *anchor = find(run->model, "anchor", param);
        memcpy(importance->anchor[p], param->data, size_of(param) * sizeof(float));
        if (omega == NULL && anchor == NULL)
            continue;
        const bool split = run->model->loss == LOSS_CE && param->layer == network->n_layers - 1 && param->cols > 1 &&
                           omega != NULL && omega->rank == 2 && omega->shape[1] == 1;
        bool fits = omega != NULL && anchor != NULL && place(omega, param, split, 1, 1, importance->omega[p]) &&
                    place(anchor, param, split, -0.5f, 0.5f, importance->anchor[p]);
        for (uint64_t i = 0; fits && i < size_of(param); i++)
            fits = importance->omega[p][i] >= 0;
        if (!fits)
            return error_set(error, STATUS_DATA, "what the model remembers of the importance of %s is not of its shape",
                             param->name);
        importance->known = true;
    }
    return 0;
}

int
importance_prepare(struct strategy_run *run, struct error *error)
{
    struct importance *importance = run->own;
    if (importance == NULL)
        run->own = importance = arena_zalloc(run->arena, 1, sizeof *importance);
    if (run->updates == 0) /* a first training has nothing to remember */
        return 0;
    importance->omega = importance_zeros(run);
    importance->anchor = importance_zeros(run);
    if (recall(run, importance, error) < 0)
        return -1;
    if (importance->known)
        return 0;
    if (run->memory.n == 0)
        return error_set(
            error, STATUS_DATA,
            "the model does not say which of its parameters are important, and keeps no rows that would "
            "show it (cl-train --strategy ewc or si makes it ready; --strategy lwf and l2sp need neither)");
    importance->known = true;
    return importance_fisher(run, &run->memory, run->learned, importance->omega, error);
}

int
importance_attach(struct strategy_run *run, struct error *error)
{
    const struct importance *importance = run->own;
    if (!importance->known)
        return 0;
    run->plan->anchor = (float) run->options.strength;
    for (uint32_t p = 0; p < run->start->n_params; p++)
        if (run->engine->write(run->state, ENGINE_ANCHOR, p, importance->anchor[p], error) < 0 ||
            run->engine->write(run->state, ENGINE_OMEGA, p, importance->omega[p], error) < 0)
            return -1;
    return 0;
}

/* ---- what is important ---- */

void
importance_normalise(const struct network *network, float **omega)
{
    double sum = 0;
    uint64_t n = 0;
    for (uint32_t p = 0; p < network->n_params; p++) {
        const struct param *param = &network->params[p];
        if (param->kind == PARAM_EDGES)
            continue;
        n += size_of(param);
        for (uint64_t i = 0; i < size_of(param); i++)
            sum += (double) omega[p][i];
    }
    if (!(sum > 0))
        return;
    const double factor = (double) n / sum;
    for (uint32_t p = 0; p < network->n_params; p++)
        for (uint64_t i = 0; i < size_of(&network->params[p]); i++)
            omega[p][i] = (float) (factor * (double) omega[p][i]);
}

static void *
pick(struct arena *arena, const void *from, size_t bytes, const uint64_t *rows, uint64_t n)
{
    if (from == NULL)
        return NULL;
    char *to = arena_array(arena, n, bytes);
    for (uint64_t i = 0; i < n; i++)
        memcpy(to + i * bytes, (const char *) from + rows[i] * bytes, bytes);
    return to;
}

/* n rows of a set, in their order. */
static struct rowset
sample(const struct strategy_run *run, const struct rowset *rows, uint64_t n, struct arena *arena)
{
    const struct network *network = run->start;
    const size_t word = sizeof(float);
    const size_t targets = network_outputs(network) / (run->plan->n_quantiles > 0 ? run->plan->n_quantiles : 1);
    const struct permutation permutation =
        permutation_make(rng_key(run->options.seed, RNG_SAMPLE, 0), rows->n, rows->n);
    uint64_t *at = arena_array(arena, n, sizeof *at), k = 0;
    for (uint64_t i = 0; i < rows->n; i++)
        if (permutation_at(&permutation, i) < n)
            at[k++] = i;
    return (struct rowset){
        .n = n,
        .x = pick(arena, rows->x, network->n_x * word, at, n),
        .c = pick(arena, rows->c, network->n_c * word, at, n),
        .y = pick(arena, rows->y, targets * word, at, n),
        .label = pick(arena, rows->label, word, at, n),
        .w = pick(arena, rows->w, word, at, n),
    };
}

int
importance_fisher(struct strategy_run *run, const struct rowset *rows, const uint8_t *classes, float **to,
                  struct error *error)
{
    struct arena scratch = {0};
    struct rowset shown = *rows;
    struct plan plan = *run->plan;
    if (rows->n > IMPORTANCE_ROWS)
        shown = sample(run, rows, IMPORTANCE_ROWS, &scratch);
    shown.soft = NULL;
    plan.classes = classes;
    plan.parts[0] = (struct plan_part){.set = STRATEGY_SET_SAMPLE, .weight = 1};
    plan.n_parts = 1;
    int status = run->engine->load(run->state, STRATEGY_SET_SAMPLE, &shown, error);
    if (status == 0)
        status = run->engine->fisher(run->state, &plan, STRATEGY_SET_SAMPLE, 0, shown.n, error);
    for (uint32_t p = 0; status == 0 && p < run->start->n_params; p++)
        status = run->engine->read(run->state, ENGINE_GRADIENT, p, to[p], error);
    arena_free(&scratch);
    if (status < 0)
        return -1;
    importance_normalise(run->start, to);
    return 0;
}

/* ---- what is remembered ---- */

static void
put(struct model *model, const char *what, const struct param *param, float *data)
{
    struct arena scratch = {0};
    model_put(model, TENSOR_IMPORTANCE, arena_printf(&scratch, "%s.%s", what, param->name), DTYPE_F32, 2,
              (const uint64_t[]){param->rows, param->cols}, data);
    arena_free(&scratch);
}

void
importance_keep(struct strategy_run *run, double stays, float *const *fresh, bool merged)
{
    const struct importance *before = run->own;
    struct model *model = run->model;
    for (uint32_t p = 0; p < model->network.n_params; p++) {
        const struct param *param = &model->network.params[p];
        const uint64_t n = size_of(param);
        if (param->kind == PARAM_EDGES) /* they do not learn */
            continue;
        float *omega = arena_aligned(&model->arena, n * sizeof *omega);   // [rows, cols]
        float *anchor = arena_aligned(&model->arena, n * sizeof *anchor); // [rows, cols]
        for (uint64_t i = 0; i < n; i++) {
            const double old = before->known ? stays * (double) before->omega[p][i] : 0, new = (double) fresh[p][i];
            const double theta = (double) param->data[i];
            omega[i] = (float) (old + new);
            anchor[i] = param->data[i];
            if (merged && old > 0)
                anchor[i] = (float) ((old * (double) before->anchor[p][i] + new *theta) / (old + new));
        }
        put(model, "omega", param, omega);
        put(model, "anchor", param, anchor);
    }
}
