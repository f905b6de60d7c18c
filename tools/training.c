#include "training.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "build.h"
#include "checkpoint.h"
#include "decide.h"
#include "device.h"
#include "json.h"
#include "predicted.h"
#include "program.h"
#include "progress.h"
#include "tally.h"

void
training_check_files(const struct training_files *files)
{
    if (!isnan(files->every_s) && files->checkpoint == NULL)
        usage_error("--every is for --checkpoint FILE, which is not given");
}

void
training_mark(struct option *options, struct settings *settings)
{
    for (struct option *option = options; option->kind != OPTION_END; option++)
        if (option->target != NULL)
            option->given = settings_given_flag(settings, option->target);
}

const struct engine *
training_engine(const struct training_files *files)
{
    const struct engine *engine;
    const char *index;
    struct error error;
    if (device_choose(files->device, files->numerics, &engine, &index, &error) < 0) {
        if (error.status == STATUS_USAGE)
            usage_error("%s", error.text);
        die_error(&error);
    }
    return engine;
}

struct dataset_memory
training_memory(const struct training_files *files)
{
    uint64_t half = (uint64_t) sysconf(_SC_PHYS_PAGES) * (uint64_t) sysconf(_SC_PAGESIZE) / 2;
    return (struct dataset_memory){.limit_bytes = files->max_memory > 0 ? files->max_memory : half,
                                   .spool = spool_open};
}

const char *
training_plural(uint64_t n)
{
    return n == 1 ? "" : "s";
}

void
training_refuse(const struct stream_reader *reader, struct error *error)
{
    if (error->status == STATUS_DATA)
        error_prefix(error, "%s", stream_reader_name(reader));
    die_error(error);
}

struct profile *
training_read(struct stream_reader *reader, struct collector *collector, char data[33], struct arena *arena)
{
    struct stream_digest *digest = stream_digest_open();
    const struct schema *schema = stream_reader_schema(reader);
    struct tally tally;
    struct batch batch;
    struct error error;
    int got;
    const bool raw = schema->n_transforms == 0;
    tally_open(&tally, schema->n_x, schema->n_c);
    if (raw)
        tally_keep_sample(&tally);
    while ((got = stream_read(reader, &batch, true, &error)) > 0) {
        stream_digest_rows(digest, &batch);
        if (raw)
            tally_add(&tally, &batch, true);
        if (collect_rows(collector, &batch, &error) < 0)
            training_refuse(reader, &error);
    }
    if (got < 0)
        die_error(&error);
    stream_digest_close(digest, schema, data);
    struct profile *profile = raw ? profile_make(&tally, schema, arena) : NULL;
    tally_close(&tally);
    if (collector->n_unlabelled > 0)
        warn("warning: %llu row%s left out: without a label%s", (unsigned long long) collector->n_unlabelled,
             training_plural(collector->n_unlabelled), collector->known_only ? " the model knows" : "");
    return profile;
}

void
training_hold_out(struct collector *collector, const struct settings *settings, uint64_t enough)
{
    bool asked = settings_given(settings, &settings->valid);
    if (asked && collector->valid.n > 0)
        note("rows are tagged for validation: --valid holds out no others");
    if (settings->valid > 0 && (asked || collector->train.n >= enough))
        collect_hold_out(collector, settings->seed, settings->valid);
    if (collector->n_valid == 0 && settings->patience > 0 && settings_given(settings, &settings->patience))
        warn("warning: no row is held out for validation, so --patience never stops the run (--valid 0.1 holds some "
             "out)");
}

uint64_t
training_capacity(const struct settings *settings, uint64_t n_classes)
{
    if (settings->memory_rows != UINT64_MAX)
        return settings->memory_rows;
    return 50 * n_classes > 500 ? 50 * n_classes : 500;
}

enum balance
training_balance(struct settings *settings, enum task task)
{
    const bool classes = task == TASK_CLASS;
    if (settings->memory_by == 0)
        settings->memory_by = 1 + (classes ? BALANCE_CLASS : BALANCE_ROWS);
    if (settings->memory_by == 1 + BALANCE_CLASS && !classes)
        usage_error("--memory-by class is for classes, and the model predicts a number");
    return (enum balance)(settings->memory_by - 1);
}

void
training_say_kept(uint64_t kept)
{
    if (program_verbosity() != VERBOSITY_QUIET && kept > 0)
        warn("the checkpoint keeps %llu row%s of the data for later tuning (--memory-rows 0 keeps none)",
             (unsigned long long) kept, training_plural(kept));
}

/* ---- a run ---- */

struct trainer_setup
training_setup(const struct settings *s, const struct training_files *files, const struct engine *engine,
               struct model *model, const struct collector *collector)
{
    float *quantiles = arena_array(&model->arena, model->n_quantiles, sizeof *quantiles);
    model_objective(model, quantiles);
    return (struct trainer_setup){
        .engine = engine,
        .threads = (unsigned) files->threads,
        .network = &model->network,
        .loss = model->loss,
        .huber_delta = (float) model->huber_delta,
        .smoothing = (float) s->label_smoothing,
        .n_quantiles = model->n_quantiles,
        .quantiles = quantiles,
        .train = collect_train(collector),
        .valid = collect_valid(collector),
        .seed = s->seed,
        .optimiser = settings_optimiser(s),
        .schedule = settings_schedule(s),
        .ema = s->ema,
        .batch = settings_batch(s),
        .epochs = s->epochs,
        .steps = s->steps,
        .patience = s->patience,
        .tolerance = s->tolerance,
        .until_loss = s->until_loss,
        .clip = (float) s->clip,
        .classes = build_mask(model, collector, &model->arena),
    };
}

struct running {
    const struct training_files *files;
    struct model *model; /* what --checkpoint writes */
    int log;             /* descriptor, or -1 */
    double saved_s;      /* when the last checkpoint was written */
    uint64_t first_step; /* a resumed run has done those before */
    uint64_t batch;
    struct progress progress;
};

static double
training_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double) now.tv_sec + 1e-9 * (double) now.tv_nsec;
}

/* Opens the log. A resumed run goes on behind the epochs it has: what the interrupted one wrote after them goes. */
static int
training_log_open(const char *path, bool resumed, uint64_t epochs)
{
    if (path == NULL)
        return -1;
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | (resumed ? 0 : O_TRUNC), 0666);
    if (fd < 0)
        die_errno("cannot write the log %s", path);
    char buffer[65536];
    off_t keep = 0, at = 0;
    for (ssize_t n; resumed && epochs > 0 && (n = read(fd, buffer, sizeof buffer)) > 0; at += n)
        for (ssize_t i = 0; i < n && epochs > 0; i++)
            if (buffer[i] == '\n') {
                keep = at + i + 1;
                epochs--;
            }
    if (resumed && lseek(fd, 0, SEEK_END) > 0 && (ftruncate(fd, keep) < 0 || lseek(fd, keep, SEEK_SET) < 0))
        die_errno("cannot write the log %s", path);
    return fd;
}

static int
training_on_epoch(void *arg, struct trainer *trainer, struct error *error)
{
    struct running *run = arg;
    const struct trainer_state *state = trainer_state(trainer);
    uint64_t epochs = (trainer_steps(trainer) + trainer_epoch_steps(trainer) - 1) / trainer_epoch_steps(trainer);
    uint64_t interval = epochs > 100 ? epochs / 10 : 1;
    if (state->epoch % interval == 0 || state->epoch == 1 || state->end != TRAINER_RUNNING) {
        char valid[64] = "";
        if (!isnan(state->valid_loss))
            snprintf(valid, sizeof valid, ", validation loss %.6g", state->valid_loss);
        if (program_verbosity() == VERBOSITY_VERBOSE)
            progress_erase(&run->progress);
        note("epoch %llu: loss %.6g%s", (unsigned long long) state->epoch, state->loss, valid);
    }
    if (run->log < 0)
        return 0;
    struct arena arena = {0};
    struct text text = {0};
    struct value *line = value_map(&arena);
    value_set(&arena, line, "epoch", value_uint(&arena, state->epoch));
    value_set(&arena, line, "step", value_uint(&arena, state->step));
    value_set(&arena, line, "loss", value_float(&arena, state->loss));
    if (!isnan(state->valid_loss))
        value_set(&arena, line, "valid_loss", value_float(&arena, state->valid_loss));
    if (!isnan(state->valid_accuracy))
        value_set(&arena, line, "valid_accuracy", value_float(&arena, state->valid_accuracy));
    /* The decimals of the f32, not those of the double it becomes. */
    char digits[32];
    double lr = 0;
    digits[format_float(digits, state->lr)] = '\0';
    parse_double(digits, &lr);
    value_set(&arena, line, "lr", value_float(&arena, lr));
    json_value(&text, line, false);
    text_add(&text, "\n", 1);
    int status = 0;
    for (size_t done = 0; done < text.n && status == 0;) {
        ssize_t n = write(run->log, text.bytes + done, text.n - done);
        if (n > 0)
            done += (size_t) n;
        else if (n == 0 || errno != EINTR)
            status = error_errno(error, "cannot write the log %s", run->files->log);
    }
    free(text.bytes);
    arena_free(&arena);
    return status;
}

void
training_try_checkpoint(const struct training_files *files)
{
    struct output output;
    struct error error;
    if (files->checkpoint == NULL)
        return;
    if (output_open(&output, files->checkpoint, true, &error) < 0)
        die_error(&error);
    output_abandon(&output);
}

/* Writes the state of the run, whole or not at all. */
static int
training_save(struct running *run, struct trainer *trainer, struct error *error)
{
    struct output output;
    if (trainer_save(trainer, run->model, error) < 0 || output_open(&output, run->files->checkpoint, true, error) < 0)
        return -1;
    if (checkpoint_write(run->model, &output, 0, error) < 0 || output_commit(&output, error) < 0) {
        output_abandon(&output);
        return -1;
    }
    run->saved_s = training_clock();
    return 0;
}

/*
 * "epoch 3/100, loss 0.312, valid 86.1 %, 2.1M rows/s, 35 s left", of 80 columns: the loss so far in this epoch; the
 * accuracy, or the loss, on the validation rows after the last one; how long it takes if --patience does not end it.
 */
static void
training_draw(struct running *run, const struct trainer *trainer)
{
    const struct trainer_state *state = trainer_state(trainer);
    uint64_t steps = trainer_steps(trainer), per_epoch = trainer_epoch_steps(trainer);
    double s = progress_elapsed_s(&run->progress), done = (double) (state->step - run->first_step);
    double loss = state->weight_sum > 0 ? state->loss_sum / state->weight_sum : state->loss;
    char left[32], rate[32], valid[64] = "";
    human_seconds(left, sizeof left, s * (double) (steps - state->step) / (done > 0 ? done : 1));
    human_count(rate, sizeof rate, done * (double) run->batch / s);
    if (!isnan(state->valid_accuracy))
        snprintf(valid, sizeof valid, "valid %.4g %%, ", 100 * state->valid_accuracy);
    else if (!isnan(state->valid_loss))
        snprintf(valid, sizeof valid, "valid %.4g, ", state->valid_loss);
    progress_draw(&run->progress, "epoch %llu/%llu, loss %.4g, %s%s rows/s, %s left",
                  (unsigned long long) (state->step / per_epoch + (state->step < steps)),
                  (unsigned long long) ((steps + per_epoch - 1) / per_epoch), loss, valid, rate, left);
}

static int
training_on_steps(void *arg, struct trainer *trainer, struct error *error)
{
    struct running *run = arg;
    const struct trainer_state *state = trainer_state(trainer);
    if (progress_due(&run->progress))
        training_draw(run, trainer);
    double every_s = isnan(run->files->every_s) ? 60 : run->files->every_s;
    bool due =
        run->files->checkpoint != NULL && (state->end != TRAINER_RUNNING || training_clock() - run->saved_s >= every_s);
    return due ? training_save(run, trainer, error) : 0;
}

/* How the predictions of the new model are distributed, for cl-drift: on validation rows, else on training rows; on
 * many, some pieces that lie evenly. */
static void
training_see_predictions(const struct training_files *files, struct model *model, const struct trainer_setup *setup)
{
    enum { PIECE = 512, PIECES = 16 };
    const struct rowset *rows = setup->valid.n > 0 ? &setup->valid : &setup->train;
    const struct engine_options options = {.threads = (unsigned) files->threads, .max_rows = PIECE};
    const uint64_t all = (rows->n + PIECE - 1) / PIECE, pieces = all < PIECES ? all : PIECES;
    struct decision decision;
    struct predicted predicted;
    struct engine_state *state;
    struct tally tally;
    struct error error;
    if (decision_open(&decision, model, &(struct decision_options){.threshold = NAN}, &error) < 0 ||
        setup->engine->open(&state, &model->network, &options, &error) < 0)
        die_error(&error);
    predicted_open(&predicted, &decision);
    tally_open(&tally, predicted.schema.n_x, predicted.schema.n_c);
    tally_keep_sample(&tally);
    float *z = mem_aligned((size_t) PIECE * decision.n_outputs * sizeof *z);
    for (uint64_t i = 0; i < pieces; i++) {
        const uint64_t first = all * i / pieces * PIECE, n = rows->n - first < PIECE ? rows->n - first : PIECE;
        if (setup->engine->forward(state, rows, first, n, z, &error) < 0)
            die_error(&error);
        tally_add(&tally, predicted_rows(&predicted, z, n), false);
    }
    model->schema.profile->predictions = profile_make(&tally, &predicted.schema, &model->arena);
    free(z);
    tally_close(&tally);
    predicted_close(&predicted);
    setup->engine->close(state);
    decision_close(&decision);
}

void
training_run(const struct training_files *files, struct model *model, const struct trainer_setup *setup,
             const struct model *resumed)
{
    struct running run = {.files = files, .model = model, .log = -1};
    static const char *const ends[] = {"", "", ": no better for the epochs of --patience",
                                       ": the loss of --until-loss is reached"};
    const struct trainer_hooks hooks = {.arg = &run, .steps = training_on_steps, .epoch = training_on_epoch};
    struct trainer *trainer;
    struct error error;
    if (trainer_open(&trainer, setup, &error) < 0)
        die_error(&error);
    if (resumed != NULL && trainer_restore(trainer, resumed, &error) < 0) {
        error_prefix(&error, "%s", files->resume);
        die_error(&error);
    }
    const struct trainer_state *state = trainer_state(trainer);
    if (isnan(setup->schedule.lr)) {
        /* A resumed run does not look for it again. */
        struct value *options = value_get(model->training, "options");
        value_set(&model->arena, options, "lr", value_float(&model->arena, trainer_lr(trainer)));
        note("learning rate %g, by a range test", trainer_lr(trainer));
    }
    note("engine %s; %llu training rows, %llu validation rows, %llu parameters, %llu steps an epoch",
         trainer_engine(trainer), (unsigned long long) setup->train.n, (unsigned long long) setup->valid.n,
         (unsigned long long) network_size(setup->network), (unsigned long long) trainer_epoch_steps(trainer));
    run.log = training_log_open(files->log, resumed != NULL, state->epoch);
    run.saved_s = training_clock();
    run.first_step = state->step;
    run.batch = setup->batch == 0 || setup->batch > setup->train.n ? setup->train.n : setup->batch;
    progress_begin(&run.progress);
    if (trainer_run(trainer, &hooks, &error) < 0) {
        progress_end(&run.progress);
        die_error(&error);
    }
    progress_end(&run.progress);
    if (run.log >= 0 && close(run.log) < 0)
        die_errno("cannot write the log %s", files->log);
    if (trainer_finish(trainer, model, &error) < 0)
        die_error(&error);
    if (state->best_epoch > 0)
        note("%llu epoch%s%s; the best is epoch %llu, validation loss %.6g", (unsigned long long) state->epoch,
             training_plural(state->epoch), ends[state->end], (unsigned long long) state->best_epoch, state->best_loss);
    else if (state->epoch == 0)
        note("no epoch: the weights stay as they were");
    else
        note("%llu epoch%s%s; loss %.6g", (unsigned long long) state->epoch, training_plural(state->epoch),
             ends[state->end], state->loss);

    struct arena *arena = &model->arena;
    struct value *record = model->training;
    if (!setup->engine->exact) {
        note("engine %s", trainer_engine(trainer));
        value_set(arena, record, "engine", value_string(arena, trainer_engine(trainer)));
    }
    value_set(arena, record, "epochs", value_uint(arena, state->epoch));
    value_set(arena, record, "steps", value_uint(arena, state->step));
    if (state->epoch > 0)
        value_set(arena, record, "loss", value_float(arena, state->loss));
    if (state->best_epoch > 0) {
        value_set(arena, record, "best_epoch", value_uint(arena, state->best_epoch));
        value_set(arena, record, "valid_loss", value_float(arena, state->best_loss));
    }
    trainer_close(trainer);
    if (model->schema.profile != NULL)
        training_see_predictions(files, model, setup);
}

void
training_record(struct model *model, const struct settings *settings, unsigned scopes,
                const struct collector *collector, const struct engine *engine, const char *data, const char *parent)
{
    struct arena *arena = &model->arena;
    struct value *record = value_map(arena), *options = value_map(arena), *entry = value_map(arena);
    settings_record(settings, scopes, options, arena);
    value_set(arena, record, "program", value_string(arena, program_name()));
    value_set(arena, record, "options", options);
    value_set(arena, record, "numerics", value_string(arena, engine->exact ? "exact" : engine->name));
    value_set(arena, record, "data", value_string(arena, data));
    value_set(arena, record, "rows", value_uint(arena, collector->n_train));
    value_set(arena, record, "valid_rows", value_uint(arena, collector->n_valid));
    model->training = record;
    value_set(arena, entry, "program", value_string(arena, program_name()));
    if (parent != NULL)
        value_set(arena, entry, "parent", value_string(arena, parent));
    value_set(arena, entry, "data", value_string(arena, data));
    value_set(arena, entry, "rows", value_uint(arena, collector->n_train));
    if (model->lineage == NULL)
        model->lineage = value_array(arena);
    value_push(arena, model->lineage, entry);
}

void
training_recall(struct settings *settings, const struct model *resumed, unsigned scopes,
                const struct training_files *files, const struct engine *engine)
{
    struct error error;
    const char *program = value_get_string(resumed->training, "program");
    const char *numerics = value_get_string(resumed->training, "numerics");
    if (value_get(resumed->training, "resume") == NULL)
        die(STATUS_DATA, "%s: this is the checkpoint of a finished run, not one written by --checkpoint",
            files->resume);
    if (program == NULL || strcmp(program, program_name()) != 0)
        die(STATUS_DATA, "%s: this run is one of %s", files->resume, program != NULL ? program : "another program");
    if (!settings_given(settings, &settings->memory_by)) /* the one way that records leave out */
        settings->memory_by = 1 + BALANCE_ROWS;
    if (settings_recall(settings, scopes, value_get(resumed->training, "options"), files->resume, &error) < 0) {
        if (error.status == STATUS_USAGE)
            usage_error("%s", error.text);
        die_error(&error);
    }
    const char *mine = engine->exact ? "exact" : engine->name;
    if (numerics == NULL || strcmp(numerics, mine) != 0)
        usage_error("--resume %s: that run has %s numerics and this one would have %s", files->resume,
                    numerics != NULL ? numerics : "other", mine);
}

void
training_check_data(const struct model *resumed, const char *data, const struct training_files *files)
{
    const char *then = value_get_string(resumed->training, "data");
    if (then == NULL || strcmp(then, data) != 0)
        die(STATUS_DATA, "%s: that run is on other data (its digest is %s, this is %s)", files->resume,
            then != NULL ? then : "missing", data);
}
