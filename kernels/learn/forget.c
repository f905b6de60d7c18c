#include "forget.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bind.h"
#include "memory.h"
#include "memory_rows.h"
#include "row_digest.h"

struct kept_row {
    uint64_t digest, at;
};

static int
by_digest(const void *a, const void *b)
{
    const struct kept_row *p = a, *q = b;
    if (p->digest != q->digest)
        return p->digest < q->digest ? -1 : 1;
    return p->at < q->at ? -1 : p->at > q->at;
}

static const void *
tensor_data(const struct model *model, const char *name)
{
    const struct tensor *tensor = model_find(model, TENSOR_MEMORY, name);
    return tensor != NULL ? tensor->data : NULL;
}

void
forget_open(struct forget *forget, struct model *model)
{
    const uint64_t m = memory_size(model);
    uint64_t *digests = mem_array(m, sizeof *digests);
    *forget =
        (struct forget){.model = model, .m = m, .rows = mem_array(m, sizeof *forget->rows), .drop = mem_zalloc(m, 1)};
    row_digests(&model->schema, tensor_data(model, "memory.x"), tensor_data(model, "memory.c"), m, digests);
    for (uint64_t i = 0; i < m; i++)
        forget->rows[i] = (struct kept_row){digests[i], i};
    qsort(forget->rows, m, sizeof *forget->rows, by_digest);
    free(digests);
}

/* Whether kept row `at` has the label of row i, or that has none. */
static bool
same_label(const struct model *model, uint64_t at, const struct rowset *rows, uint64_t i)
{
    const void *kept = tensor_data(model, "memory.y");
    const uint32_t t = model->schema.n_y;
    if (model->schema.task == TASK_CLASS)
        return rows->label == NULL || rows->label[i] == BIND_UNKNOWN ||
               rows->label[i] + 1 == ((const uint32_t *) kept)[at];
    for (uint32_t j = 0; rows->y != NULL && j < t; j++)
        if (!isnan(rows->y[i * t + j]) && rows->y[i * t + j] != ((const float *) kept)[at * t + j])
            return false;
    return true;
}

void
forget_rows(struct forget *forget, const struct rowset *rows)
{
    enum { AT_ONCE = 256 };
    const struct schema *schema = &forget->model->schema;
    uint64_t digests[AT_ONCE];
    forget->given += rows->n;
    for (uint64_t first = 0, n; first < rows->n; first += n) {
        n = rows->n - first < AT_ONCE ? rows->n - first : AT_ONCE;
        row_digests(schema, rows->x != NULL ? rows->x + first * schema->n_x : NULL,
                    rows->c != NULL ? rows->c + first * schema->n_c : NULL, n, digests);
        for (uint64_t i = 0; i < n; i++) {
            uint64_t low = 0, high = forget->m; /* the first kept row with this digest or a larger one */
            while (low < high) {
                uint64_t middle = low + (high - low) / 2;
                if (forget->rows[middle].digest < digests[i])
                    low = middle + 1;
                else
                    high = middle;
            }
            for (; low < forget->m && forget->rows[low].digest == digests[i]; low++)
                if (same_label(forget->model, forget->rows[low].at, rows, first + i))
                    forget->drop[forget->rows[low].at] = 1;
        }
    }
}

uint64_t
forget_close(struct forget *forget)
{
    uint64_t found = 0;
    for (uint64_t i = 0; i < forget->m; i++)
        found += forget->drop[i];
    memory_drop(forget->model, forget->drop);
    free(forget->rows);
    free(forget->drop);
    *forget = (struct forget){.model = NULL};
    return found;
}
