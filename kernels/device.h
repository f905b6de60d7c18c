/*
 * From --device and --numerics to an engine.
 *
 *     --device   auto (the fastest that is known to be: today the CPU), cpu, ref, blas, cuda[:N]
 *     --numerics exact: an engine that keeps the numerics contract; fast: one that need not, the fastest by trial
 *
 * Never a silent fallback: what was asked for by name and is not there is STATUS_SYSTEM.
 */
#ifndef CL_DEVICE_H
#define CL_DEVICE_H

#include <stdbool.h>

#include "engine.h"
#include "error.h"

/*
 * device: NULL = auto. numerics: "exact", "fast", or NULL = $CL_NUMERICS, else exact. *index is set to the N of cuda:N
 * (points into `device`), or NULL. STATUS_USAGE for a word that is no device, or for an engine that contradicts
 * `exact`; `blas` alone says `fast`. STATUS_SYSTEM for an engine whose library is not there.
 */
int device_choose(const char *device, const char *numerics, const struct engine **engine, const char **index,
                  struct error *error);

/* What the engines would run with, a line each: for --version. */
void device_versions(char *text, size_t cap);

#endif
