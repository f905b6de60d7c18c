/*
 * The rule of balance.h row by row: which slot of a full memory a new row gets.
 *
 * Groups share the memory; each knows the slots of its rows by a heap with the largest key on top, and how many rows of
 * it were ever seen. When there is no free slot, the largest group, the new row counted, gives up its row with the
 * largest key, which may be the new one: of groups alike, the last by run and class. This is what balance_choose()
 * makes of all rows at once (tests/unit/test_stream_memory.c).
 *
 * Time: O(groups + log rows of a group) for each row. Memory: a number for each slot. Not thread-safe.
 */
#ifndef CL_SLOTS_H
#define CL_SLOTS_H

#include <stddef.h>
#include <stdint.h>

struct slot_group {
    uint32_t run, class;
    /* The rest is this module's. */
    double total; /* rows seen */
    size_t n, cap;
    uint64_t *heap; // [n] slots
};

/* Zeroed, it is empty. */
struct slots {
    struct slot_group *groups; // [n] by run and class, each with rows
    size_t n, cap;
};

/* A row that is in a slot, with keys[slot], and stands for so many rows. */
void slots_add(struct slots *slots, struct slot_group group, const uint64_t *keys, uint64_t slot, double stands);
/* After rows were added: what was seen of each group becomes a whole number. */
void slots_round(struct slots *slots);
/*
 * A new row with this key. slot: in: a free one, or `capacity` = none; out: the one it gets, with its key in keys, or
 * `capacity` when it stays out.
 */
void slots_offer(struct slots *slots, struct slot_group group, uint64_t *keys, uint64_t key, uint64_t capacity,
                 uint64_t *slot);
/* For each slot the rows it stands for and those seen of its group. */
void slots_stands(const struct slots *slots, double *stands, double *total);
/* Of the group so many rows were seen, or as many as it has. */
void slots_see(struct slots *slots, struct slot_group group, double total);
void slots_clear(struct slots *slots);
void slots_free(struct slots *slots);

#endif
