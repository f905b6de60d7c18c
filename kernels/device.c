#include "device.h"

#include <stdlib.h>
#include <string.h>

static int
choose_numerics(const char *numerics, bool *fast, struct error *error)
{
    const char *said = "--numerics", *word = numerics;
    if (word == NULL) {
        said = "CL_NUMERICS";
        word = getenv(said);
    }
    if (word == NULL || word[0] == '\0')
        word = "exact";
    *fast = strcmp(word, "fast") == 0;
    if (!*fast && strcmp(word, "exact") != 0)
        return error_set(error, STATUS_USAGE, "%s %s: it is exact or fast", said, word);
    return 0;
}

int
device_choose(const char *device, const char *numerics, const struct engine **engine, const char **index,
              struct error *error)
{
    bool fast, automatic = device == NULL || strcmp(device, "auto") == 0;
    *index = NULL;
    if (choose_numerics(numerics, &fast, error) < 0)
        return -1;
    const char *name = automatic ? fast ? "blas" : "cpu" : device;
    bool cuda = strncmp(name, "cuda", 4) == 0 && (name[4] == '\0' || name[4] == ':');
    if (cuda && name[4] == ':') {
        *index = name + 5;
        if (**index == '\0' || strspn(*index, "0123456789") != strlen(*index))
            return error_set(error, STATUS_USAGE, "--device %s: behind the colon stands the number of a GPU", name);
    }
    /* `--device cpu --numerics fast`: the CPU may then use its fast engine. */
    if (fast && strcmp(name, "cpu") == 0)
        name = "blas";
    *engine = engine_find(cuda ? "cuda" : name);
    if (*engine == NULL && (cuda || strcmp(name, "blas") == 0 || strcmp(name, "cpu") == 0))
        return error_set(error, STATUS_SYSTEM, "--device %s: this build has no %s engine", name, cuda ? "cuda" : name);
    if (*engine == NULL)
        return error_set(error, STATUS_USAGE, "--device %s: it is auto, cpu, ref, blas or cuda[:N]", name);
    if (!fast && !(*engine)->exact)
        return error_set(error, STATUS_USAGE, "--device %s gives up the numerics contract: say --numerics fast too",
                         name);
    return 0;
}
