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
/* The unit of label t: what 1 stands for. */
double counts_unit(const struct transform *transforms, uint32_t n_transforms, uint32_t t);
/* STATUS_DATA for the label y (in units) of the column `name` in record `rowno` (from 0). */
int counts_refuse(const char *name, uint64_t rowno, double y, struct error *error);

#endif
