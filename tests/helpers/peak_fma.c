/*
 * peak_fma ISA THREADS: the most f32 fused multiply-adds this machine does with the registers of an instruction set
 * (avx512, avx2, neon), in GF/s, two operations each, over all threads together.
 *
 * Nothing but registers is touched: independent chains, as many as hide the latency of one. Best of several short
 * runs, each by the processor time of its thread, so that a busy machine shows what a calm one would do. Exits 77 where
 * the processor has no such instructions.
 */
#include <err.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { CHAINS = 12, TURNS = 2000000, RUNS = 9, MOST_THREADS = 64 };

/* Does TURNS fmas in each chain and returns a value that depends on all of them. */
typedef float peak_loop(void);

#if defined __x86_64__
#include <immintrin.h>

/* One loop for a vector type: load broadcasts a number, fma is c = a b + c, as the instruction set names them. */
#define LOOP(name, isa, vector, load, fma) \
    __attribute__((target(isa))) static float name(void) \
    { \
        vector sum[CHAINS], a = load(0.5f), b = load(0.25f); \
        float out[sizeof(vector) / sizeof(float)], total = 0; \
        _Pragma("GCC unroll 12") for (int j = 0; j < CHAINS; j++) sum[j] = load((float) j); \
        for (int i = 0; i < TURNS; i++) { \
            _Pragma("GCC unroll 12") for (int j = 0; j < CHAINS; j++) sum[j] = fma(sum[j], a, b); \
        } \
        _Pragma("GCC unroll 12") for (int j = 0; j < CHAINS; j++) \
        { \
            memcpy(out, &sum[j], sizeof out); \
            total += out[0]; \
        } \
        return total; \
    }
LOOP(avx512_loop, "avx512f", __m512, _mm512_set1_ps, _mm512_fmadd_ps)
LOOP(avx2_loop, "avx2,fma", __m256, _mm256_set1_ps, _mm256_fmadd_ps)

static peak_loop *
loop_of(const char *isa, unsigned *lanes)
{
    *lanes = strcmp(isa, "avx512") == 0 ? 16 : 8;
    if (strcmp(isa, "avx512") == 0 && __builtin_cpu_supports("avx512f"))
        return avx512_loop;
    if (strcmp(isa, "avx2") == 0 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return avx2_loop;
    return NULL;
}

#elif defined __aarch64__
#include <arm_neon.h>

static float
neon_loop(void)
{
    float32x4_t sum[CHAINS], a = vdupq_n_f32(0.5f), b = vdupq_n_f32(0.25f);
    float total = 0;
#pragma GCC unroll 12
    for (int j = 0; j < CHAINS; j++)
        sum[j] = vdupq_n_f32((float) j);
    for (int i = 0; i < TURNS; i++) {
#pragma GCC unroll 12
        for (int j = 0; j < CHAINS; j++)
            sum[j] = vfmaq_f32(b, sum[j], a);
    }
#pragma GCC unroll 12
    for (int j = 0; j < CHAINS; j++)
        total += vgetq_lane_f32(sum[j], 0);
    return total;
}

static peak_loop *
loop_of(const char *isa, unsigned *lanes)
{
    *lanes = 4;
    return strcmp(isa, "neon") == 0 ? neon_loop : NULL;
}

#else

static peak_loop *
loop_of(const char *isa, unsigned *lanes)
{
    (void) isa;
    *lanes = 0;
    return NULL;
}
#endif

struct worker {
    peak_loop *loop;
    unsigned lanes;
    double best;        /* GF/s */
    volatile float sum; /* so that the loop is not left out */
    pthread_t thread;
};

static double
thread_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double) now.tv_sec + 1e-9 * (double) now.tv_nsec;
}

static void *
work(void *argument)
{
    struct worker *worker = argument;
    for (int run = 0; run < RUNS; run++) {
        double start = thread_seconds();
        worker->sum = worker->loop();
        double s = thread_seconds() - start, rate = 2e-9 * TURNS * CHAINS * worker->lanes / s;
        if (rate > worker->best)
            worker->best = rate;
    }
    return NULL;
}

int
main(int argc, char **argv)
{
    static struct worker workers[MOST_THREADS];
    unsigned lanes = 0, n = argc == 3 ? (unsigned) strtoul(argv[2], NULL, 10) : 0;
    if (n == 0 || n > MOST_THREADS)
        errx(2, "usage: peak_fma avx512|avx2|neon THREADS");
    peak_loop *loop = loop_of(argv[1], &lanes);
    if (loop == NULL)
        return 77;
    double sum = 0;
    for (unsigned t = 0; t < n; t++) {
        workers[t] = (struct worker){.loop = loop, .lanes = lanes};
        if (pthread_create(&workers[t].thread, NULL, work, &workers[t]) != 0)
            errx(4, "cannot start a thread");
    }
    for (unsigned t = 0; t < n; t++) {
        pthread_join(workers[t].thread, NULL);
        sum += workers[t].best;
    }
    printf("%.1f\n", sum);
    return 0;
}
