#include "npy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

enum { HEADER_MOST = 1 << 16 };

/* A reader of the header dictionary; at[0 .. end) is left. */
struct cursor {
    const char *at, *end;
};

static void
skip_blanks(struct cursor *cursor)
{
    while (cursor->at < cursor->end && (*cursor->at == ' ' || *cursor->at == '\t' || *cursor->at == '\n'))
        cursor->at++;
}

static bool
take(struct cursor *cursor, char c)
{
    skip_blanks(cursor);
    if (cursor->at == cursor->end || *cursor->at != c)
        return false;
    cursor->at++;
    return true;
}

/* A string between quotes of one kind, without escapes. */
static bool
take_string(struct cursor *cursor, char *to, size_t cap)
{
    char quote = take(cursor, '\'') ? '\'' : take(cursor, '"') ? '"' : '\0';
    if (quote == '\0')
        return false;
    const char *end = memchr(cursor->at, quote, (size_t) (cursor->end - cursor->at));
    if (end == NULL || (size_t) (end - cursor->at) >= cap ||
        memchr(cursor->at, '\\', (size_t) (end - cursor->at)) != NULL)
        return false;
    memcpy(to, cursor->at, (size_t) (end - cursor->at));
    to[end - cursor->at] = '\0';
    cursor->at = end + 1;
    return true;
}

static bool
take_word(struct cursor *cursor, const char *word)
{
    size_t n = strlen(word);
    skip_blanks(cursor);
    if ((size_t) (cursor->end - cursor->at) < n || memcmp(cursor->at, word, n) != 0)
        return false;
    cursor->at += n;
    return true;
}

static bool
take_size(struct cursor *cursor, uint64_t *size)
{
    skip_blanks(cursor);
    const char *first = cursor->at;
    *size = 0;
    for (; cursor->at < cursor->end && *cursor->at >= '0' && *cursor->at <= '9'; cursor->at++)
        if (__builtin_mul_overflow(*size, 10, size) || __builtin_add_overflow(*size, *cursor->at - '0', size))
            return false;
    return cursor->at > first;
}

/* (), (3,), (3, 4) */
static bool
take_shape(struct cursor *cursor, struct array *array)
{
    if (!take(cursor, '('))
        return false;
    array->rank = 0;
    while (!take(cursor, ')')) {
        if (array->rank == TENSOR_MAX_RANK || !take_size(cursor, &array->shape[array->rank]))
            return false;
        array->rank++;
        if (!take(cursor, ',') && !(array->rank > 1 && cursor->at < cursor->end && *cursor->at == ')'))
            return false;
    }
    return true;
}

static bool
parse_descr(const char *descr, struct array *array)
{
    static const struct {
        const char *name;
        enum dtype dtype;
    } types[] = {{"f2", DTYPE_F16}, {"f4", DTYPE_F32}, {"f8", DTYPE_F64}, {"i1", DTYPE_I8},
                 {"i2", DTYPE_I16}, {"i4", DTYPE_I32}, {"i8", DTYPE_I64}, {"u1", DTYPE_U8},
                 {"u2", DTYPE_U16}, {"u4", DTYPE_U32}, {"u8", DTYPE_U64}, {"b1", DTYPE_U8}};
    if (descr[0] == '\0' || strchr("<>|=", descr[0]) == NULL)
        return false;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcmp(descr + 1, types[i].name) == 0) {
            array->dtype = types[i].dtype;
            array->big = descr[0] == '>';
            /* "|" has no byte order: single bytes only. "=" is never written by NumPy. */
            return descr[0] == '<' || descr[0] == '>' || (descr[0] == '|' && dtype_size(array->dtype) == 1);
        }
    return false;
}

static int
parse_header(struct array *array, const char *header, size_t n, struct error *error)
{
    const char *name = array->input->name;
    struct cursor cursor = {header, header + n};
    unsigned seen = 0;
    char key[32], descr[64], shown[200];
    bool good = take(&cursor, '{');
    while (good && !take(&cursor, '}')) {
        good = take_string(&cursor, key, sizeof key) && take(&cursor, ':');
        unsigned bit = strcmp(key, "descr") == 0           ? 1
                       : strcmp(key, "fortran_order") == 0 ? 2
                       : strcmp(key, "shape") == 0         ? 4
                                                           : 0;
        good = good && bit != 0 && (seen & bit) == 0;
        seen |= bit;
        if (good && bit == 1) {
            if (!take_string(&cursor, descr, sizeof descr))
                return error_set(error, STATUS_DATA, "%s holds structures: only plain numbers are read", name);
            if (!parse_descr(descr, array))
                return error_set(error, STATUS_DATA,
                                 "%s holds elements of type '%s': only f2 f4 f8 i1 i2 i4 i8 u1 u2 u4 u8 b1 "
                                 "are read",
                                 name, error_quote(shown, sizeof shown, descr, strlen(descr), 32));
        } else if (good && bit == 2) {
            array->fortran = take_word(&cursor, "True");
            good = array->fortran || take_word(&cursor, "False");
        } else if (good) {
            good = take_shape(&cursor, array);
        }
        if (good && !take(&cursor, ',')) {
            good = take(&cursor, '}');
            break;
        }
    }
    skip_blanks(&cursor);
    if (!good || seen != 7 || cursor.at != cursor.end)
        return error_set(error, STATUS_DATA, "%s: the npy header is not understood: %s", name,
                         error_quote(shown, sizeof shown, header, n, 100));
    /* Nothing to transpose. */
    array->fortran = array->fortran && array->rank > 1;
    return array_shape(array, error);
}

int
npy_open(struct array *array, struct input *input, const void *head, size_t n, struct error *error)
{
    uint8_t magic[8], length[4] = {0};
    array_begin(array, input, head, n);
    if (array_header(array, magic, sizeof magic, error) < 0)
        return -1;
    if (memcmp(magic, "\x93NUMPY", 6) != 0)
        return error_set(error, STATUS_DATA, "%s is no npy file (it does not begin with \\x93NUMPY)", input->name);
    if (magic[6] < 1 || magic[6] > 3)
        return error_set(error, STATUS_DATA, "%s: npy version %u.%u is not known", input->name, magic[6], magic[7]);
    if (array_header(array, length, magic[6] == 1 ? 2 : 4, error) < 0)
        return -1;
    size_t bytes = (size_t) length[3] << 24 | (size_t) length[2] << 16 | (size_t) length[1] << 8 | length[0];
    if (bytes > HEADER_MOST)
        return error_set(error, STATUS_DATA, "%s: an npy header of %zu bytes, over the limit of %d", input->name, bytes,
                         HEADER_MOST);
    char *header = mem_alloc(bytes);
    int result = array_header(array, header, bytes, error);
    if (result == 0)
        result = parse_header(array, header, bytes, error);
    free(header);
    return result;
}
