/*
 * cl-tune: goes on training a model with new rows.
 *
 * stdin or FILE ...: a data stream with the model's columns, raw or scaled by the model's transforms. -m: the model.
 * stdout or -o FILE: the next model. New classes and categories make the network grow.
 *
 * Memory: the new rows once in f32, or beyond --max-memory in a mapped temporary file; the network some seven times.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analytic.h"
#include "build.h"
#include "checkpoint.h"
#include "device.h"
#include "forgetting.h"
#include "groups.h"
#include "growing.h"
#include "memory_rows.h"
#include "program.h"
#include "recall.h"
#include "solving.h"
#include "streaming.h"
#include "training.h"
#include "transfer.h"

/* Defaults in the help. */
#define OWN(text) "as the model"

/* Few new rows are all needed, and ten epochs are soon over. */
enum { ENOUGH_ROWS = 500 };

/* Passes over few rows are soon over, and steps are what learns. */
enum { LEAST_EPOCHS = 10, LEAST_STEPS = 300 };

/* The learning rate of the first training, whatever was tuned in between. */
static double
trained_lr(const struct model *model)
{
    double lr;
    if (value_get_double(model->training, "trained_lr", &lr) ||
        value_get_double(value_get(model->training, "options"), "lr", &lr))
        return lr;
    return 0.001;
}

/* The strategy that a model was made ready for, with its numbers, unless another is given. */
static void
inherit_strategy(struct settings *s, const struct model *model, const char *path)
{
    const char *name = value_get_string(model->training, "strategy");
    const struct value *options = value_get(model->training, "options");
    struct error error;
    if (settings_given(s, &s->strategy) || name == NULL)
        return;
    s->strategy = strategy_find(name);
    if (s->strategy < 0)
        die(STATUS_DATA,
            "%s: the model is for a strategy that this program does not have (--strategy NAME takes another)", path);
    if (options != NULL && settings_recall(s, SETTINGS_STRATEGY, options, NULL, &error) < 0)
        die_error(&error);
}

/* How large its memory is and who shares it, where the last run was told; rows share one of which nothing is said. */
static void
inherit_memory(struct settings *s, const struct model *model)
{
    const struct value *options = value_get(model->training, "options");
    const char *by = value_get_string(options, "memory-by");
    uint64_t rows;
    if (!settings_given(s, &s->memory_rows) && value_get_u64(options, "memory-rows", &rows))
        s->memory_rows = rows;
    if (settings_given(s, &s->memory_by) || model->memory == NULL)
        return;
    s->memory_by = 1 + BALANCE_ROWS;
    for (int i = 1; by != NULL && settings_memory_by[i] != NULL; i++)
        if (strcmp(settings_memory_by[i], by) == 0)
            s->memory_by = i;
}

/* What the model says about the options, and what the command line may not. */
static void
inherit(struct settings *s, const struct model *model, const char *path)
{
    struct error error;
    const struct value *options = value_get(model->training, "options");
    int status = 0;
    if (options != NULL)
        status = settings_recall(s, SETTINGS_NETWORK, options, path, &error);
    if (status == 0 && options != NULL)
        status = settings_recall(s, SETTINGS_OPTIMISER, options, NULL, &error);
    if (status < 0 && error.status == STATUS_USAGE)
        usage_error("%s", error.text);
    if (status < 0)
        die_error(&error);
    inherit_memory(s, model);
    if (isnan(s->weight_decay)) /* models always say; whoever wrote this one left it out */
        s->weight_decay = 0;
    if (strcmp(s->batch, "auto") == 0)
        s->batch = "32";
    inherit_strategy(s, model, path);
}

/*
 * The rate of the first training where there is much to learn or old rows keep the balance; a tenth where nothing but
 * small steps keeps what is known. A new output layer that learns alone has to learn fast.
 */
static void
choose_rate(struct settings *s, const struct model *model)
{
    const double lr = trained_lr(model);
    const bool fast =
        s->reinit_head || s->shrink_perturb < 1 || strategy_at(s->strategy)->flags & STRATEGY_NEEDS_MEMORY;
    if (!settings_given(s, &s->head_lr))
        s->head_lr = settings_given(s, &s->lr) ? s->lr : lr;
    if (!settings_given(s, &s->lr))
        s->lr = fast ? lr : lr / 10;
}

/* What the strategy keeps, must be there. */
static void
check_transfer(const struct settings *s, const struct model *model)
{
    const struct strategy *strategy = strategy_at(s->strategy);
    if (s->reinit_head && strategy->flags & (STRATEGY_NEEDS_MEMORY | STRATEGY_TAKES_TEMPERATURE))
        usage_error(
            "--reinit-head: --strategy %s keeps what the old output layer says (none, l2sp, ewc, online-ewc and "
            "si do not)",
            strategy->name);
    if (s->shrink_perturb < 1 && !(strategy->flags & STRATEGY_FOR_CLASSES))
        usage_error("--shrink-perturb moves all weights, and --strategy %s keeps them where they are (none, replay and "
                    "der do not)",
                    strategy->name);
    if (s->lr_decay > 1 && model->network.n_layers == 1)
        usage_error("--lr-decay: the network has one layer");
    if (strategy->flags & STRATEGY_ANEW &&
        (s->freeze > 0 || s->head_epochs > 0 || s->keep_optimiser || s->shrink_perturb < 1))
        usage_error("--strategy %s begins with initial weights: nothing to freeze, to shrink or to go on with",
                    strategy->name);
}

static void
check_settings(const struct settings *s, const struct model *model, const char *path)
{
    struct error error;
    const char *sentence = settings_check(s, &error), *kind = value_get_string(model->optimiser, "kind");
    const uint32_t hidden = model->network.n_layers - 1;
    if (sentence != NULL)
        usage_error("%s", sentence);
    if (isnan(s->lr))
        usage_error("--lr auto is for cl-train; the default here goes by the rate of the first training");
    if (s->freeze > hidden)
        usage_error("--freeze %llu: the network has %u layers, and one must learn", (unsigned long long) s->freeze,
                    hidden + 1);
    if (s->head_epochs > 0 && hidden == 0)
        usage_error("--head-epochs: the network has no layer but the output");
    check_transfer(s, model);
    if (s->among != NULL && model->schema.task != TASK_CLASS)
        usage_error("--among is for classes, and the model predicts a number");
    if (s->class_weights == CLASS_WEIGHTS_BALANCED && model->schema.task != TASK_CLASS)
        usage_error("--class-weights is for classes, and the model predicts a number");
    if (settings_given(s, &s->label_smoothing) && s->label_smoothing > 0 && model->schema.task != TASK_CLASS)
        usage_error("--label-smoothing is for classes, and the model predicts a number");
    if (s->keep_optimiser && (kind == NULL || strcmp(kind, settings_optimizers[s->optimizer]) != 0))
        die(STATUS_DATA, "%s: --keep-optimiser: the model has no state of the optimiser %s", path,
            settings_optimizers[s->optimizer]);
}

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

/* Runs that made the model what it is. */
static uint64_t
runs_before(const struct model *model)
{
    const struct value *lineage = model->lineage;
    uint64_t n = 0;
    for (size_t i = 0; lineage != NULL && lineage->kind == VALUE_ARRAY && i < lineage->n; i++)
        n += value_get(lineage->items[i], "forgot") == NULL;
    return n > 0 ? n : 1; /* whoever wrote it, trained it */
}

/* Penalties keep parameters, and what was learned of old classes alone says nothing against new ones. */
static void
warn_new_classes(const struct settings *s)
{
    if (strategy_at(s->strategy)->flags & STRATEGY_FOR_CLASSES)
        return;
    warn("warning: --strategy %s does not tell new classes from old ones without rows of both: expect it to forget the "
         "old (--strategy der or replay learns both, from the rows of --memory-rows)",
         strategy_names[s->strategy]);
}

/* Which classes were learned with which others. n_before: classes before this run. */
static void
learn_groups(struct strategy_run *run, struct model *model, const struct collector *collector, uint32_t n_before)
{
    const uint32_t n = schema_y(&model->schema, 0)->dict.n, number = (uint32_t) run->updates + 1;
    const struct rowset rows = collect_train(collector);
    uint32_t *groups;
    struct error error;
    if (groups_read(model, &model->arena, &groups, &error) < 0)
        die_error(&error);
    if (groups == NULL && collector->among == NULL)
        return;
    if (groups == NULL) {
        groups = arena_zalloc(&model->arena, n, sizeof *groups);
        for (uint32_t c = 0; c < n_before; c++)
            groups[c] = 1;
    }
    uint8_t *learned = arena_zalloc(&model->arena, n, 1);
    for (uint32_t c = 0; c < n; c++)
        learned[c] = groups[c] > 0;
    groups_mark(groups, &rows, number);
    groups_write(model, groups, n);
    if (model->loss != LOSS_CE) /* one output: two classes that were learned together */
        return;
    run->learned = learned;
    run->groups = collector->among != NULL ? groups : NULL;
}

/* What the strategy is told. */
static struct strategy_run
learn(const struct settings *s, struct model *model, const struct collector *collector, const struct extent *old,
      uint32_t n_before)
{
    struct strategy_run run = {
        .model = model,
        .old = old,
        .updates = runs_before(model),
        .options = settings_strategy(s),
    };
    struct error error;
    if (recall_rows(model, &model->arena, &run.memory, &error) < 0)
        die_error(&error);
    if (run.memory.n == 0 && strategy_at(s->strategy)->flags & STRATEGY_NEEDS_MEMORY)
        die(STATUS_DATA,
            "--strategy %s replays rows of the memory, and the model keeps none (cl-train --memory-rows 500 "
            "keeps some; --strategy lwf needs none)",
            strategy_names[s->strategy]);
    if (model->schema.task == TASK_CLASS)
        learn_groups(&run, model, collector, n_before);
    return run;
}

/* Passes over n rows that nobody asked for. */
static void
choose_epochs(struct settings *s, uint64_t n)
{
    const uint64_t batch = settings_batch(s), per_epoch = batch == 0 ? 1 : (n + batch - 1) / batch;
    if (settings_given(s, &s->epochs) || settings_given(s, &s->steps) || n == 0)
        return;
    s->epochs = LEAST_EPOCHS;
    if (s->epochs * per_epoch < LEAST_STEPS)
        s->epochs = (LEAST_STEPS + per_epoch - 1) / per_epoch;
}

/* A new output layer first learns alone, in a third of the passes (Kumar et al. 2022): what lies below would follow it
 * astray. */
static void
choose_head_epochs(struct settings *s, const struct model *model)
{
    if (s->reinit_head && !settings_given(s, &s->head_epochs) && s->steps == 0 && model->network.n_layers > 1)
        s->head_epochs = s->epochs / 3;
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

/* What was not said on the command line is from the model, or goes by the rows. */
static void
note_run(const struct settings *s, const struct strategy_run *run)
{
    char strength[32] = "", length[32], memory[64] = "";
    if (strategy_at(s->strategy)->flags & STRATEGY_TAKES_STRENGTH)
        snprintf(strength, sizeof strength, " of strength %g", s->strength);
    snprintf(length, sizeof length, "%llu %s", (unsigned long long) (s->steps > 0 ? s->steps : s->epochs),
             s->steps > 0 ? "steps" : "epochs");
    if (strategy_at(s->strategy)->flags & STRATEGY_NEEDS_MEMORY)
        snprintf(memory, sizeof memory, ", beside %llu rows of the memory", (unsigned long long) run->memory.n);
    note("run %llu: strategy %s%s, %s at rate %g, batch %s, %s%s", (unsigned long long) run->updates + 1,
         strategy_names[s->strategy], strength, settings_optimizers[s->optimizer], s->lr, s->batch, length, memory);
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
    note_run(s, run);
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
    const double lr = trained_lr(model);
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
    if (n_classes > n_before && s->among == NULL && !s->reinit_head)
        warn_new_classes(s);
    const struct strategy_run run = learn(s, model, collector, old, n_before); /* of the model as it was */
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
        OPT_CHOICE(0, "strategy", "NAME", &s.strategy, strategy_names, "how it keeps what it knew [auto = none]"),
        OPT_DOUBLE(0, "strength", "L", &s.strength, 0, 1e10, "how much it keeps what it knew [by the strategy]"),
        OPT_DOUBLE(0, "ewc-gamma", "G", &s.ewc_gamma, 0, 1,
                   "of online-ewc: share of the older importance that stays [1]"),
        OPT_DOUBLE(0, "si-xi", "X", &s.si_xi, 1e-30, 1e30, "of si: damping of short ways [0.1]"),
        OPT_DOUBLE(0, "temperature", "T", &s.temperature, 0.01, 1000, "of lwf: of soft targets of classes [2]"),
        OPT_CHOICE(0, "replay-weights", "share|equal|root", &s.replay_weights, settings_replay_weights,
                   "of new and old in run k: 1/k, 1 - 1/k; 1, 1; 1/sqrt(k), the rest [share]"),
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
        TRAINING_OPTIONS(s, files, "the training's with replay, else a tenth", "10, or for 300 steps", OWN),
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
    s.epochs = LEAST_EPOCHS;
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
    inherit(&s, &model, path);
    if (files.resume != NULL) {
        if (checkpoint_read(&resumed, files.resume, &error) < 0)
            die_error(&error);
        training_recall(&s, &resumed, SETTINGS_ALL, &files, engine);
        check_parent(&resumed, &model, path, &files);
    }
    if (forgotten != NULL)
        forgetting_run(&model, forgotten);
    const bool named =
        files.resume != NULL ? value_get_string(resumed.training, "strategy") != NULL : s.strategy != STRATEGY_AUTO;
    const int chosen = strategy_resolve(s.strategy, memory_size(&model));
    const bool shaken = s.shrink_perturb < 1 && !(strategy_at(chosen)->flags & STRATEGY_FOR_CLASSES);
    s.strategy = s.strategy == STRATEGY_AUTO && (s.reinit_head || shaken) ? STRATEGY_NONE : chosen;
    if (isnan(s.strength))
        s.strength = strategy_at(s.strategy)->strength;
    if (files.resume == NULL)
        choose_rate(&s, &model);
    check_settings(&s, &model, path);
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
    if (files.resume == NULL) {
        choose_epochs(&s, anew ? memory_size(&model) : collector.n_train);
        choose_head_epochs(&s, &model);
    }
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
