#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "importance.h"
#include "init.h"
#include "rng.h"
#include "strategy.h"
#include "trainer.h"

enum { ROWS = 300, D = 3, O = 4 };

/* Rows of four classes, the first n_classes of which a network with so many outputs learns. */
struct fixture {
    float x[ROWS * D];
    uint32_t label[ROWS];
    struct model model;
    struct trainer_setup setup;
};

static void
begin(struct fixture *f, uint32_t outputs)
{
    const struct rng_key key = rng_key(5, RNG_INIT, 1);
    const uint32_t width = 6;
    memset(f, 0, sizeof *f);
    for (uint64_t i = 0; i < ROWS * D; i++)
        f->x[i] = (float) rng_normal(key, i);
    for (int i = 0; i < ROWS; i++)
        f->label[i] = (f->x[i * D] > 0) + 2u * (f->x[i * D + 1] > 0) * (outputs > 2);
    network_dense(&f->model.network, &f->model.arena, D, 0, NULL, NULL, &width, 1, ACT_TANH, 0, outputs);
    init_network(&f->model.network, INIT_AUTO, 3);
    f->model.training = value_map(&f->model.arena);
    f->model.loss = LOSS_CE;
    f->setup = (struct trainer_setup){
        .engine = &engine_ref,
        .threads = 1,
        .network = &f->model.network,
        .loss = LOSS_CE,
        .train = {.n = ROWS, .x = f->x, .label = f->label},
        .seed = 2,
        .optimiser = {.kind = OPT_ADAM, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8},
        .schedule = {.kind = SCHEDULE_CONSTANT, .lr = 0.01},
        .batch = 32,
        .epochs = 3,
        .learn = {.model = &f->model, .options = {.strength = 1, .ewc_gamma = 0.5, .si_xi = 0.1, .temperature = 2}},
    };
}

static void
end(struct fixture *f)
{
    model_free(&f->model);
}

static void
train(struct fixture *f)
{
    struct trainer *trainer;
    struct error error;
    const struct trainer_hooks hooks = {0};
    assert_int_equal(trainer_open(&trainer, &f->setup, &error), 0);
    assert_int_equal(trainer_run(trainer, &hooks, &error), 0);
    assert_int_equal(trainer_finish(trainer, &f->model, &error), 0);
    trainer_close(trainer);
}

static const float *
remembered(const struct model *model, const char *what, uint32_t p)
{
    struct arena scratch = {0};
    const struct param *param = &model->network.params[p];
    const struct tensor *tensor =
        model_find(model, TENSOR_IMPORTANCE, arena_printf(&scratch, "%s.%s", what, param->name));
    arena_free(&scratch);
    assert_non_null(tensor);
    assert_int_equal(tensor->shape[0], param->rows);
    assert_int_equal(tensor->shape[1], param->cols);
    return tensor->data;
}

static double
mean_importance(const struct model *model)
{
    double sum = 0;
    uint64_t n = 0;
    for (uint32_t p = 0; p < model->network.n_params; p++) {
        const float *omega = remembered(model, "omega", p);
        const uint64_t count = model->network.params[p].rows * model->network.params[p].cols;
        n += count;
        for (uint64_t i = 0; i < count; i++)
            sum += (double) omega[i];
    }
    return sum / (double) n;
}

static uint64_t
size_of(const struct param *param)
{
    return param->rows * param->cols;
}

static void
test_names(void **state)
{
    (void) state;
    for (int i = 0; strategy_names[i] != NULL; i++) {
        assert_int_equal(strategy_find(strategy_names[i]), i);
        assert_string_equal(strategy_at(i)->name, strategy_names[i]);
    }
    assert_int_equal(strategy_find("no such"), -1);
    assert_int_equal(strategy_find(NULL), -1);
}

/* auto: der where something is of another kind and rows are kept; more of the same is lwf's. */
static void
test_choice(void **state)
{
    (void) state;
    const int der = strategy_find("der"), lwf = strategy_find("lwf");
    assert_int_equal(strategy_choose(500, true, 0), der);
    assert_int_equal(strategy_choose(500, false, 0.51), der);
    assert_int_equal(strategy_choose(500, false, 0.49), lwf);
    assert_int_equal(strategy_choose(500, false, -1), lwf);
    assert_int_equal(strategy_choose(500, false, INFINITY), der);
    assert_int_equal(strategy_choose(0, false, 0), lwf);
    assert_int_equal(strategy_choose(0, true, 0), STRATEGY_NONE);
}

static void
test_weights(void **state)
{
    (void) state;
    double fresh, old;
    struct strategy_run run = {.updates = 3, .options.replay_weights = REPLAY_SHARE};
    strategy_weights(&run, &fresh, &old);
    assert_true(fresh == 0.25 && old == 0.75);
    run.options.replay_weights = REPLAY_EQUAL;
    strategy_weights(&run, &fresh, &old);
    assert_true(fresh == 1 && old == 1);
    run.options.replay_weights = REPLAY_ROOT;
    strategy_weights(&run, &fresh, &old);
    assert_true(fresh == 0.5 && old == 0.5);
    run.options.replay_weights = REPLAY_ROWS;
    run.train.n = 1500;
    strategy_weights(&run, &fresh, &old);
    assert_true(fresh == 0.75 && old == 0.25);
}

/* A first training with si moves the weights as one without: grad() and apply() are run(). What it leaves is the
 * definition, worked out here step by step. */
static void
test_si_along_the_path(void **state)
{
    (void) state;
    struct fixture *plain = malloc(sizeof *plain), *f = malloc(sizeof *f);
    begin(plain, O);
    plain->setup.strategy = &strategy_none;
    train(plain);
    begin(f, O);
    f->setup.strategy = &strategy_si;

    /* The same run by hand. */
    struct engine_state *engine;
    struct error error;
    const struct engine_options options = {.threads = 1};
    assert_int_equal(engine_ref.open(&engine, &f->model.network, &options, &error), 0);
    assert_int_equal(engine_ref.load(engine, 0, &f->setup.train, &error), 0);
    const float lr = 0.01f;
    float path[4][64] = {{0}}, start[4][64], before[64], after[64], g[4][64];
    const struct network *network = &f->model.network;
    assert_int_equal(network->n_params, 4);
    for (uint32_t p = 0; p < 4; p++)
        memcpy(start[p], network->params[p].data, size_of(&network->params[p]) * sizeof(float));
    float now[4][64];
    memcpy(now, start, sizeof now);
    for (uint64_t step = 0; step < 30; step++) {
        const struct plan plan = {
            .seed = 2,
            .first_step = step,
            .n_steps = 1,
            .adam_step = step,
            .lr = &lr,
            .loss = LOSS_CE,
            .optimiser = f->setup.optimiser,
            .parts[0] = {.rows = 32, .weight = 1},
            .n_parts = 1,
            .shuffle = true,
        };
        struct run_result result;
        assert_int_equal(engine_ref.grad(engine, &plan, step, 0, UINT64_MAX, &result, &error), 0);
        for (uint32_t p = 0; p < 4; p++)
            assert_int_equal(engine_ref.read(engine, ENGINE_GRADIENT, p, g[p], &error), 0);
        assert_int_equal(engine_ref.apply(engine, &plan, step, &error), 0);
        for (uint32_t p = 0; p < 4; p++) {
            assert_int_equal(engine_ref.read(engine, ENGINE_PARAM, p, after, &error), 0);
            memcpy(before, now[p], sizeof before);
            for (uint64_t i = 0; i < size_of(&network->params[p]); i++)
                path[p][i] -= g[p][i] * (after[i] - before[i]);
            memcpy(now[p], after, sizeof after);
        }
    }
    engine_ref.close(engine);

    train(f);
    double sum = 0;
    uint64_t n = 0;
    for (uint32_t p = 0; p < 4; p++) {
        assert_memory_equal(network->params[p].data, plain->model.network.params[p].data,
                            size_of(&network->params[p]) * sizeof(float));
        assert_memory_equal(network->params[p].data, now[p], size_of(&network->params[p]) * sizeof(float));
        n += size_of(&network->params[p]);
        for (uint64_t i = 0; i < size_of(&network->params[p]); i++) {
            const double way = (double) now[p][i] - (double) start[p][i];
            path[p][i] = (float) (fmax(0, (double) path[p][i]) / (way * way + 0.1));
            sum += (double) path[p][i];
        }
    }
    assert_true(sum > 0);
    for (uint32_t p = 0; p < 4; p++) {
        const float *omega = remembered(&f->model, "omega", p), *anchor = remembered(&f->model, "anchor", p);
        for (uint64_t i = 0; i < size_of(&network->params[p]); i++) {
            assert_true(omega[i] == (float) ((double) n / sum * (double) path[p][i]));
            assert_true(anchor[i] == now[p][i]);
        }
    }
    end(plain);
    end(f);
    free(plain);
    free(f);
}

/* Several penalties are one: for any theta, their sum and the one differ by a constant. */
static void
test_merged_penalty(void **state)
{
    (void) state;
    struct fixture *f = malloc(sizeof *f);
    begin(f, O);
    struct arena arena = {0};
    struct strategy_run run = {.model = &f->model, .arena = &arena, .start = &f->model.network, .updates = 0};
    struct error error;
    assert_int_equal(importance_prepare(&run, &error), 0);
    const struct rng_key key = rng_key(8, RNG_INIT, 2);
    double weight[3], where[3];
    for (int t = 0; t < 3; t++) { /* three runs; the first parameter's first number is watched */
        float **fresh = importance_zeros(&run);
        weight[t] = fresh[0][0] = rng_unit((uint32_t) rng_u64(key, (uint64_t) t));
        where[t] = f->model.network.params[0].data[0] = (float) rng_normal(key, 10 + (uint64_t) t);
        if (t == 1)
            weight[t] = fresh[0][0] = 0; /* of no importance in this one */
        importance_keep(&run, 1, fresh, true);
        run = (struct strategy_run){.model = &f->model, .arena = &arena, .start = &f->model.network, .updates = 1};
        assert_int_equal(importance_prepare(&run, &error), 0);
    }
    const double omega = (double) remembered(&f->model, "omega", 0)[0],
                 anchor = (double) remembered(&f->model, "anchor", 0)[0];
    double constant = 0;
    for (int i = 0; i < 5; i++) {
        const double theta = i - 2;
        double sum = 0, one = omega * (theta - anchor) * (theta - anchor);
        for (int t = 0; t < 3; t++)
            sum += weight[t] * (theta - where[t]) * (theta - where[t]);
        if (i == 0)
            constant = sum - one;
        assert_true(fabs(sum - one - constant) < 1e-5);
    }
    arena_free(&arena);
    end(f);
    free(f);
}

/* Importance of a smaller network: what grew has none, and two classes that were one output share theirs. */
static void
test_grown(void **state)
{
    (void) state;
    struct fixture *f = malloc(sizeof *f);
    for (int split = 0; split < 2; split++) {
        begin(f, 3);
        struct arena arena = {0};
        struct model *model = &f->model;
        const uint32_t had = split ? 1 : 2;
        for (uint32_t p = 0; p < model->network.n_params; p++) {
            const struct param *param = &model->network.params[p];
            const uint64_t cols = param->layer == 1 ? had : param->cols;
            float *omega = arena_array(&model->arena, param->rows * cols, sizeof *omega);
            float *anchor = arena_array(&model->arena, param->rows * cols, sizeof *anchor);
            for (uint64_t i = 0; i < param->rows * cols; i++) {
                omega[i] = (float) i + 1;
                anchor[i] = -(float) i;
            }
            const uint64_t shape[] = {param->rows, cols};
            model_put(model, TENSOR_IMPORTANCE, arena_printf(&arena, "omega.%s", param->name), DTYPE_F32, 2, shape,
                      omega);
            model_put(model, TENSOR_IMPORTANCE, arena_printf(&arena, "anchor.%s", param->name), DTYPE_F32, 2, shape,
                      anchor);
        }
        struct strategy_run run = {.model = model, .arena = &arena, .start = &model->network, .updates = 1};
        struct error error;
        assert_int_equal(importance_prepare(&run, &error), 0);
        const struct importance *importance = run.own;
        assert_true(importance->known);
        const struct param *weight = &model->network.params[2];
        assert_int_equal(weight->cols, 3);
        for (uint64_t i = 0; i < weight->rows; i++) {
            const float *omega = importance->omega[2] + 3 * i, *anchor = importance->anchor[2] + 3 * i;
            const float first = split ? (float) i : (float) (2 * i);
            assert_true(omega[0] == first + 1 && omega[1] == (split ? first + 1 : first + 2) && omega[2] == 0);
            assert_true(anchor[0] == (split ? first / 2 : -first) && anchor[1] == (split ? -first / 2 : -first - 1));
            assert_true(anchor[2] == weight->data[3 * i + 2]);
        }
        /* A model with fewer outputs than it remembers is refused, and so is importance below 0. */
        const uint64_t shape[] = {weight->rows, 4};
        float *bad = arena_zalloc(&model->arena, weight->rows * 4, sizeof *bad);
        model_put(model, TENSOR_IMPORTANCE, "omega.output.weight", DTYPE_F32, 2, shape, bad);
        run.own = NULL;
        assert_int_equal(importance_prepare(&run, &error), -1);
        bad[0] = -1;
        model_put(model, TENSOR_IMPORTANCE, "omega.output.weight", DTYPE_F32, 2, (const uint64_t[]){weight->rows, 2},
                  bad);
        run.own = NULL;
        assert_int_equal(importance_prepare(&run, &error), -1);
        arena_free(&arena);
        end(f);
    }
    free(f);
}

/* Neither importance nor rows: said, not passed over. */
static void
test_nothing_remembered(void **state)
{
    (void) state;
    struct fixture *f = malloc(sizeof *f);
    const struct strategy *const penalties[] = {&strategy_ewc, &strategy_online_ewc, &strategy_si};
    for (int i = 0; i < 3; i++) {
        struct trainer *trainer;
        struct error error;
        begin(f, O);
        f->setup.strategy = penalties[i];
        f->setup.learn.updates = 1;
        assert_int_equal(trainer_open(&trainer, &f->setup, &error), -1);
        assert_non_null(strstr(error.text, "which of its parameters are important"));
        end(f);
    }
    free(f);
}

/* lwf: what the old outputs said stays, new ones are free; and it is the more, the stronger. */
static void
test_lwf(void **state)
{
    (void) state;
    struct fixture *f = malloc(sizeof *f);
    double moved[3];
    for (int k = 0; k < 3; k++) {
        begin(f, O);
        float z0[ROWS * O], z1[ROWS * O];
        struct error error;
        const struct engine_options options = {.threads = 1};
        struct extent old[4];
        struct engine_state *engine;
        for (uint32_t p = 0; p < 4; p++) /* outputs 2 and 3 are new */
            old[p] = (struct extent){f->model.network.params[p].rows, p >= 2 ? 2 : f->model.network.params[p].cols};
        assert_int_equal(engine_ref.open(&engine, &f->model.network, &options, &error), 0);
        assert_int_equal(engine_ref.forward(engine, &f->setup.train, 0, ROWS, z0, &error), 0);
        engine_ref.close(engine);
        f->setup.strategy = &strategy_lwf;
        f->setup.learn.updates = 1;
        f->setup.learn.old = old;
        f->setup.learn.options.strength = k == 0 ? 0 : k == 1 ? 1 : 30;
        train(f);
        assert_int_equal(engine_ref.open(&engine, &f->model.network, &options, &error), 0);
        assert_int_equal(engine_ref.forward(engine, &f->setup.train, 0, ROWS, z1, &error), 0);
        engine_ref.close(engine);
        moved[k] = 0;
        for (int i = 0; i < ROWS; i++) /* a softmax over the old two sees their difference */
            moved[k] += fabs((double) (z1[i * O] - z1[i * O + 1]) - (double) (z0[i * O] - z0[i * O + 1]));
        end(f);
    }
    assert_true(moved[0] > moved[1] && moved[1] > moved[2]);
    free(f);
}

/* der: a row stored before a class came is held, for that class, to the likeliest class that it is not. */
static void
test_der_completes(void **state)
{
    (void) state;
    struct fixture *f = malloc(sizeof *f);
    begin(f, 4);
    const float soft[3 * 4] = {3, 1, NAN, NAN, -2, 5, NAN, 0, NAN, NAN, 4, NAN};
    const float whole[3 * 4] = {3, 1, 1, 1, -2, 5, 0, 0, NAN, NAN, 4, NAN};
    const uint32_t label[3] = {0, 1, 2};
    struct strategy_run run = {
        .start = &f->model.network,
        .arena = &f->model.arena,
        .memory = {.n = 3, .soft = soft, .label = label},
        .train = {.n = 4},
    };
    struct error error;
    assert_int_equal(strategy_der.prepare(&run, &error), 0);
    for (int i = 0; i < 12; i++)
        assert_true(run.memory.soft[i] == whole[i] || (isnan(run.memory.soft[i]) && isnan(whole[i])));
    run.memory.soft = soft;
    run.groups = label; /* other groups have softmaxes of their own */
    assert_int_equal(strategy_der.prepare(&run, &error), 0);
    assert_ptr_equal(run.memory.soft, soft);
    run.groups = NULL;
    run.train.n = 3; /* few rows hardly win by their number */
    assert_int_equal(strategy_der.prepare(&run, &error), 0);
    assert_ptr_equal(run.memory.soft, soft);
    end(f);
    free(f);
}

/* The Fisher information of a softmax by its definition, on one layer: E[(p_j - [y = j])^2 x_i^2]. */
static void
test_ewc_leaves_fisher(void **state)
{
    (void) state;
    struct fixture *f = malloc(sizeof *f);
    begin(f, O);
    f->setup.strategy = &strategy_ewc;
    train(f);
    assert_true(fabs(mean_importance(&f->model) - 1) < 1e-4);
    const struct network *network = &f->model.network;
    double fisher[4][64] = {{0}}, sum = 0;
    uint64_t n = 0;
    for (int i = 0; i < ROWS; i++) {
        double h[6], z[O], p[O], total = 0;
        for (int u = 0; u < 6; u++) {
            double a = (double) network->params[1].data[u];
            for (int j = 0; j < D; j++)
                a += (double) f->x[i * D + j] * (double) network->params[0].data[j * 6 + u];
            h[u] = tanh(a);
        }
        for (int j = 0; j < O; j++) {
            z[j] = (double) network->params[3].data[j];
            for (int u = 0; u < 6; u++)
                z[j] += h[u] * (double) network->params[2].data[u * O + j];
            total += exp(z[j]);
        }
        for (int y = 0; y < O; y++) {
            p[y] = exp(z[y]) / total;
            double dz[O], dh[6] = {0};
            for (int j = 0; j < O; j++)
                dz[j] = exp(z[j]) / total - (j == y);
            for (int u = 0; u < 6; u++) {
                for (int j = 0; j < O; j++)
                    dh[u] += dz[j] * (double) network->params[2].data[u * O + j];
                dh[u] *= 1 - h[u] * h[u];
                for (int j = 0; j < O; j++)
                    fisher[2][u * O + j] += p[y] * dz[j] * dz[j] * h[u] * h[u];
                for (int j = 0; j < D; j++)
                    fisher[0][j * 6 + u] += p[y] * dh[u] * dh[u] * (double) (f->x[i * D + j] * f->x[i * D + j]);
                fisher[1][u] += p[y] * dh[u] * dh[u];
            }
            for (int j = 0; j < O; j++)
                fisher[3][j] += p[y] * dz[j] * dz[j];
        }
    }
    for (uint32_t p = 0; p < 4; p++)
        for (uint64_t i = 0; i < size_of(&network->params[p]); i++, n++)
            sum += fisher[p][i];
    for (uint32_t p = 0; p < 4; p++)
        for (uint64_t i = 0; i < size_of(&network->params[p]); i++)
            assert_true(fabs(fisher[p][i] * (double) n / sum - (double) remembered(&f->model, "omega", p)[i]) <
                        1e-3 * (1 + fisher[p][i] * (double) n / sum));

    /* A second run is drawn back, the more the stronger; online-ewc halves what was. */
    float *first = malloc(sizeof *first * 24);
    memcpy(first, remembered(&f->model, "omega", 2), 24 * sizeof *first);
    double moved[2];
    for (int k = 0; k < 2; k++) {
        struct fixture *g = malloc(sizeof *g);
        begin(g, O);
        g->setup.strategy = &strategy_online_ewc;
        g->setup.learn.updates = 1;
        g->setup.learn.options.strength = k == 0 ? 0.01 : 100;
        for (int i = 0; i < ROWS; i++)
            g->label[i] = 3 - g->label[i];
        for (uint32_t p = 0; p < 4; p++) {
            const struct param *param = &g->model.network.params[p];
            struct arena *arena = &g->model.arena;
            const uint64_t shape[] = {param->rows, param->cols};
            memcpy(param->data, network->params[p].data, size_of(param) * sizeof(float));
            for (int w = 0; w < 2; w++) {
                const char *what = w == 0 ? "omega" : "anchor";
                float *data = arena_array(arena, size_of(param), sizeof *data);
                memcpy(data, remembered(&f->model, what, p), size_of(param) * sizeof *data);
                model_put(&g->model, TENSOR_IMPORTANCE, arena_printf(arena, "%s.%s", what, param->name), DTYPE_F32, 2,
                          shape, data);
            }
        }
        train(g);
        moved[k] = 0;
        for (uint32_t p = 0; p < 4; p++)
            for (uint64_t i = 0; i < size_of(&network->params[p]); i++) {
                const double way = (double) g->model.network.params[p].data[i] - (double) network->params[p].data[i];
                moved[k] += (double) remembered(&f->model, "omega", p)[i] * way * way;
                assert_true(remembered(&g->model, "anchor", p)[i] == g->model.network.params[p].data[i]);
            }
        assert_true(fabs(mean_importance(&g->model) - 1.5) < 1e-4);
        for (int i = 0; i < 24; i++)
            assert_true(remembered(&g->model, "omega", 2)[i] >= 0.5f * first[i]);
        end(g);
        free(g);
    }
    assert_true(moved[1] < moved[0] / 10);
    free(first);
    end(f);
    free(f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_choice),
        cmocka_unit_test(test_weights),
        cmocka_unit_test(test_si_along_the_path),
        cmocka_unit_test(test_merged_penalty),
        cmocka_unit_test(test_grown),
        cmocka_unit_test(test_nothing_remembered),
        cmocka_unit_test(test_lwf),
        cmocka_unit_test(test_der_completes),
        cmocka_unit_test(test_ewc_leaves_fisher),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
