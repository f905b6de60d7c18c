/*
 * cl-tune --forget FILE: takes the rows of a stream out of a model's memory.
 */
#ifndef CL_FORGETTING_H
#define CL_FORGETTING_H

#include "model.h"

/* Reads the stream, raw or scaled, to its verified end; takes its rows out, records that in the lineage, and says how
 * many there were. Ends the program on an error. */
void forgetting_run(struct model *model, const char *path);

#endif
