/*
 * What the command line leaves open about a training, by the data: the network, rows a step, learning rate, weight
 * decay and the mean of the weights. Recorded in the model as if they had been given. Chosen on rows held out of the
 * training part of the data sets of tests/bench/quality.sh, which reports the others.
 *
 * Capacity and regularisation go by the number n of training rows:
 *
 *     layers    128, 64 units; 256, 128 from 10,000 rows on; gelu
 *     dropout   0.1; none where the label is a number and there are 20,000 rows or more
 *     bins      of numeric features (common/network.h): 16; 32 from 20,000 rows on.
 *               None for pixels, which are alike and many, nor for more than 256 columns
 *     softclip  3, of features that cl-scale has standardised
 *     decay     min(0.3, 3000 / n) of adamw and muon: it forgets over the same number of
 *               epochs whatever n is (Wang and Aitchison 2024). None where there is no dropout
 *     rate      0.002 of adam, adamw and muon, else 0.001; 0.001 below 1,000 rows, of which
 *               few are held out to say which epoch was the best
 *     batch     128; 32 below 2,000 rows
 *     mean      0.999 where the rate is constant: schedules bring the weights to rest
 */
#ifndef CL_DEFAULTS_H
#define CL_DEFAULTS_H

#include <stdint.h>

#include "memory.h"
#include "schema.h"
#include "settings.h"

/* Fields that are open become what n training rows of a stream with this schema ask for; text is in `arena`. */
void defaults_choose(struct settings *settings, const struct schema *schema, uint64_t n, struct arena *arena);

#endif
