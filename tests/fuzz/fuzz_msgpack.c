/*
 * The decoder against msgpack-c: what we accept it accepts, to the same end and the same values, and what we call
 * broken or unfinished for MessagePack's own reasons it does too. Our values survive packing and decoding.
 */
#include <stdlib.h>

#include "../unit/oracle.h"
#include "msgpack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool holds)
{
    if (!holds)
        abort();
}

/* msgpack-c allocates what 32-bit counts ask for: inputs with such a byte are not given to it unless they are whole. */
static bool
has_large_count(const uint8_t *data, size_t size)
{
    return memchr(data, 0xdd, size) != NULL || memchr(data, 0xdf, size) != NULL;
}

static void
ask_oracle(ptrdiff_t used, const struct value *value, const uint8_t *data, size_t size, const struct error *error)
{
    msgpack_unpacked result;
    size_t end = 0;
    msgpack_unpacked_init(&result);
    msgpack_unpack_return status = msgpack_unpack_next(&result, (const char *) data, size, &end);
    if (used > 0) {
        must(status == MSGPACK_UNPACK_SUCCESS);
        must(end == (size_t) used);
        must(oracle_agrees(value, &result.data));
    } else if (used == 0) {
        must(status == MSGPACK_UNPACK_CONTINUE);
    } else if (strstr(error->text, "0xc1") != NULL) {
        must(status != MSGPACK_UNPACK_SUCCESS);
    }
    msgpack_unpacked_destroy(&result);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = {0};
    struct error error = {0};
    struct value *value = NULL, *back;
    ptrdiff_t used = msgpack_decode(data, size, &arena, &value, &error);
    must(used <= (ptrdiff_t) size && (used >= 0 || error.status == STATUS_DATA));
    if (used > 0 || (size > 0 && !has_large_count(data, size)))
        ask_oracle(used, value, data, size, &error);

    /* In steps the scan comes to the same end. */
    struct msgpack_scan scan = {0};
    int status = 0;
    for (size_t n = 0; n <= size && status == 0; n += 1 + n / 8)
        status = msgpack_scan(&scan, data, n, &error);
    if (status == 0)
        status = msgpack_scan(&scan, data, size, &error);
    must(used > 0 ? status == 1 && scan.at == (size_t) used : used == 0 ? status == 0 : true);

    if (used > 0) {
        struct packed packed = {0};
        msgpack_encode(&packed, value);
        must(msgpack_decode(packed.bytes, packed.n, &arena, &back, &error) == (ptrdiff_t) packed.n);
        must(value_equal(value, back));
        must(value_equal(value, value_copy(&arena, value)));
        free(packed.bytes);
    }
    arena_free(&arena);
    return 0;
}
