/*
 * From collected rows to an untrained model: which classes and categories it has, which loss, which network.
 *
 * Classes are those that occur in training or validation rows, in the order of dict_order(); categories those that
 * occur in training rows, in the order of the stream's dictionary: what was never trained on is code 0, as it will be
 * in service. Text and time features are left out of the network but stay among the columns.
 */
#ifndef CL_BUILD_H
#define CL_BUILD_H

#include "collect.h"
#include "model.h"
#include "settings.h"

/*
 * Fills a zeroed model: schema, network with initial weights, loss. `loss` and `hidden` of settings become what was
 * chosen. The collector's rows get the model's codes. STATUS_DATA: no rows, fewer than two classes, a class of
 * `among` that does not occur. STATUS_USAGE: a loss that does not fit the task.
 */
int build_model(struct model *model, struct collector *collector, struct settings *settings, struct error *error);
/* The mask of the softmax for collector->among: [classes], in `arena`; NULL when all take part. */
const uint8_t *build_mask(const struct model *model, const struct collector *collector, struct arena *arena);
/* Every name of `among` is a class of the dictionary; STATUS_DATA otherwise. */
int build_check_among(const struct collector *collector, const struct dict *classes, struct error *error);

#endif
