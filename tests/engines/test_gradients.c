/*
 * The gradients of the reference engine against central differences of an independent forward pass and loss, written
 * here in double with libm. Every loss x activation, with categories, weights, masks, dropout, replay and soft targets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <math.h>
#include <stdio.h>
#include <cmocka.h>

#include "doubles.h"
#include "plan.h"

static double
loss_of(const struct plan *plan, bool grouped, const double *z, uint32_t o, const float *y, uint32_t label)
{
    double sum = 0, all = 0, d, a, t, smoothing = (double) plan->smoothing;
    uint32_t n_classes = 0;
    switch (plan->loss) {
    case LOSS_CE:
        for (uint32_t j = 0; j < o; j++)
            if (grouped ? plan->groups[j] == plan->groups[label] : plan->classes == NULL || plan->classes[j]) {
                sum += exp(z[j]);
                all += z[j];
                n_classes++;
            }
        return log(sum) - (1 - smoothing) * z[label] - smoothing * all / n_classes;
    case LOSS_BCE:
        for (uint32_t j = 0; j < o; j++) {
            t = (1 - smoothing) * (double) y[j] + smoothing / 2;
            sum -= t * log(1 / (1 + exp(-z[j]))) + (1 - t) * log(1 / (1 + exp(z[j])));
        }
        return sum / o;
    case LOSS_POISSON:
        for (uint32_t j = 0; j < o; j++)
            sum += exp(z[j]) - (double) y[j] * z[j];
        return sum / o;
    case LOSS_QUANTILE:
        for (uint32_t j = 0; j < o; j++) {
            t = (double) plan->quantiles[j % plan->n_quantiles];
            d = (double) y[j / plan->n_quantiles] - z[j];
            sum += d > 0 ? t * d : (t - 1) * d;
        }
        return sum / o;
    default:
        for (uint32_t j = 0; j < o; j++) {
            d = z[j] - y[j];
            a = fabs(d);
            if (plan->loss == LOSS_MSE)
                sum += d * d;
            else if (plan->loss == LOSS_MAE)
                sum += a;
            else
                sum += a <= plan->huber_delta ? d * d / 2 : plan->huber_delta * (a - plan->huber_delta / 2);
        }
        return sum / o;
    }
}

/* Cross-entropy of two classes whose logits are 0 and s or z. */
static double
binary_entropy(double z, double s)
{
    double q = 1 / (1 + exp(-s));
    return -q * log(1 / (1 + exp(-z))) - (1 - q) * log(1 / (1 + exp(z)));
}

/* How far z is from soft targets, NaN where there is none. */
static double
soft_loss_of(const struct plan *plan, enum soft_loss kind, const double *z, uint32_t o, const float *s)
{
    const double T = (double) plan->temperature;
    double sum = 0;
    uint32_t n = 0;
    for (uint32_t j = 0; j < o; j++) {
        double of_z = 0, of_s = 0, cross = 0;
        bool first = !isnan(s[j]);
        if (isnan(s[j]))
            continue;
        if (kind == SOFT_SQUARED || plan->loss == LOSS_BCE) {
            n++;
            sum += kind == SOFT_SQUARED ? pow(z[j] - (double) s[j], 2) : T * T * binary_entropy(z[j] / T, s[j] / T);
            continue;
        }
        for (uint32_t i = 0; i < o; i++)
            if (!isnan(s[i]) && (plan->groups == NULL || plan->groups[i] == plan->groups[j])) {
                first &= i >= j;
                of_z += exp(z[i] / T);
                of_s += exp((double) s[i] / T);
            }
        n += first;
        cross = -exp((double) s[j] / T) / of_s * (z[j] / T - log(of_z));
        sum += T * T * cross;
    }
    return n == 0 ? 0 : sum / n;
}

/* What one step minimises. */
static double
objective(const struct fixture *f, double *const *theta, uint64_t step)
{
    struct plan_set sets[ENGINE_MAX_SETS] = {{.rows = f->sets[0], .loaded = true},
                                             {.rows = f->sets[1], .loaded = true}};
    struct plan_rows rows;
    uint32_t o = network_outputs(&f->network);
    const struct objective losses = plan_objective(&f->plan);
    const uint32_t targets = objective_targets(&losses, o);
    double sum = 0, z[DOUBLES_WIDEST];
    plan_rows_open(&rows, &f->plan, sets);
    plan_rows_step(&rows, step);
    for (uint64_t r = 0; r < rows.n; r++) {
        uint32_t part;
        uint64_t row = plan_rows_at(&rows, r, &part);
        const struct rowset *set = &sets[f->plan.parts[part].set].rows;
        double n = (double) (rows.first[part + 1] - rows.first[part]);
        double w = set->w == NULL ? 1 : (double) set->w[row];
        doubles_forward(f, theta, step, r, set->x == NULL ? NULL : set->x + row * f->network.n_x,
                        set->c == NULL ? NULL : set->c + row * f->network.n_c, z);
        sum += f->plan.parts[part].weight / n * w *
               loss_of(&f->plan, f->plan.parts[part].grouped, z, o, set->y + row * targets, set->label[row]);
        if (set->soft != NULL)
            sum += f->plan.parts[part].soft_weight / n * w *
                   soft_loss_of(&f->plan, f->plan.parts[part].soft, z, o, set->soft + row * o);
    }
    return sum;
}

static void
check(const struct spec *spec)
{
    struct fixture f;
    struct error error;
    struct run_result result;
    fixture_open(&f, spec);
    struct engine_state *state = fixture_engine(&f, &engine_ref, 1, &error);
    uint64_t step = f.plan.first_step;
    assert_int_equal(engine_ref.grad(state, &f.plan, step, 0, UINT64_MAX, &result, &error), 0);
    float *gradient = fixture_read(&f, &engine_ref, state, ENGINE_GRADIENT), *g = gradient;

    double **theta = doubles_open(&f, &f.arena);
    double h = 1e-6, largest = 0;
    for (uint64_t i = 0; i < network_size(&f.network); i++)
        largest = fabs((double) gradient[i]) > largest ? fabs((double) gradient[i]) : largest;
    assert_true(largest > 1e-3);
    for (uint32_t p = 0; p < f.network.n_params; p++) {
        uint64_t n = f.network.params[p].rows * f.network.params[p].cols;
        if (!plan_trainable(&f.network, p)) {
            g += n;
            continue;
        }
        for (uint64_t i = 0; i < n; i++, g++) {
            double keep = theta[p][i];
            theta[p][i] = keep + h;
            double up = objective(&f, theta, step);
            theta[p][i] = keep - h;
            double down = objective(&f, theta, step), slope = (up - down) / (2 * h);
            theta[p][i] = keep;
            if (fabs(slope - (double) *g) > 1e-4 * largest + 1e-7)
                fail_msg("%s, %s: %s[%llu]: gradient %.9g, difference quotient %.9g", loss_name(spec->loss),
                         activation_name(spec->activation), f.network.params[p].name, (unsigned long long) i,
                         (double) *g, slope);
        }
    }
    free(gradient);
    engine_ref.close(state);
    arena_free(&f.arena);
}

static const struct spec base = {.n_x = 5,
                                 .n_c = 2,
                                 .n_out = 3,
                                 .hidden = {7, 6},
                                 .n_hidden = 2,
                                 .rows = 200,
                                 .batch = 40,
                                 .steps = 1,
                                 .shuffle = true,
                                 .seed = 11};

static void
test_every_loss_and_activation(void **unused)
{
    (void) unused;
    for (int loss = 0; loss < LOSS_COUNT; loss++)
        for (int activation = 0; activation < ACT_COUNT; activation++) {
            struct spec spec = base;
            spec.loss = (enum loss) loss;
            spec.activation = (enum activation) activation;
            check(&spec);
            spec.n_out = 1; /* one output is the common case of all but ce */
            if (loss != LOSS_CE)
                check(&spec);
            spec.n_out = 6; /* two labels of three quantiles */
            if (loss == LOSS_QUANTILE)
                check(&spec);
        }
}

static void
test_weights_masks_dropout_replay_soft(void **unused)
{
    (void) unused;
    for (int loss = 0; loss < LOSS_COUNT; loss++)
        for (int bits = 1; bits < 16; bits++) {
            struct spec spec = base;
            spec.loss = (enum loss) loss;
            spec.activation = ACT_TANH;
            spec.weights = bits & 1;
            spec.mask = bits & 2;
            spec.dropout = bits & 4 ? 0.3f : 0;
            spec.replay = bits & 8 ? 33 : 0;
            spec.soft = spec.replay;
            check(&spec);
        }
}

static void
test_soft_targets(void **unused)
{
    (void) unused;
    const enum loss losses[] = {LOSS_CE, LOSS_BCE, LOSS_MSE, LOSS_CE};
    for (uint32_t bits = 0; bits < 64; bits++) {
        struct spec spec = base;
        spec.loss = losses[bits % 4];
        spec.activation = ACT_TANH;
        spec.n_out = bits & 16 ? 7 : spec.loss == LOSS_CE ? 3 : 1;
        spec.gaps = bits & 4;
        spec.soft_first = bits & 8;
        spec.soft = true;
        spec.replay = 21;
        spec.batch = 20;
        spec.weights = bits & 8;
        spec.temperature = spec.loss == LOSS_MSE ? 0 : bits & 32 ? 2.5f : 1;
        spec.groups = bits % 4 == 3 ? 2 + bits / 4 % 2 : 0;
        check(&spec);
    }
}

static void
test_groups(void **unused)
{
    (void) unused;
    for (uint32_t bits = 0; bits < 24; bits++) {
        struct spec spec = base;
        spec.loss = LOSS_CE;
        spec.activation = ACT_TANH;
        spec.n_out = 7;
        spec.groups = bits & 4 ? 3 : 2;
        spec.grouped = 1 + bits % 3;
        spec.mask = bits & 4;
        spec.smoothing = bits & 8 ? 0.2f : 0;
        spec.replay = 21;
        spec.batch = 20;
        check(&spec);
    }
}

static void
test_smoothing(void **unused)
{
    (void) unused;
    for (int bits = 0; bits < 8; bits++) {
        struct spec spec = base;
        spec.loss = bits & 1 ? LOSS_BCE : LOSS_CE;
        spec.smoothing = bits & 2 ? 0.3f : 0.05f;
        spec.mask = bits & 4;
        spec.weights = bits & 4;
        spec.activation = ACT_SILU;
        check(&spec);
    }
}

/* Norms and skips, alone and together, with every activation; a layer that two others add, and a chain of them. */
static void
test_norms_and_skips(void **unused)
{
    (void) unused;
    for (int activation = 0; activation < ACT_COUNT; activation++)
        for (int bits = 1; bits < 24; bits++) {
            struct spec spec = base;
            spec.loss = bits & 8 ? LOSS_MSE : LOSS_CE;
            spec.activation = (enum activation) activation;
            spec.n_hidden = 3;
            spec.hidden[0] = 7;
            spec.hidden[1] = bits & 8 ? 5 : 7;
            spec.hidden[2] = 7;
            spec.norm = bits & 1 ? NORM_LAYER : NORM_NONE;
            spec.skips = bits & 16 ? SKIP_FIRST : bits & 2 ? SKIP_LAST : SKIP_NONE;
            spec.dropout = bits & 4 ? 0.3f : 0;
            check(&spec);
        }
}

static void
test_encoded(void **unused)
{
    (void) unused;
    for (uint32_t bins = 1; bins <= 8; bins++)
        for (uint32_t n_hidden = 0; n_hidden <= 2; n_hidden++) {
            struct spec spec = base;
            spec.loss = LOSS_CE;
            spec.activation = ACT_GELU;
            spec.bins = bins % 4 == 0 ? 0 : bins;
            spec.softclip = bins % 2 ? 0 : 0.7f;
            spec.n_hidden = n_hidden;
            check(&spec);
        }
}

/* Of all that is made of a feature, or nothing of it; bins, clipping, replay and hidden dropout beside it. */
static void
test_input_dropout(void **unused)
{
    (void) unused;
    for (uint32_t bits = 0; bits < 32; bits++) {
        struct spec spec = base;
        spec.loss = bits & 1 ? LOSS_MSE : LOSS_CE;
        spec.activation = ACT_TANH;
        spec.input_dropout = bits & 2 ? 0.7f : 0.25f;
        spec.bins = bits & 4 ? 3 : 0;
        spec.softclip = bits & 8 ? 0.7f : 0;
        spec.replay = bits & 16 ? 33 : 0;
        spec.dropout = bits & 16 ? 0.3f : 0;
        spec.n_hidden = bits % 3;
        check(&spec);
    }
}

/* More units than a row of lanes has. */
static void
test_wide_norm(void **unused)
{
    (void) unused;
    struct spec spec = base;
    spec.loss = LOSS_MSE;
    spec.activation = ACT_SILU;
    spec.norm = NORM_LAYER;
    spec.n_hidden = 2;
    spec.hidden[0] = spec.hidden[1] = 70;
    spec.batch = 70;
    check(&spec);
}

static void
test_shapes(void **unused)
{
    (void) unused;
    for (uint32_t n_hidden = 0; n_hidden <= 3; n_hidden++)
        for (int inputs = 1; inputs < 4; inputs++) {
            struct spec spec = base;
            spec.loss = LOSS_CE;
            spec.activation = ACT_SILU;
            spec.n_hidden = n_hidden;
            spec.hidden[2] = 1;
            spec.n_x = inputs & 1 ? 5 : 0;
            spec.n_c = inputs & 2 ? 2 : 0;
            spec.batch = 130; /* three blocks */
            check(&spec);
        }
}

/* Frozen parameters have no gradient and stay as they are; the others get the same as without freezing. */
static void
test_frozen(void **unused)
{
    (void) unused;
    struct spec spec = base;
    struct error error;
    struct run_result result;
    struct fixture f;
    spec.loss = LOSS_CE;
    spec.activation = ACT_RELU;
    spec.optimiser = OPT_ADAM;
    spec.decay = 0.1f;
    fixture_open(&f, &spec);
    struct engine_state *state = fixture_engine(&f, &engine_ref, 1, &error);
    assert_int_equal(engine_ref.grad(state, &f.plan, 3, 0, UINT64_MAX, &result, &error), 0);
    float *whole = fixture_read(&f, &engine_ref, state, ENGINE_GRADIENT);
    f.network.layers[0].frozen = true;
    f.network.params[f.network.layers[1].bias].frozen = true;
    assert_int_equal(engine_ref.grad(state, &f.plan, 3, 0, UINT64_MAX, &result, &error), 0);
    float *part = fixture_read(&f, &engine_ref, state, ENGINE_GRADIENT);
    assert_int_equal(engine_ref.run(state, &f.plan, &result, &error), 0);
    float *after = fixture_read(&f, &engine_ref, state, ENGINE_PARAM);
    uint64_t i = 0;
    for (uint32_t p = 0; p < f.network.n_params; p++)
        for (uint64_t j = 0; j < f.network.params[p].rows * f.network.params[p].cols; j++, i++) {
            bool frozen = !plan_trainable(&f.network, p);
            assert_true(part[i] == (frozen ? 0 : whole[i]));
            assert_true(frozen ? after[i] == f.network.params[p].data[j] : after[i] != f.network.params[p].data[j]);
        }
    free(whole);
    free(part);
    free(after);
    engine_ref.close(state);
    arena_free(&f.arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_loss_and_activation),
        cmocka_unit_test(test_weights_masks_dropout_replay_soft),
        cmocka_unit_test(test_soft_targets),
        cmocka_unit_test(test_groups),
        cmocka_unit_test(test_smoothing),
        cmocka_unit_test(test_norms_and_skips),
        cmocka_unit_test(test_encoded),
        cmocka_unit_test(test_input_dropout),
        cmocka_unit_test(test_wide_norm),
        cmocka_unit_test(test_shapes),
        cmocka_unit_test(test_frozen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
