/* What cl-drift found, as a table for people or one JSON object for programs. Part of the tool. */
#ifndef CL_DRIFT_TEXT_H
#define CL_DRIFT_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "compare.h"
#include "json.h"

enum { DRIFT_ALARMS = 10 }; /* as many are told one by one */

/* The errors of the predictions in row order. */
struct drift_errors {
    const char *detector; /* its words; NULL: nobody looked at errors */
    uint64_t rows, alarms;
    double mean;                    /* share of wrong classes, or mean absolute error */
    bool classes;                   /* the former */
    uint64_t records[DRIFT_ALARMS]; /* the first ones, from 1 */
    double before[DRIFT_ALARMS];    /* the detector's mean at the alarm: of what it had kept until then, */
    double after[DRIFT_ALARMS];     /* and of what it keeps; NaN: it starts anew */
};

struct drift_report {
    const struct comparison *features, *predictions; /* predictions: NULL when there is nothing to compare */
    const struct drift_errors *errors;
    double alpha, least_psi;
    uint32_t drifts; /* columns and predictions */
    bool drift;      /* these, or an alarm */
};

void drift_table(struct text *text, const struct drift_report *report);
void drift_json(struct text *text, const struct drift_report *report);

#endif
