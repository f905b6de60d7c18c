/* Codes of the workers to codes of the stream, in the order of the rows. */
#include <stdlib.h>
#include <string.h>

#include "ingest_text.h"
#include "memory.h"

void
codes_open(struct ingest *in)
{
    struct text_source *source = in->source.state;
    source->maps = mem_zalloc(source->n_workers * (in->c.n + in->label.n), sizeof *source->maps);
}

void
codes_close(struct ingest *in)
{
    struct text_source *source = in->source.state;
    for (size_t i = 0; i < source->n_workers * (in->c.n + in->label.n); i++) {
        free(source->maps[i].strings);
        free(source->maps[i].codes);
    }
    free(source->maps);
}

/* The stream's code of a string, an old one or a new one; 0 beyond the bound of a model; -1 beyond that of a column. */
static int64_t
stream_code(struct ingest *in, const struct sink *sink, struct cell string)
{
    struct dict *dict = &in->schema.columns[sink->column].dict;
    uint32_t code = dict_find(dict, string.s, string.n);
    if (code != 0)
        return code;
    if (dict->n < (sink->two ? 2 : sink->most))
        return dict_add(dict, string.s, string.n);
    if (!in->by_model)
        return -1;
    if (!in->limit_told) {
        ingest_warn(in, "a column has more than %d values that the %s does not have: further ones count as unseen",
                    CATEGORIES_MOST, ingest_by(in));
        in->limit_told = true;
    }
    return 0;
}

/* Segments of a worker come in the order of its codes, each perhaps in parts, when the first strings are known. */
static void
learn_strings(struct code_map *map, const struct segment_codes *codes)
{
    size_t n = codes->first - 1 + codes->n;
    if (codes->n == 0 || n <= map->n)
        return;
    mem_grow(&map->strings, &map->cap_strings, n, sizeof *map->strings);
    mem_grow(&map->codes, &map->cap_codes, n, sizeof *map->codes);
    /* Missing markers in the worker's table make gaps in its codes. */
    size_t from = map->n > codes->first - 1 ? map->n : codes->first - 1;
    memcpy(map->strings + from, codes->strings + (from - (codes->first - 1)), (n - from) * sizeof *map->strings);
    memset(map->codes + map->n, 0, (n - map->n) * sizeof *map->codes);
    map->n = n;
}

/* The first of the spilled strings of rows from `row` on. */
static size_t
find_spilled(const struct segment_codes *codes, uint64_t row)
{
    size_t low = 0, high = codes->n_spilled;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (codes->spilled[middle].row < row)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct code_map *
map_of(const struct ingest *in, const struct segment *segment, size_t k)
{
    const struct text_source *source = in->source.state;
    return &source->maps[segment->worker * (in->c.n + in->label.n) + k];
}

void
codes_learn(struct ingest *in, const struct segment *segment)
{
    for (size_t k = 0; k < in->c.n + in->label.n; k++)
        learn_strings(map_of(in, segment, k), &segment->codes[k]);
}

/* One column's codes of rows [first, n). Where it ends: before n when there are too many values. */
static uint64_t
order_column(struct ingest *in, const struct segment *segment, size_t k, const struct sink *sink, uint32_t *codes,
             size_t width, uint64_t first, uint64_t n)
{
    struct code_map *map = map_of(in, segment, k);
    const struct segment_codes *own = &segment->codes[k];
    learn_strings(map, own);
    if (sink->how == READ_HASH || sink->source == SINK_NONE)
        return n;
    size_t next = find_spilled(own, first);
    for (uint64_t r = first; r < n; r++) {
        uint32_t code = codes[r * width];
        if (code == CODE_MISSING)
            continue;
        if (code != CODE_SPILLED && map->codes[code - 1] != 0) {
            codes[r * width] = map->codes[code - 1];
            continue;
        }
        int64_t found = stream_code(in, sink,
                                    code == CODE_SPILLED ? (struct cell){own->spilled[next].s, own->spilled[next].n}
                                                         : map->strings[code - 1]);
        next += code == CODE_SPILLED;
        if (found < 0)
            return r;
        codes[r * width] = (uint32_t) found;
        if (code != CODE_SPILLED)
            map->codes[code - 1] = (uint32_t) found;
    }
    return n;
}

const struct sink *
codes_map(struct ingest *in, const struct segment *segment, uint64_t first, uint64_t *n)
{
    const struct sink *full = NULL;
    for (size_t k = 0; k < in->c.n + in->label.n; k++) {
        bool label = k >= in->c.n;
        const struct sink *sink = label ? &in->label.items[k - in->c.n] : &in->c.items[k];
        uint32_t *codes = *n == first ? NULL : label ? segment->label + (k - in->c.n) : segment->c + k;
        uint64_t end = order_column(in, segment, k, sink, codes, label ? in->label.n : in->c.n, first, *n);
        if (end < *n) {
            *n = end;
            full = sink;
        }
    }
    return full;
}
