/*
 * A fitted transform: the numbers that cl-scale found, which travel in the stream and in the checkpoint.
 *
 * For the numeric feature columns it names:  x' = ((isnan(x) ? fill : x) - shift) / divisor
 * For the label of a regression:             y' = (y - label_shift) / label_divisor
 * computed in double and rounded once to f32, so that who applies it (cl-scale, cl-train, cl-predict) cannot show.
 * Features without a missing value in training still have a `fill`, for those that miss one later.
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
    const char *label_method; /* "standard", "max", "none" */
    uint32_t n_label;         /* label columns covered (0 when label_method is "none") */
    double *label_shift;      /* [n_label] */
    double *label_divisor;    /* [n_label] */
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

/* Applies to x and y of a batch in place; it must fit the batch's schema. NaN labels stay NaN. */
void transform_apply(const struct transform *transform, struct batch *batch);
/* The same for bare arrays. x: [n, transform->n] in-out; y: [n, transform->n_label] in-out (nothing when 0). */
void transform_apply_x(const struct transform *transform, float *x, uint64_t n);
void transform_apply_y(const struct transform *transform, float *y, uint64_t n);
/* A prediction or label t of the label columns, back in the user's units: y' * divisor + shift in double. */
double transform_invert_label(const struct transform *transforms, uint32_t n, uint32_t t, double y);

/*
 * The stream's transforms must be a prefix of the model's, bit for bit: returns how many the stream has already
 * (so the caller applies model[that ..]), or -1 with the way out named: `cl-scale -m MODEL`, or leave cl-scale out.
 */
int transform_prefix(const struct transform *stream, uint32_t n_stream, const struct transform *model, uint32_t n_model,
                     struct error *error);

#endif
