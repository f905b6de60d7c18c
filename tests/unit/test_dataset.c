#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <unistd.h>

#include "dataset.h"

static int n_spools;

/* An unlinked file; counts how many were wanted. */
static int
spool(struct error *error)
{
    char name[] = "/tmp/test_dataset.XXXXXX";
    int fd = mkstemp(name);
    if (fd < 0)
        return error_errno(error, "mkstemp");
    unlink(name);
    n_spools++;
    return fd;
}

static int
no_spool(struct error *error)
{
    return error_set(error, STATUS_SYSTEM, "no room");
}

static void
fill(struct dataset *dataset, struct dataset_memory *memory, uint64_t n)
{
    struct error error;
    dataset_open(dataset, memory, 3, 1, 1, true, true);
    for (uint64_t i = 0; i < n; i++) {
        float x[] = {(float) i, 0.5f, -(float) i};
        uint32_t c = (uint32_t) i % 7;
        const uint32_t label = (uint32_t) i % 3;
        const float w = (float) i + 1;
        const struct rowset row = {.n = 1, .x = x, .c = &c, .label = &label, .w = &w};
        assert_int_equal(dataset_add(dataset, &row, 3 * i + (i > 50), &error), 0);
    }
}

static void
check_row(const struct rowset *rows, uint64_t i, uint64_t row)
{
    assert_true(rows->x[3 * i] == (float) row);
    assert_true(rows->x[3 * i + 2] == -(float) row);
    assert_int_equal(rows->c[i], row % 7);
    assert_int_equal(rows->label[i], row % 3);
    assert_true(rows->w[i] == (float) row + 1);
}

static void
test_rows_in_memory_and_in_a_file(void **state)
{
    (void) state;
    for (int limited = 0; limited < 2; limited++) {
        struct dataset_memory memory = {.limit_bytes = limited ? 100000 : 0, .spool = spool};
        struct dataset dataset;
        n_spools = 0;
        fill(&dataset, &memory, 40000);
        assert_int_equal(n_spools > 0, limited);
        assert_true(!limited || memory.used_bytes <= memory.limit_bytes);
        struct rowset rows = dataset_rows(&dataset, 0, 40000);
        for (uint64_t i = 0; i < 40000; i++)
            check_row(&rows, i, i);
        dataset_close(&dataset);
        assert_int_equal(memory.used_bytes, 0);
    }
}

static void
test_no_room_is_an_error(void **state)
{
    (void) state;
    struct dataset_memory memory = {.limit_bytes = 4, .spool = no_spool};
    struct dataset dataset;
    struct error error;
    float x = 1, y = 1;
    const struct rowset row = {.n = 1, .x = &x, .y = &y};
    dataset_open(&dataset, &memory, 1, 0, 1, false, false);
    int status = 0;
    for (int i = 0; i < 10 && status == 0; i++)
        status = dataset_add(&dataset, &row, 0, &error);
    assert_int_equal(status, -1);
    assert_int_equal(error.status, STATUS_SYSTEM);
    dataset_close(&dataset);
}

/* Held rows go behind the others, both in order; 10 of every 100; the same in a file; found again by record number. */
static void
check_hold_out(uint64_t n, double fraction, uint64_t limit)
{
    struct dataset_memory memory = {.limit_bytes = limit, .spool = spool};
    struct dataset dataset;
    fill(&dataset, &memory, n);
    uint64_t n_train = dataset_hold_out(&dataset, 5, fraction);
    assert_int_equal(n - n_train, (uint64_t) (fraction * (double) n + 0.5));
    struct rowset rows = dataset_rows(&dataset, 0, n);
    uint64_t *indices = malloc(n * sizeof *indices), *numbers = malloc(n * sizeof *numbers);
    uint64_t *held = calloc(n / 100 + 1, sizeof *held);
    for (uint64_t i = 0; i < n; i++) {
        uint64_t row = (uint64_t) rows.x[3 * i];
        check_row(&rows, i, row);
        assert_true(i == 0 || i == n_train || rows.x[3 * i] > rows.x[3 * i - 3]);
        indices[i] = i;
        held[row / 100] += i >= n_train;
    }
    for (uint64_t block = 0; block + 1 < n / 100; block++)
        assert_in_range(held[block], (uint64_t) (fraction * 100), (uint64_t) (fraction * 100) + 1);
    dataset_record_numbers(&dataset, indices, n_train, numbers);
    for (uint64_t i = 0; i < n_train; i++) {
        uint64_t row = (uint64_t) rows.x[3 * i];
        assert_int_equal(numbers[i], 3 * row + (row > 50));
    }
    free(indices);
    free(numbers);
    free(held);
    dataset_close(&dataset);
}

static void
test_hold_out(void **state)
{
    (void) state;
    check_hold_out(1000, 0.1, 0);
    check_hold_out(999, 0.25, 0);
    check_hold_out(7, 0.5, 0);
    check_hold_out(1, 0.1, 0);
    check_hold_out(1000, 0.1, 1000);
    /* More than the buffer of the partition: halves change places. */
    check_hold_out(1500000, 0.1, 0);
}

static void
test_labels_and_codes_are_mapped(void **state)
{
    (void) state;
    struct dataset_memory memory = {.spool = spool};
    struct dataset dataset;
    fill(&dataset, &memory, 20);
    dataset_map_codes(&dataset, 0, (const uint32_t[]){0, 3, 2, 1, 0, 0, 0});
    dataset_map_labels(&dataset, (const uint32_t[]){1, 0, 1}, true);
    struct rowset rows = dataset_rows(&dataset, 0, 20);
    assert_null(rows.label);
    for (uint64_t i = 0; i < 20; i++) {
        assert_true(rows.y[i] == (i % 3 == 1 ? 0.0f : 1.0f));
        assert_int_equal(rows.c[i], i % 7 >= 1 && i % 7 <= 3 ? 4 - i % 7 : 0);
    }
    dataset_close(&dataset);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_in_memory_and_in_a_file),
        cmocka_unit_test(test_no_room_is_an_error),
        cmocka_unit_test(test_hold_out),
        cmocka_unit_test(test_labels_and_codes_are_mapped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
