/*
 * A persistent pool of threads. pool_run() hands out tasks 0 .. n-1 and returns when all are done; the caller
 * works too. Which thread takes which task must not be able to show in the result: threads split outputs, never
 * terms. One caller at a time.
 */
#ifndef CL_THREADS_H
#define CL_THREADS_H

#include <stddef.h>
#include <stdint.h>

struct pool;

/* Threads the process may run on. */
unsigned threads_available(void);
/* A pool of `n` threads in all, the caller among them (n = 1 starts none). Never NULL: fewer if the system says no. */
struct pool *pool_open(unsigned n);
unsigned pool_size(const struct pool *pool);
void pool_run(struct pool *pool, size_t n_tasks, void (*task)(void *arg, size_t index), void *arg);
void pool_close(struct pool *pool); /* NULL is fine */

#endif
