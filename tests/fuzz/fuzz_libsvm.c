/* libsvm lines, and the look at the first bytes of any data. The first byte says whether columns count from 0. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "ingest.h"
#include "libsvm.h"
#include "sniff.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(bool good)
{
    if (!good)
        abort();
}

/* Fewer bytes give the same answer, or none yet. */
static void
sniff(const uint8_t *data, size_t size)
{
    struct error error;
    int whole = format_sniff(data, size, true, "f", &error);
    check(whole != INGEST_AUTO);
    for (size_t n = 1; n <= size; n += 1 + n / 4) {
        uint8_t *part = malloc(n);
        memcpy(part, data, n);
        int format = format_sniff(part, n, false, "f", &error);
        check(format >= -1 && format <= INGEST_FRAMES);
        free(part);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct libsvm libsvm;
    bool zero = data[0] & 1;
    libsvm_open(&libsvm, zero);
    sniff(data, size);
    for (size_t at = 1; at < size;) {
        const uint8_t *end = memchr(data + at, '\n', size - at);
        size_t n = end != NULL ? (size_t) (end - data) - at : size - at;
        char *line = malloc(n + CELL_SLACK);
        memcpy(line, data + at, n);
        memset(line + n, ':', CELL_SLACK);
        int got = libsvm_row(&libsvm, line, n);
        if (got == LIBSVM_ROW) {
            check(libsvm.label.n > 0 && libsvm.label.s >= line && libsvm.label.s + libsvm.label.n <= line + n);
            for (size_t i = 0; i < libsvm.n; i++) {
                check(libsvm.indices[i] <= LIBSVM_INDEX_MOST && (zero || libsvm.indices[i] > 0));
                check(i == 0 || libsvm.indices[i] > libsvm.indices[i - 1]);
            }
        } else if (got == LIBSVM_BAD) {
            check(libsvm.problem[0] != '\0' && libsvm.problem_at >= 1 && libsvm.problem_at <= n + 1);
        }
        free(line);
        at += n + 1;
    }
    libsvm_close(&libsvm);
    return 0;
}
