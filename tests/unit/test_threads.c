#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdatomic.h>
#include <stdlib.h>

#include "threads.h"

enum { TASKS = 1000 };

struct job {
    atomic_uint done[TASKS];
    uint64_t sums[TASKS];
};

static void
task(void *arg, size_t index)
{
    struct job *job = arg;
    uint64_t sum = 0;
    for (uint64_t i = 0; i <= index; i++)
        sum += i * i;
    job->sums[index] = sum;
    atomic_fetch_add(&job->done[index], 1);
}

static void
check(struct pool *pool, size_t n)
{
    struct job *job = calloc(1, sizeof *job);
    pool_run(pool, n, task, job);
    for (size_t i = 0; i < TASKS; i++) {
        assert_int_equal(job->done[i], i < n);
        uint64_t sum = i * (i + 1) * (2 * i + 1) / 6;
        assert_true(job->sums[i] == (i < n ? sum : 0));
    }
    free(job);
}

static void
test_each_task_once(void **state)
{
    (void) state;
    const unsigned sizes[] = {1, 2, 3, 8};
    const size_t counts[] = {0, 1, 2, 7, TASKS};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        struct pool *pool = pool_open(sizes[s]);
        assert_int_equal(pool_size(pool), sizes[s]);
        for (size_t c = 0; c < sizeof counts / sizeof *counts; c++)
            check(pool, counts[c]);
        pool_close(pool);
    }
}

static void
count(void *arg, size_t index)
{
    (void) index;
    atomic_fetch_add((atomic_ulong *) arg, 1);
}

/* Many short runs in a row: a worker that misses or repeats a generation shows here. */
static void
test_many_runs(void **state)
{
    (void) state;
    struct pool *pool = pool_open(4);
    atomic_ulong total = 0;
    for (unsigned long i = 0; i < 5000; i++)
        pool_run(pool, i % 9, count, &total);
    unsigned long expected = 0;
    for (unsigned long i = 0; i < 5000; i++)
        expected += i % 9;
    assert_true(total == expected);
    pool_close(pool);
}

static void
test_open_and_close(void **state)
{
    (void) state;
    pool_close(NULL);
    for (int i = 0; i < 100; i++)
        pool_close(pool_open(3));
    struct pool *pool = pool_open(0);
    assert_int_equal(pool_size(pool), 1);
    check(pool, 5);
    pool_close(pool);
    assert_true(threads_available() >= 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_task_once),
        cmocka_unit_test(test_many_runs),
        cmocka_unit_test(test_open_and_close),
    };
    return cmocka_run_group_tests_name("threads", tests, NULL, NULL);
}
