#include "distribution.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

#include "schema.h"

/* ---- numbers ---- */

/* LEAST_IN_BIN: of few numbers bins would show each. */
enum { DIGIT_BITS = 11, DIGITS = 1 << DIGIT_BITS, LEAST_IN_BIN = 5 };

/* Keys whose order as unsigned numbers is that of the floats. */
static uint32_t
key_of(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

static float
float_of(uint32_t key)
{
    uint32_t bits = key & 0x80000000u ? key & 0x7FFFFFFFu : ~key;
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* By three digits of 11 bits, the lowest first. */
static void
sort_keys(uint32_t *keys, uint64_t n)
{
    uint32_t *other = mem_array(n, sizeof *other), *from = keys, *to = other;
    for (int shift = 0; shift < 32; shift += DIGIT_BITS) {
        uint64_t at[DIGITS + 1] = {0};
        for (uint64_t i = 0; i < n; i++)
            at[(from[i] >> shift) % DIGITS + 1]++;
        for (uint32_t digit = 0; digit < DIGITS; digit++)
            at[digit + 1] += at[digit];
        for (uint64_t i = 0; i < n; i++)
            to[at[(from[i] >> shift) % DIGITS]++] = from[i];
        uint32_t *turn = from;
        from = to;
        to = turn;
    }
    if (from != keys)
        memcpy(keys, from, n * sizeof *keys);
    free(other);
}

struct distribution *
distribution_of_numbers(float *numbers, uint64_t n, uint32_t bins, struct arena *arena)
{
    uint32_t *keys = mem_array(n, sizeof *keys);
    uint64_t m = 0;
    for (uint64_t i = 0; i < n; i++)
        if (!isnan(numbers[i]))
            keys[m++] = key_of(isinf(numbers[i]) ? copysignf(FLT_MAX, numbers[i]) : numbers[i] + 0.0f);
    if (m == 0) {
        free(keys);
        return NULL;
    }
    sort_keys(keys, m);
    if (bins > m / LEAST_IN_BIN)
        bins = m < 2 * LEAST_IN_BIN ? 1 : (uint32_t) (m / LEAST_IN_BIN);
    double *edges = arena_array(arena, bins, sizeof *edges), *counts = arena_array(arena, bins, sizeof *counts);
    uint32_t cuts = 0;
    uint64_t below = 0; /* values up to the last edge */
    for (uint32_t k = 1; k < bins; k++) {
        uint64_t up_to = m * k / bins;
        if (up_to <= below)
            continue;
        const uint32_t key = keys[up_to - 1];
        while (up_to < m && keys[up_to] == key) /* every equal value is in the same bin */
            up_to++;
        if (up_to == m)
            break;
        edges[cuts] = (double) float_of(key);
        counts[cuts++] = (double) (up_to - below);
        below = up_to;
    }
    counts[cuts] = (double) (m - below);
    free(keys);
    struct distribution *distribution = arena_alloc(arena, sizeof *distribution);
    *distribution = (struct distribution){.n = cuts + 1, .edges = edges, .counts = counts, .total = (double) m};
    return distribution;
}

uint32_t
distribution_bin(const struct distribution *distribution, double x)
{
    uint32_t low = 0, high = distribution->n - 1;
    while (low < high) {
        const uint32_t middle = (low + high) / 2;
        if (x <= distribution->edges[middle])
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

/* ---- categories ---- */

uint32_t
distribution_hash(const char *value, size_t length, uint32_t n)
{
    return (uint32_t) (XXH3_64bits(value, length) % n);
}

struct frequency {
    const char *value;
    uint32_t length;
    double count;
};

/* The most frequent first; what is equal, in the order of its bytes. */
static int
by_frequency(const void *a, const void *b)
{
    const struct frequency *p = a, *q = b;
    if (p->count != q->count)
        return p->count > q->count ? -1 : 1;
    const uint32_t shorter = p->length < q->length ? p->length : q->length;
    const int order = memcmp(p->value, q->value, shorter);
    return order != 0 ? order : p->length < q->length ? -1 : p->length > q->length;
}

static bool
fit(const struct frequency *all, uint32_t n, uint32_t bins, size_t *room)
{
    size_t bytes = 0;
    if (n > bins)
        return false;
    for (uint32_t i = 0; i < n; i++) {
        if (all[i].length > DISTRIBUTION_VALUE_BYTES)
            return false;
        bytes += all[i].length;
    }
    if (bytes > *room)
        return false;
    *room -= bytes;
    return true;
}

/* By value where they fit, else by hash. */
static struct distribution *
of_frequencies(struct frequency *all, uint32_t n, double total, uint32_t bins, size_t *room, struct arena *arena)
{
    struct distribution *distribution = arena_alloc(arena, sizeof *distribution);
    double *counts = arena_zalloc(arena, bins, sizeof *counts);
    if (!fit(all, n, bins, room)) {
        for (uint32_t i = 0; i < n; i++)
            counts[distribution_hash(all[i].value, all[i].length, bins)] += all[i].count;
        *distribution = (struct distribution){.kind = DISTRIBUTION_HASHED, .n = bins, .counts = counts, .total = total};
        return distribution;
    }
    const char **values = arena_array(arena, n, sizeof *values);
    uint32_t *lengths = arena_array(arena, n, sizeof *lengths);
    qsort(all, n, sizeof *all, by_frequency);
    for (uint32_t i = 0; i < n; i++) {
        values[i] = arena_strndup(arena, all[i].value, all[i].length);
        lengths[i] = all[i].length;
        counts[i] = all[i].count;
    }
    *distribution = (struct distribution){
        .kind = DISTRIBUTION_VALUES, .n = n, .values = values, .lengths = lengths, .counts = counts, .total = total};
    return distribution;
}

struct distribution *
distribution_of_codes(uint32_t *codes, uint64_t n, const struct dict *dict, uint32_t bins, size_t *room,
                      struct arena *arena)
{
    sort_keys(codes, n);
    struct frequency *all = mem_array(n, sizeof *all);
    uint32_t found = 0;
    double total = 0;
    for (uint64_t i = 0, j; i < n; i = j) {
        for (j = i; j < n && codes[j] == codes[i]; j++)
            ;
        if (codes[i] == 0)
            continue;
        const uint32_t at = codes[i] - 1;
        all[found++] = (struct frequency){dict->values[at], dict->lengths[at], (double) (j - i)};
        total += (double) (j - i);
    }
    struct distribution *distribution = total > 0 ? of_frequencies(all, found, total, bins, room, arena) : NULL;
    free(all);
    return distribution;
}

/* ---- joining ---- */

/* The share of a sample that is not above x. */
static double
share_up_to(const struct distribution_part *part, double x)
{
    const struct distribution *d = part->distribution;
    double below = 0;
    const uint32_t bin = distribution_bin(d, x);
    for (uint32_t i = 0; i < bin; i++)
        below += d->counts[i];
    double low = bin > 0 ? d->edges[bin - 1] : part->low, high = bin + 1 < d->n ? d->edges[bin] : part->high;
    double inside = x >= high ? 1 : x <= low ? 0 : (x - low) / (high - low);
    return (below + inside * d->counts[bin]) / d->total;
}

static struct distribution *
join_numbers(const struct distribution_part *a, const struct distribution_part *b, double total, uint32_t bins,
             struct arena *arena)
{
    const struct distribution *p = a->distribution, *q = b->distribution;
    double *edges = arena_array(arena, bins, sizeof *edges), *counts = arena_array(arena, bins, sizeof *counts);
    const double of_a = a->weight / (a->weight + b->weight);
    double last = 0; /* the share up to the last edge */
    uint32_t cuts = 0;
    for (uint32_t i = 0, j = 0; i + 1 < p->n || j + 1 < q->n;) {
        const double left = i + 1 < p->n ? p->edges[i] : INFINITY, right = j + 1 < q->n ? q->edges[j] : INFINITY;
        const double x = left < right ? left : right;
        i += left <= x;
        j += right <= x;
        const double share = of_a * share_up_to(a, x) + (1 - of_a) * share_up_to(b, x);
        if (cuts + 1 < bins && floor(share * bins) > floor(last * bins) && share < 1) {
            edges[cuts] = x;
            counts[cuts++] = (share - last) * total;
            last = share;
        }
    }
    counts[cuts] = (1 - last) * total;
    struct distribution *joined = arena_alloc(arena, sizeof *joined);
    *joined = (struct distribution){.n = cuts + 1, .edges = edges, .counts = counts, .total = total};
    return joined;
}

static struct distribution *
join_values(const struct distribution_part *a, const struct distribution_part *b, double total, uint32_t bins,
            struct arena *arena)
{
    const struct distribution_part *const parts[] = {a, b};
    struct frequency *all = mem_array((size_t) a->distribution->n + b->distribution->n, sizeof *all);
    struct dict places = {0};
    for (int part = 0; part < 2; part++) {
        const struct distribution *d = parts[part]->distribution;
        const double each = parts[part]->weight / (a->weight + b->weight) * total / d->total;
        for (uint32_t i = 0; i < d->n; i++) {
            const uint32_t before = places.n, at = dict_add(&places, d->values[i], d->lengths[i]) - 1;
            if (at == before)
                all[at] = (struct frequency){d->values[i], d->lengths[i], 0};
            all[at].count += each * d->counts[i];
        }
    }
    size_t room = SIZE_MAX;
    struct distribution *joined = of_frequencies(all, places.n, total, bins, &room, arena);
    dict_free(&places);
    free(all);
    return joined;
}

/* Adds shares times `weight` to bins by hash; false: it has another number of them. */
static bool
add_hashed(const struct distribution *d, double weight, double *counts, uint32_t bins)
{
    if (d->kind == DISTRIBUTION_HASHED && d->n != bins)
        return false;
    for (uint32_t i = 0; i < d->n; i++) {
        const uint32_t bin = d->kind == DISTRIBUTION_HASHED ? i : distribution_hash(d->values[i], d->lengths[i], bins);
        counts[bin] += weight * d->counts[i] / d->total;
    }
    return true;
}

static struct distribution *
join_hashed(const struct distribution_part *a, const struct distribution_part *b, double total, struct arena *arena)
{
    const uint32_t bins = a->distribution->kind == DISTRIBUTION_HASHED ? a->distribution->n : b->distribution->n;
    const double of_a = a->weight / (a->weight + b->weight);
    double *counts = arena_zalloc(arena, bins, sizeof *counts);
    if (!add_hashed(a->distribution, of_a * total, counts, bins) ||
        !add_hashed(b->distribution, (1 - of_a) * total, counts, bins))
        return NULL;
    struct distribution *joined = arena_alloc(arena, sizeof *joined);
    *joined = (struct distribution){.kind = DISTRIBUTION_HASHED, .n = bins, .counts = counts, .total = total};
    return joined;
}

struct distribution *
distribution_join(const struct distribution_part *a, const struct distribution_part *b, uint32_t bins,
                  struct arena *arena)
{
    const double weight = a->weight + b->weight;
    const double total =
        weight * weight /
        (a->weight * a->weight / a->distribution->total + b->weight * b->weight / b->distribution->total);
    if (a->distribution->kind == DISTRIBUTION_NUMBERS)
        return join_numbers(a, b, total, bins, arena);
    if (a->distribution->kind == DISTRIBUTION_HASHED || b->distribution->kind == DISTRIBUTION_HASHED)
        return join_hashed(a, b, total, arena);
    return join_values(a, b, total, bins, arena);
}

struct distribution *
distribution_copy(const struct distribution *distribution, struct arena *arena)
{
    const uint32_t n = distribution->n;
    struct distribution *copy = arena_alloc(arena, sizeof *copy);
    double *counts = arena_array(arena, n, sizeof *counts);
    *copy = *distribution;
    memcpy(counts, distribution->counts, n * sizeof *counts);
    copy->counts = counts;
    if (distribution->kind == DISTRIBUTION_NUMBERS) {
        double *edges = arena_array(arena, n, sizeof *edges);
        memcpy(edges, distribution->edges, (n - 1) * sizeof *edges);
        copy->edges = edges;
    }
    if (distribution->kind == DISTRIBUTION_VALUES) {
        copy->values = arena_array(arena, n, sizeof *copy->values);
        copy->lengths = arena_array(arena, n, sizeof *copy->lengths);
        for (uint32_t i = 0; i < n; i++) {
            copy->values[i] = arena_strndup(arena, distribution->values[i], distribution->lengths[i]);
            copy->lengths[i] = distribution->lengths[i];
        }
    }
    return copy;
}
