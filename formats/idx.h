/*
 * IDX, the format of MNIST: a big-endian array of any rank.
 *
 *   1. Two zero bytes, the type of the elements (08 u8, 09 i8, 0B i16, 0C i32, 0D f32, 0E f64), the rank.
 *   2. The sizes, rank times a u32.
 *   3. The elements, last index fastest.
 */
#ifndef CL_IDX_H
#define CL_IDX_H

#include "array.h"

/* Reads the header, of which the first n bytes may already be in `head`. */
int idx_open(struct array *array, struct input *input, const void *head, size_t n, struct error *error);

#endif
