#include "intern.h"

#include <stdlib.h>
#include <xxhash.h>

enum { FIRST_SLOTS = 16, FIRST_ENTRIES = 8 };

#define ONES 255, 255, 255, 255, 255, 255, 255, 255
const uint8_t intern_mask[64] = {ONES, ONES, ONES, ONES};

/* The slots of an empty table: there may be one for each of 100,000 columns, most of them of numbers. */
static uint32_t no_slots[1];

void
intern_open(struct intern *table)
{
    *table = (struct intern){.slots = no_slots, .n_slots = 1};
}

static void
free_slots(struct intern *table)
{
    if (table->slots != no_slots)
        free(table->slots);
}

void
intern_close(struct intern *table)
{
    free_slots(table);
    free(table->entries);
    arena_free(&table->strings);
    *table = (struct intern){0};
}

void
intern_long_key(const char *s, size_t n, struct intern_key *key)
{
    key->words[0] = XXH3_64bits(s, n);
    memcpy(key->words + 1, s, 24);
}

static void
fill_slot(struct intern *table, size_t index)
{
    const struct intern_entry *entry = &table->entries[index];
    uint64_t hash = intern_hash(&entry->key, entry->n);
    size_t i = hash & (table->n_slots - 1);
    while (table->slots[i] != 0)
        i = (i + 1) & (table->n_slots - 1);
    table->slots[i] = ((uint32_t) (hash >> 32) & ~((1U << INTERN_INDEX_BITS) - 1)) | ((uint32_t) index + 1);
}

static void
grow_slots(struct intern *table)
{
    free_slots(table);
    table->n_slots = table->n_slots < FIRST_SLOTS ? FIRST_SLOTS : 4 * table->n_slots;
    table->slots = mem_zalloc(table->n_slots, sizeof *table->slots);
    for (size_t i = 0; i < table->n; i++)
        fill_slot(table, i);
}

static void
grow_entries(struct intern *table)
{
    size_t cap = table->cap < FIRST_ENTRIES ? FIRST_ENTRIES : 2 * table->cap;
    struct intern_entry *larger = mem_aligned(cap * sizeof *larger);
    if (table->n > 0)
        memcpy(larger, table->entries, table->n * sizeof *larger);
    free(table->entries);
    table->entries = larger;
    table->cap = cap;
}

struct intern_entry *
intern_add(struct intern *table, const char *s, size_t n, uint32_t value)
{
    if (table->n == INTERN_MOST)
        return NULL;
    if (table->n == table->cap)
        grow_entries(table);
    /* At most half full: probes stay short. */
    if (2 * (table->n + 1) > table->n_slots)
        grow_slots(table);
    struct intern_entry *entry = &table->entries[table->n];
    *entry = (struct intern_entry){.s = arena_strndup(&table->strings, s, n), .n = (uint32_t) n, .value = value};
    intern_make_key(s, n, &entry->key);
    fill_slot(table, table->n++);
    return entry;
}
