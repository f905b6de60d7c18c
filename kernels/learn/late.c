#include "late.h"

#include <stdlib.h>
#include <string.h>

#include "memory.h"

enum { CHUNK = 1024 }; /* rows asked about at once */

struct late {
    uint64_t window, n, next; /* n wait; next: number of the row that will come */
    uint64_t asked;           /* rows below this number have their z */
    uint32_t d, k, o;
    uint64_t *id, *number, *rowno; // [window] by slot
    uint8_t *waits;                // [window]
    float *x, *w, *z;              // [window, d], [window], [window, o]
    uint32_t *c;                   // [window, k]
    uint64_t *table;               // [mask + 1] slot + 1 by id, 0 = free: open addressing
    uint64_t mask;
    struct late_rows saved;
};

struct late *
late_open(uint64_t window, uint32_t d, uint32_t k, uint32_t o)
{
    struct late *late = mem_zalloc(1, sizeof *late);
    late->window = window;
    late->d = d;
    late->k = k;
    late->o = o;
    late->id = mem_array(window, sizeof *late->id);
    late->number = mem_array(window, sizeof *late->number);
    late->rowno = mem_array(window, sizeof *late->rowno);
    late->waits = mem_zalloc(window, 1);
    late->w = mem_array(window, sizeof *late->w);
    late->x = mem_zalloc(window, d * sizeof *late->x);
    late->c = mem_zalloc(window, k * sizeof *late->c);
    late->z = mem_zalloc(window, o * sizeof *late->z);
    for (late->mask = 15; late->mask < 2 * window; late->mask = 2 * late->mask + 1)
        continue;
    late->table = mem_zalloc(late->mask + 1, sizeof *late->table);
    return late;
}

static void
free_saved(struct late_rows *saved)
{
    free(saved->id);
    free(saved->number);
    free(saved->rowno);
    free(saved->x);
    free(saved->w);
    free(saved->z);
    free(saved->c);
    *saved = (struct late_rows){0};
}

void
late_close(struct late *late)
{
    if (late == NULL)
        return;
    free_saved(&late->saved);
    free(late->id);
    free(late->number);
    free(late->rowno);
    free(late->waits);
    free(late->w);
    free(late->x);
    free(late->c);
    free(late->z);
    free(late->table);
    free(late);
}

/* ---- by id ---- */

/* Ids are hashes already, but may be small numbers in a stream that somebody else wrote. */
static uint64_t
home(const struct late *late, uint64_t id)
{
    return (id * UINT64_C(0x9e3779b97f4a7c15)) >> 20 & late->mask;
}

/* Where the id is in the table, or the free place where it would be. */
static uint64_t
find(const struct late *late, uint64_t id)
{
    uint64_t at = home(late, id);
    while (late->table[at] != 0 && late->id[late->table[at] - 1] != id)
        at = (at + 1) & late->mask;
    return at;
}

/* Takes a place out of the table and moves up what stood behind it. */
static void
drop(struct late *late, uint64_t at)
{
    late->waits[late->table[at] - 1] = 0;
    late->n--;
    for (uint64_t next = (at + 1) & late->mask; late->table[next] != 0; next = (next + 1) & late->mask) {
        const uint64_t wanted = home(late, late->id[late->table[next] - 1]);
        /* It may move to the hole unless that is before its home. */
        if (((next - wanted) & late->mask) >= ((next - at) & late->mask)) {
            late->table[at] = late->table[next];
            at = next;
        }
    }
    late->table[at] = 0;
}

/* A free slot for row `number`, known by its id. */
static uint64_t
occupy(struct late *late, uint64_t id, uint64_t number)
{
    const uint64_t slot = number % late->window;
    if (late->waits[slot])
        drop(late, find(late, late->id[slot]));
    uint64_t at = find(late, id);
    if (late->table[at] != 0)
        drop(late, at);
    at = find(late, id);
    late->table[at] = slot + 1;
    late->id[slot] = id;
    late->number[slot] = number;
    late->waits[slot] = 1;
    late->n++;
    return slot;
}

/* ---- rows ---- */

static void
copy(void *to, const void *from, size_t bytes)
{
    if (bytes > 0)
        memcpy(to, from, bytes);
}

void
late_add(struct late *late, uint64_t id, const float *x, const uint32_t *c, float w, uint64_t rowno)
{
    const uint64_t slot = occupy(late, id, late->next++);
    late->rowno[slot] = rowno;
    late->w[slot] = w;
    copy(late->x + slot * late->d, x, late->d * sizeof *x);
    copy(late->c + slot * late->k, c, late->k * sizeof *c);
}

int
late_predict(struct late *late, const struct engine *engine, struct engine_state *state, struct error *error)
{
    const uint64_t oldest = late->next > late->window ? late->next - late->window : 0;
    uint64_t number = late->asked < oldest ? oldest : late->asked;
    while (number < late->next) {
        const uint64_t slot = number % late->window;
        uint64_t n = late->next - number;
        n = n > late->window - slot ? late->window - slot : n;
        n = n > CHUNK ? CHUNK : n;
        const struct rowset rows = {
            .n = n,
            .x = late->d > 0 ? late->x + slot * late->d : NULL,
            .c = late->k > 0 ? late->c + slot * late->k : NULL,
        };
        if (engine->forward(state, &rows, 0, n, late->z + slot * late->o, error) < 0)
            return -1;
        number += n;
    }
    late->asked = late->next;
    return 0;
}

bool
late_take(struct late *late, uint64_t id, struct late_row *row)
{
    const uint64_t at = find(late, id);
    if (late->table[at] == 0)
        return false;
    const uint64_t slot = late->table[at] - 1;
    *row = (struct late_row){
        .x = late->x + slot * late->d,
        .c = late->c + slot * late->k,
        .z = late->number[slot] < late->asked ? late->z + slot * late->o : NULL,
        .w = late->w[slot],
        .rowno = late->rowno[slot],
    };
    drop(late, at);
    return true;
}

uint64_t
late_count(const struct late *late)
{
    return late->n;
}

void
late_grow(struct late *late, uint32_t o, bool split)
{
    const uint32_t had = split ? 2 : late->o;
    float *z = mem_zalloc(late->window, o * sizeof *z);
    for (uint64_t slot = 0; slot < late->window; slot++) {
        const float *from = late->z + slot * late->o;
        float *to = z + slot * o;
        double sum = 0;
        for (uint32_t j = 0; j < had; j++)
            sum += (double) (to[j] = split ? (j == 0 ? -0.5f : 0.5f) * from[0] : from[j]);
        for (uint32_t j = had; j < o; j++)
            to[j] = (float) (sum / (double) had);
    }
    free(late->z);
    late->z = z;
    late->o = o;
}

/* ---- state ---- */

const struct late_rows *
late_save(struct late *late)
{
    struct late_rows *saved = &late->saved;
    free_saved(saved);
    *saved = (struct late_rows){
        .next = late->next,
        .id = mem_array(late->n, sizeof *saved->id),
        .number = mem_array(late->n, sizeof *saved->number),
        .rowno = mem_array(late->n, sizeof *saved->rowno),
        .x = mem_array(late->n, late->d * sizeof *saved->x),
        .w = mem_array(late->n, sizeof *saved->w),
        .z = mem_array(late->n, late->o * sizeof *saved->z),
        .c = mem_array(late->n, late->k * sizeof *saved->c),
    };
    const uint64_t oldest = late->next > late->window ? late->next - late->window : 0;
    for (uint64_t number = oldest; number < late->next; number++) {
        const uint64_t slot = number % late->window, i = saved->n;
        if (!late->waits[slot] || late->number[slot] != number)
            continue;
        saved->id[i] = late->id[slot];
        saved->number[i] = number;
        saved->rowno[i] = late->rowno[slot];
        saved->w[i] = late->w[slot];
        copy(saved->x + i * late->d, late->x + slot * late->d, late->d * sizeof *late->x);
        copy(saved->c + i * late->k, late->c + slot * late->k, late->k * sizeof *late->c);
        copy(saved->z + i * late->o, late->z + slot * late->o, late->o * sizeof *late->z);
        saved->n++;
    }
    return saved;
}

int
late_restore(struct late *late, const struct late_rows *rows, struct error *error)
{
    const uint64_t oldest = rows->next > late->window ? rows->next - late->window : 0;
    for (uint64_t i = 0; i < rows->n; i++)
        if (rows->number[i] >= rows->next || rows->number[i] < oldest ||
            (i > 0 && rows->number[i] <= rows->number[i - 1]))
            return error_set(error, STATUS_DATA, "the rows that wait for their labels do not fit a window of %llu",
                             (unsigned long long) late->window);
    for (uint64_t i = 0; i < rows->n; i++) {
        const uint64_t slot = occupy(late, rows->id[i], rows->number[i]);
        late->rowno[slot] = rows->rowno[i];
        late->w[slot] = rows->w[i];
        copy(late->x + slot * late->d, rows->x + i * late->d, late->d * sizeof *late->x);
        copy(late->c + slot * late->k, rows->c + i * late->k, late->k * sizeof *late->c);
        copy(late->z + slot * late->o, rows->z + i * late->o, late->o * sizeof *late->z);
    }
    late->next = late->asked = rows->next;
    return 0;
}
