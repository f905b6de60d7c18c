/*
 * The CSV scanner. The first byte chooses delimiter and cell limit, the second where the text is cut in two: scanned
 * whole from memory, resumed at the cut with the rest from a file, and fed by hand, it must give the same records.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "csv.h"
#include "datetime.h"
#include "infer.h"
#include "json.h"
#include "number.h"
#include "scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* All that a caller can see of a record, as text. */
static void
describe(const struct csv *csv, int got, struct text *seen)
{
    text_printf(seen, "%d line %d cut %d cells %zu", got, (int) csv->line, csv->cut, csv->n_cells);
    if (got == CSV_BAD)
        text_printf(seen, " cell %zu: %s", csv->problem_cell, csv->problem);
    for (size_t i = 0; got == CSV_RECORD && i < csv->n_cells; i++) {
        text_printf(seen, " %u:", csv->cells[i].n);
        text_add(seen, csv_cell(csv, i), csv->cells[i].n);
    }
    text_add(seen, "\n", 1);
}

static void
read_all(struct csv *csv, struct text *seen)
{
    struct error error = {.text = ""};
    int got;
    while ((got = csv_read(csv, true, &error)) > 0)
        describe(csv, got, seen);
    text_printf(seen, "%d %s", got, error.text);
}

/* Reads what csv_feed() has brought, up to CSV_WAIT, and what comes at the end. */
static void
read_fed(struct csv *csv, struct text *seen, bool end)
{
    struct error error = {.text = ""};
    int got;
    if (end)
        csv_feed_end(csv);
    while ((got = csv_read(csv, true, &error)) != CSV_WAIT && got > 0)
        describe(csv, got, seen);
    if (end != (got != CSV_WAIT))
        abort();
    if (end)
        text_printf(seen, "%d %s", got, error.text);
}

/* The two pieces fed by hand; where the cut is between two records, by two csv. */
static void
feed_all(const char *bytes, size_t n, size_t head, char delimiter, uint64_t max_cell, struct text *seen)
{
    struct csv csv;
    csv_open_feed(&csv, delimiter, max_cell, 1);
    csv_feed(&csv, bytes, head);
    read_fed(&csv, seen, false);
    if (csv_between(&csv)) {
        struct error error;
        uint64_t lines = scan_lines(scan_kernels_pick(&error), bytes, head);
        csv_close(&csv);
        csv_open_feed(&csv, delimiter, max_cell, 1 + lines);
    }
    csv_feed(&csv, bytes + head, n - head);
    read_fed(&csv, seen, true);
    csv_close(&csv);
}

/* What is done with a cell. */
static void
use_cells(const char *bytes, size_t n, char delimiter, uint64_t max_cell)
{
    struct csv csv;
    struct error error;
    struct missing missing;
    struct infer_column column = {0};
    missing_open(&missing, MISSING_DEFAULT);
    csv_open_memory(&csv, bytes, n, false, delimiter, max_cell);
    for (int got; (got = csv_read(&csv, true, &error)) > 0;)
        for (size_t i = 0; got == CSV_RECORD && i < csv.n_cells; i++) {
            const char *cell = csv_cell(&csv, i);
            size_t length = csv.cells[i].n, at = 0;
            if (length > max_cell)
                abort();
            infer_add(&column, &missing, cell, length);
            if (!utf8_valid(cell, length, &at) && at >= length)
                abort();
        }
    infer_type(&column);
    csv_close(&csv);
    missing_close(&missing);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    char delimiter = ",;\t "[data[0] & 3];
    uint64_t max_cell = data[0] & 4 ? 16 : 1 << 20;
    const char *bytes = (const char *) data + 2;
    size_t n = size - 2, head = n > 0 ? data[1] % (n + 1) : 0;

    struct csv csv;
    struct text whole = {0}, resumed = {0}, fed = {0};
    csv_open_memory(&csv, bytes, n, true, delimiter, max_cell);
    read_all(&csv, &whole);
    csv_close(&csv);

    int fd = memfd_create("rest", 0);
    if (fd < 0 || write(fd, bytes + head, n - head) != (ssize_t) (n - head) || lseek(fd, 0, SEEK_SET) != 0)
        abort();
    struct input input = {.fd = fd, .name = "rest"};
    csv_open(&csv, &input, bytes, head, delimiter, max_cell);
    read_all(&csv, &resumed);
    csv_close(&csv);
    close(fd);
    /* Where the bounds of a cell are noticed depends on how bytes arrive, and with it only the wording. */
    if (max_cell > size && (whole.n != resumed.n || memcmp(whole.bytes, resumed.bytes, whole.n) != 0))
        abort();
    /* Marks at the start are looked for in files only. */
    const bool marked = n > 0 && data[2] >= 0xef;
    feed_all(bytes, n, head, delimiter, max_cell, &fed);
    if (max_cell > size && !marked && (whole.n != fed.n || memcmp(whole.bytes, fed.bytes, whole.n) != 0))
        abort();
    free(whole.bytes);
    free(resumed.bytes);
    free(fed.bytes);
    use_cells(bytes, n, delimiter, max_cell);
    return 0;
}
