/* Reading a stream: table, dict and rows frames to schemas and batches. Nothing in a frame is believed unchecked. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "stream.h"

/* Beyond these it is an attack or a mistake. */
enum { MAX_OTHER = 256 };
/* What an unknown frame is counted with: a byte of MessagePack can become a struct value and two pointers to it. */
enum { UNKNOWN_META_FACTOR = 64, UNKNOWN_FRAME_BYTES = 4096 };
#define MAX_DICT_BYTES (UINT64_C(1) << 30)

/* Codes of one column in the stream being read, which is not the first, to codes of the reader's schema. */
struct code_map {
    uint32_t *codes; /* [n + 1], codes[0] = 0 */
    uint32_t n;
    size_t cap;
    bool moved;    /* some code differs */
    uint8_t *used; /* [cap_used], by codes of the schema: an entry of the stream has it */
    size_t cap_used;
};

struct unknown {
    struct frame frame;
    struct unknown *next;
};

struct stream_reader {
    char **paths;
    size_t n_paths, next_path;
    struct input input;
    struct frame_reader *frames;
    const char *name;
    struct schema schema;
    uint32_t *text_place; /* [n_columns] place among the text columns + 1, or 0 */
    uint32_t n_text;
    bool has_role[ROLE_COUNT];

    bool first;            /* the stream being read is the first */
    bool inside;           /* between `table` and `end` */
    struct code_map *maps; /* [n_columns], used when not first */
    uint64_t dict_bytes;
    uint64_t base, next;   /* added to record numbers; one past the largest one seen */
    uint64_t frame_number; /* within the input, for messages */
    uint64_t rows;

    struct tensor *other; /* what the first rows frame had of unknown tensors: later ones must have the same */
    uint32_t n_other;
    bool other_known;

    struct arena run, batch; /* lifetimes: the reader, the batch */
    struct arena pending;    /* unknown frames */
    struct unknown *unknown, **unknown_end;
    uint64_t unknown_bytes;
    bool returned_batch;
};

/* Puts the place before a sentence that is about the frame just read. Returns -1. */
static int
at_frame(const struct stream_reader *reader, const char *kind, struct error *error)
{
    char quoted[64];
    return error_prefix(error, "%s: frame %llu (%s)", reader->name, (unsigned long long) reader->frame_number,
                        error_quote(quoted, sizeof quoted, kind, strlen(kind), 24));
}

/* Dictionaries */

static int
check_dict_meta(const struct stream_reader *reader, const struct value *meta, struct column **column,
                const struct value **values, struct error *error)
{
    const char *name = value_get_string(meta, "column");
    int index = name == NULL ? -1 : schema_find(&reader->schema, name);
    char quoted[128];
    if (name == NULL)
        return error_set(error, STATUS_DATA, "it does not say which column it is of");
    error_quote(quoted, sizeof quoted, name, strlen(name), 60);
    if (index < 0 || !column_has_dict(&reader->schema.columns[index]))
        return error_set(error, STATUS_DATA, "'%s' is no column with categories", quoted);
    *column = &reader->schema.columns[index];
    *values = value_get(meta, "values");
    if (*values == NULL || (*values)->kind != VALUE_ARRAY)
        return error_set(error, STATUS_DATA, "column '%s': no array 'values'", quoted);
    uint32_t have = reader->first ? (*column)->dict.n : reader->maps[index].n;
    uint64_t code;
    if (!value_get_u64(meta, "first", &code) || code != (uint64_t) have + 1)
        return error_set(error, STATUS_DATA, "column '%s': its first code is not %u, the next one", quoted, have + 1);
    if ((*values)->n > DICT_MAX - (*column)->dict.n || (*values)->n > DICT_MAX - have)
        return error_set(error, STATUS_DATA, "column '%s' has more than %d categories", quoted, DICT_MAX);
    return 0;
}

/* False when the stream has had an entry with this code. */
static bool
map_add(struct code_map *map, uint32_t code)
{
    size_t before = map->cap_used;
    mem_grow(&map->used, &map->cap_used, (size_t) code + 1, 1);
    memset(map->used + before, 0, map->cap_used - before);
    if (map->used[code])
        return false;
    map->used[code] = 1;
    mem_grow(&map->codes, &map->cap, (size_t) map->n + 2, sizeof *map->codes);
    map->codes[0] = 0;
    map->codes[++map->n] = code;
    map->moved |= code != map->n;
    return true;
}

/* Nothing has come of the dictionary of a new stream. */
static void
map_reset(struct code_map *map)
{
    map->n = 0;
    map->moved = false;
    if (map->cap_used > 0)
        memset(map->used, 0, map->cap_used);
}

static int
take_dict(struct stream_reader *reader, const struct frame *frame, struct error *error)
{
    struct column *column = NULL;
    const struct value *values = NULL;
    if (check_dict_meta(reader, frame->meta, &column, &values, error) < 0)
        return at_frame(reader, frame->kind, error);
    for (size_t i = 0; i < values->n; i++) {
        const struct value *entry = values->items[i];
        char quoted[128];
        if (entry->kind != VALUE_STRING) {
            error_set(error, STATUS_DATA, "an entry is no string");
            return at_frame(reader, frame->kind, error);
        }
        uint32_t before = column->dict.n, code = dict_add(&column->dict, entry->bytes, entry->n);
        if (code > before)
            reader->dict_bytes += entry->n;
        bool fresh = reader->first ? code > before : map_add(&reader->maps[column - reader->schema.columns], code);
        if (!fresh) {
            error_set(error, STATUS_DATA, "the category '%s' comes twice",
                      error_quote(quoted, sizeof quoted, entry->bytes, entry->n, 60));
            return at_frame(reader, frame->kind, error);
        }
        if (reader->dict_bytes > MAX_DICT_BYTES) {
            error_set(error, STATUS_DATA, "the categories' names take more than 1 GiB");
            return at_frame(reader, frame->kind, error);
        }
    }
    return 0;
}

/* Rows */

/* The payload of a rows frame while it is being taken apart. */
struct parse {
    const struct stream_reader *reader;
    const struct frame *frame;
    struct batch *batch;
    uint64_t *text_bytes; /* [n_text] length of each bytes tensor */
    uint32_t text_column; /* where the column of the next text tensor is looked for first */
    uint64_t end;         /* of the tensors so far, in the payload */
};

static int
parse_shape(const struct value *shape, struct tensor *tensor)
{
    if (shape == NULL || shape->kind != VALUE_ARRAY || shape->n < 1 || shape->n > TENSOR_MAX_RANK)
        return -1;
    tensor->rank = (unsigned) shape->n;
    for (unsigned i = 0; i < tensor->rank; i++)
        if (!value_to_u64(shape->items[i], &tensor->shape[i]))
            return -1;
    return tensor_bytes(tensor, &tensor->bytes) ? 0 : -1;
}

/* Name, dtype, shape and place of the next tensor of the payload. */
static int
parse_tensor(struct parse *parse, const struct value *map, struct tensor *tensor, struct error *error)
{
    const struct value *name = value_get(map, "name");
    const char *dtype = value_get_string(map, "dtype");
    uint64_t at;
    char quoted[128];
    *tensor = (struct tensor){0};
    if (name == NULL || name->kind != VALUE_STRING || memchr(name->bytes, '\0', name->n) != NULL)
        return error_set(error, STATUS_DATA, "a tensor has no name");
    tensor->name = name->bytes;
    error_quote(quoted, sizeof quoted, name->bytes, name->n, 60);
    if (dtype == NULL || !dtype_parse(dtype, &tensor->dtype))
        return error_set(error, STATUS_DATA, "tensor '%s' has no dtype that this version knows", quoted);
    if (parse_shape(value_get(map, "shape"), tensor) < 0)
        return error_set(error, STATUS_DATA, "tensor '%s' has no shape of 1 to %d sensible numbers", quoted,
                         TENSOR_MAX_RANK);
    if (!value_get_u64(map, "at", &at) || at % 64 != 0 || at < parse->end || at > parse->frame->bytes ||
        tensor->bytes > parse->frame->bytes - at)
        return error_set(error, STATUS_DATA,
                         "tensor '%s' is not where it should be in the payload: at a multiple of 64, behind the one "
                         "before, inside",
                         quoted);
    tensor->data = parse->frame->payload + at;
    parse->end = at + tensor->bytes;
    return 0;
}

/* The tensors with one meaning, whatever the table: one value a row. */
static const struct known {
    const char *name;
    enum dtype dtype;
    size_t offset; /* of the pointer in struct batch */
} known_tensors[] = {
    {"w", DTYPE_F32, offsetof(struct batch, w)},         {"split", DTYPE_U8, offsetof(struct batch, split)},
    {"rowno", DTYPE_U64, offsetof(struct batch, rowno)}, {"time", DTYPE_I64, offsetof(struct batch, time)},
    {"group", DTYPE_U64, offsetof(struct batch, group)}, {"id", DTYPE_U64, offsetof(struct batch, id)},
};

/* Puts the data of a tensor at a pointer of the batch, after a check of dtype and shape. */
static int
place(struct batch *batch, size_t offset, const struct tensor *tensor, enum dtype dtype, unsigned rank, uint64_t width,
      struct error *error)
{
    bool fits = tensor->dtype == dtype && tensor->rank == rank && tensor->shape[0] == batch->n;
    if (!fits || (rank == 2 && (tensor->shape[1] != width || width == 0)))
        return error_set(error, STATUS_DATA, "tensor '%s' has not the dtype and the shape that the table asks for",
                         tensor->name);
    void *old;
    memcpy(&old, (char *) batch + offset, sizeof old);
    if (old != NULL)
        return error_set(error, STATUS_DATA, "tensor '%s' comes twice", tensor->name);
    memcpy((char *) batch + offset, &tensor->data, sizeof tensor->data);
    return 0;
}

/* text.NAME (u8) and text.NAME.at (u64): told apart by dtype, so a column may be called "a.at". */
static int
place_text(struct parse *parse, const struct tensor *tensor, struct error *error)
{
    const struct stream_reader *reader = parse->reader;
    struct batch *batch = parse->batch;
    char quoted[128], *name = arena_strdup(batch->arena, tensor->name + strlen("text."));
    size_t length = strlen(name);
    bool offsets = tensor->dtype == DTYPE_U64 && length >= 3 && strcmp(name + length - 3, ".at") == 0;
    if (offsets)
        name[length - 3] = '\0';
    error_quote(quoted, sizeof quoted, tensor->name, strlen(tensor->name), 60);
    /* From the last one found, as writers keep the order of columns. */
    uint32_t n = reader->schema.n_columns, tried = 0, index = parse->text_column;
    while (tried < n && (reader->text_place[index] == 0 || strcmp(reader->schema.columns[index].name, name) != 0)) {
        tried++;
        index = index + 1 < n ? index + 1 : 0;
    }
    bool fits = tensor->rank == 1 && (offsets ? tensor->shape[0] == batch->n + 1 : tensor->dtype == DTYPE_U8);
    if (tried == n || !fits)
        return error_set(error, STATUS_DATA, "tensor '%s' is of no text column, or has another dtype or shape", quoted);
    parse->text_column = index;
    uint32_t j = reader->text_place[index] - 1;
    void *old = offsets ? (void *) batch->text[j].at : batch->text[j].bytes;
    if (old != NULL)
        return error_set(error, STATUS_DATA, "tensor '%s' comes twice", quoted);
    if (offsets) {
        batch->text[j].at = tensor->data;
    } else {
        batch->text[j].bytes = tensor->data;
        parse->text_bytes[j] = tensor->bytes;
    }
    return 0;
}

static int
place_other(struct batch *batch, const struct tensor *tensor, struct error *error)
{
    char quoted[128];
    error_quote(quoted, sizeof quoted, tensor->name, strlen(tensor->name), 60);
    if (tensor->shape[0] != batch->n)
        return error_set(error, STATUS_DATA, "tensor '%s' has %llu rows in a frame of %llu", quoted,
                         (unsigned long long) tensor->shape[0], (unsigned long long) batch->n);
    for (uint32_t i = 0; i < batch->n_other; i++)
        if (strcmp(batch->other[i].name, tensor->name) == 0)
            return error_set(error, STATUS_DATA, "tensor '%s' comes twice", quoted);
    if (batch->n_other == MAX_OTHER)
        return error_set(error, STATUS_DATA, "it has more than %d tensors of unknown names", MAX_OTHER);
    batch->other[batch->n_other++] = *tensor;
    return 0;
}

static int
place_tensor(struct parse *parse, const struct tensor *tensor, struct error *error)
{
    struct batch *batch = parse->batch;
    const struct schema *schema = batch->schema;
    if (strcmp(tensor->name, "x") == 0)
        return place(batch, offsetof(struct batch, x), tensor, DTYPE_F32, 2, schema->n_x, error);
    if (strcmp(tensor->name, "c") == 0)
        return place(batch, offsetof(struct batch, c), tensor, DTYPE_U32, 2, schema->n_c, error);
    if (strcmp(tensor->name, "y") == 0 && schema->task == TASK_CLASS)
        return place(batch, offsetof(struct batch, label), tensor, DTYPE_U32, 2, schema->n_y, error);
    if (strcmp(tensor->name, "y") == 0)
        return place(batch, offsetof(struct batch, y), tensor, DTYPE_F32, 2, schema->n_y, error);
    for (size_t i = 0; i < sizeof known_tensors / sizeof *known_tensors; i++)
        if (strcmp(tensor->name, known_tensors[i].name) == 0)
            return place(batch, known_tensors[i].offset, tensor, known_tensors[i].dtype, 1, 0, error);
    if (strncmp(tensor->name, "text.", 5) == 0)
        return place_text(parse, tensor, error);
    return place_other(batch, tensor, error);
}

/* Every tensor the table asks for is there, and none that it has no column for. */
static int
check_presence(const struct parse *parse, struct error *error)
{
    const struct batch *batch = parse->batch;
    const bool *has = parse->reader->has_role;
    const struct {
        const char *name;
        bool wanted, there;
    } tensors[] = {
        {"x", batch->schema->n_x > 0, batch->x != NULL},
        {"c", batch->schema->n_c > 0, batch->c != NULL},
        {"y", batch->schema->n_y > 0, batch->y != NULL || batch->label != NULL},
        {"w", has[ROLE_WEIGHT], batch->w != NULL},
        {"time", has[ROLE_TIME], batch->time != NULL},
        {"group", has[ROLE_GROUP], batch->group != NULL},
        {"id", has[ROLE_ID], batch->id != NULL},
    };
    for (size_t i = 0; i < sizeof tensors / sizeof *tensors; i++)
        if (tensors[i].wanted != tensors[i].there)
            return error_set(error, STATUS_DATA,
                             tensors[i].wanted ? "the tensor '%s' is missing" : "no column goes with the tensor '%s'",
                             tensors[i].name);
    for (uint32_t j = 0; j < batch->n_text; j++) {
        char quoted[128];
        if (batch->text[j].at == NULL || batch->text[j].bytes == NULL)
            return error_set(error, STATUS_DATA, "the text of column '%s' is missing",
                             error_quote(quoted, sizeof quoted, batch->text[j].name, strlen(batch->text[j].name), 60));
    }
    return 0;
}

static int
check_text(const struct parse *parse, struct error *error)
{
    const struct batch *batch = parse->batch;
    for (uint32_t j = 0; j < batch->n_text; j++) {
        const uint64_t *at = batch->text[j].at;
        bool right = at[0] == 0 && at[batch->n] == parse->text_bytes[j];
        for (uint64_t i = 0; right && i < batch->n; i++)
            right = at[i] <= at[i + 1];
        char quoted[128];
        if (!right)
            return error_set(error, STATUS_DATA, "the offsets of the text of column '%s' are not in order",
                             error_quote(quoted, sizeof quoted, batch->text[j].name, strlen(batch->text[j].name), 60));
    }
    return 0;
}

static int
unknown_code(const struct batch *batch, uint64_t i, const struct column *column, uint32_t code, uint32_t limit,
             struct error *error)
{
    char quoted[128];
    return error_set(error, STATUS_DATA, "record %llu: column '%s' has the code %u, but its dictionary only %u entries",
                     (unsigned long long) batch_rowno(batch, i),
                     error_quote(quoted, sizeof quoted, column->name, strlen(column->name), 60), code, limit);
}

/* Codes [n, k] are in the dictionaries of their columns; in a later stream they become those of the first. */
static int
check_codes(const struct stream_reader *reader, const struct batch *batch, uint32_t *codes, uint32_t k,
            struct column *(*column_of)(const struct schema *, uint32_t), struct error *error)
{
    uint32_t *limits = arena_array(batch->arena, k, sizeof *limits);
    const uint32_t **maps = arena_array(batch->arena, k, sizeof *maps);
    bool moved = false;
    for (uint32_t j = 0; j < k; j++) {
        const struct column *column = column_of(&reader->schema, j);
        const struct code_map *map = reader->first ? NULL : &reader->maps[column - reader->schema.columns];
        limits[j] = map == NULL ? column->dict.n : map->n;
        maps[j] = map != NULL && map->moved ? map->codes : NULL;
        moved |= maps[j] != NULL;
    }
    for (uint64_t i = 0; i < batch->n; i++) {
        uint32_t *row = codes + i * k;
        for (uint32_t j = 0; j < k; j++)
            if (row[j] > limits[j])
                return unknown_code(batch, i, column_of(&reader->schema, j), row[j], limits[j], error);
        for (uint32_t j = 0; moved && j < k; j++)
            if (maps[j] != NULL)
                row[j] = maps[j][row[j]];
    }
    return 0;
}

static int
check_rows(const struct stream_reader *reader, const struct batch *batch, struct error *error)
{
    for (uint64_t i = 0; batch->w != NULL && i < batch->n; i++)
        if (!isfinite(batch->w[i]) || batch->w[i] < 0)
            return error_set(error, STATUS_DATA, "record %llu: the weight %g is not a number from 0",
                             (unsigned long long) batch_rowno(batch, i), (double) batch->w[i]);
    for (uint64_t i = 0; batch->split != NULL && i < batch->n; i++)
        if (batch->split[i] > SPLIT_TEST)
            return error_set(error, STATUS_DATA, "record %llu: the split tag is %u, not 0 to 3",
                             (unsigned long long) batch_rowno(batch, i), batch->split[i]);
    if (batch->c != NULL && check_codes(reader, batch, batch->c, batch->schema->n_c, schema_c, error) < 0)
        return -1;
    if (batch->label != NULL && check_codes(reader, batch, batch->label, batch->schema->n_y, schema_y, error) < 0)
        return -1;
    return 0;
}

/* Record numbers go on over concatenated streams. They stay below 2^63, so that adding cannot overflow. */
static int
number_rows(struct stream_reader *reader, struct batch *batch, struct error *error)
{
    const uint64_t most = UINT64_C(1) << 62;
    uint64_t last = batch->row + (batch->n - 1);
    if (batch->row > most || reader->base > most)
        return error_set(error, STATUS_DATA, "its record numbers are above 2^62");
    batch->row += reader->base;
    if (batch->rowno != NULL)
        last = 0;
    for (uint64_t i = 0; batch->rowno != NULL && i < batch->n; i++) {
        if (batch->rowno[i] > most)
            return error_set(error, STATUS_DATA, "its record numbers are above 2^62");
        last = batch->rowno[i] > last ? batch->rowno[i] : last;
        batch->rowno[i] += reader->base;
    }
    if (reader->base + last + 1 > reader->next)
        reader->next = reader->base + last + 1;
    return 0;
}

/* Unknown tensors are the same in every frame, or the table would not be one. */
static int
check_other(struct stream_reader *reader, const struct batch *batch, struct error *error)
{
    if (!reader->other_known) {
        reader->other_known = true;
        reader->n_other = batch->n_other;
        reader->other = arena_array(&reader->run, batch->n_other, sizeof *reader->other);
        for (uint32_t i = 0; i < batch->n_other; i++) {
            reader->other[i] = batch->other[i];
            reader->other[i].name = arena_strdup(&reader->run, batch->other[i].name);
        }
    }
    bool same = reader->n_other == batch->n_other;
    for (uint32_t i = 0; same && i < batch->n_other; i++) {
        const struct tensor *a = &reader->other[i], *b = &batch->other[i];
        same = strcmp(a->name, b->name) == 0 && a->dtype == b->dtype && a->rank == b->rank &&
               memcmp(a->shape + 1, b->shape + 1, (a->rank - 1) * sizeof *a->shape) == 0;
    }
    if (!same)
        return error_set(error, STATUS_DATA, "its tensors of unknown names are not those of the rows before");
    return 0;
}

/* Fills the batch from a rows frame of at least one row. */
static int
parse_rows(struct stream_reader *reader, const struct frame *frame, struct batch *batch, struct error *error)
{
    const struct value *tensors = value_get(frame->meta, "tensors");
    if (tensors == NULL || tensors->kind != VALUE_ARRAY)
        return error_set(error, STATUS_DATA, "it has no array 'tensors'");
    if (!value_get_u64(frame->meta, "row", &batch->row))
        return error_set(error, STATUS_DATA, "it has no number 'row'");
    if (batch->n > frame->bytes)
        return error_set(error, STATUS_DATA, "it says %llu rows in %zu bytes", (unsigned long long) batch->n,
                         frame->bytes);
    struct parse parse = {
        .reader = reader,
        .frame = frame,
        .batch = batch,
        .text_bytes = arena_zalloc(batch->arena, reader->n_text, sizeof *parse.text_bytes),
    };
    batch->n_text = reader->n_text;
    batch->text = arena_zalloc(batch->arena, reader->n_text, sizeof *batch->text);
    for (uint32_t i = 0; i < reader->schema.n_columns; i++)
        if (reader->text_place[i] != 0)
            batch->text[reader->text_place[i] - 1].name = reader->schema.columns[i].name;
    batch->other = arena_array(batch->arena, tensors->n < MAX_OTHER ? tensors->n : MAX_OTHER, sizeof *batch->other);
    for (size_t i = 0; i < tensors->n; i++) {
        struct tensor tensor;
        if (parse_tensor(&parse, tensors->items[i], &tensor, error) < 0 || place_tensor(&parse, &tensor, error) < 0)
            return -1;
    }
    if (frame->bytes - parse.end >= 64)
        return error_set(error, STATUS_DATA, "its payload is longer than its tensors");
    if (check_presence(&parse, error) < 0 || check_text(&parse, error) < 0 || check_rows(reader, batch, error) < 0 ||
        check_other(reader, batch, error) < 0)
        return -1;
    return number_rows(reader, batch, error);
}

/* 1 when the batch is filled, 0 when the frame has no rows. */
static int
take_rows(struct stream_reader *reader, const struct frame *frame, struct batch *batch, struct error *error)
{
    *batch = (struct batch){.schema = &reader->schema, .arena = &reader->batch};
    if (!value_get_u64(frame->meta, "n", &batch->n)) {
        error_set(error, STATUS_DATA, "it has no number 'n'");
        return at_frame(reader, frame->kind, error);
    }
    if (batch->n == 0)
        return 0;
    if (parse_rows(reader, frame, batch, error) < 0)
        return at_frame(reader, frame->kind, error);
    reader->rows += batch->n;
    return 1;
}

/* Tables, and frames that others may understand */

static int
prepare_table(struct stream_reader *reader, struct error *error)
{
    const struct schema *schema = &reader->schema;
    reader->text_place = arena_zalloc(&reader->run, schema->n_columns, sizeof *reader->text_place);
    reader->maps = arena_zalloc(&reader->run, schema->n_columns, sizeof *reader->maps);
    for (uint32_t i = 0; i < schema->n_columns; i++) {
        if (column_is_text(&schema->columns[i]))
            reader->text_place[i] = ++reader->n_text;
        reader->has_role[schema->columns[i].role] = true;
    }
    if (reader->n_text > STREAM_MAX_TEXT)
        return error_set(error, STATUS_DATA, "it has %u text and carried columns; there can be %d", reader->n_text,
                         STREAM_MAX_TEXT);
    return 0;
}

static int
take_table(struct stream_reader *reader, const struct frame *frame, struct error *error)
{
    struct schema schema = {0};
    int result = 0;
    if (reader->inside) {
        error_set(error, STATUS_DATA, "a table begins before the end frame of the one before");
        return at_frame(reader, frame->kind, error);
    }
    if (schema_from_value(&schema, frame->meta, error) < 0)
        return at_frame(reader, frame->kind, error);
    reader->first = reader->text_place == NULL;
    reader->inside = true;
    reader->base = reader->next;
    if (reader->first) {
        reader->schema = schema;
        result = prepare_table(reader, error);
        return result < 0 ? at_frame(reader, frame->kind, error) : 0;
    }
    for (uint32_t i = 0; i < reader->schema.n_columns; i++)
        map_reset(&reader->maps[i]);
    if (schema_same(&reader->schema, &schema, error) < 0) {
        error_prefix(error, "this table cannot follow the one before");
        result = at_frame(reader, frame->kind, error);
    }
    schema_free(&schema);
    return result;
}

static int
keep_unknown(struct stream_reader *reader, const struct frame *frame, struct error *error)
{
    reader->unknown_bytes += frame->bytes + frame->meta_bytes * UNKNOWN_META_FACTOR + UNKNOWN_FRAME_BYTES;
    if (reader->unknown_bytes > FRAME_MAX_PAYLOAD) {
        error_set(error, STATUS_DATA, "more than 1 GiB of frames of unknown kinds without rows between them");
        return at_frame(reader, frame->kind, error);
    }
    struct unknown *unknown = arena_zalloc(&reader->pending, 1, sizeof *unknown);
    unknown->frame.kind = arena_strdup(&reader->pending, frame->kind);
    unknown->frame.meta = value_copy(&reader->pending, frame->meta);
    unknown->frame.payload = arena_aligned(&reader->pending, frame->bytes);
    unknown->frame.bytes = frame->bytes;
    unknown->frame.checked = frame->checked;
    if (frame->bytes > 0)
        memcpy(unknown->frame.payload, frame->payload, frame->bytes);
    *reader->unknown_end = unknown;
    reader->unknown_end = &unknown->next;
    return 0;
}

static void
drop_unknown(struct stream_reader *reader)
{
    arena_reset(&reader->pending);
    reader->unknown = NULL;
    reader->unknown_end = &reader->unknown;
    reader->unknown_bytes = 0;
}

/* 1 when the frame filled the batch. */
static int
take_frame(struct stream_reader *reader, const struct frame *frame, struct batch *batch, struct error *error)
{
    if (strcmp(frame->kind, "table") == 0)
        return take_table(reader, frame, error);
    if (strcmp(frame->kind, "model") == 0 || strcmp(frame->kind, "tensor") == 0) {
        error_set(error, STATUS_DATA, "a frame of a checkpoint inside a data stream");
        return at_frame(reader, frame->kind, error);
    }
    if (!reader->inside) {
        error_set(error, STATUS_DATA, "after an end frame only a table can follow");
        return at_frame(reader, frame->kind, error);
    }
    if (strcmp(frame->kind, "end") == 0)
        reader->inside = false;
    else if (strcmp(frame->kind, "dict") == 0)
        return take_dict(reader, frame, error);
    else if (strcmp(frame->kind, "rows") == 0)
        return take_rows(reader, frame, batch, error);
    else
        return keep_unknown(reader, frame, error);
    return 0;
}

/* Inputs */

static int
first_is_table(const char *name, const struct frame *frame, struct error *error)
{
    char quoted[64];
    if (strcmp(frame->kind, "table") == 0)
        return 0;
    if (strcmp(frame->kind, "model") == 0)
        return error_set(error, STATUS_DATA,
                         "%s: it is a checkpoint, not a data stream (a model is given with -m; cl-cat shows it)", name);
    return error_set(error, STATUS_DATA, "%s: a stream begins with a table frame, not with '%s'", name,
                     error_quote(quoted, sizeof quoted, frame->kind, strlen(frame->kind), 24));
}

/* The next frame of whichever input has it: as frame_read(), but 0 only after the last input. */
static int
next_frame(struct stream_reader *reader, struct frame *frame, bool wait, struct error *error)
{
    for (;;) {
        if (reader->frames == NULL) {
            if (reader->next_path == reader->n_paths)
                return 0;
            if (input_open(&reader->input, reader->paths[reader->next_path++], error) < 0)
                return -1;
            reader->name = reader->input.name;
            reader->frames = frame_reader_open(&reader->input);
            reader->frame_number = 0;
        }
        int got = frame_read(reader->frames, frame, wait, error);
        if (got == 1 && reader->frame_number++ == 0 && first_is_table(reader->name, frame, error) < 0)
            return -1;
        if (got != 0)
            return got;
        frame_reader_close(reader->frames);
        reader->frames = NULL;
    }
}

static struct stream_reader *
reader_new(const char *const *paths, size_t n_paths)
{
    struct stream_reader *reader = mem_zalloc(1, sizeof *reader);
    reader->unknown_end = &reader->unknown;
    reader->n_paths = n_paths;
    reader->paths = arena_array(&reader->run, n_paths, sizeof *reader->paths);
    for (size_t i = 0; i < n_paths; i++)
        reader->paths[i] = arena_strdup(&reader->run, paths[i]);
    return reader;
}

/* Takes the table frame that opens the stream. */
static struct stream_reader *
reader_begin(struct stream_reader *reader, const struct frame *first, struct error *error)
{
    if (take_table(reader, first, error) == 0)
        return reader;
    stream_reader_close(reader);
    return NULL;
}

struct stream_reader *
stream_reader_open(const char *const *paths, size_t n_paths, struct error *error)
{
    static const char *const standard[] = {"-"};
    struct stream_reader *reader = n_paths == 0 ? reader_new(standard, 1) : reader_new(paths, n_paths);
    struct frame first;
    int got = next_frame(reader, &first, true, error);
    if (got == 1)
        return reader_begin(reader, &first, error);
    if (got == 0)
        error_set(error, STATUS_DATA, "%s: the stream is empty", reader->name);
    stream_reader_close(reader);
    return NULL;
}

struct stream_reader *
stream_reader_resume(struct frame_reader *frames, const struct frame *first, const char *name, const char *const *paths,
                     size_t n_paths, struct error *error)
{
    struct stream_reader *reader = reader_new(paths, n_paths);
    reader->frames = frames;
    reader->name = arena_strdup(&reader->run, name);
    reader->frame_number = 1;
    if (first_is_table(name, first, error) == 0)
        return reader_begin(reader, first, error);
    stream_reader_close(reader);
    return NULL;
}

struct schema *
stream_reader_schema(struct stream_reader *reader)
{
    return &reader->schema;
}

const char *
stream_reader_name(const struct stream_reader *reader)
{
    return reader->name;
}

uint64_t
stream_reader_rows(const struct stream_reader *reader)
{
    return reader->rows;
}

int
stream_read(struct stream_reader *reader, struct batch *batch, bool wait, struct error *error)
{
    /* Unknown frames belong to the batch they came before; after "would block" that batch is still to come. */
    if (reader->returned_batch)
        drop_unknown(reader);
    reader->returned_batch = false;
    arena_reset(&reader->batch);
    for (;;) {
        struct frame frame;
        int got = next_frame(reader, &frame, wait, error);
        if (got != 1)
            return got;
        int filled = take_frame(reader, &frame, batch, error);
        if (filled == 0)
            continue;
        reader->returned_batch = filled == 1;
        return filled;
    }
}

int
stream_reader_wait(struct stream_reader *reader, int timeout_ms, struct error *error)
{
    return reader->frames == NULL ? 1 : frame_reader_wait(reader->frames, timeout_ms, error);
}

const struct frame *
stream_reader_unknown(struct stream_reader *reader)
{
    struct unknown *unknown = reader->unknown;
    if (unknown == NULL)
        return NULL;
    reader->unknown = unknown->next;
    if (reader->unknown == NULL)
        reader->unknown_end = &reader->unknown;
    return &unknown->frame;
}

void
stream_reader_close(struct stream_reader *reader)
{
    if (reader == NULL)
        return;
    if (reader->frames != NULL)
        frame_reader_close(reader->frames);
    for (uint32_t i = 0; reader->maps != NULL && i < reader->schema.n_columns; i++) {
        free(reader->maps[i].codes);
        free(reader->maps[i].used);
    }
    schema_free(&reader->schema);
    arena_free(&reader->pending);
    arena_free(&reader->batch);
    arena_free(&reader->run);
    free(reader);
}
