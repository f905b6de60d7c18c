/*
 * Tasks of permuted and rotated MNIST.
 *
 *   tasks permuted|rotated SEED T IMAGES > TASK-IMAGES
 *
 * reads images of 28 x 28 in IDX, and writes them with their pixels in the order of task T (1, 2, ...), or turned by
 * its angle, uniform in [0, 180) degrees, around their centre, each pixel the nearest one of the image. T is A-B: the
 * images of tasks A to B one after the other. The first task is permuted or turned too.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = 28, PIXELS = SIDE * SIDE, NOWHERE = -1 };

static void
fail(const char *path, const char *what)
{
    fprintf(stderr, "tasks: %s: %s\n", path, what);
    exit(3);
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
permute(uint64_t *state, int from[PIXELS])
{
    for (int i = 0; i < PIXELS; i++)
        from[i] = i;
    for (int i = PIXELS - 1; i > 0; i--) {
        int j = (int) (draw(state) % (uint64_t) (i + 1)), pixel = from[i];
        from[i] = from[j];
        from[j] = pixel;
    }
}

static void
turn(uint64_t *state, int from[PIXELS])
{
    const double pi = acos(-1), angle = (double) (draw(state) >> 11) * 0x1p-53 * pi, middle = (SIDE - 1) / 2.0;
    for (int i = 0; i < PIXELS; i++) {
        double x = i % SIDE - middle, y = (double) (i / SIDE) - middle;
        int column = (int) floor(cos(angle) * x + sin(angle) * y + middle + 0.5);
        int row = (int) floor(cos(angle) * y - sin(angle) * x + middle + 0.5);
        from[i] = column < 0 || column >= SIDE || row < 0 || row >= SIDE ? NOWHERE : row * SIDE + column;
    }
}

static uint32_t
get_u32(const unsigned char *b)
{
    return (uint32_t) b[0] << 24 | (uint32_t) b[1] << 16 | (uint32_t) b[2] << 8 | b[3];
}

static void
put_u32(uint32_t v)
{
    putchar((int) (v >> 24));
    putchar((int) (v >> 16 & 255));
    putchar((int) (v >> 8 & 255));
    putchar((int) (v & 255));
}

int
main(int argc, char **argv)
{
    unsigned char head[16];
    if (argc != 5) {
        fputs("usage: tasks permuted|rotated SEED T IMAGES > TASK-IMAGES\n", stderr);
        return 2;
    }
    char *end;
    const long first = strtol(argv[3], &end, 10), last = *end == '-' ? strtol(end + 1, &end, 10) : first;
    uint64_t state = strtoull(argv[2], NULL, 10);
    if (first < 1 || last < first || *end != '\0')
        fail(argv[3], "not a task, or tasks A-B");
    FILE *file = fopen(argv[4], "rb");
    if (file == NULL) {
        perror(argv[4]);
        return 4;
    }
    if (fread(head, 1, sizeof head, file) != sizeof head || get_u32(head) != 0x803 || get_u32(head + 8) != SIDE ||
        get_u32(head + 12) != SIDE)
        fail(argv[4], "not images of 28 x 28 in IDX (unpacked)");
    const uint32_t n = get_u32(head + 4);
    unsigned char *images = malloc((size_t) n * PIXELS), task[PIXELS]; // [n, PIXELS]
    if (images == NULL || fread(images, PIXELS, n, file) != n)
        fail(argv[4], "ends too early");
    fclose(file);

    put_u32(0x803);
    put_u32(n * (uint32_t) (last - first + 1));
    put_u32(SIDE);
    put_u32(SIDE);
    for (long t = 1; t <= last; t++) {
        int from[PIXELS];
        if (strcmp(argv[1], "rotated") == 0)
            turn(&state, from);
        else
            permute(&state, from);
        for (uint32_t i = 0; t >= first && i < n; i++) {
            for (int j = 0; j < PIXELS; j++)
                task[j] = from[j] == NOWHERE ? 0 : images[(size_t) i * PIXELS + (size_t) from[j]];
            fwrite(task, 1, PIXELS, stdout);
        }
    }
    free(images);
    if (fflush(stdout) != 0) {
        perror("tasks: stdout");
        return 4;
    }
    return 0;
}
