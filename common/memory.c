#include "memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "program.h"

bool
size_mul(size_t a, size_t b, size_t *product)
{
    return !__builtin_mul_overflow(a, b, product);
}

bool
size_add(size_t a, size_t b, size_t *sum)
{
    return !__builtin_add_overflow(a, b, sum);
}

void
mem_exhausted(const char *what)
{
    die(STATUS_SYSTEM, "out of memory (%s)", what);
}

static _Noreturn void
out_of_memory(size_t bytes)
{
    if (bytes == SIZE_MAX)
        die(STATUS_SYSTEM, "out of memory (a size beyond the address space was asked for)");
    die(STATUS_SYSTEM, "out of memory (%zu bytes more were needed)", bytes);
}

static size_t
product_or_die(size_t n, size_t size)
{
    size_t bytes;
    if (!size_mul(n, size, &bytes))
        out_of_memory(SIZE_MAX);
    return bytes;
}

void *
mem_alloc(size_t bytes)
{
    void *p = malloc(bytes ? bytes : 1);
    if (p == NULL)
        out_of_memory(bytes);
    return p;
}

void *
mem_zalloc(size_t n, size_t size)
{
    void *p = calloc(n ? n : 1, size ? size : 1);
    if (p == NULL)
        out_of_memory(product_or_die(n, size));
    return p;
}

void *
mem_array(size_t n, size_t size)
{
    return mem_alloc(product_or_die(n, size));
}

void *
mem_realloc(void *p, size_t n, size_t size)
{
    size_t bytes = product_or_die(n, size);
    void *q = realloc(p, bytes ? bytes : 1);
    if (q == NULL)
        out_of_memory(bytes);
    return q;
}

void *
mem_aligned(size_t bytes)
{
    void *p;
    if (posix_memalign(&p, 64, bytes ? bytes : 1) != 0)
        out_of_memory(bytes);
    return p;
}

char *
mem_strdup(const char *s)
{
    return mem_strndup(s, strlen(s));
}

char *
mem_strndup(const char *s, size_t n)
{
    char *copy = mem_alloc(n + 1);
    memcpy(copy, s, n);
    copy[n] = '\0';
    return copy;
}

void
mem_grow(void *pointer_to_p, size_t *cap, size_t need, size_t size)
{
    if (need <= *cap)
        return;
    size_t grown = *cap > SIZE_MAX / 2 ? need : *cap * 2;
    if (grown < 16)
        grown = 16;
    if (grown < need)
        grown = need;
    void *p;
    memcpy(&p, pointer_to_p, sizeof p);
    p = mem_realloc(p, grown, size);
    memcpy(pointer_to_p, &p, sizeof p);
    *cap = grown;
}

void
mem_grow_aligned(uint8_t **p, size_t *cap, size_t need, size_t keep)
{
    if (need <= *cap)
        return;
    uint8_t *grown = mem_aligned(need);
    if (keep > 0)
        memcpy(grown, *p, keep);
    free(*p);
    *p = grown;
    *cap = need;
}

/* Blocks double from 4 KiB; a request larger than the next block gets one of its own size. */
enum { BLOCK_HEAD = 64, BLOCK_FIRST = 4096, BLOCK_MOST = 1 << 20 };

struct arena_block {
    struct arena_block *next;
    size_t used, cap; /* of the bytes behind the head */
};

static void *
arena_take(struct arena *arena, size_t bytes, size_t align)
{
    struct arena_block *block = arena->blocks;
    if (block != NULL) {
        size_t at = (block->used + align - 1) & ~(align - 1);
        if (at <= block->cap && bytes <= block->cap - at) {
            block->used = at + bytes;
            return (char *) block + BLOCK_HEAD + at;
        }
    }
    size_t cap = block == NULL ? BLOCK_FIRST : block->cap * 2;
    if (cap > BLOCK_MOST)
        cap = BLOCK_MOST;
    if (cap < bytes)
        cap = bytes;
    size_t total;
    if (!size_add(cap, BLOCK_HEAD, &total))
        out_of_memory(SIZE_MAX);
    block = mem_aligned(total);
    *block = (struct arena_block){.next = arena->blocks, .used = bytes, .cap = cap};
    arena->blocks = block;
    return (char *) block + BLOCK_HEAD;
}

void *
arena_alloc(struct arena *arena, size_t bytes)
{
    return arena_take(arena, bytes, 16);
}

void *
arena_aligned(struct arena *arena, size_t bytes)
{
    return arena_take(arena, bytes, 64);
}

void *
arena_array(struct arena *arena, size_t n, size_t size)
{
    return arena_take(arena, product_or_die(n, size), 16);
}

void *
arena_zalloc(struct arena *arena, size_t n, size_t size)
{
    size_t bytes = product_or_die(n, size);
    return memset(arena_take(arena, bytes, 16), 0, bytes);
}

char *
arena_strndup(struct arena *arena, const char *s, size_t n)
{
    char *copy = arena_take(arena, n + 1, 1);
    memcpy(copy, s, n);
    copy[n] = '\0';
    return copy;
}

char *
arena_strdup(struct arena *arena, const char *s)
{
    return arena_strndup(arena, s, strlen(s));
}

char *
arena_printf(struct arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *s = arena_take(arena, (size_t) n + 1, 1);
    va_start(args, format);
    vsnprintf(s, (size_t) n + 1, format, args);
    va_end(args);
    return s;
}

void
arena_reset(struct arena *arena)
{
    struct arena_block *largest = NULL, *next;
    for (struct arena_block *block = arena->blocks; block != NULL; block = next) {
        next = block->next;
        if (largest == NULL || block->cap > largest->cap) {
            free(largest);
            largest = block;
        } else {
            free(block);
        }
    }
    if (largest != NULL) {
        largest->next = NULL;
        largest->used = 0;
    }
    arena->blocks = largest;
}

void
arena_free(struct arena *arena)
{
    struct arena_block *next;
    for (struct arena_block *block = arena->blocks; block != NULL; block = next) {
        next = block->next;
        free(block);
    }
    arena->blocks = NULL;
}
