#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "balance.h"
#include "rng.h"

static void
test_room_is_shared(void **state)
{
    (void) state;
    static const struct {
        uint64_t counts[4], capacity, room[4];
    } cases[] = {
        {{10, 10, 10, 10}, 8, {2, 2, 2, 2}}, {{10, 10, 10, 10}, 10, {3, 3, 2, 2}}, /* the rest to the first */
        {{1, 10, 2, 10}, 11, {1, 4, 2, 4}}, /* what small groups do not fill the others share */
        {{1, 10, 2, 10}, 10, {1, 4, 2, 3}},  {{1, 2, 3, 4}, 10, {1, 2, 3, 4}},     {{1, 2, 3, 4}, 100, {1, 2, 3, 4}},
        {{5, 0, 5, 0}, 3, {2, 0, 1, 0}},     {{5, 5, 5, 5}, 2, {1, 1, 0, 0}},      {{5, 5, 5, 5}, 0, {0, 0, 0, 0}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t room[4];
        balance_share(4, cases[i].counts, cases[i].capacity, room);
        assert_memory_equal(room, cases[i].room, sizeof room);
    }
}

/* A room never becomes larger when rows come: what was given up is not missed later. */
static void
test_rooms_only_shrink(void **state)
{
    (void) state;
    uint64_t counts[5] = {0}, before[5], after[5];
    for (uint64_t t = 0; t < 400; t++) {
        balance_share(5, counts, 23, before);
        uint64_t g = rng_u64(rng_key(5, RNG_SPLIT, 0), t) % 15;
        g = g < 8 ? 0 : g < 11 ? 3 : g < 13 ? 1 : g < 14 ? 4 : 2;
        counts[g]++;
        balance_share(5, counts, 23, after);
        for (uint64_t i = 0; i < 5; i++)
            assert_true(after[i] <= before[i] || (i == g && after[i] == before[i] + 1 && before[i] == counts[i] - 1));
    }
}

enum { N = 600, CAPACITY = 40 };

/* 1 in 60 rows is of class 2, a third of class 1. */
static void
make_classes(uint32_t *classes)
{
    for (uint32_t i = 0; i < N; i++)
        classes[i] = i % 60 == 7 ? 2 : i % 3 == 0;
}

static uint64_t
count(const struct balance_row *rows, uint64_t m, uint32_t class, uint32_t run)
{
    uint64_t n = 0;
    for (uint64_t i = 0; i < m; i++)
        n += rows[i].class == class && (run == UINT32_MAX || rows[i].run == run);
    return n;
}

static void
test_classes_share_alike(void **state)
{
    (void) state;
    uint32_t classes[N];
    uint64_t picks[CAPACITY];
    struct balance_row kept[CAPACITY];
    make_classes(classes);
    assert_int_equal(balance_choose(BALANCE_CLASS, 3, CAPACITY, 0, 0, NULL, 0, classes, N, picks, kept), CAPACITY);
    assert_int_equal(count(kept, CAPACITY, 2, 0), 10); /* all there are */
    assert_int_equal(count(kept, CAPACITY, 0, 0), 15);
    assert_int_equal(count(kept, CAPACITY, 1, 0), 15);
    double stands = 0;
    for (int i = 0; i < CAPACITY; i++) {
        assert_true(i == 0 || picks[i] > picks[i - 1]);
        assert_int_equal(classes[picks[i]], kept[i].class);
        assert_int_equal(kept[i].key, rng_u64(rng_key(3, RNG_RESERVOIR, 0x6b657973), picks[i]));
        if (kept[i].class == 1)
            assert_true(kept[i].stands == 200.0 / 15);
        stands += kept[i].stands;
    }
    assert_true(stands > N - 1e-6 && stands < N + 1e-6);
    /* Of class 0, no row that was given up has a smaller key than one that stayed. */
    uint64_t largest = 0;
    for (int i = 0; i < CAPACITY; i++)
        if (kept[i].class == 0 && kept[i].key > largest)
            largest = kept[i].key;
    uint64_t below = 0;
    for (uint64_t i = 0; i < N; i++)
        below += classes[i] == 0 && rng_u64(rng_key(3, RNG_RESERVOIR, 0x6b657973), i) <= largest;
    assert_int_equal(below, 15);
}

/* However the rows were cut, and to the last bit of what they stand for. */
static void
test_going_on_is_the_same(void **state)
{
    (void) state;
    static const uint64_t cuts[][4] = {{0, N, N, N}, {0, 1, 2, N}, {0, 39, 41, N}, {0, 250, 251, N}, {0, 500, 600, N}};
    uint32_t classes[N];
    uint64_t whole[CAPACITY];
    struct balance_row first[CAPACITY];
    make_classes(classes);
    for (enum balance by = BALANCE_ROWS; by <= BALANCE_RUN; by++) {
        balance_choose(by, 7, CAPACITY, 0, 4, NULL, 0, classes, N, whole, first);
        for (size_t c = 0; c < sizeof cuts / sizeof *cuts; c++) {
            uint64_t rows[CAPACITY], m = 0;
            struct balance_row kept[CAPACITY];
            for (int part = 0; part < 3; part++) {
                const uint64_t from = cuts[c][part], n = cuts[c][part + 1] - from;
                uint64_t picks[CAPACITY], next[CAPACITY];
                struct balance_row old[CAPACITY];
                memcpy(old, kept, sizeof old);
                const uint64_t n_old = m;
                m = balance_choose(by, 7, CAPACITY, from, 4, old, n_old, classes + from, n, picks, kept);
                for (uint64_t i = 0; i < m; i++)
                    next[i] = picks[i] < n_old ? rows[picks[i]] : from + picks[i] - n_old;
                memcpy(rows, next, sizeof rows);
            }
            assert_int_equal(m, CAPACITY);
            assert_memory_equal(rows, whole, sizeof whole);
            for (int i = 0; i < CAPACITY; i++)
                assert_true(kept[i].key == first[i].key && kept[i].stands == first[i].stands &&
                            kept[i].class == first[i].class && kept[i].run == 4);
        }
    }
}

/* Three runs of 200, 300 and 5 rows in a memory of 40. */
static void
test_runs_share_alike(void **state)
{
    (void) state;
    static const uint64_t rows[] = {200, 300, 5};
    uint32_t classes[N];
    uint64_t picks[CAPACITY], m = 0, seen = 0;
    struct balance_row kept[CAPACITY], old[CAPACITY];
    make_classes(classes);
    for (uint32_t run = 0; run < 3; run++) {
        memcpy(old, kept, sizeof old);
        m = balance_choose(BALANCE_RUN, 7, CAPACITY, seen, run, old, m, classes + seen, rows[run], picks, kept);
        seen += rows[run];
    }
    assert_int_equal(m, CAPACITY);
    const uint64_t of_run[] = {count(kept, m, 0, 0) + count(kept, m, 1, 0) + count(kept, m, 2, 0),
                               count(kept, m, 0, 1) + count(kept, m, 1, 1) + count(kept, m, 2, 1)};
    assert_int_equal(of_run[0], 18);
    assert_int_equal(of_run[1], 17);
    assert_int_equal(count(kept, m, 2, 0), 4); /* rows 7, 67, 127, 187 */
    assert_int_equal(count(kept, m, 0, 0), 7);
    assert_int_equal(count(kept, m, 1, 0), 7);
    double stands = 0;
    for (uint64_t i = 0; i < m; i++)
        stands += kept[i].run == 1 ? kept[i].stands : 0;
    assert_true(stands > 300 - 1e-6 && stands < 300 + 1e-6);
}

/* From 20 rows of 12,000 to 40: the old ones stay, as many new rows come, and each of these has the same chance. */
static void
test_larger_memory_keeps_its_rows(void **state)
{
    (void) state;
    int came[N] = {0};
    uint64_t picks[CAPACITY], m;
    struct balance_row kept[CAPACITY], old[20];
    for (uint64_t seed = 0; seed < 1000; seed++) {
        for (uint64_t i = 0; i < 20; i++)
            old[i] = (struct balance_row){.key = balance_key(seed, i, 20, 12000), .stands = 600};
        m = balance_choose(BALANCE_ROWS, seed, CAPACITY, 12000, 1, old, 20, NULL, N, picks, kept);
        assert_int_equal(m, CAPACITY);
        for (uint64_t i = 0; i < m; i++) {
            assert_true(i >= 20 || picks[i] == i);
            if (picks[i] >= 20)
                came[picks[i] - 20]++;
        }
    }
    for (int i = 0; i < N; i++) /* 33 times, sigma 6 */
        assert_in_range(came[i], 3, 65);
    /* Ten times as many new rows as were ever seen: a uniform sample of all has 4 old ones in the mean. */
    uint64_t stayed = 0;
    for (uint64_t seed = 0; seed < 50; seed++) {
        for (uint64_t i = 0; i < 20; i++)
            old[i] = (struct balance_row){.key = balance_key(seed, i, 20, 100), .stands = 5};
        static uint32_t classes[900];
        m = balance_choose(BALANCE_CLASS, seed, CAPACITY, 100, 1, old, 20, classes, 900, picks, kept);
        for (uint64_t i = 0; i < m; i++)
            stayed += picks[i] < 20;
    }
    assert_in_range(stayed, 140, 260); /* 200, sigma 13 */
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_room_is_shared),      cmocka_unit_test(test_rooms_only_shrink),
        cmocka_unit_test(test_classes_share_alike), cmocka_unit_test(test_going_on_is_the_same),
        cmocka_unit_test(test_runs_share_alike),    cmocka_unit_test(test_larger_memory_keeps_its_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
