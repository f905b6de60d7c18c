/*
 * Every engine against `ref`, over networks x losses x optimisers x activations x batches x what a plan can ask for.
 * Exact engines by memcmp of weights, moments and loss sums after several steps, on every instruction set of this
 * machine and with 1 and 2 threads. `blas` has test_blas.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <math.h>
#include <stdio.h>
#include <cmocka.h>

#include "fixture.h"

/* What a run leaves. */
struct outcome {
    float *param, *m, *v;
    struct run_result result;
};

static void
outcome_read(struct outcome *outcome, const struct fixture *f, const struct engine *engine, struct engine_state *state)
{
    outcome->param = fixture_read(f, engine, state, ENGINE_PARAM);
    outcome->m = fixture_read(f, engine, state, ENGINE_M);
    outcome->v = fixture_read(f, engine, state, ENGINE_V);
}

static void
outcome_free(struct outcome *outcome)
{
    free(outcome->param);
    free(outcome->m);
    free(outcome->v);
}

static struct outcome
run(const struct fixture *f, const struct engine *engine, unsigned threads)
{
    struct outcome outcome;
    struct error error;
    struct engine_state *state = fixture_engine(f, engine, threads, &error);
    if (state == NULL)
        fail_msg("%s", error.text);
    assert_int_equal(engine->run(state, &f->plan, &outcome.result, &error), 0);
    outcome_read(&outcome, f, engine, state);
    engine->close(state);
    return outcome;
}

static const char *
describe(const struct spec *s)
{
    static char text[512];
    snprintf(text, sizeof text,
             "x %u c %u hidden %u (%u %u %u) out %u %s %s %s batch %u of %llu dropout %g (input %g) clip %g decay %g%s "
             "anchor %g "
             "replay %u%s%s%s%s%s%s%s temperature %g groups %u (%u)%s smoothing %g",
             s->n_x, s->n_c, s->n_hidden, s->hidden[0], s->hidden[1], s->hidden[2], s->n_out, loss_name(s->loss),
             optimiser_name(s->optimiser), activation_name(s->activation), s->batch, (unsigned long long) s->rows,
             (double) s->dropout, (double) s->input_dropout, (double) s->clip, (double) s->decay,
             s->decoupled ? " decoupled" : "", (double) s->anchor, s->replay, s->soft ? " soft" : "",
             s->weights ? " weights" : "", s->mask ? " mask" : "", s->norm != NORM_NONE ? " norm" : "",
             s->skips != SKIP_NONE ? " skips" : "", s->soft_first ? " soft first" : "", s->gaps ? " gaps" : "",
             (double) s->temperature, s->groups, s->grouped, s->rates ? " rates" : "", (double) s->smoothing);
    return text;
}

static void
assert_same(const struct spec *spec, const struct fixture *f, const char *who, const char *what, const float *a,
            const float *b)
{
    const float *at_a = a, *at_b = b;
    for (uint32_t p = 0; p < f->network.n_params; p++) {
        uint64_t n = f->network.params[p].rows * f->network.params[p].cols;
        for (uint64_t i = 0; i < n; i++)
            if (memcmp(&at_a[i], &at_b[i], sizeof *a) != 0)
                fail_msg("%s: %s of %s[%llu] is %a, ref has %a; %s", who, what, f->network.params[p].name,
                         (unsigned long long) i, (double) at_b[i], (double) at_a[i], describe(spec));
        at_a += n;
        at_b += n;
    }
}

static void
assert_equal_outcomes(const struct spec *spec, const struct fixture *f, const char *who, const struct outcome *ref,
                      const struct outcome *other)
{
    assert_same(spec, f, who, "value", ref->param, other->param);
    assert_same(spec, f, who, "first moment", ref->m, other->m);
    assert_same(spec, f, who, "second moment", ref->v, other->v);
    if (memcmp(&ref->result.loss_sum, &other->result.loss_sum, sizeof(double)) != 0 ||
        memcmp(&ref->result.weight_sum, &other->result.weight_sum, sizeof(double)) != 0)
        fail_msg("%s: loss sum %a of %a, ref has %a of %a; %s", who, other->result.loss_sum, other->result.weight_sum,
                 ref->result.loss_sum, ref->result.weight_sum, describe(spec));
    assert_int_equal(ref->result.rows, other->result.rows);
    assert_int_equal(ref->result.steps, other->result.steps);
    assert_false(ref->result.diverged || other->result.diverged);
}

static const char *const all_isas[] = {"base", "neon", "avx2", "avx512"};

/* Points CL_ISA at an instruction set; false when this machine lacks it. */
static bool
choose_isa(const char *name)
{
    uint32_t one = 1;
    struct arena arena = {NULL};
    struct network network;
    struct engine_state *state;
    struct error error;
    setenv("CL_ISA", name, 1);
    network_dense(&network, &arena, 1, 0, NULL, NULL, &one, 0, ACT_NONE, 0, 1);
    bool there = engine_cpu.open(&state, &network, &(struct engine_options){.threads = 1}, &error) == 0;
    if (there)
        engine_cpu.close(state);
    arena_free(&arena);
    return there;
}

static unsigned n_checked;

/* On 1, 2, 4, ... threads, up to `most`. */
static void
check_threads(const struct spec *spec, unsigned most)
{
    struct fixture f;
    fixture_open(&f, spec);
    struct outcome ref = run(&f, &engine_ref, 1);
    if (ref.result.diverged)
        fail_msg("ref diverged; %s", describe(spec));
    for (size_t i = 0; i < sizeof all_isas / sizeof *all_isas; i++) {
        if (!choose_isa(all_isas[i]))
            continue;
        for (unsigned threads = 1; threads <= most; threads *= 2) {
            char who[32];
            snprintf(who, sizeof who, "cpu %s, %u threads", all_isas[i], threads);
            struct outcome cpu = run(&f, &engine_cpu, threads);
            assert_equal_outcomes(spec, &f, who, &ref, &cpu);
            outcome_free(&cpu);
            n_checked++;
        }
    }
    unsetenv("CL_ISA");
    outcome_free(&ref);
    arena_free(&f.arena);
}

static void
check(const struct spec *spec)
{
    check_threads(spec, 2);
}

static const struct spec base = {.n_x = 5,
                                 .n_c = 2,
                                 .n_out = 3,
                                 .hidden = {7, 65, 64},
                                 .n_hidden = 2,
                                 .loss = LOSS_CE,
                                 .optimiser = OPT_ADAM,
                                 .activation = ACT_RELU,
                                 .rows = 210,
                                 .batch = 65,
                                 .steps = 4,
                                 .shuffle = true,
                                 .seed = 11};

static uint32_t
outputs_of(enum loss loss)
{
    return loss == LOSS_CE ? 3 : loss == LOSS_BCE ? 1 : 2;
}

static void
test_networks(void **unused)
{
    (void) unused;
    const uint32_t widths[] = {1, 7, 64, 65}, inputs[] = {0, 1, 5, 64};
    for (uint32_t n_hidden = 0; n_hidden <= 3; n_hidden++)
        for (size_t w = 0; w < 4; w++)
            for (size_t i = 0; i < 4; i++)
                for (uint32_t n_c = 0; n_c <= 2; n_c += 2) {
                    struct spec spec = base;
                    spec.n_hidden = n_hidden;
                    spec.hidden[0] = widths[w];
                    spec.hidden[1] = widths[(w + 1) % 4];
                    spec.hidden[2] = widths[(w + 3) % 4];
                    spec.n_x = inputs[i];
                    spec.n_c = n_c;
                    spec.n_out = w % 2 == 0 ? 3 : 17;
                    check(&spec);
                    if (n_hidden == 0)
                        break;
                }
}

static void
test_losses_and_optimisers(void **unused)
{
    (void) unused;
    for (int loss = 0; loss < LOSS_COUNT; loss++)
        for (int optimiser = 0; optimiser < OPT_KIND_COUNT; optimiser++)
            for (int one = 0; one < 2; one++) {
                struct spec spec = base;
                spec.loss = (enum loss) loss;
                spec.optimiser = (enum optimiser_kind) optimiser;
                spec.n_out = one ? 1 : outputs_of(spec.loss);
                spec.weights = one;
                spec.decay = optimiser % 2 ? 0.01f : 0;
                check(&spec);
            }
}

/* Rows side by side and one by one, outputs in one group of terms and in several, one lane and all. */
static void
test_losses_and_outputs(void **unused)
{
    (void) unused;
    const uint32_t outputs[] = {1, 2, 6, 16, 17, 63, 64, 65, 66, 130};
    for (int loss = 0; loss < LOSS_COUNT; loss++)
        for (size_t i = 0; i < sizeof outputs / sizeof *outputs; i++)
            for (int bits = 0; bits < 4; bits++) {
                struct spec spec = base;
                spec.loss = (enum loss) loss;
                spec.n_out = outputs[i];
                spec.smoothing = bits & 1 ? 0.1f : 0;
                spec.mask = bits & 2;
                spec.steps = 2;
                if (bits == 0 || (bits == 1 && loss == LOSS_BCE) || loss == LOSS_CE)
                    check(&spec);
            }
}

/* Weights between hidden layers that stand, lie and are square, and one that is wide enough for all threads. */
static void
test_muon(void **unused)
{
    (void) unused;
    const uint32_t widths[][3] = {{1, 7, 33}, {64, 65, 16}, {130, 20, 70}, {48, 48, 1}, {170, 780, 0}};
    for (size_t w = 0; w < sizeof widths / sizeof *widths; w++)
        for (int penalties = 0; penalties < 2; penalties++) {
            struct spec spec = base;
            bool wide = widths[w][2] == 0;
            if (wide && penalties)
                continue;
            memcpy(spec.hidden, widths[w], sizeof widths[w]);
            spec.n_hidden = wide ? 2 : 3;
            spec.optimiser = OPT_MUON;
            spec.steps = wide ? 1 : 2;
            spec.clip = penalties ? 0.05f : 0;
            spec.decay = penalties ? 0.02f : 0;
            spec.anchor = penalties ? 0.3f : 0;
            check(&spec);
        }
}

static void
test_activations_and_batches(void **unused)
{
    (void) unused;
    const uint32_t batches[] = {1, 31, 32, 64, 65, 200, 0};
    for (int activation = 0; activation < ACT_COUNT; activation++)
        for (size_t b = 0; b < sizeof batches / sizeof *batches; b++)
            for (int dropout = 0; dropout < 2; dropout++) {
                struct spec spec = base;
                spec.activation = (enum activation) activation;
                spec.batch = batches[b];
                spec.dropout = dropout ? 0.25f : 0;
                spec.loss = dropout ? LOSS_MSE : LOSS_CE;
                check(&spec);
            }
}

/* Norms and skips: widths below, at and above a row of lanes; more units than a block of lanes has. */
static void
test_norms_and_skips(void **unused)
{
    (void) unused;
    const uint32_t widths[] = {1, 7, 16, 64, 65, 100};
    for (size_t w = 0; w < sizeof widths / sizeof *widths; w++)
        for (uint32_t bits = 1; bits < 64; bits++) {
            struct spec spec = base;
            spec.n_hidden = bits & 32 ? 3 : 2;
            spec.hidden[0] = spec.hidden[2] = widths[w];
            spec.hidden[1] = bits & 4 ? widths[w] : widths[(w + 1) % 6];
            spec.norm = bits & 1 ? NORM_LAYER : NORM_NONE;
            spec.skips = !(bits & 2) ? SKIP_NONE : bits & 16 ? SKIP_FIRST : SKIP_LAST;
            spec.activation = bits & 8 ? ACT_GELU : ACT_RELU;
            spec.dropout = bits & 8 ? 0.25f : 0;
            spec.clip = bits & 16 ? 0.05f : 0;
            spec.decay = bits & 16 ? 0.02f : 0;
            spec.anchor = bits & 16 ? 0.3f : 0;
            spec.batch = bits & 4 ? 65 : 200;
            check(&spec);
        }
    struct spec wide = base;
    wide.norm = NORM_LAYER;
    wide.skips = SKIP_LAST;
    wide.steps = 1;
    wide.n_hidden = 3;
    wide.hidden[1] = 3; /* or most of the time would go by products of two wide layers */
    for (uint32_t width = 4096; width <= 4196; width += 100) {
        wide.hidden[0] = wide.hidden[2] = width;
        check(&wide);
    }
    wide.n_hidden = 2;
    wide.hidden[0] = wide.hidden[1] = 520;
    check(&wide);
    wide.hidden[0] = wide.hidden[1] = 30;
    wide.rows = wide.batch = 1100; /* several chunks */
    check(&wide);
}

/* Encoded numeric features, of few and many bins. */
static void
test_encoded(void **unused)
{
    (void) unused;
    const uint32_t bins[] = {0, 1, 2, 8, 16, 33}, inputs[] = {1, 5, 16, 17};
    for (size_t b = 0; b < sizeof bins / sizeof *bins; b++)
        for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++)
            for (uint32_t n_hidden = 0; n_hidden <= 1; n_hidden++) {
                struct spec spec = base;
                spec.bins = bins[b];
                spec.softclip = (b + i) % 2 ? 0.5f : 0;
                spec.n_x = inputs[i];
                spec.n_hidden = n_hidden;
                spec.hidden[0] = 20;
                spec.replay = i % 2 ? 5 : 0;
                spec.clip = b % 2 ? 0.1f : 0;
                check(&spec);
            }
    struct spec wide = base;
    const size_t widths[] = {32, 64, 100, 128, 200}, batches[] = {1, 64, 65, 330};
    for (size_t w = 0; w < sizeof widths / sizeof *widths; w++)
        for (size_t i = 0; i < sizeof batches / sizeof *batches; i++) {
            wide.bins = 9;
            wide.n_x = 5;
            wide.hidden[0] = (uint32_t) widths[w];
            wide.rows = wide.batch = (uint32_t) batches[i];
            wide.steps = 2;
            check(&wide);
        }
}

/* More classes than the cpu engine takes side by side, or has lanes; some of them masked. */
static void
test_classes(void **unused)
{
    (void) unused;
    const uint32_t outputs[] = {1, 2, 8, 9, 16, 33, 64, 65, 130};
    for (size_t i = 0; i < sizeof outputs / sizeof *outputs; i++)
        for (int mask = 0; mask < 2; mask++) {
            struct spec spec = base;
            spec.n_out = outputs[i];
            spec.mask = mask;
            spec.replay = mask ? 5 : 0;
            check(&spec);
        }
}

/* All combinations of what a plan can ask for beside these. */
static void
test_plans(void **unused)
{
    (void) unused;
    for (uint32_t bits = 0; bits < 128; bits++)
        for (int optimiser = OPT_MOMENTUM; optimiser <= OPT_ADAM; optimiser += OPT_ADAM - OPT_MOMENTUM) {
            struct spec spec = base;
            spec.hidden[1] = 9;
            spec.optimiser = (enum optimiser_kind) optimiser;
            spec.clip = bits & 1 ? 0.05f : 0;
            spec.decay = bits & 2 ? 0.02f : 0;
            spec.anchor = bits & 4 ? 0.3f : 0;
            spec.replay = bits & 8 ? 70 : 0;
            spec.soft = bits & 8;
            spec.weights = bits & 16;
            spec.mask = bits & 32;
            spec.decoupled = bits & 64;
            spec.shuffle = !(bits & 1);
            check(&spec);
        }
}

/* Soft targets of both kinds and all losses that have them, with gaps, in groups, beside labels and instead of them. */
static void
test_soft_targets(void **unused)
{
    (void) unused;
    const enum loss losses[] = {LOSS_CE, LOSS_BCE, LOSS_MSE};
    const uint32_t outputs[] = {1, 2, 15, 33, 70};
    for (size_t o = 0; o < sizeof outputs / sizeof *outputs; o++)
        for (uint32_t bits = 0; bits < 24; bits++) {
            struct spec spec = base;
            spec.loss = losses[bits % 3];
            spec.n_out = outputs[o];
            spec.gaps = bits & 4;
            spec.temperature = spec.loss == LOSS_MSE ? 0 : bits & 8 ? 2 : 1;
            spec.soft_first = bits & 16;
            spec.soft = true;
            spec.replay = 30;
            spec.weights = bits & 8;
            spec.groups = spec.loss != LOSS_CE ? 0 : bits & 4 ? 3 : bits & 16 ? 2 : 0;
            spec.hidden[1] = 9;
            spec.steps = 2;
            check(&spec);
        }
    struct spec many = base; /* more outputs than a block of a sum has terms */
    many.n_out = 4200;
    many.n_hidden = 0;
    many.batch = 7;
    many.replay = 9;
    many.steps = 1;
    many.soft = many.gaps = true;
    many.temperature = 2;
    many.groups = 3;
    many.grouped = 2;
    check(&many);
}

/* Rows whose softmax is over the classes of a group, in either part or both, beside a mask for the others. */
static void
test_groups(void **unused)
{
    (void) unused;
    const uint32_t outputs[] = {1, 3, 10, 17, 64, 65};
    for (size_t o = 0; o < sizeof outputs / sizeof *outputs; o++)
        for (uint32_t bits = 0; bits < 24; bits++) {
            struct spec spec = base;
            spec.n_out = outputs[o];
            spec.groups = bits & 4 ? 3 : 2;
            spec.grouped = 1 + bits % 3;
            spec.mask = bits & 4;
            spec.smoothing = bits & 8 ? 0.1f : 0;
            spec.weights = bits & 16;
            spec.replay = 40;
            spec.hidden[1] = 9;
            spec.steps = 2;
            check(&spec);
        }
}

/* Layers with rates of their own, one of them 0. */
static void
test_rates(void **unused)
{
    (void) unused;
    for (int optimiser = 0; optimiser < OPT_KIND_COUNT; optimiser++)
        for (uint32_t bits = 0; bits < 4; bits++) {
            struct spec spec = base;
            spec.n_hidden = 3;
            spec.hidden[1] = 9;
            spec.optimiser = (enum optimiser_kind) optimiser;
            spec.rates = true;
            spec.decay = 0.02f;
            spec.decoupled = bits & 1;
            spec.clip = bits & 2 ? 0.05f : 0;
            spec.bins = bits & 2 ? 3 : 0;
            spec.steps = 3;
            check(&spec);
        }
}

/* In one step, a layer with a rate moves as all layers do with the learning rate times it; with 1, as it would. */
static void
test_rates_of_layers(void **unused)
{
    (void) unused;
    const struct engine *const engines[] = {&engine_ref, &engine_cpu};
    const float rates[4] = {0.5f, 1, 0.25f, 0}; /* exact with any learning rate */
    for (int optimiser = 0; optimiser < OPT_KIND_COUNT; optimiser++)
        for (size_t e = 0; e < 2; e++) {
            struct spec spec = base;
            struct fixture f;
            spec.n_hidden = 3;
            spec.hidden[1] = 9;
            spec.optimiser = (enum optimiser_kind) optimiser;
            spec.decay = 0.02f;
            spec.decoupled = optimiser % 2;
            spec.steps = 1;
            fixture_open(&f, &spec);
            const float lr = f.plan.lr[0];
            f.plan.layer_rates = rates;
            struct outcome with = run(&f, engines[e], 1);
            f.plan.layer_rates = NULL;
            for (uint32_t l = 0; l < 4; l++) {
                const float slower = lr * rates[l];
                f.plan.lr = &slower;
                struct outcome without = run(&f, engines[e], 1);
                const float *a = without.param, *b = with.param;
                for (uint32_t p = 0; p < f.network.n_params; p++) {
                    const uint64_t n = f.network.params[p].rows * f.network.params[p].cols;
                    if (f.network.params[p].layer == l)
                        assert_memory_equal(a, b, n * sizeof *a);
                    a += n;
                    b += n;
                }
                outcome_free(&without);
            }
            outcome_free(&with);
            arena_free(&f.arena);
        }
}

/* More rows than a chunk of the cpu engine has (512), so that its gradient tree has several levels. */
static void
test_long_batches(void **unused)
{
    (void) unused;
    const uint64_t rows[] = {511, 512, 513, 1024, 1100, 2700, 4100};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct spec spec = base;
        spec.rows = rows[i];
        spec.batch = 0;
        spec.steps = 2;
        spec.hidden[0] = 20;
        spec.hidden[1] = 5;
        check(&spec);
    }
    struct spec wide = base; /* activations above 8 MiB: chunks of one and two blocks */
    wide.n_x = 3;
    wide.n_hidden = 1;
    wide.hidden[0] = 9000;
    wide.batch = 300;
    wide.rows = 300;
    wide.steps = 1;
    check(&wide);
}

/* More rows than a block, and than a window, of the row order has; steps that span its windows and its epochs. */
static void
test_long_epochs(void **unused)
{
    (void) unused;
    const uint64_t rows[] = {65536, 70000, 530000, 600001};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct spec spec = base;
        spec.n_x = 1;
        spec.n_c = 0;
        spec.n_hidden = 0;
        spec.n_out = 1;
        spec.loss = LOSS_MSE;
        spec.rows = rows[i];
        spec.batch = (uint32_t) rows[i] / 5 - 7;
        spec.steps = 7;
        check(&spec);
    }
}

/* Big enough for two threads in every phase. */
static void
test_wide(void **unused)
{
    (void) unused;
    struct spec spec = base;
    spec.n_x = 200;
    spec.hidden[0] = 300;
    spec.hidden[1] = 250;
    spec.batch = 200;
    spec.steps = 2;
    spec.clip = 0.1f;
    spec.dropout = 0.1f;
    spec.activation = ACT_GELU;
    check_threads(&spec, 8);
    spec.clip = 0; /* weights are updated piece by piece, with their gradient */
    check_threads(&spec, 8);
}

/* Steps of which some go over threads, to find out what is faster. */
static void
test_trials(void **unused)
{
    (void) unused;
    struct spec spec = base;
    spec.n_x = 100;
    spec.hidden[0] = 100;
    spec.hidden[1] = 100;
    spec.steps = 14;
    check_threads(&spec, 8);
    spec.batch = 40;
    spec.dropout = 0.1f;
    check_threads(&spec, 8);
}

/* grad of 1, 2 and 4 shares of the blocks, added along the tree, then apply: the same bits as run. */
static void
test_shares(void **unused)
{
    (void) unused;
    const uint64_t cuts[][5] = {{0, 7}, {0, 4, 7}, {0, 2, 4, 6, 7}}; /* blocks of 64 of 420 rows */
    const struct engine *const engines[] = {&engine_ref, &engine_cpu};
    for (size_t e = 0; e < 2; e++)
        for (size_t cut = 0; cut < 3; cut++) {
            struct spec spec = base;
            spec.rows = 1400;
            spec.batch = 350;
            spec.replay = 70;
            spec.steps = 1;
            spec.clip = 0.05f;
            spec.decay = 0.1f;
            struct fixture f;
            struct error error;
            fixture_open(&f, &spec);
            struct outcome whole = run(&f, &engine_ref, 1), shared;
            struct engine_state *state = fixture_engine(&f, engines[e], 1, &error);
            uint64_t size = network_size(&f.network), n_shares = cut == 0 ? 1 : cut == 1 ? 2 : 4;
            float *share[4];
            struct run_result result;
            memset(&shared.result, 0, sizeof shared.result);
            for (uint64_t s = 0; s < n_shares; s++) {
                assert_int_equal(
                    engines[e]->grad(state, &f.plan, 3, cuts[cut][s], cuts[cut][s + 1] - cuts[cut][s], &result, &error),
                    0);
                share[s] = fixture_read(&f, engines[e], state, ENGINE_GRADIENT);
                shared.result.rows += result.rows;
            }
            for (uint64_t width = 1; width < n_shares; width *= 2)
                for (uint64_t s = 0; s + width < n_shares; s += 2 * width)
                    for (uint64_t i = 0; i < size; i++)
                        share[s][i] += share[s + width][i];
            fixture_write(&f, engines[e], state, ENGINE_GRADIENT, share[0]);
            assert_int_equal(engines[e]->apply(state, &f.plan, 3, &error), 0);
            outcome_read(&shared, &f, engines[e], state);
            assert_same(&spec, &f, engines[e]->name, "value", whole.param, shared.param);
            assert_same(&spec, &f, engines[e]->name, "first moment", whole.m, shared.m);
            assert_same(&spec, &f, engines[e]->name, "second moment", whole.v, shared.v);
            assert_int_equal(shared.result.rows, whole.result.rows);
            assert_int_equal(engines[e]->grad(state, &f.plan, 3, 7, 1, &result, &error), -1);
            assert_int_equal(engines[e]->grad(state, &f.plan, 3, 6, 2, &result, &error), -1);
            for (uint64_t s = 0; s < n_shares; s++)
                free(share[s]);
            engines[e]->close(state);
            outcome_free(&whole);
            outcome_free(&shared);
            arena_free(&f.arena);
        }
}

/* Training n steps at once or one by one, and going on in another engine, is the same. */
static void
test_steps_cut_and_moved(void **unused)
{
    (void) unused;
    struct spec spec = base;
    struct fixture f;
    struct error error;
    spec.steps = 6;
    spec.replay = 5;
    spec.dropout = 0.2f;
    fixture_open(&f, &spec);
    struct outcome whole = run(&f, &engine_ref, 1), moved;
    const struct engine *engine = &engine_ref;
    struct engine_state *state = fixture_engine(&f, engine, 1, &error);
    struct plan plan = f.plan;
    plan.n_steps = 1;
    for (int s = 0; s < 6; s++) {
        assert_int_equal(engine->run(state, &plan, &moved.result, &error), 0);
        outcome_read(&moved, &f, engine, state);
        if (s == 5)
            break;
        engine->close(state);
        engine = engine == &engine_ref ? &engine_cpu : &engine_ref;
        state = fixture_engine(&f, engine, 1, &error);
        fixture_write(&f, engine, state, ENGINE_PARAM, moved.param);
        fixture_write(&f, engine, state, ENGINE_M, moved.m);
        fixture_write(&f, engine, state, ENGINE_V, moved.v);
        outcome_free(&moved);
        plan.first_step++;
        plan.adam_step++;
        plan.lr++;
    }
    assert_same(&spec, &f, "moved", "value", whole.param, moved.param);
    assert_same(&spec, &f, "moved", "first moment", whole.m, moved.m);
    assert_same(&spec, &f, "moved", "second moment", whole.v, moved.v);
    engine->close(state);
    outcome_free(&whole);
    outcome_free(&moved);
    arena_free(&f.arena);
}

/* Plans of other seeds and sets, one after the other in the same engine: nothing is left of the order of rows before.
 */
static void
test_other_orders(void **unused)
{
    (void) unused;
    const struct engine *const engines[] = {&engine_ref, &engine_cpu};
    struct spec spec = base;
    struct fixture f;
    struct error error;
    struct run_result result;
    float *left[2];
    fixture_open(&f, &spec);
    for (size_t e = 0; e < 2; e++) {
        struct engine_state *state = fixture_engine(&f, engines[e], 1, &error);
        for (uint32_t turn = 0; turn < 8; turn++) {
            struct plan plan = f.plan;
            struct rowset rows = f.sets[turn / 4];
            rows.n -= turn % 4;
            plan.seed += turn / 2 % 2;
            assert_int_equal(engines[e]->load(state, 0, &rows, &error), 0);
            assert_int_equal(engines[e]->run(state, &plan, &result, &error), 0);
        }
        left[e] = fixture_read(&f, engines[e], state, ENGINE_PARAM);
        engines[e]->close(state);
    }
    assert_same(&spec, &f, "cpu", "value", left[0], left[1]);
    free(left[0]);
    free(left[1]);
    arena_free(&f.arena);
}

/* Dropout of the input, of few features and many, alone and with their bins, in one chunk and in several. */
static void
test_input_dropout(void **unused)
{
    (void) unused;
    const uint32_t inputs[] = {1, 3, 16, 17, 70, 130}, batches[] = {1, 64, 65, 200, 1100};
    for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++)
        for (uint32_t bits = 0; bits < 16; bits++) {
            struct spec spec = base;
            spec.n_x = inputs[i];
            spec.input_dropout = bits & 1 ? 0.25f : 0.6f;
            spec.bins = bits & 2 ? 9 : 0;
            spec.softclip = bits & 4 ? 0.5f : 0;
            spec.n_hidden = bits & 8 ? 1 : 0;
            spec.dropout = bits & 8 ? 0.3f : 0;
            spec.replay = bits & 8 ? 5 : 0;
            spec.batch = batches[(i + bits) % 5];
            spec.rows = spec.batch > spec.rows ? spec.batch : spec.rows;
            check(&spec);
        }
}

/* Outputs of a row do not depend on the rows beside it, nor on engine, instruction set or threads. */
static void
test_forward(void **unused)
{
    (void) unused;
    for (int activation = 0; activation < ACT_COUNT; activation++) {
        struct spec spec = base;
        struct fixture f;
        struct error error;
        spec.activation = (enum activation) activation;
        spec.rows = 700;
        spec.dropout = spec.input_dropout = 0.5f; /* must not show */
        spec.hidden[1] = spec.hidden[0];
        spec.norm = activation % 2 ? NORM_LAYER : NORM_NONE;
        spec.bins = activation % 2 ? 0 : 7;
        spec.skips = activation % 3 ? SKIP_LAST : SKIP_NONE;
        fixture_open(&f, &spec);
        float *ref = mem_array(700 * 3, sizeof *ref), *z = mem_array(700 * 3, sizeof *z);
        struct engine_state *state = fixture_engine(&f, &engine_ref, 1, &error);
        assert_int_equal(engine_ref.forward(state, &f.sets[0], 0, 700, ref, &error), 0);
        engine_ref.close(state);
        for (size_t i = 0; i < sizeof all_isas / sizeof *all_isas; i++) {
            if (!choose_isa(all_isas[i]))
                continue;
            state = fixture_engine(&f, &engine_cpu, 2, &error);
            assert_int_equal(engine_cpu.forward(state, &f.sets[0], 0, 700, z, &error), 0);
            assert_memory_equal(z, ref, 700 * 3 * sizeof *z);
            for (uint64_t first = 0, n = 1; first < 700; first += n, n = (n * 7 + 3) % 97 + 1) {
                n = n < 700 - first ? n : 700 - first;
                assert_int_equal(engine_cpu.forward(state, &f.sets[0], first, n, z, &error), 0);
                assert_memory_equal(z, ref + first * 3, n * 3 * sizeof *z);
            }
            engine_cpu.close(state);
        }
        unsetenv("CL_ISA");
        free(ref);
        free(z);
        arena_free(&f.arena);
    }
}

static void
test_frozen(void **unused)
{
    (void) unused;
    for (uint32_t mask = 0; mask < 256; mask++) {
        struct spec spec = base;
        struct fixture f;
        spec.optimiser = OPT_MOMENTUM;
        spec.decay = 0.1f;
        spec.clip = mask & 64 ? 0.1f : 0;
        spec.norm = mask & 128 ? NORM_LAYER : NORM_NONE;
        spec.skips = mask & 128 ? SKIP_LAST : SKIP_NONE;
        spec.hidden[1] = mask & 128 ? spec.hidden[0] : 65;
        fixture_open(&f, &spec);
        f.network.layers[0].frozen = mask & 1;
        f.network.layers[1].frozen = mask & 2;
        f.network.layers[2].frozen = mask & 4;
        f.network.params[f.network.layers[0].category0 + 1].frozen = mask & 8;
        f.network.params[f.network.layers[1].weight].frozen = mask & 16;
        f.network.params[f.network.layers[2].bias].frozen = mask & 32;
        struct outcome ref = run(&f, &engine_ref, 1), cpu = run(&f, &engine_cpu, 2);
        assert_equal_outcomes(&spec, &f, "cpu", &ref, &cpu);
        outcome_free(&ref);
        outcome_free(&cpu);
        arena_free(&f.arena);
    }
}

/* The matrix must have run on more than nothing. */
static void
test_count(void **unused)
{
    (void) unused;
    print_message("%u comparisons of cpu with ref\n", n_checked);
    assert_true(n_checked > 1000);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_networks),
        cmocka_unit_test(test_losses_and_optimisers),
        cmocka_unit_test(test_losses_and_outputs),
        cmocka_unit_test(test_muon),
        cmocka_unit_test(test_activations_and_batches),
        cmocka_unit_test(test_norms_and_skips),
        cmocka_unit_test(test_encoded),
        cmocka_unit_test(test_input_dropout),
        cmocka_unit_test(test_classes),
        cmocka_unit_test(test_plans),
        cmocka_unit_test(test_soft_targets),
        cmocka_unit_test(test_groups),
        cmocka_unit_test(test_rates),
        cmocka_unit_test(test_rates_of_layers),
        cmocka_unit_test(test_long_batches),
        cmocka_unit_test(test_long_epochs),
        cmocka_unit_test(test_wide),
        cmocka_unit_test(test_trials),
        cmocka_unit_test(test_shares),
        cmocka_unit_test(test_steps_cut_and_moved),
        cmocka_unit_test(test_other_orders),
        cmocka_unit_test(test_forward),
        cmocka_unit_test(test_frozen),
        cmocka_unit_test(test_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
