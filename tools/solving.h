/*
 * Strategy analytic in cl-train and cl-tune: what its options may be, and the output layer solved for in place of, or
 * after, a run of the trainer. Part of the tools: these functions end the program when something is wrong.
 */
#ifndef CL_SOLVING_H
#define CL_SOLVING_H

#include "training.h"

/* Whether the strategy has a closed form. */
bool solving_is_for(const struct settings *settings);

/* cl-train, when the loss is known: nothing is trained by steps when no hidden layer is left. */
void solving_check_training(struct settings *settings, const struct model *model);
/* cl-tune: options of steps that are not run; sums that are there, or rows of the memory in their place. */
void solving_check_tuning(const struct settings *settings, const struct training_files *files,
                          const struct model *model, const char *path);

/* Rows of before, of a model that has no sums: they stand for `stand_for` rows. */
struct solving_start {
    struct rowset memory; /* n = 0: none */
    uint64_t stand_for;
};

/* Cuts and widens a network whose sums begin, adds the rows, those held out among them, and solves. */
void solving_run(const struct settings *settings, const struct training_files *files, const struct engine *engine,
                 struct model *model, const struct collector *collector, const struct solving_start *start);

#endif
