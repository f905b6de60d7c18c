/*
 * Gates: limits on metrics that make cl-eval's exit status.
 *
 *     METRIC OP NUMBER             accuracy>=0.9      f1_macro > 0.8      rmse<600
 *     METRIC[CLASS] OP NUMBER      recall[setosa]>=.9     precision, recall and f1 of one class
 *
 *     MEASURE OP NUMBER            forgetting<=0.05   of the accuracy matrix (matrix.h)
 *
 * OP is >=, >, <=, < or ==. Blanks around the parts are allowed.
 */
#ifndef CL_GATE_H
#define CL_GATE_H

#include <stdbool.h>

#include "error.h"
#include "matrix.h"
#include "metrics.h"

enum gate_op { GATE_GE, GATE_GT, GATE_LE, GATE_LT, GATE_EQ };
enum gate_part { GATE_WHOLE, GATE_PRECISION, GATE_RECALL, GATE_F1, GATE_MEASURE };

struct gate {
    const char *text;     /* as given; borrowed */
    enum gate_part part;  /* what is limited: a metric of the whole, or one of a class, or a measure of the matrix */
    enum metric metric;   /* of GATE_WHOLE */
    enum measure measure; /* of GATE_MEASURE */
    char class_name[256];
    uint32_t class; /* set by gate_bind() */
    enum gate_op op;
    double limit;
};

/* True when a word looks like a gate rather than a file name: it has an operator. */
bool gate_like(const char *text);
/* STATUS_USAGE with what is wrong: an unknown metric, no operator, no number. */
int gate_parse(struct gate *gate, const char *text, struct error *error);
/* The same for a limit on a measure of the matrix. */
int gate_parse_measure(struct gate *gate, const char *text, struct error *error);
/* STATUS_USAGE when the metric does not go with the model's task, or the model has no such class. */
int gate_bind(struct gate *gate, const struct decision *decision, struct error *error);
/* Whether a value keeps to the limit; NaN never does. */
bool gate_holds(const struct gate *gate, double value);
/* The value that the limit is for; false when the rows do not define it. */
bool gate_value(const struct gate *gate, const struct report *report, double *value);
/* An undefined value and NaN meet no limit. */
bool gate_met(const struct gate *gate, const struct report *report);

#endif
