/*
 * npy, the array file of NumPy, versions 1 to 3.
 *
 *   1. "\x93NUMPY", major and minor version, header length (u16, from version 2 on u32, little-endian).
 *   2. A Python dictionary: {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }, padded with blanks.
 *   3. The elements.
 *
 * Types: f2 f4 f8, i1 i2 i4 i8, u1 u2 u4 u8, b1, in either byte order. Nothing is evaluated: objects (pickles) and
 * structures are refused. The header is read strictly: these three keys, once each.
 */
#ifndef CL_NPY_H
#define CL_NPY_H

#include "array.h"

/* Reads the header, of which the first n bytes may already be in `head`. */
int npy_open(struct array *array, struct input *input, const void *head, size_t n, struct error *error);

#endif
