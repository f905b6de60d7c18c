/*
 * Synaptic intelligence (Zenke, Poole and Ganguli, "Continual learning through synaptic intelligence", ICML 2017, eq.
 * 3 to 5). While a run learns, each parameter adds up how much it lowered the loss; what it did on a long way counts
 * less:
 *
 *     path_i  -= g_i * (theta_i after the step - before it)
 *     Omega_i  = max(0, path_i) / ((theta_i at the end - at the start)^2 + xi)
 *     omega    = omega + Omega / mean(Omega)
 *     loss    += strength / 2 * sum_i omega_i (theta_i - theta*_i)^2,   theta* where the last run ended
 *
 * g is the gradient of the loss without the penalty, before clipping and decay. It is read after every step, and so are
 * the parameters: steps take longer than those of other strategies.
 */
#include <math.h>

#include "importance.h"

struct si {
    struct importance importance; /* first: what importance.h keeps */
    float **g, **before, **after; // [n_params] each [rows, cols]
};

static int
prepare(struct strategy_run *run, struct error *error)
{
    struct si *si = arena_zalloc(run->arena, 1, sizeof *si);
    si->g = importance_zeros(run);
    si->before = importance_zeros(run);
    si->after = importance_zeros(run);
    run->own = si;
    return importance_prepare(run, error);
}

static int
read_all(const struct strategy_run *run, enum engine_what what, float **to, struct error *error)
{
    for (uint32_t p = 0; p < run->start->n_params; p++)
        if (run->engine->read(run->state, what, p, to[p], error) < 0)
            return -1;
    return 0;
}

static void
add_to_path(const struct strategy_run *run, const struct si *si)
{
    for (uint32_t p = 0; p < run->start->n_params; p++) {
        const struct param *param = &run->start->params[p];
        for (uint64_t i = 0; i < param->rows * param->cols; i++)
            run->path[p][i] -= si->g[p][i] * (si->after[p][i] - si->before[p][i]);
    }
}

static int
steps(struct strategy_run *run, const struct plan *plan, struct run_result *result, struct error *error)
{
    struct si *si = run->own;
    *result = (struct run_result){0};
    if (read_all(run, ENGINE_PARAM, si->before, error) < 0)
        return -1;
    for (uint64_t step = plan->first_step; step < plan->first_step + plan->n_steps; step++) {
        struct run_result of_step = {0};
        if (run->engine->grad(run->state, plan, step, 0, UINT64_MAX, &of_step, error) < 0 ||
            read_all(run, ENGINE_GRADIENT, si->g, error) < 0 || run->engine->apply(run->state, plan, step, error) < 0 ||
            read_all(run, ENGINE_PARAM, si->after, error) < 0)
            return -1;
        add_to_path(run, si);
        float **swap = si->before;
        si->before = si->after;
        si->after = swap;
        result->loss_sum += of_step.loss_sum;
        result->weight_sum += of_step.weight_sum;
        result->rows += of_step.rows;
        result->steps++;
        result->diverged |= of_step.diverged;
        if (result->diverged || (plan->stop != NULL && *plan->stop != 0))
            break;
    }
    return 0;
}

static int
finish(struct strategy_run *run, struct error *error)
{
    const struct network *now = &run->model->network;
    float **omega = importance_zeros(run);
    (void) error;
    for (uint32_t p = 0; p < now->n_params; p++) {
        const struct param *param = &now->params[p];
        for (uint64_t i = 0; i < param->rows * param->cols; i++) {
            const double way = (double) param->data[i] - (double) run->start->params[p].data[i];
            omega[p][i] = (float) (fmax(0, (double) run->path[p][i]) / (way * way + run->options.si_xi));
        }
    }
    importance_normalise(now, omega);
    importance_keep(run, 1, omega, false);
    return 0;
}

const struct strategy strategy_si = {
    .name = "si",
    .flags = STRATEGY_TAKES_STRENGTH | STRATEGY_TAKES_XI | STRATEGY_HAS_PATH,
    .strength = 0.1,
    .prepare = prepare,
    .attach = importance_attach,
    .steps = steps,
    .finish = finish,
};
