#include "threads.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "memory.h"

/* How often a thread looks before it sleeps. Steps of a small network follow each other within microseconds, and
 * a sleep and its wake-up cost more than the step; 2000 looks are 20 to 100 us. */
enum { SPIN = 2000, MOST_THREADS = 1024 };

/* Tasks of one thread that nobody has taken yet: [next, last). A line of the cache for each. */
struct share {
    atomic_size_t next;
    size_t last;
} __attribute__((aligned(64)));

struct pool {
    unsigned n; /* threads, the caller among them */
    pthread_t *threads;
    pthread_mutex_t lock;
    pthread_cond_t wake, done;
    /* the run under way; written by the caller before `generation` moves on */
    void (*task)(void *arg, size_t index);
    void *arg;
    struct share *shares; /* [n] */
    atomic_uint busy;     /* workers that have not finished this run */
    atomic_uint generation;
    atomic_bool stop;
};

static inline void
relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* Whole CPUs that a cgroup's bandwidth limit leaves, or 0 for no limit. */
static unsigned
cgroup_cpus(void)
{
    long long quota = -1, period = 0;
    FILE *file = fopen("/sys/fs/cgroup/cpu.max", "re"); /* version 2: "max 100000" or "200000 100000" */
    if (file != NULL) {
        if (fscanf(file, "%lld %lld", &quota, &period) != 2)
            quota = -1;
        fclose(file);
    } else {
        const char *const names[] = {"/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "/sys/fs/cgroup/cpu/cpu.cfs_period_us"};
        long long *const values[] = {&quota, &period};
        for (int i = 0; i < 2; i++) {
            file = fopen(names[i], "re");
            if (file == NULL)
                return 0;
            if (fscanf(file, "%lld", values[i]) != 1)
                quota = -1;
            fclose(file);
        }
    }
    if (quota <= 0 || period <= 0)
        return 0;
    long long cpus = (quota + period - 1) / period;
    return cpus < MOST_THREADS ? (unsigned) cpus : MOST_THREADS;
}

unsigned
threads_available(void)
{
    cpu_set_t set;
    unsigned n = 1;
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        n = (unsigned) CPU_COUNT(&set);
    unsigned limit = cgroup_cpus();
    if (limit > 0 && limit < n)
        n = limit;
    return n > 0 ? n : 1;
}

/*
 * The tasks of thread `own`, then those that others have left. So from run to run a thread has the same tasks, most of
 * the time, and what they wrote is in its cache.
 */
static void
work(struct pool *pool, unsigned own)
{
    for (unsigned i = 0; i < pool->n; i++) {
        struct share *share = &pool->shares[(own + i) % pool->n];
        for (size_t index; atomic_load_explicit(&share->next, memory_order_relaxed) < share->last &&
                           (index = atomic_fetch_add_explicit(&share->next, 1, memory_order_relaxed)) < share->last;)
            pool->task(pool->arg, index);
    }
}

struct worker {
    struct pool *pool;
    unsigned number;
};

static void *
worker(void *arg)
{
    struct pool *pool = ((struct worker *) arg)->pool;
    const unsigned number = ((struct worker *) arg)->number;
    unsigned seen = 0;
    free(arg);
    for (;;) {
        for (int i = 0; i < SPIN && atomic_load_explicit(&pool->generation, memory_order_acquire) == seen; i++)
            relax();
        if (atomic_load_explicit(&pool->generation, memory_order_acquire) == seen) {
            pthread_mutex_lock(&pool->lock);
            while (atomic_load(&pool->generation) == seen)
                pthread_cond_wait(&pool->wake, &pool->lock);
            pthread_mutex_unlock(&pool->lock);
        }
        if (atomic_load(&pool->stop))
            return NULL;
        /* A run does not end before every worker has left it, so generations cannot be missed. */
        seen++;
        work(pool, number);
        if (atomic_fetch_sub_explicit(&pool->busy, 1, memory_order_acq_rel) == 1) {
            pthread_mutex_lock(&pool->lock);
            pthread_cond_signal(&pool->done);
            pthread_mutex_unlock(&pool->lock);
        }
    }
}

struct pool *
pool_open(unsigned n)
{
    struct pool *pool = mem_zalloc(1, sizeof *pool);
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->wake, NULL);
    pthread_cond_init(&pool->done, NULL);
    if (n > MOST_THREADS)
        n = MOST_THREADS;
    pool->threads = mem_array(n, sizeof *pool->threads);
    pool->shares = mem_aligned(n * sizeof *pool->shares);
    /* Signals are for the thread that called main(). */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    unsigned started = 1;
    for (; started < n; started++) {
        struct worker *arg = mem_alloc(sizeof *arg);
        *arg = (struct worker){pool, started};
        if (pthread_create(&pool->threads[started], NULL, worker, arg) != 0) {
            free(arg);
            break;
        }
    }
    pool->n = started;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return pool;
}

unsigned
pool_size(const struct pool *pool)
{
    return pool->n;
}

/* Lets the workers see a new generation, asleep or spinning. */
static void
pool_announce(struct pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    atomic_fetch_add_explicit(&pool->generation, 1, memory_order_release);
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
}

void
pool_run(struct pool *pool, size_t n_tasks, void (*task)(void *arg, size_t index), void *arg)
{
    if (pool->n == 1 || n_tasks <= 1) {
        for (size_t i = 0; i < n_tasks; i++)
            task(arg, i);
        return;
    }
    pool->task = task;
    pool->arg = arg;
    for (unsigned i = 0; i < pool->n; i++) {
        atomic_init(&pool->shares[i].next, n_tasks * i / pool->n);
        pool->shares[i].last = n_tasks * (i + 1) / pool->n;
    }
    atomic_store_explicit(&pool->busy, pool->n - 1, memory_order_relaxed);
    pool_announce(pool);
    work(pool, 0);
    for (int i = 0; i < SPIN && atomic_load_explicit(&pool->busy, memory_order_acquire) > 0; i++)
        relax();
    if (atomic_load_explicit(&pool->busy, memory_order_acquire) > 0) {
        pthread_mutex_lock(&pool->lock);
        while (atomic_load(&pool->busy) > 0)
            pthread_cond_wait(&pool->done, &pool->lock);
        pthread_mutex_unlock(&pool->lock);
    }
}

void
pool_close(struct pool *pool)
{
    if (pool == NULL)
        return;
    atomic_store(&pool->stop, true);
    pool_announce(pool);
    for (unsigned i = 1; i < pool->n; i++)
        pthread_join(pool->threads[i], NULL);
    pthread_cond_destroy(&pool->done);
    pthread_cond_destroy(&pool->wake);
    pthread_mutex_destroy(&pool->lock);
    free(pool->threads);
    free(pool->shares);
    free(pool);
}
