/* What a trainer puts into a model, and what it takes back to go on. */
#include <stddef.h>
#include <string.h>

#include "memory.h"
#include "trainer_inside.h"

static const struct {
    const char *name;
    size_t offset;
    bool whole; /* u64, else double */
} state_fields[] = {
#define WHOLE(field) \
    { \
#field, offsetof(struct trainer_state, field), true \
    }
#define REAL(field) \
    { \
#field, offsetof(struct trainer_state, field), false \
    }
    WHOLE(step),
    WHOLE(epoch),
    WHOLE(moment_steps),
    REAL(loss_sum),
    REAL(weight_sum),
    REAL(loss),
    REAL(valid_loss),
    REAL(valid_accuracy),
    REAL(best_loss),
    WHOLE(best_epoch),
    WHOLE(best_moment_steps),
    REAL(waited_loss),
    WHOLE(waited_epochs),
    {"schedule_scale", offsetof(struct trainer_state, schedule.scale), false},
    {"schedule_best_loss", offsetof(struct trainer_state, schedule.best_loss), false},
    {"schedule_bad_epochs", offsetof(struct trainer_state, schedule.bad_epochs), true},
};
enum { N_STATE_FIELDS = sizeof state_fields / sizeof *state_fields };

static const char *
kept_name(struct arena *arena, int i, bool best, const char *param)
{
    static const char *const prefix[N_KEPT] = {"", "m.", "v."};
    return arena_printf(arena, "%s%s%s", best ? "best." : "", prefix[i], param);
}

/* The buffer of a tensor in the model, made when it is not there. */
static float *
tensor_room(struct model *model, enum tensor_role role, const char *name, const struct param *param)
{
    struct tensor *tensor = model_find(model, role, name);
    size_t bytes = param_count(param) * sizeof(float);
    if (tensor != NULL && tensor->dtype == DTYPE_F32 && tensor->bytes == bytes)
        return tensor->data;
    float *data = arena_aligned(&model->arena, bytes);
    model_put(model, role, name, DTYPE_F32, 2, (const uint64_t[]){param->rows, param->cols}, data);
    return data;
}

/* Parameters and moments, of now or of the best epoch. */
static int
put_kept(struct trainer *trainer, struct model *model, bool best, struct error *error)
{
    struct arena scratch = {0};
    int status = 0;
    for (int i = 0; i < N_KEPT; i++) {
        if (!optimiser_keeps(trainer->setup.optimiser.kind, kept[i]))
            continue;
        for (uint32_t p = 0; p < model->network.n_params && status == 0; p++) {
            const struct param *param = &model->network.params[p];
            float *to = i == 0
                            ? param->data
                            : tensor_room(model, TENSOR_OPTIMISER, kept_name(&scratch, i, false, param->name), param);
            if (best)
                memcpy(to, trainer->best[i][p], param_count(param) * sizeof *to);
            else
                status = trainer->setup.engine->read(trainer->engine, kept[i], p, to, error);
        }
    }
    arena_free(&scratch);
    return status;
}

static const char *
average_name(struct arena *arena, const char *param)
{
    return arena_printf(arena, "ema.%s", param);
}

static const char *
path_name(struct arena *arena, bool best, const char *param)
{
    return arena_printf(arena, "%spath.%s", best ? "best." : "", param);
}

/* An array of a parameter that only an interrupted run needs. */
static void
put_resume(struct model *model, const char *name, const struct param *param, const float *from)
{
    memcpy(tensor_room(model, TENSOR_RESUME, name, param), from, param_count(param) * sizeof *from);
}

/* Back from there; false when it is not there or of another size. */
static bool
take_resume(const struct model *model, const char *name, const struct param *param, float *to)
{
    const struct tensor *tensor = model_find(model, TENSOR_RESUME, name);
    size_t bytes = param_count(param) * sizeof *to;
    if (tensor == NULL || tensor->dtype != DTYPE_F32 || tensor->bytes != bytes)
        return false;
    memcpy(to, tensor->data, bytes);
    return true;
}

static void
put_optimiser(struct trainer *trainer, struct model *model, uint64_t steps)
{
    struct value *map = value_map(&model->arena);
    value_set(&model->arena, map, "kind", value_string(&model->arena, optimiser_name(trainer->setup.optimiser.kind)));
    value_set(&model->arena, map, "steps", value_uint(&model->arena, steps));
    model->optimiser = map;
}

int
trainer_save(struct trainer *trainer, struct model *model, struct error *error)
{
    struct arena *arena = &model->arena, scratch = {0};
    struct value *resume = value_map(arena);
    if (put_kept(trainer, model, false, error) < 0)
        return -1;
    put_optimiser(trainer, model, trainer->state.moment_steps);
    for (int i = 0; i < N_KEPT && trainer->state.best_epoch > 0; i++)
        for (uint32_t p = 0; trainer->best[i] != NULL && p < model->network.n_params; p++) {
            const struct param *param = &model->network.params[p];
            put_resume(model, kept_name(&scratch, i, true, param->name), param, trainer->best[i][p]);
        }
    for (uint32_t p = 0; p < model->network.n_params; p++) {
        const struct param *param = &model->network.params[p];
        if (trainer->average != NULL)
            put_resume(model, average_name(&scratch, param->name), param, average_values(trainer->average, p));
        if (trainer->run.path != NULL)
            put_resume(model, path_name(&scratch, false, param->name), param, trainer->run.path[p]);
        if (trainer->best_path != NULL && trainer->state.best_epoch > 0)
            put_resume(model, path_name(&scratch, true, param->name), param, trainer->best_path[p]);
    }
    arena_free(&scratch);
    for (int f = 0; f < N_STATE_FIELDS; f++) {
        const void *at = (const char *) &trainer->state + state_fields[f].offset;
        value_set(arena, resume, state_fields[f].name,
                  state_fields[f].whole ? value_uint(arena, *(const uint64_t *) at)
                                        : value_float(arena, *(const double *) at));
    }
    value_set(arena, resume, "lr", value_float(arena, (double) trainer->state.lr));
    value_set(arena, resume, "end", value_uint(arena, trainer->state.end));
    value_set(arena, model->training, "resume", resume);
    return 0;
}

static int
restore_state(struct trainer_state *state, const struct value *resume)
{
    double lr;
    uint64_t end;
    for (int f = 0; f < N_STATE_FIELDS; f++) {
        void *at = (char *) state + state_fields[f].offset;
        if (!(state_fields[f].whole ? value_get_u64(resume, state_fields[f].name, at)
                                    : value_get_double(resume, state_fields[f].name, at)))
            return -1;
    }
    if (!value_get_double(resume, "lr", &lr) || !value_get_u64(resume, "end", &end) || end > TRAINER_LOSS_REACHED)
        return -1;
    state->lr = (float) lr;
    state->end = (enum trainer_end) end;
    return 0;
}

int
trainer_restore(struct trainer *trainer, const struct model *model, struct error *error)
{
    const struct network *network = trainer->setup.network;
    const struct value *resume = value_get(model->training, "resume");
    struct trainer_state *state = &trainer->state;
    if (resume == NULL)
        return error_set(error, STATUS_DATA, "this checkpoint is of a finished run, not one of --checkpoint");
    if (restore_state(state, resume) < 0 || state->step > trainer->steps ||
        network->n_params != model->network.n_params)
        return error_set(error, STATUS_DATA, "the state of the run is incomplete or of another run");
    struct arena scratch = {0};
    bool complete = true;
    for (uint32_t p = 0; p < network->n_params && complete; p++) {
        const struct param *param = &network->params[p], *saved = &model->network.params[p];
        size_t bytes = param_count(param) * sizeof(float);
        complete = saved->rows == param->rows && saved->cols == param->cols;
        if (complete)
            memcpy(param->data, saved->data, bytes);
        if (complete && trainer->average != NULL)
            complete =
                take_resume(model, average_name(&scratch, param->name), param, average_values(trainer->average, p));
        if (complete && trainer->run.path != NULL)
            complete = take_resume(model, path_name(&scratch, false, param->name), param, trainer->run.path[p]);
        if (complete && trainer->best_path != NULL && state->best_epoch > 0)
            complete = take_resume(model, path_name(&scratch, true, param->name), param, trainer->best_path[p]);
        for (int i = 0; i < N_KEPT && complete && state->best_epoch > 0; i++)
            if (trainer->best[i] != NULL)
                complete = take_resume(model, kept_name(&scratch, i, true, param->name), param, trainer->best[i][p]);
    }
    arena_free(&scratch);
    if (!complete)
        return error_set(error, STATUS_DATA, "the state of the run lacks tensors, or they are of another network");
    return trainer_open_phase(trainer, model, error);
}

/* The strategy sees the result: in the network, and in the engine. */
static int
finish_strategy(struct trainer *trainer, struct model *model, bool best, struct error *error)
{
    const struct strategy *strategy = trainer->setup.strategy;
    if (strategy == NULL || strategy->finish == NULL)
        return 0;
    for (uint32_t p = 0; p < model->network.n_params; p++)
        if (trainer->setup.engine->write(trainer->engine, ENGINE_PARAM, p, model->network.params[p].data, error) < 0)
            return -1;
    for (uint32_t p = 0; best && trainer->best_path != NULL && p < model->network.n_params; p++)
        memcpy(trainer->run.path[p], trainer->best_path[p], param_count(&model->network.params[p]) * sizeof(float));
    trainer->run.model = model;
    return strategy->finish(&trainer->run, error);
}

int
trainer_finish(struct trainer *trainer, struct model *model, struct error *error)
{
    const bool best = trainer->state.best_epoch > 0;
    /* Whatever was saved in between goes: the order of tensors must not tell. */
    model_strip(model, TENSOR_RESUME);
    model_strip(model, TENSOR_OPTIMISER);
    if (model->training != NULL)
        value_remove(model->training, "resume");
    if (!best && trainer_show_average(trainer, error) < 0)
        return -1;
    if (put_kept(trainer, model, best, error) < 0)
        return -1;
    put_optimiser(trainer, model, best ? trainer->state.best_moment_steps : trainer->state.moment_steps);
    return finish_strategy(trainer, model, best, error);
}
