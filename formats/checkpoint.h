/*
 * Checkpoints: models as frames. The byte-level text is man/cl-checkpoint.5.
 *
 *   1. `model`  meta: everything but dictionaries and tensors.
 *   2. `dict`   one per column with a dictionary.
 *   3. `tensor` parameters in network order, then the others; parts of at most 64 MiB; byte-shuffled zstd.
 *   4. `end`    verified before a single byte is used.
 */
#ifndef CL_CHECKPOINT_H
#define CL_CHECKPOINT_H

#include <stdbool.h>

#include "error.h"
#include "file.h"
#include "frame.h"
#include "model.h"

/*
 * Reads a whole checkpoint from a path ("-" = stdin) into a zeroed model: returned only when its end frame was
 * right and shapes, codes and dtypes are consistent. An empty file is answered with the hint
 * "use -o FILE when the output is the input model".
 */
int checkpoint_read(struct model *model, const char *path, struct error *error);
/* The same for a program that takes streams too: `first` has been read from `frames`, which stays the caller's. */
int checkpoint_resume(struct model *model, struct frame_reader *frames, const struct frame *first, const char *name,
                      struct error *error);
/*
 * Sets model->digest. level: of zstd, 0 = the default (3), CHECKPOINT_RAW = as they are, for readers without zstd. Does
 * not commit the output.
 */
enum { CHECKPOINT_RAW = -1 };
int checkpoint_write(struct model *model, struct output *output, int level, struct error *error);
/* The meta of the `model` frame, keys in canonical order. Shares values with the model. */
struct value *model_to_value(const struct model *model, struct arena *arena);
/* Content digest: XXH3-128 over canonical meta and decoded tensors; independent of codec. */
void checkpoint_digest(const struct model *model, char hex[33]);

#endif
