/*
 * What expect.c, expect_limits.c and expect_report.c share. For nobody else.
 */
#ifndef CL_EXPECT_PARTS_H
#define CL_EXPECT_PARTS_H

#include "expect.h"
#include "tally.h"

enum check { CHECK_MISSING, CHECK_UNSEEN, CHECK_OUTSIDE, CHECK_COUNT };

/* In the order of the verdicts of a column: the worst one counts. */
enum verdict { VERDICT_OK, VERDICT_UNUSUAL, VERDICT_OVER };

struct limit {
    enum check check;
    const char *column; /* NULL: all that have no limit of their own */
    double share;
    bool inclusive; /* <= */
};

/* A feature. */
struct checked {
    const struct column *column; /* of the stream */
    uint32_t place;              /* in x or c */
    uint32_t known;              /* categories of training */
    double missing, low, high;   /* of training: share and range; NaN when not known */
    bool applies[CHECK_COUNT];
    const struct limit *limit[CHECK_COUNT]; /* or NULL */
    /* Set by expect_finish(). */
    uint64_t rows[CHECK_COUNT];
    double share[CHECK_COUNT];
    enum verdict verdict[CHECK_COUNT], worst;
};

struct expect {
    struct arena arena;
    struct limit *limits;
    uint32_t n_limits;
    struct checked *columns; /* [n] */
    uint32_t n;
    uint64_t training_rows;
    char model[33];
    struct tally tally;
    uint32_t n_over, n_unusual; /* columns */
};

const char *check_name(enum check check);
/* Parses the text into expect->limits. */
int expect_parse(struct expect *expect, const char *text, struct error *error);
/* "missing<0.1", "outside(age)<=0.5" */
const char *limit_text(const struct limit *limit, char *buffer, size_t cap);
/* "20 % of the rows have no value (1 % in training)" */
const char *expect_finding(const struct expect *expect, const struct checked *checked, enum check check, char *buffer,
                           size_t cap);

#endif
