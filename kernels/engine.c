#include "engine.h"

#include <stddef.h>
#include <string.h>

static const char *const optimiser_names[OPT_KIND_COUNT] = {"sgd",  "momentum", "nesterov", "rmsprop",
                                                            "adam", "adamw",    "muon"};

const struct engine *
engine_find(const char *name)
{
    static const struct engine *const engines[] = {&engine_ref, &engine_cpu, &engine_blas};
    if (strcmp(name, "auto") == 0)
        return &engine_cpu;
    for (size_t i = 0; i < sizeof engines / sizeof *engines; i++)
        if (strcmp(engines[i]->name, name) == 0)
            return engines[i];
    return NULL;
}

const char *
optimiser_name(enum optimiser_kind kind)
{
    return optimiser_names[kind];
}

bool
optimiser_parse(const char *name, enum optimiser_kind *kind)
{
    for (int i = 0; i < OPT_KIND_COUNT; i++)
        if (strcmp(optimiser_names[i], name) == 0) {
            *kind = (enum optimiser_kind) i;
            return true;
        }
    return false;
}
