/*
 * Short strings to small numbers, fast: what a thread uses to find the categories of cells before the stream's
 * dictionary sees them.
 *
 * Strings of up to 32 bytes are compared as four words, without a branch on their length; INTERN_SLACK bytes from the
 * start of every string must be readable, whatever its length. A table has at most INTERN_MOST entries; the strings it
 * keeps are never moved or freed before intern_close(), so other threads may read those they were told of.
 *
 *     struct intern_entry *entry = intern_find(&table, s, n);
 *     if (entry == NULL)
 *         entry = intern_add(&table, s, n, value);     // NULL when the table is full
 */
#ifndef CL_INTERN_H
#define CL_INTERN_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "memory.h"

enum { INTERN_MOST = 1 << 17, INTERN_SLACK = 32, INTERN_INDEX_BITS = 18 };

struct intern_key {
    uint64_t words[4]; /* the string, zeros behind it; of a longer one, a hash of it and its first 24 bytes */
};

/* A cache line. */
struct intern_entry {
    struct intern_key key;
    const char *s; /* NUL-terminated copy */
    uint32_t n;
    uint32_t value; /* the caller's */
    uint64_t spare[2];
};

/* The slots are small so that they stay in the cache: an entry's index + 1, and above it bits of its hash. */
struct intern {
    uint32_t *slots;              /* [n_slots] 0 = free */
    size_t n_slots;               /* power of two */
    struct intern_entry *entries; /* [n]; may move when one is added */
    size_t n, cap;
    struct arena strings;
};

void intern_open(struct intern *table);
void intern_close(struct intern *table);
/* A string that is not there yet. */
struct intern_entry *intern_add(struct intern *table, const char *s, size_t n, uint32_t value);

/* intern.c: [64] 32 bytes of ones, 32 of zeros. */
extern const uint8_t intern_mask[64];
void intern_long_key(const char *s, size_t n, struct intern_key *key);

static inline void
intern_make_key(const char *s, size_t n, struct intern_key *key)
{
    uint64_t mask[4];
    if (n > 32) {
        intern_long_key(s, n, key);
        return;
    }
    memcpy(key->words, s, 32);
    memcpy(mask, intern_mask + 32 - n, 32);
    for (int i = 0; i < 4; i++)
        key->words[i] &= mask[i];
}

static inline uint64_t
intern_fold(uint64_t a, uint64_t b)
{
    __extension__ typedef unsigned __int128 u128;
    u128 product = (u128) a * b;
    return (uint64_t) product ^ (uint64_t) (product >> 64);
}

static inline uint64_t
intern_hash(const struct intern_key *key, size_t n)
{
    const uint64_t *w = key->words;
    return intern_fold(w[0] ^ 0x9e3779b97f4a7c15, w[1] ^ 0xd6e8feb86659fd93 ^ n) +
           intern_fold(w[2] ^ 0xc2b2ae3d27d4eb4f, w[3] ^ 0x165667b19e3779f9);
}

/*
 * A string that is looked for, in three steps, so that those who look for many can take each step for all of them:
 * their cache misses are then waited for together.
 */
struct intern_probe {
    struct intern_key key;
    uint64_t hash;
    const char *s;
    size_t n;
};

static inline void
intern_begin(const struct intern *table, const char *s, size_t n, struct intern_probe *probe)
{
    intern_make_key(s, n, &probe->key);
    probe->s = s;
    probe->n = n;
    probe->hash = intern_hash(&probe->key, n);
    __builtin_prefetch(&table->slots[probe->hash & (table->n_slots - 1)]);
}

/* Where its entry is likely to be. */
static inline void
intern_fetch(const struct intern *table, const struct intern_probe *probe)
{
    uint32_t slot = table->slots[probe->hash & (table->n_slots - 1)];
    if (slot != 0)
        __builtin_prefetch(&table->entries[(slot & ((1U << INTERN_INDEX_BITS) - 1)) - 1]);
}

static inline struct intern_entry *
intern_end(const struct intern *table, const struct intern_probe *probe)
{
    const uint64_t hash = probe->hash;
    const uint32_t tag = (uint32_t) (hash >> 32) & ~((1U << INTERN_INDEX_BITS) - 1);
    for (size_t i = hash & (table->n_slots - 1);; i = (i + 1) & (table->n_slots - 1)) {
        uint32_t slot = table->slots[i];
        if (slot == 0)
            return NULL;
        if ((slot & ~((1U << INTERN_INDEX_BITS) - 1)) != tag)
            continue;
        struct intern_entry *entry = &table->entries[(slot & ((1U << INTERN_INDEX_BITS) - 1)) - 1];
        uint64_t differ = entry->n ^ probe->n;
        for (int k = 0; k < 4; k++)
            differ |= entry->key.words[k] ^ probe->key.words[k];
        if (differ == 0 && (probe->n <= 32 || memcmp(entry->s, probe->s, probe->n) == 0))
            return entry;
    }
}

static inline struct intern_entry *
intern_find(const struct intern *table, const char *s, size_t n)
{
    struct intern_probe probe;
    intern_begin(table, s, n, &probe);
    return intern_end(table, &probe);
}

#endif
