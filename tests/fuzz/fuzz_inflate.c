/*
 * Compressed input: read in large and in small pieces, waiting or not, the bytes and the verdict must be the same. The
 * first byte is the size of the small pieces.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "inflate.h"
#include "json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Little data may decode to much. */
enum { DECODED_MOST = 1 << 22, INPUT_MOST = 1 << 15 };

static void
check(bool good)
{
    if (!good)
        abort();
}

static void
read_all(const uint8_t *data, size_t size, size_t step, bool as_pipe, struct text *seen)
{
    struct error error = {.text = ""};
    struct input input = {.name = "f", .regular = !as_pipe, .size = as_pipe ? 0 : size};
    int ends[2];
    if (as_pipe) {
        check(pipe(ends) == 0 && write(ends[1], data, size) == (ssize_t) size);
        close(ends[1]);
        input.fd = ends[0];
    } else {
        input.fd = memfd_create("f", 0);
        check(input.fd >= 0 && write(input.fd, data, size) == (ssize_t) size && lseek(input.fd, 0, SEEK_SET) == 0);
    }
    char *piece = malloc(step);
    ssize_t got = input_inflate(&input, &error);
    while (got >= 0 && seen->n < DECODED_MOST) {
        check(!as_pipe || input_wait(&input, -1, &error) == 1);
        got = input_read(&input, piece, step, !as_pipe, &error);
        check(!input.would_block);
        if (got <= 0)
            break;
        text_add(seen, piece, (size_t) got);
    }
    if (seen->n > DECODED_MOST)
        seen->n = DECODED_MOST;
    text_printf(seen, "%d %s", got < 0, error.text);
    free(piece);
    input_close(&input);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || size > INPUT_MOST)
        return 0;
    struct text a = {0}, b = {0};
    size_t step = (size_t) 1 + data[0];
    read_all(data + 1, size - 1, 1 << 16, false, &a);
    read_all(data + 1, size - 1, step, true, &b);
    /*
     * Broken zstd data need not fail at the same byte: libzstd decodes whole blocks into a large buffer at once, and
     * only of a frame that it sees whole it notices that an empty last block comes too early.
     */
    static const char broken[] = "zstd data are broken";
    bool early = memmem(a.bytes, a.n, broken, sizeof broken - 1) != NULL ||
                 memmem(b.bytes, b.n, broken, sizeof broken - 1) != NULL;
    if (a.n < DECODED_MOST && b.n < DECODED_MOST && !early)
        check(a.n == b.n && memcmp(a.bytes, b.bytes, a.n) == 0);
    free(a.bytes);
    free(b.bytes);
    return 0;
}
