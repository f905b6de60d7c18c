#include "solving.h"

#include <math.h>
#include <stdlib.h>

#include "analytic.h"
#include "memory_rows.h"
#include "program.h"
#include "strategy.h"
#include "widen.h"

bool
solving_is_for(const struct settings *settings)
{
    return strategy_at(settings->strategy)->flags & STRATEGY_CLOSED_FORM;
}

static void
check_loss(const struct model *model)
{
    const char *sentence = analytic_refuses(model->loss);
    if (sentence != NULL)
        usage_error("%s", sentence);
}

/* Hidden layers that stay. */
static uint32_t
count_hidden(const struct settings *s, const struct model *model)
{
    const uint32_t hidden = model->network.n_layers - 1;
    if (settings_given(s, &s->features) && s->features > hidden)
        usage_error("--features %llu: the network has %u hidden layer%s", (unsigned long long) s->features, hidden,
                    training_plural(hidden));
    return s->features < hidden ? (uint32_t) s->features : hidden;
}

void
solving_check_training(struct settings *s, const struct model *model)
{
    check_loss(model);
    if (count_hidden(s, model) > 0)
        return;
    if (settings_given(s, &s->epochs) || settings_given(s, &s->steps))
        usage_error("--%s: strategy analytic solves for the output layer, and there is no hidden one to train",
                    settings_given(s, &s->epochs) ? "epochs" : "steps");
    s->epochs = 0;
}

void
solving_check_tuning(const struct settings *s, const struct training_files *files, const struct model *model,
                     const char *path)
{
    const struct {
        const void *field;
        const char *name;
    } of_steps[] = {
        {&s->epochs, "epochs"},
        {&s->steps, "steps"},
        {&s->lr, "lr"},
        {&s->optimizer, "optimizer"},
        {&s->momentum, "momentum"},
        {&s->dampening, "dampening"},
        {&s->beta1, "beta1"},
        {&s->beta2, "beta2"},
        {&s->epsilon, "epsilon"},
        {&s->weight_decay, "weight-decay"},
        {&s->decoupled, "decoupled"},
        {&s->clip, "clip"},
        {&s->ema, "ema"},
        {&s->schedule, "schedule"},
        {&s->warmup, "warmup"},
        {&s->batch, "batch"},
        {&s->valid, "valid"},
        {&s->patience, "patience"},
        {&s->until_loss, "until-loss"},
        {&s->dropout, "dropout"},
        {&s->label_smoothing, "label-smoothing"},
        {&s->freeze, "freeze"},
        {&s->head_epochs, "head-epochs"},
        {&s->head_lr, "head-lr"},
        {&s->lr_decay, "lr-decay"},
        {&s->reinit_head, "reinit-head"},
        {&s->shrink_perturb, "shrink-perturb"},
        {&s->keep_optimiser, "keep-optimiser"},
    };
    const struct {
        const char *path, *name;
    } of_runs[] = {{files->log, "log"}, {files->checkpoint, "checkpoint"}, {files->resume, "resume"}};
    struct error error;
    for (size_t i = 0; i < sizeof of_steps / sizeof *of_steps; i++)
        if (settings_given(s, of_steps[i].field))
            usage_error("--%s: strategy analytic solves for the output layer and runs no steps", of_steps[i].name);
    for (size_t i = 0; i < sizeof of_runs / sizeof *of_runs; i++)
        if (of_runs[i].path != NULL)
            usage_error("--%s: strategy analytic solves for the output layer and runs no steps", of_runs[i].name);
    check_loss(model);
    count_hidden(s, model);
    if (analytic_check(model, &error) < 0) {
        error_prefix(&error, "%s", path);
        die_error(&error);
    }
    if (analytic_kept(model) && (settings_given(s, &s->widen) || settings_given(s, &s->features)))
        usage_error("--%s: the model has its features, and sums of them over the rows it was trained on",
                    settings_given(s, &s->widen) ? "widen" : "features");
    if (!analytic_kept(model) && memory_size(model) == 0)
        die(STATUS_DATA,
            "%s: the model keeps neither sums over the rows it was trained on nor rows, so strategy analytic would "
            "forget them (cl-train --strategy analytic keeps sums)",
            path);
}

static void
report(const struct model *model, const struct analytic_report *r)
{
    if (r->own_solver)
        warn("note: solved by exact numerics: %s", r->why.text);
    if (isnan(r->freedom))
        note("output layer solved: %llu features, %.6g rows, ridge %.3g", (unsigned long long) r->features, r->rows,
             r->ridge);
    else
        note("output layer solved: %llu features, %.6g rows, ridge %.3g by cross-validation, %.4g degrees of freedom",
             (unsigned long long) r->features, r->rows, r->ridge, r->freedom);
    if (model->schema.task == TASK_CLASS)
        note("scores of classes are multiplied by %.3g", r->scale);
}

/* Adds rows, and solves. */
static struct analytic_report
solve(const struct settings *s, const struct training_files *files, const struct engine *engine, struct model *model,
      const struct rowset *rows)
{
    const struct analytic_setup setup = {
        .engine = engine, .threads = (unsigned) files->threads, .ridge = s->ridge, .rows = *rows};
    struct analytic_report result;
    struct error error;
    if (analytic_run(model, &setup, &result, &error) < 0)
        die_error(&error);
    return result;
}

/* The rows of the memory with the weights of those they stand for. */
static void
begin_with_memory(const struct settings *s, const struct training_files *files, const struct engine *engine,
                  struct model *model, const struct solving_start *start)
{
    struct rowset rows = start->memory;
    float *w = mem_array(rows.n, sizeof *w);
    const double each = (double) start->stand_for / (double) rows.n;
    for (uint64_t i = 0; i < rows.n; i++)
        w[i] = (float) (each * (rows.w != NULL ? (double) rows.w[i] : 1));
    rows.w = w;
    warn("the model keeps no sums over the rows it was trained on: %llu row%s of its memory stand for them",
         (unsigned long long) rows.n, training_plural(rows.n));
    solve(s, files, engine, model, &rows);
    free(w);
}

void
solving_run(const struct settings *s, const struct training_files *files, const struct engine *engine,
            struct model *model, const struct collector *collector, const struct solving_start *start)
{
    const struct rowset rows = dataset_rows(&collector->train, 0, collector->train.n);
    const bool begins = !analytic_kept(model);
    struct value *record = model->training;
    struct error error;
    if (begins && widen_network(model, count_hidden(s, model), (uint32_t) s->widen, &rows, engine,
                                (unsigned) files->threads, s->seed, &error) < 0) {
        if (error.status == STATUS_USAGE)
            usage_error("%s", error.text);
        die_error(&error);
    }
    if (begins && start->memory.n > 0)
        begin_with_memory(s, files, engine, model, start);
    const struct analytic_report result = solve(s, files, engine, model, &rows);
    report(model, &result);
    /* What the trainer said, and left, is of another output layer. */
    model_strip(model, TENSOR_OPTIMISER);
    model_strip(model, TENSOR_IMPORTANCE);
    value_remove(record, "loss");
    value_remove(record, "valid_loss");
    value_remove(record, "best_epoch");
    value_set(&model->arena, record, "solved_rows", value_float(&model->arena, result.rows));
    value_set(&model->arena, record, "solved_ridge", value_float(&model->arena, result.ridge));
    if (!isnan(result.freedom))
        value_set(&model->arena, record, "degrees_of_freedom", value_float(&model->arena, result.freedom));
}
