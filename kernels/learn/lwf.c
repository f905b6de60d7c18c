/*
 * Learning without forgetting (Li and Hoiem, "Learning without forgetting", PAMI 2017): on the new rows, the outputs
 * that the model had keep saying what they said before the run. No old row is needed.
 *
 *     loss = a * loss on labels + strength * b * soft loss of the old outputs
 *
 * with a = 1/k, b = 1 - 1/k in the k-th run (van de Ven, Tuytelaars and Tolias 2022), or as --replay-weights says. The
 * soft loss is that of engine.h: of classes T^2 times the cross-entropy of softmaxes at temperature T over the old
 * outputs (a softmax for each group of classes when the run is task-incremental), of numbers the mean square of the
 * difference. Classes that come with the run have targets too, in the same softmax: the probability 0 that they had, as
 * in the code of van de Ven et al.
 */
#include <math.h>

#include "loss.h"
#include "strategy.h"

/* What the model says of the new rows before it learns from them. */
static int
prepare(struct strategy_run *run, struct error *error)
{
    const struct layer *output = &run->start->layers[run->start->n_layers - 1];
    const uint32_t o = output->n_out;
    const uint64_t n_old = run->old != NULL ? run->old[output->bias].cols : o;
    const float none = run->groups != NULL || !loss_of_classes(run->plan->loss) ? NAN : -INFINITY;
    if (run->updates == 0)
        return 0;
    float *soft = arena_array(run->arena, run->train.n * o, sizeof *soft); // [n, o]
    if (run->engine->forward(run->state, &run->train, 0, run->train.n, soft, error) < 0)
        return -1;
    for (uint64_t i = 0; i < run->train.n; i++)
        for (uint32_t j = 0; j < o; j++)
            if (j >= n_old || (run->learned != NULL && !run->learned[j]))
                soft[i * o + j] = none;
    run->train.soft = soft;
    return 0;
}

static int
attach(struct strategy_run *run, struct error *error)
{
    struct plan_part *part = &run->plan->parts[0];
    double fresh, old;
    (void) error;
    if (run->updates == 0)
        return 0;
    strategy_weights(run, &fresh, &old);
    part->weight = fresh;
    part->soft_weight = run->options.strength * old;
    part->soft = loss_of_classes(run->plan->loss) ? SOFT_SOFTMAX : SOFT_SQUARED;
    return 0;
}

const struct strategy strategy_lwf = {
    .name = "lwf",
    .flags = STRATEGY_TAKES_STRENGTH | STRATEGY_TAKES_TEMPERATURE | STRATEGY_TAKES_WEIGHTS,
    .strength = 1,
    .prepare = prepare,
    .attach = attach,
};
