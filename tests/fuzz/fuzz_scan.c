/*
 * The vectorised scan against csv.h, with every set of kernels that runs here. The first byte chooses the delimiter,
 * the second what lies around the text and where it is cut in two, the third how often it is repeated, so that short
 * inputs reach beyond blocks. (Tiles, and what is longer, are in test_scan.c.)
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "../unit/scan_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct scan_check check;
    static struct text text;
    if (size < 3)
        return 0;
    if (check.n_scans == 0)
        scan_check_open(&check);
    const unsigned repeat = 1 + (data[2] & 15);
    text.n = 0;
    for (unsigned i = 0; i < repeat; i++)
        text_add(&text, (const char *) data + 3, size - 3);
    if (!scan_check_text(&check, text.bytes, text.n, ",;\t |:x,"[data[0] & 7], data[1] * 257u + data[0])) {
        fprintf(stderr, "%s\n", check.failure);
        abort();
    }
    return 0;
}
