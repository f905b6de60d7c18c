#include "dataset.h"

#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "memory.h"
#include "rng.h"

enum { FIRST_BYTES = 1 << 16, DOUBLE_BYTES = 64 << 20, PIECE_BYTES = 4 << 20, HOLD_BLOCK = 100 };
/*
 * Arrays of some size live on large pages where the system has them: filling 100 MB takes 7 ms in place of 37. But in a
 * virtual machine that gave its free memory back, a large page is one that the host must find again, 4 KiB at a time:
 * 200 ms. So each is touched by itself, and after one that took too long all the rest are small.
 */
enum { LARGE_PAGE = 2 << 20, LARGE_FROM = 2 * LARGE_PAGE, LARGE_SLOW_NS = 1500000 };

/* ---- growing arrays ---- */

/* Blocks of the file from `from` to `bytes`, so that writing through the mapping cannot fail later. */
static int
array_allocate(int fd, size_t from, size_t bytes, struct error *error)
{
    int failed = posix_fallocate(fd, (off_t) from, (off_t) (bytes - from));
    if (failed != 0)
        return error_set(error, STATUS_SYSTEM, "cannot hold the data in a temporary file of %zu bytes: %s", bytes,
                         strerror(failed));
    return 0;
}

/* From anonymous memory to a file. The pages move one piece at a time, so that they are not held twice. */
static int
array_spill(struct dataset_array *array, struct dataset_memory *memory, size_t bytes, struct error *error)
{
    int fd = memory->spool(error);
    if (fd < 0)
        return -1;
    if (array_allocate(fd, 0, bytes, error) < 0) {
        close(fd);
        return -1;
    }
    char *data = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (data == MAP_FAILED) {
        error_errno(error, "cannot map a temporary file of %zu bytes", bytes);
        close(fd);
        return -1;
    }
    for (size_t at = 0; at < array->used_bytes; at += PIECE_BYTES) {
        size_t left = array->used_bytes - at, n = left < PIECE_BYTES ? left : PIECE_BYTES;
        memcpy(data + at, (char *) array->data + at, n);
        madvise((char *) array->data + at, n, MADV_DONTNEED);
    }
    if (array->data != NULL)
        munmap(array->data, array->mapped_bytes);
    memory->used_bytes -= array->used_bytes;
    array->data = data;
    array->mapped_bytes = bytes;
    array->touched_bytes = 0;
    array->fd = fd;
    return 0;
}

/* Bytes to map so that `need` fit: untouched pages of anonymous memory cost nothing, so small arrays may double. */
static size_t
mapping_for(size_t need)
{
    size_t page = (size_t) sysconf(_SC_PAGESIZE), bytes = FIRST_BYTES;
    while (bytes < need)
        bytes = bytes < DOUBLE_BYTES ? bytes * 2 : bytes + bytes / 8;
    if (bytes >= LARGE_FROM && page < LARGE_PAGE)
        page = LARGE_PAGE;
    return (bytes + page - 1) / page * page;
}

static uint64_t
thread_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (uint64_t) time.tv_sec * 1000000000 + (uint64_t) time.tv_nsec;
}

/* Asks for large pages from the end of the used bytes on. Refused: small pages do as well. */
static void
array_enlarge_pages(struct dataset_array *array, const struct dataset_memory *memory)
{
    if (array->fd >= 0 || array->mapped_bytes < LARGE_FROM || memory->small_pages)
        return;
    if (array->touched_bytes == 0)
        array->touched_bytes = (array->used_bytes + LARGE_PAGE - 1) / LARGE_PAGE * LARGE_PAGE;
    madvise(array->data, array->mapped_bytes, MADV_HUGEPAGE);
}

static void
array_touch(struct dataset_array *array, struct dataset_memory *memory, size_t need)
{
    if (memory->small_pages) {
        madvise(array->data, array->mapped_bytes, MADV_NOHUGEPAGE);
        array->touched_bytes = 0;
    }
    for (; array->touched_bytes != 0 && array->touched_bytes < need; array->touched_bytes += LARGE_PAGE) {
        const uint64_t start = thread_ns();
        ((volatile char *) array->data)[array->touched_bytes] = 0;
        memory->small_pages |= thread_ns() - start > LARGE_SLOW_NS;
    }
}

/* Room for `more` bytes behind the used ones, which then count as used. Returns it, or NULL. */
static void *
array_extend(struct dataset_array *array, struct dataset_memory *memory, size_t more, struct error *error)
{
    size_t need = array->used_bytes + more;
    bool full = memory->limit_bytes > 0 && memory->used_bytes + more > memory->limit_bytes;
    if (array->fd < 0 && full) {
        if (array_spill(array, memory, mapping_for(need), error) < 0)
            return NULL;
    } else if (need > array->mapped_bytes) {
        size_t bytes = mapping_for(need);
        if (array->fd >= 0 && array_allocate(array->fd, array->mapped_bytes, bytes, error) < 0)
            return NULL;
        void *data = array->data == NULL ? mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
                                         : mremap(array->data, array->mapped_bytes, bytes, MREMAP_MAYMOVE);
        if (data == MAP_FAILED) {
            error_errno(error, "cannot hold the data in memory (%zu bytes; see --max-memory)", bytes);
            return NULL;
        }
        array->data = data;
        array->mapped_bytes = bytes;
        array_enlarge_pages(array, memory);
    }
    if (array->touched_bytes != 0)
        array_touch(array, memory, need);
    if (array->fd < 0)
        memory->used_bytes += more;
    array->used_bytes = need;
    return (char *) array->data + need - more;
}

static int
array_append(struct dataset_array *array, struct dataset_memory *memory, const void *bytes, size_t n,
             struct error *error)
{
    if (n == 0)
        return 0;
    void *to = array_extend(array, memory, n, error);
    if (to == NULL)
        return -1;
    memcpy(to, bytes, n);
    return 0;
}

static void
array_close(struct dataset_array *array, struct dataset_memory *memory)
{
    if (array->data != NULL)
        munmap(array->data, array->mapped_bytes);
    if (array->fd >= 0)
        close(array->fd);
    else
        memory->used_bytes -= array->used_bytes;
    *array = (struct dataset_array){.fd = -1};
}

/* ---- rows ---- */

void
dataset_open(struct dataset *dataset, struct dataset_memory *memory, uint32_t d, uint32_t k, uint32_t t, bool classes,
             bool weighted)
{
    const struct dataset_array empty = {.fd = -1};
    *dataset = (struct dataset){
        .memory = memory,
        .d = d,
        .k = k,
        .t = t,
        .classes = classes,
        .weighted = weighted,
        .x = empty,
        .c = empty,
        .target = empty,
        .w = empty,
        .runs = empty,
    };
}

static size_t
put_varint(uint8_t *to, uint64_t value)
{
    size_t n = 0;
    for (; value >= 0x80; value >>= 7)
        to[n++] = (uint8_t) (value | 0x80);
    to[n++] = (uint8_t) value;
    return n;
}

static uint64_t
get_varint(const uint8_t **from)
{
    uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
        uint8_t byte = *(*from)++;
        value |= (uint64_t) (byte & 0x7f) << shift;
        if (byte < 0x80)
            return value;
    }
}

/* The records [first, first + n) came. */
static int
note_records(struct dataset *dataset, uint64_t first, uint64_t n, struct error *error)
{
    if (dataset->run_length > 0 && first == dataset->run_first + dataset->run_length) {
        dataset->run_length += n;
        return 0;
    }
    if (dataset->run_length > 0) {
        uint8_t bytes[20];
        size_t used = put_varint(bytes, dataset->run_first - dataset->run_end);
        used += put_varint(bytes + used, dataset->run_length);
        if (array_append(&dataset->runs, dataset->memory, bytes, used, error) < 0)
            return -1;
        dataset->run_end = dataset->run_first + dataset->run_length;
    }
    dataset->run_first = first;
    dataset->run_length = n;
    return 0;
}

int
dataset_add(struct dataset *dataset, const struct rowset *rows, uint64_t rowno, struct error *error)
{
    struct dataset_memory *memory = dataset->memory;
    const uint64_t n = rows->n;
    const void *target = dataset->classes ? (const void *) rows->label : (const void *) rows->y;
    if (n == 0)
        return 0;
    if (array_append(&dataset->x, memory, rows->x, n * dataset->d * sizeof(float), error) < 0 ||
        array_append(&dataset->c, memory, rows->c, n * dataset->k * sizeof(uint32_t), error) < 0 ||
        array_append(&dataset->target, memory, target, n * dataset->t * sizeof(float), error) < 0 ||
        array_append(&dataset->w, memory, rows->w, dataset->weighted ? n * sizeof(float) : 0, error) < 0 ||
        note_records(dataset, rowno, n, error) < 0)
        return -1;
    dataset->n += n;
    dataset->n_train = dataset->n;
    return 0;
}

struct rowset
dataset_rows(const struct dataset *dataset, uint64_t first, uint64_t n)
{
    const struct dataset *s = dataset;
    struct rowset rows = {.n = n};
    if (s->d > 0 && n > 0)
        rows.x = (const float *) s->x.data + first * s->d;
    if (s->k > 0 && n > 0)
        rows.c = (const uint32_t *) s->c.data + first * s->k;
    if (s->classes && n > 0)
        rows.label = (const uint32_t *) s->target.data + first;
    else if (n > 0)
        rows.y = (const float *) s->target.data + first * s->t;
    if (s->weighted && n > 0)
        rows.w = (const float *) s->w.data + first;
    return rows;
}

/* ---- hold-out ---- */

/* Which rows of n are held out: of each block of rows the first `quota` of a keyed permutation. */
struct holder {
    uint64_t n, seed;
    double fraction;
    uint64_t block; /* whose flags these are; UINT64_MAX = none yet */
    bool held[HOLD_BLOCK];
};

static bool
is_held(struct holder *holder, uint64_t i)
{
    if (holder->fraction <= 0)
        return false;
    uint64_t block = i / HOLD_BLOCK, first = block * HOLD_BLOCK;
    if (block != holder->block) {
        uint64_t size = holder->n - first < HOLD_BLOCK ? holder->n - first : HOLD_BLOCK;
        /* Rounded over all rows up to here, so that short blocks and odd fractions come out right in total. */
        uint64_t before = (uint64_t) floor(holder->fraction * (double) first + 0.5);
        uint64_t quota = (uint64_t) floor(holder->fraction * (double) (first + size) + 0.5) - before;
        struct permutation permutation = permutation_make(rng_key(holder->seed, RNG_VALID, 0), block, size);
        memset(holder->held, 0, sizeof holder->held);
        for (uint64_t j = 0; j < quota && j < size; j++)
            holder->held[permutation_at(&permutation, j)] = true;
        holder->block = block;
    }
    return holder->held[i - first];
}

static struct holder
holder_of(const struct dataset *dataset)
{
    return (struct holder){.n = dataset->n, .seed = dataset->seed, .fraction = dataset->fraction, .block = UINT64_MAX};
}

static void
reverse_rows(char *rows, size_t row_bytes, uint64_t n, char *spare)
{
    for (uint64_t i = 0, j = n; i + 1 < j; i++) {
        j--;
        memcpy(spare, rows + i * row_bytes, row_bytes);
        memcpy(rows + i * row_bytes, rows + j * row_bytes, row_bytes);
        memcpy(rows + j * row_bytes, spare, row_bytes);
    }
}

/*
 * Stable partition of rows [first, first + n) in place; returns how many stay in front. What fits the buffer is done
 * through it; larger pieces are halved, and the held rows of the left half change places with the kept rows of the
 * right half (three reversals).
 */
static uint64_t
partition(char *base, size_t row_bytes, uint64_t first, uint64_t n, struct holder *holder, char *buffer)
{
    char *rows = base + first * row_bytes;
    if (n <= 1 || n * row_bytes <= PIECE_BYTES) {
        uint64_t kept = 0, held = 0;
        for (uint64_t i = 0; i < n; i++) {
            if (is_held(holder, first + i))
                memcpy(buffer + held++ * row_bytes, rows + i * row_bytes, row_bytes);
            else if (kept++ < i)
                memmove(rows + (kept - 1) * row_bytes, rows + i * row_bytes, row_bytes);
        }
        memcpy(rows + kept * row_bytes, buffer, held * row_bytes);
        return kept;
    }
    uint64_t half = n / 2;
    uint64_t left = partition(base, row_bytes, first, half, holder, buffer);
    uint64_t right = partition(base, row_bytes, first + half, n - half, holder, buffer);
    char *middle = rows + left * row_bytes;
    reverse_rows(middle, row_bytes, half - left, buffer);
    reverse_rows(middle + (half - left) * row_bytes, row_bytes, right, buffer);
    reverse_rows(middle, row_bytes, half - left + right, buffer);
    return left + right;
}

uint64_t
dataset_hold_out(struct dataset *dataset, uint64_t seed, double fraction)
{
    struct dataset_array *arrays[] = {&dataset->x, &dataset->c, &dataset->target, &dataset->w};
    if (dataset->n == 0)
        return 0;
    dataset->seed = seed;
    dataset->fraction = fraction;
    for (size_t a = 0; a < sizeof arrays / sizeof *arrays; a++) {
        size_t row_bytes = arrays[a]->used_bytes / dataset->n;
        if (row_bytes == 0)
            continue;
        struct holder holder = holder_of(dataset);
        char *buffer = mem_alloc(row_bytes > PIECE_BYTES ? row_bytes : PIECE_BYTES);
        dataset->n_train = partition(arrays[a]->data, row_bytes, 0, dataset->n, &holder, buffer);
        free(buffer);
    }
    return dataset->n_train;
}

void
dataset_record_numbers(const struct dataset *dataset, const uint64_t *indices, uint64_t m, uint64_t *rowno)
{
    struct holder holder = holder_of(dataset);
    const uint8_t *at = dataset->runs.data, *end = at == NULL ? NULL : at + dataset->runs.used_bytes;
    uint64_t came = 0, kept = 0, found = 0, record = 0;
    while (found < m) {
        bool stored = at != end;
        uint64_t gap = stored ? get_varint(&at) : dataset->run_first - dataset->run_end;
        uint64_t length = stored ? get_varint(&at) : dataset->run_length;
        record += gap;
        if (holder.fraction <= 0) {
            for (; found < m && indices[found] < kept + length; found++)
                rowno[found] = record + (indices[found] - kept);
            kept += length;
            record += length;
            continue;
        }
        for (uint64_t i = 0; i < length && found < m; i++, came++, record++) {
            if (is_held(&holder, came))
                continue;
            while (found < m && indices[found] == kept)
                rowno[found++] = record;
            kept++;
        }
    }
}

/* ---- changes in place ---- */

void
dataset_map_labels(struct dataset *dataset, const uint32_t *map, bool binary)
{
    uint32_t *labels = dataset->target.data;
    for (uint64_t i = 0; i < dataset->n; i++) {
        uint32_t label = map[labels[i]];
        float y = (float) label;
        memcpy(&labels[i], binary ? (const void *) &y : (const void *) &label, sizeof label);
    }
    dataset->classes = !binary;
}

void
dataset_map_codes(struct dataset *dataset, uint32_t j, const uint32_t *map)
{
    uint32_t *c = dataset->c.data;
    for (uint64_t i = 0; i < dataset->n; i++)
        c[i * dataset->k + j] = map[c[i * dataset->k + j]];
}

int
dataset_make_weights(struct dataset *dataset, struct error *error)
{
    if (dataset->weighted || dataset->n == 0)
        return 0;
    float *w = array_extend(&dataset->w, dataset->memory, dataset->n * sizeof *w, error);
    if (w == NULL)
        return -1;
    for (uint64_t i = 0; i < dataset->n; i++)
        w[i] = 1.0f;
    dataset->weighted = true;
    return 0;
}

uint64_t
dataset_bytes(const struct dataset *dataset)
{
    return dataset->x.used_bytes + dataset->c.used_bytes + dataset->target.used_bytes + dataset->w.used_bytes;
}

void
dataset_close(struct dataset *dataset)
{
    if (dataset->memory == NULL)
        return;
    array_close(&dataset->x, dataset->memory);
    array_close(&dataset->c, dataset->memory);
    array_close(&dataset->target, dataset->memory);
    array_close(&dataset->w, dataset->memory);
    array_close(&dataset->runs, dataset->memory);
    dataset->n = 0;
}
