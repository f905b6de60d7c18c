/*
 * Experience replay: each step learns from as many rows of the memory, drawn by counter with replacement, as from new
 * ones (Ratcliff 1990; Chaudhry et al., "On tiny episodic memories in continual learning", 2019):
 *
 *     loss = fresh * mean over new rows of l(z, y) + old * mean over drawn rows of l(z, y)
 */
#include "rehearse.h"

#include <stdlib.h>

/* Marks the classes of rows; false when the rows have none. */
static bool
mark_classes(const struct strategy_run *run, const struct rowset *rows, uint8_t mark, uint8_t *marks)
{
    const bool binary = rows->label == NULL && run->model->loss == LOSS_BCE;
    for (uint64_t i = 0; i < rows->n && (binary || rows->label != NULL); i++)
        marks[binary ? rows->y[i] > 0.5f : rows->label[i]] |= mark;
    return binary || rows->label != NULL;
}

void
rehearse_weights(const struct strategy_run *run, double *fresh, double *old)
{
    enum { FRESH = 1, OLD = 2 };
    const uint32_t o = network_outputs(run->start);
    double mine, all = 0, share = 0;
    strategy_weights(run, &mine, old);
    *fresh = mine;
    if (run->options.replay_weights == REPLAY_EQUAL || run->options.replay_weights == REPLAY_ROWS || run->memory.n == 0)
        return;
    uint8_t *marks = mem_zalloc((size_t) o + 1, 1);
    bool classes = mark_classes(run, &run->train, FRESH, marks) && mark_classes(run, &run->memory, OLD, marks);
    for (uint32_t c = 0; c <= o && classes; c++) {
        all += marks[c] != 0;
        share += marks[c] == FRESH ? 1 : marks[c] == (FRESH | OLD) ? mine : 0;
    }
    if (all > 0)
        *fresh = share / all;
    *old = 1 - *fresh;
    free(marks);
}

struct plan_part *
rehearse(struct strategy_run *run)
{
    struct plan *plan = run->plan;
    double fresh, old;
    if (run->memory.n == 0)
        return NULL;
    rehearse_weights(run, &fresh, &old);
    plan->parts[0].weight = fresh;
    plan->parts[plan->n_parts] = (struct plan_part){
        .set = STRATEGY_SET_MEMORY,
        .rows = plan->parts[0].rows,
        .weight = old,
        .grouped = run->groups != NULL,
    };
    return &plan->parts[plan->n_parts++];
}

static int
attach_memory(struct strategy_run *run, struct error *error)
{
    (void) error;
    rehearse(run);
    return 0;
}

const struct strategy strategy_replay = {
    .name = "replay",
    .flags = STRATEGY_TAKES_WEIGHTS | STRATEGY_FOR_CLASSES | STRATEGY_NEEDS_MEMORY,
    .attach = attach_memory,
};
