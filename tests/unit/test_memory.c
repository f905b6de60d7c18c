#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "capture.h"
#include "memory.h"

static void
test_checked_sizes(void **state)
{
    (void) state;
    size_t size;
    assert_true(size_mul(0, SIZE_MAX, &size) && size == 0);
    assert_true(size_mul(SIZE_MAX, 1, &size) && size == SIZE_MAX);
    assert_false(size_mul(SIZE_MAX / 2 + 1, 2, &size));
    assert_false(size_mul(SIZE_MAX, SIZE_MAX, &size));
    assert_true(size_add(SIZE_MAX, 0, &size) && size == SIZE_MAX);
    assert_false(size_add(SIZE_MAX, 1, &size));
}

static void
test_grow(void **state)
{
    (void) state;
    uint32_t *numbers = NULL;
    size_t cap = 0;
    for (size_t i = 0; i < 1000; i++) {
        mem_grow(&numbers, &cap, i + 1, sizeof *numbers);
        assert_true(cap >= i + 1);
        numbers[i] = (uint32_t) i;
    }
    for (size_t i = 0; i < 1000; i++)
        assert_int_equal(numbers[i], i);
    mem_grow(&numbers, &cap, 100000, sizeof *numbers);
    assert_true(cap >= 100000);
    assert_int_equal(numbers[999], 999);
    free(numbers);
}

static void
test_strings(void **state)
{
    (void) state;
    char *copy = mem_strndup("abcdef", 3);
    assert_string_equal(copy, "abc");
    free(copy);
    copy = mem_strdup("");
    assert_string_equal(copy, "");
    free(copy);
    int *zeros = mem_zalloc(100, sizeof *zeros);
    for (int i = 0; i < 100; i++)
        assert_int_equal(zeros[i], 0);
    free(zeros);
    void *aligned = mem_aligned(1);
    assert_int_equal((uintptr_t) aligned % 64, 0);
    free(aligned);
}

/* Every piece keeps its bytes while others come, and has its alignment. */
static void
test_arena_pieces(void **state)
{
    (void) state;
    enum { PIECES = 2000 };
    struct arena arena = {0};
    unsigned char *pieces[PIECES];
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < PIECES; i++) {
            size_t n = i * i % 3001;
            pieces[i] = i % 2 ? arena_aligned(&arena, n) : arena_alloc(&arena, n);
            assert_int_equal((uintptr_t) pieces[i] % (i % 2 ? 64 : 16), 0);
            memset(pieces[i], (int) (i % 251), n);
        }
        for (size_t i = 0; i < PIECES; i++)
            for (size_t j = 0; j < i * i % 3001; j++)
                assert_int_equal(pieces[i][j], i % 251);
        arena_reset(&arena);
    }
    arena_free(&arena);
    assert_null(arena.blocks);
}

static void
test_arena_large_piece(void **state)
{
    (void) state;
    struct arena arena = {0};
    char *small = arena_strdup(&arena, "small");
    char *large = arena_alloc(&arena, 8 << 20);
    memset(large, 1, 8 << 20);
    assert_string_equal(small, "small");
    arena_reset(&arena);
    /* The largest block stays: the same request needs no new one. */
    void *block = arena.blocks;
    arena_alloc(&arena, 8 << 20);
    assert_ptr_equal(arena.blocks, block);
    arena_free(&arena);
}

static void
test_arena_text(void **state)
{
    (void) state;
    struct arena arena = {0};
    assert_string_equal(arena_printf(&arena, "%s-%d", "x", 42), "x-42");
    assert_string_equal(arena_printf(&arena, "%5000d", 7) + 4999, "7");
    assert_string_equal(arena_strndup(&arena, "abc", 2), "ab");
    int *zeros = arena_zalloc(&arena, 3000, sizeof *zeros);
    for (int i = 0; i < 3000; i++)
        assert_int_equal(zeros[i], 0);
    arena_reset(&arena);
    arena_free(&arena);
}

static void
ask_too_much(void *arg)
{
    (void) arg;
    mem_array(SIZE_MAX / 4, 8);
}

static void
ask_more_than_there_is(void *arg)
{
    (void) arg;
    mem_alloc(SIZE_MAX / 4);
}

static void
ask_arena_too_much(void *arg)
{
    struct arena arena = {0};
    (void) arg;
    arena_alloc(&arena, SIZE_MAX - 8);
}

static void
test_out_of_memory(void **state)
{
    (void) state;
    struct captured result = capture(ask_too_much, NULL);
    assert_int_equal(result.exit_status, 4);
    assert_string_equal(result.err, "cl: out of memory (a size beyond the address space was asked for)\n");
    result = capture(ask_arena_too_much, NULL);
    assert_int_equal(result.exit_status, 4);
    if (getenv("CL_TEST_SANITIZED") != NULL)
        return; /* the sanitizer has its own words for the next one */
    result = capture(ask_more_than_there_is, NULL);
    assert_int_equal(result.exit_status, 4);
    assert_string_equal(result.err, "cl: out of memory (4611686018427387903 bytes more were needed)\n");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_checked_sizes),     cmocka_unit_test(test_grow),
        cmocka_unit_test(test_strings),           cmocka_unit_test(test_arena_pieces),
        cmocka_unit_test(test_arena_large_piece), cmocka_unit_test(test_arena_text),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
