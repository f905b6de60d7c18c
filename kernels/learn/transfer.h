/*
 * Taking what a model has learned to a task of few rows: another label on the same features, lower layers that learn
 * slower, a warm start that is shaken loose.
 */
#ifndef CL_TRANSFER_H
#define CL_TRANSFER_H

#include <stdint.h>

#include "error.h"
#include "grow.h"
#include "init.h"
#include "model.h"

/*
 * --reinit-head, before rows are read: the label of the stream becomes the model's, whose classes are forgotten, and
 * with them what goes by them: the rows of its memory, groups, moments. The label of a model of classes may have
 * another name. That of a model of numbers stays, since its transforms never change. STATUS_DATA: one is a class and
 * the other a number, or the name is that of a feature.
 */
int transfer_label(struct model *model, const struct schema *stream, struct error *error);
/*
 * Once its classes are known (n_classes; 0 = numbers): a new output layer from the initial distribution, of loss bce
 * for two classes. STATUS_DATA: fewer than two classes.
 */
int transfer_head(struct model *model, uint32_t n_classes, enum init init, uint64_t seed, struct error *error);

/*
 * Shrink and perturb (Ash and Adams, "On warm-starting neural network training", NeurIPS 2020, section 4): theta =
 * keep * theta + noise * epsilon, epsilon from the initial distribution. Of layers from `first` on; gains and shifts of
 * norms and the edges of bins stay as they are.
 */
void transfer_shake(struct network *network, uint32_t first, double keep, double noise, enum init init, uint64_t seed);

/* rates: [n_layers] out: 1 for the output layer, divided by `decay` for each layer below (Howard and Ruder, "Universal
 * language model fine-tuning", ACL 2018, section 3.2). */
void transfer_rates(const struct network *network, double decay, float *rates);

#endif
