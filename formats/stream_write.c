/* Writing a stream: schemas and batches to table, dict and rows frames. */
#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "stream.h"

/* Where a batch is cut in two, and a dictionary's entries are. */
enum { CUT_PAYLOAD = 64 << 20, CUT_ENTRIES = 1 << 16, CUT_ENTRY_BYTES = 1 << 20, MOST_ENTRY_BYTES = 8 << 20 };
/* Tensors below this are copied together: fewer parts to hash and write. */
enum { COPY_BELOW = 4096, ALIGN = 64 };

struct stream_writer {
    const struct schema *schema;
    struct frame_writer frames;
    uint32_t *sent;  /* [n_columns] dictionary entries written */
    uint8_t *copied; /* what of a payload is not written from where it lies; 64-byte aligned */
    size_t copied_cap;
    struct arena run, frame;
};

/* A tensor of the rows [first, first + n) of a batch: where its bytes are, or offsets that must be rebased. */
struct piece {
    struct tensor tensor; /* data: of the first row */
    bool rebase;          /* offsets of a text column that do not start at 0 */
    size_t at;            /* in the payload */
};

static void
add_piece(struct piece *pieces, uint32_t *n_pieces, const char *name, enum dtype dtype, const void *data,
          uint64_t first, uint64_t n, uint64_t width)
{
    if (data == NULL)
        return;
    struct piece *piece = &pieces[(*n_pieces)++];
    *piece = (struct piece){.tensor = {.name = name, .dtype = dtype, .rank = 1, .shape = {n, width}}};
    size_t row_bytes = dtype_size(dtype) * (width == 0 ? 1 : width);
    piece->tensor.rank = width == 0 ? 1 : 2;
    piece->tensor.bytes = n * row_bytes;
    piece->tensor.data = (char *) data + first * row_bytes;
}

static bool
consecutive(const uint64_t *rowno, uint64_t n)
{
    for (uint64_t i = 1; i < n; i++)
        if (rowno[i] != rowno[0] + i)
            return false;
    return true;
}

/* The tensors of some rows in the order of cl-frames.5. pieces: [10 + 2 n_text + n_other]. Returns their number. */
static uint32_t
list_pieces(const struct batch *batch, uint64_t first, uint64_t n, struct piece *pieces, struct arena *arena)
{
    const struct schema *schema = batch->schema;
    uint32_t n_pieces = 0;
    const uint64_t *rowno = batch->rowno == NULL || consecutive(batch->rowno + first, n) ? NULL : batch->rowno;
    add_piece(pieces, &n_pieces, "x", DTYPE_F32, batch->x, first, n, schema->n_x);
    add_piece(pieces, &n_pieces, "c", DTYPE_U32, batch->c, first, n, schema->n_c);
    add_piece(pieces, &n_pieces, "y", DTYPE_F32, batch->y, first, n, schema->n_y);
    add_piece(pieces, &n_pieces, "y", DTYPE_U32, batch->label, first, n, schema->n_y);
    add_piece(pieces, &n_pieces, "w", DTYPE_F32, batch->w, first, n, 0);
    add_piece(pieces, &n_pieces, "split", DTYPE_U8, batch->split, first, n, 0);
    add_piece(pieces, &n_pieces, "rowno", DTYPE_U64, rowno, first, n, 0);
    add_piece(pieces, &n_pieces, "time", DTYPE_I64, batch->time, first, n, 0);
    add_piece(pieces, &n_pieces, "group", DTYPE_U64, batch->group, first, n, 0);
    add_piece(pieces, &n_pieces, "id", DTYPE_U64, batch->id, first, n, 0);
    for (uint32_t j = 0; j < batch->n_text; j++) {
        const struct text_cells *text = &batch->text[j];
        uint64_t from = text->at[first], bytes = text->at[first + n] - from;
        add_piece(pieces, &n_pieces, arena_printf(arena, "text.%s.at", text->name), DTYPE_U64, text->at, first, n + 1,
                  0);
        pieces[n_pieces - 1].rebase = from > 0;
        add_piece(pieces, &n_pieces, arena_printf(arena, "text.%s", text->name), DTYPE_U8,
                  text->bytes == NULL ? "" : text->bytes, from, bytes, 0);
    }
    for (uint32_t j = 0; j < batch->n_other; j++) {
        struct piece *piece = &pieces[n_pieces++];
        *piece = (struct piece){.tensor = batch->other[j]};
        size_t row_bytes = piece->tensor.bytes / batch->n;
        piece->tensor.shape[0] = n;
        piece->tensor.bytes = n * row_bytes;
        piece->tensor.data = (char *) piece->tensor.data + first * row_bytes;
    }
    return n_pieces;
}

/* Bytes of a row beside its text, with 64 for alignment where it matters: when one row is a frame. */
static size_t
fixed_row_bytes(const struct batch *batch)
{
    size_t bytes = 4 * ((size_t) batch->schema->n_x + batch->schema->n_c + batch->schema->n_y) + 64;
    bytes += 8 * (size_t) batch->n_text;
    for (uint32_t j = 0; j < batch->n_other; j++)
        bytes += batch->other[j].bytes / batch->n;
    return bytes;
}

/* How many rows from `first` on go into one frame: at least 1. */
static uint64_t
rows_of_frame(const struct batch *batch, uint64_t first)
{
    size_t fixed = fixed_row_bytes(batch), bytes = 0;
    if (batch->n_text == 0) {
        uint64_t n = CUT_PAYLOAD / fixed;
        return n == 0 ? 1 : n < batch->n - first ? n : batch->n - first;
    }
    uint64_t i = first;
    do {
        bytes += fixed;
        for (uint32_t j = 0; j < batch->n_text; j++)
            bytes += batch->text[j].at[i + 1] - batch->text[j].at[i];
        i++;
    } while (i < batch->n && bytes < CUT_PAYLOAD);
    return i - first;
}

static struct value *
piece_to_value(const struct piece *piece, struct arena *arena)
{
    struct value *map = value_map(arena), *shape = value_array(arena);
    for (unsigned i = 0; i < piece->tensor.rank; i++)
        value_push(arena, shape, value_uint(arena, piece->tensor.shape[i]));
    value_set(arena, map, "name", value_string(arena, piece->tensor.name));
    value_set(arena, map, "dtype", value_string(arena, dtype_name(piece->tensor.dtype)));
    value_set(arena, map, "shape", shape);
    value_set(arena, map, "at", value_uint(arena, piece->at));
    return map;
}

/* The payload of a frame while it is put together: parts that lie one after the other in writer->copied are one. */
struct payload {
    struct iovec *parts;
    size_t n_parts;
    uint8_t *to; /* the next byte of writer->copied */
    size_t bytes;
};

/* Appends n bytes of writer->copied and returns them, to be filled in. */
static uint8_t *
append_copied(struct payload *payload, size_t n)
{
    uint8_t *to = payload->to;
    if (n == 0)
        return to;
    struct iovec *last = payload->n_parts > 0 ? &payload->parts[payload->n_parts - 1] : NULL;
    if (last != NULL && (uint8_t *) last->iov_base + last->iov_len == to)
        last->iov_len += n;
    else
        payload->parts[payload->n_parts++] = (struct iovec){.iov_base = to, .iov_len = n};
    payload->to += n;
    payload->bytes += n;
    return to;
}

static bool
is_copied(const struct piece *piece)
{
    return piece->rebase || piece->tensor.bytes < COPY_BELOW;
}

static void
append_piece(struct payload *payload, const struct piece *piece)
{
    const struct tensor *tensor = &piece->tensor;
    size_t gap = piece->at - payload->bytes;
    memset(append_copied(payload, gap), 0, gap);
    if (piece->rebase) {
        const uint64_t *from = tensor->data;
        uint8_t *to = append_copied(payload, tensor->bytes);
        for (uint64_t i = 0; i < tensor->shape[0]; i++) {
            uint64_t at = from[i] - from[0];
            memcpy(to + i * sizeof at, &at, sizeof at);
        }
    } else if (is_copied(piece)) {
        if (tensor->bytes > 0)
            memcpy(append_copied(payload, tensor->bytes), tensor->data, tensor->bytes);
    } else {
        payload->parts[payload->n_parts++] = (struct iovec){.iov_base = tensor->data, .iov_len = tensor->bytes};
        payload->bytes += tensor->bytes;
    }
}

/* The tensors as parts, with zeros between. */
static struct payload
assemble(struct stream_writer *writer, const struct piece *pieces, uint32_t n_pieces)
{
    size_t copied = 0;
    for (uint32_t i = 0; i < n_pieces; i++)
        copied += ALIGN + (is_copied(&pieces[i]) ? pieces[i].tensor.bytes : 0);
    mem_grow_aligned(&writer->copied, &writer->copied_cap, copied, 0);
    struct payload payload = {.parts = arena_array(&writer->frame, 2 * (size_t) n_pieces, sizeof *payload.parts),
                              .to = writer->copied};
    for (uint32_t i = 0; i < n_pieces; i++)
        append_piece(&payload, &pieces[i]);
    return payload;
}

static int
write_rows(struct stream_writer *writer, const struct batch *batch, uint64_t first, uint64_t n, struct error *error)
{
    struct arena *arena = &writer->frame;
    uint64_t row = batch_rowno(batch, first);
    struct piece *pieces = arena_array(arena, 10 + 2 * (size_t) batch->n_text + batch->n_other, sizeof *pieces);
    uint32_t n_pieces = list_pieces(batch, first, n, pieces, arena);
    struct value *meta = value_map(arena), *tensors = value_array(arena);
    size_t bytes = 0;
    for (uint32_t i = 0; i < n_pieces; i++) {
        pieces[i].at = (bytes + ALIGN - 1) & ~(size_t) (ALIGN - 1);
        bytes = pieces[i].at + pieces[i].tensor.bytes;
        value_push(arena, tensors, piece_to_value(&pieces[i], arena));
    }
    if (bytes > FRAME_MAX_PAYLOAD)
        return error_set(error, STATUS_DATA, "record %llu takes %zu bytes; a frame holds at most 1 GiB",
                         (unsigned long long) row, bytes);
    struct payload payload = assemble(writer, pieces, n_pieces);
    value_set(arena, meta, "n", value_uint(arena, n));
    value_set(arena, meta, "row", value_uint(arena, row));
    value_set(arena, meta, "tensors", tensors);
    int result = frame_write_parts(&writer->frames, "rows", meta, payload.parts, payload.n_parts, 0, error);
    arena_reset(arena);
    return result;
}

int
stream_write_dict(struct frame_writer *frames, const struct column *column, uint32_t *sent, struct arena *arena,
                  struct error *error)
{
    const struct dict *dict = &column->dict;
    while (*sent < dict->n) {
        struct value *meta = value_map(arena), *values = value_array(arena);
        size_t bytes = 0;
        uint32_t i = *sent;
        for (; i < dict->n && values->n < CUT_ENTRIES && bytes < CUT_ENTRY_BYTES; i++) {
            char quoted[128];
            if (dict->lengths[i] > MOST_ENTRY_BYTES)
                return error_set(error, STATUS_DATA, "column '%s': a category of %u bytes; it can have at most 8 MiB",
                                 error_quote(quoted, sizeof quoted, column->name, strlen(column->name), 60),
                                 dict->lengths[i]);
            bytes += dict->lengths[i];
            value_push(arena, values, value_string_n(arena, dict->values[i], dict->lengths[i]));
        }
        value_set(arena, meta, "column", value_string(arena, column->name));
        value_set(arena, meta, "first", value_uint(arena, (uint64_t) *sent + 1));
        value_set(arena, meta, "values", values);
        if (frame_write(frames, "dict", meta, NULL, 0, 0, error) < 0)
            return -1;
        *sent = i;
        arena_reset(arena);
    }
    return 0;
}

/* Entries that came since the last call, before the rows that use them. */
static int
write_dicts(struct stream_writer *writer, struct error *error)
{
    for (uint32_t i = 0; i < writer->schema->n_columns; i++) {
        const struct column *column = &writer->schema->columns[i];
        if (writer->sent[i] < column->dict.n && column_has_dict(column) &&
            stream_write_dict(&writer->frames, column, &writer->sent[i], &writer->frame, error) < 0)
            return -1;
    }
    return 0;
}

static int
write_table(struct stream_writer *writer, struct error *error)
{
    uint32_t n_text = 0;
    for (uint32_t i = 0; i < writer->schema->n_columns; i++)
        n_text += column_is_text(&writer->schema->columns[i]);
    if (n_text > STREAM_MAX_TEXT)
        return error_set(error, STATUS_DATA, "%u text and carried columns are more than a stream can hold (%d)", n_text,
                         STREAM_MAX_TEXT);
    int result =
        frame_write(&writer->frames, "table", schema_to_value(writer->schema, &writer->frame), NULL, 0, 0, error);
    arena_reset(&writer->frame);
    if (result < 0 && error->status == STATUS_DATA)
        return error_set(error, STATUS_DATA,
                         "names and transforms of %" PRIu32 " columns are more than a stream can hold (16 MiB)",
                         writer->schema->n_columns);
    return result < 0 ? -1 : write_dicts(writer, error);
}

struct stream_writer *
stream_writer_open(struct output *output, const struct schema *schema, int level, struct error *error)
{
    struct stream_writer *writer = mem_zalloc(1, sizeof *writer);
    writer->schema = schema;
    frame_writer_open(&writer->frames, output, level);
    writer->sent = arena_zalloc(&writer->run, schema->n_columns, sizeof *writer->sent);
    if (write_table(writer, error) == 0)
        return writer;
    stream_writer_close(writer);
    return NULL;
}

void
stream_writer_private(struct stream_writer *writer)
{
    writer->frames.unchecked = true;
}

int
stream_write(struct stream_writer *writer, const struct batch *batch, struct error *error)
{
    const struct schema *schema = batch->schema;
    assert(schema->n_columns == writer->schema->n_columns && schema->n_x == writer->schema->n_x &&
           schema->n_c == writer->schema->n_c && schema->n_y == writer->schema->n_y);
    assert(batch->n == 0 || ((batch->x != NULL) == (schema->n_x > 0) && (batch->c != NULL) == (schema->n_c > 0)));
    assert(batch->n == 0 || (batch->y != NULL || batch->label != NULL) == (schema->n_y > 0));
    if (write_dicts(writer, error) < 0)
        return -1;
    for (uint64_t first = 0; first < batch->n;) {
        uint64_t n = rows_of_frame(batch, first);
        if (write_rows(writer, batch, first, n, error) < 0)
            return -1;
        first += n;
    }
    return 0;
}

int
stream_write_unknown(struct stream_writer *writer, const struct frame *frame, struct error *error)
{
    struct value *meta = value_copy(&writer->frame, frame->meta);
    int result = frame_write(&writer->frames, frame->kind, meta, frame->payload, frame->bytes, 0, error);
    arena_reset(&writer->frame);
    return result;
}

int
stream_write_end(struct stream_writer *writer, struct error *error)
{
    if (write_dicts(writer, error) < 0)
        return -1;
    return frame_write_end(&writer->frames, error);
}

void
stream_writer_close(struct stream_writer *writer)
{
    if (writer == NULL)
        return;
    frame_writer_close(&writer->frames);
    free(writer->copied);
    arena_free(&writer->frame);
    arena_free(&writer->run);
    free(writer);
}
