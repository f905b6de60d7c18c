/*
 * From the outputs of a network to what a user sees: probabilities, a class, or numbers in the units of the label.
 * cl-eval and cl-predict both come here, so that what is evaluated is what is served.
 *
 *     decision_open(&decision, model, &options, &error);
 *     class = decide_class(&decision, z, p);     // TASK_CLASS
 *     decide_numbers(&decision, z, y);           // TASK_REGRESSION
 *     decision_close(&decision);
 */
#ifndef CL_DECIDE_H
#define CL_DECIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "error.h"
#include "links.h"
#include "model.h"

struct decision_options {
    const char *among;    /* classes that may be predicted, split at commas as split_list() does; NULL = all */
    const char *positive; /* of two classes; NULL = the last */
    double threshold;     /* of two classes: positive when its probability is not below; NaN = 0.5 */
};

struct decision {
    const struct model *model;
    const struct links *links;
    const struct dict *names; /* of the classes: names->values[class] */
    uint32_t n_classes;       /* 0 for a regression */
    uint32_t n_outputs;       /* of the network */
    uint32_t n_labels;        /* of a regression: n_outputs, or one for all quantiles */
    uint8_t *mask;            /* [n_classes] 1 = may be predicted; NULL = all */
    bool binary;              /* two classes */
    uint32_t positive;
    double threshold;
};

/* STATUS_USAGE when an option does not go with the model; STATUS_DATA when the model has no task. */
int decision_open(struct decision *decision, const struct model *model, const struct decision_options *options,
                  struct error *error);
void decision_close(struct decision *decision);

bool decision_allows(const struct decision *decision, uint32_t class);
/* The most probable class of p: [n_classes], the first of equals. */
uint32_t decision_top(const struct decision *decision, const float *p);
/* z: [n_outputs]; p: [n_classes] probabilities, 0 outside the mask. Returns the class that is predicted. */
uint32_t decide_class(const struct decision *decision, const float *z, float *p);
/* The same for n rows, faster than one by one. z: [n, n_outputs]; p: [n, n_classes]; class: [n]. */
void decide_classes(const struct decision *decision, uint64_t n, const float *z, float *p, uint32_t *class);
/*
 * z: [n_outputs]; y: [n_outputs] in the label's units, computed in double and rounded once. Quantiles of a label that
 * cross are put in order: what sorting gives is never farther from the quantiles than what it sorts (Chernozhukov,
 * Fernandez-Val and Galichon 2010).
 */
void decide_numbers(const struct decision *decision, const float *z, float *y);
/* The name of number j of a regression as a column: "prediction", or with the label and the quantile where there are
 * several of them, as in prediction_price_0.9. */
const char *decision_name(const struct decision *decision, uint32_t j, struct arena *arena);

#endif
