/*
 * A fitted transform: the numbers that cl-scale found, which travel in the stream and in the checkpoint.
 *
 * For the numeric feature columns it names:  x' = ((isnan(x) ? fill : x) - shift) / divisor
 * For the label of a regression:             y' = (y - label_shift) / label_divisor, or with label_root
 *                                            y' = (sqrt(y) - label_shift) / label_divisor
 * computed in double and rounded once to f32, so that who applies it (cl-scale, cl-train, cl-predict) cannot show.
 * Features without a missing value in training still have a `fill`, for those that miss one later. A negative label has
 * no root and is an error; what a network predicts below the root of 0 is 0.
 */
#ifndef CL_TRANSFORM_H
#define CL_TRANSFORM_H

#include <stdbool.h>
#include <stdint.h>

#include "error.h"
#include "memory.h"
#include "value.h"

struct schema;
struct batch;

struct transform {
    const char *kind;         /* "scale", the only kind of version 1; readers refuse others by name */
    const char *method;       /* "standard", "minmax", "robust", "pixels", "none": how the numbers were found */
    const char *impute;       /* "mean", "median", "zero" */
    uint32_t n;               /* numeric feature columns covered: all of the schema, in order */
    const char **names;       /* [n] */
    double *shift;            /* [n] */
    double *divisor;          /* [n], never 0 */
    double *fill;             /* [n], in units before scaling */
    const char *label_method; /* "standard", "max", "sqrt", "none" */
    uint32_t n_label;         /* label columns covered (0 when label_method is "none") */
    double *label_shift;      /* [n_label] */
    double *label_divisor;    /* [n_label] */
    bool label_root;          /* "sqrt" */
};

/* Map with keys in canonical order; and back (strings and arrays go into `arena`). */
struct value *transform_to_value(const struct transform *transform, struct arena *arena);
int transform_from_value(struct transform *transform, const struct value *value, struct arena *arena,
                         struct error *error);
void transform_copy(struct transform *to, const struct transform *from, struct arena *arena);
/* Bit for bit. */
bool transform_equal(const struct transform *a, const struct transform *b);

/*
 * A transform that came from outside belongs to these columns: 0, or -1 with the first difference. Ask before applying.
 * A table without label columns will do for a transform of labels.
 */
int transform_fits(const struct transform *transform, const struct schema *schema, struct error *error);

/* Applies to x and y of a batch in place; it must fit the batch's schema. NaN labels stay NaN. STATUS_DATA, with the
 * record and the column, when a label has no root. */
int transform_apply(const struct transform *transform, struct batch *batch, struct error *error);
/* The same for bare arrays. x: [n, transform->n] in-out; y: [batch->n, transform->n_label] in-out (nothing when 0), of
 * the rows of `batch` and the label columns of `schema`. */
void transform_apply_x(const struct transform *transform, float *x, uint64_t n);
int transform_apply_y(const struct transform *transform, float *y, const struct batch *batch,
                      const struct schema *schema, struct error *error);
/* The error of a negative label y in column t of row i. */
int transform_no_root(const struct batch *batch, uint64_t i, const struct schema *schema, uint32_t t, float y,
                      struct error *error);
/* Label t as n transforms make it, one after the other; NaN when it has no root. */
float transform_label(const struct transform *transforms, uint32_t n, uint32_t t, float y);
/* A prediction or label t of the label columns, back in the user's units, in double: y' * divisor + shift, and of a
 * root the square, or 0 where that root is negative. It never falls where y' rises. */
double transform_invert_label(const struct transform *transforms, uint32_t n, uint32_t t, double y);

/*
 * The stream's transforms must be a prefix of the model's, bit for bit: returns how many the stream has already
 * (so the caller applies model[that ..]), or -1 with the way out named: `cl-scale -m MODEL`, or leave cl-scale out.
 */
int transform_prefix(const struct transform *stream, uint32_t n_stream, const struct transform *model, uint32_t n_model,
                     struct error *error);

#endif
