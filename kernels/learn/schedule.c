#include "schedule.h"

#include <math.h>

struct schedule_state
schedule_start(void)
{
    return (struct schedule_state){.scale = 1, .best_loss = INFINITY};
}

double
schedule_cos_pi(double t)
{
    /* cos(pi t) = sin(pi (1/2 - t)); the Taylor series of the sine on [-pi/2, pi/2], to the term below 2^-60. */
    static const int terms = 13;
    double u = 3.14159265358979323846 * (0.5 - t), u2 = u * u, sum = 0;
    for (int k = terms; k > 0; k--)
        sum = (1 + sum) * -u2 / (double) (2 * k * (2 * k + 1));
    return u * (1 + sum);
}

static double
power(double base, uint64_t exponent)
{
    double result = 1;
    for (; exponent > 0; exponent >>= 1, base *= base)
        if (exponent & 1)
            result *= base;
    return result;
}

float
schedule_lr(const struct schedule *schedule, const struct schedule_state *state, uint64_t step, uint64_t epoch,
            uint64_t steps)
{
    double lr = schedule->lr;
    uint64_t warmup = schedule->warmup;
    switch (schedule->kind) {
    case SCHEDULE_STEP:
        lr *= power(schedule->factor, epoch / schedule->every);
        break;
    case SCHEDULE_COSINE:
        if (step >= warmup && steps > warmup) {
            double t = (double) (step - warmup) / (double) (steps - warmup);
            lr = schedule->lr_min + (lr - schedule->lr_min) * (1 + schedule_cos_pi(t)) / 2;
        }
        break;
    case SCHEDULE_PLATEAU:
        lr *= state->scale;
        if (lr < schedule->lr_min)
            lr = schedule->lr_min;
        break;
    default:
        break;
    }
    if (step < warmup)
        lr *= (double) (step + 1) / (double) warmup;
    return (float) lr;
}

void
schedule_epoch(const struct schedule *schedule, struct schedule_state *state, double loss)
{
    if (loss < state->best_loss) {
        state->best_loss = loss;
        state->bad_epochs = 0;
        return;
    }
    state->bad_epochs++;
    if (schedule->kind == SCHEDULE_PLATEAU && state->bad_epochs > schedule->patience) {
        state->scale *= schedule->factor;
        state->bad_epochs = 0;
    }
}
