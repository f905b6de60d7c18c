/*
 * Rows of a binary array (IDX, npy, safetensors): shape [n, ...] read as [n, width].
 *
 * The data are read a chunk at a time; only an array in Fortran order has to be read whole, and is refused above
 * ARRAY_MAX_WHOLE. The input belongs to the caller. Messages begin with the name of the input.
 *
 *     if (idx_open(&array, &input, head, n_head, &error) < 0) ...      // or npy_open()
 *     while ((got = array_next(&array, 100, &error)) > 0)
 *         array_floats(&array, x);                                     // x: [got, array.width] f32
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

enum { ARRAY_MAX_WHOLE = 1 << 30, ARRAY_MAX_WIDTH = 1 << 20 };

struct array {
    enum dtype dtype;
    bool big;     /* big-endian elements */
    bool fortran; /* first index runs fastest */
    unsigned rank;
    uint64_t shape[TENSOR_MAX_RANK];
    uint64_t n, width; /* rows, and elements of a row */
    uint64_t n_rows;   /* of the chunk last read */

    /* Inside. */
    struct input *input;
    const char *name; /* of the input */
    int fd;           /* read at `at` of this descriptor instead of from the input; -1 */
    uint64_t at;
    bool followed;   /* what comes behind the array is no business of ours */
    uint64_t behind; /* bytes of other data behind it, before the end */
    uint8_t *head;   /* bytes already read from the input */
    size_t n_head, head_at;
    uint64_t row;  /* next row */
    uint8_t *rows; /* [n_rows, width], in this machine's byte order */
    size_t cap_rows;
    uint8_t *whole; /* with `fortran`: all elements, as in the file */
    size_t cap_whole;
    uint64_t *places; /* [width] with `fortran`: where the column of the first row is, in elements */
};

/* Begins behind the n bytes at head, which are copied. */
void array_begin(struct array *array, struct input *input, const void *head, size_t n);
/* Reads exactly n bytes of a header; fewer is an error that says the file ends in it. */
int array_header(struct array *array, void *to, size_t n, struct error *error);
/* Reads up to n bytes, fewer only at the end of the input. Their number; -1. */
int64_t array_bytes(struct array *array, void *to, size_t n, struct error *error);
/* Drops n bytes. */
int array_skip(struct array *array, uint64_t n, struct error *error);
/* Computes n and width from rank and shape, checked. */
int array_shape(struct array *array, struct error *error);
/* True for whole numbers (and booleans, which are u8). */
bool array_is_integer(const struct array *array);

/*
 * Reads the next rows, at most so many, as the chunk that the functions below look at. Their number; 0 behind the last
 * row, when nothing follows it; -1.
 */
int64_t array_next(struct array *array, uint64_t rows, struct error *error);
/* Element i of the chunk. */
double array_value(const struct array *array, uint64_t i);
/* The chunk as floats: to[n_rows, width]. False when one is an infinity, there or only as a float. */
bool array_floats(const struct array *array, float *to);
/* array_next() into to[rows, width]. */
int64_t array_read(struct array *array, double *to, uint64_t rows, struct error *error);
void array_close(struct array *array);

/* array_floats.c: n elements in this machine's byte order, 64-byte aligned or not. */
bool floats_of(enum dtype dtype, const void *from, float *to, size_t n);
/* Reverses the bytes of n elements. */
void swap_elements(void *elements, size_t size, size_t n);

#endif
