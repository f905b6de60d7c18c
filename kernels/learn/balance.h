/*
 * Which rows a memory keeps when it does not sample all rows alike: groups of rows share its room.
 *
 * A row gets a key when it comes: the number that its count over all rows draws. Each group keeps its rows with the
 * smallest keys, which is a uniform sample of the group without replacement, whatever came when ("bottom-k": Cohen and
 * Kaplan, "Summarizing data using bottom-k sketches", PODC 2007). The room of a group is the same for all of them, and
 * what small groups do not fill the others share; so when a memory is full, the largest group gives up a row, as in
 * GDumb (Prabhu, Torr and Dokania 2020), but not the first rows of a class stay, as there. Rooms only shrink while the
 * memory is as large as before, so going on later with new rows is the same as having gone on at once. In a memory that
 * grew, old rows stay: their keys are smaller than most that come.
 *
 * A row stands for `stands` rows of its group, those seen by those kept (Horvitz and Thompson 1952): sums with these
 * weights estimate sums over all rows that were ever seen.
 */
#ifndef CL_BALANCE_H
#define CL_BALANCE_H

#include <stdint.h>

#include "rng.h"

/* No number of rows, but what a checkpoint may say (formats/checkpoint.c). */
#define BALANCE_MOST 1e100

enum balance {
    BALANCE_ROWS,  /* one group */
    BALANCE_CLASS, /* a group per class; classes share the memory */
    BALANCE_RUN,   /* runs share the memory, and the classes of a run its room */
};

struct balance_row {
    uint64_t key;
    double stands; /* rows seen, this one included */
    uint32_t run, class;
};

/*
 * old: [n_old] the rows that are there. New row i is the (seen + i)-th of all, from 0; it comes in run `run` and has
 * classes[i], or 0 when that is NULL. picks: [capacity] out: picks[j] < n_old is old row picks[j], else new row
 * picks[j] - n_old; ascending. kept: [capacity] out: what they are now. Returns how many. Memory: O(capacity).
 */
uint64_t balance_choose(enum balance by, uint64_t seed, uint64_t capacity, uint64_t seen, uint32_t run,
                        const struct balance_row *old, uint64_t n_old, const uint32_t *classes, uint64_t n_new,
                        uint64_t *picks, struct balance_row *kept);

/* A row's key is rng_u64() of this at its number among all rows, from 0. */
struct rng_key balance_keys(uint64_t seed);

/* A key for row i of a uniform sample of `kept` of `seen` rows that has none: below kept / seen, as those would be that
 * such a sample has by keys. */
uint64_t balance_key(uint64_t seed, uint64_t i, uint64_t kept, uint64_t seen);

/*
 * The room of each of n groups with counts[g] rows: as many as fit for all alike, the rest to the first that have more.
 * room: [n] out. Their sum is `capacity`, or all rows when those fit.
 */
void balance_share(uint64_t n, const uint64_t *counts, uint64_t capacity, uint64_t *room);

#endif
