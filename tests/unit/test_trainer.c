#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "init.h"
#include "rng.h"
#include "trainer.h"

enum { ROWS = 700, D = 4 };

/* y = x0 - 2 x1 + noise of the others; the same rows for every test. */
struct fixture {
    float x[ROWS * D], y[ROWS];
    struct model model;
    struct trainer_setup setup;
};

static void
begin(struct fixture *f)
{
    struct rng_key key = rng_key(9, RNG_INIT, 1);
    uint32_t width = 8;
    memset(f, 0, sizeof *f);
    for (uint64_t i = 0; i < ROWS * D; i++)
        f->x[i] = (float) rng_normal(key, i);
    for (int i = 0; i < ROWS; i++)
        f->y[i] = f->x[i * D] - 2 * f->x[i * D + 1] + 0.3f * f->x[i * D + 2] * f->x[i * D + 3];
    network_dense(&f->model.network, &f->model.arena, D, 0, NULL, NULL, &width, 1, ACT_RELU, 0.1f, 1);
    init_network(&f->model.network, INIT_AUTO, 1);
    f->model.training = value_map(&f->model.arena);
    f->setup = (struct trainer_setup){
        .engine = &engine_ref,
        .threads = 1,
        .network = &f->model.network,
        .loss = LOSS_MSE,
        .train = {.n = 500, .x = f->x, .y = f->y},
        .valid = {.n = 200, .x = f->x + 500 * D, .y = f->y + 500},
        .seed = 4,
        .optimiser = {.kind = OPT_ADAM, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8},
        .schedule = {.kind = SCHEDULE_PLATEAU, .lr = 0.01, .factor = 0.5, .patience = 1},
        .batch = 32,
        .epochs = 30,
        .patience = 8,
    };
}

/* Parameters of the network, one after the other. */
static size_t
params(const struct network *network, float *to)
{
    size_t n = 0;
    for (uint32_t p = 0; p < network->n_params; p++) {
        size_t count = network->params[p].rows * network->params[p].cols;
        memcpy(to + n, network->params[p].data, count * sizeof *to);
        n += count;
    }
    return n;
}

struct saver {
    struct model *model; /* where to save */
    uint64_t at;         /* after so many calls */
    uint64_t calls, epochs;
};

static int
on_steps(void *arg, struct trainer *trainer, struct error *error)
{
    struct saver *saver = arg;
    if (++saver->calls != saver->at)
        return 0;
    if (trainer_save(trainer, saver->model, error) < 0)
        return -1;
    return error_set(error, STATUS_NO, "stop here");
}

static int
on_epoch(void *arg, struct trainer *trainer, struct error *error)
{
    (void) trainer;
    (void) error;
    ((struct saver *) arg)->epochs++;
    return 0;
}

/* Runs to the end, or to the call at which it is saved. */
static struct trainer_state
run(struct fixture *f, struct saver *saver, const struct model *from)
{
    struct trainer *trainer;
    struct error error;
    const struct trainer_hooks hooks = {.arg = saver, .steps = on_steps, .epoch = on_epoch};
    assert_int_equal(trainer_open(&trainer, &f->setup, &error), 0);
    if (from != NULL)
        assert_int_equal(trainer_restore(trainer, from, &error), 0);
    int status = trainer_run(trainer, &hooks, &error);
    assert_int_equal(status, saver->at > 0 && saver->calls == saver->at ? -1 : 0);
    if (status == 0)
        assert_int_equal(trainer_finish(trainer, &f->model, &error), 0);
    struct trainer_state state = *trainer_state(trainer);
    trainer_close(trainer);
    return state;
}

static void
test_learns_and_keeps_the_best(void **state)
{
    (void) state;
    struct fixture *f = malloc(sizeof *f);
    struct saver saver = {0};
    begin(f);
    struct trainer_state end = run(f, &saver, NULL);
    assert_int_equal(saver.epochs, end.epoch);
    assert_true(end.loss < 1);
    assert_true(end.best_epoch > 0 && end.best_loss <= end.valid_loss);
    assert_true(end.end == TRAINER_COMPLETE ? end.epoch == 30 : end.epoch == end.best_epoch + 8);
    assert_true(isnan(end.valid_accuracy));
    /* The result is the best epoch: training so many epochs and no more gives the same. */
    float a[100], b[100];
    size_t n = params(&f->model.network, a);
    model_free(&f->model);
    begin(f);
    f->setup.epochs = end.best_epoch;
    run(f, &(struct saver){0}, NULL);
    assert_int_equal(params(&f->model.network, b), n);
    assert_memory_equal(a, b, n * sizeof *a);
    model_free(&f->model);
    free(f);
}

/* Saved after any run of steps and taken up by a new trainer, the end has the same bits. */
static void
check_resume(void (*change)(struct trainer_setup *))
{
    struct fixture *whole = malloc(sizeof *whole), *part = malloc(sizeof *part);
    float a[100], b[100];
    begin(whole);
    change(&whole->setup);
    struct saver none = {0};
    struct trainer_state end = run(whole, &none, NULL);
    size_t n = params(&whole->model.network, a);
    for (uint64_t at = 1; at < none.calls; at += 3) {
        struct model saved;
        begin(part);
        change(&part->setup);
        saved = part->model; /* the state is kept in the model the run began with */
        run(part, &(struct saver){.model = &saved, .at = at}, NULL);
        part->model = saved;

        struct fixture *again = malloc(sizeof *again);
        begin(again);
        change(&again->setup);
        struct trainer_state resumed = run(again, &(struct saver){0}, &saved);
        assert_int_equal(params(&again->model.network, b), n);
        assert_memory_equal(a, b, n * sizeof *a);
        assert_int_equal(resumed.epoch, end.epoch);
        assert_true(resumed.loss == end.loss && resumed.end == end.end);
        const float *m = model_find(&again->model, TENSOR_OPTIMISER, "m.output.weight")->data;
        assert_memory_equal(m, model_find(&whole->model, TENSOR_OPTIMISER, "m.output.weight")->data, 8 * sizeof *m);
        assert_null(value_get(again->model.training, "resume"));
        model_free(&again->model);
        model_free(&part->model);
        free(again);
    }
    model_free(&whole->model);
    free(whole);
    free(part);
}

static void
keep(struct trainer_setup *setup)
{
    (void) setup;
}

static void
by_steps(struct trainer_setup *setup)
{
    setup->steps = 101;
    setup->valid.n = 0;
    setup->schedule.kind = SCHEDULE_COSINE;
}

static void
head_first(struct trainer_setup *setup)
{
    setup->head_epochs = 4;
    setup->epochs = 9;
}

static void
averaged(struct trainer_setup *setup)
{
    setup->ema = 0.97;
}

/* The last epoch is the result, and it is cut short. */
static void
averaged_by_steps(struct trainer_setup *setup)
{
    by_steps(setup);
    setup->ema = 0.97;
}

static void
averaged_head_first(struct trainer_setup *setup)
{
    head_first(setup);
    setup->ema = 0.97;
}

static void
rate_open(struct trainer_setup *setup)
{
    setup->schedule.lr = NAN;
    setup->epochs = 6;
}

static void
test_resumes_with_the_same_bits(void **state)
{
    (void) state;
    check_resume(averaged);
    check_resume(averaged_by_steps);
    check_resume(averaged_head_first);
    check_resume(rate_open);
    check_resume(keep);
    check_resume(by_steps);
    check_resume(head_first);
}

/* Mean squared error over the validation rows of what the network is now. */
static double
valid_error(const struct fixture *f)
{
    struct engine_state *state;
    struct error error;
    float z[200];
    double sum = 0;
    assert_int_equal(engine_ref.open(&state, &f->model.network, &(struct engine_options){.threads = 1}, &error), 0);
    assert_int_equal(engine_ref.forward(state, &f->setup.valid, 0, 200, z, &error), 0);
    for (int i = 0; i < 200; i++) {
        float d = z[i] - f->setup.valid.y[i];
        sum += (double) (d * d);
    }
    engine_ref.close(state);
    return sum / 200;
}

/* With --ema the mean is what is validated, and what is kept is what was validated; the course of training is not
 * changed by looking at it. */
static void
test_the_mean_is_judged_and_kept(void **state)
{
    (void) state;
    struct trainer_state end[2];
    for (int i = 0; i < 2; i++) {
        struct fixture *f = malloc(sizeof *f);
        begin(f);
        f->setup.schedule.kind = SCHEDULE_CONSTANT;
        f->setup.epochs = 8;
        f->setup.patience = 0;
        f->setup.ema = i == 0 ? 0 : 0.98;
        end[i] = run(f, &(struct saver){0}, NULL);
        assert_true(fabs(valid_error(f) - end[i].best_loss) < 1e-6 * end[i].best_loss);
        model_free(&f->model);
        free(f);
    }
    assert_true(fabs(end[0].loss - end[1].loss) < 1e-6 * end[0].loss);
    assert_true(end[0].valid_loss != end[1].valid_loss);
}

/* A rate that is left open is found by every exact engine alike, and then is the same run as with the rate given. */
static void
test_finds_a_rate(void **state)
{
    (void) state;
    const struct engine *const engines[] = {&engine_ref, &engine_cpu};
    double found[2];
    float a[100], b[100];
    for (int i = 0; i < 2; i++) {
        struct fixture *f = malloc(sizeof *f);
        struct trainer *trainer;
        struct error error;
        begin(f);
        rate_open(&f->setup);
        f->setup.engine = engines[i];
        assert_int_equal(trainer_open(&trainer, &f->setup, &error), 0);
        found[i] = trainer_lr(trainer);
        assert_int_equal(trainer_run(trainer, &(struct trainer_hooks){0}, &error), 0);
        assert_int_equal(trainer_finish(trainer, &f->model, &error), 0);
        trainer_close(trainer);
        params(&f->model.network, a);
        model_free(&f->model);
        begin(f);
        rate_open(&f->setup);
        f->setup.schedule.lr = found[i];
        run(f, &(struct saver){0}, NULL);
        size_t n = params(&f->model.network, b);
        assert_memory_equal(a, b, n * sizeof *a);
        model_free(&f->model);
        free(f);
    }
    assert_true(found[0] == found[1]);
    assert_true(found[0] >= 0.001 && found[0] <= 0.1);
}

/* Targets that are no numbers; and a rate that may not be as low as the one found. */
static void
test_no_rate_is_an_error(void **state)
{
    (void) state;
    for (int i = 0; i < 2; i++) {
        struct fixture *f = malloc(sizeof *f);
        struct trainer *trainer;
        struct error error;
        begin(f);
        rate_open(&f->setup);
        if (i == 0)
            for (int r = 0; r < ROWS; r++)
                f->y[r] = NAN;
        else
            f->setup.schedule.lr_min = 5;
        assert_int_equal(trainer_open(&trainer, &f->setup, &error), -1);
        assert_int_equal(error.status, i == 0 ? STATUS_DATA : STATUS_USAGE);
        assert_non_null(strstr(error.text, "--lr auto"));
        model_free(&f->model);
        free(f);
    }
}

/* One hidden layer leaves nothing to orthogonalise. */
static void
test_muon_needs_two_hidden_layers(void **state)
{
    (void) state;
    struct fixture *f = malloc(sizeof *f);
    struct trainer *trainer;
    struct error error;
    begin(f);
    f->setup.optimiser.kind = OPT_MUON;
    assert_int_equal(trainer_open(&trainer, &f->setup, &error), -1);
    assert_int_equal(error.status, STATUS_USAGE);
    assert_non_null(strstr(error.text, "--optimizer muon"));
    model_free(&f->model);
    free(f);
}

static void
test_frozen_layers_stay(void **state)
{
    (void) state;
    for (int head = 0; head < 2; head++) {
        struct fixture *f = malloc(sizeof *f);
        begin(f);
        float before[100], after[100];
        params(&f->model.network, before);
        f->setup.epochs = 3;
        if (head)
            f->setup.head_epochs = 3;
        else
            f->setup.freeze = 1;
        run(f, &(struct saver){0}, NULL);
        params(&f->model.network, after);
        assert_memory_equal(before, after, (D * 8 + 8) * sizeof *before);
        assert_true(memcmp(before + D * 8 + 8, after + D * 8 + 8, 9 * sizeof *before) != 0);
        assert_false(f->model.network.layers[0].frozen);
        model_free(&f->model);
        free(f);
    }
}

static double
distance(const float *a, const float *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += ((double) a[i] - (double) b[i]) * ((double) a[i] - (double) b[i]);
    return sqrt(sum);
}

static void
test_l2sp_draws_back(void **state)
{
    (void) state;
    double moved[2];
    for (int anchored = 0; anchored < 2; anchored++) {
        struct fixture *f = malloc(sizeof *f);
        float before[100], after[100];
        begin(f);
        size_t n = params(&f->model.network, before);
        f->setup.valid.n = 0;
        f->setup.epochs = 10;
        f->setup.strategy = anchored ? &strategy_l2sp : &strategy_none;
        f->setup.learn.updates = 1;
        f->setup.learn.options.strength = 10;
        run(f, &(struct saver){0}, NULL);
        params(&f->model.network, after);
        moved[anchored] = distance(before, after, n);
        model_free(&f->model);
        free(f);
    }
    assert_true(moved[1] < moved[0] / 3);
}

static void
test_stops_when_the_loss_is_reached(void **state)
{
    (void) state;
    struct fixture *f = malloc(sizeof *f);
    begin(f);
    f->setup.valid.n = 0;
    f->setup.until_loss = 2;
    struct trainer_state end = run(f, &(struct saver){0}, NULL);
    assert_int_equal(end.end, TRAINER_LOSS_REACHED);
    assert_true(end.loss < 2 && end.epoch < 30);
    model_free(&f->model);
    free(f);
}

/* A step whose rows all weigh nothing says nothing about the rate. */
static void
test_rates_pass_over_rows_without_weight(void **state)
{
    (void) state;
    struct fixture *f = malloc(sizeof *f);
    struct trainer *trainer;
    struct error error;
    float w[ROWS];
    begin(f);
    rate_open(&f->setup);
    for (int i = 0; i < ROWS; i++)
        w[i] = i % 50 == 0;
    f->setup.train.w = w;
    f->setup.batch = 8;
    assert_int_equal(trainer_open(&trainer, &f->setup, &error), 0);
    assert_true(trainer_lr(trainer) > 1e-6 && trainer_lr(trainer) <= 1);
    trainer_close(trainer);
    model_free(&f->model);
    free(f);
}

static void
test_divergence_is_an_error(void **state)
{
    (void) state;
    struct fixture *f = malloc(sizeof *f);
    struct trainer *trainer;
    struct error error;
    const struct trainer_hooks hooks = {0};
    begin(f);
    f->setup.optimiser.kind = OPT_SGD;
    f->setup.schedule.lr = 1e10;
    assert_int_equal(trainer_open(&trainer, &f->setup, &error), 0);
    assert_int_equal(trainer_run(trainer, &hooks, &error), -1);
    assert_int_equal(error.status, STATUS_DATA);
    assert_non_null(strstr(error.text, "--lr"));
    trainer_close(trainer);
    model_free(&f->model);
    free(f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_learns_and_keeps_the_best),
        cmocka_unit_test(test_resumes_with_the_same_bits),
        cmocka_unit_test(test_the_mean_is_judged_and_kept),
        cmocka_unit_test(test_finds_a_rate),
        cmocka_unit_test(test_no_rate_is_an_error),
        cmocka_unit_test(test_rates_pass_over_rows_without_weight),
        cmocka_unit_test(test_muon_needs_two_hidden_layers),
        cmocka_unit_test(test_frozen_layers_stay),
        cmocka_unit_test(test_l2sp_draws_back),
        cmocka_unit_test(test_stops_when_the_loss_is_reached),
        cmocka_unit_test(test_divergence_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
