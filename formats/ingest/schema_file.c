#include "schema_file.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "frame.h"
#include "json_read.h"
#include "memory.h"
#include "stream.h"
#include "tally.h"

static int
read_json(struct schema *schema, struct schema_reading *reading, struct input *input, struct error *error)
{
    char *text = NULL;
    size_t n = 0, cap = 0;
    ssize_t got;
    do {
        mem_grow(&text, &cap, n + 65536, 1);
        got = input_read(input, text + n, cap - n, true, error);
        n += got > 0 ? (size_t) got : 0;
    } while (got > 0 && n <= JSON_BYTES_MOST);
    int result = got < 0 ? -1 : schema_from_json(schema, reading, text, n, input->name, error);
    free(text);
    return result;
}

/* Takes over the input. */
static int
read_stream(struct schema *schema, struct input *input, struct error *error)
{
    struct frame first;
    struct batch batch;
    struct tally tally;
    const char *name = input->name;
    struct frame_reader *frames = frame_reader_open(input);
    if (frame_read(frames, &first, true, error) < 0) {
        frame_reader_close(frames);
        return -1;
    }
    struct stream_reader *reader = stream_reader_resume(frames, &first, name, NULL, 0, error);
    if (reader == NULL)
        return -1;
    const struct schema *from = stream_reader_schema(reader);
    tally_open(&tally, from->n_x, from->n_c);
    int got;
    while ((got = stream_read(reader, &batch, true, error)) > 0)
        tally_add(&tally, &batch, true);
    if (got == 0) {
        schema_copy(schema, from);
        schema->model[0] = '\0';
        if (schema->n_transforms == 0 && tally.rows > 0)
            schema->profile = profile_make(&tally, schema, &schema->arena);
    }
    tally_close(&tally);
    stream_reader_close(reader);
    return got;
}

int
schema_file_read(struct schema *schema, struct schema_reading *reading, const char *path, struct error *error)
{
    struct input input;
    uint8_t first;
    *reading = (struct schema_reading){0};
    if (input_open(&input, path, error) < 0)
        return -1;
    ssize_t got = input_read(&input, &first, 1, true, error);
    int result = -1;
    if (got == 0)
        error_set(error, STATUS_DATA, "%s is empty, no schema", input.name);
    if (got > 0) {
        input_push(&input, &first, 1);
        if (first == 0x93)
            result = read_stream(schema, &input, error);
        else if (first != 0 && strchr("{[ \t\r\n\xef", first) != NULL)
            result = read_json(schema, reading, &input, error);
        else
            error_set(error, STATUS_DATA,
                      "%s is no schema: neither JSON in braces nor a cl stream (cl-ingest --write-schema makes one)",
                      input.name);
    }
    if (input.fd >= 0)
        input_close(&input);
    return result;
}

int
schema_file_write(const struct schema *schema, const struct schema_reading *reading, const char *path,
                  struct error *error)
{
    struct output output;
    struct text text = {0};
    int result = schema_to_json(&text, schema, reading, error);
    if (result == 0)
        result = output_open(&output, path, false, error);
    if (result == 0 && (output_write(&output, text.bytes, text.n, error) < 0 || output_commit(&output, error) < 0)) {
        output_abandon(&output);
        result = -1;
    }
    free(text.bytes);
    return result;
}
