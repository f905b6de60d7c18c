#include "safetensors.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "json_read.h"

enum { HEADER_MOST = JSON_BYTES_MOST };

static int
type_of(const char *type)
{
    static const struct {
        const char *name;
        enum dtype dtype;
    } types[] = {{"F16", DTYPE_F16}, {"BF16", DTYPE_BF16}, {"F32", DTYPE_F32}, {"F64", DTYPE_F64}, {"I8", DTYPE_I8},
                 {"I16", DTYPE_I16}, {"I32", DTYPE_I32},   {"I64", DTYPE_I64}, {"U8", DTYPE_U8},   {"U16", DTYPE_U16},
                 {"U32", DTYPE_U32}, {"U64", DTYPE_U64},   {"BOOL", DTYPE_U8}};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcmp(type, types[i].name) == 0)
            return (int) types[i].dtype;
    return -1;
}

static int
bad_tensor(const struct safetensors *file, const struct safetensor *tensor, const char *what, struct error *error)
{
    char shown[160];
    return error_set(error, STATUS_DATA, "%s: tensor '%s': %s", file->stream.name,
                     error_quote(shown, sizeof shown, tensor->name, strlen(tensor->name), 100), what);
}

/* An array of whole numbers. */
static bool
read_sizes(const struct value *list, uint64_t *sizes)
{
    if (list == NULL || list->kind != VALUE_ARRAY)
        return false;
    for (size_t i = 0; i < list->n; i++)
        if (!value_to_u64(list->items[i], &sizes[i]))
            return false;
    return true;
}

static int
read_tensor(struct safetensors *file, struct safetensor *tensor, const struct value *meta, struct error *error)
{
    uint64_t offsets[2];
    const struct value *shape = value_get(meta, "shape"), *range = value_get(meta, "data_offsets");
    tensor->type = value_get_string(meta, "dtype");
    if (tensor->type == NULL)
        return bad_tensor(file, tensor, "its dtype is missing", error);
    tensor->dtype = type_of(tensor->type);
    if (shape == NULL || shape->kind != VALUE_ARRAY)
        return bad_tensor(file, tensor, "its shape is missing", error);
    tensor->rank = shape->n;
    tensor->shape = arena_array(&file->arena, shape->n, sizeof *tensor->shape);
    if (!read_sizes(shape, tensor->shape))
        return bad_tensor(file, tensor, "its shape is no list of whole numbers", error);
    if (range == NULL || range->kind != VALUE_ARRAY || range->n != 2 || !read_sizes(range, offsets))
        return bad_tensor(file, tensor, "its data_offsets are not two whole numbers", error);
    tensor->begin = offsets[0];
    tensor->end = offsets[1];
    if (tensor->begin > tensor->end || tensor->end > INT64_MAX / 2)
        return bad_tensor(file, tensor, "its data_offsets are impossible", error);
    size_t bytes = tensor->dtype >= 0 ? dtype_size((enum dtype) tensor->dtype) : 0;
    for (size_t i = 0; i < tensor->rank; i++)
        if (tensor->dtype >= 0 && !size_mul(bytes, tensor->shape[i], &bytes))
            return bad_tensor(file, tensor, "its shape is impossible", error);
    if (tensor->dtype >= 0 && bytes != tensor->end - tensor->begin)
        return bad_tensor(file, tensor, "its data_offsets do not fit its shape", error);
    return 0;
}

static int
by_offset(const void *a, const void *b)
{
    const struct safetensor *x = a, *y = b;
    if (x->begin != y->begin)
        return x->begin < y->begin ? -1 : 1;
    return x->end < y->end ? -1 : x->end > y->end;
}

static int
read_header(struct safetensors *file, const struct value *header, struct error *error)
{
    if (header->kind != VALUE_MAP)
        return error_set(error, STATUS_DATA, "%s: its header is no JSON object", file->stream.name);
    file->tensors = arena_zalloc(&file->arena, header->n, sizeof *file->tensors);
    for (size_t i = 0; i < header->n; i++) {
        const struct value *key = header->items[2 * i];
        if (strcmp(key->bytes, "__metadata__") == 0)
            continue;
        struct safetensor *tensor = &file->tensors[file->n++];
        tensor->name = key->bytes;
        if (read_tensor(file, tensor, header->items[2 * i + 1], error) < 0)
            return -1;
    }
    if (file->n == 0)
        return error_set(error, STATUS_DATA, "%s holds no tensors", file->stream.name);
    qsort(file->tensors, file->n, sizeof *file->tensors, by_offset);
    for (size_t i = 0; i < file->n; i++) {
        const struct safetensor *tensor = &file->tensors[i];
        if (tensor->begin != file->bytes)
            return bad_tensor(file, tensor,
                              tensor->begin < file->bytes ? "its data overlap those of another tensor"
                                                          : "there is a hole before its data",
                              error);
        file->bytes = tensor->end;
    }
    return 0;
}

int
safetensors_open(struct safetensors *file, struct input *input, const void *head, size_t n, struct error *error)
{
    enum { STEP = 1 << 20 };
    uint8_t length[8];
    uint64_t bytes = 0;
    *file = (struct safetensors){.spool = -1};
    array_begin(&file->stream, input, head, n);
    if (array_header(&file->stream, length, sizeof length, error) < 0)
        return -1;
    for (int i = 0; i < 8; i++)
        bytes |= (uint64_t) length[i] << (8 * i);
    if (bytes > HEADER_MOST)
        return error_set(error, STATUS_DATA,
                         "%s: a safetensors header of %" PRIu64 " bytes, over the limit of %d (is it "
                         "a safetensors file?)",
                         file->stream.name, bytes, HEADER_MOST);
    /* The buffer grows with what arrives. */
    char *text = NULL;
    size_t cap = 0, done = 0;
    int result = 0;
    while (done < bytes && result == 0) {
        size_t step = bytes - done < STEP ? (size_t) bytes - done : STEP;
        mem_grow(&text, &cap, done + step, 1);
        result = array_header(&file->stream, text + done, step, error);
        done += step;
    }
    if (result == 0) {
        const char *name = arena_printf(&file->arena, "%s, header", file->stream.name);
        const struct value *header = json_read(&file->arena, text, done, name, error);
        result = header != NULL ? read_header(file, header, error) : -1;
    }
    free(text);
    return result;
}

/* "a F32 [10, 4], b I64 [10] and 3 more". */
static const char *
list_tensors(const struct safetensors *file, char *list, size_t cap)
{
    char shown[64];
    size_t used = 0, i = 0;
    for (list[0] = '\0'; i < file->n && used + 160 < cap; i++) {
        const struct safetensor *tensor = &file->tensors[i];
        used += (size_t) snprintf(list + used, cap - used, "%s%s %.8s [", i > 0 ? ", " : "",
                                  error_quote(shown, sizeof shown, tensor->name, strlen(tensor->name), 40),
                                  tensor->dtype >= 0 ? tensor->type : "other");
        for (size_t k = 0; k < tensor->rank && k < 3; k++)
            used += (size_t) snprintf(list + used, cap - used, "%s%" PRIu64, k > 0 ? ", " : "", tensor->shape[k]);
        used += (size_t) snprintf(list + used, cap - used, "%s]", tensor->rank > 3 ? ", ..." : "");
    }
    if (i < file->n)
        snprintf(list + used, cap - used, " and %zu more", file->n - i);
    return list;
}

/* Index of a tensor by name, or file->n. */
static size_t
find(const struct safetensors *file, const char *name, size_t n)
{
    size_t i = 0;
    while (i < file->n && (strncmp(file->tensors[i].name, name, n) != 0 || file->tensors[i].name[n] != '\0'))
        i++;
    return i;
}

static bool
is_one_a_row(const struct safetensor *tensor)
{
    return tensor->rank == 1 || (tensor->rank == 2 && tensor->shape[1] == 1);
}

/* By the names in `want`, which may have commas in them. */
static int
choose_named(const struct safetensors *file, const char *want, size_t which[2], size_t *n_which, struct error *error)
{
    char shown[160], list[800];
    size_t n = strlen(want);
    which[0] = find(file, want, n);
    *n_which = 1;
    if (which[0] < file->n)
        return 0;
    *n_which = 2;
    for (const char *comma = strchr(want, ','); comma != NULL; comma = strchr(comma + 1, ',')) {
        which[0] = find(file, want, (size_t) (comma - want));
        which[1] = find(file, comma + 1, strlen(comma + 1));
        if (which[0] < file->n && which[1] < file->n)
            return which[0] != which[1]
                       ? 0
                       : error_set(error, STATUS_USAGE, "--tensor %s: features and label are one tensor",
                                   error_quote(shown, sizeof shown, want, n, 100));
    }
    return error_set(error, STATUS_DATA, "%s: no tensor '%s' (the tensors are %s)", file->stream.name,
                     error_quote(shown, sizeof shown, want, n, 100), list_tensors(file, list, sizeof list));
}

int
safetensors_choose(const struct safetensors *file, const char *want, size_t which[2], size_t *n_which,
                   struct error *error)
{
    char list[800];
    if (want != NULL)
        return choose_named(file, want, which, n_which, error);
    which[0] = 0;
    which[1] = 1;
    *n_which = file->n;
    if (file->n == 1)
        return 0;
    if (file->n == 2) {
        const struct safetensor *a = &file->tensors[0], *b = &file->tensors[1];
        bool same = a->rank > 0 && b->rank > 0 && a->shape[0] == b->shape[0];
        if (same && a->rank >= 2 && !is_one_a_row(a) && is_one_a_row(b))
            return 0;
        which[0] = 1;
        which[1] = 0;
        if (same && b->rank >= 2 && !is_one_a_row(b) && is_one_a_row(a))
            return 0;
    }
    return error_set(error, STATUS_DATA,
                     "%s holds %zu tensors: which are the features, and which the label? (--tensor NAME or --tensor "
                     "NAME,LABEL; they are %s)",
                     file->stream.name, file->n, list_tensors(file, list, sizeof list));
}

/* The array of a tensor, whose bytes come from elsewhere still. */
static int
describe(const struct safetensors *file, const struct safetensor *tensor, struct array *array, struct error *error)
{
    array_begin(array, file->stream.input, NULL, 0);
    char what[100];
    if (tensor->dtype < 0) {
        char shown[32];
        snprintf(what, sizeof what, "the type %s is not read",
                 error_quote(shown, sizeof shown, tensor->type, strlen(tensor->type), 16));
        return bad_tensor(file, tensor, what, error);
    }
    if (tensor->rank > TENSOR_MAX_RANK) {
        snprintf(what, sizeof what, "rank %zu, where up to %d are read", tensor->rank, TENSOR_MAX_RANK);
        return bad_tensor(file, tensor, what, error);
    }
    array->dtype = (enum dtype) tensor->dtype;
    array->rank = (unsigned) tensor->rank;
    memcpy(array->shape, tensor->shape, tensor->rank * sizeof *array->shape);
    return array_shape(array, error);
}

/* Copies a tensor, the next bytes of the stream, to an unlinked temporary file. */
static int
spool(struct safetensors *file, const struct safetensor *tensor, struct error *error)
{
    enum { STEP = 1 << 18 };
    file->spool = spool_open(error);
    if (file->spool < 0)
        return -1;
    uint8_t *bytes = mem_alloc(STEP);
    int result = 0;
    for (uint64_t left = tensor->end - tensor->begin; left > 0 && result == 0;) {
        size_t step = left < STEP ? (size_t) left : STEP;
        int64_t got = array_bytes(&file->stream, bytes, step, error);
        if (got < 0)
            result = -1;
        else if ((size_t) got < step)
            result = bad_tensor(file, tensor, "the file ends inside its data", error);
        for (size_t done = 0; result == 0 && done < step;) {
            ssize_t n = write(file->spool, bytes + done, step - done);
            if (n < 0)
                result = error_errno(error, "cannot write a temporary file (TMPDIR names another folder)");
            else
                done += (size_t) n;
        }
        left -= step;
    }
    free(bytes);
    return result;
}

/* Bytes of a file can be read at their offsets, if it has as many as its header says. */
static int
place_in_file(struct safetensors *file, const struct safetensor *const *tensors, size_t n, struct array *arrays,
              struct error *error)
{
    const struct array *stream = &file->stream;
    off_t at = lseek(stream->input->fd, 0, SEEK_CUR);
    if (at < 0)
        return error_errno(error, "cannot read %s", stream->name);
    uint64_t data = (uint64_t) at - (stream->n_head - stream->head_at);
    uint64_t there = stream->input->size > data ? stream->input->size - data : 0;
    if (there != file->bytes)
        return error_set(error, STATUS_DATA, "%s has %" PRIu64 " bytes of data, where its header declares %" PRIu64,
                         stream->name, there, file->bytes);
    for (size_t i = 0; i < n; i++) {
        arrays[i].fd = stream->input->fd;
        arrays[i].at = data + tensors[i]->begin;
        arrays[i].followed = true;
    }
    return 0;
}

/* Those of a pipe come as they come: the later tensor is read as it passes, an earlier one has been spooled. */
static int
place_in_pipe(struct safetensors *file, const struct safetensor *const *tensors, size_t n, struct array *arrays,
              struct error *error)
{
    /* They are in the order of the file. */
    size_t last = n == 2 && tensors[0] > tensors[1] ? 0 : n - 1;
    uint64_t at = 0;
    if (n == 2) {
        size_t first = 1 - last;
        if (array_skip(&file->stream, tensors[first]->begin, error) < 0 || spool(file, tensors[first], error) < 0)
            return -1;
        at = tensors[first]->end;
        arrays[first].fd = file->spool;
        arrays[first].followed = true;
    }
    if (array_skip(&file->stream, tensors[last]->begin - at, error) < 0)
        return -1;
    /* What is left of the head goes along. */
    struct array *array = &arrays[last];
    array->n_head = file->stream.n_head - file->stream.head_at;
    if (array->n_head > 0) {
        array->head = mem_alloc(array->n_head);
        memcpy(array->head, file->stream.head + file->stream.head_at, array->n_head);
    }
    array->behind = file->bytes - tensors[last]->end;
    return 0;
}

int
safetensors_arrays(struct safetensors *file, const size_t *which, size_t n_which, struct array *arrays,
                   struct error *error)
{
    const struct safetensor *tensors[2] = {0};
    for (size_t i = 0; i < n_which; i++) {
        tensors[i] = &file->tensors[which[i]];
        if (describe(file, tensors[i], &arrays[i], error) < 0)
            return -1;
    }
    return (file->stream.input->regular ? place_in_file : place_in_pipe)(file, tensors, n_which, arrays, error);
}

void
safetensors_close(struct safetensors *file)
{
    array_close(&file->stream);
    if (file->spool >= 0)
        close(file->spool);
    file->spool = -1;
    arena_free(&file->arena);
}
