/*
 * Labels of a log link (loss poisson): counts and other numbers from 0 on. They are learnt in the unit their scale has,
 * y / divisor, without its shift: whatever cl-scale did to them, 0 is 0 and the mean of the model is exp(z) units. Of
 * roots the squares are learnt, in units of about their mean.
 */
#ifndef CL_COUNTS_H
#define CL_COUNTS_H

#include <stdint.h>

#include "error.h"
#include "transform.h"

/* y: [n, t], scaled by the transforms, in-out; NaN stays. A label below 0 stays below 0, and only such a one. */
void counts_unshift(const struct transform *transforms, uint32_t n_transforms, float *y, uint64_t n, uint32_t t);
/* Label t of the columns from the user's number: scaled by the transforms, then like counts_unshift(). */
float counts_label(const struct transform *transforms, uint32_t n_transforms, uint32_t t, float y);
/* The unit of label t: what 1 stands for, so that a number times it is in the user's units. */
double counts_unit(const struct transform *transforms, uint32_t n_transforms, uint32_t t);
/* STATUS_DATA for the label y (in units) of the column `name` in record `rowno` (from 0). */
int counts_refuse(const char *name, uint64_t rowno, double y, struct error *error);

#endif
