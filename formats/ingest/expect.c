#include "expect.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "expect_parts.h"
#include "profile.h"

struct expect *
expect_new(const char *limits, struct error *error)
{
    struct expect *expect = mem_zalloc(1, sizeof *expect);
    if (limits == NULL || expect_parse(expect, limits, error) == 0)
        return expect;
    expect_free(expect);
    return NULL;
}

void
expect_free(struct expect *expect)
{
    if (expect == NULL)
        return;
    tally_close(&expect->tally);
    arena_free(&expect->arena);
    free(expect);
}

/* ---- what is compared with what ---- */

/* Numbers that are new as time goes on (see ingest_plan.c: a date's column says which part of which it is). */
static bool
goes_on(const struct column *column)
{
    const char *part = value_get_string(column->extra, "part");
    return part != NULL && (strcmp(part, "days") == 0 || strcmp(part, "year") == 0 || strncmp(part, "month_", 6) == 0);
}

static void
describe(struct checked *checked, const struct schema *known, const struct dict *places)
{
    const struct column *column = checked->column;
    const struct profile *profile = known->profile;
    int at = schema_find(known, column->name);
    uint32_t place = dict_find(places, column->name, strlen(column->name));
    checked->known = at >= 0 ? known->columns[at].dict.n : 0;
    checked->missing = checked->low = checked->high = NAN;
    if (place > 0) {
        const struct profile_column *then = &profile->columns[place - 1];
        checked->missing = (double) then->missing / (double) profile->rows;
        checked->low = then->low;
        checked->high = then->high;
    }
    checked->applies[CHECK_MISSING] = true;
    checked->applies[CHECK_UNSEEN] = column->type == COLUMN_CAT && at >= 0;
    checked->applies[CHECK_OUTSIDE] = column->type == COLUMN_NUM && place > 0 && !goes_on(column);
}

/* A limit goes to the column it names, or to those that have none. */
static int
set_limit(struct expect *expect, const struct limit *limit, const struct schema *known, struct error *error)
{
    static const enum column_type types[CHECK_COUNT] = {COLUMN_TYPE_COUNT, COLUMN_CAT, COLUMN_NUM};
    const char *what = known->model[0] != '\0' ? "model" : "schema";
    char text[256], quoted[128];
    for (uint32_t i = 0; i < expect->n; i++) {
        struct checked *checked = &expect->columns[i];
        if (limit->column == NULL && checked->limit[limit->check] == NULL)
            checked->limit[limit->check] = limit;
        if (limit->column == NULL || strcmp(limit->column, checked->column->name) != 0)
            continue;
        if (types[limit->check] != COLUMN_TYPE_COUNT && types[limit->check] != checked->column->type)
            return error_set(error, STATUS_USAGE, "--expect %s: the column is of type %s, and %s is for %s",
                             limit_text(limit, text, sizeof text), column_type_name(checked->column->type),
                             check_name(limit->check), limit->check == CHECK_UNSEEN ? "categories" : "numbers");
        checked->limit[limit->check] = limit;
        checked->applies[limit->check] = true;
        return 0;
    }
    if (limit->column != NULL)
        return error_set(error, STATUS_USAGE, "--expect %s: the %s has no feature '%s'",
                         limit_text(limit, text, sizeof text), what,
                         error_quote(quoted, sizeof quoted, limit->column, strlen(limit->column), 60));
    return 0;
}

static int
no_profile(const struct schema *known, const char *path, struct error *error)
{
    if (known->model[0] == '\0')
        return error_set(error, STATUS_DATA,
                         "%s: it does not say what rows to expect (it takes a stream with rows that no cl-scale "
                         "changed, one from this version's cl-scale, or a file of --write-schema)",
                         path);
    return error_set(error, STATUS_DATA,
                     "%s: the model does not say what rows it saw in training, as models of this version do (train it "
                     "again, or give the training data as it came from cl-ingest: --schema data.clt)",
                     path);
}

int
expect_open(struct expect *expect, const struct schema *known, const char *path, const struct schema *stream,
            struct error *error)
{
    if (known->profile == NULL)
        return no_profile(known, path, error);
    struct dict places;
    profile_index(known->profile, &places);
    expect->training_rows = known->profile->rows;
    memcpy(expect->model, known->model, sizeof expect->model);
    expect->columns = arena_zalloc(&expect->arena, (size_t) stream->n_x + stream->n_c, sizeof *expect->columns);
    tally_open(&expect->tally, stream->n_x, stream->n_c);
    for (uint32_t i = 0, j = 0, k = 0; i < stream->n_columns; i++) {
        const struct column *column = &stream->columns[i];
        if (column->role != ROLE_FEATURE || (column->type != COLUMN_NUM && column->type != COLUMN_CAT))
            continue;
        struct checked *checked = &expect->columns[expect->n++];
        checked->column = column;
        checked->place = column->type == COLUMN_NUM ? j++ : k++;
        describe(checked, known, &places);
    }
    dict_free(&places);
    /* Limits with a column first, so that the others leave it alone. */
    for (int named = 1; named >= 0; named--)
        for (uint32_t i = 0; i < expect->n_limits; i++)
            if ((expect->limits[i].column != NULL) == named && set_limit(expect, &expect->limits[i], known, error) < 0)
                return -1;
    for (uint32_t i = 0; i < expect->n; i++) {
        const struct checked *checked = &expect->columns[i];
        if (checked->applies[CHECK_UNSEEN])
            expect->tally.known[checked->place] = checked->known;
        if (!checked->applies[CHECK_OUTSIDE])
            continue;
        /* Where training had no number, every number is outside. */
        expect->tally.from[checked->place] = isnan(checked->low) ? INFINITY : (float) checked->low;
        expect->tally.to[checked->place] = isnan(checked->high) ? -INFINITY : (float) checked->high;
    }
    return 0;
}

void
expect_add(struct expect *expect, const struct batch *batch)
{
    tally_add(&expect->tally, batch, false);
}

/* ---- verdicts ---- */

/*
 * More than chance explains, so that a line on stderr means something. A new row of the same kind as N of training is
 * outside their range with the probability 2 / (N + 1), but the range is itself drawn: 10 / N is passed once in 2,000
 * times. A number further away than ten times the width of the range is unusual wherever it stands alone.
 */
static bool
is_unusual(const struct expect *expect, const struct checked *checked, enum check check)
{
    const double enough = 0.01, share = checked->share[check], rows = (double) expect->tally.rows;
    double p = checked->missing, width = checked->high - checked->low;
    if (checked->rows[check] == 0)
        return false;
    switch (check) {
    case CHECK_MISSING:
        return share > p + enough && share > p + 3 * sqrt(p * (1 - p) / rows);
    case CHECK_UNSEEN:
        return share > enough;
    default:
        return (share > enough && share > 10 / (double) expect->training_rows) ||
               (double) expect->tally.low[checked->place] < checked->low - 10 * width ||
               (double) expect->tally.high[checked->place] > checked->high + 10 * width;
    }
}

static void
judge(const struct expect *expect, struct checked *checked, enum check check)
{
    const struct tally *tally = &expect->tally;
    const uint64_t *counts[CHECK_COUNT] = {checked->column->type == COLUMN_NUM ? tally->x_missing : tally->c_missing,
                                           tally->c_unseen, tally->x_outside};
    const struct limit *limit = checked->limit[check];
    if (!checked->applies[check])
        return;
    checked->rows[check] = counts[check][checked->place];
    checked->share[check] = tally->rows > 0 ? (double) checked->rows[check] / (double) tally->rows : 0;
    if (is_unusual(expect, checked, check))
        checked->verdict[check] = VERDICT_UNUSUAL;
    if (limit != NULL && tally->rows > 0 &&
        (limit->inclusive ? checked->share[check] > limit->share : checked->share[check] >= limit->share))
        checked->verdict[check] = VERDICT_OVER;
    if (checked->verdict[check] > checked->worst)
        checked->worst = checked->verdict[check];
}

int
expect_finish(struct expect *expect, struct error *error)
{
    const struct checked *furthest = NULL;
    enum check which = CHECK_MISSING;
    for (uint32_t i = 0; i < expect->n; i++) {
        struct checked *checked = &expect->columns[i];
        for (int check = 0; check < CHECK_COUNT; check++) {
            judge(expect, checked, (enum check) check);
            if (checked->verdict[check] == VERDICT_OVER &&
                (furthest == NULL || checked->share[check] - checked->limit[check]->share >
                                         furthest->share[which] - furthest->limit[which]->share)) {
                furthest = checked;
                which = (enum check) check;
            }
        }
        expect->n_over += checked->worst == VERDICT_OVER;
        expect->n_unusual += checked->worst == VERDICT_UNUSUAL;
    }
    if (furthest == NULL)
        return 0;
    char text[256], quoted[128], finding[512], others[64] = "";
    if (expect->n_over > 1)
        snprintf(others, sizeof others, "; %u columns are over a limit", expect->n_over);
    const char *name = furthest->column->name;
    return error_set(error, STATUS_DATA, "column '%s': %s, against --expect %s%s",
                     error_quote(quoted, sizeof quoted, name, strlen(name), 60),
                     expect_finding(expect, furthest, which, finding, sizeof finding),
                     limit_text(furthest->limit[which], text, sizeof text), others);
}
