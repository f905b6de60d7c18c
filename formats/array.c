#include "array.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "memory.h"

void
array_begin(struct array *array, struct input *input, const void *head, size_t n)
{
    *array = (struct array){.input = input, .name = input->name, .fd = -1, .n_head = n};
    if (n > 0) {
        array->head = mem_alloc(n);
        memcpy(array->head, head, n);
    }
}

/* One read of some bytes, 0 at the end. */
static ssize_t
read_some(struct array *array, void *to, size_t n, struct error *error)
{
    if (array->fd < 0)
        return input_read(array->input, to, n, true, error);
    ssize_t got;
    do
        got = pread(array->fd, to, n, (off_t) array->at);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return error_errno(error, "cannot read %s", array->name);
    array->at += (uint64_t) got;
    return got;
}

int64_t
array_bytes(struct array *array, void *to, size_t n, struct error *error)
{
    size_t done = array->n_head - array->head_at < n ? array->n_head - array->head_at : n;
    if (done > 0)
        memcpy(to, array->head + array->head_at, done);
    array->head_at += done;
    while (done < n) {
        ssize_t got = read_some(array, (uint8_t *) to + done, n - done, error);
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
    int64_t got = array_bytes(array, to, n, error);
    if (got < 0)
        return -1;
    if ((size_t) got < n)
        return error_set(error, STATUS_DATA, "%s ends inside its header", array->name);
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
    if (!fits || width > ARRAY_MAX_WIDTH)
        return error_set(error, STATUS_DATA, "%s: more than %d values in a row", array->name, ARRAY_MAX_WIDTH);
    if (!size_mul(width * dtype_size(array->dtype), array->n, &bytes) || bytes > INT64_MAX)
        return error_set(error, STATUS_DATA, "%s: the sizes in its header are impossible", array->name);
    array->width = width;
    return 0;
}

bool
array_is_integer(const struct array *array)
{
    return array->dtype >= DTYPE_I8;
}

int
array_skip(struct array *array, uint64_t n, struct error *error)
{
    enum { STEP = 1 << 16 };
    uint8_t *dropped = mem_alloc(STEP);
    int64_t got = 0;
    for (; n > 0; n -= (uint64_t) got) {
        got = array_bytes(array, dropped, n < STEP ? (size_t) n : (size_t) STEP, error);
        if (got == 0)
            got = error_set(error, STATUS_DATA, "%s ends %" PRIu64 " bytes before its header says", array->name, n);
        if (got < 0)
            break;
    }
    free(dropped);
    return got < 0 ? -1 : 0;
}

/* More bytes than the header declares are not silently left. */
static int
check_end(struct array *array, struct error *error)
{
    uint8_t byte;
    if (array->followed)
        return 0;
    if (array_skip(array, array->behind, error) < 0)
        return -1;
    array->behind = 0;
    int64_t got = array_bytes(array, &byte, 1, error);
    if (got < 0)
        return -1;
    if (got > 0)
        return error_set(error, STATUS_DATA, "%s goes on behind the %" PRIu64 " rows that its header declares",
                         array->name, array->n);
    return 0;
}

/* All of an array in Fortran order. The buffer grows with what arrives, not with what the header declares. */
static int
read_whole(struct array *array, struct error *error)
{
    enum { STEP = 1 << 20 };
    size_t bytes = array->n * array->width * dtype_size(array->dtype), done = 0;
    if (bytes > ARRAY_MAX_WHOLE)
        return error_set(error, STATUS_DATA,
                         "%s is in Fortran order and over 1 GiB, so it cannot be read row by row (save it "
                         "with numpy.ascontiguousarray)",
                         array->name);
    do {
        size_t step = bytes - done < STEP ? bytes - done : STEP;
        mem_grow_aligned(&array->whole, &array->cap_whole, done + step + 1, done);
        int64_t got = array_bytes(array, array->whole + done, step, error);
        if (got < 0)
            return -1;
        done += (size_t) got;
        if ((size_t) got < step)
            return error_set(error, STATUS_DATA, "%s ends after %zu of the %zu bytes that its header declares",
                             array->name, done, bytes);
    } while (done < bytes);
    /* Element [i, j, k] is at i + n * (j + shape[1] * k): where column (j, k) of row 0 is, for all columns. */
    array->places = mem_array(array->width, sizeof *array->places);
    for (uint64_t column = 0; column < array->width; column++) {
        uint64_t place = 0, left = column;
        for (unsigned i = array->rank; i-- > 1;) {
            uint64_t index = left % array->shape[i], stride = 1;
            left /= array->shape[i];
            for (unsigned k = 0; k < i; k++)
                stride *= array->shape[k];
            place += index * stride;
        }
        array->places[column] = place;
    }
    return 0;
}

/* Rows of an array in Fortran order, from all of it. */
static void
gather(struct array *array, uint64_t n_rows, size_t size)
{
    size_t row_bytes = array->width * size;
    for (uint64_t k = 0; k < array->width; k++) {
        const uint8_t *from = array->whole + (array->places[k] + array->row) * size;
        uint8_t *to = array->rows + k * size;
        for (uint64_t i = 0; i < n_rows; i++)
            memcpy(to + i * row_bytes, from + i * size, size);
    }
}

int64_t
array_next(struct array *array, uint64_t n_rows, struct error *error)
{
    const bool swap = array->big != (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);
    size_t size = dtype_size(array->dtype), row_bytes = array->width * size;
    array->n_rows = 0;
    if (n_rows > array->n - array->row)
        n_rows = array->n - array->row;
    if (array->fortran && array->whole == NULL && read_whole(array, error) < 0)
        return -1;
    if (n_rows == 0)
        return check_end(array, error);
    size_t bytes = n_rows * row_bytes;
    mem_grow_aligned(&array->rows, &array->cap_rows, bytes, 0);
    if (array->fortran) {
        gather(array, n_rows, size);
    } else {
        int64_t got = array_bytes(array, array->rows, bytes, error);
        if (got < 0)
            return -1;
        if ((size_t) got < bytes)
            return error_set(error, STATUS_DATA,
                             "%s ends in row %" PRIu64 " of the %" PRIu64 " that its header declares", array->name,
                             array->row + (uint64_t) got / row_bytes + 1, array->n);
    }
    if (swap)
        swap_elements(array->rows, size, n_rows * array->width);
    array->row += n_rows;
    array->n_rows = n_rows;
    return (int64_t) n_rows;
}

double
array_value(const struct array *array, uint64_t i)
{
    const uint8_t *at = array->rows + i * dtype_size(array->dtype);
    union {
        double f64;
        float f32;
        int8_t i8;
        int16_t i16;
        uint16_t u16;
        int32_t i32;
        uint32_t u32;
        int64_t i64;
        uint64_t u64;
    } element;
    memcpy(&element, at, dtype_size(array->dtype));
    switch (array->dtype) {
    case DTYPE_F16:
    case DTYPE_BF16:
        floats_of(array->dtype, at, &element.f32, 1);
        return element.f32;
    case DTYPE_F32:
        return element.f32;
    case DTYPE_F64:
        return element.f64;
    case DTYPE_I8:
        return element.i8;
    case DTYPE_U8:
        return *at;
    case DTYPE_I16:
        return element.i16;
    case DTYPE_U16:
        return element.u16;
    case DTYPE_I32:
        return element.i32;
    case DTYPE_U32:
        return element.u32;
    case DTYPE_I64:
        return (double) element.i64;
    default:
        return (double) element.u64;
    }
}

bool
array_floats(const struct array *array, float *to)
{
    return floats_of(array->dtype, array->rows, to, array->n_rows * array->width);
}

int64_t
array_read(struct array *array, double *to, uint64_t rows, struct error *error)
{
    int64_t got = array_next(array, rows, error);
    for (uint64_t i = 0; got > 0 && i < (uint64_t) got * array->width; i++)
        to[i] = array_value(array, i);
    return got;
}

void
array_close(struct array *array)
{
    free(array->head);
    free(array->rows);
    free(array->whole);
    free(array->places);
    array->head = array->rows = array->whole = NULL;
    array->places = NULL;
}
