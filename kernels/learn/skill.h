/*
 * How good a model is on rows beside the best constant, whatever the loss:
 *
 *     skill = 1 - loss of the model / loss of the constant
 *
 * 1 is perfect, 0 no better than a constant, below 0 worse. The constant is that of these rows: of classes their
 * shares, of numbers the mean. It is what tells rows like those of before from rows of another kind: the first are
 * predicted about as well as those that were kept of before.
 */
#ifndef CL_SKILL_H
#define CL_SKILL_H

#include "engine.h"
#include "error.h"
#include "network.h"
#include "objective.h"

/* 0 where rows say nothing: none of them, one class, one number. threads: as engine_options. -1 and error. */
int skill_of(const struct engine *engine, const struct network *network, const struct objective *objective,
             const struct rowset *rows, unsigned threads, double *skill, struct error *error);

#endif
