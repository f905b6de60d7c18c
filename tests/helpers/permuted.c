/*
 * permuted IMAGES LABELS TASKS ROWS SEED: CSV of a long stream of tasks, each of ROWS images (idx files) with the
 * pixels in an order of its own; the label is the last column. Images are drawn with replacement.
 */
#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "rng.h"

enum { PIXELS = 784, IMAGE_HEAD = 16, LABEL_HEAD = 8 };

static uint8_t *
slurp(const char *path, size_t *n)
{
    FILE *file = fopen(path, "rb");
    size_t cap = 1 << 16;
    uint8_t *bytes = malloc(cap);
    if (file == NULL || bytes == NULL)
        err(1, "%s", path);
    for (*n = 0;; cap *= 2) {
        *n += fread(bytes + *n, 1, cap - *n, file);
        if (*n < cap)
            break;
        if ((bytes = realloc(bytes, 2 * cap)) == NULL)
            err(1, "%s", path);
    }
    fclose(file);
    return bytes;
}

/* "123," of a byte. */
static char *
add_cell(char *to, uint8_t value)
{
    if (value >= 100)
        *to++ = (char) ('0' + value / 100);
    if (value >= 10)
        *to++ = (char) ('0' + value / 10 % 10);
    *to++ = (char) ('0' + value % 10);
    *to++ = ',';
    return to;
}

int
main(int argc, char **argv)
{
    static char line[4 * PIXELS + 16];
    if (argc != 6)
        errx(2, "usage: permuted IMAGES LABELS TASKS ROWS SEED");
    size_t n_images, n_labels;
    const uint8_t *images = slurp(argv[1], &n_images), *labels = slurp(argv[2], &n_labels);
    const uint64_t tasks = strtoull(argv[3], NULL, 10), rows = strtoull(argv[4], NULL, 10);
    const uint64_t seed = strtoull(argv[5], NULL, 10), n = n_labels - LABEL_HEAD;
    if (n_labels <= LABEL_HEAD || n_images != IMAGE_HEAD + n * PIXELS)
        errx(1, "%s and %s are not as many images of 28 x 28 and labels", argv[1], argv[2]);
    for (int j = 0; j < PIXELS; j++)
        printf("p%d,", j);
    puts("digit");
    for (uint64_t task = 0; task < tasks; task++) {
        const struct permutation order = permutation_make(rng_key(seed, RNG_ORDER, 1), task, PIXELS);
        uint64_t from[PIXELS];
        for (uint64_t j = 0; j < PIXELS; j++)
            from[j] = permutation_at(&order, j);
        for (uint64_t i = 0; i < rows; i++) {
            const uint64_t image = rng_below(rng_key(seed, RNG_SPLIT, task), i, n);
            char *to = line;
            for (uint64_t j = 0; j < PIXELS; j++)
                to = add_cell(to, images[IMAGE_HEAD + image * PIXELS + from[j]]);
            *to++ = (char) ('0' + labels[LABEL_HEAD + image]);
            *to++ = '\n';
            fwrite(line, 1, (size_t) (to - line), stdout);
        }
    }
    return 0;
}
