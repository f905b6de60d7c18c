/*
 * The frame reader on any bytes, as a file and, one frame later, without waiting. A stream that is read to its end
 * must come out the same after it was written again, raw and compressed.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool holds)
{
    if (!holds)
        abort();
}

static struct frame_reader *
reader_of(int fd, uint64_t size)
{
    struct input input = {.fd = fd, .name = "input", .regular = true, .size = size};
    must(lseek(fd, 0, SEEK_SET) == 0);
    return frame_reader_open(&input);
}

static int
memory_file(void)
{
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    must(fd >= 0);
    return fd;
}

/* Copies a stream that is known to be whole through reader and writer. Returns the new file. */
static int
copy_stream(int fd, uint64_t size, int level, unsigned shuffle)
{
    struct output output = {.fd = memory_file(), .path = "copy"};
    struct frame_reader *reader = reader_of(fd, size);
    struct frame_writer writer;
    struct frame frame;
    struct error error;
    int status;
    frame_writer_open(&writer, &output, level);
    while ((status = frame_read(reader, &frame, true, &error)) == 1) {
        must(frame.bytes == 0 || (uintptr_t) frame.payload % 64 == 0);
        if (strcmp(frame.kind, "end") == 0)
            must(frame_write_end(&writer, &error) == 0);
        else
            must(frame_write(&writer, frame.kind, frame.meta, frame.payload, frame.bytes, shuffle, &error) == 0);
    }
    must(status == 0);
    frame_reader_close(reader);
    frame_writer_close(&writer);
    return output.fd;
}

static void
same_frames(int a, uint64_t a_size, int b, uint64_t b_size)
{
    struct frame_reader *x = reader_of(a, a_size), *y = reader_of(b, b_size);
    struct frame f, g;
    struct error error;
    int status;
    do {
        status = frame_read(x, &f, true, &error);
        must(status >= 0 && frame_read(y, &g, true, &error) == status);
        if (status == 1) {
            must(strcmp(f.kind, g.kind) == 0 && f.bytes == g.bytes);
            must(f.bytes == 0 || memcmp(f.payload, g.payload, f.bytes) == 0);
        }
    } while (status == 1);
    frame_reader_close(x);
    frame_reader_close(y);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int fd = memory_file();
    must(write(fd, data, size) == (ssize_t) size);
    struct frame_reader *reader = reader_of(dup(fd), size);
    struct frame frame;
    struct error error = {0};
    int status;
    bool wait = true;
    while ((status = frame_read(reader, &frame, wait, &error)) == 1)
        wait = !wait;
    must(status == 0 || (status == -1 && error.status == STATUS_DATA && error.text[0] != '\0'));
    frame_reader_close(reader);
    if (status == 0) {
        int raw = copy_stream(dup(fd), size, 0, 0);
        uint64_t raw_size = (uint64_t) lseek(raw, 0, SEEK_END);
        int packed = copy_stream(dup(raw), raw_size, 1, 4);
        uint64_t packed_size = (uint64_t) lseek(packed, 0, SEEK_END);
        same_frames(raw, raw_size, packed, packed_size); /* closes both */
    }
    close(fd);
    return 0;
}
