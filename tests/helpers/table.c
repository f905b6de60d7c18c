/*
 * table ROWS COLUMNS: writes a CSV of made-up numbers: COLUMNS features, a category and a label that depends on them.
 *
 * Fast enough to keep a reader busy, the same bytes every time, and no file anywhere.
 */
#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { BUFFER = 1 << 18, MOST_COLUMNS = 10000, CELL = 12 };

struct writer {
    char *bytes;
    size_t n;
};

static void
flush(struct writer *writer)
{
    for (size_t at = 0; at < writer->n;) {
        ssize_t put = write(STDOUT_FILENO, writer->bytes + at, writer->n - at);
        if (put < 0)
            err(4, "write");
        at += (size_t) put;
    }
    writer->n = 0;
}

/* Two digits before the point and two behind it. */
static void
put_number(struct writer *writer, unsigned hundredths)
{
    char *p = writer->bytes + writer->n;
    p[0] = (char) ('0' + hundredths / 1000 % 10);
    p[1] = (char) ('0' + hundredths / 100 % 10);
    p[2] = '.';
    p[3] = (char) ('0' + hundredths / 10 % 10);
    p[4] = (char) ('0' + hundredths % 10);
    p[5] = ',';
    writer->n += 6;
}

int
main(int argc, char **argv)
{
    unsigned long long rows = argc == 3 ? strtoull(argv[1], NULL, 10) : 0;
    unsigned long columns = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
    if (rows == 0 || columns == 0 || columns > MOST_COLUMNS)
        errx(2, "usage: table ROWS COLUMNS");
    struct writer writer = {.bytes = malloc(BUFFER + MOST_COLUMNS * CELL)};
    if (writer.bytes == NULL)
        err(4, "malloc");
    for (unsigned long j = 0; j < columns; j++)
        writer.n += (size_t) sprintf(writer.bytes + writer.n, "x%lu,", j);
    writer.n += (size_t) sprintf(writer.bytes + writer.n, "shop,sold\n");
    uint64_t random = 88172645463325252u;
    for (unsigned long long i = 0; i < rows; i++) {
        unsigned sum = 0;
        for (unsigned long j = 0; j < columns; j++) {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            unsigned value = (unsigned) (random >> 40) % 10000;
            sum += j < 5 ? value : 0;
            put_number(&writer, value);
        }
        writer.n += (size_t) sprintf(writer.bytes + writer.n, "s%u,", (unsigned) (random >> 20) % 100);
        put_number(&writer, sum / 5);
        writer.bytes[writer.n - 1] = '\n';
        if (writer.n >= BUFFER)
            flush(&writer);
    }
    flush(&writer);
    return 0;
}
