/* Options of cl-tune --online: which go together, which a run takes over, which are recorded. */
#include <math.h>
#include <stddef.h>

#include "balance.h"
#include "detector.h"
#include "online.h"
#include "program.h"
#include "streaming.h"
#include "tuning.h"

/* What a stream has no use for. */
static const struct {
    size_t offset; /* in struct settings */
    const char *name, *why;
} unused[] = {
#define UNUSED(field, name, why) \
    { \
        offsetof(struct settings, field), name, why \
    }
    UNUSED(batch, "batch", "--update-rows says how many rows an update has"),
    UNUSED(epochs, "epochs", "each row is seen once"),
    UNUSED(steps, "steps", "there is a step for every --update-rows rows"),
    UNUSED(valid, "valid", "every row is predicted before it is learnt"),
    UNUSED(patience, "patience", "it goes on as long as rows come"),
    UNUSED(tolerance, "tolerance", "it goes on as long as rows come"),
    UNUSED(until_loss, "until-loss", "it goes on as long as rows come"),
    UNUSED(schedule, "schedule", "a stream has no end to plan for"),
    UNUSED(schedule_step, "schedule-step", "a stream has no end to plan for"),
    UNUSED(schedule_factor, "schedule-factor", "a stream has no end to plan for"),
    UNUSED(schedule_patience, "schedule-patience", "a stream has no end to plan for"),
    UNUSED(lr_min, "lr-min", "a stream has no end to plan for"),
    UNUSED(warmup, "warmup", "a stream has no end to plan for"),
    UNUSED(ema, "ema", "rows are predicted by the weights of the moment"),
    UNUSED(class_weights, "class-weights", "it would have to know all rows"),
    UNUSED(among, "among", "it learns all classes"),
    UNUSED(strategy, "strategy", "--replay is what keeps old rows known"),
    UNUSED(strength, "strength", "--replay is what keeps old rows known"),
    UNUSED(ewc_gamma, "ewc-gamma", "--replay is what keeps old rows known"),
    UNUSED(si_xi, "si-xi", "--replay is what keeps old rows known"),
    UNUSED(temperature, "temperature", "--replay is what keeps old rows known"),
    UNUSED(replay_weights, "replay-weights", "every row of a step counts alike"),
    UNUSED(ridge, "ridge", "nothing is solved in closed form"),
    UNUSED(widen, "widen", "nothing is solved in closed form"),
    UNUSED(features, "features", "nothing is solved in closed form"),
    UNUSED(freeze, "freeze", "all layers learn"),
    UNUSED(lr_decay, "lr-decay", "all layers learn alike"),
    UNUSED(head_lr, "head-lr", "all layers learn alike"),
    UNUSED(reinit_head, "reinit-head", "the label is the model's"),
    UNUSED(shrink_perturb, "shrink-perturb", "--shrink does that for each update"),
    UNUSED(perturb, "perturb", "--shrink says how much noise there is"),
    UNUSED(new_columns, "new-columns", "the columns are the model's"),
    UNUSED(head_epochs, "head-epochs", "each row is seen once"),
    UNUSED(head_lr, "head-lr", "each row is seen once"),
    UNUSED(lr_decay, "lr-decay", "all layers learn alike"),
    UNUSED(reinit_head, "reinit-head", "it would have to know all classes"),
    UNUSED(shrink_perturb, "shrink-perturb", "--shrink does that at each update"),
    UNUSED(perturb, "perturb", "--shrink does that at each update"),
};
enum { N_UNUSED = sizeof unused / sizeof *unused };

void
streaming_check_options(const struct settings *s, const struct training_files *files,
                        const struct streaming_files *online)
{
    const struct {
        const void *field;
        const char *name;
    } only[] = {
        {&s->update_rows, "update-rows"}, {&s->replay, "replay"}, {&s->id, "id"},
        {&s->window, "window"},           {&s->adapt, "adapt"},   {&s->detector, "detector"},
        {&s->shrink, "shrink"},
    };
    const bool by_row = online->log_rows > 0, by_time = !isnan(online->log_every_s);
    for (size_t i = 0; !online->on && i < sizeof only / sizeof *only; i++)
        if (settings_given(s, only[i].field))
            usage_error("--%s is for --online, which is not given", only[i].name);
    if (!online->on && (by_row || by_time))
        usage_error("--log-%s is for --online, which is not given", by_row ? "rows" : "every");
    if (!online->on)
        return;
    for (size_t i = 0; i < N_UNUSED; i++)
        if (settings_given(s, (const char *) s + unused[i].offset))
            usage_error("--%s is not for --online: %s", unused[i].name, unused[i].why);
    if (files->max_memory > 0)
        usage_error("--max-memory is not for --online: it keeps no rows but those of --memory-rows");
    if (isnan(s->lr) && s->optimizer >= OPT_RMSPROP && settings_given(s, &s->optimizer))
        usage_error("--lr auto is for the optimizers sgd, momentum and nesterov");
    if ((by_row || by_time) && files->log == NULL)
        usage_error("--log-%s is for --log FILE, which is not given", by_row ? "rows" : "every");
    if (by_row && by_time)
        usage_error("--log-rows and --log-every both say when to write a line: give one of them");
    if (settings_given(s, &s->window) && s->id == NULL)
        usage_error("--window is for --id COLUMN, which is not given");
    if (settings_given(s, &s->detector) && !s->adapt)
        usage_error("--detector is for --adapt, which is not given");
    if (s->adapt) {
        struct error error;
        struct detector *detector = detector_open(s->detector, &error);
        if (detector == NULL)
            usage_error("--detector: %s", error.text);
        detector_close(detector);
    }
}

uint64_t
streaming_capacity(const struct settings *s, const struct model *model)
{
    uint64_t capacity = 0;
    if (s->memory_rows != UINT64_MAX)
        return s->memory_rows;
    value_get_u64(model->memory, "capacity", &capacity);
    return capacity;
}

/* Options of a record have passed no option table; a file may say anything. */
static void
check_recalled(const struct settings *s, const struct model *model, const char *path)
{
    const bool good = s->update_rows >= 1 && s->update_rows <= STREAMING_MOST_ROWS && s->window >= 1 &&
                      s->window <= STREAMING_MOST_WINDOW && s->replay >= 0 && s->replay <= 100 && s->shrink >= 0.5 &&
                      s->shrink <= 1 && (isnan(s->lr) || (s->lr >= 0 && s->lr <= 1e6)) && s->dropout >= 0 &&
                      s->dropout < 1 && s->clip >= 0;
    if (!good)
        die(STATUS_DATA, "%s: the options of its online run are out of their ranges", path);
    struct error error;
    struct detector *detector = detector_open(s->detector, &error); /* one that was given is known to be right */
    if (detector == NULL)
        die(STATUS_DATA, "%s: the options of its online run are of no use: %s", path, error.text);
    detector_close(detector);
    if (streaming_capacity(s, model) > STREAMING_MOST_WINDOW)
        die(STATUS_DATA, "%s: a memory of %llu rows is too large for --online (--memory-rows says another number)",
            path, (unsigned long long) streaming_capacity(s, model));
}

/*
 * Settings that were not given are those of the record that goes on. A new one begins with defaults of its own, not
 * those that epochs had: in one pass over rows that depend on those just before, momentum, decay and dropout all cost
 * accuracy (measured on the streams of tests/bench/streams.sh, seeds 11 to 18).
 */
void
streaming_inherit(struct settings *s, const struct model *model, const char *path)
{
    const struct value *options = value_get(model->training, "options");
    const bool goes_on = online_continues(model);
    struct error error;
    const unsigned scopes = goes_on ? SETTINGS_ALL | SETTINGS_ONLINE : SETTINGS_NETWORK;
    if (!settings_given(s, &s->optimizer))
        s->optimizer = OPT_SGD;
    int status = settings_check_record(scopes, options, path, &error);
    if (status == 0)
        status = settings_recall(s, scopes, options, path, &error);
    if (status < 0 && error.status != STATUS_USAGE)
        die_error(&error);
    if (status < 0)
        usage_error("%s%s", error.text,
                    goes_on ? "; its run goes on (cl-cat --strip resume makes a model of it, with which a new one can "
                              "begin)"
                            : "");
    if (s->lr == SETTINGS_LR_OPEN || (isnan(s->lr) && s->optimizer >= OPT_RMSPROP))
        s->lr = s->optimizer < OPT_RMSPROP ? NAN : 0.0005;
    if (isnan(s->weight_decay))
        s->weight_decay = 0;
    tuning_inherit_memory(s, model);
    if (goes_on && s->memory_by == 0) /* one that is shared says so */
        s->memory_by = 1 + BALANCE_ROWS;
    training_balance(s, model->schema.task);
    check_recalled(s, model, path);
}

/* The options that count, as they are recorded. */
const struct value *
streaming_record(const struct settings *s, struct arena *arena)
{
    struct value *map = value_map(arena);
    settings_record(s, SETTINGS_ALL | SETTINGS_ONLINE, map, arena);
    for (size_t i = 0; i < N_UNUSED; i++)
        value_remove(map, unused[i].name);
    return map;
}
