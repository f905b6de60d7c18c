#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "intern.h"

/* A string with 16 readable bytes, those behind it as given. */
static const char *
padded(char room[128], const char *s, char behind)
{
    size_t n = strlen(s);
    memset(room, behind, 128);
    memcpy(room, s, n);
    return room;
}

static void
test_bytes_behind_do_not_count(void **state)
{
    (void) state;
    static const char *const strings[] = {"",
                                          "a",
                                          "b",
                                          "ab",
                                          "1234567",
                                          "12345678",
                                          "123456789",
                                          "12345678a",
                                          "123456789012345",
                                          "1234567890123456",
                                          "12345678901234567",
                                          "1234567890123456789012345678901234567890"};
    struct intern table;
    char room[128];
    intern_open(&table);
    for (uint32_t i = 0; i < sizeof strings / sizeof *strings; i++) {
        const char *s = padded(room, strings[i], 'x');
        assert_null(intern_find(&table, s, strlen(strings[i])));
        assert_int_equal(intern_add(&table, s, strlen(strings[i]), i)->value, i);
    }
    for (uint32_t i = 0; i < sizeof strings / sizeof *strings; i++) {
        struct intern_entry *entry = intern_find(&table, padded(room, strings[i], '\0'), strlen(strings[i]));
        assert_non_null(entry);
        assert_int_equal(entry->value, i);
        assert_string_equal(entry->s, strings[i]);
    }
    /* A prefix, and a string with a NUL at its end, are others. */
    assert_null(intern_find(&table, padded(room, "123456", '\0'), 6));
    assert_null(intern_find(&table, padded(room, "a", '\0'), 2));
    intern_close(&table);
}

static void
test_full(void **state)
{
    (void) state;
    struct intern table;
    char room[128], text[64];
    const char **kept = malloc(INTERN_MOST * sizeof *kept);
    intern_open(&table);
    for (uint32_t i = 0; i < INTERN_MOST; i++) {
        snprintf(text, sizeof text, i % 2 ? "%u" : "a longer string, number %u", i);
        struct intern_entry *entry = intern_add(&table, padded(room, text, 'y'), strlen(text), i);
        kept[i] = entry->s;
    }
    assert_null(intern_add(&table, padded(room, "one more", 'y'), 8, 0));
    for (uint32_t i = 0; i < INTERN_MOST; i++) {
        snprintf(text, sizeof text, i % 2 ? "%u" : "a longer string, number %u", i);
        struct intern_entry *entry = intern_find(&table, padded(room, text, 'z'), strlen(text));
        assert_non_null(entry);
        assert_int_equal(entry->value, i);
        assert_ptr_equal(entry->s, kept[i]); /* never moved */
        assert_string_equal(kept[i], text);
    }
    free(kept);
    intern_close(&table);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes_behind_do_not_count),
        cmocka_unit_test(test_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
