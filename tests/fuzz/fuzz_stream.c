/*
 * The stream reader on any bytes. What it gives must hold: codes in their dictionaries, text inside its bytes. A stream
 * that is read to its end and written again, one row a frame, has the same content.
 *
 * The frames that can be read are also sealed with a right end frame and read again, so that bytes which only break
 * the checksum of the end do not hide what comes after them.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool holds)
{
    if (!holds)
        abort();
}

static int
memory_file(void)
{
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    must(fd >= 0);
    return fd;
}

static struct input
input_of(int fd)
{
    off_t size = lseek(fd, 0, SEEK_END);
    must(lseek(fd, 0, SEEK_SET) == 0);
    return (struct input){.fd = dup(fd), .name = "input", .regular = true, .size = (uint64_t) size};
}

static struct stream_reader *
reader_of(int fd, struct error *error)
{
    struct input input = input_of(fd);
    struct frame_reader *frames = frame_reader_open(&input);
    struct frame first;
    if (frame_read(frames, &first, true, error) == 1)
        return stream_reader_resume(frames, &first, "input", NULL, 0, error);
    frame_reader_close(frames);
    return NULL;
}

static void
check_batch(const struct batch *batch)
{
    const struct schema *schema = batch->schema;
    must(batch->n > 0);
    for (uint64_t i = 0; batch->c != NULL && i < batch->n * schema->n_c; i++)
        must(batch->c[i] <= schema_c(schema, (uint32_t) (i % schema->n_c))->dict.n);
    for (uint64_t i = 0; batch->label != NULL && i < batch->n * schema->n_y; i++)
        must(batch->label[i] <= schema_y(schema, (uint32_t) (i % schema->n_y))->dict.n);
    unsigned sum = 0;
    for (uint32_t j = 0; j < batch->n_text; j++)
        for (uint64_t i = 0; i < batch->text[j].at[batch->n]; i++)
            sum += (unsigned char) batch->text[j].bytes[i];
    must(sum < UINT32_MAX);
}

/* Reads all, copies to `to` one row a frame unless it is -1. False when the stream was refused. */
static bool
read_all(int fd, int to, char hex[33])
{
    struct error error = {0};
    struct stream_reader *reader = reader_of(fd, &error);
    if (reader == NULL) {
        must(error.status == STATUS_DATA && error.text[0] != '\0');
        return false;
    }
    struct schema *schema = stream_reader_schema(reader);
    struct output output = {.fd = to, .path = "copy"};
    struct stream_writer *writer = to < 0 ? NULL : stream_writer_open(&output, schema, 1, &error);
    struct stream_digest *digest = stream_digest_open();
    struct batch batch;
    struct arena arena = {0};
    int got;
    while ((got = stream_read(reader, &batch, true, &error)) == 1) {
        check_batch(&batch);
        stream_digest_rows(digest, &batch);
        uint8_t *keep = arena_zalloc(&arena, batch.n, 1);
        for (uint64_t i = 0; writer != NULL && i < batch.n; i++) {
            struct batch row;
            keep[i] = 1;
            batch_filter(&row, &batch, keep, &arena);
            keep[i] = 0;
            must(stream_write(writer, &row, &error) == 0);
        }
        arena_reset(&arena);
    }
    stream_digest_close(digest, schema, hex);
    must(got == 0 || (error.status == STATUS_DATA && error.text[0] != '\0'));
    must(writer == NULL || stream_write_end(writer, &error) == 0);
    stream_writer_close(writer);
    stream_reader_close(reader);
    arena_free(&arena);
    return got == 0;
}

/* The frames up to the first that cannot be read, and an end. */
static int
seal(int fd)
{
    struct input input = input_of(fd);
    struct output output = {.fd = memory_file(), .path = "sealed"};
    struct frame_reader *reader = frame_reader_open(&input);
    struct frame_writer writer;
    struct frame frame;
    struct error error;
    frame_writer_open(&writer, &output, 0);
    while (frame_read(reader, &frame, true, &error) == 1)
        if (strcmp(frame.kind, "end") != 0)
            must(frame_write(&writer, frame.kind, frame.meta, frame.payload, frame.bytes, 0, &error) == 0);
    must(frame_write_end(&writer, &error) == 0);
    frame_writer_close(&writer);
    frame_reader_close(reader);
    return output.fd;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char hex[33], again[33];
    int fd = memory_file();
    must(write(fd, data, size) == (ssize_t) size);
    int sealed = seal(fd), copy = memory_file();
    read_all(fd, -1, hex);
    if (read_all(sealed, copy, hex)) {
        must(read_all(copy, -1, again));
        must(strcmp(hex, again) == 0);
    }
    close(fd);
    close(sealed);
    close(copy);
    return 0;
}
