#include "tuning.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "groups.h"
#include "memory_rows.h"
#include "options.h"
#include "program.h"
#include "recall.h"
#include "skill.h"

double
tuning_trained_lr(const struct model *model)
{
    double lr = 0.001;
    if (!value_get_double(model->training, "trained_lr", &lr))
        value_get_double(value_get(model->training, "options"), "lr", &lr);
    if (!(lr >= 0 && lr <= 1e6))
        die(STATUS_DATA, "the model says that it was trained at a rate of %g", lr);
    return lr;
}

const struct value *
tuning_trained_options(const struct model *model)
{
    const struct value *trained = value_get(model->training, "trained");
    return trained != NULL || value_get(model->training, "online") != NULL ? trained
                                                                           : value_get(model->training, "options");
}

/* The strategy that a model was made ready for, with its numbers, unless another is given. */
static void
inherit_strategy(struct settings *s, const struct model *model, const char *path)
{
    const char *name = value_get_string(model->training, "strategy");
    const struct value *options = tuning_trained_options(model);
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

void
tuning_inherit_memory(struct settings *s, const struct model *model)
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

void
tuning_inherit(struct settings *s, const struct model *model, const char *path)
{
    struct error error;
    const struct value *options = value_get(model->training, "options"), *trained = tuning_trained_options(model);
    int status = 0;
    if (options != NULL)
        status =
            settings_check_record(SETTINGS_NETWORK | SETTINGS_OPTIMISER | SETTINGS_STRATEGY, options, path, &error);
    if (status == 0 && trained != NULL)
        status = settings_check_record(SETTINGS_OPTIMISER | SETTINGS_STRATEGY, trained, path, &error);
    if (status == 0 && options != NULL)
        status = settings_recall(s, SETTINGS_NETWORK, options, path, &error);
    if (status == 0 && trained != NULL)
        status = settings_recall(s, SETTINGS_OPTIMISER, trained, NULL, &error);
    if (status < 0 && error.status == STATUS_USAGE)
        usage_error("%s", error.text);
    if (status < 0)
        die_error(&error);
    tuning_inherit_memory(s, model);
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
    const double lr = tuning_trained_lr(model);
    const bool fast =
        s->reinit_head || s->shrink_perturb < 1 || strategy_at(s->strategy)->flags & STRATEGY_NEEDS_MEMORY;
    if (!settings_given(s, &s->head_lr))
        s->head_lr = settings_given(s, &s->lr) ? s->lr : lr;
    if (!settings_given(s, &s->lr))
        s->lr = fast ? lr : lr / 10;
}

bool
tuning_choose(struct settings *s, const struct model *model, const struct model *resumed)
{
    const bool named =
        resumed != NULL ? value_get_string(resumed->training, "strategy") != NULL : s->strategy != STRATEGY_AUTO;
    if (s->strategy == STRATEGY_AUTO && s->reinit_head)
        s->strategy = STRATEGY_NONE;
    if (s->strategy == STRATEGY_AUTO && s->shrink_perturb < 1) /* weights do not stay, and what they say neither */
        s->strategy = strategy_choose(memory_size(model), true, 0);
    if (isnan(s->strength) && s->strategy != STRATEGY_AUTO)
        s->strength = strategy_at(s->strategy)->strength;
    if (resumed == NULL)
        choose_rate(s, model);
    return named;
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

void
tuning_check(const struct settings *s, const struct model *model, const char *path)
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
    if (settings_given(s, &s->temperature) && model->schema.task != TASK_CLASS)
        usage_error("--temperature is for classes, and the model predicts a number");
    if (settings_given(s, &s->label_smoothing) && s->label_smoothing > 0 && model->schema.task != TASK_CLASS)
        usage_error("--label-smoothing is for classes, and the model predicts a number");
    if (s->keep_optimiser && (kind == NULL || strcmp(kind, settings_optimizers[s->optimizer]) != 0))
        die(STATUS_DATA, "%s: --keep-optimiser: the model has no state of the optimiser %s", path,
            settings_optimizers[s->optimizer]);
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

struct strategy_run
tuning_learn(const struct settings *s, struct model *model, const struct collector *collector, const struct extent *old,
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
    if (model->schema.task != TASK_CLASS)
        return run;
    if (schema_y(&model->schema, 0)->dict.n > n_before && s->among == NULL && !s->reinit_head)
        warn_new_classes(s);
    learn_groups(&run, model, collector, n_before);
    return run;
}

void
tuning_decide(struct settings *s, struct strategy_run *run, const struct collector *collector,
              const struct engine *engine, unsigned threads, bool new_classes)
{
    float quantiles[MODEL_MAX_QUANTILES];
    const struct model *model = run->model;
    const struct objective objective = model_objective(model, quantiles);
    const struct rowset fresh = collect_train(collector);
    double now = 0, before = 0;
    struct error error;
    if (s->strategy != STRATEGY_AUTO)
        return;
    const bool compared = run->memory.n > 0 && !new_classes && s->among == NULL;
    if (compared && (skill_of(engine, &model->network, &objective, &fresh, threads, &now, &error) < 0 ||
                     skill_of(engine, &model->network, &objective, &run->memory, threads, &before, &error) < 0))
        die_error(&error);
    s->strategy = strategy_choose(run->memory.n, new_classes || s->among != NULL, before - now);
    if (compared)
        note("auto is %s: the model takes %.3g %% off the loss of a constant on the new rows, %.3g %% on those in "
             "memory",
             strategy_names[s->strategy], 100 * now, 100 * before);
    else
        note("auto is %s: %s", strategy_names[s->strategy],
             new_classes        ? "classes are new"
             : s->among != NULL ? "classes are told apart among some"
                                : "the model keeps no rows to compare with");
    if (isnan(s->strength))
        s->strength = strategy_at(s->strategy)->strength;
    if (!settings_given(s, &s->replay_weights) && strcmp(strategy_names[s->strategy], "lwf") == 0)
        s->replay_weights = REPLAY_ROWS;
    choose_rate(s, model);
    run->options = settings_strategy(s);
}

void
tuning_choose_length(struct settings *s, const struct model *model, uint64_t n, uint32_t new_classes)
{
    const uint64_t batch = settings_batch(s), per_epoch = batch == 0 ? 1 : (n + batch - 1) / batch;
    const bool anew = s->reinit_head || s->shrink_perturb < 1 || strategy_at(s->strategy)->flags & STRATEGY_ANEW;
    const uint64_t least = new_classes > 0 ? TUNING_LEAST_STEPS * (uint64_t) new_classes
                           : anew          ? TUNING_LEAST_STEPS
                                           : TUNING_FEW_STEPS;
    if (!settings_given(s, &s->epochs) && s->steps == 0 && n > 0) {
        s->epochs = TUNING_LEAST_EPOCHS;
        if (s->epochs * per_epoch < least)
            s->epochs = (least + per_epoch - 1) / per_epoch;
    }
    if (s->reinit_head && !settings_given(s, &s->head_epochs) && s->steps == 0 && model->network.n_layers > 1)
        s->head_epochs = s->epochs / 3;
}

void
tuning_note(const struct settings *s, const struct strategy_run *run)
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
