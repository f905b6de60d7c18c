#include "intern.h"

#include <stdlib.h>
#include <xxhash.h>

enum { FIRST_SLOTS = 64 };

void
intern_open(struct intern *table)
{
    *table = (struct intern){.n_slots = FIRST_SLOTS};
    table->slots = mem_zalloc(FIRST_SLOTS, sizeof *table->slots);
}

void
intern_close(struct intern *table)
{
    free(table->slots);
    arena_free(&table->strings);
    *table = (struct intern){0};
}

void
intern_long_key(const char *s, size_t n, uint64_t *a, uint64_t *b)
{
    *a = XXH3_64bits(s, n);
    memcpy(b, s, 8);
}

static struct intern_entry *
free_slot(struct intern *table, uint64_t a, uint64_t b, size_t n)
{
    size_t i = intern_slot(table, a, b, n);
    while (table->slots[i].s != NULL)
        i = (i + 1) & (table->n_slots - 1);
    return &table->slots[i];
}

static void
grow(struct intern *table)
{
    struct intern_entry *old = table->slots;
    size_t n_old = table->n_slots;
    table->n_slots *= 4;
    table->slots = mem_zalloc(table->n_slots, sizeof *table->slots);
    for (size_t i = 0; i < n_old; i++)
        if (old[i].s != NULL)
            *free_slot(table, old[i].a, old[i].b, old[i].n) = old[i];
    free(old);
}

struct intern_entry *
intern_add(struct intern *table, const char *s, size_t n, uint32_t value)
{
    uint64_t a, b;
    if (table->n == INTERN_MOST)
        return NULL;
    /* At most half full: probes stay short. */
    if (2 * (table->n + 1) > table->n_slots)
        grow(table);
    intern_key(s, n, &a, &b);
    struct intern_entry *entry = free_slot(table, a, b, n);
    *entry = (struct intern_entry){
        .a = a, .b = b, .s = arena_strndup(&table->strings, s, n), .n = (uint32_t) n, .value = value};
    table->n++;
    return entry;
}
