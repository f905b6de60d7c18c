/*
 * fma of every instruction set, alone and in vectors, against fmaf: base computes its own where the processor has none.
 * Numbers are chosen so that sums cancel, are halfway between two floats, or are subnormal.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "cpu/kernels.h"
#include "isa.h"
#include "numerics.h"

enum { N = 1 << 15, KINDS = 6 };

/* A float with an exponent of [first, first + n) and, where `few`, a significand of few bits at its ends. */
static float
number(uint32_t bits, uint32_t more, uint32_t first, uint32_t n, bool few)
{
    uint32_t significand = few ? (more & 0x00700000u) | (more & 3) : more & 0x007FFFFFu;
    return num_float((bits & 0x80000000u) | (first + (bits & 0xFFFF) % n) << 23 | significand);
}

static void
fill(int kind, float *a, float *b, float *c)
{
    static const struct {
        uint32_t first, n, first_c, n_c;
        bool few;
    } kinds[KINDS] = {
        {0, 256, 0, 256, false}, /* any bits: infinity and NaN among them */
        {64, 8, 1, 30, false},   /* products near the smallest normal number */
        {60, 8, 0, 1, false},    /* and sums with subnormal ones */
        {120, 16, 100, 56, true}, {127, 1, 127, 2, true}, {120, 16, 0, 1, true},
    };
    struct rng_key key = rng_key(1, RNG_SPLIT, (uint64_t) kind);
    for (uint32_t i = 0; i < N; i++) {
        uint32_t counter[4] = {i, 0, 0, 0}, u[4], v[4];
        rng_philox(key, counter, u);
        counter[1] = 1;
        rng_philox(key, counter, v);
        a[i] = number(u[0], v[0], kinds[kind].first, kinds[kind].n, kinds[kind].few);
        b[i] = number(u[1], v[1], kinds[kind].first, kinds[kind].n, kinds[kind].few);
        c[i] = number(u[2], v[2], kinds[kind].first_c, kinds[kind].n_c, kinds[kind].few);
        if (i % 4 == 0 && kind != 0) /* what is left is what rounding the product lost, and a bit more */
            c[i] = num_float(num_bits(-(a[i] * b[i])) + (i / 4) % 3);
    }
}

static void
assert_fma(const char *isa, const char *what, float a, float b, float c, float got)
{
    float expected = fmaf(a, b, c);
    if (isnan(expected) ? !isnan(got) : num_bits(expected) != num_bits(got))
        fail_msg("%s, %s: fma(%a, %a, %a) is %a, not %a", isa, what, (double) a, (double) b, (double) c, (double) got,
                 (double) expected);
}

static void
check(const struct cpu_kernels *kernels)
{
    static float a[N], b[N], c[N], got[N], panel[16], start[16], row[8 * 16];
    const float zero[N] = {0};
    for (int kind = 0; kind < KINDS; kind++) {
        fill(kind, a, b, c);
        memcpy(got, c, sizeof c);
        kernels->anchor(N, 1, a, b, zero, got); /* g = fma(1 * omega, theta - 0, g) */
        for (size_t i = 0; i < N; i++)
            assert_fma(kernels->name, "alone", a[i], b[i], c[i], got[i]);
        for (size_t i = 0; i + 16 <= N; i += 16) {
            memcpy(panel, b + i, sizeof panel);
            memcpy(start, c + i, sizeof start);
            float A[8] = {a[i]};
            kernels->product(1, 1, 16, A, 1, panel, 16, start, row, 16);
            for (size_t j = 0; j < 16; j++)
                assert_fma(kernels->name, "in a product", a[i], b[i + j], c[i + j], row[j]);
        }
    }
}

static void
test_fma(void **unused)
{
    (void) unused;
    check(&cpu_kernels_base);
#if defined(__x86_64__)
    if (isa_here(ISA_AVX2))
        check(&cpu_kernels_avx2);
    if (isa_here(ISA_AVX512))
        check(&cpu_kernels_avx512);
#elif defined(__aarch64__)
    check(&cpu_kernels_neon);
#endif
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_fma)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
