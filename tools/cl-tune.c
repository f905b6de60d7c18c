/*
 * cl-tune: goes on training a model with new rows.
 *
 * stdin or FILE ...: a data stream with the model's columns, raw or scaled by the model's transforms. -m: the model.
 * stdout or -o FILE: the next model. New classes and categories make the network grow.
 *
 * Memory: the new rows once in f32, or beyond --max-memory in a mapped temporary file; the network some seven times.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analytic.h"
#include "build.h"
#include "checkpoint.h"
#include "device.h"
#include "forgetting.h"
#include "growing.h"
#include "memory_rows.h"
#include "program.h"
#include "recall.h"
#include "solving.h"
#include "streaming.h"
#include "training.h"
#include "transfer.h"
#include "tuning.h"

/* Defaults in the help. */
#define OWN(text) "as the model"

/* Few new rows are all needed, and ten epochs are soon over. */
enum { ENOUGH_ROWS = 500 };

/* The run being resumed must have begun from this model. */
static void
check_parent(const struct model *resumed, const struct model *model, const char *path,
             const struct training_files *files)
{
    const struct value *lineage = resumed->lineage;
    const char *parent = lineage != NULL && lineage->kind == VALUE_ARRAY && lineage->n > 0
                             ? value_get_string(lineage->items[lineage->n - 1], "parent")
                             : NULL;
    if (parent == NULL || strcmp(parent, model->digest) != 0)
        die(STATUS_DATA, "%s: that run did not begin from %s", files->resume, path);
}

/* As large as it was; and where that was not asked for, but 50 a class, so much for the classes there are now. */
static uint64_t
memory_capacity(const struct settings *s, const struct model *model, uint64_t n_before, uint64_t n_classes)
{
    uint64_t capacity = 0;
    if (s->memory_rows != UINT64_MAX || !value_get_u64(model->memory, "capacity", &capacity))
        return s->memory_rows != UINT64_MAX ? s->memory_rows : 0;
    return capacity == training_capacity(s, n_before) ? training_capacity(s, n_classes) : capacity;
}

/* Initial weights in place of the model's, and its memory in place of the collected rows. */
static void
begin_anew(struct trainer_setup *setup, const struct settings *s, struct model *model)
{
    struct error error;
    init_network(&model->network, (enum init) s->init, s->seed);
    if (recall_rows(model, &model->arena, &setup->train, &error) < 0)
        die_error(&error);
    setup->train.soft = NULL;
    setup->valid = (struct rowset){.n = 0};
    setup->learn.memory = setup->valid;
    setup->learn.old = NULL;
}

/* Runs the trainer on the collected rows. */
static void
train(const struct settings *s, const struct training_files *files, const struct engine *engine, struct model *model,
      const struct collector *collector, const struct strategy_run *run, const struct model *resumed)
{
    struct trainer_setup setup = training_setup(s, files, engine, model, collector);
    setup.freeze = s->freeze;
    setup.head_epochs = s->head_epochs;
    setup.head_scale = s->head_epochs > 0 && s->lr > 0 ? s->head_lr / s->lr : 1;
    if (s->shrink_perturb < 1)
        transfer_shake(&model->network, (uint32_t) s->freeze, s->shrink_perturb, s->perturb, (enum init) s->init,
                       s->seed);
    if (s->lr_decay > 1) {
        float *rates = arena_array(&model->arena, model->network.n_layers, sizeof *rates);
        transfer_rates(&model->network, s->lr_decay, rates);
        setup.layer_rates = rates;
    }
    setup.strategy = strategy_at(s->strategy);
    setup.learn = *run;
    if (setup.strategy->flags & STRATEGY_ANEW)
        begin_anew(&setup, s, model);
    if (s->keep_optimiser) {
        setup.moments = model;
        value_get_u64(model->optimiser, "steps", &setup.moment_steps);
    }
    tuning_note(s, run);
    training_run(files, model, &setup, resumed);
}

/* Trains the model on the collected rows. named: with a strategy that was asked for by name. Returns the rows it keeps.
 */
static uint64_t
tune(struct settings *s, bool named, const struct training_files *files, const struct engine *engine,
     struct model *model, struct collector *collector, const struct adopted *adopted,
     const struct analytic_shape *shape, const char *data, const struct model *resumed)
{
    struct error error;
    const double lr = tuning_trained_lr(model);
    const bool classes = model->schema.task == TASK_CLASS;
    const uint32_t n_before = classes ? schema_y(&model->schema, 0)->dict.n : 0;
    if (memory_outputs(model, true, engine, (unsigned) files->threads, &error) < 0)
        die_error(&error);
    struct extent *old = growing_grow(model, collector, s, adopted);
    analytic_grow(model, shape, adopted->fill);
    if (model->schema.task == TASK_CLASS &&
        build_check_among(collector, &schema_y(&model->schema, 0)->dict, &error) < 0)
        die_error(&error);
    collect_map(collector, &model->schema, model->loss == LOSS_BCE);
    s->loss = 1 + (int) model->loss;
    for (uint32_t l = 0; settings_given(s, &s->dropout) && l + 1 < model->network.n_layers; l++)
        model->network.layers[l].dropout = (float) s->dropout;
    const uint32_t n_classes = classes ? schema_y(&model->schema, 0)->dict.n : 0;
    struct strategy_run run = tuning_learn(s, model, collector, old, n_before); /* of the model as it was */
    tuning_decide(s, &run, collector, engine, (unsigned) files->threads, n_classes > n_before);
    struct solving_start start = {.memory = run.memory};
    value_get_u64(model->memory, "rows_seen", &start.stand_for);
    const enum balance by = training_balance(s, model->schema.task);
    training_record(model, s, SETTINGS_ALL, collector, engine, data, model->digest);
    value_set(&model->arena, model->training, "trained_lr", value_float(&model->arena, lr));
    if (named)
        value_set(&model->arena, model->training, "strategy", value_string(&model->arena, strategy_names[s->strategy]));
    model_strip(model, TENSOR_RESUME);
    const struct memory_options remember = {
        .seed = s->seed, .capacity = memory_capacity(s, model, n_before, n_classes), .by = by};
    uint64_t kept = memory_keep(model, &collector->train, collector->n_train, &remember);
    if (collect_weigh(collector, s->class_weights == CLASS_WEIGHTS_BALANCED, n_classes, &error) < 0)
        die_error(&error);
    if (solving_is_for(s)) {
        solving_run(s, files, engine, model, collector, &start);
    } else {
        if (analytic_kept(model))
            note("the sums that strategy analytic kept are dropped: features change");
        analytic_drop(model);
        train(s, files, engine, model, collector, &run, resumed);
    }
    if (memory_outputs(model, false, engine, (unsigned) files->threads, &error) < 0)
        die_error(&error);
    return kept;
}

/* What --forget alone does. */
static int
write_model(struct model *model, const struct training_files *files)
{
    struct output output;
    struct error error;
    if (output_open(&output, files->output, true, &error) < 0 ||
        checkpoint_write(model, &output, files->level, &error) < 0 || output_commit(&output, &error) < 0)
        die_error(&error);
    model_free(model);
    return STATUS_OK;
}

int
main(int argc, char **argv)
{
    const char *path = NULL, *forgotten = NULL;
    struct settings s;
    struct training_files files = {.every_s = NAN};
    struct streaming_files online = {.log_every_s = NAN};
    struct option options[] = {
        OPT_STRING('m', "model", "FILE", &path, "the model to go on with"),
        OPT_CHOICE(0, "strategy", "NAME", &s.strategy, strategy_names, "how it keeps what it knew [auto: by the rows]"),
        OPT_DOUBLE(0, "strength", "L", &s.strength, 0, 1e10, "how much it keeps what it knew [by the strategy]"),
        OPT_DOUBLE(0, "ewc-gamma", "G", &s.ewc_gamma, 0, 1,
                   "of online-ewc: share of the older importance that stays [1]"),
        OPT_DOUBLE(0, "si-xi", "X", &s.si_xi, 1e-30, 1e30, "of si: damping of short ways [0.1]"),
        OPT_DOUBLE(0, "temperature", "T", &s.temperature, 0.01, 1000, "of lwf: of soft targets of classes [2]"),
        OPT_CHOICE(0, "replay-weights", "share|equal|root|rows", &s.replay_weights, settings_replay_weights,
                   "of new and old in run k: 1/k, 1 - 1/k; 1, 1; 1/sqrt(k), the rest; n, 500 [root; rows with auto]"),
        OPT_DOUBLE_AUTO(0, "ridge", "L", &s.ridge, 1e-12, 1e6,
                        "of analytic: penalty, as a share of the mean square of a feature [auto]"),
        OPT_U64(0, "widen", "N", &s.widen, 0, 1000000, "of analytic: random units beside the last hidden ones [0]"),
        OPT_U64(0, "features", "L", &s.features, 0, 1024, "of analytic: hidden layers that are used [all]"),
        OPT_CHOICE(0, "new-class", "grow|error|other", &s.new_class, settings_new_classes,
                   "classes the model does not have: learn them, refuse, or leave their rows out [grow]"),
        OPT_CHOICE(0, "new-columns", "add|ignore|error", &s.new_columns, settings_new_columns,
                   "features the model does not have: learn from them, leave them out, or refuse [ignore]"),
        OPT_U64(0, "freeze", "N", &s.freeze, 0, 1024, "the first N layers stay as they are [0]"),
        OPT_U64(0, "head-epochs", "N", &s.head_epochs, 0, 1000000000,
                "epochs in which only the output layer learns [0]"),
        OPT_DOUBLE(0, "head-lr", "RATE", &s.head_lr, 0, 1e6, "learning rate of --head-epochs [the training's]"),
        OPT_DOUBLE(0, "lr-decay", "F", &s.lr_decay, 1, 1000,
                   "each layer learns at the rate of the one above divided by F [1]"),
        OPT_FLAG(0, "reinit-head", &s.reinit_head, "learn another label: with a new output layer"),
        OPT_DOUBLE(0, "shrink-perturb", "F", &s.shrink_perturb, 0, 1,
                   "first multiply all weights by F and add noise, as in 0.6 [1: not]"),
        OPT_DOUBLE(0, "perturb", "P", &s.perturb, 0, 10,
                   "of --shrink-perturb: noise, as a share of initial weights [0.1]"),
        OPT_STRING(0, "forget", "FILE", &forgotten,
                   "take the rows of a stream out of the memory; without FILE ... nothing is learned"),
        OPT_FLAG(0, "keep-optimiser", &s.keep_optimiser, "go on with the moments kept in the model"),
        STREAMING_OPTIONS(s, online),
        TRAINING_OPTIONS(s, files, "the training's with replay, else a tenth", "10, or for 30 steps; 300 a new class",
                         OWN),
        OPT_COMMON,
        OPT_END,
    };
    const struct program_usage usage = {"cl-tune", "go on training a model with new rows",
                                        "-m MODEL [OPTION ...] [FILE ...]",
                                        "cl-ingest -m model.ck < new.csv | cl-tune -m model.ck -o next.ck\n"
                                        "cl-tune -m model.ck --strategy l2sp --epochs 5 -o next.ck new.clt\n"
                                        "cl-tune -m model.ck --freeze 1 --head-epochs 3 -o next.ck few.clt\n",
                                        options};

    program_start("cl-tune");
    options_more_versions(device_versions);
    settings_default(&s);
    s.epochs = TUNING_LEAST_EPOCHS;
    training_mark(options, &s);
    size_t n_paths = (size_t) options_parse(&usage, argc, argv);
    const char *const *paths = (const char *const *) argv;
    if (path == NULL)
        usage_error("-m MODEL is needed: the model to go on with");
    training_check_files(&files);
    streaming_check_options(&s, &files, &online);
    if (forgotten != NULL && (online.on || files.resume != NULL || files.checkpoint != NULL))
        usage_error("--forget does not go with --online, --checkpoint or --resume: forget first, in a run of its own");
    if (n_paths == 0 && forgotten == NULL)
        usage_if_terminal();
    const struct engine *engine = training_engine(&files);
    struct model model = {0}, resumed = {0};
    struct error error;
    if (checkpoint_read(&model, path, &error) < 0)
        die_error(&error);
    if (forgotten != NULL && n_paths == 0) {
        forgetting_run(&model, forgotten);
        return write_model(&model, &files);
    }
    if (online.on) {
        streaming_run(&s, &files, &online, engine, &model, path, paths, n_paths);
        model_free(&model);
        return STATUS_OK;
    }
    tuning_inherit(&s, &model, path);
    if (files.resume != NULL) {
        if (checkpoint_read(&resumed, files.resume, &error) < 0)
            die_error(&error);
        training_recall(&s, &resumed, SETTINGS_ALL, &files, engine);
        check_parent(&resumed, &model, path, &files);
    }
    if (forgotten != NULL)
        forgetting_run(&model, forgotten);
    const bool named = tuning_choose(&s, &model, files.resume != NULL ? &resumed : NULL);
    tuning_check(&s, &model, path);
    if (solving_is_for(&s)) {
        solving_check_tuning(&s, &files, &model, path);
        s.valid = 0; /* nothing to judge: all rows count */
    }

    size_t n_among;
    char **among = s.among != NULL ? split_list(s.among, &n_among) : NULL;
    struct dataset_memory memory = training_memory(&files);
    struct output output;
    struct collector collector;
    char data[33];
    if (output_open(&output, files.output, true, &error) < 0)
        die_error(&error);
    training_try_checkpoint(&files);
    struct stream_reader *reader = stream_reader_open(paths, n_paths, &error);
    if (reader == NULL)
        die_error(&error);
    const struct schema *schema = stream_reader_schema(reader);
    if (schema->model[0] != '\0' && strcmp(schema->model, model.digest) != 0)
        note("the stream was read with another model (%s); its columns and transforms are compared", schema->model);
    if (s.reinit_head && transfer_label(&model, schema, &error) < 0)
        training_refuse(reader, &error);
    const struct analytic_shape shape = analytic_shape(&model, &model.arena);
    struct adopted adopted = growing_columns(&model, reader, &s);
    if (collect_open(&collector, schema, &model, (const char *const *) among, s.new_class == NEW_CLASS_OTHER, &memory,
                     &error) < 0)
        training_refuse(reader, &error);
    struct profile *profile = training_read(reader, &collector, data, &model.arena);
    if (files.resume != NULL)
        training_check_data(&resumed, data, &files);
    if (adopt_fit(&adopted, &model, &collector, &error) < 0)
        training_refuse(reader, &error);

    uint64_t kept = 0;
    const bool anew = strategy_at(s.strategy)->flags & STRATEGY_ANEW;
    if (!anew)
        training_hold_out(&collector, &s, ENOUGH_ROWS);
    if (files.resume == NULL)
        tuning_choose_length(&s, &model, anew ? memory_size(&model) : collector.n_train,
                             growing_classes(&model, &collector, &s));
    if (profile != NULL && model.schema.profile != NULL && collector.n_train > 0) {
        adopt_profile(&adopted, &model, profile);
        profile_join(model.schema.profile, profile, &model.arena);
    }
    if (collector.n_train == 0 && s.reinit_head)
        die(STATUS_DATA, "--reinit-head: no row to learn the label from");
    struct model same = {0}; /* read again where columns were added for rows that did not come */
    if (collector.n_train == 0) {
        warn("warning: no row to learn from: the model is passed on as it was");
        if (adopted.new_x + adopted.new_c > 0 && checkpoint_read(&same, path, &error) < 0)
            die_error(&error);
    } else {
        growing_say_columns(&adopted, &model, &s);
        kept = tune(&s, named, &files, engine, &model, &collector, &adopted, &shape, data,
                    files.resume != NULL ? &resumed : NULL);
    }
    if (checkpoint_write(same.network.n_layers > 0 ? &same : &model, &output, files.level, &error) < 0 ||
        output_commit(&output, &error) < 0)
        die_error(&error);
    training_say_kept(kept);
    collect_close(&collector);
    stream_reader_close(reader);
    model_free(&model);
    model_free(&resumed);
    model_free(&same);
    free(among);
    return STATUS_OK;
}
