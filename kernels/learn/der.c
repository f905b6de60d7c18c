/*
 * Dark experience replay (DER++, Buzzega et al. 2020, equation 6): rows drawn from the memory are held to their labels
 * and to the outputs s that the model had for them when they were stored:
 *
 *     loss = fresh * mean over new rows of l(z, y)
 *          + old * mean over drawn rows of (l(z, y) + strength * |z - s|^2 / m)
 *
 * m is the number of outputs. The paper has all outputs from the start; here classes come, and a row that was stored
 * before one of them has no s for it. What is known is that it is not of that class: s is then that of the likeliest
 * class that the row is not, so that a new class is not likelier than any mistake of the model was. Against no s at all
 * this is worth a point and a half of class-incremental Split MNIST. Where the new rows are fewer than those of the
 * memory it is left out: then a new class is more often missed than taken for an old one. Where each group of classes
 * has a softmax of its own, classes of other groups need none, and count as no output.
 *
 * The paper draws rows for s and for y apart; one draw for both has the same mean and takes two thirds of the time.
 * With --replay-weights equal, strength is the paper's alpha, and its beta is 1.
 */
#include "rehearse.h"

#include <math.h>
#include <string.h>

/* s: [o], NaN for classes that came after the row was stored. */
static void
complete(float *s, uint32_t o, uint32_t label)
{
    float likeliest = NAN;
    for (uint32_t j = 0; j < o; j++)
        if (j != label && !(s[j] <= likeliest))
            likeliest = isnan(s[j]) ? likeliest : s[j];
    for (uint32_t j = 0; j < o; j++)
        s[j] = isnan(s[j]) ? likeliest : s[j];
}

static int
prepare(struct strategy_run *run, struct error *error)
{
    const uint32_t o = network_outputs(run->start);
    const uint64_t n = run->memory.n;
    (void) error;
    if (run->memory.soft == NULL || run->memory.label == NULL || run->groups != NULL || run->train.n <= n)
        return 0;
    float *soft = arena_array(run->arena, n * o, sizeof *soft); // [n, o]
    memcpy(soft, run->memory.soft, n * o * sizeof *soft);
    for (uint64_t i = 0; i < n; i++)
        complete(soft + i * o, o, run->memory.label[i]);
    run->memory.soft = soft;
    return 0;
}

static int
attach_dark(struct strategy_run *run, struct error *error)
{
    struct plan_part *part = rehearse(run);
    (void) error;
    if (part == NULL || run->memory.soft == NULL)
        return 0;
    part->soft_weight = part->weight * run->options.strength;
    part->soft = SOFT_SQUARED;
    return 0;
}

const struct strategy strategy_der = {
    .name = "der",
    .flags = STRATEGY_TAKES_STRENGTH | STRATEGY_TAKES_WEIGHTS | STRATEGY_FOR_CLASSES | STRATEGY_NEEDS_MEMORY,
    .strength = 0.3,
    .prepare = prepare,
    .attach = attach_dark,
};
