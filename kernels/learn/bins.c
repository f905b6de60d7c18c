#include "bins.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Bits of a float in an order that is that of the numbers; and back. */
static uint32_t
key_of(float x)
{
    uint32_t bits;
    x += 0.0f; /* -0 is 0 */
    memcpy(&bits, &x, sizeof bits);
    return bits >> 31 ? ~bits : bits | 0x80000000u;
}

static float
float_of(uint32_t key)
{
    uint32_t bits = key >> 31 ? key & 0x7FFFFFFFu : ~key;
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* By 11 bits at a time, from one array to the other and back: the result is in `other`. */
static void
sort_keys(uint32_t *keys, uint32_t *other, uint64_t n)
{
    enum { DIGITS = 3, BITS = 11, VALUES = 1 << BITS };
    for (int digit = 0; digit < DIGITS; digit++) {
        uint64_t count[VALUES] = {0}, before = 0;
        for (uint64_t i = 0; i < n; i++)
            count[keys[i] >> BITS * digit & (VALUES - 1)]++;
        for (int v = 0; v < VALUES; v++) {
            uint64_t here = count[v];
            count[v] = before;
            before += here;
        }
        for (uint64_t i = 0; i < n; i++)
            other[count[keys[i] >> BITS * digit & (VALUES - 1)]++] = keys[i];
        uint32_t *t = keys;
        keys = other;
        other = t;
    }
}

/* Where the run of equal values that starts at i ends. */
static uint64_t
run_end(const float *values, uint64_t n, uint64_t i)
{
    uint64_t end = i + 1;
    while (end < n && values[end] == values[i])
        end++;
    return end;
}

/* Adds an edge above the last one, if the bin between them has a width that can be divided by. */
static void
add_edge(float *edges, uint32_t *n_edges, float value)
{
    if (*n_edges == 0 || network_bin_is_usable(edges[*n_edges - 1], value))
        edges[(*n_edges)++] = value;
}

uint32_t
bins_of_sorted(const float *values, uint64_t n, uint32_t wanted, float *edges)
{
    uint64_t distinct = 0, heavy = 0, light_rows = 0, held = 0;
    uint32_t n_edges = 0;
    for (uint64_t i = 0, end; i < n; i = end) {
        end = run_end(values, n, i);
        distinct++;
        heavy += (end - i) * wanted >= n;
        light_rows += (end - i) * wanted >= n ? 0 : end - i;
    }
    const double full = (double) light_rows / (double) (heavy < wanted ? wanted - heavy : 1);
    for (uint64_t i = 0, end; i < n; i = end) {
        end = run_end(values, n, i);
        held += end - i;
        const bool heavy_one = (end - i) * wanted >= n, every_one = distinct <= (uint64_t) wanted + 1;
        if (heavy_one || every_one || (double) held >= full) {
            add_edge(edges, &n_edges, values[i]);
            held = 0;
        }
        if (heavy_one && end < n)
            add_edge(edges, &n_edges, values[end]);
        if (i == 0 || end == n)
            add_edge(edges, &n_edges, values[i]);
    }
    return n_edges;
}

float *
bins_choose(const struct rowset *rows, uint32_t d, uint32_t wanted, uint32_t *bins, struct arena *arena)
{
    const uint64_t n = rows->n < BINS_ROWS ? rows->n : BINS_ROWS;
    uint32_t *keys = mem_array(n, sizeof *keys), *other = mem_array(n, sizeof *other);
    float *edges = mem_array(d, (2 * (size_t) wanted + 3) * sizeof *edges), *to = edges;
    for (uint32_t j = 0; j < d; j++) {
        for (uint64_t i = 0; i < n; i++)
            keys[i] = key_of(rows->x[(n == rows->n ? i : i * rows->n / n) * d + j]);
        sort_keys(keys, other, n);
        float *sorted = (float *) keys;
        for (uint64_t i = 0; i < n; i++)
            sorted[i] = float_of(other[i]);
        const uint32_t n_edges = bins_of_sorted(sorted, n, wanted, to);
        bins[j] = n_edges > 1 ? n_edges - 1 : 0;
        to += bins[j] > 0 ? n_edges : 0;
    }
    float *kept = arena_array(arena, (size_t) (to - edges), sizeof *kept);
    memcpy(kept, edges, (size_t) (to - edges) * sizeof *kept);
    free(edges);
    free(keys);
    free(other);
    return kept;
}
