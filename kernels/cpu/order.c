#include <string.h>

#include "cpu.h"

/*
 * Rows from a position of the epoch on, as row_order_at() of common/rng.c gives them one by one: at most as many as the
 * window has left. The blocks of a window are looked up once.
 */
static void
look_ahead(struct engine_state *state, struct row_order *order, uint64_t position)
{
    struct cpu_ahead *ahead = &state->ahead;
    uint64_t block_row[ORDER_WINDOW];
    uint32_t in_window[CPU_PERMUTE_ROWS];
    row_order_at(order, position); /* now the window is the one of this position */
    uint64_t gap = order->n_blocks * ORDER_BLOCK - order->n, gap_at = (order->short_block + 1) * ORDER_BLOCK - gap;
    uint64_t block = order->window_index * ORDER_WINDOW, virtual_start = block * ORDER_BLOCK;
    uint64_t start = virtual_start > gap_at ? virtual_start - gap : virtual_start;
    for (uint64_t b = 0; b < ORDER_WINDOW && block + b < order->n_blocks; b++)
        block_row[b] = permutation_at(&order->blocks, block + b) * ORDER_BLOCK;
    uint64_t left = start + order->window.n - position;
    ahead->epoch = order->epoch;
    ahead->first = position;
    ahead->n = left < CPU_PERMUTE_ROWS ? (size_t) left : CPU_PERMUTE_ROWS;
    state->kernels->permute(&order->window, (uint32_t) (position - start), ahead->n, in_window);
    for (size_t i = 0; i < ahead->n; i++) {
        uint64_t v = start + in_window[i];
        v += v >= gap_at ? gap : 0;
        ahead->row[i] = block_row[v / ORDER_BLOCK - block] + v % ORDER_BLOCK;
    }
}

static void
ordered_rows(struct engine_state *state, struct row_order *order, uint64_t position, size_t n, uint64_t *row)
{
    struct cpu_ahead *ahead = &state->ahead;
    while (n != 0) {
        if (ahead->epoch != order->epoch || position < ahead->first || position - ahead->first >= ahead->n)
            look_ahead(state, order, position);
        size_t at = (size_t) (position - ahead->first), now = ahead->n - at < n ? ahead->n - at : n;
        memcpy(row, ahead->row + at, now * sizeof *row);
        position += now;
        row += now;
        n -= now;
    }
}

/* Inlined, for gcc takes a function that does nothing but this for one that does nothing. */
static inline __attribute__((always_inline)) void
fetch(const void *data, uint64_t row, size_t bytes)
{
    enum { LINE = 64, MOST = 512 }; /* the processor itself fetches on */
    const char *at = (const char *) data + row * bytes;
    for (size_t i = 0; i < bytes && i < MOST; i += LINE)
        __builtin_prefetch(at + i);
    if (bytes % LINE != 0 && bytes < MOST)
        __builtin_prefetch(at + bytes - 1);
}

/* Rows are far apart in memory: those of the next step are asked for while this one is computed. */
static inline __attribute__((always_inline)) void
fetch_rows(const struct engine_state *state, const struct rowset *set, size_t targets, uint64_t position, size_t n)
{
    const struct network *network = state->network;
    const struct cpu_ahead *ahead = &state->ahead;
    for (uint64_t at = position - ahead->first; n != 0 && at < ahead->n; at++, n--) {
        uint64_t row = ahead->row[at];
        fetch(set->x, row, network->n_x * sizeof *set->x);
        fetch(set->c, row, network->n_c * sizeof *set->c);
        if (set->y != NULL)
            fetch(set->y, row, targets * sizeof *set->y);
        if (set->label != NULL)
            fetch(set->label, row, sizeof *set->label);
        if (set->w != NULL)
            fetch(set->w, row, sizeof *set->w);
    }
}

void
cpu_chunk_rows(struct engine_state *state, struct plan_rows *rows, uint64_t first, size_t n)
{
    size_t i = 0;
    if (rows->plan->shuffle && first < rows->first[1]) {
        uint64_t left = rows->first[1] - first;
        size_t ordered = left < n ? (size_t) left : n;
        ordered_rows(state, &rows->order, rows->epoch_first + first, ordered, state->row);
        const struct objective objective = plan_objective(rows->plan);
        fetch_rows(state, &state->sets[rows->plan->parts[0].set].rows,
                   objective_targets(&objective, network_outputs(state->network)), rows->epoch_first + first + ordered,
                   ordered);
        for (; i < ordered; i++)
            state->part[i] = 0;
    }
    for (; i < n; i++)
        state->row[i] = plan_rows_at(rows, first + i, &state->part[i]);
}
