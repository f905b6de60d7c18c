#include "array.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

enum { MOST_WIDTH = 1 << 20 };

void
array_begin(struct array *array, struct input *input, const void *head, size_t n)
{
    *array = (struct array){.input = input, .n_head = n};
    memcpy(array->head, head, n);
}

/* Reads up to n bytes, fewer only at the end of the input. */
static int64_t
read_bytes(struct array *array, void *to, size_t n, struct error *error)
{
    size_t done = array->n_head - array->head_at < n ? array->n_head - array->head_at : n;
    memcpy(to, array->head + array->head_at, done);
    array->head_at += done;
    while (done < n) {
        ssize_t got = input_read(array->input, (uint8_t *) to + done, n - done, true, error);
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        done += (size_t) got;
    }
    return (int64_t) done;
}

int
array_header(struct array *array, void *to, size_t n, struct error *error)
{
    int64_t got = read_bytes(array, to, n, error);
    if (got < 0)
        return -1;
    if ((size_t) got < n)
        return error_set(error, STATUS_DATA, "%s ends inside its header", array->input->name);
    return 0;
}

int
array_shape(struct array *array, struct error *error)
{
    size_t width = 1, bytes;
    array->n = array->rank == 0 ? 1 : array->shape[0];
    bool fits = array->rank <= TENSOR_MAX_RANK;
    for (unsigned i = 1; fits && i < array->rank; i++)
        fits = size_mul(width, array->shape[i], &width);
    if (!fits || width > MOST_WIDTH)
        return error_set(error, STATUS_DATA, "%s: more than %d values in a row", array->input->name, MOST_WIDTH);
    if (!size_mul(width * dtype_size(array->dtype), array->n, &bytes))
        return error_set(error, STATUS_DATA, "%s: the sizes in its header are impossible", array->input->name);
    array->width = width;
    return 0;
}

bool
array_is_integer(const struct array *array)
{
    return array->dtype >= DTYPE_I8;
}

static double
half(uint16_t bits)
{
    int exponent = bits >> 10 & 31;
    double fraction = bits & 1023;
    double magnitude = exponent == 31  ? (fraction > 0 ? NAN : INFINITY)
                       : exponent == 0 ? ldexp(fraction, -24)
                                       : ldexp(fraction + 1024, exponent - 25);
    return bits >> 15 ? -magnitude : magnitude;
}

/* One element, its bytes in either order. */
static double
element(const uint8_t *at, enum dtype dtype, size_t size, bool big)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < size; i++)
        bits |= (uint64_t) at[big ? size - 1 - i : i] << (8 * i);
    float f;
    double d;
    uint32_t bits32 = (uint32_t) bits;
    switch (dtype) {
    case DTYPE_F16:
        return half((uint16_t) bits);
    case DTYPE_F32:
        memcpy(&f, &bits32, sizeof f);
        return f;
    case DTYPE_F64:
        memcpy(&d, &bits, sizeof d);
        return d;
    case DTYPE_I8:
        return (int8_t) bits;
    case DTYPE_I16:
        return (int16_t) bits;
    case DTYPE_I32:
        return (int32_t) bits;
    case DTYPE_I64:
        return (double) (int64_t) bits;
    default:
        return (double) bits;
    }
}

/* More bytes than the header declares are not silently left. */
static int
check_end(struct array *array, struct error *error)
{
    uint8_t byte;
    int64_t got = read_bytes(array, &byte, 1, error);
    if (got < 0)
        return -1;
    if (got > 0)
        return error_set(error, STATUS_DATA, "%s goes on behind the %" PRIu64 " rows that its header declares",
                         array->input->name, array->n);
    return 0;
}

static int
cut(const struct array *array, uint64_t row, struct error *error)
{
    return error_set(error, STATUS_DATA, "%s ends in row %" PRIu64 " of the %" PRIu64 " that its header declares",
                     array->input->name, row, array->n);
}

/* All of an array in Fortran order. The buffer grows with what arrives, not with what the header declares. */
static int
read_whole(struct array *array, size_t bytes, struct error *error)
{
    enum { STEP = 1 << 20 };
    if (bytes > ARRAY_MAX_WHOLE)
        return error_set(error, STATUS_DATA,
                         "%s is in Fortran order and over 1 GiB, so it cannot be read row by row (save it "
                         "with numpy.ascontiguousarray)",
                         array->input->name);
    size_t done = 0;
    while (done < bytes) {
        size_t step = bytes - done < STEP ? bytes - done : STEP;
        mem_grow(&array->raw, &array->cap_raw, done + step, 1);
        int64_t got = read_bytes(array, array->raw + done, step, error);
        if (got < 0)
            return -1;
        done += (size_t) got;
        if ((size_t) got < step)
            return error_set(error, STATUS_DATA, "%s ends after %zu of the %zu bytes that its header declares",
                             array->input->name, done, bytes);
    }
    array->whole = true;
    return 0;
}

/* Place, in elements, of element `column` of row `row` when the first index runs fastest. */
static uint64_t
fortran_place(const struct array *array, uint64_t row, uint64_t column)
{
    uint64_t place = 0;
    for (unsigned i = array->rank; i-- > 1;) {
        uint64_t index = column % array->shape[i], stride = 1;
        column /= array->shape[i];
        for (unsigned k = 0; k < i; k++)
            stride *= array->shape[k];
        place += index * stride;
    }
    return place + row;
}

int64_t
array_read(struct array *array, double *to, uint64_t rows, struct error *error)
{
    size_t size = dtype_size(array->dtype), width = array->width;
    if (rows > array->n - array->row)
        rows = array->n - array->row;
    if (array->fortran && !array->whole && read_whole(array, array->n * width * size, error) < 0)
        return -1;
    if (rows == 0)
        return check_end(array, error);
    if (array->fortran) {
        for (uint64_t i = 0; i < rows; i++)
            for (uint64_t k = 0; k < width; k++)
                to[i * width + k] = element(array->raw + fortran_place(array, array->row + i, k) * size, array->dtype,
                                            size, array->big);
        array->row += rows;
        return (int64_t) rows;
    }
    size_t bytes = rows * width * size;
    mem_grow(&array->raw, &array->cap_raw, bytes, 1);
    int64_t got = read_bytes(array, array->raw, bytes, error);
    if (got < 0)
        return -1;
    if ((size_t) got < bytes)
        return cut(array, array->row + (uint64_t) got / (width * size) + 1, error);
    if (size == 1 && array->dtype == DTYPE_U8)
        for (uint64_t i = 0; i < rows * width; i++)
            to[i] = array->raw[i];
    else
        for (uint64_t i = 0; i < rows * width; i++)
            to[i] = element(array->raw + i * size, array->dtype, size, array->big);
    array->row += rows;
    return (int64_t) rows;
}

void
array_close(struct array *array)
{
    free(array->raw);
    array->raw = NULL;
}
