/*
 * npy, IDX and safetensors, told by their first bytes. The first byte says how many bytes are read before, and whether
 * the rest comes from a file or a pipe: the rows must be the same either way, and in chunks of one row or of many.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "idx.h"
#include "ingest.h"
#include "json.h"
#include "npy.h"
#include "safetensors.h"
#include "sniff.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROWS_MOST = 1000, PIPE_MOST = 1 << 16, WIDTH_MOST = 4096 };

static void
check(bool good)
{
    if (!good)
        abort();
}

static struct input
open_input(const uint8_t *data, size_t size, size_t n_head, bool file)
{
    struct input input = {.name = "f", .regular = file, .size = file ? size : 0};
    int ends[2];
    if (file) {
        input.fd = memfd_create("f", 0);
        check(input.fd >= 0 && write(input.fd, data, size) == (ssize_t) size);
        check(lseek(input.fd, (off_t) n_head, SEEK_SET) >= 0);
        return input;
    }
    check(pipe(ends) == 0 && write(ends[1], data + n_head, size - n_head) == (ssize_t) (size - n_head));
    close(ends[1]);
    input.fd = ends[0];
    return input;
}

static void
read_all(const uint8_t *data, size_t size, size_t n_head, bool file, uint64_t chunk, struct text *seen)
{
    struct error error = {.text = ""};
    struct input input = open_input(data, size, n_head, file);
    struct safetensors tensors = {.spool = -1};
    struct array arrays[2] = {0};
    size_t which[2], n = 1;
    int format = format_sniff(data, size, true, "f", &error), got = -1;
    if (format == INGEST_NPY) {
        got = npy_open(&arrays[0], &input, data, n_head, &error);
    } else if (format == INGEST_SAFETENSORS) {
        got = safetensors_open(&tensors, &input, data, n_head, &error);
        if (got == 0)
            got = safetensors_choose(&tensors, NULL, which, &n, &error);
        if (got == 0)
            got = safetensors_arrays(&tensors, which, n, arrays, &error);
    } else {
        got = idx_open(&arrays[0], &input, data, n_head, &error);
    }
    uint64_t rows = 0;
    for (size_t i = 0; got == 0 && i < n; i++)
        if (arrays[i].width > WIDTH_MOST)
            got = -1;
    while (got == 0 && rows < ROWS_MOST) {
        int64_t come[2] = {0};
        for (size_t i = 0; i < n && got == 0; i++) {
            come[i] = array_next(&arrays[i], chunk, &error);
            if (come[i] < 0) {
                got = -1;
                break;
            }
            uint64_t values = (uint64_t) come[i] * arrays[i].width;
            float *floats = malloc(values * sizeof *floats + 1);
            bool fits = array_floats(&arrays[i], floats);
            for (uint64_t k = 0; k < values; k++) {
                double value = array_value(&arrays[i], k);
                check(isnan(value) ? isnan(floats[k]) : (float) value == floats[k]);
                check(!fits || !isinf(floats[k]));
            }
            if (i == 0 && rows < ROWS_MOST / 2)
                text_add(seen, (char *) floats, values * sizeof *floats);
            free(floats);
        }
        if (come[0] == 0)
            break;
        rows += (uint64_t) come[0];
    }
    array_close(&arrays[0]);
    array_close(&arrays[1]);
    if (format == INGEST_SAFETENSORS)
        safetensors_close(&tensors);
    input_close(&input);
    if (got < 0)
        seen->n = 0;
    text_printf(seen, "%d", got);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || size > PIPE_MOST)
        return 0;
    size_t n_head = data[0] % (size < 200 ? size : 200);
    struct text a = {0}, b = {0};
    data++;
    size--;
    n_head = n_head < size ? n_head : size;
    read_all(data, size, n_head, true, 1, &a);
    read_all(data, size, n_head, true, 100, &b);
    /* A mistake at the end of the file is noticed behind other rows. */
    check(a.n <= 2 || b.n <= 2 || (a.n == b.n && memcmp(a.bytes, b.bytes, a.n) == 0));
    b.n = 0;
    read_all(data, size, n_head, false, 1, &b);
    check(a.n <= 2 || b.n <= 2 || (a.n == b.n && memcmp(a.bytes, b.bytes, a.n) == 0));
    free(a.bytes);
    free(b.bytes);
    return 0;
}
