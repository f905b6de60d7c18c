#include "balance.h"

#include <math.h>
#include <stdlib.h>

#include "memory.h"
#include "rng_many.h"

/* Random numbers at once; and their stream, which nothing else draws from. */
enum { DRAWN = 512, KEYS = 0x6b657973 };

struct candidate {
    uint64_t key, index; /* among old rows, then new ones */
};

struct group {
    uint32_t run, class;
    uint64_t n, room;       /* rows there are; that may stay */
    double total;           /* rows seen */
    struct candidate *heap; // [room], the last one to stay on top
    uint64_t full;
};

struct rng_key
balance_keys(uint64_t seed)
{
    return rng_key(seed, RNG_RESERVOIR, KEYS);
}

uint64_t
balance_key(uint64_t seed, uint64_t i, uint64_t kept, uint64_t seen)
{
    uint64_t key = rng_u64(balance_keys(seed), i);
    return kept >= seen ? key : (uint64_t) ((double) key * ((double) kept / (double) seen));
}

void
balance_share(uint64_t n, const uint64_t *counts, uint64_t capacity, uint64_t *room)
{
    uint64_t low = 0, high = capacity, left = capacity;
    while (low < high) { /* the largest level at which all fits */
        uint64_t level = low + (high - low + 1) / 2, sum = 0;
        for (uint64_t g = 0; g < n && sum <= capacity; g++)
            sum += counts[g] < level ? counts[g] : level;
        if (sum <= capacity)
            low = level;
        else
            high = level - 1;
    }
    for (uint64_t g = 0; g < n; g++)
        left -= room[g] = counts[g] < low ? counts[g] : low;
    for (uint64_t g = 0; g < n && left > 0; g++)
        if (counts[g] > low) {
            room[g]++;
            left--;
        }
}

/* ---- groups ---- */

static struct group
group_of(enum balance by, uint32_t run, uint32_t class)
{
    return (struct group){.run = by == BALANCE_RUN ? run : 0, .class = by == BALANCE_ROWS ? 0 : class};
}

static int
by_run_and_class(const void *a, const void *b)
{
    const struct group *p = a, *q = b;
    if (p->run != q->run)
        return p->run < q->run ? -1 : 1;
    return p->class < q->class ? -1 : p->class > q->class;
}

static struct group *
find(struct group *groups, uint64_t n, struct group like)
{
    return bsearch(&like, groups, n, sizeof *groups, by_run_and_class);
}

static uint32_t
highest(const uint32_t *classes, uint64_t n)
{
    uint32_t most = 0;
    for (uint64_t i = 0; classes != NULL && i < n; i++)
        most = classes[i] > most ? classes[i] : most;
    return most;
}

/* The groups of old rows and of new classes counts[0 .. most], in order, with what there is of each. */
static struct group *
make_groups(enum balance by, uint32_t run, const struct balance_row *old, uint64_t n_old, const uint64_t *counts,
            uint32_t most, uint64_t *n_groups)
{
    struct group *groups = mem_array(n_old + most + 1, sizeof *groups);
    uint64_t n = 0, all = 0;
    for (uint64_t i = 0; i < n_old; i++) {
        groups[all] = group_of(by, old[i].run, old[i].class);
        groups[all].n = 1;
        groups[all++].total = old[i].stands;
    }
    for (uint32_t c = 0; c <= most; c++)
        if (counts[c] > 0) {
            groups[all] = group_of(by, run, c);
            groups[all].n = counts[c];
            groups[all++].total = (double) counts[c];
        }
    qsort(groups, all, sizeof *groups, by_run_and_class);
    for (uint64_t i = 0; i < all; i++)
        if (n > 0 && by_run_and_class(&groups[n - 1], &groups[i]) == 0) {
            groups[n - 1].n += groups[i].n;
            groups[n - 1].total += groups[i].total;
        } else {
            groups[n++] = groups[i];
        }
    for (uint64_t g = 0; g < n; g++) /* rows are whole: what divisions rounded away comes back */
        groups[g].total = nearbyint(groups[g].total);
    *n_groups = n;
    return groups;
}

/* Rooms: of runs, then of the groups within each. */
static void
share_rooms(struct group *groups, uint64_t n, uint64_t capacity)
{
    uint64_t *counts = mem_zalloc(n, sizeof *counts), *room = mem_array(n, sizeof *room);
    uint64_t *runs = mem_array(n, sizeof *runs), *first = mem_array(n + 1, sizeof *first), n_runs = 0;
    for (uint64_t g = 0; g < n; g++) {
        if (g == 0 || groups[g].run != groups[g - 1].run)
            first[n_runs++] = g;
        counts[n_runs - 1] += groups[g].n;
    }
    first[n_runs] = n;
    balance_share(n_runs, counts, capacity, runs);
    for (uint64_t r = 0; r < n_runs; r++) {
        const uint64_t from = first[r], members = first[r + 1] - from;
        for (uint64_t i = 0; i < members; i++)
            counts[i] = groups[from + i].n;
        balance_share(members, counts, runs[r], room);
        for (uint64_t i = 0; i < members; i++)
            groups[from + i].room = room[i];
    }
    free(counts);
    free(room);
    free(runs);
    free(first);
}

/* ---- the rows of a group that stay ---- */

static bool
before(struct candidate a, struct candidate b)
{
    return a.key < b.key || (a.key == b.key && a.index < b.index);
}

/* Lets a candidate sink from the top of a heap. */
static void
sink(struct candidate *heap, uint64_t n, struct candidate candidate)
{
    uint64_t i = 0;
    for (uint64_t child; (child = 2 * i + 1) < n; i = child) {
        if (child + 1 < n && before(heap[child], heap[child + 1]))
            child++;
        if (!before(candidate, heap[child]))
            break;
        heap[i] = heap[child];
    }
    heap[i] = candidate;
}

static void
offer(struct group *group, struct candidate candidate)
{
    if (group->full == group->room) {
        if (group->room > 0 && before(candidate, group->heap[0]))
            sink(group->heap, group->full, candidate);
        return;
    }
    uint64_t i = group->full++;
    for (uint64_t parent; i > 0 && before(group->heap[parent = (i - 1) / 2], candidate); i = parent)
        group->heap[i] = group->heap[parent];
    group->heap[i] = candidate;
}

struct chosen {
    struct candidate candidate;
    const struct group *group;
};

static int
by_index(const void *a, const void *b)
{
    const struct chosen *p = a, *q = b;
    return p->candidate.index < q->candidate.index ? -1 : p->candidate.index > q->candidate.index;
}

/* What stays, in the order in which it came. */
static uint64_t
list_chosen(const struct group *groups, uint64_t n_groups, uint32_t run, const struct balance_row *old, uint64_t n_old,
            const uint32_t *classes, uint64_t *picks, struct balance_row *kept)
{
    uint64_t m = 0;
    for (uint64_t g = 0; g < n_groups; g++)
        m += groups[g].full;
    struct chosen *chosen = mem_array(m, sizeof *chosen);
    m = 0;
    for (uint64_t g = 0; g < n_groups; g++)
        for (uint64_t i = 0; i < groups[g].full; i++)
            chosen[m++] = (struct chosen){groups[g].heap[i], &groups[g]};
    if (m > 0)
        qsort(chosen, m, sizeof *chosen, by_index);
    for (uint64_t j = 0; j < m; j++) {
        const uint64_t index = chosen[j].candidate.index;
        picks[j] = index;
        if (index < n_old)
            kept[j] = old[index];
        else
            kept[j] = (struct balance_row){.run = run, .class = classes != NULL ? classes[index - n_old] : 0};
        kept[j].key = chosen[j].candidate.key;
        kept[j].stands = fmin(chosen[j].group->total / (double) chosen[j].group->full, BALANCE_MOST);
    }
    free(chosen);
    return m;
}

uint64_t
balance_choose(enum balance by, uint64_t seed, uint64_t capacity, uint64_t seen, uint32_t run,
               const struct balance_row *old, uint64_t n_old, const uint32_t *classes, uint64_t n_new, uint64_t *picks,
               struct balance_row *kept)
{
    const uint32_t most = highest(classes, n_new);
    uint64_t n_groups, *counts = mem_zalloc((size_t) most + 1, sizeof *counts);
    struct group **of_class = mem_zalloc((size_t) most + 1, sizeof *of_class);
    for (uint64_t i = 0; i < n_new && classes != NULL; i++)
        counts[classes[i]]++;
    if (classes == NULL)
        counts[0] = n_new;
    struct group *groups = make_groups(by, run, old, n_old, counts, most, &n_groups);
    for (uint32_t c = 0; c <= most; c++)
        of_class[c] = counts[c] > 0 ? find(groups, n_groups, group_of(by, run, c)) : NULL;
    share_rooms(groups, n_groups, capacity);
    struct candidate *heaps = mem_array(n_old + n_new < capacity ? n_old + n_new : capacity, sizeof *heaps);
    for (uint64_t g = 0, at = 0; g < n_groups; at += groups[g++].room)
        groups[g].heap = heaps + at;

    for (uint64_t i = 0; i < n_old; i++)
        offer(find(groups, n_groups, group_of(by, old[i].run, old[i].class)), (struct candidate){old[i].key, i});
    const struct rng_key key = balance_keys(seed);
    const struct rng_many *many = rng_many();
    for (uint64_t random[DRAWN], i = 0, n; i < n_new; i += n) {
        n = n_new - i < DRAWN ? n_new - i : DRAWN;
        many->u64(key, seen + i, n, random);
        for (uint64_t j = 0; j < n; j++)
            offer(of_class[classes != NULL ? classes[i + j] : 0], (struct candidate){random[j], n_old + i + j});
    }
    const uint64_t m = list_chosen(groups, n_groups, run, old, n_old, classes, picks, kept);
    free(heaps);
    free(groups);
    free(of_class);
    free(counts);
    return m;
}
