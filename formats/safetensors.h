/*
 * safetensors: named arrays behind a header of JSON.
 *
 *   1. Length of the header, u64 little-endian.
 *   2. {"NAME": {"dtype": "F32", "shape": [3, 4], "data_offsets": [0, 48]}, ..., "__metadata__": {...}}, and blanks.
 *   3. The elements, little-endian, last index fastest; offsets count from here.
 *
 * Tensors of F16 BF16 F32 F64 I8 to I64 U8 to U64 BOOL can be read; those of other types may be there. Offsets are
 * checked: each tensor has the bytes of its shape, and together they are all the bytes, without holes and overlaps.
 *
 *     safetensors_open(&file, &input, head, n, &error);
 *     safetensors_choose(&file, NULL, which, &n_which, &error);
 *     safetensors_arrays(&file, which, n_which, arrays, &error);
 *     ... array_next(&arrays[0], ...)
 *     safetensors_close(&file);                            // after the arrays
 */
#ifndef CL_SAFETENSORS_H
#define CL_SAFETENSORS_H

#include "array.h"
#include "memory.h"

struct safetensor {
    const char *name;
    const char *type; /* as written: "F32" */
    int dtype;        /* enum dtype, or -1: not one we read */
    size_t rank;
    uint64_t *shape;
    uint64_t begin, end; /* offsets of its bytes */
};

struct safetensors {
    struct safetensor *tensors; /* [n] in the order of the file */
    size_t n;
    uint64_t bytes; /* of all tensors */

    /* Inside. */
    struct arena arena;
    struct array stream; /* the input, read as far as the header goes */
    int spool;           /* a tensor of a pipe that had to be kept; -1 */
};

/* Reads the header, of which the first n bytes (and more) may already be in `head`. */
int safetensors_open(struct safetensors *file, struct input *input, const void *head, size_t n, struct error *error);
/*
 * Which tensors are meant: which[0] the features and, with *n_which = 2, which[1] the label. want: "NAME" or
 * "NAME,LABEL"; NULL: the only tensor, or of two with as many rows the one of rank 2 and more and the one of a number a
 * row. Anything else is an error that lists what is there.
 */
int safetensors_choose(const struct safetensors *file, const char *want, size_t which[2], size_t *n_which,
                       struct error *error);
/*
 * Begins to read one or two tensors row by row. Of two in a pipe the one that comes first is put into a temporary file.
 * The arrays may be used side by side, and no longer than the file; array_close() is the caller's.
 */
int safetensors_arrays(struct safetensors *file, const size_t *which, size_t n_which, struct array *arrays,
                       struct error *error);
void safetensors_close(struct safetensors *file);

#endif
