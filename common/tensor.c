#include "tensor.h"

#include <string.h>

#include "memory.h"

static const struct {
    const char *name;
    size_t size;
} dtypes[DTYPE_COUNT] = {
    [DTYPE_F16] = {"f16", 2}, [DTYPE_BF16] = {"bf16", 2}, [DTYPE_F32] = {"f32", 4}, [DTYPE_F64] = {"f64", 8},
    [DTYPE_I8] = {"i8", 1},   [DTYPE_U8] = {"u8", 1},     [DTYPE_I16] = {"i16", 2}, [DTYPE_U16] = {"u16", 2},
    [DTYPE_I32] = {"i32", 4}, [DTYPE_U32] = {"u32", 4},   [DTYPE_I64] = {"i64", 8}, [DTYPE_U64] = {"u64", 8},
};

size_t
dtype_size(enum dtype dtype)
{
    return dtypes[dtype].size;
}

const char *
dtype_name(enum dtype dtype)
{
    return dtypes[dtype].name;
}

bool
dtype_parse(const char *name, enum dtype *dtype)
{
    for (int i = 0; i < DTYPE_COUNT; i++)
        if (strcmp(dtypes[i].name, name) == 0) {
            *dtype = (enum dtype) i;
            return true;
        }
    return false;
}

bool
tensor_count(const struct tensor *tensor, uint64_t *count)
{
    size_t product = 1;
    if (tensor->rank > TENSOR_MAX_RANK)
        return false;
    for (unsigned i = 0; i < tensor->rank; i++)
        if (!size_mul(product, tensor->shape[i], &product))
            return false;
    *count = product;
    return true;
}

bool
tensor_bytes(const struct tensor *tensor, size_t *bytes)
{
    uint64_t count;
    return tensor_count(tensor, &count) && size_mul(count, dtype_size(tensor->dtype), bytes);
}
