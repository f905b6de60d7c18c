/*
 * Task-incremental learning: each class remembers the run in which it was first learned among others (--among), and
 * old rows are told apart among the classes of their run alone. Kept as the key `groups` of a model, an array with a
 * number for each class, counted from 1; 0 is a class that no run has trained.
 */
#ifndef CL_GROUPS_H
#define CL_GROUPS_H

#include <stdint.h>

#include "engine.h"
#include "error.h"
#include "memory.h"
#include "model.h"

/*
 * Groups of the classes, as before a run: [n_classes] in `arena`, 0 for those that came since. NULL when no run was
 * among classes: all that there were have been learned together. Of a model that cl-train --among trained, by its
 * record. STATUS_DATA: they are not those of the model.
 */
int groups_read(const struct model *model, struct arena *arena, uint32_t **groups, struct error *error);
/*
 * Classes of the rows that have none yet get group `run`. classes: [n_classes] as groups_read() gave them, in-out;
 * y of loss bce is 0 or 1.
 */
void groups_mark(uint32_t *groups, const struct rowset *rows, uint32_t run);
/* Into the model. */
void groups_write(struct model *model, const uint32_t *groups, uint32_t n_classes);

#endif
