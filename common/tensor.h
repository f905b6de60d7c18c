/*
 * A named tensor: dtype, shape, data. Row-major, shape[0] outermost, little-endian on the wire.
 */
#ifndef CL_TENSOR_H
#define CL_TENSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum dtype {
    DTYPE_F16,
    DTYPE_BF16,
    DTYPE_F32,
    DTYPE_F64,
    DTYPE_I8,
    DTYPE_U8,
    DTYPE_I16,
    DTYPE_U16,
    DTYPE_I32,
    DTYPE_U32,
    DTYPE_I64,
    DTYPE_U64,
    DTYPE_COUNT,
};

enum { TENSOR_MAX_RANK = 8 };

struct tensor {
    const char *name;
    enum dtype dtype;
    unsigned rank;
    uint64_t shape[TENSOR_MAX_RANK];
    void *data; /* who owns it is said where the tensor is held */
    size_t bytes;
};

size_t dtype_size(enum dtype dtype);
const char *dtype_name(enum dtype dtype);
bool dtype_parse(const char *name, enum dtype *dtype);

/* Number of elements and of bytes; false on overflow or a rank above the maximum. */
bool tensor_count(const struct tensor *tensor, uint64_t *count);
bool tensor_bytes(const struct tensor *tensor, size_t *bytes);

#endif
