/*
 * Text to batches: the first bytes choose options, the rest is the input. Read by one thread in one piece, and by three
 * threads in chunks of a few bytes, from a file and from a pipe, it must give the same rows or the same sentence.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ingest.h"
#include "json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
add_tensor(struct text *seen, const void *tensor, size_t bytes)
{
    if (bytes > 0)
        text_add(seen, tensor, bytes);
}

/* All that comes out, in an order that does not depend on how rows are cut into batches: one text per tensor. */
struct seen {
    struct text x, c, y, label, w, time, group, id, text, rowno, said;
};

static struct text *warnings;

static void
hear(const char *sentence)
{
    text_printf(warnings, "%s\n", sentence);
}

static void
see(struct seen *seen, const struct batch *batch)
{
    const struct schema *schema = batch->schema;
    uint64_t n = batch->n;
    if (n == 0)
        abort();
    add_tensor(&seen->x, batch->x, batch->x != NULL ? 4 * n * schema->n_x : 0);
    add_tensor(&seen->c, batch->c, batch->c != NULL ? 4 * n * schema->n_c : 0);
    add_tensor(&seen->y, batch->y, batch->y != NULL ? 4 * n * schema->n_y : 0);
    add_tensor(&seen->label, batch->label, batch->label != NULL ? 4 * n * schema->n_y : 0);
    add_tensor(&seen->w, batch->w, batch->w != NULL ? 4 * n : 0);
    add_tensor(&seen->time, batch->time, batch->time != NULL ? 8 * n : 0);
    add_tensor(&seen->group, batch->group, batch->group != NULL ? 8 * n : 0);
    add_tensor(&seen->id, batch->id, batch->id != NULL ? 8 * n : 0);
    for (uint64_t i = 0; i < n; i++) {
        text_printf(&seen->rowno, "%llu ", (unsigned long long) batch_rowno(batch, i));
        for (uint32_t k = 0; k < batch->n_text; k++) {
            const struct text_cells *cells = &batch->text[k];
            if (cells->at[0] != 0 || cells->at[i + 1] < cells->at[i])
                abort();
            add_tensor(&seen->text, cells->bytes + cells->at[i], cells->at[i + 1] - cells->at[i]);
            add_tensor(&seen->text, "|", 1);
        }
    }
    /* Codes are of the dictionary. */
    for (uint64_t i = 0; batch->c != NULL && i < n * schema->n_c; i++)
        if (batch->c[i] > schema_c(schema, (uint32_t) (i % schema->n_c))->dict.n)
            abort();
    for (uint64_t i = 0; batch->label != NULL && i < n * schema->n_y; i++)
        if (batch->label[i] > schema_y(schema, (uint32_t) (i % schema->n_y))->dict.n)
            abort();
}

static void
see_schema(struct seen *seen, const struct schema *schema)
{
    for (uint32_t i = 0; i < schema->n_columns; i++) {
        const struct column *column = &schema->columns[i];
        text_printf(&seen->said, "%s %d %d:", column->name, column->type, column->role);
        for (uint32_t k = 0; k < column->dict.n && k < 100; k++)
            text_printf(&seen->said, " %s", column->dict.values[k]);
        text_printf(&seen->said, "\n");
    }
}

static void
run(struct seen *seen, struct ingest_options options, const char *path)
{
    struct error error = {.text = ""};
    struct batch batch;
    int got = -1;
    warnings = &seen->said;
    options.warn = options.note = hear;
    struct ingest *in = ingest_new(&options, &error);
    if (in == NULL)
        abort();
    if (ingest_open(in, NULL, &path, 1, &error) == 0)
        while ((got = ingest_read(in, &batch, &error)) > 0)
            see(seen, &batch);
    if (got == 0) {
        see_schema(seen, ingest_schema(in));
        text_printf(&seen->said, "%llu records\n", (unsigned long long) ingest_records(in));
    } else {
        /* How many rows came before is another matter. */
        seen->x.n = seen->c.n = seen->y.n = seen->label.n = seen->w.n = seen->time.n = 0;
        seen->group.n = seen->id.n = seen->text.n = seen->rowno.n = 0;
        text_printf(&seen->said, "%s\n", error.text);
    }
    ingest_free(in);
}

static bool
same(const struct text *a, const struct text *b)
{
    return a->n == b->n && (a->n == 0 || memcmp(a->bytes, b->bytes, a->n) == 0);
}

static void
compare(struct seen *a, struct seen *b, bool bounded)
{
    struct text *const left[] = {&a->x,     &a->c,  &a->y,    &a->label, &a->w,   &a->time,
                                 &a->group, &a->id, &a->text, &a->rowno, &a->said},
                       *const right[] = {&b->x,     &b->c,  &b->y,    &b->label, &b->w,   &b->time,
                                         &b->group, &b->id, &b->text, &b->rowno, &b->said};
    for (size_t i = 0; i < sizeof left / sizeof *left; i++)
        if (bounded && !same(left[i], right[i])) {
            fprintf(stderr, "tensor %zu differs\n%.*s\n---\n%.*s\n", i, (int) a->said.n, a->said.bytes, (int) b->said.n,
                    b->said.bytes);
            abort();
        }
    for (size_t i = 0; i < sizeof left / sizeof *left; i++) {
        free(right[i]->bytes);
        *right[i] = (struct text){0};
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const policies[] = {NULL, "skip", "2", "0.3"};
    if (size < 3)
        return 0;
    struct ingest_options options = {.max_cell = data[0] & 1 ? 1 << 20 : 20, .threads = 1};
    options.bad_rows = policies[data[0] >> 1 & 3];
    options.header = data[0] >> 3 & 1 ? HEADER_NO : HEADER_AUTO;
    options.task = data[0] >> 4 & 1 ? TASK_CLASS : TASK_NONE;
    const char *types = "c1:cat,c2:num,a:time,b:hash:2", *roles = "c:weight,d:group,e:id,f:time";
    const char *carry = "c3,t";
    bool some = data[0] >> 5 & 1;
    options.types = (struct option_list){.values = &types, .n = data[0] >> 6 & 1};
    options.roles = (struct option_list){.values = &roles, .n = data[0] >> 7};
    options.carry = (struct option_list){.values = &carry, .n = some};
    /* Whether a cell is too long is noticed before its blanks are dropped, or behind: it depends on how bytes arrive.
     */
    bool bounded = options.max_cell > size;
    int fd = memfd_create("input", 0);
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (fd < 0 || write(fd, data + 2, size - 2) != (ssize_t) (size - 2))
        abort();
    struct seen whole = {0}, pieces = {0};
    run(&whole, options, path);
    options.chunk_bytes = 1 + data[1] % 64;
    run(&pieces, options, path);
    compare(&whole, &pieces, bounded);
    options.threads = 3;
    run(&pieces, options, path);
    compare(&whole, &pieces, bounded);
    struct text *const all[] = {&whole.x,     &whole.c,  &whole.y,    &whole.label, &whole.w,   &whole.time,
                                &whole.group, &whole.id, &whole.text, &whole.rowno, &whole.said};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]->bytes);
    close(fd);
    return 0;
}
