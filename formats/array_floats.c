/*
 * Elements of arrays to floats, in loops that compilers make vectors of: this file is built with -O3. Each result is
 * that of a conversion to double and a cast.
 */
#include <string.h>

#include "array.h"

enum { BLOCK = 4096 }; /* results are checked while they are in the nearest cache */

static bool
finite_or_nan(const float *x, size_t n)
{
    uint32_t bits, found = 0;
    for (size_t i = 0; i < n; i++) {
        memcpy(&bits, &x[i], sizeof bits);
        found |= (bits & 0x7fffffff) == 0x7f800000;
    }
    return found == 0;
}

static void
from_f16(const uint16_t *from, float *to, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        /* Exponent and fraction at their new place are the number divided by 2^112, subnormals too. */
        uint32_t size = from[i] & 0x7fffu, bits = size << 13, sign = (from[i] & 0x8000u) << 16;
        float scaled;
        memcpy(&scaled, &bits, sizeof scaled);
        scaled *= 0x1p112f;
        memcpy(&bits, &scaled, sizeof bits);
        /* All ones in the exponent are infinity and NaN there and here. */
        bits |= size >= 0x7c00 ? 0x7f800000u : 0;
        bits |= sign;
        memcpy(&to[i], &bits, sizeof bits);
    }
}

static void
from_bf16(const uint16_t *from, float *to, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t bits = (uint32_t) from[i] << 16;
        memcpy(&to[i], &bits, sizeof bits);
    }
}

#define FROM(name, type) \
    static void from_##name(const type *from, float *to, size_t n) \
    { \
        for (size_t i = 0; i < n; i++) \
            to[i] = (float) (double) from[i]; \
    }
FROM(f64, double)
FROM(i8, int8_t)
FROM(u8, uint8_t)
FROM(i16, int16_t)
FROM(u16, uint16_t)
FROM(i32, int32_t)
FROM(u32, uint32_t)
FROM(i64, int64_t)
FROM(u64, uint64_t)

bool
floats_of(enum dtype dtype, const void *from, float *to, size_t n)
{
    const uint8_t *bytes = from;
    const size_t size = dtype_size(dtype);
    bool good = true;
    for (size_t step; n > 0; n -= step, bytes += step * size, to += step) {
        step = n < BLOCK ? n : BLOCK;
        const void *at = bytes;
        switch (dtype) {
        case DTYPE_F16:
            from_f16(at, to, step);
            break;
        case DTYPE_BF16:
            from_bf16(at, to, step);
            break;
        case DTYPE_F32:
            memcpy(to, at, step * size);
            break;
        case DTYPE_F64:
            from_f64(at, to, step);
            break;
        case DTYPE_I8:
            from_i8(at, to, step);
            continue;
        case DTYPE_U8:
            from_u8(at, to, step);
            continue;
        case DTYPE_I16:
            from_i16(at, to, step);
            continue;
        case DTYPE_U16:
            from_u16(at, to, step);
            continue;
        case DTYPE_I32:
            from_i32(at, to, step);
            continue;
        case DTYPE_U32:
            from_u32(at, to, step);
            continue;
        case DTYPE_I64:
            from_i64(at, to, step);
            continue;
        default:
            from_u64(at, to, step);
            continue;
        }
        good = finite_or_nan(to, step) && good;
    }
    return good;
}

void
swap_elements(void *elements, size_t size, size_t n)
{
    if (size == 2) {
        uint16_t *x = elements;
        for (size_t i = 0; i < n; i++)
            x[i] = __builtin_bswap16(x[i]);
    } else if (size == 4) {
        uint32_t *x = elements;
        for (size_t i = 0; i < n; i++)
            x[i] = __builtin_bswap32(x[i]);
    } else if (size == 8) {
        uint64_t *x = elements;
        for (size_t i = 0; i < n; i++)
            x[i] = __builtin_bswap64(x[i]);
    }
}
