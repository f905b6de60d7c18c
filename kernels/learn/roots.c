#include "roots.h"

#include <math.h>
#include <stdlib.h>

#include "memory.h"

static const double SMALLEST_MOST = 1, TOO_LARGE = 0x1p24;

void
roots_open(struct roots *roots, uint32_t t)
{
    *roots = (struct roots){.t = t, .columns = mem_zalloc(t, sizeof *roots->columns)};
    for (uint32_t k = 0; k < t; k++) {
        roots->columns[k].whole = true;
        roots->columns[k].low = INFINITY;
        roots->columns[k].high = -INFINITY;
    }
}

void
roots_close(struct roots *roots)
{
    free(roots->columns);
    *roots = (struct roots){0};
}

static void
note_distinct(struct root_column *column, float y)
{
    if (column->n_distinct == ROOTS_DISTINCT)
        return;
    for (uint32_t i = 0; i < column->n_distinct; i++)
        if (column->distinct[i] == y)
            return;
    column->distinct[column->n_distinct++] = y;
}

static void
add_label(struct root_column *column, float label)
{
    double y = (double) label, root = sqrt(y), before = root - column->mean;
    column->n++;
    column->mean += before / column->n;
    column->m2 += before * (root - column->mean);
    column->low = y < column->low ? y : column->low;
    column->high = y > column->high ? y : column->high;
    column->whole &= y < TOO_LARGE && y == floor(y);
    if (column->whole)
        note_distinct(column, label);
}

void
roots_add(struct roots *roots, const struct batch *batch)
{
    const float *y = batch->y;
    for (uint64_t i = 0; i < batch->n; i++) {
        bool training = batch_is_training(batch, i);
        for (uint32_t k = 0; k < roots->t; k++, y++) {
            roots->negative |= *y < 0;
            if (training && *y >= 0)
                add_label(&roots->columns[k], *y);
        }
    }
}

bool
roots_ruled_out(const struct roots *roots)
{
    bool out = roots->negative || roots->t == 0;
    for (uint32_t k = 0; k < roots->t; k++)
        out |= !roots->columns[k].whole;
    return out;
}

bool
roots_are_counts(const struct roots *roots)
{
    if (roots_ruled_out(roots))
        return false;
    for (uint32_t k = 0; k < roots->t; k++)
        if (roots->columns[k].n_distinct < ROOTS_DISTINCT || roots->columns[k].low > SMALLEST_MOST)
            return false;
    return true;
}

double
roots_sigma(const struct roots *roots, uint32_t k)
{
    const struct root_column *column = &roots->columns[k];
    return column->low < column->high ? sqrt(column->m2 / column->n) : 0;
}
