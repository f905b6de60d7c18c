#include "forget.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bind.h"
#include "memory.h"
#include "memory_rows.h"
#include "online_rows.h"
#include "row_digest.h"

struct kept_row {
    uint64_t digest, at;
    int place;
};

static int
by_digest(const void *a, const void *b)
{
    const struct kept_row *p = a, *q = b;
    if (p->digest != q->digest)
        return p->digest < q->digest ? -1 : 1;
    if (p->place != q->place)
        return p->place < q->place ? -1 : 1;
    return p->at < q->at ? -1 : p->at > q->at;
}

static const void *
tensor_data(const struct model *model, const char *name)
{
    const struct tensor *tensor = model_find(model, TENSOR_MEMORY, name);
    return tensor != NULL ? tensor->data : NULL;
}

/* Adds the rows of a place to those that are looked for. */
static void
add_rows(struct forget *forget, int place, uint64_t n, const float *x, const uint32_t *c)
{
    uint64_t *digests = mem_array(n, sizeof *digests);
    row_digests(&forget->model->schema, x, c, n, digests);
    for (uint64_t i = 0; i < n; i++)
        forget->rows[forget->n++] = (struct kept_row){digests[i], i, place};
    forget->places[place].n = n;
    forget->places[place].drop = mem_zalloc(n, 1);
    free(digests);
}

void
forget_open(struct forget *forget, struct model *model)
{
    const bool classes = model->schema.task == TASK_CLASS;
    const struct online_waiting update = online_waiting(model, ONLINE_WAIT_UPDATE),
                                label = online_waiting(model, ONLINE_WAIT_LABEL);
    const uint64_t m = memory_size(model);
    const void *y = tensor_data(model, "memory.y");
    *forget = (struct forget){.model = model, .rows = mem_array(m + update.n + label.n, sizeof *forget->rows)};
    forget->places[FORGET_MEMORY] =
        (struct forget_place){.class = classes ? y : NULL, .first = 1, .y = classes ? NULL : y};
    forget->places[FORGET_UPDATE] = (struct forget_place){.class = update.class, .y = update.y};
    add_rows(forget, FORGET_MEMORY, m, tensor_data(model, "memory.x"), tensor_data(model, "memory.c"));
    add_rows(forget, FORGET_UPDATE, update.n, update.x, update.c);
    add_rows(forget, FORGET_LABEL, label.n, label.x, label.c);
    qsort(forget->rows, forget->n, sizeof *forget->rows, by_digest);
}

/* Marks a kept row when it has the label of row i, or one of the two has none. */
static void
drop_like(struct forget *forget, const struct kept_row *kept, const struct rowset *rows, uint64_t i)
{
    struct forget_place *place = &forget->places[kept->place];
    const uint32_t t = forget->model->schema.n_y;
    if (place->class != NULL && rows->label != NULL && rows->label[i] != BIND_UNKNOWN &&
        rows->label[i] + place->first != place->class[kept->at])
        return;
    for (uint32_t j = 0; place->y != NULL && rows->y != NULL && j < t; j++)
        if (!isnan(rows->y[i * t + j]) && rows->y[i * t + j] != place->y[kept->at * t + j])
            return;
    place->drop[kept->at] = 1;
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
            uint64_t low = 0, high = forget->n; /* the first kept row with this digest or a larger one */
            while (low < high) {
                uint64_t middle = low + (high - low) / 2;
                if (forget->rows[middle].digest < digests[i])
                    low = middle + 1;
                else
                    high = middle;
            }
            for (; low < forget->n && forget->rows[low].digest == digests[i]; low++)
                drop_like(forget, &forget->rows[low], rows, first + i);
        }
    }
}

uint64_t
forget_close(struct forget *forget, uint64_t *waited)
{
    struct forget_place *places = forget->places;
    uint64_t found[FORGET_PLACES] = {0};
    for (int p = 0; p < FORGET_PLACES; p++)
        for (uint64_t i = 0; i < places[p].n; i++)
            found[p] += places[p].drop[i];
    memory_drop(forget->model, places[FORGET_MEMORY].drop);
    online_drop(forget->model, places[FORGET_MEMORY].drop, places[FORGET_MEMORY].n, places[FORGET_UPDATE].drop,
                places[FORGET_LABEL].drop);
    for (int p = 0; p < FORGET_PLACES; p++)
        free(places[p].drop);
    free(forget->rows);
    *forget = (struct forget){.model = NULL};
    *waited = found[FORGET_UPDATE] + found[FORGET_LABEL];
    return found[FORGET_MEMORY] + *waited;
}
