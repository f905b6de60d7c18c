#include "trial.h"

#include <stdlib.h>
#include <string.h>

#include "memory.h"

/*
 * Our kernels in all layers, then the library in all wide ones, then the better of both with one layer after the other
 * the other way. Each is tried for some calls, of which the fastest counts: what else runs on the machine makes a call
 * slower, never faster. Before, calls pass in which the engine finds out whether threads pay (cpu/choose.c), and caches
 * get warm. A way has to be better by 1/MARGIN: what a coin decides had better be exact.
 */
enum { PASS_CALLS = 16, CALLS = 3, MOST_CALLS = 32, LEAST_ROWS = 16, MARGIN = 64 };
static const double pass_s = 0.05, least_s = 0.002;

struct trial {
    uint32_t n_layers;
    bool *wide;
    bool *foreign, *best; /* being tried; the best so far */
    double best_s;        /* a row */
    uint64_t most_rows;   /* of a call: smaller ones say nothing */
    enum { PASSING, OURS, LIBRARY, FLIPS, DONE } stage;
    uint32_t flip; /* layer of FLIPS */
    bool changed;
    uint32_t calls; /* of this way */
    double total_s, least_s;
};

struct trial *
trial_open(uint32_t n_layers, const bool *wide)
{
    struct trial *trial = mem_zalloc(1, sizeof *trial);
    bool any = false;
    trial->n_layers = n_layers;
    trial->wide = mem_zalloc(n_layers, sizeof *trial->wide);
    trial->foreign = mem_zalloc(n_layers, sizeof *trial->foreign);
    trial->best = mem_zalloc(n_layers, sizeof *trial->best);
    for (uint32_t l = 0; l < n_layers; l++)
        any |= trial->wide[l] = wide[l];
    trial->stage = any ? PASSING : DONE;
    return trial;
}

void
trial_close(struct trial *trial)
{
    if (trial == NULL)
        return;
    free(trial->wide);
    free(trial->foreign);
    free(trial->best);
    free(trial);
}

bool
trial_changed(struct trial *trial)
{
    bool changed = trial->changed;
    trial->changed = false;
    return changed;
}

const bool *
trial_foreign(const struct trial *trial)
{
    return trial->foreign;
}

bool
trial_done(const struct trial *trial)
{
    return trial->stage == DONE;
}

static void
try_next(struct trial *trial, const bool *foreign)
{
    trial->changed = memcmp(trial->foreign, foreign, trial->n_layers * sizeof *foreign) != 0;
    memmove(trial->foreign, foreign, trial->n_layers * sizeof *foreign);
    trial->calls = 0;
    trial->total_s = 0;
    trial->least_s = 1e300;
}

/* The best way with the next wide layer turned, or the best way for good. With one wide layer both have been tried. */
static void
try_flip(struct trial *trial, uint32_t l)
{
    uint32_t n_wide = 0;
    for (uint32_t i = 0; i < trial->n_layers; i++)
        n_wide += trial->wide[i];
    while (l < trial->n_layers && !trial->wide[l])
        l++;
    trial->flip = l;
    trial->stage = n_wide > 1 && l < trial->n_layers ? FLIPS : DONE;
    try_next(trial, trial->best);
    if (trial->stage == FLIPS) {
        trial->foreign[l] = !trial->foreign[l];
        trial->changed = true;
    }
}

static void
finish_way(struct trial *trial)
{
    double s = trial->least_s;
    if (trial->stage == OURS || s * MARGIN < trial->best_s * (MARGIN - 1)) {
        trial->best_s = s;
        memcpy(trial->best, trial->foreign, trial->n_layers * sizeof *trial->best);
    }
    if (trial->stage == OURS) {
        trial->stage = LIBRARY;
        try_next(trial, trial->wide);
    } else {
        try_flip(trial, trial->stage == LIBRARY ? 0 : trial->flip + 1);
    }
}

void
trial_note(struct trial *trial, uint64_t rows, double seconds)
{
    if (trial->stage == DONE || rows < LEAST_ROWS || rows < trial->most_rows)
        return;
    trial->most_rows = rows;
    double row_s = seconds / (double) rows;
    trial->total_s += seconds;
    trial->calls++;
    if (trial->stage == PASSING) {
        if (trial->calls >= PASS_CALLS || trial->total_s >= pass_s) {
            trial->stage = OURS;
            try_next(trial, trial->foreign);
        }
        return;
    }
    if (row_s < trial->least_s)
        trial->least_s = row_s;
    if (trial->calls >= CALLS && (trial->total_s >= least_s || trial->calls >= MOST_CALLS))
        finish_way(trial);
}
