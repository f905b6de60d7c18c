#include <stdlib.h>
#include <time.h>

#include "cpu.h"

/*
 * Whether a step is faster on one thread or on all depends on the network, the machine and what else runs there, so it
 * is tried: once in PERIOD steps some go one way, some the other, and the rest go over threads if that took at most 7/8
 * of the time, by medians. Bits are the same either way. A step below SMALL operations is over before other threads are
 * awake, and would feel the trials; one above LARGE always gains, and trials would be dear.
 */
enum { SMALL = 1 << 21, LARGE = 1 << 26, PERIOD = 1024 };

static uint64_t
now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t) time.tv_sec * 1000000000 + (uint64_t) time.tv_nsec;
}

static int
compare_times(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *) a, y = *(const uint64_t *) b;
    return (x > y) - (x < y);
}

static uint64_t
median(uint64_t ns[CPU_TRIALS])
{
    qsort(ns, CPU_TRIALS, sizeof *ns, compare_times);
    return ns[CPU_TRIALS / 2];
}

bool
cpu_choose_begin(struct engine_state *state, uint64_t operations)
{
    struct cpu_choice *choice = &state->choice;
    if (state->threads == 1 || operations < SMALL || operations >= LARGE)
        return state->threads > 1 && operations >= LARGE;
    if (operations > choice->operations) /* the last step of an epoch may have fewer */
        *choice = (struct cpu_choice){.operations = operations};
    uint32_t at = choice->step % PERIOD;
    if (at < 2 * CPU_TRIALS)
        choice->wide = at >= CPU_TRIALS;
    else if (at == 2 * CPU_TRIALS)
        choice->wide = 8 * median(choice->ns[1]) <= 7 * median(choice->ns[0]);
    choice->started_ns = at < 2 * CPU_TRIALS ? now_ns() : 0;
    return choice->wide;
}

void
cpu_choose_end(struct engine_state *state)
{
    struct cpu_choice *choice = &state->choice;
    if (choice->started_ns != 0)
        choice->ns[choice->wide][choice->step % PERIOD % CPU_TRIALS] = now_ns() - choice->started_ns;
    choice->started_ns = 0;
    choice->step++;
}
