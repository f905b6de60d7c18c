/*
 * Feeds files to a fuzz target without libFuzzer, so that every test run replays the corpora:
 *
 *     fuzz_csv CORPUS_FOLDER_OR_FILE ...
 *
 * Each input is also given cut short, at up to 64 lengths, and with single bits flipped, in 64 places: cheap, the
 * same every time, and enough to notice a reader that has stopped checking. A crash or a sanitizer report is a
 * failure; so is a corpus without inputs.
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { VARIANTS = 64 };

/* An exact allocation, so that a sanitizer sees a read one past the end. */
static void
give(const uint8_t *data, size_t size)
{
    uint8_t *copy = calloc(1, size > 0 ? size : 1);
    if (copy == NULL)
        abort();
    memcpy(copy, data, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static void
give_variants(uint8_t *data, size_t size)
{
    give(data, size);
    for (size_t i = 0; i < VARIANTS && i < size; i++)
        give(data, size <= VARIANTS ? i : size * i / VARIANTS);
    for (size_t i = 0; i < VARIANTS && i < size; i++) {
        size_t at = size <= VARIANTS ? i : size * i / VARIANTS;
        uint8_t bit = (uint8_t) (1u << i % 8);
        data[at] ^= bit;
        give(data, size);
        data[at] ^= bit;
    }
}

static void
give_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    struct stat status;
    if (file == NULL || fstat(fileno(file), &status) < 0) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        exit(1);
    }
    size_t size = (size_t) status.st_size;
    uint8_t *data = malloc(size > 0 ? size : 1);
    if (data == NULL || fread(data, 1, size, file) != size) {
        fprintf(stderr, "%s: cannot be read\n", path);
        exit(1);
    }
    fclose(file);
    fprintf(stderr, "%s\n", path); /* the last line before a crash names the input */
    give_variants(data, size);
    free(data);
}

static size_t
give_path(const char *path)
{
    struct stat status;
    if (stat(path, &status) < 0) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        exit(1);
    }
    if (!S_ISDIR(status.st_mode)) {
        give_file(path);
        return 1;
    }
    struct dirent **entries;
    size_t given = 0;
    int n = scandir(path, &entries, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        if (entries[i]->d_name[0] != '.') {
            char name[4096];
            snprintf(name, sizeof name, "%s/%s", path, entries[i]->d_name);
            given += give_path(name);
        }
        free(entries[i]);
    }
    if (n >= 0)
        free(entries);
    return given;
}

int
main(int argc, char **argv)
{
    size_t given = 0;
    give((const uint8_t *) "", 0);
    for (int i = 1; i < argc; i++)
        given += give_path(argv[i]);
    fprintf(stderr, "%zu inputs\n", given);
    return given > 0 ? 0 : 1;
}
