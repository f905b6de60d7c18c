#include "idx.h"

int
idx_open(struct array *array, struct input *input, const void *head, size_t n, struct error *error)
{
    static const struct {
        uint8_t code;
        enum dtype dtype;
    } types[] = {{0x08, DTYPE_U8},  {0x09, DTYPE_I8},  {0x0b, DTYPE_I16},
                 {0x0c, DTYPE_I32}, {0x0d, DTYPE_F32}, {0x0e, DTYPE_F64}};
    uint8_t magic[4], size[4];
    array_begin(array, input, head, n);
    array->big = true;
    if (array_header(array, magic, sizeof magic, error) < 0)
        return -1;
    if (magic[0] != 0 || magic[1] != 0)
        return error_set(error, STATUS_DATA, "%s is no IDX file (it does not begin with two zero bytes)", input->name);
    size_t type = 0;
    while (type < sizeof types / sizeof *types && types[type].code != magic[2])
        type++;
    if (type == sizeof types / sizeof *types)
        return error_set(error, STATUS_DATA, "%s: IDX element type 0x%02x is not known", input->name, magic[2]);
    array->dtype = types[type].dtype;
    array->rank = magic[3];
    if (array->rank == 0 || array->rank > TENSOR_MAX_RANK)
        return error_set(error, STATUS_DATA, "%s: IDX rank %u, where 1 to %d are read", input->name, array->rank,
                         TENSOR_MAX_RANK);
    for (unsigned i = 0; i < array->rank; i++) {
        if (array_header(array, size, sizeof size, error) < 0)
            return -1;
        array->shape[i] = (uint64_t) size[0] << 24 | (uint64_t) size[1] << 16 | (uint64_t) size[2] << 8 | size[3];
    }
    return array_shape(array, error);
}
