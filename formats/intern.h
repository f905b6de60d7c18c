/*
 * Short strings to small numbers, fast: what a thread uses to find the categories of cells before the stream's
 * dictionary sees them.
 *
 * Strings of up to 16 bytes are compared as two words. 16 bytes from the start of every string must be readable,
 * whatever its length. A table has at most INTERN_MOST entries; what it stores is never moved or freed before
 * intern_close(), so other threads may read the strings of entries they were told of.
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

enum { INTERN_MOST = 1 << 17 };

struct intern_entry {
    uint64_t a, b; /* the first 16 bytes, zeros behind a shorter string; a longer one: hash, first 8 bytes */
    const char *s; /* NUL-terminated copy; NULL = free slot */
    uint32_t n;
    uint32_t value; /* the caller's */
};

struct intern {
    struct intern_entry *slots;
    size_t n_slots, n; /* power of two */
    struct arena strings;
};

void intern_open(struct intern *table);
void intern_close(struct intern *table);

/* intern.c: strings above 16 bytes. */
void intern_long_key(const char *s, size_t n, uint64_t *a, uint64_t *b);
struct intern_entry *intern_add(struct intern *table, const char *s, size_t n, uint32_t value);

static inline void
intern_key(const char *s, size_t n, uint64_t *a, uint64_t *b)
{
    if (n > 16) {
        intern_long_key(s, n, a, b);
        return;
    }
    uint64_t words[2];
    memcpy(words, s, 16);
    /* Bytes behind the string must not count (a shift by 64 is none). */
    uint64_t low = n >= 8 ? ~(uint64_t) 0 : n == 0 ? 0 : ~(uint64_t) 0 >> (64 - 8 * n);
    uint64_t high = n <= 8 ? 0 : ~(uint64_t) 0 >> (128 - 8 * n);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    low = __builtin_bswap64(low);
    high = __builtin_bswap64(high);
#endif
    *a = words[0] & low;
    *b = words[1] & high;
}

static inline size_t
intern_slot(const struct intern *table, uint64_t a, uint64_t b, size_t n)
{
    unsigned __int128 product = (unsigned __int128) (a ^ 0x9e3779b97f4a7c15u) * (b ^ 0xd6e8feb86659fd93u ^ n);
    return ((uint64_t) product ^ (uint64_t) (product >> 64)) & (table->n_slots - 1);
}

static inline struct intern_entry *
intern_find(const struct intern *table, const char *s, size_t n)
{
    uint64_t a, b;
    intern_key(s, n, &a, &b);
    for (size_t i = intern_slot(table, a, b, n);; i = (i + 1) & (table->n_slots - 1)) {
        struct intern_entry *entry = &table->slots[i];
        if (entry->a == a && entry->b == b && entry->n == n && entry->s != NULL &&
            (n <= 16 || memcmp(entry->s, s, n) == 0))
            return entry;
        if (entry->s == NULL)
            return NULL;
    }
}

#endif
