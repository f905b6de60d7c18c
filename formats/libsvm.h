/*
 * libsvm (svmlight) lines: LABEL [qid:N] INDEX:VALUE ... [# comment]
 *
 *   1. Indices ascend within a line. They count from 1, or from 0 in a file that has a 0 (`zero`). An index is the
 *      number of a column; one that a line does not have is 0 there, not missing.
 *   2. Values are numbers (number.h); nan is a missing value.
 *   3. Lines of nothing but blanks or a comment are no records.
 *
 * A reader is used by one thread.
 *
 *     libsvm_open(&libsvm, zero);
 *     if (libsvm_row(&libsvm, line, n) == LIBSVM_ROW)
 *         for (size_t i = 0; i < libsvm.n; i++)
 *             x[libsvm.indices[i]] = (float) libsvm.values[i];
 */
#ifndef CL_LIBSVM_H
#define CL_LIBSVM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cells.h"

enum { LIBSVM_LINE_MOST = 64 << 20, LIBSVM_INDEX_MOST = 131071 };
enum libsvm_got { LIBSVM_BAD = -1, LIBSVM_BLANK = 0, LIBSVM_ROW = 1 };

struct libsvm {
    /* The line last read; gone at the next call. */
    struct cell label; /* as written */
    struct cell qid;   /* the N of qid:N, digits; empty when there is none */
    uint32_t *indices; /* [n] ascending, as written */
    double *values;    /* [n]; may be infinite, NaN = missing */
    size_t n;
    char problem[200]; /* LIBSVM_BAD: what is wrong, without a place */
    size_t problem_at; /* and the byte of the line, from 1 */

    /* Inside. */
    bool zero; /* an index 0 is accepted */
    size_t cap_indices, cap_values;
};

void libsvm_open(struct libsvm *libsvm, bool zero);
/* One line, without its line end; CELL_SLACK bytes behind it must be readable. enum libsvm_got. */
int libsvm_row(struct libsvm *libsvm, const char *line, size_t n);
void libsvm_close(struct libsvm *libsvm);

#endif
