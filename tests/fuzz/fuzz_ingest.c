/*
 * Text to batches: the first three bytes choose options, the rest is the input, of several files where a byte 0x1e is
 * in it. Read by one thread in one piece; in chunks of a few bytes; in frames of a few rows; by three threads; from a
 * pipe that pauses; and by the schema that came out: it must give the same rows or the same sentence.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
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
            /* Where all texts are empty there are no bytes. */
            const uint64_t bytes = cells->at[i + 1] - cells->at[i];
            add_tensor(&seen->text, bytes > 0 ? cells->bytes + cells->at[i] : NULL, bytes);
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

/* The files of an input: descriptors of fixed numbers, so that messages name the same ones. */
enum { FILES_MOST = 3, FIRST_FD = 200 };

struct files {
    const uint8_t *bytes[FILES_MOST];
    size_t lengths[FILES_MOST], n;
    char names[FILES_MOST][32];
    const char *paths[FILES_MOST];
    /* The pipe that takes the place of the first one: */
    pthread_t writer;
    int pipe;
    bool pauses;
};

static void
split_files(struct files *files, const uint8_t *data, size_t size)
{
    *files = (struct files){.n = 0};
    for (bool more = true; more; files->n++) {
        const uint8_t *mark = files->n + 1 < FILES_MOST ? memchr(data, 0x1e, size) : NULL;
        size_t n = mark != NULL ? (size_t) (mark - data) : size;
        files->bytes[files->n] = data;
        files->lengths[files->n] = n;
        snprintf(files->names[files->n], sizeof files->names[0], "/proc/self/fd/%d", FIRST_FD + (int) files->n);
        files->paths[files->n] = files->names[files->n];
        more = mark != NULL;
        data += n + more;
        size -= n + more;
    }
}

static void
place(int fd, size_t i)
{
    if (fd < 0 || dup2(fd, FIRST_FD + (int) i) < 0)
        abort();
    close(fd);
}

static void
open_files(struct files *files)
{
    for (size_t i = 0; i < files->n; i++) {
        int fd = memfd_create("input", 0);
        if (fd < 0 || write(fd, files->bytes[i], files->lengths[i]) != (ssize_t) files->lengths[i])
            abort();
        place(fd, i);
    }
}

/* In thirds, with pauses between them that are noticed. */
static void *
write_pipe(void *arg)
{
    const struct files *files = arg;
    const struct timespec pause = {.tv_nsec = 25000000};
    size_t n = files->lengths[0];
    for (size_t i = 0; i < 3; i++) {
        size_t from = n * i / 3, to = n * (i + 1) / 3;
        if (i > 0 && files->pauses)
            nanosleep(&pause, NULL);
        if (write(files->pipe, files->bytes[0] + from, to - from) != (ssize_t) (to - from))
            abort();
    }
    close(files->pipe);
    return NULL;
}

static void
open_pipe(struct files *files)
{
    int ends[2];
    if (pipe(ends) < 0)
        abort();
    place(ends[0], 0);
    files->pipe = ends[1];
    if (pthread_create(&files->writer, NULL, write_pipe, files) != 0)
        abort();
}

static void
close_files(const struct files *files)
{
    for (size_t i = 0; i < files->n; i++)
        close(FIRST_FD + (int) i);
}

/* schema: to be read by, or NULL. made: becomes a copy of what the columns are when all was well, or NULL. */
static void
run(struct seen *seen, struct ingest_options options, const struct schema *schema, const struct files *files,
    struct schema *made)
{
    struct error error = {.text = ""};
    struct batch batch;
    int got = -1;
    warnings = &seen->said;
    options.warn = options.note = hear;
    options.by_model = options.by_schema = schema != NULL;
    struct ingest *in = ingest_new(&options, &error);
    if (in == NULL)
        abort();
    if (ingest_open(in, schema, files->paths, files->n, &error) == 0)
        while ((got = ingest_read(in, &batch, &error)) > 0)
            see(seen, &batch);
    if (got == 0) {
        see_schema(seen, ingest_schema(in));
        text_printf(&seen->said, "%llu records\n", (unsigned long long) ingest_records(in));
        if (made != NULL)
            schema_copy(made, ingest_schema(in));
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

/* One way of reading after the other. */
static void
read_ways(struct ingest_options options, const struct schema *schema, struct files *files, uint8_t ways, uint8_t bytes,
          struct schema *made)
{
    static const uint64_t frame_rows[] = {0, 1, 3, 1000};
    struct seen whole = {0}, pieces = {0};
    /* Whether a cell is too long is noticed before its blanks are dropped, or behind: it depends on how bytes arrive.
     */
    bool bounded = true;
    for (size_t i = 0; i < files->n; i++)
        bounded = bounded && options.max_cell > files->lengths[i];
    open_files(files);
    run(&whole, options, schema, files, made);
    options.chunk_bytes = 1 + bytes % 64;
    options.frame_rows = frame_rows[ways & 3];
    run(&pieces, options, schema, files, NULL);
    compare(&whole, &pieces, bounded);
    options.threads = 3;
    run(&pieces, options, schema, files, NULL);
    compare(&whole, &pieces, bounded);
    if (ways >> 2 & 1) {
        files->pauses = (ways >> 3 & 3) == 3 && bytes >> 6 == 3; /* seldom: they take time */
        open_pipe(files);
        run(&pieces, options, schema, files, NULL);
        pthread_join(files->writer, NULL);
        compare(&whole, &pieces, bounded);
    }
    close_files(files);
    compare(&whole, &whole, false); /* frees it */
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const policies[] = {NULL, "skip", "2", "0.3"};
    if (size < 4)
        return 0;
    struct ingest_options options = {.max_cell = data[0] & 1 ? 1 << 20 : 20, .threads = 1};
    options.bad_rows = policies[data[0] >> 1 & 3];
    options.header = data[0] >> 3 & 1 ? HEADER_NO : HEADER_AUTO;
    options.task = data[0] >> 4 & 1 ? TASK_CLASS : TASK_NONE;
    const char *types = "c1:cat,c2:num,a:time,b:hash:2", *roles = "c:weight,d:group,e:id,f:time";
    const char *carry = "c3,t", *lag = "c1:1,c1:3,c2:2";
    options.types = (struct option_list){.values = &types, .n = data[0] >> 6 & 1};
    options.roles = (struct option_list){.values = &roles, .n = data[0] >> 7};
    options.carry = (struct option_list){.values = &carry, .n = data[0] >> 5 & 1};
    options.lag = (struct option_list){.values = &lag, .n = (data[0] >> 6 & 1) && (data[1] & 3) == 3};
    const uint8_t ways = data[2];
    struct files files;
    struct schema schema = {0};
    split_files(&files, data + 3, size - 3);
    read_ways(options, NULL, &files, ways, data[1], &schema);
    if ((ways >> 5 & 1) && schema.n_columns > 0) {
        options.types.n = options.roles.n = options.lag.n = 0;
        options.task = TASK_NONE;
        options.new_columns = ways >> 6 & 1 ? NEW_KEEP : NEW_IGNORE;
        options.missing_columns = ways >> 7 ? MISSING_NAN : MISSING_ERROR;
        /* The files in another order: rows of columns that the first one may not have. */
        struct files turned = files;
        for (size_t i = 0; i < files.n; i++) {
            turned.bytes[i] = files.bytes[files.n - 1 - i];
            turned.lengths[i] = files.lengths[files.n - 1 - i];
            turned.paths[i] = files.names[i];
        }
        read_ways(options, &schema, &turned, ways, data[1], NULL);
    }
    schema_free(&schema);
    return 0;
}
