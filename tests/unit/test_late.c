#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "late.h"
#include "memory.h"
#include "rng.h"

/* Rows of one number and one code that say which row they are. */
static void
add(struct late *late, uint64_t id, uint32_t which)
{
    const float x = (float) which;
    late_add(late, id, &x, &which, (float) which + 0.5f, which);
}

/* Which row waited under the id; UINT32_MAX when none did. */
static uint32_t
take(struct late *late, uint64_t id)
{
    struct late_row row;
    if (!late_take(late, id, &row))
        return UINT32_MAX;
    assert_true(*row.x == (float) *row.c && row.w == *row.x + 0.5f && row.rowno == *row.c);
    return *row.c;
}

static void
test_join(void **unused)
{
    (void) unused;
    struct late *late = late_open(3, 1, 1, 1);
    add(late, 70, 0);
    add(late, 71, 1);
    assert_int_equal(take(late, 70), 0);
    assert_int_equal(take(late, 70), UINT32_MAX); /* it waits no more */
    assert_int_equal(take(late, 99), UINT32_MAX);
    assert_int_equal(late_count(late), 1);
    add(late, 72, 2);
    add(late, 73, 3);
    add(late, 74, 4); /* row 1 is the fourth before it */
    assert_int_equal(take(late, 71), UINT32_MAX);
    assert_int_equal(take(late, 72), 2);
    assert_int_equal(late_count(late), 2);
    add(late, 73, 5); /* the later of two rows with one id */
    assert_int_equal(late_count(late), 2);
    assert_int_equal(take(late, 73), 5);
    assert_int_equal(take(late, 73), UINT32_MAX);
    assert_int_equal(take(late, 74), 4);
    assert_int_equal(late_count(late), 0);
    late_close(late);
}

/* Against a list that is searched from its end. */
static void
test_many(void **unused)
{
    (void) unused;
    enum { WINDOW = 37, ROWS = 20000, IDS = 60 };
    const struct rng_key key = rng_key(5, RNG_SPLIT, 0);
    struct late *late = late_open(WINDOW, 1, 1, 1);
    uint64_t *ids = calloc(ROWS, sizeof *ids);
    char *waits = calloc(ROWS, 1);
    uint32_t n = 0, joined = 0;
    for (uint64_t i = 0; n < ROWS; i++) {
        const uint64_t id = rng_below(key, 2 * i, IDS) << 40; /* ids that differ in high bits alone */
        if (rng_below(key, 2 * i + 1, 3) > 0) {
            for (uint32_t j = 0; j < n; j++)
                waits[j] = waits[j] && ids[j] != id && j + WINDOW > n;
            ids[n] = id;
            waits[n] = 1;
            add(late, id, n++);
            continue;
        }
        uint32_t wanted = UINT32_MAX;
        for (uint32_t j = n > WINDOW ? n - WINDOW : 0; j < n; j++)
            if (waits[j] && ids[j] == id)
                wanted = j;
        assert_int_equal(take(late, id), wanted);
        if (wanted != UINT32_MAX)
            waits[wanted] = 0;
        joined += wanted != UINT32_MAX;
    }
    assert_true(joined > 1000);
    free(ids);
    free(waits);
    late_close(late);
}

/* z = 2 x + 1, and the table of categories is zeros. */
static void
linear(struct network *network, struct arena *arena, struct engine_state **state)
{
    struct error error;
    static const char *const names[] = {"c"};
    network_dense(network, arena, 1, 1, (const uint32_t[]){1000}, names, NULL, 0, ACT_NONE, 0, 1);
    for (uint32_t p = 0; p < network->n_params; p++)
        if (network->params[p].kind != PARAM_CATEGORY)
            network->params[p].data[0] = network->params[p].kind == PARAM_WEIGHT ? 2 : 1;
    assert_int_equal(engine_ref.open(state, network, &(struct engine_options){.threads = 1}, &error), 0);
}

static void
test_predict(void **unused)
{
    (void) unused;
    struct network network;
    struct arena arena = {0};
    struct engine_state *state;
    struct error error;
    struct late_row row;
    struct late *late = late_open(5, 1, 1, 1);
    linear(&network, &arena, &state);
    for (uint32_t i = 0; i < 8; i++) { /* round the ring, asked in the middle */
        add(late, i, i);
        if (i == 3 || i == 6) {
            assert_int_equal(late_predict(late, &engine_ref, state, &error), 0);
            assert_int_equal(late_predict(late, &engine_ref, state, &error), 0);
        }
    }
    for (uint32_t i = 0; i < 8; i++) {
        assert_int_equal(late_take(late, i, &row), i >= 3);
        if (i >= 3 && i < 7)
            assert_true(row.z != NULL && *row.z == 2 * (float) i + 1);
    }
    assert_null(row.z); /* the last one has not been asked about */
    engine_ref.close(state);
    arena_free(&arena);
    late_close(late);
}

/* Outputs -3 become 1.5 and -1.5 and their mean; outputs 1 5 get a 3. */
static void
test_grow(void **unused)
{
    (void) unused;
    struct error error;
    struct late_row row;
    uint64_t one = 1, zero = 0;
    float x = 4, w = 1, z[] = {-3}, pair[] = {1, 5};
    uint32_t c = 4;
    struct late_rows rows = {1, 1, &one, &zero, &zero, &x, &w, z, &c};
    struct late *binary = late_open(4, 1, 1, 1), *many = late_open(4, 1, 1, 2);
    assert_int_equal(late_restore(binary, &rows, &error), 0);
    rows.z = pair;
    assert_int_equal(late_restore(many, &rows, &error), 0);
    late_grow(binary, 3, true);
    late_grow(many, 3, false);
    assert_true(late_take(binary, 1, &row));
    assert_true(row.z[0] == 1.5f && row.z[1] == -1.5f && row.z[2] == 0);
    assert_true(late_take(many, 1, &row));
    assert_true(row.z[0] == 1 && row.z[1] == 5 && row.z[2] == 3);
    late_close(binary);
    late_close(many);
}

static void
test_state(void **unused)
{
    (void) unused;
    struct network network;
    struct arena arena = {0};
    struct engine_state *state;
    struct error error;
    struct late *late = late_open(6, 1, 1, 1), *again = late_open(6, 1, 1, 1), *small = late_open(2, 1, 1, 1);
    linear(&network, &arena, &state);
    for (uint32_t i = 0; i < 9; i++)
        add(late, 100 + i, i);
    assert_int_equal(take(late, 105), 5);
    assert_int_equal(late_predict(late, &engine_ref, state, &error), 0);
    const struct late_rows *rows = late_save(late);
    assert_int_equal(rows->n, 5);
    assert_int_equal(rows->next, 9);
    assert_int_equal(rows->number[0], 3);
    assert_int_equal(late_restore(small, rows, &error), -1); /* they are too old for it */
    assert_int_equal(error.status, STATUS_DATA);
    assert_int_equal(late_restore(again, rows, &error), 0);
    for (int i = 0; i < 2; i++) { /* both go on alike: row 9 pushes row 3 out */
        struct late *which = i == 0 ? late : again;
        struct late_row row;
        add(which, 109, 9);
        assert_int_equal(take(which, 103), UINT32_MAX);
        assert_true(late_take(which, 104, &row) && *row.z == 9 && row.rowno == 4);
        assert_int_equal(take(which, 105), UINT32_MAX);
        assert_int_equal(late_count(which), 4);
    }
    engine_ref.close(state);
    arena_free(&arena);
    late_close(late);
    late_close(again);
    late_close(small);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_join), cmocka_unit_test(test_many),  cmocka_unit_test(test_predict),
        cmocka_unit_test(test_grow), cmocka_unit_test(test_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
