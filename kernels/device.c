#include "device.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blas/library.h"
#include "isa.h"

enum numerics { NUMERICS_UNSAID, NUMERICS_EXACT, NUMERICS_FAST };

static int
read_numerics(const char *option, enum numerics *numerics, struct error *error)
{
    const char *said = option != NULL ? "--numerics" : "CL_NUMERICS";
    const char *word = option != NULL ? option : getenv(said);
    *numerics = NUMERICS_UNSAID;
    if (word == NULL || (option == NULL && word[0] == '\0'))
        return 0;
    if (strcmp(word, "exact") != 0 && strcmp(word, "fast") != 0)
        return error_set(error, STATUS_USAGE, "%s %s: it is exact or fast", said, word);
    *numerics = word[0] == 'e' ? NUMERICS_EXACT : NUMERICS_FAST;
    return 0;
}

int
device_choose(const char *device, const char *numerics, const struct engine **engine, const char **index,
              struct error *error)
{
    enum numerics wanted;
    bool automatic = device == NULL || strcmp(device, "auto") == 0;
    *index = NULL;
    if (read_numerics(numerics, &wanted, error) < 0)
        return -1;
    bool fast = wanted == NUMERICS_FAST;
    const char *name = automatic ? "cpu" : device;
    bool cuda = strncmp(name, "cuda", 4) == 0 && (name[4] == '\0' || name[4] == ':');
    if (cuda && name[4] == ':') {
        *index = name + 5;
        if (**index == '\0' || strspn(*index, "0123456789") != strlen(*index))
            return error_set(error, STATUS_USAGE, "--device %s: behind the colon stands the number of a GPU", name);
    }
    /* Asked for by name, BLAS multiplies all that it can; else what it does faster. */
    bool tried = fast && (automatic || strcmp(name, "cpu") == 0);
    *engine = tried ? &engine_blas_tried : engine_find(cuda ? "cuda" : name);
    if (*engine == NULL && (cuda || strcmp(name, "blas") == 0 || strcmp(name, "cpu") == 0))
        return error_set(error, STATUS_SYSTEM, "--device %s: this build has no %s engine", name, cuda ? "cuda" : name);
    if (*engine == NULL)
        return error_set(error, STATUS_USAGE, "--device %s: it is auto, cpu, ref, blas or cuda[:N]", name);
    if (wanted == NUMERICS_EXACT && !(*engine)->exact)
        return error_set(error, STATUS_USAGE, "--device %s cannot keep the numerics contract (use --numerics fast)",
                         name);
    /* Better now than after the data have been read. */
    return strcmp((*engine)->name, "blas") == 0 && blas_library(error) == NULL ? -1 : 0;
}

void
device_versions(char *text, size_t cap)
{
    struct error cpu, blas;
    int isa = isa_pick(&cpu);
    const struct blas_library *library = blas_library(&blas);
    char path[sizeof library->path + 4] = "";
    if (library != NULL)
        snprintf(path, sizeof path, " (%s)", library->path);
    snprintf(text, cap, "engine cpu: %s\nengine blas: %s%s\n", isa < 0 ? cpu.text : isa_name((enum isa) isa),
             library == NULL ? blas.text : library->name, path);
}
