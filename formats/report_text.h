/*
 * Reports as text: an aligned table for people, one JSON object for programs. Numbers do not depend on the locale.
 */
#ifndef CL_REPORT_TEXT_H
#define CL_REPORT_TEXT_H

#include "json.h"
#include "report.h"

enum { REPORT_MATRIX_CLASSES = 20, REPORT_PAIRS = 10 };

/*
 * The metrics that are defined, one a line; by class; and the confusion matrix, or from 21 classes on the ten pairs
 * that are confused most.
 */
void report_table(struct text *text, const struct report *report);
/* One line for each of `n` parts of the rows, under a heading that begins with `column`. */
void report_parts(struct text *text, const char *column, const char *const *values, const struct report *const *reports,
                  size_t n);
/*
 * {"n": .., "loss": .., ..., "per_class": {CLASS: {"n", "precision", "recall", "f1"}}, "confusion": {"labels": [..],
 * "predictions": [..], "counts": [[..]]}}; without the last brace when `open`, so that more keys can follow.
 */
void report_json(struct text *text, const struct report *report, bool open);

/* For tables of other things: characters, not bytes, so that what follows a name is aligned by what is seen; */
int report_width(const char *s);
/* a cell of that width; */
void report_pad(struct text *text, const char *s, int width, bool right);
/* and a number behind two blanks: counts in full, all else with six digits. */
void report_number(struct text *text, double number, int width);

#endif
