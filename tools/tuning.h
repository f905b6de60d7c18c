/*
 * What a run of cl-tune goes by: what the model says of the options, what goes by the strategy and the rows, what
 * cannot be; and what the strategy is told. Part of the tool: these functions end the program when something is wrong.
 *
 *     tuning_inherit(&settings, &model, path);
 *     named = tuning_choose(&settings, &model, NULL);
 *     tuning_check(&settings, &model, path);
 *     ... rows ...
 *     tuning_choose_length(&settings, &model, n_train, new_classes);
 *     ... growth ...
 *     run = tuning_learn(&settings, &model, &collector, old, n_before);
 *     tuning_decide(&settings, &run, &collector, engine, threads, n_classes > n_before);
 */
#ifndef CL_TUNING_H
#define CL_TUNING_H

#include <stdbool.h>
#include <stdint.h>

#include "collect.h"
#include "model.h"
#include "settings.h"
#include "strategy.h"

/* Passes over few rows are soon over, and steps are what learns. */
enum { TUNING_LEAST_EPOCHS = 10, TUNING_LEAST_STEPS = 300, TUNING_FEW_STEPS = 30 };

/* The learning rate of the first training, whatever was tuned in between. */
double tuning_trained_lr(const struct model *model);
/* The options of the last run that was not on a stream, or NULL: a stream goes by options of its own. */
const struct value *tuning_trained_options(const struct model *model);
/* How large the memory is and who shares it, where the last run was told; rows share one of which nothing is said. */
void tuning_inherit_memory(struct settings *s, const struct model *model);
/* Options that were not given become those of the model; some may not contradict it. */
void tuning_inherit(struct settings *s, const struct model *model, const char *path);
/* Strategy, strength and rate that were left open; `auto` may stay so until tuning_decide(). resumed: the run that goes
 * on, which has chosen; or NULL. Returns whether the strategy was asked for by name, in whatever run. */
bool tuning_choose(struct settings *s, const struct model *model, const struct model *resumed);
void tuning_check(const struct settings *s, const struct model *model, const char *path);
/*
 * Passes over n rows where nobody said how many. What is new needs hundreds of steps, a class as well as an output
 * layer or a network that begins anew; more of the same does not bear them: in 30 nights of 100 rows of adult, 300
 * steps a night took the AUC from .913 to .895 (der) and .869 (none), 30 steps to .911 and .905. A new output layer
 * first learns alone, in a third of them (Kumar et al. 2022): what lies below would follow it astray.
 */
void tuning_choose_length(struct settings *s, const struct model *model, uint64_t n, uint32_t new_classes);
/*
 * What the strategy is told: the model has grown, and its memory is as before the run. Classes of the rows get groups.
 * old: as growing_grow() gave it; n_before: classes before.
 */
struct strategy_run tuning_learn(const struct settings *s, struct model *model, const struct collector *collector,
                                 const struct extent *old, uint32_t n_before);
/* What `auto` is for these rows (strategy_choose), before the run is recorded; any other strategy stays. */
void tuning_decide(struct settings *s, struct strategy_run *run, const struct collector *collector,
                   const struct engine *engine, unsigned threads, bool new_classes);
/* A line of -v: what was not said on the command line is from the model, or goes by the rows. */
void tuning_note(const struct settings *s, const struct strategy_run *run);

#endif
