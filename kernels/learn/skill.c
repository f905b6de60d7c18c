#include "skill.h"

#include <math.h>
#include <stdlib.h>

#include "loss.h"
#include "memory.h"

enum { ROWS = 256 }; /* at a time */

static double
weight_of(const struct rowset *rows, uint64_t i)
{
    return rows->w != NULL ? (double) rows->w[i] : 1;
}

/* z: [o] the outputs that, said of all rows, have about the least loss. */
static void
best_constant(const struct objective *objective, const struct rowset *rows, uint32_t o, float *z)
{
    const uint32_t targets = objective_targets(objective, o), each = o / targets;
    double *sums = mem_zalloc(o, sizeof *sums), total = 0;
    for (uint64_t i = 0; i < rows->n; i++) {
        const double w = weight_of(rows, i);
        total += w;
        if (objective->loss == LOSS_CE)
            sums[rows->label[i]] += w;
        for (uint32_t t = 0; objective->loss != LOSS_CE && t < targets; t++)
            sums[t] += w * (double) rows->y[i * targets + t];
    }
    for (uint32_t j = 0; j < o; j++) {
        const double mean = sums[objective->loss == LOSS_CE ? j : j / each] / total;
        z[j] = (float) (objective->loss == LOSS_BCE                                     ? log(mean / (1 - mean))
                        : objective->loss == LOSS_CE || objective->loss == LOSS_POISSON ? log(mean)
                                                                                        : mean);
        z[j] = z[j] > 80 ? 80 : z[j] < -80 ? -80 : z[j];
    }
    free(sums);
}

static double
loss_at(const struct objective *objective, const struct rowset *rows, uint64_t i, const float *z, uint32_t o)
{
    const uint32_t targets = objective_targets(objective, o);
    const float *y = objective->loss == LOSS_CE ? NULL : rows->y + i * targets;
    const uint32_t label = objective->loss == LOSS_CE ? rows->label[i] : 0;
    return weight_of(rows, i) * (double) loss_row(objective, z, o, y, label, NULL);
}

int
skill_of(const struct engine *engine, const struct network *network, const struct objective *objective,
         const struct rowset *rows, unsigned threads, double *skill, struct error *error)
{
    const uint32_t o = network_outputs(network);
    const struct engine_options options = {.threads = threads, .max_rows = ROWS};
    struct engine_state *state = NULL;
    double loss = 0, constant = 0;
    *skill = 0;
    if (rows->n == 0)
        return 0;
    float *z = mem_array((size_t) (ROWS + 1) * o, sizeof *z); // [ROWS + 1, o] the last for the constant
    float *said = z + (size_t) ROWS * o;
    best_constant(objective, rows, o, said);
    int status = engine->open(&state, network, &options, error);
    for (uint64_t first = 0; first < rows->n && status == 0; first += ROWS) {
        const uint64_t n = rows->n - first < ROWS ? rows->n - first : ROWS;
        status = engine->forward(state, rows, first, n, z, error);
        for (uint64_t i = 0; i < n && status == 0; i++) {
            loss += loss_at(objective, rows, first + i, z + i * o, o);
            constant += loss_at(objective, rows, first + i, said, o);
        }
    }
    if (state != NULL)
        engine->close(state);
    free(z);
    if (constant > 1e-9 * (double) rows->n && isfinite(loss))
        *skill = 1 - loss / constant;
    else if (!isfinite(loss))
        *skill = -INFINITY;
    return status;
}
