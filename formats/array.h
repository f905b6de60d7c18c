/*
 * Rows of a binary array (IDX, npy) as doubles: shape [n, ...] read as [n, width].
 *
 * The data are read a chunk at a time; only an array in Fortran order has to be read whole, and is refused above
 * ARRAY_MAX_WHOLE. The input belongs to the caller. Messages begin with the name of the input.
 *
 *     if (idx_open(&array, &input, head, n_head, &error) < 0) ...      // or npy_open()
 *     while ((got = array_read(&array, rows, 100, &error)) > 0) ...    // rows: [100, array.width] f64
 *     array_close(&array);
 */
#ifndef CL_ARRAY_H
#define CL_ARRAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "file.h"
#include "tensor.h"

enum { ARRAY_MAX_WHOLE = 1 << 30 };

struct array {
    enum dtype dtype;
    bool big;     /* big-endian elements */
    bool fortran; /* first index runs fastest */
    unsigned rank;
    uint64_t shape[TENSOR_MAX_RANK];
    uint64_t n, width; /* rows, and elements of a row */

    /* Inside. */
    struct input *input;
    uint8_t head[8]; /* bytes already read from the input */
    size_t n_head, head_at;
    uint64_t row; /* next row */
    uint8_t *raw; /* chunk, or with `fortran` all */
    size_t cap_raw;
    bool whole;
};

/* Begins behind the n (<= 8) bytes at head. */
void array_begin(struct array *array, struct input *input, const void *head, size_t n);
/* Reads exactly n bytes of a header; fewer is an error that says the file ends in it. */
int array_header(struct array *array, void *to, size_t n, struct error *error);
/* Computes n and width from rank and shape, checked. */
int array_shape(struct array *array, struct error *error);
/* True for whole numbers (and booleans, which are u8). */
bool array_is_integer(const struct array *array);
/* Up to `rows` rows into to[rows, width]. The number read; 0 behind the last row, when nothing follows it; -1. */
int64_t array_read(struct array *array, double *to, uint64_t rows, struct error *error);
void array_close(struct array *array);

#endif
