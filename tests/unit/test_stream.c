#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "stream.h"

enum { N = 5 };

/* A table with a column of every kind, five rows of it, and where streams are written. */
struct fixture {
    struct arena arena;
    struct schema schema;
    struct batch batch;
    char path[2][32];
};

static void
add_column(struct fixture *f, const char *name, enum column_type type, enum column_role role)
{
    f->schema.columns[f->schema.n_columns++] = (struct column){.name = name, .type = type, .role = role};
}

static int
set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->schema.columns = arena_zalloc(&f->schema.arena, 16, sizeof *f->schema.columns);
    f->schema.task = TASK_CLASS;
    add_column(f, "a", COLUMN_NUM, ROLE_FEATURE);
    add_column(f, "b", COLUMN_NUM, ROLE_FEATURE);
    add_column(f, "k", COLUMN_CAT, ROLE_FEATURE);
    add_column(f, "w", COLUMN_NUM, ROLE_WEIGHT);
    add_column(f, "when", COLUMN_TIME, ROLE_TIME);
    add_column(f, "g", COLUMN_TEXT, ROLE_GROUP);
    add_column(f, "i", COLUMN_NUM, ROLE_ID);
    add_column(f, "t", COLUMN_TEXT, ROLE_CARRY);
    add_column(f, "t.at", COLUMN_NUM, ROLE_CARRY); /* its bytes are called what t's offsets are */
    add_column(f, "l", COLUMN_CAT, ROLE_LABEL);
    schema_count(&f->schema);
    dict_add(&schema_c(&f->schema, 0)->dict, "red", 3);
    dict_add(&schema_c(&f->schema, 0)->dict, "green", 5);
    dict_add(&schema_y(&f->schema, 0)->dict, "no", 2);
    dict_add(&schema_y(&f->schema, 0)->dict, "yes", 3);
    static float x[N * 2] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, w[N] = {1, 1, 2, 0, 1};
    static uint32_t c[N] = {1, 2, 0, 2, 1}, label[N] = {1, 2, 2, 0, 1};
    static uint8_t split[N] = {1, 2, 3, 1, 0};
    static uint64_t rowno[N] = {0, 1, 5, 6, 9}, group[N] = {7, 7, 8, 8, 9}, id[N] = {1, 2, 3, 4, 5};
    static int64_t when[N] = {0, -1, INT64_MIN, 3, 4};
    static uint64_t at[2][N + 1] = {{0, 2, 2, 3, 6, 8}, {0, 1, 2, 3, 4, 5}};
    static char cells[2][9] = {"aabcccdd", "12345"};
    static struct text_cells text[2] = {{"t", at[0], cells[0]}, {"t.at", at[1], cells[1]}};
    static uint16_t e[N * 3] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    static struct tensor other = {"embedding", DTYPE_U16, 2, {N, 3}, e, sizeof e};
    f->batch = (struct batch){&f->schema, &f->arena, N,    0,     x,  c,    NULL, label,  w,
                              split,      rowno,     when, group, id, text, 2,    &other, 1};
    for (int i = 0; i < 2; i++) {
        snprintf(f->path[i], sizeof f->path[i], "/tmp/test_stream.XXXXXX");
        close(mkstemp(f->path[i]));
    }
    *state = f;
    return 0;
}

static int
tear_down(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 2; i++)
        unlink(f->path[i]);
    schema_free(&f->schema);
    arena_free(&f->arena);
    free(f);
    return 0;
}

/* A new file each time: to cut an old one to nothing makes some file systems write to the disk. */
static struct output
create(const char *path)
{
    unlink(path);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    struct output output = {.fd = dup(fileno(file)), .path = path};
    fclose(file);
    return output;
}

/* Writes the rows in frames of `step`. */
static void
write_stream(struct fixture *f, int which, uint64_t step, int level)
{
    struct error error;
    struct output output = create(f->path[which]);
    struct stream_writer *writer = stream_writer_open(&output, &f->schema, level, &error);
    assert_non_null(writer);
    for (uint64_t first = 0; first < f->batch.n; first += step) {
        uint8_t keep[N] = {0};
        struct batch part;
        for (uint64_t i = first; i < first + step && i < N; i++)
            keep[i] = 1;
        batch_filter(&part, &f->batch, keep, &f->arena);
        assert_int_equal(stream_write(writer, &part, &error), 0);
    }
    assert_int_equal(stream_write_end(writer, &error), 0);
    stream_writer_close(writer);
    close(output.fd);
}

/* Reads all; the digest of what came and the number of rows, or -1 with the error. */
static int64_t
read_stream(const char *const *paths, size_t n_paths, char hex[33], struct error *error)
{
    struct stream_reader *reader = stream_reader_open(paths, n_paths, error);
    if (reader == NULL)
        return -1;
    struct stream_digest *digest = stream_digest_open();
    struct batch batch;
    int got;
    while ((got = stream_read(reader, &batch, true, error)) == 1)
        stream_digest_rows(digest, &batch);
    stream_digest_close(digest, stream_reader_schema(reader), hex);
    int64_t rows = got < 0 ? -1 : (int64_t) stream_reader_rows(reader);
    stream_reader_close(reader);
    return rows;
}

static void
rows_survive_the_round_trip(void **state)
{
    struct fixture *f = *state;
    struct error error;
    const char *path = f->path[0];
    struct batch b;
    write_stream(f, 0, N, 0);
    struct stream_reader *reader = stream_reader_open(&path, 1, &error);
    assert_non_null(reader);
    assert_int_equal(schema_same(&f->schema, stream_reader_schema(reader), &error), 0);
    assert_int_equal(stream_read(reader, &b, true, &error), 1);
    assert_int_equal(b.n, N);
    assert_int_equal((uintptr_t) b.x % 64, 0);
    assert_memory_equal(b.x, f->batch.x, N * 2 * sizeof *b.x);
    assert_memory_equal(b.c, f->batch.c, N * sizeof *b.c);
    assert_null(b.y);
    assert_memory_equal(b.label, f->batch.label, N * sizeof *b.label);
    assert_memory_equal(b.w, f->batch.w, N * sizeof *b.w);
    assert_memory_equal(b.split, f->batch.split, N);
    assert_memory_equal(b.rowno, f->batch.rowno, N * sizeof *b.rowno);
    assert_memory_equal(b.time, f->batch.time, N * sizeof *b.time);
    assert_memory_equal(b.group, f->batch.group, N * sizeof *b.group);
    assert_memory_equal(b.id, f->batch.id, N * sizeof *b.id);
    assert_int_equal(b.n_text, 2);
    for (int j = 0; j < 2; j++) {
        assert_string_equal(b.text[j].name, f->batch.text[j].name);
        assert_memory_equal(b.text[j].at, f->batch.text[j].at, (N + 1) * sizeof *b.text[j].at);
        assert_memory_equal(b.text[j].bytes, f->batch.text[j].bytes, b.text[j].at[N]);
    }
    assert_int_equal(b.n_other, 1);
    assert_string_equal(b.other[0].name, "embedding");
    assert_memory_equal(b.other[0].data, f->batch.other[0].data, b.other[0].bytes);
    assert_int_equal(stream_read(reader, &b, true, &error), 0);
    assert_int_equal(stream_read(reader, &b, true, &error), 0);
    stream_reader_close(reader);
}

static void
the_digest_is_of_content(void **state)
{
    struct fixture *f = *state;
    struct error error;
    const char *path = f->path[0];
    char first[33], hex[33];
    write_stream(f, 0, N, 0);
    assert_int_equal(read_stream(&path, 1, first, &error), N);
    for (uint64_t step = 1; step < N; step++)
        for (int level = 0; level < 2; level++) {
            write_stream(f, 0, step, level);
            assert_int_equal(read_stream(&path, 1, hex, &error), N);
            assert_string_equal(hex, first);
        }
    uint64_t *rowno = f->batch.rowno;
    f->batch.rowno = NULL; /* record numbers are no content */
    write_stream(f, 0, 2, 0);
    assert_int_equal(read_stream(&path, 1, hex, &error), N);
    assert_string_equal(hex, first);
    f->batch.rowno = rowno;
    f->batch.label[0] = 2;
    write_stream(f, 0, 2, 0);
    assert_int_equal(read_stream(&path, 1, hex, &error), N);
    assert_string_not_equal(hex, first);
    f->batch.label[0] = 1;
    /* Text is lengths and bytes: moving a boundary is another content. */
    f->batch.text[0].at[1] = 1;
    write_stream(f, 0, 2, 0);
    assert_int_equal(read_stream(&path, 1, hex, &error), N);
    assert_string_not_equal(hex, first);
    f->batch.text[0].at[1] = 2;
    /* Tags of 0 are no tags. */
    uint8_t *split = f->batch.split, zeros[N] = {0};
    f->batch.split = NULL;
    write_stream(f, 0, 2, 0);
    assert_int_equal(read_stream(&path, 1, first, &error), N);
    f->batch.split = zeros;
    write_stream(f, 0, 2, 0);
    assert_int_equal(read_stream(&path, 1, hex, &error), N);
    assert_string_equal(hex, first);
    f->batch.split = split;
}

static size_t
slurp(const char *path, uint8_t *bytes, size_t cap)
{
    FILE *file = fopen(path, "rb");
    size_t n = fread(bytes, 1, cap, file);
    fclose(file);
    return n;
}

static void
dump(const char *path, const uint8_t *bytes, size_t n)
{
    unlink(path);
    FILE *file = fopen(path, "wb");
    assert_int_equal(fwrite(bytes, 1, n, file), n);
    fclose(file);
}

static void
every_cut_and_every_bit_is_noticed(void **state)
{
    struct fixture *f = *state;
    static uint8_t bytes[1 << 14];
    struct error error;
    const char *path = f->path[1];
    char hex[33];
    write_stream(f, 0, 3, 0);
    size_t n = slurp(f->path[0], bytes, sizeof bytes);
    assert_in_range(n, 500, sizeof bytes - 1);
    for (size_t cut = 0; cut < n; cut++) {
        dump(path, bytes, cut);
        assert_int_equal(read_stream(&path, 1, hex, &error), -1);
        assert_int_equal(error.status, STATUS_DATA);
    }
    for (size_t at = 0; at < n; at++) {
        bytes[at] ^= (uint8_t) (1 << at % 8);
        dump(path, bytes, n);
        assert_int_equal(read_stream(&path, 1, hex, &error), -1);
        bytes[at] ^= (uint8_t) (1 << at % 8);
    }
}

static void
a_live_stream_never_waits_in_vain(void **state)
{
    struct fixture *f = *state;
    static uint8_t bytes[1 << 14];
    struct error error;
    struct batch batch;
    int fds[2], saved = dup(STDIN_FILENO), got = 2;
    size_t at = 0, batches = 0;
    write_stream(f, 0, 1, 0);
    size_t n = slurp(f->path[0], bytes, sizeof bytes);
    assert_int_equal(pipe(fds), 0);
    dup2(fds[0], STDIN_FILENO);
    close(fds[0]);
    /* The table must be there at once; then byte after byte. */
    uint8_t *rows = memmem(bytes, n, "\x93\xa4rows", 6);
    assert_non_null(rows);
    at = (size_t) (rows - bytes);
    assert_int_equal(write(fds[1], bytes, at), at);
    struct stream_reader *reader = stream_reader_open(NULL, 0, &error);
    assert_non_null(reader);
    for (; at < n; at++) {
        assert_int_equal(write(fds[1], bytes + at, 1), 1);
        got = stream_read(reader, &batch, false, &error);
        assert_true(got == 1 || got == 2);
        batches += got == 1;
    }
    assert_int_equal(batches, N);
    close(fds[1]);
    assert_int_equal(stream_read(reader, &batch, false, &error), 0);
    stream_reader_close(reader);
    dup2(saved, STDIN_FILENO);
    close(saved);
}

static void
streams_are_joined(void **state)
{
    struct fixture *f = *state;
    struct error error;
    struct batch b;
    const char *const paths[] = {f->path[0], f->path[1], f->path[0]};
    write_stream(f, 0, N, 0);
    struct dict *dict = &schema_c(&f->schema, 0)->dict;
    dict_free(dict); /* the second has other codes for the same strings, and a new one */
    dict_add(dict, "blue", 4);
    dict_add(dict, "red", 3);
    write_stream(f, 1, N, 1);
    struct stream_reader *reader = stream_reader_open(paths, 3, &error);
    assert_non_null(reader);
    assert_int_equal(stream_read(reader, &b, true, &error), 1);
    assert_int_equal(stream_read(reader, &b, true, &error), 1);
    assert_memory_equal(b.c, ((uint32_t[]){3, 1, 0, 1, 3}), N * sizeof *b.c);
    assert_int_equal(batch_rowno(&b, 0), 10); /* record 9 was the last one of the first */
    assert_int_equal(batch_rowno(&b, 4), 19);
    assert_int_equal(stream_read(reader, &b, true, &error), 1);
    assert_memory_equal(b.c, ((uint32_t[]){1, 2, 0, 2, 1}), N * sizeof *b.c);
    assert_int_equal(batch_rowno(&b, 0), 20);
    assert_int_equal(stream_read(reader, &b, true, &error), 0);
    assert_int_equal(schema_c(stream_reader_schema(reader), 0)->dict.n, 3);
    stream_reader_close(reader);
    f->schema.columns[1].name = "B";
    write_stream(f, 1, N, 0);
    char hex[33];
    assert_int_equal(read_stream(paths, 2, hex, &error), -1);
    assert_non_null(strstr(error.text, f->path[1]));
    assert_non_null(strstr(error.text, "column 2 is 'B', not 'b'"));
}

/* New entries of a dictionary are sent before the rows that use them. */
static void
dictionaries_grow(void **state)
{
    struct fixture *f = *state;
    struct error error;
    struct batch b;
    const char *path = f->path[0];
    struct output output = create(path);
    struct stream_writer *writer = stream_writer_open(&output, &f->schema, 0, &error);
    assert_int_equal(stream_write(writer, &f->batch, &error), 0);
    f->batch.c[0] = dict_add(&schema_c(&f->schema, 0)->dict, "new", 3);
    assert_int_equal(stream_write(writer, &f->batch, &error), 0);
    assert_int_equal(stream_write_end(writer, &error), 0);
    stream_writer_close(writer);
    close(output.fd);
    struct stream_reader *reader = stream_reader_open(&path, 1, &error);
    assert_int_equal(schema_c(stream_reader_schema(reader), 0)->dict.n, 0);
    assert_int_equal(stream_read(reader, &b, true, &error), 1);
    assert_int_equal(schema_c(stream_reader_schema(reader), 0)->dict.n, 2);
    assert_int_equal(stream_read(reader, &b, true, &error), 1);
    assert_int_equal(b.c[0], 3);
    stream_reader_close(reader);
    f->batch.c[0] = 1;
}

static void
unknown_frames_pass(void **state)
{
    struct fixture *f = *state;
    struct error error;
    struct batch b;
    const char *path = f->path[0];
    struct output output = create(path);
    struct stream_writer *writer = stream_writer_open(&output, &f->schema, 0, &error);
    struct value *meta = value_map(&f->arena);
    value_set(&f->arena, meta, "why", value_string(&f->arena, "not"));
    struct frame note = {.kind = "note", .meta = meta, .payload = (uint8_t *) "hello", .bytes = 5};
    assert_int_equal(stream_write_unknown(writer, &note, &error), 0);
    assert_int_equal(stream_write(writer, &f->batch, &error), 0);
    assert_int_equal(stream_write_unknown(writer, &note, &error), 0);
    assert_int_equal(stream_write_end(writer, &error), 0);
    stream_writer_close(writer);
    close(output.fd);
    struct stream_reader *reader = stream_reader_open(&path, 1, &error);
    for (int got = 1; got >= 0; got--) {
        assert_int_equal(stream_read(reader, &b, true, &error), got);
        const struct frame *frame = stream_reader_unknown(reader);
        assert_non_null(frame);
        assert_string_equal(frame->kind, "note");
        assert_string_equal(value_get_string(frame->meta, "why"), "not");
        assert_memory_equal(frame->payload, "hello", 5);
        assert_null(stream_reader_unknown(reader));
    }
    stream_reader_close(reader);
}

/* A table of x [n, 1], c [n, 1] with one category and carried text t; then one frame as the test wants it. */
static void
write_frame(struct fixture *f, const char *path, const char *kind, struct value *meta, size_t bytes,
            const uint8_t *payload)
{
    struct error error;
    struct schema schema = {0};
    struct column columns[3] = {{.name = "x", .type = COLUMN_NUM},
                                {.name = "c", .type = COLUMN_CAT},
                                {.name = "t", .type = COLUMN_TEXT, .role = ROLE_CARRY}};
    schema.columns = columns;
    schema.n_columns = 3;
    schema_count(&schema);
    dict_add(&columns[1].dict, "one", 3);
    struct output output = create(path);
    struct frame_writer frames;
    frame_writer_open(&frames, &output, 0);
    uint32_t sent = 0;
    assert_int_equal(frame_write(&frames, "table", schema_to_value(&schema, &f->arena), NULL, 0, 0, &error), 0);
    assert_int_equal(stream_write_dict(&frames, &columns[1], &sent, &schema.arena, &error), 0);
    assert_int_equal(frame_write(&frames, kind, meta, payload, bytes, 0, &error), 0);
    assert_int_equal(frame_write_end(&frames, &error), 0);
    frame_writer_close(&frames);
    close(output.fd);
    schema_free(&schema);
}

/* Such a stream is refused (why = NULL: it is not, and has two rows), by itself and after another. */
static void
bad_frame(struct fixture *f, const char *kind, struct value *meta, size_t bytes, const uint8_t *payload,
          const char *why)
{
    const char *const paths[] = {f->path[1], f->path[0]};
    write_frame(f, paths[0], "new", value_map(&f->arena), 0, NULL);
    write_frame(f, paths[1], kind, meta, bytes, payload);
    for (size_t before = 0; before < 2; before++) {
        struct error error = {0};
        char hex[33];
        int64_t rows = read_stream(paths + 1 - before, 1 + before, hex, &error);
        if (why == NULL && rows != 2)
            fail_msg("refused: %s", error.text);
        if (why == NULL)
            continue;
        if (rows != -1)
            fail_msg("not refused: %s", why);
        assert_int_equal(error.status, STATUS_DATA);
        if (strstr(error.text, why) == NULL)
            fail_msg("'%s' does not say '%s'", error.text, why);
    }
}

struct spec {
    const char *name, *dtype;
    uint64_t rank, shape[2], at;
};

static struct value *
rows_meta(struct fixture *f, uint64_t n, const struct spec *specs, size_t n_specs)
{
    struct arena *arena = &f->arena;
    struct value *meta = value_map(arena), *tensors = value_array(arena);
    for (size_t i = 0; i < n_specs && specs[i].name != NULL; i++) {
        struct value *map = value_map(arena), *shape = value_array(arena);
        for (uint64_t j = 0; j < specs[i].rank; j++)
            value_push(arena, shape, value_uint(arena, specs[i].shape[j]));
        value_set(arena, map, "name", value_string(arena, specs[i].name));
        value_set(arena, map, "dtype", value_string(arena, specs[i].dtype));
        value_set(arena, map, "shape", shape);
        value_set(arena, map, "at", value_uint(arena, specs[i].at));
        value_push(arena, tensors, map);
    }
    value_set(arena, meta, "n", value_uint(arena, n));
    value_set(arena, meta, "row", value_uint(arena, 0));
    value_set(arena, meta, "tensors", tensors);
    return meta;
}

static void
hostile_rows_are_refused(void **state)
{
    struct fixture *f = *state;
    uint64_t words[64] = {0};
    uint8_t *payload = (uint8_t *) words;
    uint32_t codes[2] = {1, 0};
    uint64_t at[3] = {0, 1, 2};
    memcpy(payload + 64, codes, sizeof codes);
    memcpy(payload + 128, at, sizeof at);
    memcpy(payload + 192, "ab", 2);
    memset(payload + 256, 1, 2);
    const struct spec right[] = {{"x", "f32", 2, {2, 1}, 0},
                                 {"c", "u32", 2, {2, 1}, 64},
                                 {"text.t.at", "u64", 1, {3}, 128},
                                 {"text.t", "u8", 1, {2}, 192},
                                 {"split", "u8", 1, {2}, 256}};
    enum { SPECS = sizeof right / sizeof *right };
    bad_frame(f, "rows", rows_meta(f, 2, right, SPECS), 258, payload, NULL);

    const struct {
        size_t which;
        struct spec spec;
        const char *why;
    } wrong[] = {
        {0, {"x", "f64", 2, {2, 1}, 0}, "tensor 'x' has not the dtype"},
        {0, {"x", "f99", 2, {2, 1}, 0}, "no dtype that this version knows"},
        {0, {"x", "f32", 2, {2, 2}, 0}, "tensor 'x' has not the dtype and the shape"},
        {0, {"x", "f32", 1, {2}, 0}, "tensor 'x' has not the dtype and the shape"},
        {0, {"x", "f32", 2, {1, 1}, 0}, "tensor 'x' has not the dtype and the shape"},
        {0, {"x", "f32", 2, {UINT64_MAX, UINT64_MAX}, 0}, "no shape of 1 to 8 sensible numbers"},
        {0, {"x", "f32", 0, {0}, 0}, "no shape of 1 to 8"},
        {0, {"z", "f32", 2, {2, 1}, 0}, "the tensor 'x' is missing"},
        {0, {"c", "u32", 2, {2, 1}, 0}, "tensor 'c' comes twice"},
        {0, {"y", "f32", 2, {2, 0}, 0}, "tensor 'y' has not"},
        {0, {"w", "f32", 1, {2}, 0}, "the tensor 'x' is missing"},
        {1, {"c", "u32", 2, {2, 1}, 60}, "not where it should be"},
        {1, {"c", "u32", 2, {2, 1}, 0}, "not where it should be"},
        {1, {"c", "u32", 2, {2, 1}, 320}, "not where it should be"},
        {2, {"text.u.at", "u64", 1, {3}, 128}, "of no text column"},
        {2, {"text.t.at", "u64", 1, {2}, 128}, "of no text column, or has another dtype or shape"},
        {3, {"text.t", "u8", 1, {1}, 192}, "the offsets of the text of column 't'"},
        {4, {"split", "u8", 1, {1}, 256}, "tensor 'split' has not"},
        {4, {"new", "u8", 1, {1}, 256}, "tensor 'new' has 1 rows in a frame of 2"},
        {4, {"group", "u8", 1, {2}, 256}, "tensor 'group' has not"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct spec specs[SPECS];
        memcpy(specs, right, sizeof specs);
        specs[wrong[i].which] = wrong[i].spec;
        bad_frame(f, "rows", rows_meta(f, 2, specs, SPECS), 258, payload, wrong[i].why);
    }
    bad_frame(f, "rows", rows_meta(f, 2, right, SPECS - 2), 152, payload, "the text of column 't' is missing");
    bad_frame(f, "rows", rows_meta(f, 2, right, SPECS), 500, payload, "longer than its tensors");
    bad_frame(f, "rows", rows_meta(f, UINT64_C(1) << 60, right, 0), 0, NULL, "rows in 0 bytes");
    memset(payload + 256, 4, 2);
    bad_frame(f, "rows", rows_meta(f, 2, right, SPECS), 258, payload, "the split tag is 4");
    memset(payload + 256, 0, 2);
    codes[1] = 2;
    memcpy(payload + 64, codes, sizeof codes);
    bad_frame(f, "rows", rows_meta(f, 2, right, SPECS), 258, payload,
              "column 'c' has the code 2, but its dictionary only 1");
    codes[1] = 0;
    memcpy(payload + 64, codes, sizeof codes);
    at[1] = 3;
    memcpy(payload + 128, at, sizeof at);
    bad_frame(f, "rows", rows_meta(f, 2, right, SPECS), 258, payload, "the offsets of the text of column 't'");
    bad_frame(f, "model", value_map(&f->arena), 0, NULL, "a frame of a checkpoint inside a data stream");
    bad_frame(f, "table", value_map(&f->arena), 0, NULL, "before the end frame of the one before");
}

static void
hostile_dictionaries_are_refused(void **state)
{
    struct fixture *f = *state;
    struct arena *a = &f->arena;
    const struct {
        const char *column;
        uint64_t first;
        const char *value, *why;
    } wrong[] = {
        {"c", 1, "two", "its first code is not 2"},          {"c", 3, "two", "its first code is not 2"},
        {"c", 2, "one", "the category 'one' comes twice"},   {"x", 1, "two", "'x' is no column with categories"},
        {"q", 1, "two", "'q' is no column with categories"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct value *meta = value_map(a), *values = value_array(a);
        value_push(a, values, value_string(a, wrong[i].value));
        value_set(a, meta, "column", value_string(a, wrong[i].column));
        value_set(a, meta, "first", value_uint(a, wrong[i].first));
        value_set(a, meta, "values", values);
        bad_frame(f, "dict", meta, 0, NULL, wrong[i].why);
    }
}

/* Frames of unknown kinds are kept until rows come: their metas count, too, so that they cannot fill the memory. */
static void
unknown_frames_are_bounded(void **state)
{
    struct fixture *f = *state;
    struct error error;
    enum { FRAMES = 20, STRING = 1 << 20 };
    char *text = mem_alloc(STRING), hex[33];
    memset(text, 'x', STRING - 1);
    text[STRING - 1] = '\0';
    struct value *meta = value_map(&f->arena);
    value_set(&f->arena, meta, "text", value_string(&f->arena, text));
    free(text);
    struct output output = create(f->path[0]);
    struct frame_writer frames;
    frame_writer_open(&frames, &output, 0);
    assert_int_equal(frame_write(&frames, "table", schema_to_value(&f->schema, &f->arena), NULL, 0, 0, &error), 0);
    for (int i = 0; i < FRAMES; i++)
        assert_int_equal(frame_write(&frames, "new", meta, NULL, 0, 0, &error), 0);
    assert_int_equal(frame_write_end(&frames, &error), 0);
    frame_writer_close(&frames);
    close(output.fd);
    const char *path = f->path[0];
    assert_int_equal(read_stream(&path, 1, hex, &error), -1);
    assert_non_null(strstr(error.text, "frames of unknown kinds without rows between them"));
}

/* A batch of the table above without most of its tensors: x and labels, and one text column. */
static struct batch
many_rows(struct fixture *f, uint64_t n, size_t cell_bytes)
{
    for (uint32_t i = 0; i < f->schema.n_columns; i++)
        dict_free(&f->schema.columns[i].dict);
    f->schema.n_columns = 0;
    add_column(f, "a", COLUMN_NUM, ROLE_FEATURE);
    add_column(f, "t", COLUMN_TEXT, ROLE_CARRY);
    add_column(f, "l", COLUMN_NUM, ROLE_LABEL);
    f->schema.task = TASK_REGRESSION;
    schema_count(&f->schema);
    struct batch batch = {.schema = &f->schema, .arena = &f->arena, .n = n, .row = 17, .n_text = 1};
    batch.x = arena_array(&f->arena, n, sizeof *batch.x);
    batch.y = arena_array(&f->arena, n, sizeof *batch.y);
    batch.text = arena_zalloc(&f->arena, 1, sizeof *batch.text);
    batch.text->name = "t";
    batch.text->at = arena_zalloc(&f->arena, n + 1, sizeof *batch.text->at);
    batch.text->bytes = arena_alloc(&f->arena, n * cell_bytes);
    for (uint64_t i = 0; i < n; i++) {
        batch.x[i] = (float) i * 0.25f;
        batch.y[i] = (float) i * 0.5f;
        memset(batch.text->bytes + batch.text->at[i], (int) ('a' + i % 26), cell_bytes - i % 2);
        batch.text->at[i + 1] = batch.text->at[i] + cell_bytes - i % 2;
    }
    return batch;
}

/* Tensors that are copied and tensors that are not, in all neighbourhoods: where they are, and zeros between. */
static void
tensors_stand_where_the_meta_says(void **state)
{
    struct fixture *f = *state;
    static const uint64_t counts[] = {1, 15, 16, 511, 512, 1023, 1024, 1025, 1100, 4097, 20000};
    for (size_t k = 0; k < sizeof counts / sizeof *counts; k++) {
        struct error error;
        struct frame frame;
        struct batch batch = many_rows(f, counts[k], k % 3 + 1);
        const void *expected[] = {batch.x, batch.y, batch.text->at, batch.text->bytes};
        const uint64_t n = batch.n, sizes[] = {4 * n, 4 * n, 8 * (n + 1), batch.text->at[n]};
        struct output output = create(f->path[0]);
        struct stream_writer *writer = stream_writer_open(&output, &f->schema, 0, &error);
        assert_non_null(writer);
        assert_int_equal(stream_write(writer, &batch, &error), 0);
        assert_int_equal(stream_write_end(writer, &error), 0);
        stream_writer_close(writer);
        close(output.fd);
        struct input input;
        assert_int_equal(input_open(&input, f->path[0], &error), 0);
        struct frame_reader *reader = frame_reader_open(&input);
        assert_int_equal(frame_read(reader, &frame, true, &error), 1);
        assert_int_equal(frame_read(reader, &frame, true, &error), 1);
        const struct value *tensors = value_get(frame.meta, "tensors");
        assert_int_equal(tensors->n, 4);
        uint64_t end = 0;
        for (size_t i = 0; i < 4; i++) {
            uint64_t at;
            assert_true(value_get_u64(tensors->items[i], "at", &at));
            assert_int_equal(at, (end + 63) / 64 * 64);
            for (; end < at; end++)
                assert_int_equal(frame.payload[end], 0);
            assert_memory_equal(frame.payload + at, expected[i], sizes[i]);
            end = at + sizes[i];
        }
        assert_int_equal(end, frame.bytes);
        assert_int_equal(frame_read(reader, &frame, true, &error), 1);
        assert_int_equal(frame_read(reader, &frame, true, &error), 0);
        frame_reader_close(reader);
    }
}

/* Above 64 MiB a batch becomes several frames, whose text offsets start at 0 again. */
static void
large_batches_are_cut(void **state)
{
    struct fixture *f = *state;
    enum { ROWS = 7, CELL = 20 << 20 };
    struct error error;
    struct batch batch = many_rows(f, ROWS, CELL), read;
    struct output output = create(f->path[0]);
    struct stream_writer *writer = stream_writer_open(&output, &f->schema, 0, &error);
    assert_non_null(writer);
    assert_int_equal(stream_write(writer, &batch, &error), 0);
    assert_int_equal(stream_write_end(writer, &error), 0);
    stream_writer_close(writer);
    close(output.fd);
    const char *path = f->path[0];
    struct stream_reader *reader = stream_reader_open(&path, 1, &error);
    assert_non_null(reader);
    uint64_t row = 0;
    for (unsigned frames = 0; frames < 2; frames++) {
        assert_int_equal(stream_read(reader, &read, true, &error), 1);
        assert_int_equal(read.n, frames == 0 ? 4 : 3);
        assert_int_equal(read.row, batch.row + row);
        assert_memory_equal(read.x, batch.x + row, read.n * sizeof *read.x);
        assert_memory_equal(read.y, batch.y + row, read.n * sizeof *read.y);
        assert_memory_equal(read.text->bytes, batch.text->bytes + batch.text->at[row], read.text->at[read.n]);
        for (uint64_t i = 0; i <= read.n; i++)
            assert_int_equal(read.text->at[i], batch.text->at[row + i] - batch.text->at[row]);
        row += read.n;
    }
    assert_int_equal(row, ROWS);
    assert_int_equal(stream_read(reader, &read, true, &error), 0);
    stream_reader_close(reader);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(rows_survive_the_round_trip),
        TEST(the_digest_is_of_content),
        TEST(every_cut_and_every_bit_is_noticed),
        TEST(a_live_stream_never_waits_in_vain),
        TEST(streams_are_joined),
        TEST(dictionaries_grow),
        TEST(unknown_frames_pass),
        TEST(hostile_rows_are_refused),
        TEST(hostile_dictionaries_are_refused),
        TEST(unknown_frames_are_bounded),
        TEST(tensors_stand_where_the_meta_says),
        TEST(large_batches_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
