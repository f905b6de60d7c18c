/*
 * What cl-train and cl-tune share: the training options, and a run of the trainer with its log, its checkpoints and
 * what it says on stderr. Part of the tools: these functions end the program when something is wrong.
 */
#ifndef CL_TRAINING_H
#define CL_TRAINING_H

#include <math.h>
#include <stdint.h>

#include "balance.h"
#include "collect.h"
#include "dataset.h"
#include "engine.h"
#include "model.h"
#include "options.h"
#include "settings.h"
#include "stream.h"
#include "trainer.h"

/* What cannot change the result. */
struct training_files {
    const char *output, *log, *checkpoint, *resume, *device, *numerics;
    double every_s;               /* NAN = every minute */
    uint64_t threads, max_memory; /* 0 = all; 0 = half of the machine */
    int level;
};

/* Options of both programs; s: struct settings, f: struct training_files. Defaults of these two differ: lr and epochs
 * by what they are, others by own("default"), which is cl-train's, or says that the model decides. */
#define TRAINING_OPTIONS(s, f, lr_default, epochs_default, own) \
    OPT_STRING(0, "net", "ITEMS", &(s).net, "layers in words: 'dense 64 gelu, layernorm, residual 2, dropout 0.1'"), \
        OPT_STRING(0, "hidden", "WIDTHS", &(s).hidden, \
                   "widths of the hidden layers; none = a linear model [" own("auto: by the rows") "]"), \
        OPT_CHOICE(0, "activation", "NAME", &(s).activation, settings_activations, \
                   "of the hidden layers [" own("gelu; relu with --hidden") "]"), \
        OPT_CHOICE(0, "init", "NAME", &(s).init, settings_inits, \
                   "distribution of the initial weights [" own("auto") "]"), \
        OPT_CHOICE(0, "loss", "NAME", &(s).loss, settings_losses, \
                   "what is made small [" own("auto: mse, bce for two classes, ce") "]"), \
        OPT_DOUBLE(0, "huber-delta", "D", &(s).huber_delta, 1e-30, 1e30, \
                   "where --loss huber turns linear [" own("1") "]"), \
        OPT_STRING(0, "quantiles", "LIST", &(s).quantiles, "what --loss quantile predicts [" own("0.1,0.5,0.9") "]"), \
        OPT_CHOICE(0, "optimizer", "NAME", &(s).optimizer, settings_optimizers, \
                   "how weights are moved [" own("adamw") "]"), \
        OPT_DOUBLE_AUTO(0, "lr", "RATE", &(s).lr, 0, 1e6, "learning rate; auto = by a range test [" lr_default "]"), \
        OPT_DOUBLE(0, "momentum", "G", &(s).momentum, 0, 1, "of momentum, nesterov and muon [" own("0.9") "]"), \
        OPT_DOUBLE(0, "dampening", "G", &(s).dampening, 0, 1, \
                   "of momentum: v = g v + (1 - dampening) grad [" own("as --momentum") "]"), \
        OPT_DOUBLE(0, "beta1", "B", &(s).beta1, 0, 0.999999, "of adam, adamw and muon [" own("0.9") "]"), \
        OPT_DOUBLE(0, "beta2", "B", &(s).beta2, 0, 0.999999, \
                   "of adam, adamw, muon and rmsprop [" own("0.999; rmsprop 0.9") "]"), \
        OPT_DOUBLE(0, "epsilon", "E", &(s).epsilon, 1e-30, 1, "of adam, adamw, muon and rmsprop [" own("1e-8") "]"), \
        OPT_DOUBLE_AUTO(0, "weight-decay", "L", &(s).weight_decay, 0, 1e6, \
                        "of weights, not of biases [" own("auto: by the rows; 0 of all but adamw, muon") "]"), \
        OPT_FLAG(0, "decoupled", &(s).decoupled, "decay beside the gradient step (adamw and muon always do)"), \
        OPT_DOUBLE( \
            0, "ema", "D", &(s).ema, 0, 0.999999, \
            "judge and keep a running mean of the weights, of decay D [" own("0.999 with a constant rate") "]"), \
        OPT_CHOICE(0, "schedule", "NAME", &(s).schedule, settings_schedules, "how the rate goes down [constant]"), \
        OPT_U64(0, "schedule-step", "N", &(s).schedule_step, 1, UINT64_MAX - 1, "epochs between drops of step [30]"), \
        OPT_DOUBLE(0, "schedule-factor", "F", &(s).schedule_factor, 0, 1, "of a drop of step or plateau [0.1]"), \
        OPT_U64(0, "schedule-patience", "N", &(s).schedule_patience, 0, UINT64_MAX - 1, "epochs plateau waits [5]"), \
        OPT_DOUBLE(0, "lr-min", "RATE", &(s).lr_min, 0, 1e6, "where cosine and plateau end [0]"), \
        OPT_U64(0, "warmup", "N", &(s).warmup, 0, UINT64_MAX - 1, "steps in which the rate rises from 0 [0]"), \
        OPT_STRING(0, "batch", "N|all|auto", &(s).batch, "rows a step [" own("auto: 128, below 2000 rows 32") "]"), \
        OPT_U64(0, "epochs", "N", &(s).epochs, 0, 1000000000, "passes over the rows [" epochs_default "]"), \
        OPT_U64(0, "steps", "N", &(s).steps, 1, UINT64_MAX - 1, "a number of steps in place of epochs"), \
        OPT_DOUBLE(0, "valid", "SHARE", &(s).valid, 0, 0.9, "rows held out for validation when none is tagged [0.1]"), \
        OPT_U64(0, "patience", "N", &(s).patience, 0, UINT64_MAX - 1, \
                "stop after N epochs without a better validation loss; 0 = never [10]"), \
        OPT_DOUBLE(0, "tolerance", "T", &(s).tolerance, 0, 1e30, "how much better counts as better [0]"), \
        OPT_DOUBLE(0, "until-loss", "EPS", &(s).until_loss, 0, 1e30, "stop when the training loss is below"), \
        OPT_DOUBLE(0, "dropout", "P", &(s).dropout, 0, 0.95, \
                   "share of hidden units dropped in training [" own( \
                       "0.1; 0 with --hidden, and for many rows of numbers") "]"), \
        OPT_DOUBLE(0, "clip", "NORM", &(s).clip, 0, 1e30, "largest norm of the gradient; 0 = any [" own("0") "]"), \
        OPT_CHOICE(0, "class-weights", "none|balanced", &(s).class_weights, settings_class_weights, \
                   "let rare classes weigh more [" own("none") "]"), \
        OPT_DOUBLE(0, "label-smoothing", "E", &(s).label_smoothing, 0, 0.9, \
                   "share of the target that all classes get alike [" own("0") "]"), \
        OPT_STRING(0, "among", "CLASSES", &(s).among, "train on rows of these classes, told apart among these"), \
        OPT_U64(0, "memory-rows", "N", &(s).memory_rows, 0, 100000000, \
                "rows kept in the checkpoint for later tuning; 0 = none [" own("500, or 50 a class if more") "]"), \
        OPT_CHOICE(0, "memory-by", "WAY", &(s).memory_by, settings_memory_by, \
                   "who shares the memory: rows, class or run [" own("class for classes, else rows") "]"), \
        OPT_U64(0, "seed", "N", &(s).seed, 0, UINT64_MAX - 1, "seed of every random choice [1]"), \
        OPT_STRING(0, "log", "FILE", &(f).log, "write a JSON object a line for each epoch"), \
        OPT_STRING(0, "checkpoint", "FILE", &(f).checkpoint, "write the state of the run to FILE as it goes"), \
        OPT_SECONDS(0, "every", "TIME", &(f).every_s, "between writes of --checkpoint [60s]"), \
        OPT_STRING(0, "resume", "FILE", &(f).resume, "go on from the state in FILE, with the same data"), \
        OPT_SIZE(0, "max-memory", "SIZE", &(f).max_memory, \
                 "data beyond this lives in a temporary file [half of the memory]"), \
        OPT_U64(0, "threads", "N", &(f).threads, 1, 4096, "threads [all cores]"), \
        OPT_STRING(0, "device", "auto|cpu|ref|blas", &(f).device, "where to compute [auto]"), \
        OPT_STRING(0, "numerics", "exact|fast", &(f).numerics, \
                   "the same bits everywhere, or OpenBLAS where it is faster [exact, or CL_NUMERICS]"), \
        OPT_LEVEL('z', "compress", "LEVEL", &(f).level, 3, 1, 19, "zstd level of the checkpoint [3]"), \
        OPT_STRING('o', "output", "FILE", &(f).output, "write to FILE, whole or not at all")

/* Ends the program when --every has nothing to say. */
void training_check_files(const struct training_files *files);

/* Lets the options that point into `settings` tell it that they were given. */
void training_mark(struct option *options, struct settings *settings);

/* The engine that --device and --numerics ask for. */
const struct engine *training_engine(const struct training_files *files);

/* Where data beyond --max-memory lives. */
struct dataset_memory training_memory(const struct training_files *files);

/* "" or "s". */
const char *training_plural(uint64_t n);

/* Ends the program: bad data of a stream with its name before the sentence. */
_Noreturn void training_refuse(const struct stream_reader *reader, struct error *error);

/* Reads the stream to its verified end. data: its content digest. Returns the profile of its training rows, in `arena`,
 * when they are raw; else NULL. */
struct profile *training_read(struct stream_reader *reader, struct collector *collector, char data[33],
                              struct arena *arena);

/* Holds rows out for validation as --valid says; when it was not given, of `enough` rows or more. */
void training_hold_out(struct collector *collector, const struct settings *settings, uint64_t enough);

/* Capacity of the memory: --memory-rows, else 500 or 50 a class. */
uint64_t training_capacity(const struct settings *settings, uint64_t n_classes);

/* How the memory is shared out: --memory-by, where auto becomes what it stands for. */
enum balance training_balance(struct settings *settings, enum task task);

/* One line that says how many rows of the data the checkpoint keeps. */
void training_say_kept(uint64_t kept);

/* A run of the trainer by these settings, on the rows of the collector. Borrows all of them. */
struct trainer_setup training_setup(const struct settings *s, const struct training_files *files,
                                    const struct engine *engine, struct model *model,
                                    const struct collector *collector);

/* That --checkpoint can be written is better known now than after its first interval. */
void training_try_checkpoint(const struct training_files *files);

/* Runs the trainer to its end, resumed from a model or not (NULL), and puts the result into `model`. */
void training_run(const struct training_files *files, struct model *model, const struct trainer_setup *setup,
                  const struct model *resumed);

/* The part of the record that is known before the run; and the entry of the lineage. */
void training_record(struct model *model, const struct settings *settings, unsigned scopes,
                     const struct collector *collector, const struct engine *engine, const char *data,
                     const char *parent);

/* The run being resumed must be of the same program, data and kind of numerics. Settings not given become its own. */
void training_recall(struct settings *settings, const struct model *resumed, unsigned scopes,
                     const struct training_files *files, const struct engine *engine);

/* Ends the program when the resumed run was on data with another digest. */
void training_check_data(const struct model *resumed, const char *data, const struct training_files *files);

#endif
