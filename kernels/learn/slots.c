#include "slots.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "balance.h"
#include "memory.h"

/* ---- groups ---- */

static int
compare(const struct slot_group *a, const struct slot_group *b)
{
    if (a->run != b->run)
        return a->run < b->run ? -1 : 1;
    return a->class < b->class ? -1 : a->class > b->class;
}

/* The first group that is not before this one. */
static size_t
place(const struct slots *slots, const struct slot_group *group)
{
    size_t low = 0, high = slots->n;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (compare(&slots->groups[middle], group) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The number of the group, which is made when it is not there. */
static size_t
find(struct slots *slots, const struct slot_group *group)
{
    const size_t at = place(slots, group);
    if (at < slots->n && compare(&slots->groups[at], group) == 0)
        return at;
    mem_grow(&slots->groups, &slots->cap, slots->n + 1, sizeof *slots->groups);
    memmove(slots->groups + at + 1, slots->groups + at, (slots->n - at) * sizeof *slots->groups);
    slots->groups[at] = (struct slot_group){.run = group->run, .class = group->class};
    slots->n++;
    return at;
}

/* What was seen of a group without rows is forgotten: no row could say it later. */
static void
drop_empty(struct slots *slots, size_t at)
{
    if (slots->groups[at].n > 0)
        return;
    free(slots->groups[at].heap);
    slots->n--;
    memmove(slots->groups + at, slots->groups + at + 1, (slots->n - at) * sizeof *slots->groups);
}

/* ---- heaps of slots ---- */

static void
push(struct slot_group *group, const uint64_t *keys, uint64_t slot)
{
    mem_grow(&group->heap, &group->cap, group->n + 1, sizeof *group->heap);
    size_t i = group->n++;
    for (size_t parent; i > 0 && keys[group->heap[parent = (i - 1) / 2]] < keys[slot]; i = parent)
        group->heap[i] = group->heap[parent];
    group->heap[i] = slot;
}

static uint64_t
pop(struct slot_group *group, const uint64_t *keys)
{
    const uint64_t top = group->heap[0], last = group->heap[--group->n];
    size_t i = 0;
    for (size_t child; (child = 2 * i + 1) < group->n; i = child) {
        if (child + 1 < group->n && keys[group->heap[child]] < keys[group->heap[child + 1]])
            child++;
        if (keys[last] >= keys[group->heap[child]])
            break;
        group->heap[i] = group->heap[child];
    }
    if (group->n > 0)
        group->heap[i] = last;
    return top;
}

/* ---- rows ---- */

/* The group that gives up a row when group `own` gets one: of the largest run the largest class. */
static size_t
giver(const struct slots *slots, size_t own)
{
    const struct slot_group *groups = slots->groups;
    size_t most = 0, first = 0, end = 0, at = 0;
    for (size_t i = 0, j; i < slots->n; i = j) {
        size_t sum = 0;
        for (j = i; j < slots->n && groups[j].run == groups[i].run; j++)
            sum += groups[j].n + (j == own);
        if (sum >= most) {
            most = sum;
            first = i;
            end = j;
        }
    }
    most = 0;
    for (size_t i = first; i < end; i++)
        if (groups[i].n + (i == own) >= most) {
            most = groups[i].n + (i == own);
            at = i;
        }
    return at;
}

void
slots_offer(struct slots *slots, struct slot_group group, uint64_t *keys, uint64_t key, uint64_t capacity,
            uint64_t *slot)
{
    const size_t own = find(slots, &group);
    size_t from = own;
    slots->groups[own].total++;
    if (*slot == capacity) {
        from = giver(slots, own);
        struct slot_group *largest = &slots->groups[from];
        if (from == own && (largest->n == 0 || key >= keys[largest->heap[0]])) {
            drop_empty(slots, own);
            return;
        }
        *slot = pop(largest, keys);
    }
    keys[*slot] = key;
    push(&slots->groups[own], keys, *slot);
    drop_empty(slots, from);
}

void
slots_add(struct slots *slots, struct slot_group group, const uint64_t *keys, uint64_t slot, double stands)
{
    const size_t at = find(slots, &group);
    slots->groups[at].total += stands;
    push(&slots->groups[at], keys, slot);
}

void
slots_round(struct slots *slots)
{
    for (size_t i = 0; i < slots->n; i++)
        slots->groups[i].total = nearbyint(slots->groups[i].total);
}

void
slots_stands(const struct slots *slots, double *stands, double *total)
{
    for (size_t g = 0; g < slots->n; g++) {
        const struct slot_group *group = &slots->groups[g];
        const double each = fmin(group->total / (double) group->n, BALANCE_MOST);
        for (size_t i = 0; i < group->n; i++) {
            stands[group->heap[i]] = each;
            total[group->heap[i]] = fmin(group->total, BALANCE_MOST);
        }
    }
}

void
slots_see(struct slots *slots, struct slot_group group, double total)
{
    const size_t at = find(slots, &group);
    const double least = (double) slots->groups[at].n;
    slots->groups[at].total = total > least ? total : least;
}

void
slots_clear(struct slots *slots)
{
    for (size_t i = 0; i < slots->n; i++)
        free(slots->groups[i].heap);
    slots->n = 0;
}

void
slots_free(struct slots *slots)
{
    slots_clear(slots);
    free(slots->groups);
    *slots = (struct slots){.n = 0};
}
