#include "range.h"

#include <math.h>

#include "numerics.h"

/* The hundredth root of ten. */
#define RATIO 1.0232929922807541

static const double lowest = 1e-6, share = 0.1, keep = 0.98, too_high = 4;
enum { STEPS = 701, SETTLE = 20 };

/* To two digits, by a power of ten found with * and / alone. */
static double
round_rate(double lr)
{
    double unit = 1;
    while (lr / unit < 10)
        unit /= 10;
    while (lr / unit >= 100)
        unit *= 10;
    uint64_t digits = (uint64_t) (lr / unit + 0.5), whole = (uint64_t) (1 / unit + 0.5);
    return whole > 1 ? (double) digits / (double) whole : (double) digits * unit;
}

int
range_find(const struct engine *engine, struct engine_state *state, const struct plan *pattern, double *lr,
           struct error *error)
{
    struct plan plan = *pattern;
    double mean = 0, best = INFINITY, at = 0;
    uint64_t seen = 0; /* steps whose rows weigh something */
    for (uint64_t step = 0; step < STEPS; step++) {
        double rate = lowest * num_power(RATIO, step);
        const float given = (float) rate;
        struct run_result result;
        plan.first_step = step;
        plan.adam_step = pattern->adam_step + step;
        plan.n_steps = 1;
        plan.lr = &given;
        if (engine->run(state, &plan, &result, error) < 0)
            return -1;
        if (result.weight_sum == 0 && !result.diverged)
            continue;
        double loss = result.loss_sum / result.weight_sum;
        mean = keep * mean + (1 - keep) * loss;
        double smooth = mean / (1 - num_power(keep, ++seen));
        if (result.diverged || !isfinite(smooth) || smooth > too_high * best)
            break;
        if (seen > SETTLE && smooth < best) {
            best = smooth;
            at = rate;
        }
    }
    if (at == 0)
        return error_set(
            error, STATUS_DATA,
            "--lr auto: the loss is no finite number from the start (features belong scaled, by cl-scale)");
    *lr = round_rate(share * at);
    return 0;
}
