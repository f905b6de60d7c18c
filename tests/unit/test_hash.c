/* Hashes of common/hash.h against those of libxxhash's plain functions, which man/cl-frames.5 promises. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hash.h"

enum { MOST = 300000 };

static uint8_t *
some_bytes(void)
{
    uint8_t *bytes = malloc(MOST + 64);
    assert_non_null(bytes);
    uint32_t state = 12345;
    for (size_t i = 0; i < MOST + 64; i++)
        bytes[i] = (uint8_t) ((state = state * 1664525u + 1013904223u) >> 24);
    return bytes;
}

static void
assert_hash(XXH128_hash_t a, XXH128_hash_t b)
{
    if (!XXH128_isEqual(a, b))
        fail_msg("the hashes differ");
}

/* Every short length, and some around the sizes at which XXH3 changes its method; aligned and not. */
static void
test_at_once(void **state)
{
    (void) state;
    static const size_t long_ones[] = {1023, 1024, 1025, 4096, 32768, 32769, 65536, 100001, MOST};
    uint8_t *bytes = some_bytes();
    for (size_t n = 0; n <= 600; n++)
        assert_hash(hash_bytes(bytes + n % 64, n), XXH3_128bits(bytes + n % 64, n));
    for (size_t i = 0; i < sizeof long_ones / sizeof *long_ones; i++)
        for (size_t shift = 0; shift < 64; shift += 7)
            assert_hash(hash_bytes(bytes + shift, long_ones[i]), XXH3_128bits(bytes + shift, long_ones[i]));
    free(bytes);
}

/* Cut into pieces of all sizes, the last of them from another function: states are the same. */
static void
test_in_pieces(void **state)
{
    (void) state;
    uint8_t *bytes = some_bytes();
    for (size_t step = 1; step < 70000; step += step / 2 + 1) {
        XXH3_state_t *a = hash_new(), *b = hash_new();
        size_t n = step < 100 ? 5000 : MOST, at = 0;
        for (; at + step <= n; at += step)
            hash_update(a, bytes + at, step);
        hash_update(a, NULL, 0);
        XXH3_128bits_update(a, bytes + at, n - at);
        XXH3_128bits_update(b, bytes, n);
        assert_hash(XXH3_128bits_digest(a), XXH3_128bits_digest(b));
        XXH3_freeState(a);
        XXH3_freeState(b);
    }
    free(bytes);
}

static void
test_both(void **state)
{
    (void) state;
    uint8_t *bytes = some_bytes();
    static const size_t lengths[] = {0, 1, 32767, 32768, 32769, 131072, MOST};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        XXH3_state_t *a = hash_new(), *b = hash_new();
        hash_update(b, bytes, 301);
        hash_update_both(a, b, bytes + 301 % 64, lengths[i]);
        assert_hash(XXH3_128bits_digest(a), XXH3_128bits(bytes + 301 % 64, lengths[i]));
        XXH3_128bits_reset(a);
        XXH3_128bits_update(a, bytes, 301);
        XXH3_128bits_update(a, bytes + 301 % 64, lengths[i]);
        assert_hash(XXH3_128bits_digest(a), XXH3_128bits_digest(b));
        XXH3_freeState(a);
        XXH3_freeState(b);
    }
    free(bytes);
}

static void
test_text(void **state)
{
    (void) state;
    char hex[33];
    hash_text(hash_bytes(NULL, 0), hex);
    assert_string_equal(hex, "99aa06d3014798d86001c324468d497f"); /* xxhsum -H2 /dev/null */
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_at_once),
        cmocka_unit_test(test_in_pieces),
        cmocka_unit_test(test_both),
        cmocka_unit_test(test_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
