#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "batch.h"
#include "expect.h"
#include "expect_parts.h"
#include "profile.h"
#include "schema.h"
#include "tally.h"

/*
 * Training: 1000 rows of a (num, 0 to 10, a tenth missing), k (cat, p and q), d (num, days of a date, 100 to 200) and
 * e (num, never there).
 */
static void
make_known(struct schema *schema)
{
    *schema = (struct schema){.n_columns = 4};
    struct arena *arena = &schema->arena;
    schema->columns = arena_zalloc(arena, 4, sizeof *schema->columns);
    static const char *const names[] = {"a", "k", "d", "e"};
    for (int i = 0; i < 4; i++)
        schema->columns[i] = (struct column){.name = names[i], .type = i == 1 ? COLUMN_CAT : COLUMN_NUM};
    dict_add(&schema->columns[1].dict, "p", 1);
    dict_add(&schema->columns[1].dict, "q", 1);
    schema->columns[2].extra = value_map(arena);
    value_set(arena, schema->columns[2].extra, "of", value_string(arena, "day"));
    value_set(arena, schema->columns[2].extra, "part", value_string(arena, "days"));
    static const struct profile_column columns[] = {
        {"a", 100, 0, 10, NULL}, {"k", 0, NAN, NAN, NULL}, {"d", 0, 100, 200, NULL}, {"e", 1000, NAN, NAN, NULL}};
    schema->profile = profile_copy(&(struct profile){1000, 4, (struct profile_column *) columns, NULL}, arena);
    memcpy(schema->model, "0123456789abcdef0123456789abcdef", 33);
    schema_count(schema);
}

/* Rows as training had them but for what a test changes. */
enum { ROWS = 200 };
struct rows {
    float x[ROWS * 3];
    uint32_t c[ROWS];
};

static void
fill_rows(struct rows *rows)
{
    for (int i = 0; i < ROWS; i++) {
        float *x = rows->x + 3 * i;
        x[0] = i % 10 == 0 ? NAN : (float) (i % 11);
        x[1] = 300; /* a later day */
        x[2] = NAN;
        rows->c[i] = 1 + (uint32_t) i % 2;
    }
}

struct run {
    struct schema known, stream;
    struct expect *expect;
    struct error error;
    int met;
};

static void
run_rows(struct run *run, const char *limits, const struct rows *rows, uint64_t n)
{
    make_known(&run->known);
    schema_copy(&run->stream, &run->known);
    run->expect = expect_new(limits, &run->error);
    assert_non_null(run->expect);
    assert_int_equal(expect_open(run->expect, &run->known, "m.ck", &run->stream, &run->error), 0);
    dict_add(&run->stream.columns[1].dict, "new", 3);
    dict_add(&run->stream.columns[1].dict, "newer", 5);
    for (uint64_t i = 0; i < n; i++)
        if (rows->c[i] > 4) {
            dict_add(&run->stream.columns[1].dict, "x\1", 2);
            dict_add(&run->stream.columns[1].dict, "z", 1);
        }
    for (uint64_t i = 0; i < n; i += 7) {
        uint64_t some = n - i < 7 ? n - i : 7;
        expect_add(run->expect,
                   &(struct batch){.n = some, .x = (float *) rows->x + 3 * i, .c = (uint32_t *) rows->c + i});
    }
    run->met = expect_finish(run->expect, &run->error);
}

static void
end_run(struct run *run)
{
    expect_free(run->expect);
    schema_free(&run->known);
    schema_free(&run->stream);
}

/* What expect_say() says. */
static char loud[4096], soft[4096];

static void
catch_loud(const char *sentence)
{
    strcat(strcat(loud, sentence), "\n");
}

static void
catch_soft(const char *sentence)
{
    strcat(strcat(soft, sentence), "\n");
}

static void
say(const struct run *run)
{
    loud[0] = soft[0] = '\0';
    expect_say(run->expect, catch_loud, catch_soft);
}

/* ---- limits ---- */

static void
test_what_limits_say(void **state)
{
    (void) state;
    static const char *const right[][2] = {
        {"missing<0.1", "missing<0.1"},
        {" unseen <= 0.05 ,outside<1 ", "unseen<=0.05 outside<1"},
        {"missing(age)<0.5,missing<0.1", "missing(age)<0.5 missing<0.1"},
        {"missing( age )<=0", "missing(age)<=0"},
        {"missing(a,b)<0.5,unseen((x) (y))<0.25", "missing(a,b)<0.5 unseen((x) (y))<0.25"},
        {"missing(\" a)<1\")<0.5", "missing( a)<1)<0.5"},
        {"missing()<0.5", "missing()<0.5"},
    };
    for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
        struct error error;
        char all[512] = "", one[256];
        struct expect *expect = expect_new(right[i][0], &error);
        assert_non_null(expect);
        for (uint32_t k = 0; k < expect->n_limits; k++)
            strcat(strcat(all, k > 0 ? " " : ""), limit_text(&expect->limits[k], one, sizeof one));
        assert_string_equal(all, right[i][1]);
        expect_free(expect);
    }
}

static void
test_what_limits_may_not_say(void **state)
{
    (void) state;
    static const char form[] = " is not of the form missing<0.1 or missing(COLUMN)<=0.1; the checks are missing, "
                               "unseen and outside";
    static const char share[] = " is no share from 0 to 1 (10 % is 0.1)";
    static const struct {
        const char *text, *start, *end;
    } wrong[] = {
        {"", "--expect: ''", form},
        {"missing", "--expect: 'missing'", form},
        {"missing<", "--expect: 'missing<'", form},
        {"missing=0.1", "--expect: 'missing=0.1'", form},
        {"missing>0.1", "--expect: 'missing>0.1'", form},
        {"mis<0.1", "--expect: 'mis<0.1'", form},
        {"missing<0.1,", "--expect: ''", form},
        {"missing<0.1;unseen<0.1", "--expect: the limit '0.1;unseen<0.1'", share},
        {"missing<0.1 unseen<0.1", "--expect: 'missing<0.1 unseen<0.1'", form},
        {"missing(age<0.1", "--expect: 'missing(age<0.1'", form},
        {"missing(age)0.1", "--expect: 'missing(age)0.1'", form},
        {"missing(\"age)<0.1", "--expect: 'missing(\"age)<0.1'", form},
        {"missing<10", "--expect: the limit '10'", share},
        {"missing<-0.1", "--expect: the limit '-0.1'", share},
        {"missing<nan", "--expect: the limit 'nan'", share},
        {"missing<10%", "--expect: the limit '10%'", share},
        {"missing<0", "--expect: no share is below 0", " (missing<=0 allows none)"},
        {"missing<0.1,missing<=0.2", "--expect: missing<0.1 and missing<=0.2", " limit the same"},
        {"missing(a)<0.1,missing<0.3,missing(a)<0.2", "--expect: missing(a)<0.1 and missing(a)<0.2", " limit the same"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct error error;
        char sentence[512];
        assert_null(expect_new(wrong[i].text, &error));
        assert_int_equal(error.status, STATUS_USAGE);
        snprintf(sentence, sizeof sentence, "%s%s", wrong[i].start, wrong[i].end);
        assert_string_equal(error.text, sentence);
    }
}

static void
assert_not_opened(const char *limits, bool profile, enum status status, const char *sentence)
{
    struct schema known;
    struct error error;
    make_known(&known);
    if (!profile)
        known.profile = NULL;
    struct expect *expect = expect_new(limits, &error);
    assert_int_equal(expect_open(expect, &known, "m.ck", &known, &error), -1);
    assert_int_equal(error.status, status);
    assert_string_equal(error.text, sentence);
    expect_free(expect);
    schema_free(&known);
}

static void
test_limits_are_for_columns_that_are_there(void **state)
{
    (void) state;
    assert_not_opened("missing(age)<0.5", true, STATUS_USAGE,
                      "--expect missing(age)<0.5: the model has no feature 'age'");
    assert_not_opened("unseen(a)<0.5", true, STATUS_USAGE,
                      "--expect unseen(a)<0.5: the column is of type num, and unseen is for categories");
    assert_not_opened("outside(k)<0.5", true, STATUS_USAGE,
                      "--expect outside(k)<0.5: the column is of type cat, and outside is for numbers");
    assert_not_opened(NULL, false, STATUS_DATA,
                      "m.ck: the model does not say what rows it saw in training, as models of this version do (train "
                      "it again, or give the training data as it came from cl-ingest: --schema data.clt)");
}

/* ---- rows ---- */

static void
test_rows_like_those_of_training(void **state)
{
    (void) state;
    struct run run;
    struct rows rows;
    fill_rows(&rows);
    run_rows(&run, "missing<=0.1,missing(e)<=1,unseen<=0,outside<=0", &rows, ROWS);
    assert_int_equal(run.met, 0);
    say(&run);
    assert_string_equal(loud, "");
    assert_string_equal(soft, "column 'a': missing 10 % (10 % in training); outside 0 to 10: 0 %\n"
                              "column 'k': missing 0 % (0 % in training); unseen 0 %\n"
                              "column 'd': missing 0 % (0 % in training)\n"
                              "column 'e': missing 100 % (100 % in training); no number, as in training\n");
    end_run(&run);
}

static void
assert_over(const char *limits, const struct rows *rows, const char *sentence)
{
    struct run run;
    run_rows(&run, limits, rows, ROWS);
    assert_int_equal(run.met, -1);
    assert_int_equal(run.error.status, STATUS_DATA);
    assert_string_equal(run.error.text, sentence);
    end_run(&run);
}

static void
assert_met(const char *limits, const struct rows *rows, uint64_t n)
{
    struct run run;
    run_rows(&run, limits, rows, n);
    assert_int_equal(run.met, 0);
    end_run(&run);
}

static void
test_limits_are_kept(void **state)
{
    (void) state;
    struct rows rows;
    fill_rows(&rows);
    rows.x[3 * 1] = 10.5f;
    rows.x[3 * 2] = -3;
    rows.c[5] = 3;
    rows.c[6] = rows.c[7] = 4;
    /* Below and at most, on the point. */
    assert_met("outside<=0.01", &rows, ROWS);
    assert_over("outside<0.01", &rows,
                "column 'a': 1 % of the rows are outside 0 to 10, the range in training (here -3 to 10.5), against "
                "--expect outside<0.01");
    assert_met("unseen<=0.015", &rows, ROWS);
    assert_over("unseen<0.015", &rows,
                "column 'k': 1.5 % of the rows have categories not seen in training: 'new', 'newer', against --expect "
                "unseen<0.015");
    /* A column's own limit is instead of the general one, above or below it. */
    assert_met("missing<0.2,missing(e)<=1", &rows, ROWS);
    assert_met("missing(a)<0.11,missing(e)<=1,missing<=0", &rows, ROWS);
    assert_over("missing(e)<=1,missing<0.1", &rows,
                "column 'a': 10 % of the rows have no value (10 % in training), against --expect missing<0.1");
    assert_over("missing<1,missing(a)<0.05,missing(e)<=1", &rows,
                "column 'a': 10 % of the rows have no value (10 % in training), against --expect missing(a)<0.05");
    /* The one that is furthest over. */
    assert_over("missing<0.1,unseen<0.01", &rows,
                "column 'e': 100 % of the rows have no value (100 % in training), against --expect missing<0.1; 3 "
                "columns are over a limit");
    /* Days go on, unless they are asked about. */
    assert_met("outside<=0.02", &rows, ROWS);
    assert_over(
        "outside(d)<0.5", &rows,
        "column 'd': 100 % of the rows are outside 100 to 200, the range in training (here 300 to 300), against "
        "--expect outside(d)<0.5");
    /* No rows, nothing to complain about. */
    assert_met("missing<0.1,outside<=0,unseen<=0", &rows, 0);
}

static void
assert_loud(const struct rows *rows, uint64_t n, const char *sentence)
{
    struct run run;
    run_rows(&run, NULL, rows, n);
    assert_int_equal(run.met, 0);
    say(&run);
    assert_string_equal(loud, sentence);
    end_run(&run);
}

static void
test_what_chance_explains_is_not_unusual(void **state)
{
    (void) state;
    struct rows rows;
    fill_rows(&rows);
    /* 1 %, and not far away. */
    rows.x[3 * 1] = 10.5f;
    rows.x[3 * 2] = -3;
    rows.c[5] = 3;
    /* 12 % missing in 200 rows, where training had 10 %. */
    for (int i = 11; i < 15; i++)
        rows.x[3 * i] = NAN;
    assert_loud(&rows, ROWS, "");
    assert_loud(&rows, 0, "");
}

static void
test_what_is_unusual(void **state)
{
    (void) state;
    struct rows rows;
    fill_rows(&rows);
    rows.x[3 * 1] = 111;
    assert_loud(&rows, ROWS,
                "warning: column 'a' is not as in training: 0.5 % of the rows are outside 0 to 10, the range in "
                "training (here 0 to 111)\n");
    fill_rows(&rows);
    rows.x[3 * 1] = rows.x[3 * 2] = rows.x[3 * 3] = 11;
    assert_loud(&rows, ROWS,
                "warning: column 'a' is not as in training: 1.5 % of the rows are outside 0 to 10, the range in "
                "training (here 0 to 11)\n");
    fill_rows(&rows);
    rows.c[5] = rows.c[6] = rows.c[7] = 3;
    rows.x[3 * 1 + 2] = 0;
    assert_loud(&rows, ROWS,
                "warning: column 'k' is not as in training: 1.5 % of the rows have categories not seen in training: "
                "'new', 'newer'\n");
    rows.x[3 * 2 + 2] = rows.x[3 * 3 + 2] = 0;
    rows.c[8] = rows.c[9] = rows.c[10] = 0;
    assert_loud(
        &rows, ROWS,
        "warning: column 'k' is not as in training: 1.5 % of the rows have no value (0 % in training); 1.5 % of "
        "the rows have categories not seen in training: 'new', 'newer'; nor is 1 more column (-v or --report "
        "FILE)\n");
    fill_rows(&rows);
    for (int i = 0; i < 4; i++)
        rows.c[i] = 3 + (uint32_t) i;
    assert_loud(&rows, ROWS,
                "warning: column 'k' is not as in training: 2 % of the rows have categories not seen in training: "
                "'new', 'newer', 'x\\x01' and 1 more\n");
    fill_rows(&rows);
    for (int i = 11; i < 40; i++)
        rows.x[3 * i] = NAN;
    assert_loud(&rows, ROWS,
                "warning: column 'a' is not as in training: 23.5 % of the rows have no value (10 % in training)\n");
}

static void
test_the_report_says_it_all(void **state)
{
    (void) state;
    struct run run;
    struct rows rows;
    struct output output;
    char text[8192];
    fill_rows(&rows);
    rows.x[3 * 1] = 10.1f;
    rows.c[5] = rows.c[6] = rows.c[7] = 3;
    run_rows(&run, "outside<=0.1,missing(a)<0.05", &rows, ROWS);
    assert_int_equal(run.met, -1);
    assert_int_equal(output_open(&output, "report.json", false, &run.error), 0);
    assert_int_equal(expect_report(run.expect, &output, &run.error), 0);
    assert_int_equal(output_commit(&output, &run.error), 0);
    int fd = open("report.json", O_RDONLY);
    ssize_t n = read(fd, text, sizeof text - 1);
    assert_true(n > 0);
    text[n] = '\0';
    close(fd);
    unlink("report.json");
    static const char *const parts[] = {
        "{\n  \"verdict\": \"over\",\n  \"rows\": 200,\n  \"training_rows\": 1000,\n"
        "  \"model\": \"0123456789abcdef0123456789abcdef\",\n",
        "\"check\": \"outside\",\n      \"at_most\": 0.1\n",
        "\"check\": \"missing\",\n      \"column\": \"a\",\n      \"below\": 0.05\n",
        "\"columns_over\": 1,\n  \"columns_unusual\": 1,\n",
        "\"name\": \"a\",\n      \"type\": \"num\",\n      \"verdict\": \"over\",\n      \"missing\": {\n"
        "        \"verdict\": \"over\",\n        \"share\": 0.1,\n        \"rows\": 20,\n        \"limit\": 0.05,\n"
        "        \"training_share\": 0.1\n      },\n      \"outside\": {\n        \"verdict\": \"ok\",\n"
        "        \"share\": 0.005,\n        \"rows\": 1,\n        \"limit\": 0.1,\n        \"min\": 0,\n"
        "        \"max\": 10.1,\n        \"training_min\": 0,\n        \"training_max\": 10\n      }\n",
        "\"name\": \"k\",\n      \"type\": \"cat\",\n      \"verdict\": \"unusual\",\n",
        "\"unseen\": {\n        \"verdict\": \"unusual\",\n        \"share\": 0.015,\n        \"rows\": 3,\n"
        "        \"values\": [\n          \"new\",\n          \"newer\"\n        ],\n        \"new_values\": 2\n",
        "\"name\": \"d\",\n      \"type\": \"num\",\n      \"verdict\": \"ok\",\n      \"missing\": {\n"
        "        \"verdict\": \"ok\",\n        \"share\": 0,\n        \"rows\": 0,\n        \"training_share\": 0\n"
        "      }\n    },\n",
        "\"min\": null,\n        \"max\": null,\n        \"training_min\": null,\n        \"training_max\": null\n",
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (strstr(text, parts[i]) == NULL)
            fail_msg("the report has no\n%s\nbut is\n%s", parts[i], text);
    end_run(&run);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_limits_say),
        cmocka_unit_test(test_what_limits_may_not_say),
        cmocka_unit_test(test_limits_are_for_columns_that_are_there),
        cmocka_unit_test(test_rows_like_those_of_training),
        cmocka_unit_test(test_limits_are_kept),
        cmocka_unit_test(test_what_chance_explains_is_not_unusual),
        cmocka_unit_test(test_what_is_unusual),
        cmocka_unit_test(test_the_report_says_it_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
