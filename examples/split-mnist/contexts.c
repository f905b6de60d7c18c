/*
 * The five contexts of split MNIST: the ten digits, shuffled by a seed, two at a time.
 *
 *   contexts SEED                                             prints the ten digits in their order
 *   contexts SEED K class|domain IMAGES LABELS TO-IMAGES TO-LABELS
 *
 * copies the rows of the digits of context K (1 to 5, or 0: all) from IDX files to IDX files, in their order. Labels
 * stay digits, or say for `domain` whether the digit is the first of its context (0) or the second (1).
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIGITS = 10, PIXELS = 28 * 28 };

static void
fail(const char *path, const char *what)
{
    fprintf(stderr, "contexts: %s: %s\n", path, what);
    exit(3);
}

static FILE *
open_file(const char *path, const char *mode)
{
    FILE *file = fopen(path, mode);
    if (file == NULL) {
        perror(path);
        exit(4);
    }
    return file;
}

static uint32_t
get_u32(FILE *file, const char *path)
{
    unsigned char b[4];
    if (fread(b, 1, 4, file) != 4)
        fail(path, "ends in its head");
    return (uint32_t) b[0] << 24 | (uint32_t) b[1] << 16 | (uint32_t) b[2] << 8 | b[3];
}

static void
put_u32(FILE *file, uint32_t v)
{
    const unsigned char b[4] = {(unsigned char) (v >> 24), (unsigned char) (v >> 16), (unsigned char) (v >> 8),
                                (unsigned char) v};
    fwrite(b, 1, 4, file);
}

/* splitmix64 (Steele, Lea and Flood 2014) */
static uint64_t
draw(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

static void
shuffle(uint64_t seed, int order[DIGITS])
{
    for (int i = 0; i < DIGITS; i++)
        order[i] = i;
    for (int i = DIGITS - 1; i > 0; i--) {
        int j = (int) (draw(&seed) % (uint64_t) (i + 1)), digit = order[i];
        order[i] = order[j];
        order[j] = digit;
    }
}

static void
write_file(const char *path, const uint32_t *head, int n_head, const unsigned char *bytes, size_t n)
{
    FILE *file = open_file(path, "wb");
    for (int i = 0; i < n_head; i++)
        put_u32(file, head[i]);
    fwrite(bytes, 1, n, file);
    if (fclose(file) != 0) {
        perror(path);
        exit(4);
    }
}

int
main(int argc, char **argv)
{
    int order[DIGITS], place[DIGITS];
    if (argc != 2 && argc != 8) {
        fputs("usage: contexts SEED [K class|domain IMAGES LABELS TO-IMAGES TO-LABELS]\n", stderr);
        return 2;
    }
    shuffle(strtoull(argv[1], NULL, 10), order);
    for (int i = 0; i < DIGITS; i++)
        place[order[i]] = i;
    if (argc == 2) {
        for (int i = 0; i < DIGITS; i++)
            printf("%d%c", order[i], i == DIGITS - 1 ? '\n' : ' ');
        return 0;
    }

    const int context = atoi(argv[2]), domain = strcmp(argv[3], "domain") == 0;
    FILE *images = open_file(argv[4], "rb"), *labels = open_file(argv[5], "rb");
    if (get_u32(images, argv[4]) != 0x803 || get_u32(labels, argv[5]) != 0x801)
        fail(argv[4], "not images and labels in IDX (unpacked)");
    const uint32_t n = get_u32(images, argv[4]);
    if (n != get_u32(labels, argv[5]) || get_u32(images, argv[4]) != 28 || get_u32(images, argv[4]) != 28)
        fail(argv[4], "not as many images of 28 x 28 as labels");
    unsigned char *pixels = malloc((size_t) n * PIXELS), *classes = malloc(n);
    if (pixels == NULL || classes == NULL)
        fail(argv[4], "no memory");
    uint32_t kept = 0;
    for (uint32_t i = 0; i < n; i++) {
        const int digit = fgetc(labels);
        if (fread(pixels + (size_t) kept * PIXELS, 1, PIXELS, images) != PIXELS || digit < 0 || digit >= DIGITS)
            fail(argv[4], "ends too early, or has a label that is no digit");
        if (context != 0 && place[digit] / 2 + 1 != context)
            continue;
        classes[kept++] = (unsigned char) (domain ? place[digit] % 2 : digit);
    }
    write_file(argv[6], (const uint32_t[]){0x803, kept, 28, 28}, 4, pixels, (size_t) kept * PIXELS);
    write_file(argv[7], (const uint32_t[]){0x801, kept}, 2, classes, kept);
    free(pixels);
    free(classes);
    fclose(images);
    fclose(labels);
    return 0;
}
