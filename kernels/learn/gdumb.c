/*
 * GDumb: a network anew, from the memory alone, after the new rows went into it (Prabhu, Torr and Dokania, "GDumb: a
 * simple approach that questions our progress in continual learning", ECCV 2020). Nothing of the old weights stays. It
 * tells whether all that other strategies do is worth more than the rows that they keep.
 *
 * What it needs is done by who calls the trainer, as STRATEGY_ANEW says: initial weights, and the memory for rows.
 */
#include "strategy.h"

const struct strategy strategy_gdumb = {
    .name = "gdumb",
    .flags = STRATEGY_FOR_CLASSES | STRATEGY_NEEDS_MEMORY | STRATEGY_ANEW,
};
