#include "batch.h"

#include <string.h>

/* The chosen rows of a [n, ...] array with `size` bytes a row. */
static void *
filter_rows(const void *from, size_t size, const uint64_t *rows, uint64_t n, struct arena *arena)
{
    if (from == NULL)
        return NULL;
    size_t bytes;
    if (!size_mul(n, size, &bytes))
        bytes = SIZE_MAX; /* dies in the allocator; cannot be, since the rows are a part of an array that exists */
    char *to = arena_aligned(arena, bytes);
    for (uint64_t i = 0; i < n; i++)
        memcpy(to + i * size, (const char *) from + rows[i] * size, size);
    return to;
}

static struct text_cells
filter_text(const struct text_cells *from, const uint64_t *rows, uint64_t n, struct arena *arena)
{
    uint64_t bytes = 0;
    for (uint64_t i = 0; i < n; i++)
        bytes += from->at[rows[i] + 1] - from->at[rows[i]];
    struct text_cells to = {
        .name = from->name,
        .at = arena_array(arena, n + 1, sizeof *to.at),
        .bytes = arena_alloc(arena, bytes),
    };
    to.at[0] = 0;
    for (uint64_t i = 0; i < n; i++) {
        uint64_t length = from->at[rows[i] + 1] - from->at[rows[i]];
        memcpy(to.bytes + to.at[i], from->bytes + from->at[rows[i]], length);
        to.at[i + 1] = to.at[i] + length;
    }
    return to;
}

static struct tensor
filter_tensor(const struct tensor *from, uint64_t n_from, const uint64_t *rows, uint64_t n, struct arena *arena)
{
    struct tensor to = *from;
    size_t size = n_from == 0 ? 0 : from->bytes / n_from;
    to.shape[0] = n;
    to.bytes = n * size;
    to.data = filter_rows(from->data, size, rows, n, arena);
    return to;
}

void
batch_filter(struct batch *to, const struct batch *from, const uint8_t *keep, struct arena *arena)
{
    const struct schema *schema = from->schema;
    uint64_t n = 0, *rows = arena_array(arena, from->n, sizeof *rows);
    for (uint64_t i = 0; i < from->n; i++)
        if (keep[i])
            rows[n++] = i;
    bool consecutive = n == 0 || (from->rowno == NULL && rows[n - 1] - rows[0] == n - 1);
    struct batch result = {
        .schema = schema,
        .arena = arena,
        .n = n,
        .row = n == 0 ? from->row : batch_rowno(from, rows[0]),
        .x = filter_rows(from->x, schema->n_x * sizeof *from->x, rows, n, arena),
        .c = filter_rows(from->c, schema->n_c * sizeof *from->c, rows, n, arena),
        .y = filter_rows(from->y, schema->n_y * sizeof *from->y, rows, n, arena),
        .label = filter_rows(from->label, schema->n_y * sizeof *from->label, rows, n, arena),
        .w = filter_rows(from->w, sizeof *from->w, rows, n, arena),
        .split = filter_rows(from->split, sizeof *from->split, rows, n, arena),
        .time = filter_rows(from->time, sizeof *from->time, rows, n, arena),
        .group = filter_rows(from->group, sizeof *from->group, rows, n, arena),
        .id = filter_rows(from->id, sizeof *from->id, rows, n, arena),
        .n_text = from->n_text,
        .n_other = from->n_other,
    };
    if (!consecutive) {
        result.rowno = arena_array(arena, n, sizeof *result.rowno);
        for (uint64_t i = 0; i < n; i++)
            result.rowno[i] = batch_rowno(from, rows[i]);
    }
    result.text = arena_array(arena, from->n_text, sizeof *result.text);
    for (uint32_t j = 0; j < from->n_text; j++)
        result.text[j] = filter_text(&from->text[j], rows, n, arena);
    result.other = arena_array(arena, from->n_other, sizeof *result.other);
    for (uint32_t j = 0; j < from->n_other; j++)
        result.other[j] = filter_tensor(&from->other[j], from->n, rows, n, arena);
    *to = result;
}
