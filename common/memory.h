/*
 * Memory: checked products of sizes, allocation that does not return NULL, arenas by lifetime.
 *
 * Running out of memory is the one failure that is not returned: mem_alloc() and its kin print one sentence and
 * end the process with STATUS_SYSTEM, since no caller could do better. What hostile input declares is therefore
 * checked against a bound *before* it is allocated.
 *
 * An arena is a list of blocks freed together. Two lifetimes are enough for a filter: the run, and the frame
 * (arena_reset after each). Not thread-safe: one arena, one thread.
 */
#ifndef CL_MEMORY_H
#define CL_MEMORY_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* a * b and a + b of sizes; false when the result does not fit. */
bool size_mul(size_t a, size_t b, size_t *product);
bool size_add(size_t a, size_t b, size_t *sum);

void *mem_alloc(size_t bytes);                     /* uninitialised, 16-byte aligned; owner frees with free() */
void *mem_zalloc(size_t n, size_t size);           /* n * size zero bytes, checked */
void *mem_array(size_t n, size_t size);            /* n * size bytes, checked, uninitialised */
void *mem_realloc(void *p, size_t n, size_t size); /* n * size bytes, checked */
void *mem_aligned(size_t bytes);                   /* 64-byte aligned, uninitialised; owner frees with free() */
char *mem_strdup(const char *s);
char *mem_strndup(const char *s, size_t n);
/* Grows *p (elements of `size` bytes, *cap of them) so that `need` fit, at least doubling. */
void mem_grow(void *pointer_to_p, size_t *cap, size_t need, size_t size);
/* Makes a buffer of mem_aligned() (or NULL) at least `need` bytes long; the first `keep` stay. */
void mem_grow_aligned(uint8_t **p, size_t *cap, size_t need, size_t keep);

/* Ends the process as a failed mem_alloc does, for memory that a library could not get: "out of memory (WHAT)". */
_Noreturn void mem_exhausted(const char *what);

struct arena_block;
struct arena {
    struct arena_block *blocks; /* newest first */
};

void *arena_alloc(struct arena *arena, size_t bytes); /* 16-byte aligned, uninitialised */
void *arena_zalloc(struct arena *arena, size_t n, size_t size);
void *arena_array(struct arena *arena, size_t n, size_t size);
void *arena_aligned(struct arena *arena, size_t bytes); /* 64-byte aligned */
char *arena_strdup(struct arena *arena, const char *s);
char *arena_strndup(struct arena *arena, const char *s, size_t n);
char *arena_printf(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
void arena_reset(struct arena *arena); /* forgets all, keeps the largest block */
void arena_free(struct arena *arena);

#endif
