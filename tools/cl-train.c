/*
 * cl-train: trains a network on the rows of a stream.
 *
 * stdin or FILE ...: a data stream, scaled as a rule. stdout or -o FILE: a checkpoint, written when all is done.
 *
 * Memory: the training and validation rows once in f32, or beyond --max-memory in a mapped temporary file; the network
 * four to seven times.
 */
#include <stdlib.h>
#include <string.h>

#include "build.h"
#include "checkpoint.h"
#include "device.h"
#include "memory_rows.h"
#include "profile.h"
#include "program.h"
#include "solving.h"
#include "training.h"

/* Defaults in the help. */
#define OWN(text) text

/* With fewer, rows held out are missed more than early stopping gains. */
enum { ENOUGH_ROWS = 100 };

/* Among the columns, and not learnt from. */
static void
note_ignored(const struct schema *schema)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < schema->n_columns; i++)
        n += schema->columns[i].role == ROLE_FEATURE && schema->columns[i].type != COLUMN_NUM &&
             schema->columns[i].type != COLUMN_CAT;
    if (n > 0)
        note("%u column%s of text or times left out", n, training_plural(n));
}

/* Far from 0, gradients are as large as the numbers, and training goes nowhere or astray. */
static void
warn_unscaled(const struct profile *profile)
{
    enum { LARGE = 1000 };
    for (uint32_t i = 0; i < profile->n; i++) {
        const struct profile_column *column = &profile->columns[i];
        double most = fmax(fabs(column->low), fabs(column->high)); /* NaN of a category */
        char quoted[128];
        if (!(most > LARGE))
            continue;
        warn("warning: column '%s' reaches %.3g and is not scaled (cl-scale before cl-train does that)",
             error_quote(quoted, sizeof quoted, column->name, strlen(column->name), 60), most);
        return;
    }
}

int
main(int argc, char **argv)
{
    struct settings s;
    struct training_files files = {.every_s = NAN};
    struct option options[] = {
        OPT_CHOICE(0, "strategy", "NAME", &s.strategy, strategy_names,
                   "what the model is made ready for: ewc, si ... of cl-tune [auto]"),
        OPT_DOUBLE(0, "si-xi", "X", &s.si_xi, 1e-30, 1e30, "of si: damping of short ways [0.1]"),
        OPT_DOUBLE_AUTO(0, "ridge", "L", &s.ridge, 1e-12, 1e6,
                        "of analytic: penalty, as a share of the mean square of a feature [auto]"),
        OPT_U64(0, "widen", "N", &s.widen, 0, 1000000, "of analytic: random units beside the last hidden ones [0]"),
        OPT_U64(0, "features", "L", &s.features, 0, 1024, "of analytic: hidden layers that are used [all]"),
        OPT_STRING(0, "classes", "LIST", &s.classes, "classes to expect later: outputs for them, too, from the start"),
        TRAINING_OPTIONS(s, files, "by the optimiser and the rows", "100", OWN),
        OPT_COMMON,
        OPT_END,
    };
    const struct program_usage usage = {
        "cl-train", "train a network on a stream", "[OPTION ...] [FILE ...]",
        "cl-ingest < data.csv | cl-split | cl-scale | cl-train > model.ck\n"
        "cl-train --hidden 64,32 --lr 0.003 --log train.jsonl -o model.ck data.clt\n"
        "cl-train --net 'dense 256 gelu, residual 2, dropout 0.1' -o model.ck data.clt\n"
        "cl-train --checkpoint run.ck -o model.ck data.clt; cl-train --resume run.ck -o model.ck data.clt\n",
        options};

    program_start("cl-train");
    options_more_versions(device_versions);
    settings_default(&s);
    training_mark(options, &s);
    size_t n_paths = (size_t) options_parse(&usage, argc, argv);
    const char *const *paths = (const char *const *) argv;
    training_check_files(&files);
    if (n_paths == 0)
        usage_if_terminal();
    struct error error;
    const char *sentence = files.resume == NULL ? settings_check(&s, &error) : NULL;
    if (sentence != NULL)
        usage_error("%s", sentence);
    if (s.memory_rows == 0 && strategy_at(s.strategy)->flags & STRATEGY_NEEDS_MEMORY)
        usage_error("--strategy %s replays rows, and --memory-rows 0 keeps none", strategy_names[s.strategy]);
    const struct engine *engine = training_engine(&files);
    struct model model = {0}, resumed = {0};
    if (files.resume != NULL) {
        if (checkpoint_read(&resumed, files.resume, &error) < 0)
            die_error(&error);
        training_recall(&s, &resumed, SETTINGS_TRAIN, &files, engine);
        if ((sentence = settings_check(&s, &error)) != NULL)
            usage_error("%s", sentence);
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
    if (collect_open(&collector, stream_reader_schema(reader), NULL, (const char *const *) among, false, &memory,
                     &error) < 0)
        training_refuse(reader, &error);
    if (s.loss == 1 + LOSS_POISSON)
        collect_counts(&collector);
    note_ignored(stream_reader_schema(reader));
    struct profile *profile = training_read(reader, &collector, data, &model.arena);
    if (profile != NULL)
        warn_unscaled(profile);
    if (files.resume != NULL)
        training_check_data(&resumed, data, &files);

    training_hold_out(&collector, &s, ENOUGH_ROWS);
    const bool open = s.net == NULL && strcmp(s.hidden, "auto") == 0;
    if (build_model(&model, &collector, &s, &error) < 0)
        die_error(&error);
    if (solving_is_for(&s))
        solving_check_training(&s, &model);
    if (open)
        note("by %llu rows: --net '%s' --batch %s --lr %.3g --weight-decay %.3g",
             (unsigned long long) collector.n_train, s.net, s.batch, s.lr, s.weight_decay);
    if (profile != NULL)
        model.schema.profile = profile;
    const enum balance by = training_balance(&s, model.schema.task);
    training_record(&model, &s, SETTINGS_TRAIN, &collector, engine, data, NULL);
    uint32_t n_classes = model.schema.task == TASK_CLASS ? schema_y(&model.schema, 0)->dict.n : 0;
    const struct memory_options remember = {.seed = s.seed, .capacity = training_capacity(&s, n_classes), .by = by};
    uint64_t kept = memory_keep(&model, &collector.train, collector.n_train, &remember);
    if (collect_weigh(&collector, s.class_weights == CLASS_WEIGHTS_BALANCED, n_classes, &error) < 0)
        die_error(&error);
    struct trainer_setup setup = training_setup(&s, &files, engine, &model, &collector);
    setup.strategy = strategy_at(s.strategy);
    setup.learn = (struct strategy_run){.model = &model, .options = settings_strategy(&s)};
    if (s.strategy != STRATEGY_AUTO)
        value_set(&model.arena, model.training, "strategy", value_string(&model.arena, strategy_names[s.strategy]));
    training_run(&files, &model, &setup, files.resume != NULL ? &resumed : NULL);
    if (solving_is_for(&s))
        solving_run(&s, &files, engine, &model, &collector, &(struct solving_start){{0}, 0});

    if (checkpoint_write(&model, &output, files.level, &error) < 0 || output_commit(&output, &error) < 0)
        die_error(&error);
    training_say_kept(kept);
    collect_close(&collector);
    stream_reader_close(reader);
    model_free(&model);
    model_free(&resumed);
    free(among);
    return STATUS_OK;
}
