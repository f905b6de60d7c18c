/* Reports for people: cells stay apart whatever their digits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "report_text.h"

/* 0.000990099 has eleven characters, as many as the column is wide. */
static void
long_numbers_stay_apart(void **state)
{
    (void) state;
    enum { C = 21 }; /* no matrix */
    struct class_report classes[C];
    double confusion[(C + 1) * C] = {0};
    struct dict names = {0};
    memset(classes, 0, sizeof classes);
    for (int k = 0; k < C; k++) {
        dict_add(&names, (const char[]){(char) ('a' + k)}, 1);
        classes[k] = (struct class_report){.n = 1010, .precision = 1, .recall = 0.000990099, .f1 = 0.00197824};
    }
    struct report report = {.n_classes = C, .names = &names, .classes = classes, .confusion = confusion};
    struct text text = {0};
    report_table(&text, &report);
    text_add(&text, "", 1);
    assert_non_null(strstr(text.bytes, " 1  0.000990099  0.00197824\n"));
    free(text.bytes);
    dict_free(&names);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(long_numbers_stay_apart)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
